"""Two optimizers that each see one player of a game only: found in the graphs, and refused.

A method that differentiates the field, such as consensus optimization, is another one where each
player's gradients go to an optimizer of their own: what one player's gradient does to the other's
is in none of the two. Gradients that were handed over say which variables they depend on, by the
operations of the graph that computed them.
"""

import weakref
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from tf_consensus.games.autodiff import tf_variables
from tf_consensus.games.contract import name_of
from tf_consensus.games.inspection import ancestors

# What moves a variable by a step, as optimizers do, and what gives it any value.
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


_sights: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def refuse_players_apart(optimizer, gradients: Sequence[tf.Tensor], variables: Sequence) -> None:
    """Raises `ValueError` if another optimizer updates another player of the same game.

    That is so where the gradients of each depend on what the other updates, and one of them
    differentiates the field. Where the other is no `GameOptimizer` it is found if it stepped
    earlier in the same graph.

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
            raise ValueError(_message(optimizer, sight, other, theirs.own))
    if optimizer.second_order:
        moved = _stepped(graph, sight)
        if moved:
            raise ValueError(_message(optimizer, sight, None, moved))
    before = _sights.get(optimizer, Sight({}, set()))
    _sights[optimizer] = Sight({**before.own, **sight.own}, before.read | sight.read)


def _depend_on_each_other(ours, theirs):
    # As they are now: a part that was trained before may be frozen.
    trained = {handle for handle, x in theirs.own.items() if x.trainable}
    return bool(ours.read & trained and theirs.read & ours.own.keys())


def _stepped(graph, sight):
    """The other variables, by handle, that have stepped in this graph by gradients of the game."""
    writes = [op for op in graph.get_operations() if op.type.startswith((*_WRITES, *_APPLY))]
    steps = [op for op in writes if op.type.startswith((*_STEPS, *_APPLY))]
    steps = [op for op in steps if _read(op.inputs[1:])]  # others count by a constant
    handles = {handle for op in steps for handle in _read(op.inputs[:1])}
    known = {x.handle._id: x for x in graph._watched_variables}
    others = (handles & sight.read) - sight.own.keys()
    moved = {handle: known[handle] for handle in others if handle in known}
    moved = {handle: x for handle, x in moved.items() if x.trainable and x.dtype.is_floating}
    values = [t for op in writes for t in op.inputs[1:]]
    return moved if moved and _read(values) & sight.own.keys() else {}


def _read(tensors: Iterable[tf.Tensor]) -> set[int]:
    """Handles of all variables that the values of symbolic tensors depend on."""
    found, by_graph = set(), {}
    for t in tensors:
        by_graph.setdefault(t.graph, []).append(t)
    for graph, own in by_graph.items():
        captured = {inside.ref(): outside for outside, inside in graph.captures}
        sources = [t.ref() for operation in ancestors(own) for t in operation.outputs]
        outside = [captured[source] for source in sources if source in captured]
        # Of a graph within a graph: tensors of the outer one, captured.
        found |= _read([t for t in outside if hasattr(t, "graph")])
        handles = [t for t in outside if not hasattr(t, "graph") and t.dtype == tf.resource]
        found |= {t._id for t in handles}
    return found


def _message(optimizer, sight, other, theirs):
    name = f"'{other.name}' ({type(other).__name__})" if other else "another optimizer"
    ours, first = (name_of(next(iter(own.values()))) for own in (sight.own, theirs))
    return (
        "All players of a game go to one optimizer: a method that differentiates the field, of "
        "which each of two sees one player only, is another method. Received: "
        f"'{optimizer.name}' ({type(optimizer).__name__}) for {len(sight.own)} variables such as "
        f"'{ours}', and {name} for {len(theirs)} such as '{first}', whose gradients depend on each "
        "other's variables. Hand the gradients of all players, generator and discriminator, to ONE "
        "`apply_gradients` of one optimizer, all taken before any update, or train a "
        "`tf_consensus.GAN`; for a learning rate of its own for each player, give that GAN's "
        "optimizer a list, inner_optimizer=[Adam(1e-4), Adam(4e-4)]."
    )
