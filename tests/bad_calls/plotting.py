"""Calls of `plotting` that are to be refused."""

from bad_calls.repeated import numbers

_ELSEWHERE = "tried in test_bad_plots"

CALLS = {
    "density": numbers("density({})", ["None", "np.ones(3)"]),
    "image_grid": numbers("image_grid({})", ["None", "np.ones((2, 3))"]),
}
EXEMPT = dict.fromkeys(
    [
        "density_animation",
        "density_grid",
        "density_table",
        "run_curves",
        "seed_curves",
        "sweep_curves",
        "training_curves",
    ],
    _ELSEWHERE,
)
