"""Where averages of weights are kept, pictures, scores and saved generators are of them."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_gan import batches, fit, make_gan, weights

import tf_consensus as tfc
from tests.oracles import MODES
from tf_consensus.callbacks import EvaluateGAN
from tf_consensus.models.moving_statistics import latent_batches, measure_statistics

layers = keras.layers


def averaging():
    return keras.optimizers.Adam(3e-2, use_ema=True, ema_momentum=0.5)


OPTIMIZERS = {
    "plain": averaging,
    "consensus": lambda: tfc.ConsensusOptimizer(averaging(), gamma=1.0),
    "alternating": lambda: tfc.AlternatingOptimizer(averaging(), averaging(), 2, 1),
    "alternating, one": lambda: tfc.AlternatingOptimizer(averaging(), "adam"),
    "lookahead": lambda: tfc.LookaheadOptimizer(averaging(), sync_period=2),
    "lookahead, alternating": lambda: tfc.LookaheadOptimizer(
        tfc.AlternatingOptimizer(averaging(), averaging()), sync_period=2
    ),
}


def averages(gan):
    with tfc.averaged_weights(gan):
        return weights(gan)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_loaded_model_has_the_averages_of_the_saved_one(name, tmp_path):
    gan = make_gan(OPTIMIZERS[name]())
    fit(gan)
    raw, averaged = weights(gan), averages(gan)
    assert np.abs(averaged - raw).max() > 1e-3
    np.testing.assert_array_equal(weights(gan), raw)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    np.testing.assert_array_equal(weights(loaded), raw)
    np.testing.assert_array_equal(averages(loaded), averaged)
    np.testing.assert_array_equal(loaded.generate(4, seed=1), gan.generate(4, seed=1))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_goes_on_from_the_weights_and_not_their_averages(name, tmp_path):
    whole, first = make_gan(OPTIMIZERS[name]()), make_gan(OPTIMIZERS[name]())
    fit(whole, steps_per_epoch=5)
    fit(first, steps_per_epoch=3)
    first.generate(4)
    first.save(tmp_path / "gan.keras")
    second = keras.models.load_model(tmp_path / "gan.keras")
    fit(second, batches().skip(3), steps_per_epoch=2)
    np.testing.assert_array_equal(weights(second), weights(whole))
    np.testing.assert_array_equal(averages(second), averages(whole))


def test_each_player_of_alternating_updates_has_its_own_optimizers_averages():
    gan = make_gan(OPTIMIZERS["alternating, one"]())
    fit(gan)
    raw = [x.numpy() for x in gan.trainable_variables]
    number = len(gan.generator.trainable_variables)
    with tfc.averaged_weights(gan):
        found = [x.numpy() for x in gan.trainable_variables]
    changed = [np.abs(a - b).max() > 0 for a, b in zip(found, raw, strict=True)]
    assert changed == [True] * number + [False] * (len(raw) - number)


def test_lookaheads_averages_are_of_the_fast_weights():
    gan, inner = make_gan(OPTIMIZERS["lookahead"]()), make_gan(averaging())
    gan.optimizer.sync_period = 100  # no average of its own: the inner optimizer alone
    fit(gan)
    fit(inner)
    np.testing.assert_array_equal(averages(gan), averages(inner))


def test_alternating_averages_without_players_are_refused():
    optimizer = tfc.AlternatingOptimizer(averaging(), averaging())
    with pytest.raises(ValueError, match=r"not known before.*Received: 1 list of.*train a"):
        optimizer.put_averages([[]])


class Mean:
    """A metric: the mean of the samples."""

    name = "mean"

    def reset_state(self):
        self.value = 0.0

    def update_state(self, samples):
        self.value = samples.astype("float64").mean()

    def result(self):
        return self.value


def scored(gan, **options):
    monitor = EvaluateGAN([Mean()], samples=32, report=None, **options)
    monitor.set_model(gan)
    return monitor.evaluate()["mean"]


def test_scores_and_samples_are_of_the_averages_unless_an_argument_says_otherwise():
    gan = make_gan(OPTIMIZERS["consensus"]())
    fit(gan)
    with tfc.averaged_weights(gan):
        expected = gan.generator(gan_latents(gan)).numpy()
        inside = gan.generate(32, seed=0)
    raw = gan.generator(gan_latents(gan)).numpy()
    np.testing.assert_array_equal(gan.generate(32, seed=0), inside)
    assert np.abs(expected - raw).max() > 1e-3
    assert scored(gan) == inside.astype("float64").mean()
    plain = gan.generate(32, seed=0, averaged=False)
    assert np.abs(plain - inside).max() > 1e-3
    assert scored(gan, averaged=False) == plain.astype("float64").mean()


def test_pictures_of_the_weights_themselves(tmp_path):
    from test_sample_grid import image_gan, train

    gan = image_gan(optimizer=tfc.SimultaneousOptimizer(averaging()))
    train(gan, 1, [])
    grids = {}
    for averaged in (True, False):
        grid = tfc.callbacks.SampleGrid(tmp_path / str(averaged), 4, averaged=averaged)
        grid.set_model(gan)
        grids[averaged] = grid.save()
        expected = tfc.plotting.image_grid(gan.generate(4, seed=0, averaged=averaged))
        np.testing.assert_array_equal(grids[averaged], expected)
    assert np.any(grids[True] != grids[False])


def gan_latents(gan):
    return tf.random.stateless_normal((32, gan.latent_dim), (1, 2))


def normalized_gan(synchronized=False):
    keras.utils.set_random_seed(3)
    generator = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(8),
            layers.BatchNormalization(synchronized=synchronized),
            layers.ReLU(),
            layers.Dropout(0.2),
            layers.Dense(4),
            layers.BatchNormalization(momentum=0.5, synchronized=synchronized),
            layers.Dense(2),
        ]
    )
    discriminator = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    gan = tfc.GAN(generator, discriminator, latent_dim=3, seed=5)
    gan.compile(optimizer=tfc.SimultaneousOptimizer(averaging()))
    return gan


def test_moving_statistics_are_measured_for_the_averages_and_then_put_back():
    gan = normalized_gan()
    fit(gan)
    state = [x.numpy() for x in gan.variables]
    norms = [x for x in gan.generator.layers if isinstance(x, layers.BatchNormalization)]
    dense = gan.generator.layers[0]
    with tfc.averaged_weights(gan):
        outputs = [dense(z).numpy().astype("float64") for z in latent_batches(gan)]
        mean = np.mean([t.mean(axis=0) for t in outputs], axis=0)
        variance = np.mean([t.var(axis=0) for t in outputs], axis=0)
        np.testing.assert_allclose(norms[0].moving_mean, mean, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(norms[0].moving_variance, variance, rtol=1e-4, atol=1e-5)
        assert [norm.momentum for norm in norms] == [0.99, 0.5]
        first = gan.generator(gan_latents(gan)).numpy()
    for x, value in zip(gan.variables, state, strict=True):
        np.testing.assert_array_equal(x.numpy(), value, err_msg=x.path)
    with tfc.averaged_weights(gan):  # the same again
        np.testing.assert_array_equal(gan.generator(gan_latents(gan)), first)


def test_all_is_put_back_after_an_error():
    gan = normalized_gan()
    fit(gan)
    state = [x.numpy() for x in gan.variables]
    with pytest.raises(RuntimeError, match="stop"), tfc.averaged_weights(gan):
        raise RuntimeError("stop")
    for x, value in zip(gan.variables, state, strict=True):
        np.testing.assert_array_equal(x.numpy(), value)
    assert np.any(averages(gan) != weights(gan))


# Within a LookaheadOptimizer Keras does not find them, and says so.
EXCHANGED = [name for name in OPTIMIZERS if "lookahead" not in name]


@pytest.mark.parametrize("name", EXCHANGED)
@pytest.mark.parametrize("order", ["before", "after"])
def test_samples_are_of_the_averages_while_keras_has_exchanged_them(name, order):
    gan = make_gan(OPTIMIZERS[name]())
    fit(gan)
    swap, made = keras.callbacks.SwapEMAWeights(swap_on_epoch=True), []
    make = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: made.append(gan.generate(5, seed=1))
    )
    callbacks = [make, swap] if order == "before" else [swap, make]
    steps = {"epochs": 2, "steps_per_epoch": 3, "verbose": 0, "shuffle": False}
    gan.fit(batches(), callbacks=callbacks, **steps)
    other = make_gan(OPTIMIZERS[name]())
    fit(other)
    expected = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: made.append(other.generate(5, seed=1))
    )
    other.fit(batches(), callbacks=[expected], **steps)
    np.testing.assert_allclose(made[:2], made[2:], atol=1e-5)
    np.testing.assert_allclose(gan.generate(5, seed=1), made[1], atol=1e-5)
    assert np.abs(made[0] - gan.generate(5, seed=2)).max() > 1e-2


@pytest.mark.parametrize("name", EXCHANGED)
def test_keras_exchange_evaluates_the_averages_of_all_players(name):
    gan = make_gan(OPTIMIZERS[name]())
    fit(gan)
    x, raw = next(iter(batches())).numpy(), weights(gan)
    with tfc.averaged_weights(gan):
        expected = gan.evaluate(x, verbose=0, return_dict=True)
    for swap in ([keras.callbacks.SwapEMAWeights()], keras.callbacks.SwapEMAWeights()):
        found = gan.evaluate(x, verbose=0, return_dict=True, callbacks=swap)
        assert found == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(weights(gan), raw, atol=1e-5)
    other = gan.evaluate(x, verbose=0, return_dict=True)
    assert found["generator_loss"] != pytest.approx(other["generator_loss"], rel=1e-4)


def test_keras_exchange_in_predict_is_refused():
    gan = make_gan(OPTIMIZERS["consensus"]())
    fit(gan)
    z, raw = np.zeros((4, gan.latent_dim), np.float32), weights(gan)
    for swap in ([keras.callbacks.SwapEMAWeights()], keras.callbacks.SwapEMAWeights()):
        for call in (lambda s: gan.predict(z, callbacks=s), lambda s: gan.predict(z, 4, 0, 1, s)):
            with pytest.raises(ValueError, match="`predict` must leave the weights as they are"):
                call(swap)
    np.testing.assert_array_equal(weights(gan), raw)


def test_the_generator_saved_within_the_block_is_the_averaged_one(tmp_path):
    gan = normalized_gan()
    fit(gan)
    with tfc.averaged_weights(gan):
        gan.generator.save(tmp_path / "generator.keras")
        expected = gan.generator(gan_latents(gan)).numpy()
    loaded = keras.models.load_model(tmp_path / "generator.keras")
    np.testing.assert_allclose(loaded(gan_latents(gan)), expected, rtol=1e-6, atol=1e-6)


def test_a_network_without_normalization_is_not_called():
    measure_statistics(keras.Sequential([keras.Input((3,)), layers.Dense(2)]), [None])


def test_on_replicas(two_replicas):
    with two_replicas.scope():
        gan = normalized_gan(synchronized=True)
    fit(gan, steps_per_epoch=2)
    raw = weights(gan)
    assert np.any(averages(gan) != raw)
    assert np.isfinite(gan.generate(4)).all()
    np.testing.assert_array_equal(weights(gan), raw)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("beta", [0.0, 0.3, 0.99])
def test_averages_start_warm(beta, mode):
    """The decay after t steps is min(β, (1 + t)/(10 + t)), 0 at the first."""
    x = tf.Variable([1.0, -2.0])
    inner = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=beta)
    optimizer = tfc.SimultaneousOptimizer(inner)
    game = tfc.Game(lambda: [tf.reduce_sum(tf.sin(x))], [[x]])
    optimizer.build(game.variables)
    step, average = MODES[mode](lambda: optimizer.step(game).losses), None
    for t in range(12):
        step()
        decay = min(beta, (1 + t) / (10 + t)) if t else 0.0
        average = x.numpy() if t == 0 else decay * average + (1 - decay) * x.numpy()
    assert inner.ema_momentum == beta
    optimizer.put_averages([[x]])
    np.testing.assert_allclose(x, average, rtol=1e-5)


def test_warm_averages_count_each_optimizers_own_steps():
    """Two discriminator moves per round: its average has seen twice as many."""
    x, y = tf.Variable(1.0), tf.Variable(2.0)
    inners = [keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.99) for _ in range(2)]
    optimizer = tfc.AlternatingOptimizer(*inners, discriminator_steps=2)
    game = tfc.Game(lambda: (x * y, -x * y), [[x], [y]])
    seen, average, t = [], 2.0, 0
    for _ in range(5):
        before = float(y)
        optimizer.step(game)
        half = (before + float(y)) / 2  # both moves are along the same x
        seen += [half, float(y)]
    for t, value in enumerate(seen):
        decay = (1 + t) / (10 + t) if t else 0.0
        average = decay * average + (1 - decay) * value
    optimizer.put_averages([[x], [y]])
    assert float(y) == pytest.approx(average, rel=1e-5)
