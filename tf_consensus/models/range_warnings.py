"""Warns about samples and objectives that do not fit the networks' last layers."""

import math
import warnings

import keras
import tensorflow as tf

from tf_consensus.models.value_ranges import End, end_of
from tf_consensus.objectives import Objective

# Fewer values do not show the range from which they are drawn.
_ENOUGH = 256
_NEAR = 0.02


def remedy_of_range(
    generator: keras.Model, ends: tuple[float, float], values: int, output: int = 0
) -> tuple[End, str] | None:
    """A remedy for samples outside the range of the generator's outputs.

    Args:
        generator: the generator.
        ends: the smallest and the largest number of a batch.
        values: how many numbers it has.
        output: which of the generator's outputs.

    Returns:
        What bounds the outputs, and the remedy; `None` if nothing is wrong.
    """
    end = end_of(generator, output)
    if end is None or _fill(end, *ends, values):
        return None
    return end, _remedy(end, *ends)


def probable_end(discriminator: keras.Model, objective: Objective) -> End | None:
    """The discriminator's end, if it gives probabilities but the objective takes logits."""
    end = end_of(discriminator) if objective.takes_logits else None
    return end if end is not None and (end.low, end.high) == (0.0, 1.0) else None


def warn_of_range(
    generator: keras.Model,
    ends: tuple[float, float],
    values: int,
    warned: set[str],
    part: tuple[int, str] = (0, ""),
) -> None:
    """Warns once about samples that are not in the range of the generator's outputs.

    Args:
        generator: the generator.
        ends: the smallest and the largest number of a batch.
        values: how many numbers it has.
        warned: names of the warnings already given; this one is added.
        part: number and name of the output, where there are several.
    """
    output, name = part
    warning = f"range {name}".strip()
    found = None if warning in warned else remedy_of_range(generator, ends, values, output)
    if found is None:
        return
    warned.add(warning)
    end, remedy = found
    low, high = ends
    batch = f"a first batch whose part {name!r} is" if name else "a first batch"
    warnings.warn(
        f"A generator that ends in {end.activation} makes samples from {end.low:g} to "
        f"{end.high:g}, which those of the data should fill. Received: {batch} from "
        f"{low:g} to {high:g}, and a generator that ends in layer '{end.layer}' "
        f"({end.activation}). {remedy}, or end the generator in another "
        "activation.",
        UserWarning,
        stacklevel=3,
    )


def warn_of_bytes(generator: keras.Model, samples: tf.Tensor, warned: set[str]) -> None:
    """Warns once about a batch of bytes that are not in the range of the generator's outputs.

    Args:
        generator: the generator.
        samples: tensor (batch, …) with values; only a tensor of type uint8 gives a warning.
        warned: as in `warn_of_range`.
    """
    if samples.dtype != tf.uint8 or "bytes" in warned or not tf.size(samples):
        return
    warned.add("bytes")
    low, high = float(tf.reduce_min(samples)), float(tf.reduce_max(samples))
    if "range" in warned:
        return
    found = remedy_of_range(generator, (low, high), int(tf.size(samples)))
    if found is None:
        return
    warned.add("range")
    end, remedy = found
    warnings.warn(
        "Samples of type uint8 are taken as the numbers from 0 to 255 that they are; their values "
        f"are unchanged. Received: a batch of dtype uint8, and a generator that ends in layer "
        f"'{end.layer}' ({end.activation}), from {end.low:g} to {end.high:g}. "
        f"{remedy}.",
        UserWarning,
        stacklevel=3,
    )


def _fill(end: End, low: float, high: float, values: int) -> bool:
    """Whether the generator may be able to make such samples."""
    # Noise added to samples, as by dequantization, goes a little beyond the range.
    slack = 0.1 * (end.high - end.low) if math.isfinite(end.high) else 0.0
    if low < end.low - slack or high > end.high + slack:
        return False
    return not (values >= _ENOUGH and _is_half(end, low, high))


def _is_half(end: End, low: float, high: float) -> bool:
    """Whether the samples are numbers from 0 to 1, for a range from -1 to 1."""
    return end.low == -1.0 and end.high == 1.0 and 0.0 <= low <= _NEAR and abs(high - 1) <= _NEAR


def _remedy(end: End, low: float, high: float) -> str:
    if not math.isfinite(end.high):
        return "Shift the samples so that none is below 0"
    whole = end.low == -1.0
    if _is_half(end, low, high):
        formula = "2 * x - 1"
    elif low >= 0.0 and high > 100.0:
        formula = "x / 127.5 - 1 for bytes" if whole else "x / 255 for bytes"
    elif not whole and low >= -1.1 and high <= 1.1:
        formula = "(x + 1) / 2"
    else:
        formula = "(x - low) / (high - low), low and high being the ends of all of the data"
        formula = f"2 * {formula}".replace("), low", ") - 1, low") if whole else formula
    return f"Scale the samples, e.g. by {formula}"


def warn_of_probabilities(
    discriminator: keras.Model, objective: Objective, warned: set[str]
) -> None:
    """Warns once about a discriminator that ends in probabilities where logits are needed.

    Args:
        discriminator: the discriminator.
        objective: the objective, whose `takes_logits` says whether it needs logits.
        warned: names of the warnings already given; this one is added.
    """
    end = None if "probabilities" in warned else probable_end(discriminator, objective)
    if end is None:
        return
    warned.add("probabilities")
    warnings.warn(
        f"The objective {type(objective).__name__} takes logits, numbers of any size and "
        f"sign. Received: a discriminator that ends in layer '{end.layer}' "
        f"({end.activation}), whose logits can only be from 0 to 1. End it in Dense(1) without an "
        "activation.",
        UserWarning,
        stacklevel=3,
    )
