"""Losses that stay at chance level while samples are far from the data."""

from tf_consensus.callbacks.advice.symptom import Scene, Symptom

# Where the loss is, and how much it moves: as shares of the way from chance to the best loss, or in
# logits for a loss without a best.
_CHANCE, _MOVES, _LOGITS = 0.1, 0.02, 1e-3
# Squared distance divided by the data's variance: what counts as far, and the largest change if
# nothing learns. In a slow start it changes all the time.
_FAR, _RESTS = 0.5, 1.02
_CHECKS, _STEPS = 4, 1000


def find(scene: Scene) -> str | None:
    """Looks whether loss and samples have stayed where neither player learns."""
    levels = scene.levels
    checks = scene.history.last(_CHECKS, _STEPS) if scene.checked and levels else ()
    if levels is None or not checks or not _rests([x.distance for x in checks]):
        return None
    losses = [x.discriminator_loss for x in checks]
    scale = None if levels.best is None else levels.chance - levels.best
    off, moves = (_LOGITS, _LOGITS) if scale is None else (_CHANCE * scale, _MOVES * scale)
    if max(abs(x - levels.chance) for x in losses) > off or max(losses) - min(losses) > moves:
        return None
    last, steps = checks[-1], checks[-1].step - checks[0].step
    return (
        f"Neither network learns: for {steps:,} steps the discriminator's loss has been at "
        f"{last.discriminator_loss:.4g}, where chance is {levels.chance:.4g}, while means and "
        f"deviations of generated samples are {last.distance**0.5:.2g} standard deviations off "
        "the data's; raise the learning rate, lower `gamma` or the penalties' weights if there are "
        "any, or build the networks with another seed, because their units may be dead."
    )


def _rests(distances):
    return min(distances) > _FAR and max(distances) < _RESTS * min(distances)


NOT_LEARNING = Symptom("not_learning", find)
