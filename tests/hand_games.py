"""Games of tiny tanh networks: in Keras, and their losses by hand in NumPy, for tests."""

import keras
import numpy as np

from tf_consensus.support.random import Draws

BATCH, SIDE = 8, 2
# Numbers of single precision, to which Keras' `fit` rounds arrays.
SAMPLES = np.random.default_rng(3).normal(size=(BATCH, SIDE)).astype("float32").astype("float64")
# XLA's normal numbers may differ in the last bit of single precision.
TOLERANCES = {"xla": {"rtol": 1e-5, "atol": 1e-6}}
# An optimizer keeps its rate in single precision.
RATE = 0.0625
EXACT = {"rtol": 1e-8, "atol": 1e-9}
layers = keras.layers


def tanh_network(inputs, widths, seed, conditions=None, split=None):
    """A float64 network of one tanh layer, whose outputs are one tensor or a list of two.

    Args:
        inputs: how many numbers it takes.
        widths: of the hidden layer and of each output.
        seed: of its weights, biases too.
        conditions: how many labels there are, whose embeddings (2,) it takes beside the numbers.
        split: "features" returns the hidden layer as a second output.
    """
    first = keras.Input((inputs,), dtype="float64")
    x, taken = first, first
    if conditions:
        label = keras.Input((), dtype="int32")
        x = layers.Concatenate(dtype="float64")(
            [first, layers.Embedding(conditions, 2, dtype="float64")(label)]
        )
        taken = [first, label]
    hidden = layers.Dense(widths[0], "tanh", dtype="float64")(x)
    ends = [layers.Dense(width, dtype="float64")(hidden) for width in widths[1:]]
    if split == "features":
        ends.append(hidden)
    network = keras.Model(taken, ends if len(ends) > 1 else ends[0])
    rng = np.random.default_rng(seed)
    network.set_weights([0.7 * rng.normal(size=w.shape) for w in network.get_weights()])
    return network


class Parameters:
    """Hands out the parts of a flat vector in order; complex numbers are as good."""

    def __init__(self, x):
        self.x, self.place = x, 0

    def take(self, *shape):
        number = int(np.prod(shape))
        self.place += number
        return self.x[self.place - number : self.place].reshape(shape)


def dense(parameters, x, width):
    kernel = parameters.take(x.shape[1], width)
    return x @ kernel + parameters.take(width)


def hidden_of(parameters, x, width):
    """The hidden layer, and the function from a gradient by it to one by x."""
    kernel, bias = parameters.take(x.shape[1], width), parameters.take(width)
    hidden = np.tanh(x @ kernel + bias)
    return hidden, lambda g: (g * (1 - hidden**2)) @ kernel.T


def softplus(t):
    return np.log(1 + np.exp(t))


def log_softmax(logits):
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def entropy(logits, labels):
    """-E log P(label)."""
    return -log_softmax(logits)[np.arange(len(labels)), labels].mean()


def field(losses, sizes, x):
    """v, by complex steps, exact to rounding; `losses` is a function from x to one per player."""
    v, start = np.empty(len(x)), 0
    for player, size in enumerate(sizes):
        for k in range(start, start + size):
            step = x.astype(complex)
            step[k] += 1e-30j
            v[k] = -losses(step)[player].imag / 1e-30
        start += size
    return v


def consensus_step(losses, sizes, x, rate, gamma):
    """The point after one step along v - γ v'ᵀv, with v' by differences of fourth order of v."""
    h = 1e-4

    def change(e):
        return field(losses, sizes, x + e) - field(losses, sizes, x - e)

    columns = [(8 * change(e) - change(2 * e)) / (12 * h) for e in h * np.eye(len(x))]
    v, jacobian = field(losses, sizes, x), np.stack(columns, axis=1)
    return x + rate * (v - gamma * jacobian.T @ v)


def first_draw(model, data):
    """What the model's first step draws, as NumPy arrays."""
    noise = model.draw(model.prepared(data), Draws(model.seed, 0))
    return keras.tree.map_structure(np.asarray, noise)
