"""Schedules of β₂, averages and rates: values, steps by hand, every mode, saving, errors."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from oracles import MODES, flat

import tf_consensus as tfc

RATE, EPSILON, STEPS = 0.1, 1e-3, 12
Const = keras.optimizers.schedules.PiecewiseConstantDecay


def rising():
    return tfc.CosineSchedule(0.5, 0.95, steps=6)


def average():
    return tfc.HalfLife(tfc.CosineSchedule(0.0, 40.0, steps=8), batch_size=10)


def adam(**options):
    options = {"beta_2": rising(), "epsilon": EPSILON, **options}
    return tfc.ScheduledAdam(tfc.CosineSchedule(RATE, RATE / 4, steps=6), 0.3, **options)


def cosine(t, start, end, steps):
    return end + (start - end) * (1 + np.cos(np.pi * min(t / steps, 1))) / 2


# ---- values


def test_a_cosine_from_start_to_end():
    for schedule in (rising(), tfc.CosineSchedule(3.0, -1.0, steps=6)):
        found = [float(schedule(t)) for t in range(10)]
        expected = [cosine(t, schedule.start, schedule.end, 6) for t in range(10)]
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
        assert found[0] == np.float32(schedule.start)
        assert found[6] == found[9] == np.float32(schedule.end)


def test_it_is_the_cosine_decay_of_keras_where_that_falls():
    theirs = keras.optimizers.schedules.CosineDecay(2e-4, 100, alpha=0.25)
    ours = tfc.CosineSchedule(2e-4, 5e-5, steps=100)
    for t in (0, 1, 37, 99, 100, 2**40):
        assert float(ours(tf.constant(t, tf.int64))) == pytest.approx(float(theirs(t)), rel=1e-6)


def test_half_lives_in_examples():
    """After H examples, that is H/B steps, a weight's share has halved."""
    decay = float(tfc.HalfLife(5000, batch_size=50)(3))
    assert decay**100 == pytest.approx(0.5, rel=1e-3)
    assert float(tfc.HalfLife(0, batch_size=50)(3)) == 0.0
    found = [float(average()(t)) for t in range(10)]
    halves = [cosine(t, 0, 40, 8) for t in range(10)]
    expected = [0.5 ** (10 / h) if h else 0.0 for h in halves]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


# ---- steps by hand


def by_hand(points, gradient):
    """Adam with the schedules, and the average of the weights, in float64."""
    x, m, v, mean = points, 0.0, 0.0, None
    for t in range(STEPS):
        g, h, b = gradient(x), cosine(t, RATE, RATE / 4, 6), cosine(t, 0.5, 0.95, 6)
        m, v = 0.3 * m + 0.7 * g, b * v + (1 - b) * g**2
        h *= np.sqrt(1 - b ** (t + 1)) / (1 - 0.3 ** (t + 1))
        x = x - h * m / (np.sqrt(v) + EPSILON)
        half = cosine(t, 0, 40, 8)
        decay = 0.5 ** (10 / half) if half and t else 0.0
        mean = x if t == 0 else decay * mean + (1 - decay) * x
    return x, mean


@pytest.mark.parametrize("mode", MODES)
def test_steps_by_hand(mode):
    start = np.array([1.0, -2.0, 0.5])
    x = tf.Variable(start, dtype="float32")
    optimizer = tfc.SimultaneousOptimizer(adam(use_ema=True, ema_momentum=average()))
    game = tfc.Game(lambda: [tf.reduce_sum(tf.sin(x))], [[x]])
    optimizer.build(game.variables)
    step = MODES[mode](lambda: optimizer.step(game).losses)
    for _ in range(STEPS):
        step()
    expected, mean = by_hand(start, np.cos)
    np.testing.assert_allclose(x, expected, rtol=2e-5)
    optimizer.put_averages([[x]])
    np.testing.assert_allclose(x, mean, rtol=2e-5)


def test_numbers_make_it_the_adam_of_keras():
    def run(inner):
        x = tf.Variable([1.0, -2.0])
        optimizer = tfc.SimultaneousOptimizer(inner)
        game = tfc.Game(lambda: [tf.reduce_sum(tf.sin(x))], [[x]])
        for _ in range(STEPS):
            optimizer.step(game)
        optimizer.put_averages([[x]])
        return x.numpy()

    options = {"beta_1": 0.3, "beta_2": 0.9, "epsilon": EPSILON, "weight_decay": 0.01}
    options |= {"use_ema": True, "ema_momentum": 0.8, "amsgrad": True}
    pair = [kind(RATE, **options) for kind in (tfc.ScheduledAdam, keras.optimizers.Adam)]
    np.testing.assert_array_equal(*map(run, pair))
    assert (pair[0].beta_2, pair[0].ema_momentum) == (0.9, 0.8)


def test_it_trains_any_keras_model():
    x = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(adam(use_ema=True, ema_momentum=average()), loss="mse")
    losses = model.fit(x, x.sum(axis=1), epochs=100, verbose=0).history["loss"]
    assert losses[-1] < 0.1 * losses[0]


def test_the_values_are_those_of_the_step_to_come():
    optimizer = adam(use_ema=True, ema_momentum=average())
    assert float(optimizer.beta_2) == 0.5
    assert float(optimizer.ema_momentum) == 0.0
    optimizer.iterations.assign(6)
    assert float(optimizer.beta_2) == pytest.approx(0.95)


# ---- GANs: fused steps, players, saving, resuming


def make_gan(**options):
    pair = tfc.networks.build("mlp", width=4, depth=1, latent_dim=2, seed=0)
    gan = tfc.GAN(*pair, latent_dim=2, seed=0)
    inners = [adam(use_ema=True, ema_momentum=average()) for _ in range(2)]
    gan.compile(optimizer=tfc.AlternatingOptimizer(*inners), **options)
    return gan


def points():
    x = np.random.default_rng(0).normal(size=(160, 2)).astype("float32")
    return tf.data.Dataset.from_tensor_slices(x).batch(10).repeat()


def state(gan):
    return flat([*gan.get_weights(), *(x.numpy() for x in gan.optimizer.variables)])


def fit(gan, data=None, **options):
    gan.fit(points() if data is None else data, verbose=0, shuffle=False, **options)
    return gan


def test_fused_steps_are_those_of_single_ones():
    plain = fit(make_gan(), steps_per_epoch=12)
    fused = fit(make_gan(steps_per_execution=4), steps_per_epoch=12)
    np.testing.assert_allclose(state(fused), state(plain), rtol=1e-4, atol=1e-6)


def test_a_saved_run_resumes_to_the_same_weights(tmp_path):
    whole = fit(make_gan(), steps_per_epoch=10)
    first = fit(make_gan(), steps_per_epoch=4)
    first.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    assert again.optimizer.get_config() == first.optimizer.get_config()
    fit(again, points().skip(4), steps_per_epoch=6)
    np.testing.assert_array_equal(state(again), state(whole))
    np.testing.assert_array_equal(again.generate(3, seed=0), whole.generate(3, seed=0))


def test_generated_samples_are_those_of_the_scheduled_average():
    """A half-life of 0 is no average at all."""
    gan = make_gan()
    weights = fit(gan, steps_per_epoch=1).get_weights()
    with tfc.averaged_weights(gan):
        np.testing.assert_array_equal(flat(gan.get_weights()), flat(weights))
    fit(gan, steps_per_epoch=10)
    with tfc.averaged_weights(gan):
        kept = flat(gan.get_weights())
    assert np.abs(kept - flat(gan.get_weights())).max() > 1e-4


@pytest.mark.parametrize("kind", [rising, average])
def test_schedules_serialize(kind):
    schedule = kind()
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(schedule))
    assert type(again) is type(schedule)
    assert again.get_config() == schedule.get_config()
    assert [float(again(t)) for t in range(9)] == [float(schedule(t)) for t in range(9)]


def test_a_config_makes_it_again():
    optimizer = adam(use_ema=True, ema_momentum=average(), clipnorm=2.0, name="own")
    again = keras.optimizers.get(keras.saving.serialize_keras_object(optimizer))
    assert type(again) is tfc.ScheduledAdam
    assert again.get_config() == optimizer.get_config()
    assert again.clipnorm == 2.0


# ---- errors


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tfc.ScheduledAdam(beta_2=1.0), r"`beta_2` must be a number of at least 0 and bel"),
        (lambda: tfc.ScheduledAdam(beta_2="a"), r"`beta_2` must be .*Received: beta_2='a'\. For e"),
        (lambda: tfc.ScheduledAdam(beta_2={}), r"`beta_2` must be .*Received: beta_2=\{\}\. For"),
        (lambda: tfc.ScheduledAdam(ema_momentum=-0.1), r"`ema_momentum` must .*ema_momentum=-0\.1"),
        (
            lambda: tfc.ScheduledAdam(beta_2=Const([5], [0.9, 1.0])),
            r"Received: beta_2=1\.0 at step 10 of PiecewiseConstantDecay\. Choose a schedule that",
        ),
        (lambda: tfc.CosineSchedule(0.0, float("nan"), 1), r"`end` must be a finite number\. Rec"),
        (lambda: tfc.CosineSchedule("a", 1.0, 1), r"`start` must be a finite number\. Received: "),
        (lambda: tfc.CosineSchedule(0.0, 1.0, 0), r"`steps` must be .*Received: steps=0\. The val"),
        (lambda: tfc.HalfLife(-1.0, 1), r"`half_life` must be .*Received: half_life=-1\.0\. It c"),
        (lambda: tfc.HalfLife(1.0, 0), r"`batch_size` must be .*Received: batch_size=0\. It coun"),
        (
            lambda: tfc.HalfLife(tfc.CosineSchedule(1.0, -1.0, 100), 1),
            r"must be finite and at least 0\. Received: half_life=-1\.0 at step 100 of CosineSche",
        ),
    ],
)
def test_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_schedule_that_leaves_the_range_later_is_refused_where_training_begins():
    """At a step that is not tried where the optimizer is made."""
    gan = make_gan()
    late = tfc.ScheduledAdam(beta_2=Const([20, 40], [0.9, 1.0, 0.9]))
    gan.compile(optimizer=tfc.SimultaneousOptimizer(late))
    with pytest.raises(ValueError, match=r"Received: beta_2=1\.0 at step \d+ of Piecewise"):
        fit(gan, steps_per_epoch=60)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beta_1": 1.0}, "`beta_1` must be a number of at least 0 and below 1"),
        ({"beta_1": tfc.CosineSchedule(0.0, 0.5, 10)}, "`beta_1` must be a number"),
        ({"epsilon": -1e-8}, "`epsilon` must be"),
        ({"epsilon": float("nan")}, "`epsilon` must be"),
    ],
)
def test_numbers_that_no_adam_has_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tfc.ScheduledAdam(**options)


def test_a_half_life_that_becomes_negative_is_named():
    with pytest.raises(ValueError, match=r"`half_life` must be finite and at least 0.*half_life=-"):
        tfc.HalfLife(tfc.CosineSchedule(1.0, -1.0, 10), batch_size=4)


def test_the_first_average_is_the_first_weights():
    x = keras.Variable([1.0])
    adam = tfc.ScheduledAdam(0.5, use_ema=True, ema_momentum=tfc.HalfLife(50.0, 4))
    adam.apply([np.ones(1, "float32")], [x])
    (average,) = adam._model_variables_moving_average
    np.testing.assert_array_equal(average.numpy(), x.numpy())
