"""The example of sequences: which flags it refuses, and what it leaves."""

import json

import numpy as np
import pytest

from tests.in_process import main, refusal

TINY = ("--steps=2", "--eval_every=1", "--width=2", "--batch_size=4", "--samples=20", "--noxla")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--steps=3", "--eval_every=2"), "--steps must be a multiple of --eval_every"),
        (("--width=0",), "--width=0"),
        (("x",), "All arguments are flags. Received: x."),
        (("--unroll",), "for sequence_conv, which has no use for it."),
        (("--gamma=2", "--optimizer=alternating", "--r1=0"), "--gamma must change something."),
    ],
)
def test_wrong_flags_are_refused(arguments, message, monkeypatch, tmp_path):
    assert message in refusal("sequences", monkeypatch, *arguments, f"--output_dir={tmp_path}")


def test_it_trains_on_a_file_and_goes_on(monkeypatch, tmp_path, capsys):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(9, 6, 2)))
    given = (f"--sequences={tmp_path / 'x.npy'}", f"--output_dir={tmp_path / 'out'}", *TINY)
    main("sequences", monkeypatch, *given, "--optimizer=simultaneous", "--seeds=0,1")
    found = json.loads((tmp_path / "out/results.json").read_text(encoding="utf-8"))
    assert [x["seed"] for x in found["runs"]] == [0, 1]
    assert found["settings"][1]["length"] == 6
    assert all(0.0 < x["wasserstein1"] < 10.0 for x in found["runs"])
    assert (tmp_path / "out/sequences.png").stat().st_size
    assert np.load(tmp_path / "out/simultaneous-seed1/generated.npy").shape == (20, 6, 2)
    main("sequences", monkeypatch, *given, "--optimizer=simultaneous", "--seeds=0,1", "--resume")
    assert "finished before: " in capsys.readouterr().out
    said = refusal("sequences", monkeypatch, *given, "--length=6")
    assert "--length must change something." in said
