"""Losses, field and pullback of a game as functions of steps away from a point."""

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_consensus.games import inspection
from tf_consensus.games.autodiff import tf_variables
from tf_consensus.games.game import Game
from tf_consensus.verification.smooth_rectifiers import smooth_rectifiers

Scope = Callable[[], contextlib.AbstractContextManager[None]]
_SHIFT = 0.1  # how far the point is from the variables' values, in units of each one's size


class Values(NamedTuple):
    """The game at one point, in NumPy's float64: one loss per player, v, a list of arrays."""

    losses: np.ndarray
    v: list[np.ndarray]


class Probe:
    """A game at a random point near its variables' values, and at steps away from it.

    The point is a generic one, away from what is special at initialization: zero biases and gates,
    inputs at the very kink of a rectifier. Its distance, and all steps, are in units of each
    variable's root mean square, or of the typical one where all entries are 0.

    Args:
        game: the game.
        rng: the generator that draws the point.
        smooth: whether rectifiers are smooth (`smooth_rectifiers`).

    Attributes:
        players: for each player the slice of the variables that are its own.
        units: one number per variable, its unit.
        impure: the operations of an evaluation that draw or assign by themselves.
        precision: the lowest floating type between variables and field.
        evaluations: how often losses and field have been evaluated.
        pullbacks: how often the pullback has been.
    """

    def __init__(self, game: Game, rng: np.random.Generator, smooth: bool) -> None:
        self._variables = tf_variables(game.variables)
        self._rng = rng
        ends = np.cumsum([0, *map(len, game.players)])
        self.players = [slice(a, b) for a, b in itertools.pairwise(ends)]
        self._start = [x.numpy() for x in self._variables]
        self.units = _units(self._start)
        self.base = [x + _SHIFT * z for x, z in zip(self._doubles(), self.random(), strict=True)]
        self.evaluations = self.pullbacks = 0
        self.impure: list[tuple[str, str]] = []
        self.precision: tf.DType = None  # known once `trace` has been called
        scope: Scope = smooth_rectifiers if smooth else contextlib.nullcontext
        self._field = tf.function(lambda: self._trace(game, scope), autograph=False)
        self._pullback = tf.function(lambda u: _pull(game, scope, u), autograph=False)

    def trace(self) -> None:
        """Makes the graph of an evaluation, whose `impure` and `precision` are known then."""
        self._field.get_concrete_function()

    @contextlib.contextmanager
    def placed(self) -> Iterator[None]:
        """In the block the variables are at the point; after it they are as they were."""
        try:
            self._assign(self.base)
            yield
        finally:
            self._assign(self._start)

    def random(self, player: slice = slice(None)) -> list[np.ndarray]:
        """Normal numbers in the variables' units, zeros outside of the player's own."""
        own = range(len(self._start))[player]
        return [
            s * self._rng.standard_normal(x.shape) if i in own else np.zeros(x.shape)
            for i, (s, x) in enumerate(zip(self.units, self._start, strict=True))
        ]

    def stay(self) -> None:
        """Takes the variables' values themselves for the point."""
        self.base = self._doubles()
        self._assign(self.base)

    def at(self, z: Sequence[np.ndarray] | None = None, h: float = 0.0) -> Values:
        """Losses and field at h·z from the point; z is of the variables' shapes."""
        if z is not None:
            self._assign([x + h * t for x, t in zip(self.base, z, strict=True)])
        losses, v = self._field()
        self.evaluations += 1
        if z is not None:
            self._assign(self.base)
        return Values(np.array([float(t) for t in losses]), [t.numpy() for t in v])

    def pull_back(self, u: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The pullback v'ᵀu at the point; arrays of the variables' shapes, as `u` is."""
        self.pullbacks += 1
        return [t.numpy() for t in self._pullback([tf.constant(t, tf.float64) for t in u])]

    def _trace(self, game: Game, scope: Scope) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        before = len(inspection.new_operations(0))
        with scope():
            losses, v, *_ = game.linearize(second_order=False)
        self.impure = inspection.find_impure(inspection.new_operations(before))
        self.precision = _lowest(v, [*losses, *v])
        return [tf.cast(t, tf.float64) for t in losses], [tf.cast(t, tf.float64) for t in v]

    def _assign(self, values: Sequence[np.ndarray]) -> None:
        for x, value in zip(self._variables, values, strict=True):
            x.assign(tf.cast(value, x.dtype))

    def _doubles(self) -> list[np.ndarray]:
        return [x.astype(np.float64) for x in self._start]


def _pull(game: Game, scope: Scope, u: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    with scope():
        linearization = game.linearize()
        u = [tf.cast(t, x.dtype) for t, x in zip(u, linearization.v, strict=True)]
        return [tf.cast(t, tf.float64) for t in linearization.vjp(u)]


def _units(values: Sequence[np.ndarray]) -> list[float]:
    """Root mean squares, the geometric mean of all where one is 0."""
    sizes = [float(np.sqrt(np.mean(np.square(x.astype(np.float64))))) for x in values]
    known = [s for s in sizes if s > 0]
    typical = float(np.exp(np.mean(np.log(known)))) if known else 1.0
    return [s or typical for s in sizes]


def _lowest(field: Sequence[tf.Tensor], results: Sequence[tf.Tensor]) -> tf.DType:
    """The least precise floating type of what depends on any variable."""
    reached: set[Any] = set()
    types = {t.dtype for t in results}
    for operation in inspection.ancestors(field):
        read = operation.type == "ReadVariableOp"
        if read or any(t.ref() in reached for t in operation.inputs):
            reached.update(t.ref() for t in operation.outputs)
            types.update(t.dtype for t in operation.outputs if t.dtype.is_floating)
    return min(types, key=lambda t: (t.size, t.name))
