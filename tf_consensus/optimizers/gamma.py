"""What a regularizer's weight γ may be."""

import math
import numbers
from typing import Any, TypeAlias

import keras

from tf_consensus.optimizers.adaptive_gamma import AdaptiveGamma
from tf_consensus.optimizers.relative_gamma import RelativeGamma
from tf_consensus.support.schedules import check_values, is_schedule

Gamma: TypeAlias = float | str | keras.optimizers.schedules.LearningRateSchedule | AdaptiveGamma


def check_gamma(gamma: Any) -> Any:
    """The weight: a float, a schedule or an `AdaptiveGamma`.

    Raises:
        TypeError: if it is none of these.
        ValueError: if it is negative or not finite.
    """
    if is_schedule(gamma):
        check_values("gamma", gamma)
        return gamma
    if isinstance(gamma, AdaptiveGamma):
        return gamma
    if isinstance(gamma, str) and gamma == "auto":
        return RelativeGamma()
    if not isinstance(gamma, numbers.Real) or isinstance(gamma, bool):
        raise TypeError(
            "`gamma` must be a number or a keras.optimizers.schedules.LearningRateSchedule, "
            "'auto', a RelativeGamma or a SpectralGamma. Received: "
            f"gamma={gamma!r}. For example gamma=10.0."
        )
    if not math.isfinite(gamma) or gamma < 0:
        raise ValueError(
            f"`gamma` must be finite and at least 0. Received: gamma={gamma}. "
            "A negative weight would drive the players away from every equilibrium."
        )
    return float(gamma)
