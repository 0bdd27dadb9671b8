"""What the discriminator's loss is at chance, and at its best."""

import itertools
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_consensus.objectives import Objective

_GRID = (-30.0, -15.0, -8.0, -4.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
_HALVINGS = 12


class Levels(NamedTuple):
    """Ends of the scale on which a discriminator's loss is read.

    Attributes:
        chance: min_t loss(t, t), the loss if real and generated samples cannot be told apart.
        best: the infimum of loss(d_r, d_f); `None` if the loss has none, as Wasserstein's.
        shifts: whether a constant added to all logits changes the loss.
    """

    chance: float
    best: float | None
    shifts: bool

    def advantage(self, loss: float) -> float | None:
        """0 at chance, 1 at the best; `None` for a loss without a best."""
        return None if self.best is None else (self.chance - loss) / (self.chance - self.best)


def levels(objective: Objective) -> Levels | None:
    """The ends of the scale, found from the objective's own equation.

    Returns:
        The ends; `None` if the loss is not a number at some logits of moderate size.

    Example:
        >>> [round(x, 3) for x in levels(objectives.get("hinge"))[:2]]
        [2.0, 0.0]
    """

    @tf.function(input_signature=[tf.TensorSpec((None, 2))], autograph=False)
    def losses(pairs):
        def loss(pair):
            return objective.discriminator_loss(tf.fill((2, 1), pair[0]), tf.fill((2, 1), pair[1]))

        return tf.map_fn(loss, pairs)

    def at(pairs):
        return losses(np.asarray(pairs, "float32")).numpy().astype("float64")

    level = [(t, t) for t in _GRID if abs(t) <= 8.0]
    equal, table = at(level), at(list(itertools.product(_GRID, _GRID)))
    known = np.where(np.isnan(table), np.inf, table)
    if not np.isfinite(equal).all() or not np.isfinite(known).any():
        return None
    chance = _lowest(at, level, equal, [(1, 1)])
    # A loss that still falls between logits of 15 and of 30 falls for ever.
    pairs = np.array(list(itertools.product(_GRID, _GRID)))
    near = known[np.abs(pairs).max(axis=1) <= 15.0].min()
    bounded = near - known.min() <= 1e-3
    best = _lowest(at, pairs, known, [(1, 0), (0, 1)]) if bounded else None
    if best is not None and chance - best < 1e-6:
        return None
    return Levels(chance, best, shifts=bool(np.ptp(equal) > 1e-6))


def _lowest(function, pairs, values, axes) -> float:
    """The smallest value near the smallest of some, by a search along the axes."""
    best = int(np.argmin(values))
    at, value, width = np.array(pairs[best]), values[best], 1.0
    for _ in range(_HALVINGS):
        width /= 2
        for _ in range(2):
            near = [at + side * width * np.array(axis) for axis in axes for side in (-1, 1)]
            found = function(near)
            if np.nanmin(found, initial=np.inf) < value:
                at, value = near[int(np.nanargmin(found))], found[np.nanargmin(found)]
    return float(value)
