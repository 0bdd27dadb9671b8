"""Places of values along an axis, and the values that are written at it."""

import dataclasses
import math

import numpy as np
from numpy.typing import ArrayLike

# Positive values that span more than this many powers of ten get a logarithmic axis.
DECADES = 3
# Values that differ by less, relative to their size, differ by rounding alone.
_SAME = 1e-9
# Smaller values are 0 in a picture.
_NONE = 1e-300
_LEAST, _MOST = float(np.finfo(np.float64).tiny), float(np.finfo(np.float64).max)


@dataclasses.dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high`, logarithmic or linear."""

    low: float
    high: float
    log: bool = False

    def __call__(self, values: ArrayLike) -> np.ndarray:
        """Places of values, 0 at `low` and 1 at `high`."""
        values = np.asarray(values, np.float64)
        if self.log:
            low, high = math.log10(self.low), math.log10(self.high)
            # The smallest numbers of float64, which have fewer digits, are drawn at the end.
            return np.clip((np.log10(values) - low) / (high - low), 0.0, 1.0)
        # Divided first, because the difference of two numbers near the largest overflows.
        unit = max(abs(self.low), abs(self.high))
        return (values / unit - self.low / unit) / (self.high / unit - self.low / unit)

    def ticks(self, most: int = 6) -> list[float]:
        """At most `most` round values within the axis."""
        if self.log:
            first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
            every = max(1, math.ceil((last - first + 1) / most))
            return [10.0**power for power in range(first, last + 1, every)]
        step = _round_step(self.low, self.high, most)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [step * i for i in range(first, last + 1)]

    def labels(self, most: int = 6) -> list[tuple[float, str]]:
        """Ticks and their labels."""
        ticks = self.ticks(most)
        if self.log:
            return [(tick, _power(tick)) for tick in ticks]
        step = ticks[1] - ticks[0] if len(ticks) > 1 else abs(self.high - self.low)
        return [(tick, _label(tick, step, max(map(abs, ticks)))) for tick in ticks]


def scale_of(values: ArrayLike, may_be_log: bool = True, room: float = 0.0) -> Scale:
    """The axis that holds all finite values; without finite values it goes from 0 to 1.

    Args:
        values: The values.
        may_be_log: Whether the axis may be logarithmic.
        room: The room beyond the values on either side, relative to their range.
    """
    values = np.asarray(values, np.float64)
    if not len(values):
        return Scale(0.0, 1.0)
    low, high = float(values.min()), float(values.max())
    if may_be_log and low > 0 and high > _NONE and math.log10(high) - math.log10(low) > DECADES:
        beyond = 10 ** (room * (math.log10(high) - math.log10(low)))
        return Scale(max(low / beyond, _LEAST), min(high, _MOST / beyond) * beyond, log=True)
    size = max(abs(low), abs(high))
    around = room * (high / 2 - low / 2) * 2
    if size < _NONE:
        around = 1.0
    elif high / 2 - low / 2 <= _SAME * size / 2:
        around = 0.1 * size
    low, high = low - around, high + around
    return Scale(max(low, -_MOST), min(high, _MOST))


def _round_step(low, high, most):
    """The smallest of 1, 2 and 5 times a power of ten that takes at most `most` ticks."""
    rough = high / (most - 1) - low / (most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(unit * power for unit in (1, 2, 5, 10) if unit * power >= rough * (1 - 1e-9))


def _label(tick, step, largest):
    if tick == 0:
        return "0"
    if largest >= 1e9 or largest < 1e-3:
        # Use as many digits as tell neighbours apart.
        digits = max(0, math.ceil(math.log10(largest / step) - 1e-9))
        return _short(f"{tick:.{digits}e}")
    unit, name = _unit(largest)
    decimals = max(0, -math.floor(math.log10(step / unit) + 1e-9))
    return f"{tick / unit:,.{decimals}f}{name}"


def _power(tick):
    """A power of ten."""
    if not 1e-4 < tick < 1e9:
        return _short(f"{tick:.0e}")
    unit, name = _unit(tick)
    return f"{tick / unit:g}{name}"


def _unit(largest):
    if largest >= 1e6:
        return 1e6, "M"
    return (1e3, "k") if largest >= 1e4 else (1, "")


def _short(text):
    """1.50e-07 as 1.5e-7."""
    digits, power = text.split("e")
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return f"{digits}e{int(power)}"
