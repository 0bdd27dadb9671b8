"""The spectrum of a run's game at its present weights: numbers, a sentence, and eigenvalues."""

import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_consensus import data, spectrum
from tf_consensus.callbacks import SpectrumMonitor
from tf_consensus.callbacks.spectrum_monitor import without_neutral
from tf_consensus.experiments.arnoldi import Ritz, arnoldi
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.estimate import in_words
from tf_consensus.models.gan import GAN
from tf_consensus.spectrum import flat
from tf_consensus.spectrum.determinism import check_deterministic

# The ends of a spectrum: the function that orders it, the end's name, and the numbers it decides.
_ENDS: dict[str, tuple[Callable, str, tuple[str, ...]]] = {
    "real": (np.real, "the largest real part", ("spectrum_real",)),
    "rotation": (
        lambda values: np.abs(values.imag),
        "the largest rotation",
        ("spectrum_rotation", "spectrum_quotient"),
    ),
    "modulus": (np.abs, "the largest modulus", ()),
}
# Of examples/mixture_of_gaussians.py.
_POINTS = {"ring": data.mixture_of_gaussians, "grid": data.grid_of_gaussians}
_STDDEV = 0.01
# Bytes of the vectors that are kept.
_MEMORY = 2 * 2**30


class Options(NamedTuple):
    """How to measure.

    Attributes:
        eigenvalues: Number of eigenvalues at each end of the spectrum, if there is no matrix.
        tolerance: Largest residual of an eigenvalue, relative to its modulus.
        products: Largest number of products with the derivative of each field.
        dense_limit: Largest number of parameters for which v' is a matrix and all of its
            eigenvalues count.
    """

    eigenvalues: int = 4
    tolerance: float = 1e-2
    products: int = 80
    dense_limit: int = 3000


class Measured(NamedTuple):
    """A spectrum.

    Attributes:
        numbers: What `spectrum.json` holds: "step", "sentence", and numbers by name; `None` for
            those that were not found, or are not finite.
        spectra: The eigenvalues of each field by its name, complex (k,), without the neutral ones.
    """

    numbers: dict[str, Any]
    spectra: dict[str, np.ndarray]


def points_batch(settings: dict[str, Any], batch_size: int, seed: int) -> tf.Tensor:
    """A batch of points such as a run of the mixture of Gaussians trains on."""
    stream = _POINTS[settings.get("target", "ring")]
    balanced = settings.get("balanced", True)
    return next(iter(stream(batch_size, stddev=_STDDEV, seed=seed, balanced=balanced)))


def measure(gan: GAN, real: Any, options: Options) -> Measured:
    """Measure the spectrum on one batch.

    Args:
        gan: The compiled model.
        real: Samples, or a pair of samples and labels.
        options: How to measure.

    Raises:
        RunError: If no eigenvalue was found.
    """
    start = time.perf_counter()
    monitor = _Monitor(real, options)
    monitor.set_model(gan)
    results = monitor.measure()
    results |= dict.fromkeys(monitor.lacking(), math.nan)
    numbers = {
        "step": int(gan.optimizer.iterations.numpy()),
        "sentence": "; ".join([monitor.line, *monitor.notes]),
        "parameters": sum(int(np.prod(x.shape)) for x in gan.trainable_variables),
        "batch_size": len(real[0] if isinstance(real, tuple) else real),
        "eigenvalues": "of the ends of the spectrum" if monitor.missed else "all",
        "optimizer": type(gan.optimizer).__name__,
        **{key: value if math.isfinite(value) else None for key, value in results.items()},
        "seconds_to_measure": round(time.perf_counter() - start, 1),
    }
    spectra = dict(zip(monitor.fields, monitor.spectra, strict=True))
    values = {f"{name}_eigenvalues": _pairs(found) for name, found in spectra.items()}
    return Measured(numbers | values, spectra)


class _Monitor(SpectrumMonitor):
    """Bounds the time that a large spectrum takes, and keeps what it finds.

    Attributes:
        line: The monitor's sentence.
        notes: More sentences, about what was not found.
        fields: Names of the gradient field and of the one that the steps follow.
        spectra: The eigenvalues of each field.
        missed: The ends of each that were not found; empty if all eigenvalues are computed.
    """

    def __init__(self, real, options):
        super().__init__(real, dense_limit=options.dense_limit, report=self._take)
        self.options = options
        self.line, self.notes, self.fields, self.spectra, self.missed = "", [], [], [], []

    def lacking(self):
        """The names of the numbers that an end decides that was not found."""
        prefixes = ["", *[f"{name}_" for name in self.fields[1:]]]
        return [
            prefix + key
            for prefix, ends in zip(prefixes, self.missed, strict=False)
            for end in ends
            for key in _ENDS[end][2]
        ]

    def _take(self, line):
        self.line = line

    def _eigenvalues(self, field):
        game = self._fixed_game()
        size = sum(flat.sizes(game))
        self.fields = ["gradient"]
        if field is not None and field.name != "gradient":
            self.fields.append(field.name)
        if size <= self.dense_limit:
            print(f"{size:,} parameters: all eigenvalues", flush=True)
            self.spectra = super()._eigenvalues(field)
            return self.spectra
        check_deterministic(game)
        operator = spectrum.linear_operator(game)
        operators = [operator, *self._regularize(operator, field)]
        products = min(self.options.products, _MEMORY // (size * operator.dtype.itemsize))
        self._say(operators, size, products)
        for name, each in zip(self.fields, operators, strict=True):
            self._keep(name, arnoldi(each, products, self._all_there))
        self.notes.append("the ends of a spectrum give an upper bound of the largest stable step")
        return self.spectra

    def _say(self, operators, size, products):
        """Prints how long it may take, from the time of one product."""
        each = 0.0
        for operator in operators:
            u = np.random.default_rng(0).standard_normal(size).astype(operator.dtype)
            operator.matvec(u)  # compiles
            start = time.perf_counter()
            operator.matvec(u)
            each += time.perf_counter() - start
        print(
            f"{size:,} parameters: {self.options.eigenvalues} eigenvalues at each end of the "
            f"spectrum, in up to {products} products, {in_words(products * each)}. A smaller "
            "--products or --batch_size or a larger --tolerance takes less.",
            flush=True,
        )

    def _all_there(self, found):
        """Whether the outermost values of every end have converged."""
        good = self._good(found)
        k = self.options.eigenvalues
        return all(good[np.argsort(-key(found.values))[:k]].all() for key, _, _ in _ENDS.values())

    def _good(self, found):
        return found.residuals <= self.options.tolerance * np.abs(found.values)

    def _keep(self, name, found: Ritz):
        """Keep those of the outermost values that converged, and note ends without any."""
        good, k, taken = self._good(found), self.options.eigenvalues, len(found.values)
        rows, missed = set(), []
        for end, (key, _, _) in _ENDS.items():
            outer = np.argsort(-key(found.values))[:k]
            rows |= {int(row) for row in outer if good[row]}
            # Real values at the end of the rotations show that no rotation was found, not that
            # there is none.
            seen = good[outer[0]] and key(found.values[outer[0]]) != 0
            if not seen and found.residuals.any():
                missed.append(end)
        if not rows:
            raise RunError(
                f"An eigenvalue must be found. Received: none of the {name} field in {taken} "
                "products. Raise --products or --tolerance."
            )
        self.spectra.append(without_neutral(found.values[sorted(rows)], self.neutral))
        self.missed.append(missed)
        if missed:
            ends = " and ".join(_ENDS[end][1] for end in missed)
            self.notes.append(f"{ends} of the {name} field did not show in {taken} products")


def _pairs(values):
    """Complex numbers as JSON holds them, ordered from the largest real part down."""
    return [[float(x.real), float(x.imag)] for x in values[np.argsort(-values.real)]]
