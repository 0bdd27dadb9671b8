"""`models.TableGAN`: its rows, its losses and its steps against float64 by hand."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from oracles import flat

import tf_consensus as tfc
from tf_consensus.models.table_rows import activated, gumbel

RNG = np.random.default_rng(0)
ROWS = 24
COLUMNS = {
    "size": np.concatenate([RNG.normal(-3.0, 0.5, 12), RNG.normal(3.0, 0.5, 12)]),
    "count": RNG.integers(0, 9, ROWS),
    "colour": RNG.choice(["red", "green", "blue"], ROWS).tolist(),
    "weight": np.where(np.arange(ROWS) % 5 == 0, np.nan, RNG.normal(size=ROWS)),
}
TABLE = tfc.data.table(COLUMNS, max_modes=2)
WIDTH = TABLE.description.width
LATENT, RATE, TAU = 3, 0.0625, 0.5


def network(inputs, outputs, seed, **options):
    init = keras.initializers.GlorotUniform(seed)
    last = keras.initializers.GlorotUniform(seed + 1)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            layers.Dense(2, "tanh", kernel_initializer=init, **options),
            layers.Dense(outputs, kernel_initializer=last),
        ]
    )


def make(pack=1, penalties=(), **options):
    """A small smooth game of the table."""
    networks = network(LATENT, WIDTH, 1, **options), network(pack * WIDTH, 1, 3)
    return tfc.models.TableGAN(
        TABLE, *networks, penalties=penalties, temperature=TAU, pack=pack, seed=7
    )


def fit(model, optimizer, steps=2, **options):
    model.compile(optimizer=optimizer, **options)
    rows = np.tile(TABLE.rows, (steps, 1))
    history = model.fit(rows, batch_size=ROWS, verbose=0, shuffle=False).history
    return flat([x.numpy() for x in model.trainable_variables]), history


class ByHand:
    """The losses of the game in NumPy, for draws of a step, with derivatives by differences."""

    def __init__(self, model, noise, gamma=0.0, pack=1):
        self.sizes = [x.shape for x in model.trainable_variables]
        self.x = flat([x.numpy() for x in model.trainable_variables])
        self.latents, self.gumbel = (t.numpy() for t in noise[:2])
        self.gamma, self.pack = gamma, pack

    def parts(self, x):
        stops = np.cumsum([np.prod(s) for s in self.sizes])
        return [p.reshape(s) for p, s in zip(np.split(x, stops[:-1]), self.sizes, strict=True)]

    def rows(self, weights):
        a, b, c, d = weights
        y = np.tanh(self.latents @ a + b) @ c + d
        found, used = [], 0
        for start, size, choice in TABLE.description.blocks:
            part = y[:, start : start + size]
            if choice:
                part = np.exp((part + self.gumbel[:, used : used + size]) / TAU)
                part, used = part / part.sum(axis=1, keepdims=True), used + size
            else:
                part = np.tanh(part)
            found.append(part)
        assert used == self.gumbel.shape[1]
        return np.concatenate(found, axis=1)

    def losses(self, x):
        weights = self.parts(x)
        real = TABLE.rows.astype(np.float64).reshape(-1, self.pack * WIDTH)
        fake = self.rows(weights[:4]).reshape(-1, self.pack * WIDTH)
        a, b, c, d = weights[4:]
        hidden = np.tanh(real @ a + b)
        gradient = ((1 - hidden**2) * c[:, 0]) @ a.T
        penalty = self.gamma / 2 * (gradient**2).sum(axis=1).mean()
        true, made = hidden @ c + d, np.tanh(fake @ a + b) @ c + d
        discriminator = softplus(-true) + softplus(made) + penalty
        return np.array([softplus(-made), discriminator])

    def field(self, x):
        """v by complex steps, which are exact."""
        split = sum(int(np.prod(s)) for s in self.sizes[:4])
        units = 1e-30j * np.eye(len(x))
        slopes = [self.losses(x + unit)[int(i >= split)] for i, unit in enumerate(units)]
        return -np.imag(slopes) / 1e-30


def softplus(x):
    return np.log1p(np.exp(x)).mean()


def differences(function, x, step=1e-3):
    """The gradient by central differences of fourth order."""
    found = []
    for unit in np.eye(len(x)) * step:
        near = function(x + unit) - function(x - unit)
        far = function(x + 2 * unit) - function(x - 2 * unit)
        found.append((8 * near - far) / (12 * step))
    return np.array(found)


def noise_of(model, draw=0):
    rows = tf.constant(TABLE.rows, model.variable_dtype)
    return model.draw(rows, tfc.models.table_gan.Draws(model.seed, draw))


def test_a_row_is_tanh_and_softmax_of_the_outputs():
    outputs = tf.constant([[1.0, 2.0, 0.5, -1.0]], tf.float64)
    noise = tf.constant([[0.1, 0.2, 0.3]], tf.float64)
    blocks = [(0, 1, False), (1, 3, True)]
    found = activated(outputs, noise, blocks, 0.5).numpy()[0]
    powers = np.exp(np.array([2.1, 0.7, -0.7]) / 0.5)
    np.testing.assert_allclose(found, [np.tanh(1.0), *powers / powers.sum()], rtol=1e-12)


def test_gumbel_numbers_are_finite_and_draw_a_choice_exactly():
    ends = tf.constant([0.0, 1 - 2.0**-24])
    assert np.isfinite(gumbel(ends)).all()
    logits = np.log([0.2, 0.5, 0.3])
    uniform = tfc.models.table_gan.Draws(0, 0).uniform([20_000, 3], "float64")
    chosen = (logits + gumbel(uniform).numpy()).argmax(axis=1)
    shares = np.bincount(chosen) / len(chosen)
    np.testing.assert_allclose(shares, [0.2, 0.5, 0.3], atol=0.012)


@pytest.mark.parametrize(("pack", "gamma"), [(1, 0.0), (1, 2.0), (3, 2.0)])
def test_losses_and_field_are_those_by_hand(float64, pack, gamma):
    model = make(pack, tfc.penalties.R1(gamma) if gamma else ())
    noise = noise_of(model)
    hand = ByHand(model, noise, gamma, pack)
    rows = tf.constant(TABLE.rows, tf.float64)
    game = model.make_game(rows, noise, 0, training=True)
    found = game.linearize()
    np.testing.assert_allclose([float(x) for x in found.losses], hand.losses(hand.x), rtol=1e-12)
    np.testing.assert_allclose(flat(found.v), hand.field(hand.x), atol=1e-12)


def consensus_by_hand(model, gamma, optimizer_gamma):
    """x after an SGD step along v - γ∇L, with ∇L of L = ½‖v‖² by differences."""
    hand = ByHand(model, noise_of(model), gamma)
    slope = differences(lambda y: (hand.field(y) ** 2).sum() / 2, hand.x)
    return hand.x + RATE * (hand.field(hand.x) - optimizer_gamma * slope)


MODES = {
    "graph": {},
    "xla": {"jit_compile": True},
    "microbatches": {},
    "replicas": {},
}


@pytest.fixture(scope="module")
def after_a_step():
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        return consensus_by_hand(make(), 2.0, 0.7)
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("mode", MODES)
def test_a_consensus_step_with_a_penalty_is_that_by_hand(mode, float64, after_a_step, two_replicas):
    with two_replicas.scope() if mode == "replicas" else contextlib.nullcontext():
        model = make(penalties=tfc.penalties.R1(2.0))
        parts = 4 if mode == "microbatches" else 1
        optimizer = tfc.ConsensusOptimizer("sgd", RATE, gamma=0.7, microbatches=parts)
        found, _ = fit(model, optimizer, 1, **MODES[mode])
    np.testing.assert_allclose(found, after_a_step, atol=1e-10)


def test_replicas_and_parts_take_the_steps_of_one_device(float64, two_replicas):
    found = []
    for parts, scope in ((1, None), (2, None), (1, two_replicas)):
        with scope.scope() if scope else contextlib.nullcontext():
            model = make(penalties=["wgan_gp", "instance_noise"])
            optimizer = tfc.ConsensusOptimizer("sgd", RATE, gamma=0.3, microbatches=parts)
            found.append(fit(model, optimizer)[0])
    np.testing.assert_allclose(found[1:], [found[0]] * 2, rtol=1e-10, atol=1e-10)


def test_packs_of_parts_are_those_of_the_batch(float64, two_replicas):
    found = []
    for parts, scope in ((1, None), (4, None), (1, two_replicas)):
        with scope.scope() if scope else contextlib.nullcontext():
            model = make(pack=3, penalties="r1")
            optimizer = tfc.ConsensusOptimizer("sgd", RATE, gamma=0.3, microbatches=parts)
            found.append(fit(model, optimizer)[0])
    np.testing.assert_allclose(found[1:], [found[0]] * 2, rtol=1e-10, atol=1e-10)


def test_lazy_penalties_count_at_their_steps(float64):
    lazy = fit(
        make(penalties=tfc.penalties.R1(2.0, every=2)), tfc.SimultaneousOptimizer("sgd", RATE), 1
    )
    twice = fit(make(penalties=tfc.penalties.R1(4.0)), tfc.SimultaneousOptimizer("sgd", RATE), 1)
    np.testing.assert_allclose(lazy[0], twice[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("networks", ["given", "made"])
def test_a_saved_and_loaded_run_goes_on_exactly(networks, tmp_path):
    model = make(penalties="r1") if networks == "given" else tfc.models.TableGAN(TABLE, seed=1)
    optimizer = tfc.ConsensusOptimizer("adam", 1e-2, gamma=0.3)
    fit(model, optimizer)
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert restored.description == TABLE.description
    assert restored.penalties == model.penalties
    for m in (model, restored):
        m.fit(TABLE.rows, batch_size=ROWS, verbose=0, shuffle=False)
    one, other = (flat(m.trainable_variables) for m in (model, restored))
    np.testing.assert_array_equal(one, other)
    made, again = (m.generate(5, seed=3) for m in (model, restored))
    assert all(np.array_equal(made[k], again[k], equal_nan=made[k].dtype.kind == "f") for k in made)


def test_a_backed_up_run_repeats_the_uninterrupted_one(tmp_path):
    def run(epochs, callbacks=()):
        model = make(penalties="r1")
        model.compile(optimizer=tfc.ConsensusOptimizer("adam", 1e-2, gamma=0.3))
        rows = TABLE.batches(8, seed=2, start=model.optimizer.iterations)
        model.fit(
            rows, epochs=epochs, steps_per_epoch=2, verbose=0, shuffle=False, callbacks=callbacks
        )
        return flat(model.trainable_variables)

    whole = run(4)
    run(2, [tfc.callbacks.SafeBackup(tmp_path)])
    np.testing.assert_array_equal(run(4, [tfc.callbacks.SafeBackup(tmp_path)]), whole)


def test_generated_columns_are_of_the_tables_kinds():
    model = make()
    made = model.generate(50, seed=0, batch_size=16)
    assert list(made) == list(COLUMNS)
    assert made["count"].dtype == np.int64
    assert set(made["colour"]) <= {"red", "green", "blue"}
    assert all(len(x) == 50 for x in made.values())
    again = model.generate(50, seed=0)
    np.testing.assert_allclose(made["size"], again["size"], rtol=1e-5)
    assert not np.array_equal(made["size"], model.generate(50, seed=1)["size"])


def test_the_networks_that_are_made_follow_from_the_seed():
    one, other = (tfc.models.TableGAN(TABLE, seed=3) for _ in range(2))
    np.testing.assert_array_equal(flat(one.trainable_variables), flat(other.trainable_variables))
    assert one.generator.output_shape == (None, WIDTH)
    packs = tfc.models.TableGAN(TABLE, pack=2)
    assert packs.discriminator.input_shape == (None, 2 * WIDTH)


def test_it_learns_a_table_of_two_columns():
    x = np.where(np.arange(400) % 4 == 0, -1.0, 1.0)
    rng = np.random.default_rng(0)
    columns = {"x": x + rng.normal(0, 0.05, 400), "y": np.where(x > 0, "up", "down")}
    table = tfc.data.table(columns)
    networks = tfc.networks.build(
        "mlp", latent_dim=4, data_dim=table.description.width, width=32, depth=2, seed=0
    )
    model = tfc.models.TableGAN(
        table, *networks, penalties=tfc.penalties.R1(0.1), temperature=0.7, seed=0
    )
    inner = keras.optimizers.Adam(2e-3, beta_1=0.5)
    model.compile(optimizer=tfc.ConsensusOptimizer(inner, gamma=0.1), jit_compile=True)
    model.fit(table.batches(64, seed=0), steps_per_epoch=600, verbose=0, shuffle=False)
    made = model.generate(400, seed=0)
    assert np.mean((made["x"] > 0) == (made["y"] == "up")) > 0.9
    assert np.mean(made["y"] == "up") == pytest.approx(0.75, abs=0.12)
    assert np.mean(made["x"] > 0) == pytest.approx(0.75, abs=0.12)


BATCHES = [
    ("rows[:, :2]", ValueError, "batch of shape"),
    ("(rows, rows)", TypeError, "encoded rows"),
    ("rows.astype(str)", TypeError, "encoded rows|numbers"),
]


@pytest.mark.parametrize(("batch", "error", "match"), BATCHES)
def test_batches_that_are_no_rows_are_refused(batch, error, match):
    model = make()
    model.compile("sgd")
    with pytest.raises((error, ValueError), match=match):
        model.prepared(eval(batch, {"rows": TABLE.rows}))


def stream(size, rows=ROWS, **options):
    return tf.data.Dataset.from_tensor_slices(TABLE.rows[:rows]).batch(size, **options)


def batches(*sizes):
    return (TABLE.rows[:size] for size in sizes)


# Data, a size of batches, how many parts the optimizer takes them in, and what is refused.
NO_PACKS = {
    "batches": (lambda: {"x": TABLE.rows, "batch_size": 8}, 1, "8 rows in a batch of an array"),
    "the last": (lambda: {"x": TABLE.rows[:20], "batch_size": 9}, 1, "2 rows in a batch"),
    "Keras' size": (lambda: {"x": np.tile(TABLE.rows, (2, 1))}, 1, "32 rows in a batch"),
    "few rows": (lambda: {"x": TABLE.rows[:8]}, 1, "8 rows in a batch"),
    "a split": (
        lambda: {"x": TABLE.rows, "batch_size": 12, "validation_split": 0.2}, 1, "7 rows in",
    ),
    "validation": (
        lambda: {"x": TABLE.rows, "validation_data": TABLE.rows[:7], "batch_size": 12}, 1, "7 rows",
    ),
    "a data set": (lambda: {"x": stream(9, 20)}, 1, "batches of unknown size"),
    "a data set to validate": (
        lambda: {"x": TABLE.rows, "batch_size": 12, "validation_data": stream(9, 20)},
        1, "batches of unknown size",
    ),
    "its size": (lambda: {"x": stream(8, drop_remainder=True)}, 1, "8 rows. Pass a batch_size"),
    "parts": (lambda: {"x": stream(12, drop_remainder=True)}, 2, None),
    "small parts": (lambda: {"x": stream(12, drop_remainder=True)}, 3, "4 rows. Pass a batch"),
    "a generator": (lambda: {"x": batches(8)}, 1, r"\[8\] \[rows"),
}  # fmt: skip


@pytest.mark.parametrize("case", NO_PACKS)
def test_batches_that_are_no_packs_are_refused_before_the_first_step(case):
    given, parts, message = NO_PACKS[case]
    model = make(pack=3)
    model.compile(optimizer=tfc.ConsensusOptimizer("sgd", RATE, gamma=0.3, microbatches=parts))
    before = flat(model.trainable_variables)
    if message is None:
        model.fit(**given(), verbose=0, shuffle=False)
        assert not np.array_equal(flat(model.trainable_variables), before)
        return
    refused = (ValueError, tf.errors.InvalidArgumentError)
    with pytest.raises(refused, match=rf"(?s)packs of 3 rows. Received:.*{message}"):
        model.fit(**given(), verbose=0, shuffle=False)
    np.testing.assert_array_equal(flat(model.trainable_variables), before)
    if "validation_data" not in given() and "validation_split" not in given() and parts == 1:
        with pytest.raises(refused, match="packs of 3 rows"):
            model.evaluate(**given(), verbose=0)


def test_a_later_batch_of_a_generator_that_is_no_pack_is_named():
    model = make(pack=3)
    model.compile("sgd")
    with pytest.raises(tf.errors.InvalidArgumentError, match="packs of 3 rows"):
        model.fit(batches(12, 12, 8), verbose=0, shuffle=False)


def test_penalties_that_draw_are_refused_for_packs():
    with pytest.raises(ValueError, match=r"draw them per row.*pack > 1"):
        make(pack=3, penalties="wgan_gp")
