"""Calls of `plotting` that are to be refused."""

from bad_calls.repeated import numbers

_LATER = "not tried yet"
_PICTURES = "density_animation density_grid density_table run_curves seed_curves sweep_curves"

CALLS = {
    "density": numbers("density({})", ["None", "np.ones(3)"]),
    "image_grid": numbers("image_grid({})", ["None", "np.ones((2, 3))"]),
    "training_curves": numbers("training_curves({}, ['generator_loss'])", ["None", "[]"]),
}
EXEMPT = dict.fromkeys(_PICTURES.split(), _LATER)
