"""A generator of tables with mixed columns, and a discriminator of their rows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.data.table_conditions import Conditions
from tf_consensus.models.adversarial_losses import total
from tf_consensus.models.adversarial_model import AdversarialModel
from tf_consensus.models.batch import number_of
from tf_consensus.models.range_looks import RangeLooks
from tf_consensus.models.refusals import Arguments
from tf_consensus.models.table_checks import (
    as_rows,
    check_penalties,
    description_of,
    warn_of_rows,
)
from tf_consensus.models.table_generation import MakesRows
from tf_consensus.models.table_networks import table_networks
from tf_consensus.models.table_packs import packed, refuse_part_packs
from tf_consensus.models.table_rows import activated, beside, gumbel
from tf_consensus.models.words import ROWS
from tf_consensus.support.checks import check_bool, check_count, check_float, check_seed
from tf_consensus.support.inputs import join
from tf_consensus.support.random import Draws


@keras.saving.register_keras_serializable("tf_consensus")
class TableGAN(MakesRows, RangeLooks, AdversarialModel):
    """A GAN on a table of numbers and categories, whose rows `data.table` encodes.

        loss_G = objective_G(D(x), D(G(z, g)))
        loss_D = objective_D(D(x), D(G(z, g))) + penalties

    with x encoded rows, z latents and g Gumbel numbers. In a row G(z, g) a number is tanh(y), and a
    mode or a category is softmax((y + g)/τ), with y the generator network's outputs. z and g are
    drawn before the losses are evaluated, so the losses are smooth functions of the weights. A
    generated table holds the largest entry of each softmax, which is an exact draw from
    softmax(y). Batches are encoded rows (batch, width).

    With `conditional` the model trains by sampling, as CTGAN does. Batches are rows and conditions
    c side by side, which `table.batches(conditional=True)` draws; both networks take c too, and
    the generator is to obey:

        loss_G = objective_G(D(x, c), D(G(z, g, c), c)) - E Σ_k c_k log softmax(y)_k

    with softmax over each column of categories. Every loss is a mean over rows still. Penalties
    differentiate along the rows alone.

    Args:
        table: what the columns are: a `data.TableDescription`, or a `data.Table`, of which only
            the description is kept.
        generator: built Keras model, latents (batch, latent_dim) to outputs y (batch, width);
            conditions stand behind the latents, (batch, latent_dim + categories). `None` makes
            one from 128 latents, with two dense layers of 256 units.
        discriminator: built Keras model, rows (batch, pack · width) to logits; conditions stand
            behind all rows, (batch, pack · (width + categories)). `None` makes one of two dense
            layers of 256 units.
        objective: name, config or instance of an `objectives.Objective`.
        penalties: as `GAN`'s; they differentiate along the rows.
        temperature: τ > 0 of the softmax. CTGAN's is 0.2, by which `docs/tables.md` saw
            categories and modes get lost without packs.
        pack: how many rows the discriminator judges together, side by side (PacGAN); 1 judges each
            by itself. Neighbours in a batch make a pack, so it divides every batch, the part of
            each replica and every micro-batch. Penalties that draw numbers need pack=1.
        conditional: whether batches hold conditions.
        seed: integer that determines latents, g, and the weights of networks that are made;
            `None` draws one, and leaves the weights to Keras.
        name: of the model.
        allow_cut: as `GAN`'s.
        verify: as `GameModel`'s.

    Raises:
        TypeError: if `table` is no description, or a network is no Keras model.
        ValueError: if a network is not built or does not fit the table, τ is not positive, or
            penalties that draw numbers meet packs; if it is conditional and no column has
            categories; in training, if a batch is no whole packs or lacks its conditions.

    Example:
        >>> people = data.table("people.csv")
        >>> model = TableGAN(people, objective="standard", penalties="r1")
        >>> model.compile(optimizer=ConsensusOptimizer("adam", 2e-4, gamma=0.1))
        >>> history = model.fit(people.batches(seed=0), steps_per_epoch=1000, shuffle=False)
        >>> columns = model.generate(1000, seed=0)

    Reference:
        Xu, Skoularidou, Cuesta-Infante, Veeramachaneni, Modeling Tabular Data using Conditional
        GAN, 2019. Lin, Khetan, Fanti, Oh, PacGAN, 2018.
    """

    noun = "TableGAN"
    words = ROWS
    unlike_gan = (
        "whose samples are rows of a table",
        "Score model.generate(1000) in a keras.callbacks.Callback of your own, for example by "
        "metrics.marginal_distances.",
    )

    def __init__(
        self,
        table: Any,
        generator: keras.Model | None = None,
        discriminator: keras.Model | None = None,
        objective: Any = "standard",
        penalties: Any = (),
        temperature: float = 0.7,
        pack: int = 1,
        conditional: bool = False,
        seed: int | None = None,
        name: str | None = None,
        allow_cut: bool | Sequence[str] = False,
        verify: bool | str = "auto",
    ) -> None:
        description = description_of(table)
        self._given.arguments["table"] = description  # rows are not saved
        self.pack = check_count("pack", pack, "pack=1 judges each row by itself.")
        self.temperature = check_float("temperature", temperature, zero=False, hint="Usual: 0.7.")
        conditions = Conditions(description) if check_bool("conditional", conditional) else None
        widths = (description.width, *([conditions.width] if conditions else []))
        weights_seed = None if seed is None else check_seed(seed)
        generator, discriminator, latent_dim = table_networks(
            generator, discriminator, widths, self.pack, weights_seed
        )
        players = {"generator": generator, "discriminator": discriminator}
        super().__init__(players, objective, penalties, seed, name, allow_cut, verify)
        self.generator, self.discriminator = generator, discriminator
        self.description, self.conditions, self.widths = description, conditions, widths
        self.latent_dim = latent_dim
        self.choices = sum(block.size for block in description.blocks if block.choice)
        if self.pack > 1:
            check_penalties(self.penalties)

    def prepared(self, data: Any) -> tf.Tensor:
        """Encoded rows, with their conditions if there are such, in the networks' precision."""
        return as_rows(super().prepared(data), self.widths, self.variable_dtype)

    def check_data(self, data: Any) -> None:
        """Raises if arrays, or a first batch, are no encoded rows of the table."""
        as_rows(data, self.widths, self.variable_dtype)

    def without_data(self) -> None:
        """Nothing: it is of data."""

    def imitated(self, batch: Any = None) -> Sequence[tuple[keras.Model, Any]]:
        """The generator, and the rows."""
        width = self.widths[0]
        return [(self.generator, (None, width) if batch is None else batch[:, :width])]

    def look_at_ends(self, examples: int, ends: np.ndarray) -> None:
        """Warns of rows out of the range of tanh and softmax, which follow on the generator."""
        del examples
        low, high = ends[0]
        warn_of_rows(float(low), float(high), self.warned)

    def draw(self, data: Any, random: Draws) -> Any:
        """Latents, Gumbel numbers, and what the penalties draw."""
        number = number_of(data)
        latents = random.normal([number, self.latent_dim], self.variable_dtype)
        noise = gumbel(random.uniform([number, self.choices], self.variable_dtype))
        return latents, noise, self.opposition.draw(data[:, : self.widths[0]], random)

    def losses(self, data: Any, noise: Any, training: bool) -> dict[str, tf.Tensor]:
        """Both losses, scalars."""
        (latents, numbers, drawn), step = noise
        real, *conditions = tf.split(data, self.widths, axis=1)
        outputs = self.outputs(latents, conditions, training)
        own = self.added_losses(self.generator)
        if self.conditions is not None:
            own = [*own, self.conditions.disobedience(outputs, *conditions)]
        made = activated(outputs, numbers, self.description.blocks, self.temperature)

        def discriminate(packs: Any) -> tf.Tensor:
            return self.discriminator(beside(packs), training=training)

        beyond = [packed(part, self.pack) for part in conditions]
        seen, shown = (join(packed(rows, self.pack), beyond) for rows in (real, made))
        drawn = (drawn, step)
        fooled, judged = self.judged(
            discriminate, self.discriminator, seen, shown, drawn, training=training
        )
        return {"generator": total(fooled, own), "discriminator": judged}

    def call(self, inputs: Any, training: bool = False) -> tf.Tensor:
        """The generator's outputs y for its inputs, before tanh and softmax."""
        return self.generator(inputs, training=training)

    def _checked(
        self, method: Callable[..., Any], args: Sequence[Any], options: Mapping[str, Any]
    ) -> Arguments:
        args, options = super()._checked(method, args, options)
        if self.pack > 1:
            refuse_part_packs(self.pack, method, args, options)
        return args, options
