"""Damaged files of Fashion-MNIST and of TensorFlow Datasets: a sentence with path and remedy."""

import gzip
import random
import re
import shutil

import numpy as np
import pytest
import tensorflow as tf
from damage import DAMAGES, forbid
from small_images import write_fashion_mnist

from tf_consensus import data
from tf_consensus.data.crc32c import masked_crc32c

# Fashion-MNIST.

FILES = [
    f"{prefix}-{kind}-ubyte.gz"
    for prefix in ("train", "t10k")
    for kind in ("images-idx3", "labels-idx1")
]


def fashion(folder, name, what):
    """What reads a file, of the split that it belongs to."""
    split = "train" if name.startswith("train") else "test"
    if what == "images":
        return next(iter(data.images("fashion_mnist", split, 28, 32, folder, repeat=False)))
    return data.fingerprint("fashion_mnist", split, folder)


@pytest.mark.parametrize("what", ["images", "fingerprint"])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_of_fashion_mnist_is_named(tmp_path, name, damage, what):
    write_fashion_mnist(tmp_path)
    damage(tmp_path / name)
    with pytest.raises(
        (ValueError, FileNotFoundError), match=f"(?s){re.escape(str(tmp_path))}"
    ) as e:
        fashion(tmp_path, name, what)
    assert name in str(e.value)
    assert re.search(r"must be|must hold", str(e.value))
    assert re.search(r"[Dd]ownload it", str(e.value))


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_fashion_mnist_nobody_may_read_is_named(tmp_path, monkeypatch, name):
    write_fashion_mnist(tmp_path)
    forbid(monkeypatch, tmp_path / name)
    with pytest.raises(OSError, match=rf"be readable\. .*{name}: Permission denied\. Allow read"):
        fashion(tmp_path, name, "images")


@pytest.mark.parametrize("name", FILES)
def test_no_bit_of_fashion_mnist_changes_it_silently(tmp_path, name):
    write_fashion_mnist(tmp_path)
    expected = fashion(tmp_path, name, "fingerprint")
    content = (tmp_path / name).read_bytes()
    same = 0
    for bit in random.Random(0).sample(range(8 * len(content)), 150):
        DAMAGES["flip"](tmp_path / name, bit // 8, bit % 8)
        try:
            found = fashion(tmp_path, name, "fingerprint")
        except ValueError as error:
            assert f"{tmp_path / name}: " in str(error)  # noqa: PT017
        else:
            assert found == expected  # a bit of the header that means nothing, such as a date
            same += 1
        (tmp_path / name).write_bytes(content)
    assert same < 40


@pytest.mark.parametrize("label", [10, 255])
def test_labels_out_of_range_are_named(tmp_path, label):
    write_fashion_mnist(tmp_path)
    path = tmp_path / "train-labels-idx1-ubyte.gz"
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[20] = label
    path.write_bytes(gzip.compress(bytes(content)))
    with pytest.raises(ValueError, match=rf"must be 0 to 9\. Received: {label} in {path}\. Delete"):
        data.images("fashion_mnist", data_dir=tmp_path)


def test_a_small_file_of_many_zeros_is_not_unzipped(tmp_path):
    write_fashion_mnist(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(content + bytes(10**7)))
    with pytest.raises(ValueError, match=rf"{path}: {96 * 784 + 1} values or more, not {96 * 784}"):
        data.images("fashion_mnist", data_dir=tmp_path)


def test_the_limit_of_pixels_holds_for_every_kind_of_data(tmp_path, stored):
    write_fashion_mnist(tmp_path)
    with pytest.raises(
        ValueError, match=r"fashion_mnist image 0: 32 × 32 pixels\. Make it smaller"
    ):
        data.images("fashion_mnist", data_dir=tmp_path, max_pixels=1023)
    with pytest.raises(ValueError, match=r"own_name/1\.0\.0 train image 0: 4 × 4 pixels\. Make it"):
        data.images("own_name", "train", 4, data_dir=stored, max_pixels=15)
    assert data.images("own_name", "train", 4, data_dir=stored, max_pixels=16)


def test_a_data_set_in_colour_says_that_it_becomes_grey(stored):
    with pytest.warns(UserWarning, match=r"grey by channels=1: 4 of the 4 looked at\. Pass chan"):
        stream = data.images("own_name", "train", 4, 4, stored, channels=1)
    assert stream.element_spec.shape == (4, 4, 4, 1)


# TensorFlow Datasets.


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """Data sets of four images: one that TFDS knows by its files, and cifar10, in two formats."""
    import tensorflow_datasets as tfds

    root = tmp_path_factory.mktemp("tfds")
    rng = np.random.default_rng(0)

    def examples(size, more):
        for i in range(4):
            pixels = rng.integers(0, 256, (size, size, 3), np.uint8)
            yield i, {"image": pixels, "label": i % 3, **({"id": f"{i}"} if more else {})}

    features = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(4, 4, 3)),
            "label": tfds.features.ClassLabel(num_classes=3),
        }
    )
    store = tfds.dataset_builders.store_as_tfds_dataset
    for name, format in (("own_name", "tfrecord"), ("own_array", "array_record")):
        settings = {"features": features, "file_format": format, "data_dir": root}
        splits = {"train": examples(4, False)}
        store(name=name, version="1.0.0", split_datasets=splits, **settings)
    builder = tfds.builder("cifar10", data_dir=root)
    store(
        name="cifar10",
        config=builder.builder_config,
        version=str(builder.version),
        features=builder.info.features,
        split_datasets={"train": examples(32, True)},
        data_dir=root,
    )
    return root


@pytest.fixture
def stored(original, tmp_path):
    """A copy that may be damaged."""
    return shutil.copytree(original, tmp_path / "tfds")


def file_of(root, name, part):
    (path,) = root.glob(f"{name}/*/{part}")
    return path


def read(root, name):
    size = 32 if name == "cifar10" else 4
    return data.images(name, "train", size, 4, root, labels=True, repeat=False)


RECORDS = {
    ("own_name", "own_name-train*"): DAMAGES,
    ("cifar10", "cifar10-train*"): DAMAGES,
    ("own_array", "own_array-train*"): DAMAGES,
    ("own_name", "dataset_info.json"): DAMAGES,
    ("own_name", "features.json"): DAMAGES,
    ("cifar10", "dataset_info.json"): DAMAGES,
}
TABLE = [(*key, what) for key, damages in RECORDS.items() for what in damages]


@pytest.mark.parametrize(("name", "part", "what"), TABLE, ids=lambda text: text)
def test_a_damaged_file_of_a_tfds_set_is_named(stored, name, part, what):
    path = file_of(stored, name, part)
    DAMAGES[what](path)
    with pytest.raises((ValueError, OSError)) as caught:
        read(stored, name)
    message = str(caught.value)
    assert str(path.parent) in message
    assert re.search(r"must (be|hold)", message)
    assert "repare" in message  # Prepare it, or prepare it again
    assert "Traceback" not in message
    if part.endswith(".json") and what in ("empty", "cut", "make_folder"):
        assert f"description must be whole. Received: {path}: " in message


@pytest.mark.parametrize("name", ["own_name", "own_array"])
def test_a_file_of_a_tfds_set_nobody_may_read_is_named(stored, name, monkeypatch):
    path = file_of(stored, name, f"{name}-train*")
    if name == "own_name":
        forbid(monkeypatch, path)
    else:
        DAMAGES["remove"](path)
    message = rf"be readable\. Received: {path}: (Permission denied|No such file .*)\. Allow readin"
    with pytest.raises(OSError, match=message):
        read(stored, name)


def flips(path, number):
    content = path.read_bytes()
    for bit in random.Random(1).sample(range(8 * len(content)), number):
        DAMAGES["flip"](path, bit // 8, bit % 8)
        yield bit
        path.write_bytes(content)


def test_every_bit_of_a_record_file_counts(stored):
    path = file_of(stored, "own_name", "own_name-train*")
    for _ in flips(path, 200):
        with pytest.raises(ValueError, match=rf"{path}.*(Delete|delete) .* and prepare"):
            read(stored, "own_name")


@pytest.mark.parametrize("part", ["dataset_info.json", "features.json"])
def test_no_bit_of_a_description_changes_the_images_silently(stored, part):
    path = file_of(stored, "own_name", part)
    expected = np.concatenate([np.ravel(x) for x in next(iter(read(stored, "own_name")))])
    outcomes = {"same": 0, "said": 0}
    for _ in flips(path, 60):
        try:
            found = np.concatenate([np.ravel(x) for x in next(iter(read(stored, "own_name")))])
        except (ValueError, OSError) as error:
            assert re.search(r"must be|must hold|needs images", str(error))  # noqa: PT017
            outcomes["said"] += 1
        else:
            np.testing.assert_array_equal(found, expected)
            outcomes["same"] += 1
    assert outcomes["said"] > 20


def test_a_record_file_that_holds_more_than_described_is_named(stored):
    path = file_of(stored, "own_name", "own_name-train*")
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(ValueError, match=rf"{path}, which, .* goes on after record 3\. Delete"):
        read(stored, "own_name")
    assert len(list(data.images("own_name", "train[:2]", 4, 2, stored, repeat=False))) == 1


def write_records(path, examples):
    with tf.io.TFRecordWriter(str(path)) as writer:
        for example in examples:
            writer.write(example)


def example(**features):
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def ints(*values):
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


PNG = tf.train.Feature(
    bytes_list=tf.train.BytesList(value=[tf.io.encode_png(np.zeros((4, 4, 3), np.uint8)).numpy()])
)
FOREIGN = {
    "no example": (b"\xff" * 9, "its record holds no example"),
    "no features": (example(), "its record holds no image"),
    "an image of numbers": (example(image=ints(1), label=ints(1)), "its record holds no image"),
    "no label": (example(image=PNG), "its record holds no label"),
    "an empty label": (example(image=PNG, label=ints()), "its record holds no label"),
    "label 3 of 3": (example(image=PNG, label=ints(3)), "its label 3 is none of 3 classes"),
    "label -2": (example(image=PNG, label=ints(-2)), "its label -2 is none of 3 classes"),
    "label 2⁴⁰": (example(image=PNG, label=ints(2**40)), "its label 1099511627776 is none of 3"),
}


@pytest.mark.parametrize(("record", "reason"), FOREIGN.values(), ids=FOREIGN)
def test_records_of_something_else_are_named(stored, record, reason):
    path = file_of(stored, "own_name", "own_name-train*")
    write_records(path, [record] * 4)
    message = rf"own_name/1\.0\.0 train image 0: {reason}.*\. Delete {path.parent} and prepare"
    with pytest.raises(ValueError, match=message):
        read(stored, "own_name")


@pytest.mark.parametrize("name", ["own_name", "own_array"])
@pytest.mark.parametrize("split", ["train[:0]", "train[4:]"])
def test_a_split_without_images_says_so(stored, name, split):
    with pytest.raises(
        ValueError, match=r"must hold images\. Received: none in this split .*Pass a"
    ):
        data.images(name, split, 4, data_dir=stored)
    assert data.fingerprint(name, split, stored)["images"] == 0


@pytest.mark.parametrize(
    "split", ["train[3:2]", "train[3:1]", "train+train[3:2]", "train[5:]", "all[:1]", "train[", "x"]
)
def test_splits_that_are_none_say_which_there_are(stored, split):
    message = rf"`split` must be one .*split='{re.escape(split)}'\. own_name/1\.0\.0 has train\."
    with pytest.raises(ValueError, match=message):
        data.images("own_name", split, 4, data_dir=stored)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("cifar10:9.9.9", r"only: 3\.0\.2\. If the name is right, delete .*/3\.0\.2 and"),
        ("a b", r"Parsing builder name string a b failed"),
        ("huggingface:mnist", r"TensorFlow Datasets says"),
        ("cifar10/plain", r"BuilderConfig plain not found"),
    ],
)
def test_unknown_names_are_said_in_a_sentence(stored, name, says):
    with pytest.raises(ValueError, match=rf"must be .*Received: name='{name}'.*{says}"):
        data.image_info(name, stored)


@pytest.mark.parametrize("length", [*range(40), 1020, 1023, 1024, 1025, 2049, 70_000])
def test_checksums_are_those_of_tensorflow(tmp_path, length):
    content = np.random.default_rng(length).bytes(length)
    write_records(tmp_path / "records", [content])
    written = (tmp_path / "records").read_bytes()
    assert masked_crc32c(content) == int.from_bytes(written[-4:], "little")
    assert masked_crc32c(written[:8]) == int.from_bytes(written[8:12], "little")
