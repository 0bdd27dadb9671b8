"""Training steps on several replicas of a `tf.distribute` strategy, one machine or several.

Keras' own train function fails there with several steps per execution, with XLA, and on several
machines; this one is a loop over `strategy.run`, by the strategy's own interface.
"""

import warnings
from collections.abc import Callable

import tensorflow as tf

from tf_consensus.games.autodiff import tf_variables
from tf_consensus.support.evaluation import is_seed
from tf_consensus.support.layers import coupling


def distribute(model, step: Callable, *, trains: bool) -> Callable:
    """A function of an iterator as Keras' `fit` and `evaluate` call it.

    Args:
        model: compiled `GameModel` under a strategy. All its metrics are scalars, equal on all
            replicas.
        step: `train_step` or `test_step`, which returns the metrics by name.
        trains: which of the two it is. The first batch is looked at (`model.inspect`) on the
            first replica of this machine, after the first execution.

    Returns:
        Function that takes up to `steps_per_execution` steps and returns the last step's logs; it
        raises `StopIteration` when the iterator is exhausted.
    """
    strategy, limit = model.distribute_strategy, model.steps_per_execution

    def one_step(data):
        logs = strategy.run(step, args=(data,))
        return tf.nest.map_structure(lambda v: strategy.experimental_local_results(v)[0], logs)

    def look_local(data, rows):
        local = tf.nest.map_structure(lambda v: strategy.experimental_local_results(v)[0], data)
        return model.seen(model.prepared(local), rows)

    def several_steps(iterator, looks, rows):
        def take(count, more, logs, seen):
            data = iterator.get_next_as_optional()
            more = data.has_value()
            first = looks & more & tf.equal(count, 0)
            seen = tf.cond(first, lambda: look_local(data.get_value(), rows), lambda: seen)
            logs = tf.cond(more, lambda: one_step(data.get_value()), lambda: logs)
            return count + tf.cast(more, tf.int32), more, logs, seen

        nothing, shapes = model.nothing_seen()
        start = (tf.constant(0), tf.constant(True), _no_logs(model), nothing)
        scalar = tf.TensorShape(())
        count, _, logs, seen = tf.while_loop(
            lambda count, more, logs, seen: more & (count < limit),
            take,
            start,
            (scalar, scalar, dict.fromkeys(start[2], scalar), shapes),
            parallel_iterations=1,
        )
        return count, logs, seen

    one_batch = one_step
    if not model.run_eagerly:
        several_steps = tf.function(several_steps, autograph=False)
        one_batch = tf.function(one_step, autograph=False, reduce_retracing=True)

    def function(iterator):
        looks = model.takes_look(trains)
        if not isinstance(iterator, tf.distribute.DistributedIterator):
            return one_batch(next(iterator))  # of train_on_batch and the like
        rows = tf.constant(model.kept_rows())
        count, logs, (numbers, *batch) = several_steps(iterator, tf.constant(looks), rows)
        if looks:
            model.inspect(numbers, batch, trains=trains)
        if count == 0:
            raise StopIteration
        return logs

    return function


def _no_logs(model):
    return {metric.name: tf.zeros((), metric.dtype) for metric in model.metrics}


def check_scope(model) -> None:
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


def exchanges(model) -> bool:
    """Whether there are replicas whose exchange cannot be part of an XLA program."""
    strategy = model.distribute_strategy
    on_tpu = isinstance(strategy, tf.distribute.TPUStrategy)
    return strategy.num_replicas_in_sync > 1 and not on_tpu


def compiles_pieces(model) -> bool:
    """Whether the evaluations of a model's game are XLA programs one by one (`CompiledGame`)."""
    return exchanges(model) and model.jit_compile and not _assigned(model)


def warn_of_layers(model) -> None:
    """Warns of layers that replicas cannot compile, or treat part by part."""
    layers = coupling(*model.layers_of_players())
    apart = [layer.name for layer in layers if not getattr(layer, "synchronized", False)]
    if apart:
        _warn(
            "Each replica normalizes its part of the batch, or mixes it, by itself, which is "
            "another method than that of the whole batch. "
            f"Received: {', '.join(apart)}, not synchronized. "
            "Build them by BatchNormalization(synchronized=True), or do without."
        )
    if exchanges(model) and model.jit_compile and _assigned(model):
        _warn(
            "With several replicas XLA cannot compile a step that assigns variables beside the "
            f"optimizer's. Received: jit_compile=True and {', '.join(_assigned(model))}. Training "
            "goes on without XLA; leave out what has moving averages, or jit_compile."
        )


def _assigned(model):
    """Names of the layers' variables that training assigns beside the optimizer."""
    layers = model.layers_of_players()
    state = [x for layer in layers for x in layer.non_trainable_variables]
    return [x.path for x in state if not is_seed(x)]


def _warn(message):
    warnings.warn(message, UserWarning, stacklevel=5)
