"""Refuses wrong arguments of `fit` and `evaluate`."""

import inspect
import math
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import tensorflow as tf

from tf_consensus.models.callback_checks import check_callbacks
from tf_consensus.models.data_kinds import (
    refuse_endless,
    refuse_kinds,
    refuse_labels,
    refuse_no_batch,
)
from tf_consensus.models.first_batch import EMPTY
from tf_consensus.models.validation_checks import check_validation, first_row, refuse_uneven
from tf_consensus.models.words import SAMPLES, Words
from tf_consensus.support.arguments import given_to
from tf_consensus.support.arrays import FILL, is_masked
from tf_consensus.support.checks import check_count, check_int

Arguments = tuple[tuple[Any, ...], dict[str, Any]]  # the positional ones, and those by name
_LOOKS = 50  # steps of a training at which schedules are checked
_ALIKE = (
    "A game's losses count every example alike, so weights would be ignored. Received: {}. Leave "
    "the weights out, and draw each example as often as it is to count."
)


def refuse_weight_arguments(
    method: Callable[..., Any], args: Sequence[Any], options: Mapping[str, Any]
) -> None:
    """Raises if `fit` or `evaluate` was given weights, which Keras drops if there are no labels.

    Args:
        method: Keras' method, for the names of the positional arguments.
        args: the positional arguments.
        options: the arguments by name.

    Raises:
        ValueError: if `sample_weight` or `class_weight` is given, or weights for validation.
    """
    given = given_to(method, args, options)
    weights = [key for key in ("sample_weight", "class_weight") if given.get(key) is not None]
    if weights:
        raise ValueError(_ALIKE.format(f"{weights[0]}=…"))
    refuse_weights(given.get("validation_data"))


def refuse_weights(data: Any) -> None:
    """Raises if a batch has weights beside samples and labels.

    Args:
        data: the batch of a training or test step; (x, y, None) has no weights.

    Raises:
        ValueError: if there is a third part.
    """
    parts = data if isinstance(data, tuple | list) else (data,)
    if len(parts) > 2 and any(part is not None for part in parts[2:]):
        raise ValueError(_ALIKE.format(f"{len(parts)} parts, (samples, labels, weights)"))


def checked_data(
    method: Callable[..., Any],
    args: Sequence[Any],
    options: Mapping[str, Any],
    check: Callable[[Any], None],
    lists: bool = False,
    words: Words = SAMPLES,
) -> Arguments:
    """The arguments of `fit` or `evaluate`, checked for data and numbers of steps.

    Args:
        method: Keras' method, for the names of the positional arguments.
        args: the positional arguments.
        options: the arguments by name.
        check: function of samples, or of a tuple of samples and labels, that raises if they cannot
            be a batch.
        lists: whether arrays of one batch may come as a list.
        words: what messages call the parts of a batch.

    Returns:
        Positional arguments and arguments by name. A generator among them is replaced by one of the
        same batches that raises if there are none.

    Raises:
        ValueError: if there are no data, they have no end and there is no number of steps, or a
            number of epochs, steps or examples is not a positive integer.
        TypeError: if the data are of a wrong kind.
    """
    bound = inspect.signature(method).bind_partial(*args, **options)
    given = bound.arguments
    x, y = given.get("x"), given.get("y")
    if x is None:
        raise ValueError(EMPTY.format("x=None"))
    _check_numbers(given)
    check_callbacks(given.get("callbacks"))
    refuse_kinds(x, lists, words)
    if y is not None:
        refuse_labels(x, y, words)
    key = (
        "steps_per_epoch" if "steps_per_epoch" in inspect.signature(method).parameters else "steps"
    )
    refuse_endless(x, given.get(key), key)
    refuse_endless(given.get("validation_data"), given.get("validation_steps"), "validation_steps")
    given["x"] = _not_empty(x, y, check)
    check_validation(given.get("validation_data"), check, lists, words)
    return bound.args, bound.kwargs


def _not_empty(x: Any, y: Any, check: Callable[[Any], None]) -> Any:
    """The data; raises if they are empty, or if `check` refuses them."""
    if isinstance(x, tf.data.Dataset):
        if int(x.cardinality()) == 0:
            raise ValueError(EMPTY.format("an empty tf.data.Dataset"))
    elif isinstance(x, types.GeneratorType):
        return _with_one_batch(x, check)
    elif isinstance(x, list | tuple) and not x:
        raise ValueError(EMPTY.format(f"x={x!r}"))
    elif isinstance(x, dict | list | tuple) or hasattr(x, "shape"):
        check(first_row(x) if y is None else (first_row(x), first_row(y)))
        refuse_uneven(x)
        if len(x) == 0:
            raise ValueError(EMPTY.format(f"an array of shape {tuple(x.shape)}"))
    return x


def check_batch(
    method: Callable[..., Any],
    args: Sequence[Any],
    options: Mapping[str, Any],
    lists: bool = False,
    words: Words = SAMPLES,
) -> None:
    """Raises if `train_on_batch` or `test_on_batch` is given anything but one batch.

    Args:
        method: Keras' method, for the names of the positional arguments.
        args: the positional arguments.
        options: the arguments by name.
        lists: whether arrays of one batch may come as a list.
        words: what messages call the parts of a batch.

    Raises:
        TypeError: if samples or labels are not arrays.
        ValueError: if there are more or fewer labels than samples.
    """
    given = given_to(method, args, options)
    refuse_no_batch(given.get("x"), lists, words)
    if given.get("y") is not None:
        refuse_labels(given["x"], given["y"], words)


def planned_steps(
    method: Callable[..., Any], args: Sequence[Any], options: Mapping[str, Any]
) -> list[int]:
    """Some of the steps that `fit` will take, from 0; only 0 if their number is not known."""
    given: dict[str, Any] = given_to(method, args, options)
    x: Any = given.get("x")
    steps = given.get("steps_per_epoch")
    if steps is None and isinstance(x, tf.data.Dataset):
        steps = max(int(x.cardinality()), 0)
    elif steps is None and hasattr(x, "shape"):
        steps = math.ceil(len(x) / (given.get("batch_size") or 32))
    total = (steps or 0) * (given.get("epochs", 1) - given.get("initial_epoch", 0))
    return sorted({total * part // _LOOKS for part in range(_LOOKS)})


def _check_numbers(given: Mapping[str, Any]) -> None:
    for key in ("batch_size", "steps_per_epoch", "steps", "validation_steps"):
        if given.get(key) is not None:
            hint = "None takes all the data." if "steps" in key else "None is 32 examples."
            check_count(key, given[key], hint)
    for key in ("epochs", "initial_epoch"):
        if key in given:
            check_int(key, given[key], minimum=0)


def _with_one_batch(batches: Iterator[Any], check: Callable[[Any], None]) -> Iterator[Any]:
    """The batches of a generator; there must be at least one, and the first must be valid."""
    number = 0
    for number, batch in enumerate(batches, 1):
        if number == 1:
            alone = isinstance(batch, list | tuple) and len(batch) == 1
            check(batch[0] if alone else batch)
        if is_masked(batch):
            raise TypeError(
                f"Batches hide no values. Received: batch {number} of a generator, with a masked "
                f"array. {FILL}"
            )
        # Keras accepts only tuples.
        yield tuple(batch) if isinstance(batch, list | tuple) else (batch,)
    if number == 0:
        raise ValueError(EMPTY.format("a generator without a batch"))
