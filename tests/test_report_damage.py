"""Pages of runs whose files are missing or damaged."""

import json
import os
import shutil

import numpy as np
import pytest
from report_pages import frames, make, page, picture, shown

FILES = ("settings.json", "log.csv", "result.json", "advice.json", "run.json", "spectrum.json")
FILES += ("captions.json",)
# What each part says when its file is whole.
SAYS = {
    "settings.json": "learning_rate",
    "log.csv": "over seconds",
    "result.json": "How the scores were measured",
    "advice.json": "Be warned.",
    "run.json": "the command",
    "spectrum.json": "the sentence",
    "captions.json": "Rows, from the top: cats, cows.",
}
PLACES = {
    "settings.json": 'id="settings"',
    "log.csv": 'id="curves"',
    "result.json": 'id="best"',
    "advice.json": 'id="warnings"',
    "run.json": 'id="making"',
    "spectrum.json": 'id="spectrum"',
    "captions.json": 'id="samples"',
}
DAMAGES = {
    "empty": b"",
    "half": b'{"steps": 40, "ga',
    "no text": b"\xff\xfe\x00\x80",
    "a number": b"7",
    "nothing": b"null",
    "deep": b"[" * 100_000,
    "text": b"hello",
}


def whole(folder):
    """A run with all files."""
    advice = [{"step": 1, "name": "x", "message": "Be warned."}]
    spectrum, made = {"step": 1, "sentence": "the sentence"}, {"command": "the command"}
    captions = {"samples": "Rows, from the top: cats, cows."}
    return make(folder, advice=advice, spectrum=spectrum, run=made, captions=captions)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_left_out_without_a_word(tmp_path, name):
    folder = whole(tmp_path / "run")
    assert SAYS[name] in shown(page(folder))
    (folder / name).unlink()
    text = page(folder)
    assert SAYS[name] not in shown(text)
    assert 'class="damage"' not in text


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named_and_the_rest_is_shown(tmp_path, name, damage):
    folder = whole(tmp_path / "run")
    (folder / name).write_bytes(DAMAGES[damage])
    text = page(folder)
    assert text.count('class="damage"') == 1
    sentence = shown(text.split('<p class="damage">')[1].split("</p>")[0])
    assert str(folder / name) in sentence
    assert sentence.endswith(".")
    assert SAYS[name] not in shown(text)
    assert text.split('<p class="damage">')[0].rsplit("<h2 ", 1)[1].startswith(PLACES[name])
    for other in FILES:
        assert other == name or SAYS[other] in shown(text)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("advice.json", [{"step": 1}]),
        ("advice.json", ["text"]),
        ("advice.json", {"message": "x"}),
        ("settings.json", [1]),
        ("run.json", "x"),
        ("spectrum.json", [{}]),
        ("result.json", []),
    ],
)
def test_files_of_another_form_are_damaged(tmp_path, name, content):
    folder = whole(tmp_path / "run")
    (folder / name).write_text(json.dumps(content))
    assert page(folder).count('class="damage"') == 1


@pytest.mark.parametrize(
    "text",
    [
        "epoch,step\n",
        "epoch,step,loss\n0,1,x\n",
        "epoch,step,loss\n1,1,2\n",
        "step,loss\n1,2\n",
        "epoch,step,loss\n0,1\n",
        'epoch,step,loss\n0,1,"2\n',
        "epoch,step,loss\n0,1," + "9" * 400 + "\n",
    ],
    ids=lambda text: text[:30],
)
def test_a_log_that_is_none_is_damaged(tmp_path, text):
    folder = whole(tmp_path / "run")
    (folder / "log.csv").write_text(text)
    found = page(folder)
    assert found.count('class="damage"') == 1
    assert "log.csv must " in found
    assert "over seconds" not in shown(found)


@pytest.mark.parametrize(
    ("row", "curves"),
    [
        ("0,1,nan,inf", 2),
        ("0,nan,1,2", 0),
        ("0,1,1e-310,1e308", 2),
        ("0,-5,-1,-2", 2),
    ],
)
def test_odd_numbers_of_a_log_are_drawn_or_left_out(tmp_path, row, curves):
    folder = make(tmp_path / "run", finished=False)
    (folder / "log.csv").write_text(f"epoch,step,a,b\n{row}\n")
    assert page(folder).count("<figure class") == curves


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"text", "half"])
def test_damaged_pictures_are_named_and_the_others_shown(tmp_path, content):
    folder = make(tmp_path / "run", samples=(0, 10, 20))
    picture(folder / "samples" / "00000030.png", size=(200, 200))
    broken = folder / "samples" / "00000030.png"
    bytes_of = broken.read_bytes()
    broken.write_bytes(bytes_of[: len(bytes_of) // 2] if content == "half" else content)
    shutil.copy(broken, folder / "other.png")
    text = page(folder)
    assert [step for step, *_ in frames(text)] == [0, 10, 20]
    assert [step for step, look, _ in frames(text) if "shown" in look] == [20]
    assert text.count('class="damage"') == 2
    assert "00000030.png" in shown(text)


def test_pictures_with_many_pixels_are_shown_or_named(tmp_path, monkeypatch):
    from PIL import Image

    folder = make(tmp_path / "run", samples=(0,))
    for limit, shown_too in [(24 * 16 - 1, True), (24 * 16 // 2 - 1, False)]:
        os.utime(folder / "samples" / "00000000.png", (limit, limit))
        with monkeypatch.context() as patched:
            patched.setattr(Image, "MAX_IMAGE_PIXELS", limit)
            text = page(folder)
        assert len(frames(text)) == shown_too
        assert ("of more pixels than Pillow takes" in shown(text)) is not shown_too


def test_a_picture_that_is_written_anew_is_shown_anew(tmp_path):
    folder = make(tmp_path / "run", samples=(0,))
    ((*_, first),) = frames(page(folder))
    picture(folder / "samples" / "00000000.png", seed=7)
    os.utime(folder / "samples" / "00000000.png", (1, 1))
    ((*_, second),) = frames(page(folder))
    assert first.tobytes() != second.tobytes()


def test_a_page_of_damaged_samples_alone_has_no_slider(tmp_path):
    folder = make(tmp_path / "run", samples=())
    (folder / "samples").mkdir()
    for step in range(9):
        (folder / "samples" / f"{step:08d}.png").write_bytes(b"x")
    text = page(folder)
    assert '<input type="range"' not in text
    assert "6 more pictures are damaged." in shown(text)


def test_other_files_among_the_samples_are_no_samples(tmp_path):
    folder = make(tmp_path / "run", samples=(0, 10))
    for name in ("grid.png", "00000005.12.partial.png", "00000007.txt", "²5.png"):
        (folder / "samples" / name).write_bytes(b"x")
    assert [step for step, *_ in frames(page(folder))] == [0, 10]


def test_a_large_animation_is_named_instead(tmp_path, monkeypatch):
    from PIL import Image

    from tf_consensus.experiments.report import parts

    folder = make(tmp_path / "run", samples=())
    random = np.random.default_rng(0).integers(0, 256, (9, 60, 60), np.uint8)
    first, *others = [Image.fromarray(frame) for frame in random]
    first.save(folder / "training.gif", save_all=True, append_images=others)
    assert "data:image/gif" in page(folder)
    monkeypatch.setattr(parts, "PICTURES_ROOM", 10_000)
    text = page(folder)
    assert "data:image/gif" not in text
    assert "An animation must have at most 10,000 bytes" in shown(text)
    assert "training.gif" in shown(text)


@pytest.mark.skipif(os.getuid() == 0, reason="the administrator reads everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path):
    folder = whole(tmp_path / "run")
    (folder / "advice.json").chmod(0)
    assert "permission denied" in shown(page(folder))


def test_folders_in_the_place_of_files_are_named(tmp_path):
    folder = whole(tmp_path / "run")
    for name in FILES:
        (folder / name).unlink()
        (folder / name).mkdir()
    shutil.rmtree(folder / "samples")
    (folder / "samples").write_text("")
    (folder / "folder.png").mkdir()
    assert page(folder).count('class="damage"') == 7
