"""The objectives of "The Numerics of GANs" and the most used others; notation: `base`."""

import keras
import tensorflow as tf

from tf_consensus.objectives.base import Objective
from tf_consensus.support.checks import check_number

_mean, _relu, _softplus, _tanh = tf.reduce_mean, tf.nn.relu, tf.nn.softplus, tf.tanh


@keras.saving.register_keras_serializable("tf_consensus")
class Standard(Objective):
    """The non-saturating GAN; **not** zero-sum.

    Generator: E_q sp(-d_f). Discriminator: E_p sp(-d_r) + E_q sp(d_f).

    Where the discriminator rejects every sample, sp(-d_f) still has slope -1, while the
    zero-sum loss of `JensenShannon` is flat. At equilibrium all logits are 0, and the losses are
    log 2 and 2 log 2. StyleGAN2 trains with these losses; OpenMMLab calls them
    "wgan-logistic-ns", hence the second name, "logistic_wgan".

    Example:
        >>> round(float(Standard().generator_loss([[0.0]], [[0.0]])), 4)
        0.6931

    Reference: Mescheder, Nowozin, Geiger, "The Numerics of GANs", NeurIPS 2017, section 2;
    Goodfellow et al., "Generative Adversarial Networks", NeurIPS 2014.
    """

    def _generator(self, d_r, d_f):
        return _mean(_softplus(-d_f))

    def _discriminator(self, d_r, d_f):
        return _mean(_softplus(-d_r)) + _mean(_softplus(d_f))


@keras.saving.register_keras_serializable("tf_consensus")
class JensenShannon(Standard):
    """The saturating GAN, a variational form of the Jensen-Shannon divergence; zero-sum.

    Generator: -E_q sp(d_f). Discriminator: E_p sp(-d_r) + E_q sp(d_f).

    In f-GAN terms: activation g(t) = -log(1 + e⁻ᵗ) and conjugate f*(t) = -log(1 - eᵗ), so
    f*(g(t)) = sp(t). The best discriminator's utility is 2 JS(p, q) - 2 log 2. This is the row
    "GAN" of the f-GAN tables, hence the second name, "gan". Their row "Jensen-Shannon" differs by
    constants only: it adds log 2 to the generator's loss and -2 log 2 to the discriminator's.

    Example:
        >>> round(float(JensenShannon().generator_loss([[0.0]], [[0.0]])), 4)
        -0.6931

    Reference: "The Numerics of GANs", figure 9; Nowozin, Cseke, Tomioka, "f-GAN", NeurIPS
    2016, tables 1 and 2.
    """

    def _generator(self, d_r, d_f):
        return -_mean(_softplus(d_f))


@keras.saving.register_keras_serializable("tf_consensus")
class KullbackLeibler(Standard):
    """The standard discriminator with a generator for the reverse KL divergence; **not** zero-sum.

    Generator: -E_q d_f. Discriminator: E_p sp(-d_r) + E_q sp(d_f).

    The best discriminator has the logits log p/q, where the generator's loss is KL(q‖p). This
    is not an f-GAN conjugate pair: the density ratio is plugged in, as in amortised MAP.

    Example:
        >>> float(KullbackLeibler().generator_loss([[0.0]], [[3.0]]))
        -3.0

    Reference: "The Numerics of GANs", figure 9 and its public code.
    """

    def _generator(self, d_r, d_f):
        return -_mean(d_f)


@keras.saving.register_keras_serializable("tf_consensus")
class TotalVariation(Objective):
    """Total variation; zero-sum.

    Generator: -E_q tanh d_f. Discriminator: E_q tanh d_f - E_p tanh d_r.

    In f-GAN terms: activation g(t) = tanh(t)/2 and conjugate f*(t) = t; both losses here are
    twice that, so the best discriminator's utility is 2 TV(p, q) = ∫|p - q|.

    Example:
        >>> float(TotalVariation().discriminator_loss([[0.0]], [[0.0]]))
        0.0

    Reference: "The Numerics of GANs", figure 9; "f-GAN", tables 5 and 6 of the supplement.
    """

    def _generator(self, d_r, d_f):
        return -_mean(_tanh(d_f))

    def _discriminator(self, d_r, d_f):
        return _mean(_tanh(d_f)) - _mean(_tanh(d_r))


@keras.saving.register_keras_serializable("tf_consensus")
class Indicator(Objective):
    """The indicator divergence, 0 if p = q and ∞ otherwise; zero-sum.

    Generator: -E_q d_f. Discriminator: E_q d_f - E_p d_r.

    In f-GAN terms: activation g(t) = t and conjugate f*(t) = t, that of the f which is 0 at 1
    and ∞ elsewhere. With a Lipschitz discriminator it is the Wasserstein-1 distance. The
    discriminator's last bias does not change its loss, so its second-order terms are zero.

    Example:
        >>> float(Indicator().discriminator_loss([[2.0]], [[3.0]]))
        1.0

    Reference: "The Numerics of GANs", section 2.1 and figure 9.
    """

    def _generator(self, d_r, d_f):
        return -_mean(d_f)

    def _discriminator(self, d_r, d_f):
        return _mean(d_f) - _mean(d_r)


@keras.saving.register_keras_serializable("tf_consensus")
class Wasserstein(Indicator):
    """The Wasserstein GAN; zero-sum.

    Generator: -E_q d_f. Discriminator: E_q d_f - E_p d_r.

    The losses are those of `Indicator`: the critic's functions make the difference. Where they
    are 1-Lipschitz, the best critic's utility is the Wasserstein-1 distance; where nothing bounds
    them, it is the indicator divergence, and the losses go to infinity. So keep the critic
    Lipschitz, by a gradient penalty, by spectral normalization or by clipping its weights.

    Example:
        >>> float(Wasserstein().discriminator_loss([[2.0]], [[3.0]]))
        1.0

    Reference: Arjovsky, Chintala, Bottou, "Wasserstein GAN", ICML 2017, equation 2.
    """


@keras.saving.register_keras_serializable("tf_consensus")
class Hinge(Objective):
    """The hinge loss of the geometric GAN; **not** zero-sum.

    Generator: -E_q d_f. Discriminator: E_p max(0, 1 - d_r) + E_q max(0, 1 + d_f).

    Samples beyond the margin of 1 do not move the discriminator. Its best loss is
    2 - ∫|p - q|, at the logits sign(p - q). Both losses are piecewise linear in the logits.

    Example:
        >>> float(Hinge().discriminator_loss([[0.5]], [[-3.0]]))
        0.5

    Reference: Lim, Ye, "Geometric GAN", 2017; Miyato, Kataoka, Koyama, Yoshida, "Spectral
    Normalization for Generative Adversarial Networks", ICLR 2018, equations 16 and 17.
    """

    def _generator(self, d_r, d_f):
        return -_mean(d_f)

    def _discriminator(self, d_r, d_f):
        return _mean(_relu(1.0 - d_r)) + _mean(_relu(1.0 + d_f))


@keras.saving.register_keras_serializable("tf_consensus")
class LeastSquares(Objective):
    """Least squares (LSGAN) with the paper's factors ½; **not** zero-sum.

    Generator: ½ E_q (d_f - c)². Discriminator: ½ E_p (d_r - b)² + ½ E_q (d_f - a)².

    The default is the paper's 0-1 coding with c = b. With b - c = 1 and b - a = 2, e.g. real=1,
    fake=-1, generator=0, the generator's loss on both kinds of samples is ½∫(p - q)²/(p + q) at
    the best discriminator, half the Pearson χ² between p + q and 2q.

    Args:
        real: b, the discriminator's target for the logits of real samples.
        fake: a, its target for those of generated samples; different from `real`.
        generator: c, the generator's target for them.

    Raises:
        ValueError: If a target is not a finite number, or `real` equals `fake`.

    Example:
        >>> float(LeastSquares().discriminator_loss([[3.0]], [[1.0]]))
        2.5
        >>> float(LeastSquares(real=1.0, fake=-1.0, generator=0.0).generator_loss([[0.0]], [[2.0]]))
        2.0

    Reference: Mao, Li, Xie, Lau, Wang, Smolley, "Least Squares Generative Adversarial Networks",
    ICCV 2017, equation 2 and section 3.2.
    """

    takes_logits = False  # targets of 0 and 1 are within reach of a sigmoid

    def __init__(self, real: float = 1.0, fake: float = 0.0, generator: float = 1.0) -> None:
        hint = "The usual targets are real=1.0, fake=0.0, generator=1.0."
        self.real = check_number("real", real, "a finite number", lambda _: True, hint)
        self.fake = check_number(
            "fake", fake, "a finite number other than `real`", lambda a: a != self.real, hint
        )
        self.generator = check_number(
            "generator", generator, "a finite number", lambda _: True, hint
        )

    def _generator(self, d_r, d_f):
        return _mean((d_f - self.generator) ** 2) / 2.0

    def _discriminator(self, d_r, d_f):
        return (_mean((d_r - self.real) ** 2) + _mean((d_f - self.fake) ** 2)) / 2.0

    def get_config(self) -> dict:
        """Returns the three targets."""
        return {"real": self.real, "fake": self.fake, "generator": self.generator}
