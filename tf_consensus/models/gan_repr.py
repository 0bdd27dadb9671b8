"""A description of a GAN on one page."""

from typing import TYPE_CHECKING, Any

import keras

from tf_consensus.support.configurable import described
from tf_consensus.support.inputs import takes_labels

if TYPE_CHECKING:
    from tf_consensus.models.gan import GAN


def gan_repr(gan: "GAN") -> str:
    """Networks with sizes, objective, penalties, optimizer and classes, one per line.

    Args:
        gan: the `GAN`.
    """
    sample = "×".join("?" if x is None else str(x) for x in gan.sample_shape[1:]) or "a number"
    labels = "" if gan.num_classes is None else " and a label"
    logits = str(gan.num_classes or 1)
    if takes_labels(gan.discriminator):
        logits = "1 for a sample and its label"
    lines = {
        "generator": f"{_network(gan.generator)}, {gan.latent_dim} latents{labels} to {sample}",
        "discriminator": f"{_network(gan.discriminator)}, {sample} to logits: {logits}",
        "latent_dim": gan.latent_dim,
        "num_classes": gan.num_classes,
        "objective": described(gan.objective),
        "penalties": f"[{', '.join(map(_penalty, gan.penalties))}]",
        "optimizer": _optimizer(gan.optimizer) if gan.compiled else "none, call compile",
        "seed": gan.seed,
    }
    inside = ",\n".join(f"  {key}: {text}" for key, text in lines.items())
    return f"<{type(gan).__name__} {gan.name!r}:\n{inside}>"


def _network(network: keras.Model) -> str:
    frozen = "" if network.trainable_variables else ", frozen"
    return f"{network.name!r} of {network.count_params():,} parameters{frozen}"


def _penalty(penalty: Any) -> str:
    return getattr(penalty, "__name__", None) or described(penalty)


def _optimizer(optimizer: keras.optimizers.Optimizer) -> str:
    kind: Any = type(optimizer)
    if kind.__repr__ is not object.__repr__:
        return repr(optimizer)
    rate = optimizer.get_config().get("learning_rate")
    rate = rate["class_name"] if isinstance(rate, dict) else rate and f"{rate:g}"
    return f"{kind.__name__}({f'learning_rate={rate}' if rate else ''})"
