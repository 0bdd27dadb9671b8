"""Whether TensorFlow's derivatives of a game are those of the game, by finite differences."""

import warnings
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_consensus.games.game import Game
from tf_consensus.support.checks import check_bool, check_count, check_int, check_number
from tf_consensus.support.rebuilding import CannotRebuildError
from tf_consensus.verification.check import Check
from tf_consensus.verification.finite_differences import Probe
from tf_consensus.verification.report import UNDECIDED, VerificationError


class Verification(NamedTuple):
    """What `verify` found.

    Attributes:
        field_errors: for each player the relative error of its own field, vᵢ against its loss.
        pullback_errors: for each player the largest relative error of the derivatives of its field
            with respect to any player's variables; empty where the field alone was compared.
        dtype: the precision that the losses were evaluated in.
        reason: why that is not float64, "" where it is.
        undecided: what finite differences could not decide; empty where all is right.
        evaluations: how often losses and field were evaluated.
        pullbacks: how often the pullback was.
    """

    field_errors: list[float]
    pullback_errors: list[float]
    dtype: str
    reason: str
    undecided: list[str]
    evaluations: int
    pullbacks: int


def verify(
    game: Game,
    *,
    directions: int = 3,
    seed: int = 0,
    tolerance: float | None = None,
    second_order: bool = True,
) -> Verification:
    """Compares a game's field and pullback with central differences, and raises where they differ.

    TensorFlow differentiates some functions rightly once and wrongly twice, and a custom gradient
    may be wrong the first time. For random directions u of one player's field and z of one player's
    variables,

        ⟨v'ᵀu, z⟩ = d/dh u·v(x + hz),        -⟨vᵢ, zᵢ⟩ = d/dh lossᵢ(x + hzᵢ)

    at h = 0 must hold at a random point x near the variables' values. A GAN's networks are rebuilt
    in float64 from their configs. Where that is impossible (a subclass without config, a Lambda, a
    fixed dtype), and for other games, the precision is the game's own. In float32 rectifiers are
    smooth for the comparison, since steps that it can resolve cross too many kinks. Variables,
    layers' state and seeds are left as they were.

    For n players it costs n pullbacks and 2n evaluations of losses and field per direction, and two
    evaluations more. Field and pullback are traced anew. Where the first step does not agree, it
    takes up to four times the evaluations. With the defaults and a GAN that is 6 pullbacks and 14
    evaluations.

    Args:
        game: the game.
        directions: how many random directions u and z.
        seed: determines the point and the directions.
        second_order: `False` compares the field alone, for methods that use no pullback.
        tolerance: largest relative error; `None` is 3e-5 in float64, 0.005 in float32.

    Returns:
        A `Verification`. Where it has `undecided` entries, there was a warning too.

    Raises:
        VerificationError: a `ValueError`, on a mismatch: whose field is wrong, with respect to
            which variable of which layer, and which layers are not known to be exact. If two
            evaluations at one point differ.
        TypeError: if `game` is not a `Game`.
        ValueError: if losses or field are not finite, or an argument is out of range.

    Example:
        >>> x, y = tf.Variable(1.0, dtype="float64"), tf.Variable(1.0, dtype="float64")
        >>> verify(Game(lambda: (x * y, -x * y), players=[[x], [y]])).dtype
        'float64'
    """
    _check_game(game)
    directions = check_count("directions", directions, "Three are enough.")
    seed = check_int("seed", seed, 0)
    second_order = check_bool("second_order", second_order)
    if tolerance is not None:
        hint = "Leave it at None."
        tolerance = check_number("tolerance", tolerance, "positive", lambda t: t > 0, hint)
    probe, reason = _probe(game, seed)
    check = Check(game, probe, tolerance, second_order)
    check.run(directions)
    undecided = list(dict.fromkeys(check.undecided))
    if undecided:
        _warn(undecided, probe.precision.name, reason)
    return Verification(
        [float(e) for e in check.field_errors],
        [float(e) for e in check.pullback_errors.max(axis=0)],
        probe.precision.name,
        reason,
        undecided,
        probe.evaluations,
        probe.pullbacks,
    )


def _check_game(game: Any) -> None:
    if not isinstance(game, Game):
        raise TypeError(
            "`verify` takes a game. Received: "
            f"{type(game).__name__}. For a GAN pass gan.game(batch)."
        )


def _warn(undecided: list[str], precision: str, reason: str) -> None:
    because = f"The comparison is in {precision}, since {reason}. " if reason else ""
    warnings.warn(UNDECIDED.format("; ".join(undecided), because), UserWarning, stacklevel=3)


def _probe(game: Game, seed: int) -> tuple[Probe, str]:
    """The game in the best precision that is available, and why that is not float64."""
    reason = ""
    try:
        if (precise := game.rebuilt("float64")) is not None:
            probe = _traced(precise, seed, smooth=False)
            if probe.precision == tf.float64:
                return probe, ""
            reason = f"the networks compute in {probe.precision.name} at some place"
    except CannotRebuildError as error:
        reason = str(error)
    except (TypeError, ValueError, tf.errors.OpError) as error:
        reason = f"the networks do not compute in float64: {str(error)[:200]}"
    game = game.by_tapes()
    smooth = any(x.dtype != "float64" for x in game.variables)
    try:
        _refuse_other_traces(game)
        probe = _traced(game, seed, smooth)
    except (AttributeError, NotImplementedError, TypeError) as error:
        if "Received: " in str(error):  # ours, of what the losses return
            raise
        raise ValueError(_EAGER_ONLY.format(error)) from error
    exact = probe.precision == tf.float64
    return probe, "" if exact else reason or f"the game computes in {probe.precision.name}"


def _refuse_other_traces(game: Game) -> None:
    """Raises if two traces of the losses hold other constants, as NumPy's random numbers do.

    Raises:
        VerificationError: if they do.
    """

    def constants() -> list[bytes]:
        evaluate = tf.function(lambda: game.unwatched().retrace(), autograph=False)
        graph = evaluate.get_concrete_function().graph
        found = [x for x in graph.get_operations() if x.type == "Const"]
        return [x.get_attr("value").SerializeToString() for x in found]

    if constants() != constants():
        raise VerificationError(_OTHER)


def _traced(game: Game, seed: int, smooth: bool) -> Probe:
    probe = Probe(game, np.random.default_rng(seed), smooth)
    probe.trace()
    return probe


_OTHER = (
    "The losses must be a function of parameters and batch alone. Received: losses that hold other "
    "constants each time that TensorFlow traces them, as random numbers of Python or NumPy are. "
    "Draw such numbers beforehand and pass them in the batch; a GameModel draws in `draw`."
)
_EAGER_ONLY = (
    "The losses must be TensorFlow operations throughout, so that they can be verified in a graph. "
    "Received: losses that cannot be traced ({}). Compute them without .numpy(), float() and "
    "Python's if on tensors, or set verify=False."
)
