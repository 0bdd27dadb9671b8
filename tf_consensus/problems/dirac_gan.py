"""The Dirac-GAN: the smallest GAN on which training methods differ."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from tf_consensus.problems.dirac_equations import (
    LINEAR,
    LOGISTIC,
    MIRRORED,
    Consensus,
    Direct,
    InstanceNoise,
    one_centred,
    zero_centred,
)
from tf_consensus.problems.problem import Problem, check_parameters
from tf_consensus.support.checks import check_float, nearest

# Each variant's options, with the values of the paper's figure, and its equations.
_VARIANTS: dict[str, tuple[dict[str, float], Callable[..., Direct | InstanceNoise]]] = {
    "gan": ({}, lambda: Direct(LOGISTIC, LOGISTIC)),
    "nsgan": ({}, lambda: Direct(MIRRORED, LOGISTIC)),
    # The clip is a constraint of the variable, not part of the losses.
    "wgan": ({"clip": 1.0}, lambda clip: Direct(LINEAR, LINEAR)),
    "wgan_gp": (
        {"gamma": 0.7, "target": 1.0},
        lambda gamma, target: Direct(LINEAR, LINEAR, one_centred(gamma, target)),
    ),
    "instance_noise": ({"stddev": 0.7}, InstanceNoise),
    "gradient_penalty": (
        {"gamma": 0.3},
        lambda gamma: Direct(LOGISTIC, LOGISTIC, zero_centred(gamma)),
    ),
    "consensus": ({"gamma": 1.0}, Consensus),
    "nsgan_gradient_penalty": (
        {"gamma": 0.3},
        lambda gamma: Direct(MIRRORED, LOGISTIC, zero_centred(gamma)),
    ),
}


class DiracGAN(Problem):
    """The Dirac-GAN: data δ₀, a generator that places one point θ, a discriminator D(x) = ψx.

    With f(t) = -log(1 + e⁻ᵗ) the discriminator ascends L(θ, ψ) = f(θψ) + f(0) and the generator
    descends it. The fields by variant (poster, "The Dirac GAN"):

        gan                     v = (-ψ f'(θψ),  θ f'(θψ))
        nsgan                   v = (-ψ f'(-θψ), θ f'(θψ))
        wgan                    v = (-ψ, θ), and ψ ← clip(ψ, ±c) after each update
        wgan_gp                 v = (-ψ, θ - γ sign(ψ) (|ψ| - g)): penalty γ/2 (|ψ| - g)²
        instance_noise          gan with N(0, s²) added to both samples, in expectation
        gradient_penalty        v = (-ψ f'(θψ),  θ f'(θψ) - γψ): penalty γ/2 ψ²
        consensus               w = v - γ v'ᵀv of gan
        nsgan_gradient_penalty  nsgan with the penalty γ/2 ψ²

    At the equilibrium (0, 0) the eigenvalues are ±i/2 for gan and nsgan, and
    -γ/2 ± sqrt(γ²/4 - ¼) with the gradient penalty, so γ = 1 is critical.

    A variant's `game` is the plain game of its losses. For "consensus" that is the game of
    "gan", since the optimizer adds γ; only `vector_field` and `jacobian` are those of w. For
    "wgan" the clip is a constraint of the variable ψ, which every Keras optimizer applies after
    each update, and every optimizer of this package steps through one; `vector_field` is the field
    before the clip. For "wgan_gp" the field jumps at ψ = 0: there it and autodiff take the mean of
    both sides, (-ψ, θ), and `jacobian` raises unless the target is 0.

    Args:
        variant: one of the names above.
        gamma: weight γ ≥ 0 of the penalty or of consensus; `None` is the paper's 0.7 for wgan_gp,
            0.3 for the gradient penalties and 1 for consensus.
        target: g ≥ 0, the gradient norm that wgan_gp prefers; `None` is 1.
        stddev: s ≥ 0 of the instance noise; `None` is 0.7.
        clip: bound c > 0 on |ψ| in wgan; `None` is 1.

    Raises:
        ValueError: if the variant is unknown, or an option is out of range or not the variant's.

    Example:
        >>> problem = DiracGAN("gradient_penalty", gamma=1.0)
        >>> game = problem.game(1.0, 1.0)
        >>> problem.jacobian(0.0, 0.0)[1].tolist()
        [0.5, -1.0]

    Reference:
        Mescheder, Geiger, Nowozin, Which Training Methods for GANs do actually Converge?, 2018.
    """

    shapes = ((), ())

    def __init__(
        self,
        variant: str = "gan",
        gamma: float | None = None,
        target: float | None = None,
        stddev: float | None = None,
        clip: float | None = None,
    ) -> None:
        given = {"gamma": gamma, "target": target, "stddev": stddev, "clip": clip}
        self.variant = variant
        self.options = _check_options(variant, given)
        self.equilibrium = (np.zeros(()), np.zeros(()))
        self._equations = _VARIANTS[variant][1](**self.options)
        if variant == "wgan":
            self.constraints = (None, self._clip)

    def losses(self, theta: tf.Tensor, psi: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The losses of the generator and the discriminator."""
        return self._equations.losses(theta, psi)

    def vector_field(self, theta: ArrayLike, psi: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """The field at one or many points.

        Args:
            theta: number or array of positions θ.
            psi: number or array of slopes ψ; the two broadcast.

        Returns:
            The parts for θ and for ψ, float64 arrays of the broadcast shape.
        """
        return self._equations.field(*_points(theta, psi))

    def jacobian(self, theta: ArrayLike, psi: ArrayLike) -> np.ndarray:
        """The derivative of `vector_field`, an array of shape (…, 2, 2).

        Raises:
            ValueError: for wgan_gp with a target at ψ = 0, where the field jumps.
        """
        theta, psi = _points(theta, psi)
        if self.options.get("target") and np.any(psi == 0):
            raise ValueError(
                "The field of wgan_gp jumps at psi = 0 and has no derivative there. Received: "
                f"psi={psi.tolist()}, target={self.options['target']}. "
                "Evaluate it away from 0, or set target=0."
            )
        rows = self._equations.derivative(theta, psi)
        return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)

    def _clip(self, psi):
        bound = tf.cast(self.options["clip"], psi.dtype)
        return tf.clip_by_value(tf.convert_to_tensor(psi), -bound, bound)


def _check_options(variant, given):
    if not isinstance(variant, str) or variant not in _VARIANTS:
        raise ValueError(
            f"Unknown variant of the Dirac-GAN. Received: variant={variant!r}. "
            f"{nearest(variant, _VARIANTS)}Use one of {sorted(_VARIANTS)}."
        )
    allowed = _VARIANTS[variant][0]
    given = {key: value for key, value in given.items() if value is not None}
    foreign = {key: value for key, value in given.items() if key not in allowed}
    if foreign:
        raise ValueError(
            f"The variant '{variant}' takes {sorted(allowed) or 'no options'}. "
            f"Received: {', '.join(f'{k}={v!r}' for k, v in foreign.items())}. "
            "Leave that out, or choose the variant it belongs to."
        )
    return {
        key: check_float(key, given.get(key, default), zero=key != "clip")
        for key, default in allowed.items()
    }


def _points(theta, psi):
    theta, psi = check_parameters("theta", theta), check_parameters("psi", psi)
    try:
        return np.broadcast_arrays(theta, psi)
    except ValueError as error:
        raise ValueError(
            "`theta` and `psi` must broadcast. Received: theta of shape "
            f"{theta.shape}, psi of shape {psi.shape}. Pass one of each per point."
        ) from error
