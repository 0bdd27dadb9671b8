"""One adjoint pass through a discriminator, shared by all that need it.

A discriminator ends in one logit per example. If no layer couples the examples of a batch, the
backward pass of any loss of the logits is the adjoint pass of Σᵢ logitᵢ, with each example scaled
by the loss's slope there; so one pass serves both players' losses and every gradient penalty. With
δ the adjoints of the layers' outputs, s the slopes and a layer h = W∗x + b,

    ∇_W loss = Σᵢ sᵢ δᵢ ⊗ xᵢ,          ∇_b loss = Σᵢ sᵢ δᵢ.

If all layers are also piecewise linear, the derivative of a penalty R on the gradient g = ∇D(x)
runs through the adjoint pass alone: with ẋ the tangents of the layers' inputs along ∂R/∂g,

    ∇_W (loss + R) = Σᵢ δᵢ ⊗ (sᵢ xᵢ + ẋᵢ),

while nested tapes need one more backward pass and twice as many products δ ⊗ x.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import keras
import tensorflow as tf

from tf_consensus.games.autodiff import tf_variables
from tf_consensus.models.linear_layers import is_known, is_smooth
from tf_consensus.support.inputs import choice, declared_inputs, pick, split

Points: TypeAlias = tf.Tensor | Sequence[tf.Tensor]
Symbolic = list[keras.KerasTensor]


class _Call(NamedTuple):
    """A layer's call: its input and its output, symbolic tensors."""

    layer: keras.Layer
    before: keras.KerasTensor
    after: keras.KerasTensor


class AdjointNetwork:
    """A discriminator whose layers' inputs and outputs are accessible.

    Attributes:
        layers: the layers that have parameters, each affine in its input.
    """

    def __init__(
        self,
        network: keras.Model,
        operations: Sequence[keras.Operation],
        probe: keras.Model,
        layers: list[keras.Layer],
    ) -> None:
        self._network = network
        self._chain = list(map(id, network.layers))
        self._operations = operations
        self._probe = probe
        self.layers = layers

    @classmethod
    def of(cls, network: keras.Model) -> "AdjointNetwork | None":
        """The network, or `None` if it is not known to meet the conditions.

        It meets them if it is a sequential or functional model with one input, and every layer is
        of a kind in `linear_layers`, is called once, and has no activity regularizer; layers with
        parameters (dense, convolutions) must not have an activation of their own.
        """
        functional = _as_functional(network)
        if functional is None or not all(map(is_known, functional.operations)):
            return None
        if not _calls_each_once(functional):
            return None
        inputs, outputs, calls = _call_anew(functional)
        calls = [call for call in calls if call.layer.weights]
        if not calls:
            return None
        ends = [*(call.before for call in calls), *(call.after for call in calls), *outputs]
        probe = keras.Model(inputs, ends)
        return cls(network, functional.operations, probe, [call.layer for call in calls])

    @property
    def piecewise_linear(self) -> bool:
        """Whether all layers are piecewise linear."""
        return not any(map(is_smooth, self._operations))

    def covers(self, variables: Sequence[Any]) -> bool:
        """Whether the network is unchanged, and all variables are kernels or biases of `layers`."""
        if self._chain != list(map(id, self._network.layers)):
            return False  # layers were added to a sequential model
        own = {id(x) for layer in self.layers for x in (layer.kernel, layer.bias)}
        return all(map(is_known, self._operations)) and all(id(x) in own for x in variables)

    def at(self, points: Points) -> "Adjoint":
        """The forward and the adjoint pass at a batch of samples, or of samples and labels."""
        return Adjoint(self._probe, self.layers, points)


class Adjoint:
    """The two passes at one batch.

    Attributes:
        points: the batch as it was given.
        samples: the samples in it.
        logits: (batch, 1), those of the labels if there are any.
        gradient: g = ∇D, each logit's gradient with respect to its own example; of the samples'
            shape.
        inputs: the inputs of the layers that have parameters, (batch, …) each.
    """

    def __init__(self, probe: keras.Model, layers: list[keras.Layer], points: Points) -> None:
        self._layers = layers
        self.points = points
        self.samples, labels = split(points)
        samples, number = self.samples, len(layers)
        with tf.GradientTape(watch_accessed_variables=False) as forward:
            forward.watch(samples)
            tensors = probe(samples, training=True)
        self.inputs, self.logits = tensors[:number], pick(tensors[-1], labels)
        ones = choice(tensors[-1], labels)
        # Only the adjoint pass counts: the forward pass contributes no second derivative.
        self._tape = tf.GradientTape(persistent=True, watch_accessed_variables=False)
        with self._tape:
            self._tape.watch(ones)
            self.gradient, *adjoints = forward.gradient(
                tensors[-1], [samples, *tensors[:-1]], output_gradients=ones
            )
        self._input_adjoints, self._output_adjoints = adjoints[:number], adjoints[number:]

    def tangents(self, direction: tf.Tensor) -> list[tf.Tensor]:
        """The tangents of the layers' inputs along a direction of the samples' shape."""
        return self._tape.gradient(self.gradient, self._input_adjoints, output_gradients=direction)

    def pull_back(
        self,
        variables: Sequence[Any],
        slopes: tf.Tensor | None = None,
        tangents: Sequence[tf.Tensor] | None = None,
    ) -> list[tf.Tensor]:
        """Gradients with respect to `variables`, those of `AdjointNetwork.layers`, in their order.

        Args:
            variables: kernels and biases.
            slopes: derivative of the loss with respect to the logits, (batch, 1); `None` if there
                is none.
            tangents: from the penalties' derivative with respect to `gradient`, of the shapes of
                `inputs`; `None` if there is none.

        Returns:
            One tensor per variable, of its shape.
        """
        found: dict[int, tf.Tensor] = {}
        parts = zip(self._layers, self.inputs, self._output_adjoints, strict=True)
        for index, (layer, x, delta) in enumerate(parts):
            tangent = None if tangents is None else tangents[index]
            found.update(_layer_gradients(layer, x, delta, slopes, tangent))
        return [found[id(variable)] for variable in variables]


def _layer_gradients(
    layer: keras.Layer,
    x: tf.Tensor,
    delta: tf.Tensor,
    slopes: tf.Tensor | None,
    tangent: tf.Tensor | None,
) -> dict[int, tf.Tensor]:
    """By the variable's id: ∂/∂W of δ ⊗ (s x + ẋ) and ∂/∂b of s δ, by the layer's own call."""
    scaled = None if slopes is None else per_example(slopes, delta) * delta
    y, cotangent = x, scaled
    if tangent is not None:
        y = tangent if slopes is None else per_example(slopes, x) * x + tangent
        cotangent = delta
    kernel, *bias = tf_variables([x for x in (layer.kernel, layer.bias) if x is not None])
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch([kernel, *bias])
        h = layer(y)
    gradients = {id(layer.kernel): tape.gradient(h, kernel, output_gradients=cotangent)}
    if bias:
        gradients[id(layer.bias)] = (
            tf.zeros_like(bias[0])
            if scaled is None
            else tape.gradient(h, bias[0], output_gradients=scaled)
        )
    return gradients


def per_example(slopes: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """The slopes, (batch, 1), in a shape that scales the examples of `like`."""
    return tf.cast(tf.reshape(slopes, [-1] + [1] * (like.shape.rank - 1)), like.dtype)


def _as_functional(network: keras.Model) -> keras.Model | None:
    """The network as a functional model, or `None` if it is not a plain one with one input."""
    inputs = declared_inputs(network)
    if len(inputs) != 1 or len(network.outputs) != 1:
        return None
    functional = keras.Model(inputs, network.outputs)
    return functional if type(network) in (type(functional), keras.Sequential) else None


def _calls_each_once(functional: keras.Model) -> bool:
    nodes = [layer["inbound_nodes"] for layer in functional.get_config()["layers"]]
    return all(len(calls) <= 1 for calls in nodes)


def _call_anew(functional: keras.Model) -> tuple[Symbolic, Symbolic, list[_Call]]:
    """Symbolic inputs and outputs, and the layers' calls between them.

    A layer's own `input` and `output` are those of its first call, which may belong to another
    model, or to this one before Keras built it again.
    """
    calls: list[_Call] = []

    def call(layer: keras.Layer, *args: Any, **options: Any) -> keras.KerasTensor:
        calls.append(_Call(layer, args[0], layer(*args, **options)))
        return calls[-1].after

    same = {"clone_function": lambda layer: layer, "call_function": call}
    copy = keras.models.clone_model(functional, **same)
    return copy.inputs, copy.outputs, calls
