"""Second derivatives of a graph that somebody else made, put right.

Gradients that are handed to an optimizer come from a graph that is there already, with TensorFlow's
own moments and resizing in it (see `exact_operations`). Their values are right; what their
derivative lacks is put back by naming another gradient for the operations that lose it, which
`tf.gradients` follows.
"""

from collections.abc import Sequence

import tensorflow as tf

from tf_consensus.games import inspection
from tf_consensus.games.exact_resize import RESIZE_TRANSPOSED

_THROUGH = "TfConsensusThrough"


@tf.RegisterGradient(_THROUGH)
def _through(op, gradient):
    """Of a stopped mean: as if it were not stopped."""
    del op
    return gradient


def repair(field: Sequence[tf.Tensor]) -> None:
    """Gives every operation behind the field its true derivative where TensorFlow's is wrong.

    Args:
        field: first derivatives, tensors of the current graph.

    Raises:
        ValueError: if the field holds second derivatives already, which are wrong.
    """
    for operation in inspection.ancestors(field):
        if operation.type == "StopGradient" and _is_of_moments(operation):
            if _is_differentiated_twice(operation):
                raise ValueError(_TWICE.format(operation.name))
            _differentiate_as(operation, _THROUGH)
        elif operation.type == "ResizeBilinearGrad":
            _differentiate_as(operation, RESIZE_TRANSPOSED)


def _differentiate_as(operation, name):
    operation._set_attr("_gradient_op_type", tf.compat.v1.AttrValue(s=name.encode()))


def _is_of_moments(operation) -> bool:
    """Whether a stopped tensor is the mean in the variance of `tf.nn.moments`."""
    mean = operation.inputs[0].op
    return mean.type == "Mean" and any(
        square.type == "SquaredDifference"
        and square.inputs[0] is mean.inputs[0]
        and any(_is_same_mean(mean, c) for c in square.outputs[0].consumers())
        for square in operation.outputs[0].consumers()
    )


def _is_same_mean(mean, other) -> bool:
    axes = [tf.get_static_value(op.inputs[1]) for op in (mean, other) if op.type == "Mean"]
    return len(axes) == 2 and all(a is not None for a in axes) and (axes[0] == axes[1]).all()


def _is_differentiated_twice(operation) -> bool:
    """Whether a derivative of a derivative uses the stopped mean, by the names tapes give."""
    near = list(operation.outputs)
    for _ in range(3):
        consumers = [c for t in near for c in t.consumers()]
        if any(c.name.count("gradient_tape/") > 1 for c in consumers):
            return True
        near = [t for c in consumers if "gradient_tape/" in c.name for t in c.outputs]
    return False


_TWICE = (
    "TensorFlow's moments have a right first derivative only, and the gradients that were handed "
    "over hold second ones, as those of a gradient penalty do. Received: a derivative of a "
    "derivative through '{}'. Compute the penalty by `tf_consensus.penalties`, or the losses in a "
    "block `with tf_consensus.exact_operations():`, or train a `tf_consensus.GAN`."
)
