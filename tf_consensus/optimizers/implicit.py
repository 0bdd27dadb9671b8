"""The implicit Euler step, solved approximately."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games import vectors
from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.conjugate_residuals import conjugate_residuals
from tf_consensus.optimizers.game_optimizer import GameOptimizer
from tf_consensus.optimizers.inner import InnerOptimizers, Rates
from tf_consensus.optimizers.step_sizes import check_step_size, rescaled
from tf_consensus.support.checks import check_count, check_number, nearest

_SOLVERS = ("conjugate_residuals", "fixed_point")


@keras.saving.register_keras_serializable("tf_consensus")
class ImplicitOptimizer(GameOptimizer):
    """The linearly implicit Euler step, by k products with v'.

        w ≈ (I - hv')⁻¹ v

    The implicit step x_{t+1} = x_t + h v(x_{t+1}) takes the field where it ends; w is that field to
    first order, and exactly if v is linear. k products solve the system approximately, with

        "conjugate_residuals":  the w in the span of v, v'v … v'ᵏ⁻¹v with the smallest
                                ‖v - (I - hv')w‖, as GMRES finds it
        "fixed_point":          w ← (1 - ρ) w + ρ (v + h v'w),  k times from w = v

    One round of the fixed point with ρ = 1 is w = v + h v'v, to first order the extragradient
    method. It approaches the solution where all eigenvalues μ of v' have |1 - ρ + ρhμ| < 1; on a
    bilinear game, for ρ < 2/(1 + h²σ²). On a bilinear game the exact step converges for every
    h > 0.

    If each player has its own rate, h is the diagonal matrix of these rates: (I - v'h) w = v.

    Args:
        step_size: h > 0; `None` for the inner optimizer's learning rate, which is right for plain
            gradient steps. Give a number where the inner optimizer rescales its steps.
        products: k ≥ 1, the number of products with v'.
        solver: "conjugate_residuals" or "fixed_point".
        relaxation: ρ in (0, 1], for the fixed point only.

    Raises:
        ValueError: if `step_size` is not a positive number, `products` not a positive integer,
            `solver` unknown, or `relaxation` not in (0, 1] or given to the other solver.

    Example:
        >>> optimizer = ImplicitOptimizer("sgd", learning_rate=0.1, products=3)

    Reference:
        Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017, section 6, for the implicit step;
        Eisenstat, Elman, Schultz, Variational Iterative Methods for Nonsymmetric Systems of Linear
        Equations, 1983, for the solver.
    """

    second_order = True

    def __init__(
        self,
        inner_optimizer: InnerOptimizers = "sgd",
        learning_rate: Rates = None,
        step_size: float | None = None,
        products: int = 3,
        solver: str = "conjugate_residuals",
        relaxation: float = 1.0,
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
        self.step_size = check_step_size(step_size)
        self.products = check_count("products", products, "For example 3.")
        self.solver = _check_solver(solver)
        self.relaxation = _check_relaxation(relaxation, solver)

    def direction(self, linearization: Linearization) -> list[tf.Tensor]:
        """The field w of the step, the same on all replicas."""
        rates = self.learning_rates if self.step_size is None else (self.step_size,)
        v = [tf.stop_gradient(t) for t in vectors.replica_mean(linearization.v)]

        def moved(p: Sequence[tf.Tensor]) -> list[tf.Tensor]:
            h_p = rescaled(linearization, p, rates)
            return vectors.replica_mean(linearization.jvp(h_p))

        if self.solver == "conjugate_residuals":
            return conjugate_residuals(
                lambda p: vectors.add_scaled(p, -1.0, moved(p)), v, self.products
            )
        w = v
        for _ in range(self.products):
            ahead = vectors.scale(vectors.add_scaled(v, 1.0, moved(w)), self.relaxation)
            w = vectors.add_scaled(ahead, 1.0 - self.relaxation, w)
        return w

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "step_size": self.step_size,
            "products": self.products,
            "solver": self.solver,
            "relaxation": self.relaxation,
        }


def _check_solver(solver: Any) -> str:
    if solver not in _SOLVERS:
        raise ValueError(
            f"`solver` must be one of {list(_SOLVERS)}. Received: solver={solver!r}. "
            f"{nearest(solver, _SOLVERS)}The first needs the fewest products."
        )
    return solver


def _check_relaxation(relaxation: Any, solver: str) -> float:
    rule, hint = "a number above 0 and at most 1", "1 is the plain fixed point."
    relaxation = check_number("relaxation", relaxation, rule, lambda x: 0 < x <= 1, hint)
    if relaxation != 1.0 and solver != "fixed_point":
        raise ValueError(
            f"`relaxation` belongs to solver='fixed_point'. Received: relaxation={relaxation} with "
            f"solver={solver!r}. Leave it out, or take the fixed point."
        )
    return relaxation
