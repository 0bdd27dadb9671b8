"""What is known to be differentiated exactly, and what a GAN holds beside it.

The layers of `keras.layers` are known, except those that run code of the user's or of another
framework. The functions of `keras.activations`, Keras' regularizers and all of this package are
known too. Each is known by its exact type: a subclass may do anything.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras

from tf_consensus.support.layers import walk

# Layers that run somebody else's code, or are bases to derive from.
EXCEPTIONS = frozenset(
    {"FlaxLayer", "JaxLayer", "Lambda", "Layer", "TFSMLayer", "TorchModuleWrapper", "Wrapper"}
)


def _classes(module, base) -> frozenset:
    found = vars(module).values()
    return frozenset(x for x in found if isinstance(x, type) and issubclass(x, base))


LAYERS = frozenset(x for x in _classes(keras.layers, keras.Layer) if x.__name__ not in EXCEPTIONS)
REGULARIZERS = _classes(keras.regularizers, keras.regularizers.Regularizer)
ACTIVATIONS = tuple(f for f in vars(keras.activations).values() if callable(f))


def unknown(networks: dict[str, keras.Model], terms: Sequence[Any] = ()) -> list[str]:
    """Descriptions of what is not known to be exact, each once.

    Args:
        networks: the players' networks, by the players' names.
        terms: objective and penalties: objects of this package, or any others.

    Returns:
        For each unknown layer, activation, regularizer, operation and term what it is, its name,
        and whose it is.

    Example:
        >>> unknown({"generator": keras.Sequential([keras.layers.Lambda(abs, name="fold")])})
        ["layer 'fold' (Lambda) of the generator"]
    """
    found = []
    for owner, network in networks.items():
        for layer in walk(network):
            found += [f"{what} of the {owner}" for what in _in_layer(layer)]
    for term in terms:
        if not _is_ours(term):
            found.append(f"the function or object '{_name(term)}' among penalties and objective")
        for layer in walk(term):
            found += [f"{what} in '{_name(term)}'" for what in _in_layer(layer)]
    return list(dict.fromkeys(found))


def unknown_layers(losses: Callable[..., Any]) -> list[str]:
    """Descriptions of what is unknown in the layers that a function holds."""
    return list(dict.fromkeys(what for layer in walk(losses) for what in _in_layer(layer)))


def _in_layer(layer) -> Iterator[str]:
    """What is unknown of a layer itself, not of those inside it."""
    kind = type(layer)
    if not (kind in LAYERS or _is_ours(layer) or _is_keras_model(layer)):
        yield f"layer '{layer.name}' ({kind.__name__})"
    for key, value in vars(layer).items():
        if key.endswith("activation") and not _is_known_activation(value):
            yield f"activation '{_name(value)}' in layer '{layer.name}'"
        if key.endswith("regularizer") and not (value is None or type(value) in REGULARIZERS):
            yield f"regularizer '{_name(value)}' in layer '{layer.name}'"
    for operation in getattr(layer, "operations", ()):
        if not isinstance(operation, keras.Layer):
            yield f"operation '{operation.name}' ({type(operation).__name__})"


def _is_known_activation(value):
    layer = isinstance(value, keras.Layer)  # the walk meets it by itself
    return not callable(value) or layer or value in ACTIVATIONS


def _is_keras_model(layer):
    return isinstance(layer, keras.Model) and type(layer).__module__.split(".")[0] == "keras"


def _is_ours(value):
    return type(value).__module__.split(".")[0] == __name__.split(".")[0]


def _name(value):
    return getattr(value, "__name__", type(value).__name__)
