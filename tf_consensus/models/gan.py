"""A Keras model of a generative adversarial network, trained as a game."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus import objectives
from tf_consensus import penalties as regularizers
from tf_consensus.games.game import Game
from tf_consensus.models.adjoint import AdjointNetwork
from tf_consensus.models.adversarial_game import AdversarialGame
from tf_consensus.models.adversarial_losses import Players
from tf_consensus.models.batch import number_of
from tf_consensus.models.checks import check_networks
from tf_consensus.models.game_model import GameModel
from tf_consensus.models.gan_config import CustomObjects, arguments_of, config_of
from tf_consensus.models.gan_repr import gan_repr
from tf_consensus.models.generation import Generating
from tf_consensus.models.known_networks import KnownNetworks
from tf_consensus.models.penalty_terms import check_schedules, draw_for
from tf_consensus.models.players import Part
from tf_consensus.models.sample_batches import SampleBatches
from tf_consensus.support.checks import check_count
from tf_consensus.support.inputs import split
from tf_consensus.support.random import Draws


@keras.saving.register_keras_serializable("tf_consensus")
class GAN(Generating, SampleBatches, KnownNetworks, GameModel):
    """A generator and a discriminator that train by `compile` and `fit`.

    A training step draws latents z ~ N(0, I), builds the `Game` of the two losses on the batch and
    lets the optimizer take one `step`. With a plain Keras optimizer that is simultaneous gradient
    ascent. The logs hold `generator_loss`, `discriminator_loss` and `gradient_norm` = ‖v‖,
    over an epoch as `GameModel` says.

    Latents are a pure function of `seed` and a counter that is saved with the weights. So an
    interrupted and resumed run repeats the uninterrupted one exactly, given the same batches.

    With `num_classes` the model is conditional: batches are pairs (samples, labels), and a
    generated sample gets the label of the real sample in the same row.

    Args:
        generator: built Keras model that maps latents (batch, latent_dim) to samples; in a
            conditional model it maps [latents, labels] to samples.
        discriminator: built Keras model that maps samples to one logit, (batch, 1). In a
            conditional model it maps samples to one logit per class, (batch, num_classes), from
            which the label picks one, or [samples, labels] to one logit.
        latent_dim: number of latent dimensions; `None` reads it from the generator's input.
        objective: name, config or instance of an `objectives.Objective`.
        penalties: names, configs or instances of `penalties`, such as `R1(10.0)`, one or a list.
            They are added to the discriminator's loss or put noise on its inputs. A function
            `penalty(discriminator, real, fake)` that returns a scalar is added too. In a
            conditional model real and fake are lists [samples, labels], and the discriminator is a
            function from them to one logit per example.
        seed: integer that determines the latents; `None` draws one.
        name: name of the model.
        num_classes: number of classes; labels are integers from 0 to num_classes - 1. `None` leaves
            labels in the batches unused.
        allow_cut: names of operations or layers that may cut the field's derivative; see `Game`.
        verify: whether to compare TensorFlow's derivatives with central differences before the
            first training step (`tf_consensus.verify`). "auto" compares them if they enter the
            update twice, by the optimizer or a penalty, and networks, objective or penalties hold
            parts not known to be exact, such as a layer of your own; but not if `allow_cut` says
            that the derivatives are not those of the losses.

    Layers that draw random numbers, such as Dropout, also draw them as a function of `seed` and the
    counter: the same at every evaluation of a step, on every replica and in every micro-batch. The
    state of layers, such as moving averages, is updated once per step.

    Raises:
        TypeError: if generator or discriminator is not a Keras model, or integers come between.
        ValueError: if one of them is not built, or their inputs and shapes do not fit each other,
            `latent_dim`, `num_classes` or one logit. In training, if a label is missing or not a
            class (with `jit_compile=True` the losses are NaN then). Before training, if derivatives
            are found wrong (`VerificationError`).

    Example:
        >>> generator, discriminator = networks.build("mlp", latent_dim=16)
        >>> gan = GAN(generator, discriminator)
        >>> gan.compile(optimizer=ConsensusOptimizer(learning_rate=1e-4, gamma=10.0))
        >>> history = gan.fit(data.mixture_of_gaussians(), steps_per_epoch=100)
    """

    noun = "GAN"
    saves_seed = False  # the config has it
    own_losses = (
        "those of its objective",
        "Choose GAN(..., objective=..., penalties=...), and measure samples by "
        "callbacks.EvaluateGAN(metrics).",
    )

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int | None = None,
        objective: Any = "standard",
        penalties: Any = (),
        seed: int | None = None,
        name: str | None = None,
        num_classes: int | None = None,
        allow_cut: bool | Sequence[str] = False,
        verify: bool | str = "auto",
    ) -> None:
        if num_classes is not None:
            num_classes = check_count("num_classes", num_classes, "For example num_classes=10.")
        shapes = check_networks(generator, discriminator, latent_dim, num_classes)
        players = {"generator": generator, "discriminator": discriminator}
        super().__init__(players, seed, name, allow_cut, verify)
        self.sample_shape, self.latent_dim = shapes
        self.num_classes = num_classes
        self.objective = objectives.get(objective)
        self.penalties = regularizers.get_all(penalties)
        if any(isinstance(p, regularizers.GradientPenalty) for p in self.penalties):
            regularizers.warn_of_coupling(discriminator)
        self._adjoint = AdjointNetwork.of(discriminator)

    def hold_players(self, players: dict[str, list[Part]]) -> None:
        """Keeps the networks under the names that they have in saved models."""
        (self.generator,), (self.discriminator,) = players.values()

    @property
    def players(self) -> dict[str, list[Part]]:
        """The two networks, the generator first."""
        return {"generator": [self.generator], "discriminator": [self.discriminator]}

    def __repr__(self) -> str:
        return gan_repr(self)

    def game(self, real: Any, training: bool = True) -> Game:
        """As `GameModel.game`, on samples (batch, …), or a pair of these and labels (batch,).

        Integer samples become floating-point numbers of the same values; a warning names bytes that
        the generator cannot make. The generator is the first player.
        """
        return super().game(real, training)

    def draw(self, data: Any, random: Draws) -> tuple[tf.Tensor, list[Any]]:
        """Latents (batch, latent_dim), and the random numbers of every penalty."""
        samples, _ = split(data)
        latents = random.normal((number_of(samples), self.latent_dim), self.variable_dtype)
        return latents, draw_for(self.penalties, samples, random)

    def make_game(
        self, data: Any, noise: Any, step: Any, training: bool, **options: Any
    ) -> AdversarialGame:
        """The game of objective and penalties on a batch and its noise."""
        players = Players(
            self.generator, self.discriminator, self.objective, self.penalties, self._adjoint
        )
        latents, drawn = noise
        return AdversarialGame(players, data, latents, drawn, step, training, **options)

    def losses(self, data: Any, noise: Any, training: bool) -> dict[str, tf.Tensor]:
        """Both losses, scalars, with the schedules and penalties of the first training step."""
        game = self.make_game(self.prepared(data), noise, 0, training)
        return dict(zip(self.players, game.losses(*game.batch), strict=True))

    def check_rates(self, ahead: Iterable[int]) -> None:
        """Raises if rates, weights or schedules, also at later steps, are invalid numbers."""
        super().check_rates(ahead)
        check_schedules(self.penalties, int(self.noise_counter.numpy()), ahead)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, networks and objective serialized."""
        return config_of(self)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: CustomObjects = None) -> "GAN":
        """The model that `get_config` describes, with freshly drawn weights.

        Raises:
            ValueError: if the objective or a penalty cannot be loaded; the message names it.
        """
        return cls(**arguments_of(config, custom_objects))
