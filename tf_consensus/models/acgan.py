"""A GAN whose discriminator also classifies."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.models import heads
from tf_consensus.models.adversarial_losses import total
from tf_consensus.models.averaging import averaged_weights
from tf_consensus.models.batch import number_of
from tf_consensus.models.checks import Shape
from tf_consensus.models.generation import batches_of
from tf_consensus.models.latent_model import LatentModel
from tf_consensus.models.latent_size import latent_size
from tf_consensus.models.sample_batches import SampleBatches
from tf_consensus.support.checks import check_bool, check_float
from tf_consensus.support.random import Draws


@keras.saving.register_keras_serializable("tf_consensus")
class ACGAN(SampleBatches, LatentModel):
    """A generator of samples of a class, and a discriminator with an auxiliary classifier.

        loss_G = objective_G + λ_G C_f
        loss_D = objective_D + λ_D (C_r + C_f) + penalties

    with C = -E log P(class | sample), by the discriminator's class logits, of real (r) and of made
    (f) samples. So both players maximize the log-likelihood of the right class. C_r does not depend
    on the generator and is left out of its loss. Batches are pairs (samples, labels).

    Args:
        generator: built Keras model, [latents, labels] to samples.
        discriminator: built Keras model, samples to a list [logits (batch, 1), class logits
            (batch, num_classes)].
        latent_dim: number of latent dimensions; `None` reads it from the generator's input.
        objective: name, config or instance of an `objectives.Objective`.
        penalties: as `GAN`'s; they see the samples and the logits of the first output.
        generator_weight: λ_G ≥ 0.
        discriminator_weight: λ_D ≥ 0.
        draw_labels: `True` draws the labels of made samples uniformly from all classes; `False`
            takes those of the real samples in the same rows.
        seed: integer that determines the latents; `None` draws one.
        name: of the model.
        allow_cut: as `GAN`'s.
        verify: as `GameModel`'s.

    Raises:
        TypeError: if a network is no Keras model.
        ValueError: if a network is not built, shapes do not fit, or a weight is negative. In
            training, if a label is missing or not a class.

    Example:
        >>> pair = networks.build("mlp", num_classes=8, head="auxiliary")
        >>> model = ACGAN(*pair)
        >>> model.compile(optimizer=AlternatingOptimizer("adam", "adam"))
        >>> samples, labels = np.ones((64, 2), "float32"), np.arange(64) % 8
        >>> history = model.fit(samples, labels, verbose=0)
        >>> model.generate(3, labels=5).shape
        (3, 2)

    Reference:
        Odena, Olah, Shlens, Conditional Image Synthesis with Auxiliary Classifier GANs, 2017.
    """

    noun = "ACGAN"

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int | None = None,
        objective: Any = "standard",
        penalties: Any = (),
        generator_weight: float = 1.0,
        discriminator_weight: float = 1.0,
        draw_labels: bool = False,
        seed: int | None = None,
        name: str | None = None,
        allow_cut: bool | Sequence[str] = False,
        verify: bool | str = "auto",
    ) -> None:
        shapes = _check_networks(generator, discriminator, latent_dim)
        players = {"generator": [generator], "discriminator": [discriminator]}
        options = {"seed": seed, "name": name, "allow_cut": allow_cut, "verify": verify}
        super().__init__(players, objective, penalties, **options)
        self.sample_shape, self.latent_dim, self.num_classes = shapes
        self.generator_weight = check_float("generator_weight", generator_weight, zero=True)
        self.discriminator_weight = check_float(
            "discriminator_weight", discriminator_weight, zero=True
        )
        self.draw_labels = check_bool("draw_labels", draw_labels)

    def draw(self, data: Any, random: Draws) -> Any:
        """Latents, the labels to make samples of, and what the penalties draw."""
        samples, labels = data
        number = number_of(samples)
        latents = self.drawn_latents(number, random)
        if self.draw_labels:
            uniform = random.uniform((number,)) * self.num_classes
            labels = tf.cast(tf.floor(uniform), tf.int32)
        return latents, labels, self.opposition.draw(samples, random)

    def losses(self, data: Any, noise: Any, training: bool) -> dict[str, tf.Tensor]:
        """Both losses, scalars."""
        (real, real_labels), ((latents, labels, drawn), step) = data, noise
        made, own = self.made([latents, labels], training)
        fooled, judged, classes = self.opposed(real, made, drawn, step, training)
        of_real = heads.class_loss(classes[0], real_labels)
        of_made = heads.class_loss(classes[1], labels)
        return {
            "generator": total(fooled, [self.generator_weight * of_made], own),
            "discriminator": total(judged, [self.discriminator_weight * (of_real + of_made)]),
        }

    def classify(self, samples: Any, batch_size: int = 256) -> np.ndarray:
        """The discriminator's class probabilities, (n, num_classes), by averaged weights if kept.

        Args:
            samples: (n, …), real or made.
            batch_size: how many at a time.

        Raises:
            TypeError: if they are no real numbers.
            ValueError: if they do not have the generator's shape, or there are none.
        """
        batches = batches_of(samples, self.sample_shape, batch_size)
        with averaged_weights(self):
            found = [tf.nn.softmax(self.discriminator(x, training=False)[1]) for x in batches]
        return np.concatenate(found)


def _check_networks(
    generator: Any, discriminator: Any, latent_dim: int | None
) -> tuple[Shape, int, int]:
    """The shape of the samples, the number of latent dimensions, and that of classes."""
    heads.check_network("generator", generator, 2)
    heads.check_network("discriminator", discriminator, 1)
    latent_dim = latent_size(generator, latent_dim)
    samples = heads.check_samples(generator, discriminator, (None, latent_dim), (None,))
    source = "the generator's samples"
    logits, classes = heads.shapes_after(
        "discriminator", discriminator, samples, source=source, outputs=[2]
    )
    heads.check_logit(logits)
    if len(classes) != 2 or not classes[1]:
        raise ValueError(
            "The discriminator's second output is one logit per class, of shape (None, "
            f"num_classes). Received: an output of shape {classes}. End it in Dense(num_classes)."
        )
    return samples, latent_dim, classes[1]
