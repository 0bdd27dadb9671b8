"""The equations of the Dirac-GAN's variants: losses, field and Jacobian.

Notation: t = θψ is the discriminator's logit on the generated sample θ, and f(t) = -log(1 + e⁻ᵗ),
so f'(t) = σ(-t), f'' = -σ(t) σ(-t), f''' = f''(t) (σ(-t) - σ(t)) with the logistic σ; f'(0) = ½.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
import scipy
import tensorflow as tf
from numpy.polynomial.hermite_e import hermegauss

Parts: TypeAlias = tuple[np.ndarray, np.ndarray]  # the numbers of θ and of ψ


def f1(t: np.ndarray) -> np.ndarray:
    """First derivative f'(t) of f(t) = -log(1 + e⁻ᵗ)."""
    return scipy.special.expit(-t)


def f2(t: np.ndarray) -> np.ndarray:
    """Second derivative f''(t)."""
    return -scipy.special.expit(t) * scipy.special.expit(-t)


def f3(t: np.ndarray) -> np.ndarray:
    """Third derivative f'''(t)."""
    return f2(t) * (scipy.special.expit(-t) - scipy.special.expit(t))


class Scalar(NamedTuple):
    """A function of one number: in TensorFlow, and its two derivatives in NumPy."""

    value: Callable
    first: Callable
    second: Callable


LOGISTIC = Scalar(tf.math.log_sigmoid, f1, f2)
MIRRORED = Scalar(lambda t: -tf.math.log_sigmoid(-t), lambda t: f1(-t), lambda t: -f2(-t))
LINEAR = Scalar(lambda t: t, np.ones_like, np.zeros_like)
NO_PENALTY = Scalar(tf.zeros_like, np.zeros_like, np.zeros_like)


def zero_centred(gamma: float) -> Scalar:
    """The gradient penalty γ/2 ψ², R1 and R2 alike since ∇D = ψ everywhere."""
    return Scalar(
        lambda psi: gamma / 2 * psi**2, lambda psi: gamma * psi, lambda psi: gamma + 0 * psi
    )


def one_centred(gamma: float, target: float) -> Scalar:
    """The poster's WGAN-GP penalty γ/2 (|ψ| - g)², multiplied out to be smooth but for |ψ|.

    At ψ = 0 its slope is taken as 0, the mean of both sides (TensorFlow's derivative of |ψ|).
    """
    return Scalar(
        lambda psi: gamma / 2 * (psi**2 - 2 * target * tf.abs(psi) + target**2),
        lambda psi: gamma * (psi - target * np.sign(psi)),
        lambda psi: gamma + 0 * psi,
    )


class Direct:
    """Losses (g(t), -d(t) + p(ψ)) of scalar functions g, d and a penalty p.

    v = (-ψ g'(t),  θ d'(t) - p'(ψ)).
    """

    def __init__(
        self, generator: Scalar, discriminator: Scalar, penalty: Scalar = NO_PENALTY
    ) -> None:
        self.generator, self.discriminator, self.penalty = generator, discriminator, penalty

    def losses(self, theta: tf.Tensor, psi: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The losses, up to the constant f(0)."""
        t = theta * psi
        return self.generator.value(t), self.penalty.value(psi) - self.discriminator.value(t)

    def field(self, theta: np.ndarray, psi: np.ndarray) -> Parts:
        """The two parts of v."""
        t = theta * psi
        return (
            -psi * self.generator.first(t),
            theta * self.discriminator.first(t) - self.penalty.first(psi),
        )

    def derivative(self, theta: np.ndarray, psi: np.ndarray) -> tuple[Parts, Parts]:
        """The rows of v'."""
        t, g, d = theta * psi, self.generator, self.discriminator
        return (
            (-(psi**2) * g.second(t), -g.first(t) - t * g.second(t)),
            (
                d.first(t) + t * d.second(t),
                theta**2 * d.second(t) - self.penalty.second(psi),
            ),
        )


class Consensus(Direct):
    """Plain losses, and the field w = v - γ v'ᵀv = v - γ ∇L of consensus optimization.

    L = ½ ‖v‖² = ½ r² f'², r² = θ² + ψ², so with f', f'' taken at t

        ∇L = f'² (θ, ψ) + r² f' f'' (ψ, θ).
    """

    def __init__(self, gamma: float) -> None:
        super().__init__(LOGISTIC, LOGISTIC)
        self.gamma = gamma

    def field(self, theta: np.ndarray, psi: np.ndarray) -> Parts:
        """The two parts of w."""
        t, r2 = theta * psi, theta**2 + psi**2
        v_theta, v_psi = super().field(theta, psi)
        slope, mixed = f1(t) ** 2, r2 * f1(t) * f2(t)
        return (
            v_theta - self.gamma * (theta * slope + psi * mixed),
            v_psi - self.gamma * (psi * slope + theta * mixed),
        )

    def derivative(self, theta: np.ndarray, psi: np.ndarray) -> tuple[Parts, Parts]:
        """The rows of w' = v' - γ ∇²L."""
        t, r2 = theta * psi, theta**2 + psi**2
        p, q = f1(t) * f2(t), f2(t) ** 2 + f1(t) * f3(t)
        own = f1(t) ** 2 + 4 * t * p
        cross = 3 * r2 * p + r2 * t * q
        (a, b), (c, d) = super().derivative(theta, psi)
        return (
            (a - self.gamma * (own + r2 * psi**2 * q), b - self.gamma * cross),
            (c - self.gamma * cross, d - self.gamma * (own + r2 * theta**2 * q)),
        )


class InstanceNoise:
    """Both samples blurred by ε ~ N(0, s²): L = E f(ψ(θ + ε)) + E f(-ψε).

        v = (-E ψ f'(ψ(θ + ε)),  E (θ + ε) f'(ψ(θ + ε)) - E ε f'(-ψε))

    The expectations are Gauss-Hermite sums, so that nothing is random and the losses, the field
    and the Jacobian are exact derivatives of one another.
    """

    # Within 1e-11 of the integral for |ψ|·s ≤ 1.4, the square [-2, 2]² at the paper's s = 0.7.
    NODES = 128

    def __init__(self, stddev: float) -> None:
        nodes, weights = hermegauss(self.NODES)
        self.noise, self.weights = stddev * nodes, weights / weights.sum()

    def losses(self, theta: tf.Tensor, psi: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The losses (L, -L)."""
        noise, weights = tf.cast(self.noise, theta.dtype), tf.cast(self.weights, theta.dtype)
        terms = tf.math.log_sigmoid(psi * (theta + noise)) + tf.math.log_sigmoid(-psi * noise)
        loss = tf.reduce_sum(weights * terms)
        return loss, -loss

    def field(self, theta: np.ndarray, psi: np.ndarray) -> Parts:
        """The two parts of v."""
        fake, real = theta[..., None] + self.noise, self.noise
        psi = psi[..., None]
        slope = f1(psi * fake)
        return -(psi * slope) @ self.weights, (fake * slope - real * f1(-psi * real)) @ self.weights

    def derivative(self, theta: np.ndarray, psi: np.ndarray) -> tuple[Parts, Parts]:
        """The rows of v'."""
        fake, real = theta[..., None] + self.noise, self.noise
        psi = psi[..., None]
        slope, curvature = f1(psi * fake), f2(psi * fake)
        mixed = (slope + psi * fake * curvature) @ self.weights
        own = (fake**2 * curvature + real**2 * f2(-psi * real)) @ self.weights
        return (-(psi**2 * curvature) @ self.weights, -mixed), (mixed, own)
