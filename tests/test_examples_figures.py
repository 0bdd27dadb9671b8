"""The examples that draw the poster's Dirac-GAN and the lecture's games."""

import csv
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[1]


def run_example(name, *arguments):
    command = [sys.executable, str(ROOT / "examples" / name), *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}  # the tree under test, installed or not
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)


def read_results(folder):
    return json.loads((folder / "results.json").read_text(encoding="utf-8"))


def test_dirac_gan_tells_what_converges(tmp_path):
    variants = "nsgan,wgan_gp,gradient_penalty_critical,consensus"
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
    tables = {"iterates.csv", "eigenvalues.csv", "results.json"}
    assert {path.name for path in tmp_path.iterdir()} == pictures | tables
    results = read_results(tmp_path)
    runs = {(run["variant"], run["update"]): run for run in results["runs"]}
    assert len(runs) == 8
    for (variant, update), run in runs.items():
        assert run["converged"] == (variant in ("gradient_penalty_critical", "consensus"))
        assert f"{variant} " in done.stdout
        assert update in done.stdout
    # By hand: 1 ± ih/2 for simultaneous steps; (1 - h/2)² is γ = 1's, h = 0.2.
    assert runs["nsgan", "simultaneous"]["spectral_radius"] == pytest.approx(np.hypot(1, 0.1))
    assert runs["nsgan", "alternating_1"]["spectral_radius"] == pytest.approx(1.0)
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


def test_dirac_gan_rejects_a_wrong_flag():
    done = run_example("dirac_gan.py", "--variants=gan,lsgan")
    assert done.returncode != 0
    assert "FATAL Flags parsing error" in done.stderr
    assert "--variants" in done.stderr
    assert "different names out of gan, nsgan" in done.stderr
