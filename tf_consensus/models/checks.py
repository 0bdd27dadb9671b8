"""Checks that a generator and a discriminator can play against each other."""

import warnings
from typing import Any

import keras

from tf_consensus.models.latent_size import latent_size
from tf_consensus.networks.layers import EXACT
from tf_consensus.support.inputs import input_shapes, sample_dtype, takes_labels
from tf_consensus.support.layers import walk

Shape = tuple[int | None, ...]


def check_networks(
    generator: Any, discriminator: Any, latent_dim: int | None, num_classes: int | None = None
) -> tuple[Shape, int]:
    """Raises if a pair of networks does not fit.

    Args:
        generator: maps latents, or [latents, labels], to samples.
        discriminator: maps samples, or [samples, labels], to logits.
        latent_dim: number of latent dimensions; `None` uses the generator's.
        num_classes: number of classes; `None` for a model that is not conditional.

    Returns:
        The shape of the samples, (None, …), and the number of latent dimensions.

    Raises:
        TypeError: if one of them is not a Keras model, or the generator's output is of an integer
            type.
        ValueError: if one is not built, takes a wrong number of inputs, returns several tensors,
            computes in float16, or shapes do not fit.
    """
    for key, network in (("generator", generator), ("discriminator", discriminator)):
        check_built(key, network)
        _check_inputs(key, network, num_classes)
        check_precision(key, network)
    sample_dtype(discriminator)
    latent_dim = latent_size(generator, latent_dim)
    samples = _fitted_shape("generator", generator, (None, latent_dim), "latent_dim")
    logits = _fitted_shape("discriminator", discriminator, samples, "the generator's output")
    _check_logits(logits, samples, 1 if takes_labels(discriminator) else num_classes)
    return samples, latent_dim


def check_built(key: str, network: Any) -> None:
    """Raises `TypeError` unless it is a Keras model, `ValueError` unless it is built."""
    if not isinstance(network, keras.Model):
        raise TypeError(
            f"`{key}` must be a keras.Model. Received: {type(network).__name__}. "
            "`tf_consensus.networks.build` returns a pair of them."
        )
    if not network.built:
        raise ValueError(
            f"`{key}` must be built, since its variables are shared out between the players. "
            f"Received: an unbuilt {type(network).__name__}. Give it an Input layer or call it "
            "on a batch."
        )


def _check_inputs(key: str, network: keras.Model, num_classes: int | None) -> None:
    number = len(input_shapes(network))
    if number == 0:
        raise ValueError(
            f"A {key} takes one tensor, or a list of two of them with the labels second. Received: "
            f"a {type(network).__name__} that was not built for inputs of that kind. Give `call` "
            "one argument for them, and call the model on a batch, from which `latent_dim` is read."
        )
    if num_classes is None and number > 1:
        raise ValueError(
            f"A GAN without num_classes has no labels for its {key}. Received: a {key} of "
            f"{number} inputs. Pass num_classes, or build it for one input; several inputs of "
            "noise, and samples of several tensors, are for models.StructuredGAN."
        )
    if number > 2:
        raise ValueError(
            f"A {key} takes at most two inputs, the second of them labels. Received: a {key} of "
            f"{number} inputs. Build it for two."
        )
    _check_labels(key, network)
    if num_classes is not None and key == "generator" and number == 1:
        raise ValueError(
            "A conditional GAN's generator takes two inputs, [latents, labels]. Received: "
            f"num_classes={num_classes} and a generator of one. Give it a second input of shape () "
            "and type int32, or leave out num_classes."
        )


def _check_labels(key: str, network: keras.Model) -> None:
    shapes = input_shapes(network)
    # A network that was built by a call has the size of that batch in its shape.
    if len(shapes) == 2 and shapes[1][1:] not in ((), (1,)):
        raise ValueError(
            f"The second input of a {key} is the labels, integers (batch,). Received: a second "
            f"input of shape {shapes[1]}. Build it for shape (); a second input of noise is for "
            "models.StructuredGAN."
        )


def check_precision(key: str, network: keras.Model) -> None:
    """Raises `ValueError` if a layer computes in float16."""
    half = [x for x in walk(network) if x.compute_dtype == "float16"]
    if half:
        raise ValueError(
            "GAN training does not scale losses, so float16 would underflow. Received: layer "
            f"'{half[0].name}' of the {key} with dtype policy '{half[0].dtype_policy.name}'. Use "
            "'mixed_bfloat16' or 'float32'."
        )


def warn_of_inexact_biases(*networks: keras.Layer) -> None:
    """Warns about biases whose gradients TensorFlow's kernel for CPUs would sum in bfloat16.

    See `networks.layers`, whose own layers are exempt.

    Warns:
        UserWarning: if a bfloat16 layer has a bias.
    """
    layers = [x for x in walk(*networks) if not isinstance(x, EXACT)]
    names = [
        layer.name
        for layer in layers
        if layer.compute_dtype == "bfloat16" and getattr(layer, "bias", None) is not None
    ]
    if names:
        warnings.warn(
            "Without XLA, TensorFlow sums the gradients of bfloat16 biases in bfloat16 on a CPU, "
            f"and loses most of a long sum. Received: layers {', '.join(names)}. Compile with "
            "jit_compile=True, use tf_consensus.networks.Dense, Conv2D or Conv2DTranspose in their "
            "place, or leave the biases out.",
            UserWarning,
            stacklevel=3,
        )


def _check_logits(logits: Shape, samples: Shape, num_classes: int | None) -> None:
    if logits == (None, num_classes or 1):
        return
    rule, remedy = "one logit per sample, output shape (None, 1)", "End it in Dense(1)."
    if num_classes is not None and num_classes != 1:
        rule = f"one logit per class, output shape (None, {num_classes})"
        remedy = f"End it in Dense({num_classes}), or let it take [samples, labels]."
    raise ValueError(
        f"The discriminator must end in {rule}. Received: output shape {logits} for input shape "
        f"{samples}. {remedy}"
    )


def _fitted_shape(key: str, network: keras.Model, shape: Shape, source: str) -> Shape:
    """The network's output shape for inputs of `shape`, which must fit its declared input."""
    declared, *labels = input_shapes(network)
    fits = len(declared) == len(shape) and all(
        a is None or b is None or a == b for a, b in zip(declared, shape, strict=False)
    )
    if not fits:
        raise ValueError(
            f"The {key}'s input must fit {source}. Received: {key} input shape {declared}, "
            f"{source} of shape {shape}. Build the {key} for inputs of shape {shape[1:]}."
        )
    inputs = [keras.KerasTensor(shape)]
    if labels:
        inputs.append(keras.KerasTensor((None,), dtype="int32"))
    outputs = network(inputs if labels else inputs[0])
    _check_outputs(key, outputs)
    return tuple(outputs.shape)


def _check_outputs(key: str, outputs: Any) -> None:
    if not isinstance(outputs, keras.KerasTensor):
        raise ValueError(
            f"The {key} must return one tensor. Received: a {type(outputs).__name__} of "
            f"{len(outputs)}. Build a model of the one that counts; samples of several tensors are "
            "for models.StructuredGAN."
        )
    if not keras.backend.is_float_dtype(outputs.dtype):
        raise TypeError(
            f"The {key}'s output is differentiated, so it must be of floating type. Received: "
            f"output of dtype {outputs.dtype}. Leave out the cast."
        )
