"""Bad arguments of every public function of `tf_consensus.data`: all refused in a sentence."""

import gzip
import inspect
import math

import numpy as np
import pytest
import tensorflow as tf
from small_images import write_fashion_mnist

from tf_consensus import data

HUGE = 10**400
NO_POSITIVE = [0, -1, 1.0, 1.5, math.nan, math.inf, True, "8", None, [8], np.array(8.0)]
NO_COUNT = [*NO_POSITIVE, HUGE, 2**62]
NO_INT = [0.5, 1.0, math.nan, math.inf, True, "1", [1], 2**63, -(2**63) - 1, HUGE]
NO_STDDEV = [-1.0, math.nan, math.inf, -math.inf, True, "1", None, [1.0], HUGE, -HUGE, 1j]
NO_STDDEV += [1e-300, 1e300, 1e39, np.float32(np.nan), np.array([1.0, 2.0])]
NO_LENGTH = [0, 0.0, *NO_STDDEV]
NO_BOOL = [0, 1, None, "yes", "False", 1.0, math.nan, [True], np.array(True)]
NO_START = [-1, 1.0, math.nan, True, "1", None, [1], 2**41, HUGE, tf.Variable(1.0)]
NO_START += [tf.Variable([1]), np.array(3)]
NO_TEXT = [None, 7, "", "  ", b"train", ["train"], True, math.nan]
NO_PATH = [7, "", True, math.nan, b"/tmp", ["/tmp"], "a\0b"]
NO_CACHE = [1, 0, "", 1.5, b"/tmp", ["/tmp"], math.nan]
NO_CHANNELS = [0, 2, 4, -1, 1.0, True, "3", [1], np.array([1, 3]), math.nan, HUGE]
NO_CROP = [0, -1, 1.5, True, "8", math.nan, [8]]
NO_SHARD = [1, 0, (2, 2), (-1, 2), (0, 0), (0, 2, 3), (0.0, 1), (True, 2), "01", (0, HUGE), ()]
NO_SHARD += [(None, None), {0: 2}, math.nan]

PLANE = {"batch_size": NO_COUNT, "stddev": NO_STDDEV, "seed": NO_INT, "start": NO_START}
BAD = {
    "ring_modes": {"modes": NO_COUNT, "radius": NO_LENGTH},
    "grid_modes": {"side": NO_COUNT, "spacing": NO_LENGTH},
    "mixture_of_gaussians": {**PLANE, "modes": NO_COUNT, "radius": NO_LENGTH, "balanced": NO_BOOL},
    "grid_of_gaussians": {**PLANE, "side": NO_COUNT, "spacing": NO_LENGTH, "balanced": NO_BOOL},
    "gaussian": PLANE,
    "line": {**PLANE, "length": NO_LENGTH},
    "circle": {**PLANE, "radius": NO_LENGTH},
    "four_lines": {**PLANE, "length": NO_LENGTH},
    "images": {
        "name": NO_TEXT,
        "split": NO_TEXT,
        "image_size": NO_COUNT,
        "batch_size": NO_COUNT,
        "data_dir": NO_PATH,
        "labels": NO_BOOL,
        "channels": NO_CHANNELS,
        "crop": NO_CROP,
        "flip": NO_BOOL,
        "dequantise": NO_BOOL,
        "seed": NO_INT,
        "start": NO_START,
        "repeat": NO_BOOL,
        "cache": NO_CACHE,
        "check": NO_BOOL,
        "max_pixels": NO_POSITIVE,
        "shard": NO_SHARD,
    },
    "image_info": {"name": NO_TEXT, "data_dir": NO_PATH},
    "table": {
        "source": [None, 7, True, math.nan, [], "", b"x.csv", np.eye(2)],
        "columns": [7, "x", ["z"], ["x", "x"], [None], {"x": 1}, math.nan],
        "categorical": [None, 7, "x", ["z"], ["x", "x"], [None], math.nan],
        "continuous": [None, 7, "x", ["z"], ["x", "x"], [None], math.nan],
        "max_modes": [*NO_POSITIVE, 101, HUGE],
        "missing": [None, 7, "NA", [None], {"NA": 1}, math.nan],
    },
    "fingerprint": {"name": NO_TEXT, "split": NO_TEXT, "data_dir": NO_PATH},
}
# A named tuple and an object that functions return, and a class that test_table looks at.
# Those of `image_pairs` are in tests/test_image_pairs.py.
NEED_NO_TABLE = {"ImageInfo", "Table", "TableDescription", "image_pairs"}
TABLE = [
    pytest.param(function, key, value, id=f"{function}-{key}-{str(value)[:20]}")
    for function, arguments in BAD.items()
    for key, values in arguments.items()
    for value in values
]


@pytest.fixture(scope="module")
def fashion(tmp_path_factory):
    """A tiny Fashion-MNIST."""
    return write_fashion_mnist(tmp_path_factory.mktemp("fashion"))


def test_every_public_function_and_argument_has_its_row():
    assert set(BAD) | NEED_NO_TABLE == set(data.__all__)
    for name, arguments in BAD.items():
        assert set(arguments) == set(inspect.signature(getattr(data, name)).parameters), name


def call(function, fashion, key, value):
    settings = {}
    if function in ("images", "image_info", "fingerprint"):
        settings = {"name": "fashion_mnist", "data_dir": fashion}
    if function == "table":
        settings = {"source": {"x": [1.0, 2.0]}}
    return getattr(data, function)(**{**settings, key: value})


@pytest.mark.parametrize(("function", "key", "value"), TABLE)
def test_a_bad_argument_is_refused_in_a_sentence(function, key, value, fashion):
    error = TypeError if BAD[function][key] is NO_BOOL else ValueError
    with pytest.raises(error, match=rf"(`{key}|`shard|hold fewer than 2³¹)") as caught:
        call(function, fashion, key, value)
    message = str(caught.value)
    assert "Received: " in message
    assert f"{key}=" in message or "shard[" in message
    assert message.split("Received: ")[1].count(". ") >= 1  # then the remedy
    assert message.endswith(".")


GOOD = [
    ("images", "seed", -(2**63)),
    ("images", "seed", 2**63 - 1),
    ("images", "start", 2**40),
    ("images", "max_pixels", HUGE),
    ("images", "channels", np.int64(3)),
    ("images", "shard", [0, 1]),
    ("images", "image_size", np.int64(8)),
    ("mixture_of_gaussians", "seed", -(2**63)),
    ("mixture_of_gaussians", "seed", 2**63 - 1),
    ("mixture_of_gaussians", "start", 2**40),
    ("mixture_of_gaussians", "radius", 1e18),
    ("mixture_of_gaussians", "radius", 10**18),
    ("mixture_of_gaussians", "stddev", 1e-18),
    ("four_lines", "length", 1e-18),
    ("circle", "start", 2**40),
]


@pytest.mark.parametrize(("function", "key", "value"), GOOD)
def test_the_limits_themselves_are_taken(function, key, value, fashion):
    batch = next(iter(call(function, fashion, key, value)))
    assert np.isfinite(batch).all()
    assert np.ptp(batch) > 0


@pytest.mark.parametrize("value", [-1, 2**40 + 1])
@pytest.mark.parametrize("function", ["circle", "images"])
def test_a_start_variable_is_checked_when_it_is_read(function, value, fashion):
    stream = call(function, fashion, "start", tf.Variable(value, dtype=tf.int64))
    with pytest.raises(tf.errors.InvalidArgumentError, match=rf"`start` must .*start={value}\."):
        next(iter(stream))


PLACES = {
    "folder:": r"`name` must be a folder\. Received: name=''\. Pass folder:",
    "folder:/no/such": r"A folder of images must exist\. Received: folder:/no/such\. Pass",
    "folder:\0": r"`name` must be a folder\. .*Pass folder: and",
    "folder:" + "x" * 300: r"A folder of images must exist\. Received: folder:xxx",
}


@pytest.mark.parametrize("function", ["images", "image_info", "fingerprint"])
@pytest.mark.parametrize(("name", "message"), PLACES.items(), ids=["", "none", "zero", "long"])
def test_folders_that_are_none_are_named(function, name, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        getattr(data, function)(name)


@pytest.mark.parametrize("function", ["images", "image_info", "fingerprint"])
def test_a_data_dir_beside_a_folder_is_refused(function, tmp_path):
    message = (
        r"`data_dir` must be None for a folder .*Received: data_dir='/x' .*Pass folder:PATH al"
    )
    with pytest.raises(ValueError, match=message):
        getattr(data, function)(f"folder:{tmp_path}", data_dir="/x")


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_fashion_mnist_without_images_says_so(tmp_path, split):
    write_fashion_mnist(tmp_path)
    prefix = {"train": "train", "test": "t10k"}[split]
    for part, head in (("images-idx3", (3, 0, 28, 28)), ("labels-idx1", (1, 0))):
        content = bytes((0, 0, 8, head[0])) + np.array(head[1:], ">i4").tobytes()
        (tmp_path / f"{prefix}-{part}-ubyte.gz").write_bytes(gzip.compress(content))
    with pytest.raises(ValueError, match=r"must hold images\. Received: none in this split"):
        data.images("fashion_mnist", split, data_dir=tmp_path)


def test_one_pass_over_fewer_images_than_a_batch_is_one_smaller_batch(fashion):
    stream = data.images("fashion_mnist", "test", 28, 1000, fashion, repeat=False)
    assert [len(batch) for batch in stream] == [64]
