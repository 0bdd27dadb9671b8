"""One small game a row, and how far its derivatives are from finite differences.

A row is a layer or function f, as a part of both networks:

    G(z) = P f(g·z),    D(x) = Σ u·sin(f(w·x)),

with P constant and g, u, w and the layer's own weights the variables. The losses are the standard
ones. Four things are measured against central differences of fourth order: v against the losses,
∇L = v'ᵀv against ½‖v‖², and both once more with the penalty R1 in the discriminator's loss, whose
gradient is a second and whose consensus term a third derivative of f.
"""

import contextlib
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

import tf_consensus as tfc
from tests.oracles import MODES

BATCH = 3
WRONG = "wrong"
# What this package says of operations without a derivative.
REFUSED = "let none, or a wrong one, through"
COLUMNS = "v", "∇L", "v with R1", "∇L with R1"
DIRECTIONS = 2


class Row(NamedTuple):
    """A layer or function to check.

    Attributes:
        name: as it stands in the table.
        make: returns a new f, from (batch, *shape) to a tensor of any shape with the batch first.
        shape: of one example.
        single: whether f computes in float32 whatever it is given.
        seed: of the point; another one where a kink is too near.
        expected: what is not "exact": {mode: text}, or one text for all modes. `WRONG`,
            `REFUSED`, or a part of TensorFlow's message.
    """

    name: str
    make: Callable
    shape: tuple = (4,)
    single: bool = False
    seed: int = 0
    expected: dict | str = {}  # noqa: RUF012

    def verdict(self, mode):
        """The expected verdict: "exact", `WRONG`, or a part of an error's message."""
        if isinstance(self.expected, str):
            return self.expected
        return self.expected.get(mode, "exact")

    @property
    def tolerance(self):
        return 2e-3 if self.single else 1e-6

    def part(self):
        """A new f, which takes float64."""
        dtype = "float32" if self.single else "float64"
        with precision(dtype):
            made = self.make()

        def call(x):
            with precision(dtype):
                return made(tf.cast(x, dtype))

        call.layer = getattr(made, "layer", None)
        return call


@contextlib.contextmanager
def precision(dtype):
    """Keras' default type for what is made inside."""
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    try:
        yield
    finally:
        keras.config.set_floatx(before[0])
        keras.config.set_dtype_policy(before[1])


def of(layer, **arguments):
    """The function x ↦ layer(x, **arguments), which knows its layer."""

    def call(x):
        return layer(x, **arguments)

    call.layer = layer
    return call


class SmallGame:
    """The game of a row, at a point drawn by the row's seed."""

    def __init__(self, row, penalty):
        self.rng = np.random.default_rng(row.seed)
        self.row = row
        self.penalty = tfc.penalties.R1(gamma=2.0) if penalty else None
        self.z, self.real = (tf.constant(self.rng.normal(size=(BATCH, *row.shape))) for _ in "zx")
        self.parts = row.part(), row.part()
        g, w = (tf.Variable(1 + 0.3 * self.rng.normal(size=row.shape)) for _ in "gw")
        features, _ = (features_of(part, self.z) for part in self.parts)
        self.g, self.w = g, w
        self.u = tf.Variable(self.rng.normal(size=features) / np.sqrt(features))
        size = int(np.prod(row.shape))
        self.p = tf.constant(self.rng.normal(size=(features, size)) / np.sqrt(features))
        weights = [self._weights(part) for part in self.parts]
        self.game = tfc.Game(self.losses, [[g, *weights[0]], [w, self.u, *weights[1]]])

    def _weights(self, part):
        weights = list(part.layer.trainable_variables) if part.layer else []
        for x in weights:
            x.assign(np.asarray(x) + 0.2 * self.rng.normal(size=x.shape))
        return weights

    def discriminator(self, x):
        y = flat_rows(self.parts[1](self.w * x))
        return tf.reduce_sum(self.u * tf.sin(y), axis=1)

    def losses(self):
        fake = tf.reshape(flat_rows(self.parts[0](self.g * self.z)) @ self.p, self.z.shape)
        on_fake = self.discriminator(fake)
        loss = tf.reduce_mean(tf.nn.softplus(on_fake))
        loss += tf.reduce_mean(tf.nn.softplus(-self.discriminator(self.real)))
        if self.penalty:
            loss += self.penalty(self.discriminator, self.real, fake)
        return tf.reduce_mean(tf.nn.softplus(-on_fake)), loss

    def evaluate(self, second_order=True):
        """The losses, v, and ∇L if asked for."""
        linearization = self.game.linearize(second_order=second_order)
        gradient = linearization.vjp(linearization.v) if second_order else []
        return linearization.losses, linearization.v, gradient


def features_of(part, x):
    """How many features a part has an example; builds its layer, and runs no kernel."""
    call = tf.function(lambda x: flat_rows(part(x)), autograph=False)
    return call.get_concrete_function(x).output_shapes[1]


def flat_rows(y):
    return tf.cast(tf.reshape(y, (BATCH, -1)), tf.float64)


class Differences:
    """Fourth-order central differences of the losses and of ½‖v‖² in directions of one player."""

    def __init__(self, small, field):
        self.small, self.field = small, field
        self.h = 4e-3 if small.row.single else 1e-4
        sizes = [len(player) for player in small.game.players]
        self.origin = [np.array(x) for x in small.game.variables]
        self.directions = [
            (player, [self._direction(x, i, player, sizes) for i, x in enumerate(self.origin)])
            for player in range(2)
            for _ in range(DIRECTIONS)
        ]
        self.rates = [self._rate(player, e) for player, e in self.directions]

    def _direction(self, x, index, player, sizes):
        own = (index >= sizes[0]) == bool(player)
        return own * self.small.rng.normal(size=x.shape)

    def _rate(self, player, direction):
        total = np.zeros(2)
        for steps, weight in ((-2, 1), (-1, -8), (1, 8), (2, -1)):
            self._move(steps * self.h, direction)
            losses, v = self.field()
            total += weight * np.array([losses[player], energy(v)])
        self._move(0.0, direction)
        return total / (12 * self.h)

    def _move(self, step, direction):
        for x, start, e in zip(self.small.game.variables, self.origin, direction, strict=True):
            x.assign(start + step * e)

    def errors(self, v, gradient):
        """Of v against the losses and of ∇L against ½‖v‖², relative to the largest rate."""
        found = []
        for column, tensors, sign in ((0, v, -1), (1, gradient, 1)):
            if not tensors:
                continue
            got = [sign * product(tensors, e) for _, e in self.directions]
            rates = [rate[column] for rate in self.rates]
            found.append(np.max(np.abs(np.subtract(got, rates))) / np.max(np.abs(rates)))
        return found


def energy(v):
    return sum(np.sum(np.square(t, dtype=np.float64)) for t in map(np.asarray, v)) / 2


def product(tensors, direction):
    return sum(np.sum(np.asarray(t) * e) for t, e in zip(tensors, direction, strict=True))


def attempt(function):
    """The result, or the exception that stopped it."""
    try:
        return function()
    except Exception as error:
        return error


def measure(row, mode, penalties=(False, True)):
    """What each column of a row comes to: {column: relative error, or the exception}."""
    cells = {}
    for penalty in penalties:
        names = COLUMNS[2:] if penalty else COLUMNS[:2]
        small = attempt(lambda penalty=penalty: SmallGame(row, penalty))
        if isinstance(small, Exception):
            cells.update(dict.fromkeys(names, small))
        else:
            cells.update(zip(names, compare(small, mode), strict=True))
    return cells


def compare(small, mode):
    """The errors of v and ∇L, or the exceptions."""
    evaluate = MODES[mode](small.evaluate)
    result = attempt(evaluate)
    if not isinstance(result, Exception):
        _, v, gradient = result
        return Differences(small, lambda: evaluate()[:2]).errors(v, gradient)
    first = MODES[mode](lambda: small.evaluate(second_order=False))
    field = attempt(first)
    if isinstance(field, Exception):
        return [field, result]
    return [*Differences(small, lambda: first()[:2]).errors(field[1], []), result]


def found_verdict(row, cells):
    """The verdict of measured cells, as `Row.verdict`, with errors as text."""
    for cell in cells.values():
        if isinstance(cell, Exception):
            return f"{type(cell).__name__}: {cell}"
    largest = max(cells.values(), key=lambda x: np.inf if np.isnan(x) else x)
    return "exact" if largest < row.tolerance else WRONG


def agrees(row, mode, cells):
    """Whether the measured verdict is the expected one."""
    expected, found = row.verdict(mode), found_verdict(row, cells)
    return expected == found or (expected not in ("exact", WRONG) and expected in found)
