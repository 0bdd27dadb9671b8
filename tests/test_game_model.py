"""`GameModel`: any smooth game through `fit`, against dense oracles and what holds for a GAN."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from oracles import SineGame, consensus, flat, simultaneous, smoothing

import tf_consensus as tfc

SIZES, STEPS, RATE = (3, 2, 1), 4, 0.0625


@keras.saving.register_keras_serializable("tests")
class SineModel(tfc.GameModel):
    """The oracle's game, whose batch is the data; three players of one variable each."""

    def __init__(self, seed=6, dtype="float64"):
        self.oracle = SineGame(list(SIZES), seed)
        players = {
            f"p{i}": [keras.Variable(self.oracle.x[part], dtype=dtype, name=f"x{i}")]
            for i, part in enumerate(self.oracle.parts)
        }
        super().__init__(players, seed=seed, name="sine")

    def losses(self, data, noise, training):
        found = self.oracle.tf_losses([x.value for x in self.trainable_variables])(data)
        return dict(zip(self.players, found, strict=True))


@keras.saving.register_keras_serializable("tests")
class Noisy(tfc.GameModel):
    """Two players of which one sees noise; with a layer that draws and one that is regularized."""

    def __init__(self, units=3, seed=None):
        super().__init__({"a": _network(units), "b": _network(units, 1e-2)}, seed=seed)

    def draw(self, data, random):
        return {"normal": random.normal(tf.shape(data), data.dtype)}

    def losses(self, data, noise, training):
        (a,), (b,) = self.players.values()
        value = a(data + noise["normal"], training=training) * b(data, training=training)
        loss = tf.reduce_mean(tf.tanh(value))
        return {"a": loss, "b": -loss}


def _network(units, l2=None):
    regularizer = None if l2 is None else keras.regularizers.L2(l2)
    return keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(units, "tanh", kernel_regularizer=regularizer),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(1),
        ]
    )


def batches(model, number=STEPS):
    """The oracle's batch, as often as there are steps."""
    data = tf.data.Dataset.from_tensors(tf.constant(model.oracle.batch)).repeat(number)
    return data


def train(model, optimizer, steps=STEPS, **compile_options):
    model.compile(optimizer=optimizer, **compile_options)
    model.fit(batches(model, steps), verbose=0, shuffle=False)
    return flat(model.trainable_variables)


DIRECTIONS = {
    "plain": (lambda: keras.optimizers.SGD(RATE), simultaneous),
    "simultaneous": (lambda: tfc.SimultaneousOptimizer("sgd", RATE), simultaneous),
    "consensus": (lambda: tfc.ConsensusOptimizer("sgd", RATE, gamma=0.7), consensus),
    "smoothing": (lambda: tfc.SmoothingOptimizer("sgd", RATE, gamma=0.7), smoothing),
    "microbatches": (
        lambda: tfc.ConsensusOptimizer("sgd", RATE, gamma=0.7, microbatches=4),
        consensus,
    ),
}
MODES = {
    "graph": {},
    "eager": {"run_eagerly": True},
    "xla": {"jit_compile": True},
    "fused": {"jit_compile": True, "steps_per_execution": 2},
}


def by_hand(oracle, direction, steps=STEPS):
    x = oracle.x.copy()
    for _ in range(steps):
        x = x + RATE * direction(oracle, x)
    return x


@pytest.mark.parametrize("method", DIRECTIONS)
@pytest.mark.parametrize("mode", MODES)
def test_steps_equal_those_by_hand(method, mode):
    make, direction = DIRECTIONS[method]
    model = SineModel()
    found = train(model, make(), **MODES[mode])
    np.testing.assert_allclose(found, by_hand(model.oracle, direction), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("method", DIRECTIONS)
def test_replicas_take_the_steps_of_one_device(method, two_replicas):
    make, direction = DIRECTIONS[method]
    with two_replicas.scope():
        model = SineModel()
        optimizer = (
            make()
            if method != "microbatches"
            else tfc.ConsensusOptimizer("sgd", RATE, gamma=0.7, microbatches=2)
        )
        model.compile(optimizer=optimizer)
    model.fit(batches(model), verbose=0, shuffle=False)
    found = flat([x.numpy() for x in model.trainable_variables])
    np.testing.assert_allclose(found, by_hand(model.oracle, direction), rtol=1e-12, atol=1e-12)


def test_the_logs_are_the_losses_and_the_norm_of_the_field():
    model = SineModel()
    model.compile(optimizer=tfc.ConsensusOptimizer("sgd", 0.0))
    logs = model.fit(batches(model, 1), verbose=0, shuffle=False).history
    losses, v = model.oracle.losses(model.oracle.x), model.oracle.field(model.oracle.x)
    expected = {f"p{i}_loss": loss for i, loss in enumerate(losses)}
    assert set(logs) == {*expected, "gradient_norm"}
    for key, value in (expected | {"gradient_norm": np.linalg.norm(v)}).items():
        assert logs[key][0] == pytest.approx(value, rel=1e-5)
    evaluated = model.evaluate(batches(model, 2), verbose=0, return_dict=True)
    assert evaluated["p1_loss"] == pytest.approx(losses[1], rel=1e-5)


def test_the_spectrum_is_that_of_the_dense_jacobian():
    model = SineModel()
    game = model.game(model.oracle.batch, training=False)
    found = tfc.spectrum.jacobian(game)
    np.testing.assert_allclose(found, model.oracle.jacobian(model.oracle.x), atol=1e-12)
    assert tfc.verify(game).dtype == "float64"
    lines = []
    monitor = tfc.callbacks.SpectrumMonitor(model.oracle.batch, report=lines.append)
    model.compile(optimizer=tfc.ConsensusOptimizer("sgd", 0.0, gamma=0.7))
    logs = model.fit(batches(model, 1), verbose=0, shuffle=False, callbacks=[monitor]).history
    largest = np.linalg.eigvals(model.oracle.jacobian(model.oracle.x)).real.max()
    assert logs["spectrum_real"][0] == pytest.approx(largest, abs=1e-10)
    assert len(lines) == 1


OPTIMIZERS = {
    "consensus": lambda: tfc.ConsensusOptimizer("adam", 1e-2, gamma=0.3),
    "smoothing": lambda: tfc.SmoothingOptimizer("rmsprop", 1e-2, gamma=0.3),
    "cross_term": lambda: tfc.CrossTermOptimizer("rmsprop", 1e-2, gamma=0.3),
    "simultaneous": lambda: tfc.SimultaneousOptimizer("adam", 1e-2),
    "alternating": lambda: tfc.AlternatingOptimizer("adam", "rmsprop"),
    "alternating_consensus": lambda: tfc.AlternatingConsensusOptimizer(
        "adam", "rmsprop", "auto", fraction=0.25
    ),
    "fraction": lambda: tfc.ConsensusOptimizer("adam", 1e-2, gamma=0.3, fraction=0.25),
    "reusing": lambda: tfc.AlternatingConsensusOptimizer(
        "adam", "adam", "auto", reuse=True, fraction=0.25
    ),
    "scaled": lambda: tfc.ScaledConsensusOptimizer("adam", 1e-2, fraction=0.25),
    "relative": lambda: tfc.ConsensusOptimizer("adam", 1e-2, gamma="auto"),
    "spectral": lambda: tfc.ConsensusOptimizer("adam", 1e-2, gamma=tfc.SpectralGamma(0.1)),
    "clipped": lambda: tfc.ClippedOptimizer("adam", 1e-2, clip_norm=0.1),
    "momentum": lambda: tfc.MomentumOptimizer("sgd", 1e-2, momentum=-0.3),
    "alternating_momentum": lambda: tfc.AlternatingMomentumOptimizer(
        keras.optimizers.SGD(1e-2), "sgd"
    ),
    "extragradient": lambda: tfc.ExtragradientOptimizer("adam", 1e-2),
    "past_extragradient": lambda: tfc.PastExtragradientOptimizer("adam", 1e-2),
    "runge_kutta": lambda: tfc.RungeKuttaOptimizer("adam", 1e-2, gamma=0.3),
    "extrapolated_alternating": lambda: tfc.ExtrapolatedAlternatingOptimizer("adam", "adam"),
    "implicit": lambda: tfc.ImplicitOptimizer("sgd", 1e-2, products=2),
    "optimistic": lambda: tfc.OptimisticOptimizer("adam", 1e-2),
    "symplectic": lambda: tfc.SymplecticOptimizer("adam", 1e-2),
    "competitive": lambda: tfc.CompetitiveOptimizer("sgd", 1e-2),
    "adaptive_competitive": lambda: tfc.AdaptiveCompetitiveOptimizer("sgd", 1e-2),
    "lookahead": lambda: tfc.LookaheadOptimizer(tfc.ConsensusOptimizer("adam", 1e-2, gamma=0.3)),
    "per_player": lambda: tfc.ConsensusOptimizer(["adam", "adam"], [1e-2, 3e-2], gamma=0.3),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_saved_and_loaded_run_goes_on_exactly(name, tmp_path):
    data = np.random.default_rng(0).normal(size=(32, 2)).astype("float32")
    fit = {"batch_size": 8, "verbose": 0, "shuffle": False}
    keras.utils.set_random_seed(1)
    model = Noisy()
    model.compile(optimizer=OPTIMIZERS[name]())
    model.fit(data, **fit)
    model.save(tmp_path / "model.keras")
    model.fit(data, **fit)
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert restored.seed == model.seed
    assert restored.get_config() == model.get_config() == {}
    restored.fit(data, **fit)
    np.testing.assert_array_equal(
        flat(restored.trainable_variables), flat(model.trainable_variables)
    )
    assert int(restored.noise_counter.numpy()) == 8


def test_noise_is_that_of_the_whole_batch_on_replicas_and_in_microbatches(two_replicas):
    data = np.random.default_rng(0).normal(size=(16, 2)).astype("float32")
    weights = []
    for scope, parts in ((None, 1), (None, 4), (two_replicas, 1)):
        with scope.scope() if scope else contextlib.nullcontext():
            keras.utils.set_random_seed(1)
            model = Noisy(seed=5)
            optimizer = tfc.ConsensusOptimizer("sgd", 0.1, gamma=0.3, microbatches=parts)
            model.compile(optimizer=optimizer)
        model.fit(data, batch_size=8, verbose=0, shuffle=False)
        weights.append(flat([x.numpy() for x in model.trainable_variables]))
    np.testing.assert_allclose(weights[1], weights[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(weights[2], weights[0], rtol=1e-5, atol=1e-6)


def test_regularizers_of_weights_join_their_player():
    model = Noisy(seed=0)
    data = np.ones((4, 2), "float32")
    game = model.game(data, training=False)
    a, b = (float(loss) for loss in game.linearize(second_order=False).losses)
    kernel = model.players["b"][0].trainable_variables[0].numpy()
    assert a + b == pytest.approx(1e-2 * np.sum(kernel**2), rel=1e-5)


class Added(tfc.GameModel):
    def __init__(self, takes):
        network = keras.Sequential(
            [keras.Input((2,)), keras.layers.Dense(1, activity_regularizer="l2")]
        )
        super().__init__({"one": network}, seed=0)
        self.takes = takes

    def losses(self, data, noise, training):
        (network,) = self.players["one"]
        found = []
        for points in (data, 2.0 * data):
            outputs = network(points, training=training)
            added = self.added_losses(network) if self.takes else []
            found += [tf.reduce_mean(outputs), *added]
        return {"one": tf.add_n(found)}


def test_what_layers_add_in_a_call_is_taken_or_refused():
    data = np.ones((4, 2), "float32")
    with pytest.raises(ValueError, match=r"belongs to a player. Received: 2 that no player took"):
        Added(takes=False).game(data).linearize()
    model = Added(takes=True)
    outputs = model.players["one"][0](data).numpy()
    expected = 3 * outputs.mean() + 0.01 * (outputs**2).sum() * 5 / 4
    found = float(model.game(data).linearize(second_order=False).losses[0])
    assert found == pytest.approx(expected, rel=1e-5)


def test_averages_are_put_in_place_and_taken_back():
    model = SineModel()
    inner = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
    x = [flat(model.trainable_variables)]
    model.compile(optimizer=tfc.ConsensusOptimizer(inner, gamma=0.7))
    for _ in range(2):
        model.fit(batches(model, 1), verbose=0, shuffle=False)
        x.append(flat(model.trainable_variables))
    with tfc.averaged_weights(model):
        inside = flat(model.trainable_variables)
    np.testing.assert_allclose(inside, (2 * x[1] + 9 * x[2]) / 11, rtol=1e-6)
    np.testing.assert_array_equal(flat(model.trainable_variables), x[2])


def test_a_backed_up_run_repeats_the_uninterrupted_one(tmp_path):
    data = np.random.default_rng(0).normal(size=(16, 2)).astype("float32")

    def run(epochs, callbacks=()):
        keras.utils.set_random_seed(1)
        model = Noisy(seed=3)
        model.compile(optimizer=OPTIMIZERS["consensus"]())
        model.fit(
            data, batch_size=8, epochs=epochs, verbose=0, shuffle=False, callbacks=list(callbacks)
        )
        return flat(model.trainable_variables)

    whole = run(4)
    run(2, [tfc.callbacks.SafeBackup(tmp_path)])
    np.testing.assert_array_equal(run(4, [tfc.callbacks.SafeBackup(tmp_path)]), whole)


def test_wrong_derivatives_are_found_before_the_first_step():
    @tf.custom_gradient
    def half_right(x):
        return tf.sin(x), lambda dy: 2.0 * dy * tf.cos(x)

    class Wrong(tfc.GameModel):
        def __init__(self, **options):
            self.x, self.y = keras.Variable(1.0), keras.Variable(1.0)
            super().__init__({"x": self.x, "y": self.y}, **options)

        def losses(self, data, noise, training):
            return [half_right(self.x * self.y), -self.x * self.y]

    for options, raises in (({}, True), ({"verify": False}, False)):
        model = Wrong(**options)
        model.compile(optimizer=tfc.ConsensusOptimizer("sgd", 0.1, gamma=1.0))
        expected = pytest.raises(tfc.VerificationError, match="player 'x'")
        with expected if raises else contextlib.nullcontext():
            model.fit(steps_per_epoch=1, verbose=0)
        assert int(model.noise_counter.numpy()) == (0 if raises else 1)


def test_a_diverged_run_ends():
    model = SineModel()
    model.compile(optimizer=keras.optimizers.SGD(1e30))
    with pytest.raises(tfc.callbacks.DivergedError, match="must be finite"):
        model.fit(batches(model), verbose=0, shuffle=False)


class Two(tfc.GameModel):
    def __init__(self, players=None, found=None):
        self.found = found
        super().__init__(players or {"x": keras.Variable(1.0), "y": keras.Variable(2.0)})

    def losses(self, data, noise, training):
        return self.found(*(parts[0].value for parts in self.players.values()))


SHARED = keras.Variable(1.0)
UNBUILT = keras.layers.Dense(2)
PLAYERS = [
    ([], TypeError, "is a dict from each player's name.* Received: a list"),
    ({}, ValueError, "Received: no player"),
    ({"x": 1.0}, TypeError, "Received: a float for 'x'"),
    ({"x": tf.Variable(1.0)}, TypeError, "for 'x'"),
    ({"x": []}, TypeError, "Received: nothing for 'x'"),
    ({"a b": SHARED}, ValueError, "Received: the name 'a b'"),
    ({"x": SHARED, "y": SHARED}, ValueError, "Each variable belongs to one player"),
    ({"x": UNBUILT}, ValueError, "'dense.*' of player 'x', which is not built"),
]


@pytest.mark.parametrize(("players", "error", "match"), PLAYERS)
def test_players_that_are_none_are_refused(players, error, match):
    with pytest.raises(error, match=match):
        tfc.GameModel(players)


LOSSES = [
    (lambda x, y: {"x": x, "z": y}, ValueError, r"Received: \['x', 'z'\] for players"),
    (lambda x, y: [x], ValueError, "Received: 1 losses for players"),
    (lambda x, y: x, TypeError, "for players"),
    (lambda x, y: [x, tf.stack([y, y])], ValueError, "scalar"),
]


@pytest.mark.parametrize(("found", "error", "match"), LOSSES)
def test_losses_that_are_not_one_per_player_are_refused(found, error, match):
    with pytest.raises(error, match=match):
        Two(found=found).game(tf.zeros([1])).linearize()


def test_a_player_with_nothing_to_train_is_refused():
    frozen = keras.Variable(1.0, trainable=False)
    model = Two({"x": keras.Variable(1.0), "y": frozen}, lambda x, y: [x, y])
    with pytest.raises(ValueError, match=r"Every player trains\. Received: 'y'"):
        model.game(tf.zeros([1]))


def test_what_fit_and_compile_refuse_says_what_the_model_is():
    model = Two(found=lambda x, y: [x * y, -x * y])
    with pytest.raises(ValueError, match="A game is compiled before `fit`"):
        model.fit(steps_per_epoch=1)
    with pytest.raises(ValueError, match="losses are what its `losses` returns"):
        model.compile(optimizer="sgd", loss="mse")
    model.compile(optimizer="sgd")
    with pytest.raises(ValueError, match="steps_per_epoch"):
        model.fit()
    with pytest.raises(ValueError, match="Data must be finite numbers"):
        model.fit(np.full((4, 1), np.nan, "float32"), verbose=0)


def test_what_has_no_config_says_so_at_saving(tmp_path):
    model = Two(found=lambda x, y: [x * y, -x * y], players={"x": SHARED})
    with pytest.raises(TypeError, match=r"Two\(players=…\) with a keras.Variable"):
        model.get_config()


class Drawing(Two):
    """A game whose `draw` is given, and whose losses hold its mean."""

    def __init__(self, drawn, losses=None):
        self.drawn = drawn
        super().__init__(found=losses or (lambda x, y: [x * y, -x * y]))

    def draw(self, data, random):
        return self.drawn(data, random)

    def losses(self, data, noise, training):
        scale = tf.reduce_mean(tf.cast(noise, "float32")) + tf.reduce_mean(data)
        return [scale * loss for loss in super().losses(data, noise, training)]


DRAWS = {
    "another number of rows": (lambda d, r: r.normal([3, 1]), "3 rows for 8 examples"),
    "no list": (lambda d, r: r.normal(8), "A shape is a list of sides"),
    "NumPy": (lambda d, r: np.random.normal(size=8), "Received: a ndarray"),
    "a number": (lambda d, r: 0.5, "Received: a float"),
    "tf.random": (lambda d, r: tf.random.normal([8]), "RandomStandardNormal"),
    "keras.random": (lambda d, r: keras.random.normal([8], seed=3), "StatelessRandom"),
}


@pytest.mark.parametrize("name", DRAWS)
def test_noise_that_does_not_follow_from_seed_and_step_is_refused(name):
    drawn, match = DRAWS[name]
    model = Drawing(drawn)
    model.compile(optimizer="sgd")
    with pytest.raises(ValueError, match=match):
        model.fit(np.ones((8, 1), "float32"), batch_size=8, verbose=0, shuffle=False)


def test_a_number_for_all_examples_is_the_same_in_all_parts(two_replicas):
    found = []
    for scope, parts in ((None, 1), (None, 4), (two_replicas, 1)):
        with scope.scope() if scope else contextlib.nullcontext():
            model = Drawing(lambda data, random: random.normal([]))
            model.compile(optimizer=tfc.ConsensusOptimizer("sgd", 0.1, microbatches=parts))
        data = np.ones((8, 1), "float32")
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(vars(model), "seed", 4)
            model.fit(data, batch_size=8, verbose=0, shuffle=False)
        found.append(flat([x.numpy() for x in model.trainable_variables]))
    np.testing.assert_allclose(found[1:], [found[0]] * 2, rtol=1e-6)


def test_random_numbers_of_numpy_in_the_losses_are_found():
    model = Two(found=lambda x, y: [x * y * np.random.normal(), -x * y])
    model.compile(optimizer=tfc.ExtragradientOptimizer("sgd", 0.1))
    with pytest.raises(tfc.VerificationError, match="other constants each time"):
        model.fit(steps_per_epoch=1, verbose=0)


def test_a_regularizer_of_what_is_listed_twice_counts_once():
    network = _network(2, 0.3)

    class Twice(tfc.GameModel):
        def losses(self, data, noise, training):
            return [tf.zeros(())]

    model = Twice({"one": [network, network.layers[0]]})
    loss = model.game(np.ones((2, 2), "float32")).linearize(second_order=False).losses[0]
    kernel = network.layers[0].kernel.numpy()
    assert float(loss) == pytest.approx(0.3 * np.sum(kernel**2), rel=1e-6)


class Sized(tfc.GameModel):
    def __init__(self, sizes, *more):
        sizes.append(1)
        super().__init__({"one": keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])})


def test_arguments_are_saved_as_they_were_given_or_refused():
    assert Sized([3]).get_config() == {"sizes": [3]}
    with pytest.raises(TypeError, match=r"Sized\(\*more=…\) with arguments by position"):
        Sized([3], 4).get_config()


@pytest.mark.parametrize(
    "name", ["seed", "look", "see_batch", "draw", "losses", "players", "parts", "_step"]
)
def test_names_of_the_model_are_not_given_to_something_else(name):
    model = Two(found=lambda x, y: [x * y, -x * y])
    with pytest.raises(ValueError, match=f"Received: an attribute `{name}` of Two"):
        setattr(model, name, 3.5)

    class Early(tfc.GameModel):
        def __init__(self):
            setattr(self, name, 3.5)
            super().__init__({"x": keras.Variable(1.0)})

    with pytest.raises(ValueError, match=f"Received: an attribute `{name}` of Early"):
        Early()
