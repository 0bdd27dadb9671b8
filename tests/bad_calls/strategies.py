"""Calls of `strategies` that are to be refused."""

from bad_calls.repeated import numbers

CALLS = {
    "make": [
        *numbers("make({})", ["'miror'", "None", "3"]),
        *numbers("make('mirrored', replicas={})", ["0", "-1"]),
    ],
    "is_chief": numbers("is_chief({})", ["None"]),
    "check_tf_config": numbers("check_tf_config({})", ["None", "''", "'{}'"]),
}
EXEMPT = {}
