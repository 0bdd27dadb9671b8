"""Links, sizes, colours and damages of the files in a folder of images."""

import os
import re

import numpy as np
import pytest
from damage import DAMAGES, forbid
from PIL import Image, ImageFile

from tf_consensus import data
from tf_consensus.data import folder_walk, image_folder
from tf_consensus.data.image_folder import folder_sides
from tf_consensus.data.opening import MAX_PIXELS, is_grey


def save(path, value=0, size=(8, 8), mode="RGB", **options):
    """An image of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fill = (value, 255 - value, value) if mode == "RGB" else value
    Image.new(mode, size, fill).save(path, **options)
    return path


def names(root):
    return [path.as_posix() for path in folder_walk.image_files(root)]


# Links.


def tree(root):
    """Two images in two folders: a/1.png, b/deep/2.png."""
    save(root / "a" / "1.png")
    save(root / "b" / "deep" / "2.png")
    return ["a/1.png", "b/deep/2.png"]


def outside(root):
    """A folder beside `root` with an image."""
    return save(root.parent / "outside" / "inner" / "3.png").parent.parent


LOOPS = {
    "to itself": lambda r: [(r / "loop", r)],
    "to its parent": lambda r: [(r / "b" / "up", r / "b")],
    "to a folder above all": lambda r: [(r / "b" / "up", r.parent)],
    "two to itself": lambda r: [(r / "x", r), (r / "b" / "y", r)],
    "to a sister that counts": lambda r: [(r / "a" / "other", r / "b")],
    "to a sister, sorted first": lambda r: [(r / "0", r / "b")],
    "each into the other": lambda r: [(r / "a" / "b", r / "b"), (r / "b" / "a", r / "a")],
    "to a folder that is not there": lambda r: [(r / "lost", r / "nowhere")],
    "to itself as a name": lambda r: [(r / "circle", r / "circle")],
}


@pytest.mark.parametrize("links", LOOPS.values(), ids=LOOPS)
def test_links_that_lead_nowhere_new_add_nothing(tmp_path, links):
    root = tmp_path / "images"
    expected = tree(root)
    for link, target in links(root):
        link.symlink_to(target)
    number = len(links(root))
    with pytest.warns(UserWarning, match=rf"Left out: {number} in {root}, the first .*\. Remove"):
        assert names(root) == expected
    with pytest.warns(UserWarning, match="Left out"):
        assert data.image_info(f"folder:{root}").num_examples == {"train": 2}


FOLLOWED = {
    "one": (["link"], ["link/inner/3.png"], 0),
    "two to one folder": (["z", "link"], ["link/inner/3.png"], 1),
    "within another folder": (["b/link"], ["b/link/inner/3.png"], 0),
}


@pytest.mark.parametrize(("links", "more", "left"), FOLLOWED.values(), ids=FOLLOWED)
def test_a_linked_folder_counts_once(tmp_path, links, more, left, recwarn):
    root = tmp_path / "images"
    expected = tree(root)
    for link in links:
        (root / link).symlink_to(outside(root))
    # Back into the folder, and around once more.
    (outside(root) / "inner" / "back").symlink_to(root / "a")
    (outside(root) / "again").symlink_to(outside(root))
    assert names(root) == sorted(expected + more)
    assert f"Left out: {left + 2} in" in str(recwarn.list[0].message)


def test_what_lies_within_a_linked_folder_counts_once_too(tmp_path):
    root = tmp_path / "images"
    expected = tree(root)
    (root / "0").symlink_to(outside(root) / "inner")
    (root / "z").symlink_to(outside(root))
    save(outside(root) / "4.png")
    assert names(root) == ["0/3.png", *expected, "z/4.png"]


def test_a_linked_file_counts_under_each_of_its_names(tmp_path):
    save(tmp_path / "a" / "1.png")
    (tmp_path / "a" / "2.png").symlink_to(tmp_path / "a" / "1.png")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "1.png").symlink_to(tmp_path / "a" / "1.png")
    os.link(tmp_path / "a" / "1.png", tmp_path / "a" / "3.png")
    assert names(tmp_path) == ["a/1.png", "a/2.png", "a/3.png", "b/1.png"]
    assert data.image_info(f"folder:{tmp_path}").num_classes == 2


def test_a_linked_root_is_a_folder_like_any_other(tmp_path):
    expected = tree(tmp_path / "images")
    (tmp_path / "link").symlink_to(tmp_path / "images")
    assert names(tmp_path / "link") == expected


def test_a_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    tree(tmp_path)
    true = os.scandir

    def refuse(folder):
        if str(folder).endswith("deep"):
            raise PermissionError(13, "Permission denied")
        return true(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(OSError, match=r"be readable\. .*deep: Permission denied\. Allow reading"):
        data.images(f"folder:{tmp_path}", image_size=8)


# Sizes.


@pytest.fixture(scope="module")
def huge(tmp_path_factory):
    """A folder with a small picture and one of 13,000², in half a megabyte."""
    root = tmp_path_factory.mktemp("huge")
    save(root / "a.png")
    save(root / "b.png", size=(13_000, 13_000))
    return root


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("cache", [True, False])
def test_a_huge_picture_is_left_out_before_it_is_decoded(huge, cache, monkeypatch):
    decode = ImageFile.ImageFile.load

    def load(image):
        assert image.width < 13_000, "decoded"
        return decode(image)

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    message = r"b\.png: 13000 × 13000 pixels\. Make it smaller or pass a larger `max_pixels`"
    with (
        pytest.warns(UserWarning, match=message),
        pytest.warns(UserWarning, match=r"1 of 2 images are left out"),
    ):
        stream = data.images(f"folder:{huge}", "train", 8, 1, cache=cache, repeat=False)
    assert len(list(stream)) == 1
    with pytest.raises(ValueError, match=message):
        data.images(f"folder:{huge}", "train", 8, check=False)


def test_what_pillow_refuses_is_said_too(huge, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10**6)
    with pytest.raises(ValueError, match=r"169000000 pixels\) .*PIL\.Image\.MAX_IMAGE_PIXELS=1000"):
        data.images(f"folder:{huge}", "train", 8, check=False, max_pixels=10**9)


@pytest.mark.parametrize("suffix", folder_walk.EXTENSIONS)
def test_no_format_is_decoded_beyond_the_limit(tmp_path, suffix, monkeypatch):
    mode = {".pgm": "L", ".gif": "P"}.get(suffix, "RGB")
    Image.new(mode, (40, 30)).save(tmp_path / f"a{suffix}")
    name = f"folder:{tmp_path}"
    stream = data.images(name, "train", 8, 1, check=False, max_pixels=1200)
    assert np.ptp(next(iter(stream))) == 0
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda *_: pytest.fail("decoded"))
    with pytest.raises(ValueError, match=rf"a\{suffix}: 40 × 30 pixels\. Make it smaller"):
        data.images(name, "train", 8, check=False, max_pixels=1199)


@pytest.mark.parametrize(("limit", "read"), [(99, False), (100, True), (10**30, True)])
def test_the_limit_of_pixels_is_adjustable(tmp_path, limit, read):
    save(tmp_path / "a.png", size=(20, 5))
    name = f"folder:{tmp_path}"
    settings = {"image_size": 4, "max_pixels": limit, "check": False}
    if read:
        assert next(iter(data.images(name, batch_size=1, **settings))).shape == (1, 4, 4, 3)
    else:
        with pytest.raises(ValueError, match=r"20 × 5 pixels"):
            data.images(name, **settings)
    assert MAX_PIXELS == 67_108_864


# Colours.


def with_palette(colours):
    image = Image.new("P", (8, 8))
    image.putpalette(colours)
    return image


KINDS = {
    "L": (Image.new("L", (8, 8)), True),
    "1": (Image.new("1", (8, 8)), True),
    "LA": (Image.new("LA", (8, 8)), True),
    "I;16": (Image.fromarray(np.zeros((8, 8), np.uint16)), True),
    "RGB": (Image.new("RGB", (8, 8)), False),
    "RGBA": (Image.new("RGBA", (8, 8)), False),
    "grey palette": (with_palette([0, 0, 0, 9, 9, 9]), True),
    "palette": (with_palette([0, 0, 0, 9, 9, 8]), False),
}


@pytest.mark.parametrize(("image", "grey"), KINDS.values(), ids=KINDS)
def test_channels_are_those_of_the_files(tmp_path, image, grey):
    image.save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as opened:
        assert is_grey(opened) == grey
    channels = 1 if grey else 3
    name = f"folder:{tmp_path}"
    assert data.image_info(name).channels == channels
    assert data.images(name, image_size=8).element_spec.shape == (64, 8, 8, channels)


def test_one_picture_in_colour_makes_a_folder_one_in_colour(tmp_path):
    for number in range(5):
        save(tmp_path / f"{number}.png", mode="L")
    (tmp_path / "broken.png").touch()
    save(tmp_path / "z.png")
    assert data.image_info(f"folder:{tmp_path}").channels == 3
    message = r"become grey by channels=1: 1 of the 6 looked at\. Pass channels=3 to keep"
    with pytest.warns(UserWarning) as caught:  # noqa: PT030
        stream = data.images(f"folder:{tmp_path}", image_size=8, channels=1)
    assert stream.element_spec.shape == (64, 8, 8, 1)
    text = [str(warning.message) for warning in caught]
    assert sum("grey" in line for line in text) == 1
    assert re.search(message, text[0])


def test_colours_that_were_not_looked_at_are_named_when_they_are_lost(tmp_path, monkeypatch):
    monkeypatch.setattr(image_folder, "_LOOKED_AT", 2)
    for name, mode in zip("abcd", ("L", "RGB", "L", "RGB"), strict=True):
        save(tmp_path / f"{name}.png", mode=mode)
    assert data.image_info(f"folder:{tmp_path}").channels == 1
    with pytest.warns(UserWarning, match=r"first that loses its colours is .*b\.png\. Pass chann"):
        data.images(f"folder:{tmp_path}", image_size=8)


# Damages.


@pytest.fixture
def folder(tmp_path):
    """Two pictures; the first is to be damaged."""
    for name in ("a.png", "b.png"):
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)).save(
            tmp_path / name
        )
    return tmp_path


def pipe(path):
    path.unlink()
    os.mkfifo(path)


BROKEN = {key: DAMAGES[key] for key in ("empty", "cut", "flip")}
BROKEN["flip of the header"] = lambda path: DAMAGES["flip"](path, byte=2)
BROKEN["pipe"] = pipe
BROKEN["a link to nothing"] = lambda path: (path.unlink(), path.symlink_to("/nowhere/a.png"))
BROKEN["another format"] = lambda path: path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0")


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN)
def test_a_damaged_picture_is_named_and_left_out(folder, damage):
    damage(folder / "a.png")
    with (
        pytest.warns(UserWarning, match=r"Left out: An image must be readable\. .*/a\.png: .+\. R"),
        pytest.warns(UserWarning, match=r"1 of 2 images are left out"),
    ):
        data.images(f"folder:{folder}", image_size=8, cache=False)
    with pytest.raises(ValueError, match=r"readable\. Received: .*/a\.png: .+\. Remove or replace"):
        data.images(f"folder:{folder}", image_size=8, check=False)


def test_formats_that_start_programs_are_not_tried(folder):
    Image.new("RGB", (8, 8)).save(folder / "a.eps")
    (folder / "a.eps").rename(folder / "a.png")
    with pytest.raises(ValueError, match=r"a\.png: cannot identify image file"):
        data.images(f"folder:{folder}", image_size=8, check=False)


def test_a_picture_nobody_may_read_is_named_and_left_out(folder, monkeypatch):
    forbid(monkeypatch, folder / "a.png")
    with (
        pytest.warns(UserWarning, match=r"/a\.png: .*Permission denied"),
        pytest.warns(UserWarning, match=r"1 of 2"),
    ):
        data.images(f"folder:{folder}", image_size=8, cache=False)


@pytest.mark.parametrize("damage", ["remove", "make_folder"])
def test_a_picture_that_goes_away_later_is_named(folder, damage):
    source = image_folder.ImageFolder(str(folder), "train", True)
    DAMAGES[damage](folder / "a.png")
    with pytest.raises(OSError, match=r"No such file|not a regular file"):
        source.open(0)
    # Before the folder is listed, it is simply not there.
    assert data.image_info(f"folder:{folder}").num_examples == {"train": 1}


def test_a_tenth_of_each_sub_folder_is_held_out(tmp_path):
    for name, number in (("cats", 25), ("dogs", 10), ("owls", 3)):
        for index in range(number):
            (tmp_path / name).mkdir(exist_ok=True)
            value = np.full((4, 4), 40 * len(name) + index, np.uint8)
            Image.fromarray(value).save(tmp_path / name / f"{index}.png")
    folder = f"folder:{tmp_path}"
    prints = {split: data.fingerprint(folder, split) for split in ("train", "rest", "held_out")}
    counts = {split: found["images"] for split, found in prints.items()}
    assert counts == {"train": 38, "rest": 35, "held_out": 3}
    assert len({found["digest"] for found in prints.values()}) == 3
    options = {"image_size": 4, "batch_size": 38, "labels": True, "repeat": False, "cache": False}
    held_out, rest, everything = (
        sorted(
            (int(label), float(image.ravel()[0]))
            for batch in data.images(folder, split, **options).as_numpy_iterator()
            for image, label in zip(*batch, strict=True)
        )
        for split in ("held_out", "rest", "train")
    )
    assert [label for label, _ in held_out] == [0, 0, 1]
    assert sorted(held_out + rest) == everything
    # Pictures that join a sub-folder leave the others as they are.
    for index in range(3, 30):
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "owls" / f"{index}.png")
    assert data.fingerprint(folder, "held_out")["images"] == 6


def test_too_few_pictures_hold_none_out(tmp_path):
    for index in range(9):
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / f"{index}.png")
    with pytest.raises(ValueError, match=r"at least 10\. Received: folder:.*, with 9 images\. Add"):
        data.images(f"folder:{tmp_path}", "held_out")


def test_sides_are_those_of_upright_pictures(tmp_path):
    exif = Image.Exif()
    exif[274] = 6
    Image.new("L", (30, 20)).save(tmp_path / "a.png")
    Image.new("L", (30, 20)).save(tmp_path / "b.jpg", exif=exif)
    (tmp_path / "c.png").write_bytes(b"damaged")
    np.testing.assert_array_equal(folder_sides(str(tmp_path)), [(20, 30), (30, 20)])
