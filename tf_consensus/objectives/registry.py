"""From a name, a config or an instance to an objective, and back to a config."""

from typing import Any

from tf_consensus.objectives.aliases import ALIASES, refuse_composite
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
    ForwardKL,
    Neyman,
    Pearson,
    ReverseKL,
    SquaredHellinger,
)
from tf_consensus.objectives.relativistic import Relativistic, RelativisticAverage
from tf_consensus.support.registry import Registry

_ENTRIES = {
    "standard": Standard,
    "js": JensenShannon,
    "kl": KullbackLeibler,
    "tv": TotalVariation,
    "indicator": Indicator,
    "wgan": Wasserstein,
    "hinge": Hinge,
    "least_squares": LeastSquares,
    "relativistic": Relativistic,
    "relativistic_average": RelativisticAverage,
    "forward_kl": ForwardKL,
    "reverse_kl": ReverseKL,
    "pearson": Pearson,
    "neyman": Neyman,
    "hellinger": SquaredHellinger,
    # Names that other papers and libraries give to losses above.
    "gan": JensenShannon,
    "logistic_wgan": Standard,
}
_OBJECTIVES = Registry("objective", _ENTRIES, ALIASES)


def names() -> list[str]:
    """Returns the names that `get` knows, in the order of the documentation."""
    return _OBJECTIVES.names()


def get(identifier: str | dict | Objective) -> Objective:
    """Returns the objective that a name, a config or an instance stands for.

    Args:
        identifier: One of `names()`: of "The Numerics of GANs", "standard", "js", "kl", "tv",
            "indicator"; "wgan", "hinge", "least_squares"; "relativistic", "relativistic_average";
            of f-GAN, "forward_kl", "reverse_kl", "pearson", "neyman", "hellinger"; "gan" is "js"
            and "logistic_wgan" is "standard". A class's name does as well, and so do the names of
            other places for the same losses (`aliases`): "non_saturating", "vanilla" and "bce" are
            "standard", "minimax" is "js", "wasserstein" is "wgan", "lsgan" is "least_squares",
            "rsgan" is "relativistic", "ragan" is "relativistic_average". Capitals, dashes and
            underscores do not count. Or a dict as `serialize` returns it, or with "class_name" and
            "config" only; or an `Objective`.

    Returns:
        The objective; an instance is returned as it is.

    Raises:
        ValueError: If the name is unknown, or is one of an objective together with a penalty, such
            as "wgan_gp".
        TypeError: If the identifier, or what its config describes, is no objective.

    Example:
        >>> get("js")
        JensenShannon()
        >>> get({"class_name": "LeastSquares", "config": {"fake": -1.0, "generator": 0.0}})
        LeastSquares(real=1.0, fake=-1.0, generator=0.0)
    """
    if isinstance(identifier, str):
        refuse_composite(identifier)
    objective = _OBJECTIVES.made(identifier, "an `Objective` instance")
    if not isinstance(objective, Objective):
        raise TypeError(
            "An objective must be a name, a config dict or an `Objective` instance. "
            f"Received: identifier={identifier!r} (of type {type(identifier).__name__}). "
            f"Pass one of the names {sorted(names())} or an instance, e.g. `Standard()`."
        )
    return objective


def serialize(objective: Objective) -> dict[str, Any]:
    """Returns a JSON-ready dict from which `get` rebuilds the objective.

    Args:
        objective: An instance.

    Example:
        >>> get(serialize(Standard())) == Standard()
        True

    Raises:
        TypeError: If it is no objective.
    """
    valid = isinstance(objective, Objective)
    return _OBJECTIVES.serialized(objective, valid, "an `Objective`", "`Standard()`")
