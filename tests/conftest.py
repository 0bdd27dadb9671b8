"""Settings that hold for every test."""

import gc
import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("MPLBACKEND", "Agg")
# As the image examples do, whose runs are compared with runs in this process.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# Two processes whose OpenBLAS takes all cores each wait for one another, spinning.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def pytest_configure(config):
    """Four logical CPU devices, which can be asked for only before TensorFlow starts."""
    runs_tests = hasattr(config, "workerinput") or not config.getoption("numprocesses", None)
    if runs_tests:
        import tensorflow as tf

        (cpu,) = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * 4
        )


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
