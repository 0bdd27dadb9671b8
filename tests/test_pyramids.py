"""The sliced Wasserstein distance of pyramids, against dense matrices, loops and closed forms."""

import doctest

import numpy as np
import pytest
import tensorflow as tf

from tf_consensus import metrics
from tf_consensus.metrics import pyramids

WEIGHTS = [1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16]


def images(n, side=32, channels=3, seed=0):
    shape = (n, side, side, channels)
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


def reflected(i, side):
    """The pixel that stands for one outside: the edge itself is not repeated."""
    return -i if i < 0 else 2 * (side - 1) - i if i >= side else i


def blur(side, weights=WEIGHTS):
    """The matrix of a blur along one axis."""
    matrix = np.zeros((side, side))
    for i in range(side):
        for offset, weight in zip(range(-2, 3), weights, strict=True):
            matrix[i, reflected(i + offset, side)] += weight
    return matrix


def level_oracle(image, side):
    """A level of one channel's Laplacian pyramid, by matrices from both sides."""
    while True:
        size = len(image)
        halve = blur(size)[::2]
        double = blur(size, [2 * w for w in WEIGHTS])[:, ::2]
        half = halve @ image @ halve.T
        if size == side:
            return image if side == 16 else image - double @ half @ double.T
        image = half


def cloud_oracle(x, side, number, seed):
    """Standardized neighbourhoods, read by loops."""
    n, channels = len(x), x.shape[-1]
    places = np.random.default_rng([seed, side]).integers(0, side - 6, size=(n, number, 2))
    values = np.empty((channels, n * number, 49))
    for c in range(channels):
        for i in range(n):
            level = level_oracle(x[i, :, :, c].astype(float), side)
            for k, (row, column) in enumerate(places[i]):
                values[c, i * number + k] = level[row : row + 7, column : column + 7].ravel()
        values[c] = (values[c] - values[c].mean()) / values[c].std()
    return values.transpose(1, 0, 2).reshape(n * number, -1)


def directions(number, d, seed):
    normal = np.random.default_rng(seed).normal(size=(number, d))
    return normal / np.linalg.norm(normal, axis=1, keepdims=True)


def distance_oracle(a, b, number, seed):
    """Of clouds of any sizes: each point is repeated until there are equally many."""
    total = np.lcm(len(a), len(b))
    a, b = (np.repeat(x, total // len(x), axis=0) for x in (a, b))
    found = [
        np.abs(np.sort(a @ u) - np.sort(b @ u)).mean() for u in directions(number, a.shape[1], seed)
    ]
    return np.mean(found)


@pytest.mark.parametrize(("n", "m", "channels"), [(3, 3, 3), (2, 5, 1)])
def test_each_level_is_that_of_matrices_and_loops(n, m, channels):
    real, fake = images(n, 64, channels), images(m, 64, channels, seed=1) ** 3
    result = metrics.pyramid_wasserstein(real, fake, neighbourhoods=4, projections=6, seed=2)
    assert list(result.levels) == [64, 32, 16]
    for side, found in result.levels.items():
        clouds = [cloud_oracle(x, side, 4, seed=2) for x in (real, fake)]
        assert found == pytest.approx(distance_oracle(*clouds, 6, seed=2), rel=1e-10)
    assert result.mean == pytest.approx(np.mean(list(result.levels.values())), rel=1e-15)


def test_two_sets_of_plain_images_are_as_far_as_their_greys():
    """At 16² a neighbourhood of a plain image is one number, 49 times; above it is 0."""
    greys = np.array([-1.0, 0.0, 0.0, 1.0]), np.array([-1.0, -1.0, 1.0, 1.0])
    real, fake = (
        np.broadcast_to(g[:, None, None, None], (4, 32, 32, 1)).astype("float32") for g in greys
    )
    # Standardized by hand: ±√2 and 0, and ±1; sorted, they are √2 - 1 and 1 apart by turns.
    apart = (2 * (np.sqrt(2) - 1) + 2 * 1) / 4
    along = np.abs(directions(9, 49, 0).sum(axis=1)).mean()
    result = metrics.pyramid_wasserstein(real, fake, neighbourhoods=3, projections=9)
    assert result.levels == pytest.approx({32: 0.0, 16: apart * along}, rel=1e-12)


def test_brightness_and_contrast_of_a_set_do_not_count():
    real = images(4)
    darker = 0.5 * real - 0.25
    result = metrics.pyramid_wasserstein(real, darker, 8, 8)
    assert result.levels == pytest.approx({32: 0.0, 16: 0.0}, abs=1e-6)
    assert metrics.pyramid_wasserstein(real, real) == ({32: 0.0, 16: 0.0}, 0.0)


def test_images_that_are_moved_have_the_same_patches_and_blurred_ones_have_not():
    """Waves of one length, at random places: moving them by 5 pixels gives the same set."""
    random = np.random.default_rng(0)
    place = random.uniform(0, 2 * np.pi, (64, 1, 1, 1))
    x = np.arange(64)[None, None, :, None]
    noise = 0.1 * random.normal(size=(64, 64, 64, 1))

    def waves(shift, amount):
        shape = np.broadcast_to(np.sin(2 * np.pi * (x - shift) / 16 + place), noise.shape)
        return np.clip(0.5 * shape + amount * noise, -1, 1)

    real = waves(0, 1)
    moved = metrics.pyramid_wasserstein(real, waves(5, 1), 16, 64)
    smooth = metrics.pyramid_wasserstein(real, waves(5, 0.2), 16, 64)
    # The finest level tells the missing noise, the coarsest sees next to none of it.
    assert smooth.levels[64] > 5 * moved.levels[64]
    assert smooth.levels[16] < 2 * moved.levels[16] + 0.02


def test_a_constant_channel_is_a_point_and_rounding_is_no_texture():
    real = images(3)
    plain = np.full_like(real, 0.3)
    level = metrics.pyramid_wasserstein(real, plain, 4, 16).levels[16]
    cloud = cloud_oracle(real, 16, 4, seed=0)
    assert level == pytest.approx(distance_oracle(cloud, 0 * cloud, 16, 0), rel=1e-10)
    assert metrics.pyramid_wasserstein(plain, plain / 3, 4, 4).mean == 0.0


def test_it_is_symmetric_and_determined_by_the_seed_alone():
    real, fake = images(3), images(2, seed=1)
    first = metrics.pyramid_wasserstein(real, fake, 8, 8, seed=5)
    assert metrics.pyramid_wasserstein(fake, real, 8, 8, seed=5) == first
    assert metrics.pyramid_wasserstein(tf.constant(real), fake.tolist(), 8, 8, seed=5) == first
    assert metrics.pyramid_wasserstein(real, fake, 8, 8, seed=6) != first


def test_blocks_do_not_matter(monkeypatch):
    real, fake = images(5), images(4, seed=1)
    whole = metrics.pyramid_wasserstein(real, fake, 4, 8)
    monkeypatch.setattr(pyramids, "_BLOCK", 2 * 32 * 32 * 3)
    parts = metrics.pyramid_wasserstein(real, fake, 4, 8)
    assert parts.levels == pytest.approx(whole.levels, rel=1e-12)


def test_the_sets_are_left_as_they_are():
    real, fake = images(2, 16), images(2, 16, seed=1)
    before = real.copy(), fake.copy()
    metrics.pyramid_wasserstein(real, fake, 2, 2)
    np.testing.assert_array_equal(real, before[0])
    np.testing.assert_array_equal(fake, before[1])


def test_documented_example():
    results = doctest.testmod(pyramids, extraglobs={"np": np})
    assert (results.attempted, results.failed) == (2, 0)
