"""Rows that a trained `TableGAN` makes, of drawn conditions or of a given one."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.data import TableDescription
from tf_consensus.data.table_conditions import Conditions, drawn_places
from tf_consensus.models.averaging import averaged_weights
from tf_consensus.models.generation import GENERATION, drawn_seed, sizes
from tf_consensus.models.parts import described
from tf_consensus.models.table_rows import activated, beside, gumbel
from tf_consensus.support.checks import check_count, shown
from tf_consensus.support.inputs import join
from tf_consensus.support.random import Draws

# How many times as many rows as are asked for are made at most, to find those that obey.
_TIMES = 100


class MakesRows(keras.Model):
    """A model whose generator makes encoded rows of a table.

    Attributes:
        generator: the network, from latents, and conditions beside them, to outputs y.
        description: what the columns are.
        conditions: those that it takes; `None` if it takes none.
        latent_dim: number of latent dimensions.
        choices: how many Gumbel numbers a row takes.
        temperature: τ of the softmax.
    """

    generator: keras.Model
    description: TableDescription
    conditions: Conditions | None
    latent_dim: int
    choices: int
    temperature: float

    def __call__(self, inputs: Any, *args: Any, **options: Any) -> tf.Tensor:
        """The generator's outputs; see `call`.

        Raises:
            ValueError: if the inputs are no latents, with conditions beside them if it takes them.
        """
        known = self.conditions
        width = self.latent_dim + (known.width if known else 0)
        shape = getattr(inputs, "shape", None)
        if shape is None or not tf.TensorShape(shape).is_compatible_with((None, width)):
            beside = f" and conditions of {known.width} numbers beside them" if known else ""
            raise ValueError(
                f"This model's generator takes latents of {self.latent_dim} numbers{beside}, "
                f"(batch, {width}). Received: {described(inputs)}. Call model.generate(1000) for "
                "rows of a new table."
            )
        return super().__call__(inputs, *args, **options)

    def encoded(
        self, latents: tf.Tensor, numbers: tf.Tensor, conditions: Sequence[tf.Tensor] = ()
    ) -> tf.Tensor:
        """Rows (batch, width) like encoded ones.

        Args:
            latents: z, (batch, latent_dim).
            numbers: g, Gumbel numbers (batch, choices).
            conditions: of a conditional model one, c, (batch, categories).
        """
        outputs = self.outputs(latents, conditions, training=False)
        return activated(outputs, numbers, self.description.blocks, self.temperature)

    def outputs(
        self, latents: tf.Tensor, conditions: Sequence[tf.Tensor], training: bool
    ) -> tf.Tensor:
        """The generator network's outputs y, (batch, width); the arguments are as `encoded`'s."""
        outputs = self.generator(beside(join(latents, conditions)), training=training)
        return tf.cast(outputs, self.variable_dtype)

    def generate(
        self,
        n: int,
        seed: int | None = None,
        batch_size: int = 1024,
        averaged: bool = True,
        condition: Mapping[str, Any] | None = None,
    ) -> dict[str, np.ndarray]:
        """Rows of a new table, in the table's units.

        A conditional model draws a condition per row: a column, each as likely, and one of its
        categories as frequent as in the table. Of a given condition it makes rows until n of them
        hold its category, and leaves out those that do not.

        Args:
            n: number of rows.
            seed: the same seed gives the same rows; `None` draws a seed.
            batch_size: how many are computed at a time.
            averaged: whether to use averages of the weights, if they are kept.
            condition: a column of categories and its category, which all rows are to hold, of a
                conditional model; for example {"job": "pilot"}.

        Returns:
            The columns (n,) by name, as `TableDescription.decode` gives them.

        Raises:
            ValueError: if `n` or `batch_size` is not a positive integer, or the seed is none; if
                there is no such condition, or fewer than one row in 100 holds it.
        """
        n = check_count("n", n, "For example model.generate(1000).")
        batch_size = check_count("batch_size", batch_size, "Leave it at 1024.")
        random = Draws(drawn_seed(seed), GENERATION)
        with averaged_weights(self) if averaged else contextlib.nullcontext():
            return self.description.decode(self._made(n, random, batch_size, condition))

    def _made(
        self, n: int, random: Draws, batch_size: int, condition: Mapping[str, Any] | None
    ) -> np.ndarray:
        """Encoded rows (n, width)."""
        known = self.conditions
        if condition is None:
            parts = self._drawn(n, random)
            if known is not None:
                places = drawn_places(known.real_shares(), random.uniform([n], "float64"))
                parts.append(known.vectors(places, self.variable_dtype))
            return self._computed(parts, batch_size)
        if known is None:
            raise ValueError(
                "`condition` is for a model that trains on conditions. Received: "
                f"condition={shown(condition)}. Make it by TableGAN(..., conditional=True), or "
                "leave `condition` out."
            )
        place = known.place(condition)
        vectors = known.vectors(tf.fill([n], place), self.variable_dtype)
        kept: list[np.ndarray] = []
        for _ in range(_TIMES):
            rows = self._computed([*self._drawn(n, random), vectors], batch_size)
            kept.append(rows[known.obeys(rows, place)])
            if sum(map(len, kept)) >= n:
                return np.concatenate(kept)[:n]
        raise ValueError(
            "A generator must make rows that hold the condition. Received: "
            f"condition={shown(condition)}, which {sum(map(len, kept)):,} of {_TIMES * n:,} rows "
            "hold. Train longer."
        )

    def _drawn(self, n: int, random: Draws) -> list[tf.Tensor]:
        """Latents and Gumbel numbers."""
        latents = random.normal([n, self.latent_dim], self.variable_dtype)
        return [latents, gumbel(random.uniform([n, self.choices], self.variable_dtype))]

    def _computed(self, inputs: Sequence[tf.Tensor], batch_size: int) -> np.ndarray:
        number = sizes(int(inputs[0].shape[0]), batch_size)
        parts = zip(*(tf.split(t, number) for t in inputs), strict=True)
        return np.concatenate([self.encoded(z, g, c).numpy() for z, g, *c in parts])
