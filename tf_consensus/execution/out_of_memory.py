"""What to do where a training step runs out of memory."""

from typing import Any

import tensorflow as tf

from tf_consensus.execution.trainable import Logs, StepsFunction


def explain_exhaustion(train_function: StepsFunction) -> StepsFunction:
    """The same function, whose ResourceExhaustedError names the remedies."""

    def explained(iterator: Any) -> Logs:
        try:
            return train_function(iterator)
        except tf.errors.ResourceExhaustedError as error:
            raise tf.errors.ResourceExhaustedError(
                error.node_def, error.op, f"{_EXHAUSTED}\n{error.message}"
            ) from error

    return explained


_EXHAUSTED = (
    "A training step must fit into the memory of the device. Received: a batch whose step took "
    "more. Set microbatches=k on the optimizer, for the same step in the memory of a k-th of the "
    "batch; or halve the memory of the layers' outputs with the dtype policy 'mixed_bfloat16'; or "
    "take smaller batches."
)
