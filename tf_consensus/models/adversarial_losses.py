"""The losses of a generator and a discriminator, from the networks' outputs."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

import keras
import tensorflow as tf

from tf_consensus.games.autodiff import dense_gradient
from tf_consensus.models.adjoint import AdjointNetwork, Points
from tf_consensus.models.penalty_terms import function_term, noisy, when_due
from tf_consensus.objectives import Objective
from tf_consensus.penalties import GradientPenalty, InstanceNoise
from tf_consensus.support.evaluation import apart
from tf_consensus.support.inputs import cast_samples, join, pick, sample_dtype, split, takes_labels
from tf_consensus.support.layer_losses import call_losses, weight_losses


class AtPoints(Protocol):
    """An evaluation at a batch of points."""

    points: Points


AnyBatch = TypeVar("AnyBatch", bound=AtPoints)


class Players(NamedTuple):
    """The parts of a GAN's game, apart from the batch.

    Attributes:
        generator: maps latents, or [latents, labels], to samples.
        discriminator: maps samples, or [samples, labels], to one logit each; or samples to one
            logit per class, from which the label picks one.
        objective: gives both losses from the logits.
        penalties: gradient penalties, instance noise, and functions of (discriminator, real, fake).
        adjoint: the discriminator if its adjoint pass can be shared, else `None`.
    """

    generator: keras.Model
    discriminator: keras.Model
    objective: Objective
    penalties: Sequence[Any]
    adjoint: AdjointNetwork | None


class AdversarialLosses:
    """The two losses as a function of a batch, and their parts.

    Args:
        players: the networks, the objective and the penalties.
        training: how the networks are called; `False` also makes penalties count at every step.
        draws: whether a penalty takes random numbers.
    """

    def __init__(self, players: Players, training: bool, draws: bool = False) -> None:
        self.players, self.training, self._draws = players, training, draws

    def __call__(
        self, real: Points, latents: tf.Tensor, noise: Sequence[Any] | None = None, step: Any = 0
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The generator's and the discriminator's loss, two scalars, by tapes alone.

        Args:
            real: samples (batch, …), or these and their labels (batch,).
            latents: (batch, latent_dim).
            noise: what each penalty's `draw` returned; `None` if none of them draws.
            step: number of the training step.

        Raises:
            ValueError: if noise is missing, or a penalty returns nothing.
        """
        noise = self._check_noise(noise)
        generator, discriminator, objective, *_ = self.players
        real = cast_samples(real, sample_dtype(discriminator))
        fake = self.generate(latents, real)
        own_terms = [*call_losses(generator), *weight_losses(generator)]
        real, fake = noisy(self.players.penalties, real, fake, noise, step)
        batches: list[_Evaluation] = []
        penalties: list[tf.Tensor] = []
        for points in (real, fake):
            batches.append(_Evaluation(self.discriminate, points))
            penalties += call_losses(discriminator)
        logits = [batch.logits for batch in batches]
        for penalty, drawn in self.gradient_penalties(noise):
            points = penalty.points(real, fake, drawn)
            value = self._weighted(penalty, points, batches)
            zero = tf.zeros((), precise(batches[0].samples.dtype))
            penalties.append(when_due(penalty, step, self.training, value, zero))
        return (
            total(objective.generator_loss(*logits), own_terms),
            total(objective.discriminator_loss(*logits), penalties, self.other_terms(real, fake)),
        )

    def _weighted(
        self, penalty: GradientPenalty, points: Points, batches: Sequence["_Evaluation"]
    ) -> Callable[[Any], tf.Tensor]:
        """The penalty at its points as a function of its weight."""

        def value(weight: Any) -> tf.Tensor:
            batch = find(batches, points) or self._aside(points)
            value = penalty.of_gradient(batch.gradient())
            return tf.cast(weight, value.dtype) * value

        return value

    def generate(self, latents: tf.Tensor, real: Points) -> Points:
        """Samples (batch, …) from latents (batch, latent_dim), with the real labels if any."""
        _, labels = split(real)
        return join(self.players.generator(join(latents, labels), training=self.training), labels)

    def _aside(self, points: Points) -> "_Evaluation":
        """Evaluates at a penalty's own points, without moving averages or adding losses."""
        with apart():
            return _Evaluation(self.discriminate, points)

    def discriminate(self, points: Points) -> tf.Tensor:
        """One logit per example, for samples or for samples with their labels; (batch, 1)."""
        samples, labels = split(points)
        network = self.players.discriminator
        inputs = points if takes_labels(network) else samples
        return pick(network(inputs, training=self.training), labels)

    def _check_noise(self, noise: Sequence[Any] | None) -> Sequence[Any]:
        if noise is None and self._draws:
            raise ValueError(
                "Some of the penalties take random numbers, which belong to the batch. Received: "
                "real samples and latents alone. Pass (real, latents, noise, step) as in "
                "`game.batch`."
            )
        return [()] * len(self.players.penalties) if noise is None else noise

    def gradient_penalties(self, noise: Sequence[Any]) -> list[tuple[GradientPenalty, Any]]:
        """Pairs of a gradient penalty and what it drew."""
        pairs = zip(self.players.penalties, noise, strict=True)
        return [(p, drawn) for p, drawn in pairs if isinstance(p, GradientPenalty)]

    def other_terms(self, real: Points, fake: Points) -> list[tf.Tensor]:
        """The penalties that are plain functions, and the losses of the weights, all scalars.

        Raises:
            ValueError: if a penalty returns nothing.
        """
        network = self.players.discriminator
        discriminator = self.discriminate if split(real)[1] else network
        known = GradientPenalty | InstanceNoise
        functions = [p for p in self.players.penalties if not isinstance(p, known)]
        terms = [function_term(penalty, discriminator, real, fake) for penalty in functions]
        return [*terms, *weight_losses(network)]


class _Evaluation:
    """The logits at a batch of samples, and their gradient there."""

    def __init__(self, discriminate: Callable[[Points], tf.Tensor], points: Points) -> None:
        self.points = points
        self.samples, labels = split(points)
        self._tape = tf.GradientTape(persistent=True, watch_accessed_variables=False)
        with self._tape:
            self._tape.watch(self.samples)
            self.logits = discriminate(join(self.samples, labels))

    def gradient(self) -> tf.Tensor:
        """∇D, of the samples' shape, computed anew: a lazy penalty's branch cannot share it."""
        (gradient,) = dense_gradient(self._tape, self.logits, [self.samples])
        return gradient


def find(batches: Sequence[AnyBatch], points: Points) -> AnyBatch | None:
    """The batch whose points are these very tensors, or `None`."""
    return next((batch for batch in batches if batch.points is points), None)


def precise(dtype: tf.DType) -> tf.DType:
    """The floating type in which penalties are summed: at least float32."""
    return tf.float64 if dtype == tf.float64 else tf.float32


def total(loss: tf.Tensor, *others: Sequence[tf.Tensor]) -> tf.Tensor:
    """The loss plus layers' regularization losses and penalties: scalars of the loss's dtype."""
    return tf.add_n([loss, *(tf.cast(t, loss.dtype) for terms in others for t in terms)])
