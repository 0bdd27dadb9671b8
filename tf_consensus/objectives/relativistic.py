"""Relativistic objectives: only differences of real and fake logits count; notation: `base`.

A constant added to all logits changes no loss, so the discriminator's last bias is never trained.
"""

import keras
import tensorflow as tf

from tf_consensus.objectives.base import Objective

_mean = tf.reduce_mean
_softplus = tf.nn.softplus


@keras.saving.register_keras_serializable("tf_consensus")
class Relativistic(Objective):
    """The relativistic pairing GAN, non-saturating, as in R3GAN; **not** zero-sum.

    Generator: E sp(-(d_f - d_r)). Discriminator: E sp(-(d_r - d_f)).

    The expectation is over pairs: real sample i with generated sample i, so both batches must be
    of one size, which the losses check (in a graph with unknown sizes when it runs). At
    equilibrium both losses are log 2.

    Example:
        >>> round(float(Relativistic().discriminator_loss([[0.0]], [[0.0]])), 4)
        0.6931
        >>> float(Relativistic().generator_loss([[100.0]], [[0.0]]))
        100.0

    Reference: Jolicoeur-Martineau, "The relativistic discriminator", ICLR 2019, RSGAN; Huang,
    Gokaslan, Kuleshov, Tompkin, "The GAN is dead; long live the GAN!", NeurIPS 2024.
    """

    def _generator(self, d_r, d_f):
        return _mean(_softplus(_differences(d_r, d_f)))

    def _discriminator(self, d_r, d_f):
        return _mean(_softplus(-_differences(d_r, d_f)))


@keras.saving.register_keras_serializable("tf_consensus")
class RelativisticAverage(Objective):
    """The relativistic average GAN (RaSGAN); **not** zero-sum.

    Generator: E_q sp(-(d_f - E_p d_r)) + E_p sp(d_r - E_q d_f).
    Discriminator: E_p sp(-(d_r - E_q d_f)) + E_q sp(d_f - E_p d_r).

    Every sample is judged against the mean logit of the other side. The inner means are over the
    batch, so the losses are not means over samples: the average over several parts of a batch is
    not the loss of the whole. At equilibrium both losses are 2 log 2.

    Example:
        >>> round(float(RelativisticAverage().generator_loss([[5.0]], [[5.0]])), 4)
        1.3863

    Reference: Jolicoeur-Martineau, "The relativistic discriminator: a key element missing from
    standard GAN", ICLR 2019 (arXiv 2018), RaSGAN.
    """

    couples_examples = True

    def _generator(self, d_r, d_f):
        return _mean(_softplus(_mean(d_r) - d_f)) + _mean(_softplus(d_r - _mean(d_f)))

    def _discriminator(self, d_r, d_f):
        return _mean(_softplus(_mean(d_f) - d_r)) + _mean(_softplus(d_f - _mean(d_r)))


def _differences(d_r, d_f):
    """d_r - d_f of pairs; raises if the batch sizes differ."""
    if not d_r.shape.is_compatible_with(d_f.shape):
        raise ValueError(
            "`Relativistic` pairs every real with one generated sample, so both batches must be "
            f"of one size. Received: real_logits of shape {d_r.shape}, fake_logits of shape "
            f"{d_f.shape}. Generate as many samples as there are real ones, or use "
            "`RelativisticAverage`."
        )
    # Sizes may be unknown until now: `-` would broadcast a batch of one, `add_n` fails.
    return tf.add_n([d_r, -d_f])
