"""`Pix2Pix` and `CycleGAN` against losses, penalties and steps by hand, in float64."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from oracles import central_jacobian, flat

import tf_consensus as tfc

SIZE, RATE, GAMMA = 4, 1e-2, 0.3
SHAPES = {"source": (SIZE, SIZE, 2), "target": (SIZE, SIZE, 1)}
layers = keras.layers


def network(inputs, channels, seed, name, strides=1, dropout=0.0, last=None):
    """A smooth network of two convolutions, one of which may halve the side."""
    given = [keras.Input(shape) for shape in inputs]
    x = given[0] if len(given) == 1 else layers.Concatenate()(given)
    for k, (width, step, end) in enumerate([(2, strides, "tanh"), (channels, 1, last)]):
        start = keras.initializers.GlorotNormal(10 * seed + k)
        x = layers.Conv2D(width, 3, step, "same", activation=end, kernel_initializer=start)(x)
        if dropout and k == 0:
            x = layers.Dropout(dropout)(x)
    return keras.Model(given if len(given) > 1 else given[0], x, name=name)


def pix2pix(dropout=0.0, **options):
    source, target = SHAPES.values()
    generator = network([source], 1, 1, "generator", dropout=dropout, last="tanh")
    discriminator = network([target, source], 1, 2, "discriminator", strides=2)
    return tfc.models.Pix2Pix(generator, discriminator, **{"seed": 3, **options})


def cycle_gan(dropout=0.0, same=False, **options):
    source, target = SHAPES.values()
    source = target if same else source
    return tfc.models.CycleGAN(
        network([source], target[-1], 1, "there", dropout=dropout, last="tanh"),
        network([target], source[-1], 2, "back", dropout=dropout, last="tanh"),
        network([target], 1, 3, "judge", strides=2),
        network([source], 1, 4, "back_judge", strides=2),
        **{"seed": 3, **options},
    )


MODELS = {"pix2pix": pix2pix, "cycle_gan": cycle_gan}


def pair(size=8, seed=0, same=False):
    rng = np.random.default_rng(seed)
    shapes = [SHAPES["target"]] * 2 if same else SHAPES.values()
    return tuple(rng.uniform(-0.9, 0.9, (size, *shape)) for shape in shapes)


def data(size=8, steps=4, same=False):
    pairs = tf.data.Dataset.from_tensor_slices(pair(size * steps, same=same))
    return pairs.batch(size, drop_remainder=True)


def losses(model, batch, training=False):
    return [float(x) for x in model.game(batch, training).linearize(second_order=False).losses]


def softplus(x):
    return np.logaddexp(0.0, x)


# The losses by hand.


@pytest.mark.usefixtures("float64")
def test_pix2pix_has_the_losses_of_its_equations():
    model = pix2pix(reconstruction=7.0)
    source, target = pair()
    made = model.generator(source).numpy()
    real, fake = (model.discriminator([x, source]).numpy() for x in (target, made))
    assert real.shape == (8, 2, 2, 1)
    expected = [
        softplus(-fake).mean() + 7.0 * np.abs(target - made).mean(),
        softplus(-real).mean() + softplus(fake).mean(),
    ]
    np.testing.assert_allclose(losses(model, (source, target)), expected, rtol=1e-12)


@pytest.mark.usefixtures("float64")
def test_cycle_gan_has_the_losses_of_its_equations():
    model = cycle_gan(same=True, cycle=5.0, identity=2.0, pool_size=0)
    source, target = pair(same=True)
    there, back = (lambda x, g=g: g(x).numpy() for g in (model.generator, model.back_generator))
    made, made_back = there(source), back(target)
    distance = np.abs(back(made) - source).mean() + np.abs(there(made_back) - target).mean()
    same = np.abs(there(target) - target).mean() + np.abs(back(source) - source).mean()
    expected = np.array([5.0 * distance + 2.0 * same, 0.0])
    for judge, real, fake in (
        (model.discriminator, target, made),
        (model.back_discriminator, source, made_back),
    ):
        on_real, on_fake = judge(real).numpy(), judge(fake).numpy()
        game = tfc.objectives.get("least_squares")
        pairs = [game.generator_loss, game.discriminator_loss]
        expected += [float(f(tf.constant(on_real), tf.constant(on_fake))) for f in pairs]
    np.testing.assert_allclose(losses(model, (source, target)), expected, rtol=1e-12)


@pytest.mark.usefixtures("float64")
def test_by_default_cycle_gan_weighs_its_terms_as_the_paper():
    model = cycle_gan(pool_size=0)
    source, target = pair()
    there, back = (lambda x, g=g: g(x).numpy() for g in (model.generator, model.back_generator))
    made, made_back = there(source), back(target)
    fooled = ((model.discriminator(made).numpy() - 1.0) ** 2).mean()
    fooled += ((model.back_discriminator(made_back).numpy() - 1.0) ** 2).mean()
    distance = np.abs(back(made) - source).mean() + np.abs(there(made_back) - target).mean()
    # The paper's loss of the generators, E (D - 1)² + 10 E |F(G(x)) - x|, is twice the model's.
    assert 2.0 * losses(model, (source, target))[0] == pytest.approx(fooled + 10.0 * distance)


# A consensus step against a dense Jacobian.


def field(model, batch):
    """v as a function of the weights, both flat."""

    @tf.function
    def compute():
        return model.game(batch, training=False).linearize(second_order=False).v

    def at(x):
        put(model, x)
        return flat(compute())

    return at


def put(model, x):
    sizes = np.cumsum([int(np.prod(w.shape)) for w in model.trainable_variables])
    for variable, part in zip(model.trainable_variables, np.split(x, sizes[:-1]), strict=True):
        variable.assign(part.reshape(variable.shape))


def dense_step(model, batch):
    """w = v - γ v'ᵀv, v' by central differences of the field."""
    x, v = flat(model.trainable_variables), field(model, batch)
    jacobian, u = central_jacobian(v, x), v(x)
    put(model, x)
    return x + RATE * (u - GAMMA * jacobian.T @ u)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", MODELS)
def test_a_consensus_step_is_that_of_the_dense_jacobian(name):
    options = {"pool_size": 0} if name == "cycle_gan" else {"reconstruction": 2.0}
    model = MODELS[name](penalties=[tfc.penalties.R1(1.0)], **options)
    batch = pair(2)
    expected = dense_step(model, batch)
    model.compile(optimizer=tfc.ConsensusOptimizer("sgd", RATE, gamma=GAMMA))
    model.train_on_batch(*batch)
    np.testing.assert_allclose(flat(model.trainable_variables), expected, rtol=1e-7, atol=1e-9)


# Penalties: D(x) is the mean over the map of logits.

SCHEDULE = keras.optimizers.schedules.PolynomialDecay(1.0, 4, 0.2)
PENALTIES = {
    "r1": (tfc.penalties.R1, {"gamma": 3.0}, lambda s: 1.5 * s),
    "r2": (tfc.penalties.R2, {"gamma": 3.0}, lambda s: 1.5 * s),
    "between": (tfc.penalties.ZeroCenteredInterpolated, {"gamma": 3.0}, lambda s: 1.5 * s),
    "wgan_gp": (tfc.penalties.WGANGP, {"weight": 2.0}, lambda s: 2.0 * (np.sqrt(s) - 1.0) ** 2),
    "dragan": (tfc.penalties.DRAGAN, {"weight": 2.0}, lambda s: 2.0 * (np.sqrt(s) - 1.0) ** 2),
}


def mean_gradients(judge, points):
    """‖∇ mean D‖² of each example by itself, D's other inputs held; points: images and the rest."""
    images, *others = (tf.constant(x) for x in points)
    found = []
    for k in range(len(images)):
        x = images[k : k + 1]
        with tf.GradientTape() as tape:
            tape.watch(x)
            rest = [other[k : k + 1] for other in others]
            value = tf.reduce_mean(judge([x, *rest] if rest else x))
        found.append(float(tf.reduce_sum(tape.gradient(value, x) ** 2)))
    return np.array(found)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", PENALTIES)
def test_penalties_are_of_the_mean_over_the_map_by_schedule_at_each_kth_step(name):
    kind, settings, rho = PENALTIES[name]
    penalty = kind(**settings, every=2, schedule=SCHEDULE)
    model, plain = pix2pix(penalties=[penalty]), pix2pix()
    source, target = batch = pair(4)
    made = plain.generator(source)
    for step in range(4):
        model.noise_counter.assign(step)
        game = model.game(batch)
        (noise,) = game.batch[1][0]
        real, fake = ([tf.constant(x), tf.constant(source)] for x in (target, made))
        points = penalty.points(real, fake, noise)
        by_hand = rho(mean_gradients(plain.discriminator, points)).mean()
        weight = 2.0 * float(SCHEDULE(step)) if step % 2 == 0 else 0.0
        _, found = (float(x) for x in game.linearize(second_order=False).losses)
        assert found - losses(plain, batch)[1] == pytest.approx(weight * by_hand, rel=1e-7)


@pytest.mark.usefixtures("float64")
def test_both_discriminators_of_a_cycle_are_penalized_and_see_noise():
    source, target = batch = pair(4)
    plain = cycle_gan(pool_size=0)
    model = cycle_gan(pool_size=0, penalties=[tfc.penalties.R1(2.0)])
    expected = mean_gradients(plain.discriminator, [target]).mean()
    expected += mean_gradients(plain.back_discriminator, [source]).mean()
    added = losses(model, batch)[1] - losses(plain, batch)[1]
    assert added == pytest.approx(expected, rel=1e-9)
    noisy = cycle_gan(pool_size=0, penalties=[tfc.penalties.InstanceNoise(0.5)])
    game = noisy.game(batch, training=False)
    made, made_back = noisy.generator(source), noisy.back_generator(target)
    kinds = [(noisy.discriminator, target, made), (noisy.back_discriminator, source, made_back)]
    total, objective = 0.0, noisy.objective
    for ((on_real, on_fake),), (judge, real, fake) in zip(game.batch[1][0][0], kinds, strict=True):
        logits = judge(real + 0.5 * on_real), judge(fake + 0.5 * on_fake)
        total += float(objective.discriminator_loss(*logits))
    assert float(game.linearize(second_order=False).losses[1]) == pytest.approx(total, rel=1e-12)


@pytest.mark.usefixtures("float64")
def test_a_penalty_that_is_a_function_gets_images_with_their_sources():
    def penalty(discriminate, real, fake):
        return 0.5 * tf.reduce_mean(discriminate(real) - discriminate(fake))

    model, plain = pix2pix(penalties=[penalty]), pix2pix()
    source, target = batch = pair(4)
    made = plain.generator(source).numpy()
    real, fake = (plain.discriminator([x, source]).numpy() for x in (target, made))
    added = losses(model, batch)[1] - losses(plain, batch)[1]
    assert added == pytest.approx(0.5 * (real - fake).mean(), rel=1e-9)
    silent = pix2pix(penalties=[lambda discriminate, real, fake: None])
    with pytest.raises(ValueError, match=r"must return a scalar. Received: None"):
        silent.game(batch).linearize()


@pytest.mark.usefixtures("float64")
def test_what_layers_add_joins_the_player_whose_loss_sees_the_call():
    def regular(inputs, channels, name):
        x = layers.Conv2D(channels, 1, activity_regularizer=keras.regularizers.L2(0.125))(inputs)
        return keras.Model(inputs, x, name=name)

    image = (SIZE, SIZE, 1)
    kinds = ["there", "back", "judge", "back_judge"]
    model = tfc.models.CycleGAN(*(regular(keras.Input(image), 1, x) for x in kinds), seed=0)
    bare = tfc.models.CycleGAN(
        *(keras.Sequential([keras.Input(image), layers.Conv2D(1, 1)]) for _ in kinds), seed=0
    )
    for network, (one,) in zip(parts(model), (x.layers for x in parts(bare)), strict=True):
        one.set_weights(network.get_weights())
    batch = source, target = pair(4, same=True)
    for one in (model, bare):
        fill(one, 3)
    found, without = (losses(one, batch) for one in (model, bare))
    there, back = (lambda x, g=g: g(x).numpy() for g in (bare.generator, bare.back_generator))
    made, made_back = there(source), back(target)
    outputs = [made, made_back, back(made), there(made_back)]
    # Keras divides by the number of examples.
    expected = [0.125 * sum((x**2).sum() for x in outputs) / 4]
    _, old = bare.game(batch, training=False).batch[1][0]
    shown = [np.where(s, o, x) for (o, s), x in zip(old, (made, made_back), strict=True)]
    judged = [bare.discriminator(x) for x in (target, shown[0])]
    judged += [bare.back_discriminator(x) for x in (source, shown[1])]
    expected.append(0.125 * sum((x.numpy() ** 2).sum() for x in judged) / 4)
    np.testing.assert_allclose(np.subtract(found, without), expected, rtol=1e-9)


def parts(model):
    return [x for own in model.players.values() for x in own]


def fill(model, number, seed=9):
    """Puts images into the pools."""
    rng = np.random.default_rng(seed)
    for pool in model.pools:
        pool.push(tf.constant(rng.uniform(-1, 1, (number, *pool.images.shape[1:]))))


# Ways of execution, replicas, micro-batches.

METHODS = {
    "consensus": lambda **o: tfc.ConsensusOptimizer("rmsprop", RATE, gamma=GAMMA, **o),
    "alternating": lambda **o: tfc.AlternatingOptimizer("adam", "adam", **o),
}
WAYS = {
    "eager": {"run_eagerly": True},
    "fused": {"jit_compile": True, "steps_per_execution": 3},
}


def trained(name, method="consensus", strategy=None, parts=1, dropout=0.3, **options):
    settings = {"penalties": [tfc.penalties.WGANGP(1.0, every=2)], "dropout": dropout}
    if name == "cycle_gan":
        settings["pool_size"] = 5
    with strategy.scope() if strategy else contextlib.nullcontext():
        model = MODELS[name](**settings)
        own = {"microbatches": parts} if parts > 1 else {}
        model.compile(optimizer=METHODS[method](**own), **options)
    logs = model.fit(data(steps=5), verbose=0, shuffle=False).history
    return model, logs


def assert_same(found, expected, rtol=1e-9):
    for a, b in zip(found.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-11)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", MODELS)
def test_other_ways_of_execution_take_the_same_steps(name):
    # TensorFlow's dropout draws other numbers under XLA.
    expected, logs = trained(name, "alternating", dropout=0.0)
    for way, options in WAYS.items():
        found, others = trained(name, "alternating", dropout=0.0, **options)
        assert_same(found, expected)
        assert others["generator_loss"] == pytest.approx(logs["generator_loss"], rel=1e-5), way


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", MODELS)
def test_micro_batches_take_the_same_steps_with_the_pool_too(name, method):
    expected, _ = trained(name, method)
    found, _ = trained(name, method, parts=2)
    assert_same(found, expected)
    if name == "cycle_gan":
        assert int(found.pools[0].count.numpy()) == 25


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", MODELS)
def test_replicas_take_the_steps_of_one_device(name, two_replicas):
    found, logs = trained(name, strategy=two_replicas)
    expected = MODELS[name](
        penalties=[tfc.penalties.WGANGP(1.0, every=2)],
        dropout=0.3,
        **({"pool_size": 5} if name == "cycle_gan" else {}),
    )
    expected.compile(optimizer=METHODS["consensus"]())
    alone = expected.fit(data(steps=5), verbose=0, shuffle=False).history
    assert_same(found, expected)
    assert logs["discriminator_loss"] == pytest.approx(alone["discriminator_loss"], rel=1e-6)
