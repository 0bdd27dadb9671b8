"""What a GAN is, on one page."""

from tf_consensus.support.configurable import described
from tf_consensus.support.inputs import takes_labels


def gan_repr(gan) -> str:
    """Networks with sizes, objective, penalties, optimizer and classes, one per line.

    Args:
        gan: the `GAN`.
    """
    sample = "×".join("?" if x is None else str(x) for x in gan.sample_shape[1:]) or "a number"
    labels = "" if gan.num_classes is None else " and a label"
    logits = gan.num_classes or 1
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


def _network(network):
    frozen = "" if network.trainable_variables else ", frozen"
    return f"{network.name!r} of {network.count_params():,} parameters{frozen}"


def _penalty(penalty):
    return getattr(penalty, "__name__", None) or described(penalty)


def _optimizer(optimizer):
    if type(optimizer).__repr__ is not object.__repr__:
        return repr(optimizer)
    rate = optimizer.get_config().get("learning_rate")
    rate = rate["class_name"] if isinstance(rate, dict) else rate and f"{rate:g}"
    return f"{type(optimizer).__name__}({f'learning_rate={rate}' if rate else ''})"
