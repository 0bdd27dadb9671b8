"""A regularizer that outweighs the field."""

import keras
import numpy as np

from tf_consensus.callbacks.advice.symptom import Scene, Symptom
from tf_consensus.support.layers import walk

_RATIO = 20.0
_CHECKS, _STEPS = 3, 200


def find(scene: Scene) -> str | None:
    """Looks whether ‖γ∇L‖ has been many times ‖v‖ at each of the last checks."""
    if not (scene.checked and scene.history.checks[-1].measured):
        return None
    checks = scene.history.last(_CHECKS, _STEPS, measured=True)
    ratios = [check.outweighs for check in checks]
    if not ratios or min(ratios) < _RATIO:
        return None
    optimizer, gamma = scene.model.optimizer, None
    while gamma is None:
        gamma = getattr(optimizer, "current_gamma", None)
        name = type(optimizer).__name__
        optimizer = getattr(optimizer, "inner_optimizer", None)
    middle = float(np.median(ratios))
    remedy = f"lower gamma to about {float(f'{gamma / middle:.1g}'):g}"
    if any(isinstance(x, keras.layers.BatchNormalization) for x in walk(scene.model)):
        remedy += ", or build the networks without batch normalization"
    return (
        f"The regularizer outweighs the game: γ∇L is {middle:.0f} times as long as v at "
        f"gamma={gamma:g}, so {name} makes gradients small instead of following them; {remedy}."
    )


GAMMA = Symptom("gamma", find)
