"""What is wrong with what `compile`, `fit` and `evaluate` are given."""

import inspect
import math
import types
from collections.abc import Callable, Iterator

import keras
import tensorflow as tf

from tf_consensus.models.callback_checks import check_callbacks
from tf_consensus.models.data_kinds import (
    refuse_endless,
    refuse_kinds,
    refuse_labels,
    refuse_no_batch,
)
from tf_consensus.models.first_batch import EMPTY
from tf_consensus.support.checks import check_bool, check_count, check_int

_UNUSED = ("loss", "loss_weights", "metrics", "weighted_metrics")
# The arguments of the `compile` that tutorials write for a GAN of their own.
_PLAYERS = ("g", "d", "gen", "disc", "generator", "discriminator")
_OF_PLAYERS = {f"{player}_{kind}" for player in _PLAYERS for kind in ("optimizer", "opt")}
_LOOKS = 50  # at schedules, over a training
_ALIKE = (
    "A game's losses count every example alike, so weights would be ignored. Received: {}. Leave "
    "the weights out, and draw each example as often as it is to count."
)


def refuse_losses(model: keras.Model, compile_method: Callable, args: tuple, options: dict) -> None:
    """Raises if `compile` was given losses or metrics of labelled examples.

    Args:
        model: the model, whose `noun` the message says.
        compile_method: Keras' `compile`, for the names of the positional arguments.
        args: the positional arguments.
        options: those by name.

    Raises:
        ValueError: if one is given; `None` and empty ones, as in saved models, are not.
    """
    players = sorted(set(options) & _OF_PLAYERS)
    if players:
        raise TypeError(
            f"A {model.noun} has one optimizer, which may hold one for each player. Received: "
            f"{', '.join(players)}. Write compile(AlternatingOptimizer(generator_optimizer, "
            "discriminator_optimizer))."
        )
    given = inspect.signature(compile_method).bind_partial(*args, **options).arguments
    given = {key: given[key] for key in _UNUSED if given.get(key)}
    if given:
        raise ValueError(
            f"A {model.noun}'s losses are {model.own_losses[0]}, and it has no targets to compare "
            f"with. Received: {', '.join(f'{key}={value!r}' for key, value in given.items())}. "
            f"{model.own_losses[1]}"
        )


def refuse_weight_arguments(method: Callable, args: tuple, options: dict) -> None:
    """Raises if `fit` or `evaluate` was given weights, which Keras drops where there are no labels.

    Args:
        method: Keras' method, for the names of the positional arguments.
        args: the positional arguments.
        options: those by name.

    Raises:
        ValueError: if `sample_weight` or `class_weight` is given, or weights to validate with.
    """
    given = inspect.signature(method).bind_partial(*args, **options).arguments
    weights = [key for key in ("sample_weight", "class_weight") if given.get(key) is not None]
    if weights:
        raise ValueError(_ALIKE.format(f"{weights[0]}=…"))
    refuse_weights(given.get("validation_data"))


def refuse_weights(data) -> None:
    """Raises if a batch has weights beside samples and labels.

    Args:
        data: what a training or test step is given; (x, y, None) has none.

    Raises:
        ValueError: if there is a third part.
    """
    parts = data if isinstance(data, tuple | list) else (data,)
    if len(parts) > 2 and any(part is not None for part in parts[2:]):
        raise ValueError(_ALIKE.format(f"{len(parts)} parts, (samples, labels, weights)"))


def refuse_compile_options(options: dict) -> None:
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


def refuse_uncompiled(model, method: str) -> None:
    """Raises `ValueError` if a model is not compiled."""
    if not model.compiled:
        raise ValueError(
            f"A {model.noun} is compiled before `{method}`. Received: a {model.noun} without an "
            f"optimizer. Call {model.noun.lower()}.compile(optimizer=...)."
        )


def checked_data(method: Callable, args: tuple, options: dict, check: Callable) -> tuple:
    """The arguments of `fit` or `evaluate`, if they name data and numbers of steps.

    Args:
        method: Keras' method, for the names of the positional arguments.
        args: the positional arguments.
        options: those by name.
        check: function of samples, or a tuple of samples and labels, that raises if they cannot be
            a batch.

    Returns:
        Positional arguments and those by name, a generator among them replaced by one of the same
        batches that says if there are none.

    Raises:
        ValueError: if there are no data, they have no end and there is no number of steps, or a
            number of epochs, steps or examples is none.
        TypeError: if what is given for data is none.
    """
    bound = inspect.signature(method).bind_partial(*args, **options)
    given = bound.arguments
    x, y = given.get("x"), given.get("y")
    if x is None:
        raise ValueError(EMPTY.format("x=None"))
    _check_numbers(given)
    check_callbacks(given.get("callbacks"))
    refuse_kinds(x)
    if y is not None:
        refuse_labels(x, y)
    key = (
        "steps_per_epoch" if "steps_per_epoch" in inspect.signature(method).parameters else "steps"
    )
    refuse_endless(x, given.get(key), key)
    refuse_endless(given.get("validation_data"), given.get("validation_steps"), "validation_steps")
    if isinstance(x, tf.data.Dataset):
        if int(x.cardinality()) == 0:
            raise ValueError(EMPTY.format("an empty tf.data.Dataset"))
    elif isinstance(x, types.GeneratorType):
        given["x"] = _with_one_batch(x, check)
    elif isinstance(x, dict) or hasattr(x, "shape"):
        check(_first_row(x) if y is None else (_first_row(x), _first_row(y)))
        if len(x) == 0:
            raise ValueError(EMPTY.format(f"an array of shape {tuple(x.shape)}"))
    elif isinstance(x, list | tuple) and not x:
        raise ValueError(EMPTY.format(f"x={x!r}"))
    return bound.args, bound.kwargs


def check_batch(method: Callable, args: tuple, options: dict) -> None:
    """Raises if `train_on_batch` or `test_on_batch` is given what is no batch.

    Args:
        method: Keras' method, for the names of the positional arguments.
        args: the positional arguments.
        options: those by name.
    """
    given = inspect.signature(method).bind_partial(*args, **options).arguments
    refuse_no_batch(given.get("x"))
    if given.get("y") is not None:
        refuse_labels(given["x"], given["y"])


def planned_steps(method: Callable, args: tuple, options: dict) -> list[int]:
    """Some of the steps that `fit` is to take, the first being 0; that alone where not known."""
    given = inspect.signature(method).bind_partial(*args, **options).arguments
    x, steps = given.get("x"), given.get("steps_per_epoch")
    if steps is None and isinstance(x, tf.data.Dataset):
        steps = max(int(x.cardinality()), 0)
    elif steps is None and hasattr(x, "shape"):
        steps = math.ceil(len(x) / (given.get("batch_size") or 32))
    total = (steps or 0) * (given.get("epochs", 1) - given.get("initial_epoch", 0))
    return sorted({total * part // _LOOKS for part in range(_LOOKS)})


def _first_row(array):
    """Enough of an array to know its type and shape; the whole might be large."""
    return array[:1] if len(getattr(array, "shape", ())) else array


def _check_numbers(given):
    for key in ("batch_size", "steps_per_epoch", "steps", "validation_steps"):
        if given.get(key) is not None:
            hint = "None takes all the data." if "steps" in key else "None is 32 examples."
            check_count(key, given[key], hint)
    for key in ("epochs", "initial_epoch"):
        if key in given:
            check_int(key, given[key], minimum=0)


def _with_one_batch(batches, check) -> Iterator:
    """The batches of a generator, of which there must be one, and the first must be one."""
    number = 0
    for number, batch in enumerate(batches, 1):
        if number == 1:
            check(batch)
        # Keras takes tuples only.
        yield batch if isinstance(batch, list | tuple) else (batch,)
    if number == 0:
        raise ValueError(EMPTY.format("a generator without a batch"))
