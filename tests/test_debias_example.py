"""The example that compares runs with and without the bias of batches."""

import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from absl import app, flags

import tf_consensus as tfc
from tests.in_process import example, main

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def examples_can_import_each_other(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "examples"))


class NormalMean:
    """One player at 1 that looks for the mean of the data: v is a batch's mean, less 1."""

    def __init__(self):
        self.x = tf.Variable(tf.ones(3))

    def game(self, real):
        def losses(real):
            return [tf.reduce_mean(tf.reduce_sum((real - self.x) ** 2, axis=1)) / 2]

        return tfc.Game(losses, [[self.x]], [real])


def test_measures_the_loss_of_all_data_and_the_bias_of_lemma_15(monkeypatch):
    normal = np.random.default_rng(0).normal(scale=2.0, size=(2000, 4, 3)).astype("float32")
    with example("debias", monkeypatch) as debias:
        flags.FLAGS(["debias.py", "--folders=none", "--batches=2000", "--measured_batch=4"])
        data = tf.data.Dataset.from_tensor_slices(normal)
        found = debias.measure(NormalMean(), data, batch_size=8)
    assert found["loss"] == pytest.approx(tfc.theory.debiased_loss(normal.mean(axis=1) - 1))
    assert found["loss"] == pytest.approx(3 / 2, rel=0.1)
    covariance = 4 * np.eye(3)
    assert found["bias"] == pytest.approx(tfc.theory.minibatch_bias(covariance, 8), rel=0.1)


def test_compares_finished_runs(tmp_path, monkeypatch, capsys):
    flags_of = {"biased": [], "groups": ["--microbatches=2", "--debias=groups"]}
    for name, more in flags_of.items():
        common = ["--optimizer=consensus", "--nobalanced", "--batch_size=4", "--steps=4"]
        output = f"--output_dir={tmp_path / name}"
        main("mixture_of_gaussians", monkeypatch, *common, *more, output)
    folders = ",".join(str(tmp_path / name) for name in flags_of)
    few = ["--batches=8", "--measured_batch=8", f"--output_dir={tmp_path / 'out'}"]
    main("debias", monkeypatch, f"--folders={folders}", *few)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "debias.png",
        "table.md",
        "results.json",
    }
    rows = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert [(row["debias"], row["batch_size"], row["seed"]) for row in rows] == [
        ("biased", 4, 0),
        ("groups", 4, 0),
    ]
    for row, name in zip(rows, flags_of, strict=True):
        path = tmp_path / name / "consensus-seed0" / "result.json"
        result = json.loads(path.read_text(encoding="utf-8"))
        assert row["mode_kl"] == result["mode_kl"]
        assert row["bias"] > 0
    table = (tmp_path / "out" / "table.md").read_text(encoding="utf-8")
    assert "ring, RMSProp 0.0001, γ 10" in table
    assert table.count("| 4 | ") == 2
    assert table in capsys.readouterr().out


def test_folders_without_runs_are_refused(tmp_path, monkeypatch):
    with pytest.raises(app.UsageError, match=r"must hold finished runs\. Received: .*has none"):
        main("debias", monkeypatch, f"--folders={tmp_path}", f"--output_dir={tmp_path / 'out'}")
