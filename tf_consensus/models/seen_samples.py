"""What the check of a GAN's first batch found: the range of samples, and labels."""

import math
import weakref
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.models.first_batch import EMPTY, FirstLooks
from tf_consensus.models.range_warnings import warn_of_probabilities, warn_of_range
from tf_consensus.objectives import Objective
from tf_consensus.support.inputs import sample_dtype, split


class Seen(NamedTuple):
    """What the check of a batch found.

    Attributes:
        examples: number of examples.
        broken: how many of the samples' numbers are NaN or infinite.
        low: the smallest of the other numbers.
        high: the largest of the other numbers.
        first_label: the smallest label; 0 without labels, infinite without examples.
        last_label: the largest label.
    """

    examples: int
    broken: int
    low: float
    high: float
    first_label: float
    last_label: float


class Kept(NamedTuple):
    """The beginning of the first batch of a training.

    Attributes:
        parts: samples, and labels if there are any, as the networks take them.
        seen: what the check of the whole batch found.
    """

    parts: tuple[np.ndarray, ...]
    seen: Seen


# For each model the number of examples to keep, and those kept.
_WANTED: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
_KEPT: weakref.WeakKeyDictionary[Any, Kept] = weakref.WeakKeyDictionary()


def keep(model: keras.Model, examples: int) -> None:
    """Makes training keep this many examples of the next batch that it checks, for `kept`."""
    _WANTED[model] = max(examples, _WANTED.get(model, 0))


def wanted(model: Any) -> int:
    """The number of examples to keep."""
    return _WANTED.get(model, 0)


def kept(model: keras.Model) -> Kept | None:
    """The examples kept; `None` before the first batch, or if nothing asked for them."""
    return _KEPT.get(model)


def describe(batch: Any) -> tf.Tensor:
    """The numbers of `Seen` for samples, or a tuple of samples and labels; float64, (6,)."""
    samples, labels = split(batch)
    finite = tf.math.is_finite(samples) if samples.dtype.is_floating else tf.ones_like(samples) == 1
    known = tf.boolean_mask(samples, finite)
    kept = [_ends(known), _ends(labels[0])] if labels else [_ends(known), [0.0, 0.0]]
    broken = tf.size(samples) - tf.size(known)
    numbers = [tf.shape(samples)[0], broken, *kept[0], *kept[1]]
    return tf.stack([tf.cast(number, tf.float64) for number in numbers])


def _ends(values: tf.Tensor) -> list[tf.Tensor]:
    # Without values, the smallest is the largest number that there is.
    values = tf.cast(values, tf.float64)
    return [tf.reduce_min(values), tf.reduce_max(values)]


def seen_of(numbers: Any) -> Seen:
    """What the check of a batch found, from the numbers that `describe` returned."""
    examples, broken, low, high, first, last = (float(x) for x in np.asarray(numbers))
    return Seen(int(examples), int(broken), low, high, _whole(first), _whole(last))


def inspect(model: "SampleLooks", numbers: Any, batch: Any = None, *, trains: bool) -> None:
    """Says what is wrong with a batch, from what the check found.

    Args:
        model: the `GAN`.
        numbers: what `describe` returned.
        batch: the batch, or its beginning, for `kept`; samples, or samples and labels.
        trains: whether the batch is for training; a batch for evaluation gets no warnings.

    Raises:
        ValueError: if there is no example, a sample is NaN or infinite, or a label is not a class.

    Warns:
        UserWarning: if the samples are not in the range of the generator's last activation, or the
            discriminator ends in probabilities where the objective takes logits; once per model.
    """
    seen = seen_of(numbers)
    if not seen.examples:
        raise ValueError(EMPTY.format("a first batch without examples"))
    if seen.broken:
        raise ValueError(
            "Samples must be finite numbers. Received: a first batch of "
            f"{seen.examples} samples with {seen.broken:,} values that are NaN or infinite. Look "
            "at where the data come from, for example a division by a standard deviation of 0."
        )
    check_label_range(model.num_classes, seen.first_label, seen.last_label)
    if trains:
        if batch is not None and wanted(model):
            parts = batch if isinstance(batch, list | tuple) else [batch]
            _KEPT[model] = Kept(tuple(np.array(t[: wanted(model)]) for t in parts), seen)
        values = seen.examples * math.prod(side or 1 for side in model.sample_shape[1:])
        warn_of_range(model.generator, (seen.low, seen.high), values, model.warned)
        warn_of_probabilities(model.discriminator, model.objective, model.warned)


def check_label_range(num_classes: int | None, first: float, last: float) -> None:
    """Raises `ValueError` if labels are not classes."""
    if num_classes is not None and not 0 <= first <= last < num_classes:
        raise ValueError(
            f"Labels must be from 0 to num_classes - 1 = {num_classes - 1}. Received: labels from "
            f"{first} to {last}. Count the classes from 0, and build the networks for all of them."
        )


def nothing_seen(model: "SampleLooks") -> tuple[list[tf.Tensor], list[tf.TensorShape]]:
    """What the check finds without a batch, and the shapes of what it finds with one.

    Args:
        model: the `GAN`.

    Returns:
        Tensors as `seen_rows` returns them, without rows, and their shapes.
    """
    shape = tf.TensorShape(model.sample_shape)
    shapes = [tf.TensorShape(6), shape]
    empty = [tf.zeros(6, tf.float64)]
    empty.append(tf.zeros([side or 0 for side in shape], sample_dtype(model.discriminator)))
    if model.num_classes is not None:
        shapes.append(tf.TensorShape([None]))
        empty.append(tf.zeros(0, tf.int32))
    return empty, shapes


def seen_rows(batch: Any, rows: tf.Tensor) -> list[tf.Tensor]:
    """The numbers of `Seen`, (6,), and the first rows of samples (batch, …) and labels (batch,)."""
    samples, labels = split(batch)
    return [describe(batch), samples[:rows], *(x[:rows] for x in labels)]


class SampleLooks(FirstLooks):
    """The questions about its first batch that training asks a GAN.

    Attributes:
        generator: the generator.
        discriminator: the discriminator.
        objective: the objective.
        sample_shape: of the samples, (None, …).
        num_classes: number of classes; `None` for a GAN without labels.
        warned: names of the warnings about the data.
    """

    generator: keras.Model
    discriminator: keras.Model
    objective: Objective
    sample_shape: tuple[int | None, ...]
    num_classes: int | None
    warned: set[str]

    def see_batch(self, batch: Any) -> tf.Tensor:
        """The numbers of `Seen`; (6,)."""
        return describe(batch)

    def inspect_batch(self, numbers: Any, batch: Any = None, *, trains: bool) -> None:
        """As the function `inspect`."""
        inspect(self, numbers, batch, trains=trains)

    def kept_rows(self) -> int:
        """The number of examples of the first batch to keep."""
        return wanted(self)

    def seen_of_batch(self, batch: Any, rows: tf.Tensor) -> list[tf.Tensor]:
        """As `seen_rows`."""
        return seen_rows(batch, rows)

    def nothing_seen(self) -> tuple[list[tf.Tensor], list[tf.TensorShape]]:
        """As the function `nothing_seen`."""
        return nothing_seen(self)


def _whole(x: float) -> float:
    return int(x) if np.isfinite(x) else x
