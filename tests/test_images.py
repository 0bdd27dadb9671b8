import collections
import doctest
import gzip
import importlib.util
import pathlib
import struct
import sys
import types
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tf_consensus import data
from tf_consensus.data import fashion_mnist, image_datasets, image_store, tfds_images
from tf_consensus.data.decoding import SquareDecoder
from tf_consensus.data.image_folder import ImageFolder
from tf_consensus.data.image_store import open_store
from tf_consensus.data.record_files import RecordFiles, RecordRange
from tf_consensus.support import files

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
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return gzip.compress(head + array.tobytes(), mtime=0)


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
    return data.images("fashion_mnist", data_dir=folder, **{"image_size": 28, **settings})


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
    monkeypatch.setattr(fashion_mnist, "_FALLBACK", tmp_path)

    def fail():
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", fail)
    message = r"(?s)30 MB\) by\s+python -c .*load_data\(\).* Keras says: URL fetch failure"
    with pytest.raises(FileNotFoundError, match=message):
        data.images("fashion_mnist", "test")

    def download():
        folder = tmp_path / "datasets" / "fashion-mnist"
        folder.mkdir(parents=True)
        write_fashion(folder, 3, "test")

    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", download)
    dataset = data.images("fashion_mnist", "test", 28, 3, repeat=False)
    assert numbers(next(iter(dataset))).tolist() == [0, 1, 2]


def test_absent_files_raise_with_their_names(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"apt-get install .* train-images-idx3-ubyte\.gz"):
        stream(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"plain", r"must be a gzipped IDX array of bytes\. Received: .*: Not a gzipped file"),
        (gzip.compress(b"", mtime=0), r"no IDX array of rank 3\. Delete it and download"),
        (
            gzip.compress(b"\0\0\x08\x03" + b"\0\0\0\1" * 3, mtime=0),
            r"0 values or more, not 1\. Delete",
        ),
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
        (
            {"crop": 40},
            r"be readable\. Received: fashion_mnist image 0: 32×32 pixels, smaller than",
        ),
        ({"image_size": 0}, r"`image_size` must be an integer of at least 1\. .*image_size=0\. P"),
        ({"cache": 1}, r"`cache` must be None, True, False or a folder\. Received: cache=1\. Pass"),
    ],
)
def test_bad_arguments_raise(small, settings, message):
    with pytest.raises(ValueError, match=message):
        stream(small, **settings)


@pytest.mark.parametrize("function", [data.images, data.image_info])
def test_bad_names_raise(function, tmp_path):
    with pytest.raises(ValueError, match=r"`name` must be a string\. Received: name=7\. Pass"):
        function(7)
    unknown = r"of a known data set\. Received: name='no_such'\. Pass .* Dataset no_such not found"
    with pytest.raises(ValueError, match=unknown):
        function("no_such", data_dir=tmp_path)
    with pytest.raises(ValueError, match=r"Received: name='cifar10/x'.*BuilderConfig x not found"):
        function("cifar10/x", data_dir=tmp_path)


# TensorFlow Datasets.


def noise(height, width, channels=3, seed=0):
    """A smooth random image, so that JPEG changes it little."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 5, channels), dtype=np.uint8)
    return tf.saturate_cast(tf.image.resize(coarse, (height, width), "bicubic"), "uint8").numpy()


def celeb(index, features):
    example = {"image": noise(218, 178, seed=index)}
    for group in ("attributes", "landmarks", "identity"):
        example[group] = dict.fromkeys(features[group], 0)
    return example


EXAMPLES = {
    "cifar10": lambda i, _: {"id": f"{i}", "image": noise(32, 32, seed=i), "label": i % 10},
    "mnist": lambda i, _: {"image": noise(28, 28, 1, i), "label": i % 10},
    "celeb_a": celeb,
    "celeb_a_hq/64": lambda i, _: {"image": noise(64, 64, seed=i), "image/filename": f"{i}.png"},
    "lsun/bedroom": lambda i, _: {"image": noise(64 + i, 80, seed=i), "id": f"{i}"},
    "imagenet2012": lambda i, _: {
        "image": noise(90, 60 + i, seed=i),
        "label": 999 - i,
        "file_name": f"{i}.JPEG",
    },
}


@pytest.fixture(scope="module")
def tfds_dir(tmp_path_factory):
    """A data folder with twelve true examples of each set, in the layout of the catalogue."""
    root = tmp_path_factory.mktemp("tfds")
    for name in EXAMPLES:
        store_tfds(root, name)
    return root


def store_tfds(root, name, n=12, **settings):
    import tensorflow_datasets as tfds

    builder = tfds.builder(name, data_dir=root)
    features = builder.info.features
    tfds.dataset_builders.store_as_tfds_dataset(
        name=builder.name,
        config=builder.builder_config,
        version=str(builder.version),
        features=features,
        split_datasets={
            "train": ((i, EXAMPLES[name](i, features)) for i in range(n)),
            "test": ((i, unlabelled(EXAMPLES[name](i, features))) for i in range(3)),
        },
        data_dir=root,
        **settings,
    )


def unlabelled(example):
    """As in the test split of ImageNet, where every label is -1."""
    return {**example, "label": -1} if "label" in example else example


def load_tfds(root, name, split="train"):
    """The examples as the catalogue's own reader gives them, JPEG by the accurate transform."""
    import tensorflow_datasets as tfds

    raw = tfds.load(
        name,
        split=split,
        data_dir=root,
        download=False,
        decoders={"image": tfds.decode.SkipDecoding()},
    )
    examples = list(tfds.as_numpy(raw))
    for example in examples:
        jpeg = example["image"].startswith(b"\xff\xd8")
        settings = {"dct_method": "INTEGER_ACCURATE"} if jpeg else {}
        decode = tf.io.decode_jpeg if jpeg else tf.io.decode_png
        example["image"] = decode(example["image"], **settings).numpy()
    return examples


def triangle_weights(source, target):
    """Rows of an antialiased bilinear filter: weights of the source's pixels."""
    scale = source / target
    width = max(scale, 1)
    centres = (np.arange(target) + 0.5) * scale
    distance = np.abs(np.arange(source) + 0.5 - centres[:, None]) / width
    weights = np.maximum(0, 1 - distance)
    return weights / weights.sum(axis=1, keepdims=True)


def expected_square(image, crop, size):
    """Centre crop and resize in float64."""
    height, width = image.shape[:2]
    side = crop or min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = image[top : top + side, left : left + side].astype(float)
    weights = triangle_weights(side, size)
    return np.einsum("ai,bj,ijc->abc", weights, weights, square, optimize=True)


INFOS = {
    "cifar10": (10, {"train": 12, "test": 3}, (32, 32), 3),
    "mnist": (10, {"train": 12, "test": 3}, (28, 28), 1),
    "celeb_a": (None, {"train": 12, "test": 3}, (218, 178), 3),
    "celeb_a_hq/64": (None, {"train": 12, "test": 3}, (64, 64), 3),
    "lsun/bedroom": (None, {"train": 12, "test": 3}, None, 3),
    "imagenet2012": (1000, {"train": 12, "test": 3}, None, 3),
}


@pytest.mark.parametrize(
    ("name", "size", "crop"),
    [
        ("cifar10", 32, None),
        ("mnist", 28, None),
        ("celeb_a", 64, 160),
        ("celeb_a_hq/64", 64, None),
        ("lsun/bedroom", 48, None),
        ("imagenet2012", 32, None),
    ],
)
def test_tfds_sets_are_read_as_their_own_reader_does(tfds_dir, name, size, crop):
    info = data.image_info(name, tfds_dir)
    assert info == INFOS[name]
    dataset = data.images(name, image_size=size, batch_size=5, data_dir=tfds_dir, repeat=False)
    batches = [batch.numpy() for batch in dataset]
    assert [batch.shape for batch in batches] == [(n, size, size, info.channels) for n in (5, 5, 2)]
    expected = [expected_square(e["image"], crop, size) for e in load_tfds(tfds_dir, name)]
    difference = np.abs((np.concatenate(batches) + 1) * 127.5 - np.stack(expected))
    assert difference.max() < 1.01  # two roundings to bytes, one an axis


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("imagenet2012", "train"),
        ("imagenet2012", "test"),
        ("cifar10", "train[25%:75%]"),
        ("cifar10", "train[2:]+test"),
    ],
)
def test_tfds_labels_and_parts_of_splits(tfds_dir, name, split):
    dataset = data.images(name, split, 32, 20, tfds_dir, labels=True, repeat=False)
    (_, labels), *rest = dataset
    assert not rest
    own = [int(e["label"]) for e in load_tfds(tfds_dir, name, split)]
    assert labels.numpy().tolist() == own
    assert data.image_info(name, tfds_dir).num_classes > max(own)


def test_tfds_streams_resume_whether_cached_or_not(tfds_dir, tmp_path):
    streams = [
        data.images("lsun/bedroom", "train", 32, 5, tfds_dir, seed=1, flip=True, cache=cache)
        for cache in (True, False, tmp_path)
    ]
    first, *others = (take(dataset, 12) for dataset in streams)
    assert len(np.unique(first.reshape(60, -1), axis=0)) <= 24
    for other in others:
        np.testing.assert_array_equal(first, other)
    late = data.images(
        "lsun/bedroom", "train", 32, 5, tfds_dir, seed=1, flip=True, cache=False, start=7
    )
    np.testing.assert_array_equal(take(late, 5), first[7:])


def test_array_records_are_read_too(tmp_path):
    store_tfds(tmp_path, "cifar10", file_format="array_record")
    dataset = data.images("cifar10", "train[3:]", 32, 9, tmp_path, labels=True, repeat=False)
    pixels, labels = next(iter(dataset))
    import tensorflow_datasets as tfds

    own = tfds.builder("cifar10", data_dir=tmp_path).as_data_source("train[3:]")
    expected = np.stack([example["image"] for example in own])
    np.testing.assert_array_equal(np.rint((pixels + 1) * 127.5), expected)
    assert labels.numpy().tolist() == [example["label"] for example in own]


def test_an_absent_tfds_set_says_how_to_get_it(tmp_path):
    message = (
        r"cifar10 must be on the disk, and is not\. Download and prepare it \(162 MiB\) by\s+"
        rf"tfds build cifar10 --data_dir={tmp_path}\s+or copy .* to {tmp_path}/cifar10/.*folder:PA"
    )
    for function in (data.images, data.image_info):
        with pytest.raises(FileNotFoundError, match=message):
            function("cifar10", data_dir=tmp_path)
    with pytest.raises(FileNotFoundError, match=r"\(42\.8 GiB\) by\s+tfds build lsun/bedroom"):
        data.images("lsun/bedroom", data_dir=tmp_path)
    manual = r"144\.0 GiB.* into .*downloads/manual by hand first: manual_dir should .*register"
    with pytest.raises(FileNotFoundError, match=f"(?s){manual}"):
        data.images("imagenet2012", data_dir=tmp_path)
    unknown = r"its size: https://www\.tensorflow\.org/datasets/catalog/celeb_a_hq\)"
    with pytest.raises(FileNotFoundError, match=unknown):
        data.images("celeb_a_hq/1024", data_dir=tmp_path)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        (
            "cifar10",
            {"split": "valid"},
            r"`split` must .*split='valid'\. cifar10/.* has train a",
        ),
        (
            "celeb_a",
            {"labels": True},
            r"`labels` needs images .*labels=True for name='celeb_a'",
        ),
        (
            "lsun/bedroom",
            {"crop": 70},
            r"bedroom/.* train image \d+: 80×\d+ pixels, smaller than",
        ),
    ],
)
def test_bad_settings_of_tfds_sets_raise(tfds_dir, name, settings, message):
    with pytest.raises(ValueError, match=message):
        data.images(name, data_dir=tfds_dir, **settings)


def test_tfds_sets_without_one_kind_of_images_raise(tmp_path):
    import tensorflow_datasets as tfds

    def store(name, features, example):
        tfds.dataset_builders.store_as_tfds_dataset(
            name=name,
            version="1.0.0",
            features=tfds.features.FeaturesDict(features),
            split_datasets={"train": [(0, example)]},
            data_dir=tmp_path,
        )

    image, pixels = tfds.features.Image(shape=(4, 4, 3)), np.zeros((4, 4, 3), np.uint8)
    store("numbers_only", {"x": tfds.features.Scalar(np.int64)}, {"x": 1})
    store("two_images", {"a": image, "b": image}, {"a": pixels, "b": pixels})
    for name in ("numbers_only", "two_images"):
        with pytest.raises(ValueError, match=rf"one feature of 8 or 16 bit .*Received: {name}/1"):
            data.images(name, data_dir=tmp_path)
    store("own_name", {"picture": image}, {"picture": pixels})
    batch = next(iter(data.images("own_name", "train", 4, 1, tmp_path)))
    np.testing.assert_array_equal(batch, -np.ones((1, 4, 4, 3)))


def test_records_are_found_in_several_files(tmp_path):
    ranges, expected = [], []
    for number, (n, skip, take_) in enumerate([(5, 0, 5), (3, 1, 1), (4, 2, 2), (2, 0, 0)]):
        records = [bytes([number, i]) * (i + 1) for i in range(n)]
        path = str(tmp_path / f"{number}.tfrecord")
        with tf.io.TFRecordWriter(path) as writer:
            for record in records:
                writer.write(record)
        ranges.append(RecordRange(path, skip, take_))
        expected += records[skip : skip + take_]
    found = RecordFiles(ranges)
    assert [found[i] for i in range(len(found))] == expected
    content = pathlib.Path(ranges[0].path).read_bytes()
    pathlib.Path(ranges[0].path).write_bytes(content[:-1])
    with pytest.raises(ValueError, match=r"hold all its records and .* ends in record 4\. Delete"):
        RecordFiles(ranges)


# Folders, and what Pillow makes of their files.


def save(path, array, **settings):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path, **settings)


def read_folder(path, size=16, **settings):
    """All images of a folder as bytes, in order."""
    dataset = data.images(f"folder:{path}", "train", size, 64, repeat=False, **settings)
    return np.rint((next(iter(dataset)).numpy() + 1) * 127.5).astype(int)


@pytest.mark.parametrize(
    ("height", "width", "crop", "size"),
    [
        (40, 30, None, 16),
        (33, 64, 20, 20),
        (100, 101, 50, 7),
        (12, 20, None, 16),
    ],
)
def test_squares_are_cut_and_resized_as_in_float64(height, width, crop, size):
    image = noise(height, width, seed=1)
    decode = SquareDecoder(size, crop, 3)
    square = min(height, width) if crop is None else crop
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if square < size else "error")
        result = decode(Image.fromarray(image))
    assert result.dtype == np.uint8
    assert np.abs(result - expected_square(image, crop, size)).max() < 1.01


def test_every_kind_of_file_is_read(tmp_path):
    colour, grey = noise(16, 16), noise(16, 16, 1)[..., 0]
    alpha = np.dstack([colour, np.full((16, 16), 51, np.uint8)])
    deep = grey.astype(np.uint16) * 257
    save(tmp_path / "a.png", colour)
    save(tmp_path / "b.JPG", colour, quality=100, subsampling=0)
    save(tmp_path / "c.webp", colour, lossless=True)
    save(tmp_path / "d.png", grey)
    save(tmp_path / "e.png", alpha)
    save(tmp_path / "f.png", deep)
    save(tmp_path / "g.tiff", deep)
    save(tmp_path / "h.bmp", colour)
    Image.fromarray(colour).convert("CMYK").save(tmp_path / "i.jpeg", quality=100, subsampling=0)
    Image.fromarray(np.dstack([grey, grey * 0])).save(tmp_path / "j.png")
    Image.fromarray(grey).convert("P").save(tmp_path / "k.gif")
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / ".hidden.png").write_text("no image")
    images = read_folder(tmp_path)
    repeated = np.dstack([grey] * 3)
    over_white = np.rint(0.2 * colour + 0.8 * 255)
    white = np.full((16, 16, 3), 255)
    expected = [colour] * 3 + [repeated, over_white, repeated, repeated, colour, colour, white]
    tolerances = [0, 4, 0, 0, 1, 0, 0, 0, 8, 0, 0]
    for image, target, tolerance in zip(images, [*expected, repeated], tolerances, strict=True):
        assert np.abs(image - target).max() <= tolerance
    with pytest.warns(UserWarning, match=r"become grey by channels=1: 6 of the 11 looked at"):
        (luma,) = read_folder(tmp_path, channels=1)[:1]
    assert np.abs(luma[..., 0] - colour @ [0.299, 0.587, 0.114]).max() < 1


def test_photographs_are_turned_upright(tmp_path):
    image = noise(16, 16)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees, clockwise
    save(tmp_path / "a.png", image, exif=exif)
    np.testing.assert_array_equal(read_folder(tmp_path)[0], np.rot90(image, -1))


@pytest.fixture
def broken_folder(tmp_path):
    """Three good images in two classes, and five files that are none."""
    good = [noise(20, 16, seed=i) for i in range(3)]
    for name, image in zip(("cats/a.png", "cats/deep/c.png", "dogs/b.png"), good, strict=True):
        save(tmp_path / name, image)
    content = (tmp_path / "cats/a.png").read_bytes()
    (tmp_path / "cats/empty.png").touch()
    (tmp_path / "cats/text.jpg").write_text("no image")
    (tmp_path / "dogs/cut.png").write_bytes(content[: len(content) // 2])
    (tmp_path / "dogs/link.png").symlink_to(tmp_path / "nothing.png")
    Image.fromarray(np.zeros((20, 16), np.float32)).save(tmp_path / "dogs/float.tiff")
    return tmp_path, np.stack([image[2:18] for image in good])


@pytest.mark.parametrize("cache", [None, False, "folder"])
def test_broken_files_of_a_folder_are_named_counted_and_left_out(broken_folder, tmp_path, cache):
    folder, good = broken_folder
    cache = tmp_path / "cache" if cache == "folder" else cache
    with pytest.warns(UserWarning) as caught:  # noqa: PT030
        dataset = data.images(f"folder:{folder}", "train", 16, 3, cache=cache, labels=True, seed=0)
    text = [str(warning.message) for warning in caught]
    assert text[-1].startswith("5 of 8 images are left out: they cannot be read, or have more")
    named = sorted(line.split(": ")[2].rsplit("/", 1)[1] for line in text[:-1])
    assert named == ["cut.png", "empty.png", "float.tiff", "link.png", "text.jpg"]
    assert data.image_info(f"folder:{folder}") == (2, {"train": 8}, None, 3)
    for pixels, labels in dataset.take(4):
        seen = np.rint((pixels.numpy() + 1) * 127.5)
        matches = (seen[:, None] == good).all(axis=(2, 3, 4))
        assert (matches.sum(axis=0) == 1).all()
        np.testing.assert_array_equal(matches @ [0, 0, 1], labels)


def test_without_a_check_a_broken_file_raises(broken_folder):
    folder, _ = broken_folder
    message = r"An image must be readable\. Received: .*/(cut|empty|float|link|text).*check=True"
    with pytest.raises(ValueError, match=message):
        data.images(f"folder:{folder}", "train", 16, check=False)
    late = data.images(f"folder:{folder}", "train", 16, 8, check=False, cache=False)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        next(iter(late))


def test_a_cache_folder_is_read_again_and_only_for_the_same_files(tmp_path, monkeypatch):
    folder, cache = tmp_path / "images", tmp_path / "cache"
    for i in range(5):
        save(folder / f"{i}.png", noise(16, 16, seed=i))
    first = read_folder(folder, cache=cache)
    assert len(list(cache.iterdir())) == 1
    with monkeypatch.context() as patch:
        patch.setattr(image_store, "decode_all", lambda *_: pytest.fail("decoded anew"))
        np.testing.assert_array_equal(read_folder(folder, cache=cache), first)
    save(folder / "0.png", noise(16, 16, seed=9))
    changed = read_folder(folder, cache=str(cache))
    np.testing.assert_array_equal(changed[0], noise(16, 16, seed=9))
    np.testing.assert_array_equal(changed[1:], first[1:])
    assert len(list(cache.iterdir())) == 2


def test_a_cache_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    save(tmp_path / "images" / "a.png", noise(16, 16))
    (tmp_path / "images" / "b.png").touch()
    name, cache = f"folder:{tmp_path / 'images'}", tmp_path / "cache"
    with pytest.raises(ValueError, match=r"readable\. Received: .*b\.png"):
        data.images(name, "train", 16, cache=cache, check=False)
    assert list(cache.iterdir()) == []
    usage = collections.namedtuple("usage", "free")
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _: usage(100))
    message = r"must fit on its disk\. .* 100 bytes free, for 1,536 bytes of images\. Pass another"
    with pytest.raises(OSError, match=message):
        data.images(name, "train", 16, cache=cache)


def test_the_default_cache_has_a_bound(tmp_path, monkeypatch):
    save(tmp_path / "a.png", noise(16, 16))
    source = ImageFolder(str(tmp_path), "train", True)
    decode = SquareDecoder(16, None, 3)
    assert isinstance(open_store(source, decode, None), image_store.ArrayStore)
    monkeypatch.setattr(image_store, "CACHE_LIMIT", 16 * 16 * 3 - 1)
    assert isinstance(open_store(source, decode, None), image_store.ReadingStore)
    assert isinstance(open_store(source, decode, True), image_store.ArrayStore)


def test_bad_folders_raise(tmp_path):
    name = f"folder:{tmp_path}"
    with pytest.raises(
        ValueError, match=r"A folder must hold images\. .* ends in \.jpg .*Pass the"
    ):
        data.images(name)
    with pytest.raises(
        FileNotFoundError, match=r"must exist\. Received: folder:/no/such\. Pass fo"
    ):
        data.image_info("folder:/no/such")
    (tmp_path / "a.png").touch()
    with (
        pytest.warns(UserWarning, match=r"Left out: An image must be readable\. .*a\.png"),
        pytest.raises(ValueError, match=r"hold an image that can be read\. Received: 1 files, all"),
    ):
        data.images(name)
    with pytest.raises(
        ValueError, match=r"has the splits train.*Received: split='test'\. Pass one of these\.$"
    ):
        data.images(name, "test")
    (tmp_path / "test").mkdir()
    with pytest.raises(ValueError, match=r"these, or the sub-folder: folder:.*test\.$"):
        data.images(name, "test")
    with pytest.raises(ValueError, match=r"`labels` needs images that have labels.*Pass labels=F"):
        data.images(name, labels=True)


def test_tensorflow_datasets_without_its_parts_raises(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", types.ModuleType("empty"))
    with pytest.raises(ImportError, match=r"completely\. Received: .*'tensorflow-metadata<1\.18'"):
        data.image_info("cifar10")


def test_tensorflow_datasets_is_imported_only_where_it_is_needed(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    spec = importlib.util.spec_from_file_location("copy_of_module", tfds_images.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.raises(ImportError, match="tensorflow_datasets"):
        module.tfds_info("cifar10", None)


@needs_true
def test_documented_examples():
    results = doctest.testmod(image_datasets)
    assert results.attempted > 0
    assert results.failed == 0
