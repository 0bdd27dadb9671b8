"""What the bad calls are made with: small right things, and values that are none."""

import keras
import numpy as np
import tensorflow as tf

import tf_consensus as tfc

nan, inf = float("nan"), float("inf")
layers = keras.layers
schedules = keras.optimizers.schedules
POINTS = np.linspace(-0.9, 0.9, 16, dtype="float32").reshape(8, 2)
LABELS = np.arange(8) % 3
ROTATION = np.array([[-1.0, 2.0], [-2.0, -1.0]])
LINES = POINTS[..., None]
PIXELS = np.linspace(-1.0, 1.0, 8 * 16, dtype="float32").reshape(8, 4, 4, 1)

# Configs of what is not there when they are loaded.
FUNCTION = {"class_name": "function", "config": "my_penalty", "registered_name": "function"}
CLASS = {"class_name": "MyObjective", "config": {}, "registered_name": "MyObjective"}


class Const(schedules.LearningRateSchedule):
    """A schedule of one value, from a step on."""

    def __init__(self, value, start=0):
        self.value, self.start = value, start

    def __call__(self, step):
        late = tf.cast(step, "float32") >= self.start
        return tf.where(late, tf.constant(self.value, "float32"), 0.1)

    def get_config(self):
        return {"value": self.value, "start": self.start}


NUMBER = keras.Variable(1.0)


class Sums(tfc.GameModel):
    """A game of two numbers, whose losses are what it is given."""

    def __init__(self, losses=(1.0, 2.0)):
        super().__init__({"x": keras.Variable(1.0), "y": keras.Variable(2.0)}, verify=False)
        self.returned = losses

    def losses(self, data, noise, training):
        return self.returned


def one(part):
    """Players, of which there is one."""
    return {"x": part}


def trained(model):
    """A compiled model of a game."""
    model.compile("sgd")
    return model


def net(inputs, *outputs, last=None):
    """A network from points to points; with several outputs a list of them."""
    first = keras.Input((inputs,))
    x = layers.Dense(4, "tanh")(first)
    ends = [layers.Dense(size, last)(x) for size in outputs]
    return keras.Model(first, ends if len(ends) > 1 else ends[0])


def two(latents, second, outputs=2, dtype="float32"):
    """A network of two inputs."""
    first = keras.Input((latents,)), keras.Input(second, dtype=dtype)
    flat = layers.Reshape((-1,))(keras.ops.cast(first[1], "float32"))
    return keras.Model(first, layers.Dense(outputs)(layers.Concatenate()([first[0], flat])))


def pair(last=None, end=None):
    """A generator of points from three latents, and a discriminator."""
    return net(3, 2, last=last), net(2, 1, last=end)


def translator(seed=0, **options):
    """A generator of images from images, and a discriminator."""
    sizes = {"image_size": 4, "channels": 1, "filters": 2, "patch_levels": 1}
    return tfc.networks.build("image_to_image", seed=seed, **{**sizes, **options})


def pix2pix(**options):
    """A compiled model of pairs of images."""
    return trained(tfc.models.Pix2Pix(*translator(), seed=0, **options))


def cycle_gan(**options):
    """A compiled model of two kinds of images."""
    (g, d), (f, e) = translator(conditional=False), translator(1, conditional=False)
    return trained(tfc.models.CycleGAN(g, f, d, e, **{"seed": 0, **options}))


def gan(
    optimizer="sgd", *, last=None, end=None, frozen=None, jit_compile=False, steps=1, **options
):
    """A compiled GAN of points."""
    model = tfc.GAN(*pair(last, end), latent_dim=3, seed=0, **options)
    if frozen:
        getattr(model, frozen).trainable = False
    model.compile(optimizer, jit_compile=jit_compile, steps_per_execution=steps)
    return model


def labelled(optimizer="sgd", **options):
    """A compiled conditional GAN of three classes."""
    model = tfc.GAN(two(3, (), 2, "int32"), net(2, 3), latent_dim=3, num_classes=3, **options)
    model.compile(optimizer)
    return model


def labelled_pair():
    """A generator of points of three classes, and a discriminator that also classifies."""
    return two(3, (), 2, "int32"), net(2, 1, 3)


def ac_gan():
    """A compiled ACGAN of points of three classes."""
    return trained(tfc.models.ACGAN(*labelled_pair(), seed=0))


def info_gan(categorical=(3,), continuous=1, **options):
    """An InfoGAN of points, with a code of three values and a continuous one."""
    networks = net(3 + 4, 2), net(2, 1), net(2, 4)
    return tfc.models.InfoGAN(*networks, categorical, continuous, **options)


def vector_gan():
    """A compiled ConditionalGAN of points with vectors of two numbers."""
    networks = two(3, (2,)), two(2, (2,), 1)
    return trained(tfc.models.ConditionalGAN(*networks, seed=0))


def structured_pair():
    """A generator of a point and a line from two latents, all by name, and a discriminator."""
    z, noise = keras.Input((3,), name="z"), keras.Input((2, 2), name="noise")
    x = layers.Concatenate()([z, layers.Flatten()(noise)])
    made = {"point": layers.Dense(2)(x), "line": layers.Reshape((2, 1))(layers.Dense(2)(x))}
    point, line = keras.Input((2,), name="point"), keras.Input((2, 1), name="line")
    logit = layers.Dense(1)(layers.Concatenate()([point, layers.Flatten()(line)]))
    generator = keras.Model({"z": z, "noise": noise}, made)
    return generator, keras.Model({"point": point, "line": line}, logit)


def structured_gan():
    """A compiled StructuredGAN of a point and a line."""
    return trained(tfc.models.StructuredGAN(*structured_pair(), seed=0))


def unbuilt():
    """A network without variables yet."""
    return keras.Sequential([layers.Dense(2)])


def classifier():
    """A compiled model that is no GAN."""
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def game(players=2):
    """The game of as many players that pull at one another."""
    x = [tf.Variable(float(i + 1)) for i in range(players)]
    return tfc.Game(lambda: [(-1.0) ** i * sum(x) ** 2 for i in range(players)], [[y] for y in x])


def other_game():
    """A game that begins as one batch's and has none now."""
    x = tf.Variable([1.0, 2.0])
    return tfc.Game(lambda t: [tf.reduce_sum(t * x**2)], [[x]], [tf.ones(4)[:, None]])


def stream(batch, number=4):
    """A data set that repeats a batch."""
    return tf.data.Dataset.from_tensors(batch).repeat(number)


def generator(batch, number=4):
    """A Python generator that repeats a batch."""
    yield from [batch] * number
