"""Refuses wrong arguments of `compile`, and models that were not compiled."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from tf_consensus.support.arguments import given_to
from tf_consensus.support.checks import check_bool, check_count, with_article

_UNUSED = ("loss", "loss_weights", "metrics", "weighted_metrics")
# The arguments of the `compile` methods that tutorials write for their GANs.
_PLAYERS = ("g", "d", "gen", "disc", "generator", "discriminator")
_OF_PLAYERS = {f"{player}_{kind}" for player in _PLAYERS for kind in ("optimizer", "opt")}


def refuse_losses(
    model: keras.Model,
    compile_method: Callable[..., Any],
    args: Sequence[Any],
    options: Mapping[str, Any],
) -> None:
    """Raises if `compile` was given losses or metrics for labelled examples.

    Args:
        model: the model, whose `noun` is in the message.
        compile_method: Keras' `compile`, for the names of the positional arguments.
        args: the positional arguments.
        options: the arguments by name.

    Raises:
        TypeError: if there is one optimizer per player instead of one for all.
        ValueError: if a loss or metric is given; `None` and empty ones, as in saved models, are
            allowed.
    """
    players = sorted(set(options) & _OF_PLAYERS)
    if players:
        raise TypeError(
            f"{_subject(model)} has one optimizer, which may hold one for each player. Received: "
            f"{', '.join(players)}. Write compile(AlternatingOptimizer(generator_optimizer, "
            "discriminator_optimizer))."
        )
    given = given_to(compile_method, args, options)
    given = {key: given[key] for key in _UNUSED if given.get(key)}
    if given:
        raise ValueError(
            f"{_subject(model)}'s losses are {model.own_losses[0]}, and `compile` takes no others. "
            f"Received: {', '.join(f'{key}={value!r}' for key, value in given.items())}. "
            f"{model.own_losses[1]}"
        )


def refuse_compile_options(options: Mapping[str, Any]) -> None:
    """Raises `ValueError` if an option of `compile` is of the wrong kind."""
    hint = "It is how many steps run in one call of TensorFlow; 1 is one."
    if "steps_per_execution" in options:
        check_count("steps_per_execution", options["steps_per_execution"], hint)
    if "run_eagerly" in options:
        check_bool("run_eagerly", options["run_eagerly"])
    jit_compile = options.get("jit_compile", "auto")
    if jit_compile != "auto" and not isinstance(jit_compile, bool):
        raise ValueError(
            "`jit_compile` must be True, False or 'auto'. Received: "
            f"jit_compile={jit_compile!r}. 'auto' is XLA where there is a GPU."
        )


def refuse_uncompiled(model: keras.Model, method: str) -> None:
    """Raises `ValueError` if a model is not compiled."""
    if not model.compiled:
        raise ValueError(
            f"{_subject(model)} is compiled before `{method}`. Received: "
            f"{with_article(model.noun)} without an optimizer. Call "
            f"{model.noun.lower()}.compile(optimizer=...)."
        )


def _subject(model: Any) -> str:
    """The model's name at the beginning of a sentence."""
    return "A" + with_article(model.noun)[1:]
