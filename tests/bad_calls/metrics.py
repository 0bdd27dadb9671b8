"""Calls of `metrics` that are to be refused."""

from bad_calls.repeated import NO_COUNT, NO_SEED, numbers

_ELSEWHERE = "tried in test_bad_metric_values"

_ROWS = "{'x': [1.0, 2.0], 'y': ['a', 'b']}"
_NO_ROWS = ["None", "3", "'a'", "{}", "{'x': [1.0]}", "{'x': [1.0], 'y': ['a', 'b']}"]
_GREY = "np.zeros((2, 16, 16, 1))"
_NO_PYRAMID = [
    *("None", "'a'", "3.0", "np.zeros((16, 16, 1))", "np.zeros((0, 16, 16, 1))"),
    *("np.zeros((2, 16, 16, 3))", "np.zeros((2, 24, 24, 1))", "np.zeros((2, 16, 32, 1))"),
    *("np.full((2, 16, 16, 1), 2.0)", "np.full((2, 16, 16, 1), nan)"),
    "np.zeros((2, 16, 16, 1), 'uint8')",
]

CALLS = {
    **{
        name: [
            *numbers(f"{name}({_ROWS}, {{}})".replace("{{}}", "{}"), _NO_ROWS),
            *[f"{name}({_ROWS}, {_ROWS}, categorical={x})" for x in ("'x'", "['z']", "3")],
        ]
        for name in ("correlation_difference", "marginal_distances", "number_distances")
    },
    "transfer_accuracy": [
        f"transfer_accuracy({_ROWS}, {_ROWS}, {_ROWS}, {target})"
        for target in ("None", "'x'", "'z'", "3")
    ],
    "StackedModes": numbers("StackedModes({})", ["None", "3", "'a'"]),
    "ModeCoverage": numbers("ModeCoverage(np.eye(2), {})", ["nan", "-1.0", "'a'"]),
    "Wasserstein1": numbers("Wasserstein1({})", ["None", "np.full((4, 2), nan)"]),
    "classifier_score": numbers("classifier_score({})", ["None", "np.ones(3)"]),
    "kernel_distance": numbers("kernel_distance(np.ones((4, 2)), {})", ["None", "np.ones((4, 3))"]),
    "precision_recall": numbers(
        "precision_recall(np.ones((9, 2)), {})", ["None", "np.ones((9, 3))"]
    ),
    "density_coverage": [
        *numbers("density_coverage(np.ones((9, 2)), {})", ["None", "np.ones((9, 3))"]),
        *numbers("density_coverage(np.ones((9, 2)), np.ones((9, 2)), {})", [*NO_COUNT, "9"]),
    ],
    "load_moments": numbers("load_moments({})", ["None", "3", "''", "b'x'"]),
    "pyramid_wasserstein": [
        *numbers(f"pyramid_wasserstein({_GREY}, {{}})", _NO_PYRAMID),
        *numbers(f"pyramid_wasserstein({{}}, {_GREY})", _NO_PYRAMID),
        *numbers(f"pyramid_wasserstein({_GREY}, {_GREY}, {{}})", NO_COUNT),
        *numbers(f"pyramid_wasserstein({_GREY}, {_GREY}, 2, {{}})", NO_COUNT),
        *numbers(f"pyramid_wasserstein({_GREY}, {_GREY}, 2, 2, {{}})", NO_SEED[:-1]),
    ],
    "save_moments": [
        *numbers("save_moments({}, np.zeros(2), np.eye(2))", ["None", "3", "'x.npy'"]),
        *numbers("save_moments('x.npz', {}, np.eye(2))", ["None", "np.zeros(3)", "[nan, 0.0]"]),
        *numbers("save_moments('x.npz', np.zeros(2), {})", ["None", "np.eye(3)", "-np.eye(2)"]),
    ],
    "sliced_wasserstein1": numbers("sliced_wasserstein1(np.eye(2), np.eye(2), {})", NO_COUNT),
    "wasserstein1": numbers("wasserstein1(np.eye(2), {})", ["None", "np.eye(3)"]),
    "frechet_distance": numbers(
        "frechet_distance(np.ones(2), np.eye(2), np.ones(2), {})", ["None", "np.eye(3)"]
    ),
}
EXEMPT = {
    **dict.fromkeys(
        ("Extracted", "MeanStd", "Moments", "PrecisionRecallResult", "TransferAccuracy"),
        "a result",
    ),
    **dict.fromkeys(("DensityCoverageResult", "PyramidWassersteinResult"), "a result"),
    **dict.fromkeys(("Extractor", "FeatureStatistics", "Reference", "ImageScores"), _ELSEWHERE),
    **dict.fromkeys(("FrechetDistance", "InceptionScore", "KernelDistance"), _ELSEWHERE),
    **dict.fromkeys(("PrecisionRecall", "DensityCoverage"), _ELSEWHERE),
    "load_classifier": "tried in test_metric_files",
}
