"""Refuses objects that look like data but that `fit` cannot take."""

import inspect
import os
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus.models.words import SAMPLES, Words
from tf_consensus.support.arrays import FILL, is_masked
from tf_consensus.support.checks import with_article

_DATA = (
    "Data are arrays, dense tensors, a tf.data.Dataset of these or a generator of batches. "
    "Received: {}. {}"
)
_DENSE = "Make it dense by its to_tensor(), or tf.sparse.to_dense, in dataset.map where it is one."
_MASKED = "a masked array", FILL
_ONE = (
    "A batch is an array or a dense tensor of {}, or a pair ({}, {}). Received: {}. "
    "Take a batch of it, for example next(iter(dataset)), or call fit."
)


def refuse_kinds(x: Any, lists: bool = False, words: Words = SAMPLES) -> None:
    """Raises `TypeError` for what `fit` and `evaluate` cannot take, and says what to pass.

    Args:
        x: the data.
        lists: whether arrays of one batch may come as a list.
        words: what messages call the parts of a batch.
    """
    found = _no_data(x, lists, words)
    if found:
        raise TypeError(_DATA.format(*found))
    if isinstance(x, tf.data.Dataset):
        _refuse_uneven(x)


def refuse_no_batch(x: Any, lists: bool = False, words: Words = SAMPLES) -> None:
    """Raises `TypeError` for what holds or makes batches if a single batch is wanted."""
    many = tf.data.Dataset | tf.data.Iterator | keras.utils.PyDataset | Iterator
    if isinstance(x, many) or callable(x):
        raise TypeError(_ONE.format(words.first, words.first, words.second, _kind(x)))
    found = None if x is None else _no_data(x, lists, words)
    if found:
        raise TypeError(_DATA.format(*found))


def refuse_labels(x: Any, y: Any, words: Words = SAMPLES) -> None:
    """Raises if labels beside samples, or what `words` says, are not an array of one per sample.

    Raises:
        TypeError: if they are not an array, or have masked values.
        ValueError: if there are more or fewer of them.
    """
    rule = f"{words.second.capitalize()} are {words.kind}. Received: "
    if is_masked(y):
        raise TypeError(rule + "{}. {}".format(*_MASKED))
    objects = isinstance(y, np.ndarray) and y.dtype.kind == "O"
    if not hasattr(y, "shape") or isinstance(y, tf.data.Dataset) or objects or hasattr(y, "iloc"):
        raise TypeError(
            f"{rule}{'an array of Python objects' if objects else _kind(y)}. Pass {words.cast}; "
            f"{words.second} in a data set are the second part of its pairs."
        )
    if hasattr(x, "shape") and tuple(x.shape[:1]) != tuple(y.shape[:1]):
        raise ValueError(
            f"There is one {words.each[1]} per {words.each[0]}. Received: {words.first} of shape "
            f"{tuple(x.shape)} and {words.second} of shape {tuple(y.shape)}. Leave out what has no "
            "partner."
        )


def _no_data(x: Any, lists: bool = False, words: Words = SAMPLES) -> tuple[str, str] | None:
    """What an object is and what to pass instead, if it is not data."""
    if isinstance(x, Mapping):
        x, lists = list(x.values()), True
    if lists and isinstance(x, list | tuple):
        return next((found for part in x if (found := _no_data(part, False, words))), None)
    if isinstance(x, tf.RaggedTensor | tf.SparseTensor):
        return _kind(x), _DENSE
    if isinstance(x, str | bytes | os.PathLike):
        return f"{_kind(x)}, {x!r}", words.files
    if isinstance(x, list | tuple):
        return _of_parts(x, words) if x else None
    if isinstance(x, tf.data.Iterator):
        return "an iterator of a tf.data.Dataset", "Pass the data set."
    if inspect.isfunction(x) or inspect.ismethod(x):
        name = getattr(x, "__name__", "function")
        return f"the function {name}", f"Call it: fit({name}())."
    if inspect.isclass(x):
        return f"the class {x.__name__}", f"Make one of it: fit({x.__name__}(...))."
    if isinstance(x, np.ma.MaskedArray) and is_masked(x):
        return _MASKED
    if hasattr(x, "to_numpy") and hasattr(x, "iloc"):
        return _kind(x), "Pass x.to_numpy('float32')."
    if isinstance(x, tf.Variable | keras.Variable):
        return "a variable", "Pass its values, x.numpy()."
    if isinstance(x, np.ndarray) and x.dtype.kind == "O":
        return "an array of Python objects", "Pass np.stack(list(x)).astype('float32')."
    known = tf.data.Dataset | tf.distribute.DistributedDataset | keras.utils.PyDataset
    if isinstance(x, known | types.GeneratorType) or hasattr(x, "shape"):
        return None
    # Keras accepts these libraries' data loaders.
    if any(base.__module__.split(".")[0] in ("torch", "grain") for base in type(x).__mro__):
        return None
    return _kind(x), _remedy(x, words)


def _of_parts(parts: Sequence[Any], words: Words) -> tuple[str, str]:
    kind = type(parts).__name__
    shapes = [tuple(part.shape) for part in parts if hasattr(part, "shape")]
    if len(shapes) < len(parts):
        return f"a {kind} of Python's own", "Pass np.asarray(x, 'float32')."
    if len(parts) == 1:
        return f"a {kind} of one array", "Pass the array."
    pair = len(parts) == 2 and shapes[0][:1] == shapes[1][:1]
    if pair and (words.paired or shapes[0] != shapes[1]):
        named = f"{words.first} and {words.second}"
        return f"a {kind} of {named}", f"Pass them as two arguments, {named}."
    if len(set(shapes)) == 1:
        return (
            f"a {kind} of arrays",
            "Pass np.stack(x), or for arrays of batches np.concatenate(x).",
        )
    return f"a {kind} of arrays of shapes {shapes[:3]}", "Resize them to one shape, and stack them."


def _remedy(x: Any, words: Words) -> str:
    if isinstance(x, Iterator):
        return "Pass a generator of batches: (batch for batch in x), with steps_per_epoch."
    if callable(x):
        return "Call it, and pass what it returns."
    if hasattr(x, "__iter__"):
        return "Pass an array, or a generator of its batches: (batch for batch in x)."
    return f"For example fit({words.example})."


def _kind(x: Any) -> str:
    return with_article(type(x).__name__.strip("_"))


def _refuse_uneven(dataset: tf.data.Dataset) -> None:
    """Raises `TypeError` if a data set holds anything but dense tensors."""
    for spec in tf.nest.flatten(dataset.element_spec):
        if isinstance(spec, tf.RaggedTensorSpec | tf.SparseTensorSpec):
            kind = type(spec).__name__.removesuffix("Spec")
            raise TypeError(_DATA.format(f"a tf.data.Dataset of type {kind}", _DENSE))


def refuse_endless(x: Any, steps: int | None, key: str) -> None:
    """Raises `ValueError` if data have no end and nothing says how many steps to take.

    For a generator, and for a data set whose size TensorFlow does not know, this cannot be checked.

    Args:
        x: the data.
        steps: the number of steps that the caller gives.
        key: the argument's name.
    """
    if steps is None and _is_endless(x):
        raise ValueError(
            "Data without an end take a number of steps. Received: "
            f"{_kind(x)} without an end, and {key}=None. Write for example {key}=1000, or "
            "end the data, a tf.data.Dataset by dataset.take(1000)."
        )


def _is_endless(x: Any) -> bool:
    if isinstance(x, tf.data.Dataset):
        return int(x.cardinality()) == tf.data.INFINITE_CARDINALITY
    if isinstance(x, tf.distribute.DistributedDataset):
        return int(x.cardinality) == tf.data.INFINITE_CARDINALITY
    return isinstance(x, keras.utils.PyDataset) and x.num_batches is None
