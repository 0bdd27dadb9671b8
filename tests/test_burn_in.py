"""The burn-in of the program's image runs: values over the steps, and what excludes one."""

import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tf_consensus.experiments import burn_in, image_runs
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.presets import EXPERIMENTS, PAPER
from tf_consensus.experiments.resolving import resolve

RUN = PAPER | {"optimizer": "alternating", "inner": "adam", "learning_rate": 1e-3, "burn_in": 10}
RUN |= {"penalty": ["r1", "instance_noise"], "penalty_weight": 0.5, "batch_size": 20}
RUN |= {"ema_half_life": 100.0}


def values(inner, t):
    inner.iterations.assign(t)
    return [float(x) for x in (inner.learning_rate, inner.beta_2, inner.ema_momentum)]


@pytest.mark.parametrize("updates", [1, 2])
def test_rate_beta_2_and_half_life_go_from_start_to_end(updates):
    """With two steps of the optimizer per training step each sees half a batch of images."""
    inner = image_runs.make_inner(RUN, updates)
    assert type(inner) is tfc.ScheduledAdam
    assert (inner.beta_1, inner.use_ema) == (0.0, True)
    np.testing.assert_allclose(values(inner, 0), [4e-3, 0.9, 0.0], rtol=1e-6)
    middle = [2.5e-3, 0.945, 0.5 ** (20 / updates / 50)]
    np.testing.assert_allclose(values(inner, 5 * updates), middle, rtol=1e-5)
    end = [1e-3, 0.99, 0.5 ** (20 / updates / 100)]
    for t in (10 * updates, 1000):
        np.testing.assert_allclose(values(inner, t), end, rtol=1e-6)


def test_starts_of_ones_own():
    run = RUN | {"burn_in_rate": 1.0, "burn_in_beta_2": 0.5, "burn_in_weight": 3.0}
    found = values(image_runs.make_inner(run, factor=2.0), 0)
    np.testing.assert_allclose(found, [2e-3, 0.5, 0.0], rtol=1e-6)
    assert [float(p.schedule(0)) for p in image_runs.make_penalties(run)] == [3.0, 3.0]


def test_penalties_start_stronger():
    first, second = image_runs.make_penalties(RUN)
    assert (first.gamma, second.stddev) == (0.5, 0.5)
    for penalty in (first, second):
        found = [float(penalty.schedule(t)) for t in (0, 5, 10, 99)]
        np.testing.assert_allclose(found, [10.0, 5.5, 1.0, 1.0], rtol=1e-6)
    for run in (PAPER | {"penalty": ["r1"]}, RUN | {"burn_in": 0}):
        assert all(p.schedule is None for p in image_runs.make_penalties(run))


def test_a_decay_per_step_stays_as_it_is():
    inner = image_runs.make_inner(RUN | {"ema_half_life": 0, "ema": 0.75})
    assert inner.ema_momentum == 0.75
    assert not inner.averages_by_schedule
    assert not image_runs.make_inner(RUN | {"ema_half_life": 0}).use_ema


@pytest.mark.parametrize("kind", ["adam", "rmsprop"])
def test_a_half_life_without_burn_in_is_a_constant_decay(kind):
    inner = image_runs.make_inner(RUN | {"burn_in": 0, "inner": kind}, updates=2)
    assert type(inner).__name__.lower() == kind
    assert inner.ema_momentum == pytest.approx(0.5 ** (10 / 100))


def test_the_papers_numbers():
    """Table 9 of R3GAN, for CIFAR-10, in images."""
    (run,) = resolve(EXPERIMENTS["cifar10_r3gan"], {})
    assert run["batch_size"] * run["steps"] == pytest.approx(250e6, rel=4e-3)
    assert run["batch_size"] * run["burn_in"] == pytest.approx(20e6, rel=1e-4)
    assert (run["objective"], run["penalty"]) == ("relativistic", ["r1", "r2"])
    inner = image_runs.make_optimizer(run).generator_optimizer
    np.testing.assert_allclose(values(inner, 0), [2e-4, 0.9, 0.0], rtol=1e-6)
    end = [5e-5, 0.99, 0.5 ** (512 / 5e6)]
    np.testing.assert_allclose(values(inner, 39_062), end, rtol=1e-6)
    for penalty in image_runs.make_penalties(run):
        weights = [penalty.gamma * float(penalty.schedule(t)) for t in (0, 39_062)]
        np.testing.assert_allclose(weights, [0.05, 0.005], rtol=1e-6)


def test_lazy_penalties_keep_their_mean():
    """Every 16th step, 16 times as strong, within the discriminator's own step."""
    (run,) = resolve(EXPERIMENTS["fashion_mnist_lazy_r1"], {})
    (penalty,) = image_runs.make_penalties(run)
    assert penalty == tfc.penalties.R1(10.0, every=16)
    pair = tfc.networks.build("mlp", width=4, depth=1, latent_dim=2, seed=0)
    x = np.random.default_rng(0).normal(size=(8, 2)).astype("float32")

    def losses(penalties):
        gan = tfc.GAN(*pair, latent_dim=2, penalties=penalties, seed=0)
        games = [gan.game_at(tf.constant(x), draw=0, step=t) for t in range(18)]
        return np.array([float(game.linearize().losses[1]) for game in games])

    plain, every, lazy = (losses(p) for p in ([], [tfc.penalties.R1(10.0)], [penalty]))
    ratio = (lazy - plain) / (every - plain)
    np.testing.assert_allclose(ratio, [16.0 if t % 16 == 0 else 0.0 for t in range(18)], atol=1e-3)


@pytest.mark.parametrize(
    ("settings", "given", "message"),
    [
        ({"inner": "rmsprop"}, {}, r"so it needs Adam\. Received: --burn_in=10 and --inner=rmspr"),
        ({"schedule": "linear"}, {}, r"Received: --burn_in=10 and --schedule=linear\. Leave one "),
        ({"ema": 0.5}, {}, r"Received: --ema=0\.5 and --ema_half_life=100\. Set one of them to 0"),
        (
            {"burn_in": 0},
            {"burn_in_rate": 2.0},
            r"is where a burn-in starts\. Received: --burn_in_rate=2 without --burn_in\. Give --b",
        ),
    ],
)
def test_what_excludes_a_burn_in(settings, given, message):
    with pytest.raises(RunError, match=message):
        burn_in.check([RUN | settings], given)
    burn_in.check([RUN, RUN | {"burn_in": 0}], {})
