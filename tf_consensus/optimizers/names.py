"""The names by which Keras finds its optimizers."""

import inspect
from typing import Any

import keras

from tf_consensus.support.checks import nearest


def remedy(identifier: Any) -> str:
    """What to write in place of a name or config that Keras does not know.

    Args:
        identifier: the name or config.
    """
    classes = {x.__name__.lower(): x.__name__ for x in _classes()}
    found = classes.get(identifier.lower()) if isinstance(identifier, str) else None
    if found:
        return f"Keras does not find it by its name: pass keras.optimizers.{found}()."
    names = known()
    return f"{nearest(identifier, names)}The names are {', '.join(names)}."


def known() -> list[str]:
    """The names, in alphabetical order."""
    return sorted(x.__name__.lower() for x in _classes() if _is_found(x))


def _classes() -> list[type]:
    base, wrapper = keras.optimizers.Optimizer, keras.optimizers.LossScaleOptimizer
    found = [x for x in vars(keras.optimizers).values() if inspect.isclass(x)]
    return [x for x in found if issubclass(x, base) and x not in (base, wrapper)]


def _is_found(cls: type) -> bool:
    """Whether Keras finds it and makes one by its name alone, which fails for Lamb, for example."""
    try:
        keras.optimizers.get(cls.__name__.lower())
    except (KeyError, TypeError, ValueError):
        return False
    return True
