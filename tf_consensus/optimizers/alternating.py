"""Alternating gradient ascent."""

from collections.abc import Sequence
from typing import Any, NoReturn

import keras
import tensorflow as tf

from tf_consensus.games.blocks import Players
from tf_consensus.games.game import Game
from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.directions import apply_direction
from tf_consensus.optimizers.inner import INNER_OPTIONS, InnerOptimizer, make_inner
from tf_consensus.optimizers.reevaluating import ReevaluatingOptimizer
from tf_consensus.support.checks import check_count


@keras.saving.register_keras_serializable("tf_consensus")
class AlternatingOptimizer(ReevaluatingOptimizer):
    """Alternating gradient ascent (AltGA): the discriminator moves first, then the generator.

    One step(game) of a game of two players (generator first, discriminator second) is

        k times:  φ ← φ + h_D v_D(θ, φ)
        m times:  θ ← θ + h_G v_G(θ, φ)

    with each gradient taken at the newest parameters, all on the game's one batch. The paper's
    algorithm 3 moves the generator first; here the discriminator is first.

    Args:
        generator_optimizer: name, config or instance of a Keras optimizer.
        discriminator_optimizer: likewise, a separate object.
        discriminator_steps: k ≥ 1.
        generator_steps: m ≥ 1.

    Raises:
        ValueError: if the two optimizers are one object, k or m is not a positive integer, or an
            option belongs on the two optimizers, as the learning rate does.

    Example:
        >>> optimizer = AlternatingOptimizer("rmsprop", "rmsprop", discriminator_steps=5)

    Reference:
        Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017, supplement, Proposition 14.
    """

    _inner_keys = ("generator_optimizer", "discriminator_optimizer")
    _inner_options = ("learning_rate", *INNER_OPTIONS)
    several_evaluations = "Alternating updates evaluate the losses between the players' moves"

    def __init__(
        self,
        generator_optimizer: InnerOptimizer = "rmsprop",
        discriminator_optimizer: InnerOptimizer = "rmsprop",
        discriminator_steps: int = 1,
        generator_steps: int = 1,
        name: str | None = None,
        *,
        microbatches: int = 1,
    ) -> None:
        pair = [
            make_inner(optimizer, key=key)
            for optimizer, key in zip(
                (generator_optimizer, discriminator_optimizer), self._inner_keys, strict=True
            )
        ]
        super().__init__(pair, name=name, microbatches=microbatches)
        hint = "The paper alternates 1 and 1."
        self.discriminator_steps = check_count("discriminator_steps", discriminator_steps, hint)
        self.generator_steps = check_count("generator_steps", generator_steps, hint)

    @property
    def generator_optimizer(self) -> keras.optimizers.Optimizer:
        """The generator's optimizer."""
        return self.inner_optimizers[0]

    @property
    def discriminator_optimizer(self) -> keras.optimizers.Optimizer:
        """The discriminator's optimizer."""
        return self.inner_optimizers[1]

    def check_game(self, game: Game) -> None:
        """As `GameOptimizer.check_game`; there must be two players.

        Raises:
            ValueError: if there are more or fewer.
        """
        super().check_game(game)
        if len(game.players) != 2:
            raise ValueError(
                "Alternating updates are defined for two players, generator and discriminator. "
                f"Received: a game of {len(game.players)}. Use SimultaneousOptimizer."
            )

    def update(self, game: Game) -> Linearization:
        """One round: k discriminator updates, then m generator updates.

        Returns:
            Losses and field as each player saw them before its last update; without a pullback.
        """
        first, v_d = self._ascend(game, 1, self.discriminator_optimizer, self.discriminator_steps)
        last, v_g = self._ascend(game, 0, self.generator_optimizer, self.generator_steps)
        sizes = [len(player) for player in game.players]
        losses = [last[0], first[1]]
        return Linearization(losses, v_g + v_d, _no_pullback, sizes, game.variables)

    def _ascend(
        self, game: Game, player: int, optimizer: keras.optimizers.Optimizer, steps: int
    ) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        for _ in range(steps):
            losses, v = game.player_gradient(player)
            self._move_player(optimizer, v, game.players[player])
        return losses, v

    def _move_player(
        self,
        optimizer: keras.optimizers.Optimizer,
        v: Sequence[tf.Tensor],
        variables: Sequence[Any],
    ) -> None:
        apply_direction(optimizer, v, variables)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        del config["allow_cut"]  # for gradients handed to `apply`, which it refuses
        pair = config.pop("inner_optimizer")
        return {
            **dict(zip(self._inner_keys, pair, strict=True)),
            **config,
            "discriminator_steps": self.discriminator_steps,
            "generator_steps": self.generator_steps,
        }


def _no_pullback(u: Sequence[tf.Tensor], of: Players = None, wrt: Players = None) -> NoReturn:
    del u, of, wrt
    raise RuntimeError(
        "An alternating update takes its gradients at different points, so there is no single "
        "field to pull back. Call `game.linearize()`."
    )
