"""Training in bfloat16 against float32: types, errors, biases, saving; float16 is refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tests.oracles import MODES, flat
from tf_consensus import networks
from tf_consensus import penalties as regularizers
from tf_consensus.games.microbatches import MicrobatchedGame

BFLOAT16 = "mixed_bfloat16"
IMAGES = {"image_size": 16, "filters": 4, "latent_dim": 8}
BUILDS = {
    "mlp": lambda dtype: networks.build("mlp", latent_dim=8, seed=0, dtype=dtype),
    "dcgan4_nobn": lambda dtype: networks.build("dcgan4_nobn", seed=0, dtype=dtype, **IMAGES),
    "resnet": lambda dtype: networks.build(
        "resnet", seed=0, dtype=dtype, **IMAGES | {"image_size": 32}
    ),
}
PENALTIES = {
    "none": lambda: [],
    "r1_r2": lambda: [regularizers.R1(1.0), regularizers.R2(1.0)],
    "interpolated": lambda: [regularizers.ZeroCenteredInterpolated(1.0)],
    "noise": lambda: [regularizers.InstanceNoise(0.1)],
}


def make_gan(name="mlp", dtype=BFLOAT16, penalties="none", shared=True):
    """A GAN whose biases are not 0, so that none of their terms vanishes."""
    gan = tfc.GAN(*BUILDS[name](dtype), latent_dim=8, seed=0, penalties=PENALTIES[penalties]())
    rng = np.random.default_rng(1)
    for x in gan.trainable_variables:
        if "bias" in x.path:
            x.assign(rng.normal(size=x.shape, scale=0.1))
    if not shared:
        gan._adjoint = None
    return gan


def a_batch(gan, size=256):
    shape = (size, *gan.generator.output_shape[1:])
    return tf.constant(np.random.default_rng(0).uniform(-1, 1, shape), tf.float32)


def evaluate(gan, mode="graph", parts=1, size=256):
    """Losses, v and v'ᵀv of the first step."""
    game = MicrobatchedGame(gan.game(a_batch(gan, size)), parts)

    def products():
        linearization = game.linearize()
        v = linearization.v
        return linearization.losses, v, linearization.vjp([tf.stop_gradient(t) for t in v])

    return MODES[mode](products)()


def error(a, b):
    """Relative to b, of the whole and the largest of a variable."""
    pairs = [(flat(x), flat(y)) for x, y in zip(a, b, strict=True)]
    each = [np.linalg.norm(x - y) / np.linalg.norm(y) for x, y in pairs]
    return np.linalg.norm(flat(a) - flat(b)) / np.linalg.norm(flat(b)), max(each)


# --- against float32 -----------------------------------------------------------------------------


@pytest.mark.parametrize("shared", [True, False], ids=["adjoint", "tapes"])
@pytest.mark.parametrize(
    ("name", "penalties"),
    [
        ("mlp", "none"),
        ("mlp", "r1_r2"),
        ("dcgan4_nobn", "none"),
        ("dcgan4_nobn", "r1_r2"),
        ("dcgan4_nobn", "interpolated"),
        ("dcgan4_nobn", "noise"),
        ("resnet", "none"),
    ],
)
def test_field_and_pullback_have_the_precision_of_bfloat16(name, penalties, shared):
    size = 16 if name == "resnet" else 256
    mixed = evaluate(make_gan(name, penalties=penalties, shared=shared), size=size)
    single = evaluate(make_gan(name, "float32", penalties, shared), size=size)
    assert {t.dtype for t in tf.nest.flatten(mixed)} == {tf.float32}
    np.testing.assert_allclose(flat(mixed[0]), flat(single[0]), rtol=2e-2)
    for a, b in zip(mixed[1:], single[1:], strict=True):
        whole, largest = error(a, b)
        # One rounding is 2⁻⁹ = 0.002; real and generated samples' parts of v cancel.
        assert whole < 0.06
        assert largest < 0.3


def test_the_same_under_xla():
    mixed, single = evaluate(make_gan(), "xla"), evaluate(make_gan(dtype="float32"), "xla")
    for a, b in zip(mixed[1:], single[1:], strict=True):
        assert error(a, b)[0] < 0.06


@pytest.mark.parametrize("name", ["mlp", "dcgan4_nobn"])
def test_parts_of_the_batch_agree_with_the_whole(name):
    whole, parts = evaluate(make_gan(name)), evaluate(make_gan(name), parts=4)
    assert {t.dtype for t in tf.nest.flatten(parts)} == {tf.float32}
    np.testing.assert_allclose(flat(parts[0]), flat(whole[0]), rtol=1e-3)
    for a, b in zip(parts[1:], whole[1:], strict=True):
        assert error(a, b)[0] < 0.02


# --- biases --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "kind", ["Dense", "Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose"]
)
def test_a_biass_gradient_is_summed_exactly(kind, mode):
    """TensorFlow's own sum of so many ones in bfloat16 stands still at 256."""
    size = () if kind == "Dense" else (1,)
    layer = getattr(networks, kind)(2, *size, dtype=BFLOAT16)
    shape = (16, 3) if kind == "Dense" else (4, 16, 16, 3) if "2D" in kind else (4, 256, 3)
    inputs = tf.repeat(tf.ones(shape), 64, axis=0)
    layer.build(inputs.shape)

    def gradient():
        with tf.GradientTape() as tape:
            outputs = layer(inputs)
        return outputs, tape.gradient(outputs, layer.bias.value)

    outputs, bias = MODES[mode](gradient)()
    assert outputs.dtype == tf.bfloat16
    np.testing.assert_array_equal(bias, np.prod(outputs.shape[:-1]))


def test_the_layers_are_keras_own_but_for_that(float64):
    images = np.random.default_rng(0).normal(size=(2, 4, 4, 3))
    kinds = ("Dense", ()), ("Conv2D", (3,)), ("Conv2DTranspose", (3,))
    for kind, arguments in (*kinds, ("Conv1D", (3,)), ("Conv1DTranspose", (3,))):
        x = images[:, 0] if "1D" in kind else images
        ours = getattr(networks, kind)(2, *arguments, activation="tanh")
        stock = getattr(keras.layers, kind)(2, *arguments, activation="tanh")
        np.testing.assert_array_equal(ours(x).shape, stock(x).shape)
        stock.set_weights(ours.get_weights())
        np.testing.assert_array_equal(ours(x), stock(x))
        assert {**ours.get_config(), "name": ""} == {**stock.get_config(), "name": ""}


def stock_networks(dtype=BFLOAT16, **options):
    generator = keras.Sequential([keras.Input((8,)), keras.layers.Dense(2, dtype=dtype)])
    layer = keras.layers.Dense(1, dtype=dtype, name="last", **options)
    return generator, keras.Sequential([keras.Input((2,)), layer])


def test_inexact_biases_are_named():
    def compile_gan(nets, **options):
        tfc.GAN(*nets, latent_dim=8).compile("sgd", **options)

    with pytest.warns(UserWarning, match=r"bfloat16 biases.*last.*jit_compile=True, use tf_cons"):
        compile_gan(stock_networks())
    compile_gan(stock_networks(), jit_compile=True)
    compile_gan(stock_networks("float32"))
    generator, _ = BUILDS["mlp"](BFLOAT16)
    compile_gan((generator, stock_networks(use_bias=False)[1]))


# --- training ------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"jit_compile": True, "steps_per_execution": 2}])
@pytest.mark.parametrize("microbatches", [1, 4])
def test_fit_saved_and_gone_on_with(tmp_path, options, microbatches):
    gan = make_gan()
    inner = keras.optimizers.RMSprop(1e-3)
    optimizer = tfc.ConsensusOptimizer(inner, gamma=1.0, microbatches=microbatches)
    gan.compile(optimizer=optimizer, **options)
    data = tfc.data.mixture_of_gaussians(32, seed=0)
    logs = gan.fit(data, steps_per_epoch=4, shuffle=False, verbose=0).history
    assert np.isfinite(flat(list(logs.values()))).all()
    assert {x.dtype for x in gan.trainable_variables} == {"float32"}
    assert {x.dtype for x in inner.variables if x is not inner.iterations} == {"float32"}
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    policies = [[x.dtype_policy.name for x in g.generator.layers[1:]] for g in (gan, loaded)]
    assert policies[0] == policies[1]
    assert BFLOAT16 in policies[0]
    for each in (gan, loaded):
        each.fit(data, steps_per_epoch=2, shuffle=False, verbose=0)
    np.testing.assert_array_equal(flat(loaded.weights), flat(gan.weights))


def test_samples_latents_and_logits_are_float32():
    for name in BUILDS:
        gan = make_gan(name)
        assert gan.generate(3, seed=0).dtype == np.float32
        game = gan.game(a_batch(gan, 4))
        assert game.batch[1].dtype == tf.float32
        assert gan.discriminator(game.batch[0]).dtype == tf.float32
    keras.config.set_dtype_policy(BFLOAT16)
    try:
        gan = tfc.GAN(*stock_networks(None), latent_dim=8, seed=0)
    finally:
        keras.config.set_dtype_policy("float32")
    assert gan.generator(np.zeros((1, 8))).dtype == tf.bfloat16
    assert gan.generate(3, seed=0).dtype == np.float32
    assert gan.game(np.zeros((2, 2), np.float32)).batch[1].dtype == tf.float32


def test_build_leaves_the_global_policy_alone():
    assert networks.build("mlp", dtype=BFLOAT16)[0].layers[1].compute_dtype == "bfloat16"
    assert networks.build("mlp")[0].layers[1].compute_dtype == "float32"
    with pytest.raises(ValueError, match="dtype"):
        networks.build("mlp", dtype="mixed_float7")
    with pytest.raises(ValueError, match="latent_dim"):
        networks.build("mlp", dtype=BFLOAT16, latent_dim=0)
    assert keras.config.dtype_policy().name == "float32"


# --- float16 -------------------------------------------------------------------------------------


def test_float16_layers_are_refused():
    message = r"does not scale losses.*'last' of the discriminator.*'mixed_float16'.*bfloat16'"
    generator, _ = BUILDS["mlp"]("float32")
    with pytest.raises(ValueError, match=message):
        tfc.GAN(generator, stock_networks("mixed_float16")[1], latent_dim=8)


@pytest.mark.parametrize("policy", ["mixed_float16", "float32"])
def test_loss_scaling_is_refused(policy):
    """Keras' own under the policy, and the user's."""
    nets = BUILDS["mlp"]("float32")
    keras.config.set_dtype_policy(policy)
    try:
        gan = tfc.GAN(*nets, latent_dim=8)
    finally:
        keras.config.set_dtype_policy("float32")
    optimizer = tfc.ConsensusOptimizer()
    if policy == "float32":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    with pytest.raises(ValueError, match=rf"not scale losses.*'{policy}'.*Use 'mixed_bfloat16'"):
        gan.compile(optimizer=optimizer)
