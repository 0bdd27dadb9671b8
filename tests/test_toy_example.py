"""The 2D example as a user runs it: every method, wrong flags, divergence, Ctrl-C and resuming."""

import csv
import json
import math
import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from report_pages import frames, read, shown

from tests.in_process import refusal

ROOT = pathlib.Path(__file__).parents[1]
METHODS = (
    "simultaneous",
    "alternating",
    "wgan_clip",
    "wgan_gp",
    "instance_noise",
    "r1",
    "r2",
    "r1_r2",
    "consensus",
    "r1_consensus",
    "relativistic_r1_r2",
)
SMALL = ("--width=4", "--depth=1", "--batch_size=16")


def start(output, *arguments):
    command = [sys.executable, str(ROOT / "examples" / "toy_2d.py")]
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


def strict(text):
    raise AssertionError(f"{text} is no JSON")


def results(output):
    return json.loads((output / "results.json").read_text(), parse_constant=strict)


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def samples(output, folder):
    found = np.load(output / folder / "samples.npy")
    assert found.shape == (1024, 2)
    return found


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Two methods, two targets and two seeds, of two evaluations each."""
    output = tmp_path_factory.mktemp("pair") / "run"
    choice = ("--method=r1,instance_noise", "--target=circle,line", "--seeds=0,1")
    printed = finish(start(output, "--steps=800", *choice, *SMALL))
    return output, printed


def test_every_method_trains(tmp_path):
    output = tmp_path / "run"
    printed = finish(start(output, "--steps=2", "--target=line", *SMALL))
    assert "retracing" not in printed
    found = results(output)
    assert [run["method"] for run in found["runs"]] == list(METHODS)
    assert all(0 < run["final"] < 5 for run in found["runs"])
    drawn = [samples(output, f"{method}-line-seed0") for method in METHODS]
    # Two steps on the same batches lead eleven methods to different places.
    assert len({array.tobytes() for array in drawn}) == len(METHODS)


def test_leaves_results_tables_and_pictures(pair):
    output, printed = pair
    found = results(output)
    assert set(found) == {"runs", "summary", "floor", "settings", "versions"}
    assert found["settings"]["gamma"] == 1.0
    assert {"tensorflow", "keras", "tf_consensus"} <= set(found["versions"])
    assert 0.04 < found["floor"]["circle"]["mean"] < 0.08
    assert len(found["runs"]) == 8
    for name in ("densities.png", "wasserstein.png"):
        assert (output / name).stat().st_size > 5000
    for row in ("r1 ", "instance_noise ", "floor "):
        assert f"\n{row}" in printed


def test_leaves_pages_with_samples_settings_and_the_command(pair):
    output, _ = pair
    folder = output / "r1-circle-seed1"
    text = (folder / "report.html").read_text(encoding="utf-8")
    said = shown(text)
    assert "Finished 800 of 800 steps" in said
    assert "target circle" in said
    assert "--method=r1,instance_noise --target=circle,line --seeds=0,1" in said
    assert [step for step, *_ in frames(text)] == [0, 400, 800]
    assert json.loads((folder / "advice.json").read_text(encoding="utf-8")) == []
    assert "8 runs" in shown((output / "report.html").read_text(encoding="utf-8"))


def test_many_runs_have_a_page_of_each_target_and_seed(tmp_path):
    output = tmp_path / "run"
    choice = ("--method=r1", "--target=circle,line,gaussian,four_lines", "--seeds=0,1,2,3")
    finish(start(output, "--steps=1", "--noadvice", *choice, *SMALL))
    text = (output / "report.html").read_text(encoding="utf-8")
    links = [attributes["href"] for tag, attributes in read(text)[0] if tag == "a"]
    assert len(links) == 16 + 16
    assert all((output / link).is_file() for link in links)
    assert not list(output.glob("*/advice.json"))


def test_numbers_agree_with_the_logs(pair):
    output, _ = pair
    found = results(output)
    table = rows(output / "wasserstein.csv")
    assert len(table) == 16
    for run in found["runs"]:
        log = rows(output / f"{run['method']}-{run['target']}-seed{run['seed']}" / "log.csv")
        distances = [float(row["wasserstein1"]) for row in log]
        assert run["final"] == distances[-1]
        assert run["best"] == min(distances)
        assert run["best_step"] == 400 * (1 + distances.index(min(distances)))
        key = [run["method"], run["target"], str(run["seed"])]
        listed = [row for row in table if [row["method"], row["target"], row["seed"]] == key]
        assert [float(row["wasserstein1"]) for row in listed] == distances
        assert [int(row["step"]) for row in listed] == [400, 800]
    finals = [run["final"] for run in found["runs"] if run["method"] == "r1"][::2]
    numbers = found["summary"]["r1"]["circle"]
    assert numbers["final_mean"] == pytest.approx(np.mean(finals))
    assert numbers["final_std"] == pytest.approx(np.std(finals))
    assert (numbers["seeds"], numbers["diverged"]) == (2, 0)


def test_a_run_does_not_depend_on_those_before_it(pair, tmp_path):
    output, _ = pair
    choice = ("--method=instance_noise", "--target=line", "--seeds=1")
    finish(start(tmp_path / "run", "--steps=800", *choice, *SMALL))
    alone = samples(tmp_path / "run", "instance_noise-line-seed1")
    np.testing.assert_array_equal(alone, samples(output, "instance_noise-line-seed1"))
    assert (alone != samples(output, "instance_noise-line-seed0")).all()


def test_diverged_runs_are_infinite(tmp_path):
    output = tmp_path / "run"
    choice = ("--method=simultaneous,r1", "--target=circle", "--learning_rate=1e30")
    printed = finish(start(output, "--steps=20", *choice, *SMALL))
    assert "1 of 1 diverged" in printed
    found = results(output)
    assert [float(run["final"]) for run in found["runs"]] == [math.inf] * 2
    numbers = found["summary"]["r1"]["circle"]
    assert [numbers[key] for key in ("diverged", "final_mean", "final_std")] == [1, "inf", "inf"]
    assert not np.isfinite(samples(output, "r1-circle-seed0")).all()
    for name in ("densities.png", "wasserstein.png"):
        assert (output / name).stat().st_size > 3000


def test_ctrl_c_keeps_what_is_done_and_resume_goes_on(tmp_path, monkeypatch):
    output = tmp_path / "interrupted"
    choice = ("--method=r1,r2", "--target=circle", "--steps=4000")
    process = start(output, *choice, *SMALL)
    while not (output / "r1-circle-seed0" / "result.json").exists():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    printed = finish(process, code=130)
    assert "--resume goes on" in printed
    assert [run["method"] for run in results(output)["runs"]] == ["r1"]

    refused = finish(start(output, *choice, *SMALL), code=1)
    assert "Results need a new folder" in refused
    changed = (f"--output_dir={output}", *choice, *SMALL, "--resume", "--gamma=3")
    assert "gamma=3 (before: 1)" in refusal("toy_2d", monkeypatch, *changed)

    printed = finish(start(output, *choice, *SMALL, "--resume"))
    assert "r1, circle, seed 0: finished before" in printed
    assert [run["method"] for run in results(output)["runs"]] == ["r1", "r2"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--method=r1,adam"], "comma list of different names out of simultaneous"),
        (["--method=instant_noise"], "Did you mean instance_noise?"),
        (["--method="], "comma list of different names out of simultaneous"),
        (["--target=line,line"], "comma list of different names out of gaussian, line"),
        (["--seeds=1,01"], "different integers of at least 0 and below 2^31"),
        (["--steps=500"], "multiple of it, the steps between two evaluations"),
        (["circle"], "All arguments are flags. Received: circle."),
    ],
)
def test_wrong_flags_are_refused(tmp_path, monkeypatch, flags, message):
    output = f"--output_dir={tmp_path / 'run'}"
    assert message in refusal("toy_2d", monkeypatch, output, *flags)
    assert not (tmp_path / "run").exists()
