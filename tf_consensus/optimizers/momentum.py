"""Heavy-ball momentum, positive or negative, with simultaneous updates."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.directions import assign, values_of, variables_of
from tf_consensus.optimizers.game_optimizer import GameOptimizer
from tf_consensus.optimizers.inner import InnerOptimizers, Rates
from tf_consensus.support.checks import check_number


@keras.saving.register_keras_serializable("tf_consensus")
class MomentumOptimizer(GameOptimizer):
    """Simultaneous gradient ascent with heavy-ball momentum, which may be negative.

    It is the lecture's equation 11:

        x_{t+1} = x_t + h v(x_t) + β (x_t - x_{t-1}),    x_{-1} = x_0

    The inner optimizer takes the step along v; the term in β is added here, so any inner optimizer
    will do and none needs momentum of its own. The first step has no past: it is a plain one.

    On a bilinear game it diverges for every β and every h; there, alternating updates with a
    negative β converge (`AlternatingMomentumOptimizer`). Where the eigenvalues of v' have a large
    imaginary part and a negative real part, a negative β allows larger steps
    (`theory.heavy_ball_max_step_size`).

    Args:
        momentum: β, a number in (-1, 1); 0 is exactly simultaneous gradient ascent.

    Raises:
        ValueError: if `momentum` is not a number strictly between -1 and 1.

    Example:
        >>> optimizer = MomentumOptimizer("sgd", learning_rate=0.01, momentum=-0.5)

    Reference:
        IFT 6085, lecture 14 (2019), section 4; Gidel et al., Negative Momentum for Improved Game
        Dynamics, 2019.
    """

    def __init__(
        self,
        inner_optimizer: InnerOptimizers = "rmsprop",
        learning_rate: Rates = None,
        momentum: float = -0.5,
        name: str | None = None,
        *,
        microbatches: int = 1,
        allow_cut: bool | Sequence[str] = False,
    ) -> None:
        super().__init__(
            inner_optimizer,
            learning_rate,
            name=name,
            microbatches=microbatches,
            allow_cut=allow_cut,
        )
        self.momentum = check_momentum(momentum)

    def make_state(self) -> None:
        """The last displacements."""
        super().make_state()
        self._displacements = self.add_memory("displacement")

    def direction(self, linearization: Linearization) -> list[tf.Tensor]:
        """The field v itself."""
        return linearization.v

    def move(self, linearization: Linearization) -> None:
        """A step along the field, and β times the last displacement."""
        variables = variables_of(linearization)
        displacements = self.memory_of(self._displacements, variables)
        move = super().move
        heavy_ball(self.momentum, displacements, variables, lambda: move(linearization))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "momentum": self.momentum}


def heavy_ball(
    momentum: float,
    displacements: Sequence[keras.Variable],
    variables: Sequence[Any],
    move: Callable[[], None],
) -> None:
    """Lets `move` change the variables, adds β times their last displacements, keeps the new ones.

    Args:
        momentum: β.
        displacements: one variable for each of `variables`: x_t - x_{t-1}, updated.
        variables: x, updated.
        move: function without arguments that takes a step by directions known beforehand.
    """
    start = values_of(variables)
    # The term in β comes first, so that the inner optimizer's constraints and averages see the end.
    for x, d in zip(variables, displacements, strict=True):
        x.assign_add(momentum * d)
    move()
    ends = values_of(variables)
    assign(displacements, [end - x for end, x in zip(ends, start, strict=True)])


def check_momentum(momentum: Any) -> float:
    """The momentum β as a float, checked to lie in (-1, 1)."""
    return check_number(
        "momentum",
        momentum,
        "a number strictly between -1 and 1",
        lambda beta: -1 < beta < 1,
        "Outside this range it converges on no game; Gidel et al. use -0.5.",
    )
