"""Calls of the top package's own names that are to be refused."""

import tf_consensus as tfc
from bad_calls.optimizers import CALLS as OPTIMIZERS
from bad_calls.repeated import NO_COUNT, NO_SEED, numbers

_G = "GAN(*pair(), latent_dim=3, {})"
_X, _Y = "tf.Variable(1.0)", "tf.Variable(2.0)"
_LOSSES = "lambda: (1.0, 2.0)"
_VECTORS = [
    "[]", "[tf.ones(())]", "[tf.ones(2), tf.ones(())]", "None", "3.0", "'ab'", "['a', 'b']",
    "[tf.ones((), 'float64')] * 2", "[1, 2]", "[tf.constant(1)] * 2", "[None, None]",
    "[tf.ones(())] * 3",
]  # fmt: skip
_LINEAR = "Linearization([], [tf.ones(()), tf.ones(())], lambda u: u, {})"
_LABELS = ["[0, 1]", "3", "-1", "nan", "'a'", "[0.5] * 4", "[[0, 1, 2, 0]]", "True", "[None] * 4"]
_NO_BATCH = [
    "POINTS[:, :1]", "PIXELS", "{'image': POINTS}", "np.array(['a', 'b'])", "None", "'images'",
    "POINTS + 1j", "np.ones(8)", "[]", "3.0",
]  # fmt: skip
_BROKEN = ["np.full_like(POINTS, nan)", "np.full_like(POINTS, -inf)"]
_NO_DATA = [
    "POINTS.tolist()", "iter(stream(POINTS))", "lambda: generator(POINTS)", "generator",
    "tf.ragged.constant([[1.0, 2.0], [1.0]])", "tf.sparse.from_dense(POINTS)",
    "stream(tf.ragged.constant([[1.0, 2.0], [1.0]]))", "stream(tf.sparse.from_dense(POINTS))",
]  # fmt: skip
_NO_LABELS = [
    "LABELS + 1", "LABELS - 1", "LABELS + 0.5", "LABELS * nan", "LABELS.astype(str)",
    "LABELS[:, None]", "np.eye(3)[LABELS]", "LABELS > 0",
]  # fmt: skip
_PAIRS = [f"(POINTS, {y})" for y in _NO_LABELS] + ["POINTS", "(POINTS, LABELS, LABELS)"]


def _fits(batches, model):
    """Each batch as arrays, as a data set and from a generator."""
    ways = ["stream({})", "generator({})"]
    return [
        f"{model}.fit({way.replace('{}', b)}, verbose=0, steps_per_epoch=2)"
        for b in batches
        for way in ways
    ]


CALLS = {
    **{name: calls for name, calls in OPTIMIZERS.items() if name in tfc.__all__},
    "GAN": [
        *numbers(
            _G, ["penalties=R1", "penalties=None", "penalties='r3'", "penalties=3", "penalties={1}"]
        ),
        *numbers(_G, ["penalties=[None]", "penalties=['r3']", "penalties=[3]", "penalties=[R1]"]),
        *numbers(
            _G, ["penalties=[R1(), lambda d: 0.0]", "penalties={'r1': 1.0}", "penalties=[{}]"]
        ),
        *numbers("GAN(*pair(), latent_dim={})", [x for x in [*NO_COUNT, "4"] if x != "None"]),
        "GAN(keras.Sequential([keras.Input((None,)), layers.RepeatVector(2)]), net(2, 1))",
        *numbers("gan().fit(POINTS, verbose=0, stop_when_diverged={})", ["None", "1", "'yes'"]),
        "gan().fit(stream(POINTS, None), verbose=0)",
        "gan().evaluate(stream(POINTS, None), verbose=0)",
        "gan().fit(POINTS, validation_data=stream(POINTS, None), verbose=0)",
        *[_G.replace("{}", f"seed={x}") for x in NO_SEED],
        *[_G.replace("{}", f"num_classes={x}") for x in NO_COUNT if x != "None"],
        *[
            _G.replace("{}", f"objective={x}")
            for x in ("None", "'standart'", "3", "Standard", "nan")
        ],
        *[_G.replace("{}", f"verify={x}") for x in ("None", "'yes'", "3", "nan")],
        *[_G.replace("{}", f"allow_cut={x}") for x in ("None", "'layer'", "3", "[3]")],
        "GAN(None, net(2, 1), 3)",
        "GAN(net(3, 2), None, 3)",
        "GAN(net(3, 2), 'discriminator', 3)",
        "GAN(net(2, 1), net(3, 2), 3)",
        "GAN(layers.Dense(2), net(2, 1), 3)",
        "GAN(unbuilt(), net(2, 1), 3)",
        "GAN(net(3, 2), net(2, 2), 3)",
        "GAN(net(3, 2), net(2, 1, 1), 3)",
        "GAN(net(3, 2, 2), net(2, 1), 3)",
        "GAN(net(3, 4), net(2, 1), 3)",
        "GAN(two(3, (8,)), net(2, 1), 3)",
        "GAN(net(3, 2), two(2, (8,), 1), 3)",
        "GAN(two(3, (8,)), net(2, 3), 3, num_classes=3)",
        "GAN(net(3, 2), net(2, 3), 3, num_classes=3)",
        "GAN(two(3, (), 2, 'int32'), net(2, 1), 3, num_classes=3)",
        "GAN(two(3, (), 2, 'int32'), two(2, (8,), 1), 3, num_classes=3)",
        *numbers(
            "gan({})", ["None", "1e-4", "'adma'", "''", "nan", "keras.optimizers.Adam", "{}", "[]"]
        ),
        *numbers("gan().compile({})", ["keras.optimizers.SGD(nan)", "keras.optimizers.SGD(-1.0)"]),
        *numbers("gan().compile('sgd', {})", ["'mse'", "loss='mse'", "metrics=['accuracy']"]),
        *numbers("gan().compile('sgd', jit_compile={})", ["'yes'", "3", "nan"]),
        *numbers("gan().compile('sgd', steps_per_execution={})", ["0", "-1", "1.5", "'2'", "nan"]),
        *numbers("gan().generate({})", NO_COUNT),
        *numbers("gan().generate(4, batch_size={})", NO_COUNT),
        *numbers("gan().generate(4, seed={})", NO_SEED),
        "gan().generate(4, labels=[0, 1, 0, 1])",
        *numbers("labelled().generate(4, labels={})", _LABELS),
        *numbers("gan().game({})", _NO_BATCH),
        *numbers("labelled().game({})", _PAIRS),
        *numbers(
            "gan()({})", ["tf.ones((2, 4))", "tf.ones(3)", "None", "'z'", "[tf.ones((2, 3))] * 2"]
        ),
        *numbers("labelled()({})", ["tf.ones((2, 3))", "[tf.ones((2, 3)), tf.ones((2, 2))]"]),
        "gan().predict(np.ones((2, 4), 'float32'), verbose=0)",
        *numbers("gan().fit({}, verbose=0)", [*_NO_BATCH, *_BROKEN, "POINTS[:0]"]),
        *_fits([*_BROKEN, *_NO_BATCH[:4]], "gan()"),
        *_fits(_BROKEN, "gan(jit_compile=True, steps=2)"),
        *_fits(_PAIRS, "labelled()"),
        *numbers("gan().fit({}, verbose=0)", _NO_DATA),
        *numbers("gan().compile({}=keras.optimizers.Adam())", ["g_optimizer", "gen_optimizer"]),
        "gan('lamb')",
        "gan().fit(POINTS, verbose=0, callbacks=[keras.callbacks.TerminateOnNaN()])",
        "gan().save('/nonexistent/gan.h5')",
        "labelled().fit(POINTS, LABELS + 1, verbose=0)",
        "labelled().fit(POINTS, LABELS * nan, verbose=0)",
        "gan().fit(verbose=0)",
        "gan().fit(stream(POINTS, 0), verbose=0)",
        "gan().fit(stream(POINTS).filter(lambda x: False), verbose=0)",
        "gan().fit(stream(POINTS).filter(lambda x: False), verbose=0, steps_per_epoch=2)",
        "gan().fit(generator(POINTS, 0), verbose=0)",
        "gan().fit(generator(POINTS, 0), verbose=0, steps_per_epoch=2)",
        *numbers(
            "gan().fit(stream(POINTS), verbose=0, steps_per_epoch={})",
            ["0", "-1", "1.5", "'2'", "True", "nan"],
        ),
        *numbers(
            "gan().fit(stream(POINTS), verbose=0, epochs={})",
            ["-1", "1.5", "'2'", "None", "True", "nan"],
        ),
        *numbers(
            "gan().fit(POINTS, verbose=0, batch_size={})", ["0", "-1", "1.5", "'2'", "True", "nan"]
        ),
        *numbers(
            "gan().fit(POINTS, verbose=0, callbacks={})",
            ["[3]", "['nan']", "[keras.callbacks.EarlyStopping]"],
        ),
        "gan().fit(POINTS, verbose=0, sample_weight=np.ones(8))",
        "GAN(*pair(), latent_dim=3).fit(POINTS)",
        "GAN(*pair(), latent_dim=3).evaluate(POINTS)",
        "GAN(*pair(), latent_dim=3).train_on_batch(POINTS)",
        *numbers(
            "gan().evaluate({}, verbose=0)",
            [*_NO_BATCH, *_BROKEN, "stream(POINTS, 0)", "POINTS[:0]"],
        ),
        *numbers("gan().train_on_batch({})", [*_NO_BATCH, *_BROKEN, "POINTS[:0]"]),
        *numbers("gan(frozen={}).fit(POINTS, verbose=0)", ["'generator'", "'discriminator'"]),
        "gan().export('/nonexistent/gan')",
        "tf.lite.TFLiteConverter.from_keras_model(gan()).convert()",
        "GAN.from_config({**gan().get_config(), 'penalties': [FUNCTION]})",
        "GAN.from_config({**gan().get_config(), 'objective': CLASS})",
    ],
    "GameModel": [
        *numbers(
            "GameModel({})", ["None", "[]", "{}", "3", "{'x': 1.0}", "{'x': []}", "{1: NUMBER}"]
        ),
        *numbers("GameModel({})", ["{'x': layers.Dense(2)}", "{'x': NUMBER, 'y': NUMBER}"]),
        *numbers("GameModel(one({}))", ["tf.Variable(1.0)", "[NUMBER, None]", "'x'"]),
        *[f"GameModel({{'x': NUMBER}}, seed={x})" for x in NO_SEED],
        *[f"GameModel({{'x': NUMBER}}, verify={x})" for x in ("None", "'yes'", "3", "nan")],
        *[f"GameModel({{'x': NUMBER}}, allow_cut={x})" for x in ("None", "'layer'", "3", "[3]")],
        "GameModel({'x': NUMBER}).fit(POINTS)",
        "trained(GameModel({'x': NUMBER})).fit(POINTS, verbose=0)",
        "trained(Sums()).compile('sgd', loss='mse')",
        "trained(Sums()).compile('sgd', g_optimizer='sgd')",
        *numbers(
            "trained(Sums()).compile({})", ["None", "'adma'", "3", "keras.optimizers.SGD(nan)"]
        ),
        *numbers("trained(Sums()).fit({}, verbose=0)", [*_BROKEN, "POINTS[:0]", "POINTS.tolist()"]),
        *numbers("trained(Sums()).fit({}, verbose=0)", ["3.0", "'x'", "iter(stream(POINTS))"]),
        "trained(Sums()).fit(verbose=0)",
        "trained(Sums()).fit(POINTS, sample_weight=np.ones(8), verbose=0)",
        "trained(Sums()).evaluate()",
        "trained(Sums()).save('/nonexistent/game.h5')",
        *numbers(
            "trained(Sums({})).fit(POINTS, verbose=0)", ["1.0", "[1.0]", "{'x': 1.0}", "'ab'"]
        ),
        *numbers("trained(Sums({})).fit(POINTS, verbose=0)", ["[None, 1.0]", "[1.0]"]),
    ],
    "Game": [
        *numbers("Game({}, [[tf.Variable(1.0)]])", ["None", "3.0", "[1.0]", "'losses'"]),
        *numbers(
            f"Game({_LOSSES}, {{}})", ["None", "[]", "[[]]", "3", "'ab'", f"[{_X}]", "[[1.0]]"]
        ),
        *numbers(
            f"Game({_LOSSES}, {{}})", [_X, "[None]", "[[None]]", f"[[{_X}], []]", "{'a': []}"]
        ),
        *numbers(
            "Game(lambda: (1.0,), {})",
            ["[[tf.Variable(1)]]", "[[keras.Variable(1, dtype='int32')]]"],
        ),
        *numbers(
            "Game(lambda: (1.0,), {})",
            ["[[tf.Variable(True)]]", "[[tf.Variable('a')]]", "[[tf.Variable(1j)]]"],
        ),
        "Game(lambda: (1.0, 2.0), [[y := tf.Variable(1.0)], [y]])",
        *numbers(
            f"Game(lambda t: (t,), [[{_X}]], batch={{}})",
            ["3.0", "tf.ones(2)", "None", "POINTS", "'ab'", "{'t': 1.0}"],
        ),
        *numbers(
            f"Game(lambda: (1.0,), [[{_X}]], weight={{}})",
            ["nan", "inf", "'a'", "[1.0]", "-1.0", "True"],
        ),
        *numbers(f"Game(lambda: (1.0,), [[{_X}]], allow_cut={{}})", ["None", "'a'", "3", "[3]"]),
        *numbers(
            f"Game(lambda: {{}}, [[{_X}]]).linearize()",
            ["1.0", "()", "(1, )", "('a',)", "(nan,)", "None", "(tf.ones(2),)", "(None,)", "{}"],
        ),
        *numbers("game().linearize().vjp({})", _VECTORS),
        *numbers("game().linearize().jvp({})", _VECTORS),
        *numbers("game().jvp({})", _VECTORS),
        *numbers("game().player_gradient({})", ["2", "-1", "None", "'a'", "1.5", "True"]),
    ],
    "Linearization": [
        *numbers(
            "game().linearize().by_player({})",
            ["[]", "[tf.ones(())]", "[tf.ones(())] * 3", "None", "3"],
        ),
        "Linearization([], [tf.ones(())], lambda u: u, None).by_player([tf.ones(())])",
        *numbers(
            "game().linearize().cross_vjp(lambda v: v, {}, 2)", ["[]", "None", "[tf.ones(())]"]
        ),
        *numbers("game().linearize().cross_vjp(lambda v: v, game().linearize().v, {})", NO_COUNT),
        "game().linearize().cross_vjp(lambda v: v, game().linearize().v, 1)",
    ],
    "averaged_weights": [
        *numbers("averaged_weights({}).__enter__()", ["None", "'gan'", "3", "game()", "[]"]),
    ],
    "verify": [
        *numbers("verify({})", ["None", "gan()", "'game'", "3"]),
        *numbers("verify(game(), directions={})", NO_COUNT),
        *numbers("verify(game(), seed={})", [*NO_SEED[:-1], "-1"]),
        *numbers("verify(game(), tolerance={})", ["0.0", "-1.0", "nan", "inf", "'a'", "True"]),
        *numbers("verify(game(), second_order={})", ["None", "'yes'", "2"]),
    ],
}
EXEMPT = {
    "exact_operations": "it takes no argument",
    "Verification": "a result",
    "VerificationError": "an error",
}
