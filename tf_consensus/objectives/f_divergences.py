"""f-GAN objectives: f-divergences, written with the convex conjugate of f; notation: `base`.

D_f(p, q) = ∫ q f(p/q) = sup_T E_p T - E_q f*(T), with a discriminator T = g(t) of the logits t. The
activation g maps all logits into the domain of f*. The best logits solve g(t) = f'(p/q). A
loss that is exponential in the logits overflows in float32 beyond the bounds in its docstring; its
gradients with respect to float16 logits overflow beyond ±11.

The f-GAN rows "GAN" and "Jensen-Shannon" are `JensenShannon`, "total variation" is
`TotalVariation`.
"""

import keras
import tensorflow as tf

from tf_consensus.objectives.base import Objective

_exp = tf.exp
_expm1 = tf.math.expm1
_mean = tf.reduce_mean


class FDivergence(Objective):
    """Base of the f-GAN objectives: a subclass states two functions of the logits; zero-sum.

    Generator: -E_q f*(g(d_f)). Discriminator: E_q f*(g(d_f)) - E_p g(d_r).

    `_activation` is g(t). `_conjugate` is f*(g(t)), written as one function of t, because the
    composition loses digits in floating point where g is close to the end of its range.

    Example:
        >>> @keras.saving.register_keras_serializable("my_package")
        ... class SquaredDifference(FDivergence):  # f(u) = (u - 1)²/2, f*(t) = t²/2 + t
        ...     def _activation(self, t):
        ...         return t
        ...
        ...     def _conjugate(self, t):
        ...         return t**2 / 2 + t
        >>> float(SquaredDifference().discriminator_loss([[1.0]], [[2.0]]))
        3.0

    Reference: Nowozin, Cseke, Tomioka, "f-GAN: Training Generative Neural Samplers using
    Variational Divergence Minimization", NeurIPS 2016, equations 4 to 7.
    """

    def _activation(self, t):
        raise NotImplementedError(f"{type(self).__name__} must implement `_activation(t)`.")

    def _conjugate(self, t):
        raise NotImplementedError(f"{type(self).__name__} must implement `_conjugate(t)`.")

    def _generator(self, d_r, d_f):
        return -_mean(self._conjugate(d_f))

    def _discriminator(self, d_r, d_f):
        return _mean(self._conjugate(d_f)) - _mean(self._activation(d_r))


@keras.saving.register_keras_serializable("tf_consensus")
class ForwardKL(FDivergence):
    """The Kullback-Leibler divergence KL(p‖q), f(u) = u log u; zero-sum.

    Generator: -E_q exp(d_f - 1). Discriminator: E_q exp(d_f - 1) - E_p d_r.

    Activation g(t) = t, conjugate f*(t) = exp(t - 1); the best logits are 1 + log p/q. The
    exponential overflows in float32 for fake logits above 89.

    Example:
        >>> float(ForwardKL().generator_loss([[0.0]], [[1.0]]))
        -1.0

    Reference: "f-GAN", tables 1, 2 and 6, Kullback-Leibler.
    """

    def _activation(self, t):
        return t

    def _conjugate(self, t):
        return _exp(t - 1.0)


@keras.saving.register_keras_serializable("tf_consensus")
class ReverseKL(FDivergence):
    """The reverse Kullback-Leibler divergence KL(q‖p), f(u) = -log u; zero-sum.

    Generator: 1 - E_q d_f. Discriminator: E_q d_f - 1 + E_p exp(-d_r).

    Activation g(t) = -exp(-t), conjugate f*(t) = -1 - log(-t); the best logits are log p/q. The
    exponential overflows in float32 for real logits below -88. `KullbackLeibler` gives its
    generator the same gradients with a logistic discriminator, which does not overflow.

    Example:
        >>> float(ReverseKL().generator_loss([[0.0]], [[3.0]]))
        -2.0

    Reference: "f-GAN", tables 1, 2 and 6, reverse KL.
    """

    def _activation(self, t):
        return -_exp(-t)

    def _conjugate(self, t):
        return t - 1.0


@keras.saving.register_keras_serializable("tf_consensus")
class Pearson(FDivergence):
    """Pearson's χ² = ∫ (p - q)²/q, f(u) = (u - 1)²; zero-sum.

    Generator: -E_q (d_f²/4 + d_f). Discriminator: E_q (d_f²/4 + d_f) - E_p d_r.

    Activation g(t) = t, conjugate f*(t) = t²/4 + t; the best logits are 2(p/q - 1).

    Example:
        >>> float(Pearson().discriminator_loss([[1.0]], [[2.0]]))
        2.0

    Reference: "f-GAN", tables 1, 2 and 6, Pearson χ².
    """

    def _activation(self, t):
        return t

    def _conjugate(self, t):
        return t**2 / 4.0 + t


@keras.saving.register_keras_serializable("tf_consensus")
class Neyman(FDivergence):
    """Neyman's χ² = ∫ (p - q)²/p, f(u) = (u - 1)²/u; zero-sum.

    Generator: 2 E_q (exp(-d_f/2) - 1).
    Discriminator: 2 E_q (1 - exp(-d_f/2)) + E_p (exp(-d_r) - 1).

    Activation g(t) = 1 - exp(-t), conjugate f*(t) = 2 - 2 √(1 - t); the best logits are
    2 log p/q. The exponentials overflow in float32 for real logits below -88 and for fake logits
    below -177.

    Example:
        >>> float(Neyman().discriminator_loss([[0.0]], [[0.0]]))
        0.0

    Reference: "f-GAN", tables 5 and 6 of the supplement, Neyman χ².
    """

    def _activation(self, t):
        return -_expm1(-t)

    def _conjugate(self, t):
        return -2.0 * _expm1(-t / 2.0)


@keras.saving.register_keras_serializable("tf_consensus")
class SquaredHellinger(FDivergence):
    """The squared Hellinger distance ∫ (√p - √q)², f(u) = (√u - 1)²; zero-sum.

    Generator: E_q (1 - exp(d_f)). Discriminator: E_q (exp(d_f) - 1) + E_p (exp(-d_r) - 1).

    Activation g(t) = 1 - exp(-t), conjugate f*(t) = t/(1 - t); the best logits are ½ log p/q.
    The exponentials overflow in float32 for real logits below -88 and fake logits above 88.

    Example:
        >>> float(SquaredHellinger().discriminator_loss([[0.0]], [[0.0]]))
        0.0

    Reference: "f-GAN", tables 1, 2 and 6, squared Hellinger.
    """

    def _activation(self, t):
        return -_expm1(-t)

    def _conjugate(self, t):
        return _expm1(t)
