"""Strategies by name: what each makes, and what is said where one cannot be made."""

import doctest
import json
import os
import pathlib
import socket
import subprocess
import sys

import pytest
import tensorflow as tf

import tf_consensus as tfc
from tests.in_process import refusal
from tf_consensus import strategies

ROOT = pathlib.Path(__file__).resolve().parents[1]
GOOD = {"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}


def test_no_strategy_is_the_default():
    strategy = strategies.make("none")
    assert strategy.num_replicas_in_sync == 1
    assert strategies.is_chief(strategy)


def test_a_good_configuration_passes():
    strategies.check_tf_config(json.dumps(GOOD))


def without(key):
    return {name: value for name, value in GOOD.items() if name != key}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "TF_CONFIG=None.*Set for example TF_CONFIG="),
        ("{worker", "TF_CONFIG='{worker' "),
        (json.dumps(without("task")), "KeyError.*task"),
        (json.dumps(without("cluster")), "KeyError.*cluster"),
        (json.dumps(GOOD | {"task": {"type": "worker", "index": 2}}), "IndexError"),
        (json.dumps(GOOD | {"task": {"type": "ps", "index": 0}}), "KeyError.*ps"),
        (json.dumps(GOOD | {"cluster": {"worker": ["a", "b"]}}), "HOST:PORT. Received: 'b'"),
        ("[]", "TypeError"),
    ],
)
def test_a_malformed_configuration_is_said(text, message, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if text is not None:
        monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match=message):
        strategies.make("multi_worker")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mirror",), "one of none, mirrored, multi_worker, tpu. Received: 'mirror'"),
        (("none", "local"), "tpu='local' with strategy='none'"),
        (("none", None, 2), "replicas=2 with strategy='none'"),
        (("mirrored", None, 0), "at least 1, .*replicas=0"),
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
    module = "tf_consensus.callbacks.safe_backup.is_chief"
    monkeypatch.setattr(module, lambda strategy: False)
    backup.on_epoch_end(0, {})
    assert not (tmp_path / "backup").exists()
    monkeypatch.setattr(module, lambda strategy: True)
    backup.on_epoch_end(0, {})
    monkeypatch.setattr(module, lambda strategy: False)
    backup.on_train_end({})
    assert (tmp_path / "backup" / "latest.weights.h5").exists()


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
    assert "--strategy: Several machines find each other by" in refused


def test_docstring_examples():
    assert doctest.testmod(strategies).failed == 0
