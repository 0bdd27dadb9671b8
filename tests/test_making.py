"""Optimizers, methods and penalties by name, and flags' lists of names."""

import keras
import pytest
from absl import flags

import tf_consensus as tfc
from tf_consensus.cli import validators
from tf_consensus.experiments import image_runs, making, mixture_runs, toy_runs
from tf_consensus.experiments.presets import PAPER

SETTINGS = {"gamma": 3.0, "debias": None, "clip_norm": 0.5, "microbatches": 2}
ADAM = keras.optimizers.Adam
EXPECTED = {
    "simultaneous": lambda: tfc.SimultaneousOptimizer(ADAM(), microbatches=2),
    "consensus": lambda: tfc.ConsensusOptimizer(ADAM(), gamma=3.0, microbatches=2),
    "smoothing": lambda: tfc.SmoothingOptimizer(ADAM(), gamma=3.0, microbatches=2),
    "clipped": lambda: tfc.ClippedOptimizer(ADAM(), clip_norm=0.5, microbatches=2),
    "alternating": lambda: tfc.AlternatingOptimizer(ADAM(), ADAM(), microbatches=2),
    "alternating_consensus": lambda: tfc.AlternatingConsensusOptimizer(
        ADAM(), ADAM(), 3.0, microbatches=2
    ),
    "scaled_consensus": lambda: tfc.ScaledConsensusOptimizer(ADAM(), gamma=3.0, microbatches=2),
    "cross_term": lambda: tfc.CrossTermOptimizer(ADAM(), gamma=3.0, microbatches=2),
    "extrapolated_alternating": lambda: tfc.ExtrapolatedAlternatingOptimizer(
        ADAM(), ADAM(), microbatches=2
    ),
    "runge_kutta": lambda: tfc.RungeKuttaOptimizer(ADAM(), step_size=3.0, microbatches=2),
    "implicit": lambda: tfc.ImplicitOptimizer(ADAM(), step_size=3.0, microbatches=2),
    "optimistic": lambda: tfc.OptimisticOptimizer(ADAM(), microbatches=2),
    "extragradient": lambda: tfc.ExtragradientOptimizer(ADAM(), microbatches=2),
    "past_extragradient": lambda: tfc.PastExtragradientOptimizer(ADAM(), microbatches=2),
    "lookahead": lambda: tfc.LookaheadOptimizer(ADAM(), microbatches=2),
    "symplectic": lambda: tfc.SymplecticOptimizer(ADAM(), strength=3.0, microbatches=2),
    "competitive": lambda: tfc.CompetitiveOptimizer(ADAM(), step_size=3.0, microbatches=2),
}


def nameless(config):
    """A configuration without the names that Keras counts up."""
    if not isinstance(config, dict):
        return config
    return {key: nameless(value) for key, value in config.items() if key != "name"}


def test_every_method_is_looked_at():
    assert set(EXPECTED) == set(making.OPTIMIZERS)


@pytest.mark.parametrize("method", EXPECTED)
def test_each_method_is_made_as_by_hand(method):
    made = making.make_optimizer(method, lambda updates, factor: ADAM(), SETTINGS)
    assert type(made) is type(EXPECTED[method]())
    assert nameless(made.get_config()) == nameless(EXPECTED[method]().get_config())


def test_alternating_gives_the_discriminator_its_number_of_steps():
    asked = []
    made = making.make_optimizer(
        "alternating", lambda updates, factor: asked.append(updates) or ADAM(), SETTINGS, 5
    )
    assert (asked, made.discriminator_steps) == ([1, 5], 5)


def test_a_schedule_knows_the_two_inner_steps_of_extragradient():
    asked = []
    making.make_optimizer(
        "extragradient", lambda updates, factor: asked.append(updates) or ADAM(), SETTINGS
    )
    assert asked == [2]
    run = PAPER | {"optimizer": "extragradient", "schedule": "linear", "steps": 100}
    rate = image_runs.make_optimizer(run).inner_optimizer.learning_rate
    assert float(rate) == pytest.approx(PAPER["learning_rate"])
    inner = image_runs.make_inner(run, 2)
    inner.iterations.assign(100)
    assert float(inner.learning_rate) == pytest.approx(PAPER["learning_rate"] / 2)


REGULARIZED = {
    "fraction": 0.25,
    "gamma_kind": "relative",
    "regularize": ["generator", "discriminator"],
    "reuse": True,
}


@pytest.mark.parametrize("method", ["consensus", "alternating_consensus", "scaled_consensus"])
def test_what_regularizes_is_set(method):
    made = making.make_optimizer(method, lambda *_: ADAM(), SETTINGS | REGULARIZED)
    assert (made.gamma, made.fraction) == (tfc.RelativeGamma(3.0), 0.25)
    if method == "alternating_consensus":
        assert (made.regularize, made.reuse) == (("generator", "discriminator"), True)


@pytest.mark.parametrize("method", ["simultaneous", "consensus", "alternating", "extragradient"])
def test_the_discriminator_has_a_rate_of_its_own(method):
    run = PAPER | {"optimizer": method, "rate_ratio": 4.0, "learning_rate": 0.25}
    rates = [float(x.learning_rate) for x in image_runs.make_optimizer(run).inner_optimizers]
    assert rates == [0.25, 1.0]


@pytest.mark.parametrize("name", tfc.penalties.names())
@pytest.mark.parametrize("weight", [None, 0.25])
def test_each_penalty_is_made_with_its_weight(name, weight):
    (made,) = making.make_penalties([name], weight, every=3)
    config, default = made.get_config(), tfc.penalties.get(name).get_config()
    key = making.WEIGHTS.get(name, "gamma")
    assert type(made) is type(tfc.penalties.get(name))
    assert config[key] == (default[key] if weight is None else weight)
    assert config.get("every", 3) == 3


def test_the_paper_and_today():
    image = image_runs.make_inner(PAPER | {"ema": 0.5})
    assert isinstance(image, keras.optimizers.RMSprop)
    assert (image.rho, image.epsilon, image.use_ema, image.ema_momentum) == (0.9, 1e-10, True, 0.5)
    settings = mixture_runs.PRESETS["recommended"]
    rate = making.scheduled(settings["learning_rate"], settings["schedule"], 100)
    adam = making.make_inner("adam", rate, epsilon=1e-7)
    expected = ADAM(rate, beta_1=0.0, beta_2=0.99)
    assert nameless(adam.get_config()) == nameless(expected.get_config())
    assert float(rate(100)) == 0.0
    assert making.scheduled(0.1, "constant", 100) == 0.1


@pytest.mark.parametrize("method", toy_runs.METHODS)
def test_each_method_of_the_plane_has_its_parts(method):
    weights = {"gamma": 1.5, "gp_weight": 0.1, "noise_stddev": 0.3, "consensus_gamma": 2.0}
    shape = {"width": 4, "depth": 1, "learning_rate": 1e-3, "schedule": "constant", "steps": 4}
    settings = {**weights, **shape, "clip_bound": 0.2}
    gan, _ = toy_runs.make_trainer(toy_runs.METHODS[method], settings)
    by_name = {
        "r1": tfc.penalties.R1(1.5),
        "r2": tfc.penalties.R2(1.5),
        "wgan_gp": tfc.penalties.WGANGP(weight=0.1),
        "instance_noise": tfc.penalties.InstanceNoise(0.3),
    }
    assert gan.penalties == [by_name[name] for name in toy_runs.METHODS[method].penalties]
    assert getattr(gan.optimizer, "gamma", 2.0) == 2.0
    wanted = toy_runs.METHODS[method].discriminator_steps
    assert getattr(gan.optimizer, "discriminator_steps", 1) == wanted


def refused(check, value):
    with pytest.raises(flags.ValidationError) as caught:
        check(value)
    return str(caught.value)


NAMES = ("alternating", "consensus", "r1")


@pytest.mark.parametrize(
    ("check", "value", "message"),
    [
        (validators.list_of(NAMES), ["consnsus"], "Did you mean consensus? It must be a comma"),
        (validators.list_of(NAMES), ["r1", "r1"], "list of different names out of alternating, "),
        (validators.list_of(NAMES, least=1), [], "It must be a comma list of different names"),
        (validators.one_of(NAMES), "alternate", "Did you mean alternating? It must be one of"),
        (validators.one_of(NAMES), "", "It must be one of alternating, consensus, r1"),
        (validators.seeds(), [], "different integers of at least 0"),
        (validators.seeds(), ["1", "01"], "different integers of at least 0"),
        (validators.seeds(), ["-1"], "different integers of at least 0"),
        (validators.seeds(), ["1.0"], "different integers of at least 0"),
        (validators.seeds(), ["²"], "different integers of at least 0"),
        (validators.seeds(2**31), [str(2**31)], "at least 0 and below 2^31"),
        (validators.multiple_or_less(400, "an epoch"), 500, "below 400 or a multiple of it, an ep"),
    ],
)
def test_wrong_flags_are_refused(check, value, message):
    assert message in refused(check, value)


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (validators.list_of(NAMES), []),
        (validators.list_of(NAMES), None),
        (validators.list_of(NAMES, least=1), ["r1", "consensus"]),
        (validators.list_of(NAMES, also=("gan",)), ["gan"]),
        (validators.one_of(NAMES), None),
        (validators.one_of(NAMES, also=("gan",)), "gan"),
        (validators.seeds(), ["0", "10", str(2**40)]),
        (validators.seeds(2**31), [str(2**31 - 1)]),
        (validators.multiple_or_less(400, "an epoch"), None),
        (validators.multiple_or_less(400, "an epoch"), 399),
        (validators.multiple_or_less(400, "an epoch"), 1200),
    ],
)
def test_right_flags_are_taken(check, value):
    assert check(value)
