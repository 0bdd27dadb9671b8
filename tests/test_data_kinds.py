"""What `fit`, `evaluate` and `train_on_batch` take for data: refused in words, or trained on."""

import functools
import itertools
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from bad_calls.things import LABELS, POINTS, gan, generator, labelled, stream


class Sequence(keras.utils.PyDataset):
    """Three batches, or batches without an end."""

    def __init__(self, batches=3):
        super().__init__()
        self._batches = batches

    @property
    def num_batches(self):
        return self._batches

    def __getitem__(self, index):
        return POINTS


class Loader:
    """Batches that are no generator."""

    def __iter__(self):
        return iter([POINTS])


class Frame:
    """What a data frame looks like."""

    shape, iloc = POINTS.shape, None

    def to_numpy(self, dtype=None):
        return POINTS.astype(dtype)


NO_DATA = {
    "numbers": (POINTS.tolist, r"a list of Python's own\. Pass np\.asarray"),
    "rows": (lambda: list(POINTS), r"a list of arrays\. Pass np\.stack\(x\)"),
    "tuple of rows": (lambda: tuple(POINTS), r"a tuple of arrays\. Pass np\.stack"),
    "one array": (lambda: [POINTS], r"a list of one array\. Pass the array"),
    "pair": (lambda: (POINTS, LABELS), r"a tuple of samples and labels\. Pass them as two"),
    "list pair": (lambda: [POINTS, LABELS], r"a list of samples and labels\. Pass them as two"),
    "uneven": (
        lambda: [POINTS, POINTS[:, :1], POINTS[:2]],
        r"a list of arrays of shapes \[\(8, 2\).*Resize",
    ),
    "name": (lambda: "images/", r"a str, 'images/'\. Read the files .*data\.images\(\"folder:"),
    "folder": (lambda: "folder:x", r"a str, 'folder:x'\. Read the files"),
    "path": (lambda: pathlib.Path("images"), r"a \w*Path.*data\.images\(\"folder:"),
    "bytes": (lambda: b"images", r"a bytes, b'images'\. Read the files"),
    "function": (lambda: generator, r"the function generator\. Call it: fit\(generator\(\)\)"),
    "partial": (lambda: functools.partial(generator, POINTS), r"a partial\. Call it"),
    "class": (lambda: Sequence, r"the class Sequence\. Make one of it: fit\(Sequence\("),
    "cycle": (lambda: itertools.cycle([POINTS]), r"a cycle\. Pass a generator of batches"),
    "zip": (lambda: zip([POINTS], strict=True), r"a zip\. Pass a generator of batches"),
    "loader": (Loader, r"a Loader\. Pass an array, or a generator"),
    "range": (lambda: range(3), r"a range\. Pass an array"),
    "set": (lambda: {1.0}, r"a set\. Pass an array"),
    "frame": (Frame, r"a Frame\. Pass x\.to_numpy\('float32'\)"),
    "masked": (lambda: np.ma.array(POINTS, mask=POINTS > 0), r"a masked array\. Fill"),
    "objects": (lambda: POINTS.astype(object), r"an array of Python objects\. Pass np\.stack"),
    "variable": (lambda: tf.Variable(POINTS), r"a variable\. Pass its values"),
    "Keras' variable": (lambda: keras.Variable(POINTS), r"a variable\. Pass its values"),
    "number": (lambda: 3.0, r"a float\. For example fit\(np\.asarray"),
    "truth": (lambda: True, r"a bool\. For example"),
    "thing": (object, r"an object\. For example"),
}


@pytest.mark.parametrize("method", ["fit", "evaluate"])
@pytest.mark.parametrize(("data", "message"), NO_DATA.values(), ids=NO_DATA)
def test_what_is_no_data_is_refused_with_what_to_pass(method, data, message):
    with pytest.raises(TypeError, match=f"(?s)Data are arrays.*Received: {message}"):
        getattr(gan(), method)(data(), verbose=0)


NO_BATCH = {
    "data set": (lambda: stream(POINTS), "a RepeatDataset"),
    "generator": (lambda: generator(POINTS), "a generator"),
    "function": (lambda: generator, "a function"),
    "iterator": (lambda: iter(stream(POINTS)), "an? .*Iterator"),
    "sequence": (Sequence, "a Sequence"),
    "numbers": (POINTS.tolist, "a list of Python's own"),
    "pair": (lambda: (POINTS, LABELS), "a tuple of samples and labels"),
    "name": (lambda: "images", "a str"),
    "frame": (Frame, "a Frame"),
}


@pytest.mark.parametrize("method", ["train_on_batch", "test_on_batch"])
@pytest.mark.parametrize(("data", "message"), NO_BATCH.values(), ids=NO_BATCH)
def test_what_is_no_batch_is_refused(method, data, message):
    with pytest.raises(TypeError, match=f"(?s)(A batch is|Data are) .*Received: {message}"):
        getattr(gan(), method)(data())


_UNSHUFFLED = {"fit": {"shuffle": False}, "evaluate": {}}
ENDLESS = {
    "data set": lambda: stream(POINTS, None),
    "counter": lambda: tf.data.Dataset.counter().map(lambda i: POINTS),
    "sequence": lambda: Sequence(None),
}


@pytest.mark.parametrize("data", ENDLESS.values(), ids=ENDLESS)
def test_endless_data_take_a_number_of_steps(data):
    for method, key in (("fit", "steps_per_epoch"), ("evaluate", "steps")):
        model = gan()
        message = rf"without an end, and {key}=None\. Write for example {key}=1000"
        with pytest.raises(ValueError, match=message):
            getattr(model, method)(data(), verbose=0)
        with pytest.raises(ValueError, match="Data without an end"):
            getattr(model, method)(data(), verbose=0, **{key: None})
        getattr(model, method)(data(), verbose=0, **{key: 2}, **_UNSHUFFLED[method])
    message = r"and validation_steps=None\. Write for example validation_steps=1000"
    with pytest.raises(ValueError, match=message):
        gan().fit(POINTS, validation_data=data(), verbose=0)


@pytest.mark.filterwarnings("ignore:Your input ran out of data")  # of a generator
@pytest.mark.parametrize(
    "data",
    [
        lambda: stream(POINTS, 3),
        lambda: generator(POINTS, 3),
        lambda: Sequence(3),
        lambda: np.concatenate([POINTS] * 3),
        lambda: tf.concat([POINTS] * 3, 0),
        lambda: np.ma.array(np.concatenate([POINTS] * 3)),
    ],
)
def test_data_with_an_end_need_no_number(data):
    model = gan()
    model.fit(data(), verbose=0, shuffle=False, **({"batch_size": 8} if _rows(data) else {}))
    assert int(model.optimizer.iterations) == 3


def _rows(data):
    return hasattr(data(), "shape")


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_data_of_unknown_size_need_no_number():
    model = gan()
    model.fit(stream(POINTS, 3).filter(lambda x: True), verbose=0, shuffle=False)
    assert int(model.optimizer.iterations) == 3


NO_LABELS = {
    "list": (LABELS.tolist, TypeError, r"a list\. Pass np\.asarray"),
    "text": (lambda: "labels", TypeError, r"a str\. Pass np\.asarray"),
    "dict": (lambda: {"y": LABELS}, TypeError, r"a dict\. Pass np\.asarray"),
    "objects": (lambda: LABELS.astype(object), TypeError, "an array of Python objects"),
    "data set": (lambda: stream(LABELS), TypeError, "second part of its pairs"),
    "frame": (Frame, TypeError, r"a Frame\. Pass np\.asarray"),
    "fewer": (lambda: LABELS[:5], ValueError, r"of shape \(8, 2\) and labels of shape \(5,\)"),
}


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch"])
@pytest.mark.parametrize(("labels", "error", "message"), NO_LABELS.values(), ids=NO_LABELS)
def test_labels_are_an_array_of_one_a_sample(method, labels, error, message):
    options = {} if method == "train_on_batch" else {"verbose": 0}
    with pytest.raises(error, match=rf"(Labels are|There is).*Received: .*{message}"):
        getattr(labelled(), method)(POINTS, labels(), **options)


@pytest.mark.parametrize("data", [lambda: POINTS, lambda: stream(POINTS), Sequence])
def test_labels_that_lack_are_said_before_a_step(data):
    model = labelled()
    with pytest.raises(ValueError, match=r"of 3 classes train on pairs.*samples alone"):
        model.fit(data(), verbose=0, shuffle=False)
    assert int(model.optimizer.iterations) == 0


def test_a_data_set_of_file_names_is_said_to_be_no_numbers():
    names = tf.data.Dataset.from_tensor_slices(["a.png", "b.png"]).batch(2)
    with pytest.raises(TypeError, match=r"real numbers\. Received: samples of dtype string"):
        gan().fit(names, verbose=0, shuffle=False)


# A list or a tuple is samples and labels.
FOR_VALIDATION = {name: x for name, x in NO_DATA.items() if not isinstance(x[0](), list | tuple)}


@pytest.mark.parametrize(("data", "message"), FOR_VALIDATION.values(), ids=FOR_VALIDATION)
def test_data_for_validation_are_looked_at_as_those_for_training(data, message):
    model = gan()
    with pytest.raises(TypeError, match=message):
        model.fit(POINTS, validation_data=data(), verbose=0)
    assert int(model.optimizer.iterations) == 0


@pytest.mark.parametrize(("labels", "error", "message"), NO_LABELS.values(), ids=NO_LABELS)
def test_labels_for_validation_are_looked_at_as_those_for_training(labels, error, message):
    with pytest.raises(error, match=rf"(Labels are|There is).*Received: .*{message}"):
        labelled().fit(POINTS, LABELS, validation_data=(POINTS, labels()), verbose=0)
