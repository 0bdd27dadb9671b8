"""Several machines, as processes on the loopback interface, against one device."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys

import keras
import numpy as np
import pytest

import tf_consensus as tfc

ROOT = pathlib.Path(__file__).resolve().parents[1]
RUN = ROOT / "tests" / "worker_run.py"


def free_ports(number):
    """Ports that nobody listens at, all different."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [server.getsockname()[1] for server in held]
    for server in held:
        server.close()
    return ports


def start(arguments, ports=(), index=0):
    """One process, alone or as a machine of several."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    if ports:
        cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
        task = {"type": "worker", "index": index}
        environment["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": task})
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )


def finish(*processes):
    """What each has printed; all must have ended well."""
    printed = [process.communicate(timeout=300)[0] for process in processes]
    for process, text in zip(processes, printed, strict=True):
        assert process.returncode == 0, text
    return printed


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The folder of the run on one device."""
    folder = tmp_path_factory.mktemp("alone")
    finish(start([RUN, folder]))
    return folder


def assert_same_run(folder, alone):
    expected, found = (np.load(x / "weights.npz") for x in (alone, folder))
    assert list(expected) == list(found)
    for key in expected:
        np.testing.assert_allclose(found[key], expected[key], rtol=1e-12, atol=1e-14, err_msg=key)
    models = [keras.models.load_model(x / "gan.keras") for x in (alone, folder)]
    assert isinstance(models[0], tfc.GAN)
    for a, b in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def test_two_workers_one_killed_and_restarted_equal_one_device(float64, alone, tmp_path):
    """SIGKILL after step 6 of 9, three an epoch: one epoch is kept, two are repeated."""
    ports = free_ports(2)
    chief = start([RUN, tmp_path], ports, 0)
    killed = start([RUN, tmp_path, "--kill_at=6"], ports, 1)
    printed = [process.communicate(timeout=300)[0] for process in (killed, chief)]
    assert killed.returncode == -signal.SIGKILL, printed[0]
    assert chief.returncode != 0, "the chief cannot go on alone"
    assert not (tmp_path / "weights.npz").exists()
    # Whether the chief wrote the second epoch's backup before it missed the other is open.
    kept = max(int(path.name[5:13]) for path in (tmp_path / "backup").glob("step-*.h5"))
    ports = free_ports(2)
    printed = finish(*(start([RUN, tmp_path], ports, index) for index in range(2)))
    for text in printed:
        assert f"epochs run: {3 - kept // 3}" in text
    assert_same_run(tmp_path, alone)


@pytest.mark.slow
def test_three_workers_equal_one_device(float64, alone, tmp_path):
    ports = free_ports(3)
    finish(*(start([RUN, tmp_path], ports, index) for index in range(3)))
    assert_same_run(tmp_path, alone)
