"""Strategies by name: what each makes, and what is said where one cannot be made."""

import concurrent.futures
import doctest
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time

import pytest
import tensorflow as tf

import tf_consensus as tfc
from tests.in_process import refusal
from tf_consensus import strategies
from tf_consensus.execution import rendezvous, tf_config

ROOT = pathlib.Path(__file__).resolve().parents[1]
GOOD = {"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}


def test_no_strategy_is_the_default():
    strategy = strategies.make("none")
    assert strategy.num_replicas_in_sync == 1
    assert strategies.is_chief(strategy)


def with_task(**task):
    return json.dumps(GOOD | {"task": {"type": "worker", "index": 1} | task})


def with_workers(*addresses):
    return json.dumps(GOOD | {"cluster": {"worker": list(addresses)}})


@pytest.mark.parametrize(
    ("cluster", "own", "names"),
    [
        ({"worker": ["a:1", "b:1"]}, {"type": "worker", "index": 1}, ["worker 0", "worker 1"]),
        ({"worker": ["a:1"], "chief": ["a:2"]}, {"type": "chief", "index": 0}, ["chief 0", "w"]),
        ({"worker": ["[::1]:1", "10.0.0.2:65535"]}, {"type": "worker", "index": 0}, ["w", "w"]),
    ],
)
def test_a_good_configuration_is_read(cluster, own, names):
    found = tf_config.parse(json.dumps({"cluster": cluster, "task": own, "environment": "cloud"}))
    assert found.own == f"{own['type']} {own['index']}"
    for name, expected in zip(found.addresses, names, strict=True):
        assert name.startswith(expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "must be JSON.*Received: None"),
        ("", "must be JSON.*Received: ''"),
        ("{worker", "must be JSON.*Received: '{worker'"),
        ("[]", 'must have the entries "cluster" and "task"'),
        ("3", 'must have the entries "cluster" and "task"'),
        (json.dumps({"cluster": GOOD["cluster"]}), "must have the entries.*Received"),
        (json.dumps({"task": GOOD["task"]}), "must have the entries.*Received"),
        (json.dumps(GOOD | {"task": 1}), "must have the type and the index .*Received: 1"),
        (json.dumps(GOOD | {"task": {"type": "worker"}}), "must have the type and the index"),
        (json.dumps(GOOD | {"task": {"index": 0}}), "must have the type and the index"),
        (with_task(index=2), "an integer from 0 to 1 .*Received: 2"),
        (with_task(index=-1), "an integer from 0 to 1 .*Received: -1"),
        (with_task(index=True), "an integer from 0 to 1 .*Received: True"),
        (with_task(index="0"), "an integer from 0 to 1 .*Received: '0'"),
        (with_task(index=0.0), "an integer from 0 to 1 .*Received: 0.0"),
        (with_task(index=None), "an integer from 0 to 1 .*Received: None"),
        (with_task(type="ps"), "a type out of worker .*Received: 'ps'"),
        (with_task(type=["worker"]), r"a type out of worker .*Received: \['worker'\]"),
        (json.dumps(GOOD | {"cluster": {}}), "a list of addresses per type"),
        (json.dumps(GOOD | {"cluster": ["a:1"]}), "a list of addresses per type"),
        (json.dumps(GOOD | {"cluster": {"worker": "a:1"}}), "addresses as \"worker\".*'a:1'"),
        (json.dumps(GOOD | {"cluster": {"worker": []}}), 'a list of addresses as "worker"'),
        (json.dumps(GOOD | {"cluster": {"worker": {"0": "a:1"}}}), 'addresses as "worker"'),
        (json.dumps(GOOD | {"cluster": {"ps": ["a:1"]}}), "types chief and worker.*'ps'"),
        (json.dumps(GOOD | {"cluster": {"evaluator": ["a:1"]}}), "types chief and worker"),
        (json.dumps(GOOD | {"cluster": {"chief": ["a:1", "b:1"]}}), "must name one chief"),
        (with_workers("a:1", "a:1"), "every machine once. Received: 'a:1' twice"),
        (with_workers("a:1", "a:01"), "every machine once. Received: 'a:01' twice"),
        (with_workers("a", "b"), "HOST:PORT.*Received: 'a'"),
        (with_workers("a:1", "b"), "HOST:PORT.*Received: 'b'"),
        (with_workers("a:1", "b:x"), "HOST:PORT.*Received: 'b:x'"),
        (with_workers("a:1", "b:99999"), "from 1 to 65535. Received: 'b:99999'"),
        (with_workers("a:1", "b:0"), "from 1 to 65535. Received: 'b:0'"),
        (with_workers("a:1", "b:-1"), "HOST:PORT.*Received: 'b:-1'"),
        (with_workers("a:1", "b:"), "HOST:PORT.*Received: 'b:'"),
        (with_workers("a:1", ":1"), "HOST:PORT.*Received: ':1'"),
        (with_workers("a:1", " b:1"), "HOST:PORT.*Received: ' b:1'"),
        (with_workers("a:1", 2222), "HOST:PORT.*Received: 2222"),
        (with_workers("a:1", None), "HOST:PORT.*Received: None"),
    ],
)
def test_a_malformed_configuration_is_said(text, message, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if text is not None:
        monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match=message + ".*Set for example TF_CONFIG="):
        strategies.make("multi_worker")


def cluster_of(*ports, own=0):
    addresses = {f"worker {i}": f"127.0.0.1:{port}" for i, port in enumerate(ports)}
    return tf_config.Cluster(addresses, f"worker {own}")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_machines_find_each_other():
    ports, end = [free_port() for _ in range(3)], threading.Event()

    def machine(own):
        time.sleep(0.4 * own)
        rendezvous.wait_for_all(cluster_of(*ports, own=own), 30)
        # A machine that has found all goes on, and TensorFlow listens in its stead.
        cluster = {"worker": [f"127.0.0.1:{ports[own]}"]}
        server = tf.distribute.Server(cluster, "worker", 0)
        end.wait(30)
        del server

    with concurrent.futures.ThreadPoolExecutor() as pool:
        machines = [pool.submit(machine, own) for own in range(3)]
        first = concurrent.futures.wait(machines, timeout=6, return_when="FIRST_EXCEPTION")
        end.set()
        assert not first.done
        for each in machines:
            each.result()


def test_who_is_missing_is_said_and_then_an_error(monkeypatch):
    monkeypatch.setattr(rendezvous, "REPORT_EVERY", 0.3)
    ports, told = [free_port(), free_port()], []
    with pytest.raises(TimeoutError, match=rf"no answer from worker 1 \(127.0.0.1:{ports[1]}\)"):
        rendezvous.wait_for_all(cluster_of(*ports), 1.0, told.append)
    assert len(told) >= 2
    assert told[0].startswith("worker 0 has waited 0 s for worker 1 (127.0.0.1:")


def test_a_program_of_others_is_no_machine():
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        port = foreign.getsockname()[1]
        with pytest.raises(TimeoutError, match=f"no answer from worker 1 .*{port}"):
            rendezvous.wait_for_all(cluster_of(free_port(), port), 1.0, print)


def test_a_port_that_is_taken_is_said():
    with socket.create_server(("", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(ValueError, match=f"must be free. Received: port {port}"):
            rendezvous.wait_for_all(cluster_of(port, free_port()), 1.0)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), "1", True])
def test_the_time_to_wait_is_positive(timeout, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", json.dumps(GOOD))
    with pytest.raises(ValueError, match="`timeout` must be finite and positive"):
        strategies.make("multi_worker", timeout=timeout)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mirror",), "one of none, mirrored, multi_worker, tpu. Received: 'mirror'"),
        (("none", "local"), "tpu='local' with strategy='none'"),
        (("none", None, 2), "replicas=2 with strategy='none'"),
        (("mirrored", None, 0), "at least 1. Received: replicas=0"),
        (("tpu",), "tpu=None .*install tensorflow-tpu"),
        (("tpu", "local"), "tpu='local' .*install tensorflow-tpu"),
        (("tpu", "no-such-tpu"), "tpu='no-such-tpu' "),
    ],
)
def test_what_cannot_be_made_is_said(arguments, message):
    with pytest.raises(ValueError, match=message):
        strategies.make(*arguments)


def test_an_address_where_nobody_listens_is_said_at_once():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(ValueError, match=r"must be a TPU of that name.*refused"):
        strategies.make("tpu", f"grpc://127.0.0.1:{port}")


def test_what_is_said_of_a_tpu_is_not_where_in_the_graph(monkeypatch):
    message = (
        "Graph execution error:\n\nDetected at node a defined at (most recent call last):\n"
        "<stack traces unavailable>\nno platform here\n\t [[{{node a}}]] [Op:b]"
    )

    def fail(tpu):
        raise tf.errors.InternalError(None, None, message)

    monkeypatch.setattr(strategies, "_reach", fail)
    with pytest.raises(ValueError, match=r"tpu='local' \(no platform here\)"):
        strategies.make("tpu", "local")


@pytest.mark.parametrize(
    ("kind", "index", "jobs", "chief"),
    [
        ("worker", 0, {"worker": ["a:1", "b:1"]}, True),
        ("worker", 1, {"worker": ["a:1", "b:1"]}, False),
        ("worker", 0, {"worker": ["a:1"], "chief": ["b:1"]}, False),
        ("chief", 0, {"worker": ["a:1"], "chief": ["b:1"]}, True),
    ],
)
def test_the_chief_of_several_machines(kind, index, jobs, chief):
    class Strategy:
        cluster_resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
            tf.train.ClusterSpec(jobs), task_type=kind, task_id=index
        )

    assert strategies.is_chief(Strategy()) == chief


def test_backups_are_the_chiefs(tmp_path, monkeypatch):
    """Others neither write nor delete them."""
    backup = tfc.callbacks.SafeBackup(tmp_path / "backup")
    gan = tfc.GAN(*tfc.networks.build("mlp", latent_dim=2), latent_dim=2)
    gan.compile(optimizer="adam")
    backup.set_model(gan)
    backup.set_params({"steps": 1})
    module = "tf_consensus.callbacks.safe_backup.is_chief"
    monkeypatch.setattr(module, lambda strategy: False)
    backup.on_train_begin()
    backup.on_epoch_begin(0)
    backup.on_epoch_end(0, {})
    assert not (tmp_path / "backup").exists()
    monkeypatch.setattr(module, lambda strategy: True)
    backup.on_epoch_end(0, {})
    monkeypatch.setattr(module, lambda strategy: False)
    backup.on_train_end({})
    assert backup.exists()


def run(command):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


@pytest.mark.parametrize("script", ["mixture_of_gaussians", "toy_2d"])
def test_examples_train_on_replicas(script, tmp_path):
    own = {
        "mixture_of_gaussians": ["--optimizer=consensus", "--batch_size=16"],
        "toy_2d": ["--target=circle", "--method=consensus"],
    }
    command = [sys.executable, str(ROOT / "examples" / f"{script}.py"), "--steps=4", *own[script]]
    command += [f"--output_dir={tmp_path}", "--strategy=mirrored", "--replicas=2"]
    done = run(command)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results.json").exists()


@pytest.mark.parametrize("script", ["mixture_of_gaussians", "toy_2d", "spectrum", "train_images"])
def test_examples_refuse_several_machines_without_their_addresses(script, tmp_path, monkeypatch):
    refused = refusal(script, monkeypatch, f"--output_dir={tmp_path}", "--strategy=multi_worker")
    assert "--strategy: The environment variable TF_CONFIG must be JSON" in refused


def test_docstring_examples():
    assert doctest.testmod(strategies).failed == 0
