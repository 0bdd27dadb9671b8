"""Losses and field with one adjoint pass for each batch of samples."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf_consensus.games.autodiff import dense_gradient, tf_variables
from tf_consensus.games.checks import check_losses
from tf_consensus.models.adjoint import Adjoint, per_example
from tf_consensus.models.adversarial_losses import AdversarialLosses, find, precise, total
from tf_consensus.support.layer_losses import call_losses, weight_losses


class SharedField:
    """The field of a GAN's game where the discriminator's adjoint pass can be shared.

    The generator's gradient, the discriminator's and the penalties' all need the derivative of the
    logits with respect to the samples. It is computed once for each batch of samples.

    Args:
        losses: the losses, whose `players.adjoint` is the discriminator's adjoint.
        variables: the generator's and the discriminator's.
        batch: real samples, latents, noise and step.
    """

    def __init__(
        self, losses: AdversarialLosses, variables: Sequence[Sequence[Any]], batch: Sequence[Any]
    ):
        self._losses, self._variables, self._batch = losses, variables, batch

    def __call__(self, wanted: Sequence[int]) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        """Losses and the field of these players."""
        generator, _, objective, _, network = self._losses.players
        real, latents, noise, step = self._batch
        theta, phi = (tf_variables(player) for player in self._variables)
        with tf.GradientTape(watch_accessed_variables=False) as generation:
            generation.watch(theta)
            fake = self._losses.generate(latents, real)
            own_terms = [*call_losses(generator), *weight_losses(generator)]
            real, fake = self._losses.noisy(real, fake, noise, step)
        batches = [network.at(real), network.at(fake)]
        logits = [batch.logits for batch in batches]
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as outputs:
            outputs.watch(logits)
            pair = objective.generator_loss(*logits), objective.discriminator_loss(*logits)
        values, gradients, tangents = self._penalize(batches)
        slopes = dense_gradient(outputs, pair[1], logits)
        gradients += [
            batch.pull_back(self._variables[1], s, t)
            for batch, s, t in zip(batches, slopes, tangents, strict=True)
        ]
        with tf.GradientTape(watch_accessed_variables=False) as rest:
            rest.watch(phi)
            others = self._losses.other_terms(real, fake)
        if others:
            gradients.append(dense_gradient(rest, others, phi))
        field = [tf.add_n(terms) for terms in zip(*gradients, strict=True)]
        if 0 in wanted:
            (slope,) = dense_gradient(outputs, pair[0], logits[1:])
            samples = batches[1].samples
            cotangents = [per_example(slope, samples) * batches[1].gradient]
            cotangents += [tf.ones_like(term) for term in own_terms]
            field = dense_gradient(generation, [samples, *own_terms], theta, cotangents) + field
        losses = total(pair[0], own_terms), total(pair[1], values, others)
        return check_losses(losses, 2), [-g for g in field]

    def _penalize(self, batches: Sequence[Adjoint]):
        """The penalties' values, φ gradients of those at other points, tangents of each batch."""
        values, gradients, tangents = [], [], [[], []]
        _, _, noise, step = self._batch
        variables = self._variables[1]
        real, fake = (batch.points for batch in batches)
        dtype = batches[0].samples.dtype
        for penalty, drawn in self._losses.gradient_penalties(noise):
            points = penalty.points(real, fake, drawn)
            shared = find(batches, points)

            def compute(weight, penalty=penalty, points=points, shared=shared):
                batch = shared or self._losses.players.adjoint.at(points)
                value, along = _along_gradient(penalty, weight, batch)
                return value, along if shared else batch.pull_back(variables, tangents=along)

            like = shared.inputs if shared else tf_variables(variables)
            zeros = tf.zeros((), precise(dtype)), [tf.zeros_like(x) for x in like]
            value, along = self._losses.when_due(penalty, step, compute, zeros)
            values.append(value)
            (tangents[batches.index(shared)] if shared else gradients).append(along)
        sums = [[tf.add_n(t) for t in zip(*parts, strict=True)] or None for parts in tangents]
        return values, gradients, sums


def _along_gradient(penalty, weight, batch):
    """The weighted penalty, and the tangents along its derivative with respect to ∇D."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(batch.gradient)
        value = penalty.of_gradient(batch.gradient)
        value *= tf.cast(weight, value.dtype)
    return value, batch.tangents(tape.gradient(value, batch.gradient))
