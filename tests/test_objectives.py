"""Objectives against closed forms in float64 NumPy."""

import doctest
import importlib
import json
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_consensus import objectives


def softplus(t):
    return np.logaddexp(0.0, t)


def sigmoid(t):
    return np.exp(-softplus(-t))


def sech2(t):
    return 1.0 / np.cosh(t) ** 2


def log_loss(d_r, d_f):
    return softplus(-d_r).mean() + softplus(d_f).mean()


def minus_one(r, f):
    return -np.ones_like(f)


def in_log_loss_fake(r, f):
    return sigmoid(f)


def in_log_loss_real(r, f):
    return -sigmoid(-r)


# name -> class, generator loss, discriminator loss, and their derivatives with respect to one
# logit of a batch of n, times n: generator in d_f, discriminator in d_f, discriminator in d_r and,
# for the generator losses that look at the real samples, generator in d_r.
TABLE = {
    "standard": (
        objectives.Standard,
        lambda r, f: softplus(-f).mean(),
        log_loss,
        (lambda r, f: -sigmoid(-f), in_log_loss_fake, in_log_loss_real),
    ),
    "js": (
        objectives.JensenShannon,
        lambda r, f: -softplus(f).mean(),
        log_loss,
        (lambda r, f: -sigmoid(f), in_log_loss_fake, in_log_loss_real),
    ),
    "kl": (
        objectives.KullbackLeibler,
        lambda r, f: -f.mean(),
        log_loss,
        (minus_one, in_log_loss_fake, in_log_loss_real),
    ),
    "tv": (
        objectives.TotalVariation,
        lambda r, f: -np.tanh(f).mean(),
        lambda r, f: np.tanh(f).mean() - np.tanh(r).mean(),
        (lambda r, f: -sech2(f), lambda r, f: sech2(f), lambda r, f: -sech2(r)),
    ),
    "indicator": (
        objectives.Indicator,
        lambda r, f: -f.mean(),
        lambda r, f: f.mean() - r.mean(),
        (minus_one, lambda r, f: np.ones_like(f), lambda r, f: -np.ones_like(r)),
    ),
    "hinge": (
        objectives.Hinge,
        lambda r, f: -f.mean(),
        lambda r, f: np.maximum(0, 1 - r).mean() + np.maximum(0, 1 + f).mean(),
        (minus_one, lambda r, f: 1.0 * (f > -1), lambda r, f: -1.0 * (r < 1)),
    ),
    "least_squares": (
        objectives.LeastSquares,
        lambda r, f: ((f - 1) ** 2).mean() / 2,
        lambda r, f: ((r - 1) ** 2).mean() / 2 + (f**2).mean() / 2,
        (lambda r, f: f - 1, lambda r, f: f, lambda r, f: r - 1),
    ),
    "relativistic": (
        objectives.Relativistic,
        lambda r, f: softplus(r - f).mean(),
        lambda r, f: softplus(f - r).mean(),
        (
            lambda r, f: -sigmoid(r - f),
            lambda r, f: sigmoid(f - r),
            lambda r, f: -sigmoid(f - r),
            lambda r, f: sigmoid(r - f),
        ),
    ),
    "relativistic_average": (
        objectives.RelativisticAverage,
        lambda r, f: log_loss(f - r.mean(), r - f.mean()),
        lambda r, f: log_loss(r - f.mean(), f - r.mean()),
        (
            lambda r, f: -sigmoid(r.mean() - f) - sigmoid(r - f.mean()).mean(),
            lambda r, f: sigmoid(f - r.mean()) + sigmoid(f.mean() - r).mean(),
            lambda r, f: -sigmoid(f.mean() - r) - sigmoid(f - r.mean()).mean(),
            lambda r, f: sigmoid(r - f.mean()) + sigmoid(r.mean() - f).mean(),
        ),
    ),
}
TABLE["wgan"] = (objectives.Wasserstein, *TABLE["indicator"][1:])
TABLE["gan"] = TABLE["js"]
TABLE["logistic_wgan"] = TABLE["standard"]


class FGAN(NamedTuple):
    """A row of the f-GAN tables, its divergence and the derivatives of its two terms."""

    cls: type
    activation: Callable
    conjugate: Callable
    best_logits: Callable  # of u = p/q
    divergence: Callable  # the integrand, of p and q
    slope_real: Callable  # of g
    slope_fake: Callable  # of f* after g


F_GAN = {
    "forward_kl": FGAN(
        objectives.ForwardKL,
        activation=lambda v: v,
        conjugate=lambda t: np.exp(t - 1),
        best_logits=lambda u: 1 + np.log(u),
        divergence=lambda p, q: p * np.log(p / q),
        slope_real=np.ones_like,
        slope_fake=lambda v: np.exp(v - 1),
    ),
    "reverse_kl": FGAN(
        objectives.ReverseKL,
        activation=lambda v: -np.exp(-v),
        conjugate=lambda t: -1 - np.log(-t),
        best_logits=np.log,
        divergence=lambda p, q: q * np.log(q / p),
        slope_real=lambda v: np.exp(-v),
        slope_fake=np.ones_like,
    ),
    "pearson": FGAN(
        objectives.Pearson,
        activation=lambda v: v,
        conjugate=lambda t: t**2 / 4 + t,
        best_logits=lambda u: 2 * (u - 1),
        divergence=lambda p, q: (p - q) ** 2 / q,
        slope_real=np.ones_like,
        slope_fake=lambda v: v / 2 + 1,
    ),
    "neyman": FGAN(
        objectives.Neyman,
        activation=lambda v: 1 - np.exp(-v),
        conjugate=lambda t: 2 - 2 * np.sqrt(1 - t),
        best_logits=lambda u: 2 * np.log(u),
        divergence=lambda p, q: (p - q) ** 2 / p,
        slope_real=lambda v: np.exp(-v),
        slope_fake=lambda v: np.exp(-v / 2),
    ),
    "hellinger": FGAN(
        objectives.SquaredHellinger,
        activation=lambda v: 1 - np.exp(-v),
        conjugate=lambda t: t / (1 - t),
        best_logits=lambda u: np.log(u) / 2,
        divergence=lambda p, q: (np.sqrt(p) - np.sqrt(q)) ** 2,
        slope_real=lambda v: np.exp(-v),
        slope_fake=np.exp,
    ),
}


def f_gan_losses(row):
    def fake_term(f):
        return row.conjugate(row.activation(f)).mean()

    return (
        row.cls,
        lambda r, f: -fake_term(f),
        lambda r, f: fake_term(f) - row.activation(r).mean(),
        (
            lambda r, f: -row.slope_fake(f),
            lambda r, f: row.slope_fake(f),
            lambda r, f: -row.slope_real(r),
        ),
    )


TABLE.update({name: f_gan_losses(row) for name, row in F_GAN.items()})
ZERO_SUM = {"js", "gan", "tv", "indicator", "wgan", *F_GAN}
# These contain an exponential, which no rewriting keeps from overflowing at large logits.
EXPONENTIAL = set(F_GAN) - {"pearson"}
PAIRED = {"relativistic"}
MODULES = ["base", "classic", "f_divergences", "registry", "relativistic"]
each = pytest.mark.parametrize("name", TABLE)


def logits(seed=0, real=(12, 1), fake=(12, 1)):
    rng = np.random.default_rng(seed)
    return 3.0 * rng.standard_normal(real), 3.0 * rng.standard_normal(fake)


def shapes_for(name, real, fake):
    """The two shapes, made equal where the objective pairs the samples."""
    return (fake, fake) if name in PAIRED else (real, fake)


def both_losses(name, real, fake):
    objective = objectives.get(name)
    return objective.generator_loss(real, fake), objective.discriminator_loss(real, fake)


def derivatives(name, real, fake):
    """First and second derivatives of both losses with respect to both logits."""
    logit_pair = (real, fake)
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(logit_pair)
        with tf.GradientTape(persistent=True) as inner:
            inner.watch(logit_pair)
            losses = both_losses(name, real, fake)
        first = [inner.gradient(loss, logit_pair) for loss in losses]
        # A constant derivative has no second one; this zero connects it all the same.
        total = tf.add_n([tf.reduce_sum(g) for pair in first for g in pair if g is not None])
        total += 0.0 * (tf.reduce_sum(real) + tf.reduce_sum(fake))
    return first, outer.gradient(total, logit_pair)


@each
@pytest.mark.parametrize("shapes", [((12, 1), (12, 1)), ((4,), (7,)), ((3, 2, 2), (5, 2, 2))])
def test_losses_equal_closed_forms(name, shapes):
    real, fake = logits(0, *shapes_for(name, *shapes))
    generator, discriminator = both_losses(name, tf.constant(real), tf.constant(fake))
    assert generator.shape == discriminator.shape == ()
    assert generator.dtype == discriminator.dtype == tf.float64
    np.testing.assert_allclose(generator, TABLE[name][1](real, fake), rtol=1e-12)
    np.testing.assert_allclose(discriminator, TABLE[name][2](real, fake), rtol=1e-12)


@each
def test_gradients_equal_closed_forms(name):
    real, fake = logits(1, *shapes_for(name, (9, 1), (12, 1)))
    (generator, discriminator), _ = derivatives(name, tf.constant(real), tf.constant(fake))
    in_fake, *rest = (f(real, fake) for f in TABLE[name][3])
    computed = [generator[1], discriminator[1], discriminator[0], generator[0]]
    expected = [in_fake / 12, rest[0] / 12, rest[1] / len(real)]
    if len(rest) == 3:
        expected.append(rest[2] / len(real))
    else:
        assert computed.pop() is None  # this generator loss must not look at the real samples
    for gradient, closed_form in zip(computed, expected, strict=True):
        np.testing.assert_allclose(gradient, closed_form, rtol=1e-9, atol=1e-14)


@each
@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "float16"])
def test_extreme_logits_stay_finite_to_second_order(name, jit, dtype):
    largest = 1e4
    if name in EXPONENTIAL:
        largest = 10.0 if dtype == "float16" else 50.0
    extreme = tf.constant([[-1.0], [-0.01], [0.0], [0.01], [1.0]], dtype) * largest
    compiled = tf.function(derivatives, jit_compile=jit, autograph=False)
    losses = both_losses(name, extreme, extreme)
    first, second = compiled(name, extreme, extreme)
    assert any(tensor is not None for tensor in second)
    for tensor in tf.nest.flatten([losses, first, second]):
        if tensor is not None:
            assert np.isfinite(np.asarray(tensor, "float64")).all()


@each
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_is_reduced_in_float32(name, dtype):
    real, fake = (tf.cast(x, dtype) for x in logits(2, (3000, 1), (3000, 1)))
    generator, discriminator = both_losses(name, real, fake)
    assert generator.dtype == discriminator.dtype == tf.float32
    exact = [np.asarray(tf.cast(x, "float64")) for x in (real, fake)]
    np.testing.assert_allclose(generator, TABLE[name][1](*exact), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(discriminator, TABLE[name][2](*exact), rtol=1e-5, atol=1e-6)


def test_every_name_is_in_the_table():
    assert set(objectives.names()) == set(TABLE)
    assert len(objectives.names()) == len(TABLE)


@pytest.mark.parametrize("name", sorted(ZERO_SUM))
def test_zero_sum_objectives_cancel_in_the_generator(name):
    real, other_fake = logits(3)
    sums = []
    for fake in (other_fake, other_fake - 2.0, 0.5 * other_fake):
        sums.append(sum(float(loss) for loss in both_losses(name, real, fake)))
    np.testing.assert_allclose(sums, sums[0], rtol=1e-12)


@pytest.mark.parametrize("name", sorted(set(TABLE) - ZERO_SUM))
def test_the_others_are_not_zero_sum(name):
    real, fake = logits(3)
    before, after = (sum(float(x) for x in both_losses(name, real, f)) for f in (fake, fake - 2.0))
    assert abs(before - after) > 0.1


def test_standard_losses_at_equilibrium():
    generator, discriminator = both_losses("standard", tf.zeros((8, 1)), tf.zeros((8, 1)))
    np.testing.assert_allclose(generator, np.log(2.0), rtol=1e-6)
    np.testing.assert_allclose(discriminator, 2.0 * np.log(2.0), rtol=1e-6)


P, Q = np.array([0.2, 0.3, 0.5]), np.array([0.5, 0.4, 0.1])


def on_samples(values):
    """A function's values on samples with exactly the frequencies P and Q."""
    return [np.repeat(values, np.round(10 * weights).astype(int)) for weights in (P, Q)]


def test_divergences_at_the_best_discriminator():
    p, q = P, Q
    real, fake = on_samples(np.log(p / q))
    mixture = (p + q) / 2
    js = 0.5 * (p * np.log(p / mixture) + q * np.log(q / mixture)).sum()
    utility = -float(objectives.get("js").discriminator_loss(real, fake))
    np.testing.assert_allclose(utility, 2 * js - 2 * np.log(2), rtol=1e-9)
    reverse_kl = (q * np.log(q / p)).sum()
    np.testing.assert_allclose(objectives.get("kl").generator_loss(real, fake), reverse_kl)
    # The best discriminator of the total variation is ±∞ by the sign of p - q.
    utility = -float(objectives.get("tv").discriminator_loss(1e4 * real, 1e4 * fake))
    np.testing.assert_allclose(utility, np.abs(p - q).sum(), rtol=1e-9)
    hinge = float(objectives.get("hinge").discriminator_loss(*on_samples(np.sign(p - q))))
    np.testing.assert_allclose(hinge, 2 - np.abs(p - q).sum(), rtol=1e-9)


@pytest.mark.parametrize("name", F_GAN)
def test_f_gan_utility_is_the_divergence_at_the_best_discriminator_only(name):
    def utility(values):
        return -float(objectives.get(name).discriminator_loss(*on_samples(values)))

    best = F_GAN[name].best_logits(P / Q)
    np.testing.assert_allclose(utility(best), F_GAN[name].divergence(P, Q).sum(), rtol=1e-9)
    for change in 0.1 * np.concatenate([np.eye(3), -np.eye(3)]):
        assert utility(best + change) < utility(best) - 1e-5


def test_f_gan_row_jensen_shannon_is_js_up_to_constants():
    real, fake = logits(5)
    generator, discriminator = both_losses("js", real, fake)

    def conjugate(v):
        return -np.log(2 - np.exp(np.log(2) - softplus(-v)))

    np.testing.assert_allclose(-conjugate(fake).mean(), generator + np.log(2), rtol=1e-9)
    row = conjugate(fake).mean() - (np.log(2) - softplus(-real)).mean()
    np.testing.assert_allclose(row, discriminator - 2 * np.log(2), rtol=1e-9)


def test_least_squares_with_the_targets_of_a_divergence():
    objective = objectives.LeastSquares(real=1.0, fake=-1.0, generator=0.0)
    best = (P - Q) / (P + Q)
    real, fake = on_samples(best)
    both_kinds = float(objective.generator_loss(real, fake) + objective.generator_loss(fake, real))
    np.testing.assert_allclose(both_kinds, ((P - Q) ** 2 / (P + Q)).sum() / 2, rtol=1e-9)
    least = float(objective.discriminator_loss(real, fake))
    for change in 0.1 * np.concatenate([np.eye(3), -np.eye(3)]):
        assert float(objective.discriminator_loss(*on_samples(best + change))) > least + 1e-5


def test_least_squares_targets():
    real, fake = logits(6)
    objective = objectives.LeastSquares(real=0.9, fake=-0.3, generator=0.4)
    generator = ((fake - 0.4) ** 2).mean() / 2
    discriminator = ((real - 0.9) ** 2).mean() / 2 + ((fake + 0.3) ** 2).mean() / 2
    np.testing.assert_allclose(objective.generator_loss(real, fake), generator, rtol=1e-12)
    np.testing.assert_allclose(objective.discriminator_loss(real, fake), discriminator, rtol=1e-12)


@pytest.mark.parametrize("name", ["relativistic", "relativistic_average"])
def test_relativistic_losses_see_differences_only(name):
    real, fake = logits(7)
    before, after = both_losses(name, real, fake), both_losses(name, real + 5.0, fake + 5.0)
    np.testing.assert_allclose(after, before, rtol=1e-12)
    moved = both_losses(name, real + 5.0, fake)
    assert np.abs(np.subtract(moved, before)).min() > 0.1


@pytest.mark.parametrize("name", ["relativistic", "relativistic_average"])
def test_relativistic_players_exchange_their_samples(name):
    real, fake = logits(8)
    generator, discriminator = both_losses(name, real, fake)
    assert abs(float(generator - discriminator)) > 0.1
    np.testing.assert_allclose(both_losses(name, fake, real), [discriminator, generator])


@pytest.mark.parametrize("sizes", [(4, 5), (1, 4), (4, 1)])
@pytest.mark.parametrize("loss", ["generator_loss", "discriminator_loss"])
def test_pairs_need_batches_of_one_size(sizes, loss):
    real, fake = (tf.zeros((size, 1)) for size in sizes)
    message = (
        r"so both batches must be of one size. "
        rf"Received: real_logits of shape \({sizes[0]}, 1\), fake_logits of shape "
        rf"\({sizes[1]}, 1\). Generate as many .* or use `RelativisticAverage`"
    )
    with pytest.raises(ValueError, match=message):
        getattr(objectives.Relativistic(), loss)(real, fake)


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("loss", ["generator_loss", "discriminator_loss"])
def test_pairs_of_unknown_number_never_broadcast(loss, jit):
    spec = tf.TensorSpec((None, 1), tf.float32)
    compiled = tf.function(
        getattr(objectives.Relativistic(), loss), input_signature=(spec, spec), jit_compile=jit
    )
    np.testing.assert_allclose(compiled(tf.zeros((4, 1)), tf.zeros((4, 1))), np.log(2.0), rtol=1e-6)
    for sizes in ((4, 1), (1, 4)):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"AddN.* same (size and )?shape"):
            compiled(*(tf.zeros((size, 1)) for size in sizes))


@each
@pytest.mark.parametrize("jit", [False, True])
def test_works_in_a_graph_with_unknown_batch_sizes(name, jit):
    real, fake = logits(4, *shapes_for(name, (6, 1), (9, 1)))
    spec = tf.TensorSpec((None, 1), tf.float64)
    compiled = tf.function(
        lambda r, f: both_losses(name, r, f), input_signature=(spec, spec), jit_compile=jit
    )
    expected = [float(loss) for loss in both_losses(name, real, fake)]
    np.testing.assert_allclose(compiled(tf.constant(real), tf.constant(fake)), expected, rtol=1e-9)


def test_unknown_rank_is_accepted_in_a_graph():
    spec = tf.TensorSpec(None, tf.float32)
    loss = tf.function(objectives.Standard().generator_loss, input_signature=(spec, spec))
    np.testing.assert_allclose(loss(tf.zeros((2, 1)), tf.zeros((3, 1))), np.log(2.0), rtol=1e-6)


@each
def test_get_and_serialize_round_trips(name):
    cls = TABLE[name][0]
    objective = objectives.get(name)
    assert type(objective) is cls
    assert objectives.get(objective) is objective
    config = objectives.serialize(objective)
    assert config["registered_name"] == f"tf_consensus>{cls.__name__}"
    assert objectives.get(config) == objective
    assert keras.saving.deserialize_keras_object(config) == objective
    assert objectives.get({"class_name": cls.__name__, "config": {}}) == objective
    assert objectives.get(cls.__name__) == objective
    assert cls.from_config(objective.get_config()) == objective


def test_saved_before_the_modules_were_split():
    old = {
        "module": "tf_consensus.objectives",
        "class_name": "JensenShannon",
        "config": {},
        "registered_name": "tf_consensus>JensenShannon",
    }
    assert objectives.get(old) == objectives.JensenShannon()


def test_constructor_arguments_survive_the_round_trip():
    targets = {"real": 0.9, "fake": -1.0, "generator": 0.5}
    objective = objectives.LeastSquares(**targets)
    config = json.loads(json.dumps(objectives.serialize(objective)))
    assert config["config"] == targets
    assert objectives.get(config) == objective
    assert objectives.get({"class_name": "LeastSquares", "config": targets}) == objective
    assert objective != objectives.LeastSquares()
    assert repr(objective) == "LeastSquares(real=0.9, fake=-1.0, generator=0.5)"


@pytest.mark.parametrize("target", ["real", "fake", "generator"])
@pytest.mark.parametrize("value", ["1", None, True, float("nan"), float("inf")])
def test_targets_must_be_finite_numbers(target, value):
    message = rf"`{target}` must be a finite number.*Received: {target}=.*The usual targets are"
    with pytest.raises(ValueError, match=message):
        objectives.LeastSquares(**{target: value})


def test_targets_of_the_discriminator_must_differ():
    message = r"`fake` must be a finite number other than `real`. Received: fake=1.0. The usual"
    with pytest.raises(ValueError, match=message):
        objectives.LeastSquares(fake=1.0)


def test_equality_hash_and_repr():
    a, b = objectives.get("js"), objectives.JensenShannon()
    assert a == b
    assert hash(a) == hash(b)
    assert a != objectives.Standard()
    assert a != "js"
    assert repr(a) == "JensenShannon()"


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"Received: identifier='hinged'.*'indicator', 'js', 'kl'"):
        objectives.get("hinged")


@pytest.mark.parametrize("wrong", [None, 3, objectives.Standard, {"name": "js"}, ["js"]])
def test_wrong_type_is_an_error(wrong):
    with pytest.raises(TypeError, match=r"must be a name, a config dict.*Received: identifier="):
        objectives.get(wrong)


def test_config_of_something_else_is_an_error():
    config = keras.saving.serialize_keras_object(keras.losses.MeanSquaredError())
    with pytest.raises(TypeError, match="must be a name, a config dict or an `Objective`"):
        objectives.get(config)


SHAPE_ERROR = r"agree in every axis but the first. Received: real_logits=float32.*\(batch, 1\)"


@pytest.mark.parametrize("shapes", [((4,), (4, 1)), ((4, 1), (4, 2)), ((), (4,)), ((), (4, 1))])
@pytest.mark.parametrize("loss", ["generator_loss", "discriminator_loss"])
def test_shapes_that_would_broadcast_are_errors(shapes, loss):
    real, fake = (tf.zeros(shape) for shape in shapes)
    with pytest.raises(ValueError, match=SHAPE_ERROR):
        getattr(objectives.Standard(), loss)(real, fake)


@pytest.mark.parametrize("dtypes", [("int32", "int32"), ("float32", "float64")])
def test_dtypes_must_be_one_floating_type(dtypes):
    real, fake = (tf.zeros((4, 1), dtype) for dtype in dtypes)
    message = (
        rf"floating point and of one dtype. Received: real_logits={dtypes[0]}\(4, 1\).*tf.cast"
    )
    with pytest.raises(ValueError, match=message):
        objectives.Standard().generator_loss(real, fake)


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_an_incomplete_subclass_says_what_is_missing(player):
    class Incomplete(objectives.Objective):
        pass

    with pytest.raises(NotImplementedError, match=rf"Incomplete must implement `_{player}\("):
        getattr(Incomplete(), f"{player}_loss")([[0.0]], [[0.0]])


@pytest.mark.parametrize("part", ["activation", "conjugate"])
def test_an_incomplete_f_divergence_says_what_is_missing(part):
    class Incomplete(objectives.FDivergence):
        pass

    setattr(Incomplete, "_conjugate" if part == "activation" else "_activation", lambda self, t: t)
    with pytest.raises(NotImplementedError, match=rf"Incomplete must implement `_{part}\(t\)`"):
        Incomplete().discriminator_loss([[0.0]], [[0.0]])


@pytest.mark.parametrize("module", MODULES)
def test_docstring_examples(module):
    results = doctest.testmod(importlib.import_module(f"tf_consensus.objectives.{module}"))
    assert results.attempted >= 2
    assert results.failed == 0


def test_every_class_shows_an_example_and_its_reference():
    for name in objectives.names():
        documentation = type(objectives.get(name)).__doc__
        assert all(part in documentation for part in ("zero-sum", "Example:", "Reference: "))
