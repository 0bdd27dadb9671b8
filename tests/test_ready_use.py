"""How every ready model answers to data and callbacks that do not fit it."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_ready_networks import CASES, IMAGES, POINTS, TABLE, networks

import tf_consensus as tfc


def make(name, **options):
    """A compiled model."""
    model = CASES[name][0](*networks(name).values())
    model.compile(optimizer=tfc.SimultaneousOptimizer("sgd", 0.1), **options)
    return model


def refused(model, error, message, act):
    """Checks that `act` raises before a weight moves."""
    before = [x.numpy() for x in model.trainable_variables]
    with pytest.raises(error, match=message) as found:
        act(model)
    np.testing.assert_equal([x.numpy() for x in model.trainable_variables], before)
    return str(found.value)


# Callbacks.

CALLBACKS = {
    "TableGAN": "Received: a TableGAN, whose samples are rows.* Score model.generate",
    "ConditionalGAN": r"Received: a ConditionalGAN, whose .* Call model.generate\(64, conditions",
    "Pix2Pix": r"Received: a Pix2Pix, which makes images.* Call model.translate\(images\)",
    "CycleGAN": r"Received: a CycleGAN, which makes images.* Call model.translate\(images\)",
}


@pytest.mark.parametrize("callback", ["grid", "evaluate", "advisor"])
@pytest.mark.parametrize("name", CALLBACKS)
def test_callbacks_of_latents_refuse_models_of_other_samples(name, callback, tmp_path):
    made = {
        "grid": lambda: tfc.callbacks.SampleGrid(tmp_path / "grid"),
        "evaluate": lambda: tfc.callbacks.EvaluateGAN(),
        "advisor": lambda: tfc.callbacks.Advisor(),
    }[callback]()

    def act(model):
        model.fit(*CASES[name][2], verbose=0, shuffle=False, callbacks=[made])

    refused(make(name), TypeError, CALLBACKS[name], act)


@pytest.mark.parametrize("name", ["ACGAN", "InfoGAN"])
def test_callbacks_of_latents_take_models_of_labels_and_codes(name):
    seen = []
    callback = tfc.callbacks.EvaluateGAN(
        samples=6, on_samples=lambda _, made: seen.append(made.shape), report=None
    )
    make(name).fit(*CASES[name][2], verbose=0, shuffle=False, callbacks=[callback])
    assert seen == [(6, 2)] * 2


# Ranges of data, and last activations.

RANGES = {
    "ConditionalGAN": ((100 * POINTS, POINTS), "ends in tanh makes samples from -1 to 1"),
    "InfoGAN": ((100 * POINTS,), "ends in tanh makes samples from -1 to 1"),
    "TableGAN": ((50 * TABLE.rows,), "Encoded rows hold numbers from -1 to 1.* without scaling"),
}


def warnings_of(model, data, recwarn):
    recwarn.clear()
    for _ in range(2):
        model.fit(*data, verbose=0, shuffle=False)
    return [str(w.message) for w in recwarn if "Received: a" in str(w.message)]


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", RANGES)
def test_data_out_of_the_generators_range_are_named_once(name, recwarn):
    data, message = RANGES[name]
    assert warnings_of(make(name), CASES[name][2], recwarn) == []
    (found,) = warnings_of(make(name), data, recwarn)
    assert re.search(message, found)


def sigmoid(name):
    """The model, its discriminator with a sigmoid behind."""
    given = networks(name)
    judge = given["discriminator"]
    first, *others = judge.outputs
    ends = [keras.layers.Activation("sigmoid")(first), *others]
    given["discriminator"] = keras.Model(judge.inputs, ends if others else ends[0])
    model = CASES[name][0](*given.values())
    if name == "CycleGAN":
        model.opposition.objective = tfc.objectives.get("standard")
    model.compile(optimizer=tfc.SimultaneousOptimizer("sgd", 0.1))
    return model


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", CASES)
def test_a_discriminator_of_probabilities_is_named_once(name, recwarn):
    (found,) = warnings_of(sigmoid(name), CASES[name][2], recwarn)
    assert re.search(r"takes logits.*Received: a discriminator that ends in .*sigmoid", found)


def test_conditions_that_are_not_finite_are_refused():
    conditions = POINTS.copy()
    conditions[3, 1] = np.nan
    message = "finite numbers. Received: a first batch of 8 examples with 1 values"
    refused(
        make("ConditionalGAN"), ValueError, message,
        lambda model: model.fit(POINTS, conditions, verbose=0),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["ConditionalGAN", "TableGAN"])
def test_replicas_name_data_out_of_the_range_too(name, two_replicas):
    data, message = RANGES[name]
    with two_replicas.scope():
        model = make(name)
    with pytest.warns(UserWarning, match=message):
        model.fit(*data, batch_size=4, verbose=0, shuffle=False)


# Replicas.


@pytest.mark.parametrize("name", ["CycleGAN", "Pix2Pix"])
def test_a_replica_without_examples_is_named(name, two_replicas):
    with two_replicas.scope():
        model = make(name)
    pairs = tf.data.Dataset.from_tensor_slices((IMAGES[:6], IMAGES[:6])).batch(5)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="Every replica needs an example of each batch"
    ):
        model.fit(pairs, verbose=0, shuffle=False)


# What is said of data that do not fit, in the model's own words.

PAIRS = {"Pix2Pix": ("sources", "targets"), "CycleGAN": ("sources", "targets")}
PAIRS["ConditionalGAN"] = "samples", "conditions"
FIT = {"verbose": 0, "shuffle": False}


def stream(data):
    return tf.data.Dataset.from_tensor_slices(data).batch(4)


@pytest.mark.parametrize("name", PAIRS)
def test_pairs_are_named_as_what_they_are(name):
    x, y = CASES[name][2]
    first, second = PAIRS[name]
    model = make(name)
    for kind, form in (("tuple", (x, y)), ("list", [x, y])):
        message = f"Received: a {kind} of {first} and {second}. Pass them as two arguments, {first}"
        refused(model, TypeError, message, lambda model, form=form: model.fit(form, **FIT))
    lists = rf"{second.capitalize()} are an array of .* Pass np.asarray\({second}, 'float32'\)"
    refused(model, TypeError, lists, lambda model: model.fit(x, y.tolist(), **FIT))
    uneven = f"one {second[:-1]} per {first[:-1]}. Received: {first} of shape"
    refused(model, ValueError, uneven, lambda model: model.fit(x, y[:5], **FIT))
    names = rf"A batch is a pair \({first}, {second}\). Received: a dict of \['x', 'y'\]"
    refused(model, ValueError, names, lambda model: model.fit(stream({"x": x, "y": y}), **FIT))
    alone = "Received: a batch of 1 part"
    refused(model, ValueError, alone, lambda model: model.fit(x, **FIT))


SAID = {
    "targets": (
        "Pix2Pix", TypeError, "a tuple of sources and targets",
        lambda model: model.fit((np.repeat(IMAGES, 3, axis=3), IMAGES), **FIT),
    ),
    "a file of a table": (
        "TableGAN", TypeError, r"a str, 'people.csv'. Encode the table by tf_consensus.data.table",
        lambda model: model.fit("people.csv", **FIT),
    ),
    "a table": (
        "TableGAN", TypeError, r"a Table\. .*fit\(table.rows\)",
        lambda model: model.fit(TABLE, **FIT),
    ),
    "folders": (
        "CycleGAN", TypeError, r"Read the files by tf_consensus.data.image_pairs",
        lambda model: model.fit("folder:photos", **FIT),
    ),
    "a value of a code": (
        "InfoGAN", ValueError, r"code 0 are whole numbers from 0 to 2. Received: .*\[0.0, 5.0\]",
        lambda model: model.traverse(0, values=[0, 5]),
    ),
    "no images": (
        "Pix2Pix", ValueError, r"at least one image to translate. Received: .*\(0, 4, 4, 1\)",
        lambda model: model.translate(IMAGES[:0]),
    ),
    "a late label": (
        "ACGAN", ValueError, r"from 0 to num_classes - 1 = 2. Received: labels from 0 to 7",
        lambda model: model.fit(POINTS, np.array([0] * 7 + [7]), batch_size=4, **FIT),
    ),
    "a late label for validation": (
        "ACGAN", ValueError, r"Received: labels from 0 to 7",
        lambda model: model.fit(
            *CASES["ACGAN"][2], validation_data=(POINTS, np.array([0] * 7 + [7])), **FIT
        ),
    ),
    "latents of another width": (
        "TableGAN", ValueError, r"takes latents of .*\(batch, \d+\). Received: \(2, 1\)",
        lambda model: model.predict(np.zeros((2, 1), "float32"), verbose=0),
    ),
    "a list of latents": (
        "TableGAN", ValueError, r"takes latents of .* Received: \[\(2, 3\), \(2, 1\)\]",
        lambda model: model([np.zeros((2, 3)), np.zeros((2, 1))]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SAID)
def test_mistakes_are_named_before_a_weight_moves(case):
    name, error, message, act = SAID[case]
    refused(make(name), error, f"(?s){message}", act)


def test_too_few_latents_for_the_codes_are_named():
    given = networks("InfoGAN")
    recognizer = keras.Sequential([keras.Input((2,)), keras.layers.Dense(10)])
    with pytest.raises(ValueError, match=r"with 10 numbers behind.* Received: a .* of 6 numbers"):
        tfc.models.InfoGAN(*given.values(), recognizer, categorical=[10], continuous=0)


@pytest.mark.parametrize("name", CASES)
def test_losses_of_compile_and_exports_are_refused(name, tmp_path):
    model = make(name)
    with pytest.raises(ValueError, match=r"those of its objective and .* Received: loss='mse'"):
        model.compile("sgd", loss="mse")
    with pytest.raises(ValueError, match=r"is its generator.* Call \w+.generator.export\(path"):
        model.export(tmp_path / "model")


def plain_gan():
    model = tfc.GAN(*tfc.networks.build("mlp", latent_dim=4), seed=0)
    model.compile(optimizer="sgd")
    return model


NO_LABELS = {
    "rows of numbers": np.zeros((8, 7)),
    "numbers": np.zeros(8, "float32"),
    "one-hot rows": np.eye(8, dtype="int32"),
    "texts": np.array(list("abcdefgh")),
}


@pytest.mark.parametrize("form", ["arrays", "data set", "validation", "one batch"])
@pytest.mark.parametrize("kind", NO_LABELS)
@pytest.mark.parametrize("name", ["InfoGAN", "GAN"])
def test_what_is_no_labels_is_not_left_unused(name, kind, form):
    model, y = plain_gan() if name == "GAN" else make(name), NO_LABELS[kind]
    x = POINTS[:8].astype("float32")

    def act(model):
        if form == "one batch":
            model.train_on_batch(x, y)
        elif form == "validation":
            model.fit(x, validation_data=(x, y), **FIT)
        elif form == "arrays":
            model.fit(x, y, **FIT)
        else:
            model.fit(stream((x, y)), **FIT)

    refused(model, ValueError, "leaves labels beside them unused.* Received: beside the samp", act)


@pytest.mark.parametrize("labels", [np.arange(8), np.zeros((8, 1), "uint8")])
@pytest.mark.parametrize("name", ["InfoGAN", "GAN"])
def test_labels_go_unused_without_classes(name, labels):
    model = plain_gan() if name == "GAN" else make(name)
    x = POINTS[:8].astype("float32")
    assert model.evaluate(x, labels, verbose=0) == model.evaluate(x, verbose=0)
    model.fit(stream((x, labels)), validation_data=(x, labels), **FIT)


@pytest.mark.parametrize("name", CASES)
def test_messages_say_a_or_an(name, tmp_path):
    noun, article = name.split(",")[0], "an" if name[0] in "AEIO" else "a"
    with pytest.raises(ValueError, match=f"What is exported of {article} {noun} is"):
        make(name).export(tmp_path / "model")
    plain = CASES[name][0](*networks(name).values())
    message = f"{article.capitalize()} {noun} is compiled.* Received: {article} {noun} without"
    with pytest.raises(ValueError, match=message):
        plain.fit(*CASES[name][2], **FIT)


WRONG_VALIDATION = {
    "Pix2Pix": (IMAGES, "A batch is a pair"),
    "ConditionalGAN": (POINTS, "A batch is a pair"),
    "ACGAN": (POINTS[:, :1], "Real and generated samples must be of one shape"),
    "TableGAN": (POINTS, "A batch must be encoded rows"),
}


@pytest.mark.parametrize("form", ["array", "tuple", "data set"])
@pytest.mark.parametrize("name", WRONG_VALIDATION)
def test_wrong_data_for_validation_are_refused_before_the_first_step(name, form):
    data, message = WRONG_VALIDATION[name]
    given = {"array": data, "tuple": (data,), "data set": stream(data)}[form]
    refused(
        make(name), ValueError, message,
        lambda model: model.fit(*CASES[name][2], validation_data=given, **FIT),
    )  # fmt: skip


# Data sets and generators that do not say what they hold.


@pytest.mark.parametrize("form", ["unknown shapes", "generator of lists"])
@pytest.mark.parametrize("name", CASES)
def test_batches_of_any_form_train_as_arrays(name, form):
    data = CASES[name][2]
    expected = make(name)
    start = [x.numpy() for x in expected.trainable_variables]
    expected.fit(*data, batch_size=4, **FIT)
    starts = range(0, len(data[0]), 4)

    def batches():
        for i in starts:
            batch = [x[i : i + 4] for x in data]
            yield batch if form == "generator of lists" else tuple(batch)

    if form == "generator of lists":
        given = batches()
    else:
        types = tuple(tf.as_dtype(x.dtype) for x in data)
        given = tf.data.Dataset.from_generator(batches, output_types=types)
    found = make(name)
    for variable, value in zip(found.trainable_variables, start, strict=True):
        variable.assign(value)
    found.__dict__["seed"] = expected.seed
    found.fit(given, steps_per_epoch=len(starts), **FIT)
    for a, b in zip(found.trainable_variables, expected.trainable_variables, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5, atol=1e-6)


def test_a_late_label_under_xla_is_among_the_causes_of_losses_that_are_no_numbers():
    late = tf.data.Dataset.from_tensor_slices((POINTS, np.array([0] * 7 + [7]))).batch(4)
    with pytest.raises(tfc.callbacks.DivergedError, match="a label beyond 2 makes losses NaN"):
        make("ACGAN", jit_compile=True).fit(late, **FIT)
