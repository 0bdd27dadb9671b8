"""`StructuredGAN`: losses and steps by hand, parts in penalties and data, saved runs."""

import contextlib

import hand_games
import keras
import numpy as np
import pytest
import tensorflow as tf
from hand_games import BATCH, Parameters, dense, hidden_of, softplus
from oracles import flat

import tf_consensus as tfc

layers = keras.layers
HIDDEN, GAMMA, R1 = 3, 0.5, 0.7
RNG = np.random.default_rng(4)


def normal(*shape):
    """Numbers of single precision, to which Keras' `fit` rounds arrays."""
    return RNG.normal(size=shape).astype("float32").astype("float64")


LINES, POINTS = normal(BATCH, 2, 1), normal(BATCH, 2)
DATA = {"line": LINES, "point": POINTS}
REAL = np.concatenate([LINES.reshape(BATCH, 2), POINTS], axis=1)


def inputs(**shapes):
    return {name: keras.Input(shape, name=name, dtype="float64") for name, shape in shapes.items()}


def side_by_side(parts):
    flattened = [layers.Flatten(dtype="float64")(x) for x in parts]
    return layers.Concatenate(dtype="float64")(flattened)


def networks():
    """A generator of a vector and a map of noise, which makes a line and a point."""
    latents = inputs(noise=(2, 2), z=(2,))
    inner = hand_games.tanh_network(6, [HIDDEN, 2, 2], 0)
    line, point = inner(side_by_side([latents["z"], latents["noise"]]))
    made = {"line": layers.Reshape((2, 1), dtype="float64")(line), "point": point}
    samples = inputs(line=(2, 1), point=(2,))
    judge = hand_games.tanh_network(4, [HIDDEN, 1], 1)
    logit = judge(side_by_side([samples["line"], samples["point"]]))
    return keras.Model(latents, made), keras.Model(samples, logit)


def make(penalties=None, seed=5, **options):
    penalties = tfc.penalties.R1(R1) if penalties is None else penalties
    return tfc.models.StructuredGAN(*networks(), penalties=penalties, seed=seed, **options)


def by_hand(latents):
    """Both losses of flat parameters; the penalty is ‖∇D‖² over the line and the point."""
    drawn = np.concatenate([latents["z"], latents["noise"].reshape(BATCH, 4)], axis=1)

    def losses(x):
        p = Parameters(x)
        hidden, _ = hidden_of(p, drawn, HIDDEN)
        made = np.concatenate([dense(p, hidden, 2), dense(p, hidden, 2)], axis=1)
        start, judged = p.place, []
        for samples in (REAL, made):
            p.place = start
            hidden, back = hidden_of(p, samples, HIDDEN)
            kernel, bias = p.take(HIDDEN, 1), p.take(1)
            judged.append((hidden @ kernel + bias, back(kernel.T)))
        (real, slope), (fake, _) = judged
        penalty = R1 / 2 * (slope**2).sum(axis=1).mean()
        return [softplus(-fake).mean(), softplus(-real).mean() + softplus(fake).mean() + penalty]

    return losses


MODES = {"graph": 1, "xla": 1, "microbatches": 4, "replicas": 1}


@pytest.mark.parametrize("mode", MODES)
def test_a_consensus_step_is_that_of_the_dense_jacobian(mode, two_replicas):
    with two_replicas.scope() if mode == "replicas" else contextlib.nullcontext():
        model = make()
        optimizer = tfc.ConsensusOptimizer(
            "sgd", hand_games.RATE, gamma=GAMMA, microbatches=MODES[mode]
        )
        model.compile(optimizer, jit_compile=mode == "xla")
    start = flat([x.numpy() for x in model.trainable_variables])
    latents, _ = hand_games.first_draw(make(), DATA)
    losses = by_hand(latents)
    sizes = [len(flat(x[0].get_weights())) for x in model.players.values()]
    logs = model.fit(DATA, batch_size=BATCH, verbose=0, shuffle=False).history
    found = flat([x.numpy() for x in model.trainable_variables])
    expected = hand_games.consensus_step(losses, sizes, start, hand_games.RATE, GAMMA)
    np.testing.assert_allclose(found, expected, **hand_games.TOLERANCES.get(mode, hand_games.EXACT))
    for key, loss in zip(("generator_loss", "discriminator_loss"), losses(start), strict=True):
        assert logs[key][0] == pytest.approx(loss, rel=1e-5)


def test_replicas_and_parts_take_the_steps_of_one_device(two_replicas):
    found = []
    for parts, scope in ((1, None), (2, None), (1, two_replicas)):
        with scope.scope() if scope else contextlib.nullcontext():
            model = make(["wgan_gp", "instance_noise"])
            model.compile(tfc.ConsensusOptimizer("sgd", 0.0625, gamma=0.3, microbatches=parts))
        model.fit(DATA, batch_size=4, verbose=0, shuffle=False)
        found.append(flat([x.numpy() for x in model.trainable_variables]))
    np.testing.assert_allclose(found[1:], [found[0]] * 2, rtol=1e-10, atol=1e-10)


def test_a_latent_of_several_tensors_is_drawn_from_streams_of_its_own():
    latents, _ = hand_games.first_draw(make(), DATA)
    assert {name: x.shape for name, x in latents.items()} == {"noise": (8, 2, 2), "z": (8, 2)}
    assert not np.isin(latents["z"], latents["noise"]).any()


# Penalties on several parts.


def field(model):
    game = model.make_game(model.prepared(DATA), model.draw(*drawn(model)), 0, training=True)
    return flat(game.linearize().v)


def drawn(model):
    return model.prepared(DATA), tfc.models.structured_gan.Draws(model.seed, 0)


def r1_by_hand(discriminator, real, fake):
    """R1 as a function of parts, as a user would write it."""
    assert set(real) == set(fake) == {"line", "point"}
    with tf.GradientTape() as tape:
        tape.watch(real)
        logits = discriminator(real)
    slopes = tape.gradient(logits, real)
    squares = [tf.reduce_sum(tf.reshape(g**2, (BATCH, -1)), axis=1) for g in slopes.values()]
    return R1 / 2 * tf.reduce_mean(tf.add_n(squares))


def test_a_penalty_that_is_a_function_gets_the_parts():
    np.testing.assert_allclose(field(make(r1_by_hand)), field(make()), rtol=1e-12, atol=1e-12)


def test_points_between_samples_have_one_weight_for_all_parts():
    model = make("wgan_gp")
    real, random = drawn(model)
    _, (weight,) = model.draw(real, random)
    points = model.penalties[0].points(real, tf.zeros_like(real), weight)
    parts = model.samples.of_rows(points / real)
    for part in parts.values():
        flattened = tf.reshape(part, (BATCH, -1)).numpy()
        np.testing.assert_allclose(flattened, np.repeat(weight, 2, axis=1), rtol=1e-12)


# Forms: one tensor, lists, tuples and dicts.


def two_lists(seed=0):
    """Two latents and two outputs in lists."""
    keras.utils.set_random_seed(seed)
    z, noise = keras.Input((3,)), keras.Input((2, 2))
    x = layers.Concatenate()([z, layers.Flatten()(noise)])
    x = layers.Dense(4, "tanh")(x)
    outputs = [layers.Dense(2)(x), layers.Reshape((2, 1))(layers.Dense(2, "tanh")(x))]
    first, second = keras.Input((2,)), keras.Input((2, 1))
    x = layers.Concatenate()([first, layers.Flatten()(second)])
    logits = layers.Dense(1)(layers.Dense(4, "tanh")(x))
    return keras.Model([z, noise], outputs), keras.Model([first, second], logits)


LISTS = [np.full((8, 2), 0.5, "float32"), np.full((8, 2, 1), 0.25, "float32")]


@pytest.mark.parametrize(
    "given",
    [
        lambda: (LISTS,),
        lambda: (tuple(LISTS),),
        lambda: tuple(LISTS),
        lambda: (tf.data.Dataset.from_tensors(tuple(LISTS)),),
        lambda: ((part for part in [tuple(LISTS)] * 2),),
    ],
    ids=["list", "tuple", "two arguments", "data set", "generator"],
)
def test_batches_of_lists_come_in_several_ways(given):
    model = tfc.models.StructuredGAN(*two_lists(), seed=0)
    model.compile(tfc.SimultaneousOptimizer("adam", 1e-2))
    model.fit(*given(), steps_per_epoch=1, verbose=0, shuffle=False)
    other = tfc.models.StructuredGAN(*two_lists(), seed=0)
    other.compile(tfc.SimultaneousOptimizer("adam", 1e-2))
    other.train_on_batch(LISTS)
    np.testing.assert_array_equal(flat(model.trainable_variables), flat(other.trainable_variables))
    made = model.generate(5, seed=0, batch_size=2)
    assert [part.shape for part in made] == [(5, 2), (5, 2, 1)]


def test_data_of_three_parts_are_no_weights():
    z = keras.Input((3,))
    generator = keras.Model(z, [layers.Dense(1)(z) for _ in range(3)])
    samples = [keras.Input((1,)) for _ in range(3)]
    discriminator = keras.Model(samples, layers.Dense(1)(layers.Concatenate()(samples)))
    model = tfc.models.StructuredGAN(generator, discriminator, seed=0)
    model.compile(tfc.SimultaneousOptimizer("sgd", 1e-2))
    parts = tuple(np.full((4, 1), x, "float32") for x in (1.0, 2.0, 3.0))
    model.fit(tf.data.Dataset.from_tensors(parts), verbose=0, shuffle=False)
    np.testing.assert_array_equal(model.prepared(parts), [[1.0, 2.0, 3.0]] * 4)


def test_whole_numbers_count_as_their_values():
    model = tfc.models.StructuredGAN(*two_lists(), seed=0)
    rows = model.prepared([np.full((4, 2), 200, "uint8"), np.ones((4, 2, 1), bool)])
    assert rows.dtype == tf.float32
    np.testing.assert_array_equal(rows, [[200.0, 200.0, 1.0, 1.0]] * 4)


@pytest.mark.parametrize("latent_dim", [None, (2, 2, 3), 7])
def test_one_latent_may_have_any_shape(latent_dim):
    shape = (7,) if latent_dim == 7 else (2, 2, 3)
    z, sample = keras.Input(shape), keras.Input((2,))
    generator = keras.Model(z, layers.Dense(2)(layers.Flatten()(z)))
    discriminator = keras.Model(sample, layers.Dense(1)(sample))
    model = tfc.models.StructuredGAN(generator, discriminator, latent_dim)
    assert model.generate(3).shape == (3, 2)
    assert model(tf.zeros((3, *shape))).shape == (3, 2)
    for _ in range(2):
        model = tfc.models.StructuredGAN.from_config(model.get_config())
    assert model.latents.shapes == [shape]
    assert model.generate(3).shape == (3, 2)


class Painter(keras.Model):
    """A network with a call of its own."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2)

    def call(self, inputs):
        return {"point": self.dense(inputs["z"])}

    def get_config(self):
        return {}


def test_a_network_with_a_call_of_its_own_is_told_its_latents():
    generator, sample = Painter(), keras.Input((2,), name="point")
    generator({"z": np.zeros((1, 3), "float32")})
    discriminator = keras.Model({"point": sample}, layers.Dense(1)(sample))
    model = tfc.models.StructuredGAN(generator, discriminator, {"z": 3})
    assert model.generate(4)["point"].shape == (4, 2)
    with pytest.raises(ValueError, match=r"a call of its own.*Pass latent_dim"):
        tfc.models.StructuredGAN(generator, discriminator)


def test_a_map_of_logits_counts_by_its_mean():
    """One logit per time, as discriminators of sequences have it."""
    z, sample = keras.Input((4, 2)), keras.Input((4, 1))
    generator = keras.Model(z, layers.Dense(1)(z))
    discriminator = keras.Model(sample, layers.Dense(1)(sample))
    model = tfc.models.StructuredGAN(generator, discriminator, seed=0)
    real = np.ones((3, 4, 1), "float32")
    noise = model.draw(model.prepared(real), tfc.models.structured_gan.Draws(0, 0))
    found = model.losses(model.prepared(real), (noise, 0), True)["generator"]
    logits = discriminator(generator(noise[0])).numpy()
    assert float(found) == pytest.approx(np.log1p(np.exp(-logits)).mean(), rel=1e-5)


# Saving and resuming.


def test_a_saved_run_goes_on_exactly(tmp_path):
    model = make(latent_dim={"z": 2, "noise": (2, 2)})
    model.compile(tfc.ConsensusOptimizer(keras.optimizers.Adam(1e-2, use_ema=True), gamma=GAMMA))
    model.fit(DATA, batch_size=4, verbose=0, shuffle=False)
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    for each in (model, restored):
        each.fit(DATA, batch_size=4, verbose=0, shuffle=False)
    found = [x.generate(3, seed=1) for x in (model, restored)]
    for name in DATA:
        np.testing.assert_array_equal(*(x[name] for x in found))


@pytest.mark.parametrize("latent_dim", [[3, (2, 2)], [3, [2, 2]], None])
def test_latents_are_saved_in_their_structure(latent_dim, tmp_path):
    model = tfc.models.StructuredGAN(*two_lists(), latent_dim, seed=0)
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert restored.latents.shapes == model.latents.shapes == [(3,), (2, 2)]
    made, again = model.generate(3, seed=1), restored.generate(3, seed=1)
    np.testing.assert_array_equal(made[0], again[0])


def test_a_backed_up_run_repeats_the_uninterrupted_one(tmp_path):
    def run(epochs, callbacks=()):
        model = make()
        model.compile(tfc.ConsensusOptimizer("adam", 1e-2, gamma=GAMMA))
        data = tf.data.Dataset.from_tensor_slices(DATA).batch(4).repeat()
        model.fit(
            data, epochs=epochs, steps_per_epoch=2, verbose=0, callbacks=callbacks, shuffle=False
        )
        return flat(model.trainable_variables)

    whole = run(4)
    run(2, [tfc.callbacks.SafeBackup(tmp_path)])
    np.testing.assert_array_equal(run(4, [tfc.callbacks.SafeBackup(tmp_path)]), whole)


# Ranges, pictures and metrics, part by part.


@pytest.mark.parametrize("steps", [1, 2])
def test_a_range_is_checked_part_by_part(steps, two_replicas):
    tanh = np.full((256, 2, 1), 100.0, "float32")
    data = tf.data.Dataset.from_tensors((np.zeros((256, 2), "float32"), tanh)).repeat(2)
    for scope in (contextlib.nullcontext(), two_replicas.scope()):
        with scope:
            model = tfc.models.StructuredGAN(*two_lists(), seed=0)
            model.compile(tfc.SimultaneousOptimizer("sgd", 1e-3), steps_per_execution=steps)
        with pytest.warns(UserWarning, match=r"part '1' is from 100 to 100.*tanh") as found:
            model.fit(data, steps_per_epoch=2, verbose=0, shuffle=False)
        assert len(found) == 1


def test_broken_numbers_of_any_part_are_refused():
    model = tfc.models.StructuredGAN(*two_lists(), seed=0)
    model.compile("sgd")
    with pytest.raises(ValueError, match="16 values that are NaN or infinite"):
        model.fit([LISTS[0], LISTS[1] * np.nan], verbose=0)


def pictures():
    """Images of 4² with masks."""
    z = keras.Input((3,))
    outputs = {
        name: layers.Reshape((4, 4, 1), name=name)(layers.Dense(16, "tanh")(z))
        for name in ("image", "mask")
    }
    samples = {name: keras.Input((4, 4, 1), name=name) for name in outputs}
    flattened = [layers.Flatten()(x) for x in samples.values()]
    logits = layers.Dense(1)(layers.Concatenate()(flattened))
    model = tfc.models.StructuredGAN(keras.Model(z, outputs), keras.Model(samples, logits), seed=0)
    model.compile(tfc.SimultaneousOptimizer("sgd", 1e-3))
    half = np.full((8, 4, 4, 1), 0.5, "float32")
    return model, {"image": half, "mask": -half}


def test_a_grid_is_of_one_part(tmp_path):
    model, data = pictures()
    model.fit(data, verbose=0, callbacks=[tfc.callbacks.SampleGrid(tmp_path, 4, part="mask")])
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("part", [None, "masc", 0])
def test_a_grid_of_no_part_is_refused(part, tmp_path):
    model, data = pictures()
    with pytest.raises(ValueError, match=r"drawn part by part.*\['image', 'mask'\].*part='image'"):
        model.fit(data, verbose=0, callbacks=[tfc.callbacks.SampleGrid(tmp_path, 4, part=part)])


class MaskMean(keras.metrics.Mean):
    """A metric of samples of two parts."""

    def update_state(self, samples):
        assert set(samples) == {"image", "mask"}
        super().update_state(samples["mask"])


def test_metrics_get_all_parts():
    model, data = pictures()
    seen = []
    metric = MaskMean(name="mask_mean")
    callback = tfc.callbacks.EvaluateGAN(
        [metric],
        samples=300,
        on_samples=lambda step, samples: seen.append(samples),
        report=None,
        directions={"mask_mean": "up"},
    )
    logs = model.fit(data, verbose=0, callbacks=[callback]).history
    assert seen[-1]["mask"].shape == (300, 4, 4, 1)
    assert logs["mask_mean"][0] == pytest.approx(seen[-1]["mask"].mean(), abs=1e-6)


@pytest.mark.parametrize("form", ["dict", "list"])
def test_a_spectrum_is_of_all_parts(form):
    if form == "dict":
        (model, data), real = pictures(), {name: normal(4, 4, 4, 1) for name in ("image", "mask")}
    else:
        model, data = tfc.models.StructuredGAN(*two_lists(), seed=0), LISTS
        model.compile(tfc.SimultaneousOptimizer("sgd", 1e-3))
        real = (POINTS, LINES)
    monitor = tfc.callbacks.SpectrumMonitor(real, report=None)
    logs = model.fit(data, verbose=0, callbacks=[monitor]).history
    assert np.isfinite(logs["spectrum_real"]).all()


def test_an_advisor_watches_the_losses_alone():
    model, data = pictures()
    logs = model.fit(data, verbose=0, callbacks=[tfc.callbacks.Advisor()]).history
    assert logs["advice"] == [0]
    with pytest.raises(TypeError, match=r"samples are one tensor.*Leave it out"):
        model.fit(data, verbose=0, callbacks=[tfc.callbacks.Advisor(real=data)])


# Refusals.


WRONG_DATA = {
    "no such part": {"line": LINES, "points": POINTS},
    "a part too few": {"line": LINES},
    "a list for a dict": [LINES, POINTS],
    "another shape": {"line": LINES, "point": POINTS[:, :1]},
    "one tensor": POINTS,
    "other numbers of rows": {"line": LINES[:4], "point": POINTS},
}


@pytest.mark.parametrize("wrong", WRONG_DATA)
def test_batches_of_another_structure_are_refused(wrong):
    model = make()
    with pytest.raises(ValueError, match=r"structure and the shapes.*Received|one row per example"):
        model.game(WRONG_DATA[wrong])


def test_text_is_refused():
    with pytest.raises(TypeError, match="real numbers"):
        make().game({"line": LINES, "point": POINTS.astype(str)})


def dict_networks(**options):
    generator, _ = networks()
    _, judge = two_lists()
    return {"generator": generator, "discriminator": judge, **options}


WRONG_NETWORKS = {
    "a list for a dict": (dict_networks, "same structure.*both with a dict"),
    "another latent": (
        lambda: (
            dict(zip(("generator", "discriminator"), networks(), strict=True))
            | {"latent_dim": {"z": 3, "noise": (2, 2)}}
        ),
        r"structure of the generator's inputs, .*'z': \(None, 2\)",
    ),
    "latents in a list": (
        lambda: (
            dict(zip(("generator", "discriminator"), networks(), strict=True))
            | {"latent_dim": [(2, 2), 2]}
        ),
        "structure of the generator's inputs",
    ),
}


@pytest.mark.parametrize("wrong", WRONG_NETWORKS)
def test_networks_that_do_not_fit_are_refused(wrong):
    arguments, match = WRONG_NETWORKS[wrong]
    with pytest.raises(ValueError, match=match):
        tfc.models.StructuredGAN(**arguments())


def test_samples_of_an_open_length_are_refused():
    z, sample = keras.Input((None, 2)), keras.Input((None, 1))
    generator = keras.Model(z, layers.Dense(1)(z))
    judge = keras.Model(sample, layers.Dense(1)(layers.GlobalAveragePooling1D()(sample)))
    with pytest.raises(ValueError, match=r"`latent_dim` is read.*known sides"):
        tfc.models.StructuredGAN(generator, judge)
    model = tfc.models.StructuredGAN(generator, judge, (4, 2))  # then the length is known
    assert model.generate(2).shape == (2, 4, 1)


def test_latents_of_another_structure_are_refused():
    with pytest.raises(ValueError, match=r"takes latents \{.*Received: \(2, 3\)"):
        make()(tf.zeros((2, 3)))


# Later batches, whose shapes a data set of a generator does not know.


def whole_batches(*numbers):
    """A data set of unknown shapes whose batches have parts of these numbers of rows and times."""
    batches = [
        {"line": np.zeros((rows, times, 1), "float32"), "point": np.zeros((points, 2), "float32")}
        for rows, times, points in numbers
    ]
    kinds = {
        "line": tf.TensorSpec((None, None, 1)),
        "point": tf.TensorSpec((None, 2)),
    }
    return tf.data.Dataset.from_generator(lambda: iter(batches), output_signature=kinds)


@pytest.mark.parametrize(
    ("later", "message"),
    [
        ((4, 4, 4), "not compatible with expected shape"),
        ((4, 4, 8), "not compatible with expected shape"),  # both would fold into eight rows
        ((4, 3, 4), "not compatible with expected shape"),
        ((4, 2, 3), "All parts of a batch have one row per example"),
    ],
)
@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_later_batches_are_never_folded_into_other_rows(later, message, method):
    model = make(penalties=())
    model.compile(tfc.SimultaneousOptimizer("sgd", 0.01))
    options = {"shuffle": False} if method == "fit" else {}
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"(?s)({message}|one row per)"):
        getattr(model, method)(whole_batches((4, 2, 4), later), verbose=0, **options)


@pytest.mark.filterwarnings("ignore:Your input ran out of data")  # of a generator
def test_later_batches_may_be_smaller():
    model = make(penalties=())
    model.compile(tfc.SimultaneousOptimizer("sgd", 0.01))
    model.fit(whole_batches((4, 2, 4), (3, 2, 3)), shuffle=False, verbose=0)
    assert int(model.optimizer.iterations) == 2
