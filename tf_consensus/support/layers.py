"""A walk over all layers that networks, objects and functions hold, and the layers' kinds.

A layer counts wherever it is held: in another layer's attributes, in lists, tuples, dicts and sets
of them at any depth, in wrappers and recurrent cells, in what a function closes over. Keras' own
`Model.layers` is one level deep, and knows nothing of functions.
"""

import contextlib
import functools
import inspect
import types
from typing import Any

import keras

# Keras' layers that mix the examples of a batch when they are called with training=True.
_MIXING = keras.layers.BatchNormalization, keras.layers.MixUp, keras.layers.CutMix


def walk(*roots: Any) -> list[keras.Layer]:
    """All layers that are held by the roots, at any depth, each once.

    Args:
        roots: layers, models, functions, or any objects, whose attributes are searched.

    Returns:
        The layers in the order in which they are met; a root that is a layer precedes its own.

    Example:
        >>> cells = keras.layers.StackedRNNCells([keras.layers.GRUCell(2)])
        >>> [type(x).__name__ for x in walk(keras.layers.RNN(cells))]
        ['RNN', 'StackedRNNCells', 'GRUCell']
    """
    seen: dict[int, Any] = {}
    layers: list[keras.Layer] = []
    for root in roots:
        _visit(root, seen, layers)
        if not isinstance(root, keras.Layer):
            _visit(_attributes(root), seen, layers)
    # A sequential model runs through a functional one of the same layers, which does not count.
    inner = [getattr(x, "_functional", None) for x in layers if isinstance(x, keras.Sequential)]
    return [x for x in layers if not any(x is y for y in inner)]


def coupling(*roots: Any) -> list[keras.Layer]:
    """The layers through which an example's output depends on the others of the batch in training.

    These are batch normalization that is not frozen, MixUp and CutMix, and layers that declare it
    by an attribute `couples_examples = True`.
    """
    return [x for x in walk(*roots) if _couples(x)]


def stochastic(*roots: Any) -> list[keras.Layer]:
    """The layers that draw random numbers in training: those that hold a seed generator."""
    return [x for x in walk(*roots) if seed_generators(x) and not _never_draws(x)]


def seed_generators(layer: keras.Layer) -> list[keras.random.SeedGenerator]:
    """The seed generators that a layer holds itself, not those of its inner layers."""
    found: dict[int, keras.random.SeedGenerator] = {}
    _collect(_attributes(layer), keras.random.SeedGenerator, found)
    return list(found.values())


def is_seed(variable: keras.Variable) -> bool:
    """Whether a variable is the state of a `keras.random.SeedGenerator`."""
    integer = "int" in keras.backend.standardize_dtype(variable.dtype)
    return variable.name == "seed_generator_state" and integer and tuple(variable.shape) == (2,)


def stateful(*roots: Any) -> list[keras.Layer]:
    """The layers with variables that a call in training assigns, seeds' states left out.

    Any variable that never trains counts, moving averages and the vectors of spectral normalization
    for example, unless batch normalization is frozen; so does the memory of a recurrent layer.
    """
    return [x for x in walk(*roots) if _assigns(x)]


def _visit(value, seen, layers):
    """Appends the layers in a value, its containers and functions; `seen` keeps each alive."""
    if id(value) in seen:
        return
    if isinstance(value, keras.Layer):
        layers.append(value)
        held = _attributes(value)
    elif isinstance(value, dict):
        held = list(value.values())
    elif isinstance(value, list | tuple | set | frozenset):
        held = list(value)
    else:
        held = _captured(value)
        if not held:
            return
    seen[id(value)] = value
    for item in held:
        _visit(item, seen, layers)


def _attributes(value):
    return list(getattr(value, "__dict__", {}).values())


def _captured(value):
    """What a function holds: its closure, its defaults, the globals that it names, its owner."""
    if isinstance(value, functools.partial):
        return [value.func, value.args, value.keywords]
    if isinstance(value, types.MethodType):
        return [value.__func__, value.__self__, _attributes(value.__self__)]
    if not isinstance(value, types.FunctionType):
        return [f for f in [getattr(value, "python_function", None)] if callable(f)]
    held: list[Any] = [value.__defaults__, value.__kwdefaults__]
    with contextlib.suppress(ValueError):  # a cell that is still empty
        names = inspect.getclosurevars(value)
        held.append(names.nonlocals)
        # Functions of a module that are named are not followed: they are too many.
        held += [x for x in names.globals.values() if isinstance(x, keras.Layer | list | dict)]
    return held


def _collect(value, kind, found):
    """The instances of a kind in a value and its containers, by id."""
    if isinstance(value, kind):
        found[id(value)] = value
    elif isinstance(value, dict):
        _collect(list(value.values()), kind, found)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            _collect(item, kind, found)


def _couples(layer):
    if isinstance(layer, keras.layers.BatchNormalization):
        return layer.trainable  # frozen, it uses its moving averages
    return isinstance(layer, _MIXING) or bool(getattr(layer, "couples_examples", False))


def _never_draws(layer):
    """Whether it is a recurrent cell without dropout, which holds a seed generator all the same."""
    rates = [getattr(layer, name, None) for name in ("dropout", "recurrent_dropout")]
    return None not in rates and not any(rates)


def _assigns(layer):
    if isinstance(layer, keras.layers.Normalization):
        return False  # its moments are set by `adapt` alone
    if isinstance(layer, keras.layers.BatchNormalization) and not layer.trainable:
        return False
    # Not `non_trainable_variables`, which has frozen weights and inner layers' variables too.
    return bool(layer._non_trainable_variables) or bool(getattr(layer, "stateful", False))
