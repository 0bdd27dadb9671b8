"""Says during training which step sizes are stable."""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from tf_consensus import spectrum
from tf_consensus.callbacks.fixed_batch import fixed_batch
from tf_consensus.callbacks.spectrum_line import describe_spectrum, summary
from tf_consensus.models.callback_checks import refuse_other_models
from tf_consensus.optimizers import GRADIENT, Field
from tf_consensus.optimizers.motion import field_of, note_of
from tf_consensus.spectrum import flat
from tf_consensus.spectrum.determinism import check_deterministic
from tf_consensus.support.checks import check_count, check_float, check_function

_KEYS = ("spectrum_real", "spectrum_rotation", "spectrum_quotient", "step_limit_gradient")


class SpectrumMonitor(keras.callbacks.Callback):
    """Says during `fit` which step sizes are stable, and why.

    At every `every`-th epoch it computes the derivative v' of the game's field on one fixed batch
    of real samples and latents, and adds to the logs

    - `spectrum_real`: the largest real part; above 0 no step is stable;
    - `spectrum_rotation`: the largest |Im λ|;
    - `spectrum_quotient`: the largest |Im λ / Re λ|, the q of section 3;
    - `step_limit_gradient`: the largest stable step of plain gradient ascent (Lemma 4), 0 if none;
    - `consensus_spectrum_real`, `consensus_spectrum_rotation`, `consensus_spectrum_quotient` and
      `step_limit_consensus`: the same for the field of consensus, w' = v' - γ v'ᵀv', at the
      optimizer's current γ; `smoothing_spectrum_real` and so on for the field of smoothing, v'
      minus the discriminator's rows of γ v'ᵀ C v' with C the generator's part alone; absent for
      other optimizers;

    and prints one line. The optimizer itself says which field its steps follow (`field`). If it
    follows none of these, as extragradient does, the logs have the numbers of the gradient field
    and the line says so. Other epochs repeat the last values. Epochs before the first measurement
    show the worst possible values, so that Keras' callbacks choose among the measured epochs;
    `spectrum_measured` is 1 in these and 0 in the others. Eigenvalues below `neutral` times the
    largest modulus are left out: directions that change nothing, such as a dead unit's weights,
    have eigenvalue 0.

    Up to `dense_limit` parameters v' is a matrix and all eigenvalues count. Above that the logs
    hold what ARPACK finds at the largest real and imaginary parts, so a step limit is an upper
    bound. The bounds hold for plain steps near an equilibrium, where v is small. They do not cover
    adaptive inner optimizers, which divide each parameter's step by a scale of its own. The
    networks are called with training=False. The 2,003 parameters of the mixture of Gaussians at
    batch 512 cost about 3 seconds per evaluation on two cores.

    Args:
        real: fixed batch of real samples, (batch, …); for a conditional GAN a tuple of these and
            their labels, integers (batch,).
        every: measure each `every`-th epoch.
        neutral: relative modulus below which an eigenvalue counts as 0.
        dense_limit: largest number of parameters for the dense matrix.
        report: function that takes the line; `None` to print nothing.

    Raises:
        ValueError: if `every` or `dense_limit` is not a positive integer, `neutral` is negative or
            not finite, `report` is not a function, or the batch holds anything but finite numbers.
        TypeError: in training, if the model is neither a GAN nor another `GameModel`.

    Example:
        >>> real = next(iter(data.mixture_of_gaussians()))
        >>> gan.fit(dataset, steps_per_epoch=1000, callbacks=[SpectrumMonitor(real, every=5)])

    Reference:
        Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017, section 3.
    """

    def __init__(
        self,
        real: Any,
        every: int = 1,
        neutral: float = 1e-3,
        dense_limit: int = 5000,
        report: Callable[[str], None] | None = print,
    ) -> None:
        super().__init__()
        hint = "For example SpectrumMonitor(real, every=5)."
        self.real = fixed_batch(real)
        self.every = check_count("every", every, hint)
        self.neutral = check_float("neutral", neutral, zero=True)
        self.dense_limit = check_count("dense_limit", dense_limit, hint)
        self.report = check_function("report", report)
        self._last: dict[str, float] = {}
        self._game = None
        self._measure: Callable[..., np.ndarray] | None = None
        self._operator = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Raises at once if the model is neither a GAN nor another `GameModel`."""
        refuse_other_models(self, "game")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Measures, or repeats the last values."""
        due = (epoch + 1) % self.every == 0
        if due:
            self._last = self.measure()
        if logs is None:
            return
        logs.update({key: self._last.get(key, _worst(key)) for key in _keys(self._field())})
        if self.every > 1:
            logs["spectrum_measured"] = float(due)

    def measure(self) -> dict[str, float]:
        """The entries of the logs for the present model; reports the line.

        Raises:
            TypeError: if the model is neither a GAN nor another `GameModel`.
        """
        refuse_other_models(self, "game")
        field = self._field()
        spectra = self._eigenvalues(field)
        numbers = [number for values in spectra for number in summary(values)]
        results = dict(zip(_keys(field), numbers, strict=True))
        if self.report is not None:
            name, gamma = (field or GRADIENT)[:2]
            optimizer, note = self.model.optimizer, note_of(self.model.optimizer)
            self.report(describe_spectrum(spectra[0], results, gamma, optimizer, name, note))
        return results

    def _eigenvalues(self, field):
        """Eigenvalues of v' and, for a regularized field, of w', without the neutral ones."""
        game = self._fixed_game()
        if sum(flat.sizes(game)) <= self.dense_limit:
            self._measure = self._measure or spectrum.compile_jacobian(game)
            matrix = self._measure().astype("float64")
            matrices = [matrix, *self._regularize(matrix, field)]
            found = [spectrum.eigenvalues(matrix) for matrix in matrices]
        else:
            self._operator = self._operator or spectrum.linear_operator(game)
            check_deterministic(game)
            operators = [self._operator, *self._regularize(self._operator, field)]
            found = [_extreme(operator) for operator in operators]
        return [without_neutral(values, self.neutral) for values in found]

    def _regularize(self, jacobian, field):
        """A list of the derivative w' of a regularized field, from a matrix or an operator."""
        if field is None or not field.is_regularized:
            return []
        return [field.derivative(jacobian, flat.sizes(self._fixed_game()))]

    def _fixed_game(self):
        if self._game is None:
            data = self.real if len(self.real) > 1 else self.real[0]
            self._game = self.model.game(data, training=False)
        return self._game

    def _field(self) -> Field | None:
        return field_of(self.model.optimizer)


def _worst(key):
    """The worst possible values: no stable step, or infinite parts."""
    return 0.0 if key.startswith("step_limit") else math.inf


def _keys(field):
    """The names of the logs' entries, which depend on the field's name and not on γ."""
    if field is None or not field.is_regularized:
        return _KEYS
    return (*_KEYS, *(f"{field.name}_{key}" for key in _KEYS[:3]), f"step_limit_{field.name}")


def without_neutral(values: np.ndarray, neutral: float) -> np.ndarray:
    """Eigenvalues except those below `neutral` times the largest modulus; NaN for none at all."""
    if not values.size:
        return np.full(1, complex(np.nan, np.nan))  # ARPACK found none, and has warned of it
    sizes = np.abs(values)
    return values[(sizes > neutral * sizes.max()) & (sizes > 0)]


def _extreme(operator):
    """What ARPACK finds at the ends of an operator's spectrum."""
    probe = np.random.default_rng(0).standard_normal(operator.shape[0]).astype(operator.dtype)
    if not np.any(operator.matvec(probe)):
        return np.zeros(1, "complex128")  # ARPACK cannot begin with the zero operator
    ends = ("largest_real", "largest_imaginary", "largest_modulus")
    return np.concatenate(
        [spectrum.extreme_eigenvalues(operator, 2, end, tolerance=1e-3).values for end in ends]
    )
