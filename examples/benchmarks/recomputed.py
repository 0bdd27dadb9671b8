"""Networks that compute activations again instead of keeping them, differentiable to any order.

Keras' and TensorFlow's own recomputation has only one derivative. `memory.py` measures this one.
"""

import tensorflow as tf


class Recomputed:
    """A Keras model without state of its own, as one block that computes its activations again."""

    def __init__(self, network):
        self._network = network

    def __getattr__(self, name):
        return getattr(self._network, name)

    def __call__(self, inputs, training=False):
        """The network's outputs."""
        state = self._network.non_trainable_variables

        def call(inputs, *weights):
            return self._network.stateless_call(weights, state, inputs, training=training)[0]

        weights = [tf.convert_to_tensor(x) for x in self._network.trainable_variables]
        return recomputed(call)(inputs, *weights)


def recomputed(function, order=3):
    """A function of tensors that keeps only its inputs for its derivatives, up to the order."""
    if order == 0:
        return function

    @tf.custom_gradient
    def call(*inputs):
        def gradient(*cotangents):
            pull_back = recomputed(_pull_back(function, len(inputs)), order - 1)
            return pull_back(*inputs, *cotangents)

        return function(*inputs), gradient

    return call


def _pull_back(function, number):
    def pull_back(*values):
        inputs, cotangents = values[:number], values[number:]
        # Otherwise the two evaluations would be merged, or the second one would run first.
        with tf.control_dependencies(cotangents):
            inputs = [tf.identity(x) for x in inputs]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(inputs)
            outputs = function(*inputs)
        zero = tf.UnconnectedGradients.ZERO
        return tape.gradient(outputs, inputs, list(cotangents), unconnected_gradients=zero)

    return pull_back
