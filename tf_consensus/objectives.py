"""GAN objectives: one loss a player, computed from the discriminator's logits.

Notation: p is the data, q the generator's distribution, d_r the logits on real and d_f on
generated samples, sp(t) = log(1 + eᵗ) the softplus. All losses are minimised.
"""

import keras
import tensorflow as tf

_mean = tf.reduce_mean
_softplus = tf.nn.softplus
_tanh = tf.tanh


class Objective:
    """Base of all objectives: a subclass states two equations, `_generator` and `_discriminator`.

    Both equations receive both logits, which relativistic objectives need, already validated
    and in at least single precision. They return scalars.

    Example:
        >>> @keras.saving.register_keras_serializable("my_package")
        ... class LeastSquares(Objective):
        ...     def _generator(self, d_r, d_f):
        ...         return tf.reduce_mean((d_f - 1.0) ** 2)
        ...
        ...     def _discriminator(self, d_r, d_f):
        ...         return tf.reduce_mean((d_r - 1.0) ** 2) + tf.reduce_mean(d_f**2)
        >>> float(LeastSquares().generator_loss([[0.0]], [[3.0]]))
        4.0
    """

    def generator_loss(self, real_logits, fake_logits) -> tf.Tensor:
        """Computes the loss of the generator.

        Args:
            real_logits: Discriminator outputs on real samples, usually of shape (batch, 1).
            fake_logits: The same on generated samples. The batch may differ in size; the rank
                and all other axes must agree, as broadcasting would silently pair every real
                with every generated sample.

        Returns:
            A scalar, the mean over all elements, in the dtype of the logits; float32 for
            logits in half precision.

        Raises:
            ValueError: If the logits are not floating point, or differ in dtype or in any axis
                but the first.
        """
        return self._generator(*_prepare(real_logits, fake_logits))

    def discriminator_loss(self, real_logits, fake_logits) -> tf.Tensor:
        """Computes the loss of the discriminator; arguments as for `generator_loss`."""
        return self._discriminator(*_prepare(real_logits, fake_logits))

    def _generator(self, d_r, d_f):
        raise NotImplementedError(f"{type(self).__name__} must implement `_generator(d_r, d_f)`.")

    def _discriminator(self, d_r, d_f):
        raise NotImplementedError(
            f"{type(self).__name__} must implement `_discriminator(d_r, d_f)`."
        )

    def get_config(self) -> dict:
        """Returns the constructor arguments, for serialization."""
        return {}

    @classmethod
    def from_config(cls, config: dict) -> "Objective":
        """Builds the objective from what `get_config` returned."""
        return cls(**config)

    def __eq__(self, other):
        return type(self) is type(other) and self.get_config() == other.get_config()

    def __hash__(self):
        return hash(type(self))

    def __repr__(self):
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


@keras.saving.register_keras_serializable("tf_consensus")
class Standard(Objective):
    """The non-saturating GAN; **not** zero-sum.

    Generator: E_q sp(-d_f). Discriminator: E_p sp(-d_r) + E_q sp(d_f).

    Where the discriminator rejects every sample, sp(-d_f) still has slope -1, while the
    zero-sum loss of `JensenShannon` is flat. At equilibrium all logits are 0, and the losses
    log 2 and 2 log 2.

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
    f*(g(t)) = sp(t). The best discriminator's utility is 2 JS(p, q) - 2 log 2.

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
    """The standard discriminator with a generator of the reverse KL divergence; **not** zero-sum.

    Generator: -E_q d_f. Discriminator: E_p sp(-d_r) + E_q sp(d_f).

    The best discriminator has the logits log p/q, where the generator's loss is KL(q‖p). This
    is no f-GAN conjugate pair: the density ratio is plugged in, as in amortised MAP.

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


_OBJECTIVES = {
    "standard": Standard,
    "js": JensenShannon,
    "kl": KullbackLeibler,
    "tv": TotalVariation,
    "indicator": Indicator,
}


def names() -> list[str]:
    """Returns the names that `get` knows, in the order of the documentation."""
    return list(_OBJECTIVES)


def get(identifier: str | dict | Objective) -> Objective:
    """Returns the objective that a name, a config or an instance stands for.

    Args:
        identifier: One of "standard", "js", "kl", "tv", "indicator"; a dict as `serialize`
            returns it, or with "class_name" and "config" only; or an `Objective`.

    Returns:
        The objective; an instance is returned as it is.

    Raises:
        ValueError: If the name is unknown.
        TypeError: If the identifier, or what its config describes, is no objective.

    Example:
        >>> get("js")
        JensenShannon()
        >>> get({"class_name": "TotalVariation", "config": {}})
        TotalVariation()
    """
    objective = identifier
    if isinstance(identifier, str):
        objective = _by_name(identifier)
    elif isinstance(identifier, dict):
        # Class names alone, without Keras' "tf_consensus>" prefix, are known to us only.
        classes = {cls.__name__: cls for cls in _OBJECTIVES.values()}
        objective = keras.saving.deserialize_keras_object(identifier, custom_objects=classes)
    if not isinstance(objective, Objective):
        raise TypeError(
            "An objective must be a name, a config dict or an `Objective` instance. "
            f"Received: identifier={identifier!r} (of type {type(identifier).__name__}). "
            f"Pass one of the names {sorted(_OBJECTIVES)} or an instance, e.g. `Standard()`."
        )
    return objective


def serialize(objective: Objective) -> dict:
    """Returns a JSON-ready dict from which `get` rebuilds the objective.

    Example:
        >>> get(serialize(Standard())) == Standard()
        True
    """
    return keras.saving.serialize_keras_object(objective)


def _by_name(name):
    if name not in _OBJECTIVES:
        raise ValueError(
            f"Unknown objective. Received: identifier={name!r}. "
            f"Use one of {sorted(_OBJECTIVES)}, or pass an `Objective` instance."
        )
    return _OBJECTIVES[name]()


def _prepare(real_logits, fake_logits):
    """Validates both logits and lifts half precision to float32."""
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
