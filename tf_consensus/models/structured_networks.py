"""Checks of a generator and a discriminator of several inputs and outputs."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.models.checks import check_built, check_precision
from tf_consensus.models.parts import Parts, Shapes
from tf_consensus.support.checks import check_count
from tf_consensus.support.inputs import declared_inputs


def latent_parts(generator: keras.Model, latent_dim: Any) -> Parts:
    """What is drawn for a generator.

    Args:
        generator: built Keras model.
        latent_dim: for each input its size or its shape: one, or a list or a dict of them; None
            reads them from the generator.

    Raises:
        ValueError: if a size is no positive integer, the generator takes other inputs, or it does
            not say what it takes.
    """
    declared = _declared(generator)
    if latent_dim is not None:
        given = Parts(_shapes(latent_dim))
        if declared is not None and not _compatible(given, declared):
            raise ValueError(
                f"`latent_dim` has the structure of the generator's inputs, {declared}. Received: "
                f"latent_dim={latent_dim!r}. None takes the generator's."
            )
        return given
    if declared is None or any(None in shape for shape in declared.shapes):
        found = f"inputs {declared}" if declared else "a call of its own"
        raise ValueError(
            "`latent_dim` is read from a generator whose inputs have known sides. Received: a "
            f"generator with {found}. Pass latent_dim, for example latent_dim=[64, (8, 8, 4)]."
        )
    return declared


def sample_parts(generator: keras.Model, latents: Parts) -> Parts:
    """What a generator makes of such latents.

    Raises:
        TypeError: if an output is of an integer type.
        ValueError: if outputs are nested, or their sides are not known.
    """
    made = _called(generator, latents)
    if isinstance(made, list | tuple) and len(made) == 1:
        (made,) = made  # as Keras returns it outside of symbolic calls
    if isinstance(made, list | tuple | Mapping):
        items = made.items() if isinstance(made, Mapping) else enumerate(made)
        found = dict(items)
    else:
        found = {"": made}
    for part in found.values():
        if not isinstance(part, keras.KerasTensor):
            raise ValueError(
                "A generator returns one tensor, or a list or a dict of tensors. Received: a "
                f"{type(part).__name__} among its outputs. Return them side by side."
            )
        _check_float("generator", part)
        if None in part.shape[1:]:
            raise ValueError(
                "Samples have known sides, so that they fit side by side in a row. Received: a "
                f"generator's output of shape {part.shape}. Fix the length, for example by "
                "keras.Input((64, 2))."
            )
    shapes = {key: tuple(part.shape[1:]) for key, part in found.items()}
    if isinstance(made, Mapping):
        return Parts(shapes)
    return Parts(list(shapes.values()) if isinstance(made, list | tuple) else shapes[""])


def check_discriminator(discriminator: keras.Model, samples: Parts) -> None:
    """Raises unless a discriminator judges such samples.

    Raises:
        TypeError: if an input or the output is of an integer type.
        ValueError: if its inputs are others, or it does not return one tensor of logits.
    """
    for x in declared_inputs(discriminator):
        if not keras.backend.is_float_dtype(x.dtype):
            raise TypeError(
                "A discriminator is differentiated with respect to its inputs, so they are of "
                f"floating type. Received: an input of dtype {x.dtype}. Build it on "
                "keras.Input(shape) without that dtype."
            )
    declared = _declared(discriminator)
    if declared is not None and not _compatible(samples, declared):
        raise ValueError(
            "The discriminator takes what the generator makes, in the same structure. Received: a "
            f"discriminator of inputs {declared} and a generator of outputs {samples}. Build both "
            "with a list, or both with a dict of the same names."
        )
    logits = _called(discriminator, samples)
    if not isinstance(logits, keras.KerasTensor) or len(logits.shape) < 2:
        found = logits.shape if isinstance(logits, keras.KerasTensor) else type(logits).__name__
        raise ValueError(
            "The discriminator returns one logit per sample, (batch, 1), or a map of them, "
            f"(batch, …). Received: an output of {found}. End it in Dense(1)."
        )
    _check_float("discriminator", logits)


def check_network(key: str, network: Any) -> None:
    """Raises unless it is a built Keras model that does not compute in float16."""
    check_built(key, network)
    check_precision(key, network)


def _called(network: keras.Model, parts: Parts) -> Any:
    return network(parts.structure(keras.KerasTensor((None, *shape)) for shape in parts.shapes))


def _check_float(key: str, tensor: keras.KerasTensor) -> None:
    if not keras.backend.is_float_dtype(tensor.dtype):
        raise TypeError(
            f"The outputs of the {key} are differentiated, so they are of floating type. Received: "
            f"an output of dtype {tensor.dtype}. Leave out the cast."
        )


def _shapes(latent_dim: Any) -> Shapes:
    """Sizes and shapes as shapes, in the same structure."""
    if isinstance(latent_dim, Mapping) and latent_dim:
        return {key: _shape(value) for key, value in latent_dim.items()}
    if isinstance(latent_dim, list) and len(latent_dim) > 1:
        return [_shape(value) for value in latent_dim]
    # Keras takes a list of one tensor for that tensor.
    return _shape(latent_dim[0] if isinstance(latent_dim, list) and latent_dim else latent_dim)


def _shape(value: Any) -> tuple[int, ...]:
    # A saved model has lists for the tuples inside of a list or a dict.
    sides = value if isinstance(value, list | tuple) and value else (value,)
    hint = "For example latent_dim=64, latent_dim=(8, 8, 4) or latent_dim=[64, (8, 8, 4)]."
    return tuple(check_count("latent_dim", side, hint) for side in sides)


def _declared(network: keras.Model) -> Parts | None:
    """What a functional or sequential network takes; None for others."""
    inputs = declared_inputs(network)
    if not inputs:
        return None
    shapes = [tuple(x.shape[1:]) for x in inputs]
    form = network.get_config().get("input_layers")
    if isinstance(form, Mapping):
        if len(form) != len(inputs):
            raise ValueError(
                "A network takes one tensor, or a list or a dict of tensors. Received: "
                f"'{network.name}', whose dict of inputs holds lists. Take them side by side."
            )
        keys = keras.tree.flatten({key: key for key in form})
        return Parts(dict(zip(keys, shapes, strict=True)))
    return Parts(shapes if len(shapes) > 1 else shapes[0])


def _compatible(known: Parts, declared: Parts) -> bool:
    pairs = zip(known.shapes, declared.shapes, strict=False)
    return known.has_form_of(declared) and all(
        tf.TensorShape(a).is_compatible_with(b) for a, b in pairs
    )
