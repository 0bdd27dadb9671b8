"""Pages of several runs, of many and of large pictures, and of folders without a run."""

import json
import shutil

import numpy as np
import pytest
from report_pages import ADVICE, curves_of, frames, make, page, picture, read, rows, shown

from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.report import pictures, write_report


def test_of_many_samples_sixty_are_shown_with_both_ends(tmp_path):
    folder = make(tmp_path / "run", samples=())
    picture(folder / "samples" / "00000000.png")
    for step in range(1, 500):
        shutil.copy(folder / "samples" / "00000000.png", folder / "samples" / f"{step:08d}.png")
    text = page(folder)
    steps = [step for step, *_ in frames(text)]
    assert len(steps) == 60
    assert steps[0] == 0
    assert steps[-1] == 499
    assert {8, 9} == set(np.diff(steps))
    assert "60 pictures per run are shown" in shown(text)


@pytest.mark.parametrize("runs", [1, 3])
def test_large_pictures_are_made_smaller_until_they_fit(tmp_path, runs, monkeypatch):
    monkeypatch.setattr(pictures, "SAMPLES_ROOM", 1_200_000)
    folders = []
    for i in range(runs):
        folders.append(make(tmp_path / str(i), samples=()))
        picture(folders[-1] / "samples" / "00000000.png", size=(640, 480), seed=i)
        for step in range(1, 80):
            shutil.copy(
                folders[-1] / "samples" / "00000000.png",
                folders[-1] / "samples" / f"{step:08d}.png",
            )
    text = page(*folders)
    assert len(text) < 1_200_000 * 4 / 3 + 300_000
    found = frames(text)
    assert len(found) == max(2, 20 // runs) * runs
    assert {image.format for *_, image in found} == {"JPEG"}
    assert min(image.size[0] for *_, image in found) > 100


def test_runs_side_by_side_mark_the_settings_that_differ(tmp_path):
    first = make(tmp_path / "first", samples=(0, 20, 40), advice=ADVICE)
    second = make(
        tmp_path / "second",
        settings={"steps": 40, "gamma": 1.0, "learning_rate": 1e-4, "extra": None},
        samples=(0, 30),
        log=rows(3),
    )
    third = make(tmp_path / "third", finished=False, log=rows(2), samples=(), spectrum={"step": 1})
    text = page(first, second, third)
    said = shown(text)
    assert "3 runs" in said
    assert "second Finished 40 of 40 steps" in said
    assert "third Not finished" in said
    assert "first: Samples are alike." in said
    assert "4 of 6 settings differ." in said
    differing = [part.split("</tr>")[0] for part in text.split("<tr class=differs>")[1:]]
    names = [part.split('scope="row">')[1].split(" <")[0] for part in differing]
    assert sorted(names) == ["extra", "gamma", "name", "seed"]
    assert "gamma differs 10 1 10" in said
    assert "extra differs not there none not there" in said
    assert "learning_rate 0.0001 0.0001 0.0001" in said
    assert "Fréchet distance, best 86.25 at step 30 86.25 at step 30 –" in said
    (slider,) = (a for tag, a in read(text)[0] if a.get("type") == "range")
    assert json.loads(slider["data-steps"]) == [0, 20, 30, 40]
    assert [step for step, *_ in frames(text)] == [0, 20, 40, 0, 30]
    curves = curves_of(text)
    assert len(curves) == 2 * 4
    assert {tuple(curve["label"] for curve in each) for each in curves} == {
        ("first", "second", "third")
    }
    assert len({tuple(curve["look"] for curve in each) for each in curves}) == 1


def test_runs_of_one_name_are_told_apart_by_their_folders(tmp_path):
    text = page(make(tmp_path / "a_1" / "run"), make(tmp_path / "b" / "run"))
    said = shown(text)
    labels = [[curve["label"] for curve in curves] for curves in curves_of(text)]
    assert labels == [["a_1/run", "b/run"]] * 8
    assert "a_1/run b/run Generator loss".lower() in said.lower()
    assert str(tmp_path) + "/a_1/run" in said


def test_equal_runs_are_said_to_be_so(tmp_path):
    text = page(make(tmp_path / "a"), make(tmp_path / "b"))
    assert "All are the same." in shown(text)
    assert "<tr class=differs>" not in text


def test_thirty_runs_fit_a_page(tmp_path):
    folders = [make(tmp_path / f"{i:02d}", log=rows(1500, each=1)) for i in range(30)]
    text = page(*folders)
    assert len(text) < 12_000_000
    assert len(frames(text)) == 30 * 5


@pytest.mark.parametrize(
    ("folders", "error", "message"),
    [
        ([], ValueError, r"`folders` must be .* at least one\. Received: folders=\[\]\. Pass"),
        ("run", ValueError, r"`folders` must be a list .* Received: folders='run'\. Pass"),
        (["missing"], RunError, r"Received: .*missing, which is no folder\. Name the folder that"),
        (["empty"], RunError, r"Received: .*empty, which holds none\. Name the folder that a run"),
        (["file"], RunError, r"Received: .*file, which is no folder\. Name"),
        (["run", "empty"], RunError, r"Received: .*empty, which holds none\."),
        (["runs"], RunError, r"which holds the folders of 7 runs\. .*: 0, 1, 2, 3, 4, …\."),
        (["run", "run/../run"], RunError, r"shows each run once\. Received: .*\. Leave one"),
    ],
    ids=str,
)
def test_folders_without_a_run_are_refused(tmp_path, folders, error, message):
    make(tmp_path / "run")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    for i in range(7):
        make(tmp_path / "runs" / str(i), samples=())
    (tmp_path / "runs" / "settings.json").write_text('{"seeds": 7}')
    given = folders if isinstance(folders, str) else [tmp_path / name for name in folders]
    with pytest.raises(error, match=message):
        write_report(given, tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()
