"""Every ready model takes subclassed networks, and refuses networks that do not fit it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc

layers = keras.layers
models = tfc.models
TABLE = tfc.data.table({"x": [1.0, 2.0, 4.0, 7.0], "y": ["a", "b", "a", "b"]})
WIDTH = TABLE.description.width
IMAGES = np.random.default_rng(0).uniform(-1, 1, (8, 4, 4, 1)).astype("float32")
POINTS = IMAGES[:, 0, :2, 0]


class Of(keras.Model):
    """A network with a `call` of its own around a functional one."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def call(self, inputs, training=False):
        return self.network(inputs, training=training)


def dense(inputs, *outputs, change=lambda x: x):
    """A network of points from one or several inputs, with one or several outputs."""
    given = [keras.Input((width,)) for width in inputs]
    x = given[0] if len(given) == 1 else layers.Concatenate()(given)
    ends = [change(layers.Dense(width, "tanh")(x)) for width in outputs]
    return keras.Model(given if len(given) > 1 else given[0], ends if len(ends) > 1 else ends[0])


def convolution(inputs, *outputs, change=lambda x: x):
    """A network of images from one or several inputs, with one or several outputs."""
    given = [keras.Input((4, 4, channels)) for channels in inputs]
    x = given[0] if len(given) == 1 else layers.Concatenate()(given)
    ends = [change(layers.Conv2D(channels, 3, padding="same")(x)) for channels in outputs]
    return keras.Model(given if len(given) > 1 else given[0], ends if len(ends) > 1 else ends[0])


def cycle_gan(generator, discriminator):
    others = convolution([1], 1), convolution([1], 1)
    return models.CycleGAN(generator, others[0], discriminator, others[1], pool_size=3, seed=0)


def of_labels():
    latents, labels = keras.Input((3,)), keras.Input((), dtype="int32")
    x = layers.Concatenate()([latents, layers.Embedding(3, 2)(labels)])
    return keras.Model([latents, labels], layers.Dense(2)(x))


# By model: how it is made, what makes its networks, the inputs and outputs of generator and
# discriminator, a batch of data, and what its generator and its discriminator take.
LABELS = np.arange(8) % 3
LATENTS = np.ones((8, 3), "float32")
CASES = {
    "Pix2Pix": (
        lambda g, d: models.Pix2Pix(g, d, seed=0),
        (convolution, ([1], 1), ([1, 1], 1)),
        (IMAGES, IMAGES),
    ),
    "CycleGAN": (cycle_gan, (convolution, ([1], 1), ([1], 1)), (IMAGES, IMAGES)),
    "TableGAN": (
        lambda g, d: models.TableGAN(TABLE, g, d, seed=0),
        (dense, ([3], WIDTH), ([WIDTH], 1)),
        (TABLE.rows,),
    ),
    "ConditionalGAN": (
        lambda g, d: models.ConditionalGAN(g, d, seed=0),
        (dense, ([3, 2], 2), ([2, 2], 1)),
        (POINTS, POINTS),
    ),
    "InfoGAN": (
        lambda g, d: models.InfoGAN(g, d, dense([2], 3), [3], 0, seed=0),
        (dense, ([3 + 3], 2), ([2], 1)),
        (POINTS,),
    ),
    "InfoGAN, shared": (
        lambda g, d: models.InfoGAN(g, d, dense([4], 3), [3], 0, seed=0),
        (dense, ([3 + 3], 2), ([2], 1, 4)),
        (POINTS,),
    ),
    "ACGAN": (
        lambda g, d: models.ACGAN(g, d, seed=0),
        (dense, None, ([2], 1, 3)),
        (POINTS, LABELS),
    ),
}


def networks(name):
    _, (make, generator, discriminator), _ = CASES[name]
    first = of_labels() if generator is None else make(*generator)
    return {"generator": first, "discriminator": make(*discriminator)}


def subclassed(network, size=5):
    """The network with a `call` of its own, built by a call on a batch."""
    own, kinds = Of(network), {"int32": tf.int32}
    batch = [tf.zeros((size, *x.shape[1:]), kinds.get(x.dtype, tf.float32)) for x in network.inputs]
    own(batch if len(batch) > 1 else batch[0])
    return own


@pytest.mark.parametrize("name", CASES)
def test_subclassed_networks_train_as_functional_ones(name):
    make, _, data = CASES[name]
    functional = networks(name)
    weights = {key: network.get_weights() for key, network in functional.items()}
    logs = []
    for kind in (lambda x: x, subclassed):
        given = {key: kind(network) for key, network in functional.items()}
        for key, network in given.items():
            network.set_weights(weights[key])
        keras.utils.set_random_seed(0)
        model = make(given["generator"], given["discriminator"])
        for part in (x for parts in model.players.values() for x in parts):
            if part not in given.values():
                part.set_weights([np.full(x.shape, 0.1) for x in part.get_weights()])
        model.compile(optimizer=tfc.SimultaneousOptimizer("sgd", 0.1))
        logs.append(model.fit(*data, verbose=0, shuffle=False).history)
    assert logs[0].keys() == logs[1].keys()
    for key, values in logs[0].items():
        np.testing.assert_allclose(logs[1][key], values, rtol=1e-5, atol=1e-6, err_msg=key)


def by_name(network):
    """The network with a dict of inputs."""
    inputs = {f"part{i}": keras.Input(x.shape[1:], dtype=x.dtype, name=f"part{i}")
              for i, x in enumerate(network.inputs)}  # fmt: skip
    parts = list(inputs.values())
    return keras.Model(inputs, network(parts if len(parts) > 1 else parts[0]))


def with_input(network):
    """The network with one input more."""
    other = keras.Input((7,))
    return keras.Model([*network.inputs, other], network.outputs)


def returning(form):
    return lambda network: keras.Model(network.inputs, form(network.outputs))


def integers(network):
    return returning(lambda x: [keras.ops.cast(x[0], "int32"), *x[1:]])(network)


def in_half(network):
    last = layers.Activation("linear", dtype="float16")
    return returning(lambda x: [keras.ops.cast(last(x[0]), "float32"), *x[1:]])(network)


DICT = returning(lambda x: {f"part{i}": y for i, y in enumerate(x)})
WRONG = {
    "dict of inputs": (by_name, ValueError, "takes .*Received: a {} that takes a dict of"),
    "an input more": (with_input, ValueError, "takes .*Received: a {} of [23] inputs"),
    "three outputs": (
        returning(lambda x: [x[0], x[0] * 2.0, x[0] * 3.0]), ValueError,
        r"returns .*Received: a {} of 3 outputs. Choose",
    ),
    "dict of outputs": (DICT, ValueError, "returns .*Received: a {} that returns a dict of"),
    "integers": (integers, TypeError, "floating type. Received: an output of dtype int32"),
    "float16": (in_half, ValueError, "float16 would underflow. Received: layer .* of the {}"),
}  # fmt: skip


@pytest.mark.parametrize("own", [False, True], ids=["functional", "subclassed"])
@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("name", CASES)
def test_networks_that_do_not_fit_are_refused_at_once(name, kind, own, recwarn):
    change, error, message = WRONG[kind]
    for key in ("generator", "discriminator"):
        if own and kind == "dict of inputs":
            continue  # its own call takes what it is called on
        given = networks(name)
        wrong = change(given[key])
        given[key] = subclassed(wrong) if own else wrong
        with pytest.raises(error, match=message.format(key)):
            CASES[name][0](*given.values())
    assert not [w for w in recwarn if "structure of `inputs`" in str(w.message)]


def test_two_maps_of_logits_are_no_map():
    two = returning(lambda x: [x[0], x[0]])
    for name in ("Pix2Pix", "CycleGAN"):
        given = networks(name)
        given["discriminator"] = two(given["discriminator"])
        with pytest.raises(ValueError, match=r"returns one tensor. Received: .* of 2 outputs"):
            CASES[name][0](*given.values())


# Networks of images of any size.


def anywhere(*channels, strides=1):
    inputs = [keras.Input((None, None, 1)) for _ in channels]
    x = inputs[0] if len(inputs) == 1 else layers.Concatenate()(inputs)
    return keras.Model(inputs, layers.Conv2D(1, 3, strides, "same")(x))


def any_size(name):
    if name == "Pix2Pix":
        model = models.Pix2Pix(anywhere(1), anywhere(1, 1), seed=0)
    else:
        model = models.CycleGAN(*[anywhere(1, strides=s) for s in (2, 1, 1, 1)], pool_size=0)
    model.compile(optimizer=tfc.SimultaneousOptimizer("sgd", 0.1))
    return model


SIZES = {
    "single pixels": ("Pix2Pix", (8, 8), (1, 1)),
    "larger": ("Pix2Pix", (8, 8), (16, 16)),
    "a column": ("Pix2Pix", (8, 1), (1, 8)),
    "round trips": ("CycleGAN", (8, 8), (8, 8)),
}


@pytest.mark.parametrize("case", SIZES)
def test_images_are_compared_only_with_images_of_their_shape(case):
    name, *sides = SIZES[case]
    source, target = (np.ones((4, *side, 1), "float32") for side in sides)
    model = any_size(name)
    before = [x.numpy() for x in model.trainable_variables]
    with pytest.raises(ValueError, match=r"of the same shape. Received: made images of shape"):
        model.fit(source, target, verbose=0)
    np.testing.assert_equal([x.numpy() for x in model.trainable_variables], before)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_unknown_sizes_are_never_broadcast(jit_compile):
    @tf.function(
        jit_compile=jit_compile, input_signature=[tf.TensorSpec((None, None, None, 1))] * 2
    )
    def found(made, wanted):
        return models.pairs.distance(made, wanted)

    made = tf.random.stateless_normal((2, 4, 4, 1), (0, 0))
    assert float(found(made, made + 0.5)) == pytest.approx(0.5)
    for shape in ((2, 1, 1, 1), (2, 4, 1, 1), (1, 4, 4, 1), (2, 2, 8, 1)):
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
            found(made, tf.zeros(shape))
