"""Paths between latents."""

import numpy as np
from numpy.typing import ArrayLike

from tf_consensus.support.arrays import check_unmasked
from tf_consensus.support.checks import check_int, nearest

_PATHS = ("spherical", "straight")


def interpolate(
    start: ArrayLike, end: ArrayLike, steps: int, path: str = "spherical"
) -> np.ndarray:
    """Latents on the way from `start` to `end`, both included.

    The spherical path keeps to lengths that normal latents have. The middle of the straight path is
    shorter, by a factor of 1/√2 for orthogonal ends, than any latent the generator was trained on.
    With ω the angle between the ends,

        spherical:  z(t) = (sin((1 - t) ω) · start + sin(t ω) · end) / sin ω
        straight:   z(t) = (1 - t) · start + t · end

    Args:
        start: Latents (n, latent_dim), or one of shape (latent_dim,).
        end: Latents of the same shape.
        steps: Number of latents per path, at least 2.
        path: "spherical" or "straight".

    Returns:
        Array (n, steps, latent_dim), or (steps, latent_dim), of the ends' type.

    Raises:
        ValueError: If the shapes differ, an entry is not a finite number, the path is unknown or
            `steps` is below 2.

    Example:
        >>> interpolate([1.0, 0.0], [0.0, 1.0], steps=3).round(3).tolist()
        [[1.0, 0.0], [0.707, 0.707], [0.0, 1.0]]

    Reference:
        White, Sampling Generative Networks, 2016, section 2.1.
    """
    first, last = _checked("start", start), _checked("end", end)
    if first.shape != last.shape or first.ndim not in (1, 2):
        raise ValueError(
            "`start` and `end` must be latents of one shape, (n, latent_dim) or (latent_dim,). "
            f"Received: start of shape {first.shape}, end of shape {last.shape}."
            " Draw them alike, e.g. by `rng.normal(size=(2, 8, 256))`."
        )
    if not isinstance(path, str) or path not in _PATHS:
        raise ValueError(
            f"`path` must be a known way between latents. Received: path={path!r}. "
            f"{nearest(path, _PATHS)}Choose one of {', '.join(_PATHS)}."
        )
    t = np.linspace(0.0, 1.0, check_int("steps", steps, minimum=2))[:, None]
    a, b = _weights(first[..., None, :], last[..., None, :], t, path)
    mixed = a * first[..., None, :] + b * last[..., None, :]
    return mixed.astype(np.result_type(first, last, np.float32), copy=False)


def _checked(name: str, latents: ArrayLike) -> np.ndarray:
    check_unmasked(name, latents)
    array: np.ndarray | None
    try:
        array = np.asarray(latents)
    except ValueError:  # rows of several lengths
        array = None
    if array is None or array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        raise ValueError(
            f"`{name}` must be an array of finite real numbers. Received: {name}={latents!r}. Draw "
            "it, e.g. by `rng.normal(size=(8, 256))`."
        )
    return array


def _weights(
    start: np.ndarray, end: np.ndarray, t: np.ndarray, path: str
) -> tuple[np.ndarray, np.ndarray]:
    if path == "straight":
        return 1.0 - t, t
    lengths = np.linalg.norm(start, axis=-1) * np.linalg.norm(end, axis=-1)
    # A latent of length 0 has no direction; the straight line is the limit of small angles.
    cosine = (start * end).sum(axis=-1) / np.where(lengths > 0, lengths, 1.0)
    angle = np.arccos(np.clip(np.where(lengths > 0, cosine, 1.0), -1.0, 1.0))[..., None]
    sine = np.sin(angle)
    bent = sine > 1e-6
    sine = np.where(bent, sine, 1.0)
    a = np.where(bent, np.sin((1.0 - t) * angle) / sine, 1.0 - t)
    b = np.where(bent, np.sin(t * angle) / sine, t)
    return a, b
