"""A Keras model that trains any smooth game."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.games.contract import Contract, check_allow_cut
from tf_consensus.games.game import Game
from tf_consensus.models.batch import unpack
from tf_consensus.models.example_batch import first_examples
from tf_consensus.models.first_batch import peek
from tf_consensus.models.given_arguments import Given
from tf_consensus.models.model_game import ModelGame
from tf_consensus.models.players import Part, check_parts, layers_of, variables_of
from tf_consensus.models.reserved import ReservedNames
from tf_consensus.models.training_model import TrainingModel
from tf_consensus.models.verified_training import check_verify
from tf_consensus.support.checks import check_seed, with_article
from tf_consensus.support.layer_losses import added_losses
from tf_consensus.support.random import Draws

# Attributes that the constructor makes; a subclass must not replace them.
_SETTINGS = ("allow_cut", "contract", "noise_counter", "noun", "parts", "seed", "verify", "warned")


class GameModel(ReservedNames, TrainingModel):
    """Any smooth game as a Keras model: players by name, noise drawn first, one loss per player.

    A training step draws the noise, builds the `Game` of the losses on the batch and lets the
    optimizer take one `step`. With a plain Keras optimizer that is simultaneous gradient ascent.
    The logs hold each `<player>_loss`, a mean over examples, and `gradient_norm` = ‖v‖, over steps.

    A subclass defines

    - `draw(data, random)`: all random numbers of a step, from `random.normal(shape)` and
      `random.uniform(shape)`, one row per example. They are a function of `seed` and of a counter
      that is saved with the weights. So an interrupted and resumed run repeats the uninterrupted
      one, given the same batches;
    - `losses(data, noise, training)`: one scalar per player, a dict by name. It must be a function
      of the variables, the batch and the noise alone; an optimizer evaluates it as often as it
      needs. Each loss must be a mean over the examples for replicas and micro-batches to be exact.

    The regularizers of a player's weights are added to its loss. Losses that a layer adds in a call
    (activity_regularizer, `add_loss`) belong to the player to which the subclass gives them, by
    `added_losses`.

    Args:
        players: dict from each player's name to its built layers, models and `keras.Variable`s, a
            list or a single one. A variable belongs to one player; every loss may use all of them.
        seed: integer that determines the noise; `None` draws one.
        name: name of the model.
        allow_cut: names of operations or layers that may cut the field's derivative; see `Game`.
        verify: whether to compare TensorFlow's derivatives with central differences before the
            first training step (`tf_consensus.verify`). "auto" compares them on one device if they
            enter the update twice, unless `allow_cut` says that they are not those of the losses.

    Raises:
        TypeError: if `players` is not a dict of layers and variables.
        ValueError: if a player is not built, has nothing to train, or shares a variable; in
            training, if derivatives are found wrong (`VerificationError`).

    Example:
        >>> class Bilinear(GameModel):
        ...     def __init__(self):
        ...         self.x, self.y = keras.Variable(1.0), keras.Variable(1.0)
        ...         super().__init__(players={"x": self.x, "y": self.y})
        ...     def losses(self, data, noise, training):
        ...         return {"x": self.x * self.y, "y": -self.x * self.y}
        >>> game = Bilinear()
        >>> game.compile(optimizer=ConsensusOptimizer("sgd", learning_rate=0.1, gamma=1.0))
        >>> history = game.fit(steps_per_epoch=100, verbose=0)  # a game without data
    """

    saves_seed = True
    own_losses = ("what its `losses` returns", "Return them there, one scalar per player.")

    def __init__(
        self,
        players: Mapping[str, Any],
        seed: int | None = None,
        name: str | None = None,
        allow_cut: bool | Sequence[str] = False,
        verify: bool | str = "auto",
    ) -> None:
        self.refuse_taken(_SETTINGS)
        super().__init__(name=name)
        self.verify = check_verify(verify)
        self.verified: Any = None  # what was verified last
        self.allow_cut = check_allow_cut(allow_cut)
        self.contract = Contract(allow_cut)
        self.hold_players(check_parts(players))
        self.seed = int(np.random.randint(2**31)) if seed is None else check_seed(seed)
        self.track(list(self.players))
        self.warned: set[str] = set()  # names of the warnings about the data
        self.built = True
        if self.saves_seed:  # a class of the user's own
            self.settle(_SETTINGS)

    def hold_players(self, players: dict[str, list[Part]]) -> None:
        """Keeps `players`, the parts of each under its name, so that Keras saves them."""
        self.parts = players

    @property
    def players(self) -> dict[str, list[Part]]:
        """Each player's layers and variables, by its name."""
        return dict(self.parts)

    @property
    def trainable_variables(self) -> list[keras.Variable]:
        """The variables of all players, in the players' order."""
        if not self.trainable:
            return []
        return [x for parts in self.players.values() for x in variables_of(parts)]

    def layers_of_players(self) -> list[keras.Layer]:
        """The layers that the players consist of."""
        return layers_of(self.players)

    def draw(self, data: Any, random: Draws) -> Any:
        """All random numbers of a step; none by default."""
        del data, random
        return ()

    def losses(self, data: Any, noise: Any, training: bool) -> Any:
        """One scalar per player, by name."""
        raise TypeError(_undefined(self, "trained", "losses"))

    def added_losses(self, network: keras.Layer) -> list[tf.Tensor]:
        """The losses that layers added in `network`'s last call, to add to its player's loss."""
        return added_losses(network)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The trained game's outputs for inputs; a subclass that is called defines it."""
        raise NotImplementedError(_undefined(self, "called", "call"))

    def prepared(self, data: Any) -> Any:
        """The batch without what Keras adds to it; `draw` and `losses` receive this."""
        return tf.nest.map_structure(tf.convert_to_tensor, unpack(data))

    def make_game(self, data: Any, noise: Any, step: Any, training: bool, **options: Any) -> Game:
        """The game of `losses` on a batch and its noise."""
        del step
        return ModelGame(self, data, noise, training, **options)

    def verified_parts(self) -> list[Any]:
        """The parts of all players, which decide whether the derivatives are right."""
        return [part for parts in self.players.values() for part in parts]

    def differentiates_twice(self) -> bool:
        """Whether the losses contain derivatives, as far as the model knows."""
        return False

    def holds_unknown(self) -> bool:
        """Whether the losses hold parts not known to be exact; a subclass's own always do."""
        return self.distribute_strategy.num_replicas_in_sync == 1

    def batch_to_verify(self, iterator: Any) -> tuple[Any, Any]:
        """A batch of `iterator` for the verification, or `None`, and an iterator of all batches."""
        first, iterator = peek(iterator, self.steps_per_execution)
        if first is not None:  # wrong data are reported before the losses are evaluated
            batch = self.prepared(first)
            self.inspect_batch(self.see_batch(batch), batch, trains=True)
        return first, iterator

    def example_game(self, example: Any) -> Game:
        """The game on the first rows of the batch `example`, past the beginning of schedules."""
        return self.game_at(first_examples(self.prepared(example)), draw=0, step=1000)

    def without_data(self) -> tf.data.Dataset:
        """The endless data of `fit(None, steps_per_epoch=…)`: batches of one 0 per replica."""
        replicas = self.distribute_strategy.num_replicas_in_sync
        return tf.data.Dataset.from_tensors(tf.zeros([replicas])).repeat()

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Notes the constructor's arguments, for `get_config`."""
        model = super().__new__(cls, *args, **kwargs)
        model._given = Given(cls, args, kwargs)
        return model

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as they were given; a subclass may return its own.

        Raises:
            TypeError: if one of them cannot be saved.
        """
        return self._given.config(self)

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Any:
        """The model that `get_config` describes."""
        restore = keras.saving.deserialize_keras_object
        return cls(**{key: restore(value, custom_objects) for key, value in config.items()})

    def save_own_variables(self, store: Any) -> None:
        """Keras' hook: with the seed, which the constructor may have drawn."""
        super().save_own_variables(store)
        if self.saves_seed:
            store["seed"] = np.int64(self.seed)

    def load_own_variables(self, store: Any) -> None:
        """Keras' hook."""
        names = set(store.keys()) - {"seed"}
        if self.saves_seed:
            self.__dict__["seed"] = int(np.asarray(store["seed"]))
        super().load_own_variables({name: store[name] for name in names})


def _undefined(model: GameModel, used: str, method: str) -> str:
    return (
        f"A game that is {used} says how, by a method of its class. Received: "
        f"{with_article(type(model).__name__)} without `{method}`. Define `losses(self, data, "
        "noise, training)`, one scalar per player by name, and `call(self, inputs, "
        "training=False)` where the model is called."
    )
