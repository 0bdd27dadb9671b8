"""Which step sizes are stable, said during training."""

import math
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from tf_consensus import spectrum
from tf_consensus.checks import check_count, check_float
from tf_consensus.optimizers import AlternatingOptimizer
from tf_consensus.spectrum import flat

_KEYS = ("spectrum_real", "spectrum_rotation", "spectrum_quotient", "step_limit_gradient")
_CONSENSUS_KEYS = (*(f"consensus_{key}" for key in _KEYS[:3]), "step_limit_consensus")


class SpectrumMonitor(keras.callbacks.Callback):
    """Says during `fit` which step sizes are stable, and why.

    Every `every`-th epoch it takes the derivative v' of the GAN's field on one fixed batch of real
    samples and latents, and adds to the logs

    - `spectrum_real`: the largest real part; above 0 no step is stable;
    - `spectrum_rotation`: the largest |Im λ|;
    - `spectrum_quotient`: the largest |Im λ / Re λ|, the q of section 3;
    - `step_limit_gradient`: the largest stable step of plain gradient ascent (Lemma 4), 0 if none;
    - `consensus_spectrum_real`, `consensus_spectrum_rotation`, `consensus_spectrum_quotient` and
      `step_limit_consensus`: the same of w' = v' - γ v'ᵀv' at the optimizer's current γ, absent
      without one;

    and prints one line. The logs of other epochs hold NaN. Eigenvalues below `neutral` times the
    largest modulus are left out: directions that change nothing, as a dead unit's weights, have
    eigenvalue 0.

    Up to `dense_limit` parameters v' is a matrix and all eigenvalues count. Above, the logs hold
    what ARPACK finds at the largest real and imaginary parts, so that a step limit is an upper
    bound. The bounds hold where v is small, near an equilibrium, and for plain steps: an adaptive
    inner optimizer divides each parameter's step by its own scale, which they do not cover. The
    networks are called with training=False. The 2,003 parameters of the mixture of Gaussians at
    batch 512 cost about 3 seconds an evaluation on two cores.

    Args:
        real: fixed batch of real samples, (batch, …).
        every: measure each `every`-th epoch.
        neutral: relative modulus below which an eigenvalue counts as 0.
        dense_limit: largest number of parameters for the dense matrix.
        report: function that takes the line; `None` to print nothing.

    Raises:
        ValueError: if `every` or `dense_limit` is not a positive integer.

    Example:
        >>> real = next(iter(data.mixture_of_gaussians()))
        >>> gan.fit(dataset, steps_per_epoch=1000, callbacks=[SpectrumMonitor(real, every=5)])

    Reference:
        Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017, section 3.
    """

    def __init__(
        self,
        real,
        every: int = 1,
        neutral: float = 1e-3,
        dense_limit: int = 5000,
        report: Callable[[str], None] | None = print,
    ):
        super().__init__()
        hint = "For example SpectrumMonitor(real, every=5)."
        self.real = tf.convert_to_tensor(real)
        self.every = check_count("every", every, hint)
        self.neutral = check_float("neutral", neutral, zero=True)
        self.dense_limit = check_count("dense_limit", dense_limit, hint)
        self.report = report
        self._game = None
        self._measure = None

    def on_epoch_end(self, epoch, logs=None):
        """Measures, or fills in NaN."""
        if (epoch + 1) % self.every == 0:
            results = self.measure()
        else:
            keys = _KEYS + (_CONSENSUS_KEYS if self._gamma() else ())
            results = dict.fromkeys(keys, math.nan)
        if logs is not None:
            logs.update(results)

    def measure(self) -> dict[str, float]:
        """The entries of the logs for the model as it is now; reports the line."""
        gamma = self._gamma()
        plain, *regularized = self._eigenvalues(gamma)
        results = dict(zip(_KEYS, _summary(plain), strict=True))
        for values in regularized:
            results.update(zip(_CONSENSUS_KEYS, _summary(values), strict=True))
        if self.report is not None:
            self.report(describe_spectrum(plain, results, gamma, self._inner()))
        return results

    def _eigenvalues(self, gamma):
        """Eigenvalues of v' and, for γ > 0, of v' - γ v'ᵀv', without the neutral ones."""
        game = self._fixed_game()
        weights = (0.0, gamma) if gamma else (0.0,)
        if sum(flat.sizes(game)) <= self.dense_limit:
            self._measure = self._measure or spectrum.compile_jacobian(game)
            matrix = self._measure()
            found = [spectrum.eigenvalues(matrix, weight) for weight in weights]
        else:
            found = [self._extreme(game, weight) for weight in weights]
        return [values[np.abs(values) > self.neutral * np.abs(values).max()] for values in found]

    def _extreme(self, game, gamma):
        operator = spectrum.linear_operator(game, gamma)
        ends = ("largest_real", "largest_imaginary", "largest_modulus")
        return np.concatenate(
            [spectrum.extreme_eigenvalues(operator, 2, end, tolerance=1e-3).values for end in ends]
        )

    def _fixed_game(self):
        if self._game is None:
            self._game = self.model.game(self.real, training=False)
        return self._game

    def _gamma(self):
        gamma = getattr(self.model.optimizer, "gamma", 0.0)
        return float(gamma(self.model.optimizer.iterations)) if callable(gamma) else gamma

    def _inner(self):
        optimizer = self.model.optimizer
        if isinstance(optimizer, AlternatingOptimizer):
            return optimizer.generator_optimizer
        return getattr(optimizer, "inner_optimizer", optimizer)


def describe_spectrum(eigenvalues, results, gamma=0.0, inner=None) -> str:
    """One line on what limits the step, for the eigenvalues of v' and the entries of the logs."""
    growing = eigenvalues.real.max() >= 0
    limits = _step_limits(eigenvalues)
    worst = eigenvalues[np.argmax(eigenvalues.real) if growing else np.argmin(limits)]
    rotates = abs(worst.imag) > abs(worst.real)
    value = f"{worst.real:.2g}" + (f" ± {abs(worst.imag):.2g}i" if worst.imag else "")
    cause = "rotation dominates" if rotates else "rotation does not limit the step"
    if growing:
        cause = "this direction grows" + (" as it rotates" if rotates else "")
    line = f"eigenvalue {value}: {cause}; {_limit('plain gradient ascent', limits.min())}"
    if gamma:
        line += f"; {_limit(f'consensus at gamma={gamma:g}', results['step_limit_consensus'])}"
    if inner is not None and not isinstance(inner, keras.optimizers.SGD):
        line += f" (for plain steps: {type(inner).__name__} rescales each parameter's)"
    return line


def _limit(method, limit):
    if limit <= 0:
        return f"{method} is unstable for every step h"
    return f"{method} is stable only for h < {limit:.2g}"


def _step_limits(eigenvalues):
    """Each eigenvalue's largest stable step (Lemma 4), negative for one that grows."""
    return -2 * eigenvalues.real / np.abs(eigenvalues) ** 2


def _summary(eigenvalues):
    """Largest real part, rotation, largest |Im/Re| and largest stable step, as in `_KEYS`."""
    with np.errstate(divide="ignore"):
        quotients = np.abs(eigenvalues.imag) / np.abs(eigenvalues.real)
    limits = _step_limits(eigenvalues)
    rotation = np.abs(eigenvalues.imag).max()
    return [
        float(number)
        for number in (eigenvalues.real.max(), rotation, quotients.max(), max(0.0, limits.min()))
    ]
