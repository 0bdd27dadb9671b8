"""A smooth game, its gradient vector field v and the derivative v' of that field."""

from collections.abc import Sequence

import tensorflow as tf

from tf_consensus.games.autodiff import dense_gradient, tf_variables
from tf_consensus.games.blocks import Players, check_block, pick, place
from tf_consensus.games.description import describe_game
from tf_consensus.games.field import GradientField
from tf_consensus.games.linearization import Linearization, no_pullback
from tf_consensus.games.sub_batch import Count, first_examples, later_examples
from tf_consensus.games.vector_checks import check_vector


class Game(GradientField):
    """A differentiable game: n players, each with its own loss and its own variables.

    With x = (x₁ … xₙ) the parameters of all players, the gradient vector field (eq. 5, written
    with losses, utility = -loss) is

        v(x) = (-∇₁ loss₁(x), …, -∇ₙ lossₙ(x)).

    Its derivative v'(x) is in general not symmetric. A stationary point of v is stable under small
    gradient steps if all eigenvalues of v' there have negative real part.

    Args:
        losses: function; `losses(*batch)` returns one scalar per player. It must be a
            deterministic function of the variables and the batch, since an optimizer evaluates it
            as often as it needs: draw latents and noise beforehand and pass them in `batch`.
        players: one non-empty list of variables (`keras.Variable` or `tf.Variable`) per player;
            no variable may belong to two players. For a GAN: generator first, discriminator second.
        batch: positional arguments of `losses`.
        weight: factor on all losses, such as a replica's share of the examples; `None` is 1.
        seeds: the seeds of the layers' random numbers, a function from 0, 1, 2 … to an integer
            tensor (2,), such as `support.random.layer_seeds` makes; `None` keeps the layers' own.
        rows: which of the whole batch's examples the batch holds; `None` is all.
        allow_cut: the operations that may lie between the variables and the field though no
            derivative goes through them, such as a deliberate `tf.stop_gradient`. Name the
            operations, or the layers and scopes that hold them, as the error does; `True` allows
            everything. Where anything else cuts the field's derivative, evaluating it raises.
        jit_compile: whether an optimizer's step runs every evaluation as an XLA program of its own
            (`CompiledGame`), which replicas need: they exchange fields between the evaluations.

    Keras layers in the losses may draw random numbers and keep state. Every evaluation reads that
    state as it is and leaves it alone; an optimizer's step moves it once (`one_step`).

    Raises:
        TypeError: if `losses` is not callable, a player is not a list of variables, a variable is
            not of floating type, or the batch is not a list.
        ValueError: if there is no player, a player has no variables, or players share one, or the
            weight is not a finite number of at least 0. When linearized, if the field's derivative
            is cut.

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

    def __repr__(self) -> str:
        return describe_game(self)

    def linearize(self, second_order: bool = True) -> Linearization:
        """Evaluates the losses, the field v and the pullback u ↦ v'ᵀu at the current variables.

        Args:
            second_order: `False` leaves out what the pullback needs, which saves memory and time
                when executing eagerly; `vjp` then raises.

        Returns:
            A `Linearization`. A variable that a loss does not reach has a zero entry in v, and
            zero entries in every pullback.

        Raises:
            TypeError: if the losses are not one per player.
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

        def vjp(u: Sequence[tf.Tensor], of: Players = None, wrt: Players = None) -> list[tf.Tensor]:
            rows, columns = _checked_blocks(of, wrt, len(sizes))
            u, field = (pick(x, sizes, rows) for x in (check_vector("u", u, v), v))
            pulled = dense_gradient(tape, field, pick(values, sizes, columns), u)
            return place(pulled, v, sizes, columns)

        return Linearization(losses, v, vjp, sizes, self.variables)

    def vjp(
        self, u: Sequence[tf.Tensor], of: Players = None, wrt: Players = None
    ) -> list[tf.Tensor]:
        """The pullback v'ᵀu, from a new evaluation of only what it needs.

        With the blocks v'ᵢⱼ, player i's part of the field along player j's variables, the entry of
        a player j in `wrt` is Σᵢ v'ᵢⱼᵀuᵢ over the players i in `of`.

        Args:
            u: list of tensors of the variables' shapes and dtypes.
            of: players whose part of `u` counts; `None` is all.
            wrt: players whose variables the result is for; `None` is all.

        Returns:
            A list that matches `variables`, zeros for players that are not in `wrt`.

        Raises:
            TypeError: if `u` is not a list of tensors.
            ValueError: if it does not match the variables, or `of` or `wrt` names no players.
        """
        u, sizes = check_vector("u", u, self.variables), [len(player) for player in self.players]
        rows, columns = _checked_blocks(of, wrt, len(sizes))
        values = tf_variables(pick(self.variables, sizes, columns))
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            _, v = self._weighted_field(rows)
        self.contract.check_field(self, v)
        pulled = dense_gradient(tape, v, values, pick(u, sizes, rows))
        return place(pulled, self.variables, sizes, columns)

    def player_gradient(self, player: int) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        """All losses and one player's part of the field, vᵢ = -∇ᵢ lossᵢ.

        Args:
            player: the player's number, counted from 0.

        Returns:
            The losses, one scalar per player, and one tensor per variable of this player.

        Raises:
            ValueError: if there is no such player.
        """
        number = len(self.players)
        if not isinstance(player, int) or isinstance(player, bool) or not 0 <= player < number:
            raise ValueError(
                f"`player` must be an integer from 0 to {number - 1}. Received: player={player!r}. "
                "In a GAN, 0 is the generator."
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
            TypeError: if `u` is not a list of tensors.
            ValueError: if it does not match the variables, or `of` or `wrt` names no players.
        """
        u, sizes = check_vector("u", u, self.variables), [len(player) for player in self.players]
        rows, columns = _checked_blocks(of, wrt, len(sizes))
        values = tf_variables(pick(self.variables, sizes, columns))
        with tf.autodiff.ForwardAccumulator(values, pick(u, sizes, columns)) as forward:
            _, v = self._weighted_field(rows)
        self.contract.check_field(self, v)
        product = forward.jvp(v, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return place(product, self.variables, sizes, rows)

    def first(self, n: Count) -> "Game":
        """The game on the first n examples of its batch, with the same players and weight.

        Tensors and arrays of the batch are cut along their first axis, scalars stay. Layers draw
        the random numbers that these examples get in the whole batch. On replicas, each replica's
        own examples are cut. The layers' state moves as the step's first evaluation says, whether
        that is one of the whole game or of this one.

        Args:
            n: an integer from 1 to the number of examples, or a scalar integer tensor.

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

    def rest(self, n: Count) -> "Game":
        """The game on all examples of its batch but the first n; otherwise as `first`.

        Args:
            n: an integer from 1 to the number of examples less 1, or a scalar integer tensor.

        Raises:
            ValueError: if it is not, or the batch holds no examples.
        """
        return later_examples(self, n)


def _checked_blocks(of: Players, wrt: Players, number: int) -> tuple[list[int], list[int]]:
    """The rows and the columns of v' that `of` and `wrt` name, as players' numbers."""
    return check_block("of", of, number), check_block("wrt", wrt, number)
