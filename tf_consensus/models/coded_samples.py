"""Samples of a generator that takes codes, and codes of samples."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.models.averaging import averaged_weights
from tf_consensus.models.codes import Codes
from tf_consensus.models.generation import GENERATION, Generating, batches_of, drawn_seed
from tf_consensus.support.checks import check_count
from tf_consensus.support.inputs import check_latents
from tf_consensus.support.random import normal, uniform


class CodedSamples(Generating):
    """A model that samples from its `generator`, by codes too, and recognizes codes.

    Attributes:
        codes: what codes there are.
        discriminator: the discriminator.
        recognizer: the network that recognizes codes.
        sample_shape: of the samples, (None, …).
        latent_dim: number of latent dimensions without the codes.
        shares_body: whether the recognizer is a head on the discriminator's body.
    """

    codes: Codes
    discriminator: keras.Model
    recognizer: keras.Model
    sample_shape: tuple[int | None, ...]
    latent_dim: int
    shares_body: bool

    def joined(self, latents: tf.Tensor, codes: tf.Tensor) -> tf.Tensor:
        """What the generator takes: latents, and codes in full."""
        return tf.concat([latents, self.codes.in_full(codes, latents.dtype)], axis=1)

    def check_inputs(self, inputs: Any) -> None:
        """Raises `ValueError` unless they are latents with codes behind them."""
        check_latents(inputs, self.latent_dim + self.codes.width, None)

    def drawn_inputs(self, number: int, seed: int, draw: int, codes: Any = None) -> Any:
        """What the generator takes; codes that are not given are drawn."""
        latents = normal((number, self.latent_dim), seed, draw, self.variable_dtype)
        if codes is None:
            codes = self.codes.of_uniform(uniform((number, self.codes.columns), seed, draw + 1))
        return self.joined(latents, tf.convert_to_tensor(codes))

    def generate(  # type: ignore[override]
        self,
        n: int,
        seed: int | None = None,
        batch_size: int = 256,
        *,
        codes: Any = None,
        averaged: bool = True,
    ) -> np.ndarray:
        """Samples of the generator.

        Args:
            n: number of samples.
            seed: the same seed gives the same latents and codes; `None` draws a seed.
            batch_size: how many are computed at a time.
            codes: one column per code, categorical ones first, by the numbers of their values; one
                row for all samples, or n rows. `None` draws them as training does.
            averaged: whether to use averages of the weights, if they are kept.

        Returns:
            Array of shape (n, …).

        Raises:
            ValueError: if a number is not a positive integer, or there are no such codes.
        """
        n, seed = check_count("n", n, "For example model.generate(64)."), drawn_seed(seed)
        codes = None if codes is None else self.codes.given(codes, n)
        inputs = self.drawn_inputs(n, seed, GENERATION, codes)
        return self.samples_of(inputs, n, batch_size, averaged)

    def traverse(
        self, code: int, values: Any = None, n: int = 8, seed: int | None = None
    ) -> np.ndarray:
        """Samples along one code: each row has one latent, and the other codes stay.

        Args:
            code: number of the code, the categorical ones first.
            values: of this code; `None`: all of a categorical one, or 9 from -1 to 1.
            n: number of rows.
            seed: determines latents and the other codes; `None` draws one.

        Returns:
            Array of shape (n, len(values), …).

        Raises:
            ValueError: if there is no such code, or it has no such values.
        """
        n, seed = check_count("n", n, "For example n=8."), drawn_seed(seed)
        place = self.codes.place(code)
        values = self.codes.values(place) if values is None else _row("values", values)
        self.codes.check_values(place, values)
        steps = len(values)
        latents = normal((n, self.latent_dim), seed, GENERATION, self.variable_dtype)
        drawn = self.codes.of_uniform(uniform((n, self.codes.columns), seed, GENERATION + 1))
        codes = np.repeat(drawn.numpy(), steps, axis=0)
        codes[:, place] = np.tile(values, n)
        codes = tf.constant(self.codes.given(codes, n * steps))
        inputs = self.joined(tf.repeat(latents, steps, axis=0), codes)
        made = self.samples_of(inputs, n * steps, 256, averaged=True)
        return made.reshape(n, steps, *made.shape[1:])

    def recognize(self, samples: Any, batch_size: int = 256) -> list[np.ndarray]:
        """What the recognizer finds in samples, by averaged weights if kept.

        Args:
            samples: (n, …).
            batch_size: how many at a time.

        Returns:
            One array per code: probabilities (n, values), or means (n,).

        Raises:
            TypeError: if they are no real numbers.
            ValueError: if they do not have the generator's shape, or there are none.
        """
        batches = batches_of(samples, self.sample_shape, batch_size)
        with averaged_weights(self):
            found = tf.concat([self._found(batch) for batch in batches], axis=0)
        logits, means, _ = self.codes.split(found)
        return [tf.nn.softmax(x).numpy() for x in logits] + list(means.numpy().T)

    def _found(self, samples: tf.Tensor) -> tf.Tensor:
        if self.shares_body:
            samples = self.discriminator(samples, training=False)[1]
        return self.recognizer(samples, training=False)


def _row(name: str, values: Any) -> np.ndarray:
    """The values as a row of finite numbers; raises `ValueError` if they are none."""
    try:
        row = np.asarray(values, "float64")
    except (TypeError, ValueError):
        row = np.zeros(0)
    if row.ndim == 1 and row.size and np.isfinite(row).all():
        return row
    raise ValueError(
        f"`{name}` must be a list of finite numbers. Received: {name}={values!r}. For example "
        f"{name}=[-1.0, 0.0, 1.0]."
    )
