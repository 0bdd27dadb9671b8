"""Texts of missing values in the program, and runs of versions that lacked settings of today."""

import csv
import json

import keras
import numpy as np
import pytest
from saved_runs import told

TINY = ("--eval_every=2", "--batch_size=4", "--verbose=0", "--width=2", "--jit=off")
TINY += ("--optimizer=alternating", "--schedule=constant")
SIZES = {"table": ("--depth=1", "--max_modes=2", "--pack=1"), "sequences": ("--latent_dim=3",)}
# The settings that older runs lack.
NEW = {"table": ["missing"], "sequences": ["dtype"]}


@pytest.fixture
def data(tmp_path):
    """A file of each model, by its name."""
    rng = np.random.default_rng(0)
    rows = [f"{30 + k % 7 if k % 9 else 'NULL'},{'ab'[k % 2]}" for k in range(60)]
    (tmp_path / "x.csv").write_text("\n".join(["age,job", *rows]), encoding="utf-8")
    np.save(tmp_path / "x.npy", rng.normal(size=(30, 8, 2)).astype("float32"))
    return {"table": tmp_path / "x.csv", "sequences": tmp_path / "x.npy"}


def train(capsys, model, data, output, *more):
    typed = (f"--model={model}", data[model], *TINY, *SIZES[model], f"--output_dir={output}")
    return told(capsys, "train", *typed, *more)


def folder_of(output):
    (folder,) = (path for path in output.iterdir() if path.is_dir())
    return folder


def settings_of(output):
    return json.loads((folder_of(output) / "settings.json").read_text(encoding="utf-8"))


def test_a_run_keeps_its_texts_of_missing_values(data, tmp_path, capsys):
    output = tmp_path / "out"
    status, out, err = train(capsys, "table", data, output, "--missing=NULL", "--steps=2")
    assert status == 0, err
    assert "60 rows in " in out
    assert "age (integer, 7 missing), job (2 texts)\n" in out
    assert "stand for missing values" not in out
    assert settings_of(output)["missing"] == ["NULL"]
    assert told(capsys, "generate", output, f"--output={tmp_path / 'y.csv'}", "--n=99")[0] == 0
    with (tmp_path / "y.csv").open(encoding="utf-8") as file:
        ages = [row["age"] for row in csv.DictReader(file)]
    assert len(ages) == 99
    assert all(not x or float(x) == int(x) for x in ages)
    again = ("--steps=4", "--resume")
    assert train(capsys, "table", data, output, "--missing=NULL", *again)[0] == 0
    status, out, err = train(capsys, "table", data, output, *again)
    assert (status, "missing=None (before: ['NULL'])" in err) == (1, True), err
    remark = "age are numbers, the others are 'NULL', so all are categories: pass --missing=NULL if"
    assert remark in out


def test_a_text_that_is_nowhere_is_refused_before_training(data, tmp_path, capsys):
    status, _, err = train(capsys, "table", data, tmp_path / "out", "--missing=NUL")
    assert (status, "Received: 'NUL', which is in none." in err) == (1, True), err
    assert not (tmp_path / "out").exists()
    status, _, err = train(capsys, "sequences", data, tmp_path / "out", "--missing=NULL")
    assert (status, "--missing belongs to --model=table. Received: " in err) == (2, True), err


@pytest.mark.parametrize("model", NEW)
def test_a_run_without_a_setting_of_today_goes_on_and_generates(model, data, tmp_path, capsys):
    old, whole = tmp_path / "old", tmp_path / "whole"
    assert train(capsys, model, data, old, "--steps=2")[0] == 0
    settings = settings_of(old)
    for key in NEW[model]:
        assert settings.pop(key) is None
    (folder_of(old) / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    name = f"y{data[model].suffix}"
    assert told(capsys, "generate", old, f"--output={tmp_path / name}", "--n=5")[0] == 0
    status, _, err = train(capsys, model, data, old, "--steps=4", "--resume")
    assert status == 0, err
    assert train(capsys, model, data, whole, "--steps=4")[0] == 0
    models = [keras.models.load_model(folder_of(x) / "model.keras") for x in (old, whole)]
    for a, b in zip(*(x.get_weights() for x in models), strict=True):
        np.testing.assert_array_equal(a, b)
