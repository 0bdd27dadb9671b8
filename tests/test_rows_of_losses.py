"""Logged losses are means over the rows of the data, however these are batched."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tf_consensus import models

L = keras.layers
RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(19, 2)) * np.linspace(0.1, 3.0, 19)[:, None]
A, B = 1.5, -0.5


class Squares(tfc.GameModel):
    """A game whose losses and field are known for each row."""

    def __init__(self):
        self.a, self.b = keras.Variable(A), keras.Variable(B)
        super().__init__(players={"a": self.a, "b": self.b})

    def losses(self, data, noise, training):
        x, y = tf.unstack(data, axis=1)
        a, b = (tf.cast(tf.convert_to_tensor(p), data.dtype) for p in (self.a, self.b))
        return {"a": tf.reduce_mean((x - a) ** 2 + y * b), "b": tf.reduce_mean(x * a * b - b**2)}


def by_hand(rows, size):
    """The losses' means over all rows, and the mean over the batches of the field's norm."""
    x, y = rows.T
    norms = []
    for start in range(0, len(rows), size):
        part = x[start : start + size].mean()
        norms.append(np.hypot(2 * (A - part), part * A - 2 * B))
    losses = np.mean((x - A) ** 2 + y * B), np.mean(x * A * B - B**2)
    return dict(zip(("a_loss", "b_loss", "gradient_norm"), (*losses, np.mean(norms)), strict=True))


def standing(**options):
    """An optimizer that moves nothing."""
    return tfc.ConsensusOptimizer(keras.optimizers.SGD(0.0), gamma=0.1, **options)


def assert_logged(logs, expected, prefix=""):
    found = [np.ravel(logs[prefix + key])[0] for key in expected]
    np.testing.assert_allclose(found, list(expected.values()), rtol=2e-6)


WAYS = {
    "graph": {},
    "eager": {"run_eagerly": True},
    "xla": {"jit_compile": True},
    "several steps": {"steps_per_execution": 2},
    "several steps, xla": {"steps_per_execution": 2, "jit_compile": True},
}


@pytest.mark.parametrize("size", [8, 7])
@pytest.mark.parametrize("way", WAYS)
def test_means_are_over_all_rows(float64, way, size):
    model = Squares()
    model.compile(optimizer=standing(), **{"jit_compile": False} | WAYS[way])
    data = tf.data.Dataset.from_tensor_slices(ROWS).batch(size)
    later = tf.data.Dataset.from_tensor_slices(ROWS[:13]).batch(size)
    logs = model.fit(data, epochs=1, verbose=0, shuffle=False, validation_data=later).history
    assert_logged(logs, by_hand(ROWS, size))
    assert_logged(logs, by_hand(ROWS[:13], size), "val_")
    for options in ({"x": data}, {"x": ROWS, "batch_size": size}):
        found = model.evaluate(verbose=0, return_dict=True, **options)
        assert_logged(found, by_hand(ROWS, size))


@pytest.mark.parametrize("way", ["graph", "several steps", "eager"])
@pytest.mark.parametrize("replicas", [2, 4])
def test_replicas_of_uneven_parts_log_means_over_all_rows(request, float64, replicas, way):
    """Batches of 7 are parts of 4 and 3 on two replicas, the last one parts of 4 and 1."""
    strategy = request.getfixturevalue({2: "two_replicas", 4: "four_replicas"}[replicas])
    with strategy.scope():
        model = Squares()
        model.compile(optimizer=standing(), **{"jit_compile": False} | WAYS[way])
    rows, size = (ROWS, 7) if replicas == 2 else (ROWS[:15], 8)
    data = tf.data.Dataset.from_tensor_slices(rows).batch(size)
    logs = model.fit(data, verbose=0, shuffle=False, validation_data=data).history
    assert_logged(logs, by_hand(rows, size))
    assert_logged(logs, by_hand(rows, size), "val_")


def test_parts_of_batches_log_means_over_all_rows(float64):
    model = Squares()
    model.compile(optimizer=standing(microbatches=2))
    data = tf.data.Dataset.from_tensor_slices(ROWS[:14]).batch(8)  # the last one holds 6
    assert_logged(model.fit(data, verbose=0, shuffle=False).history, by_hand(ROWS[:14], 8))


def test_steps_without_data_count_alike():
    class Bilinear(tfc.GameModel):
        def __init__(self):
            self.x, self.y = keras.Variable(1.0), keras.Variable(1.0)
            super().__init__(players={"x": self.x, "y": self.y})

        def losses(self, data, noise, training):
            return {"x": self.x * self.y, "y": -self.x * self.y}

    model, seen, point = Bilinear(), [], np.ones(2)
    model.compile(optimizer="sgd")
    logs = model.fit(steps_per_epoch=5, verbose=0).history
    for _ in range(5):
        seen.append(point[0] * point[1])
        point = point + 0.01 * np.array([-point[1], point[0]])
    assert logs["x_loss"][0] == pytest.approx(np.mean(seen), rel=1e-6)


IMAGES = RNG.uniform(-1, 1, (2, 19, 4, 4, 1))
POINTS, LABELS = ROWS, RNG.integers(0, 3, 19)
VECTORS = RNG.normal(size=(19, 3))
COLUMNS = {"x": RNG.normal(size=40), "kind": np.array(list("abc"))[RNG.integers(0, 3, 40)]}


def dense(inputs, outputs):
    return keras.Sequential([keras.Input((inputs,)), L.Dense(5, "tanh"), L.Dense(outputs)])


def joined(*shapes, outputs=1, classes=None):
    """A network of several inputs, side by side, and labels behind them."""
    inputs = [keras.Input(shape) for shape in shapes]
    x = list(inputs)
    if classes:
        inputs.append(keras.Input((), dtype="int32"))
        x.append(L.Embedding(classes, 2)(inputs[-1]))
    return keras.Model(inputs, L.Dense(outputs)(L.Dense(5, "tanh")(L.Concatenate()(x))))


def image_networks(conditional):
    image, source = keras.Input((4, 4, 1)), keras.Input((4, 4, 1))
    generator = keras.Model(source, L.Conv2D(1, 3, padding="same", activation="tanh")(source))
    inputs = [image, source] if conditional else image
    x = L.Concatenate()(inputs) if conditional else image
    return generator, keras.Model(inputs, L.Conv2D(1, 3)(x))


def headed(last):
    sample = keras.Input((2,))
    hidden = L.Dense(6, "tanh")(sample)
    return keras.Model(sample, [L.Dense(1)(hidden), last(hidden)])


def structured():
    latents, shapes = keras.Input((4,)), {"p": (2,), "v": (3,)}
    generator = keras.Model(latents, {key: L.Dense(n)(latents) for key, (n,) in shapes.items()})
    inputs = {key: keras.Input(shape, name=key) for key, shape in shapes.items()}
    x = L.Concatenate()(list(inputs.values()))
    return models.StructuredGAN(generator, keras.Model(inputs, L.Dense(1)(x)), seed=3)


def cycle():
    there, back = image_networks(False), image_networks(False)
    return models.CycleGAN(there[0], back[0], there[1], back[1], seed=3)


def table(pack, conditional=False):
    encoded = tfc.data.table(COLUMNS)
    keys = {"conditional": conditional, "pack": pack, "seed": 3}
    rows = next(iter(encoded.batches(20, seed=0, conditional=conditional)))
    return models.TableGAN(encoded, **keys), (rows.numpy(),)


FAMILIES = {
    "gan": lambda: (tfc.GAN(dense(4, 2), dense(2, 1), penalties="r1", seed=3), (POINTS,)),
    "labels": lambda: (
        tfc.GAN(joined((4,), outputs=2, classes=3), dense(2, 3), num_classes=3, seed=3),
        (POINTS, LABELS),
    ),
    "acgan": lambda: (
        models.ACGAN(joined((4,), outputs=2, classes=3), headed(L.Dense(3)), seed=3),
        (POINTS, LABELS),
    ),
    "infogan": lambda: (
        models.InfoGAN(dense(7, 2), headed(L.Identity()), dense(6, 3), [3], 0, seed=3),
        (POINTS,),
    ),
    "conditions": lambda: (
        models.ConditionalGAN(joined((4,), (3,), outputs=2), joined((2,), (3,)), seed=3),
        (POINTS, VECTORS),
    ),
    "structured": lambda: (structured(), ({"p": POINTS, "v": VECTORS},)),
    "pix2pix": lambda: (models.Pix2Pix(*image_networks(True), seed=3), tuple(IMAGES)),
    "cycle_gan": lambda: (cycle(), tuple(IMAGES)),
    "table": lambda: table(1),
    "packs": lambda: table(2),
    "conditional table": lambda: table(1, conditional=True),
    "own": lambda: (Squares(), (ROWS,)),
}


def weighted(model, data, size):
    """The losses of the batches that `evaluate` draws for, each as often as it has rows."""
    length, losses, rows = len(keras.tree.flatten(data)[0]), [], []
    for number, start in enumerate(range(0, length, size)):
        part = keras.tree.map_structure(lambda x, s=start: x[s : s + size], data)
        batch = model.prepared(part if len(part) > 1 else part[0])
        game = model.game_at(batch, -1 - number, model.noise_counter, training=False)
        losses.append([float(loss) for loss in game.linearize(second_order=False).losses])
        rows.append(min(size, length - start))
    return np.average(losses, axis=0, weights=rows), np.mean(losses, axis=0)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_model_weighs_its_batches_by_their_rows(float64, family):
    keras.utils.set_random_seed(1)
    model, data = FAMILIES[family]()
    model.compile(optimizer=standing())
    logs = model.evaluate(*data, batch_size=8, verbose=0, return_dict=True)
    expected, alike = weighted(model, data, 8)
    found = [logs[f"{name}_loss"] for name in model.players]
    np.testing.assert_allclose(found, expected, rtol=2e-6)
    assert np.abs(expected - alike).max() > 1e-4  # the last batch tells the two apart


def test_pix2pix_is_its_formula_over_all_pairs(float64):
    keras.utils.set_random_seed(1)
    model = models.Pix2Pix(*image_networks(True), seed=3)
    model.compile(optimizer=standing())
    source, target = IMAGES
    made = model.generator(source).numpy()
    fake, real = (model.discriminator([x, source]).numpy() for x in (made, target))
    expected = {
        "generator_loss": np.mean(np.logaddexp(0, -fake)) + 100 * np.abs(made - target).mean(),
        "discriminator_loss": np.mean(np.logaddexp(0, fake)) + np.mean(np.logaddexp(0, -real)),
    }
    for size in (19, 8, 5):
        logs = model.evaluate(source, target, batch_size=size, verbose=0, return_dict=True)
        assert_logged(logs, expected)
