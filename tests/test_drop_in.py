"""ConsensusOptimizer in the compile of models that know nothing of games."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tests.oracles import flat, warm_average

GAMMA, STEPS, BATCH = 0.5, 5, 8
RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(STEPS * BATCH, 3)).astype("float32")
TARGETS = np.sin(INPUTS.sum(1, keepdims=True))
TOKENS = RNG.integers(0, 6, size=(STEPS * BATCH, 2))
REAL = RNG.normal(size=(STEPS * BATCH, 2)).astype("float32") + 1
LATENTS = RNG.normal(size=(STEPS * BATCH, 2)).astype("float32")


def dense(units, **kwargs):
    return keras.layers.Dense(units, **kwargs)


class Sequential:
    """A stock keras.Sequential; one player."""

    data = (INPUTS, TARGETS)

    def model(self):
        return keras.Sequential([keras.Input((3,)), dense(4, activation="tanh"), dense(1)])

    def players(self, model):
        return [model.trainable_variables]

    def losses(self, model):
        return lambda x, y: (tf.reduce_mean((model(x, training=True) - y) ** 2),)


class Functional(Sequential):
    """A functional model with an embedding, whose gradients are IndexedSlices, and a penalty."""

    data = (TOKENS, TARGETS)

    def model(self):
        tokens = keras.Input((2,), dtype="int64")
        rows = keras.layers.Embedding(6, 3)(tokens)
        hidden = dense(4, activation="tanh", kernel_regularizer="l2")(keras.layers.Flatten()(rows))
        return keras.Model(tokens, dense(1)(hidden))

    def losses(self, model):
        def losses(x, y):
            error = tf.reduce_mean((model(x, training=True) - y) ** 2)
            return (error + tf.add_n(model.losses),)

        return losses


class UserGAN(keras.Model):
    """A user's own GAN: one apply_gradients with the gradients of both players."""

    def __init__(self):
        super().__init__()
        self.generator = keras.Sequential(
            [keras.Input((2,)), dense(6, activation="tanh"), dense(2)]
        )
        self.discriminator = keras.Sequential(
            [keras.Input((2,)), dense(6, activation="tanh"), dense(1)]
        )
        self.built = True

    def player_losses(self, real, latents):
        real, fake = self.discriminator(real), self.discriminator(self.generator(latents))
        critic = tf.nn.softplus(-real) + tf.nn.softplus(fake)
        return tf.reduce_mean(tf.nn.softplus(-fake)), tf.reduce_mean(critic)

    def train_step(self, data):
        with tf.GradientTape(persistent=True) as tape:
            generator_loss, critic_loss = self.player_losses(*data)
        theta, phi = self.generator.trainable_variables, self.discriminator.trainable_variables
        grads = tape.gradient(generator_loss, theta) + tape.gradient(critic_loss, phi)
        self.optimizer.apply_gradients(zip(grads, theta + phi, strict=True))
        return {"generator_loss": generator_loss}


class GAN(Sequential):
    data = (REAL, LATENTS)

    def model(self):
        return UserGAN()

    def players(self, model):
        return [model.generator.trainable_variables, model.discriminator.trainable_variables]

    def losses(self, model):
        return model.player_losses


CASES = {"sequential": Sequential(), "functional": Functional(), "gan": GAN()}


def consensus(gamma=GAMMA, inner=None, **kwargs):
    inner = keras.optimizers.RMSprop(0.01) if inner is None else inner
    return tfc.ConsensusOptimizer(inner, gamma=gamma, **kwargs)


def fixed_weights(model):
    rng = np.random.default_rng(1)
    for x in model.trainable_variables:
        x.assign(rng.normal(size=x.shape, scale=0.7))
    return model


def fit(case, optimizer, epochs=1, callbacks=None, **compile_options):
    model = fixed_weights(case.model())
    if not isinstance(model, UserGAN):
        compile_options.setdefault("loss", "mse")
    compile_options.setdefault("jit_compile", False)
    model.compile(optimizer=optimizer, **compile_options)
    batches = tf.data.Dataset.from_tensor_slices(case.data).batch(BATCH, drop_remainder=True)
    model.history = model.fit(
        batches, epochs=epochs, callbacks=callbacks, shuffle=False, verbose=0
    ).history
    return model


def play(case, optimizer):
    """The same batches through `step(game)`; the weights after them."""
    model = fixed_weights(case.model())
    players, losses = case.players(model), case.losses(model)

    @tf.function(autograph=False)
    def step(batch):
        optimizer.step(tfc.Game(losses, players, batch))

    optimizer.build(model.trainable_variables)
    for start in range(0, STEPS * BATCH, BATCH):
        step([tf.constant(part[start : start + BATCH]) for part in case.data])
    return flat(model.trainable_variables)


@pytest.fixture(scope="module")
def references():
    """For each case the weights after five steps with and without the regularizer."""
    return {
        name: (play(case, consensus()), play(case, consensus(0.0))) for name, case in CASES.items()
    }


@pytest.mark.parametrize(
    ("name", "jit_compile", "steps_per_execution"),
    [
        ("sequential", False, 1),
        ("sequential", True, 5),
        ("functional", False, 5),
        ("functional", True, 1),
        ("gan", False, 1),
        ("gan", False, 5),
        ("gan", True, 1),
        ("gan", True, 5),
    ],
)
def test_fit_takes_the_steps_of_the_game(name, jit_compile, steps_per_execution, references):
    options = {"jit_compile": jit_compile, "steps_per_execution": steps_per_execution}
    model = fit(CASES[name], consensus(), **options)
    regularized, plain = references[name]
    assert int(model.optimizer.iterations) == STEPS
    np.testing.assert_allclose(flat(model.trainable_variables), regularized, atol=1e-5)
    assert np.abs(regularized - plain).max() > 5e-3


@pytest.mark.parametrize("name", ["sequential", "gan"])
def test_gamma_zero_is_the_plain_optimizer(name, references):
    model = fit(CASES[name], consensus(0.0))
    np.testing.assert_allclose(flat(model.trainable_variables), references[name][1], atol=1e-6)
    stock = fit(CASES[name], keras.optimizers.RMSprop(0.01))
    np.testing.assert_allclose(
        flat(model.trainable_variables), flat(stock.trainable_variables), atol=1e-6
    )


def test_gamma_zero_needs_no_graph(references):
    model = fit(CASES["sequential"], consensus(0.0), run_eagerly=True)
    reference = references["sequential"][1]
    np.testing.assert_allclose(flat(model.trainable_variables), reference, atol=1e-6)


def test_bfloat16_keeps_the_regularizer():
    class Mixed(Sequential):
        def model(self):
            policy = {"dtype": "mixed_bfloat16"}
            return keras.Sequential(
                [keras.Input((3,)), dense(4, activation="tanh", **policy), dense(1, **policy)]
            )

    regularized, plain = (
        flat(fit(Mixed(), consensus(gamma)).trainable_variables) for gamma in (GAMMA, 0.0)
    )
    assert np.isfinite(regularized).all()
    assert np.abs(regularized - plain).max() > 5e-3


# --- where the second-order term cannot be had ---------------------------------------------------


class OneCallEachPlayer(UserGAN):
    def train_step(self, data):
        with tf.GradientTape(persistent=True) as tape:
            generator_loss, critic_loss = self.player_losses(*data)
        for loss, player in ((generator_loss, self.generator), (critic_loss, self.discriminator)):
            x = player.trainable_variables
            self.optimizer.apply_gradients(zip(tape.gradient(loss, x), x, strict=True))
        return {}


class InsideCond(UserGAN):
    def train_step(self, data):
        with tf.GradientTape(persistent=True) as tape:
            generator_loss, critic_loss = self.player_losses(*data)
        theta, phi = self.generator.trainable_variables, self.discriminator.trainable_variables
        grads = tape.gradient(generator_loss, theta) + tape.gradient(critic_loss, phi)

        def update():
            self.optimizer.apply(grads, theta + phi)
            return 0

        tf.cond(tf.math.is_finite(generator_loss), update, lambda: 0)
        return {}


def gan_of(cls):
    case = GAN()
    case.model = cls
    return case


class Float16(Sequential):
    def model(self):
        return keras.Sequential([keras.Input((3,)), dense(1, dtype="mixed_float16")], name="half")


class Linear(Sequential):
    """With a linear loss the gradients do not depend on the variables."""

    def model(self):
        return keras.Sequential([keras.Input((3,)), dense(1)])


REMEDY = r"or train\s+a `tf_consensus.GAN`, or call `optimizer.step\(game\)`"


@pytest.mark.parametrize(
    ("case", "optimizer", "options", "error", "message"),
    [
        (
            Sequential(),
            consensus,
            {"run_eagerly": True},
            RuntimeError,
            "executing eagerly.*" + REMEDY,
        ),
        (gan_of(InsideCond), consensus, {}, RuntimeError, "outside of tf.cond.*" + REMEDY),
        (
            gan_of(OneCallEachPlayer),
            consensus,
            {},
            ValueError,
            "all players in one call.*not built with",
        ),
        (
            Linear(),
            consensus,
            {"loss": lambda y, p: p - y},
            RuntimeError,
            "no gradient depends.*" + REMEDY,
        ),
        (
            Sequential(),
            lambda: consensus(every=2),
            {},
            ValueError,
            r"`every` > 1 skips work.*Received: every=2. Use every=1",
        ),
        (Sequential(), tfc.SmoothingOptimizer, {}, ValueError, "which gradients belong to which"),
        (Sequential(), tfc.ClippedOptimizer, {}, ValueError, "which gradients belong to which"),
        (
            Sequential(),
            tfc.AlternatingOptimizer,
            {},
            RuntimeError,
            r"between the players' moves.*Train a `tf_consensus.GAN`",
        ),
    ],
    ids=["eager", "cond", "calls", "linear", "every", "smoothing", "clipped", "alternating"],
)
def test_fit_refuses_to_train_without_the_regularizer(case, optimizer, options, error, message):
    with pytest.raises(error, match=f"(?s){message}"):
        fit(case, optimizer(), **options)


@pytest.mark.parametrize(
    "options", [{"jit_compile": False}, {"jit_compile": True}, {"run_eagerly": True}]
)
def test_fit_refuses_loss_scaling(options):
    """Keras wraps the optimizer, and applies the gradients inside a tf.cond."""
    case = Float16()
    model = case.model()
    model.dtype_policy = keras.DTypePolicy("mixed_float16")
    model.compile(optimizer=consensus(), loss="mse", **options)
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    with pytest.raises(
        RuntimeError, match=r"(?s)without loss scaling \(mixed_float16; use mixed_b"
    ):
        model.fit(*case.data, batch_size=BATCH, verbose=0)


# --- several replicas ----------------------------------------------------------------------------


@pytest.mark.parametrize("gamma", [0.0, GAMMA])
def test_fit_on_two_replicas_equals_one_device(gamma, float64, two_replicas):
    def trained(scope):
        with scope:
            model = fixed_weights(Sequential().model())
            model.compile(optimizer=consensus(gamma), loss="mse", jit_compile=False)
        data = tf.data.Dataset.from_tensor_slices(
            (INPUTS.astype("float64"), TARGETS.astype("float64"))
        )
        model.fit(data.batch(BATCH), shuffle=False, verbose=0)
        return flat([x.numpy() for x in model.trainable_variables])

    two, one = trained(two_replicas.scope()), trained(contextlib.nullcontext())
    np.testing.assert_allclose(two, one, rtol=1e-12, atol=1e-12)


# --- saving and callbacks ------------------------------------------------------------------------


def test_a_saved_model_trains_on_as_if_never_interrupted(tmp_path):
    def batches():
        return tf.data.Dataset.from_tensor_slices((INPUTS, TARGETS)).batch(BATCH)

    schedule = keras.optimizers.schedules.ExponentialDecay(1.0, 5, 0.5)
    model = fit(CASES["sequential"], consensus(schedule, keras.optimizers.Adam(0.01)))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.optimizer.get_config() == model.optimizer.get_config()
    assert int(loaded.optimizer.iterations) == STEPS
    for each in (model, loaded):
        each.fit(batches(), shuffle=False, verbose=0)
    np.testing.assert_array_equal(flat(loaded.trainable_variables), flat(model.trainable_variables))


def test_callbacks_set_the_learning_rate():
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    model = fit(CASES["sequential"], consensus(inner=keras.optimizers.SGD(0.5)), 2, [halve])
    assert float(model.optimizer.inner_optimizer.learning_rate) == 0.125
    np.testing.assert_allclose(model.history["learning_rate"], [0.25, 0.125])
    plateau = keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=1e3)
    model = fit(CASES["sequential"], consensus(inner=keras.optimizers.SGD(0.25)), 2, [plateau])
    assert float(model.optimizer.inner_optimizer.learning_rate) == 0.125


class Points(keras.callbacks.Callback):
    """The weights after every batch."""

    def __init__(self):
        super().__init__()
        self.points = []

    def on_train_batch_end(self, batch, logs=None):
        self.points.append(flat(self.model.trainable_variables))


def test_swap_ema_weights_finds_the_averages():
    momentum = 0.5
    points = Points()
    inner = keras.optimizers.RMSprop(0.01, use_ema=True, ema_momentum=momentum)
    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    seen = []
    look = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(flat(look.model.trainable_variables))
    )
    model = fit(CASES["sequential"], consensus(inner=inner), 1, [points, swap, look])
    average = warm_average(points.points, momentum)
    assert np.abs(average - points.points[-1]).max() > 1e-3
    np.testing.assert_allclose(seen[0], average, atol=1e-6)
    np.testing.assert_allclose(flat(model.trainable_variables), average, atol=1e-6)


def test_fit_ends_with_the_averages_in_place():
    points = Points()
    inner = keras.optimizers.RMSprop(0.01, use_ema=True, ema_momentum=0.5)
    model = fit(CASES["sequential"], consensus(inner=inner), 1, [points])
    average = warm_average(points.points, 0.5)
    np.testing.assert_allclose(flat(model.trainable_variables), average, atol=1e-6)
