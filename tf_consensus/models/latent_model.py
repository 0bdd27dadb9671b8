"""What the models share that make samples of latents and of something beside them."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.models.adversarial_model import AdversarialModel
from tf_consensus.models.generation import Generating
from tf_consensus.models.heads import Heads
from tf_consensus.support.random import Draws


class LatentModel(Generating, AdversarialModel):
    """Base class: a generator and a discriminator, with the samples of a `GAN`.

    A subclass sets `sample_shape`, `latent_dim` and `num_classes` after it has constructed this, or
    defines anew what reads them.

    Args:
        players: dict of lists, with the generator and the discriminator as the first parts of the
            players of these names.
        objective: as `GAN`'s.
        penalties: as `GAN`'s.
        **options: seed, name, allow_cut and verify, as `GameModel`'s.
    """

    def __init__(
        self, players: Mapping[str, list[Any]], objective: Any, penalties: Any, **options: Any
    ) -> None:
        super().__init__(players, objective, penalties, **options)
        self.generator: keras.Model = players["generator"][0]
        self.discriminator: keras.Model = players["discriminator"][0]

    def drawn_latents(self, number: int | tf.Tensor, random: Draws) -> tf.Tensor:
        """Latents z ~ N(0, I) of a step, (number, latent_dim)."""
        return random.normal((number, self.latent_dim), self.variable_dtype)

    def made(self, inputs: Any, training: bool) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """The generator's samples, and what its layers add to its loss."""
        samples = self.generator(inputs, training=training)
        return samples, self.added_losses(self.generator)

    def opposed(
        self, real: Any, fake: Any, drawn: Any, step: Any, training: bool
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        """Both adversarial losses, and what the discriminator returned beside its logits.

        Returns:
            The generator's loss, the discriminator's with penalties, and its other outputs for the
            real and for the made samples; an empty list if it has none.
        """
        heads = Heads(self.discriminator, training)
        batches = real, fake, (drawn, step)
        fooled, judged = self.judged(heads, self.discriminator, *batches, training=training)
        # Calls of penalties come later.
        return fooled, judged, heads.others[:2]
