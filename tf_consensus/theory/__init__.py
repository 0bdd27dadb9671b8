"""The papers' statements as functions of matrices and eigenvalues; NumPy and SciPy only.

A is the Jacobian v'(x̄) of the utility gradient v, minus the gradient of each player's loss, at
a stationary point. The point is stable if the eigenvalues of A have negative real part.

Import from here the functions below. The package loads without TensorFlow, and imports only the
checks of `support`.
"""

from tf_consensus.theory.alternating import alternating_matrix, alternating_safe_step_size
from tf_consensus.theory.alternating_consensus import (
    TwoByTwoUpdate,
    alternating_consensus_matrix,
    alternating_consensus_max_step_size,
    dirac_alternating_consensus,
)
from tf_consensus.theory.consensus import (
    consensus_matrix,
    consensus_max_step_size,
    definiteness_margin,
)
from tf_consensus.theory.heavy_ball import (
    alternating_heavy_ball_matrix,
    heavy_ball_eigenvalues,
    heavy_ball_matrix,
    heavy_ball_max_step_size,
)
from tf_consensus.theory.implicit_euler import implicit_euler_eigenvalues, implicit_euler_matrix
from tf_consensus.theory.minibatch import debiased_loss, minibatch_bias, minibatch_loss
from tf_consensus.theory.momentum import (
    min_friction,
    momentum_eigenvalues,
    momentum_matrix,
    momentum_max_step_size,
)
from tf_consensus.theory.quotient import (
    QuotientBound,
    definiteness_quotient,
    imaginary_quotient,
    quotient_bound,
)
from tf_consensus.theory.rate import OptimalGamma, consensus_spectral_radius, optimal_gamma
from tf_consensus.theory.rescaling import rescaling_matrix, rescaling_max_step_size
from tf_consensus.theory.step_size import (
    euler_eigenvalues,
    gradient_ascent_max_step_size,
    max_step_size,
    spectral_radius,
    step_limits,
)

__all__ = [
    "OptimalGamma",
    "QuotientBound",
    "TwoByTwoUpdate",
    "alternating_consensus_matrix",
    "alternating_consensus_max_step_size",
    "alternating_heavy_ball_matrix",
    "alternating_matrix",
    "alternating_safe_step_size",
    "consensus_matrix",
    "consensus_max_step_size",
    "consensus_spectral_radius",
    "debiased_loss",
    "definiteness_margin",
    "definiteness_quotient",
    "dirac_alternating_consensus",
    "euler_eigenvalues",
    "gradient_ascent_max_step_size",
    "heavy_ball_eigenvalues",
    "heavy_ball_matrix",
    "heavy_ball_max_step_size",
    "imaginary_quotient",
    "implicit_euler_eigenvalues",
    "implicit_euler_matrix",
    "max_step_size",
    "min_friction",
    "minibatch_bias",
    "minibatch_loss",
    "momentum_eigenvalues",
    "momentum_matrix",
    "momentum_max_step_size",
    "optimal_gamma",
    "quotient_bound",
    "rescaling_matrix",
    "rescaling_max_step_size",
    "spectral_radius",
    "step_limits",
]
