"""Calls of `callbacks` that are to be refused."""

from bad_calls.repeated import NO_COUNT, NO_SEED, numbers

_FIT = ".fit(POINTS, POINTS, verbose=0, callbacks=[{}])"

CALLS = {
    "EvaluateGAN": [
        *numbers("EvaluateGAN(samples={})", NO_COUNT),
        *numbers("EvaluateGAN(every={})", NO_COUNT),
    ],
    "SampleGrid": [
        *numbers("SampleGrid('grid', samples={})", NO_COUNT),
        *numbers("SampleGrid('grid', every={})", NO_COUNT),
        *numbers("SampleGrid('grid', seed={})", NO_SEED[:4]),
        *numbers("SampleGrid('grid', part={})", ["1.5", "True", "nan", "['image']"]),
    ],
    "SpectrumMonitor": [
        *numbers(
            "SpectrumMonitor({})",
            [
                "None",
                "'images'",
                "np.array(['a'])",
                "[]",
                "POINTS[:0]",
                "{'x': 'a'}",
                "{}",
                "np.full_like(POINTS, nan)",
            ],
        ),
        *numbers("SpectrumMonitor(POINTS, every={})", NO_COUNT),
        *numbers(
            "SpectrumMonitor(POINTS, neutral={})", ["nan", "inf", "-1.0", "None", "True", "'a'"]
        ),
        *numbers("SpectrumMonitor(POINTS, dense_limit={})", NO_COUNT),
        *numbers("SpectrumMonitor(POINTS, report={})", ["3", "'print'", "True"]),
        f"classifier(){_FIT.replace('{}', 'SpectrumMonitor(POINTS)')}",
        "labelled().fit(POINTS, LABELS, verbose=0, callbacks=[SpectrumMonitor(POINTS)])",
        "gan().fit(POINTS, verbose=0, callbacks=[SpectrumMonitor(POINTS[:, :1])])",
        "SpectrumMonitor(POINTS).measure()",
    ],
    "describe_spectrum": [
        *numbers(
            "describe_spectrum({}, {})".replace("{}, {}", "{}, dict()"),
            ["None", "'a'", "[['a']]", "np.ones((2, 2))"],
        ),
        *numbers(
            "describe_spectrum(np.array([-1.0]), dict(), {})",
            ["1.0", "nan", "-1.0", "'a'", "None", "True"],
        ),
        "describe_spectrum(np.array([-1.0]), None, 1.0)",
    ],
}
CALLS |= {
    "SafeBackup": [
        *numbers("SafeBackup({})", ["None", "''", "3", "['backup']"]),
        *numbers("SafeBackup('backup', save_freq={})", [*NO_COUNT, "'batch'"]),
        *numbers(
            "SafeBackup('backup', largest_loss={})", ["nan", "inf", "-1.0", "None", "True", "'a'"]
        ),
        *numbers("SafeBackup('backup', delete_checkpoint={})", ["None", "'no'", "3"]),
    ],
    "StopWhenDiverged": numbers("StopWhenDiverged({})", ["nan", "inf", "0", "None", "True", "'a'"]),
}
CALLS |= {
    "Advisor": [
        *numbers("Advisor(every={})", NO_COUNT),
        *numbers("Advisor(samples={})", [*NO_COUNT, "3"]),
        *numbers("Advisor(path={})", ["''", "3", "['a']", "'.'", "True"]),
        *numbers("Advisor(report={})", ["3", "'print'", "True"]),
        *numbers("Advisor(real={})", ["'images'", "np.array(['a'])", "[]", "POINTS[:0]", "{}"]),
        f"classifier(){_FIT.replace('{}', 'Advisor()')}",
        "gan().fit(POINTS, verbose=0, callbacks=[Advisor(real=POINTS[:, :1])])",
        "labelled().fit(POINTS, LABELS, verbose=0, callbacks=[Advisor(real=POINTS)])",
    ],
    "read_advice": numbers("read_advice({})", ["None", "''", "3", "['a']", "'.'"]),
}
EXEMPT = {
    "Advice": "a result",
    "AdviceWarning": "a warning",
    "BackupError": "an error",
    "DivergedError": "an error",
    "Evaluation": "a result",
}
