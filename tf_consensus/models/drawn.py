"""Checks that what a game's `draw` returns comes from the step's random numbers alone."""

from typing import Any

import numpy as np
import tensorflow as tf

from tf_consensus.games.inspection import find_impure, new_operations
from tf_consensus.support.random import SCOPE, Draws


def drawn(model: Any, data: Any, random: Draws) -> Any:
    """The noise of a step.

    Args:
        model: the `GameModel`.
        data: what `prepared` returned.
        random: the step's random numbers.

    Raises:
        ValueError: if something is drawn elsewhere. Such a number would differ between replicas or
            after a resumption, or be the same at each step.
    """
    if tf.executing_eagerly():
        return _without_arrays(model.draw(data, random))
    before = len(new_operations(0))
    noise = _without_arrays(model.draw(data, random))
    made = new_operations(before)
    found = find_impure(made)
    found += [(x.name, x.type) for x in made if _draws_elsewhere(x)]
    if found:
        shown = ", ".join(f"'{name}' ({kind})" for name, kind in found[:3])
        raise ValueError(_ELSEWHERE.format(shown))
    return noise


def _draws_elsewhere(operation: tf.Operation) -> bool:
    return operation.type.startswith("StatelessRandom") and SCOPE not in operation.name


def _without_arrays(noise: Any) -> Any:
    plain = np.ndarray | np.generic | float | int
    found = [x for x in tf.nest.flatten(noise) if isinstance(x, plain)]
    if found:
        raise ValueError(_ELSEWHERE.format(f"a {type(found[0]).__name__}, fixed when traced"))
    return noise


_ELSEWHERE = (
    "`draw` draws by `random.normal(shape)` and `random.uniform(shape)` alone, which follow from "
    "the model's seed and the step. Received: {}. Keep constants in the model or its losses."
)
