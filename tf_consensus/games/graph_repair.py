"""Corrects the second derivatives of a graph that somebody else made.

Gradients that are handed to an optimizer come from an existing graph, which holds TensorFlow's own
moments and resizing (see `exact_operations`). Their values are right, but their derivative lacks a
part. The operations that lose it are given the name of another gradient, which `tf.gradients`
follows.
"""

from collections.abc import Collection, Sequence

import tensorflow as tf

from tf_consensus.games import inspection
from tf_consensus.games import operation_kinds as kinds
from tf_consensus.games.value_inputs import VALUE_FREE
from tf_consensus.support.exact_resize import RESIZE_TRANSPOSED

_THROUGH = "TfConsensusThrough"


@tf.RegisterGradient(_THROUGH)
def _through(op: tf.Operation, gradient: tf.Tensor) -> tf.Tensor:
    """The gradient of a stopped mean, as if it were not stopped."""
    del op
    return gradient


def repair(field: Sequence[tf.Tensor], gradients: Sequence[tf.Tensor]) -> None:
    """Gives every operation behind the field its true derivative where TensorFlow's is wrong.

    Args:
        field: first derivatives, tensors of the current graph.
        gradients: the gradients that were handed over, which make up the field.

    Raises:
        ValueError: if the field holds second derivatives already, which are wrong.
    """
    _refuse_resizing_in_a_loss({t.op for t in gradients})
    for operation in inspection.ancestors(field):
        if kinds.has_own_gradient(operation):
            continue
        if operation.type == "StopGradient" and _is_of_moments(operation):
            if _is_differentiated_twice(operation):
                raise ValueError(_TWICE.format(operation.name))
            _differentiate_as(operation, _THROUGH)
        elif operation.type == "ResizeBilinearGrad":
            _differentiate_as(operation, RESIZE_TRANSPOSED)


def _differentiate_as(operation: tf.Operation, name: str) -> None:
    operation._set_attr("_gradient_op_type", tf.compat.v1.AttrValue(s=name.encode()))


def _is_of_moments(operation: tf.Operation) -> bool:
    """Whether a stopped tensor is the mean in the variance of `tf.nn.moments`."""
    mean = operation.inputs[0].op
    return mean.type == "Mean" and any(
        square.type == "SquaredDifference"
        and square.inputs[0] is mean.inputs[0]
        and any(_is_same_mean(mean, c) for c in square.outputs[0].consumers())
        for square in operation.outputs[0].consumers()
    )


def _is_same_mean(mean: tf.Operation, other: tf.Operation) -> bool:
    axes = [tf.get_static_value(op.inputs[1]) for op in (mean, other) if op.type == "Mean"]
    return len(axes) == 2 and all(a is not None for a in axes) and (axes[0] == axes[1]).all()


def _is_differentiated_twice(operation: tf.Operation) -> bool:
    """Whether more than first derivatives use the stopped mean m.

    The variance takes (x - m)², and its first derivative x - m, in one product.
    """
    (square,) = [c for c in _consumers(operation) if c.type == "SquaredDifference"][:1]
    others = [c for c in _consumers(operation) if c is not square]
    return not all(
        c.type == "Sub" and [product.type for product in _consumers(c)] == ["Mul"] for c in others
    )


def _refuse_resizing_in_a_loss(handed: Collection[tf.Operation]) -> None:
    """Raises where a derivative of resizing is used for anything but the gradients.

    A penalty that uses it gets a gradient of 0, and nothing else shows that.
    """
    for operation in tf.compat.v1.get_default_graph().get_operations():
        wrong = operation.type == "ResizeBilinearGrad" and not kinds.has_own_gradient(operation)
        if wrong and _is_used_otherwise(operation, handed):
            raise ValueError(_TWICE.format(operation.name))


def _is_used_otherwise(operation: tf.Operation, handed: Collection[tf.Operation]) -> bool:
    """Whether it reaches more than backward passes, known by the names that TensorFlow gives."""
    seen, stack = set(), [operation]
    while stack:
        for consumer in _consumers(stack.pop()):
            if consumer in seen or consumer in handed:
                continue
            seen.add(consumer)
            stack.append(consumer)
            backward = "gradient_tape/" in consumer.name or "gradients" in consumer.name
            if not backward and consumer.type not in ("AddN", "Identity", "IdentityN"):
                return True
    return False


def _consumers(operation: tf.Operation) -> list[tf.Operation]:
    """What uses the values of an operation's outputs."""
    found = [c for t in operation.outputs for c in t.consumers()]
    return [c for c in found if c.type not in VALUE_FREE]


_TWICE = (
    "TensorFlow's moments and resizing are right in the first derivative only, and the gradients "
    "that were handed over hold second ones, as those of a gradient penalty do. Received: a "
    "derivative of a derivative through '{}'. Compute the penalty by `tf_consensus.penalties`, or "
    "the losses in a block `with tf_consensus.exact_operations():`, or train a `tf_consensus.GAN`."
)
