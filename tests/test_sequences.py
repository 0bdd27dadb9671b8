"""Games of sequences: a GRU by hand, the networks of sequences, and cuDNN's kernels."""

import contextlib

import hand_games
import keras
import numpy as np
import pytest
import tensorflow as tf
from hand_games import BATCH, Parameters, dense, softplus
from oracles import flat

import tf_consensus as tfc

layers = keras.layers
LENGTH, LATENTS, UNITS, R1 = 2, 2, 2, 0.7
RNG = np.random.default_rng(4)
WAVES = RNG.normal(size=(BATCH, LENGTH, 1)).astype("float32").astype("float64")


def networks(make=layers.GRU, **options):
    """A recurrent generator and discriminator in float64."""
    options |= {"dtype": "float64"}
    latent, sample = (keras.Input(x, dtype="float64") for x in ((LATENTS,), (LENGTH, 1)))
    x = make(UNITS, return_sequences=True, **options)(
        layers.RepeatVector(LENGTH, dtype="float64")(latent)
    )
    generator = keras.Model(latent, layers.Dense(1, dtype="float64")(x))
    x = make(UNITS, **options)(sample)
    discriminator = keras.Model(sample, layers.Dense(1, dtype="float64")(x))
    rng = np.random.default_rng(0)
    for network in (generator, discriminator):
        network.set_weights([0.7 * rng.normal(size=w.shape) for w in network.get_weights()])
    return generator, discriminator


def make(penalties=None, **options):
    penalties = tfc.penalties.R1(R1) if penalties is None else penalties
    return tfc.GAN(*networks(**options), penalties=penalties, seed=5)


def sigmoid(t):
    return 1 / (1 + np.exp(-t))


def gru(p, x):
    """All states, (batch, length, units), of the GRU whose weights `p` hands out."""
    kernel, recurrent = p.take(x.shape[-1], 3 * UNITS), p.take(UNITS, 3 * UNITS)
    bias = p.take(2, 3 * UNITS)
    state, states = np.zeros((len(x), UNITS)), []
    for time in range(LENGTH):
        z, r, h = np.split(x[:, time] @ kernel + bias[0], 3, axis=1)
        inner_z, inner_r, inner_h = np.split(state @ recurrent + bias[1], 3, axis=1)
        update, reset = sigmoid(z + inner_z), sigmoid(r + inner_r)
        state = update * state + (1 - update) * np.tanh(h + reset * inner_h)
        states.append(state)
    return np.stack(states, axis=1)


def by_hand(latents):
    """Both losses of flat parameters; ∇D by differences of fourth order."""
    repeated = np.repeat(latents[:, None], LENGTH, axis=1)

    def losses(x):
        p = Parameters(x)
        states = gru(p, repeated)
        made = dense(p, states.reshape(-1, UNITS), 1).reshape(BATCH, LENGTH, 1)
        start, h = p.place, 1e-3

        def logits(samples):
            p.place = start
            return dense(p, gru(p, samples)[:, -1], 1)

        squares = 0.0
        for step in h * np.eye(LENGTH)[:, None, :, None]:
            near = logits(WAVES + step) - logits(WAVES - step)
            far = logits(WAVES + 2 * step) - logits(WAVES - 2 * step)
            squares = squares + ((8 * near - far) / (12 * h)) ** 2
        real, fake = logits(WAVES), logits(made)
        penalty = R1 / 2 * squares.mean()
        return [softplus(-fake).mean(), softplus(-real).mean() + softplus(fake).mean() + penalty]

    return losses


def game_of(model):
    batch = model.prepared(WAVES)
    noise = model.draw(batch, tfc.models.structured_gan.Draws(model.seed, 0))
    return model.make_game(batch, noise, 0, training=True), noise[0].numpy()


# The loop's third derivatives take ten times as long to trace.
@pytest.mark.parametrize("unroll", [pytest.param(False, marks=pytest.mark.full), True])
def test_field_and_regularizer_of_a_gru_are_those_by_hand(unroll):
    model = make(unroll=unroll)
    game, latents = game_of(model)
    x = flat([v.numpy() for v in model.trainable_variables])
    sizes = [len(flat(n.get_weights())) for n in (model.generator, model.discriminator)]
    losses = by_hand(latents)
    found = game.linearize()
    np.testing.assert_allclose(found.losses, losses(x), rtol=1e-9)
    v = hand_games.field(losses, sizes, x)
    np.testing.assert_allclose(flat(found.v), v, atol=1e-8)
    pulled = flat(found.vjp(found.v))

    def regularizer(point):
        return (hand_games.field(losses, sizes, point) ** 2).sum() / 2

    for direction in np.random.default_rng(1).normal(size=(3, len(x))):
        step = 1e-3 * direction / np.linalg.norm(direction)
        near = regularizer(x + step) - regularizer(x - step)
        far = regularizer(x + 2 * step) - regularizer(x - 2 * step)
        assert pulled @ step == pytest.approx((8 * near - far) / 12, rel=1e-6, abs=1e-11)


MODES = {"graph": 1, "parts": 4, "replicas": 1, "xla": 1}


def step(mode, layer, two_replicas):
    with two_replicas.scope() if mode == "replicas" else contextlib.nullcontext():
        model = make(make=layer, unroll=True)
        optimizer = tfc.ConsensusOptimizer("sgd", 0.0625, gamma=0.5, microbatches=MODES[mode])
        model.compile(optimizer, jit_compile=mode == "xla")
    model.fit(WAVES, batch_size=BATCH, verbose=0, shuffle=False)
    return flat([x.numpy() for x in model.trainable_variables])


@pytest.mark.parametrize(
    "layer", [layers.GRU, pytest.param(layers.LSTM, marks=pytest.mark.full)], ids=["GRU", "LSTM"]
)
def test_a_consensus_step_is_the_same_in_every_mode(layer, two_replicas):
    expected = step("graph", layer, two_replicas)
    for mode in ("parts", "replicas", "xla"):
        tolerances = hand_games.TOLERANCES.get(mode, hand_games.EXACT)
        np.testing.assert_allclose(step(mode, layer, two_replicas), expected, **tolerances)


# The networks.

SMALL = {
    "sequence_gru": {"length": 4, "units": 3},
    "sequence_lstm": {"length": 4, "units": 3},
    "sequence_conv": {"length": 8, "filters": 2},
}


@pytest.mark.parametrize("name", SMALL)
def test_sequences_have_length_and_features(name):
    settings = {"features": 2, "latent_dim": 5, "seed": 1, **SMALL[name]}
    generator, discriminator = tfc.networks.build(name, **settings)
    shape = (None, settings["length"], 2)
    assert generator.input_shape == (None, 5)
    assert generator.output_shape == discriminator.input_shape == shape
    assert discriminator.output_shape == (None, 1)
    again = tfc.networks.build(name, **settings)
    for one, other in zip((generator, discriminator), again, strict=True):
        np.testing.assert_array_equal(flat(one.get_weights()), flat(other.get_weights()))


def test_sizes_of_the_recurrent_networks():
    gru_pair = tfc.networks.build("sequence_gru", length=4, latent_dim=5, units=3, depth=2)
    first, second, last = (5 + 3 + 2) * 9, (3 + 3 + 2) * 9, 3 + 1
    assert gru_pair[0].count_params() == first + second + last
    first, second, last = 2 * (1 + 3 + 2) * 9, 2 * (6 + 3 + 2) * 9, 6 + 1
    assert gru_pair[1].count_params() == first + second + last
    lstm = tfc.networks.build("sequence_lstm", length=4, latent_dim=5, units=3)[0]
    assert lstm.count_params() == (5 + 3 + 1) * 12 + 4


def test_sizes_of_the_convolutional_networks():
    generator, discriminator = tfc.networks.build(
        "sequence_conv", length=12, filters=2, latent_dim=5, features=3
    )
    assert [x.shape for x in generator.weights if len(x.shape) == 3] == [
        (4, 4, 4),  # size, filters after and before a transposed convolution
        (4, 2, 4),
        (5, 2, 3),
    ]
    assert [x.shape for x in discriminator.weights if len(x.shape) == 3] == [(4, 3, 2), (4, 2, 4)]


def test_unrolled_networks_make_the_same_sequences():
    settings = {"length": 4, "units": 3, "seed": 0}
    pairs = [tfc.networks.build("sequence_gru", unroll=x, **settings) for x in (False, True)]
    latents = RNG.normal(size=(2, 16)).astype("float32")
    made = [generator(latents).numpy() for generator, _ in pairs]
    np.testing.assert_allclose(*made, rtol=1e-5, atol=1e-6)
    logits = [judge(made[0]).numpy() for _, judge in pairs]
    np.testing.assert_allclose(*logits, rtol=1e-5, atol=1e-6)


def test_noise_at_each_time_goes_with_the_structured_gan(tmp_path):
    pair = tfc.networks.build("sequence_gru", length=4, units=3, step_noise=2, seed=0)
    model = tfc.models.StructuredGAN(*pair, penalties="r1", seed=0)
    assert model.latents.shapes == [(16,), (4, 2)]
    model.compile(tfc.SimultaneousOptimizer("adam", 1e-3))
    model.fit(WAVES.repeat(2, axis=1)[:, :4].astype("float32"), verbose=0)
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(restored.generate(2, seed=0), model.generate(2, seed=0))


def test_mixed_precision_ends_in_the_variables_precision():
    for name, settings in SMALL.items():
        pair = tfc.networks.build(name, dtype="mixed_bfloat16", **settings)
        made = pair[0](tf.zeros((2, 16)))
        assert made.dtype == pair[1](made).dtype == tf.float32


# cuDNN.


def test_cudnn_is_refused():
    """`supports_jit` is how Keras marks such layers on a machine with a GPU."""
    for options, optimizer in (
        ({"penalties": ()}, tfc.ConsensusOptimizer("sgd", 0.1, gamma=1.0)),
        ({"penalties": "r1"}, tfc.SimultaneousOptimizer("sgd", 0.1)),
        ({"penalties": ()}, tfc.SimultaneousOptimizer("sgd", 0.1)),
        ({"penalties": ()}, tfc.AlternatingOptimizer("sgd", "sgd")),
    ):
        model = make(**options)
        recurrent = model.generator.layers[-2]
        model.compile(optimizer)
        recurrent.supports_jit = False
        with pytest.raises(ValueError, match=f"no second derivative.*{recurrent.name} on a GPU"):
            model.compile(optimizer)


def cudnn_lstm(weights):
    """The output of cuDNN's kernel; without a GPU it can be traced, and does not run."""
    x, state = tf.ones((3, 2, 1)), tf.ones((1, 2, 2))
    return tf.raw_ops.CudnnRNNV3(
        input=x,
        input_h=state,
        input_c=state,
        params=weights,
        sequence_lengths=[3, 3],
        rnn_mode="lstm",
        time_major=True,
    ).output


@pytest.mark.parametrize("second_order", [False, True])
def test_a_game_refuses_cudnn(second_order):
    """Of two losses through one call, the second gets a wrong gradient."""
    weights, scale = tf.Variable(tf.ones((48,))), tf.Variable(1.0)

    def losses():
        made = tf.reduce_sum(cudnn_lstm(weights))
        return scale * made, -scale * made

    game = tfc.Game(losses, [[weights], [scale]])
    step = tf.function(lambda: game.linearize(second_order=second_order).v, autograph=False)
    with pytest.raises(ValueError, match=r"or a wrong one.*\(CudnnRNNV3\).*layers.RNN of a cell"):
        step.get_concrete_function()


def test_tensorflow_has_no_gradient_of_their_gradient():
    """Why they are refused; a graph shows it without a GPU."""
    with tf.Graph().as_default():
        weights = tf.ones((48,))
        made = cudnn_lstm(weights)
        (slope,) = tf.gradients(made, [weights])
        with pytest.raises(LookupError, match=r"No gradient defined.*CudnnRNNBackprop"):
            tf.gradients(slope**2, [weights])


@pytest.mark.parametrize("name", ["sequence_gru", "sequence_lstm"])
def test_the_librarys_networks_never_take_them(name, tmp_path):
    for network in tfc.networks.build(name, length=4, units=3, depth=2):
        network.save(tmp_path / "network.keras")
        restored = keras.saving.load_model(tmp_path / "network.keras")
        found = list(tfc.support.layers.walk(network, restored))
        assert sum(isinstance(x, layers.RNN) for x in found) >= 4
        assert not any(isinstance(x, layers.GRU | layers.LSTM) for x in found)
