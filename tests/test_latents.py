"""Paths between latents."""

import doctest

import numpy as np
import pytest

from tf_consensus import latents

ENDS = np.random.default_rng(0).normal(size=(2, 5, 7))


@pytest.mark.parametrize("path", ["spherical", "straight"])
def test_ends_are_included_and_places_even(path):
    way = latents.interpolate(*ENDS, steps=4, path=path)
    assert way.shape == (5, 4, 7)
    np.testing.assert_allclose(way[:, 0], ENDS[0], atol=1e-12)
    np.testing.assert_allclose(way[:, -1], ENDS[1], atol=1e-12)
    alone = latents.interpolate(ENDS[0, 2], ENDS[1, 2], steps=4, path=path)
    np.testing.assert_allclose(way[2], alone)


def test_spherical_turns_at_an_even_rate_and_keeps_the_length():
    start, end = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in ENDS)
    way = latents.interpolate(start, end, steps=6)
    np.testing.assert_allclose(np.linalg.norm(way, axis=2), 1.0)
    angles = np.arccos((way[:, 1:] * way[:, :-1]).sum(axis=2))
    whole = np.arccos((start * end).sum(axis=1))
    np.testing.assert_allclose(angles, np.repeat(whole[:, None] / 5, 5, axis=1))


def test_straight_is_the_weighted_mean():
    way = latents.interpolate(*ENDS, steps=3, path="straight")
    np.testing.assert_allclose(way[:, 1], ENDS.mean(axis=0))


def test_parallel_opposite_and_zero_ends_stay_finite():
    start = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    end = np.array([[3.0, 0.0], [-1.0, 0.0], [1.0, 2.0]])
    way = latents.interpolate(start, end, steps=3)
    np.testing.assert_allclose(way[:, 1], [[2.0, 0.0], [0.0, 0.0], [0.5, 1.0]], atol=1e-9)
    assert latents.interpolate(start.astype("float32"), end, 2).dtype == np.float64
    single = latents.interpolate(start.astype("float32"), end.astype("float32"), 2)
    assert single.dtype == np.float32


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((ENDS[0], ENDS[1, :3], 3), r"latents of one shape.*start of shape \(5, 7\)"),
        ((ENDS, ENDS, 3), r"latents of one shape.*\(2, 5, 7\).*Draw them alike"),
        ((*ENDS, 1), "`steps` must be an integer of at least 2"),
        ((*ENDS, 3, "curved"), "`path` must be a known way.*'curved'. Choose one of spherical"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        latents.interpolate(*arguments)


def test_docstring():
    results = doctest.testmod(latents, extraglobs={"np": np})
    assert results.attempted >= 1
    assert results.failed == 0
