"""What a generator and a discriminator must be like to play against each other."""

import warnings

import keras

from tf_consensus.networks.layers import EXACT


def check_networks(generator, discriminator, latent_dim: int, num_classes: int | None = None):
    """Says what is wrong with a pair of networks.

    Args:
        generator: from latents, or [latents, labels], to samples.
        discriminator: from samples, or [samples, labels], to logits.
        latent_dim: number of latent dimensions.
        num_classes: number of classes; `None` is no conditional model.

    Raises:
        TypeError: if one of them is not a Keras model.
        ValueError: if one is not built, takes another number of inputs, computes in float16, or
            shapes do not fit.
    """
    for key, network in (("generator", generator), ("discriminator", discriminator)):
        _check_built(key, network)
        _check_inputs(key, network, num_classes)
        _check_precision(key, network)
    latents = (None, latent_dim)
    samples = _fitted_shape("generator", generator, latents, "latent_dim")
    logits = _fitted_shape("discriminator", discriminator, samples, "the generator's output")
    _check_logits(logits, samples, 1 if _takes_labels(discriminator) else num_classes)


def _check_built(key, network):
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


def _check_inputs(key, network, num_classes):
    if num_classes is None and _takes_labels(network):
        raise ValueError(
            f"A GAN without num_classes has no labels for its {key}. Received: a {key} of "
            f"{len(network.inputs)} inputs. Pass num_classes, or build it for one input."
        )
    if num_classes is not None and key == "generator" and not _takes_labels(network):
        raise ValueError(
            "A conditional GAN's generator takes two inputs, [latents, labels]. Received: "
            f"num_classes={num_classes} and a generator of one. Give it a second input of shape () "
            "and type int32, or leave out num_classes."
        )


def _check_precision(key, network):
    half = [x for x in all_layers(network) if x.compute_dtype == "float16"]
    if half:
        raise ValueError(
            "GAN training does not scale losses, so float16 would underflow. Received: layer "
            f"'{half[0].name}' of the {key} with dtype policy '{half[0].dtype_policy.name}'. Use "
            "'mixed_bfloat16' or 'float32'."
        )


def warn_of_inexact_biases(*networks):
    """Warns of biases whose gradients TensorFlow's kernel for CPUs would sum in bfloat16.

    See `networks.layers`, whose own layers are exempt.
    """
    layers = [x for network in networks for x in all_layers(network) if not isinstance(x, EXACT)]
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


def all_layers(network):
    """The network, its layers, and theirs."""
    yield network
    for layer in getattr(network, "layers", []):
        yield from all_layers(layer)


def _takes_labels(network):
    return len(network.inputs or [None]) > 1


def _check_logits(logits, samples, num_classes):
    if logits == (None, num_classes or 1):
        return
    rule, remedy = "one logit a sample, output shape (None, 1)", "End it in Dense(1)."
    if num_classes is not None and num_classes != 1:
        rule = f"one logit a class, output shape (None, {num_classes})"
        remedy = f"End it in Dense({num_classes}), or let it take [samples, labels]."
    raise ValueError(
        f"The discriminator must end in {rule}. Received: output shape {logits} for input shape "
        f"{samples}. {remedy}"
    )


def _fitted_shape(key, network, shape, source):
    """The network's output shape for inputs of `shape`, which must fit its declared input."""
    labels = _takes_labels(network)
    declared = network.inputs[0].shape if labels else getattr(network, "input_shape", shape)
    fits = len(declared) == len(shape) and all(
        a is None or b is None or a == b for a, b in zip(declared, shape, strict=False)
    )
    if not fits:
        raise ValueError(
            f"The {key}'s input must fit {source}. Received: {key} input shape {declared}, "
            f"{source} of shape {shape}. Build the {key} for inputs of shape {shape[1:]}."
        )
    inputs = keras.KerasTensor(shape)
    if labels:
        inputs = [inputs, keras.KerasTensor((None,), dtype="int32")]
    return tuple(network(inputs).shape)
