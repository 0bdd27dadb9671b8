"""From a name, a config or an instance to an objective, and back to a config."""

import keras

from tf_consensus.objectives.aliases import canonical
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
from tf_consensus.support.checks import nearest
from tf_consensus.support.configurable import deserialized

_OBJECTIVES = {
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


def names() -> list[str]:
    """Returns the names that `get` knows, in the order of the documentation."""
    return list(_OBJECTIVES)


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
    objective = identifier
    # Class names alone, without Keras' "tf_consensus>" prefix, are known to us only.
    classes = {cls.__name__: cls for cls in _OBJECTIVES.values()}
    if isinstance(identifier, str):
        objective = _by_name(identifier, {**_OBJECTIVES, **classes})
    elif isinstance(identifier, dict):
        objective = deserialized("objective", identifier, classes)
    if not isinstance(objective, Objective):
        raise TypeError(
            "An objective must be a name, a config dict or an `Objective` instance. "
            f"Received: identifier={identifier!r} (of type {type(identifier).__name__}). "
            f"Pass one of the names {sorted(_OBJECTIVES)} or an instance, e.g. `Standard()`."
        )
    return objective


def serialize(objective: Objective) -> dict:
    """Returns a JSON-ready dict from which `get` rebuilds the objective.

    Example:
        >>> get(serialize(Standard())) == Standard()
        True

    Raises:
        TypeError: If it is no objective.
    """
    if not isinstance(objective, Objective):
        raise TypeError(
            "An objective that is serialized is an `Objective`. Received: "
            f"{objective!r}. For example `Standard()`."
        )
    return keras.saving.serialize_keras_object(objective)


def _by_name(name, known):
    key = canonical(name, known)
    if key is None:
        raise ValueError(
            f"Unknown objective. Received: identifier={name!r}. "
            f"{nearest(name, known)}Use one of {sorted(_OBJECTIVES)}, or pass an `Objective` "
            "instance."
        )
    return known[key]()
