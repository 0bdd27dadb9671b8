"""The losses of samples that consist of several tensors, which lie side by side in rows."""

from typing import Any

import tensorflow as tf

from tf_consensus.models.opposition import Discriminate, Opposition
from tf_consensus.models.parts import Parts
from tf_consensus.support.inputs import Inputs


class PartsOpposition(Opposition):
    """An `Opposition` on rows, whose penalties that are functions get the parts themselves.

    Args:
        objective: as `Opposition`'s.
        penalties: as `Opposition`'s.
        samples: what the rows hold.
    """

    def __init__(self, objective: Any, penalties: Any, samples: Parts) -> None:
        super().__init__(objective, penalties)
        self._samples = samples

    def function_value(
        self, penalty: Any, discriminate: Discriminate, real: Inputs, fake: Inputs
    ) -> tf.Tensor:
        """The value of a penalty that is a function, a scalar."""
        samples, dtype = self._samples, tf.convert_to_tensor(real).dtype

        def judge(parts: Any) -> tf.Tensor:
            return discriminate(samples.rows(parts, dtype))

        return super().function_value(penalty, judge, *map(samples.of_rows, (real, fake)))
