"""Losses that swing."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from tf_consensus.callbacks.advice.symptom import Scene, Symptom
from tf_consensus.optimizers import RelativeGamma, SpectralGamma

# Fewer values, or fewer periods, do not show a period.
_VALUES, _PERIODS, _LOOKS_AT = 48, 4, 192
_TROUGH, _PEAK = -0.4, 0.5
# Swing against the way from chance to the best loss; of losses without a best, against their size.
_OF_SCALE, _OF_SIZE = 0.1, 0.5
_LASTS = 0.8


class Swing(NamedTuple):
    """A swing of a series.

    Attributes:
        period: in values of the series.
        low: the 5th percentile of its values.
        high: the 95th percentile.
        growth: standard deviation of the last third over that of the first.
    """

    period: int
    low: float
    high: float
    growth: float


def find_swing(series: ArrayLike) -> Swing | None:
    """The swing of a series, by its autocorrelation; `None` without a clear period.

    Example:
        >>> find_swing(np.sin(np.arange(96.0))).period
        6
    """
    x = np.asarray(series, "float64")
    if len(x) < _VALUES or not np.isfinite(x).all():
        return None
    time = np.arange(len(x))
    rest = x - np.polyval(np.polyfit(time, x, 1), time)
    energy = (rest**2).sum()
    if not energy > 1e-12 * max(1.0, (x**2).sum()):
        return None
    lags = np.arange(1, len(x) // _PERIODS + 1)
    c = np.array([(rest[k:] * rest[:-k]).mean() for k in lags]) / (energy / len(x))
    below = np.flatnonzero(c < 0)
    if not below.size:
        return None
    after = below[0] + np.flatnonzero(c[below[0] :] > 0)
    if not after.size or c[below[0] : after[0]].min() > _TROUGH:
        return None
    end = after[0] + np.flatnonzero(c[after[0] :] < 0)
    peak = after[0] + np.argmax(c[after[0] : end[0] if end.size else None])
    if c[peak] < _PEAK or lags[peak] < 4:
        return None
    third = len(x) // 3
    growth = rest[-third:].std() / max(rest[:third].std(), 1e-30)
    low, high = map(float, np.percentile(x, (5, 95)))
    return Swing(int(lags[peak]), low, high, float(growth))


def find(scene: Scene) -> str | None:
    """Looks at the losses of parts of epochs, and of epochs."""
    levels = scene.levels
    parts, epochs = (rows[-_LOOKS_AT:] for rows in (scene.history.parts, scene.history.epochs))
    lengths = [np.array([row[0] for row in rows]) for rows in (parts, epochs)]
    for rows, length in ((parts, lengths[0]), (epochs, np.diff(lengths[1]))):
        if len(rows) < _VALUES:
            continue
        for column, name in _columns(scene.model):
            values = [row[column] for row in rows]
            swing = find_swing(values)
            if swing is None or swing.growth < _LASTS:
                continue
            amplitude = (swing.high - swing.low) / 2
            size = float(np.median(np.abs(values)))
            least = _OF_SIZE * size
            if levels is not None and levels.best is not None:
                least = _OF_SCALE * (levels.chance - levels.best)
            steps = round(swing.period * float(np.median(length)))
            if amplitude > least and not _is_epochs(scene, steps):
                return _sentence(name, swing, steps, scene.model)
    return None


def _columns(model):
    """The losses to look at: not one with a penalty that is there at each so many-th step."""
    lazy = any(getattr(penalty, "every", 1) > 1 for penalty in model.penalties)
    columns = [(2, "discriminator's loss"), (1, "generator's loss")]
    return columns[1:] if lazy else columns


def _sentence(name, swing, steps, model):
    grows = "growing" if swing.growth > 1.25 else "not decaying"
    return (
        f"The players circle each other: the {name} swings between {swing.low:.3g} and "
        f"{swing.high:.3g} with a period of about {steps:,} steps, {grows}; "
        f"{_remedy(model.optimizer)}, lower the "
        "learning rate, or damp the discriminator by GAN(penalties=[penalties.R1(1.0)])."
    )


def _remedy(optimizer):
    if "ConsensusOptimizer" not in type(optimizer).__name__:
        return "use ConsensusOptimizer(gamma=1.0)"
    gamma = optimizer.gamma
    if isinstance(gamma, RelativeGamma):
        return f"raise its scale, gamma=RelativeGamma({2 * gamma.scale:g})"
    return "use gamma='auto'" if isinstance(gamma, SpectralGamma) else "raise `gamma`"


def _is_epochs(scene, steps):
    """Whether the period is an epoch, as with data whose order repeats."""
    epoch = scene.epoch_steps
    return epoch is not None and abs(steps - epoch) < 0.05 * epoch


OSCILLATION = Symptom("oscillation", find)
