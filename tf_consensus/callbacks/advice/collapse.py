"""A generator that has collapsed."""

import numpy as np

from tf_consensus.callbacks.advice.symptom import Scene, Symptom

_SPREAD = 0.1
# With less than half of the spread, coinciding pairs are due to the spread alone.
_WIDE = 0.5
# Untrained generators make samples without spread too. One that has collapsed had more spread
# before, or its samples move by a share of the data's standard deviation.
_FALLEN, _MOVED = 3.0, 0.5
# Shares of the pairs of samples that are nearer than a tenth of the real ones' mean distance.
_TWINS, _REAL_TWINS = 0.4, 0.2
_CHECKS, _STEPS = 3, 300


def find(scene: Scene) -> str | None:
    """Looks whether generated samples have long had hardly any spread, or mostly coincided."""
    checks = scene.history.last(_CHECKS, _STEPS) if scene.checked else ()
    if not checks:
        return None
    first, last = checks[0], checks[-1]
    steps = f"for {last.step - first.step:,} steps"
    spreads = [check.spread for check in checks]
    moved = max(np.linalg.norm(check.center - first.center) for check in checks)
    trained = moved > _MOVED or scene.history.widest > _FALLEN * last.spread
    if max(spreads) < _SPREAD and last.spread < 1.2 * first.spread and trained:
        seen = f"{last.spread:.1%} of the spread of real ones"
    elif min(spreads) > _WIDE and last.twins > 0.8 * first.twins and all(map(_coincide, checks)):
        seen = f"{last.twins:.0%} of pairs nearly alike (real ones: {last.real_twins:.0%})"
    else:
        return None
    remedy = "regularize the discriminator by GAN(penalties=[penalties.R1(1.0)])"
    if scene.model.penalties:
        remedy = "raise the weight of the penalty"
    return (
        f"The generator has collapsed: {steps} its samples have had {seen}; {remedy}, or lower the "
        "learning rate, and go back to an earlier backup."
    )


def _coincide(check):
    return check.twins > _TWINS and check.real_twins < _REAL_TWINS


COLLAPSE = Symptom("collapse", find)
