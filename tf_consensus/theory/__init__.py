"""The papers' statements as functions of matrices and eigenvalues; NumPy and SciPy only.

A is the Jacobian v'(x̄) of the utility gradient v, minus the gradient of each player's loss, at
a stationary point: stable if its eigenvalues have negative real part.
"""

from tf_consensus.theory.step_size import (
    euler_eigenvalues,
    gradient_ascent_max_step_size,
    max_step_size,
    spectral_radius,
)

__all__ = [
    "euler_eigenvalues",
    "gradient_ascent_max_step_size",
    "max_step_size",
    "spectral_radius",
]
