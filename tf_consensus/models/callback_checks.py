"""Checks of the callbacks that `fit` is given, and of the model that a callback is given."""

import inspect
from collections.abc import Sequence
from typing import Any

import keras

from tf_consensus.models.finite_losses import refuse_blind
from tf_consensus.support.checks import with_article


def check_callbacks(callbacks: Any) -> None:
    """Raises unless `callbacks` are Keras callbacks that all see a game's losses.

    Raises:
        TypeError: if one is not a callback.
        ValueError: if one never fires here, such as `TerminateOnNaN`.
    """
    given = given_callbacks(callbacks)
    wrong = [x for x in given if not isinstance(x, keras.callbacks.Callback)]
    if wrong:
        hint = f"Make one of the class: {wrong[0].__name__}()." if inspect.isclass(wrong[0]) else ""
        raise TypeError(
            "`callbacks` must be a list of keras.callbacks.Callback. Received: "
            f"{wrong[0]!r}. {hint or 'For example [EvaluateGAN(metrics)].'}"
        )
    refuse_blind(given)


def given_callbacks(callbacks: Any) -> Sequence[Any]:
    """The callbacks that a method of a model is given in any form that Keras takes."""
    if callbacks is None:
        return ()
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return callbacks.callbacks
    return callbacks if isinstance(callbacks, list | tuple) else [callbacks]


def refuse_lasting_swap(callbacks: Any) -> None:
    """Raises `ValueError` for Keras' `SwapEMAWeights`, which `predict` never undoes."""
    if any(isinstance(x, keras.callbacks.SwapEMAWeights) for x in given_callbacks(callbacks)):
        raise ValueError(
            "`predict` must leave the weights as they are, and Keras' SwapEMAWeights leaves their "
            "averages in their place there. Received: callbacks with a SwapEMAWeights. Call "
            "predict within `with tf_consensus.averaged_weights(model):`, or generate, which takes "
            "the averages by itself."
        )


def refuse_other_models(callback: keras.callbacks.Callback, *needed: str) -> None:
    """Raises `TypeError` if a callback has no model, or one that it does not work on.

    A model's `unlike_gan` says why its `generate` is not like a GAN's, and what to do instead.

    Args:
        callback: the callback, whose model is set.
        needed: names of the methods that it calls.
    """
    model = callback.model
    name = "no model" if model is None else with_article(type(model).__name__)
    reason = getattr(model, "unlike_gan", None) if "generate" in needed else None
    if reason is not None:
        raise TypeError(
            f"{type(callback).__name__} works on models whose generate(n, seed) makes samples. "
            f"Received: {name}, {reason[0]}. {reason[1]}"
        )
    if model is None or not all(callable(getattr(model, method, None)) for method in needed):
        other = "" if "generate" in needed else " or another GameModel"
        raise TypeError(
            f"{type(callback).__name__} works on a tf_consensus.GAN{other}. Received: {name}. Pass "
            "it to the `fit` of a GAN."
        )
