"""A model with the averages of its weights, as `use_ema` keeps them."""

import contextlib
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

import keras

from tf_consensus.models.callback_checks import given_callbacks
from tf_consensus.models.moving_statistics import latent_batches, measure_statistics
from tf_consensus.models.players import variables_of
from tf_consensus.optimizers import GameOptimizer

# Models inside such a block, in which a second block has nothing to do.
_averaged: weakref.WeakSet[keras.Model] = weakref.WeakSet()
# Callbacks of a running method that exchange weights and averages.
_swaps: weakref.WeakKeyDictionary[keras.Model, list[keras.callbacks.SwapEMAWeights]]
_swaps = weakref.WeakKeyDictionary()


@contextlib.contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """Replaces the weights by their averages for the duration of the block.

    The averages are the exponential moving averages of the trainable weights that a Keras
    optimizer, or the inner one of a `GameOptimizer`, keeps with `use_ema=True`; each player of an
    `AlternatingOptimizer` has its own. If a GAN's generator normalizes batches, its moving means
    and variances are measured anew for the averages, on 2,048 latents in training mode; those of
    the discriminator, which need data, stay. Without `use_ema`, and before the first step, nothing
    changes.

    After the block everything is as before. Outside such blocks a GAN holds the weights with which
    training goes on: `gan.save` and checkpoints resume exactly, and `fit` ends with these weights.
    `generate`, `EvaluateGAN` and `SampleGrid` use the averages by themselves. While a callback
    `keras.callbacks.SwapEMAWeights` of `fit` or `evaluate` has put the averages into a GAN, they
    stay there.

    Args:
        model: Compiled model.

    Raises:
        TypeError: if it is not a Keras model.

    Example:
        >>> inner = keras.optimizers.Adam(2e-4, use_ema=True, ema_momentum=0.999)
        >>> gan.compile(optimizer=ConsensusOptimizer(inner))
        >>> with averaged_weights(gan):
        ...     gan.generator.save("generator.keras")
    """
    if not isinstance(model, keras.Model):
        raise TypeError(
            "`averaged_weights` takes a compiled Keras model. Received: "
            f"model={model!r}. Pass for example the GAN."
        )
    if model in _averaged or not _has_averages(model):
        yield
        return
    players = _players(model)
    # A GAN's generator has known inputs; the normalized layers of other games need their data.
    known = getattr(model, "drawn_inputs", None) is not None
    generator = getattr(model, "generator", None) if known else None
    measured = generator.non_trainable_variables if generator is not None else []
    variables = [*model.trainable_variables, *measured]
    kept = [x.numpy() for x in variables]
    _averaged.add(model)
    try:
        if not any(x._ema_weights_in_model for x in _swaps.get(model, ())):
            _put_averages(model.optimizer, players)
        if generator is not None:
            measure_statistics(generator, latent_batches(model))
        yield
    finally:
        _averaged.discard(model)
        for x, value in zip(variables, kept, strict=True):
            x.assign(value)


@contextlib.contextmanager
def swaps_known(model: keras.Model, callbacks: Any) -> Iterator[None]:
    """In the block `averaged_weights` knows of the callbacks that exchange weights and averages.

    Args:
        model: the model whose method is given the callbacks.
        callbacks: in any form that Keras takes.
    """
    before = _swaps.get(model, [])
    swaps = [x for x in given_callbacks(callbacks) if isinstance(x, keras.callbacks.SwapEMAWeights)]
    _swaps[model] = [*before, *swaps]
    try:
        yield
    finally:
        _swaps[model] = before


@contextlib.contextmanager
def weights_left_alone(optimizer: keras.optimizers.Optimizer) -> Iterator[None]:
    """Keeps Keras' `fit` from overwriting the weights with their averages at its end."""
    optimizer.finalize_variable_values = lambda variables: None  # in front of the class's own
    try:
        yield
    finally:
        del optimizer.finalize_variable_values


def _has_averages(model: keras.Model) -> bool:
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not optimizer.built:
        return False
    game = isinstance(optimizer, GameOptimizer)
    kept = optimizer.keeps_averages if game else optimizer.use_ema
    return bool(kept) and optimizer.iterations.numpy() > 0


def _players(model: keras.Model) -> list[list[keras.Variable]]:
    players = getattr(model, "players", None)
    if isinstance(players, dict):
        return [variables_of(parts) for parts in players.values()]
    return [model.trainable_variables]


def _put_averages(
    optimizer: keras.optimizers.Optimizer, players: Sequence[Sequence[keras.Variable]]
) -> None:
    if isinstance(optimizer, GameOptimizer):
        optimizer.put_averages(players)
    else:
        variables = [x for player in players for x in player]
        # The method of the class, as in `GameOptimizer.put_averages`.
        type(optimizer).finalize_variable_values(optimizer, variables)
