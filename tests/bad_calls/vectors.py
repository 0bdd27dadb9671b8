"""Calls of `vectors` that are to be refused."""

from bad_calls.repeated import numbers

_X = "[tf.ones(2), tf.ones(())]"
_NO_VECTOR = [
    "None",
    "3.0",
    "'ab'",
    "[]",
    "['a']",
    "[None]",
    "[3]",
    "[tf.constant(1)]",
    "tf.ones(2)",
]
_NOT_EVEN_EMPTY = [x for x in _NO_VECTOR if x != "[]"]
_NO_MATCH = ["[tf.ones(2)]", "[tf.ones(3), tf.ones(())]", "[tf.ones(2), tf.ones(2)]"]
_NO_FACTOR = ["'2'", "None", "[1.0]", "tf.ones(2)", "True", "nan", "inf"]

CALLS = {
    "dot": [
        *numbers(f"dot({{}}, {_X})", [*_NO_VECTOR, *_NO_MATCH]),
        *numbers(f"dot({_X}, {{}})", [*_NO_VECTOR, *_NO_MATCH]),
    ],
    "norm": numbers("norm({})", _NO_VECTOR),
    "scale": [
        *numbers("scale({}, 2.0)", _NOT_EVEN_EMPTY),
        *numbers(f"scale({_X}, {{}})", _NO_FACTOR),
    ],
    "add_scaled": [
        *numbers(f"add_scaled({{}}, 1.0, {_X})", [*_NO_VECTOR, *_NO_MATCH]),
        *numbers(f"add_scaled({_X}, 1.0, {{}})", [*_NO_VECTOR, *_NO_MATCH]),
        *numbers(f"add_scaled({_X}, {{}}, {_X})", _NO_FACTOR),
    ],
    "flatten": numbers("flatten({})", _NO_VECTOR),
    "unflatten": [
        *numbers(f"unflatten({{}}, {_X})", ["None", "'a'", "tf.ones(4)", "tf.ones((3, 1))", "1.0"]),
        *numbers("unflatten(tf.ones(3), {})", ["None", "3.0", "'ab'", "[]", "[None]", "['a']"]),
    ],
    "replica_mean": numbers("replica_mean({})", _NOT_EVEN_EMPTY),
}
EXEMPT = {}
