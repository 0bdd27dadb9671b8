"""Finds in the graphs, and refuses, two optimizers that each see only one player of a game.

A method that differentiates the field, such as consensus optimization, becomes another method where
each player's gradients go to an optimizer of their own: neither of the two sees what one player
does to the other's gradient. The operations of the graph that computed the gradients tell which
variables they depend on.
"""

import weakref
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from tf_consensus.games.autodiff import tf_variables
from tf_consensus.games.contract import name_of
from tf_consensus.games.inspection import ancestors

# Operations that move a variable by a step, as optimizers do, and those that give it any value.
_STEPS = ("AssignSubVariableOp", "AssignAddVariableOp", "ResourceScatterSub", "ResourceScatterAdd")
_WRITES = (*_STEPS, "AssignVariableOp")
_APPLY = ("ResourceApply", "ResourceSparseApply")


class Sight(NamedTuple):
    """What an optimizer has been given.

    Attributes:
        own: the variables that it updates, by handle.
        read: handles of all variables that their gradients depend on.
    """

    own: dict[int, Any]
    read: set[int]


_sights: weakref.WeakKeyDictionary[Any, Sight] = weakref.WeakKeyDictionary()


def refuse_players_apart(
    optimizer: Any, gradients: Sequence[tf.Tensor], variables: Sequence[Any]
) -> None:
    """Raises `ValueError` if another optimizer updates another player of the same game.

    That is so where the gradients of each depend on what the other updates, and one of them
    differentiates the field. If the other is not a `GameOptimizer`, it is found by its steps in the
    same graph, before or after.

    Args:
        optimizer: a `GameOptimizer`.
        gradients: tensors of the current graph.
        variables: those that the optimizer is to update.
    """
    graph = tf.compat.v1.get_default_graph()
    if tf.executing_eagerly() or not hasattr(graph, "captures"):
        return
    handles = [x.handle._id for x in tf_variables(variables)]
    sight = Sight(dict(zip(handles, variables, strict=True)), _read(gradients))
    for other, theirs in list(_sights.items()):
        apart = other is not optimizer and not sight.own.keys() & theirs.own.keys()
        differentiates = optimizer.second_order or other.second_order
        if apart and differentiates and _depend_on_each_other(sight, theirs):
            # Both are forgotten: further training of the same networks starts anew.
            _sights.pop(other)
            _sights.pop(optimizer, None)
            raise ValueError(_message(optimizer, sight, other, theirs.own))
    if optimizer.second_order:
        _refuse_other_steps(optimizer, graph, sight)
        _watch(optimizer, graph, sight)
    before = _sights.get(optimizer, Sight({}, set()))
    _sights[optimizer] = Sight({**before.own, **sight.own}, before.read | sight.read)


def _depend_on_each_other(ours: Sight, theirs: Sight) -> bool:
    # The present state counts: a part that was trained before may be frozen now.
    trained = {handle for handle, x in theirs.own.items() if x.trainable}
    return bool(ours.read & trained and theirs.read & ours.own.keys())


def _refuse_other_steps(optimizer: Any, graph: tf.Graph, sight: Sight) -> None:
    """Raises where another variable of the game has stepped in this graph."""
    moved = _stepped(graph, sight)
    if moved:
        raise ValueError(_message(optimizer, sight, None, moved))


def _watch(optimizer: Any, graph: tf.Graph, sight: Sight) -> None:
    """Checks the rest of the graph as it is made, since Keras' own optimizers give no notice.

    Only operations that step a variable which the gradients depend on are checked.
    """
    make, suspects = graph._create_op_internal, sight.read - sight.own.keys()
    owner = weakref.ref(optimizer)  # the graph must not keep it alive

    def watching(op_type: str, inputs: Any, *arguments: Any, **options: Any) -> tf.Operation:
        operation = make(op_type, inputs, *arguments, **options)
        steps = op_type.startswith((*_STEPS, *_APPLY))
        if steps and owner() is not None and _read(operation.inputs[:1]) & suspects:
            _refuse_other_steps(owner(), graph, sight)
        return operation

    graph._create_op_internal = watching


def _stepped(graph: tf.Graph, sight: Sight) -> dict[int, Any]:
    """The other variables, by handle, that have stepped in this graph by gradients of the game."""
    trained = [x for x in graph._watched_variables if x.trainable and x.dtype.is_floating]
    known = {part.handle._id: x for x in trained for part in _parts(x)}
    own = sight.own.keys()
    suspects = (sight.read & known.keys()) - own
    if not suspects:
        return {}
    writes = [op for op in graph.get_operations() if op.type.startswith((*_WRITES, *_APPLY))]
    # Its own last step has already checked what came before.
    last = [i for i, op in enumerate(writes) if _steps(op) and _read(op.inputs[:1]) & own]
    writes = writes[last[-1] + 1 :] if last else writes
    steps = [op for op in writes if _steps(op)]
    moved = {
        handle: known[handle]
        for op in steps
        for handle in _read(op.inputs[:1]) & suspects
        if _read(op.inputs[1:])  # the others add a constant, as counters do
    }
    values = [t for op in writes for t in op.inputs[1:]]
    return moved if moved and _read(values) & own else {}


def _steps(operation: tf.Operation) -> bool:
    return operation.type.startswith((*_STEPS, *_APPLY))


def _parts(variable: Any) -> Sequence[Any]:
    """The variable, or its copies on the replicas of a strategy."""
    distributed = isinstance(variable, tf.distribute.DistributedValues)
    return variable.values if distributed else [variable]


def _read(tensors: Iterable[tf.Tensor]) -> set[int]:
    """Handles of all variables that the values of symbolic tensors depend on."""
    found: set[int] = set()
    by_graph: dict[tf.Graph, list[tf.Tensor]] = {}
    for t in tensors:
        by_graph.setdefault(t.graph, []).append(t)
    for graph, own in by_graph.items():
        captured = {inside.ref(): outside for outside, inside in graph.captures}
        sources = [t.ref() for operation in ancestors(own) for t in operation.outputs]
        outside = [captured[source] for source in sources if source in captured]
        # A graph within a graph captures tensors of the outer one.
        found |= _read([t for t in outside if hasattr(t, "graph")])
        handles = [t for t in outside if not hasattr(t, "graph") and t.dtype == tf.resource]
        found |= {t._id for t in handles}
    return found


def _message(optimizer: Any, sight: Sight, other: Any, theirs: Mapping[int, Any]) -> str:
    name = f"'{other.name}' ({type(other).__name__})" if other else "another step"
    running = (
        "" if other else " Make a running mean, or another variable of no player, trainable=False."
    )
    ours, first = (name_of(next(iter(own.values()))) for own in (sight.own, theirs))
    return (
        "All players of a game go to one optimizer: a method that differentiates the field becomes "
        "another method if each of two optimizers sees only one player. Received: "
        f"'{optimizer.name}' ({type(optimizer).__name__}) for {len(sight.own)} variables such as "
        f"'{ours}', and {name} for {len(theirs)} such as '{first}', whose gradients depend on each "
        "other's variables. Hand the gradients of all players, generator and discriminator, to ONE "
        "`apply_gradients` of one optimizer, all taken before any update, or train a "
        "`tf_consensus.GAN`; for a learning rate of its own for each player, give that GAN's "
        f"optimizer a list, inner_optimizer=[Adam(1e-4), Adam(4e-4)].{running}"
    )
