"""What lies between the variables and the field, found in the graph that computed it.

A pullback v'ᵀu is a number even where TensorFlow lost part of it: behind `tf.stop_gradient`,
`tf.numpy_function`, a cast to integers or an operation without a derivative, the gradient is
silently 0. This module walks the operations from the variables to the field and names those cuts.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from tf_consensus.games import operation_kinds as kinds
from tf_consensus.games.value_inputs import VALUE_FREE, VALUE_INPUTS


class Cut(NamedTuple):
    """An operation through which the field depends on a variable but no derivative goes.

    Attributes:
        operation: its name in the graph, which holds the names of the layers that made it.
        kind: its TensorFlow type.
        variable: the description of a variable that it depends on.
    """

    operation: str
    kind: str
    variable: str


def find_cuts(field: Sequence[tf.Tensor], named: Sequence[tuple[str, Any]]) -> list[Cut]:
    """The cuts between variables and field, each operation once.

    Args:
        field: tensors of the current graph.
        named: pairs of a description and a `tf.Variable` that the field is differentiated by.
    """
    operations = ancestors(field)
    origins = _sources(named)
    found = []
    for operation in operations:
        followed = {t.ref() for t in _followed(operation)} & origins.keys()
        positions = [i for i, t in enumerate(operation.inputs) if t.ref() in followed]
        through = [i for i in positions if not kinds.cuts(operation, i)]
        names = [origins[operation.inputs[i].ref()] for i in positions]
        if len(through) < len(positions):
            found.append(Cut(operation.name, operation.type, names[0]))
        if through:
            found += [
                Cut(f"{operation.name}/{name}", kind, names[0])
                for name, kind in kinds.inner_cuts(operation)
            ]
            origins.update({t.ref(): names[0] for t in operation.outputs})
    return found


def ancestors(field: Sequence[tf.Tensor]) -> list[tf.Operation]:
    """All operations that the field's values come from, each after those that it uses."""
    seen, order, stack = set(), [], [(t.op, False) for t in reversed(field)]
    while stack:
        operation, done = stack.pop()
        if done:
            order.append(operation)
        elif operation not in seen:
            seen.add(operation)
            stack.append((operation, True))
            stack += [(t.op, False) for t in _followed(operation) if t.op not in seen]
    return order


def new_operations(before: int) -> list[tf.Operation]:
    """The operations of the current graph that were added since it had `before` of them."""
    return tf.compat.v1.get_default_graph().get_operations()[before:]


def find_impure(operations: Iterable[tf.Operation]) -> list[tuple[str, str]]:
    """Names and types of operations that draw by themselves, or keep or change a state."""
    return [found for operation in operations for found in kinds.impure(operation)]


def _followed(operation: tf.Operation) -> list[tf.Tensor]:
    """The inputs whose values an operation's outputs depend on, except conditions."""
    if operation.type in VALUE_FREE:
        return []
    positions = VALUE_INPUTS.get(operation.type)
    inputs = list(operation.inputs)
    chosen = inputs if positions is None else [inputs[i] for i in positions]
    return [t for t in chosen if t.dtype != tf.bool]


def _sources(named: Sequence[tuple[str, Any]]) -> dict[Any, str]:
    """The variables' descriptions, by the tensors of the current graph that are their handles."""
    graph = tf.compat.v1.get_default_graph()
    return {graph.capture(x.handle).ref(): name for name, x in named}
