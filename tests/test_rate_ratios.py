"""Several learning rates keep their ratios: through rates of 0, a restart, and on replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tests.oracles import PROBLEMS, flat
from tf_consensus.callbacks.advice import step_size
from tf_consensus.optimizers.wrapping import WrappingOptimizer

CALLBACKS = keras.callbacks


def adams(*rates):
    return [keras.optimizers.Adam(float(h)) for h in rates]


KINDS = {
    "alternating": lambda *h: tfc.AlternatingOptimizer(*adams(*h)),
    "alternating consensus": lambda *h: tfc.AlternatingConsensusOptimizer(*adams(*h), gamma=0.1),
    "alternating momentum": lambda *h: tfc.AlternatingMomentumOptimizer(*adams(*h)),
    "alternating extrapolated": lambda *h: tfc.ExtrapolatedAlternatingOptimizer(*adams(*h)),
    "list": lambda *h: tfc.ConsensusOptimizer(adams(*h), gamma=0.1),
    "lookahead": lambda *h: tfc.LookaheadOptimizer(adams(*h), sync_period=2),
    "lookahead alternating": lambda *h: tfc.LookaheadOptimizer(
        tfc.AlternatingOptimizer(*adams(*h)), sync_period=2
    ),
}


def rates(optimizer):
    return [float(keras.ops.convert_to_numpy(h)) for h in optimizer.learning_rates]


def gan(optimizer):
    keras.utils.set_random_seed(0)
    networks = tfc.networks.build("mlp", latent_dim=3, width=4, depth=2)
    model = tfc.GAN(*networks, latent_dim=3, seed=0)
    model.compile(optimizer, jit_compile=False)
    return model


def batches():
    points = np.random.default_rng(0).normal(size=(16, 2)).astype("float32")
    return tf.data.Dataset.from_tensor_slices(points).batch(8, drop_remainder=True)


def fit(model, *callbacks, epochs=1):
    options = {"epochs": epochs, "shuffle": False, "verbose": 0}
    return model.fit(batches(), callbacks=list(callbacks), **options).history


# --- what is saved while the rates are 0 ---------------------------------------------------------


def by_file(model, kind, path):
    model.save(path / "gan.keras")
    return keras.models.load_model(path / "gan.keras")


def by_weights(model, kind, path):
    model.save_weights(path / "gan.weights.h5")
    other = gan(KINDS[kind](0.25, 0.5))
    other.optimizer.build(other.trainable_variables)
    other.load_weights(path / "gan.weights.h5")
    return other


def by_arrays(model, kind, path):
    other = gan(KINDS[kind](0.25, 0.5))
    other.optimizer.build(other.trainable_variables)
    other.optimizer.set_weights([x.numpy() for x in model.optimizer.variables])
    return other


def by_checkpoint(model, kind, path):
    saved = tf.train.Checkpoint(optimizer=model.optimizer).save(path / "x")
    other = gan(KINDS[kind](0.25, 0.5))
    other.optimizer.build(other.trainable_variables)
    checkpoint = tf.train.Checkpoint(optimizer=other.optimizer)
    checkpoint.restore(saved).assert_existing_objects_matched()
    return other


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("restored", [by_file, by_weights, by_arrays, by_checkpoint])
def test_ratios_at_rates_of_0_are_part_of_the_state(restored, kind, tmp_path):
    """Those of the constructor, and those that a list has changed."""
    for index, third in enumerate((0.5, 1.0)):
        (folder := tmp_path / str(index)).mkdir()
        model = gan(KINDS[kind](0.25, 0.5))
        model.optimizer.build(model.trainable_variables)
        model.optimizer.learning_rate = [0.25, third]
        model.optimizer.learning_rate = 0
        other = restored(model, kind, folder)
        assert rates(other.optimizer) == [0.0, 0.0]
        for each in (model, other):
            each.optimizer.learning_rate = 0.125
            assert rates(each.optimizer) == [0.125, third / 2]


class Stop(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt


def warm_up(factor=1.0):
    return CALLBACKS.LearningRateScheduler(lambda epoch: 0.0 if epoch < 2 else 0.01 * factor)


@pytest.mark.parametrize("backup", [tfc.callbacks.SafeBackup, CALLBACKS.BackupAndRestore])
@pytest.mark.parametrize("kind", ["alternating", "list", "lookahead"])
def test_a_run_stopped_in_its_warm_up_resumes_exactly(kind, backup, tmp_path):
    whole = gan(KINDS[kind](0.01, 0.02))
    fit(whole, warm_up(), epochs=4)
    np.testing.assert_allclose(rates(whole.optimizer), [0.01, 0.02], rtol=1e-6)
    with pytest.raises(KeyboardInterrupt):
        fit(gan(KINDS[kind](0.01, 0.02)), warm_up(), backup(str(tmp_path / "b")), Stop(), epochs=4)
    again = gan(KINDS[kind](0.01, 0.02))
    fit(again, warm_up(), backup(str(tmp_path / "b")), epochs=4)
    assert rates(again.optimizer) == rates(whole.optimizer)
    np.testing.assert_array_equal(flat(again.trainable_variables), flat(whole.trainable_variables))


# --- ratios that nobody knows --------------------------------------------------------------------


def from_config(kind):
    optimizer = KINDS[kind](0.25, 0.5)
    optimizer.learning_rate = 0.0
    return type(optimizer).from_config(optimizer.get_config())


def one_by_one(kind):
    optimizer = KINDS[kind](0.25, 0.5)
    optimizer.learning_rate = 0.0
    optimizer.learning_rate = 1.0
    for inner, rate in zip(optimizer.keras_optimizers, (1.0, 3.0), strict=True):
        inner.learning_rate = rate
    for inner in optimizer.keras_optimizers:
        inner.learning_rate = 0.0
    return optimizer


def after_a_first_rate_of_0(kind):
    optimizer = KINDS[kind](0.25, 0.5)
    optimizer.learning_rate = [0.0, 0.5]
    optimizer.learning_rate = [0.0, 0.0]
    return optimizer


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "make",
    [lambda kind: KINDS[kind](0.0, 0.0), from_config, one_by_one, after_a_first_rate_of_0],
)
def test_unknown_ratios_are_refused_and_not_taken_as_1(make, kind):
    optimizer = make(kind)
    for rate in (0.5, 0.0):
        with pytest.raises(
            ValueError, match=r"must not be 0.*rates \[0.0, 0.0\], no ratios kept. Set a list of"
        ):
            optimizer.learning_rate = rate
        assert rates(optimizer) == [0.0, 0.0]
    optimizer.learning_rate = [0.5, 0.125]
    optimizer.learning_rate = 0.0
    optimizer.learning_rate = 1.0
    assert rates(optimizer) == [1.0, 0.25]


def test_lists_of_zeros_keep_the_last_ratios_too():
    for make in KINDS.values():
        optimizer = make(0.25, 0.5)
        for rate in ([0.5, 2.0], [0.0, 0.0], [0.0, 0.0], 0.0):
            optimizer.learning_rate = rate
        optimizer.learning_rate = 0.5
        assert rates(optimizer) == [0.5, 2.0]


@pytest.mark.parametrize("kind", ["alternating", "list", "lookahead", "lookahead alternating"])
def test_files_from_before_ratios_were_saved_load_without_them(kind, tmp_path, monkeypatch):
    def save_own_variables(self, store):
        for index, x in enumerate(x for x in self.variables if x.name != "rate_ratios"):
            store[str(index)] = x.numpy()

    model = gan(KINDS[kind](0.01, 0.02))
    fit(model)
    with monkeypatch.context() as earlier:
        earlier.setattr(WrappingOptimizer, "save_own_variables", save_own_variables, raising=False)
        model.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    pairs = list(zip(loaded.optimizer.variables, model.optimizer.variables, strict=True))
    assert len(pairs) > 20
    for a, b in pairs:
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("rate", [0.5, [0.5, 0.5]])
def test_a_rate_that_a_function_decides_is_not_set_to_a_number(rate, place):
    pair = adams(0.25, 0.25)
    pair[place] = keras.optimizers.Adam(lambda: 0.25)
    optimizers = [tfc.ConsensusOptimizer(pair)]
    if isinstance(rate, float):
        optimizers.append(tfc.ConsensusOptimizer(keras.optimizers.SGD(lambda: 0.25)))
    for optimizer in optimizers:
        with pytest.raises(ValueError, match=r"or a function cannot be set.*with function\. Make"):
            optimizer.learning_rate = rate
        assert set(rates(optimizer)) == {0.25}


# --- on replicas ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_rates_are_set_on_replicas_as_on_one_device(kind, two_replicas):
    with two_replicas.scope():
        model = gan(KINDS[kind](0.25, 0.5))
        model.optimizer.build(model.trainable_variables)
    for value, expected in (
        (0.5, [0.5, 1.0]),
        ([0.25, 1.0], [0.25, 1.0]),
        (0.0, [0.0, 0.0]),
        (0.125, [0.125, 0.5]),
    ):
        model.optimizer.learning_rate = value
        assert rates(model.optimizer) == expected
    assert "learning_rate=0.5" in repr(model)
    assert rates(type(model.optimizer).from_config(model.optimizer.get_config())) == [0.125, 0.5]
    model.optimizer.learning_rate = [0.0, 0.5]
    with pytest.raises(ValueError, match=r"rates \[0.0, 0.5\], no ratios kept"):
        model.optimizer.learning_rate = 0.5


@pytest.mark.parametrize("kind", ["alternating", "list"])
def test_callbacks_set_the_rates_on_replicas(kind, two_replicas, tmp_path):
    with two_replicas.scope():
        model = gan(KINDS[kind](0.01, 0.02))
    halving = CALLBACKS.LearningRateScheduler(lambda epoch, rate: rate / 2)
    plateau = CALLBACKS.ReduceLROnPlateau(
        "generator_loss", factor=0.5, patience=1, min_delta=1e3, mode="min"
    )
    board = CALLBACKS.TensorBoard(str(tmp_path / "board"))
    seen = fit(model, halving, plateau, board, epochs=2)["learning_rate"]
    np.testing.assert_allclose(seen, [0.005, 0.0025], rtol=1e-6)
    np.testing.assert_allclose(rates(model.optimizer), [0.00125, 0.0025], rtol=1e-6)


@pytest.mark.parametrize("backup", [tfc.callbacks.SafeBackup, CALLBACKS.BackupAndRestore])
def test_a_warm_up_on_replicas_resumes_with_its_ratios(backup, two_replicas, tmp_path):
    def make():
        with two_replicas.scope():
            return gan(KINDS["alternating"](0.01, 0.02))

    with pytest.raises(KeyboardInterrupt):
        fit(make(), warm_up(), backup(str(tmp_path / "b")), Stop(), epochs=3)
    again = make()
    fit(again, warm_up(), backup(str(tmp_path / "b")), epochs=3)
    np.testing.assert_allclose(rates(again.optimizer), [0.01, 0.02], rtol=1e-6)


def test_the_advisor_reads_the_rate_on_replicas(two_replicas):
    with two_replicas.scope():
        model = gan(tfc.SimultaneousOptimizer("sgd", learning_rate=0.5))

    class Check:
        measured, step_limit, gradient_norm, rotation = True, 0.25, 1.0, 0.0

    class History:
        checks = (Check(),)

        def last(self, *args, **options):
            return self.checks * 3

    class Scene:
        checked, history = True, History()

    Scene.model = model
    assert "learning_rate is 0.5 and" in step_size.find(Scene())


# --- averages ------------------------------------------------------------------------------------


@pytest.mark.parametrize("alternating", [True, False])
def test_keras_exchange_of_averages_in_ones_own_model_is_of_each_player(alternating):
    """A model with a step of its own has no check of its callbacks."""
    inner = [
        keras.optimizers.RMSprop(0.02, use_ema=True, ema_momentum=momentum)
        for momentum in (0.3, 0.6)
    ]
    make = tfc.AlternatingOptimizer if alternating else lambda *x: tfc.ConsensusOptimizer(list(x))
    oracle = PROBLEMS["waves"]()
    players = oracle.players("float64")
    batch = [tf.cast(oracle.batch, "float64")]
    game, optimizer = tfc.Game(oracle.tf_losses(players), players, batch), make(*inner)
    points = []
    for _ in range(4):
        optimizer.step(game)
        points.append(flat(game.variables))
    first = flat(game.players[0]).size
    momenta = np.repeat([0.3, 0.6], [first, points[0].size - first])
    average = points[0]
    for t, point in enumerate(points[1:], 1):
        decay = np.minimum(momenta, (1 + t) / (10 + t))
        average = decay * average + (1 - decay) * point
    assert np.abs(points[-1] - average).max() > 1e-3
    swap = CALLBACKS.SwapEMAWeights()
    swap.set_model(model := keras.Model())
    model.optimizer = optimizer
    swap.on_test_begin()
    np.testing.assert_allclose(flat(game.variables), average, atol=1e-7)
    swap.on_test_end()
    np.testing.assert_allclose(flat(game.variables), points[-1], atol=1e-12)
