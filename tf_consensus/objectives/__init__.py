"""GAN objectives: one loss per player, computed from the discriminator's logits.

Import from here the base class `Objective`, the objectives themselves, and `get`, `names` and
`serialize`, which know them by name. The package imports only `support`.
"""

from tf_consensus.objectives.base import Objective
from tf_consensus.objectives.classic import (
    Hinge,
    Indicator,
    JensenShannon,
    KullbackLeibler,
    LeastSquares,
    Standard,
    TotalVariation,
    Wasserstein,
)
from tf_consensus.objectives.f_divergences import (
    FDivergence,
    ForwardKL,
    Neyman,
    Pearson,
    ReverseKL,
    SquaredHellinger,
)
from tf_consensus.objectives.registry import get, names, serialize
from tf_consensus.objectives.relativistic import Relativistic, RelativisticAverage

__all__ = [
    "FDivergence",
    "ForwardKL",
    "Hinge",
    "Indicator",
    "JensenShannon",
    "KullbackLeibler",
    "LeastSquares",
    "Neyman",
    "Objective",
    "Pearson",
    "Relativistic",
    "RelativisticAverage",
    "ReverseKL",
    "SquaredHellinger",
    "Standard",
    "TotalVariation",
    "Wasserstein",
    "get",
    "names",
    "serialize",
]
