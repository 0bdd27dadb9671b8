"""Pairs of images: made from one set by hand, and from two folders by the names of files."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tf_consensus.data import image_pairs
from tf_consensus.data.pair_sources import edges, grey, low_resolution, masked

NAMES = [f"{kind}/{k:02}" for kind in ("a", "b") for k in range(10)]


def save(folder, names, value, ending="png", size=8):
    """One image per name, whose left half has the number `value` of its place among all."""
    for name in names:
        path = folder / f"{name}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.full((size, size, 3), 10, np.uint8)
        pixels[:, : size // 2] = value(NAMES.index(name)) if name in NAMES else 0
        Image.fromarray(pixels).save(path)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Sources of bytes 100 + k, targets of bytes 200 + k."""
    root = tmp_path_factory.mktemp("pairs")
    save(root / "sources", NAMES, lambda k: 100 + k)
    save(root / "targets", NAMES, lambda k: 200 + k, "bmp")
    return f"folder:{root / 'targets'}", f"folder:{root / 'sources'}"


def values(batch):
    """The number of each image, and whether it is mirrored."""
    pixels = np.round((np.asarray(batch) + 1) * 127.5).astype(int)[:, 0, :, 0]
    mirrored = pixels[:, 0] == 10
    return np.where(mirrored, pixels[:, -1], pixels[:, 0]), mirrored


def stream(folders, **options):
    return image_pairs(*folders, image_size=8, batch_size=4, seed=3, **options)


def test_two_folders_are_paired_by_name_shuffled_and_mirrored_alike(folders):
    mirrors, seen = set(), []
    for source, target in stream(folders, flip=True).take(10):
        (own, turned), (other, too) = values(source), values(target)
        np.testing.assert_array_equal(own + 100, other)
        np.testing.assert_array_equal(turned, too)
        assert source.shape == target.shape == (4, 8, 8, 3)
        mirrors |= set(turned)
        seen += list(other)
    assert mirrors == {False, True}
    assert set(seen[:20]) == set(seen[20:]) == set(range(200, 220))
    assert seen[:20] != seen[20:]


def test_a_stream_goes_on_at_a_batch(folders):
    whole = list(stream(folders, flip=True).take(7))
    later = list(stream(folders, flip=True, start=tf.Variable(5, dtype=tf.int64)).take(2))
    for found, expected in zip(later, whole[5:], strict=True):
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(a, b)


def test_unpaired_sets_are_shuffled_apart(folders, tmp_path):
    pairs = [(values(s)[0], values(t)[0]) for s, t in stream(folders, unpaired=True).take(5)]
    sources, targets = (np.concatenate(x) for x in zip(*pairs, strict=True))
    assert set(sources + 100) == set(targets) == set(range(200, 220))
    assert (sources + 100 != targets).sum() > 10
    save(tmp_path / "few", NAMES[:10], lambda k: 50 + k)
    few = folders[0], f"folder:{tmp_path / 'few'}"
    numbers = [len(set(values(s)[0])) for s, _ in stream(few, unpaired=True).take(5)]
    assert min(numbers) > 1


def test_one_set_without_partners_is_made_from_other_images_of_itself(folders):
    def brighter(images):
        return images + 10 / 127.5

    options = {"make": brighter, "image_size": 8, "batch_size": 4, "seed": 3}
    (source, target), *_ = image_pairs(folders[0], **options).take(1)
    np.testing.assert_allclose(source, brighter(target), atol=1e-6)
    pairs = list(image_pairs(folders[0], unpaired=True, **options).take(5))
    own, other = (np.concatenate([values(p[k])[0] for p in pairs]) for k in (0, 1))
    assert sorted(own - 10) == sorted(other) == list(range(200, 220))
    assert (own - 10 != other).sum() > 10


def test_one_pass_in_order_has_a_last_batch_that_is_smaller(folders, tmp_path):
    options = {"image_size": 8, "batch_size": 8, "repeat": False}
    sizes = [len(s) for s, _ in image_pairs(folders[0], make="grey", **options)]
    assert sizes == [8, 8, 4]
    shapes = [s.shape[1:] for s, _ in image_pairs(folders[0], make="edges", **options)]
    assert set(shapes) == {(8, 8, 1)}


def test_files_without_partners_are_named(folders, tmp_path):
    save(tmp_path / "sources", [*NAMES[1:], "b/other"], lambda k: 100 + k)
    with pytest.raises(ValueError, match=r"same names in both folders. Received: 1 in .*b/other"):
        stream((folders[0], f"folder:{tmp_path / 'sources'}"))
    save(tmp_path / "less", NAMES[1:], lambda k: 100 + k)
    with pytest.raises(ValueError, match=r"Received: 1 in .* alone \(a/00\)\. Add or remove"):
        stream((folders[0], f"folder:{tmp_path / 'less'}"))


SPOILT = ("sources", "b/03"), ("targets", "a/07"), ("targets", "b/09")


def spoil(file, way):
    if way == "junk":
        file.write_bytes(b"no image")
    elif way == "large":
        Image.new("RGB", (200, 200)).save(file)


@pytest.mark.parametrize("cache", [None, False, "file"])
@pytest.mark.parametrize("way", ["junk", "large"])
def test_the_partner_of_an_image_left_out_is_left_out(way, cache, tmp_path):
    for kind, first in (("sources", 100), ("targets", 200)):
        save(tmp_path / kind, NAMES, lambda k, first=first: first + k)
    for kind, name in SPOILT:
        spoil(tmp_path / kind / f"{name}.png", way)
    names = f"folder:{tmp_path / 'targets'}", f"folder:{tmp_path / 'sources'}"
    cache = tmp_path / "cache" if cache == "file" else cache
    for repeat in (True, False):
        with pytest.warns(UserWarning, match="(?i)left out") as told:
            pairs = stream(names, max_pixels=10_000, cache=cache, repeat=repeat)
        assert any("3 of 20 pairs are left out" in str(x.message) for x in told)
        found = [(values(s)[0], values(t)[0]) for s, t in pairs.take(17)]
        own, other = (np.concatenate(x) for x in zip(*found, strict=True))
        np.testing.assert_array_equal(own + 100, other)
        left = {200 + NAMES.index(name) for _, name in SPOILT}
        assert set(other) == set(range(200, 220)) - left
        assert repeat or len(other) == 17


def test_no_pair_whose_images_can_both_be_read_is_an_error(tmp_path):
    for kind, spoilt in (("sources", "a/01"), ("targets", "a/02")):
        save(tmp_path / kind, ["a/01", "a/02"], lambda k: k)
        spoil(tmp_path / kind / f"{spoilt}.png", "junk")
    names = f"folder:{tmp_path / 'targets'}", f"folder:{tmp_path / 'sources'}"
    with (
        pytest.warns(UserWarning, match="(?i)left out"),
        pytest.raises(ValueError, match="Received: 2 pairs, of each"),
    ):
        stream(names)


@pytest.mark.parametrize("split", ["train", "rest", "held_out"])
def test_a_source_is_in_the_split_of_its_target(folders, split):
    whole = {"train": 20, "rest": 18, "held_out": 2}
    pairs = list(stream(folders, split=split, repeat=False))
    own, other = (np.concatenate([values(pair[k])[0] for pair in pairs]) for k in (0, 1))
    np.testing.assert_array_equal(own + 100, other)
    alone = image_pairs(folders[0], make="grey", image_size=8, split=split, repeat=False)
    np.testing.assert_array_equal(other, np.concatenate([values(t)[0] for _, t in alone]))
    assert len(set(other)) == whole[split]


def test_names_are_paired_whatever_order_their_endings_give(tmp_path):
    odd = ["x", "x.1", "x-1", "x 1", "x_1", "xa", "X"]
    for kind, first, ending in (("sources", 100, "png"), ("targets", 200, "bmp")):
        for k, name in enumerate(odd):
            pixels = np.full((8, 8, 3), first + k, np.uint8)
            (tmp_path / kind).mkdir(exist_ok=True)
            Image.fromarray(pixels).save(tmp_path / kind / f"{name}.{ending}")
    names = f"folder:{tmp_path / 'targets'}", f"folder:{tmp_path / 'sources'}"
    for own, other in stream(names, repeat=False):
        np.testing.assert_array_equal(values(own)[0] + 100, values(other)[0])


def test_a_name_of_several_files_is_refused_unless_both_folders_have_the_same(tmp_path):
    for kind, first in (("sources", 100), ("targets", 200), ("plain", 0)):
        save(tmp_path / kind, NAMES[:4], lambda k, first=first: first + k)
    for kind, first in (("sources", 110), ("targets", 210)):
        save(tmp_path / kind, NAMES[:3], lambda k, first=first: first + k, "bmp")
    sources, targets, plain = (f"folder:{tmp_path / x}" for x in ("sources", "targets", "plain"))
    for own, other in stream((targets, sources), repeat=False):
        np.testing.assert_array_equal(values(own)[0] + 100, values(other)[0])
    for pair in ((targets, plain), (plain, sources)):
        with pytest.raises(ValueError, match=r"3 in 'folder:.*' with several endings \(a/00, a/01"):
            stream(pair)


@pytest.mark.parametrize("batch_size", [4, 6, 7])
def test_one_pass_without_partners_ends_with_the_smaller_set(batch_size, folders, tmp_path):
    save(tmp_path / "few", NAMES[:9], lambda k: 50 + k)
    few = f"folder:{tmp_path / 'few'}"
    for names in ((folders[0], few), (few, folders[0])):
        options = {"image_size": 8, "batch_size": batch_size, "unpaired": True, "repeat": False}
        sizes = [(len(s), len(t)) for s, t in image_pairs(*names, **options)]
        assert all(a == b for a, b in sizes)
        assert sum(a for a, _ in sizes) == 9


BAD_MAKERS = {
    "numpy": (lambda x: x.numpy(), "which raises AttributeError: 'Symbolic"),
    "none": (lambda x: None, "which returns None"),
    "fewer": (lambda x: x[:1], r"which returns .*shape=\(1, 8"),
    "integers": (lambda x: tf.cast(x, tf.int32), "dtype=int32"),
    "two": (lambda x: (x, x), "which returns"),
    "flat": (lambda x: x[..., 0], "which returns"),
}


@pytest.mark.parametrize("name", BAD_MAKERS)
@pytest.mark.parametrize("options", [{}, {"unpaired": True}, {"repeat": False}], ids=str)
def test_functions_that_make_no_images_are_refused_before_any_is_decoded(
    name, options, tmp_path, monkeypatch
):
    save(tmp_path, NAMES[:2], lambda k: k)
    monkeypatch.setattr("tf_consensus.data.paired_images.open_store", None)
    make, match = BAD_MAKERS[name]
    with pytest.raises(ValueError, match=f"`make` takes a batch .*Received: .*{match}"):
        image_pairs(f"folder:{tmp_path}", make=make, image_size=8, **options)


FAR_MAKERS = {
    "far": lambda x: 300 * x,
    "bytes": lambda x: 127.5 * (x + 1),
    "nan": lambda x: x / 0.0 * 0.0,
    "one nan": lambda x: tf.where(tf.cumsum(tf.ones_like(x), 1) == 2, np.nan, x),
    "infinite": lambda x: tf.where(x == x, -np.inf, x),
    "half": lambda x: tf.cast(2 * (x + 2), tf.float16),
}


@pytest.mark.parametrize("name", FAR_MAKERS)
@pytest.mark.parametrize("options", [{}, {"unpaired": True}], ids=str)
def test_a_function_that_leaves_the_range_is_refused_at_its_first_batch(name, options, tmp_path):
    save(tmp_path, NAMES[:2], lambda k: 50 * k)
    options |= {"batch_size": 2, "image_size": 8, "seed": 0}
    pairs = image_pairs(f"folder:{tmp_path}", make=FAR_MAKERS[name], **options)
    message = r"`make` must return images in \[-1, 1\](.|\n)*Received: make=<function"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        next(iter(pairs))
    for good in (lambda x: -x, lambda x: tf.cast(1.005 * x / tf.abs(x), tf.float16)):
        sources, targets = next(iter(image_pairs(f"folder:{tmp_path}", make=good, **options)))
        assert sources.shape == targets.shape == (2, 8, 8, targets.shape[-1])


def test_images_are_not_their_own_partners(tmp_path, monkeypatch):
    save(tmp_path / "a", NAMES[:2], lambda k: k)
    monkeypatch.chdir(tmp_path)
    options = {"batch_size": 2, "image_size": 8, "seed": 0, "channels": 3}
    for other in ("folder:a", f"folder:{tmp_path}/a", "folder:../" + tmp_path.name + "/a/"):
        with pytest.raises(ValueError, match=r"of a pair must differ\. Received: source='fold"):
            image_pairs("folder:a", other, source_channels=3, **options)
    with pytest.warns(UserWarning, match="become grey"):
        pairs = image_pairs("folder:a", "folder:a", source_channels=1, **options)
    grey, colour = next(iter(pairs))
    assert (grey.shape[-1], colour.shape[-1]) == (1, 3)
    image_pairs("folder:a", "folder:a", unpaired=True, **options)  # in orders of their own


@pytest.mark.parametrize("make", ["edges", "grey", "masked", "low_resolution"])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_smallest_images_are_made_or_refused(make, size, folders):
    options = {"make": make, "image_size": size, "repeat": False}
    if make == "edges" and size == 1:
        with pytest.raises(ValueError, match="Received: make='edges' with image_size=1"):
            image_pairs(folders[0], **options)
    else:
        for source, target in image_pairs(folders[0], **options):
            assert source.shape[1:3] == target.shape[1:3] == (size, size)


# Sources that are made from targets.


def batch(channels=3, size=8):
    images = np.random.default_rng(0).uniform(-1, 1, (2, size, size, channels))
    return images.astype("float32")


def test_grey_is_brightness():
    x = batch()
    expected = x @ np.array([0.2989, 0.587, 0.114])
    np.testing.assert_allclose(grey(tf.constant(x))[..., 0], expected, atol=1e-3)
    np.testing.assert_array_equal(grey(tf.constant(x[..., :1])), x[..., :1])


def test_edges_are_the_length_of_the_sobel_gradient():
    x = batch(1)
    padded = np.pad(x[..., 0], [(0, 0), (1, 1), (1, 1)], mode="reflect")
    weights = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])
    gradient = np.zeros((2, *x.shape[:3]))
    for i in range(3):
        for j in range(3):
            part = padded[:, i : i + 8, j : j + 8]
            gradient += np.stack([weights[i, j] * part, weights[j, i] * part])
    expected = np.minimum(np.hypot(*gradient) / 4, 2) - 1
    np.testing.assert_allclose(edges(tf.constant(x))[..., 0], expected, atol=1e-5)
    flat = edges(tf.fill((1, 8, 8, 3), 0.3))
    np.testing.assert_allclose(flat, -1, atol=1e-5)


def test_a_mask_hides_the_middle():
    x = batch()
    hidden = masked(tf.constant(x)).numpy()
    assert (hidden[:, 2:6, 2:6] == 0).all()
    hidden[:, 2:6, 2:6] = x[:, 2:6, 2:6]
    np.testing.assert_array_equal(hidden, x)


def test_low_resolution_is_the_mean_of_squares():
    x = batch(3, 16)
    means = x.reshape(2, 2, 8, 2, 8, 3).mean(axis=(2, 4))
    expected = means.repeat(8, axis=1).repeat(8, axis=2)
    np.testing.assert_allclose(low_resolution(tf.constant(x)), expected, atol=1e-6)
