"""The losses of whoever makes samples and of the discriminator that judges them."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from tf_consensus import objectives
from tf_consensus import penalties as regularizers
from tf_consensus.games.autodiff import dense_gradient
from tf_consensus.models.adversarial_losses import precise, total
from tf_consensus.models.penalty_terms import (
    differentiate,
    draw_for,
    function_term,
    noisy,
    when_due,
)
from tf_consensus.penalties import GradientPenalty, InstanceNoise
from tf_consensus.support.evaluation import apart
from tf_consensus.support.inputs import Inputs, join, split
from tf_consensus.support.random import Draws

Discriminate = Callable[[Inputs], tf.Tensor]


class Opposition:
    """Both losses of an objective on one pair of batches, the penalties with the discriminator's.

    The discriminator may return a map of logits per sample, (batch, …), as a PatchGAN does: the
    objective is the mean over the map and the batch. A gradient penalty takes D(x) to be the mean
    over the map.

    Args:
        objective: name, config or instance of an `objectives.Objective`.
        penalties: names, configs or instances of `penalties`, or functions, one or a list.

    Raises:
        TypeError: if one of them is neither.
        ValueError: if a name is unknown.
    """

    def __init__(self, objective: Any, penalties: Any) -> None:
        self.objective = objectives.get(objective)
        self.penalties = regularizers.get_all(penalties)

    @property
    def differentiates(self) -> bool:
        """Whether a penalty differentiates the discriminator."""
        return differentiate(self.penalties)

    def draw(self, samples: tf.Tensor, random: Draws) -> list[Any]:
        """What every penalty draws in a step, for batches like `samples`."""
        return draw_for(self.penalties, samples, random)

    def __call__(
        self,
        discriminate: Discriminate,
        real: Inputs,
        fake: Inputs,
        noise: Sequence[Any],
        step: Any,
        training: bool,
        added: Callable[[], list[tf.Tensor]] = list,
        shown: Inputs | None = None,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The loss of whoever made `fake`, and the discriminator's, two scalars.

        Args:
            discriminate: function from samples, or a list of these and conditions, to logits.
            real: real samples (batch, …), or a list of these and conditions.
            fake: made samples, likewise.
            noise: what `draw` returned.
            step: number of the training step, for schedules and lazy penalties.
            training: `False` makes penalties count at every step.
            added: what layers of the discriminator added in its last call, scalars that join its
                loss; it is asked after each batch that the discriminator's loss sees.
            shown: what the discriminator's loss sees in place of `fake`; None: `fake` itself.

        Raises:
            ValueError: if a penalty returns nothing.
        """
        seen = noisy(self.penalties, real, fake if shown is None else shown, noise, step)
        logits, own = [], []
        for batch in seen:
            logits.append(discriminate(batch))
            own += added()
        on_fake = logits[1]
        if shown is not None:
            with apart():  # the discriminator's layers keep and add what its own loss sees
                on_fake = discriminate(noisy(self.penalties, real, fake, noise, step)[1])
        judged = self.objective.discriminator_loss(*logits)
        terms = own + [
            self._term(penalty, discriminate, *seen, drawn, step, training)
            for penalty, drawn in zip(self.penalties, noise, strict=True)
            if not isinstance(penalty, InstanceNoise)
        ]
        made = self.objective.generator_loss(logits[0], on_fake)
        return made, total(judged, terms)

    def function_value(
        self, penalty: Any, discriminate: Discriminate, real: Inputs, fake: Inputs
    ) -> tf.Tensor:
        """The value of a penalty that is a function, a scalar."""
        return function_term(penalty, discriminate, real, fake)

    def _term(
        self,
        penalty: Any,
        discriminate: Discriminate,
        real: Inputs,
        fake: Inputs,
        noise: Any,
        step: Any,
        training: bool,
    ) -> tf.Tensor:
        """A penalty as it joins the discriminator's loss, a scalar."""
        if not isinstance(penalty, GradientPenalty):
            return self.function_value(penalty, discriminate, real, fake)

        def value_of(weight: Any) -> tf.Tensor:
            value = _gradient_penalty(penalty, discriminate, penalty.points(real, fake, noise))
            return tf.cast(weight, value.dtype) * value

        zero = tf.zeros((), precise(split(real)[0].dtype))
        return when_due(penalty, step, training, value_of, zero)


def _gradient_penalty(
    penalty: GradientPenalty, discriminate: Discriminate, points: Inputs
) -> tf.Tensor:
    """E ρ(‖∇D(x)‖²) at the points, D(x) being the mean over the map of logits."""
    samples, conditions = split(points)
    with apart(), tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch(samples)
        logits = discriminate(join(samples, conditions))
        means = tf.reduce_mean(tf.reshape(logits, (tf.shape(logits)[0], -1)), axis=1)
    (gradient,) = dense_gradient(tape, means, [samples])
    return penalty.of_gradient(gradient)
