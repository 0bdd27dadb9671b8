"""Discriminators that return something else beside the logit, and the checks of such networks."""

from typing import Any

import keras
import tensorflow as tf

from tf_consensus.models.checks import Shape, check_built, check_precision
from tf_consensus.support.inputs import Inputs, input_shapes, pick, sample_dtype


class Heads:
    """A discriminator as a function to its logits, which keeps its other output.

    Args:
        network: the discriminator, samples to logits or to a list [logits, other].
        training: how it is called.

    Attributes:
        others: the other output of each call so far.
    """

    def __init__(self, network: keras.Model, training: bool) -> None:
        self._network, self._training = network, training
        self.others: list[tf.Tensor] = []

    def __call__(self, inputs: Inputs) -> tf.Tensor:
        """The logits, (batch, 1)."""
        found = self._network(inputs, training=self._training)
        if not isinstance(found, list | tuple):
            return found
        self.others.append(found[1])
        return found[0]


def class_loss(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """-E log P(label), a scalar, in at least single precision; NaN for a label that is no class.

    Args:
        logits: (batch, classes).
        labels: integers (batch,).
    """
    logits = tf.cast(logits, tf.float32) if logits.dtype.size < 4 else logits
    return -tf.reduce_mean(pick(tf.nn.log_softmax(logits), [labels]))


def check_network(key: str, network: Any, number: int) -> None:
    """Raises unless it is a built Keras model of so many inputs, not in float16.

    Raises:
        TypeError: if it is no Keras model.
        ValueError: if it is not built, takes another number of inputs, or computes in float16.
    """
    check_built(key, network)
    check_precision(key, network)
    found = len(input_shapes(network))
    if found != number:
        rule = ("one tensor", "a list of two tensors")[number - 1]
        raise ValueError(
            f"The {key} of this model takes {rule}. Received: a {key} of {found} inputs. Build it "
            "for them; a network with a `call` of its own is called once on such a batch before."
        )


def shape_after(key: str, network: keras.Model, *shapes: Shape, source: str) -> Shape:
    """The shape of the one output that a network has for inputs of these shapes.

    Args:
        key: the network's name.
        network: checked by `check_network`.
        *shapes: of the inputs, (None, …); that of labels is (None,).
        source: what the first of them is, in words.

    Raises:
        TypeError: if the output is of an integer type.
        ValueError: if the inputs do not fit, or there are several outputs.
    """
    (shape,) = shapes_after(key, network, *shapes, source=source, outputs=1)
    return shape


def shapes_after(
    key: str, network: keras.Model, *shapes: Shape, source: str, outputs: int
) -> list[Shape]:
    """As `shape_after`, of a network of several outputs."""
    _check_fit(key, network, shapes, source)
    types = ["int32" if shape == (None,) else None for shape in shapes]
    inputs = [keras.KerasTensor(s, dtype=t) for s, t in zip(shapes, types, strict=True)]
    found = network(inputs if len(inputs) > 1 else inputs[0])
    made = list(found) if isinstance(found, list | tuple) else [found]
    if len(made) != outputs or not all(isinstance(x, keras.KerasTensor) for x in made):
        rule = "one tensor" if outputs == 1 else "a list of two tensors"
        raise ValueError(
            f"The {key} of this model returns {rule}. Received: a {key} of "
            f"{len(made)} output{'s' * (len(made) != 1)}. Build a model of what counts."
        )
    for x in made:
        if not keras.backend.is_float_dtype(x.dtype):
            raise TypeError(
                f"The outputs of the {key} are differentiated, so they must be of floating type. "
                f"Received: an output of dtype {x.dtype}. Leave out the cast."
            )
    return [tuple(x.shape) for x in made]


def check_logit(shape: Shape) -> None:
    """Raises `ValueError` unless a discriminator's logits are (None, 1)."""
    if shape != (None, 1):
        raise ValueError(
            "The discriminator's first output is one logit per sample, of shape (None, 1). "
            f"Received: an output of shape {shape}. End it in Dense(1)."
        )


def outputs_of(network: keras.Model) -> int:
    """How many outputs a network has, as far as it declares them; else 1."""
    declared = getattr(network, "outputs", None)
    return len(declared) if isinstance(declared, list) else 1


def check_samples(generator: keras.Model, discriminator: keras.Model, *shapes: Shape) -> Shape:
    """The shape of the samples that a generator makes of such inputs, if they can be judged.

    Raises:
        TypeError: if the discriminator takes integers.
        ValueError: if the generator does not take the inputs.
    """
    sample_dtype(discriminator)
    return shape_after("generator", generator, *shapes, source="what is drawn for it")


def _check_fit(key: str, network: keras.Model, shapes: tuple[Shape, ...], source: str) -> None:
    declared = input_shapes(network)
    for found, wanted in zip(declared, shapes, strict=True):
        if not tf.TensorShape(found[1:]).is_compatible_with(wanted[1:]):
            raise ValueError(
                f"The {key} must take {source}. Received: a {key} of input shape {found}, where "
                f"{wanted} is needed. Build it for inputs of shape {wanted[1:]}."
            )
