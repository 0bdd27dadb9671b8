"""A batch of data, as a step takes it: what Keras hands over, checked, split and counted."""

from typing import Any

import tensorflow as tf

from tf_consensus.models.refusals import refuse_weights
from tf_consensus.support.inputs import (
    NO_LABELS,
    cast_samples,
    check_labels,
    check_sample_shape,
    join,
    split,
)


def unpack(data: Any) -> Any:
    """The data alone, where Keras hands over a tuple of them and of what was not given."""
    if not isinstance(data, tuple | list):
        return data
    given = [part for part in data if part is not None]
    return given[0] if len(given) == 1 else type(data)(given)


def leading(batch: Any) -> tf.Tensor:
    """The first tensor of a batch that has examples along its first axis, (batch, …).

    Raises:
        ValueError: if there is none.
    """
    for part in tf.nest.flatten(batch):
        tensor = tf.convert_to_tensor(part)
        if tensor.shape.rank != 0:
            return tensor
    raise ValueError(
        "A batch has a tensor of one row per example. Received: scalars alone. Batch the data, for "
        "example by dataset.batch(64)."
    )


def samples_of(data: Any, num_classes: int | None) -> Any:
    """What a GAN's game takes of its data: labels, if any, only where they are used.

    Args:
        data: samples, or a tuple of samples, labels and what Keras adds.
        num_classes: how many classes the GAN has; `None` drops labels.

    Raises:
        ValueError: if there are weights of examples.
    """
    refuse_weights(data)
    if not isinstance(data, tuple | list) or not data:
        return data
    # `train_on_batch` gives None for what there is not.
    return data[0] if num_classes is None else [part for part in data if part is not None]


def floating(real: Any, dtype: str, sample_shape: tuple[int | None, ...]) -> Any:
    """Samples of a floating type, as tapes do not watch integers; labels as they are.

    Args:
        real: samples (batch, …), or a list of samples and labels.
        dtype: the discriminator's floating type.
        sample_shape: shape of the generator's output, (None, …).

    Raises:
        TypeError: if samples are no real numbers.
        ValueError: if they are not of the generator's shape.
    """
    real = cast_samples(real, dtype)
    check_sample_shape(split(real)[0], sample_shape)
    return real


def labelled(real: Any, num_classes: int | None) -> Any:
    """Samples alone, or a list of samples and int32 labels (batch,) where there are classes.

    Raises:
        TypeError: if labels are no integers.
        ValueError: if there are none, or they are of another shape.
    """
    samples, labels = split(real)
    if num_classes is None:
        return samples
    if not labels:
        raise ValueError(NO_LABELS.format(num_classes))
    return join(samples, [check_labels(tf.convert_to_tensor(labels[0]))])


def within_classes(real: Any, num_classes: int | None) -> Any:
    """The batch, of which a label that is none of the classes raises when the graph runs.

    Raises:
        InvalidArgumentError: when the graph runs, if a label is out of range.
    """
    samples, labels = split(real)
    if not labels or num_classes is None:
        return real
    inside = tf.reduce_all((labels[0] >= 0) & (labels[0] < num_classes))
    message = f"Labels must be from 0 to num_classes - 1 = {num_classes - 1}. Received: labels ="
    with tf.control_dependencies([tf.debugging.Assert(inside, [message, labels[0]])]):
        return join(samples, [tf.identity(labels[0])])
