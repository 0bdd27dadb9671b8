"""Calls of `data` that are to be refused."""

from bad_calls.repeated import NO_COUNT, NO_SEED, numbers

_STREAMS = "circle four_lines gaussian grid_of_gaussians line mixture_of_gaussians"

CALLS = {
    **{
        name: [
            *numbers(f"{name}(batch_size={{}})", NO_COUNT),
            *numbers(f"{name}(stddev={{}})", ["nan", "inf", "-1.0", "'a'"]),
            *numbers(f"{name}(seed={{}})", NO_SEED[:4]),
        ]
        for name in _STREAMS.split()
    },
    "grid_modes": [*numbers("grid_modes({})", NO_COUNT), "grid_modes(5, nan)"],
    "ring_modes": [*numbers("ring_modes({})", NO_COUNT), "ring_modes(8, nan)"],
    "images": numbers("images({})", ["'no_such_data'", "None", "3"]),
    "image_info": numbers("image_info({})", ["'no_such_data'", "None", "3"]),
}
EXEMPT = {"ImageInfo": "a result", "fingerprint": "tried in test_data_arguments"}
