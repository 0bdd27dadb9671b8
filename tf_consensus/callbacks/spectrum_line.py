"""What a spectrum says of the step size: numbers for the logs, and one line."""

import math

import keras
import numpy as np

from tf_consensus.optimizers.per_player import OptimizerPerPlayer
from tf_consensus.support.checks import check_float


def summary(eigenvalues: np.ndarray) -> list[float]:
    """Largest real part, rotation, largest |Im/Re| and largest stable step of eigenvalues.

    Of none, where all are neutral, it is that nothing grows or rotates and no step is too long:
    0, 0, 0 and infinity. A NaN among them makes all four NaN.
    """
    with np.errstate(divide="ignore"):
        quotients = np.abs(eigenvalues.imag) / np.abs(eigenvalues.real)
    real = eigenvalues.real.max() if eigenvalues.size else 0.0
    rotation = np.abs(eigenvalues.imag).max(initial=0.0)
    limit = np.maximum(0.0, step_limits(eigenvalues).min(initial=math.inf))
    return [float(number) for number in (real, rotation, quotients.max(initial=0.0), limit)]


def step_limits(eigenvalues: np.ndarray) -> np.ndarray:
    """Each eigenvalue's largest stable step (Lemma 4), negative for one that grows."""
    return -2 * eigenvalues.real / np.abs(eigenvalues) ** 2


def describe_spectrum(
    eigenvalues: np.ndarray,
    results: dict[str, float],
    gamma: float = 0.0,
    inner: keras.optimizers.Optimizer | None = None,
    method: str = "consensus",
    note: str = "",
) -> str:
    """One line on what limits the step.

    Args:
        eigenvalues: of v', without the neutral ones.
        results: the entries of the logs, of which `step_limit_<method>` is used.
        gamma: weight of the method's regularizer; 0 for none.
        inner: the Keras optimizer that takes the step.
        method: name of the method with the weight γ.
        note: what else is to be said of the step, added to the line.

    Raises:
        ValueError: if the eigenvalues are no vector, γ is negative or not finite, or the step limit
            is missing.
    """
    eigenvalues = np.asarray(eigenvalues)
    if eigenvalues.ndim != 1 or eigenvalues.dtype.kind not in "iufc":
        raise ValueError(
            "`eigenvalues` must be a vector of numbers. Received: an array of shape "
            f"{eigenvalues.shape} and dtype {eigenvalues.dtype}. Pass those of "
            "`spectrum.eigenvalues(game)`."
        )
    gamma = check_float("gamma", gamma, zero=True)
    if gamma and f"step_limit_{method}" not in (results or {}):
        raise ValueError(
            f"`results` must hold `step_limit_{method}` of the regularized field. Received: "
            f"results={results!r}. Pass what `SpectrumMonitor.measure()` returned."
        )
    line = _plain(eigenvalues)
    if gamma:
        line += f"; {_limit(f'{method} at gamma={gamma:g}', results[f'step_limit_{method}'])}"
    if note:
        line += f"; {note}"
    inners = list(inner) if isinstance(inner, OptimizerPerPlayer) else [inner]
    rescaling = [x for x in inners if x is not None and not isinstance(x, keras.optimizers.SGD)]
    if rescaling:
        names = " and ".join(dict.fromkeys(type(x).__name__ for x in rescaling))
        verb = "rescales" if " " not in names else "rescale"
        line += f" (for plain steps: {names} {verb} each parameter's)"
    return line


def _plain(eigenvalues):
    if not eigenvalues.size:
        return "all eigenvalues are neutral: to first order nothing moves, and no step is too long"
    if np.isnan(eigenvalues).any():
        return "no eigenvalue was found"
    growing = eigenvalues.real.max() >= 0
    limits = step_limits(eigenvalues)
    worst = eigenvalues[np.argmax(eigenvalues.real) if growing else np.argmin(limits)]
    rotates = abs(worst.imag) > abs(worst.real)
    value = f"{worst.real:.2g}" + (f" ± {abs(worst.imag):.2g}i" if worst.imag else "")
    cause = "rotation dominates" if rotates else "rotation does not limit the step"
    if growing:
        cause = "this direction grows" + (" as it rotates" if rotates else "")
    return f"eigenvalue {value}: {cause}; {_limit('plain gradient ascent', limits.min())}"


def _limit(method, limit):
    if limit <= 0:
        return f"{method} is unstable for every step h"
    if limit == math.inf:
        return f"{method} is stable for every step h"
    return f"{method} is stable only for h < {limit:.2g}"
