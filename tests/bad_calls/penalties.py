"""Calls of `penalties` that are to be refused."""

from bad_calls.repeated import numbers

_NOT_NEGATIVE = ["nan", "inf", "-1.0", "'10'", "None", "True", "[1.0]"]
_EVERY = ["0", "-1", "1.5", "nan", "None", "'2'", "True"]
_SCHEDULE = [
    "nan",
    "0.5",
    "'cosine'",
    "lambda step: 1.0",
    "Const(nan)",
    "Const(inf)",
    "Const(-1.0)",
]


def _penalty(name, *weights):
    calls = [c for key in weights for c in numbers(f"{name}({key}={{}})", _NOT_NEGATIVE)]
    calls += numbers(f"{name}(every={{}})", _EVERY)
    return calls + numbers(f"{name}(schedule={{}})", _SCHEDULE)


_ON_BATCHES = [
    "(lambda x: x, 'images', POINTS)",
    "(None, POINTS, POINTS)",
    "(net(2, 1), POINTS, POINTS[:, :1])",
]

CALLS = {
    "R1": [
        *_penalty("R1", "gamma"),
        "R1()(net(2, 1), 'images', POINTS)",
        "R1()(None, POINTS, POINTS)",
    ],
    "R2": [*_penalty("R2", "gamma"), "R2()(net(2, 1), POINTS, 'images')"],
    "WGANGP": [
        *_penalty("WGANGP", "target", "weight"),
        "WGANGP()(net(2, 1), POINTS, POINTS[:4])",
    ],
    "ZeroCenteredInterpolated": [
        *_penalty("ZeroCenteredInterpolated", "gamma"),
        "ZeroCenteredInterpolated()(net(2, 1), POINTS, PIXELS)",
    ],
    "DRAGAN": _penalty("DRAGAN", "target", "weight", "perturbation"),
    "GradientPenalty": [
        *numbers("GradientPenalty(every={})", _EVERY),
        *numbers("GradientPenalty(schedule={})", _SCHEDULE),
    ],
    "InstanceNoise": [
        *numbers("InstanceNoise({})", _NOT_NEGATIVE),
        *numbers("InstanceNoise(schedule={})", _SCHEDULE),
    ],
    "WeightClipping": numbers(
        "WeightClipping({})", ["0.0", "nan", "inf", "-1.0", "None", "'a'", "True"]
    ),
    "clip_weights": [
        *numbers("clip_weights(net(2, 1), {})", ["0.0", "nan", "inf", "-1.0", "None", "'a'"]),
        "clip_weights(None)",
        "clip_weights('generator')",
        "clip_weights(unbuilt())",
    ],
    "get": [
        *numbers("get({})", ["'r3'", "'R11'", "'wgangpp'", "''", "None", "3", "nan", "R1", "[]"]),
        "get({})",
        "get({'class_name': 'R3', 'config': {}})",
        "get({'class_name': 'R1', 'config': {'gama': 1.0}})",
        "get({'class_name': 'R1', 'config': {'gamma': -1.0}})",
        "get(['r1', 'r2'])",
    ],
    "serialize": ["serialize('r1')", "serialize(None)", "serialize(R1)", "serialize(3)"],
    "warn_of_coupling": ["warn_of_coupling(None)", "warn_of_coupling('discriminator')"],
}
EXEMPT = {"names": "it takes no argument"}
