"""The rules that a game's losses must follow for exact derivatives, and their checks."""

import concurrent.futures
import contextlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from tf_consensus.games import inspection
from tf_consensus.games import operation_kinds as kinds
from tf_consensus.games.autodiff import tf_variables

if TYPE_CHECKING:
    from tf_consensus.games.field import GradientField

Allowed = bool | Sequence[str]
# A check of losses and field, and of the operations of their evaluation.
Look = Callable[[tuple[list[tf.Tensor], list[tf.Tensor]], list[tf.Operation]], None]


class Contract:
    """The rules of a game's losses, checked where they are evaluated.

    In a graph, the operations of the evaluation are checked. When executing eagerly, the losses are
    traced once for this.

    Args:
        allow_cut: see `Game`.

    Raises:
        TypeError: if `allow_cut` is neither a bool nor names.
    """

    def __init__(self, allow_cut: Allowed = False) -> None:
        self.allow_cut = check_allow_cut(allow_cut)
        self._traced: set[str] = set()

    @classmethod
    def of(cls, allow_cut: "Allowed | Contract") -> "Contract":
        """The contract itself, or that of `allow_cut`."""
        return allow_cut if isinstance(allow_cut, Contract) else cls(allow_cut)

    def __repr__(self) -> str:
        return f"Contract(allow_cut={self.allow_cut!r})"

    def check_field(self, game: "GradientField", field: Sequence[tf.Tensor]) -> None:
        """Raises `ValueError` if something between a player's variables and the field cuts it."""
        self._check("field", game, field)

    def check_losses(self, game: "GradientField", losses: Sequence[tf.Tensor]) -> None:
        """The same for losses that hold derivatives; raises `ValueError`."""
        self._check("losses", game, losses)

    def check_first_order(self, game: "GradientField", losses: Sequence[tf.Tensor]) -> None:
        """Raises `ValueError` if TensorFlow's first derivative itself is wrong; only in graphs."""
        if self.allow_cut is not True and not tf.executing_eagerly():
            refuse_cuts(losses, _named(game), self.allow_cut, kinds.WRONG_AT_ONCE)

    def _check(self, what: str, game: "GradientField", tensors: Sequence[tf.Tensor]) -> None:
        if self.allow_cut is True:
            return

        def look(tensors: Sequence[tf.Tensor]) -> None:
            refuse_cuts(tensors, _named(game), self.allow_cut)

        if tf.executing_eagerly():
            part = ("losses", "field").index(what)
            self._trace_once(what, game, lambda found, _: look(found[part]))
        else:
            look(tensors)

    @contextlib.contextmanager
    def watching(self, game: "GradientField") -> Iterator[None]:
        """A block for one evaluation; raises where repeating it would be another function."""
        repeated, eager = game.state.repeated, tf.executing_eagerly()
        before = 0 if eager else len(inspection.new_operations(0))
        yield
        if repeated and eager:
            self._trace_once("impure", game, lambda _, made: refuse_impure(made, self.allow_cut))
        elif repeated:
            refuse_impure(inspection.new_operations(before), self.allow_cut)

    def _trace_once(self, rule: str, game: "GradientField", look: Look) -> None:
        """Traces the game's field in a graph of its own and checks it, once per rule."""
        if rule in self._traced:
            return

        def traced() -> None:
            other = game.unwatched()
            before = len(inspection.new_operations(0))
            try:
                found = other.retrace()
            except (AttributeError, NotImplementedError, TypeError) as error:
                # The same losses have just been evaluated eagerly.
                raise ValueError(_EAGER_ONLY.format(error)) from error
            look(found, inspection.new_operations(before))

        function = tf.function(traced, autograph=False)
        # A thread of its own hides the trace from tapes and accumulators around the evaluation.
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            pool.submit(function.get_concrete_function).result()
        self._traced.add(rule)


def check_allow_cut(allow_cut: Any) -> bool | tuple[str, ...]:
    """`allow_cut` as a bool or a tuple of names.

    Raises:
        TypeError: if it is anything else.
    """
    if isinstance(allow_cut, bool):
        return allow_cut
    if isinstance(allow_cut, list | tuple) and all(isinstance(n, str) for n in allow_cut):
        return tuple(allow_cut)
    raise TypeError(
        "`allow_cut` must be a bool or a list of names of operations or layers. Received: "
        f"allow_cut={allow_cut!r}. For example allow_cut=['my_layer/StopGradient']."
    )


def _named(game: "GradientField") -> list[tuple[str, Any]]:
    return [
        (f"'{name_of(x)}' of player {index}", x)
        for index, player in enumerate(game.players)
        for x in player
    ]


def refuse_cuts(
    field: Sequence[tf.Tensor],
    named: Sequence[tuple[str, Any]],
    allow_cut: Allowed,
    only: Collection[str] | None = None,
) -> None:
    """Raises `ValueError` if something cuts the derivative of a field of the current graph.

    Args:
        field: list of tensors.
        named: pairs of a description and a variable.
        allow_cut: see `Game`.
        only: types of operations; `None` is all.
    """
    if allow_cut is True:
        return
    names, variables = zip(*named, strict=True)
    cuts = inspection.find_cuts(field, list(zip(names, tf_variables(variables), strict=True)))
    cuts = [c for c in cuts if not _is_allowed(c.operation, allow_cut or ())]
    cuts = [c for c in cuts if only is None or c.kind in only]
    if cuts:
        shown = "; ".join(
            f"'{c.operation}' ({c.kind}), through which the field depends on variable {c.variable}"
            for c in cuts[:3]
        )
        raise ValueError(_CUT.format(shown, [c.operation for c in cuts[:3]]))


def refuse_impure(operations: Iterable[tf.Operation], allow_cut: Allowed = False) -> None:
    """Raises `ValueError` if an operation draws by itself or has a state of its own.

    Args:
        operations: those of an evaluation.
        allow_cut: see `Game`.
    """
    if allow_cut is True:
        return
    found = inspection.find_impure(operations)
    found = [(name, kind) for name, kind in found if not _is_allowed(name, allow_cut or ())]
    if found:
        shown = ", ".join(f"'{name}' ({kind})" for name, kind in found[:3])
        raise ValueError(_IMPURE.format(shown, [name for name, _ in found[:3]]))


def _is_allowed(operation: str, allowed: Sequence[str]) -> bool:
    """Whether an operation, or a layer or scope that it lies in, is named.

    Keras and TensorFlow number repeated names: `half` names `half_1` too.
    """
    parts = operation.split("/")
    for name in allowed:
        named = name.split("/")
        last = len(parts) - len(named)  # where a name that ends in the operation itself begins
        for start in range(last + 1):
            same = all(
                re.fullmatch(re.escape(a) + r"(_\d+)*", b)
                for a, b in zip(named, parts[start:], strict=False)
            )
            whole = start < last or start == 0 or len(named) > 1
            if same and whole:
                return True
    return False


def name_of(variable: Any) -> str:
    """The path of a Keras variable, or the name of a TensorFlow variable."""
    return getattr(variable, "path", variable.name)


_CUT = (
    "Training needs the whole derivative of the field, and these operations let none, or a wrong "
    "one, through. Received: {}. Compute the losses without tf.stop_gradient between the players, "
    "NumPy, py_function and rounding, and GRU and LSTM on a GPU as keras.layers.RNN of a cell. If "
    "the cut is intended, name it in allow_cut of the Game, the GAN or the compiled optimizer: "
    "allow_cut={}. TensorFlow's moments and resizing hold a cut of their own: compute the losses "
    "`with tf_consensus.exact_operations():`, outside of loops and of functions that TensorFlow "
    "traces by themselves."
)
_IMPURE = (
    "This update evaluates the losses more than once, and each time they must be the same function "
    "of parameters and batch. Received: {}. In a layer, draw with keras.random and a "
    "keras.random.SeedGenerator, and keep state in add_weight: both are held for the step. "
    "Elsewhere, draw the numbers beforehand and pass them in the batch. If the operation is a "
    "function of its inputs all the same, set allow_cut={}."
)
_EAGER_ONLY = (
    "The losses must be TensorFlow operations throughout: only these can be checked for cut "
    "derivatives. Received: losses that work eagerly only ({}). Compute them without "
    ".numpy(), float() and Python's if on tensors, or set allow_cut=True."
)
