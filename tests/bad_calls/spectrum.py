"""Calls of `spectrum` that are to be refused."""

from bad_calls.repeated import NO_COUNT, NO_SEED, numbers

_NO_GAME = ["None", "gan()", "'game'", "3", "[[1.0]]"]
_NO_BATCHES = ["[]", "[3]", "[None]", "3", "'ab'", "[tf.ones(2)]", "[(1.0, 2.0)]"]
_GAMMA = ["nan", "inf", "-1.0", "'a'", "None", "True", "[1.0]", "1j"]
_POSITIVE = ["0.0", "-1.0", "nan", "inf", "'a'", "True"]
_BYTES = ["nan", "-1", "'4GB'", "None"]

CALLS = {
    "compile_jacobian": [
        *numbers("compile_jacobian({})", _NO_GAME),
        *numbers("compile_jacobian(game(), block_size={})", NO_COUNT),
        *numbers("compile_jacobian(game(), memory_limit={})", _BYTES),
        *numbers("compile_jacobian(game())({})", _NO_BATCHES),
        "compile_jacobian(game(), memory_limit=1)",
    ],
    "jacobian": [
        *numbers("jacobian({})", _NO_GAME),
        *numbers("jacobian(game(), block_size={})", NO_COUNT),
        *numbers("jacobian(game(), memory_limit={})", _BYTES),
        *numbers("jacobian(game(), {})", _NO_BATCHES),
        "jacobian(tfc.Game(lambda: (tf.constant(1.0),), [[]]))",
    ],
    "eigenvalues": [
        *numbers("eigenvalues({})", [*_NO_GAME[:4], "np.ones(3)", "np.ones((2, 3))"]),
        *numbers(
            "eigenvalues({})", ["np.full((2, 2), nan)", "np.array([['a']])", "np.eye(2) * 1j"]
        ),
        "eigenvalues(np.zeros((0, 0)))",
        *numbers("eigenvalues(np.eye(2), {})", _GAMMA),
        *numbers("eigenvalues(game(), block_size={})", NO_COUNT[:4]),
    ],
    "extreme_eigenvalues": [
        *numbers("extreme_eigenvalues({})", [*_NO_GAME, "ROTATION"]),
        *numbers(
            "extreme_eigenvalues(game(), {})", ["0", "-1", "3", "1.5", "nan", "None", "True", "'2'"]
        ),
        *numbers(
            "extreme_eigenvalues(game(), 1, {})", ["'largest'", "'LR'", "None", "3", "['LR']"]
        ),
        *numbers("extreme_eigenvalues(game(), 1, tolerance={})", ["-1.0", "nan", "'a'", "True"]),
        *numbers(
            "extreme_eigenvalues(game(), 1, max_iterations={})", ["0", "-1", "1.5", "'a'", "True"]
        ),
        *numbers("extreme_eigenvalues(game(), 1, subspace={})", ["0", "2", "1.5", "'a'", "True"]),
        *numbers("extreme_eigenvalues(game(), 1, seed={})", [*NO_SEED[:-1], "-1"]),
    ],
    "linear_operator": [
        *numbers("linear_operator({})", _NO_GAME),
        *numbers("linear_operator(game(), {})", _GAMMA),
    ],
    "numerical_range": [
        *numbers("numerical_range({})", [*_NO_GAME, "ROTATION"]),
        *numbers("numerical_range(game(), {})", _GAMMA),
        *numbers("numerical_range(game(), tolerance={})", _POSITIVE),
        *numbers("numerical_range(game(), max_steps={})", NO_COUNT),
        *numbers("numerical_range(game(), seed={})", [*NO_SEED[:-1], "-1"]),
    ],
}
EXEMPT = {
    "ExtremeEigenvalues": "a result",
    "NumericalRange": "a result",
}
