"""The first batch of a training or an evaluation, looked at before it is used.

What is wrong with data is mostly wrong from the start, and then a look at one batch costs no step
any time. The batch is taken from the data, looked at, and put back.
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
    """Raises `ValueError` if a batch, of which `count_broken` is known, cannot train."""
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
    """What a model is asked about its first batch, by the functions that train and evaluate.

    A subclass defines `prepared(data)`, what a step makes of a batch, and says by `see_batch` and
    `inspect_batch` what is wrong with one.

    Attributes:
        steps_per_execution: how many batches a call of the function takes at most.
    """

    steps_per_execution: int

    # Whether training and evaluation look at their next batch.
    _to_look: frozenset[bool] = frozenset({True, False})

    def look(self, trains: bool) -> None:
        """Has training, or evaluation, look at its next batch."""
        self._to_look = self._to_look | {trains}

    def takes_look(self, trains: bool) -> bool:
        """Whether it is to look at the next batch, which is asked once."""
        looks = trains in self._to_look
        self._to_look = self._to_look - {trains}
        return looks

    def look_at(self, batches: Any, count: int) -> None:
        """Inspects the first of some batches to train with, stacked along a first axis.

        Args:
            batches: nested tensors (batches, batch, …).
            count: how many there are.

        Raises:
            ValueError: if there is none, or the first is one that cannot train.
        """
        if count == 0:
            raise ValueError(EMPTY.format("data without a batch"))
        first = self.prepared(tf.nest.map_structure(lambda t: t[0], batches))
        self.inspect_batch(self.see_batch(first), first, trains=True)

    def prepared(self, data: Any) -> Any:
        """What a step makes of a batch."""
        raise NotImplementedError

    def see_batch(self, batch: Any) -> tf.Tensor:
        """How many examples a batch has, and how many of its numbers are not finite; (2,)."""
        return count_broken(batch)

    def inspect_batch(self, numbers: Any, batch: Any = None, *, trains: bool) -> None:
        """Raises `ValueError` if a batch of such numbers (`see_batch`) cannot train."""
        del batch, trains
        refuse_broken(numbers)

    def kept_rows(self) -> int:
        """How many examples of the first batch somebody wants kept."""
        return 0

    def seen_of_batch(self, batch: Any, rows: tf.Tensor) -> list[tf.Tensor]:
        """What `see_batch` says, and what is kept of the first rows, in a loop on replicas.

        Args:
            batch: nested tensors (batch, …).
            rows: how many examples are kept, a scalar.
        """
        del rows
        return [self.see_batch(batch)]

    def nothing_seen(self) -> tuple[list[tf.Tensor], list[tf.TensorShape]]:
        """As `seen_of_batch` of no batch, and the shapes of what that returns of one."""
        return [tf.zeros(2, tf.float64)], [tf.TensorShape(2)]


def looked_at(
    model: FirstLooks, function: Callable[[Any], Any], trains: bool
) -> Callable[[Any], Any]:
    """A train or test function that looks at the first batch after `model.look(trains)`.

    Args:
        model: compiled `GameModel`.
        function: function of an iterator.
        trains: whether it trains.

    Returns:
        Function of an iterator, whose batches all get to `function`.
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

    It is `None` where the batch cannot be put back, as on replicas, which look for themselves.

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
    # Of the same specification, so that nothing is traced again.
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
