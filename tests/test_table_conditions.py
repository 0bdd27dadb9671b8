"""Conditional tables: sampling by the logarithm of frequency, the losses and steps by hand."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from oracles import flat

import tf_consensus as tfc
from tf_consensus.data.conditioned_rows import conditioned_rows
from tf_consensus.data.table_conditions import Conditions, drawn_places
from tf_consensus.support.random import Draws

RNG = np.random.default_rng(0)
ROWS = 24
COLUMNS = {
    "x": np.concatenate([RNG.normal(-3.0, 0.5, 12), RNG.normal(3.0, 0.5, 12)]),
    "colour": ["red"] * 15 + ["blue"] * 7 + [None] * 2,
    "n": RNG.normal(size=ROWS),
    "big": [False] * 20 + [True] * 4,
}
TABLE = tfc.data.table(COLUMNS, max_modes=2)
BLOCKS = TABLE.description.blocks
WIDTH = TABLE.description.width
CHOSEN = [b for b, name in ((BLOCKS[2], "colour"), (BLOCKS[-1], "big"))]
CATEGORIES = 5  # blue, red, missing; False, True
LATENT, RATE, TAU = 3, 0.0625, 0.5
DATA = next(iter(TABLE.batches(ROWS, seed=3, conditional=True))).numpy()


def test_conditions_are_drawn_by_the_logarithm_of_their_frequency():
    known = Conditions(TABLE.description)
    colours, bools = np.log([8.0, 16.0, 3.0]), np.log([21.0, 5.0])
    by_hand = [*colours / colours.sum() / 2, *bools / bools.sum() / 2]
    np.testing.assert_allclose(known.training_shares(), by_hand, rtol=1e-12)
    real = np.array([7, 15, 2, 20, 4]) / ROWS / 2
    np.testing.assert_allclose(known.real_shares(), real, rtol=1e-12)
    uniform = tf.constant([0.0, 0.19, 0.21, 0.49, 0.51, 1 - 2.0**-53], tf.float64)
    found = drawn_places(np.array([0.2, 0.3, 0.0, 0.5, 0.0]), uniform)
    assert found.numpy().tolist() == [0, 0, 1, 1, 3, 3]  # none that has no share


def test_a_batch_holds_rows_that_meet_their_conditions():
    batches = TABLE.batches(400, seed=1, conditional=True)
    data = np.concatenate([b.numpy() for b in batches.take(20)])
    rows, conditions = data[:, :WIDTH], data[:, WIDTH:]
    assert data.shape == (8000, WIDTH + CATEGORIES)
    np.testing.assert_array_equal(conditions.sum(axis=1), 1.0)
    choices = np.concatenate([rows[:, s : s + size] for s, size, _ in CHOSEN], axis=1)
    np.testing.assert_array_equal((choices * conditions).sum(axis=1), 1.0)
    shares = Conditions(TABLE.description).training_shares()
    np.testing.assert_allclose(conditions.mean(axis=0), shares, atol=0.015)
    # Among the rows of a category each is as likely.
    blue = rows[conditions[:, 0] == 1]
    counts = [(blue == row).all(axis=1).mean() for row in TABLE.rows[15:22]]
    np.testing.assert_allclose(counts, 1 / 7, atol=0.03)
    step = tf.Variable(17, dtype=tf.int64)
    later = TABLE.batches(400, seed=1, start=step, conditional=True)
    np.testing.assert_array_equal(next(iter(later)), data[6800:7200])


def network(inputs, outputs, seed):
    init, last = keras.initializers.GlorotUniform(seed), keras.initializers.GlorotUniform(seed + 1)
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            keras.layers.Dense(2, "tanh", kernel_initializer=init),
            keras.layers.Dense(outputs, kernel_initializer=last),
        ]
    )


def make(pack=1, penalties=(), table=TABLE):
    """A small smooth conditional game of the table."""
    networks = (
        network(LATENT + CATEGORIES, WIDTH, 1),
        network(pack * (WIDTH + CATEGORIES), 1, 3),
    )
    options = {"penalties": penalties, "temperature": TAU, "pack": pack, "seed": 7}
    return tfc.models.TableGAN(table, *networks, conditional=True, **options)


class ByHand:
    """The losses of the game in NumPy, and v by complex steps, which are exact."""

    def __init__(self, model, noise, gamma, pack):
        self.shapes = [x.shape for x in model.trainable_variables]
        self.x = flat([x.numpy() for x in model.trainable_variables])
        self.latents, self.gumbel = (t.numpy() for t in noise[:2])
        self.gamma, self.pack = gamma, pack
        self.real, self.conditions = np.split(DATA.astype(np.float64), [WIDTH], axis=1)

    def losses(self, x):
        stops = np.cumsum([np.prod(s) for s in self.shapes])[:-1]
        parts = [p.reshape(s) for p, s in zip(np.split(x, stops), self.shapes, strict=True)]
        a, b, c, d = parts[:4]
        y = np.tanh(np.concatenate([self.latents, self.conditions], axis=1) @ a + b) @ c + d
        made, crossed, used, place = [], 0.0, 0, 0
        for block in BLOCKS:
            start, size, choice = block
            part = y[:, start : start + size]
            if not choice:
                made.append(np.tanh(part))
                continue
            powers = np.exp((part + self.gumbel[:, used : used + size]) / TAU)
            made.append(powers / powers.sum(axis=1, keepdims=True))
            used += size
            if block in CHOSEN:
                asked = self.conditions[:, place : place + size]
                logs = part - np.log(np.exp(part).sum(axis=1, keepdims=True))
                crossed = crossed - (asked * logs).sum(axis=1).mean()
                place += size
        assert (used, place) == (self.gumbel.shape[1], CATEGORIES)
        a, b, c, d = parts[4:]
        wide = self.pack * WIDTH

        def hidden(rows):
            seen = [rows.reshape(-1, wide), self.conditions.reshape(-1, self.pack * CATEGORIES)]
            return np.tanh(np.concatenate(seen, axis=1) @ a + b)

        real, fake = hidden(self.real), hidden(np.concatenate(made, axis=1))
        slope = ((1 - real**2) * c[:, 0]) @ a[:wide].T  # along the rows alone
        penalty = self.gamma / 2 * (slope**2).sum(axis=1).mean()
        on_real, on_fake = real @ c + d, fake @ c + d
        return softplus(-on_fake) + crossed, softplus(-on_real) + softplus(on_fake) + penalty

    def field(self, x):
        split = sum(int(np.prod(s)) for s in self.shapes[:4])
        units = 1e-30j * np.eye(len(x))
        slopes = [self.losses(x + unit)[int(i >= split)] for i, unit in enumerate(units)]
        return -np.imag(slopes) / 1e-30

    def jacobian(self, step=1e-3):
        """v', dense, by differences of fourth order."""
        columns = []
        for unit in np.eye(len(self.x)) * step:
            near = self.field(self.x + unit) - self.field(self.x - unit)
            far = self.field(self.x + 2 * unit) - self.field(self.x - 2 * unit)
            columns.append((8 * near - far) / (12 * step))
        return np.transpose(columns)


def softplus(x):
    return np.log1p(np.exp(x)).mean()


def by_hand(model, gamma=0.0, pack=1):
    noise = model.draw(tf.constant(DATA, model.variable_dtype), Draws(model.seed, 0))
    return ByHand(model, noise, gamma, pack), noise


@pytest.mark.parametrize(("pack", "gamma"), [(1, 0.0), (1, 2.0), (3, 2.0)])
def test_losses_and_field_are_those_by_hand(float64, pack, gamma):
    model = make(pack, tfc.penalties.R1(gamma) if gamma else ())
    hand, noise = by_hand(model, gamma, pack)
    game = model.make_game(tf.constant(DATA, tf.float64), noise, 0, training=True)
    found = game.linearize()
    np.testing.assert_allclose([float(x) for x in found.losses], hand.losses(hand.x), rtol=1e-12)
    np.testing.assert_allclose(flat(found.v), hand.field(hand.x), atol=1e-12)


MODES = {
    "graph": {},
    "xla": {"jit_compile": True},
    "microbatches": {},
    "replicas": {},
}


def fit(model, optimizer, steps=2, **options):
    model.compile(optimizer=optimizer, **options)
    model.fit(np.tile(DATA, (steps, 1)), batch_size=ROWS, verbose=0, shuffle=False)
    return flat([x.numpy() for x in model.trainable_variables])


@pytest.fixture(scope="module")
def after_a_step():
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        hand, _ = by_hand(make(), 2.0)
        v = hand.field(hand.x)
        return hand.x + RATE * (v - 0.7 * hand.jacobian().T @ v)
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("mode", MODES)
def test_a_consensus_step_is_that_of_the_dense_jacobian(mode, float64, after_a_step, two_replicas):
    with two_replicas.scope() if mode == "replicas" else contextlib.nullcontext():
        model = make(penalties=tfc.penalties.R1(2.0))
        parts = 4 if mode == "microbatches" else 1
        optimizer = tfc.ConsensusOptimizer("sgd", RATE, gamma=0.7, microbatches=parts)
        found = fit(model, optimizer, 1, **MODES[mode])
    np.testing.assert_allclose(found, after_a_step, atol=1e-10)


CASES = [{"pack": 3, "penalties": "r1"}, {"penalties": ["wgan_gp", "instance_noise"]}]


@pytest.mark.parametrize("options", CASES, ids=["packs", "penalties that draw"])
def test_replicas_and_parts_take_the_steps_of_one_device(options, float64, two_replicas):
    found = []
    for parts, scope in ((1, None), (2, None), (1, two_replicas)):
        with scope.scope() if scope else contextlib.nullcontext():
            model = make(**options)
            optimizer = tfc.ConsensusOptimizer("sgd", RATE, gamma=0.3, microbatches=parts)
            found.append(fit(model, optimizer))
    np.testing.assert_allclose(found[1:], [found[0]] * 2, rtol=1e-10, atol=1e-10)


def test_a_backed_up_and_a_saved_run_repeat_the_uninterrupted_one(tmp_path):
    def run(epochs, callbacks=()):
        model = make(penalties="r1")
        model.compile(optimizer=tfc.ConsensusOptimizer("adam", 1e-2, gamma=0.3))
        return go_on(model, epochs, callbacks), model

    def go_on(model, epochs, callbacks=()):
        data = TABLE.batches(8, seed=2, start=model.optimizer.iterations, conditional=True)
        options = {"verbose": 0, "shuffle": False, "callbacks": callbacks}
        model.fit(data, epochs=epochs, steps_per_epoch=2, **options)
        return flat(model.trainable_variables)

    whole, model = run(4)
    run(2, [tfc.callbacks.SafeBackup(tmp_path / "backup")])
    np.testing.assert_array_equal(run(4, [tfc.callbacks.SafeBackup(tmp_path / "backup")])[0], whole)
    half = run(2)[1]
    half.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(go_on(restored, 2), whole)
    made, again = (m.generate(6, seed=3) for m in (model, restored))
    assert all(np.array_equal(made[k], again[k], equal_nan=k in "xn") for k in made)


def copying(weight):
    """A conditional model whose generator's outputs are the condition times a weight."""
    model = make()
    kernel = np.zeros((LATENT + CATEGORIES, WIDTH))
    place = LATENT
    for start, size, _ in CHOSEN:
        kernel[place : place + size, start : start + size] = weight * np.eye(size)
        place += size
    generator = keras.Sequential([keras.Input((LATENT + CATEGORIES,)), keras.layers.Dense(WIDTH)])
    generator.set_weights([kernel, np.zeros(WIDTH)])
    options = {"temperature": TAU, "conditional": True, "seed": 7}
    return tfc.models.TableGAN(TABLE, generator, model.discriminator, **options)


def test_rows_hold_the_condition_that_is_asked_for():
    model = copying(2.0)  # so that some rows do not obey
    for name, category in (("colour", "blue"), ("colour", None), ("big", True)):
        made = model.generate(50, seed=0, condition={name: category})
        assert made[name].tolist() == [category] * 50
    again = model.generate(50, seed=0, batch_size=7, condition={name: category})
    np.testing.assert_allclose(again["n"], made["n"], rtol=1e-5)
    with pytest.raises(ValueError, match=r"must make rows that hold the condition.*of 900 rows"):
        copying(-50.0).generate(9, condition={"colour": "red"})


def test_without_a_condition_categories_come_as_often_as_in_the_table():
    made = copying(50.0).generate(4000, seed=0)
    # Half of the conditions are of this column, and obeyed; otherwise its outputs are all 0.
    for name, category, share in (("colour", "red", 15 / 24), ("big", True, 4 / 24)):
        even = 1 / 3 if name == "colour" else 1 / 2
        found = np.mean([x == category for x in made[name]])
        assert found == pytest.approx((share + even) / 2, abs=0.025)


def test_what_cannot_be_conditional_is_refused():
    numbers = tfc.data.table({"a": [1.0, 2.0, 4.0], "b": [3.0, 1.0, 2.0]})
    config = TABLE.description.get_config()
    for column in config["columns"]:
        column.pop("counts", None)  # as in an older file
    old = tfc.data.TableDescription(**config)
    cases = (
        (lambda: tfc.models.TableGAN(numbers, conditional=True), "without a column of categories"),
        (lambda: numbers.batches(8, conditional=True), "without a column of categories"),
        (lambda: tfc.models.TableGAN(old, conditional=True), "'colour' has no counts. Describe th"),
        (lambda: tfc.data.Table(TABLE.description, TABLE.rows[3:]).batches(conditional=True), "ot"),
        (
            lambda: conditioned_rows(TABLE.rows, Conditions(TABLE.description), 0),
            "`batch_size`",
        ),
        (
            lambda: tfc.models.TableGAN(TABLE, network(LATENT, WIDTH - 1, 0), conditional=True),
            r"from latents \(None, latent_dim \+ 5\) to",
        ),
        (lambda: make().prepared(TABLE.rows), "conditions of 5 numbers beside them.*conditional="),
        (lambda: make().prepared((TABLE.rows, DATA[:, WIDTH:])), "Received: a tuple"),
    )
    for call, match in cases:
        with pytest.raises((ValueError, TypeError), match=match):
            call()
    with pytest.raises(TypeError, match="`conditional` must be True or False"):
        TABLE.batches(conditional=1)
    model = make(pack=3)
    model.compile("sgd")
    with pytest.raises(ValueError, match="packs of 3 rows"):
        model.fit(DATA[:8], verbose=0)


CONDITIONS = {
    "several": ({"colour": "red", "big": True}, "a dict of one column and its category"),
    "text": ("colour=red", r"condition={'colour': 'blue'}"),
    "numbers": ({"x": 1.0}, r"must name a column of categories: \['colour', 'big'\]"),
    "category": ({"colour": "green"}, r"category of 'colour': \['blue', 'red', None\]"),
}


@pytest.mark.parametrize("case", CONDITIONS)
def test_conditions_that_are_none_are_refused(case):
    condition, match = CONDITIONS[case]
    with pytest.raises(ValueError, match=match):
        make().generate(2, condition=condition)
    plain = tfc.models.TableGAN(TABLE, seed=0)
    with pytest.raises(ValueError, match="for a model that trains on conditions"):
        plain.generate(2, condition=condition)
