"""A look at both networks on fixed samples, which leaves the model as it is."""

import math
from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from tf_consensus import theory
from tf_consensus.callbacks.advice.history import Check
from tf_consensus.games import vectors
from tf_consensus.optimizers import (
    GRADIENT,
    AdaptiveGamma,
    ConsensusOptimizer,
    GameOptimizer,
    SimultaneousOptimizer,
    SmoothingOptimizer,
)
from tf_consensus.optimizers.regularization import Regularization
from tf_consensus.spectrum import compile_jacobian, flat
from tf_consensus.support.evaluation import LayerState
from tf_consensus.support.inputs import join, pick, split, takes_labels

# Nothing else uses this draw: training counts up from 0, evaluation down from -1.
_DRAW = tf.int64.min + 500
# Pairs nearer than this share of the real samples' mean distance count as twins.
_TWINS = 0.1
# The most parameters whose eigenvalues are computed: a matrix of 300² takes about 10 ms.
_PARAMETERS = 300
_NEUTRAL = 1e-3


class Probe:
    """Looks at a GAN on real samples and on latents that are always the same.

    Networks are called in training mode, because the moving averages of batch normalization are
    right only after many steps; the evaluation assigns nothing. Nothing is drawn from the random
    numbers of training.

    Args:
        model: compiled `GAN`.
        parts: real samples, and labels if the model is conditional.
    """

    def __init__(self, model: keras.Model, parts: Sequence[tf.Tensor]) -> None:
        self._model = model
        conditional = model.num_classes is not None
        tensors = [tf.convert_to_tensor(part) for part in parts[:2]]
        self._real = tensors if conditional else tensors[0]
        self._labels = np.asarray(parts[1]) if conditional else None
        self._jacobian: Callable[..., np.ndarray] | None = None

    def look(self, step: int, logs: Mapping[str, float], *, dynamics: bool) -> Check | None:
        """What the networks show now; `None` if samples or logits are not finite.

        Args:
            step: the optimizer's iterations.
            logs: logs of the epoch.
            dynamics: whether ‖γ∇L‖ and the spectrum are measured too.
        """
        game = self._model.game_at(self._real, _DRAW, self._model.noise_counter, training=True)
        fake, real_logits, fake_logits = self._outputs(game)
        numbers = [logs.get(key, math.nan) for key in ("discriminator_loss", "gradient_norm")]
        if not all(np.isfinite(x).all() for x in (fake, real_logits, fake_logits, numbers)):
            return None
        losses, slope = self._losses(real_logits, fake_logits)
        logged, norm = map(float, numbers)
        check = Check(
            step, logged, norm, losses[1], losses[0], slope, real_logits, fake_logits,
            *_compare(np.asarray(split(self._real)[0], "float64"), fake, self._labels),
        )  # fmt: skip
        if not dynamics:
            return check
        optimizer = self._regularizer()
        lin = self._linearize(game, optimizer is not None)
        if lin is None:
            return check._replace(measured=True)
        limit, rotation = self._limit(game, logs)
        outweighs = 0.0 if optimizer is None else _weigh(optimizer, lin)
        found = {"outweighs": outweighs, "step_limit": limit, "rotation": rotation}
        return check._replace(measured=True, **found)

    def _outputs(self, game):
        """Generated samples, and the logits of real and generated ones, as NumPy arrays."""
        model = self._model
        real, latents, *_ = game.batch
        samples, labels = split(real)

        def discriminate(x):
            inputs = join(x, labels) if takes_labels(model.discriminator) else x
            return pick(model.discriminator(inputs, training=True), labels)

        def compute():
            fake = model.generator(join(latents, labels), training=True)
            return fake, discriminate(samples), discriminate(tf.cast(fake, samples.dtype))

        found = LayerState(repeats=True).run(compute, game.variables, game.seeds, None)
        fake, *logits = (tf.cast(t, tf.float32).numpy() for t in found)
        return fake.astype("float64"), *(t.ravel() for t in logits)

    def _losses(self, real, fake):
        """Both players' losses of the objective, and the slope of the generator's."""
        real, fake = (tf.constant(t[:, None]) for t in (real, fake))
        objective = self._model.objective
        with tf.GradientTape() as tape:
            tape.watch(fake)
            loss = objective.generator_loss(real, fake)
        slope = tape.gradient(loss, fake, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        losses = float(loss), float(objective.discriminator_loss(real, fake))
        return losses, float(tf.reduce_sum(tf.abs(slope)))

    def _regularizer(self):
        """The optimizer, at whatever depth, that adds a pullback with a fixed γ > 0, or `None`."""
        optimizer = self._model.optimizer
        while isinstance(optimizer, GameOptimizer):
            if isinstance(optimizer, Regularization):
                fixed = not isinstance(optimizer.gamma, AdaptiveGamma)  # else it follows the field
                return optimizer if fixed and optimizer.current_gamma > 0 else None
            optimizer = optimizer.inner_optimizer
        return None

    def _linearize(self, game, second_order):
        """The field; `None` if nothing needs it, or it is not finite."""
        if not second_order and self._plain_field() is None:
            return None
        # A game that executes eagerly raises an error for losses that are not finite.
        losses = game.state.run(
            lambda: game.losses(*game.batch), game.variables, game.seeds, game.rows
        )
        if not all(np.isfinite(loss) for loss in losses):
            return None
        lin = game.linearize(second_order)
        return lin if all(np.isfinite(t).all() for t in lin.v) else None

    def _limit(self, game, logs):
        """The largest stable plain step, and the rotation where that forbids every step."""
        field = self._plain_field()
        if field is None:
            return math.nan, 0.0
        if sum(flat.sizes(game)) > _PARAMETERS:
            return _from_monitor(field, logs)
        self._jacobian = self._jacobian or compile_jacobian(game)
        a = self._jacobian().astype("float64")
        values = np.linalg.eigvals(field.derivative(a, flat.sizes(game)))
        sizes = np.abs(values)
        values = values[(sizes > _NEUTRAL * sizes.max(initial=0.0)) & (sizes > 0)]
        if not values.size:
            return math.nan, 0.0
        limit = max(0.0, float(theory.step_limits(values).min()))
        fastest = values[np.argmax(np.abs(values.imag))]
        undamped = limit == 0.0 and fastest.real > -_NEUTRAL * abs(fastest.imag)
        return limit, float(abs(fastest.imag)) if undamped else 0.0

    def _plain_field(self):
        """The field of steps x ← x + h·w(x) that the optimizer takes, `None` if it takes others."""
        optimizer = self._model.optimizer
        field, inner = GRADIENT, optimizer
        if isinstance(optimizer, GameOptimizer):
            if type(optimizer) not in (
                SimultaneousOptimizer, ConsensusOptimizer, SmoothingOptimizer
            ) or getattr(optimizer, "every", 1) > 1:  # fmt: skip
                return None
            field, inner = optimizer.field, optimizer.inner_optimizer
        changed = ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "momentum")
        plain = type(inner) is keras.optimizers.SGD
        plain = plain and not any(getattr(inner, key) for key in changed)
        return field if plain else None


def _weigh(optimizer, lin):
    """‖γ∇L‖/‖v‖, with the part of ∇L that the regularized optimizer uses."""
    pulled = optimizer.pulled_back(lin)
    norms = [float(vectors.norm(x)) for x in (pulled, lin.v)]
    return optimizer.current_gamma * norms[0] / norms[1] if norms[1] > 0 else 0.0


def _compare(real, fake, labels):
    """Center, spread, twins, the real samples' twins, and distance of samples; see `Check`."""
    real, fake = (x.reshape(len(x), -1) for x in (real, fake))
    variances = real.var(axis=0), fake.var(axis=0)
    total = variances[0].sum()
    if not total > 0:  # there is nothing to compare with if all samples are one
        return np.zeros(1), 1.0, 0.0, 1.0, 0.0
    spread = math.sqrt(variances[1].sum() / total)
    means = ((real.mean(axis=0) - fake.mean(axis=0)) ** 2).sum()
    deviations = ((np.sqrt(variances[0]) - np.sqrt(variances[1])) ** 2).sum()
    pairs = np.triu_indices(len(real), 1)
    if labels is not None:
        alike = labels[pairs[0]] == labels[pairs[1]]
        # Only samples of one class count as pairs; too few pairs give no share.
        pairs = tuple(index[alike] for index in pairs) if alike.sum() >= 20 else pairs
    distances = [_distances(x)[pairs] for x in (real, fake)]
    near = _TWINS * _distances(real)[np.triu_indices(len(real), 1)].mean()
    twins, real_twins = (float((d < near).mean()) for d in reversed(distances))
    center = (fake.mean(axis=0) / math.sqrt(total)).astype("float32")
    return center, spread, twins, real_twins, float((means + deviations) / total)


def _distances(x):
    squares = (x**2).sum(axis=1)
    return np.sqrt(np.maximum(0.0, squares[:, None] + squares - 2 * x @ x.T))


def _from_monitor(field, logs):
    """Limit and undamped rotation out of a `SpectrumMonitor`'s logs, as far as these tell them."""
    if f"step_limit_{field.name}" not in logs or not logs.get("spectrum_measured", 1.0):
        return math.nan, 0.0
    limit = float(logs[f"step_limit_{field.name}"])
    prefix = f"{field.name}_" if field.is_regularized else ""
    names = ("real", "rotation", "quotient")
    real, rotation, quotient = (float(logs[f"{prefix}spectrum_{name}"]) for name in names)
    on_the_axis = quotient > 1.0 / _NEUTRAL and real <= _NEUTRAL * rotation
    return limit, rotation if limit == 0.0 and on_the_axis else 0.0
