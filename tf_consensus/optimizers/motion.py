"""What steps an optimizer takes, for Keras' own optimizers and for ours."""

from collections.abc import Iterable
from typing import TypeAlias

import keras

from tf_consensus.optimizers.field import GRADIENT, Field
from tf_consensus.optimizers.game_optimizer import GameOptimizer
from tf_consensus.optimizers.per_player import OptimizerPerPlayer

AnyOptimizer: TypeAlias = keras.optimizers.Optimizer | OptimizerPerPlayer


def field_of(optimizer: keras.optimizers.Optimizer) -> Field | None:
    """The field that its steps follow: `GameOptimizer.field`, or the gradient field for Keras'."""
    return optimizer.field if isinstance(optimizer, GameOptimizer) else GRADIENT


def note_of(optimizer: keras.optimizers.Optimizer) -> str:
    """What else must be said about its steps, as `GameOptimizer.field_note`."""
    return optimizer.field_note if isinstance(optimizer, GameOptimizer) else ""


def keras_optimizers_of(optimizer: AnyOptimizer) -> list[keras.optimizers.Optimizer]:
    """Keras' own optimizers that take the steps: one, one per player, or the argument itself."""
    if isinstance(optimizer, OptimizerPerPlayer):
        return list(optimizer)
    if isinstance(optimizer, GameOptimizer):
        return optimizer.keras_optimizers
    return [optimizer]


def names_of_rescaling(optimizers: Iterable[keras.optimizers.Optimizer]) -> list[str]:
    """The names of those that divide each parameter's step by a scale of its own, each once."""
    rescaling = [x for x in optimizers if not isinstance(x, keras.optimizers.SGD)]
    return list(dict.fromkeys(type(x).__name__ for x in rescaling))
