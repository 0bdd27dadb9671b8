"""Several training steps as one XLA program.

Keras compiles each step separately and calls it from a loop, which takes up to 1.7 times as long as
the steps themselves in a small network. Here the batches of all steps of one execution are gathered
first, and one compiled loop runs over them.
"""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf_consensus.execution.trainable import Logs, Step, StepsFunction, Trainable


def fuse(model: Trainable, train_function: StepsFunction) -> StepsFunction:
    """The train function of a compiled Keras model, fused where that is possible.

    Keras' own `train_function` stays in use in graph mode or eagerly, with one step per execution,
    with several replicas, and for batches whose shapes are not all known.

    Args:
        model: compiled `GameModel`, whose `train_step` returns a scalar per metric.
        train_function: Keras' own train function of the model, which looks at the first batch.

    Returns:
        Function of an iterator that trains for up to `steps_per_execution` steps and returns the
        last step's logs; it raises `StopIteration` when the iterator is exhausted.
    """
    steps = model.steps_per_execution
    if (
        not model.jit_compile
        or model.run_eagerly
        or steps == 1
        or model.distribute_strategy.num_replicas_in_sync > 1
    ):
        return train_function
    gather = tf.function(lambda iterator: _gather(iterator, steps), autograph=False)
    run = tf.function(
        lambda batches, count: _run(model.train_step, batches, count),
        jit_compile=True,
        autograph=False,
    )

    def fused(iterator: Any) -> Logs:
        if not _is_static(iterator):
            return train_function(iterator)
        batches, count = gather(iterator)
        if model.takes_look(trains=True):
            model.look_at(batches, int(count))
        if count == 0:
            raise StopIteration
        return run(batches, count)

    return fused


def _is_static(iterator: Any) -> bool:
    """Whether every batch has one known shape, as a compiled loop over a tensor of them needs."""
    if not isinstance(iterator, tf.data.Iterator):
        return False
    specs = tf.nest.flatten(iterator.element_spec)
    return all(isinstance(s, tf.TensorSpec) and s.shape.is_fully_defined() for s in specs)


def _gather(iterator: tf.data.Iterator, steps: int) -> tuple[Any, tf.Tensor]:
    """Up to `steps` batches, stacked along a new first axis, and how many there were."""
    spec = iterator.element_spec
    arrays = [
        tf.TensorArray(s.dtype, size=steps, element_shape=s.shape) for s in tf.nest.flatten(spec)
    ]

    def more(
        count: tf.Tensor, following: tf.experimental.Optional, arrays: Sequence[tf.TensorArray]
    ) -> tf.Tensor:
        del arrays
        return tf.logical_and(count < steps, following.has_value())

    def take(
        count: tf.Tensor, following: tf.experimental.Optional, arrays: Sequence[tf.TensorArray]
    ) -> tuple[tf.Tensor, tf.experimental.Optional, list[tf.TensorArray]]:
        batch = tf.nest.flatten(following.get_value())
        arrays = [array.write(count, t) for array, t in zip(arrays, batch, strict=True)]
        # A batch taken beyond the last step would be lost to the next execution.
        following = tf.cond(
            count + 1 < steps, iterator.get_next_as_optional, lambda: tf.identity(following)
        )
        return count + 1, following, arrays

    start = (tf.constant(0), iterator.get_next_as_optional(), arrays)
    count, _, arrays = tf.while_loop(more, take, start, parallel_iterations=1)
    return tf.nest.pack_sequence_as(spec, [array.stack() for array in arrays]), count


def _run(train_step: Step, batches: Any, count: tf.Tensor) -> Logs:
    """The train step over the first `count` of the stacked batches; the last step's logs."""
    specs = tf.nest.map_structure(lambda t: tf.TensorSpec(t.shape[1:], t.dtype), batches)
    # Traced once, for the loop's body and for its logs, which must exist before it begins.
    traced = tf.function(train_step, autograph=False).get_concrete_function(specs)
    logs = tf.nest.map_structure(lambda t: tf.zeros(t.shape, t.dtype), traced.structured_outputs)

    def step(index: tf.Tensor, logs: Logs) -> tuple[tf.Tensor, Logs]:
        del logs
        return index + 1, traced(tf.nest.map_structure(lambda t: t[index], batches))

    _, logs = tf.while_loop(
        lambda index, logs: index < count, step, (tf.constant(0), logs), parallel_iterations=1
    )
    return logs
