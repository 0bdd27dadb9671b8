"""Small games with known answers: field, Jacobian and equilibrium in closed form.

Import from here the games and their base class `Problem`. The package imports `games` and
`support`.
"""

from tf_consensus.problems.bilinear import Bilinear
from tf_consensus.problems.dirac_gan import DiracGAN
from tf_consensus.problems.problem import Problem
from tf_consensus.problems.quadratic import Quadratic

__all__ = ["Bilinear", "DiracGAN", "Problem", "Quadratic"]
