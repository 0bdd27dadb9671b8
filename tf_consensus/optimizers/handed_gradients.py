"""Gradients that someone else computed: what `apply` makes of them."""

import warnings
from collections.abc import Sequence, Sized
from typing import Any, NoReturn

import tensorflow as tf

from tf_consensus.games import graph_repair
from tf_consensus.games.autodiff import explain_recomputation, tf_variables
from tf_consensus.games.blocks import Players
from tf_consensus.games.contract import name_of, refuse_cuts
from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.variable_index import VariableIndex


def handed_linearization(
    gradients: Sequence[tf.Tensor], variables: Sequence[Any], allow_cut: bool | Sequence[str]
) -> Linearization:
    """The field of which these are the negative gradients, with the pullback from their graph.

    Args:
        gradients: one per variable, on replicas each replica's share.
        variables: the variables.
        allow_cut: see `Game`.
    """
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    v = [-replicas * g for g in gradients]

    def vjp(u: Sequence[tf.Tensor], of: Players = None, wrt: Players = None) -> list[tf.Tensor]:
        if of is not None or wrt is not None:
            linearization.by_player(v)  # raises: the players are not known
        return _pull_back(u, v, gradients, variables, allow_cut)

    linearization = Linearization([], v, vjp, None, list(variables))
    return linearization


def _pull_back(
    u: Sequence[tf.Tensor],
    v: Sequence[tf.Tensor],
    gradients: Sequence[tf.Tensor],
    variables: Sequence[Any],
    allow_cut: bool | Sequence[str],
) -> list[tf.Tensor]:
    """The pullback v'ᵀu from the graph that `v` was computed in."""
    if tf.executing_eagerly():
        raise RuntimeError(_NO_SECOND_ORDER.format("executing eagerly"))
    values = tf_variables(variables)
    if all(t.graph is tf.compat.v1.get_default_graph() for t in v):
        graph_repair.repair(v, gradients)
        refuse_cuts(v, [(f"'{name_of(x)}'", x) for x in variables], allow_cut)
    with explain_recomputation():
        pulled = tf.gradients(v, values, grad_ys=list(u))
    if all(p is None for p in pulled):
        raise RuntimeError(
            _NO_SECOND_ORDER.format("no gradient depends on any variable in this graph")
        )
    return [
        tf.zeros_like(t) if p is None else tf.convert_to_tensor(p)
        for p, t in zip(pulled, v, strict=True)
    ]


def without_empty(
    gradients: Sequence[Any], variables: Sequence[Any]
) -> tuple[list[tf.Tensor], list[Any]]:
    """Gradients as tensors, and their variables, without those whose gradient is `None`.

    Raises:
        ValueError: if all are `None`.

    Warns:
        UserWarning: if some are, as Keras' optimizers do.
    """
    pairs = list(zip(gradients, variables, strict=True))
    kept = [(tf.convert_to_tensor(g), x) for g, x in pairs if g is not None]
    if not kept:
        raise ValueError("No gradients provided for any variable.")
    missing = [name_of(x) for g, x in pairs if g is None]
    if missing:
        warnings.warn(
            f"Gradients do not exist for variables {missing} when minimizing the loss. If using "
            "`model.compile()`, did you forget to provide a `loss` argument?",
            UserWarning,
            stacklevel=4,
        )
    return [g for g, _ in kept], [x for _, x in kept]


def handed_variables(
    gradients: Sequence[Any], variables: Sequence[Any] | None, built: Sequence[Any] | None
) -> list[Any]:
    """The variables of the gradients.

    Args:
        gradients: one per variable, `None` where there is none.
        variables: the variables; `None` for those that the optimizer was built with.
        built: the variables that the optimizer was built with; `None` before `build`.

    Raises:
        ValueError: if both are `None`, or there are more or fewer variables than gradients.
    """
    named = built if variables is None else variables
    if named is None:
        raise ValueError(
            "The first call of `apply` must name the variables. Received: "
            f"{len(gradients)} gradients and no variables. "
            "Pass them, or call `optimizer.build(variables)` first."
        )
    variables = list(named)
    if len(gradients) != len(variables):
        raise ValueError(
            "`apply` takes one gradient per variable. Received: "
            f"{len(gradients)} gradients for {len(variables)} variables. "
            "Hand over None where a variable has no gradient."
        )
    return variables


def refuse_other_variables(
    index: VariableIndex, variables: Sequence[Any], all_at_once: bool
) -> None:
    """Raises `ValueError` unless an optimizer takes these variables in one call.

    Args:
        index: the index of the variables that it was built with.
        variables: the variables that were handed over.
        all_at_once: whether it takes all of them only.
    """
    unknown = [x.name for x in variables if x not in index]
    if unknown:
        raise ValueError(_ONE_CALL.format(f"variables {unknown}, which it was not built with"))
    missing = len(index) - len(variables)
    if all_at_once and missing:
        raise ValueError(
            _ONE_CALL.format(f"{len(variables)} of the variables, {missing} are missing")
        )


def refuse_several(inner_optimizers: Sized, gradients: Sequence[Any]) -> None:
    """Raises `RuntimeError` if there is one inner optimizer per player, for two players or more."""
    if len(inner_optimizers) > 1:
        raise RuntimeError(
            "A list of inner optimizers, one per player, needs to know which gradients belong to "
            "which player, and a plain list of gradients does not say. Received: "
            f"{len(inner_optimizers)} inner optimizers, and {len(gradients)} gradients through "
            "`apply`. Train a `tf_consensus.GAN`, or call `optimizer.step(game)` with a "
            "`tf_consensus.Game`."
        )


def refuse_parts(cut: str) -> NoReturn:
    """Raises `RuntimeError`: a batch whose gradients were handed over cannot be cut.

    Args:
        cut: the setting that would cut it, in words.
    """
    raise RuntimeError(
        "Gradients that were handed over are those of the whole batch. Received: "
        f"{cut}. Train a `tf_consensus.GAN`, or call "
        "`optimizer.step(game)` with a `tf_consensus.Game`."
    )


NO_DIRECTION = (
    "An update goes along a direction. Received: {} with no `direction(linearization)`. Define it; "
    "if `update(game)` is overridden instead, train a `tf_consensus.GAN` or call "
    "`optimizer.step(game)`, since gradients handed to `apply` come without a game."
)
_ONE_CALL = (
    "An optimizer for games updates all players in one call. Received: {}. Hand the gradients of "
    "all players to one `apply_gradients`, or build a new optimizer for new variables."
)

_NO_SECOND_ORDER = (
    "The second-order term v'ᵀv cannot be taken from the gradients that were handed over. "
    "Received: {}. Compile the model with run_eagerly=False and compute the gradients in the same "
    "graph, outside of tf.cond, without loss scaling (mixed_float16; use mixed_bfloat16); or train "
    "a `tf_consensus.GAN`, or call `optimizer.step(game)` with a `tf_consensus.Game`."
)
