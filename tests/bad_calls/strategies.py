"""Calls of `strategies` that are to be refused."""

from bad_calls.repeated import NO_COUNT, numbers

CALLS = {
    "make": [
        *numbers("make({})", ["'miror'", "None", "3", "['mirrored']", "''"]),
        *numbers("make('mirrored', replicas={})", [x for x in NO_COUNT if x != "None"]),
        "make('none', tpu='local')",
        "make('none', replicas=2)",
        "make('mirrored', tpu='local')",
        *numbers("make('tpu', {})", ["3", "['local']"]),
        *numbers("make('multi_worker', timeout={})", ["nan", "0", "-1.0", "'a'", "None", "True"]),
    ],
    "is_chief": numbers("is_chief({})", ["None", "'none'", "3"]),
}
EXEMPT = {}
