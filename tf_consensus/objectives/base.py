"""The base class of all objectives, and the checks of the logits that they share.

Notation, here and in every objective: p is the data, q the generator's distribution, d_r the logits
on real and d_f on generated samples, sp(t) = log(1 + eᵗ) the softplus. All losses are minimised.
"""

import tensorflow as tf

from tf_consensus.support.configurable import Configurable


class Objective(Configurable):
    """Base of all objectives: a subclass states two equations, `_generator` and `_discriminator`.

    Both equations receive both logits, which relativistic objectives need, already validated
    and in at least single precision. They return scalars.

    Attributes:
        couples_examples: whether the losses are no means over the examples, so that parts of a
            batch do not add up to the whole.
        takes_logits: whether the losses are of logits, so that a discriminator that ends in a
            sigmoid is a mistake.

    Example:
        >>> import keras
        >>> @keras.saving.register_keras_serializable("my_package")
        ... class RelativisticLeastSquares(Objective):
        ...     def _generator(self, d_r, d_f):
        ...         return tf.reduce_mean((d_f - d_r - 1.0) ** 2)
        ...
        ...     def _discriminator(self, d_r, d_f):
        ...         return tf.reduce_mean((d_r - d_f - 1.0) ** 2)
        >>> float(RelativisticLeastSquares().generator_loss([[0.0]], [[3.0]]))
        4.0
    """

    couples_examples = False
    takes_logits = True

    def generator_loss(self, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
        """Computes the loss of the generator.

        Args:
            real_logits: Discriminator outputs on real samples, usually of shape (batch, 1).
            fake_logits: The same on generated samples. The batch may differ in size, except for
                `Relativistic`; the rank and all other axes must agree, as broadcasting would
                silently pair every real with every generated sample.

        Returns:
            A scalar, the mean over all elements, in the dtype of the logits; float32 for
            logits in half precision.

        Raises:
            ValueError: If the logits are not floating point, or differ in dtype or in any axis
                but the first, or in the first where the objective pairs the samples.
        """
        return self._generator(*_prepare(real_logits, fake_logits))

    def discriminator_loss(self, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
        """Computes the loss of the discriminator, as `generator_loss` that of the generator.

        Args:
            real_logits: Discriminator outputs on real samples.
            fake_logits: The same on generated samples.
        """
        return self._discriminator(*_prepare(real_logits, fake_logits))

    def _generator(self, d_r, d_f):
        raise NotImplementedError(f"{type(self).__name__} must implement `_generator(d_r, d_f)`.")

    def _discriminator(self, d_r, d_f):
        raise NotImplementedError(
            f"{type(self).__name__} must implement `_discriminator(d_r, d_f)`."
        )


def _prepare(real_logits, fake_logits):
    """Validates both logits and lifts half precision to float32."""
    if real_logits is None or fake_logits is None:
        raise ValueError(
            "Real and fake logits must be tensors. Received: "
            f"real_logits={real_logits!r}, fake_logits={fake_logits!r}. Return the logits from "
            "the discriminator."
        )
    d_r, d_f = tf.convert_to_tensor(real_logits), tf.convert_to_tensor(fake_logits)
    received = f"Received: real_logits={_describe(d_r)}, fake_logits={_describe(d_f)}."
    if not (d_r.dtype.is_floating and d_r.dtype == d_f.dtype):
        raise ValueError(
            f"Real and fake logits must be floating point and of one dtype. {received} "
            "Cast them, e.g. with `tf.cast(logits, 'float32')`."
        )
    if not d_r.shape[1:].is_compatible_with(d_f.shape[1:]) or not _same_rank(d_r, d_f):
        raise ValueError(
            f"Real and fake logits must agree in every axis but the first. {received} "
            "Reshape them, e.g. both to (batch, 1)."
        )
    # A mean of many bfloat16 or float16 values loses most of its digits.
    return tuple(tf.cast(d, tf.float32) if d.dtype.size < 4 else d for d in (d_r, d_f))


def _same_rank(d_r, d_f):
    return None in (d_r.shape.rank, d_f.shape.rank) or d_r.shape.rank == d_f.shape.rank


def _describe(tensor):
    return f"{tensor.dtype.name}{tensor.shape}"
