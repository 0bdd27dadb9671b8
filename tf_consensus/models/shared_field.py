"""Losses and field with one adjoint pass per batch of samples."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from tf_consensus.games.autodiff import dense_gradient, tf_variables
from tf_consensus.games.checks import check_losses
from tf_consensus.games.field import LossesAndField
from tf_consensus.models.adjoint import Adjoint, AdjointNetwork, Points, per_example
from tf_consensus.models.adversarial_losses import AdversarialLosses, find, precise, total
from tf_consensus.models.penalty_terms import noisy, when_due
from tf_consensus.penalties import GradientPenalty
from tf_consensus.support.layer_losses import call_losses, weight_losses

Tensors = list[tf.Tensor]


class _Generation(NamedTuple):
    """The samples that the generator made from the latents.

    Attributes:
        tape: the tape that recorded the generation.
        theta: the generator's variables.
        terms: the generator's own losses.
        real: the real samples as the discriminator is to see them, with their labels if any.
        fake: the generated samples in the same form.
    """

    tape: tf.GradientTape
    theta: list[tf.Variable]
    terms: Tensors
    real: Points
    fake: Points


class SharedField:
    """The field of a GAN's game if the discriminator's adjoint pass can be shared.

    The gradients of the generator, the discriminator and the penalties all need the derivative of
    the logits with respect to the samples. It is computed once per batch of samples.

    Args:
        network: the discriminator, whose adjoint passes are taken.
        losses: the losses.
        variables: the generator's and the discriminator's.
        batch: real samples, latents, noise and step.
    """

    def __init__(
        self,
        network: AdjointNetwork,
        losses: AdversarialLosses,
        variables: Sequence[Sequence[Any]],
        batch: Sequence[Any],
    ) -> None:
        self._network, self._losses = network, losses
        self._variables, self._batch = variables, batch

    def __call__(self, wanted: Sequence[int]) -> LossesAndField:
        """Losses and the field of these players, which include the discriminator, number 1.

        Args:
            wanted: the players' numbers.

        Returns:
            Two scalars, and one tensor per variable of these players.
        """
        objective = self._losses.players.objective
        made = self._generate()
        batches = [self._network.at(points) for points in (made.real, made.fake)]
        logits = [batch.logits for batch in batches]
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as outputs:
            outputs.watch(logits)
            pair = objective.generator_loss(*logits), objective.discriminator_loss(*logits)
        slopes = dense_gradient(outputs, pair[1], logits)
        terms, gradient = self._discriminator_part(batches, slopes)
        if 0 in wanted:
            (slope,) = dense_gradient(outputs, pair[0], logits[1:])
            gradient = _generator_gradient(made, batches[1], slope) + gradient
        losses = total(pair[0], made.terms), total(pair[1], terms)
        return check_losses(losses, 2), [-g for g in gradient]

    def _generate(self) -> _Generation:
        generator = self._losses.players.generator
        real, latents, noise, step = self._batch
        theta = tf_variables(self._variables[0])
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(theta)
            fake = self._losses.generate(latents, real)
            terms = [*call_losses(generator), *weight_losses(generator)]
            real, fake = noisy(self._losses.players.penalties, real, fake, noise, step)
        return _Generation(tape, theta, terms, real, fake)

    def _discriminator_part(
        self, batches: Sequence[Adjoint], slopes: Sequence[tf.Tensor]
    ) -> tuple[Tensors, Tensors]:
        """The terms besides the objective, and the gradient of the whole loss.

        Args:
            batches: the passes at the real and at the generated samples.
            slopes: the derivatives of the objective's loss with respect to their logits.
        """
        phi = tf_variables(self._variables[1])
        terms, gradients, tangents = self._penalize(batches)
        gradients += [
            batch.pull_back(self._variables[1], s, t)
            for batch, s, t in zip(batches, slopes, tangents, strict=True)
        ]
        real, fake = (batch.points for batch in batches)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(phi)
            others = self._losses.other_terms(real, fake)
        if others:
            gradients.append(dense_gradient(tape, others, phi))
        return terms + others, [tf.add_n(parts) for parts in zip(*gradients, strict=True)]

    def _penalize(
        self, batches: Sequence[Adjoint]
    ) -> tuple[Tensors, list[Tensors], list[Tensors | None]]:
        """The penalties' values, φ gradients of those at other points, and tangents per batch."""
        values: Tensors = []
        gradients: list[Tensors] = []
        tangents: list[list[Tensors]] = [[], []]
        _, _, noise, step = self._batch
        variables = self._variables[1]
        real, fake = (batch.points for batch in batches)
        dtype = batches[0].samples.dtype
        for penalty, drawn in self._losses.gradient_penalties(noise):
            points = penalty.points(real, fake, drawn)
            shared = find(batches, points)
            compute = self._weighted(penalty, points, shared)
            like = shared.inputs if shared else tf_variables(variables)
            zeros = tf.zeros((), precise(dtype)), [tf.zeros_like(x) for x in like]
            value, along = when_due(penalty, step, self._losses.training, compute, zeros)
            values.append(value)
            (tangents[batches.index(shared)] if shared else gradients).append(along)
        sums = [[tf.add_n(t) for t in zip(*parts, strict=True)] or None for parts in tangents]
        return values, gradients, sums

    def _weighted(
        self, penalty: GradientPenalty, points: Points, shared: Adjoint | None
    ) -> Callable[[Any], tuple[tf.Tensor, Tensors]]:
        """A function of the weight that gives the penalty, and its tangents or its φ gradient."""

        def compute(weight: Any) -> tuple[tf.Tensor, Tensors]:
            batch = shared or self._network.at(points)
            value, along = _along_gradient(penalty, weight, batch)
            if shared:
                return value, along
            return value, batch.pull_back(self._variables[1], tangents=along)

        return compute


def _generator_gradient(made: _Generation, fake: Adjoint, slope: tf.Tensor) -> Tensors:
    """The gradient of the generator's loss, through the samples and its own terms.

    Args:
        made: the generation.
        fake: the passes at the generated samples.
        slope: the derivative of the objective's loss with respect to their logits, (batch, 1).
    """
    cotangents = [per_example(slope, fake.samples) * fake.gradient]
    cotangents += [tf.ones_like(term) for term in made.terms]
    return dense_gradient(made.tape, [fake.samples, *made.terms], made.theta, cotangents)


def _along_gradient(
    penalty: GradientPenalty, weight: Any, batch: Adjoint
) -> tuple[tf.Tensor, Tensors]:
    """The weighted penalty, and the tangents along its derivative with respect to ∇D."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(batch.gradient)
        value = penalty.of_gradient(batch.gradient)
        value *= tf.cast(weight, value.dtype)
    return value, batch.tangents(tape.gradient(value, batch.gradient))
