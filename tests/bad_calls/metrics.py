"""Calls of `metrics` that are to be refused."""

from bad_calls.repeated import NO_COUNT, numbers

_ELSEWHERE = "tried in test_bad_metric_values"

_ROWS = "{'x': [1.0, 2.0], 'y': ['a', 'b']}"
_NO_ROWS = ["None", "3", "'a'", "{}", "{'x': [1.0]}", "{'x': [1.0], 'y': ['a', 'b']}"]

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
    "sliced_wasserstein1": numbers("sliced_wasserstein1(np.eye(2), np.eye(2), {})", NO_COUNT),
    "wasserstein1": numbers("wasserstein1(np.eye(2), {})", ["None", "np.eye(3)"]),
    "frechet_distance": numbers(
        "frechet_distance(np.ones(2), np.eye(2), np.ones(2), {})", ["None", "np.eye(3)"]
    ),
}
EXEMPT = {
    **dict.fromkeys(
        ("Extracted", "MeanStd", "PrecisionRecallResult", "TransferAccuracy"), "a result"
    ),
    **dict.fromkeys(("Extractor", "FeatureStatistics", "Reference", "ImageScores"), _ELSEWHERE),
    **dict.fromkeys(("FrechetDistance", "InceptionScore", "KernelDistance"), _ELSEWHERE),
    "PrecisionRecall": _ELSEWHERE,
    "load_classifier": "tried in test_metric_files",
}
