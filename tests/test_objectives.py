"""Objectives against closed forms in float64 NumPy."""

import doctest

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


# name -> class, generator loss, discriminator loss, and their derivatives with respect to
# one logit of a batch of n: generator in d_f, discriminator in d_f, discriminator in d_r.
TABLE = {
    "standard": (
        objectives.Standard,
        lambda r, f: softplus(-f).mean(),
        log_loss,
        (lambda f: -sigmoid(-f), lambda f: sigmoid(f), lambda r: -sigmoid(-r)),
    ),
    "js": (
        objectives.JensenShannon,
        lambda r, f: -softplus(f).mean(),
        log_loss,
        (lambda f: -sigmoid(f), lambda f: sigmoid(f), lambda r: -sigmoid(-r)),
    ),
    "kl": (
        objectives.KullbackLeibler,
        lambda r, f: -f.mean(),
        log_loss,
        (lambda f: -np.ones_like(f), lambda f: sigmoid(f), lambda r: -sigmoid(-r)),
    ),
    "tv": (
        objectives.TotalVariation,
        lambda r, f: -np.tanh(f).mean(),
        lambda r, f: np.tanh(f).mean() - np.tanh(r).mean(),
        (lambda f: -sech2(f), sech2, lambda r: -sech2(r)),
    ),
    "indicator": (
        objectives.Indicator,
        lambda r, f: -f.mean(),
        lambda r, f: f.mean() - r.mean(),
        (lambda f: -np.ones_like(f), np.ones_like, lambda r: -np.ones_like(r)),
    ),
}
each = pytest.mark.parametrize("name", TABLE)


def logits(seed=0, real=(12, 1), fake=(12, 1)):
    rng = np.random.default_rng(seed)
    return 3.0 * rng.standard_normal(real), 3.0 * rng.standard_normal(fake)


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
    real, fake = logits(0, *shapes)
    generator, discriminator = both_losses(name, tf.constant(real), tf.constant(fake))
    assert generator.shape == discriminator.shape == ()
    assert generator.dtype == discriminator.dtype == tf.float64
    np.testing.assert_allclose(generator, TABLE[name][1](real, fake), rtol=1e-12)
    np.testing.assert_allclose(discriminator, TABLE[name][2](real, fake), rtol=1e-12)


@each
def test_gradients_equal_closed_forms(name):
    real, fake = logits(1)
    (generator, discriminator), _ = derivatives(name, tf.constant(real), tf.constant(fake))
    closed_forms = zip(TABLE[name][3], (fake, fake, real), strict=True)
    in_generator, in_fake, in_real = (f(x) / len(x) for f, x in closed_forms)
    assert generator[0] is None  # no generator loss here looks at the real samples
    np.testing.assert_allclose(generator[1], in_generator, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(discriminator[0], in_real, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(discriminator[1], in_fake, rtol=1e-9, atol=1e-14)


@each
@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "float16"])
def test_extreme_logits_stay_finite_to_second_order(name, jit, dtype):
    extreme = tf.constant([[-1e4], [-100.0], [0.0], [100.0], [1e4]], dtype)
    compiled = tf.function(derivatives, jit_compile=jit, autograph=False)
    losses = both_losses(name, extreme, extreme)
    first, second = compiled(name, extreme, extreme)
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


@pytest.mark.parametrize("name", ["js", "tv", "indicator"])
def test_zero_sum_objectives_cancel_in_the_generator(name):
    real, other_fake = logits(3)
    sums = []
    for fake in (other_fake, other_fake - 2.0, 0.5 * other_fake):
        sums.append(sum(float(loss) for loss in both_losses(name, real, fake)))
    np.testing.assert_allclose(sums, sums[0], rtol=1e-12)


@pytest.mark.parametrize("name", ["standard", "kl"])
def test_the_others_are_not_zero_sum(name):
    real, fake = logits(3)
    before, after = (sum(float(x) for x in both_losses(name, real, f)) for f in (fake, fake - 2.0))
    assert abs(before - after) > 0.1


def test_standard_losses_at_equilibrium():
    generator, discriminator = both_losses("standard", tf.zeros((8, 1)), tf.zeros((8, 1)))
    np.testing.assert_allclose(generator, np.log(2.0), rtol=1e-6)
    np.testing.assert_allclose(discriminator, 2.0 * np.log(2.0), rtol=1e-6)


def logits_at_the_optimum(p, q):
    """The best logits log p/q on samples with exactly the frequencies p and q."""
    counts = [np.round(10 * weights).astype(int) for weights in (p, q)]
    return [np.repeat(np.log(p / q), count) for count in counts]


def test_divergences_at_the_best_discriminator():
    p, q = np.array([0.2, 0.3, 0.5]), np.array([0.5, 0.4, 0.1])
    real, fake = logits_at_the_optimum(p, q)
    mixture = (p + q) / 2
    js = 0.5 * (p * np.log(p / mixture) + q * np.log(q / mixture)).sum()
    utility = -float(objectives.get("js").discriminator_loss(real, fake))
    np.testing.assert_allclose(utility, 2 * js - 2 * np.log(2), rtol=1e-9)
    reverse_kl = (q * np.log(q / p)).sum()
    np.testing.assert_allclose(objectives.get("kl").generator_loss(real, fake), reverse_kl)
    # The best discriminator of the total variation is ±∞ by the sign of p - q.
    utility = -float(objectives.get("tv").discriminator_loss(1e4 * real, 1e4 * fake))
    np.testing.assert_allclose(utility, np.abs(p - q).sum(), rtol=1e-9)


@each
@pytest.mark.parametrize("jit", [False, True])
def test_works_in_a_graph_with_unknown_batch_sizes(name, jit):
    real, fake = logits(4, (6, 1), (9, 1))
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
    assert cls.from_config(objective.get_config()) == objective


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


def test_docstring_examples():
    results = doctest.testmod(objectives)
    assert results.attempted >= 9
    assert results.failed == 0
