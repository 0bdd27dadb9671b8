"""What a user need not write: latent sizes, lists of one, exact names; and what objects say."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from bad_calls.things import gan, labelled, net, pair, two

import tf_consensus as tfc
from tf_consensus import objectives, penalties
from tf_consensus.support.checks import nearest

layers = keras.layers


class Own(keras.Model):
    """A subclassed generator."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2)

    def call(self, inputs):
        return self.dense(inputs[0] if isinstance(inputs, list) else inputs)


def own(*inputs):
    model = Own()
    model(list(inputs) if len(inputs) > 1 else inputs[0])
    return model


GENERATORS = {
    "functional": (lambda: net(3, 2), {}),
    "sequential": (lambda: keras.Sequential([keras.Input((3,)), layers.Dense(2)]), {}),
    "fixed batch": (
        lambda: keras.Sequential([keras.Input(batch_shape=(None, 3)), layers.Dense(2)]),
        {},
    ),
    "built by a call": (lambda: own(np.ones((4, 3), "float32")), {}),
    "with labels": (lambda: two(3, (), 2, "int32"), {"num_classes": 1}),
    "built with labels": (
        lambda: own(np.ones((4, 3), "float32"), np.zeros(4, "int32")),
        {"num_classes": 1},
    ),
}


@pytest.mark.parametrize(("generator", "options"), GENERATORS.values(), ids=GENERATORS)
def test_the_latent_size_is_the_generators(generator, options):
    model = tfc.GAN(generator(), net(2, 1), **options)
    assert model.latent_dim == model.get_config()["latent_dim"] == 3
    assert tfc.GAN(generator(), net(2, 1), 3, **options).latent_dim == 3
    assert model.generate(2, seed=0).shape == (2, 2)


def test_arguments_keep_their_places():
    model = tfc.GAN(*pair(), None, "js", [penalties.R1(2.0)], 7, "mine")
    assert (model.latent_dim, model.seed, model.name) == (3, 7, "mine")
    assert model.objective == objectives.JensenShannon()
    loaded = tfc.GAN.from_config(model.get_config())
    assert (loaded.latent_dim, loaded.penalties) == (3, [penalties.R1(2.0)])


def any_size():
    first = keras.Input((None,))
    return keras.Model(first, layers.Dense(2)(keras.ops.mean(first, axis=1, keepdims=True)))


def images():
    return keras.Sequential([keras.Input((4, 4)), layers.Flatten(), layers.Dense(2)])


def unsaid():
    model = Own()
    model.dense.build((None, 3))
    model.built = True
    return model


@pytest.mark.parametrize(
    ("generator", "latent_dim", "message"),
    [
        (any_size, None, r"one size\. Received: .*\(None, None\)\. Pass latent_dim=\.\.\."),
        (images, None, r"of shape \(batch, latent_dim\)\. Received: .*\(None, 4, 4\)\. Begin"),
        (unsaid, None, r"call the model on a batch, from which `latent_dim` is read"),
        (lambda: net(3, 2), 4, r"must fit latent_dim\. Received: generator input shape \(None, 3"),
        (lambda: net(3, 2), 0, r"`latent_dim` must be an integer of at least 1"),
        (lambda: keras.Sequential([layers.Dense(2)]), None, "`generator` must be built"),
    ],
)
def test_a_latent_size_that_is_not_known_or_another(generator, latent_dim, message):
    with pytest.raises(ValueError, match=message):
        tfc.GAN(generator(), net(2, 1), latent_dim)
    assert tfc.GAN(any_size(), net(2, 1), 5).latent_dim == 5


ALIASES = {
    objectives.Standard: "standard Standard non_saturating nonsaturating Non-Saturating NS nsgan "
    "bce BCE binary_crossentropy bce_with_logits vanilla logistic softplus logistic_wgan",
    objectives.JensenShannon: "js minimax MiniMax mm_gan saturating zero_sum gan jensen_shannon",
    objectives.Wasserstein: "wgan WGAN wasserstein Wasserstein-1 earth_mover",
    objectives.LeastSquares: "lsgan LSGAN ls LS-GAN least_squares leastsquares",
    objectives.Hinge: "hinge Hinge hinge_loss geometric_gan",
    objectives.Relativistic: "relativistic rsgan RSGAN rpgan",
    objectives.RelativisticAverage: "ragan RaGAN ra_sgan relativistic-average",
    objectives.KullbackLeibler: "kl KL kullback_leibler",
    objectives.TotalVariation: "tv total_variation",
    objectives.ForwardKL: "forward_kl ForwardKL forward-kl",
    objectives.ReverseKL: "reverse_kl rkl",
    objectives.SquaredHellinger: "hellinger squared_hellinger",
}


@pytest.mark.parametrize(
    ("name", "cls"), [(name, cls) for cls, names in ALIASES.items() for name in names.split()]
)
def test_objectives_by_other_names(name, cls):
    found = objectives.get(name)
    assert type(found) is cls
    assert objectives.get(objectives.serialize(found)) == found
    assert objectives.serialize(found)["class_name"] == cls.__name__


def test_aliases_are_no_names():
    assert "minimax" not in objectives.names()
    assert len(objectives.names()) == 17
    aliases = objectives.aliases.ALIASES
    assert set(aliases.values()) <= set(objectives.names())
    assert not set(aliases) & set(objectives.aliases._COMPOSITE)


@pytest.mark.parametrize(
    ("name", "text"),
    {
        "wgan_gp": 'objective="wgan", penalties=[WGANGP(10.0)]',
        "WGAN-GP": 'objective="wgan", penalties=[WGANGP(10.0)]',
        "dragan": 'objective="standard", penalties=[DRAGAN(10.0)]',
        "R3GAN": 'objective="relativistic", penalties=[R1(10.0), R2(10.0)]',
        "r1": 'objective="standard", penalties=[R1(10.0)]',
        "weight_clipping": "clip_weights",
        "sngan": "SpectralNormalization",
        **dict.fromkeys(penalties.names(), "penalties=["),
    }.items(),
)
def test_names_of_more_than_an_objective_are_not_half_of_it(name, text):
    with pytest.raises(ValueError, match="two losses of the logits; penalties") as caught:
        tfc.GAN(*pair(), objective=name)
    assert f"Received: identifier={name!r}. Write" in str(caught.value)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("get", "name", "near"),
    [
        (objectives.get, "standart", "standard"),
        (objectives.get, "hing", "hinge"),
        (penalties.get, "R-11", "R1"),
        (penalties.get, "wgan_pg", "wgan_gp"),
        (penalties.get, "instancenoises", "instance_noise"),
        (penalties.get, "dragon", "dragan"),
    ],
)
def test_near_names(get, name, near):
    with pytest.raises(ValueError, match=r"Did you mean '(\w+)'\?") as caught:
        get(name)
    assert f"Did you mean {near!r}?".lower() in str(caught.value).lower()


def a_penalty(discriminator, real, fake):
    del real, fake
    return sum(keras.ops.sum(x**2) for x in discriminator.trainable_variables)


@pytest.mark.parametrize(
    "one",
    [
        penalties.R1(1.0), "r1", "R1", "wgan-gp", "instance_noise", a_penalty,
        penalties.serialize(penalties.R2(3.0)), penalties.InstanceNoise(0.1),
        {"class_name": "R1", "config": {"gamma": 2.0}},
    ],
)  # fmt: skip
def test_one_penalty_alone_is_a_list_of_one(one):
    model = tfc.GAN(*pair(), penalties=one)
    assert model.penalties == tfc.GAN(*pair(), penalties=[one]).penalties
    assert len(model.penalties) == len(model.get_config()["penalties"]) == 1


@pytest.mark.parametrize("wrong", [None, 3, {1}, penalties.R1, {"r1": 1.0}, {}, "r3", 1.0])
def test_what_is_no_penalty_alone(wrong):
    with pytest.raises((TypeError, ValueError), match=r"(?s)[Pp]enalt.*Received: "):
        tfc.GAN(*pair(), penalties=wrong)


REPRS = {
    "R1(gamma=10.0)": penalties.R1(),
    "R1(gamma=1.0, every=16)": penalties.R1(1.0, every=16),
    "WGANGP(weight=10.0)": penalties.WGANGP(),
    "WGANGP(weight=5.0, target=0.0)": penalties.WGANGP(5.0, target=0.0),
    "DRAGAN(weight=10.0, perturbation=0.1)": penalties.DRAGAN(perturbation=0.1),
    "InstanceNoise(stddev=0.1)": penalties.InstanceNoise(0.1),
    "Standard()": objectives.Standard(),
    "LeastSquares(real=1.0, fake=-1.0, generator=0.0)": objectives.LeastSquares(1.0, -1.0, 0.0),
}


@pytest.mark.parametrize(("text", "thing"), REPRS.items(), ids=REPRS)
def test_what_objectives_and_penalties_say(text, thing):
    assert repr(thing) == str(thing) == text
    assert eval(text, {**vars(penalties), **vars(objectives)}) == thing


def test_a_schedule_is_said_by_its_settings():
    decay = keras.optimizers.schedules.ExponentialDecay(1.0, 100, 0.5)
    assert "schedule=ExponentialDecay(initial_learning_rate=1.0, decay_steps=100" in repr(
        penalties.R1(1.0, schedule=decay)
    )


def test_what_a_gan_says():
    model = tfc.GAN(*pair(), penalties=[penalties.R1(1.0), a_penalty], seed=3)
    sizes = [f"{network.count_params():,} parameters" for network in (pair()[0], pair()[1])]
    wanted = ["3 latents to 2", *sizes, "Standard()", "[R1(gamma=1.0), a_penalty]", "latent_dim: 3"]
    assert all(text in repr(model) for text in [*wanted, "none, call compile", "num_classes: None"])
    assert "SGD(learning_rate=0.01)" in repr(gan())
    assert "num_classes: 3" in str(labelled())
    assert "3 latents and a label to 2" in str(labelled())
    model.generator.trainable = False
    assert "frozen" in repr(model)


_LOAD = """
import keras, sys
try:
    keras.saving.load_model(sys.argv[1])
except TypeError as error:
    print(error)
assert "tf_consensus" not in sys.modules
import tf_consensus
assert type(keras.saving.load_model(sys.argv[1])) is tf_consensus.GAN
"""


def test_a_process_without_the_package_is_told_what_to_import(tmp_path):
    gan().save(tmp_path / "gan.keras")
    command = [sys.executable, "-c", _LOAD, str(tmp_path / "gan.keras")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    first = run.stdout[:700]
    assert "write `import tf_consensus` before keras.saving.load_model" in first


def test_a_config_without_the_remark_loads():
    config = gan().get_config()
    assert next(iter(config)) == "to_load"
    del config["to_load"]
    assert tfc.GAN.from_config(config).latent_dim == 3


@pytest.mark.parametrize(
    ("name", "known", "near"),
    [
        ("ABC", ["abc"], "abc"), ("a-b c", ["a_b_c"], "a_b_c"),
        ("celeba", ["x_celeba_hq"], "x_cel"),
        ("ab", ["xxabxx"], ""), ("", ["abc"], ""), ("--", ["abc"], ""), (None, ["abc"], ""),
        (3, ["3"], ""),
    ],
)  # fmt: skip
def test_nearest(name, known, near):
    found = nearest(name, known)
    assert found == "" if not near else found.startswith(f"Did you mean '{near}")
