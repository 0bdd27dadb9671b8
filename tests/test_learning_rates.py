"""One inner optimizer per player: two learning rates (TTUR) and more."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tests.oracles import MODES, PROBLEMS, SineGame, consensus, flat
from tf_consensus.optimizers import apply_direction
from tf_consensus.optimizers.per_player import OptimizerPerPlayer
from tf_consensus.optimizers.warm_averages import warm_average

GAMMA = 0.7
schedules = keras.optimizers.schedules

METHODS = {
    "simultaneous": tfc.SimultaneousOptimizer,
    "consensus": lambda inner: tfc.ConsensusOptimizer(inner, gamma=GAMMA),
    "consensus_every": lambda inner: tfc.ConsensusOptimizer(inner, gamma=GAMMA, every=2),
    "consensus_parts": lambda inner: tfc.ConsensusOptimizer(inner, gamma=GAMMA, microbatches=2),
    "consensus_fraction": lambda inner: tfc.ConsensusOptimizer(inner, gamma=GAMMA, fraction=0.25),
    "consensus_relative": lambda inner: tfc.ConsensusOptimizer(inner, gamma="auto"),
    "scaled_consensus": tfc.ScaledConsensusOptimizer,
    "debiased": lambda inner: tfc.ConsensusOptimizer(
        inner, gamma=GAMMA, microbatches=2, debias="groups"
    ),
    "smoothing": lambda inner: tfc.SmoothingOptimizer(inner, gamma=GAMMA),
    "cross_term": lambda inner: tfc.CrossTermOptimizer(inner, gamma=GAMMA),
    "clipped": lambda inner: tfc.ClippedOptimizer(inner, clip_norm=0.8),
    "symplectic": tfc.SymplecticOptimizer,
    "optimistic": tfc.OptimisticOptimizer,
    "momentum": lambda inner: tfc.MomentumOptimizer(inner, momentum=-0.5),
    "extragradient": tfc.ExtragradientOptimizer,
    "past_extragradient": tfc.PastExtragradientOptimizer,
    "heun": lambda inner: tfc.RungeKuttaOptimizer(inner, order=2, step_size=0.1, gamma=GAMMA),
    "runge_kutta": lambda inner: tfc.RungeKuttaOptimizer(inner, step_size=0.2),
    "implicit": lambda inner: tfc.ImplicitOptimizer(inner, step_size=0.2, products=2),
    "competitive": lambda inner: tfc.CompetitiveOptimizer(inner, step_size=0.2),
    "lookahead": lambda inner: tfc.LookaheadOptimizer(inner, sync_period=2),
    "lookahead_consensus": lambda inner: tfc.LookaheadOptimizer(
        tfc.ConsensusOptimizer(inner, gamma=GAMMA), sync_period=2
    ),
}

# Inner optimizers, made anew at each call; with a factor, so that the players' differ.
INNERS = {
    "sgd": lambda k: keras.optimizers.SGD(0.05 * k),
    "momentum": lambda k: keras.optimizers.SGD(0.05 * k, momentum=0.3 * k, nesterov=True),
    "adam": lambda k: keras.optimizers.Adam(0.02 * k, beta_1=0.2 * k),
    "rmsprop_ema": lambda k: keras.optimizers.RMSprop(
        0.02 * k, rho=0.3 * k, use_ema=True, ema_momentum=0.3 * k
    ),
    "overwriting": lambda k: keras.optimizers.SGD(
        0.05 * k, use_ema=True, ema_momentum=0.3 * k, ema_overwrite_frequency=int(k) + 1
    ),
    "schedule": lambda k: keras.optimizers.Adam(schedules.ExponentialDecay(0.05 * k, 2, 0.5)),
    "clipnorm": lambda k: keras.optimizers.SGD(0.2, clipnorm=0.3 * k),
    "global_clipnorm": lambda k: keras.optimizers.SGD(0.2, global_clipnorm=0.3 * k),
    "decay": lambda k: keras.optimizers.AdamW(0.02 * k, weight_decay=0.1 * k),
    "nadam": lambda k: keras.optimizers.Nadam(0.02 * k),
    "mixed": lambda k: (
        keras.optimizers.Adagrad(0.05) if k == 1.0 else keras.optimizers.Adamax(0.03)
    ),
}


def build(oracle=None):
    oracle = oracle or PROBLEMS["waves"]()
    players = oracle.players("float64")
    return tfc.Game(oracle.tf_losses(players), players, [tf.cast(oracle.batch, "float64")])


def run(optimizer, game, steps=4, mode="eager"):
    optimizer.build(game.variables)
    step = MODES[mode](lambda: optimizer.step(game).losses)
    for _ in range(steps):
        step()
    return flat(game.variables)


class Recorder(keras.optimizers.Optimizer):
    """Moves each player by a Keras optimizer that is built on its variables alone."""

    def __init__(self, optimizers, players):
        super().__init__(learning_rate=0.0)
        self.pairs = list(zip(optimizers, players, strict=True))
        for optimizer, player in self.pairs:
            optimizer.build(player)

    def build(self, variables):
        if not self.built:
            super().build(variables)

    def apply(self, grads, trainable_variables=None):
        by_id = {id(x): g for g, x in zip(grads, trainable_variables, strict=True)}
        for optimizer, player in self.pairs:
            with warm_average(optimizer):
                optimizer.apply([by_id[id(x)] for x in player], player)
        self._iterations.assign_add(1)


def alone(make, inners, game, steps=4):
    """The steps where each player's optimizer has never heard of the other's variables."""
    optimizer = make(Recorder(inners, game.players))
    return run(optimizer, game, steps)


@pytest.mark.parametrize(
    ("name", "inner"),
    [("consensus", inner) for inner in INNERS]
    + [(name, "rmsprop_ema") for name in METHODS if name != "consensus"],
)
def test_each_moves_as_if_its_player_were_all_there_is(name, inner):
    game, reference = build(), build()
    pair = [INNERS[inner](k) for k in (1.0, 2.0)]
    got = run(METHODS[name](pair), game)
    expected = alone(METHODS[name], [INNERS[inner](k) for k in (1.0, 2.0)], reference)
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-14)
    same = run(METHODS[name](INNERS[inner](1.0)), build())
    assert np.abs(same - got).max() > 1e-4


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sizes", [(3,), (2, 3), (3, 2, 1)])
def test_steps_by_hand(sizes, mode):
    """x_i ← x_i + h_i w_i, of one w over all players."""
    rates = [0.125, 0.5, 0.25][: len(sizes)]
    oracle = SineGame(sizes)
    game = build(oracle)
    optimizer = tfc.ConsensusOptimizer([keras.optimizers.SGD(h) for h in rates], gamma=GAMMA)
    x, h = oracle.x, np.repeat(rates, sizes)
    for _ in range(3):
        x = x + h * consensus(oracle, x)
    np.testing.assert_allclose(run(optimizer, game, 3, mode), x, rtol=1e-12)


def test_competitive_steps_are_the_equilibrium_at_each_players_rate():
    oracle = SineGame((2, 3))
    h = np.repeat([0.125, 0.5], [2, 3])
    optimizer = tfc.CompetitiveOptimizer(
        [keras.optimizers.SGD(0.125), keras.optimizers.SGD(0.5)], tolerance=1e-14
    )
    got = run(optimizer, build(oracle), 1)
    jacobian = oracle.jacobian(oracle.x)
    (g, d), zero = oracle.parts, np.zeros_like(jacobian)
    zero[np.ix_(np.r_[g], np.r_[d])] = jacobian[np.ix_(np.r_[g], np.r_[d])]
    zero[np.ix_(np.r_[d], np.r_[g])] = jacobian[np.ix_(np.r_[d], np.r_[g])]
    # Each player's best reply Δ_i = h_i (v + OΔ)_i to the other's move, in the bilinear game.
    move = np.linalg.solve(np.eye(5) - h[:, None] * zero, h * oracle.field(oracle.x))
    np.testing.assert_allclose(got, oracle.x + move, rtol=1e-10)


@pytest.mark.parametrize(
    ("arguments", "kinds", "rates"),
    [
        ((["adam", "sgd"],), ["Adam", "SGD"], [1e-3, 1e-2]),
        ((("adam", "sgd"), (1e-4, 4e-4)), ["Adam", "SGD"], [1e-4, 4e-4]),
        ((["adam", "sgd"], 0.5), ["Adam", "SGD"], [0.5, 0.5]),
        (("adam", [1e-4, 4e-4]), ["Adam", "Adam"], [1e-4, 4e-4]),
        (("adam", [0.5]), ["Adam"], [0.5]),
        ((["adam", "adam", "sgd"], [0.5, None, 0.25]), ["Adam", "Adam", "SGD"], [0.5, 1e-3, 0.25]),
        (([keras.optimizers.SGD(0.5), "adam"], [None, 0.25]), ["SGD", "Adam"], [0.5, 0.25]),
    ],
)
def test_names_and_rates(arguments, kinds, rates):
    optimizer = tfc.ConsensusOptimizer(*arguments)
    assert [type(x).__name__ for x in optimizer.inner_optimizers] == kinds
    np.testing.assert_allclose([float(h) for h in optimizer.learning_rates], rates, rtol=1e-6)
    assert list(optimizer.inner_optimizer) == optimizer.inner_optimizers
    assert optimizer.inner_optimizer[0] is optimizer.inner_optimizers[0]


def sgds(*rates):
    return [keras.optimizers.SGD(float(h)) for h in rates]


def test_rates_scale_alike_or_are_set_one_a_player():
    optimizer = tfc.ConsensusOptimizer(sgds(0.5, 2.0))
    assert float(optimizer.learning_rate) == 0.5
    for rate in (1.0, 0.0, 0.25):
        optimizer.learning_rate = rate
        assert [float(h) for h in optimizer.learning_rates] == [rate, 4 * rate]
    optimizer.learning_rate = (1.0, 0.125)
    assert [float(h) for h in optimizer.learning_rates] == [1.0, 0.125]
    around = tfc.LookaheadOptimizer(sgds(0.5, 2.0))
    around.learning_rate = 1.0
    assert [float(h) for h in around.learning_rates] == [1.0, 4.0]
    around.learning_rate = [0.5, 0.5]
    assert [float(h) for h in around.learning_rates] == [0.5, 0.5]
    assert [float(h) for h in tfc.AlternatingOptimizer(*sgds(0.5, 2)).learning_rates] == [0.5, 2]
    assert [float(h) for h in tfc.ClippedOptimizer("sgd", 0.5).learning_rates] == [0.5]


@pytest.mark.parametrize(
    ("rate", "error", "message"),
    [
        ([0.5], ValueError, "one per player. Received: 1 for 2 optimizers. Pass 2"),
        ([0.5, -1.0], ValueError, "at least 0"),
        ([0.5, None], TypeError, "at least 0"),
        ([], ValueError, "Received: 0 for 2"),
        (schedules.ExponentialDecay(0.1, 1, 1.0), TypeError, "to a list of one per player"),
        (True, TypeError, "to a list of one per player"),
        (None, TypeError, "to a list of one per player"),
        (float("nan"), ValueError, "at least 0"),
    ],
)
def test_wrong_rates_change_nothing(rate, error, message):
    for optimizer in (
        tfc.ConsensusOptimizer(sgds(0.5, 2)),
        tfc.AlternatingOptimizer(*sgds(0.5, 2)),
    ):
        with pytest.raises(error, match=message):
            optimizer.learning_rate = rate
        assert [float(h) for h in optimizer.learning_rates] == [0.5, 2.0]


def test_a_rate_of_0_has_no_ratio():
    for optimizer in (tfc.ConsensusOptimizer(sgds(0, 2)), tfc.AlternatingOptimizer(*sgds(0, 2))):
        with pytest.raises(ValueError, match=r"must not be 0.*Set a list of one per player"):
            optimizer.learning_rate = 0.5
        optimizer.learning_rate = [0.0, 0.5]
        assert [float(h) for h in optimizer.learning_rates] == [0.0, 0.5]


def test_a_schedule_decides_for_its_player_alone():
    schedule = schedules.PiecewiseConstantDecay([1], [0.5, 0.25])
    optimizer = tfc.ConsensusOptimizer([keras.optimizers.SGD(schedule), "sgd"])
    for rate in (0.125, [0.125, 0.5]):
        with pytest.raises(ValueError, match="follows a schedule"):
            optimizer.learning_rate = rate
    run(optimizer, build(), 2)
    assert [float(h) for h in optimizer.learning_rates] == [0.25, float(np.float32(0.01))]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: tfc.ConsensusOptimizer([]), ValueError, "one per player. Received: an empty list"),
        (lambda: tfc.ConsensusOptimizer(sgds(0.1) * 2), ValueError, "one SGD for both. Create two"),
        (
            lambda: tfc.ConsensusOptimizer([*(a := sgds(1, 2)), a[1]]),
            ValueError,
            "several of 3. Create one each",
        ),
        (
            lambda: tfc.ConsensusOptimizer(["adam", "sgd"], [0.1]),
            ValueError,
            "1 for 2 inner optimizers",
        ),
        (lambda: tfc.ConsensusOptimizer(["adam", "sgd"], []), ValueError, "0 for 2"),
        (lambda: tfc.ConsensusOptimizer(sgds(1, 2), 0.1), ValueError, "given by name"),
        (lambda: tfc.ConsensusOptimizer(sgds(1, 2), [0.1, 0.2]), ValueError, "given by name"),
        (lambda: tfc.ConsensusOptimizer(*sgds(1), [0.1, 0.2]), ValueError, "given by name"),
        (lambda: tfc.ConsensusOptimizer("sgd", []), TypeError, "at least 0"),
        (lambda: tfc.ConsensusOptimizer(["adam", "adma"]), ValueError, r"`inner_optimizer\[1\]`"),
        (lambda: tfc.ConsensusOptimizer(["adam", None]), TypeError, r"`inner_optimizer\[1\]`"),
        (lambda: tfc.ConsensusOptimizer(["adam", ["sgd"]]), TypeError, r"`inner_optimizer\[1\]`"),
        (
            lambda: tfc.ConsensusOptimizer(["adam", tfc.SimultaneousOptimizer()]),
            ValueError,
            "plain Keras optimizer",
        ),
        (
            lambda: tfc.LookaheadOptimizer([tfc.ConsensusOptimizer(), "adam"]),
            ValueError,
            "plain Keras optimizer",
        ),
        (
            lambda: tfc.ConsensusOptimizer(
                ["sgd", keras.optimizers.SGD(gradient_accumulation_steps=2)]
            ),
            ValueError,
            "must not use `gradient_accumulation_steps`",
        ),
        (lambda: tfc.ConsensusOptimizer(["sgd", "sgd"], use_ema=True), ValueError, "inner optim"),
        (
            lambda: tfc.AlternatingOptimizer(["sgd", "sgd"]),
            TypeError,
            "A list goes to a method: tf_consensus",
        ),
        (lambda: run(tfc.ConsensusOptimizer(["sgd"]), build()), ValueError, "1 for a game of 2"),
        (
            lambda: run(tfc.LookaheadOptimizer(["sgd"] * 3), build()),
            ValueError,
            "3 for a game of 2. Pass 2",
        ),
        (
            lambda: apply_direction(
                OptimizerPerPlayer(sgds(1, 2)), [tf.ones(())], [tf.Variable(1.0)]
            ),
            ValueError,
            "each player's variables",
        ),
    ],
)
def test_wrong_lists(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("name", ["consensus", "simultaneous", "optimistic", "lookahead"])
def test_players_are_not_known_in_the_compile_of_other_models(name):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(METHODS[name](["sgd", "sgd"]), loss="mse", jit_compile=False)
    with pytest.raises(RuntimeError, match=r"(?s)2 inner optimizers.*Train a `tf_consensus.GAN`"):
        model.fit(np.ones((4, 3)), np.ones(4), verbose=0)
    weights = []
    for inner in ("sgd", ["sgd"]):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile(METHODS[name](inner), loss="mse", jit_compile=False)
        model.fit(np.ones((4, 3)), np.ones(4), verbose=0)
        weights.append(flat(model.trainable_variables))
    np.testing.assert_array_equal(*weights)


def test_no_one_field_where_rates_differ():
    assert tfc.ConsensusOptimizer(["sgd", "sgd"]).field is None
    assert tfc.LookaheadOptimizer(["sgd", "sgd"]).field is None
    assert tfc.ConsensusOptimizer(["sgd"], gamma=0.5).field == ("consensus", 0.5, "all", "all")


# --- replicas ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "inner"),
    [
        ("consensus", "rmsprop_ema"),
        ("consensus", "global_clipnorm"),
        ("clipped", "clipnorm"),
        ("extragradient", "adam"),
    ],
)
def test_two_replicas_equal_one_device(name, inner, two_replicas):
    oracle = PROBLEMS["waves"]()

    def make():
        return METHODS[name]([INNERS[inner](k) for k in (1.0, 2.0)])

    one = run(make(), build(oracle), 3)
    with two_replicas.scope():
        players = oracle.players()
        optimizer = make()
        optimizer.build(tf.nest.flatten(players))
    batch = two_replicas.experimental_distribute_values_from_function(
        lambda context: tf.constant(oracle.batch[context.replica_id_in_sync_group :: 2])
    )

    def on_replica(rows):
        optimizer.step(tfc.Game(oracle.tf_losses(players), players, [rows]))

    step = tf.function(lambda: two_replicas.run(on_replica, [batch]), autograph=False)
    for _ in range(3):
        step()
    got = flat([x.numpy() for x in tf.nest.flatten(players)])
    np.testing.assert_allclose(got, one, rtol=1e-12, atol=1e-13)


# --- in a GAN ------------------------------------------------------------------------------------


def gan(optimizer, **options):
    keras.utils.set_random_seed(0)
    networks = tfc.networks.build("mlp", latent_dim=3, width=4, depth=2)
    model = tfc.GAN(*networks, latent_dim=3, seed=0)
    model.compile(optimizer, **{"jit_compile": False, **options})
    return model


def batches(number=4):
    points = np.random.default_rng(0).normal(size=(8 * number, 2)).astype("float32")
    return tf.data.Dataset.from_tensor_slices(points).batch(8, drop_remainder=True)


def pair(**options):
    return [keras.optimizers.Adam(0.01, **options), keras.optimizers.RMSprop(0.04, **options)]


@pytest.mark.parametrize("name", ["consensus", "lookahead_consensus", "extragradient"])
def test_a_saved_gan_goes_on_as_if_never_interrupted(name, tmp_path):
    model = gan(METHODS[name](pair(use_ema=True)))
    model.fit(batches(), shuffle=False, verbose=0)
    model.save(tmp_path / "gan.keras")
    model.save_weights(tmp_path / "gan.weights.h5")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    other = gan(METHODS[name](pair(use_ema=True)))
    other.optimizer.build(other.trainable_variables)
    other.load_weights(tmp_path / "gan.weights.h5")
    assert loaded.optimizer.get_config() == model.optimizer.get_config()
    with tfc.averaged_weights(model):
        averaged = flat(model.trainable_variables)
    for each in (loaded, other):
        assert int(each.optimizer.iterations) == int(model.optimizer.iterations) == 4
        # Before any step of theirs: whose the averages are the GAN says.
        with tfc.averaged_weights(each):
            np.testing.assert_array_equal(flat(each.trainable_variables), averaged)
    for each in (model, loaded, other):
        each.fit(batches(), shuffle=False, verbose=0)
        weights = flat(each.trainable_variables)
        np.testing.assert_array_equal(weights, flat(model.trainable_variables))
        assert int(each.optimizer.iterations) == 8


@pytest.mark.parametrize("name", METHODS)
def test_configuration_round_trip(name):
    optimizer = METHODS[name]([INNERS["adam"](1.0), INNERS["rmsprop_ema"](2.0)])
    config = optimizer.get_config()
    copies = [
        type(optimizer).from_config(config),
        keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer)),
        keras.optimizers.deserialize(keras.optimizers.serialize(optimizer)),
    ]
    for copy in copies:
        assert copy.get_config() == config
        assert len(copy.learning_rates) == 2


def test_a_checkpoint_of_tensorflow_holds_both_states(tmp_path):
    def trained(steps):
        game, optimizer = build(), tfc.ConsensusOptimizer(pair(use_ema=True))
        optimizer.build(game.variables)
        run(optimizer, game, steps)
        return game, optimizer

    game, optimizer = trained(3)
    path = tf.train.Checkpoint(optimizer=optimizer, x=game.variables).save(tmp_path / "x")
    other, restored = trained(1)
    checkpoint = tf.train.Checkpoint(optimizer=restored, x=other.variables)
    checkpoint.restore(path).assert_existing_objects_matched()
    for a, b in zip(optimizer.variables, restored.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    assert len(restored.variables) > 20


def test_a_backup_resumes_exactly(tmp_path):
    class Interrupt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    whole = gan(METHODS["consensus"](pair(use_ema=True)))
    whole.fit(batches(), shuffle=False, epochs=4, verbose=0)
    for backup in (tfc.callbacks.SafeBackup, keras.callbacks.BackupAndRestore):
        path = tmp_path / backup.__name__
        first = gan(METHODS["consensus"](pair(use_ema=True)))
        callbacks = [backup(str(path)), Interrupt()]
        with pytest.raises(KeyboardInterrupt):
            first.fit(batches(), shuffle=False, epochs=4, verbose=0, callbacks=callbacks)
        again = gan(METHODS["consensus"](pair(use_ema=True)))
        again.fit(batches(), shuffle=False, epochs=4, verbose=0, callbacks=[backup(str(path))])
        np.testing.assert_array_equal(
            flat(again.trainable_variables), flat(whole.trainable_variables)
        )


@pytest.mark.parametrize(("jit_compile", "steps"), [(False, 2), (True, 1), (True, 2)])
def test_xla_and_several_steps_an_execution(jit_compile, steps):
    plain = gan(METHODS["consensus"](pair()))
    other = gan(METHODS["consensus"](pair()), jit_compile=jit_compile, steps_per_execution=steps)
    for model in (plain, other):
        model.fit(batches(), shuffle=False, verbose=0)
    np.testing.assert_allclose(
        flat(other.trainable_variables), flat(plain.trainable_variables), atol=2e-5
    )
    assert int(other.optimizer.iterations) == 4


def test_callbacks_of_keras_see_and_set_the_rates(tmp_path):
    seen = []
    model = gan(tfc.ConsensusOptimizer(sgds(0.5, 2.0)))
    callbacks = [
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2),
        keras.callbacks.TensorBoard(str(tmp_path)),
        keras.callbacks.ProgbarLogger(),
        keras.callbacks.ReduceLROnPlateau(
            "generator_loss", factor=0.5, patience=1, min_delta=1e3, mode="min"
        ),
        keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(dict(logs))),
    ]
    model.fit(batches(), shuffle=False, epochs=2, verbose=0, callbacks=callbacks)
    # Halved before each epoch, and once more after the second, which is not better.
    assert [float(h) for h in model.optimizer.learning_rates] == [0.0625, 0.25]
    assert [logs["learning_rate"] for logs in seen] == [0.25, 0.125]


def test_swap_ema_weights_has_each_players_averages():
    model = gan(tfc.ConsensusOptimizer([INNERS["rmsprop_ema"](k) for k in (1.0, 2.0)]))
    swap, seen = keras.callbacks.SwapEMAWeights(swap_on_epoch=True), []
    look = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(flat(model.trainable_variables))
    )
    before = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(flat(model.trainable_variables))
    )
    points = []
    batch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: points.append(flat(model.trainable_variables))
    )
    model.fit(batches(), shuffle=False, verbose=0, callbacks=[batch, before, swap, look])
    first = sum(x.shape.num_elements() for x in map(tf.constant, model.generator.get_weights()))
    momenta = np.repeat([0.3, 0.6], [first, len(points[0]) - first])
    average = points[0]
    for t, point in enumerate(points[1:], 1):
        decay = np.minimum(momenta, (1 + t) / (10 + t))
        average = decay * average + (1 - decay) * point
    np.testing.assert_allclose(seen[1], average, atol=1e-6)
    assert np.abs(seen[0] - average).max() > 1e-3


def test_one_player_may_keep_averages_alone():
    model = gan(tfc.ConsensusOptimizer([keras.optimizers.Adam(0.01, use_ema=True), "sgd"]))
    assert model.optimizer.keeps_averages
    model.fit(batches(), shuffle=False, verbose=0)
    raw = [flat(network.trainable_variables) for network in (model.generator, model.discriminator)]
    with tfc.averaged_weights(model):
        assert np.abs(flat(model.generator.trainable_variables) - raw[0]).max() > 1e-4
        np.testing.assert_array_equal(flat(model.discriminator.trainable_variables), raw[1])
    np.testing.assert_array_equal(flat(model.generator.trainable_variables), raw[0])


def test_averages_of_a_loaded_optimizer_wait_for_the_players():
    optimizer = tfc.ConsensusOptimizer(pair(use_ema=True))
    variables = build().variables
    optimizer.build(variables)
    with pytest.raises(ValueError, match="each player's variables"):
        optimizer.put_averages([variables])
    with pytest.raises(ValueError, match="each player's variables"):
        _ = optimizer.inner_optimizer.optimizers


def test_spectrum_monitor_says_that_there_is_no_one_step():
    lines = []
    real = np.random.default_rng(0).normal(size=(8, 2)).astype("float32")
    model = gan(tfc.ConsensusOptimizer(sgds(0.01, 0.04)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        callback = tfc.callbacks.SpectrumMonitor(real, report=lines.append)
        history = model.fit(batches(), shuffle=False, verbose=0, callbacks=[callback]).history
    assert "step_limit_consensus" not in history
    assert "plain steps ConsensusOptimizer does not take" in lines[0]


def test_ttur_trains_a_gan_as_two_plain_steps():
    """Without the regularizer and by SGD: each network by its own stock optimizer."""
    model = gan(tfc.SimultaneousOptimizer(sgds(0.1, 0.4)))
    other = gan("sgd")
    for batch in batches():
        game = other.game(batch)
        v = game.linearize().v
        rates = [0.1] * len(game.players[0]) + [0.4] * len(game.players[1])
        for x, w, h in zip(game.variables, v, rates, strict=True):
            x.assign_add(h * w)
    model.fit(batches(), shuffle=False, verbose=0)
    np.testing.assert_allclose(
        flat(model.trainable_variables), flat(other.trainable_variables), atol=1e-6
    )
