"""Looks at a first batch: whether its numbers are in the range of what generators make."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.models.first_batch import FirstLooks
from tf_consensus.models.range_warnings import warn_of_probabilities, warn_of_range
from tf_consensus.objectives import Objective


class RangeLooks(FirstLooks):
    """The questions about its first batch that training asks a model with several kinds of data.

    A subclass defines `imitated`.

    Attributes:
        discriminators: function that returns the networks that judge.
        objective: the objective.
        warned: names of the warnings about the data.
    """

    discriminators: Callable[[], list[keras.Layer]]
    objective: Objective
    warned: set[str]

    def imitated(self, batch: Any = None) -> Sequence[tuple[keras.Model, Any]]:
        """Each generator, and what of a batch it imitates.

        Args:
            batch: what `prepared` returned; `None` asks for shapes, (None, …).
        """
        raise NotImplementedError

    def see_batch(self, batch: Any) -> tf.Tensor:
        """As `FirstLooks`', and the ends of the range of what each generator imitates."""
        kinds = [samples for _, samples in self.imitated(batch)]
        ends = [end(samples) for samples in kinds for end in (tf.reduce_min, tf.reduce_max)]
        ends = [tf.cast(end, tf.float64) for end in ends]
        return tf.concat([super().see_batch(batch), tf.stack(ends)], axis=0)

    def nothing_seen(self) -> tuple[list[tf.Tensor], list[tf.TensorShape]]:
        """What `seen_of_batch` returns without a batch, and its shapes with one."""
        width = 2 + 2 * len(self.imitated())
        return [tf.zeros(width, tf.float64)], [tf.TensorShape(width)]

    def inspect_batch(self, numbers: Any, batch: Any = None, *, trains: bool) -> None:
        """As `FirstLooks`'; before training it warns of ranges that do not fit."""
        numbers = np.asarray(numbers)
        super().inspect_batch(numbers[:2], batch, trains=trains)
        if not trains:
            return
        self.look_at_ends(int(numbers[0]), numbers[2:].reshape(-1, 2))
        for network in self.discriminators():
            if isinstance(network, keras.Model):
                warn_of_probabilities(network, self.objective, self.warned)

    def look_at_ends(self, examples: int, ends: np.ndarray) -> None:
        """Warns of numbers that a generator cannot make.

        Args:
            examples: number of examples.
            ends: the smallest and the largest number of each kind, (kinds, 2).
        """
        for (generator, shape), (low, high) in zip(self.imitated(), ends, strict=True):
            values = examples * math.prod(side or 1 for side in shape[1:])
            warn_of_range(generator, (float(low), float(high)), values, self.warned)
