"""A discriminator that has won."""

from tf_consensus.callbacks.advice.symptom import Scene, Symptom

# A share of the way from chance to the best loss; the standard objective's loss is then below 0.07.
_WON = 0.95
_CHECKS, _STEPS = 3, 300
# A loss gives no gradient if its slope with respect to the generated logits is below this share.
_FLAT = 0.05
_FALLS = 0.2


def find(scene: Scene) -> str | None:
    """Looks whether the loss stays near its best, and the generator does not catch up."""
    levels = scene.levels
    checks = scene.history.last(_CHECKS, _STEPS) if scene.checked and levels else ()
    if not checks or levels is None or levels.best is None:
        return None
    for check in checks:
        losses = (check.logged, check.discriminator_loss)
        if min(levels.advantage(loss) or 0.0 for loss in losses) < _WON:
            return None
    last, before = checks[-1], checks[0].generator_loss
    if before - last.generator_loss > _FALLS * abs(before) and last.slope > _FLAT:
        return None  # the generator catches up
    flat = f" and the generator's gradient has vanished (slope {last.slope:.2g})"
    lost = f" and the generator's loss stays at {last.generator_loss:.3g}"
    remedy = "lower the discriminator's learning rate"
    if not scene.model.penalties:
        remedy += " or regularize it by GAN(penalties=[penalties.R1(1.0)])"
    if last.slope < _FLAT:
        remedy += ', or train with objective="standard", which does not saturate'
    return (
        f"The discriminator has won: its loss has been at {last.discriminator_loss:.2g} for "
        f"{last.step - checks[0].step:,} steps, where chance is {levels.chance:.3g}"
        f"{flat if last.slope < _FLAT else lost}; {remedy}."
    )


DISCRIMINATOR_WON = Symptom("discriminator_won", find)
