"""Alternating gradient ascent."""

import numbers

import keras

from tf_consensus.checks import check_count
from tf_consensus.game import Linearization
from tf_consensus.optimizers.game_optimizer import apply_direction
from tf_consensus.optimizers.inner import (
    INNER_OPTIONS,
    check_rate,
    make_inner,
    refuse_options,
    refuse_schedule,
)
from tf_consensus.optimizers.reevaluating import ReevaluatingOptimizer


@keras.saving.register_keras_serializable("tf_consensus")
class AlternatingOptimizer(ReevaluatingOptimizer):
    """Alternating gradient ascent (AltGA): the discriminator moves first, then the generator.

    One step(game) of a game of two players (generator first, discriminator second) is

        k times:  φ ← φ + h_D v_D(θ, φ)
        m times:  θ ← θ + h_G v_G(θ, φ)

    each gradient taken at the newest parameters, all on the game's one batch.

    Args:
        generator_optimizer: name, config or instance of a Keras optimizer.
        discriminator_optimizer: likewise; its own object.
        discriminator_steps: k ≥ 1.
        generator_steps: m ≥ 1.
        name: name of the optimizer.
        microbatches: number of equal parts to go through the batch in; see `GameOptimizer`.

    Raises:
        ValueError: if the two optimizers are one object, k or m is not a positive integer, or an
            option belongs on the two optimizers, as the learning rate does.

    Example:
        >>> optimizer = AlternatingOptimizer("rmsprop", "rmsprop", discriminator_steps=5)

    Reference:
        Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017, supplement, Proposition 14.
    """

    several_evaluations = "Alternating updates evaluate the losses between the players' moves"

    def __init__(
        self,
        generator_optimizer="rmsprop",
        discriminator_optimizer="rmsprop",
        discriminator_steps=1,
        generator_steps=1,
        name=None,
        *,
        microbatches=1,
        **kwargs,
    ):
        misplaced = ("learning_rate", *INNER_OPTIONS)
        refuse_options(type(self).__name__, kwargs, "generator_optimizer", misplaced)
        super().__init__(generator_optimizer, name=name, microbatches=microbatches)
        self.discriminator_optimizer = make_inner(
            discriminator_optimizer, key="discriminator_optimizer"
        )
        if self.generator_optimizer is self.discriminator_optimizer:
            raise ValueError(
                "Each player needs an optimizer of its own. Received: one "
                f"{type(self.inner_optimizer).__name__} for both. Create two."
            )
        self._ratio = None  # of the learning rates, the discriminator's to the generator's
        self._own = []  # each player's variables, by key; known once a step or a model names them
        hint = "The paper alternates 1 and 1."
        self.discriminator_steps = check_count("discriminator_steps", discriminator_steps, hint)
        self.generator_steps = check_count("generator_steps", generator_steps, hint)

    def _make_inner(self, optimizer, learning_rate):
        return make_inner(optimizer, learning_rate, "generator_optimizer")

    @property
    def generator_optimizer(self):
        """The generator's optimizer, the one whose averages Keras' SwapEMAWeights uses."""
        return self.inner_optimizer

    @property
    def inner_optimizers(self):
        """The generator's and the discriminator's optimizer."""
        return [self.inner_optimizer, self.discriminator_optimizer]

    def _step(self, game):
        """One round: k discriminator updates, then m generator updates.

        Returns:
            Losses and field as each player saw them before its last update; without a pullback.

        Raises:
            ValueError: if the game does not have two players.
        """
        if len(game.players) != 2:
            raise ValueError(
                "Alternating updates are defined for two players, generator and discriminator. "
                f"Received: a game of {len(game.players)}. Use SimultaneousOptimizer."
            )
        self.build(game.variables)
        self._know(game.players)
        first, v_d = self._ascend(game, 1, self.discriminator_optimizer, self.discriminator_steps)
        last, v_g = self._ascend(game, 0, self.generator_optimizer, self.generator_steps)
        self._count_step(v_g + v_d)
        sizes = [len(player) for player in game.players]
        return Linearization([last[0], first[1]], v_g + v_d, _no_pullback, sizes)

    def _ascend(self, game, player, optimizer, steps):
        for _ in range(steps):
            losses, v = game.player_gradient(player)
            self._move_player(optimizer, v, game.players[player])
        return losses, v

    def _move_player(self, optimizer, v, variables):
        apply_direction(optimizer, v, variables)

    def _know(self, players):
        self._own = [{self._var_key(x) for x in player} for player in players]

    def put_averages(self, players):
        """Puts averaged weights in place, each player's from its own optimizer."""
        if len(players) == 2:
            self._know(players)
        if not self._own:
            raise ValueError(
                "Each player's averages are its own optimizer's, and who has which weights is not "
                f"known before the first step. Received: {len(players)} list of variables. Hand "
                "over two, the generator's and the discriminator's."
            )
        super().put_averages(players)

    def finalize_variable_values(self, var_list):
        """Puts averaged weights in place, each player's from its own optimizer."""
        for inner, own in zip(self.inner_optimizers, self._own, strict=False):
            others = [x for x in var_list if self._var_key(x) not in own]
            kept = [x.numpy() for x in others]
            inner.finalize_variable_values(var_list)
            for x, value in zip(others, kept, strict=True):
                x.assign(value)

    @property
    def learning_rate(self):
        """The generator's learning rate; setting it scales the discriminator's alike.

        So callbacks that set it, such as `keras.callbacks.LearningRateScheduler` and
        `ReduceLROnPlateau`, keep the ratio of the two. From a rate of 0, where there is no ratio,
        it is the last one that there was.
        """
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate):
        if not isinstance(learning_rate, numbers.Real):
            raise TypeError(
                "The learning rate of both players is set to a number. Received: learning_rate="
                f"{learning_rate!r}. Set `optimizer.generator_optimizer.learning_rate` and "
                "`optimizer.discriminator_optimizer.learning_rate` to anything else."
            )
        learning_rate = check_rate(learning_rate)
        generator, discriminator = self.inner_optimizers
        for inner in self.inner_optimizers:
            refuse_schedule(inner, learning_rate)
        before = [float(inner.learning_rate) for inner in self.inner_optimizers]
        if before[0] > 0:
            self._ratio = before[1] / before[0]
        elif self._ratio is None:
            self._ratio = 1.0
        generator.learning_rate = learning_rate
        discriminator.learning_rate = self._ratio * learning_rate

    def get_config(self):
        """The constructor's arguments."""
        config = super().get_config()
        del config["allow_cut"]  # of gradients handed to `apply`, which it does not take
        return {
            "generator_optimizer": config.pop("inner_optimizer"),
            **config,
            "discriminator_optimizer": keras.saving.serialize_keras_object(
                self.discriminator_optimizer
            ),
            "discriminator_steps": self.discriminator_steps,
            "generator_steps": self.generator_steps,
        }


def _no_pullback(u):
    del u
    raise RuntimeError(
        "An alternating update takes its gradients at different points, so there is no one field "
        "to pull back. Call `game.linearize()`."
    )
