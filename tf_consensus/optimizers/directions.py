"""Steps of plain Keras optimizers along a direction, and values of lists of variables."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games import vectors
from tf_consensus.games.linearization import Linearization
from tf_consensus.games.vector_checks import check_vector
from tf_consensus.optimizers.inner import CLIPS
from tf_consensus.optimizers.per_player import OptimizerPerPlayer
from tf_consensus.optimizers.warm_averages import warm_average


def apply_direction(
    optimizer: keras.optimizers.Optimizer | OptimizerPerPlayer,
    direction: Sequence[tf.Tensor],
    variables: Sequence[Any],
) -> None:
    """Moves `variables` along `direction` (ascent) by a step of a plain Keras optimizer.

    Keras descends and sums over the replicas of a strategy: the sign and the number of replicas
    enter here and nowhere else. In an `OptimizerPerPlayer` each optimizer moves its own player.
    Averages that the optimizer keeps (`use_ema`) have a warm start (`warm_average`).

    Args:
        optimizer: the inner optimizer, `self.inner_optimizer` of a `GameOptimizer`.
        direction: one tensor per variable. On replicas their mean is the direction taken.
        variables: the variables that it was built with, or some of them.

    Raises:
        TypeError: if it is not an optimizer.
        ValueError: if there is not one tensor per variable, or the players are not known.
    """
    if isinstance(optimizer, OptimizerPerPlayer):
        check_vector("direction", direction, variables)
        with tf.control_dependencies(list(direction)):
            for inner, w, own in optimizer.split(direction, variables):
                apply_direction(inner, w, own)
        return
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise TypeError(
            f"`optimizer` must be a Keras optimizer. Received: optimizer={optimizer!r}. For "
            "example keras.optimizers.SGD(0.1)."
        )
    check_vector("direction", direction, variables)
    # In a graph, the order of reading a variable for one player's gradient and updating it for
    # another's can get lost: TensorFlow drops it as implied by the IdentityN of Keras' all-reduce,
    # then drops the IdentityN. So the whole direction is computed before any update.
    with tf.control_dependencies(list(direction)):
        descent = [-w for w in _shares(direction, optimizer)]
        with warm_average(optimizer):
            optimizer.apply(descent, list(variables))


def _shares(
    direction: Sequence[tf.Tensor], optimizer: keras.optimizers.Optimizer
) -> list[tf.Tensor]:
    """What each replica hands over, such that Keras' sum over them is the mean direction."""
    context = tf.distribute.get_replica_context()
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    if replicas == 1:
        return list(direction)
    if not any(getattr(optimizer, key) for key in CLIPS):
        return [w / replicas for w in direction]
    # Keras clips each share before it sums them: one replica hands over the whole, the others 0.
    first = tf.equal(context.replica_id_in_sync_group, 0)
    whole = vectors.replica_mean(direction)
    return [tf.where(first, w, tf.zeros_like(w)) for w in whole]


def variables_of(linearization: Linearization) -> list[Any]:
    """The variables of a linearization's field.

    Raises:
        ValueError: if it does not know them.
    """
    if linearization.variables is None:
        raise ValueError(
            "A step moves the variables of the field, so it must know them. Received: a "
            "linearization with variables=None. Make one with `game.linearize()`, or pass "
            "`variables` to `Linearization`."
        )
    return linearization.variables


def values_of(variables: Sequence[Any]) -> list[tf.Tensor]:
    """The variables' current values, which later assignments do not change."""
    return [tf.convert_to_tensor(x) for x in variables]


def assign(variables: Sequence[Any], values: Sequence[tf.Tensor]) -> None:
    """Assigns each of the variables its value."""
    for x, value in zip(variables, values, strict=True):
        x.assign(value)
