"""A fingerprint tells whether two runs had the same images."""

import gzip
import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image
from small_images import write_fashion_mnist

from tf_consensus import data

KEYS = ["name", "split", "images", "bytes", "digest"]


@pytest.fixture
def folder(tmp_path):
    """Three pictures of the same size in bytes, in two folders."""
    rng = np.random.default_rng(0)
    root = tmp_path / "pictures"
    for name in ("a/1.bmp", "a/2.bmp", "b/1.bmp"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8)).save(root / name)
    return root


def of(folder):
    return data.fingerprint(f"folder:{folder}")


def test_a_fingerprint_is_small_and_fit_for_json(folder):
    found = of(folder)
    assert list(found) == KEYS
    assert json.loads(json.dumps(found)) == found
    size = sum(path.stat().st_size for path in folder.rglob("*.bmp"))
    assert (found["name"], found["split"]) == ("folder", "train")
    assert (found["images"], found["bytes"]) == (3, size)
    assert len(found["digest"]) == 64


def flip(path):
    """Another picture of the same size, written at the same time."""
    status = path.stat()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def swap(first, second):
    first.rename(first.with_suffix(".x"))
    second.rename(first)
    first.with_suffix(".x").rename(second)


CHANGES = {
    "added": lambda r: shutil.copyfile(r / "a" / "1.bmp", r / "a" / "3.bmp"),
    "removed": lambda r: (r / "a" / "1.bmp").unlink(),
    "renamed": lambda r: (r / "a" / "1.bmp").rename(r / "a" / "0.bmp"),
    "moved to another class": lambda r: (r / "a" / "2.bmp").rename(r / "b" / "2.bmp"),
    "class renamed": lambda r: (r / "b").rename(r / "c"),
    "replaced": lambda r: flip(r / "b" / "1.bmp"),
    "two exchanged": lambda r: swap(r / "a" / "1.bmp", r / "a" / "2.bmp"),
    "emptied": lambda r: (r / "a" / "1.bmp").write_bytes(b""),
    "lost": lambda r: ((r / "a/1.bmp").unlink(), (r / "a/1.bmp").symlink_to(r / "nothing")),
    "one byte longer": lambda r: (r / "a/1.bmp").write_bytes((r / "a/1.bmp").read_bytes() + b"x"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_of_the_images_changes_it(folder, change):
    before = of(folder)
    change(folder)
    assert of(folder)["digest"] != before["digest"]


def link_into_place(root):
    moved = root.parent / "elsewhere.bmp"
    (root / "a" / "1.bmp").rename(moved)
    (root / "a" / "1.bmp").symlink_to(moved)


SAME = {
    "moved": lambda r: r.rename(r.parent / "moved") and r.parent / "moved",
    "copied": lambda r: shutil.copytree(r, r.parent / "copy", copy_function=shutil.copyfile),
    "a link to it": lambda r: (r.parent / "link").symlink_to(r) or r.parent / "link",
    "touched": lambda r: os.utime(r / "a" / "1.bmp", (0, 0)),
    "other files": lambda r: (r / "notes.txt").touch(),
    "hidden files": lambda r: shutil.copyfile(r / "a" / "1.bmp", r / "a" / ".1.bmp"),
    "an empty folder": lambda r: (r / "c").mkdir(),
    "a file linked into place": link_into_place,
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_nothing_else_changes_it(folder, change):
    before = of(folder)
    result = change(folder)
    moved = result if isinstance(result, os.PathLike) and result.is_dir() else folder
    assert of(moved) == before


def test_names_of_any_bytes_are_told_apart(folder):
    seen = set()
    for name in (b"\xff.bmp", b"\xfe.bmp", "ü.bmp".encode(), b"a\n.bmp"):
        path = os.fsencode(folder / "a") + b"/" + name
        shutil.copyfile(folder / "a" / "1.bmp", path)
        seen.add(of(folder)["digest"])
        os.remove(path)
    assert len(seen) == 4


def test_more_files_than_a_thread_takes(tmp_path):
    for number in range(150):
        (tmp_path / f"{number}.png").write_bytes(bytes([number]) * number)
    before = of(tmp_path)
    assert (before["images"], before["bytes"]) == (150, sum(range(150)))
    (tmp_path / "149.png").write_bytes(bytes([150]) * 149)
    assert of(tmp_path)["digest"] != before["digest"]


def test_fashion_mnist_by_what_its_files_hold(tmp_path):
    write_fashion_mnist(tmp_path / "a")
    train, test = (data.fingerprint("fashion_mnist", s, tmp_path / "a") for s in ("train", "test"))
    assert list(train) == KEYS
    assert (train["images"], test["images"]) == (96, 64)
    assert train["digest"] != test["digest"]
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    for path in (tmp_path / "b").iterdir():
        content = gzip.decompress(path.read_bytes())
        path.write_bytes(gzip.compress(content, compresslevel=1))
    assert data.fingerprint("fashion_mnist", "train", tmp_path / "b") == train
    for part in ("images-idx3", "labels-idx1"):
        path = tmp_path / "b" / f"train-{part}-ubyte.gz"
        content = bytearray(gzip.decompress(path.read_bytes()))
        content[-1] ^= 1
        path.write_bytes(gzip.compress(bytes(content)))
        assert data.fingerprint("fashion_mnist", "train", tmp_path / "b") != train
        path.write_bytes((tmp_path / "a" / path.name).read_bytes())


def store(root, n=3, version="1.0.0", seed=0, file_format="tfrecord"):
    import tensorflow_datasets as tfds

    rng = np.random.default_rng(seed)
    images = [rng.integers(0, 256, (4, 4, 3), np.uint8) for _ in range(n)]
    tfds.dataset_builders.store_as_tfds_dataset(
        name="own",
        version=version,
        features=tfds.features.FeaturesDict({"image": tfds.features.Image(shape=(4, 4, 3))}),
        split_datasets={"train": list(enumerate({"image": i} for i in images))},
        data_dir=root,
        file_format=file_format,
    )
    return data.fingerprint("own", "train", root)


@pytest.mark.parametrize("file_format", ["tfrecord", "array_record"])
def test_tfds_sets_by_their_records(tmp_path, file_format):
    first = store(tmp_path / "a", file_format=file_format)
    assert list(first) == KEYS
    assert (first["name"], first["images"]) == ("own/1.0.0", 3)
    (tmp_path / "a").rename(tmp_path / "b")
    assert data.fingerprint("own", "train", tmp_path / "b") == first
    part = data.fingerprint("own", "train[:2]", tmp_path / "b")
    others = [
        part,
        store(tmp_path / "c", n=4, file_format=file_format),
        store(tmp_path / "d", seed=1, file_format=file_format),
        store(tmp_path / "e", version="1.0.1", file_format=file_format),
    ]
    assert len({tuple(found.values()) for found in [first, *others]}) == 5
    assert len({found["digest"] for found in [first, *others[:3]]}) == 4
