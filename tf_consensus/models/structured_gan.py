"""A GAN of several latents and of samples that consist of several tensors."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.models.adversarial_losses import total
from tf_consensus.models.batch import number_of, unpack
from tf_consensus.models.generation import GENERATION, drawn_seed
from tf_consensus.models.latent_model import LatentModel
from tf_consensus.models.parts import described
from tf_consensus.models.parts_opposition import PartsOpposition
from tf_consensus.models.range_looks import RangeLooks
from tf_consensus.models.range_warnings import warn_of_range
from tf_consensus.models.structured_networks import (
    check_discriminator,
    check_network,
    latent_parts,
    sample_parts,
)
from tf_consensus.support.checks import check_count
from tf_consensus.support.inputs import sample_dtype
from tf_consensus.support.random import Draws


@keras.saving.register_keras_serializable("tf_consensus")
class StructuredGAN(RangeLooks, LatentModel):
    """A generator of several latents, whose samples may be several tensors.

        loss_G = objective_G(D(x), D(G(z)))
        loss_D = objective_D(D(x), D(G(z))) + penalties

    z is one tensor, or a list or a dict of them, each drawn from N(0, I). A sample x is one tensor,
    or a list or a dict of them, such as an image and its mask. The generator's outputs, the
    discriminator's inputs and the batches have one structure. A list may come as a tuple.

    A gradient penalty takes all parts of a sample as one point: ‖∇D(x)‖² is the sum over its parts,
    and points between samples have one weight for all parts. Instance noise is added to every part.
    The deviation s of DRAGAN is that of all numbers of a batch. A penalty that is a function gets
    real and made samples, and a discriminator of them, in their structure.

    Args:
        generator: built Keras model, z to samples.
        discriminator: built Keras model, samples to one logit, (batch, 1), or to a map of logits,
            (batch, …), over which the objective is the mean.
        latent_dim: size of a vector or shape of a tensor: `64`, `(8, 8, 4)`, a list such as
            `[64, (8, 8, 4)]`, or a dict by the names of the inputs. `None` reads them from the
            generator.
        objective: name, config or instance of an `objectives.Objective`.
        penalties: as `GAN`'s.
        seed: integer that determines the latents; `None` draws one.
        name: of the model.
        allow_cut: as `GAN`'s.
        verify: as `GameModel`'s.

    Attributes:
        latents: names and shapes of what is drawn.
        samples: names and shapes of what a sample consists of.

    Raises:
        TypeError: if a network is no Keras model or has integers for inputs or outputs; in
            training, if samples are no real numbers.
        ValueError: if a network is not built, or structures or shapes do not fit; in training too.

    Example:
        >>> z, noise = keras.Input((4,)), keras.Input((6, 2))
        >>> x = keras.layers.Concatenate()([keras.layers.RepeatVector(6)(z), noise])
        >>> outputs = {"wave": keras.layers.Dense(1)(x), "start": keras.layers.Dense(2)(z)}
        >>> generator = keras.Model([z, noise], outputs)
        >>> wave, start = keras.Input((6, 1), name="wave"), keras.Input((2,), name="start")
        >>> x = keras.layers.Concatenate()([keras.layers.Flatten()(wave), start])
        >>> inputs = {"wave": wave, "start": start}
        >>> model = StructuredGAN(generator, keras.Model(inputs, keras.layers.Dense(1)(x)))
        >>> {name: part.shape for name, part in model.generate(5).items()}
        {'start': (5, 2), 'wave': (5, 6, 1)}
    """

    noun = "StructuredGAN"
    takes_lists = True
    num_classes = None

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: Any = None,
        objective: Any = "standard",
        penalties: Any = (),
        seed: int | None = None,
        name: str | None = None,
        allow_cut: bool | Sequence[str] = False,
        verify: bool | str = "auto",
    ) -> None:
        check_network("generator", generator)
        check_network("discriminator", discriminator)
        latents = latent_parts(generator, latent_dim)
        if isinstance(self._given.arguments.get("latent_dim"), tuple):
            # A tuple is saved as a list, which would be a structure.
            self._given.arguments["latent_dim"] = [latent_dim]
        samples = sample_parts(generator, latents)
        check_discriminator(discriminator, samples)
        players = {"generator": [generator], "discriminator": [discriminator]}
        options = {"seed": seed, "name": name, "allow_cut": allow_cut, "verify": verify}
        super().__init__(players, objective, penalties, **options)
        self.latents, self.samples = latents, samples
        self.opposition = PartsOpposition(objective, penalties, samples)

    def prepared(self, data: Any) -> tf.Tensor:
        """One row per example, (batch, width), with all parts side by side.

        Raises:
            TypeError: if they are no real numbers.
            ValueError: if their structure or shapes are others.
        """
        return self.samples.rows(unpack(data), sample_dtype(self.discriminator))

    def check_data(self, data: Any) -> None:
        """Raises if arrays, or a first batch, are no samples of the model's structure."""
        self.prepared(data)

    def without_data(self) -> None:
        """Nothing: samples are needed."""

    def draw(self, data: Any, random: Draws) -> Any:
        """Latents, and what the penalties draw."""
        return self._latents(number_of(data), random), self.opposition.draw(data, random)

    def losses(self, data: Any, noise: Any, training: bool) -> dict[str, tf.Tensor]:
        """Both losses, scalars."""
        (latents, drawn), step = noise
        made, own = self.made(latents, training)
        fake = self.samples.packed([tf.cast(x, data.dtype) for x in self._flat(made)])

        def discriminate(rows: Any) -> tf.Tensor:
            return self.discriminator(self.samples.of_rows(rows), training=training)

        batches = self.discriminator, data, fake, (drawn, step)
        fooled, judged = self.judged(discriminate, *batches, training=training)
        return {"generator": total(fooled, own), "discriminator": judged}

    def drawn_inputs(self, number: int, seed: int, draw: int) -> Any:
        """What the generator takes, drawn as training draws it."""
        return self._latents(number, Draws(seed, draw))

    def check_inputs(self, inputs: Any) -> None:
        """Raises `ValueError` unless they are latents of the generator's structure and shapes."""
        if not self.latents.fits(inputs):
            raise ValueError(
                f"This model's generator takes latents {self.latents}. Received: "
                f"{described(inputs)}. Call model.generate(64)."
            )

    def generate(  # type: ignore[override]
        self, n: int, seed: int | None = None, batch_size: int = 256, *, averaged: bool = True
    ) -> Any:
        """Samples of the generator.

        Args:
            n: number of samples.
            seed: the same seed gives the same latents; `None` draws a seed.
            batch_size: how many are computed at a time.
            averaged: whether to use averages of the weights, if they are kept.

        Returns:
            Arrays (n, …), in the structure of the generator's outputs.

        Raises:
            ValueError: if `n` or `batch_size` is not a positive integer.
        """
        n, seed = check_count("n", n, "For example model.generate(64)."), drawn_seed(seed)
        return self.samples_of(self.drawn_inputs(n, seed, GENERATION), n, batch_size, averaged)

    def imitated(self, batch: Any = None) -> Sequence[tuple[keras.Model, Any]]:
        """The generator once per part of a sample, and that part side by side, (batch, width)."""
        shapes = [(None, width) for width in self.samples.widths]
        parts = shapes if batch is None else self.samples.columns(batch)
        return [(self.generator, part) for part in parts]

    def look_at_ends(self, examples: int, ends: np.ndarray) -> None:
        """Warns of numbers that the generator cannot make, part by part."""
        parts = zip(self.samples.names, self.samples.widths, ends, strict=True)
        for output, (name, width, (low, high)) in enumerate(parts):
            values, place = examples * width, (output, name)
            warn_of_range(self.generator, (float(low), float(high)), values, self.warned, place)

    def _latents(self, number: int | tf.Tensor, random: Draws) -> Any:
        shapes = self.latents.shapes
        drawn = [random.normal((number, *shape), self.variable_dtype) for shape in shapes]
        return self.latents.structure(drawn)

    def _flat(self, made: Any) -> list[tf.Tensor]:
        return self.samples.flat(made) or []
