"""Which models the callbacks for generators can be given to."""

import keras


def check_gan(callback: keras.callbacks.Callback, model) -> None:
    """Raises unless the model makes samples as a `GAN` does.

    Args:
        callback: what is given the model, for the message.
        model: the model that `fit` trains.

    Raises:
        ValueError: If it has no `generator` and `generate`.
    """
    if callable(getattr(model, "generate", None)) and hasattr(model, "generator"):
        return
    raise ValueError(
        f"`{type(callback).__name__}` needs a model with `generator` and `generate`, as "
        f"`tf_consensus.GAN` has. Received: {type(model).__name__}. Train a GAN, or leave the "
        "callback out."
    )
