"""Lookahead."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games.game import Game
from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.directions import assign, values_of
from tf_consensus.optimizers.field import Field
from tf_consensus.optimizers.game_optimizer import GameOptimizer
from tf_consensus.optimizers.inner import InnerOptimizers, Rates, refuse_learning_rate, resolve
from tf_consensus.optimizers.inner_lists import make_inners
from tf_consensus.optimizers.simultaneous import SimultaneousOptimizer
from tf_consensus.support.checks import check_count, check_number


@keras.saving.register_keras_serializable("tf_consensus")
class LookaheadOptimizer(GameOptimizer):
    """Lookahead-minmax: after k steps of another optimizer, go back part of the way.

        x̃_0 = x_s,    x̃_{i+1} = step(x̃_i)  (k times),    x_{s+1} = (1 - α) x_s + α x̃_k

    The model holds the fast weights x̃, the optimizer the slow ones x; at the end of each period of
    k steps both are equal. The slow weights start as the model's weights at the first step. All
    players are averaged at once. The inner optimizer's own state runs on from period to period;
    averages that it keeps (`use_ema`) are of the fast weights.

    Averaging pulls a rotation inwards: with simultaneous gradient steps, whose Jacobian has
    eigenvalues 1 + hμ, it converges where |1 - α + α (1 + hμ)ᵏ| < 1 for all of them. On a bilinear
    game that holds for k ≥ 2 and α < 1 - 1/k with small enough h, although the inner steps
    diverge; it never holds for k = 1.

    Args:
        inner_optimizer: any optimizer for games, or name, config or instance of a Keras optimizer,
            which then takes simultaneous steps.
        sync_period: k ≥ 1, the number of inner steps between averages.
        slow_step_size: α in (0, 1]; 1 is exactly the inner optimizer.

    Raises:
        ValueError: if `sync_period` is not a positive integer or `slow_step_size` not in (0, 1].

    Example:
        >>> inner = ConsensusOptimizer("rmsprop", learning_rate=1e-4, gamma=10.0)
        >>> optimizer = LookaheadOptimizer(inner, sync_period=5, slow_step_size=0.5)

    Reference:
        Zhang, Lucas, Hinton, Ba, Lookahead Optimizer: k steps forward, 1 step back, 2019;
        Chavdarova et al., Taming GANs with Lookahead-Minmax, 2021, algorithm 1.
    """

    all_at_once = True  # one counter tells every player's period
    counts_rounds = True
    inner_optimizer: GameOptimizer

    def __init__(
        self,
        inner_optimizer: InnerOptimizers = "rmsprop",
        learning_rate: Rates = None,
        sync_period: int = 5,
        slow_step_size: float = 0.5,
        name: str | None = None,
        *,
        microbatches: int = 1,
        allow_cut: bool | Sequence[str] = False,
    ) -> None:
        super().__init__(
            inner_optimizer,
            learning_rate,
            name=name,
            microbatches=microbatches,
            allow_cut=allow_cut,
        )
        hint = "Lookahead-minmax uses 5 or more."
        self.sync_period = check_count("sync_period", sync_period, hint)
        self.slow_step_size = check_number(
            "slow_step_size",
            slow_step_size,
            "a number above 0 and at most 1",
            lambda alpha: 0 < alpha <= 1,
            "Lookahead-minmax uses 0.5.",
        )

    @classmethod
    def refuse(cls, options: dict[str, Any]) -> None:
        """As for every optimizer; for earlier names of arguments it says the present ones."""
        earlier = {key: value for key, value in options.items() if key in _RENAMED}
        if earlier:
            given = ", ".join(f"{key}={value!r}" for key, value in earlier.items())
            now = ", ".join(f"{_RENAMED[key]}={value!r}" for key, value in earlier.items())
            raise TypeError(
                "`cycle` is now `sync_period`, and `slow_step` is `slow_step_size`. Received: "
                f"{given}. Write {cls.__name__}({now})."
            )
        super().refuse(options)

    def _make_inner(self, optimizer: InnerOptimizers, learning_rate: Rates) -> GameOptimizer:
        if isinstance(optimizer, dict):
            optimizer = resolve(optimizer, "inner_optimizer")
        if not isinstance(optimizer, GameOptimizer):
            return SimultaneousOptimizer(make_inners(optimizer, learning_rate))
        if learning_rate is not None:
            refuse_learning_rate(learning_rate, optimizer)
        return optimizer

    def plain_field(self) -> Field | None:
        """The inner optimizer's field: the fast weights follow it between two averages."""
        return self.inner_optimizer.field

    @property
    def field_note(self) -> str:
        """Says that the field is the one of the steps between averages, if there is one."""
        name = type(self).__name__
        return f"of the steps between the averages of {name}" if self.field else super().field_note

    def make_state(self) -> None:
        """The slow weights."""
        super().make_state()
        self._slow = self.add_memory("slow")

    def check_game(self, game: Game) -> None:
        """As the inner optimizer's."""
        super().check_game(game)
        self.inner_optimizer.check_game(game)

    def update(self, game: Game) -> Linearization:
        """One step of the inner optimizer, and at the end of a period the average.

        Returns:
            What the inner optimizer's step returned.
        """
        self._begin(game.variables)
        linearization = self.inner_optimizer.step(game)
        self._end(game.variables)
        return linearization

    def put_averages(self, players: Sequence[Sequence[Any]]) -> None:
        """The inner optimizer's averages, which are of the fast weights."""
        self.inner_optimizer.put_averages(players)

    def _apply(self, grads: Sequence[Any], variables: Sequence[Any]) -> None:
        self._begin(variables)
        self.inner_optimizer.apply(grads, variables)
        self._end(variables)

    def _begin(self, variables: Sequence[Any]) -> None:
        """Where a period begins, takes the model's weights as the slow weights."""
        slow = self.memory_of(self._slow, variables)
        pairs = zip(values_of(variables), values_of(slow), strict=True)
        begins = self._is_multiple(self.iterations)
        assign(slow, [tf.where(begins, x, s) for x, s in pairs])

    def _end(self, variables: Sequence[Any]) -> None:
        """Averages where a period ends with this round."""
        slow = self.memory_of(self._slow, variables)
        pairs = zip(values_of(variables), values_of(slow), strict=True)
        alpha, ends = self.slow_step_size, self._is_multiple(self.iterations + 1)
        assign(variables, [tf.where(ends, (1 - alpha) * s + alpha * x, x) for x, s in pairs])

    def _is_multiple(self, rounds: Any) -> tf.Tensor:
        return tf.equal(tf.convert_to_tensor(rounds) % self.sync_period, 0)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {"sync_period": self.sync_period, "slow_step_size": self.slow_step_size}
        return {**super().get_config(), **own}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> "LookaheadOptimizer":
        """The optimizer that `get_config` describes, also from files with the earlier names."""
        config = {_RENAMED.get(key, key): value for key, value in config.items()}
        return super().from_config(config, custom_objects)


_RENAMED = {"cycle": "sync_period", "slow_step": "slow_step_size"}
