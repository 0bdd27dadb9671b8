"""A batch of data as a step takes it: Keras' batch, checked, split and counted."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tf_consensus.games.game import Game
from tf_consensus.models.refusals import refuse_weights
from tf_consensus.support.inputs import (
    NO_LABELS,
    cast_samples,
    check_labels,
    check_sample_shape,
    join,
    split,
)
from tf_consensus.support.shapes import of_shape


def unpack(data: Any) -> Any:
    """The data alone, if Keras passes a tuple of them and of what was not given."""
    if not isinstance(data, tuple | list):
        return data
    given = [part for part in data if part is not None]
    return given[0] if len(given) == 1 else type(data)(given)


def leading(batch: Any) -> tf.Tensor:
    """The first tensor of a batch that has examples along its first axis, (batch, …).

    Raises:
        ValueError: if there is no such tensor.
    """
    rows = _first_rows(batch)
    if rows is None:
        raise ValueError(
            "A batch has a tensor of one row per example. Received: scalars alone. Batch the data, "
            "for example by dataset.batch(64)."
        )
    return rows


def _first_rows(batch: Any) -> tf.Tensor | None:
    tensors = map(tf.convert_to_tensor, tf.nest.flatten(batch))
    return next((x for x in tensors if x.shape.rank != 0), None)


def number_of(rows: tf.Tensor) -> int | tf.Tensor:
    """How many examples a tensor (batch, …) has; a scalar tensor where a graph does not know."""
    return rows.shape[0] or tf.shape(rows)[0]


def examples_of(game: Game) -> int | tf.Tensor:
    """How many examples count in a game's losses, those of all replicas; 1 for a game without."""
    if game.rows is not None:
        return game.rows.total
    rows = _first_rows(game.batch)
    return 1 if rows is None else number_of(rows)


def samples_of(data: Any, num_classes: int | None) -> Any:
    """The data that a GAN's game uses: samples, and labels only if they are used.

    Args:
        data: samples, or a tuple of samples, labels and what Keras adds.
        num_classes: how many classes the GAN has; `None` drops labels.

    Raises:
        ValueError: if there are weights for examples, or what is to be dropped is no labels.
    """
    refuse_weights(data)
    if not isinstance(data, tuple | list) or not data:
        return data
    # `train_on_batch` gives None for missing parts.
    if num_classes is not None:
        return [part for part in data if part is not None]
    return _without_labels(data)


def _without_labels(parts: Sequence[Any]) -> Any:
    """The samples; labels beside them, as data sets of pictures have them, go unused."""
    for part in parts[1:]:
        if part is None:
            continue
        found = [tf.convert_to_tensor(x) for x in tf.nest.flatten(part)]
        alone = len(found) == 1 and found[0].dtype.is_integer
        if not (alone and any(found[0].shape.is_compatible_with(s) for s in _OF_LABELS)):
            shown = [f"{x.dtype.name} of shape {tuple(x.shape)}" for x in found]
            raise ValueError(_UNUSED.format(", ".join(shown)))
    return parts[0]


def floating(real: Any, dtype: str, sample_shape: tuple[int | None, ...]) -> Any:
    """Samples in a floating type, because tapes do not watch integers; labels as they are.

    Args:
        real: samples (batch, …), or a list of samples and labels.
        dtype: the discriminator's floating type.
        sample_shape: shape of the generator's output, (None, …).

    Raises:
        TypeError: if samples are not real numbers.
        ValueError: if they do not have the generator's shape.
    """
    real = cast_samples(real, dtype)
    samples, labels = split(real)
    check_sample_shape(samples, sample_shape)
    # A data set of a Python generator may not know its shapes.
    return join(of_shape(samples, sample_shape), labels)


def labelled(real: Any, num_classes: int | None) -> Any:
    """Samples alone, or a list of samples and int32 labels (batch,) if there are classes.

    Raises:
        TypeError: if labels are not integers.
        ValueError: if there are no labels, or they have another shape.
    """
    samples, labels = split(real)
    if num_classes is None:
        return _without_labels([samples, *labels])
    if not labels:
        raise ValueError(NO_LABELS.format(num_classes))
    return join(samples, [check_labels(tf.convert_to_tensor(labels[0]))])


def within_classes(real: Any, num_classes: int | None) -> Any:
    """The batch, with a check that raises when the graph runs if a label is not a class.

    Raises:
        InvalidArgumentError: when the graph runs, if a label is out of range.
    """
    samples, labels = split(real)
    if not labels or num_classes is None:
        return real
    outside = (labels[0] < 0) | (labels[0] >= num_classes)
    wrong = [
        f"Labels must be from 0 to num_classes - 1 = {num_classes - 1}. Count the classes from 0, "
        "and build the networks for all of them. Received: a batch with labels from",
        *(tf.reduce_min(labels[0]), "to", tf.reduce_max(labels[0])),
    ]
    with tf.control_dependencies([tf.debugging.Assert(~tf.reduce_any(outside), wrong)]):
        return join(samples, [tf.identity(labels[0])])


_OF_LABELS = ((None,), (None, 1))
_UNUSED = (
    "A model without classes trains on samples, and leaves labels beside them unused: integers of "
    "shape (batch,) or (batch, 1). Received: beside the samples {}. Leave it out; for conditions "
    "there is models.ConditionalGAN, for samples of several parts models.StructuredGAN."
)
