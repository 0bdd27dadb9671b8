"""Image to image without pairs: two generators whose round trip returns to the start."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.execution.replicas import having_examples
from tf_consensus.models.adversarial_losses import total
from tf_consensus.models.batch import number_of
from tf_consensus.models.image_pool import ImagePool, mixed
from tf_consensus.models.image_translation import ImageTranslation
from tf_consensus.models.pairs import PairShapes, check_pair_networks, check_round_trip, distance
from tf_consensus.support.checks import check_bool, check_int, check_number
from tf_consensus.support.random import Draws


@keras.saving.register_keras_serializable("tf_consensus")
class CycleGAN(ImageTranslation):
    """Two generators, G from sources to targets and F back, and a discriminator for either kind.

        loss_G = objective_G(D_Y) + objective_G(D_X) + λ (E |F(G(x)) - x| + E |G(F(y)) - y|)
                 + μ (E |G(y) - y| + E |F(x) - x|)
        loss_D = objective_D(D_Y) + objective_D(D_X) + penalties

    The generators are one player, the discriminators the other. Batches are pairs (sources,
    targets) that need not belong together. The discriminators may return maps of logits. Their own
    losses see each made image, or with probability ½ one of the `pool_size` images that were made
    last, drawn uniformly.

    The paper keeps "the 50 previously created images" and does not say how they are drawn; its code
    replaces images of the pool at random, so some of them are older than the last 50. Here a step
    draws from the pool as it was before the step. Then the pool takes in what the generators as
    they were before the step make of its batch. They are called once more for this, in inference
    mode, because an optimizer may evaluate the losses several times and in parts. So layers such as
    Dropout do nothing to what is kept.

    Args:
        generator: G, built Keras model, sources to images of the targets' shape.
        back_generator: F, targets to images of the sources' shape.
        discriminator: D_Y, built Keras model, targets' kind of images to logits (batch, …).
        back_discriminator: D_X, the same of sources.
        objective: name, config or instance of an `objectives.Objective`.
        penalties: as `GAN`'s, of both discriminators.
        cycle: λ ≥ 0. The paper's 10 is beside a generator's loss E (D - 1)²; "least_squares" has
            ½ E (D - 1)², so λ = 5 has the paper's ratio. With another objective that is λ = 10.
        identity: μ ≥ 0; above 0 sources and targets must have the same shape.
        pool_size: images of either kind that the discriminators see again; 0 for none.
        seed: integer that determines what layers, penalties and pools draw; `None` draws one.
        name: of the model.
        allow_cut: as `GAN`'s.
        verify: as `GameModel`'s.

    Raises:
        TypeError: if a network is no Keras model; in training, if images are no floating-point
            numbers.
        ValueError: if a network is not built, their shapes do not fit, a number is out of range;
            in training, if a batch is no pair of images of these shapes.

    Example:
        >>> there = networks.build("image_to_image", image_size=32, conditional=False)
        >>> back = networks.build("image_to_image", image_size=32, conditional=False)
        >>> model = CycleGAN(there[0], back[0], there[1], back[1])
        >>> model.compile(optimizer=AlternatingOptimizer("adam", "adam"))

    Reference:
        Zhu et al., Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial
        Networks, 2017.
    """

    noun = "CycleGAN"

    def __init__(
        self,
        generator: keras.Model,
        back_generator: keras.Model,
        discriminator: keras.Model,
        back_discriminator: keras.Model,
        objective: Any = "least_squares",
        penalties: Any = (),
        cycle: float = 5.0,
        identity: float = 0.0,
        pool_size: int = 50,
        seed: int | None = None,
        name: str | None = None,
        allow_cut: bool | Sequence[str] = False,
        verify: bool | str = "auto",
    ) -> None:
        self.shapes = check_pair_networks(generator, discriminator, conditional=False)
        back = check_pair_networks(back_generator, back_discriminator, conditional=False)
        check_round_trip(self.shapes, back)
        players = {
            "generator": [generator, back_generator],
            "discriminator": [discriminator, back_discriminator],
        }
        super().__init__(players, objective, penalties, seed, name, allow_cut, verify)
        self.generator, self.back_generator = generator, back_generator
        self.discriminator, self.back_discriminator = discriminator, back_discriminator
        rule = "a finite number of at least 0"
        self.cycle = check_number("cycle", cycle, rule, lambda x: x >= 0, "The paper's ratio is 5.")
        hint = "The paper has 0, or half of `cycle` to keep colours."
        self.identity = check_number("identity", identity, rule, lambda x: x >= 0, hint)
        _check_identity(self.identity, self.shapes)
        self.pool_size = check_int("pool_size", pool_size, minimum=0)
        kinds = (self.shapes.target, self.shapes.source) if self.pool_size else ()
        self.pools = [ImagePool.of(self.pool_size, kind, self.image_dtype) for kind in kinds]

    def imitated(self, batch: Any = None) -> Sequence[tuple[keras.Model, Any]]:
        """Both generators, and the images of their kinds."""
        sources, targets = self.shapes if batch is None else batch
        return [(self.generator, targets), (self.back_generator, sources)]

    def draw(self, data: Any, random: Draws) -> Any:
        """What the penalties draw for targets and sources, and old images of both kinds."""
        kinds = data[1], data[0]
        drawn = [self.opposition.draw(samples, random) for samples in kinds]
        return drawn, [pool.draw(number_of(data[0]), random) for pool in self.pools]

    def losses(self, data: Any, noise: Any, training: bool) -> dict[str, tf.Tensor]:
        """Both losses, scalars."""
        (source, target), ((drawn, old), step) = data, noise
        added: list[tf.Tensor] = []

        def there(x: tf.Tensor) -> tf.Tensor:
            return self._made(self.generator, x, training, added)

        def back(y: tf.Tensor) -> tf.Tensor:
            return self._made(self.back_generator, y, training, added)

        made, made_back = there(source), back(target)
        rounds = distance(back(made), source) + distance(there(made_back), target)
        terms, judged = [self.cycle * rounds], []
        if self.identity:
            same = distance(there(target), target) + distance(back(source), source)
            terms.append(self.identity * same)
        kinds = (
            (self.discriminator, target, made),
            (self.back_discriminator, source, made_back),
        )
        for k, (network, real, fake) in enumerate(kinds):
            shown = mixed(fake, old[k]) if old else None
            batches = network, real, fake, (drawn[k], step)
            fooled, loss = self._against(training, *batches, shown)
            terms.append(fooled)
            judged.append(loss)
        first, *others = terms
        return {"generator": total(first, others, added), "discriminator": tf.add_n(judged)}

    def _made(
        self, network: keras.Model, x: tf.Tensor, training: bool, added: list[tf.Tensor]
    ) -> tf.Tensor:
        """What a generator makes; what its layers add joins `added`."""
        made = network(x, training=training)
        added += self.added_losses(network)
        return made

    def _against(
        self, training: bool, network: keras.Model, *batches: Any
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """A generator's loss on what it made, and a discriminator's on what it is shown."""

        def discriminate(inputs: Any) -> tf.Tensor:
            return network(inputs, training=training)

        real, fake, noise, shown = batches
        return self.judged(discriminate, network, real, fake, noise, training, shown)

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """One update, then the pools take in what the step's generators made of its batch."""
        if not self.pools:
            return super().train_step(data)
        source, target = having_examples(self.prepared(data))
        # Made before the step moves the generators; layers' own state moves with the step alone.
        with keras.StatelessScope():
            made = self.generator(source, training=False)
            made_back = self.back_generator(target, training=False)
        with tf.control_dependencies([made, made_back]):
            logs = super().train_step(data)
        with tf.control_dependencies(list(logs.values())):
            for pool, images in zip(self.pools, (made, made_back), strict=True):
                pool.push(images)
        return logs

    def translate(self, images: Any, batch_size: int = 256, back: bool = False) -> np.ndarray:
        """Images that a generator makes of images; arguments and errors as for `Pix2Pix`.

        Args:
            images: sources (n, …), or targets with `back`, floating-point numbers.
            batch_size: how many are computed at a time.
            back: whether to go from targets to sources.
        """
        if check_bool("back", back):
            return self.made_by(self.back_generator, self.shapes.target, images, batch_size)
        return self.made_by(self.generator, self.shapes.source, images, batch_size)


def _check_identity(identity: float, shapes: PairShapes) -> None:
    if identity and shapes.source != shapes.target:
        raise ValueError(
            "The identity loss takes images of one kind for the other, of the same shape. "
            f"Received: identity={identity} with sources {shapes.source} and targets "
            f"{shapes.target}. Set identity=0."
        )
