"""A smooth game, its gradient vector field v and the derivative v' of that field."""

import contextlib
import math
import numbers
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tf_consensus.games import (
    missing_gradients,  # noqa: F401, imported for what it registers
    vectors,
)
from tf_consensus.games.autodiff import dense_gradient, tf_variables
from tf_consensus.games.blocks import Players, check_players, pick, place
from tf_consensus.games.contract import Contract
from tf_consensus.games.description import describe_game, describe_linearization
from tf_consensus.games.sub_batch import first_examples
from tf_consensus.games.vector_checks import check_vector
from tf_consensus.support import layers
from tf_consensus.support.checks import check_int
from tf_consensus.support.evaluation import LayerState


class Linearization(NamedTuple):
    """A game's losses and vector field at one point, with the pullback of the field.

    Attributes:
        losses: one scalar per player.
        v: the gradient vector field, v = (-∇ᵢ lossᵢ), a list that matches the game's variables.
        vjp: `vjp(u)` is the pullback v'ᵀu of a list `u` that matches `v`, itself such a list. Of a
            game's linearization, `vjp(u, of=…, wrt=…)` is the pullback of some players' part of the
            field along some players' variables: `of` are the players whose part of `u` counts,
            `wrt` those whose variables the result is for, each a player's number, a list of them,
            or `None` for all. The result is zero elsewhere, and the rest is not differentiated.
        player_sizes: how many of the variables belong to each player, or `None` where a list of
            gradients was handed over without a game.
        variables: the variables that `v` is the field of, in the same order; `None` where nobody
            has said them.
    """

    losses: list[tf.Tensor]
    v: list[tf.Tensor]
    vjp: Callable[..., list[tf.Tensor]]
    player_sizes: list[int] | None
    variables: list[Any] | None = None

    def __repr__(self):
        return describe_linearization(self)

    def jvp(
        self, u: Sequence[tf.Tensor], of: Players = None, wrt: Players = None
    ) -> list[tf.Tensor]:
        """The forward product v'u, from the pullback alone: z ↦ v'ᵀz pulled back along u.

        Unlike `Game.jvp` it evaluates nothing again, and needs no game.

        Args:
            u: list of tensors that match `v`.
            of: players whose part of the product is wanted; `None` is all.
            wrt: players whose part of `u` counts; `None` is all.

        Returns:
            A list that matches `v`, zeros where nothing is connected or wanted.

        Raises:
            TypeError: if `u` is no list of tensors.
            ValueError: if it does not match `v`, or `of` or `wrt` names no players.
        """
        u = check_vector("u", u, self.v)
        z = [tf.zeros_like(t) for t in self.v]  # any z does: the pullback is linear
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(z)
            pulled = self.vjp(z, **_block(of, wrt))
        return dense_gradient(tape, pulled, z, u)

    def cross_vjp(
        self,
        select: Callable,
        u: Sequence[tf.Tensor],
        groups: int,
        of: Players = None,
        wrt: Players = None,
    ) -> list[tf.Tensor]:
        """The pullback of the other batches' mean: v'ᵀ(Gu - select(v)) / (G - 1).

        With u the mean of select(v) over G ≥ 2 independent batches, of which this is one, field and
        cotangent are independent. With the identity, the mean of the results is the gradient of
        (1/(2G(G - 1))) Σ_{j≠k} vⱼ·vₖ, whose expectation is ½‖E v‖² (supplement of The Numerics of
        GANs, after Lemma 15, for groups instead of examples).

        Args:
            select: linear function of lists that match `v`.
            u: list that matches `v`.
            groups: G.
            of: as in `vjp`.
            wrt: as in `vjp`.

        Returns:
            A list that matches `v`.

        Raises:
            TypeError: if `u` is no list of tensors.
            ValueError: if it does not match `v`, or G is not an integer of at least 2.
        """
        groups = check_int("groups", groups, minimum=2)
        u = check_vector("u", u, self.v)
        pairs = zip(u, select(self.v), strict=True)
        others = [tf.stop_gradient((groups * a - b) / (groups - 1)) for a, b in pairs]
        return self.vjp(others, **_block(of, wrt))

    def by_player(self, u: Sequence[tf.Tensor]) -> list[list[tf.Tensor]]:
        """Cuts a list that matches `v` into one list a player.

        Raises:
            ValueError: if the linearization does not know the players, or the list does not match.
        """
        if self.player_sizes is None:
            raise ValueError(
                "This update needs to know which gradients belong to which player, and a plain "
                f"list of gradients does not say. Received: {len(u)} gradients through `apply`. "
                "Train a `tf_consensus.GAN`, or call `optimizer.step(game)` with a "
                "`tf_consensus.Game`."
            )
        if not isinstance(u, list | tuple) or len(u) != sum(self.player_sizes):
            got = f"{len(u)} tensors" if isinstance(u, list | tuple) else f"a {type(u).__name__}"
            raise ValueError(
                "A list that is cut into the players' parts has one tensor a variable, "
                f"{sum(self.player_sizes)} here. Received: {got}. Pass one such as `v`."
            )
        parts, start = [], 0
        for size in self.player_sizes:
            parts.append(list(u[start : start + size]))
            start += size
        return parts


class Game:
    """A differentiable game: n players, each with its own loss and its own variables.

    With x = (x₁ … xₙ) the parameters of all players, the gradient vector field (eq. 5, written
    with losses, utility = -loss) is

        v(x) = (-∇₁ loss₁(x), …, -∇ₙ lossₙ(x)).

    Its derivative v'(x) is in general not symmetric. A stationary point of v is stable under small
    gradient steps if all eigenvalues of v' there have negative real part.

    Args:
        losses: function; `losses(*batch)` returns one scalar a player. It must be a deterministic
            function of the variables and the batch, since an optimizer evaluates it as often as it
            needs: draw latents and noise before, and hand them over in `batch`.
        players: one non-empty list of variables (`keras.Variable` or `tf.Variable`) a player; no
            variable may belong to two players. For a GAN: generator first, discriminator second.
        batch: positional arguments of `losses`.
        weight: factor on all losses, such as a replica's share of the examples; `None` is 1.
        allow_cut: what may lie between the variables and the field though no derivative goes
            through it, such as a deliberate `tf.stop_gradient`: names of operations, or of layers
            and scopes that they lie in, as the error says them; `True` allows everything. Where
            something else cuts the field's derivative, evaluating it raises.

    Keras layers in the losses may draw random numbers and keep state. Every evaluation reads that
    state as it is and leaves it alone; an optimizer's step moves it once (`one_step`).

    Raises:
        TypeError: if `losses` is not callable, a player is not a list of variables, a variable is
            not of floating type, or the batch is not a list.
        ValueError: if there is no player, a player has no variables, or players share one, or the
            weight is no finite number of at least 0. When linearized, if the field's derivative is
            cut.

    Example:
        >>> x, y = tf.Variable(1.0), tf.Variable(1.0)
        >>> game = Game(lambda: (x * y, -x * y), players=[[x], [y]])
        >>> lin = game.linearize()
        >>> [float(t) for t in lin.v]
        [-1.0, 1.0]
        >>> [float(t) for t in lin.vjp(lin.v)]
        [1.0, 1.0]

    Reference:
        Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017, section 2.2.
    """

    def __init__(
        self,
        losses: Callable[..., Sequence[tf.Tensor]],
        players: Sequence[Sequence[Any]],
        batch: Sequence[Any] = (),
        *,
        weight: Any = None,
        allow_cut: bool | Sequence[str] = False,
    ):
        _check_batch(batch)
        _check_weight(weight)
        if not callable(losses):
            raise TypeError(
                "`losses` must be a function that returns one scalar a player. "
                f"Received: losses={losses!r}. Pass the function itself, not its value."
            )
        self.losses = losses
        self.players = _check_players(players)
        self.batch = tuple(batch)
        self.weight = weight
        self.variables = [x for player in self.players for x in player]
        self.contract = Contract(allow_cut)
        self.state = LayerState()
        self.seeds = None  # the random numbers of layers; None: as their seeds stand
        self.rows = None  # which of the whole batch's examples the batch holds; None: all

    def __repr__(self):
        return describe_game(self)

    @contextlib.contextmanager
    def one_step(self) -> Iterator[None]:
        """One update: what layers keep, such as moving averages, moves once, at its end.

        Every evaluation in the block sees the state and the random numbers of its beginning.
        """
        self.state.begin()
        yield
        self.state.commit()

    def linearize(self, second_order: bool = True) -> Linearization:
        """Evaluates the losses, the field v and the pullback u ↦ v'ᵀu at the current variables.

        Args:
            second_order: `False` leaves out what the pullback needs, which saves memory and time
                when executing eagerly; `vjp` then raises.

        Returns:
            A `Linearization`. A variable that a loss does not reach has a zero entry in v, and
            zero entries in every pullback.

        Raises:
            TypeError: if the losses are not one a player.
            ValueError: if a loss is not a scalar of floating type, or, when executing eagerly, is
                not finite.
        """
        sizes = [len(player) for player in self.players]
        if not second_order:
            losses, v = self._weighted_field(range(len(self.players)))
            return Linearization(losses, v, no_pullback, sizes, self.variables)
        values = tf_variables(self.variables)
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(values)
            losses, v = self._weighted_field(range(len(self.players)))
        self.contract.check_field(self, v)

        def vjp(u, of=None, wrt=None):
            of, wrt = (check_players(*x, len(sizes)) for x in (("of", of), ("wrt", wrt)))
            u, field = (pick(x, sizes, of) for x in (check_vector("u", u, v), v))
            pulled = dense_gradient(tape, field, pick(values, sizes, wrt), u)
            return place(pulled, v, sizes, wrt)

        return Linearization(losses, v, vjp, sizes, self.variables)

    def vjp(
        self, u: Sequence[tf.Tensor], of: Players = None, wrt: Players = None
    ) -> list[tf.Tensor]:
        """The pullback v'ᵀu, from a new evaluation of what it takes and nothing else.

        With the blocks v'ᵢⱼ, player i's part of the field along player j's variables, the entry of
        a player j in `wrt` is Σᵢ v'ᵢⱼᵀuᵢ over the players i in `of`.

        Args:
            u: list of tensors of the variables' shapes and dtypes.
            of: players whose part of `u` counts; `None` is all.
            wrt: players whose variables the result is for; `None` is all.

        Returns:
            A list that matches `variables`, zeros for players that are not in `wrt`.

        Raises:
            TypeError: if `u` is no list of tensors.
            ValueError: if it does not match the variables, or `of` or `wrt` names no players.
        """
        u, sizes = check_vector("u", u, self.variables), [len(player) for player in self.players]
        of, wrt = (check_players(*x, len(sizes)) for x in (("of", of), ("wrt", wrt)))
        values = tf_variables(pick(self.variables, sizes, wrt))
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            _, v = self._weighted_field(of)
        self.contract.check_field(self, v)
        pulled = dense_gradient(tape, v, values, pick(u, sizes, of))
        return place(pulled, self.variables, sizes, wrt)

    def player_gradient(self, player: int) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        """All losses and one player's part of the field, vᵢ = -∇ᵢ lossᵢ; players count from 0."""
        number = len(self.players)
        if not isinstance(player, int) or isinstance(player, bool) or not 0 <= player < number:
            raise ValueError(
                f"`player` must be an integer from 0 to {number - 1}. Received: player={player!r}. "
                "Of a GAN, 0 is the generator."
            )
        return self._weighted_field([player])

    def jvp(
        self, u: Sequence[tf.Tensor], of: Players = None, wrt: Players = None
    ) -> list[tf.Tensor]:
        """The forward product v'u, a list that matches `variables`, by forward over reverse.

        Args:
            u: list of tensors of the variables' shapes and dtypes.
            of: players whose part of the product is wanted, zeros for others; `None` is all.
            wrt: players whose part of `u` counts; `None` is all.

        Raises:
            TypeError: if `u` is no list of tensors.
            ValueError: if it does not match the variables, or `of` or `wrt` names no players.
        """
        u, sizes = check_vector("u", u, self.variables), [len(player) for player in self.players]
        of, wrt = (check_players(*x, len(sizes)) for x in (("of", of), ("wrt", wrt)))
        values = tf_variables(pick(self.variables, sizes, wrt))
        with tf.autodiff.ForwardAccumulator(values, pick(u, sizes, wrt)) as forward:
            _, v = self._weighted_field(of)
        self.contract.check_field(self, v)
        product = forward.jvp(v, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return place(product, self.variables, sizes, of)

    def first(self, n: int) -> "Game":
        """The game on the first n examples of its batch, with the same players and weight.

        Tensors and arrays of the batch are cut along their first axis, scalars stay. Layers that
        draw random numbers draw those of these examples in the whole batch. On replicas, each
        one's own examples are cut. What layers keep moves as the step's first evaluation says, be
        it of the game or of this one.

        Args:
            n: an integer from 1 to the number of examples.

        Raises:
            ValueError: if it is not, or the batch holds no examples.

        Example:
            >>> x = tf.Variable(1.0)
            >>> losses = lambda data: [tf.reduce_mean((data - x) ** 2) / 2]
            >>> game = Game(losses, [[x]], [tf.range(4.0)])
            >>> float(game.first(2).linearize().v[0])  # the mean of 0 and 1, less x
            -0.5
        """
        return first_examples(self, n)

    def _weighted_field(self, wanted):
        def compute():
            with self.contract.watching(self):
                return self._field(wanted)

        losses, v = self.state.run(compute, self.variables, self.seeds, self.rows)
        if self.differentiates_samples:
            self.contract.check_losses(self, losses)
        else:
            self.contract.check_first_order(self, losses)
        if self.weight is None:
            return losses, v
        return vectors.scale(losses, self.weight), vectors.scale(v, self.weight)

    def retrace(self) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        """Losses and field, evaluated once more."""
        return self._weighted_field(range(len(self.players)))

    @property
    def differentiates_samples(self) -> bool:
        """Whether the losses hold derivatives, so that the field itself is a second one."""
        return False

    def couplings(self) -> list[str]:
        """Names of what makes an example's loss depend on the others of the batch in training.

        Like `stochastic` and `stateful` it finds the layers that the losses hold, at any depth.
        """
        return [layer.name for layer in layers.coupling(*self._roots())]

    def stochastic(self) -> list[str]:
        """Names of the layers that draw random numbers in training."""
        return [layer.name for layer in layers.stochastic(*self._roots())]

    def stateful(self) -> list[str]:
        """Names of the layers that assign variables in training."""
        return [layer.name for layer in layers.stateful(*self._roots())]

    def _roots(self):
        """What holds the layers."""
        return [self.losses]

    def _field(self, wanted):
        players = {i: tf_variables(self.players[i]) for i in wanted}
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(list(players.values()))
            losses = check_losses(self.losses(*self.batch), len(self.players))
        gradients = [dense_gradient(tape, losses[i], x) for i, x in players.items()]
        return losses, [-g for part in gradients for g in part]


def _block(of, wrt):
    """Arguments of a pullback; of a whole one none, so that any function of u will do for it."""
    return {key: players for key, players in (("of", of), ("wrt", wrt)) if players is not None}


def no_pullback(u, of=None, wrt=None):
    """The pullback of a linearization that has none."""
    del u, of, wrt
    raise RuntimeError(
        "The pullback v'ᵀu needs the second-order tape, and this linearization was made with "
        "second_order=False. Call `game.linearize()`."
    )


def _check_batch(batch):
    if not isinstance(batch, list | tuple):
        raise TypeError(
            "`batch` must be a tuple of the arguments of `losses`. Received: a "
            f"{type(batch).__name__}. For a single argument pass (batch,)."
        )


def _check_weight(weight):
    if weight is None or tf.is_tensor(weight):
        return
    number = isinstance(weight, numbers.Real) and not isinstance(weight, bool)
    if not number or not math.isfinite(weight) or weight < 0:
        raise ValueError(
            "`weight` must be a finite number of at least 0, or a scalar tensor. Received: "
            f"weight={weight!r}. None is 1."
        )


def _check_players(players):
    if not isinstance(players, list | tuple):
        raise TypeError(
            "`players` must be a list of one list of variables a player. Received: a "
            f"{type(players).__name__}. Write [[x], [y]]."
        )
    if not all(isinstance(player, list | tuple) for player in players):
        raise TypeError(
            "Each player is a list of variables. Received: players of types "
            f"{[type(player).__name__ for player in players]}. "
            "Write [[x], [y]], or [generator.trainable_variables, …] for Keras models."
        )
    players = [list(player) for player in players]
    if not players or not all(players):
        raise ValueError(
            "A game needs at least one player and every player at least one variable. "
            f"Received: players with {[len(p) for p in players]} variables. A Keras model has its "
            "variables only once it is built: call it on a batch first."
        )
    owner = {}
    for index, player in enumerate(players):
        for x in player:
            if not isinstance(x, keras.Variable | tf.Variable):
                raise TypeError(
                    "A player is a list of keras.Variable or tf.Variable. "
                    f"Received: {type(x).__name__} in player {index}. "
                    "Wrap constants in tf.Variable."
                )
            if not tf.as_dtype(x.dtype).is_floating:
                raise TypeError(
                    "A player moves along its gradient, so its variables must be of floating type. "
                    f"Received: variable '{x.name}' of dtype {tf.as_dtype(x.dtype).name} in player "
                    f"{index}. Make it of float32, or hand it over in `batch`."
                )
            # By the tf.Variable underneath, which may be listed beside its keras.Variable. It is
            # kept alive with its id: under autocasting `value` is a new tensor each time.
            (value,) = tf_variables([x])
            if id(value) in owner:
                raise ValueError(
                    "The players' variables must be disjoint, each listed once. Received: "
                    f"variable '{x.name}' in player {owner[id(value)][0]} and in player {index}. "
                    "Give every player its own variables."
                )
            owner[id(value)] = index, value
    return players


def check_losses(losses, number):
    """The losses as tensors.

    Raises:
        TypeError: if they are not one a player.
        ValueError: if one is not a floating-point scalar, or, when executing eagerly, not finite.
    """
    if not isinstance(losses, list | tuple) or len(losses) != number:
        got = f"{len(losses)} losses" if isinstance(losses, list | tuple) else type(losses).__name__
        raise TypeError(
            f"`losses` must return a list or tuple of one scalar a player, here {number}. "
            f"Received: {got}. For a single player return a tuple of one."
        )
    for index, loss in enumerate(losses):
        if loss is None:
            raise TypeError(
                f"Each loss must be a scalar. Received: None for loss {index}. Return its value."
            )
    losses = [tf.convert_to_tensor(loss) for loss in losses]
    for index, loss in enumerate(losses):
        if loss.shape.rank != 0 or not loss.dtype.is_floating:
            raise ValueError(
                "Each loss must be a floating-point scalar, a tensor of rank 0. Received: loss "
                f"{index} of shape {loss.shape} and dtype {loss.dtype.name}. "
                "Reduce it over the batch, e.g. with tf.reduce_mean."
            )
        if tf.executing_eagerly() and not bool(tf.math.is_finite(loss)):
            raise ValueError(
                f"Each loss must be finite. Received: loss {index} = {float(loss)}. "
                "The run has diverged: lower the learning rate, or check the batch for NaN."
            )
    return losses
