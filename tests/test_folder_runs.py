"""A folder of results: its page and its numbers are those of all of its runs, of one model."""

import json

import numpy as np
import pytest
from saved_runs import told, write, write_pictures

from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.folder_runs import check_model, known_settings, with_earlier

TINY = ("--steps=2", "--eval_every=2", "--batch_size=4", "--verbose=0", "--jit=off")
TABLE = ("--width=4", "--depth=1", "--max_modes=2", "--pack=2")
IMAGES = ("--filters=2", "--image_size=16", "--latent_dim=4", "--interpolations=0")
IMAGES += ("--network=dcgan4_nobn",)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    write_pictures(root / "photos", number=12, classes=1)
    rng = np.random.default_rng(0)
    lines = [f"{a},{'xy'[b]}" for a, b in zip(rng.integers(0, 9, 40), [0, 1] * 20, strict=True)]
    (root / "people.csv").write_text("\n".join(["age,job", *lines]), encoding="utf-8")
    return {
        "gan": (f"folder:{root / 'photos'}", *IMAGES),
        "table": ("--model=table", root / "people.csv", *TABLE),
        "sequences": ("--model=sequences", "waves", "--width=2", "--latent_dim=2"),
    }


def numbers(output):
    runs = json.loads((output / "results.json").read_text(encoding="utf-8"))["runs"]
    return [(run["name"], run["seed"]) for run in runs]


@pytest.mark.parametrize("model", ["table", pytest.param("gan", marks=pytest.mark.full)])
def test_later_seeds_and_methods_join_the_page_of_the_earlier_ones(data, model, tmp_path, capsys):
    def train(*more):
        status, out, err = told(
            capsys, "train", *data[model], *TINY, *more, f"--output_dir={tmp_path}"
        )
        assert status == 0, err
        return out

    train("--seeds=10,2", "--optimizer=consensus")
    (name,) = {name for name, _ in numbers(tmp_path)}
    assert numbers(tmp_path) == [(name, 10), (name, 2)]
    out = train("--seeds=1", "--optimizer=consensus")
    assert numbers(tmp_path) == [(name, 1), (name, 2), (name, 10)]
    assert "seed 10" not in out  # this command's runs alone are told of
    train("--optimizer=simultaneous")
    found = numbers(tmp_path)
    assert found[:3] == [(name, 1), (name, 2), (name, 10)]
    assert [seed for _, seed in found[3:]] == [0]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<title>4 runs" in page
    settings = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["settings"]
    assert {run["name"] for run in settings} == {name for name, _ in found}


def test_a_folder_of_another_model_is_refused_before_anything_is_written(data, tmp_path, capsys):
    assert told(capsys, "train", *data["table"], *TINY, f"--output_dir={tmp_path}")[0] == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for model in ("sequences", "gan"):
        for more in ((), ("--resume",)):
            typed = (*data[model], *TINY, *more, f"--output_dir={tmp_path}")
            status, _, err = told(capsys, "train", *typed)
            assert status == 1
            assert f"of one model. Received: {tmp_path} for {model}, with consensus-table" in err
            assert "-seed0 of table. Name another --output_dir." in err
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_what_is_no_run_or_damaged_is_left_out(tmp_path):
    own = [tmp_path / "b-seed3", tmp_path / "a-seed0"]
    for folder in (*own, tmp_path / "notes", tmp_path / "b-seed11", tmp_path / "c"):
        folder.mkdir()
    assert with_earlier(tmp_path, own) == own
    write(tmp_path / "b-seed11/settings.json", {"model": "table"})
    (tmp_path / "c/settings.json").write_text("{", encoding="utf-8")
    named = [path.name for path in with_earlier(tmp_path, own)]
    assert named == ["a-seed0", "b-seed3", "b-seed11", "c"]
    assert known_settings(tmp_path / "c") == known_settings(tmp_path / "notes") == {}
    check_model(tmp_path, "table")
    with pytest.raises(RunError, match=r"with b-seed11 of table\. Name another"):
        check_model(tmp_path, "gan")
    check_model(tmp_path / "none", "gan")
