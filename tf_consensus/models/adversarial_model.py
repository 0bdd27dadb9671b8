"""What adversarial models beyond `GAN` share: networks, an objective, penalties, the step."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus import objectives
from tf_consensus import penalties as regularizers
from tf_consensus.games.game import Game
from tf_consensus.models.example_batch import first_examples
from tf_consensus.models.game_model import GameModel
from tf_consensus.models.generation import no_export
from tf_consensus.models.opposed_game import OpposedGame
from tf_consensus.models.opposition import Opposition
from tf_consensus.models.penalty_terms import check_schedules, late_step
from tf_consensus.support.inputs import Inputs
from tf_consensus.support.known_layers import unknown


class AdversarialModel(GameModel):
    """Base class: a `GameModel` with an objective and penalties of its discriminators.

    A subclass defines `draw(data, random)`, which draws for its penalties by
    `self.opposition.draw`, and `losses(data, noise, training)`, where noise is a pair: what `draw`
    returned, and the number of the step.

    Args:
        players: as `GameModel`'s.
        objective: name, config or instance of an `objectives.Objective`.
        penalties: as `GAN`'s, of every discriminator.
        seed: as `GameModel`'s.
        name: of the model.
        allow_cut: as `GameModel`'s.
        verify: as `GameModel`'s.
    """

    own_losses = (
        "those of its objective and penalties",
        "Choose them when the model is made, by objective=... and penalties=...",
    )

    def __init__(
        self,
        players: Mapping[str, Any],
        objective: Any,
        penalties: Any,
        seed: int | None = None,
        name: str | None = None,
        allow_cut: bool | Sequence[str] = False,
        verify: bool | str = "auto",
    ) -> None:
        super().__init__(players, seed, name, allow_cut, verify)
        self.opposition = Opposition(objective, penalties)
        if any(isinstance(p, regularizers.GradientPenalty) for p in self.penalties):
            for network in self.discriminators():
                regularizers.warn_of_coupling(network)

    @property
    def objective(self) -> objectives.Objective:
        """Both losses from the logits."""
        return self.opposition.objective

    @property
    def penalties(self) -> list[Any]:
        """What joins the discriminators' losses."""
        return self.opposition.penalties

    def discriminators(self) -> list[keras.Layer]:
        """The networks that the penalties are of: the parts of the player "discriminator"."""
        return [x for x in self.players["discriminator"] if isinstance(x, keras.Layer)]

    def export(self, *args: Any, **options: Any) -> None:
        """Refuses to export the whole model: export its generator.

        Raises:
            ValueError: always, with the remedy.
        """
        raise no_export(self.noun, "the export of a model of several networks")

    def make_game(self, data: Any, noise: Any, step: Any, training: bool, **options: Any) -> Game:
        """The game of `losses` on a batch, its noise and the number of the step."""
        return OpposedGame(self, data, (noise, step), training, **options)

    def differentiates_twice(self) -> bool:
        """Whether penalties differentiate the discriminator."""
        return self.opposition.differentiates

    def example_game(self, example: Any) -> Game:
        """As `GameModel`'s, at a step at which every lazy penalty counts."""
        batch = first_examples(self.prepared(example))
        return self.game_at(batch, draw=0, step=late_step(self.penalties))

    def verified_parts(self) -> list[Any]:
        """The players' parts, objective and penalties."""
        return [*super().verified_parts(), self.objective, *self.penalties]

    def holds_unknown(self) -> bool:
        """Whether networks, objective or penalties hold what is not known to be exact."""
        networks = {
            f"{name}, part {number}": part
            for name, parts in self.players.items()
            for number, part in enumerate(parts)
        }
        return bool(unknown(networks, (self.objective, *self.penalties)))

    def check_rates(self, ahead: Iterable[int]) -> None:
        """Raises if rates, weights or schedules are no numbers to train with, some steps ahead."""
        super().check_rates(ahead)
        check_schedules(self.penalties, int(self.noise_counter.numpy()), ahead)

    def judged(
        self,
        discriminate: Any,
        network: keras.Layer,
        real: Inputs,
        fake: Inputs,
        noise: tuple[Any, Any],
        training: bool,
        shown: Inputs | None = None,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Both losses of `Opposition`, with what the discriminator's layers add in its calls.

        Args:
            discriminate: function from samples, or a list of these and conditions, to logits.
            network: the discriminator that it calls.
            real: as `Opposition` takes it.
            fake: likewise.
            noise: what the penalties drew, and the number of the step.
            training: how the networks are called.
            shown: made samples that the discriminator's loss sees in place of fake.
        """
        return self.opposition(
            discriminate,
            real,
            fake,
            *noise,
            training=training,
            added=lambda: self.added_losses(network),
            shown=shown,
        )
