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
        x = layers.Conv2D(
            width, 3, step, "same", activation=end, kernel_initializer=start, dtype="float64"
        )(x)
        if dropout and k == 0:
            x = layers.Dropout(dropout, dtype="float64")(x)
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
    return tf.data.Dataset.from_tensor_slices(pair(size * steps, same=same)).batch(size)


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
