"""A learning rate above what the spectrum allows."""

import math

import tensorflow as tf

from tf_consensus.callbacks.advice.symptom import Scene, Symptom

_CHECKS, _STEPS = 3, 200
_FALLS = 0.9


def find(scene: Scene) -> str | None:
    """Compares the rate of plain steps with Lemma 4's bound, while ‖v‖ does not fall."""
    if not (scene.checked and scene.history.checks[-1].measured):
        return None
    checks = scene.history.last(_CHECKS, _STEPS, measured=True)
    if not checks or any(math.isnan(x.step_limit) for x in checks):
        return None
    # On replicas of a strategy it is a variable that `float` refuses.
    rate = float(tf.convert_to_tensor(scene.model.optimizer.learning_rate))
    first, last = checks[0], checks[-1]
    if max(x.step_limit for x in checks) >= rate:
        return None
    if last.gradient_norm < _FALLS * first.gradient_norm:
        return None
    if last.step_limit > 0.0:
        return (
            f"The learning rate is above what the spectrum allows: plain steps are stable for "
            f"h < {last.step_limit:.2g}, learning_rate is {rate:.2g} and the gradient norm does "
            f"not fall ({last.gradient_norm:.2g}); set learning_rate={last.step_limit / 2:.1g}."
        )
    if min(x.rotation for x in checks) > 0.0:
        return (
            f"No learning rate is small enough: the spectrum rotates with ±{last.rotation:.2g}i "
            f"and is not damped, so plain steps spiral outwards (learning_rate {rate:.2g}, gradient"
            f" norm {last.gradient_norm:.2g}, not falling); use ConsensusOptimizer(gamma=1.0)."
        )
    return None


LEARNING_RATE = Symptom("learning_rate", find)
