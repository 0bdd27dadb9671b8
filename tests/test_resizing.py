"""Resizers against Pillow, and against each library's rule written out in NumPy."""

import keras
import numpy as np
import PIL.Image
import pytest
import tensorflow as tf
from test_image_scores import tf1_bilinear_oracle

from tf_consensus.metrics import Extractor, resizing

SIZES = [(6, 13), (13, 5), (32, 37), (37, 32), (5, 1), (1, 4), (7, 7)]


def images(n, size, channels=2, seed=0):
    shape = (n, size, size, channels)
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


def torch_matrix(old, new):
    """PyTorch's rule for `align_corners=False`, without antialiasing, along one axis.

    Output pixel i is at (i + 1/2) old/new - 1/2, at least 0, between two neighbours.
    """
    matrix = np.zeros((new, old))
    for i in range(new):
        position = max((i + 0.5) * old / new - 0.5, 0.0)
        low = min(int(position), old - 1)
        high = min(low + 1, old - 1)
        matrix[i, low] += 1 - (position - low)
        matrix[i, high] += position - low
    return matrix


def keys(x):
    """The cubic kernel with a = -1/2."""
    x = abs(x)
    if x < 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0


def pillow_matrix(old, new):
    """Pillow's rule along one axis: the kernel is stretched when the image shrinks."""
    matrix, scale = np.zeros((new, old)), max(old / new, 1)
    for i in range(new):
        centre = (i + 0.5) * old / new
        first = max(int(centre - 2 * scale + 0.5), 0)
        last = min(int(centre + 2 * scale + 0.5), old)
        weights = [keys((j - centre + 0.5) / scale) for j in range(first, last)]
        matrix[i, first:last] = np.array(weights) / sum(weights)
    return matrix


def along_both(matrix, batch):
    return np.einsum("ih,jw,bhwc->bijc", matrix, matrix, batch.astype(float))


def by_pillow(batch, size):
    """Each channel by itself, as clean-fid does, without its clipping."""
    resized = np.empty((len(batch), size, size, batch.shape[-1]))
    for n, image in enumerate(batch):
        for c in range(batch.shape[-1]):
            channel = PIL.Image.fromarray(np.ascontiguousarray(image[..., c]), mode="F")
            resized[n, ..., c] = channel.resize((size, size), PIL.Image.Resampling.BICUBIC)
    return resized


def test_torch_bilinear_is_what_pytorch_documents():
    """The example of torch.nn.Upsample(scale_factor=2, mode="bilinear")."""
    x = np.array([[1.0, 2.0], [3.0, 4.0]])[None, :, :, None]
    ends = [1.0, 1.25, 1.75, 2.0]
    rows = [[start + end for end in ends] for start in (0.0, 0.5, 1.5, 2.0)]
    np.testing.assert_array_equal(resizing.torch_bilinear(x, 4)[0, ..., 0], rows)


@pytest.mark.parametrize(("old", "new"), SIZES)
def test_torch_bilinear_is_that_of_pytorch(old, new):
    x = images(2, old)
    result = resizing.torch_bilinear(x, new)
    np.testing.assert_allclose(result, along_both(torch_matrix(old, new), x), atol=5e-6)


@pytest.mark.parametrize(("old", "new"), SIZES)
def test_bicubic_is_that_of_pillow(old, new):
    x = images(2, old)
    expected = by_pillow(x, new)
    np.testing.assert_allclose(along_both(pillow_matrix(old, new), x), expected, atol=2e-6)
    np.testing.assert_allclose(resizing.bicubic(x, new), expected, atol=3e-5)
    np.testing.assert_allclose(resizing.clean_bicubic(x, new), expected.clip(-1, 1), atol=3e-5)


def test_bicubic_of_a_large_image_is_that_of_pillow_too():
    """Where single-precision positions of pixels matter most."""
    x = images(1, 400, 1)
    np.testing.assert_allclose(resizing.bicubic(x, 299), by_pillow(x, 299), atol=5e-5)


def test_clean_bicubic_clips_what_bicubic_exceeds():
    x = np.where(np.arange(8) < 4, -1.0, 1.0)[None, None, :, None].repeat(8, axis=1)
    assert np.abs(resizing.bicubic(x, 29)).max() > 1.05
    assert np.abs(resizing.clean_bicubic(x, 29)).max() == 1.0


def test_the_resizers_differ():
    x = images(2, 13)
    expected = tf1_bilinear_oracle(x[0].astype(float), 5)
    np.testing.assert_allclose(resizing.tf1_bilinear(x, 5)[0], expected, atol=1e-6)
    # Where no edge is sharp, nothing is clipped.
    results = [resize(x, 5) for name, resize in resizing.RESIZERS.items() if name != "bicubic"]
    for i, one in enumerate(results):
        for other in results[:i]:
            assert np.abs(one - other).max() > 0.05


@pytest.mark.parametrize("name", resizing.RESIZERS)
def test_each_is_found_by_its_name_and_works_in_a_graph(name):
    x = images(2, 6)
    resize = resizing.get(name)
    assert resize.__name__ == name
    np.testing.assert_allclose(tf.function(resize)(x, 9), resize(x, 9), atol=1e-6)


def extractor(resizer, preprocess):
    layers = [keras.Input((9, 9, 1)), keras.layers.Flatten(), keras.layers.Dense(2)]
    options = {"image_size": 9, "resizer": resizer, "preprocess": preprocess}
    return Extractor(keras.Sequential(layers), name="x", **options)


def test_an_extractor_clips_no_other_range():
    def to_bytes(x):
        return 127.5 * (x + 1)

    x = np.ones((2, 6, 6, 1), "float32")
    assert extractor("clean_bicubic", None)(x).features.shape == (2, 81)
    assert extractor("bicubic", to_bytes)(x).features.max() == pytest.approx(255)
    message = r"Clipping to .* needs images in it\. Received: images up to 255\. .*'bicubic'"
    with pytest.raises(ValueError, match=message):
        extractor("clean_bicubic", to_bytes)(x)


def test_a_graph_clips_no_other_range():
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Clipping to .* needs images in it"):
        tf.function(resizing.clean_bicubic)(tf.fill((1, 4, 4, 1), 2.0), 8)


@pytest.mark.parametrize("name", resizing.RESIZERS)
def test_images_without_pixels_are_refused(name):
    with pytest.raises(
        ValueError, match=r"must have pixels and channels. Received: .*\(1, 0, 4, 1"
    ):
        resizing.get(name)(np.zeros((1, 0, 4, 1), "float32"), 8)


def test_nan_is_not_said_to_be_of_another_range():
    with pytest.raises(ValueError, match=r"Received: images up to nan. Look at where they come"):
        resizing.clean_bicubic(np.full((1, 4, 4, 1), np.nan, "float32"), 8)
