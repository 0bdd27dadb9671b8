import doctest
import gzip
import pathlib
import struct

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_consensus import data
from tf_consensus.data import fashion_mnist, image_datasets
from tf_consensus.data.decoding import SquareDecoder
from tf_consensus.data.image_store import open_store

FILES = {
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}
TRUE = pathlib.Path("/usr/share/datasets/fashion-mnist")
needs_true = pytest.mark.skipif(
    not TRUE.is_dir(), reason="Debian's package dataset-fashion-mnist is not installed"
)


def idx(array):
    """A gzipped IDX file, written by hand."""
    return gzip.compress(
        struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()
    )


def write_fashion(folder, n, split="train", seed=0):
    """Random images; the first pixel of image i is i, and so is its label modulo 10."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
    pixels[:, 0, 0] = np.arange(n)
    kinds = (np.arange(n) % 10).astype(np.uint8)
    for name, array in zip(FILES[split], (pixels, kinds), strict=True):
        (folder / name).write_bytes(idx(array))
    return pixels, kinds


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Folder of a Fashion-MNIST of 50 images, all different in their first pixel."""
    folder = tmp_path_factory.mktemp("fashion")
    write_fashion(folder, 50)
    return folder


def stream(folder, **settings):
    return data.images("fashion_mnist", data_dir=folder, image_size=28, **settings)


def take(dataset, n):
    return np.stack([batch.numpy() for batch in dataset.take(n)])


def numbers(batches):
    """The number that `write_fashion` wrote into each image."""
    return np.rint((np.asarray(batches)[..., 0, 0, 0] + 1) * 127.5).astype(int)


# The stream: order, seeds, resuming, shards, random changes.


def test_batches_are_float32_of_static_shape_without_end(small):
    dataset = stream(small, batch_size=7, labels=True)
    assert dataset.element_spec == (
        tf.TensorSpec((7, 28, 28, 1), tf.float32),
        tf.TensorSpec((7,), tf.int32),
    )
    assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY
    assert stream(small, channels=3).element_spec == tf.TensorSpec((64, 28, 28, 3), tf.float32)


def test_every_epoch_is_another_permutation_with_the_right_labels(small):
    pixels, kinds = zip(*stream(small, batch_size=25, seed=0, labels=True).take(6), strict=True)
    order = numbers(pixels).reshape(3, 50)
    assert (np.sort(order) == np.arange(50)).all()
    assert len(np.unique(order, axis=0)) == 3
    assert (np.sort(order, axis=1) != order).mean() > 0.8
    np.testing.assert_array_equal(np.concatenate(kinds), order.ravel() % 10)


def test_batches_cross_from_one_epoch_into_the_next(small):
    order = numbers(take(stream(small, batch_size=35, seed=0), 10)).reshape(7, 50)
    assert (np.sort(order) == np.arange(50)).all()
    # Larger than the data set, too.
    long = numbers(take(stream(small, batch_size=175, seed=0), 2)).reshape(7, 50)
    np.testing.assert_array_equal(long, order)


def test_every_image_comes_at_every_place_equally_often(small):
    order = numbers(take(stream(small, batch_size=5000, seed=3), 4)).reshape(400, 50)
    counts = np.stack([np.bincount(place, minlength=50) for place in order.T])
    chi_square = ((counts - 8) ** 2 / 8).sum() / 49**2
    assert abs(chi_square - 1) < 5 * np.sqrt(2) / 49


def test_the_seed_determines_the_stream(small):
    settings = {"batch_size": 8, "flip": True, "dequantise": True}
    first, again, other = (take(stream(small, seed=s, **settings), 10) for s in (3, 3, -4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=(1, 2, 3, 4)).all()
    drawn = []
    for _ in range(2):
        keras.utils.set_random_seed(5)
        drawn.append(take(stream(small, **settings), 2))
    np.testing.assert_array_equal(*drawn)


@pytest.mark.parametrize("start", [0, 1, 8, np.int64(21)])
@pytest.mark.parametrize("cache", [True, False])
def test_starting_at_n_is_skipping_n(small, start, cache):
    settings = {"batch_size": 7, "seed": 0, "flip": True, "dequantise": True, "cache": cache}
    whole = take(stream(small, **settings), 30)
    np.testing.assert_array_equal(
        take(stream(small, start=start, **settings), 9), whole[start:][:9]
    )


@pytest.mark.parametrize(
    "variable", [tf.Variable, lambda value: keras.Variable(value, dtype="int64", trainable=False)]
)
def test_a_start_variable_is_read_when_iteration_starts(small, variable):
    start = variable(2)
    dataset = stream(small, batch_size=8, seed=0, start=start)
    whole = take(stream(small, batch_size=8, seed=0), 20)
    for value in (2, 13, 5):
        start.assign(value)
        np.testing.assert_array_equal(take(dataset, 4), whole[value : value + 4])


def test_a_far_start_costs_no_more(small):
    batch = take(stream(small, batch_size=50, seed=0, start=10**12), 1)
    assert (np.sort(numbers(batch)) == np.arange(50)).all()


def test_one_pass_is_in_order_and_keeps_the_rest(small):
    dataset = stream(small, batch_size=16, repeat=False)
    assert dataset.element_spec.shape == (None, 28, 28, 1)
    assert dataset.cardinality() == 4
    batches = list(dataset)
    assert [len(batch) for batch in batches] == [16, 16, 16, 2]
    np.testing.assert_array_equal(numbers(np.concatenate(batches)), np.arange(50))
    assert stream(small, batch_size=25, repeat=False).element_spec.shape == (25, 28, 28, 1)
    rest = list(stream(small, batch_size=16, repeat=False, start=3))
    np.testing.assert_array_equal(np.concatenate(rest), batches[3])
    assert len(list(stream(small, batch_size=16, repeat=False, start=9))) == 0
    late = stream(small, batch_size=16, repeat=False, start=tf.Variable(2))
    assert late.cardinality() == tf.data.UNKNOWN_CARDINALITY
    assert len(list(late)) == 2


@pytest.mark.parametrize("count", [2, 3])
def test_shards_share_the_batches_of_the_whole(small, count):
    whole = take(stream(small, batch_size=10, seed=0, dequantise=True), 5 * count)
    for index in range(count):
        part = stream(small, batch_size=10, seed=0, dequantise=True, shard=(index, count))
        np.testing.assert_array_equal(take(part, 5), whole[index::count])
    passes = [
        list(stream(small, batch_size=8, repeat=False, shard=(i, count))) for i in range(count)
    ]
    seen = [numbers(np.concatenate(batches)) for batches in passes]
    assert sorted(np.concatenate(seen)) == list(range(50))


def test_a_strategy_shards_by_its_input_context(small, two_replicas):
    contexts = []

    def make(context):
        contexts.append((context.input_pipeline_id, context.num_input_pipelines))
        size = context.get_per_replica_batch_size(20)
        return stream(small, batch_size=size, seed=0, shard=context)

    distributed = iter(two_replicas.distribute_datasets_from_function(make))
    whole = take(stream(small, batch_size=10, seed=0), 2)
    parts = two_replicas.experimental_local_results(next(distributed))
    assert contexts == [(0, 1)]
    np.testing.assert_array_equal(np.stack(parts), whole)
    context = tf.distribute.InputContext(num_input_pipelines=2, input_pipeline_id=1)
    np.testing.assert_array_equal(
        take(stream(small, batch_size=10, seed=0, shard=context), 1), whole[1:]
    )


def test_a_strategy_splits_a_whole_stream(small, two_replicas):
    dataset = stream(small, batch_size=20, seed=0)
    parts = two_replicas.experimental_local_results(
        next(iter(two_replicas.experimental_distribute_dataset(dataset)))
    )
    np.testing.assert_array_equal(np.concatenate(parts), take(dataset, 1)[0])


def test_flips_mirror_half_of_the_images(small):
    plain = take(stream(small, batch_size=50, seed=0), 40).reshape(-1, 28, 28)
    flipped = take(stream(small, batch_size=50, seed=0, flip=True), 40).reshape(-1, 28, 28)
    mirrored = (flipped == plain[:, :, ::-1]).all(axis=(1, 2))
    assert (mirrored ^ (flipped == plain).all(axis=(1, 2))).all()
    assert abs(mirrored.mean() - 0.5) < 4 * 0.5 / np.sqrt(2000)
    # By image, and independent of the batch: no column of coins repeats.
    coins = mirrored.reshape(40, 50)
    assert len(np.unique(coins, axis=0)) == 40


def test_dequantisation_adds_uniform_noise(small):
    settings = {"batch_size": 50, "seed": 0, "flip": True}
    plain = take(stream(small, **settings), 4)
    noise = take(stream(small, dequantise=True, **settings), 4) - plain
    assert noise.min() > -1e-6
    assert noise.max() < 1 / 128 + 1e-6
    n = noise.size
    assert abs(noise.mean() * 256 - 1) < 5 / np.sqrt(3 * n)
    assert abs(noise.std() * 128 * np.sqrt(12) - 1) < 5 / np.sqrt(n)
    rows = noise.reshape(200, -1)
    assert abs(np.corrcoef(rows) - np.eye(200)).max() < 6 / np.sqrt(784)


def test_streams_of_the_same_images_share_their_memory(tmp_path):
    write_fashion(tmp_path, 9)
    source = fashion_mnist.FashionMNIST("train", 16, tmp_path)
    decode = SquareDecoder(16, None, 1)
    first, second = (open_store(source, decode, None) for _ in range(2))
    assert first is second
    assert open_store(source, SquareDecoder(16, 20, 1), None) is not first


# Fashion-MNIST.


def independent(split):
    """Fashion-MNIST read with fixed offsets."""
    pixels, kinds = (gzip.decompress((TRUE / name).read_bytes()) for name in FILES[split])
    return (
        np.frombuffer(pixels, np.uint8, offset=16).reshape(-1, 28, 28),
        np.frombuffer(kinds, np.uint8, offset=8),
    )


@needs_true
@pytest.mark.parametrize("split", ["train", "test"])
def test_the_true_fashion_mnist_is_read_unchanged(split):
    pixels, kinds = independent(split)
    info = data.image_info("fashion_mnist")
    assert info == (10, {"train": 60_000, "test": 10_000}, (28, 28), 1)
    dataset = data.images(
        "fashion_mnist", split, data_dir=TRUE, batch_size=2000, repeat=False, labels=True
    )
    border = ((0, 0), (2, 2), (2, 2))
    seen, n = set(), 0
    for batch, labels in dataset:
        part = slice(n, n + len(batch))
        expected = np.pad(pixels[part], border).astype("float32") / 127.5 - 1
        np.testing.assert_array_equal(batch[..., 0], expected)
        np.testing.assert_array_equal(labels, kinds[part])
        seen.update(labels.numpy().tolist())
        n += len(batch)
    assert n == info.num_examples[split]
    assert len(seen) == info.num_classes


@needs_true
def test_known_images_of_fashion_mnist():
    first = next(iter(data.images("fashion_mnist", batch_size=2, repeat=False, labels=True)))
    assert first[1].numpy().tolist() == [9, 0]  # an ankle boot and a shirt
    boot = np.rint((first[0][0, :, :, 0].numpy() + 1) * 127.5)
    assert boot.sum() == 76247
    assert boot[:2].max() == 0


def test_sizes_of_fashion_mnist(small):
    native = next(iter(stream(small, batch_size=50, repeat=False))).numpy()
    padded, half = (
        next(iter(data.images("fashion_mnist", "train", size, 50, small, repeat=False))).numpy()
        for size in (32, 16)
    )
    np.testing.assert_array_equal(padded[:, 2:-2, 2:-2], native)
    assert np.ptp(padded[:, :2]) == np.ptp(padded[:, :, -2:]) == 0
    assert padded.min() == -1
    assert half.shape == (50, 16, 16, 1)
    np.testing.assert_allclose(half.mean(), padded.mean(), atol=0.01)
    with pytest.warns(UserWarning, match=r"smaller than image_size=40 are enlarged\. .* 32 pixels"):
        big = data.images("fashion_mnist", "train", 40, 50, small, channels=3, repeat=False)
    batch = next(iter(big)).numpy()
    np.testing.assert_array_equal(batch[..., 0], batch[..., 2])


def test_fashion_mnist_is_found_in_the_cache_of_keras(tmp_path, monkeypatch):
    folder = tmp_path / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    pixels, _ = write_fashion(folder, 7, "test")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    dataset = data.images("fashion_mnist", "test", 28, 7, repeat=False)
    np.testing.assert_allclose(next(iter(dataset))[..., 0], pixels / 127.5 - 1, atol=1e-7)


def test_fashion_mnist_is_downloaded_by_keras_where_it_is_nowhere(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(fashion_mnist, "_DEBIAN", tmp_path)
    pixels = np.full((3, 28, 28), 255, np.uint8)
    pair = (pixels, np.zeros(3, np.uint8))
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", lambda: (pair, pair))
    batch = next(iter(data.images("fashion_mnist", "test", 28, 3, repeat=False)))
    assert float(tf.reduce_min(batch)) == 1

    def fail():
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", fail)
    with pytest.raises(FileNotFoundError, match=r"30 MB\) by\s+python -c .*load_data\(\)"):
        data.images("fashion_mnist", "test")


def test_absent_files_raise_with_their_names(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"apt-get install .* train-images-idx3-ubyte\.gz"):
        stream(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"plain", r"must be a gzipped IDX array of bytes\. Received: .*: Not a gzipped file"),
        (gzip.compress(b""), r"0 bytes that are no IDX array\. Delete it and download"),
        (gzip.compress(b"\0\0\x08\x03" + b"\0\0\0\1" * 3), r"16 bytes that are no IDX array"),
        (idx(np.zeros((2, 2, 2), np.uint8))[:-9], r"Delete it and download it again"),
        (idx(np.zeros((2, 9, 9), np.uint8)), r"must hold 28² images .*shape \(2, 9, 9\)"),
    ],
)
def test_broken_files_raise_by_name(tmp_path, content, message):
    write_fashion(tmp_path, 2)
    (tmp_path / FILES["train"][0]).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        stream(tmp_path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 0}, r"`batch_size` must be an integer of at least 1\. .*batch_size=0\. P"),
        ({"channels": 2}, r"`channels` must be 1 or 3, .*Received: channels=2\. Pass 1 for grey"),
        ({"channels": True}, r"`channels` must be 1 or 3, .*Received: channels=True"),
        ({"crop": 0}, r"`crop` must be an integer of at least 1\. Received: crop=0\. Pass"),
        ({"seed": 0.5}, r"`seed` must be an integer\. Received: seed=0\.5\. Pass"),
        ({"start": -1}, r"`start` must be an integer of at least 0\. Received: start=-1\. Pass"),
        ({"start": tf.Variable(1.0)}, r"`start` must be a scalar of an integer type\. Received: "),
        ({"shard": (2, 2)}, r"`shard` must be \(index, count\) .*shard=\(2, 2\)\. Pass for"),
        ({"shard": 1}, r"`shard` must be \(index, count\) .*Received: shard=1\. Pass for"),
        ({"shard": (-1, 2)}, r"`shard\[0\]` must be an integer of at least 0\. Received"),
        ({"split": "valid"}, r"`split` must be one that .*split='valid'\. .*train and test"),
        ({"crop": 40}, r"as large as the crop\. Received: fashion_mnist .*32×32 pixels, crop=40"),
    ],
)
def test_bad_arguments_raise(small, settings, message):
    with pytest.raises(ValueError, match=message):
        stream(small, **settings)


def test_bad_sizes_and_names_raise():
    with pytest.raises(ValueError, match=r"`image_size` must be .*Received: image_size=0"):
        data.images("fashion_mnist", image_size=0)
    for function in (data.images, data.image_info):
        with pytest.raises(ValueError, match=r"`name` must be that of a known data set\. Rec"):
            function("no_such_data")


@needs_true
def test_documented_examples():
    results = doctest.testmod(image_datasets)
    assert results.attempted > 0
    assert results.failed == 0
