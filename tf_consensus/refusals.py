"""What `compile` and `fit` of Keras take and a GAN has no use for."""

import inspect
from collections.abc import Callable

_UNUSED = ("loss", "loss_weights", "metrics", "weighted_metrics")
_ALIKE = (
    "A GAN's losses count every example alike, so weights would be ignored. Received: {}. Leave "
    "the weights out, and draw each example as often as it is to count."
)


def refuse_losses(compile_method: Callable, args: tuple, options: dict) -> None:
    """Raises if `compile` was given losses or metrics of labelled examples.

    Args:
        compile_method: Keras' `compile`, for the names of the positional arguments.
        args: the positional arguments.
        options: those by name.

    Raises:
        ValueError: if one is given; `None` and empty ones, as in saved models, are not.
    """
    given = inspect.signature(compile_method).bind_partial(*args, **options).arguments
    given = {key: given[key] for key in _UNUSED if given.get(key)}
    if given:
        raise ValueError(
            "A GAN's losses are those of its objective, and it has no targets to compare with. "
            f"Received: {', '.join(f'{key}={value!r}' for key, value in given.items())}. Choose "
            "GAN(..., objective=..., penalties=...), and measure samples by "
            "callbacks.EvaluateGAN(metrics)."
        )


def refuse_weight_arguments(method: Callable, args: tuple, options: dict) -> None:
    """Raises if `fit` or `evaluate` was given weights, which Keras drops where there are no labels.

    Args:
        method: Keras' method, for the names of the positional arguments.
        args: the positional arguments.
        options: those by name.

    Raises:
        ValueError: if `sample_weight` or `class_weight` is given, or weights to validate with.
    """
    given = inspect.signature(method).bind_partial(*args, **options).arguments
    weights = [key for key in ("sample_weight", "class_weight") if given.get(key) is not None]
    if weights:
        raise ValueError(_ALIKE.format(f"{weights[0]}=…"))
    refuse_weights(given.get("validation_data"))


def refuse_weights(data) -> None:
    """Raises if a batch has weights beside samples and labels.

    Args:
        data: what a training or test step is given; (x, y, None) has none.

    Raises:
        ValueError: if there is a third part.
    """
    parts = data if isinstance(data, tuple | list) else (data,)
    if len(parts) > 2 and any(part is not None for part in parts[2:]):
        raise ValueError(_ALIKE.format(f"{len(parts)} parts, (samples, labels, weights)"))
