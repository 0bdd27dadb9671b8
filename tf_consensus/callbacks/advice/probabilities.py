"""A sigmoid before a loss on logits."""

from tf_consensus.callbacks.advice.symptom import Scene, Symptom
from tf_consensus.models.range_warnings import probable_end

_CHECKS, _STEPS = 3, 300
# The ends of a sigmoid. A loss that wants more drives the outputs to both ends, never beyond.
_ENDS = 0.02


def find(scene: Scene) -> str | None:
    """Looks at the discriminator's last layers, or at its outputs if the layers do not tell."""
    model = scene.model
    end = probable_end(model.discriminator, model.objective)
    if end is not None:
        found = f"ends in {end.activation} (layer '{end.layer}')"
    elif model.objective.takes_logits and _saturates(scene):
        found = "made outputs from 0 to 1 alone, at both ends"
    else:
        return None
    return (
        f"The discriminator {found}, and the objective {type(model.objective).__name__} takes "
        "logits of any size and sign; end the discriminator in Dense(1) without an activation."
    )


def _saturates(scene):
    checks = scene.history.last(_CHECKS, _STEPS) if scene.checked and scene.levels else ()
    if not checks or not scene.levels.shifts:
        return False
    return all(
        min(x.real_logits.min(), x.fake_logits.min()) >= 0.0
        and max(x.real_logits.max(), x.fake_logits.max()) <= 1.0
        and x.real_logits.mean() > 1.0 - _ENDS
        and x.fake_logits.mean() < _ENDS
        for x in checks
    )


PROBABILITIES = Symptom("probabilities", find, warned="probabilities")
