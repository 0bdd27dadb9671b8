"""The inner optimizers of a list of optimizers, names or learning rates."""

import keras

from tf_consensus.optimizers.inner import (
    InnerOptimizers,
    Rates,
    make_inner,
    refuse_learning_rate,
)
from tf_consensus.optimizers.per_player import OptimizerPerPlayer


def make_inners(
    optimizer: InnerOptimizers | OptimizerPerPlayer, learning_rate: Rates = None
) -> keras.optimizers.Optimizer | OptimizerPerPlayer:
    """The inner optimizer, or one per player where a list of optimizers or rates is given.

    Args:
        optimizer: name, config or instance of a Keras optimizer, or a list of these.
        learning_rate: float or schedule, for optimizers given by name; or a list of one per player,
            `None` for optimizers that have their own.

    Raises:
        ValueError: as `make_inner`, or if there are not as many rates as optimizers, or one
            optimizer is given twice.
        TypeError: as `make_inner`.
    """
    if isinstance(optimizer, OptimizerPerPlayer):
        optimizer = list(optimizer)
    several = list(learning_rate) if isinstance(learning_rate, list | tuple) else None
    if not isinstance(optimizer, list | tuple):
        if not several:
            return make_inner(optimizer, learning_rate)
        if not isinstance(optimizer, str):
            refuse_learning_rate(learning_rate, optimizer)
        optimizer = [optimizer] * len(several)
    rates = [learning_rate] * len(optimizer) if several is None else several
    if len(rates) != len(optimizer):
        raise ValueError(
            "A list of learning rates has one per player. Received: "
            f"{len(rates)} for {len(optimizer)} inner optimizers. Pass {len(optimizer)}."
        )
    keys = [f"inner_optimizer[{index}]" for index in range(len(optimizer))]
    return OptimizerPerPlayer(list(map(make_inner, optimizer, rates, keys)))
