"""Cache files of decoded images: whole, or made again and said, or refused in a sentence."""

import errno
import os
import re
import shutil
import time

import numpy as np
import pytest
from damage import DAMAGES, forbid
from PIL import Image

from tf_consensus import data
from tf_consensus.data import image_cache, image_store

N = 7


@pytest.fixture
def folder(tmp_path):
    """A folder of pictures in two classes."""
    return make_pictures(tmp_path / "pictures")


def make_pictures(root, seed=0):
    rng = np.random.default_rng(seed)
    for i in range(N):
        path = root / "ab"[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8)).save(path)
    return root


def read(folder, cache):
    """All pixels and labels of a folder."""
    name = f"folder:{folder}"
    stream = data.images(name, "train", 8, N, repeat=False, labels=True, cache=cache)
    pixels, labels = next(iter(stream))
    return np.concatenate([pixels.numpy().ravel(), labels.numpy()])


@pytest.fixture
def made(folder, tmp_path):
    """The folder, its cache, the cache's only file, and what is read from it."""
    cache = tmp_path / "cache"
    expected = read(folder, cache)
    (path,) = cache.iterdir()
    return folder, cache, path, expected


PIXELS, LABELS = N * 8 * 8 * 3, 4 * N


def shorten(number):
    return lambda path: path.write_bytes(path.read_bytes()[:-number])


def flip(byte, bit=0):
    return lambda path: DAMAGES["flip"](path, byte, bit)


def other_images(path):
    """Of the same shape: another folder's file under this one's name."""
    other = make_pictures(path.parent.parent / "others", seed=1)
    read(other, path.parent / "second")
    (source,) = (path.parent / "second").iterdir()
    shutil.copyfile(source, path)
    shutil.rmtree(path.parent / "second")


MADE_AGAIN = {
    "empty": DAMAGES["empty"],
    "truncated": DAMAGES["cut"],
    "one byte short": shorten(1),
    "fewer labels": lambda path: path.write_bytes(path.read_bytes()[:PIXELS]),
    "one byte longer": lambda path: path.write_bytes(path.read_bytes() + b"x"),
    "first pixel": flip(0),
    "last pixel": flip(PIXELS - 1, 7),
    "a label": flip(PIXELS),
    "last label": flip(PIXELS + LABELS - 1, 3),
    "checksum": flip(-1),
    "other images": other_images,
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "a link to nothing": lambda path: (path.unlink(), path.symlink_to(path.parent / "nothing")),
}


@pytest.mark.parametrize("damage", MADE_AGAIN.values(), ids=MADE_AGAIN)
def test_a_damaged_cache_is_made_again(made, damage, recwarn):
    folder, cache, path, expected = made
    damage(path)
    np.testing.assert_array_equal(read(folder, cache), expected)
    said = [str(warning.message) for warning in recwarn]
    if damage is not MADE_AGAIN["a link to nothing"]:  # which is no file
        pattern = rf"A cache must be whole\. Received: {path}: .*\. It has been made again\."
        assert [bool(re.fullmatch(pattern, line)) for line in said] == [True]
    assert os.listdir(cache) == [path.name]
    np.testing.assert_array_equal(read(folder, cache), expected)
    assert len(recwarn) == len(said)


def test_every_bit_of_a_cache_counts(made):
    folder, cache, path, expected = made
    rng = np.random.default_rng(0)
    bits = rng.choice(8 * path.stat().st_size, 100, replace=False)
    for bit in bits.tolist():
        DAMAGES["flip"](path, bit // 8, bit % 8)
        with pytest.warns(UserWarning, match=r"its checksum does not match\. It has been made"):
            np.testing.assert_array_equal(read(folder, cache), expected)


def test_a_cache_that_nobody_may_read_is_made_again(made, monkeypatch):
    folder, cache, path, expected = made
    with monkeypatch.context() as patch:
        forbid(patch, path)
        patch.setattr(image_cache, "_write", lambda *_: patch.undo())
        with pytest.warns(UserWarning, match=r"Permission denied\. It has been made again"):
            np.testing.assert_array_equal(read(folder, cache), expected)


def test_a_cache_that_cannot_be_made_again_says_so(made, monkeypatch):
    folder, cache, path, _ = made
    DAMAGES["cut"](path)
    left = path.read_bytes()

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(image_cache, "_allocate", refuse)
    message = (
        rf"{path}, which is damaged \(.* bytes, where .* belong\) and cannot be written: "
        r"Permission denied\. Delete it, pass a folder that you may write to, or cache=False\."
    )
    with pytest.raises(OSError, match=message):
        read(folder, cache)
    assert path.read_bytes() == left
    monkeypatch.undo()
    DAMAGES["make_folder"](path)
    with pytest.raises(OSError, match=rf"{path}, .*: a folder is in its place\. Delete it, pass"):
        read(folder, cache)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO])
def test_a_disk_that_takes_no_cache_is_named(folder, tmp_path, monkeypatch, code):
    def refuse(*_):
        raise OSError(code, os.strerror(code))

    if not hasattr(os, "posix_fallocate"):
        pytest.skip("files have no place of their own on this system")
    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with pytest.raises(OSError, match=rf"cannot be written: {os.strerror(code)}\. Delete it, pass"):
        read(folder, tmp_path / "cache")
    assert os.listdir(tmp_path / "cache") == []


def test_a_file_in_the_place_of_the_cache_folder_is_named(folder, tmp_path):
    (tmp_path / "file").touch()
    for cache in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OSError, match=rf"(folder that can be made|{cache}).*(Pass|pass) a"):
            read(folder, cache)


def test_a_killed_writer_leaves_nothing_that_counts(made):
    folder, cache, path, expected = made
    path.rename(cache / f"{path.stem}.123.partial{path.suffix}")
    np.testing.assert_array_equal(read(folder, cache), expected)
    assert len(os.listdir(cache)) == 2  # it might still be writing
    path.unlink()
    old = time.time() - 2 * 24 * 3600
    os.utime(cache / f"{path.stem}.123.partial{path.suffix}", (old, old))
    np.testing.assert_array_equal(read(folder, cache), expected)
    assert os.listdir(cache) == [path.name]


def test_other_settings_make_other_files(folder, tmp_path, recwarn):
    settings = [{}, {"channels": 1}, {"crop": 4}, {"check": False}, {"max_pixels": 64}]
    for number, more in enumerate(settings, start=1):
        data.images(f"folder:{folder}", "train", 4, cache=tmp_path / "cache", **more)
        assert len(os.listdir(tmp_path / "cache")) == number
    assert [str(warning.message)[:16] for warning in recwarn] == ["Images in colour"]


def test_images_beyond_memory_say_what_to_do(folder, monkeypatch):
    def refuse(*_):
        raise MemoryError

    monkeypatch.setattr(image_store.np, "empty", refuse)
    with pytest.raises(
        MemoryError, match=r"fit in memory\. Received: 7 × 8 × 8 × 3 bytes\. Pass c"
    ):
        read(folder, True)
