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
