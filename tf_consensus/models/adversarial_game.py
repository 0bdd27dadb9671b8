"""The game of a generator and a discriminator on one batch."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tf_consensus.games.game import Game, check_losses, dense_gradient, tf_variables
from tf_consensus.models.adjoint import Adjoint, AdjointNetwork, per_example
from tf_consensus.objectives import Objective
from tf_consensus.penalties import GradientPenalty, InstanceNoise
from tf_consensus.support.evaluation import apart
from tf_consensus.support.inputs import cast_samples, join, pick, sample_dtype, split, takes_labels
from tf_consensus.support.known_layers import unknown
from tf_consensus.support.layer_losses import call_losses, weight_losses
from tf_consensus.support.layers import walk
from tf_consensus.support.rebuilding import CannotRebuildError, rebuild
from tf_consensus.support.schedules import factor


class Players(NamedTuple):
    """What a GAN's game is made of, apart from the batch.

    Attributes:
        generator: latents, or [latents, labels], to samples.
        discriminator: samples, or [samples, labels], to one logit each; or samples to one logit a
            class, of which the label picks one.
        objective: both losses from the logits.
        penalties: gradient penalties, instance noise, and functions of (discriminator, real, fake).
        adjoint: the discriminator if its adjoint pass can be shared, else `None`.
    """

    generator: keras.Model
    discriminator: keras.Model
    objective: Objective
    penalties: Sequence[Any]
    adjoint: AdjointNetwork | None


class AdversarialGame(Game):
    """A generator and a discriminator on one batch of real samples, latents and noise.

    With labels the game is conditional: generated samples get the labels of the real ones.

    The losses are those of the objective plus the networks' own: the losses of their weights once,
    and those that layers add in a call (activity regularizers, `add_loss`) once for each batch, the
    generated, and for the discriminator also the real one; calls of penalties do not count. The
    penalties join the discriminator's.

    Where the discriminator allows it (`AdjointNetwork`), the field is computed with one adjoint
    pass for each batch of samples. It is the same field.

    Args:
        players: the networks, the objective and the penalties.
        real: real samples, (batch, …), or a tuple of these and their labels, integers (batch,).
            Samples of another type, integers for example, are cast to the discriminator's.
        latents: (batch, latent_dim).
        noise: for every penalty what its `draw` returned, for instance noise a pair: for the real
            and for the generated samples; for a plain function anything.
        step: number of the training step, for the schedules and lazy penalties.
        training: how the networks are called; `False` also makes penalties count at every step.
        **options: weight, allow_cut, seeds and rows, as `Game` takes them.
    """

    def __init__(
        self,
        players: Players,
        real: Any,
        latents: tf.Tensor,
        noise: Sequence[Any],
        step: Any,
        training: bool = True,
        **options: Any,
    ):
        networks = players.generator, players.discriminator
        variables = [network.trainable_variables for network in networks]
        _check_trainable(variables)
        real = cast_samples(real, sample_dtype(players.discriminator))
        super().__init__(self._losses, variables, (real, latents, noise, step), **options)
        self._parts = players
        self._training = training

    def rebuilt(self, dtype: str | None = "float64") -> "AdversarialGame":
        """The same game of networks made again from their configs, in another precision.

        Args:
            dtype: floating type of the networks and of the batch; `None` keeps them as they are.

        Raises:
            CannotRebuildError: if a network's config does not say all that it is.
        """
        real, latents, noise, step = self.batch
        real, latents, noise = _cast((real, latents, noise), dtype)
        generator, discriminator, objective, penalties, adjoint = self._parts
        own = {id(x) for x in walk(generator, discriminator)}
        if any(id(x) in own for x in walk(objective, *penalties)):
            raise CannotRebuildError("a penalty or the objective holds a network by itself")
        generator = rebuild(generator, join(latents, split(real)[1]), dtype)
        inputs = real if takes_labels(discriminator) else split(real)[0]
        discriminator = rebuild(discriminator, inputs, dtype)
        adjoint = adjoint and AdjointNetwork.of(discriminator)
        players = Players(generator, discriminator, objective, penalties, adjoint)
        return self._like(players, real, latents, noise, step)

    def by_tapes(self) -> "AdversarialGame":
        """The same game on the same networks, without shared adjoint passes."""
        players = self._parts._replace(adjoint=None)
        return self._like(players, *self.batch)

    def player_name(self, index: int) -> str:
        """The network's name in messages."""
        return ("the generator", "the discriminator")[index]

    def unknown_parts(self) -> list[str]:
        """What in networks, objective and penalties is not known to be differentiated exactly."""
        generator, discriminator, objective, penalties, _ = self._parts
        networks = {"generator": generator, "discriminator": discriminator}
        return unknown(networks, (objective, *penalties))

    def _like(self, players, *batch):
        options = {"weight": self.weight, "seeds": self.seeds, "rows": self.rows}
        options["allow_cut"] = self.contract.allow_cut
        return AdversarialGame(players, *batch, self._training, **options)

    def _losses(self, real, latents, noise=None, step=0):
        noise = self._check_noise(noise)
        generator, discriminator, objective, *_ = self._parts
        real = cast_samples(real, sample_dtype(discriminator))
        fake = self._generate(latents, real)
        own_terms = [*call_losses(generator), *weight_losses(generator)]
        real, fake = self._noisy(real, fake, noise, step)
        batches, penalties = [], []
        for points in (real, fake):
            batches.append(_Evaluation(self._discriminate, points))
            penalties += call_losses(discriminator)
        logits = [batch.logits for batch in batches]
        for penalty, drawn in self._gradient_penalties(noise):
            points = penalty.points(real, fake, drawn)

            def value(weight, penalty=penalty, points=points):
                batch = _find(batches, points) or self._aside(points)
                value = penalty.of_gradient(batch.gradient())
                return tf.cast(weight, value.dtype) * value

            zero = tf.zeros((), _precise(batches[0].samples.dtype))
            penalties.append(self._when_due(penalty, step, value, zero))
        return (
            _total(objective.generator_loss(*logits), own_terms),
            _total(objective.discriminator_loss(*logits), penalties, self._other_terms(real, fake)),
        )

    def couplings(self) -> list[str]:
        """Layers that mix examples in training, and terms that take means over the batch."""
        terms = self._parts.objective, *self._parts.penalties
        couple = [t for t in terms if getattr(t, "couples_examples", False)]
        names = super().couplings() if self._training else []
        return names + [type(term).__name__ for term in couple]

    @property
    def differentiates_samples(self) -> bool:
        """Whether there are penalties, which hold the discriminator's gradient."""
        return any(not isinstance(p, InstanceNoise) for p in self._parts.penalties)

    def _roots(self):
        generator, discriminator, objective, penalties, _ = self._parts
        return generator, discriminator, objective, *penalties

    def _field(self, wanted):
        wanted = list(wanted)
        penalties = self._gradient_penalties(self.batch[2])
        saves = 1 in wanted and (0 in wanted or penalties)
        return (self._shared_field if saves and self._shares(penalties) else super()._field)(wanted)

    def _shared_field(self, wanted):
        """Losses and field with one adjoint pass for each batch of samples."""
        generator, _, objective, _, network = self._parts
        real, latents, noise, step = self.batch
        theta, phi = (tf_variables(player) for player in self.players)
        with tf.GradientTape(watch_accessed_variables=False) as generation:
            generation.watch(theta)
            fake = self._generate(latents, real)
            own_terms = [*call_losses(generator), *weight_losses(generator)]
            real, fake = self._noisy(real, fake, noise, step)
        batches = [network.at(real), network.at(fake)]
        logits = [batch.logits for batch in batches]
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as outputs:
            outputs.watch(logits)
            pair = objective.generator_loss(*logits), objective.discriminator_loss(*logits)
        values, gradients, tangents = self._penalize(batches)
        slopes = dense_gradient(outputs, pair[1], logits)
        gradients += [
            batch.pull_back(self.players[1], s, t)
            for batch, s, t in zip(batches, slopes, tangents, strict=True)
        ]
        with tf.GradientTape(watch_accessed_variables=False) as rest:
            rest.watch(phi)
            others = self._other_terms(real, fake)
        if others:
            gradients.append(dense_gradient(rest, others, phi))
        field = [tf.add_n(terms) for terms in zip(*gradients, strict=True)]
        if 0 in wanted:
            (slope,) = dense_gradient(outputs, pair[0], logits[1:])
            samples = batches[1].samples
            cotangents = [per_example(slope, samples) * batches[1].gradient]
            cotangents += [tf.ones_like(term) for term in own_terms]
            field = dense_gradient(generation, [samples, *own_terms], theta, cotangents) + field
        losses = _total(pair[0], own_terms), _total(pair[1], values, others)
        return check_losses(losses, 2), [-g for g in field]

    def _shares(self, penalties):
        network = self._parts.adjoint
        return (
            network is not None
            and (network.piecewise_linear or not penalties)
            and network.covers(self.players[1])
        )

    def _penalize(self, batches: Sequence[Adjoint]):
        """The penalties' values, φ gradients of those at other points, tangents of each batch."""
        values, gradients, tangents = [], [], [[], []]
        _, _, noise, step = self.batch
        variables = self.players[1]
        real, fake = (batch.points for batch in batches)
        dtype = batches[0].samples.dtype
        for penalty, drawn in self._gradient_penalties(noise):
            points = penalty.points(real, fake, drawn)
            shared = _find(batches, points)

            def compute(weight, penalty=penalty, points=points, shared=shared):
                batch = shared or self._parts.adjoint.at(points)
                value, along = _along_gradient(penalty, weight, batch)
                return value, along if shared else batch.pull_back(variables, tangents=along)

            like = shared.inputs if shared else tf_variables(variables)
            zeros = tf.zeros((), _precise(dtype)), [tf.zeros_like(x) for x in like]
            value, along = self._when_due(penalty, step, compute, zeros)
            values.append(value)
            (tangents[batches.index(shared)] if shared else gradients).append(along)
        sums = [[tf.add_n(t) for t in zip(*parts, strict=True)] or None for parts in tangents]
        return values, gradients, sums

    def _when_due(self, penalty: GradientPenalty, step, compute: Callable, zeros):
        """What `compute(weight)` returns at the steps that the penalty counts at, else zeros."""
        weight = factor(penalty.schedule, step)
        if penalty.every == 1 or not self._training:
            return compute(weight)
        due = tf.equal(tf.convert_to_tensor(step) % penalty.every, 0)
        return tf.cond(due, lambda: compute(penalty.every * weight), lambda: zeros)

    def _generate(self, latents, real):
        """Samples with the real ones' labels, if there are any."""
        _, labels = split(real)
        return join(self._parts.generator(join(latents, labels), training=self._training), labels)

    def _aside(self, points):
        """An evaluation at a penalty's own points, which moves no averages and adds no losses."""
        with apart():
            return _Evaluation(self._discriminate, points)

    def _discriminate(self, points):
        samples, labels = split(points)
        network = self._parts.discriminator
        inputs = points if takes_labels(network) else samples
        return pick(network(inputs, training=self._training), labels)

    def _noisy(self, real, fake, noise, step):
        """Both batches as the discriminator is to see them."""
        batches = [split(real), split(fake)]
        for penalty, drawn in zip(self._parts.penalties, noise, strict=True):
            if isinstance(penalty, InstanceNoise):
                pairs = zip(batches, drawn, strict=True)
                batches = [(penalty(x, e, step), labels) for (x, labels), e in pairs]
        return [join(*batch) for batch in batches]

    def _check_noise(self, noise):
        if noise is None and tf.nest.flatten(self.batch[2]):
            raise ValueError(
                "Some of the penalties take random numbers, which belong to the batch. Received: "
                "real samples and latents alone. Pass (real, latents, noise, step) as in "
                "`game.batch`."
            )
        return [()] * len(self._parts.penalties) if noise is None else noise

    def _gradient_penalties(self, noise):
        pairs = zip(self._parts.penalties, noise, strict=True)
        return [(p, drawn) for p, drawn in pairs if isinstance(p, GradientPenalty)]

    def _other_terms(self, real, fake):
        """The penalties that are plain functions, and the losses of the weights."""
        network = self._parts.discriminator
        discriminator = self._discriminate if split(real)[1] else network
        known = GradientPenalty | InstanceNoise
        functions = [p for p in self._parts.penalties if not isinstance(p, known)]
        with apart():
            terms = [penalty(discriminator, real, fake) for penalty in functions]
        for penalty, term in zip(functions, terms, strict=True):
            if term is None:
                raise ValueError(
                    "A penalty must return a scalar. Received: None from "
                    f"{getattr(penalty, '__name__', penalty)!r}. Return its value."
                )
        return [*terms, *weight_losses(network)]


def _check_trainable(variables):
    for key, own in zip(("generator", "discriminator"), variables, strict=True):
        if not own:
            raise ValueError(
                f"Both players train. Received: a {key} without trainable variables. Set "
                f"gan.{key}.trainable = True, or give it layers with weights; to train one player "
                "alone, give the other's optimizer the learning rate 0 "
                "(AlternatingOptimizer)."
            )


class _Evaluation:
    """The logits at a batch of samples, and their gradient there."""

    def __init__(self, discriminate, points):
        self.points = points
        self.samples, labels = split(points)
        self._tape = tf.GradientTape(persistent=True, watch_accessed_variables=False)
        with self._tape:
            self._tape.watch(self.samples)
            self.logits = discriminate(join(self.samples, labels))

    def gradient(self):
        """∇D, computed anew: the branch of a lazy penalty cannot share it."""
        (gradient,) = dense_gradient(self._tape, self.logits, [self.samples])
        return gradient


def _find(batches, points):
    """The batch at these very points, or `None`."""
    return next((batch for batch in batches if batch.points is points), None)


def _along_gradient(penalty, weight, batch):
    """The weighted penalty, and the tangents along its derivative with respect to ∇D."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(batch.gradient)
        value = penalty.of_gradient(batch.gradient)
        value *= tf.cast(weight, value.dtype)
    return value, batch.tangents(tape.gradient(value, batch.gradient))


def _cast(batch, dtype):
    """The batch with its floating tensors in this type."""

    def cast(t):
        t = tf.convert_to_tensor(t)
        return tf.cast(t, dtype) if dtype is not None and t.dtype.is_floating else t

    return tf.nest.map_structure(cast, batch)


def _precise(dtype):
    return tf.float64 if dtype == tf.float64 else tf.float32


def _total(loss, *others):
    """The loss plus layers' regularization losses and penalties, in the loss's dtype."""
    return tf.add_n([loss, *(tf.cast(t, loss.dtype) for terms in others for t in terms)])
