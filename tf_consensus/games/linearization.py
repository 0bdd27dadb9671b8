"""A game at one point: its losses, its field v and the products with v'."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import tensorflow as tf

from tf_consensus.games.autodiff import dense_gradient
from tf_consensus.games.blocks import Players
from tf_consensus.games.description import describe_linearization
from tf_consensus.games.vector_checks import check_vector
from tf_consensus.support.checks import check_int

if TYPE_CHECKING:
    from tf_consensus.games.microbatches import MicrobatchedGame


class Linearization(NamedTuple):
    """A game's losses and vector field at one point, with the pullback of the field.

    Attributes:
        losses: one scalar per player.
        v: the gradient vector field, v = (-∇ᵢ lossᵢ), a list that matches the game's variables.
        vjp: `vjp(u)` is the pullback v'ᵀu of a list `u` that matches `v`, itself such a list. If a
            game made it, `vjp(u, of=…, wrt=…)` is the pullback of some players' part of the
            field along some players' variables: `of` are the players whose part of `u` counts,
            `wrt` those whose variables the result is for, each a player's number, a list of them,
            or `None` for all. The result is zero elsewhere, and the rest is not differentiated.
        player_sizes: how many of the variables belong to each player, or `None` where a list of
            gradients was handed over without a game.
        variables: the variables that `v` is the field of, in the same order; `None` where they are
            not known.
        split: the `MicrobatchedGame` over whose parts it is the mean; `None` for a batch that was
            evaluated at once.
        rest: the field of the examples that the pullback leaves out (`linearize_partly`); `None`
            where it goes through all examples.
    """

    losses: list[tf.Tensor]
    v: list[tf.Tensor]
    vjp: Callable[..., list[tf.Tensor]]
    player_sizes: list[int] | None
    variables: list[Any] | None = None
    split: "MicrobatchedGame | None" = None
    rest: list[tf.Tensor] | None = None

    @property
    def parts(self) -> int:
        """The number of parts in which the batch was evaluated."""
        return 1 if self.split is None else self.split.parts

    def __repr__(self) -> str:
        return describe_linearization(self)

    def jvp(
        self, u: Sequence[tf.Tensor], of: Players = None, wrt: Players = None
    ) -> list[tf.Tensor]:
        """The forward product v'u, from the pullback alone: z ↦ v'ᵀz pulled back along u.

        Unlike `Game.jvp` it evaluates nothing again, and needs no game. For a batch in parts it is
        another pass over the parts, so that no part's tensors are kept.

        Args:
            u: list of tensors that match `v`.
            of: players whose part of the product is wanted; `None` is all.
            wrt: players whose part of `u` counts; `None` is all.

        Returns:
            A list that matches `v`, zeros where nothing is connected or wanted.

        Raises:
            TypeError: if `u` is not a list of tensors.
            ValueError: if it does not match `v`, or `of` or `wrt` names no players.
        """
        u = check_vector("u", u, self.v)
        if self.split is not None:
            return self.split.jvp(u, of=of, wrt=wrt)
        z = [tf.zeros_like(t) for t in self.v]  # any z does: the pullback is linear
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(z)
            pulled = self.vjp(z, **_block(of, wrt))
        return dense_gradient(tape, pulled, z, u)

    def cross_vjp(
        self,
        select: Callable[[Sequence[tf.Tensor]], list[tf.Tensor]],
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
            TypeError: if `u` is not a list of tensors.
            ValueError: if it does not match `v`, or G is not an integer of at least 2.
        """
        groups = check_int("groups", groups, minimum=2)
        u = check_vector("u", u, self.v)
        if self.split is not None:  # each part is a group
            return self.split.evaluate(
                lambda part: part.linearize().cross_vjp(select, u, groups, of=of, wrt=wrt)
            )
        pairs = zip(u, select(self.v), strict=True)
        others = [tf.stop_gradient((groups * a - b) / (groups - 1)) for a, b in pairs]
        return self.vjp(others, **_block(of, wrt))

    def by_player(self, u: Sequence[tf.Tensor]) -> list[list[tf.Tensor]]:
        """Cuts a list that matches `v` into one list per player.

        Args:
            u: list of tensors, one per variable.

        Returns:
            For each player the tensors of its variables.

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
                "A list that is cut into the players' parts has one tensor per variable, "
                f"{sum(self.player_sizes)} here. Received: {got}. Pass one such as `v`."
            )
        parts, start = [], 0
        for size in self.player_sizes:
            parts.append(list(u[start : start + size]))
            start += size
        return parts


def _block(of: Players, wrt: Players) -> dict[str, Players]:
    """Arguments of a pullback; none for the whole one, so that any function of u will do."""
    return {key: players for key, players in (("of", of), ("wrt", wrt)) if players is not None}


def no_pullback(u: Sequence[tf.Tensor], **block: Players) -> NoReturn:
    """The pullback of a linearization that has none; raises `RuntimeError`."""
    del u, block
    raise RuntimeError(
        "The pullback v'ᵀu needs the second-order tape, and this linearization was made with "
        "second_order=False. Call `game.linearize()`."
    )
