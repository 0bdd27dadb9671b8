"""The verification of a GAN's derivatives before it trains."""

import concurrent.futures
import itertools
import math
import warnings
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.models.adversarial_game import AdversarialGame
from tf_consensus.optimizers import GameOptimizer
from tf_consensus.optimizers.reevaluating import ReevaluatingOptimizer
from tf_consensus.penalties import InstanceNoise
from tf_consensus.support.known_layers import unknown
from tf_consensus.support.rebuilding import CannotRebuildError
from tf_consensus.verification.comparison import verify

_EXAMPLES = 8


def check_verify(setting) -> bool | str:
    """`verify` of a GAN.

    Raises:
        ValueError: if it is neither a bool nor "auto".
    """
    if isinstance(setting, bool) or setting == "auto":
        return setting
    raise ValueError(
        f"`verify` must be True, False or 'auto'. Received: verify={setting!r}. Leave it at "
        "'auto', which looks at what is not known to be exact."
    )


def verified(model, train_function: Callable) -> Callable:
    """A GAN's train function that verifies the derivatives before the first step, if they need it.

    It does so once for the same networks, penalties, objective and kind of optimizer. It takes no
    batch from the data: it makes up one of the data's type. Training goes on as without it, bit for
    bit.

    Args:
        model: compiled `GAN`.
        train_function: function of an iterator that trains.
    """

    def function(iterator):
        subject = _subject(model)
        if model.verified != subject:
            if _is_needed(model):
                spec, iterator = _specification(iterator)
                _alone(lambda: _verify(model, spec))
            model.verified = subject
        return train_function(iterator)

    return function


def _subject(model):
    """What decides whether the derivatives are right, but for the values of variables."""
    parts = model.generator, model.discriminator, model.objective, *model.penalties
    optimizer = model.optimizer
    return (*map(id, parts), type(optimizer), _is_second_order(optimizer), model.verify)


def _is_needed(model):
    if model.verify != "auto":
        return model.verify
    if model.allow_cut:
        return False  # the derivatives are declared not to be those of the losses
    penalized = any(not isinstance(p, InstanceNoise) for p in model.penalties)
    if not (penalized or _is_second_order(model.optimizer) or _evaluates_again(model.optimizer)):
        return False
    networks = {"generator": model.generator, "discriminator": model.discriminator}
    return bool(unknown(networks, (model.objective, *model.penalties)))


def _is_second_order(optimizer):
    if not isinstance(optimizer, GameOptimizer):
        return False
    return bool(optimizer.second_order) or any(map(_is_second_order, optimizer.inner_optimizers))


def _evaluates_again(optimizer):
    """Whether a step evaluates the losses more than once, so that they must be a function."""
    if not isinstance(optimizer, GameOptimizer):
        return False
    again = isinstance(optimizer, ReevaluatingOptimizer) or optimizer.microbatches > 1
    return again or any(map(_evaluates_again, optimizer.inner_optimizers))


def _specification(iterator) -> tuple[tf.TypeSpec, Any]:
    """The type of the samples, and an iterator that still has all batches."""
    if hasattr(iterator, "element_spec"):
        spec = tf.nest.flatten(iterator.element_spec, expand_composites=True)[0]
        return spec, iterator
    first = next(iterator)
    samples = tf.nest.flatten(first)[0]
    spec = tf.TensorSpec(np.shape(samples), tf.as_dtype(samples.dtype))
    return spec, itertools.chain([first], iterator)


def _alone(compute: Callable) -> None:
    """Calls it outside of the scope of any strategy, which belongs to a thread."""
    if not tf.distribute.has_strategy():
        compute()
        return
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(compute).result()


def _verify(model, spec):
    """Verifies the game on a batch that is made up; raises `VerificationError`."""
    game = _game(model, spec)
    if model.distribute_strategy.num_replicas_in_sync > 1:
        try:
            game = game.rebuilt(None)  # off the replicas, whose variables are not to be moved
        except CannotRebuildError as error:
            warnings.warn(
                "Under a strategy of several replicas derivatives are verified on copies of the "
                f"networks. Received: {error}. They are not verified here; do so on one device, by "
                "tf_consensus.verify(gan.game(batch)).",
                UserWarning,
                stacklevel=4,
            )
            return
    verify(game, second_order=_is_second_order(model.optimizer))


def _game(model, spec) -> AdversarialGame:
    number = min(spec.shape[0] or _EXAMPLES, _EXAMPLES)
    rng = np.random.default_rng(0)
    labels = []
    if model.num_classes is not None:
        labels = [tf.constant(rng.integers(model.num_classes, size=number), tf.int32)]
    latents = rng.standard_normal((number, model.latent_dim))
    inputs = [tf.constant(latents, model.variable_dtype), *labels]
    with keras.StatelessScope():
        fake = np.array(model.generator(inputs if labels else inputs[0], training=False))
    samples = tf.cast(_samples(fake, rng, spec.dtype.is_integer), spec.dtype)
    real = [samples, *labels] if labels else samples
    # A step at which every lazy penalty counts, and schedules are past their beginning.
    step = 1000 * math.lcm(*(getattr(p, "every", 1) for p in model.penalties))
    return model.game_at(real, draw=0, step=step)


def _samples(fake, rng, integers):
    """Numbers over the range of a generator's samples, at least [-1, 1] or [0, 1]."""
    fake = fake.astype(np.float64)
    if integers:
        return rng.integers(0, 256, size=fake.shape)
    top = max(1.0, float(np.abs(fake).max()))
    return rng.uniform(0.0 if fake.min() >= 0 else -top, top, size=fake.shape)
