"""The mixture-of-Gaussians example as a user runs it: results, wrong flags, Ctrl-C and resuming."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from report_pages import frames, shown

import tf_consensus as tfc
from tests.in_process import main, refusal

ROOT = pathlib.Path(__file__).parents[1]
RUN_KEYS = {
    "method",
    "seed",
    "modes_covered",
    "within_3_sigma",
    "within_0.05",
    "discriminator_loss",
    "generator_loss",
    "steps",
    "train_seconds",
}


def start(output, *arguments):
    command = [sys.executable, str(ROOT / "examples" / "mixture_of_gaussians.py")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen(
        [*command, f"--output_dir={output}", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        # A shell's background jobs, and so their children, are started deaf to SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def finish(process, code=0):
    printed, _ = process.communicate(timeout=300)
    assert process.returncode == code, printed
    return printed


def numbers(output):
    (run,) = json.loads((output / "results.json").read_text())["runs"]
    assert set(run) >= RUN_KEYS
    return {key: value for key, value in run.items() if key not in ("train_seconds", "files")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    output = tmp_path_factory.mktemp("whole") / "run"
    finish(start(output, "--optimizer=simultaneous", "--steps=5000"))
    return output


def test_leaves_results_pictures_and_the_model(whole):
    report = json.loads((whole / "results.json").read_text())
    assert report["settings"]["steps"] == 5000
    assert report["settings"]["learning_rate"] == 1e-4
    assert {"tensorflow", "keras"} <= set(report["versions"])
    for name in ("figure_2.png", "curves.png", "densities.gif"):
        assert (whole / name).stat().st_size > 1000
    gan = keras.models.load_model(whole / "simultaneous-seed0" / "model.keras")
    assert int(gan.optimizer.iterations) == 5000
    last = np.load(whole / "simultaneous-seed0" / "samples" / "00005000.npy")
    np.testing.assert_allclose(gan.generate(2560, seed=0, batch_size=2560), last, atol=1e-6)


def test_leaves_pages_with_samples_settings_and_the_command(whole):
    folder = whole / "simultaneous-seed0"
    pages = [(path / "report.html").read_text(encoding="utf-8") for path in (whole, folder)]
    for text in pages:
        said = shown(text)
        assert "Finished 5,000 of 5,000 steps" in said
        assert "method simultaneous" in said
        assert f"--output_dir={whole} --optimizer=simultaneous --steps=5000" in said
        assert "Mode kl" in said or "mode kl" in said
        assert [step for step, *_ in frames(text)] == list(range(0, 5001, 1000))
        assert "data-refresh" not in text
    made = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert made["command"][-2:] == ["--optimizer=simultaneous", "--steps=5000"]
    assert json.loads((folder / "advice.json").read_text(encoding="utf-8")) == []


def test_without_advice_nobody_looks(tmp_path, monkeypatch):
    output = tmp_path / "run"
    few = ("--steps=4", "--optimizer=consensus", "--batch_size=8", "--noadvice")
    main("mixture_of_gaussians", monkeypatch, *few, f"--output_dir={output}")
    folder = output / "consensus-seed0"
    assert not (folder / "advice.json").exists()
    assert "advice" not in (folder / "log.csv").read_text(encoding="utf-8")
    assert (folder / "report.html").exists()


def test_ctrl_c_keeps_what_is_done_and_resume_ends_the_same(whole, tmp_path, monkeypatch):
    output = tmp_path / "interrupted"
    arguments = ("--optimizer=simultaneous", "--steps=5000")
    process = start(output, *arguments)
    while not list(output.glob("simultaneous-seed0/backup/step-*.h5")):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    printed = finish(process, code=130)
    assert "--resume goes on" in printed
    assert json.loads((output / "results.json").read_text())["runs"] == []
    page = (output / "simultaneous-seed0" / "report.html").read_text(encoding="utf-8")
    assert "It was interrupted" in shown(page)
    assert "data-refresh" not in page

    refused = finish(start(output, *arguments), code=1)
    assert "Results need a new folder" in refused
    changed = (f"--output_dir={output}", "--resume", "--gamma=3", *arguments)
    assert "gamma=3 (before: 10)" in refusal("mixture_of_gaussians", monkeypatch, *changed)

    printed = finish(start(output, "--resume", *arguments))
    assert "Epoch 1/5" not in printed
    assert numbers(output) == numbers(whole)


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--optimizer=adam", "comma list of different names out of simultaneous"),
        ("--optimizer=consenus", "Did you mean consensus?"),
        ("--optimizer=", "comma list of different names out of simultaneous"),
        ("--seeds=0,00", "different integers of at least 0"),
        ("--objective=wgam", "Did you mean wgan?"),
        ("--penalty=r3", "comma list of different names out of r1, r2, wgan_gp"),
        ("--penalty=r1,r1", "comma list of different names out of r1, r2, wgan_gp"),
        ("--penalty_every=0", "positive integer"),
        ("--target=square", "grid|ring"),
        ("--steps=1500", "multiple of it, the length of an epoch"),
        (
            "--microbatches=3",
            "a multiple of --microbatches. Received: --batch_size=512 --microb",
        ),
    ],
)
def test_wrong_flags_are_refused(tmp_path, monkeypatch, flag, message):
    output = f"--output_dir={tmp_path / 'run'}"
    assert message in refusal("mixture_of_gaussians", monkeypatch, output, flag)
    assert not (tmp_path / "run").exists()


def test_small_batches_without_bias(tmp_path):
    output = tmp_path / "run"
    flags = ["--optimizer=smoothing", "--nobalanced", "--batch_size=6", "--microbatches=3"]
    finish(start(output, "--steps=20", "--debias=groups", *flags))
    gan = keras.models.load_model(output / "smoothing-seed0" / "model.keras")
    assert (gan.optimizer.microbatches, gan.optimizer.debias) == (3, "groups")
    settings = json.loads((output / "results.json").read_text())["settings"]
    assert (settings["balanced"], settings["batch_size"]) == (False, 6)


def test_penalties_on_the_grid(tmp_path):
    output = tmp_path / "grid"
    flags = ["--target=grid", "--penalty=r1,wgan_gp,instance_noise", "--penalty_weight=0.25"]
    flags += ["--penalty_every=3", "--optimizer=alternating", "--objective=relativistic"]
    printed = finish(start(output, "--steps=20", *flags))
    assert "/25" in printed
    gan = keras.models.load_model(output / "alternating-seed0" / "model.keras")
    assert gan.objective == tfc.objectives.Relativistic()
    assert gan.penalties == [
        tfc.penalties.R1(0.25, every=3),
        tfc.penalties.WGANGP(weight=0.25, every=3),
        tfc.penalties.InstanceNoise(0.25),
    ]
    coverage = tfc.metrics.ModeCoverage(tfc.data.grid_modes(), stddev=0.01)
    coverage.update_state(np.load(output / "alternating-seed0" / "samples" / "00000020.npy"))
    found = json.loads((output / "results.json").read_text())["runs"][0]
    np.testing.assert_allclose(found["mode_kl"], coverage.result()["mode_kl"], rtol=1e-5)
