"""Calls of `strategies` that are to be refused."""

CALLS = {
    "make": ["make('none', tpu='local')"],
    "check_tf_config": ["check_tf_config(None)", "check_tf_config('')", "check_tf_config('{}')"],
}
EXEMPT = {"is_chief": "not tried yet"}
