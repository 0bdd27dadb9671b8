"""Alternating consensus optimization."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games import vectors
from tf_consensus.games.game import Game
from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.alternating import AlternatingOptimizer
from tf_consensus.optimizers.directions import assign, values_of
from tf_consensus.optimizers.gamma import Gamma
from tf_consensus.optimizers.inner import InnerOptimizer
from tf_consensus.optimizers.regularization import Regularization
from tf_consensus.support.checks import check_bool

PLAYERS = ("generator", "discriminator")


@keras.saving.register_keras_serializable("tf_consensus")
class AlternatingConsensusOptimizer(Regularization, AlternatingOptimizer):
    """Consensus optimization in turns: each player sees the other's newest parameters.

    One step(game) of a game of two players (generator first, discriminator second) is

        k times:  φ ← φ + h_D w_D(θ, φ)
        m times:  θ ← θ + h_G w_G(θ, φ)

    with wᵢ = vᵢ - γ (∇L)ᵢ for the players in `regularize` and wᵢ = vᵢ for the others. L = ½‖v‖²
    holds both players' gradients, and (∇L)ᵢ = (v'ᵀv)ᵢ is its gradient along player i's variables
    only; the rest of ∇L is not computed. On the bilinear game x·y, where alternation alone
    circles forever and simultaneous steps need a large γ, one regularized player is enough to
    converge (`theory.alternating_consensus_matrix`).

    Args:
        regularize: which players descend L: "generator", "discriminator", or a list of them.
        reuse: whether the other player's part of u = v is kept from its last move, instead of being
            computed at the present point. It is then one move old, from the batch of that move, and
            0 before the first move. On the bilinear game, where no player's gradient depends on its
            own parameters, rounds of one move each are the same after the first one. With a
            `fraction` below 1 a round then costs little more than an alternating one.
        gamma: weight γ, as for `ConsensusOptimizer`; 0 is exactly `AlternatingOptimizer`.

    Raises:
        ValueError: if `regularize` names no player, or as `AlternatingOptimizer` and
            `ConsensusOptimizer` do.

    Example:
        >>> optimizer = AlternatingConsensusOptimizer("adam", "adam", gamma=1.0, fraction=0.125)

    Reference:
        Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017, algorithms 2 and 3 combined; the
        combination is this library's.
    """

    whole_product = True

    def __init__(
        self,
        generator_optimizer: InnerOptimizer = "rmsprop",
        discriminator_optimizer: InnerOptimizer = "rmsprop",
        gamma: Gamma = 10.0,
        regularize: str | Sequence[str] = ("discriminator",),
        discriminator_steps: int = 1,
        generator_steps: int = 1,
        every: int = 1,
        reuse: bool = False,
        name: str | None = None,
        *,
        debias: str | None = None,
        fraction: float = 1.0,
        microbatches: int = 1,
    ) -> None:
        super().__init__(
            generator_optimizer,
            discriminator_optimizer,
            discriminator_steps,
            generator_steps,
            name=name,
            microbatches=microbatches,
        )
        self.hold_regularization(gamma, every, fraction, debias)
        self.regularize = _check_players(regularize)
        hint = "False computes both players' gradients for each regularized move."
        self.reuse = check_bool("reuse", reuse, hint)
        if self.reuse and self.debias and "generator" in self.regularize:
            raise ValueError(
                "The discriminator's last move uses the generator's own batch, so it is not an "
                f"independent part. Received: reuse=True and debias={debias!r} with regularize="
                f"{list(self.regularize)}. Regularize the discriminator only, or leave one out."
            )

    def make_state(self) -> None:
        """Each player's gradient at its last move, if `reuse` needs it."""
        super().make_state()
        self._moved = self.add_memory("last_move") if self.reuse and self.second_order else []

    def cotangent(self, linearization: Linearization) -> list[tf.Tensor]:
        """The field v itself: v'ᵀv = ∇L."""
        return linearization.v

    def block(self, linearization: Linearization) -> dict[str, Any]:
        """The variables of the players that descend L."""
        del linearization
        return {"wrt": [PLAYERS.index(name) for name in self.regularize]}

    def _ascend(
        self, game: Game, player: int, optimizer: keras.optimizers.Optimizer, steps: int
    ) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        for _ in range(steps):
            if self.second_order and PLAYERS[player] in self.regularize:
                linearization = self._linearized(game, player)
                w, v = (
                    linearization.by_player(x)[player]
                    for x in (self.regularized(linearization, wrt=player), linearization.v)
                )
                losses = linearization.losses
            else:
                losses, v = game.player_gradient(player)
                w = v
            self._move_player(optimizer, w, game.players[player])
            if self._moved:
                assign(self.memory_of(self._moved, game.players[player]), vectors.replica_mean(v))
        return losses, v

    def _linearized(self, game: Game, player: int) -> Linearization:
        """The field and its pullback; with `reuse`, the others' parts are from their last moves."""
        if not self.reuse:
            return self.linearized(game)
        found = self.linearized(game, player)
        moved = values_of(self.memory_of(self._moved, game.variables))
        own = found.by_player(list(range(len(moved))))[player]
        rest = None if found.rest is None else _mixed(found.rest, moved, own)
        return found._replace(v=_mixed(found.v, moved, own), rest=rest)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {"regularize": list(self.regularize), "reuse": self.reuse}
        return {**super().get_config(), **self.regularization_config(), **own}


def _mixed(
    u: Sequence[tf.Tensor], moved: Sequence[tf.Tensor], own: Sequence[int]
) -> list[tf.Tensor]:
    """The list `moved`, with the tensors of `u` of these numbers."""
    return [u[k] if k in own else t for k, t in enumerate(moved)]


def _check_players(regularize: Any) -> tuple[str, ...]:
    names = (regularize,) if isinstance(regularize, str) else regularize
    known = isinstance(names, list | tuple) and all(name in PLAYERS for name in names)
    if not known or not names or len(set(names)) < len(names):
        raise ValueError(
            "`regularize` names the players that descend L: 'generator', 'discriminator', or a "
            f"list of both. Received: regularize={regularize!r}. Use AlternatingOptimizer to "
            "regularize none."
        )
    return tuple(name for name in PLAYERS if name in names)
