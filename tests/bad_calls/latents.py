"""Calls of `latents` that are to be refused."""

from bad_calls.repeated import numbers

_NO_LATENTS = ["None", "'a'", "3.0", "[nan, 1.0]", "[inf, 1.0]", "['a', 'b']", "[1.0]", "[]"]
_NO_LATENTS += ["[[[1.0, 2.0]]]", "[1j, 1.0]", "[[1.0, 2.0], [1.0]]"]

CALLS = {
    "interpolate": [
        *numbers("interpolate({}, [0.0, 1.0], 3)", _NO_LATENTS),
        *numbers("interpolate([0.0, 1.0], {}, 3)", _NO_LATENTS),
        *numbers(
            "interpolate([1.0, 0.0], [0.0, 1.0], {})",
            ["0", "1", "-1", "2.5", "nan", "None", "True", "'3'"],
        ),
        *numbers(
            "interpolate([1.0, 0.0], [0.0, 1.0], 3, {})",
            ["'sperical'", "'line'", "None", "3", "['straight']"],
        ),
    ],
}
EXEMPT = {}
