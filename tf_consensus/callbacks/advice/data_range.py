"""Data outside the generator's range."""

import math

from tf_consensus.callbacks.advice.symptom import Scene, Symptom
from tf_consensus.models.range_warnings import remedy_of_range


def find(scene: Scene) -> str | None:
    """Compares the first batch with the activation that the generator ends in."""
    if scene.seen is None:
        return None
    low, high = scene.seen.low, scene.seen.high
    values = scene.seen.examples * math.prod(side or 1 for side in scene.model.sample_shape[1:])
    found = remedy_of_range(scene.model.generator, (low, high), values)
    if found is None:
        return None
    end, remedy = found
    return (
        f"The data run from {low:g} to {high:g}, and the generator's last activation, "
        f"{end.activation} of layer '{end.layer}', makes {end.low:g} to {end.high:g}; "
        f"{remedy[0].lower()}{remedy[1:]}, or end the generator in another activation."
    )


DATA_RANGE = Symptom("data_range", find, warned="range")
