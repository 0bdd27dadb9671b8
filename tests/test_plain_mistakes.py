"""Mistakes with data, rates and files: each is said in plain words, once, before it does harm."""

import re
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from bad_calls.things import LABELS, POINTS, Const, gan, generator, labelled, net, stream

import tf_consensus as tfc

NAN = np.where(np.arange(16).reshape(8, 2) == 5, np.nan, POINTS)
UNIT, BYTES = (POINTS + 1) / 2, 127.5 * (POINTS + 1)
FULL = np.linspace(0.0, 1.0, 512).reshape(256, 2)  # enough of 0 to 1 to tell it from a part
WAYS = {
    "arrays": lambda gan, *batch: gan.fit(*batch, batch_size=8, verbose=0),
    "a data set": lambda gan, *batch: fit(gan, stream(one(batch))),
    "a generator": lambda gan, *batch: fit(gan, generator(one(batch))),
    "one batch": lambda gan, *batch: gan.train_on_batch(*batch),
    "evaluation": lambda gan, *batch: gan.evaluate(*batch, verbose=0),
}
MODES = {
    "graph": {},
    "several steps": {"steps": 2},
    "fused": {"steps": 2, "jit_compile": True},
}


def one(batch):
    return batch if len(batch) > 1 else batch[0]


def fit(gan, data, **options):
    return gan.fit(data, steps_per_epoch=2, verbose=0, shuffle=False, **options)


def said(act):
    """The plain warnings of a call."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        act()
    return [str(w.message) for w in caught if "Received: a" in str(w.message)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ((NAN,), r"finite numbers. Received: a first batch of 8 samples with 1 values"),
        ((np.full_like(POINTS, np.inf),), "with 16 values that are NaN or infinite"),
        ((POINTS[:0],), "at least one example. Received"),
    ],
)
def test_a_first_batch_that_is_no_numbers_is_refused_before_a_step(way, batch, message):
    model = gan()
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        WAYS[way](model, *batch)
    assert all(map(np.array_equal, before, model.get_weights()))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        (LABELS + 1, ValueError, "= 2. Received: labels from 1 to 3. Count"),
        (LABELS - 1, ValueError, "= 2. Received: labels from -1 to 1. Count"),
        (LABELS.astype("float32"), TypeError, "integers. Received: labels of dtype float32"),
        (LABELS * np.nan, TypeError, "integers. Received: labels of dtype float"),
        (np.eye(3, dtype="int32")[LABELS], ValueError, r"of shape \((8|1|None), 3\)"),
    ],
)
def test_labels_that_are_no_classes_are_refused_before_a_step(way, labels, error, message):
    model = labelled()
    before = model.get_weights()
    with pytest.raises(error, match=message):
        WAYS[way](model, POINTS, labels)
    assert all(map(np.array_equal, before, model.get_weights()))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("end", "batch", "message"),
    [
        ("tanh", BYTES, r"from -1 to 1.*from 12.75 to 242.* \(tanh\).*x / 127.5 - 1"),
        ("tanh", FULL, r"from -1 to 1.*from 0 to 1.* \(tanh\).*2 \* x - 1, or"),
        (
            "tanh",
            3 * POINTS,
            r"from -2.7 to 2.7, and a gen.* 2 \* \(x - low\) / \(high - low\) - 1",
        ),
        ("sigmoid", POINTS, r"from 0 to 1.*from -0.9 to 0.9.* \(sigmoid\).*\(x \+ 1\) / 2"),
        ("sigmoid", BYTES, r"from 12.75 to 242.*x / 255"),
        ("relu", POINTS, r"from 0 to inf.*from -0.9 to 0.9"),
        ("tanh", POINTS, None),
        ("tanh", UNIT, None),
        ("tanh", FULL[:127], None),
        ("tanh", 0.9 * FULL, None),
        ("tanh", FULL - 0.05, None),
        ("tanh", 1.05 * POINTS / 0.9, None),
        ("sigmoid", UNIT, None),
        ("relu", BYTES, None),
        (None, BYTES, None),
    ],
)
def test_samples_out_of_the_generators_range_are_said_once(mode, end, batch, message):
    model = gan(last=end, **MODES[mode])
    data = stream(batch.astype("float32"), 6)
    first = said(lambda: fit(model, data, epochs=2))
    assert len(first) == (message is not None)
    if message:
        assert re.search(message, first[0])
    assert not said(lambda: fit(model, data))
    assert int(model.optimizer.iterations) == 6


@pytest.mark.parametrize("way", WAYS)
def test_they_are_said_however_the_data_come_but_not_of_an_evaluation(way):
    assert len(said(lambda: WAYS[way](gan(last="tanh"), BYTES))) == (way != "evaluation")


@pytest.mark.parametrize("end", ["sigmoid", "hard_sigmoid"])
@pytest.mark.parametrize("objective", ["standard", "hinge", "wgan", "least_squares"])
def test_a_discriminator_that_ends_in_probabilities_is_said_once(end, objective):
    model = gan(end=end, objective=objective)
    found = said(lambda: model.fit(POINTS, verbose=0, epochs=2))
    assert len(found) == (objective != "least_squares")
    if found:
        assert re.search(
            rf"takes logits.*Received: a discriminator .* \({end}\).*Dense\(1\)", *found
        )


def test_an_activation_is_found_behind_wrappers():
    inner = net(3, 2)
    ends = [
        keras.Sequential([keras.Input((3,)), inner, keras.layers.Activation("tanh")]),
        keras.Sequential([keras.Input((3,)), net(3, 2, last="tanh")]),
        keras.Model(inner.inputs, keras.ops.tanh(inner.outputs[0])),
    ]
    for generator_ in ends:
        model = tfc.GAN(generator_, net(2, 1), latent_dim=3)
        model.compile("sgd")
        assert len(said(lambda model=model: model.fit(BYTES, verbose=0))) == 1


def rows():
    """Batches that differ, of unequal sizes at the end."""
    points = np.random.default_rng(0).uniform(-1, 1, (52, 2)).astype("float32")
    return tf.data.Dataset.from_tensor_slices(points).shuffle(52, seed=1).batch(8)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("options", [{}, {"epochs": 3}, {"steps_per_epoch": 2, "epochs": 2}])
def test_the_look_takes_no_batch_and_traces_nothing_again(mode, options, monkeypatch):
    traced, found, losses = [], [], []
    step = tfc.GAN.train_step
    monkeypatch.setattr(tfc.GAN, "train_step", lambda m, data: traced.append(1) or step(m, data))
    for looks in (True, False):
        if not looks:
            monkeypatch.setattr(tfc.GAN, "takes_look", lambda model, trains: False)
        traced.clear()
        keras.utils.set_random_seed(0)
        model = gan(**MODES[mode])
        history = model.fit(rows(), verbose=0, shuffle=False, **options).history
        losses.append(history["gradient_norm"])
        found.append([len(traced), int(model.optimizer.iterations), *model.get_weights()])
    assert losses[0] == losses[1]
    assert all(map(np.array_equal, *found))


def test_replicas_look_too(two_replicas):
    with two_replicas.scope():
        model, conditional = gan(last="tanh"), labelled()
    assert len(said(lambda: fit(model, stream(BYTES, 4)))) == 1
    assert not said(lambda: fit(model, stream(BYTES, 4)))
    with pytest.raises(ValueError, match="samples with 1 values that are NaN"):
        fit(model, stream(NAN.astype("float32"), 4))
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match="Labels must be from 0"):
        fit(conditional, stream((POINTS, LABELS + 1), 4))


@pytest.mark.parametrize(
    "data",
    [
        lambda: POINTS[:0],
        lambda: stream(POINTS, 0),
        lambda: stream(POINTS).filter(lambda x: False),
        lambda: generator(POINTS, 0),
        lambda: [],
        lambda: None,
    ],
)
def test_empty_data_are_said(data):
    for act in (gan().fit, gan().evaluate):
        with pytest.raises((TypeError, ValueError), match=r"at least one (batch|example)"):
            act(data(), verbose=0, **({"shuffle": False} if act.__name__ == "fit" else {}))


def test_no_epochs_are_no_mistake():
    model = gan()
    before = model.get_weights()
    model.fit(POINTS, epochs=0, verbose=0)
    assert all(map(np.array_equal, before, model.get_weights()))


def test_a_python_generator_may_yield_batches_that_are_no_tuples():
    history = fit(gan(), generator(POINTS, 4)).history
    assert np.isfinite(history["generator_loss"]).all()


OPTIMIZERS = {
    name: getattr(tfc, name)
    for name in tfc.__all__
    if name.endswith("Optimizer") and name not in ("GameOptimizer",)
}


def rates(optimizer):
    inner = getattr(optimizer, "inner_optimizers", [])
    return [r for x in inner for r in rates(x)] if inner else [float(optimizer.learning_rate)]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_callbacks_set_the_learning_rate_of_every_optimizer(name):
    objective = "js" if "ZeroSum" in name else "standard"
    model = gan(OPTIMIZERS[name](*_of(name, 0.1)), objective=objective)
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    model.fit(POINTS, epochs=2, verbose=0, callbacks=[schedule])
    assert rates(model.optimizer) == pytest.approx([0.025] * len(rates(model.optimizer)))
    plateau = keras.callbacks.ReduceLROnPlateau("step", factor=0.5, patience=1, mode="min")
    same = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(step=1.0))
    model.fit(POINTS, epochs=2, verbose=0, callbacks=[same, plateau])
    assert rates(model.optimizer) == pytest.approx([0.0125] * len(rates(model.optimizer)))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_callbacks_are_refused_a_rate_that_a_schedule_decides(name):
    decay = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    model = gan(OPTIMIZERS[name](*_of(name, decay)))
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.5)
    message = r"a schedule.* Received: learning_rate=0.5 for SGD with ExponentialDecay. Make"
    with pytest.raises(ValueError, match=message):
        model.fit(POINTS, epochs=2, verbose=0, callbacks=[schedule])


def _of(name, rate):
    inner = keras.optimizers.SGD(rate)
    return [inner, keras.optimizers.SGD(rate)] if "Alternating" in name else [inner]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
@pytest.mark.parametrize(
    ("key", "make"),
    [
        ("learning_rate", lambda s: gan(tfc.SimultaneousOptimizer(keras.optimizers.SGD(s)))),
        ("learning_rate", lambda s: gan(keras.optimizers.SGD(s))),
        ("learning_rate", lambda s: gan(tfc.AlternatingOptimizer("sgd", keras.optimizers.SGD(s)))),
        ("learning_rate", lambda s: gan(tfc.LookaheadOptimizer(keras.optimizers.SGD(s)))),
        ("gamma", lambda s: gan(tfc.ConsensusOptimizer("sgd", 0.1, gamma=s))),
        ("schedule", lambda s: gan(penalties=[tfc.penalties.R1(schedule=s)])),
    ],
)
def test_a_schedule_that_ends_in_no_number_is_refused_where_it_is_used(key, make, value):
    with pytest.raises(ValueError, match=f"`{key}` must be finite.*at step 1000 of Const"):
        make(Const(value, 1000))
    late = Hole(value, 3, 8)  # between the steps that are probed when it is made
    model = make(late)
    model.fit(POINTS, epochs=1, verbose=0)
    before = model.get_weights()
    with pytest.raises(ValueError, match=f"`{key}` must be finite.*at step [3-7] of Hole"):
        model.fit(POINTS, epochs=9, verbose=0)
    assert all(map(np.array_equal, before, model.get_weights()))
    model.fit(POINTS, verbose=0)
    with pytest.raises(ValueError, match=f"`{key}` must be finite.*at step 3 of Hole"):
        model.fit(generator(POINTS, 4), steps_per_epoch=1, epochs=4, verbose=0, shuffle=False)


class Hole(Const):
    """A schedule whose value is wrong between two steps alone."""

    def __init__(self, value, start, end):
        super().__init__(value, start)
        self.end = end

    def __call__(self, step):
        return tf.where(tf.cast(step, "float32") < self.end, super().__call__(step), 0.1)

    def get_config(self):
        return {**super().get_config(), "end": self.end}


def test_a_rate_that_became_nan_is_said_before_the_next_epoch():
    model = gan(tfc.SimultaneousOptimizer("sgd"))
    model.fit(POINTS, verbose=0)
    before = model.get_weights()
    model.optimizer.inner_optimizer.learning_rate.assign(np.nan)
    with pytest.raises(ValueError, match="Received: learning_rate=nan"):
        model.fit(POINTS, verbose=0)
    assert all(map(np.array_equal, before, model.get_weights()))


def my_penalty(discriminator, real, fake):
    return tf.reduce_mean(discriminator(real) ** 2)


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
@pytest.mark.parametrize(
    ("penalty", "name"), [(my_penalty, "my_penalty"), (lambda d, r, f: tf.zeros(()), "a lambda")]
)
def test_a_function_penalty_that_cannot_be_loaded_is_named(penalty, name, tmp_path):
    model = gan(penalties=[penalty])
    path = tmp_path / "gan.keras"
    model.save(path)
    with pytest.raises(
        ValueError, match=f"A penalty must .*Received: {name}, .*register_keras"
    ) as e:
        keras.models.load_model(path)
    assert "from_config" not in str(e.value)


def test_a_function_penalty_that_is_named_loads(tmp_path):
    path = tmp_path / "gan.keras"
    gan(penalties=[my_penalty]).save(path)
    loaded = keras.models.load_model(path, custom_objects={"my_penalty": my_penalty})
    assert loaded.penalties == [my_penalty]


def test_a_gan_says_what_to_export_and_that_is_exported(tmp_path):
    model = gan()
    model(tf.zeros((2, 3)))
    message = "its generator. Received: .*model.generator.export"
    with pytest.raises(ValueError, match=message):
        model.export(tmp_path / "gan")
    with pytest.raises(ValueError, match=message):
        tf.lite.TFLiteConverter.from_keras_model(gan()).convert()
    model.generator.export(tmp_path / "generator", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "generator")
    np.testing.assert_allclose(loaded.serve(tf.zeros((2, 3))), model(tf.zeros((2, 3))))


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_a_frozen_player_is_said_before_training(player):
    model = gan(frozen=player)
    with pytest.raises(ValueError, match=f"Received: a {player} without trainable.*gan.{player}"):
        model.fit(POINTS, verbose=0)
    getattr(model, player).trainable = True
    model.compile("sgd")
    model.fit(POINTS, verbose=0)


def test_spectrum_monitor_says_at_once_that_a_model_is_no_gan():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    before = model.get_weights()
    with pytest.raises(TypeError, match=r"or another GameModel\. Received: a Seq"):
        model.fit(POINTS, POINTS, verbose=0, callbacks=[tfc.callbacks.SpectrumMonitor(POINTS)])
    assert all(map(np.array_equal, before, model.get_weights()))
