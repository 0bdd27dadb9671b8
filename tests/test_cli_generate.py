"""`tf-consensus generate`: what it writes, the same for the same seed, and what it refuses."""

import json
import pathlib
import shutil

import numpy as np
import pytest
from PIL import Image
from saved_runs import make_runs, told, write, write_pictures

from tf_consensus.experiments.generation import as_bytes


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Output folders: of one run, of an unfinished, a conditional and a damaged one; the GANs."""
    root = tmp_path_factory.mktemp("runs")
    return root, make_runs(root)


def pictures(folder):
    return np.stack([np.asarray(Image.open(path)) for path in sorted(folder.glob("*.png"))])


@pytest.mark.parametrize("batch_size", [1, 4, 64])
@pytest.mark.parametrize("seed", [0, 7])
def test_a_seed_means_the_images_of_the_library_in_any_batches(
    runs, tmp_path, capsys, batch_size, seed
):
    root, gans = runs
    place = tmp_path / "faces"
    flags = (f"--output={place}/", "--n=6", f"--seed={seed}", f"--batch_size={batch_size}")
    status, out, _ = told(capsys, "generate", root / "plain", *flags)
    assert status == 0
    assert f"6 pictures in {place}/" in out
    assert [path.name for path in sorted(place.iterdir())] == [f"{k:05}.png" for k in range(6)]
    expected = as_bytes(gans["plain"].generate(6, seed=seed))[..., 0]
    # Batches of other sizes are summed in another order: by one level at most.
    assert np.abs(pictures(place).astype(int) - expected).max() <= 1
    other = as_bytes(gans["plain"].generate(6, seed=seed + 1))[..., 0]
    assert np.abs(other.astype(int) - expected).max() > 30


def test_the_averages_are_taken_unless_told_otherwise(runs, tmp_path, capsys):
    root, gans = runs
    found = {}
    for flag in ("--averaged", "--noaveraged", "--averaged=False"):
        path = tmp_path / f"{flag[2:]}.npz"
        assert told(capsys, "generate", root / "plain", f"--output={path}", flag)[0] == 0
        found[flag] = np.load(path)["images"]
    plain = as_bytes(gans["plain"].generate(64, seed=0, averaged=False))
    assert np.abs(found["--noaveraged"].astype(int) - plain).max() <= 1
    assert np.array_equal(found["--noaveraged"], found["--averaged=False"])
    assert not np.array_equal(found["--averaged"], found["--noaveraged"])
    assert found["--averaged"].dtype == np.uint8
    assert found["--averaged"].shape == (64, 16, 16, 1)


@pytest.mark.parametrize("name", ["stopped", "stopped/a-seed0"])
def test_an_unfinished_run_gives_what_its_backup_holds(runs, tmp_path, capsys, name):
    root, gans = runs
    path = tmp_path / "new.npz"
    status, out, _ = told(capsys, "generate", root / name, f"--output={path}", "--n=3")
    assert status == 0
    assert "has not finished: its backup at step 2 is used" in out
    expected = as_bytes(gans["stopped"].generate(3, seed=0))
    assert np.abs(np.load(path)["images"].astype(int) - expected).max() <= 1


@pytest.mark.parametrize("file", ["generator.keras", "model.keras"])
@pytest.mark.parametrize("name", ["plain", "classes"])
def test_a_file_makes_what_its_run_makes(runs, tmp_path, capsys, name, file):
    root, _ = runs
    for number, place in enumerate([root / name, root / name / "a-seed0" / file]):
        assert told(capsys, "generate", place, f"--output={tmp_path / f'{number}.npz'}")[0] == 0
    one, other = np.load(tmp_path / "0.npz"), np.load(tmp_path / "1.npz")
    assert set(one) == set(other)
    assert all(np.array_equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [("2", [2] * 5), ("0,1", [0, 1, 0, 1, 0]), (" 2, 0,1", [2, 0, 1, 2, 0])],
)
def test_labels_are_taken_in_turn(runs, tmp_path, capsys, labels, expected):
    root, gans = runs
    path = tmp_path / "new.npz"
    flags = (f"--labels={labels}", "--n=5", f"--output={path}")
    assert told(capsys, "generate", root / "classes", *flags)[0] == 0
    found = np.load(path)
    assert found["labels"].tolist() == expected
    images = as_bytes(gans["classes"].generate(5, seed=0, labels=expected))
    assert np.abs(found["images"].astype(int) - images).max() <= 1


def test_labels_may_be_names_of_sub_folders(runs, tmp_path, capsys):
    root, _ = runs
    run = tmp_path / "named-seed0"
    shutil.copytree(root / "classes/a-seed0", run)
    folder = write_pictures(tmp_path / "pictures", classes=3)
    settings = json.loads((run / "settings.json").read_text())
    write(run / "settings.json", settings | {"dataset": f"folder:{folder}"})
    path = tmp_path / "new.npz"
    flags = ("--labels=kind2,0", "--n=3", f"--output={path}")
    assert told(capsys, "generate", run, *flags)[0] == 0
    assert np.load(path)["labels"].tolist() == [2, 0, 2]
    status, _, err = told(capsys, "generate", run, "--labels=kind7", f"--output={path}1.npz")
    assert status == 1
    assert "Received: 'kind7'. Choose from kind0, kind1, kind2." in err


def test_strips_begin_and_end_at_latents_of_the_seed(runs, tmp_path, capsys):
    root, gans = runs
    flags = ("--interpolate", "--n=3", "--frames=4")
    for place in ("way.npz", "way.png", "way/"):
        output = f"--output={tmp_path}/{place}"
        assert told(capsys, "generate", root / "plain", *flags, output)[0] == 0
    images = np.load(tmp_path / "way.npz")["images"]
    assert images.shape == (3, 4, 16, 16, 1)
    ends = as_bytes(gans["plain"].generate(6, seed=0)).astype(int)
    assert np.abs(images[:, 0] - ends[:3]).max() <= 1
    assert np.abs(images[:, -1] - ends[3:]).max() <= 1
    with Image.open(tmp_path / "way.png") as grid:
        assert grid.size == (4 * 16 + 3 * 2, 3 * 16 + 2 * 2)
    names = [f"{k:05}-{frame:03}.png" for k in range(3) for frame in range(4)]
    assert [path.name for path in sorted((tmp_path / "way").iterdir())] == names


def test_overwriting_replaces_pictures_and_leaves_other_files(runs, tmp_path, capsys):
    root, _ = runs
    place = tmp_path / "faces"
    command = ("generate", root / "plain", f"--output={place}")
    assert told(capsys, *command, "--n=5")[0] == 0
    for name in ("mine.txt", "mine.png", "1.png"):
        (place / name).write_text("kept")
    status, _, err = told(capsys, *command, "--n=2")
    assert status == 2
    assert "which holds files" in err
    assert told(capsys, *command, "--n=2", "--overwrite")[0] == 0
    names = {"00000.png", "00001.png", "mine.txt", "mine.png", "1.png"}
    assert {path.name for path in place.iterdir()} == names


@pytest.mark.parametrize("place", ["faces", "faces.png", "faces.npz"])
def test_what_is_interrupted_leaves_nothing(runs, tmp_path, capsys, monkeypatch, place):
    from tf_consensus.experiments import generation

    root, _ = runs
    sound = generation.as_bytes

    def interrupted(images):
        if len(images) < 4:
            raise KeyboardInterrupt
        return sound(images)

    monkeypatch.setattr(generation, "as_bytes", interrupted)
    flags = ("--n=10", "--batch_size=4", f"--output={tmp_path / place}")
    assert told(capsys, "generate", root / "plain", *flags)[0] == 130
    assert list(tmp_path.iterdir()) == []


# By the words after the run: the run, the exit status and a part of the message.
BAD = {
    ("--output=x/",): [
        ("nothing", 2, "There is no such path. Received: '"),
        ("plan", 2, "Did you mean "),
        ("empty", 2, "The folder must hold a run. Received: "),
        ("two", 2, "The command takes one run. Received: "),
        (".", 2, "Name one of those below:"),
        ("early", 2, "A run must have left a model or a backup. Received: "),
        ("early", 2, "tf-consensus train x --resume"),
        ("broken", 2, "settings.json must be what the run has written. Received: "),
        ("damaged", 1, "model.keras, damaged."),
        ("notes.txt", 2, "A run is a folder, or a .keras file of one. Received: "),
    ],
    (): [("plain", 2, "--output must say where the pictures go. Received: none.")],
    ("--output=",): [("plain", 2, "--output must say where")],
    ("--output=x.jpg",): [("plain", 2, "--output must be a folder, or end in .png or .npz.")],
    ("--output=x/", "--n=0"): [("plain", 2, "flag --n=0")],
    ("--output=x/", "--n=many"): [("plain", 2, "--n=many")],
    ("--output=x/", "--batch_size=0"): [("plain", 2, "--batch_size=0")],
    ("--output=x/", "--seed=-1"): [("plain", 2, "--seed=-1")],
    ("--output=x/", "--frames=3"): [("plain", 2, "--frames belongs to --interpolate.")],
    ("--output=x/", "--interpolate", "--frames=1"): [("plain", 2, "--frames=1")],
    ("--output=x/", "--number=3"): [("plain", 2, "Unknown flag --number.")],
    ("--output=x/", "more"): [("plain", 2, "The command takes one run. Received: 2: ")],
    ("--output=x/", "--labels=0"): [("plain", 2, "--labels is for a conditional run. Received: ")],
    ("--output=x/", "--labels=3"): [("classes", 2, "--labels must be from 0 to 2. Received: 3.")],
    ("--output=x/", "--labels=-1"): [("classes", 2, "numbers from 0 to 2. Received: '-1'.")],
    ("--output=x/", "--labels=shoe"): [("classes", 2, "Received: 'shoe'.")],
    ("--output=x/", "--labels=0,,1"): [("classes", 2, "--labels must be a comma list")],
    ("--output=x/", "--labels="): [("classes", 2, "--labels must be a comma list")],
}


@pytest.mark.parametrize(
    ("flags", "name", "status", "message"),
    [(flags, *case) for flags, cases in BAD.items() for case in cases],
)
def test_bad_input(runs, capsys, monkeypatch, tmp_path, flags, name, status, message):
    monkeypatch.chdir(tmp_path)
    found, _, err = told(capsys, "generate", runs[0] / name, *flags)
    assert (found, message in err) == (status, True), err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["there.png", "there.npz"])
def test_a_file_is_not_overwritten(runs, capsys, tmp_path, place):
    path = pathlib.Path(tmp_path / place)
    path.write_text("old")
    status, _, err = told(capsys, "generate", runs[0] / "plain", f"--output={path}")
    assert (status, path.read_text()) == (2, "old")
    assert "which is there. Choose another name, or add --overwrite." in err
    assert told(capsys, "generate", runs[0] / "plain", f"--output={path}", "--overwrite")[0] == 0
    assert path.read_bytes() != b"old"
