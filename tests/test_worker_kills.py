"""Several machines, killed at random moments and started again, end as one undisturbed run."""

import json
import os
import pathlib
import random
import signal
import time

import keras
import numpy as np
import pytest
from test_workers import finish, free_ports, start

import tf_consensus as tfc

ROOT = pathlib.Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "mixture_of_gaussians.py"
OPTIONS = ("--strategy=multi_worker", "--optimizer=consensus", "--steps=3000", "--batch_size=16")


def start_both(output, *more):
    ports = free_ports(2)
    command = [EXAMPLE, f"--output_dir={output}", *OPTIONS, *more]
    return [start(command, ports, index) for index in range(2)]


def state_of(output):
    folder = output / "consensus-seed0"
    gan = keras.models.load_model(folder / "model.keras")
    assert isinstance(gan, tfc.GAN)
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    for key in ("train_seconds", "files", "log", "digest"):
        result.pop(key)
    return [x.numpy() for x in gan.variables + gan.optimizer.variables], result


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    output = tmp_path_factory.mktemp("whole") / "run"
    finish(*start_both(output))
    return state_of(output)


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1], ids=["chief", "worker"])
def test_kills_at_random_moments_lose_nothing(victim, whole, tmp_path):
    """Five kills of one machine in one run; each start goes on where the last came to."""
    output, draw, kills = tmp_path / "run", random.Random(victim), 0
    more = []
    while kills < 5:
        processes = start_both(output, *more)
        wait_for_training(output, processes)
        time.sleep(draw.uniform(0, 1.5))
        if processes[victim].poll() is not None:
            break
        os.kill(processes[victim].pid, signal.SIGKILL)
        kills += 1
        printed = [process.communicate(timeout=300)[0] for process in processes]
        assert processes[victim].returncode == -signal.SIGKILL, printed[victim]
        more = ["--resume"] if (output / "settings.json").exists() else []
    finish(*start_both(output, *more))
    found, expected = state_of(output), whole
    assert found[1] == expected[1]
    for a, b in zip(found[0], expected[0], strict=True):
        np.testing.assert_array_equal(a, b)
    print(json.dumps({"victim": victim, "kills": kills, "exact": kills}))
    assert kills >= 3


def wait_for_training(output, processes):
    """Until something new is written after the start: the first backup, or the log of a resume."""
    begin, folder = time.time(), output / "consensus-seed0"
    while time.time() - begin < 120 and all(p.poll() is None for p in processes):
        written = (
            [p.stat().st_mtime for p in folder.glob("samples/*.npy")] if folder.exists() else []
        )
        if written and max(written) >= begin:
            return
        time.sleep(0.02)
