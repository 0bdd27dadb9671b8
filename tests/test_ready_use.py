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
    "Pix2Pix": "Received: a Pix2Pix",
    "CycleGAN": "Received: a CycleGAN",
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
