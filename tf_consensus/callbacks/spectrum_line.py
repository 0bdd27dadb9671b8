"""What a spectrum says about the step size: numbers for the logs, and one line."""

import math

import numpy as np

from tf_consensus import theory
from tf_consensus.optimizers.motion import (
    AnyOptimizer,
    keras_optimizers_of,
    names_of_rescaling,
)
from tf_consensus.support.checks import check_float


def summary(eigenvalues: np.ndarray) -> list[float]:
    """Largest real part, rotation, largest |Im/Re| and largest stable step of eigenvalues.

    Without eigenvalues, because all are neutral, nothing grows or rotates and no step is too long:
    the four are 0, 0, 0 and infinity. A NaN among the eigenvalues makes all four NaN.
    """
    if not eigenvalues.size:
        return [0.0, 0.0, 0.0, math.inf]
    if np.isnan(eigenvalues).any():
        return [math.nan] * 4
    real, rotation = eigenvalues.real.max(), np.abs(eigenvalues.imag).max()
    limit = max(0.0, theory.step_limits(eigenvalues).min())
    return [float(real), float(rotation), theory.imaginary_quotient(eigenvalues), float(limit)]


def describe_spectrum(
    eigenvalues: np.ndarray,
    results: dict[str, float],
    gamma: float = 0.0,
    inner: AnyOptimizer | None = None,
    method: str = "consensus",
    note: str = "",
) -> str:
    """One line on what limits the step.

    Args:
        eigenvalues: eigenvalues of v', without the neutral ones.
        results: the entries of the logs; `step_limit_<method>` is used.
        gamma: weight of the method's regularizer; 0 for none.
        inner: the optimizer that takes the step, Keras' or one of ours.
        method: name of the method with the weight γ.
        note: a further remark on the step, added to the line.

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
    names = [] if inner is None else names_of_rescaling(keras_optimizers_of(inner))
    if names:
        verb = "rescales" if len(names) == 1 else "rescale"
        line += f" (for plain steps: {' and '.join(names)} {verb} each parameter's)"
    return line


def _plain(eigenvalues):
    if not eigenvalues.size:
        return "all eigenvalues are neutral: to first order nothing moves, and no step is too long"
    if np.isnan(eigenvalues).any():
        return "no eigenvalue was found"
    growing = eigenvalues.real.max() >= 0
    limits = theory.step_limits(eigenvalues)
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
