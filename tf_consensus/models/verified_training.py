"""Verifies a model's derivatives before it trains."""

import concurrent.futures
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import keras
import tensorflow as tf

from tf_consensus.execution.trainable import Logs, StepsFunction
from tf_consensus.games.game import Game
from tf_consensus.optimizers import GameOptimizer
from tf_consensus.optimizers.reevaluating import ReevaluatingOptimizer
from tf_consensus.support.rebuilding import CannotRebuildError
from tf_consensus.verification.comparison import verify


class Verifiable(Protocol):
    """A compiled model whose derivatives can be verified; a `GameModel` is one.

    Attributes:
        noun: the model's name in messages.
        optimizer: the optimizer with which it was compiled.
        distribute_strategy: the strategy in whose scope it was made.
        verify: whether to verify: True, False or "auto".
        verified: what was verified last.
        allow_cut: operations or layers that may cut the field's derivative; see `Game`.
    """

    noun: str
    optimizer: keras.optimizers.Optimizer
    distribute_strategy: tf.distribute.Strategy
    verify: bool | str
    verified: Any
    allow_cut: bool | Sequence[str]

    def verified_parts(self) -> list[Any]:
        """The parts that decide whether the derivatives are right."""

    def differentiates_twice(self) -> bool:
        """Whether the losses contain derivatives, as far as the model knows."""

    def holds_unknown(self) -> bool:
        """Whether the losses hold parts not known to be exact."""

    def batch_to_verify(self, iterator: Any) -> tuple[Any, Any]:
        """A batch for the verification (`None` if none can be put back) and an iterator of all."""

    def example_game(self, example: Any) -> Game:
        """The game on the first rows of a batch, past the beginning of schedules."""


def check_verify(setting: Any) -> bool | str:
    """`verify` of a model.

    Raises:
        ValueError: if it is neither a bool nor "auto".
    """
    if isinstance(setting, bool) or setting == "auto":
        return setting
    raise ValueError(
        f"`verify` must be True, False or 'auto'. Received: verify={setting!r}. Leave it at "
        "'auto', which looks at what is not known to be exact."
    )


def verified(model: Verifiable, train_function: StepsFunction) -> StepsFunction:
    """A train function that verifies the derivatives before the first step, if they need it.

    It does so once for the same parts and kind of optimizer. Training is the same with and without
    it, bit for bit.

    Args:
        model: compiled `GameModel`.
        train_function: function of an iterator that trains.
    """

    def function(iterator: Any) -> Logs:
        subject = _subject(model)
        if model.verified != subject:
            if _is_needed(model):
                example, iterator = model.batch_to_verify(iterator)
                _alone(lambda: _verify(model, example))
            model.verified = subject
        return train_function(iterator)

    return function


def _subject(model: Verifiable) -> tuple[Any, ...]:
    """What decides whether the derivatives are right, except the values of variables."""
    optimizer, parts = model.optimizer, model.verified_parts()
    return (*map(id, parts), type(optimizer), is_second_order(optimizer), model.verify)


def _is_needed(model: Verifiable) -> bool:
    if model.verify != "auto":
        return bool(model.verify)
    if model.allow_cut:
        return False  # the derivatives are declared not to be those of the losses
    twice = is_second_order(model.optimizer) or _evaluates_again(model.optimizer)
    return (twice or model.differentiates_twice()) and model.holds_unknown()


def is_second_order(optimizer: keras.optimizers.Optimizer) -> bool:
    """Whether an optimizer, or one inside of it, differentiates the field."""
    if not isinstance(optimizer, GameOptimizer):
        return False
    return bool(optimizer.second_order) or any(map(is_second_order, optimizer.inner_optimizers))


def _evaluates_again(optimizer: keras.optimizers.Optimizer) -> bool:
    """Whether a step evaluates the losses more than once, so that they must be a function."""
    if not isinstance(optimizer, GameOptimizer):
        return False
    again = isinstance(optimizer, ReevaluatingOptimizer) or optimizer.microbatches > 1
    return again or any(map(_evaluates_again, optimizer.inner_optimizers))


def _alone(compute: Callable[[], None]) -> None:
    """Calls it outside the scope of any strategy: in another thread, as scopes are per thread."""
    if not tf.distribute.has_strategy():
        compute()
        return
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(compute).result()


def _verify(model: Verifiable, example: Any) -> None:
    """Verifies the game on an example; raises `VerificationError`."""
    game = None if example is None else model.example_game(example)
    if model.distribute_strategy.num_replicas_in_sync > 1:
        # On copies, because the replicas' variables must not move.
        reason = "a game of functions, whose variables cannot be made again"
        try:
            game = game and game.rebuilt(None)
        except CannotRebuildError as error:
            game, reason = None, str(error)
        if game is None:
            _warn(model, reason)
    if game is not None:
        verify(game, second_order=is_second_order(model.optimizer))


def _warn(model: Verifiable, reason: str) -> None:
    warnings.warn(
        "Under a strategy of several replicas derivatives are verified on copies of the "
        f"networks. Received: {reason}. They are not verified here; do so on one device, by "
        f"tf_consensus.verify({model.noun.lower()}.game(batch)).",
        UserWarning,
        stacklevel=5,
    )
