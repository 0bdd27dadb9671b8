"""The comparison of a game's derivatives with central differences."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tf_consensus.games.game import Game
from tf_consensus.verification.directional_derivatives import (
    PRECISIONS,
    Arrays,
    Expected,
    Found,
    converged,
    errors_of,
)
from tf_consensus.verification.finite_differences import Probe, Values
from tf_consensus.verification.report import (
    Mismatch,
    VerificationError,
    describe_impure,
    describe_mismatch,
)


class Check:
    """One comparison.

    Args:
        game: the game, for names.
        probe: the game to evaluate.
        tolerance: largest relative error; `None` takes the precision's.
        second_order: whether to compare the pullback too.

    Attributes:
        field_errors: the largest relative error of each player's field.
        pullback_errors: at [i, j], that of the derivative of player j's field with respect to
            player i's variables.
        undecided: descriptions of what did not converge.
    """

    def __init__(
        self, game: Game, probe: Probe, tolerance: float | None, second_order: bool
    ) -> None:
        number = len(game.players)
        self._fields = probe.players if second_order else []
        self._game, self._probe = game, probe
        # In any other type `run` compares nothing, and says so.
        self._known = probe.precision in PRECISIONS
        self._precision = PRECISIONS.get(probe.precision, PRECISIONS[tf.float32])
        if tolerance is not None:
            self._precision = self._precision._replace(tolerance=tolerance)
        self.field_errors = np.zeros(number)
        self.pullback_errors = np.zeros((number, len(self._fields)))
        self.undecided: list[str] = []

    def run(self, directions: int) -> None:
        """Compares along random directions u and z.

        Args:
            directions: the number of directions.

        Raises:
            VerificationError: at the first mismatch, or if two evaluations differ.
            ValueError: if losses or field are not finite.
        """
        if not self._known:
            self.undecided.append(f"all, in {self._probe.precision.name}")
            self.field_errors[:] = self.pullback_errors[:] = np.nan
            return
        with self._probe.placed():
            here = self._here()
            for _ in range(directions):
                self._compare(here)

    def _here(self) -> Values:
        """Losses and field at the point, evaluated twice."""
        probe = self._probe
        first = probe.at()
        if not _is_finite(first):
            probe.stay()
            first = probe.at()
        second = probe.at()
        if not (_is_finite(first) and _is_finite(second)):
            raise ValueError(
                "Losses and field must be finite. Received: NaN or infinity at the variables' "
                "values. Check the batch and the losses there."
            )
        error = _distance(first, second)
        if error > self._precision.repeatable:
            raise VerificationError(describe_impure(self._game, error, probe.impure))
        return first

    def _compare(self, here: Values) -> None:
        """Compares along one u and one z per player."""
        probe = self._probe
        us = [probe.random(player) for player in self._fields]
        pulled = [probe.pull_back(u) for u in us]
        found: list[Found] = []
        for player, own in enumerate(probe.players):
            z = probe.random(own)
            expected = self._expected(player, z, here, us, pulled)
            found += self._judge(expected, us)
        if found:
            mismatch = self._localize(max(found), here, us, pulled)
            message = describe_mismatch(self._game, mismatch, probe.precision.name)
            raise VerificationError(message)

    def _expected(
        self, player: int, z: Arrays, here: Values, us: list[Arrays], pulled: list[Arrays]
    ) -> Expected:
        probe, floor = self._probe, self._precision.floor
        own = probe.players[player]
        gradients = [*pulled, [-t for t in here.v]]
        values = [_dot(g[own], z[own]) for g in gradients]
        scaled = [_norm(_scale(g[own], probe.units[own])) for g in gradients]
        floors = [floor * _norm([a * b for a, b in zip(u, here.v, strict=True)]) for u in us]
        floors.append(floor * abs(here.losses[player]))
        least = np.maximum(floors, np.finfo(float).tiny)
        return Expected(player, z, np.array(values), np.maximum(scaled, least), least)

    def _judge(self, expected: Expected, us: list[Arrays]) -> list[Found]:
        """Notes the errors; returns the mismatches."""
        steps, tolerance = self._precision.steps, self._precision.tolerance
        measured = {steps[0]: self._measure(expected, us, steps[0])}
        if (errors_of(measured[steps[0]], expected) > tolerance).any():
            measured.update({h: self._measure(expected, us, h) for h in steps[1:]})
        rows = [measured[h] for h in sorted(measured)]
        errors = np.min([errors_of(row, expected) for row in rows], axis=0)
        found = []
        for target in np.flatnonzero(errors > tolerance).tolist():
            row = converged([row[target] for row in rows], expected, target)
            if row is None:
                self.undecided.append(self._name(expected.player, target))
                errors[target] = np.nan
            else:
                error = float(errors_of(rows[row], expected)[target])
                h = sorted(steps)[row]
                found.append(Found(target == len(us), error, target, expected.player, h))
        self._note(expected.player, errors)
        return found

    def _measure(self, expected: Expected, us: list[Arrays], h: float) -> np.ndarray:
        """The derivatives by central differences with step h."""
        above, below = (self._probe.at(expected.z, step) for step in (h, -h))
        change = [a - b for a, b in zip(above.v, below.v, strict=True)]
        player = expected.player
        rise = above.losses[player] - below.losses[player]
        return np.array([*(_dot(u, change) for u in us), rise]) / (2 * h)

    def _note(self, player: int, errors: np.ndarray) -> None:
        *pullbacks, field = errors
        self.field_errors[player] = np.maximum(self.field_errors[player], field)
        self.pullback_errors[player] = np.maximum(self.pullback_errors[player], pullbacks)

    def _name(self, player: int, target: int) -> str:
        name = self._game.player_name(player)
        if target == len(self._fields):
            return f"the gradient of the loss of {name}"
        field = self._game.player_name(target)
        return f"the derivative of the field of {field} with respect to {name}'s variables"

    def _localize(
        self, found: Found, here: Values, us: list[Arrays], pulled: list[Arrays]
    ) -> Mismatch:
        """The variable that contributes most, by steps in one variable at a time."""
        is_first, error, target, player, h = found
        own = self._probe.players[player]
        best = (-1.0, own.start, 0.0)
        for index in range(own.start, own.stop):
            alone = slice(index, index + 1)
            z = self._probe.random(alone)
            expected = self._expected(player, z, here, us, pulled)
            measured = self._measure(expected, us, h)
            gradient = [-t for t in here.v] if is_first else pulled[target]
            size = _norm(_scale(gradient[alone], self._probe.units[alone]))
            gap = abs(measured[target] - expected.values[target])
            best = max(best, (gap, index, gap / max(size, abs(measured[target]), 1e-300)))
        _, variable, variable_error = best
        field = player if is_first else target
        return Mismatch(2 - is_first, field, player, error, variable, variable_error)


def _is_finite(values: Values) -> bool:
    return all(np.isfinite(t).all() for t in [values.losses, *values.v])


def _distance(first: Values, second: Values) -> float:
    pairs = [(first.v, second.v), ([first.losses], [second.losses])]
    gaps = [(_norm([a - b for a, b in zip(*p, strict=True)]), _norm(p[0])) for p in pairs]
    return max(gap / max(size, 1e-300) for gap, size in gaps)


def _dot(a: Arrays, b: Arrays) -> float:
    return float(sum(np.vdot(x, y) for x, y in zip(a, b, strict=True)))


def _norm(a: Arrays) -> float:
    return float(np.sqrt(sum(np.vdot(x, x) for x in a)))


def _scale(a: Arrays, units: Sequence[float]) -> Arrays:
    return [s * x for s, x in zip(units, a, strict=True)]
