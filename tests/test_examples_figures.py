"""The examples that draw the poster's Dirac-GAN and the lecture's games."""

import csv
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from absl import app, flags
from PIL import Image

from tests.in_process import example, main

ROOT = pathlib.Path(__file__).resolve().parents[1]


def run_example(name, *arguments):
    command = [sys.executable, str(ROOT / "examples" / name), *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}  # the tree under test, installed or not
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)


def read_results(folder):
    return json.loads((folder / "results.json").read_text(encoding="utf-8"))


def test_dirac_gan_tells_what_converges(tmp_path):
    variants = "nsgan,gradient_penalty_critical,consensus"
    done = run_example(
        "dirac_gan.py",
        f"--output_dir={tmp_path}",
        f"--variants={variants}",
        "--updates=simultaneous,alternating_1",
        "--steps=200",
    )
    assert done.returncode == 0, done.stderr
    assert "retracing" not in done.stderr
    assert "AutoGraph" not in done.stderr
    pictures = {"dirac_gan.png", "dirac_gan.gif", "eigenvalues.png"}
    pictures |= {f"variant_{variant}.png" for variant in variants.split(",")}
    tables = {"iterates.csv", "eigenvalues.csv", "results.json"}
    assert {path.name for path in tmp_path.iterdir()} == pictures | tables
    results = read_results(tmp_path)
    runs = {(run["variant"], run["update"]): run for run in results["runs"]}
    assert len(runs) == 6
    for (variant, update), run in runs.items():
        expected = {"simultaneous": "stays", "alternating_1": "sublinear"}[update]
        assert run["trend"] == (expected if variant == "nsgan" else "linear")
        assert run["converged"] == (run["trend"] != "stays")
        assert f"{variant} " in done.stdout
        assert update in done.stdout
    # By hand: 1 ± ih/2 for simultaneous steps; (1 - h/2)² is γ = 1's, h = 0.2.
    assert runs["nsgan", "simultaneous"]["spectral_radius"] == pytest.approx(np.hypot(1, 0.1))
    assert runs["nsgan", "alternating_1"]["spectral_radius"] == pytest.approx(1.0)
    # A cubic term alone damps it: ẋ = -cx³ falls like t^-½.
    assert runs["nsgan", "alternating_1"]["rate"] == pytest.approx(0.5, abs=0.06)
    assert "converges slowly, like t^-0.4" in done.stdout
    radius = runs["gradient_penalty_critical", "simultaneous"]["spectral_radius"]
    assert radius == pytest.approx(0.9, abs=1e-6)
    assert results["eigenvalue_path"]["largest_error"] < 1e-12
    check_iterates(tmp_path / "iterates.csv", runs)
    with Image.open(tmp_path / "dirac_gan.gif") as animation:
        assert animation.n_frames > 10


def check_iterates(path, runs):
    """The table starts at (1, 1) and ends where the results say."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 201 * len(runs)
    assert {(row["theta"], row["psi"]) for row in rows if row["step"] == "0"} == {("1", "1")}
    for row in rows:
        if row["step"] == "200":
            run = runs[row["variant"], row["update"]]
            distance = np.hypot(float(row["theta"]), float(row["psi"]))
            assert distance == pytest.approx(run["final_distance"], rel=1e-6)


def test_lecture(tmp_path, monkeypatch, capsys):
    main("lecture", monkeypatch, f"--output_dir={tmp_path}")
    results = read_results(tmp_path)
    check_files(tmp_path, results)
    check_fields(results["fields"])
    check_eigenvalues(results)
    check_momentum(results["momentum"])
    check_optimizers(results["optimizers"])
    assert "bilinear, alternating" in capsys.readouterr().out


def check_files(folder, results):
    figures = {"one_player", "fields", "rotation", "heavy_ball", "momentum", "optimizers"}
    files = {f"{name}.{suffix}" for name in figures for suffix in ("png", "csv")}
    files |= {"momentum_dirac_gan.png", "results.json"}
    assert {path.name for path in folder.iterdir()} == files
    assert set(results) == figures | {"settings", "versions"}
    for name in figures:
        with open(folder / f"{name}.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        assert len({len(row) for row in rows}) == 1


def check_fields(games):
    attracts = {
        game: [panel["attracts"] for panel in panels.values()] for game, panels in games.items()
    }
    assert attracts == {
        "bilinear game": [False, True, True],
        "quadratic game, stable point": [True, True, True],
        "quadratic game, unstable point": [False, True, False],
    }


def check_eigenvalues(results):
    one = results["one_player"]
    assert one["eta_h 1.8"]["final"] < 0.01 < one["eta_h 2.1"]["final"]
    turning = results["rotation"]
    assert sorted(turning["eigenvalues"]) == [[0.0, -1.0], [0.0, 1.0]]
    assert turning["simultaneous 0.2"]["growth"] == pytest.approx(1.04**100)
    assert turning["alternating 0.2"]["growth"] == pytest.approx(1.0, abs=0.2)
    spectra = results["heavy_ball"]
    assert spectra["bilinear game: μ = ±i"]["lowest_radius"] > 1
    assert spectra["damped rotation: μ = -0.5 ± 1.5i"]["lowest_radius"] < 1
    # By hand: r² - (1 + β - ¼)r + β has a double root ½ for β = ¼.
    assert spectra["one player: μ = -0.5"]["at_beta"] == pytest.approx(0.25)


def check_momentum(results):
    cases = {case: runs for case, runs in results.items() if "," in case}
    assert len(cases) == 4
    for case, runs in cases.items():
        outcomes = [run["outcome"] for run in runs.values()]
        if "alternating" in case:
            assert outcomes == ["converges", "neither", "diverges"]
        else:
            assert outcomes == ["diverges"] * 3
        for run in runs.values():
            # What the iterated recursion did is what the operator's spectrum says.
            sign = {"converges": -1, "neither": 0, "diverges": 1}[run["outcome"]]
            assert np.sign(round(run["spectral_radius"] - 1, 9)) == sign


def check_optimizers(results):
    for game in ("bilinear game θφ", "quadratic zero-sum game, 3 + 3 parameters"):
        ratios = {name: scheme["final_ratio"] for name, scheme in results[game].items()}
        assert ratios["consensus (γ = 1)"] < 1e-4 < 1 < ratios["simultaneous"]
    # By hand: w' = -1 ± i, of modulus² (1 - h)² + h² for a step.
    consensus = results["bilinear game θφ"]["consensus (γ = 1)"]
    assert consensus["evaluations"] == 200
    assert consensus["final_ratio"] == pytest.approx((0.8**2 + 0.2**2) ** 50, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "flag", "message"),
    [
        ("dirac_gan", "--variants=gan,lsgan", "different names out of gan, nsgan"),
        ("lecture", "--momentum_step_size=0", "must be a number above 0"),
    ],
)
def test_examples_reject_wrong_flags(name, flag, message, monkeypatch):
    with example(name, monkeypatch), pytest.raises(flags.Error, match=message) as caught:
        flags.FLAGS([name, flag])
    assert flag.split("=")[0] in str(caught.value)


@pytest.mark.parametrize("name", ["dirac_gan", "lecture", "theory_figures"])
def test_examples_reject_stray_arguments(name, monkeypatch):
    with (
        example(name, monkeypatch) as module,
        pytest.raises(app.UsageError, match=r"All arguments are flags\. Received: consensus"),
    ):
        module.main(flags.FLAGS([name, "consensus"]))
