import re

import keras
import numpy as np
import pytest

from tf_consensus import networks
from tf_consensus.networks.dcgan import ARCHITECTURES, dcgan
from tf_consensus.support.known_layers import unknown

# Trainable parameters of generator and discriminator at 32², 3 channels, 64 filters, 256 latents.
DCGAN_COUNTS = {
    "dcgan3": (2_081_667, 1_033_345),
    "dcgan3_nobn": (2_081_667, 1_033_345),
    "dcgan3_nobn_cf": (472_899, 210_817),
    "dcgan4": (4_832_899, 4_308_609),
    "dcgan4_gbn": (4_832_899, 4_308_609),
    "dcgan4_nobn": (4_832_387, 4_308_609),
    "dcgan4_nobn_cf": (377_987, 312_513),
    "conv3": (472_899, 735_105),
    "conv4": (575_107, 444_353),
}
DCGANS = sorted(DCGAN_COUNTS)
PLAIN = ["mlp", *DCGANS]
RESIDUAL = ["resnet", "resnet_cf", "residual"]
RESIDUAL += ["residual_celeba_hq", "residual_imagenet", "residual_lsun"]
R3GAN = ["r3gan", "r3gan_cifar10", "r3gan_ffhq_256", "r3gan_ffhq_64"]
R3GAN += ["r3gan_imagenet_32", "r3gan_imagenet_64"]
SMALL = {"image_size": 16, "channels": 1, "filters": 2, "latent_dim": 3}


def settings_of(name):
    return {} if name == "mlp" else SMALL


def trainable(model):
    return sum(int(np.prod(v.shape)) for v in model.trainable_variables)


def layers(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


def test_names_are_the_mlp_dcgans_residual_networks_r3gans_and_those_of_images_and_sequences():
    others = ["image_to_image", "sequence_conv", "sequence_gru", "sequence_lstm"]
    assert networks.names() == sorted([*PLAIN, *RESIDUAL, *R3GAN, *others])


@pytest.mark.parametrize("name", DCGANS)
def test_dcgan_parameter_counts(name):
    counts = tuple(map(trainable, networks.build(name, image_size=32)))
    assert counts == DCGAN_COUNTS[name]


@pytest.mark.parametrize(
    ("settings", "counts"),
    [
        ({}, (1122, 881)),
        ({"depth": 0}, (16 * 2 + 2, 2 + 1)),
        ({"latent_dim": 3, "data_dim": 4, "width": 5, "depth": 1}, (20 + 24, 25 + 6)),
    ],
)
def test_mlp_parameter_counts(settings, counts):
    assert tuple(map(trainable, networks.build("mlp", **settings))) == counts


@pytest.mark.parametrize("name", PLAIN)
def test_shapes_and_ranges(name):
    generator, discriminator = networks.build(name, **settings_of(name))
    latents = 5 * np.random.default_rng(0).normal(size=(7, *generator.input_shape[1:]))
    samples = generator(latents.astype("float32"))
    expected = (7, 2) if name == "mlp" else (7, 16, 16, 1)
    assert generator.input_shape == (None, 16 if name == "mlp" else 3)
    assert samples.shape == expected
    assert discriminator(samples).shape == (7, 1)
    assert name == "mlp" or np.abs(samples).max() <= 1
    assert (generator.name, discriminator.name) == ("generator", "discriminator")


@pytest.mark.parametrize("name", sorted({*PLAIN, *RESIDUAL, "image_to_image"}))
def test_a_network_of_ours_is_known_to_be_exact(name):
    # Else a GAN would verify it before training, which takes time and memory.
    sizes = {key: SMALL[key] for key in SMALL if name != "image_to_image" or key != "latent_dim"}
    pair = networks.build(name, **({} if name == "mlp" else sizes))
    assert unknown(dict(zip("gd", pair, strict=True))) == []


@pytest.mark.parametrize("name", PLAIN)
def test_the_seed_determines_the_weights(name):
    def weights(seed):
        models = networks.build(name, seed=seed, **settings_of(name))
        return [w for model in models for w in model.get_weights()]

    first, again, other = weights(1), weights(1), weights(2)
    assert all(map(np.array_equal, first, again))
    kernels = [(a, b) for a, b in zip(first, other, strict=True) if a.ndim > 1]
    assert not any((a == b).all() for a, b in kernels)


def test_layers_of_one_shape_start_different():
    models = networks.build("mlp", seed=0)
    kernels = [w for m in models for w in m.get_weights() if w.shape == (16, 16)]
    assert len({w.tobytes() for w in kernels}) == len(kernels) == 7


def test_initial_weights_are_glorot_uniform_and_biases_zero():
    generator, _ = networks.build("mlp", width=200, depth=2, seed=0)
    _, _, kernel, bias, _, _ = generator.get_weights()
    limit = np.sqrt(6 / 400)
    assert not bias.any()
    assert 0.99 * limit < np.abs(kernel).max() <= limit
    assert kernel.std() == pytest.approx(limit / np.sqrt(3), rel=0.02)


def test_without_a_seed_weights_differ():
    first, second = (networks.build("mlp")[0].get_weights()[0] for _ in range(2))
    assert not (first == second).any()


@pytest.mark.parametrize("name", DCGANS)
def test_normalization_is_where_the_name_says(name):
    generator, discriminator = networks.build(name, **SMALL)
    levels = ARCHITECTURES[name].levels
    norms = [len(layers(m, keras.layers.BatchNormalization)) for m in (generator, discriminator)]
    known = {
        "dcgan3": [levels, levels - 1],
        "dcgan4": [levels, levels - 1],
        "dcgan4_gbn": [levels, 0],
    }
    assert norms == known.get(name, [0, 0])


@pytest.mark.parametrize("name", DCGANS)
def test_generator_activations(name):
    generator, discriminator = networks.build(name, **SMALL)
    relu = name in ("dcgan3", "dcgan3_nobn", "dcgan4_nobn")
    kinds = keras.layers.ReLU, keras.layers.LeakyReLU
    assert bool(layers(generator, kinds[0])) is relu
    assert bool(layers(generator, kinds[1])) is not relu
    assert not layers(discriminator, kinds[0])
    leaky = layers(generator, kinds[1]) + layers(discriminator, kinds[1])
    assert {layer.negative_slope for layer in leaky} == {0.2}


@pytest.mark.parametrize("name", DCGANS)
def test_levels_stop_at_one_pixel(name):
    levels = ARCHITECTURES[name].levels
    generator, discriminator = networks.build(name, **SMALL | {"image_size": 2**levels})
    assert generator.output_shape[1:] == discriminator.input_shape[1:] == (2**levels,) * 2 + (1,)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own
@pytest.mark.parametrize("name", ["mlp", "dcgan3", "dcgan4", "conv4"])
def test_models_save_and_load(name, tmp_path):
    for model in networks.build(name, **settings_of(name)):
        path = tmp_path / f"{model.name}.keras"
        model.save(path)
        loaded = keras.saving.load_model(path)
        inputs = np.ones((2, *model.input_shape[1:]), "float32")
        np.testing.assert_array_equal(loaded(inputs), model(inputs))


@pytest.mark.parametrize("name", ["image_to_image", "dcgan4", "conv3", "residual", "resnet"])
@pytest.mark.parametrize("size", [1, 2, 7, 30, 33, 34, 40, 60])
def test_a_side_that_a_refusal_names_fits(name, size):
    sizes = {"image_size": size, "filters": 2}
    try:
        networks.build(name, **sizes)
    except ValueError as error:
        (fits,) = re.findall(r"for example to (\d+)", str(error))
        assert int(fits) != size
        networks.build(name, **(sizes | {"image_size": int(fits)}))


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        (
            "resnet9",
            {},
            r"Received: name='resnet9'\. Did you mean 'resnet'\? Choose one of conv3, conv4, ",
        ),
        ("mlp", {"filters": 4}, r"unexpected .*'filters'\. Received: settings=.*It takes \(latent"),
        ("dcgan4", {}, r"settings of 'dcgan4' .*missing .*'image_size'\. Received: settings=\{\}"),
        ("dcgan4", {"image_size": 40}, r"divisible by 2\^4 = 16.*image_size=40\. .* to 32\.$"),
        (
            "conv3",
            {"image_size": 12},
            r"`image_size` must be divisible by 2\^3 = 8, as .* to 16\.$",
        ),
        ("conv3", {"image_size": 0}, r"`image_size` must be an integer of at least 1\. Received: "),
        ("conv3", {"image_size": 8, "filters": 0}, r"`filters` must .*Received: filters=0\. Pass"),
        ("conv3", {"image_size": 8, "channels": 1.0}, r"`channels` must .*channels=1\.0\. Pass a"),
        ("conv3", {"image_size": 8, "latent_dim": 0}, r"`latent_dim` must be .*latent_dim=0\. Pa"),
        ("conv3", {"image_size": 8, "seed": 0.5}, r"`seed` must be an integer\. .*seed=0\.5\. Pa"),
        ("image_to_image", {"image_size": 33}, r"image_size=33 with patch.* example to 32\.$"),
        (
            "image_to_image",
            {"image_size": 1},
            r"image_size=1 with patch_levels=2.* example to 4\.$",
        ),
        (
            "image_to_image",
            {"image_size": 24, "levels": 4},
            r"by 2\^levels\. Received: image_size=24 with levels=4\. .*pass levels=3\.",
        ),
        (
            "image_to_image",
            {"image_size": 34},
            r"image_size=34 with patch_levels=2\. .* to 32, or pass patch_levels=1\.",
        ),
        ("image_to_image", {"image_size": 32, "levels": 10**9}, r"pass levels=5\."),
        ("mlp", {"width": 0}, r"`width` must be an integer of at least 1\. Received: width=0\. P"),
        ("mlp", {"depth": -1}, r"`depth` must be an integer of at least 0\. Received: depth=-1"),
        ("mlp", {"data_dim": True}, r"`data_dim` must be .*Received: data_dim=True\. Pass a who"),
        ("mlp", {"latent_dim": "2"}, r"`latent_dim` must be .*Received: latent_dim='2'\. Pass a"),
        ("mlp", {"seed": "a"}, r"`seed` must be an integer\. Received: seed='a'\. Pass a whole"),
    ],
)
def test_bad_settings_raise(name, settings, message):
    with pytest.raises(ValueError, match=message):
        networks.build(name, **settings)


def test_unknown_family_member_raises():
    with pytest.raises(ValueError, match=r"DCGAN family\. Received: name='mlp'\. Choose one of c"):
        dcgan("mlp", image_size=32)


@pytest.mark.parametrize(
    "name", ["mlp", "dcgan3", "dcgan4", "conv4", "resnet", "residual", "r3gan"]
)
def test_the_policy_is_the_layers_and_never_the_process(name, monkeypatch):
    """The same networks as under a global policy, layer by layer."""
    settings = {**settings_of(name), "seed": 0}
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        expected = networks.build(name, **settings)
    finally:
        keras.config.set_dtype_policy(before)
    monkeypatch.setattr(keras.config, "set_dtype_policy", None)
    pairs = zip(networks.build(name, dtype="mixed_bfloat16", **settings), expected, strict=True)
    for found, wanted in pairs:
        assert found.dtype_policy.name == "mixed_bfloat16"
        assert found.output.dtype == wanted.output.dtype == "float32"
        for a, b in zip(found.layers, wanted.layers, strict=True):
            assert type(a) is type(b)
            if not isinstance(a, keras.layers.InputLayer) and hasattr(b, "compute_dtype"):
                assert (a.name, a.compute_dtype) == (a.name, b.compute_dtype)
        for a, b in zip(found.weights, wanted.weights, strict=True):
            assert a.dtype == b.dtype
    assert keras.config.dtype_policy() is before


def test_dtype_reaches_every_layer_and_the_global_policy_is_left_alone(monkeypatch):
    def refuse(*_):
        raise AssertionError("the policy of the whole process has been set")

    monkeypatch.setattr(keras.config, "set_dtype_policy", refuse)
    monkeypatch.setattr(keras.config, "set_floatx", refuse)
    for name in [*PLAIN, *RESIDUAL, "r3gan", "r3gan_cifar10"]:
        sizes = {} if name == "mlp" else {"image_size": 64, "filters": 2}
        for model in networks.build(name, dtype="mixed_bfloat16", **sizes):
            inexact = keras.layers.InputLayer, keras.layers.Embedding  # sums over the examples
            layers = [x for x in model.layers if not isinstance(x, inexact)]
            assert {x.compute_dtype for x in layers[:-1]} == {"bfloat16"}, name
            assert {x.variable_dtype for x in layers} == {"float32"}, name
            assert layers[-1].compute_dtype == "float32", name
