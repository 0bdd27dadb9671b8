"""Discriminators that return something else beside the logit, and the checks of such networks."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.models.checks import Shape, check_built, check_precision
from tf_consensus.support.inputs import (
    Inputs,
    input_shapes,
    named_inputs,
    pick,
    sample_dtype,
)


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
        ValueError: if it is not built, takes another number of inputs or takes them by name, or
            computes in float16.
    """
    check_built(key, network)
    check_precision(key, network)
    names = named_inputs(network)
    if names:
        raise ValueError(
            f"The {key} of this model takes {_TAKEN[number - 1]}. Received: a {key} that takes a "
            f"dict of {names}. Build it on keras.Input layers in a list, for example "
            "keras.Model([first, second], outputs)."
        )
    found = len(input_shapes(network))
    if found != number:
        raise ValueError(
            f"The {key} of this model takes {_TAKEN[number - 1]}. Received: a {key} of {found} "
            "inputs. Build it for them; a network with a `call` of its own is called once on such "
            "a batch before."
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
    (shape,) = shapes_after(key, network, *shapes, source=source)
    return shape


def shapes_after(
    key: str, network: keras.Model, *shapes: Shape, source: str, outputs: Sequence[int] = (1,)
) -> list[Shape]:
    """As `shape_after`, of a network that may have any of these numbers of outputs."""
    _check_fit(key, network, shapes, source)
    types = ["int32" if shape == (None,) else None for shape in shapes]
    inputs = [keras.KerasTensor(s, dtype=t) for s, t in zip(shapes, types, strict=True)]
    made = _outputs(key, network(inputs if len(inputs) > 1 else inputs[0]), outputs)
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


def check_samples(generator: keras.Model, discriminator: keras.Model, *shapes: Shape) -> Shape:
    """The shape of the samples that a generator makes of such inputs, if they can be judged.

    Raises:
        TypeError: if the discriminator takes integers.
        ValueError: if the generator does not take the inputs.
    """
    sample_dtype(discriminator)
    return shape_after("generator", generator, *shapes, source="what is drawn for it")


def _outputs(key: str, found: Any, numbers: Sequence[int]) -> list[keras.KerasTensor]:
    """The outputs of a network as a list; raises `ValueError` if there are not so many."""
    made = list(found) if isinstance(found, list | tuple) else [found]
    if len(made) in numbers and all(isinstance(x, keras.KerasTensor) for x in made):
        return made
    rule = " or ".join(_RETURNED[number - 1] for number in numbers)
    if isinstance(found, Mapping):
        kind = f"that returns a dict of {sorted(map(str, found))}"
    else:
        kind = f"of {len(made)} output{'s' * (len(made) != 1)}"
    raise ValueError(
        f"The {key} of this model returns {rule}. Received: a {key} {kind}. Choose the outputs "
        f"that count, in this order: {_CHOSEN[max(numbers) - 1]}."
    )


def _check_fit(key: str, network: keras.Model, shapes: tuple[Shape, ...], source: str) -> None:
    declared = input_shapes(network)
    for found, wanted in zip(declared, shapes, strict=True):
        if not tf.TensorShape(found[1:]).is_compatible_with(wanted[1:]):
            raise ValueError(
                f"The {key} must take {source}. Received: a {key} of input shape {found}, where "
                f"{wanted} is needed. Build it for inputs of shape {wanted[1:]}."
            )


# By the number of tensors.
_TAKEN = ("one tensor", "a list of two tensors")
_RETURNED = ("one tensor", "a list of two tensors, [logits, other]")
_CHOSEN = (
    "keras.Model(network.inputs, network.outputs[0])",
    "keras.Model(network.inputs, [logits, other])",
)
