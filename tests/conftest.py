"""Settings that hold for every test."""

import gc
import os
import time

import pytest
import short_run

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("MPLBACKEND", "Agg")
# As the image examples do, whose runs are compared with runs in this process.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# Two processes whose OpenBLAS takes all cores each wait for one another, spinning.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

_BEGIN = time.monotonic()


def pytest_configure(config):
    """Four logical CPU devices, which can be asked for only before TensorFlow starts."""
    runs_tests = hasattr(config, "workerinput") or not config.getoption("numprocesses", None)
    if runs_tests:
        import tensorflow as tf

        (cpu,) = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * 4
        )


def pytest_addoption(parser):
    """Options for a run of limited time."""
    parser.addoption("--minutes", type=float, help="leave out what has not begun by then")
    parser.addoption("--start", default="", help="any text: begin at the module that it stands for")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Marks what a short run leaves out."""
    short_run.mark(items, pytest.mark.full)
    if items and config.getoption("start"):
        short_run.rotate(items, config.getoption("start"))


def pytest_runtest_setup(item):
    """Skips a test that begins too late."""
    minutes = item.config.getoption("minutes")
    if minutes is not None and time.monotonic() > _BEGIN + 60 * minutes:
        pytest.skip(f"not begun within --minutes={minutes:g}")


@pytest.fixture(scope="module", autouse=True)
def nothing_is_kept():
    """Graphs and models of a module are cycles, of which Python would keep gigabytes for long."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def two_replicas():
    """A strategy of two replicas, one a logical CPU device."""
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


@pytest.fixture(scope="session")
def four_replicas():
    """A strategy of four replicas."""
    import tensorflow as tf

    # TensorFlow's collectives know but one number of CPU devices in a process.
    exchange = tf.distribute.ReductionToOneDevice()
    return tf.distribute.MirroredStrategy([f"CPU:{i}" for i in range(4)], exchange)


@pytest.fixture
def float64():
    """Double precision for all layers and variables that the test makes."""
    import keras

    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
