"""The derivative v' of a game's gradient vector field: dense, matrix-free, and its eigenvalues.

Import from here the functions below; callbacks and experiments also use the module `flat`, which
makes one vector of all parameters, and `determinism`. The package imports `games` and `support`.
"""

from tf_consensus.spectrum.arpack import ExtremeEigenvalues, extreme_eigenvalues
from tf_consensus.spectrum.bendixson import NumericalRange, numerical_range
from tf_consensus.spectrum.dense import compile_jacobian, eigenvalues, jacobian
from tf_consensus.spectrum.matrix_free import linear_operator

__all__ = [
    "ExtremeEigenvalues",
    "NumericalRange",
    "compile_jacobian",
    "eigenvalues",
    "extreme_eigenvalues",
    "jacobian",
    "linear_operator",
    "numerical_range",
]
