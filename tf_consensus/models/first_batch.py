"""Checks the first batch of a training or an evaluation before it is used.

Wrong data are mostly wrong from the start, and checking only the first batch costs the steps no
time. The batch is taken from the data, checked, and put back.
"""

import itertools
from collections.abc import Callable
from typing import Any

import tensorflow as tf


def count_broken(batch: Any) -> tf.Tensor:
    """How many examples a batch has, and how many of its numbers are NaN or infinite.

    Args:
        batch: nested tensors, each with one row per example, or scalars.

    Returns:
        float64, (2,).
    """
    parts = [tf.convert_to_tensor(part) for part in tf.nest.flatten(batch)]
    sizes = [tf.shape(part)[0] for part in parts if part.shape.rank != 0]
    infinite = [~tf.math.is_finite(part) for part in parts if part.dtype.is_floating]
    counts = [tf.math.count_nonzero(part, dtype=tf.int32) for part in infinite]
    numbers = [sizes[0] if sizes else tf.constant(1), tf.add_n([tf.constant(0), *counts])]
    return tf.cast(tf.stack(numbers), tf.float64)


def refuse_broken(numbers: Any) -> None:
    """Raises `ValueError` if a batch cannot train, from the numbers of `count_broken`."""
    examples, broken = (int(x) for x in numbers)
    if not examples:
        raise ValueError(EMPTY.format("a first batch without examples"))
    if broken:
        raise ValueError(
            "Data must be finite numbers. Received: a first batch of "
            f"{examples} examples with {broken:,} values that are NaN or infinite. Look at where "
            "the data come from, for example a division by a standard deviation of 0."
        )


class FirstLooks:
    """The questions about its first batch that training and evaluation ask a model.

    A subclass defines `prepared(data)`, which prepares a batch for a step, and finds in `see_batch`
    and `inspect_batch` what is wrong with one.

    Attributes:
        steps_per_execution: largest number of batches that a call of the function takes.
    """

    steps_per_execution: int

    # Whether training and evaluation check their next batch.
    _to_look: frozenset[bool] = frozenset({True, False})

    def look(self, trains: bool) -> None:
        """Makes training or evaluation check its next batch."""
        self._to_look = self._to_look | {trains}

    def takes_look(self, trains: bool) -> bool:
        """Whether to check the next batch; asking resets it."""
        looks = trains in self._to_look
        self._to_look = self._to_look - {trains}
        return looks

    def look_at(self, batches: Any, count: int) -> None:
        """Checks the first of some batches to train with, stacked along a first axis.

        Args:
            batches: nested tensors (batches, batch, …).
            count: number of batches.

        Raises:
            ValueError: if there is none, or the first cannot train.
        """
        if count == 0:
            raise ValueError(EMPTY.format("data without a batch"))
        first = self.prepared(tf.nest.map_structure(lambda t: t[0], batches))
        self.inspect_batch(self.see_batch(first), first, trains=True)

    def prepared(self, data: Any) -> Any:
        """The batch as a step uses it."""
        raise NotImplementedError

    def see_batch(self, batch: Any) -> tf.Tensor:
        """The number of examples in a batch, and of its numbers that are not finite; (2,)."""
        return count_broken(batch)

    def inspect_batch(self, numbers: Any, batch: Any = None, *, trains: bool) -> None:
        """Raises `ValueError` if a batch with these numbers (`see_batch`) cannot train."""
        del batch, trains
        refuse_broken(numbers)

    def kept_rows(self) -> int:
        """The number of examples of the first batch to keep, for `seen_samples.kept`."""
        return 0

    def seen_of_batch(self, batch: Any, rows: tf.Tensor) -> list[tf.Tensor]:
        """The numbers of `see_batch`, and the first rows to keep, in a loop on replicas.

        Args:
            batch: nested tensors (batch, …).
            rows: number of examples to keep, a scalar.
        """
        del rows
        return [self.see_batch(batch)]

    def nothing_seen(self) -> tuple[list[tf.Tensor], list[tf.TensorShape]]:
        """What `seen_of_batch` returns without a batch, and its shapes with one."""
        return [tf.zeros(2, tf.float64)], [tf.TensorShape(2)]


def looked_at(
    model: FirstLooks, function: Callable[[Any], Any], trains: bool
) -> Callable[[Any], Any]:
    """A train or test function that checks the first batch after `model.look(trains)`.

    Args:
        model: compiled `GameModel`.
        function: function of an iterator.
        trains: whether it trains.

    Returns:
        Function of an iterator; all of its batches reach `function`.
    """

    def watched(iterator: Any) -> Any:
        if not model.takes_look(trains):
            return function(iterator)
        first, iterator = peek(iterator, model.steps_per_execution)
        if first is not None:
            first = model.prepared(first)
            model.inspect_batch(model.see_batch(first), first, trains=trains)
        return function(iterator)

    return watched


def peek(iterator: Any, steps: int) -> tuple[Any, Any]:
    """The first batch, and an iterator that still has all batches of one execution.

    The batch is `None` if it cannot be put back, as on replicas, which check it themselves.

    Raises:
        ValueError: if there is no batch.
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
    # It has the same specification, so nothing is traced again.
    again = tf.data.Dataset.from_generator(lambda: batches, output_signature=iterator.element_spec)
    options = tf.data.Options()
    options.autotune.enabled = False
    return first, iter(again.with_options(options))


def _is_dense(iterator: Any) -> bool:
    specs = tf.nest.flatten(getattr(iterator, "element_spec", None))
    return all(spec is None or type(spec) is tf.TensorSpec for spec in specs)


EMPTY = (
    "Training and evaluation take at least one batch of at least one example. Received: {}. Look "
    "at the path, the split and the filters of the data; a Python generator is used up after one "
    "pass."
)
