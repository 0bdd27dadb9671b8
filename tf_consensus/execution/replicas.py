"""The part of a batch that a replica of a `tf.distribute` strategy has."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf


class Share(NamedTuple):
    """A replica's share of the batch.

    Attributes:
        rows: (first, total): the number of its first example and that of all; `None` on one
            replica.
        weight: factor on its losses with which their mean over the replicas is the mean over all
            examples, R·b/Σb; `None` where it is 1.
    """

    rows: tuple[Any, Any] | None
    weight: Any


def batch_share(samples: tf.Tensor) -> Share:
    """The share of the replica that calls, whose examples are the rows of `samples`.

    Where a graph knows the number of rows, it must be the same on all replicas, as it is when Keras
    or a strategy deals out a batch of known size. Every replica needs an example.

    Args:
        samples: tensor (batch, …) of this replica.

    Raises:
        InvalidArgumentError: when the step runs, if a replica has no example.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return Share(None, None)
    replica, replicas = context.replica_id_in_sync_group, context.num_replicas_in_sync
    known = samples.shape[0]
    if known is not None and not tf.executing_eagerly():
        return Share((replica * known, replicas * known), None)
    (samples,) = having_examples([samples])
    own = tf.shape(samples)[0]
    with tf.control_dependencies([own]):
        sizes = context.all_gather(tf.reshape(own, (1,)), axis=0)
    total = tf.reduce_sum(sizes)
    first = tf.reduce_sum(tf.where(tf.range(replicas) < replica, sizes, 0))
    return Share((first, total), replicas * own / total)


def having_examples(batch: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Tensors (batch, …) of this replica, checked for an example where there are several replicas.

    Raises:
        InvalidArgumentError: when the step runs, if this replica has none.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return list(batch)
    message = (
        "Every replica needs an example of each batch. Received: none on one of them. Batch the "
        "data with drop_remainder=True."
    )
    with tf.control_dependencies([tf.debugging.Assert(tf.shape(batch[0])[0] > 0, [message])]):
        return [tf.identity(x) for x in batch]
