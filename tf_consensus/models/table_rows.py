"""From a generator's outputs to rows like those of an encoded table."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf_consensus.support.inputs import Inputs, split

# The least uniform number whose Gumbel number is taken: the middle of what stands for 0.
_LEAST = 2.0**-25


def gumbel(uniform: tf.Tensor) -> tf.Tensor:
    """Gumbel numbers g = -log(-log u) from uniform ones on [0, 1)."""
    return -tf.math.log(-tf.math.log(tf.maximum(uniform, tf.cast(_LEAST, uniform.dtype))))


def beside(inputs: Inputs) -> tf.Tensor:
    """Rows or latents (batch, n), and conditions (batch, k) if there are such, side by side."""
    first, conditions = split(inputs)
    return tf.concat([first, *conditions], axis=1) if conditions else first


def activated(
    outputs: tf.Tensor, noise: tf.Tensor, blocks: Sequence[Any], temperature: float
) -> tf.Tensor:
    """Rows (batch, width) from outputs (batch, width): tanh of numbers, softmax of choices.

        numbers:  α = tanh(y)
        choices:  c = softmax((y + g)/τ)

    Args:
        outputs: y.
        noise: g, Gumbel numbers (batch, choices), in the order of the blocks that are choices. By
            them argmax c is a draw from softmax(y), whatever τ is.
        blocks: those of a `data.TableDescription`.
        temperature: τ.
    """
    parts, used = [], 0
    for start, size, choice in blocks:
        part = outputs[:, start : start + size]
        if choice:
            drawn = noise[:, used : used + size]
            parts.append(tf.nn.softmax((part + drawn) / temperature))
            used += size
        else:
            parts.append(tf.tanh(part))
    return tf.concat(parts, axis=1)
