"""Samples that may consist of several tensors, as callbacks handle them."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np


def check_part(part: Any) -> str | int | None:
    """The name or number of a part.

    Raises:
        ValueError: if it is neither.
    """
    if part is None or (isinstance(part, str | int) and not isinstance(part, bool)):
        return part
    raise ValueError(
        "`part` must be the name or the number of a sample's part. Received: "
        f"part={part!r}. None is for samples of one tensor."
    )


def part_of(samples: Any, part: str | int | None) -> np.ndarray:
    """One part of samples.

    Args:
        samples: array, or a list or a dict of arrays.
        part: name or number of the part; None for an array.

    Raises:
        ValueError: if there is no such part, or there are several and none is named.
    """
    if not isinstance(samples, list | tuple | Mapping):
        if part is None:
            return samples
        raise ValueError(
            "A part is of samples of several tensors. Received: "
            f"part={part!r} for samples that are one tensor. Leave it out."
        )
    known = dict(samples if isinstance(samples, Mapping) else enumerate(samples))
    if part not in known:
        raise ValueError(
            f"Samples of several tensors are drawn part by part. Received: part={part!r} for "
            f"samples with the parts {list(known)}. Pass part={next(iter(known))!r}, for example."
        )
    return known[part]


def are_finite(samples: Any) -> bool:
    """Whether all numbers of samples are finite."""
    return all(bool(np.isfinite(part).all()) for part in keras.tree.flatten(samples))


def joined(batches: Sequence[Any]) -> Any:
    """Batches of samples as one, in their structure."""
    return keras.tree.map_structure(lambda *parts: np.concatenate(parts), *batches)


def are_points(generator: keras.Model) -> bool:
    """Whether a generator's samples are points, (batch, d), as far as it is known."""
    shape = getattr(generator, "output_shape", ())
    return isinstance(shape, tuple) and len(shape) == 2 and isinstance(shape[1], int | None)
