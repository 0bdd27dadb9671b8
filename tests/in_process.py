"""Examples run in the tests' own process, which is quicker than a process each."""

import contextlib
import importlib.util
import pathlib
import signal

import pytest
import tensorflow as tf
from absl import app, flags

EXAMPLES = pathlib.Path(__file__).resolve().parents[1] / "examples"


@contextlib.contextmanager
def example(name, monkeypatch):
    """An example as a module, whose flags, handlers and settings are gone afterwards."""
    # Too late in a process that has run tests.
    monkeypatch.setattr(tf.config.threading, "set_intra_op_parallelism_threads", lambda _: None)
    monkeypatch.syspath_prepend(str(EXAMPLES))
    before, handler = set(flags.FLAGS), signal.getsignal(signal.SIGTERM)
    level = tf.get_logger().level
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        for flag in set(flags.FLAGS) - before:
            delattr(flags.FLAGS, flag)
        flags.FLAGS.unparse_flags()
        signal.signal(signal.SIGTERM, handler)
        tf.get_logger().setLevel(level)


def main(name, monkeypatch, *arguments):
    """Runs an example."""
    with example(name, monkeypatch) as module:
        module.main(flags.FLAGS([f"{name}.py", *map(str, arguments)]))


def refusal(name, monkeypatch, *arguments):
    """What an example says of flags that it must not take."""
    with pytest.raises((flags.Error, app.UsageError, SystemExit)) as caught:
        main(name, monkeypatch, *arguments)
    return str(caught.value)
