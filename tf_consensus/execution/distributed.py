"""Training steps on several replicas of a `tf.distribute` strategy, one machine or several.

Keras' own train function fails there with several steps per execution, with XLA, and on several
machines; this one is a loop over `strategy.run`, through the strategy's own interface.
"""

import warnings
from typing import Any

import tensorflow as tf

from tf_consensus.execution.trainable import Compiled, Logs, Step, StepsFunction, Trainable
from tf_consensus.games.autodiff import tf_variables
from tf_consensus.support.layers import coupling, is_seed


def distribute(model: Trainable, step: Step, *, trains: bool) -> StepsFunction:
    """A function of an iterator as Keras' `fit` and `evaluate` call it.

    Args:
        model: compiled `GameModel` under a strategy. All its metrics are scalars, equal on all
            replicas.
        step: `train_step` or `test_step`, which returns the metrics by name.
        trains: whether it is `train_step`. The first batch is inspected (`model.inspect_batch`) on
            the first replica of this machine, after the first execution.

    Returns:
        Function that takes up to `steps_per_execution` steps and returns the last step's logs; it
        raises `StopIteration` when the iterator is exhausted.
    """
    steps = _ReplicaSteps(model, step)
    one, several = steps.one, steps.several
    if not model.run_eagerly:
        one = tf.function(lambda data: steps.one(data), autograph=False, reduce_retracing=True)
        several = tf.function(lambda *arguments: steps.several(*arguments), autograph=False)

    def function(iterator: Any) -> Logs:
        looks = model.takes_look(trains)
        if not isinstance(iterator, tf.distribute.DistributedIterator):
            return one(next(iterator))  # for train_on_batch and the like
        rows = tf.constant(model.kept_rows())
        count, logs, (numbers, *batch) = several(iterator, tf.constant(looks), rows)
        if looks:
            model.inspect_batch(numbers, batch, trains=trains)
        if count == 0:
            raise StopIteration
        return logs

    return function


class _ReplicaSteps:
    """Steps on all replicas of a model's strategy.

    Args:
        model: as `distribute` takes it.
        step: likewise.
    """

    def __init__(self, model: Trainable, step: Step) -> None:
        self._model, self._step = model, step
        self._strategy, self._limit = model.distribute_strategy, model.steps_per_execution

    def one(self, data: Any) -> Logs:
        """The logs of a step on one batch."""
        return self._local(self._strategy.run(self._step, args=(data,)))

    def several(
        self, iterator: Any, looks: tf.Tensor, rows: tf.Tensor
    ) -> tuple[tf.Tensor, Logs, list[tf.Tensor]]:
        """Steps on the iterator's next batches.

        Args:
            iterator: the iterator of a distributed data set.
            looks: a bool, whether to look at the first batch.
            rows: an integer, how many examples of that batch are kept.

        Returns:
            The number of steps, the last one's logs, and what was seen of the first batch.
        """

        def take(count: tf.Tensor, more: tf.Tensor, logs: Logs, seen: Any) -> tuple[Any, ...]:
            data = iterator.get_next_as_optional()
            more = data.has_value()
            first = looks & more & tf.equal(count, 0)
            seen = tf.cond(first, lambda: self._look(data.get_value(), rows), lambda: seen)
            logs = tf.cond(more, lambda: self.one(data.get_value()), lambda: logs)
            return count + tf.cast(more, tf.int32), more, logs, seen

        nothing, shapes = self._model.nothing_seen()
        logs = {metric.name: tf.zeros((), metric.dtype) for metric in self._model.metrics}
        scalar = tf.TensorShape(())
        count, _, logs, seen = tf.while_loop(
            lambda count, more, logs, seen: more & (count < self._limit),
            take,
            (tf.constant(0), tf.constant(True), logs, nothing),
            (scalar, scalar, dict.fromkeys(logs, scalar), shapes),
            parallel_iterations=1,
        )
        return count, logs, seen

    def _look(self, data: Any, rows: tf.Tensor) -> list[tf.Tensor]:
        return self._model.seen_of_batch(self._model.prepared(self._local(data)), rows)

    def _local(self, values: Any) -> Any:
        """Nested values of this machine's first replica."""
        results = self._strategy.experimental_local_results
        return tf.nest.map_structure(lambda v: results(v)[0], values)


def check_scope(model: Compiled) -> None:
    """Raises `ValueError` unless model and optimizer were made in the scope of one strategy."""
    strategy = model.distribute_strategy
    variables = tf_variables([*model.variables, *model.optimizer.variables])
    outside = [x for x in variables if not strategy.extended.variable_created_in_scope(x)]
    if outside:
        raise ValueError(
            "Networks, GAN and optimizer must be made in the scope of the strategy that trains "
            f"them. Received: {type(strategy).__name__}, and {len(outside)} of {len(variables)} "
            f"variables made outside of its scope, such as '{outside[0].name}'. Build the networks "
            "and the GAN, make the optimizer and call `compile` within one `with "
            "strategy.scope():`."
        )


def exchanges(model: Compiled) -> bool:
    """Whether there are replicas whose exchange cannot be part of an XLA program."""
    strategy = model.distribute_strategy
    on_tpu = isinstance(strategy, tf.distribute.TPUStrategy)
    return strategy.num_replicas_in_sync > 1 and not on_tpu


def compiles_pieces(model: Compiled) -> bool:
    """Whether the evaluations of a model's game are XLA programs one by one (`CompiledGame`)."""
    return exchanges(model) and model.jit_compile and not _assigned(model)


def warn_of_layers(model: Compiled) -> None:
    """Warns of layers that replicas cannot compile, or treat part by part."""
    layers = coupling(*model.layers_of_players())
    apart = [layer.name for layer in layers if not getattr(layer, "synchronized", False)]
    if apart:
        _warn(
            "Each replica normalizes or mixes its part of the batch separately, which is "
            "another method than that of the whole batch. "
            f"Received: {', '.join(apart)}, not synchronized. "
            "Build them as BatchNormalization(synchronized=True), or leave them out."
        )
    if exchanges(model) and model.jit_compile and _assigned(model):
        _warn(
            "With several replicas XLA cannot compile a step that assigns variables besides the "
            f"optimizer's. Received: jit_compile=True and {', '.join(_assigned(model))}. Training "
            "goes on without XLA; leave out what has moving averages, or jit_compile."
        )


def _assigned(model: Compiled) -> list[str]:
    """Names of the layers' variables that training assigns besides the optimizer's."""
    layers = model.layers_of_players()
    state = [x for layer in layers for x in layer.non_trainable_variables]
    return [x.path for x in state if not is_seed(x)]


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=5)
