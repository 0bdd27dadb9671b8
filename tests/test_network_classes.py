"""Networks by name with classes: shapes, sizes, a step of training, and what they are without."""

import hashlib

import keras
import numpy as np
import pytest

import tf_consensus as tfc
from tf_consensus import networks

CLASSES, LATENT = 3, 4
SMALL = {"image_size": 16, "channels": 1, "filters": 2, "latent_dim": LATENT}
# Too large, or without latents.
LEFT_OUT = ("residual_celeba_hq", "residual_lsun", "image_to_image")
NAMES = [x for x in networks.names() if x not in LEFT_OUT and not x.startswith("sequence")]
PRESETS = {"image_size": 16, "max_filters": 4, "embedding_dim": 2}
CODED = [name for name in NAMES if not name.startswith("residual")]


def build(name, **options):
    settings = {} if name == "mlp" else SMALL
    settings = settings | (PRESETS if name.startswith("residual") else {})
    return networks.build(name, **{**settings, "seed": 1, **options})


def inputs(generator, size=5):
    latents = np.random.default_rng(0).normal(size=(size, generator.input_shape[0][1]))
    return [latents.astype("float32"), np.arange(size) % CLASSES]


@pytest.mark.parametrize("name", NAMES)
def test_shapes_with_classes(name):
    generator, discriminator = build(name, num_classes=CLASSES)
    samples = generator(inputs(generator))
    assert samples.shape[1:] == discriminator.input_shape[1:]
    assert discriminator(samples).shape == (5, CLASSES)


@pytest.mark.parametrize("name", CODED)
def test_the_label_matters_and_the_seed_determines_the_weights(name):
    generator, discriminator = build(name, num_classes=CLASSES)
    latents, labels = inputs(generator)
    samples = generator([latents, labels]).numpy()
    others = generator([latents, (labels + 1) % CLASSES]).numpy()
    assert (np.abs(samples - others).reshape(5, -1).max(axis=1) > 1e-4).all()
    again = build(name, num_classes=CLASSES)
    for model, twin in zip((generator, discriminator), again, strict=True):
        assert all(map(np.array_equal, model.get_weights(), twin.get_weights()))


@pytest.mark.parametrize("name", CODED)
@pytest.mark.parametrize("size", [None, 7])
def test_what_classes_add_to_the_parameters(name, size):
    """Rows of the layer of the latents and an embedding; columns of the last layer."""
    plain = build(name)
    generator, discriminator = build(name, num_classes=CLASSES, embedding_dim=size)
    units = next(x for x in plain[0].layers if isinstance(x, keras.layers.Dense)).units
    width = size or 32
    added = width * units + CLASSES * width
    assert generator.count_params() - plain[0].count_params() == added
    last = plain[1].layers[-1].kernel.shape[0] + 1
    assert discriminator.count_params() - plain[1].count_params() == (CLASSES - 1) * last


@pytest.mark.parametrize("name", CODED)
@pytest.mark.filterwarnings("ignore:A generator that ends in tanh")
def test_a_step_of_consensus_in_graph_mode(name):
    pair = build(name, num_classes=CLASSES)
    gan = tfc.GAN(*pair, num_classes=CLASSES, seed=0)
    gan.compile(tfc.ConsensusOptimizer(learning_rate=1e-3, gamma=1.0))
    before = [model.get_weights() for model in pair]
    samples = np.random.default_rng(1).uniform(-1, 1, (6, *pair[0].output_shape[1:]))
    history = gan.fit(samples.astype("float32"), np.arange(6) % CLASSES, batch_size=6, verbose=0)
    assert all(np.isfinite(value[0]) for value in history.history.values())
    for model, weights in zip(pair, before, strict=True):
        moved = zip(model.get_weights(), weights, strict=True)
        assert sum(not np.array_equal(a, b) for a, b in moved) > len(weights) / 2
    assert gan.generate(4, seed=0, labels=[0, 1, 2, 0]).shape == (4, *gan.sample_shape[1:])


@pytest.mark.parametrize("name", ["mlp", "dcgan3", "conv4", "resnet"])
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own
def test_a_conditional_gan_saves_and_loads(name, tmp_path):
    gan = tfc.GAN(*build(name, num_classes=CLASSES), num_classes=CLASSES, seed=0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    labels = [0, 1, 2]
    np.testing.assert_array_equal(
        loaded.generate(3, seed=1, labels=labels), gan.generate(3, seed=1, labels=labels)
    )


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "float64"])
@pytest.mark.parametrize("name", ["mlp", "dcgan4", "resnet_cf"])
def test_precision_with_classes(name, dtype):
    generator, discriminator = build(name, num_classes=CLASSES, dtype=dtype)
    wanted = "float32" if dtype == "mixed_bfloat16" else "float64"
    samples = generator(inputs(generator))
    assert samples.dtype == discriminator(samples).dtype == wanted


# Of the seeded weights as they were before there were classes.
DIGESTS = {
    "conv3": "7151c50ce3af",
    "conv4": "cae6731c00f7",
    "dcgan3": "ffe7405ed98c",
    "dcgan3_nobn": "e613e7eedbf9",
    "dcgan3_nobn_cf": "bc9d396167ae",
    "dcgan4": "0558b7ac15ef",
    "dcgan4_gbn": "d063bd33b6ad",
    "dcgan4_nobn": "aa53378059d4",
    "dcgan4_nobn_cf": "2f9c7f0ee4f3",
    "mlp": "4aef2e5bce38",
    "resnet": "d5525f0125f3",
    "resnet_cf": "cd6054c4f114",
}


@pytest.mark.parametrize("name", CODED)
def test_without_classes_networks_are_what_they_were(name):
    digest = hashlib.sha256()
    for model in build(name):
        for weight in model.get_weights():
            digest.update(str(weight.shape).encode() + weight.tobytes())
    assert digest.hexdigest()[:12] == DIGESTS[name]


@pytest.mark.parametrize("name", CODED)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_classes": 0}, r"`num_classes` must be an integer of at least 1"),
        ({"num_classes": 2.0}, r"`num_classes` must .*Received: num_classes=2\.0"),
        ({"embedding_dim": 3}, r"needs labels\. Received: embedding_dim=3, num_classes=None"),
        ({"num_classes": 2, "embedding_dim": 0}, r"`embedding_dim` must .*embedding_dim=0"),
        ({"num_clases": 2}, r"Did you mean 'num_classes'\? It takes"),
    ],
)
def test_bad_settings_of_classes(name, options, message):
    with pytest.raises(ValueError, match=message):
        build(name, **options)


@pytest.mark.parametrize(
    ("name", "nearest"),
    {
        "dcgan": "dcgan4", "DCGAN4": "dcgan4", "resnet-cf": "resnet_cf", "ResNet": "resnet",
        "dcgan4_nobm": "dcgan4_nobn", "dcgan4-nobn-cf": "dcgan4_nobn_cf", "celeba": "residual_c",
        "imagenet": "residual_imagenet", "mpl": "mlp", "conv 3": "conv3", "Residual": "residual",
        "lsun": "residual_lsun",
    }.items(),
)  # fmt: skip
def test_near_names_are_offered(name, nearest):
    with pytest.raises(ValueError, match=rf"Received: name={name!r}\. Did you mean '{nearest}"):
        networks.build(name, image_size=16)


@pytest.mark.parametrize("name", ["xyz", "", "  ", "--", "q", None, 3, ["mlp"]])
def test_of_other_names_nothing_is_guessed(name):
    with pytest.raises(ValueError, match=r"`name` must be .*\. Choose one of conv3") as caught:
        networks.build(name, image_size=16)
    assert "Did you mean" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "setting", "nearest"),
    [
        ("dcgan4", "image_sise", "image_size"),
        ("dcgan4", "imageSize", "image_size"),
        ("dcgan4", "chanels", "channels"),
        ("dcgan4", "filter", "filters"),
        ("dcgan4", "latent_dims", "latent_dim"),
        ("mlp", "latent_dimension", "latent_dim"),
        ("mlp", "data_dims", "data_dim"),
        ("resnet", "image_sise", "image_size"),
        ("residual", "max_filter", "max_filters"),
        ("residual_lsun", "embeding_dim", "embedding_dim"),
    ],
)
def test_near_settings_are_offered(name, setting, nearest):
    with pytest.raises(ValueError, match=rf"Received: settings=.*Did you mean '{nearest}'\? It t"):
        networks.build(name, **{setting: 16})
