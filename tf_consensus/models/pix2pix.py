"""Image to image from pairs: an adversarial loss beside the distance to the target."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.models.adversarial_losses import total
from tf_consensus.models.image_translation import ImageTranslation
from tf_consensus.models.pairs import check_pair_networks, distance
from tf_consensus.support.checks import check_number
from tf_consensus.support.random import Draws


@keras.saving.register_keras_serializable("tf_consensus")
class Pix2Pix(ImageTranslation):
    """A generator from source to target images, and a discriminator that sees both.

        loss_G = objective_G(D(y, x), D(G(x), x)) + λ E |y - G(x)|
        loss_D = objective_D(D(y, x), D(G(x), x)) + penalties

    with x the source, y the target, and the means over the batch, the pixels and the map of logits
    that the discriminator may return. Batches are pairs (sources, targets). A gradient penalty
    differentiates the mean of an image's map of logits.

    Args:
        generator: built Keras model, sources to images of the targets' shape.
        discriminator: built Keras model, [images, sources] to logits (batch, …), one per image or
            a map of one per patch.
        objective: name, config or instance of an `objectives.Objective`; its losses are means over
            batch and map.
        penalties: as `GAN`'s; they differentiate along the images, and sources are conditions.
        reconstruction: λ ≥ 0, the weight of the mean absolute error.
        seed: integer that determines what layers and penalties draw; `None` draws one.
        name: of the model.
        allow_cut: as `GAN`'s.
        verify: as `GameModel`'s.

    Raises:
        TypeError: if a network is no Keras model; in training, if images are no floating-point
            numbers.
        ValueError: if a network is not built, their shapes do not fit, or λ is negative; in
            training, if a batch is no pair of images of these shapes.

    Example:
        >>> pair = networks.build("image_to_image", image_size=32, channels=1, filters=8)
        >>> model = Pix2Pix(*pair)
        >>> model.compile(optimizer=AlternatingOptimizer("adam", "adam"))
        >>> edges = data.image_pairs("fashion_mnist", make="edges")
        >>> history = model.fit(edges, steps_per_epoch=100, shuffle=False)

    Reference:
        Isola et al., Image-to-Image Translation with Conditional Adversarial Networks, 2017.
    """

    noun = "Pix2Pix"

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        objective: Any = "standard",
        penalties: Any = (),
        reconstruction: float = 100.0,
        seed: int | None = None,
        name: str | None = None,
        allow_cut: bool | Sequence[str] = False,
        verify: bool | str = "auto",
    ) -> None:
        self.shapes = check_pair_networks(generator, discriminator, conditional=True)
        players = {"generator": generator, "discriminator": discriminator}
        super().__init__(players, objective, penalties, seed, name, allow_cut, verify)
        self.generator, self.discriminator = generator, discriminator
        rule, hint = "a finite number of at least 0", "The paper's is 100."
        self.reconstruction = check_number(
            "reconstruction", reconstruction, rule, lambda x: x >= 0, hint
        )

    def draw(self, data: Any, random: Draws) -> Any:
        """What the penalties draw."""
        return self.opposition.draw(data[1], random)

    def losses(self, data: Any, noise: Any, training: bool) -> dict[str, tf.Tensor]:
        """Both losses, scalars."""
        (source, target), (drawn, step) = data, noise
        made = self.generator(source, training=training)
        own = self.added_losses(self.generator)
        weighted = self.reconstruction * distance(made, target)

        def discriminate(inputs: Any) -> tf.Tensor:
            return self.discriminator(inputs, training=training)

        real, fake = [target, source], [made, source]
        batches = self.discriminator, real, fake, (drawn, step)
        fooled, judged = self.judged(discriminate, *batches, training)
        return {"generator": total(weighted, [fooled, *own]), "discriminator": judged}

    def translate(self, images: Any, batch_size: int = 256) -> np.ndarray:
        """Images that the generator makes of sources.

        Averages of the weights are used where they are kept (`averaged_weights`). Layers such as
        Dropout do nothing.

        Args:
            images: sources (n, …), floating-point numbers.
            batch_size: how many are computed at a time.

        Returns:
            Array (n, …) of the targets' shape, in float32 if the model has mixed precision.

        Raises:
            TypeError: if the images are no floating-point numbers.
            ValueError: if their shape is not the generator's, there are none, or `batch_size` is no
                positive integer.
        """
        return self.made_by(self.generator, self.shapes.source, images, batch_size)
