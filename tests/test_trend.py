"""Whether a run converges, by its trend, on trajectories whose answer is known."""

import importlib.util
import pathlib

import numpy as np
import pytest

PATH = pathlib.Path(__file__).resolve().parents[1] / "examples" / "trend.py"
SPEC = importlib.util.spec_from_file_location("trend", PATH)
MODULE = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(MODULE)
trend = MODULE.trend

LENGTHS = (200, 500, 20_000)


def times(steps):
    return np.arange(steps + 1.0)


def swing(t, part=0.2, period=31.4):
    """The factor by which the distance on an ellipse swings."""
    return 1 + part * np.sin(2 * np.pi * t / period)


@pytest.mark.parametrize("steps", LENGTHS)
@pytest.mark.parametrize("rate", [0.5, 0.9, 0.975, 0.99])
@pytest.mark.parametrize("rotates", [False, True])
def test_a_geometric_sequence_converges_linearly(steps, rate, rotates):
    t = times(steps)
    found = trend(1.4 * rate**t * (swing(t, 0.05) if rotates else 1))
    assert (found.kind, found.converges) == ("linear", True)
    assert found.rate == pytest.approx(rate, abs=0.03 if rotates else 0.01)
    assert str(found).startswith("converges like ")


@pytest.mark.parametrize("steps", LENGTHS)
@pytest.mark.parametrize("power", [0.25, 0.5, 1.0])
@pytest.mark.parametrize("rotates", [False, True])
def test_a_power_of_the_step_converges_slowly(steps, power, rotates):
    t = times(steps)
    found = trend((1 + t) ** -power * (swing(t) if rotates else 1))
    assert (found.kind, found.converges) == ("sublinear", True)
    assert found.rate == pytest.approx(power, rel=0.1)
    assert str(found).startswith("converges slowly, like t^-")


@pytest.mark.parametrize("steps", LENGTHS)
@pytest.mark.parametrize(
    "distance",
    [
        lambda t: np.ones_like(t),
        swing,
        lambda t: 0.6 + 0.8 * 0.98**t,
        lambda t: 0.3 + 2 / (1 + t),
        lambda t: (0.6 + 0.8 * 0.98**t) * swing(t),
        lambda t: 1 + 0.3 * np.sin(t**2),
    ],
    ids=["circle", "ellipse", "limit_cycle", "slow_limit", "swinging_limit", "noise"],
)
def test_what_settles_elsewhere_does_not_converge(steps, distance):
    found = trend(distance(times(steps)))
    assert (found.kind, found.converges, found.rate) == ("stays", False, None)


@pytest.mark.parametrize("steps", LENGTHS)
@pytest.mark.parametrize(
    "distance", [lambda t: 1.005**t, lambda t: np.sqrt(1 + t), lambda t: 1.04 ** (t / 2) * swing(t)]
)
def test_what_grows_moves_away(steps, distance):
    assert trend(distance(times(steps))).kind == "grows"


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_what_is_not_finite_has_moved_away(bad):
    assert trend([1.0, 2.0, bad]).kind == "grows"


def test_the_distance_at_the_end_does_not_decide():
    t = times(500)
    near, far = trend(0.001 * swing(t)), trend(100 / np.sqrt(1 + t))
    assert not near.converges
    assert far.converges


def test_a_short_run_tells_only_what_has_arrived():
    assert trend(0.9 ** times(99)).kind == "unknown"
    assert "too short to tell" in str(trend([1.0, 0.5]))
    found = trend(0.1 ** times(20))
    assert (found.kind, found.rate) == ("linear", pytest.approx(0.1))
    exact = trend([1.0, 0.0, 0.0])
    assert exact.converges
    assert exact.rate == pytest.approx(0.0, abs=1e-100)


def test_the_cubic_flow_is_told_from_the_linear_one():
    """x ← x - h x³ falls like (2ht)^-1/2, x ← x - h x like (1 - h)^t."""
    cubic, linear = [1.0], [1.0]
    for _ in range(500):
        cubic.append(cubic[-1] - 0.1 * cubic[-1] ** 3)
        linear.append(linear[-1] - 0.01 * linear[-1])
    assert trend(cubic).kind == "sublinear"
    assert trend(cubic).rate == pytest.approx(0.5, abs=0.03)
    assert trend(linear).kind == "linear"
    assert trend(linear).rate == pytest.approx(0.99, abs=1e-6)
