"""A GAN whose samples are of conditions that are vectors."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.models import heads
from tf_consensus.models.adversarial_losses import total
from tf_consensus.models.batch import number_of
from tf_consensus.models.checks import Shape
from tf_consensus.models.conditions import as_conditions
from tf_consensus.models.generation import GENERATION, drawn_seed
from tf_consensus.models.latent_model import LatentModel
from tf_consensus.models.latent_size import latent_size
from tf_consensus.models.range_looks import RangeLooks
from tf_consensus.models.refusals import refuse_weights
from tf_consensus.models.words import CONDITIONS, found_parts
from tf_consensus.support.arrays import check_unmasked
from tf_consensus.support.checks import check_count
from tf_consensus.support.inputs import check_sample_shape, floating, input_shapes, sample_dtype
from tf_consensus.support.random import Draws, normal
from tf_consensus.support.shapes import of_shape


@keras.saving.register_keras_serializable("tf_consensus")
class ConditionalGAN(RangeLooks, LatentModel):
    """A generator and a discriminator of samples with vectors beside them, such as attributes.

        loss_G = objective_G(D(x, c), D(G(z, c), c))
        loss_D = objective_D(D(x, c), D(G(z, c), c)) + penalties

    Batches are pairs (samples, conditions), with conditions c (batch, k) of floating-point numbers.
    A made sample gets the condition of the real sample in the same row. `GAN` takes labels.

    Args:
        generator: built Keras model, [latents, conditions] to samples.
        discriminator: built Keras model, [samples, conditions] to one logit, (batch, 1).
        latent_dim: number of latent dimensions; `None` reads it from the generator's input.
        objective: name, config or instance of an `objectives.Objective`.
        penalties: as `GAN`'s; they differentiate along the samples.
        seed: integer that determines the latents; `None` draws one.
        name: of the model.
        allow_cut: as `GAN`'s.
        verify: as `GameModel`'s.

    Raises:
        TypeError: if a network is no Keras model; in training, if conditions are no floating-point
            numbers.
        ValueError: if a network is not built, or shapes do not fit.

    Example:
        >>> latents, condition = keras.Input((4,)), keras.Input((3,))
        >>> x = keras.layers.Concatenate()([latents, condition])
        >>> generator = keras.Model([latents, condition], keras.layers.Dense(2)(x))
        >>> sample = keras.Input((2,))
        >>> x = keras.layers.Concatenate()([sample, condition])
        >>> discriminator = keras.Model([sample, condition], keras.layers.Dense(1)(x))
        >>> model = ConditionalGAN(generator, discriminator)
        >>> model.generate(2, conditions=[0.5, -1.0, 0.0]).shape
        (2, 2)

    Reference:
        Mirza, Osindero, Conditional Generative Adversarial Nets, 2014.
    """

    noun = "ConditionalGAN"
    words = CONDITIONS
    num_classes = None
    unlike_gan = (
        "whose samples are of given conditions",
        "Call model.generate(64, conditions=...) in a keras.callbacks.Callback of your own.",
    )
    drawn_inputs = None  # type: ignore[assignment]  # nobody knows how conditions are distributed

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int | None = None,
        objective: Any = "standard",
        penalties: Any = (),
        seed: int | None = None,
        name: str | None = None,
        allow_cut: bool | Sequence[str] = False,
        verify: bool | str = "auto",
    ) -> None:
        shapes = _check_networks(generator, discriminator, latent_dim)
        players = {"generator": [generator], "discriminator": [discriminator]}
        options = {"seed": seed, "name": name, "allow_cut": allow_cut, "verify": verify}
        super().__init__(players, objective, penalties, **options)
        self.sample_shape, self.latent_dim, self.condition_dim = shapes

    def prepared(self, data: Any) -> Any:
        """A list of samples and conditions, in the discriminator's precision.

        Raises:
            TypeError: if samples are no real numbers, or conditions no floating-point ones.
            ValueError: if there are not two, or their shapes are others.
        """
        refuse_weights(data)
        parts = (
            [part for part in data if part is not None] if isinstance(data, tuple | list) else []
        )
        if len(parts) != 2:
            raise ValueError(
                f"A batch is a pair (samples, conditions). Received: {found_parts(data)}. Give the "
                "data set conditions, in tuples, or train a GAN."
            )
        dtype = sample_dtype(self.discriminator)
        samples = tf.cast(floating(parts[0]), dtype)
        check_sample_shape(samples, self.sample_shape)
        samples = of_shape(samples, self.sample_shape)
        conditions = tf.convert_to_tensor(parts[1])
        return [samples, as_conditions(conditions, self.condition_dim, dtype)]

    def check_data(self, data: Any) -> None:
        """Raises if arrays, or a first batch, are no samples with conditions."""
        self.prepared(data)

    def without_data(self) -> None:
        """Nothing: samples are needed."""

    def imitated(self, batch: Any = None) -> Sequence[tuple[keras.Model, Any]]:
        """The generator, and the samples."""
        return [(self.generator, self.sample_shape if batch is None else batch[0])]

    def draw(self, data: Any, random: Draws) -> Any:
        """Latents, and what the penalties draw."""
        latents = self.drawn_latents(number_of(data[0]), random)
        return latents, self.opposition.draw(data[0], random)

    def losses(self, data: Any, noise: Any, training: bool) -> dict[str, tf.Tensor]:
        """Both losses, scalars."""
        (real, conditions), ((latents, drawn), step) = data, noise
        made, own = self.made([latents, conditions], training)
        pairs = [real, conditions], [made, conditions]
        fooled, judged, _ = self.opposed(*pairs, drawn, step, training)
        return {"generator": total(fooled, own), "discriminator": judged}

    def check_inputs(self, inputs: Any) -> None:
        """Raises `ValueError` unless they are latents and conditions."""
        parts = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
        wanted = [(None, self.latent_dim), (None, self.condition_dim)]
        found = [tuple(getattr(part, "shape", ())) for part in parts]
        if len(found) != 2 or not all(
            tf.TensorShape(a).is_compatible_with(b) for a, b in zip(found, wanted, strict=True)
        ):
            raise ValueError(
                f"This model's generator takes latents and conditions of shapes {wanted}. "
                f"Received: shapes {found}. Call model.generate(64, conditions=...)."
            )

    def generate(  # type: ignore[override]
        self,
        n: int,
        seed: int | None = None,
        batch_size: int = 256,
        *,
        conditions: Any = None,
        averaged: bool = True,
    ) -> np.ndarray:
        """Samples of the generator.

        Args:
            n: number of samples.
            seed: the same seed gives the same latents; `None` draws a seed.
            batch_size: how many are computed at a time.
            conditions: (k,) for all samples, or (n, k). There is no default.
            averaged: whether to use averages of the weights, if they are kept.

        Returns:
            Array of shape (n, …).

        Raises:
            ValueError: if a number is not a positive integer, or conditions are missing, of another
                shape or not finite.
        """
        n, seed = check_count("n", n, "For example n=64."), drawn_seed(seed)
        check_unmasked("conditions", conditions)
        try:
            array = np.asarray(conditions, self.variable_dtype)
        except (TypeError, ValueError):
            array = np.zeros(0)
        shapes = (self.condition_dim,), (n, self.condition_dim)
        if array.shape not in shapes or not np.isfinite(array).all():
            raise ValueError(
                f"`conditions` are finite numbers of shape {shapes[0]} or {shapes[1]}. Received: "
                f"conditions={conditions!r}. For example those of real samples."
            )
        latents = normal((n, self.latent_dim), seed, GENERATION, self.variable_dtype)
        inputs = [latents, tf.constant(np.broadcast_to(array, shapes[1]))]
        return self.samples_of(inputs, n, batch_size, averaged)


def _check_networks(
    generator: Any, discriminator: Any, latent_dim: int | None
) -> tuple[Shape, int, int]:
    """The shape of the samples, the number of latent dimensions, and that of conditions."""
    heads.check_network("generator", generator, 2)
    heads.check_network("discriminator", discriminator, 2)
    latent_dim = latent_size(generator, latent_dim)
    condition = input_shapes(generator)[1]
    if len(condition) != 2 or condition[1] is None:
        raise ValueError(
            "The second input of the generator is conditions of shape (batch, k). Received: a "
            f"second input of shape {condition}. Begin it with keras.Input((k,)); for labels there "
            "is GAN(..., num_classes=...)."
        )
    conditions = (None, condition[1])
    samples = heads.check_samples(generator, discriminator, (None, latent_dim), conditions)
    pair, source = (samples, conditions), "the generator's samples and their conditions"
    heads.check_logit(heads.shape_after("discriminator", discriminator, *pair, source=source))
    return samples, latent_dim, condition[1]
