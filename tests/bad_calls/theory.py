"""Calls of `theory` that are to be refused."""

from bad_calls.repeated import numbers

_NO_MATRIX = [
    "None", "'a'", "3.0", "[]", "[1.0]", "[[1.0, 2.0]]", "[[nan]]", "[[inf]]", "[[1j]]",
    "[['a']]", "[[None]]", "[[1.0], [1.0, 2.0]]", "[[True]]",
]  # fmt: skip
_NO_VALUES = [
    "None",
    "'a'",
    "-3.0",
    "[]",
    "[[-1.0]]",
    "[nan]",
    "[-inf]",
    "['a']",
    "[None]",
    "[True]",
]
_POSITIVE = ["0.0", "-1.0", "nan", "inf", "None", "'1'", "True", "[1.0]", "1j"]
_NOT_NEGATIVE = _POSITIVE[1:]
_ANY = ["nan", "inf", "None", "'1'", "True", "[1.0]"]
_INSIDE = ["1.0", "-1.0", *_ANY]
_FRACTION = ["0.0", "1.0", "-0.5", *_ANY]
_SPLIT = ["0", "2", "-1", "1.5", "nan", "inf", "None", "'1'", "True", "[1]"]
_PAIR_POSITIVE = [
    *_POSITIVE[:-2],
    "[1.0]",
    "(1.0, 0.0)",
    "(1.0, 2.0, 3.0)",
    "[]",
    "(nan, 1.0)",
    "1j",
]
_PAIR_NOT_NEGATIVE = [x for x in _PAIR_POSITIVE if x != "0.0" and x != "(1.0, 0.0)"]
_SAMPLES = ["None", "'a'", "3.0", "[]", "[nan]", "[[nan]]", "[['a']]", "[[inf, 1.0], [1.0, 2.0]]"]

_M = "ROTATION"


def _each(call, **values):
    """The call with each argument wrong in turn, `call` having {key} at its place."""
    right = {"a": _M, "values": "[-1.0 + 1.0j]", "split": "1", "h": "0.1", "gamma": "0.5"}
    right |= {"beta": "0.5", "friction": "3.0", "alpha": "0.5", "epsilon": "0.1", "b": "0.0"}
    right |= {"v": "[0.0, 0.0]", "n": "4"}
    return [
        call.format(**{**right, key: value}) for key, wrong in values.items() for value in wrong
    ]


CALLS = {
    "alternating_consensus_matrix": _each(
        "alternating_consensus_matrix({a}, {split}, {h}, {gamma})",
        a=_NO_MATRIX, split=_SPLIT, h=_PAIR_POSITIVE, gamma=_PAIR_NOT_NEGATIVE,
    ),
    "alternating_consensus_max_step_size": [
        *_each(
            "alternating_consensus_max_step_size({a}, {split}, {gamma}, {h})",
            a=[*_NO_MATRIX, "np.eye(2)"], split=_SPLIT, h=_POSITIVE, gamma=_PAIR_NOT_NEGATIVE,
        ),
        "alternating_consensus_max_step_size([[0.0, 1.0], [-1.0, 0.0]], 1, 0.0)",
    ],
    "dirac_alternating_consensus": _each(
        "dirac_alternating_consensus({beta}, {h}, {gamma}, {b})",
        beta=_POSITIVE, h=_PAIR_POSITIVE, gamma=_PAIR_NOT_NEGATIVE, b=_NOT_NEGATIVE,
    ),
    "alternating_heavy_ball_matrix": _each(
        "alternating_heavy_ball_matrix({a}, {split}, {h}, {beta})",
        a=_NO_MATRIX, split=_SPLIT, h=_POSITIVE, beta=_ANY,
    ),
    "alternating_matrix": _each(
        "alternating_matrix({a}, {split}, {h})", a=_NO_MATRIX, split=_SPLIT, h=_POSITIVE
    ),
    "alternating_safe_step_size": _each(
        "alternating_safe_step_size({a}, {split})", a=[*_NO_MATRIX, "np.eye(2)"], split=_SPLIT
    ),
    "consensus_matrix": _each("consensus_matrix({a}, {gamma})", a=_NO_MATRIX, gamma=_NOT_NEGATIVE),
    "consensus_max_step_size": _each(
        "consensus_max_step_size({a}, {gamma})", a=[*_NO_MATRIX, "np.eye(2)"], gamma=_POSITIVE
    ),
    "consensus_spectral_radius": _each(
        "consensus_spectral_radius({a}, {h}, {gamma})",
        a=_NO_MATRIX, h=_POSITIVE, gamma=_NOT_NEGATIVE,
    ),
    "debiased_loss": [*numbers("debiased_loss({})", _SAMPLES), "debiased_loss([[1.0, 2.0]])"],
    "definiteness_margin": _each(
        "definiteness_margin({a}, {gamma})",
        a=[*_NO_MATRIX, "np.eye(2)", "np.zeros((2, 2))"], gamma=_POSITIVE,
    ),
    "definiteness_quotient": numbers("definiteness_quotient({})", [*_NO_MATRIX, "np.eye(2)"]),
    "euler_eigenvalues": _each("euler_eigenvalues({values}, {h})", values=_NO_VALUES, h=_POSITIVE),
    "gradient_ascent_max_step_size": numbers(
        "gradient_ascent_max_step_size({})", [*_NO_MATRIX, "np.eye(2)", _M]
    ),
    "heavy_ball_eigenvalues": _each(
        "heavy_ball_eigenvalues({values}, {h}, {beta})", values=_NO_VALUES, h=_POSITIVE, beta=_ANY
    ),
    "heavy_ball_matrix": _each(
        "heavy_ball_matrix({a}, {h}, {beta})", a=_NO_MATRIX, h=_POSITIVE, beta=_ANY
    ),
    "heavy_ball_max_step_size": _each(
        "heavy_ball_max_step_size({values}, {beta})", values=[*_NO_VALUES, "[1.0]"], beta=_INSIDE
    ),
    "imaginary_quotient": numbers("imaginary_quotient({})", _NO_VALUES),
    "implicit_euler_eigenvalues": _each(
        "implicit_euler_eigenvalues({values}, {h})", values=[*_NO_VALUES, "[10.0]"], h=_POSITIVE
    ),
    "implicit_euler_matrix": _each(
        "implicit_euler_matrix({a}, {h})", a=[*_NO_MATRIX, "10 * np.eye(2)"], h=_POSITIVE
    ),
    "max_step_size": numbers("max_step_size({})", [*_NO_VALUES, "[1.0]", "[0.0]"]),
    "step_limits": numbers("step_limits({})", _NO_VALUES),
    "min_friction": numbers("min_friction({})", [*_NO_VALUES, "[1.0]"]),
    "minibatch_bias": [
        *numbers("minibatch_bias({}, 4)", _NO_MATRIX),
        *numbers("minibatch_bias(np.eye(2), {})", ["0", "-1", "1.5", *_ANY]),
    ],
    "minibatch_loss": numbers("minibatch_loss({})", _SAMPLES),
    "momentum_eigenvalues": _each(
        "momentum_eigenvalues({values}, {friction})", values=_NO_VALUES, friction=_ANY
    ),
    "momentum_matrix": _each(
        "momentum_matrix({a}, {friction})", a=_NO_MATRIX, friction=_ANY
    ),
    "momentum_max_step_size": _each(
        "momentum_max_step_size({values}, {friction})", values=[*_NO_VALUES, "[1.0]"], friction=_ANY
    ),
    "optimal_gamma": _each("optimal_gamma({a}, {h})", a=_NO_MATRIX, h=_POSITIVE),
    "quotient_bound": _each(
        "quotient_bound({a}, {gamma})", a=[*_NO_MATRIX, "np.eye(2)"], gamma=_NOT_NEGATIVE
    ),
    "rescaling_matrix": _each(
        "rescaling_matrix({a}, {v}, {b}, {h}, {alpha}, {epsilon})",
        a=_NO_MATRIX, v=["None", "'a'", "[0.0]", "[nan, 0.0]", "[[0.0, 0.0]]", "['a', 'b']"],
        b=_NOT_NEGATIVE, h=_POSITIVE, alpha=_FRACTION, epsilon=_POSITIVE,
    ),
    "rescaling_max_step_size": _each(
        "rescaling_max_step_size({values}, {alpha}, {epsilon})",
        values=[*_NO_VALUES, "[1.0]"], alpha=_FRACTION, epsilon=_POSITIVE,
    ),
    "spectral_radius": numbers("spectral_radius({})", _NO_MATRIX),
}  # fmt: skip
EXEMPT = {"OptimalGamma": "a result", "QuotientBound": "a result", "TwoByTwoUpdate": "a result"}
