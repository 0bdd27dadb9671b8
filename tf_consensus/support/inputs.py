"""What a network of samples takes: the samples, alone or with their conditions."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import keras
import tensorflow as tf

from tf_consensus.support.shapes import of_shape

# Samples alone, or samples and conditions such as labels.
Inputs: TypeAlias = tf.Tensor | Sequence[tf.Tensor]


def split(inputs: Inputs) -> tuple[tf.Tensor, list]:
    """Samples and conditions of a network's inputs: a tensor, or a tuple of it and conditions.

    Raises:
        TypeError: if they are a dict or nothing.
    """
    if inputs is None or (isinstance(inputs, tuple | list) and len(inputs) == 0):
        raise TypeError(
            "A batch is samples, or a tuple (samples, labels). Received: "
            f"{inputs!r}. Pass a tensor or an array of samples, (batch, …)."
        )
    if isinstance(inputs, Mapping):
        raise TypeError(
            "A batch is samples, or a tuple (samples, labels). Received: a dict of "
            f"{sorted(map(str, inputs))}. Map the data set to tuples, e.g. "
            "dataset.map(lambda x: (x['image'], x['label']))."
        )
    if isinstance(inputs, tuple | list):
        return tf.convert_to_tensor(inputs[0]), list(inputs[1:])
    return tf.convert_to_tensor(inputs), []


def join(samples: tf.Tensor, conditions: Sequence[tf.Tensor]) -> Inputs:
    """The inputs as a Keras model takes them."""
    return [samples, *conditions] if conditions else samples


def cast_samples(inputs: Inputs, dtype: str | tf.DType) -> Inputs:
    """The inputs, with samples of a floating type, of the same values; conditions as they are.

    Tapes do not watch integers: a gradient with respect to them would silently be 0.

    Raises:
        TypeError: if the samples are not real numbers.
    """
    samples, conditions = split(inputs)
    kind = samples.dtype
    if not (kind.is_floating or kind.is_integer or kind.is_bool):
        raise TypeError(
            "Samples must be real numbers. Received: samples of dtype "
            f"{kind.name}. Decode them first, e.g. in dataset.map."
        )
    return join(tf.cast(samples, dtype), conditions)


def floating(samples: tf.Tensor) -> tf.Tensor:
    """Samples alone as a tensor of floating type: their own, or for integers Keras' default.

    Raises:
        TypeError: if they are not real numbers.
    """
    samples = tf.convert_to_tensor(samples)
    return samples if samples.dtype.is_floating else cast_samples(samples, keras.config.floatx())


def check_sample_shape(samples: tf.Tensor, shape: tuple) -> None:
    """Raises `ValueError` unless samples have the shape of the generator's, as far as it is known.

    Args:
        samples: tensor or array, (batch, …).
        shape: shape of the generator's output, (None, …).
    """
    if not tf.TensorShape(samples.shape).is_compatible_with(shape):
        raise ValueError(
            "Real and generated samples must be of one shape. Received: a batch of shape "
            f"{tuple(samples.shape)} and a generator of output shape {shape}. Resize or reshape "
            "the samples, batch them, or build the networks for them."
        )


def check_labels(labels: tf.Tensor) -> tf.Tensor:
    """The labels as int32, (batch,).

    Raises:
        TypeError: if they are not integers.
        ValueError: if they are of another shape.
    """
    if labels.shape.rank not in (1, None):
        raise ValueError(
            "Labels must be integers of shape (batch,). Received: labels of shape "
            f"{tuple(labels.shape)}. Turn (batch, 1) into (batch,) with tf.squeeze(labels, 1), "
            "and one-hot rows into integers with tf.argmax(labels, 1)."
        )
    if not labels.dtype.is_integer:
        raise TypeError(
            "Labels must be integers. Received: labels of dtype "
            f"{labels.dtype.name}. Count the classes from 0, and cast whole numbers with "
            "tf.cast(labels, 'int32')."
        )
    return of_shape(tf.cast(labels, tf.int32), (None,))


def check_latents(inputs: Inputs, latent_dim: int, num_classes: int | None) -> None:
    """Raises `ValueError` unless a generator's inputs are latents, with labels if it takes them."""
    parts = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
    shapes = [tuple(getattr(part, "shape", ())) for part in parts]
    expected = [(None, latent_dim), (None,)][: 1 if num_classes is None else 2]
    fits = len(shapes) == len(expected) and all(
        tf.TensorShape(a).is_compatible_with(b) for a, b in zip(shapes, expected, strict=True)
    )
    if not fits or not all(hasattr(part, "shape") for part in parts):
        rule = f"latents of shape (batch, {latent_dim})"
        if num_classes is not None:
            rule = f"a list of {rule} and labels of shape (batch,)"
        got = [x if hasattr(part, "shape") else part for part, x in zip(parts, shapes, strict=True)]
        raise ValueError(
            f"This GAN's generator takes {rule}. Received: {got}. Draw them, for example with "
            f"tf.random.normal((64, {latent_dim})), or call gan.generate(64)."
        )


NO_LABELS = (
    "Networks of {} classes train on pairs (samples, labels). Received: samples alone. Give the "
    "data set labels, or build the networks without num_classes."
)


def sample_dtype(discriminator: Callable[..., Any]) -> str:
    """The floating type in which a discriminator's samples are differentiated.

    It is that of its variables, or float64 where it is declared for float64 inputs.

    Raises:
        TypeError: if it takes integers, which have no gradient.
    """
    declared = [x.dtype for x in declared_inputs(discriminator)[:1]]
    if declared and not keras.backend.is_float_dtype(declared[0]):
        raise TypeError(
            "A discriminator is differentiated with respect to its samples, so they must be of "
            f"floating type. Received: a discriminator whose first input is of dtype {declared[0]}."
            " Build it on keras.Input(shape) without that dtype; samples of integers are cast."
        )
    dtype = getattr(discriminator, "variable_dtype", keras.config.floatx())
    return "float64" if "float64" in (*declared, dtype) else dtype


def declared_inputs(network: Callable[..., Any]) -> list[keras.KerasTensor]:
    """The symbolic inputs of a functional or sequential network, empty for others."""
    inputs = getattr(network, "inputs", None)
    if isinstance(inputs, list) and all(isinstance(x, keras.KerasTensor) for x in inputs):
        return inputs
    return []


def input_shapes(network: keras.Layer) -> list[tuple]:
    """The shapes of the network's inputs, as declared, or else as it was built.

    A network whose `call` takes several positional inputs, or whose inputs are unknown, has none.
    """
    declared = declared_inputs(network)
    if declared:
        return [tuple(x.shape) for x in declared]
    shape = (network.get_build_config() or {}).get("input_shape")
    if shape is None or _required_arguments(network.call) > 1:
        return []
    shapes = list(shape.values()) if isinstance(shape, Mapping) else list(shape)
    one = all(side is None or isinstance(side, int) for side in shapes)
    return [tuple(shapes)] if one else [tuple(inner) for inner in shapes]


def named_inputs(network: keras.Layer) -> list[str]:
    """The names of the inputs of a network that takes a dict of tensors, else an empty list."""
    if declared_inputs(network):
        structure = getattr(network, "input", None)  # a sequential one may have none
    else:
        structure = (network.get_build_config() or {}).get("input_shape")
    return sorted(map(str, structure)) if isinstance(structure, Mapping) else []


def _required_arguments(function):
    positional = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
    found = inspect.signature(function).parameters.values()
    return sum(x.kind in positional and x.default is inspect.Parameter.empty for x in found)


def takes_labels(network: keras.Layer) -> bool:
    """Whether it takes [samples, labels]."""
    return len(input_shapes(network)) > 1


def pick(logits: tf.Tensor, conditions: Sequence[tf.Tensor]) -> tf.Tensor:
    """One logit per example, (batch, 1), with each example's label as the condition if any.

    Args:
        logits: (batch, classes), or (batch, 1), which is returned as it is.
        conditions: a list that is empty or holds the labels, integers (batch,).

    Returns:
        The label's logit; NaN for a label outside of the classes, as XLA cannot raise.
    """
    if not conditions or logits.shape[-1] == 1:
        return logits
    return tf.reduce_sum(choice(logits, conditions) * logits, axis=1, keepdims=True)


def choice(logits: tf.Tensor, conditions: Sequence[tf.Tensor]) -> tf.Tensor:
    """∂pick/∂logits: 1 at the label of each example, 0 elsewhere."""
    if not conditions or logits.shape[-1] == 1:
        return tf.ones_like(logits)
    mask = tf.one_hot(conditions[0], logits.shape[-1], dtype=logits.dtype)
    # 0/0 where no class is chosen.
    return mask / tf.reduce_sum(mask, axis=1, keepdims=True)
