"""Calls of `optimizers` that are to be refused; those of the top package are the same classes."""

from bad_calls.repeated import NO_COUNT, numbers

_INNER = [
    "1e-4", "None", "'adma'", "'RMSpop'", "''", "3", "nan", "True", "keras.optimizers.Adam", "[]",
    "{}", "{'class_name': 'Adma', 'config': {}}", "{'class_name': 'Adam', 'config': {'lr': 1.0}}",
    "tfc.ConsensusOptimizer()", "['adam', 'adma']", "['adam', None]", "[['adam']]",
    "[*[keras.optimizers.SGD()] * 2]", "[tfc.ConsensusOptimizer()]", "lambda: 1",
    "keras.optimizers.Adam(nan)",
    "keras.optimizers.Adam(-1.0)", "keras.optimizers.SGD(inf)", "keras.optimizers.SGD(Const(nan))",
    "keras.optimizers.SGD(Const(-1.0, 10))",
]  # fmt: skip
_RATES = [
    "nan", "inf", "-1e-4", "'fast'", "True", "[]", "[nan]", "[1e-4, -1.0]", "[[1e-4]]", "{}",
    "Const(nan)", "Const(-1.0)",
]  # fmt: skip
_NO_GAME = ["None", "gan()", "'game'", "3", "classifier()", "[[1.0]]", "lambda: 1"]
_SHARED = [
    "microbatches={}", "allow_cut={}",
]  # fmt: skip
_WEIGHT = ["nan", "inf", "-1.0", "'10'", "None", "True", "[1.0]", "1j"]
_STEP_SIZE = ["0.0", "nan", "inf", "-1.0", "'a'", "True"]
_NO_NUMBER = ["nan", "inf", "'a'", "None", "True", "[1.0]", "1j", "Const(0.5)"]
_NO_DECAY = [
    "1.0", "-0.1", *(w for w in _WEIGHT if w != "None"), "None", "{}", "Const(1.0)", "Const(nan)",
]  # fmt: skip
_SCHEDULED = [*_WEIGHT, "Const(nan)", "Const(inf)", "Const(-1.0)", "Const(-1.0, 1000)"]


def _plumbing(name, first="inner_optimizer"):
    """What every optimizer is to refuse."""
    calls = numbers(f"{name}({first}={{}})", _INNER)
    if first == "inner_optimizer":
        calls += numbers(f"{name}('sgd', {{}})", _RATES)
        calls += [f"{name}(keras.optimizers.SGD(), 0.1)", f"{name}(keras.optimizers.SGD(), [0.1])"]
        calls += [f"{name}(['sgd', 'sgd'], [0.1])", f"{name}(['sgd'], [])"]
        wrong = ("nan", "[0.1]", "[0.1, nan]", "None", "Const(0.1)", "'a'")
        calls += [f"setattr({name}(['sgd', 'sgd']), 'learning_rate', {rate})" for rate in wrong]
    calls += numbers(f"{name}(microbatches={{}})", NO_COUNT)
    calls += [f"{name}(clipnorm=1.0)", f"{name}(use_ema=True)", f"{name}(learning_rat=0.1)"]
    calls += numbers(f"{name}().step({{}})", _NO_GAME)
    calls += [
        f"setattr({name}('sgd'), 'learning_rate', {r})"
        for r in ("nan", "-1.0", "inf", "'a'", "None")
    ]
    calls += [f"setattr({name}({first}=keras.optimizers.SGD(Const(0.1))), 'learning_rate', 0.1)"]
    return calls


def _each(name, **values):
    return [c for key, wrong in values.items() for c in numbers(f"{name}({key}={{}})", wrong)]


_STEPS = {"generator_steps": NO_COUNT, "discriminator_steps": NO_COUNT}
_DISCRIMINATOR = {"discriminator_optimizer": _INNER}
_REGULARIZED = {
    "gamma": _SCHEDULED,
    "every": NO_COUNT,
    "debias": ["True", "'group'", "3", "'replicas'", "nan"],
    "fraction": ["0.0", "1.5", *_WEIGHT],
}

CALLS = {
    "AlternatingConsensusOptimizer": [
        *_plumbing("AlternatingConsensusOptimizer", "generator_optimizer"),
        *_each("AlternatingConsensusOptimizer", **_STEPS, **_DISCRIMINATOR, **_REGULARIZED),
        *_each(
            "AlternatingConsensusOptimizer",
            reuse=["1", "None", "'yes'"],
            regularize=["()", "'critic'", "None", "3", "['generator', 'generator']", "{}"],
        ),
        "AlternatingConsensusOptimizer(learning_rate=0.1)",
        "AlternatingConsensusOptimizer().step(game(1))",
        "AlternatingConsensusOptimizer().step(game(3))",
        "AlternatingConsensusOptimizer(fraction=0.5).step(game())",
        "AlternatingConsensusOptimizer(*[keras.optimizers.SGD()] * 2)",
    ],
    "AlternatingOptimizer": [
        *_plumbing("AlternatingOptimizer", "generator_optimizer"),
        *_each("AlternatingOptimizer", **_STEPS, **_DISCRIMINATOR),
        "AlternatingOptimizer(learning_rate=0.1)",
        "AlternatingOptimizer().step(game(1))",
        "AlternatingOptimizer().step(game(3))",
        "AlternatingOptimizer(*[keras.optimizers.SGD()] * 2)",
    ],
    "AlternatingMomentumOptimizer": [
        *_plumbing("AlternatingMomentumOptimizer", "generator_optimizer"),
        *_each(
            "AlternatingMomentumOptimizer",
            momentum=["1.0", "-1.0", *_WEIGHT[:2], *_WEIGHT[3:]],
            **_STEPS,
        ),
        "AlternatingMomentumOptimizer().step(game(1))",
    ],
    "ClippedOptimizer": [
        *_plumbing("ClippedOptimizer"),
        *_each("ClippedOptimizer", clip_norm=["0.0", *_WEIGHT]),
    ],
    "AdaptiveCompetitiveOptimizer": [
        *_plumbing("AdaptiveCompetitiveOptimizer"),
        *_each(
            "AdaptiveCompetitiveOptimizer",
            step_size=_STEP_SIZE,
            beta_2=["1.0", *_WEIGHT],
            epsilon=["0.0", *_WEIGHT],
            max_iterations=NO_COUNT,
            tolerance=["0.0", *_WEIGHT],
        ),
        "AdaptiveCompetitiveOptimizer('adam')",
        "AdaptiveCompetitiveOptimizer(['sgd', 'rmsprop'])",
        "AdaptiveCompetitiveOptimizer(keras.optimizers.SGD(0.1, momentum=0.5))",
    ],
    "CompetitiveOptimizer": [
        *_plumbing("CompetitiveOptimizer"),
        *_each(
            "CompetitiveOptimizer",
            step_size=_STEP_SIZE,
            max_iterations=NO_COUNT,
            tolerance=["0.0", *_WEIGHT],
        ),
    ],
    "ConsensusOptimizer": [
        *_plumbing("ConsensusOptimizer"),
        *_each("ConsensusOptimizer", **_REGULARIZED),
        "ConsensusOptimizer(debias='groups').step(game())",
        "ConsensusOptimizer(microbatches=3).step(other_game())",
        "ConsensusOptimizer(microbatches=2).step(game())",
        "ConsensusOptimizer().apply([tf.ones(())])",
        "ConsensusOptimizer().apply([tf.ones(())], [])",
        "ConsensusOptimizer().set_weights([1.0])",
    ],
    "CrossTermOptimizer": [
        *_plumbing("CrossTermOptimizer"),
        *_each("CrossTermOptimizer", **_REGULARIZED),
        "CrossTermOptimizer().step(game(1))",
        "CrossTermOptimizer(debias='groups').step(game())",
    ],
    "ExtragradientOptimizer": _plumbing("ExtragradientOptimizer"),
    "ExtrapolatedAlternatingOptimizer": [
        *_plumbing("ExtrapolatedAlternatingOptimizer", "generator_optimizer"),
        *_each(
            "ExtrapolatedAlternatingOptimizer",
            discriminator_extrapolation=_WEIGHT,
            generator_extrapolation=_WEIGHT,
            **_STEPS,
            **_DISCRIMINATOR,
        ),
        "ExtrapolatedAlternatingOptimizer().step(game(1))",
        "ExtrapolatedAlternatingOptimizer().step(game(3))",
    ],
    "Field": [
        "Field('f', measured='second').projections([1, 1])",
        "Field('f', regularized=None).projections([1, 1])",
        "Field('f').projections([])",
        "Field('f').projections(3)",
        "Field('f').projections(['a'])",
    ],
    "GameOptimizer": [c for c in _plumbing("GameOptimizer") if ".step(" not in c],
    "ImplicitOptimizer": [
        *_plumbing("ImplicitOptimizer"),
        *_each(
            "ImplicitOptimizer",
            step_size=_STEP_SIZE,
            products=NO_COUNT,
            solver=["None", "'gmres'", "3", "['fixed_point']"],
            relaxation=["0.0", "1.5", "0.5", *_WEIGHT],
        ),
        "ImplicitOptimizer(solver='fixed_point', relaxation=0.0)",
    ],
    "LookaheadOptimizer": [
        *[c for c in _plumbing("LookaheadOptimizer") if "tfc.Consensus" not in c],
        *_each("LookaheadOptimizer", sync_period=NO_COUNT, slow_step_size=["0.0", "1.5", *_WEIGHT]),
        "LookaheadOptimizer(tfc.ConsensusOptimizer(), 0.1)",
    ],
    "MomentumOptimizer": [
        *_plumbing("MomentumOptimizer"),
        *_each("MomentumOptimizer", momentum=["1.0", "-1.0", *_WEIGHT[:2], *_WEIGHT[3:]]),
    ],
    "OptimisticOptimizer": _plumbing("OptimisticOptimizer"),
    "PastExtragradientOptimizer": _plumbing("PastExtragradientOptimizer"),
    "RegularizedOptimizer": [
        *[c for c in _plumbing("RegularizedOptimizer") if ".step(" not in c],
        *_each("RegularizedOptimizer", **_REGULARIZED),
    ],
    "ScheduledAdam": [
        *_each("ScheduledAdam", beta_2=_NO_DECAY, ema_momentum=_NO_DECAY),
    ],
    "CosineSchedule": [
        *numbers("CosineSchedule({}, 1.0, 10)", _NO_NUMBER),
        *numbers("CosineSchedule(0.0, {}, 10)", _NO_NUMBER),
        *numbers("CosineSchedule(0.0, 1.0, {})", NO_COUNT),
    ],
    "HalfLife": [
        *numbers("HalfLife({}, 10)", [*_WEIGHT, "Const(-1.0)", "Const(nan)", "{}"]),
        *numbers("HalfLife(10, {})", ["0", *_WEIGHT]),
    ],
    "RelativeGamma": [
        *_each("RelativeGamma", scale=["0.0", *_WEIGHT], decay=["1.0", "1.5", *_WEIGHT]),
    ],
    "ScaledConsensusOptimizer": [
        *_plumbing("ScaledConsensusOptimizer"),
        *_each("ScaledConsensusOptimizer", **_REGULARIZED, decay=["1.0", *_WEIGHT]),
        *_each("ScaledConsensusOptimizer", scale=["'layers'", "None", "1.0", "[]"]),
        "ScaledConsensusOptimizer(gamma=tfc.SpectralGamma())",
    ],
    "RungeKuttaOptimizer": [
        *_plumbing("RungeKuttaOptimizer"),
        *_each(
            "RungeKuttaOptimizer",
            order=["1", "3", "True", "2.0", "'4'", "None", "[4]"],
            step_size=_STEP_SIZE,
            gamma=_WEIGHT,
        ),
        "RungeKuttaOptimizer(gamma=1.0).step(game(1))",
    ],
    "SimultaneousOptimizer": _plumbing("SimultaneousOptimizer"),
    "SmoothingOptimizer": [
        *_plumbing("SmoothingOptimizer"),
        *_each("SmoothingOptimizer", **_REGULARIZED),
        "SmoothingOptimizer().step(game(1))",
    ],
    "SpectralGamma": [
        *_each(
            "SpectralGamma",
            scale=["0.0", "2.0", *_WEIGHT],
            step_size=["0.0", *(w for w in _WEIGHT if w != "None")],
        ),
    ],
    "SymplecticOptimizer": [
        *_plumbing("SymplecticOptimizer"),
        *_each("SymplecticOptimizer", strength=_WEIGHT, align=["1", "None", "'yes'", "nan"]),
    ],
    "ZeroSumConsensusOptimizer": [
        *_plumbing("ZeroSumConsensusOptimizer"),
        *_each(
            "ZeroSumConsensusOptimizer",
            gamma=_SCHEDULED,
            every=NO_COUNT,
            product=["None", "'vjp'", "3", "['jvp']"],
            epsilon=["0.0", "0.1", *[x for x in _WEIGHT if x != "None"]],
        ),
        "ZeroSumConsensusOptimizer(product='difference', epsilon=0.0)",
        "ZeroSumConsensusOptimizer().step(game(1))",
        "ZeroSumConsensusOptimizer().step(game(3))",
        "ZeroSumConsensusOptimizer().step(other_game())",
    ],
    "apply_direction": [
        "apply_direction(None, [tf.ones(())], [tf.Variable(1.0)])",
        "apply_direction('sgd', [tf.ones(())], [tf.Variable(1.0)])",
        "apply_direction(keras.optimizers.SGD(), [tf.ones(())], [])",
        "apply_direction(keras.optimizers.SGD(), None, [tf.Variable(1.0)])",
    ],
}
EXEMPT = {"AdaptiveGamma": "a base class without settings"}
