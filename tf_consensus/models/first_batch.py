"""The first batch of a training or an evaluation, looked at before it is used.

What is wrong with data is mostly wrong from the start, and then a look at one batch costs no step
any time. The batch is taken from the data, looked at, and put back.
"""

import itertools
import math
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_consensus.models.range_warnings import warn_of_probabilities, warn_of_range
from tf_consensus.support.inputs import split


class Seen(NamedTuple):
    """What a batch was seen to hold.

    Attributes:
        examples: how many.
        broken: how many of the samples' numbers are NaN or infinite.
        low: the smallest of the others.
        high: the largest.
        first_label: the smallest label; 0 without labels.
        last_label: the largest.
    """

    examples: int
    broken: int
    low: float
    high: float
    first_label: int
    last_label: int


class Kept(NamedTuple):
    """The beginning of the first batch of a training.

    Attributes:
        parts: samples, and labels if there are any; as the networks take them.
        seen: what the whole batch was seen to hold.
    """

    parts: tuple[np.ndarray, ...]
    seen: Seen


# By model: how many examples are to be kept, and those that are.
_WANTED: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()
_KEPT: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def keep(model, examples: int) -> None:
    """Has training keep so many examples of the batch that it looks at next, for `kept`."""
    _WANTED[model] = max(examples, _WANTED.get(model, 0))


def wanted(model) -> int:
    """How many examples are to be kept."""
    return _WANTED.get(model, 0)


def kept(model) -> Kept | None:
    """What was kept; `None` before the first batch, or where nobody has asked for it."""
    return _KEPT.get(model)


def describe(batch) -> tf.Tensor:
    """The numbers of `Seen` of samples, or a tuple of samples and labels; float64, (6,)."""
    samples, labels = split(batch)
    finite = tf.math.is_finite(samples) if samples.dtype.is_floating else tf.ones_like(samples) == 1
    known = tf.boolean_mask(samples, finite)
    kept = [_ends(known), _ends(labels[0])] if labels else [_ends(known), [0.0, 0.0]]
    broken = tf.size(samples) - tf.size(known)
    numbers = [tf.shape(samples)[0], broken, *kept[0], *kept[1]]
    return tf.stack([tf.cast(number, tf.float64) for number in numbers])


def _ends(values):
    # Of no values the smallest is the largest number there is.
    values = tf.cast(values, tf.float64)
    return [tf.reduce_min(values), tf.reduce_max(values)]


def seen_of(numbers) -> Seen:
    """What a batch was seen to hold, of what `describe` returned."""
    values = [float(x) for x in np.asarray(numbers)]
    return Seen(int(values[0]), int(values[1]), *values[2:4], *map(_whole, values[4:]))


def inspect(model, numbers, batch=None, *, trains: bool) -> None:
    """Says what is wrong with a batch, by what was seen.

    Args:
        model: the `GAN`.
        numbers: what `describe` returned.
        batch: the batch, or its beginning, for `kept`; samples, or samples and labels.
        trains: whether the batch is one to train with; that of an evaluation gets no warnings.

    Raises:
        ValueError: if there is no example, a sample is NaN or infinite, or a label is no class.

    Warns:
        UserWarning: if the samples are not in the range of the generator's last activation, or the
            discriminator ends in probabilities where the objective takes logits; once a model.
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


def check_label_range(num_classes: int | None, first: int, last: int) -> None:
    """Raises `ValueError` if labels are no classes."""
    if num_classes is not None and not 0 <= first <= last < num_classes:
        raise ValueError(
            f"Labels must be from 0 to num_classes - 1 = {num_classes - 1}. Received: labels from "
            f"{first} to {last}. Count the classes from 0, and give GAN all of them by num_classes."
        )


def look(model, batches, count: int) -> None:
    """Inspects the first of some batches to train with, stacked along a first axis.

    Args:
        model: compiled `GAN`.
        batches: nested tensors (batches, batch, …).
        count: how many there are; for none it raises `ValueError`.
    """
    if count == 0:
        raise ValueError(EMPTY.format("data without a batch"))
    first = tf.nest.map_structure(lambda t: t[0], batches)
    first = model.prepared(first)
    inspect(model, describe(first), first, trains=True)


def looked_at(model, function: Callable, trains: bool) -> Callable:
    """A train or test function that looks at the first batch after `model.look(trains)`.

    Args:
        model: compiled `GAN`.
        function: function of an iterator.
        trains: whether it trains.

    Returns:
        Function of an iterator, whose batches all get to `function`.
    """

    def watched(iterator):
        if not model.takes_look(trains):
            return function(iterator)
        first, iterator = _peek(iterator, model.steps_per_execution)
        if first is not None:
            first = model.prepared(first)
            inspect(model, describe(first), first, trains=trains)
        return function(iterator)

    return watched


def _peek(iterator, steps: int) -> tuple[Any, Any]:
    """The first batch, and an iterator that still has all batches of one execution.

    It is `None` where the batch cannot be put back, as on replicas, which look for themselves.
    """
    if isinstance(iterator, tf.distribute.DistributedIterator) or not _is_dense(iterator):
        return None, iterator
    try:
        first = next(iterator)
    except StopIteration as end:
        raise ValueError(EMPTY.format("data without a batch")) from end
    if not isinstance(iterator, tf.data.Iterator):
        return first, itertools.chain([first], iterator)
    batches = itertools.chain([first], itertools.islice(iterator, steps - 1))
    # Of the same specification, so that nothing is traced again.
    again = tf.data.Dataset.from_generator(lambda: batches, output_signature=iterator.element_spec)
    options = tf.data.Options()
    options.autotune.enabled = False
    return first, iter(again.with_options(options))


def _is_dense(iterator):
    specs = tf.nest.flatten(getattr(iterator, "element_spec", None))
    return all(spec is None or type(spec) is tf.TensorSpec for spec in specs)


def _whole(x):
    return int(x) if np.isfinite(x) else x


EMPTY = (
    "Training and evaluation take at least one batch of at least one example. Received: {}. Look "
    "at the path, the split and the filters of the data; a Python generator is used up after one "
    "pass."
)
