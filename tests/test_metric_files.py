"""References and classifiers from files: damaged, of another kind, of others; and fingerprints."""

import functools
import io
import json
import os
import pathlib
import random
import subprocess
import sys
import zipfile

import h5py
import keras
import numpy as np
import pytest

from tf_consensus.metrics import Extractor, ImageScores, Reference, load_classifier
from tf_consensus.metrics.fingerprints import of_function

CLASSES = 5


def classifier(seed=0, activation=None, units=4, name=None, side=6):
    init = [keras.initializers.GlorotUniform(seed=seed + i) for i in range(2)]
    return keras.Sequential(
        [
            keras.Input((side, side, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(units, "tanh", kernel_initializer=init[0], name=name),
            keras.layers.Dropout(0.3, seed=seed),
            keras.layers.Dense(CLASSES, activation, kernel_initializer=init[1]),
        ]
    )


def images(n=30, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (n, 6, 6, 1)).astype("float32")


@pytest.fixture(scope="module")
def extractor():
    return Extractor(classifier(), name="small")


@pytest.fixture
def reference(extractor):
    return Reference.of(extractor, [images()], split="test")


@pytest.fixture
def files(reference, tmp_path):
    """A good reference and a good classifier."""
    reference.save(tmp_path / "good.npz")
    classifier().save(tmp_path / "good.keras")
    return {"reference": tmp_path / "good.npz", "classifier": tmp_path / "good.keras"}


LOADERS = {
    "reference": lambda path: Reference.load(path).fingerprint,
    "classifier": lambda path: Extractor(load_classifier(path), name="x").fingerprint,
}


# --- damage --------------------------------------------------------------------------------------


def flipped(content, rng):
    # The directory at the end and the headers at the start are small; both are met often.
    ranges = [(0, len(content)), (0, 100), (len(content) - 200, len(content))]
    broken = bytearray(content)
    broken[rng.randrange(*rng.choice(ranges))] ^= 1 << rng.randrange(8)
    return bytes(broken)


def cut(content, rng):
    return content[: rng.randrange(len(content))]


def zeroed(content, rng):
    start = rng.randrange(len(content) - 64)
    return content[:start] + bytes(64) + content[start + 64 :]


def grown(content, rng):
    start = rng.randrange(len(content))
    return content[:start] + rng.randbytes(7) + content[start:]


@pytest.mark.parametrize("damage", [flipped, cut, zeroed, grown])
@pytest.mark.parametrize("kind", LOADERS)
def test_damage_is_said_with_the_path_or_changes_nothing(files, tmp_path, kind, damage):
    content, rng = files[kind].read_bytes(), random.Random(0)
    expected = LOADERS[kind](files[kind])
    path = tmp_path / f"damaged{files[kind].suffix}"
    said = 0
    for _ in range(40):
        path.write_bytes(damage(content, rng))
        try:
            # Bytes that say when the archive was made, for example, mean nothing.
            assert LOADERS[kind](path) == expected
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017
            assert f"A {kind} " in str(error)  # noqa: PT017
            said += 1
    assert said >= 20


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda path: None, FileNotFoundError, "No such file or directory. Look at the path"),
        (lambda path: path.mkdir(), IsADirectoryError, "Is a directory. Look at the path"),
        (lambda path: path.write_bytes(b""), ValueError, r"\(0 bytes\)"),
        (lambda path: path.write_bytes(b"PK"), ValueError, r"which is damaged \(2 bytes\)"),
        (lambda path: path.write_text("epoch,loss"), ValueError, r"which is no \.\w+ file"),
    ],
)
@pytest.mark.parametrize("kind", LOADERS)
def test_what_is_no_such_file_is_said(tmp_path, kind, make, error, words):
    path = tmp_path / "given.bin"
    make(path)
    with pytest.raises(error, match=f"A {kind} must be a .*Received: '.*given.bin', .*{words}"):
        LOADERS[kind](path)


@pytest.mark.parametrize("kind", LOADERS)
def test_a_file_that_may_not_be_read_is_said(files, kind, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(pathlib.Path, "read_bytes", refuse)
    with pytest.raises(PermissionError, match=f"A {kind} .*'.*good.*', Permission denied. Look at"):
        LOADERS[kind](files[kind])


# --- files of another kind -----------------------------------------------------------------------


def test_each_is_refused_in_the_place_of_the_other(files):
    with pytest.raises(
        ValueError, match=r"A reference must be a whole .*good\.keras.*Make it anew"
    ):
        Reference.load(files["classifier"])
    with pytest.raises(ValueError, match=r"must be a \.keras file.*good\.npz', an archive without"):
        load_classifier(files["reference"])


class Runs:
    """What writes a file when it is read from a pickle."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


def written(path, **changed):
    """A reference file without checksum, some of its entries changed; None leaves one out."""
    about = {"n_real": 9, "split": "test", "description": {"fingerprint": "0"}}
    entries = {"mean": np.zeros(2), "cov": np.eye(2), "sample": np.ones((3, 2))} | changed
    entries = {"about": json.dumps(about | entries.pop("told", {}))} | entries
    np.savez(path, **{key: value for key, value in entries.items() if value is not None})
    return path


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"cov": None}, "holds mean, cov, sample and about.*with about, mean, sample. Make it"),
        ({"about": "[1]"}, "A reference holds mean, cov, sample and about"),
        ({"about": "{"}, "A reference must be a whole .npz file"),
        ({"about": json.dumps({"n_real": 3})}, "A reference holds mean, cov, sample and about"),
        ({"told": {"code": "x"}}, "A reference holds mean, cov, sample and about"),
        ({"told": {"n_real": "9"}}, "is no reference. `n_real` must be an integer of at least 2"),
        ({"told": {"n_real": 1}}, "is no reference. `n_real` must be an integer of at least 2"),
        ({"told": {"split": None}}, "is no reference. `split` must name a part"),
        ({"told": {"description": 3}}, "is no reference. `description` must be an extractor's"),
        ({"cov": np.full((2, 2), np.nan)}, "no reference. `cov` must be finite.*4 are NaN"),
        ({"mean": np.array([0, np.inf])}, "no reference. `mean` must be finite.*1 are NaN, inf"),
        ({"sample": np.array([[np.nan, 1]])}, "no reference. `sample` must be finite"),
        ({"cov": np.eye(3)}, r"no reference. A reference has .*mean \(2,\), cov \(3, 3\)"),
        ({"mean": np.zeros(0), "cov": np.zeros((0, 0))}, "no reference. A reference has mean"),
        ({"sample": np.ones(2)}, r"no reference. A reference has .*sample \(2,\)"),
        ({"mean": np.array(["a", "b"])}, "no reference. `mean` must be an array of numbers"),
        ({"mean": np.zeros(2, complex)}, "no reference. `mean` must be an array of numbers"),
        ({"digest": "0" * 64}, "as it was written.*does not have the checksum in it. Make it"),
    ],
)
def test_other_archives_are_no_reference(tmp_path, changed, message):
    assert Reference.load(written(tmp_path / "good.npz")).n_real == 9
    path = written(tmp_path / "other.npz", **changed)
    with pytest.raises(ValueError, match=f"(?s).*{message}") as raised:
        Reference.load(path)
    assert "other.npz" in str(raised.value)


def test_objects_in_a_reference_are_not_run(tmp_path):
    path = written(tmp_path / "bad.npz", sample=np.array([Runs(tmp_path / "ran")], object))
    with pytest.raises(ValueError, match=r"whole \.npz file\. Received: '.*bad\.npz', .* damaged"):
        Reference.load(path)
    assert not (tmp_path / "ran").exists()


def test_a_claim_of_more_numbers_than_there_are_is_damage(tmp_path):
    head = {"descr": "<f8", "fortran_order": False, "shape": (2**40,)}
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, head)
    path = written(tmp_path / "bomb.npz", sample=None)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("sample.npy", content.getvalue() + bytes(64))
    with pytest.raises(ValueError, match=r"whole \.npz file\. Received: '.*bomb\.npz', .* damaged"):
        Reference.load(path)


@keras.saving.register_keras_serializable("test_metric_files")
class Doubled(keras.layers.Layer):
    """A layer that only some processes know."""

    def call(self, x):
        return 2 * x


def lambda_model():
    layers = [keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Lambda(lambda x: 2 * x)]
    return keras.Sequential([*layers, keras.layers.Dense(CLASSES)])


def dense_model(*layers):
    return keras.Sequential(layers)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            lambda_model,
            "loads without code of its own.*lambda.*registered layers instead of Lambda",
        ),
        (
            lambda: dense_model(keras.Input((3,)), keras.layers.Dense(2)),
            r"holds no classifier of images. `model` must take images .*input shape \(None, 3\)",
        ),
        (
            lambda: dense_model(keras.Input((6, 6, 1)), keras.layers.Conv2D(2, 3)),
            "holds no classifier of images. Logits must have shape",
        ),
        (
            lambda: dense_model(
                keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Dense(1)
            ),
            "holds no classifier of images. Logits must have shape",
        ),
        (
            lambda: classifier(activation="sigmoid"),
            "no classifier of images. Logits must be linear",
        ),
    ],
)
def test_other_models_are_no_classifier(tmp_path, model, message):
    path = tmp_path / "model.keras"
    model().save(path)
    with pytest.raises(
        ValueError, match=f"(?s)(A classifier|'.*model.keras').*{message}"
    ) as raised:
        load_classifier(path)
    assert "model.keras" in str(raised.value)


def rewritten(path, **changed):
    """The archive with members changed, or left out where None."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (members | changed).items():
            if content is not None:
                archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"config.json": None}, "an archive without config.json"),
        ({"model.weights.h5": None}, "an archive without model.weights.h5"),
        ({"config.json": b"{"}, "Keras says: Expecting property name"),
        ({"config.json": b"[]"}, "Keras says: list indices must be integers"),
        ({"config.json": b'{"class_name": "Foo", "config": {}}'}, "Keras says: Could not locate"),
        ({"model.weights.h5": b""}, "Keras says: Unable to .*open file"),
    ],
)
def test_whole_archives_that_hold_no_model_are_said(files, changed, message):
    path = rewritten(files["classifier"], **changed)
    with pytest.raises(ValueError, match=f"(?s)A classifier must .*'.*good.keras', .*{message}"):
        load_classifier(path)


def with_activation(path, activation):
    """The classifier's file, with something else as the activation of its first dense layer."""
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
    dense = next(x for x in config["config"]["layers"] if x["class_name"] == "Dense")
    dense["config"]["activation"] = activation
    return rewritten(path, **{"config.json": json.dumps(config).encode()})


@pytest.mark.parametrize(
    ("module", "name", "config"),
    [
        ("os", "function", "system"),
        ("builtins", "function", "eval"),
        ("subprocess", "Popen", {"args": ["touch", "ran"]}),
        ("keras.utils", "function", "get_file"),
        ("tensorflow", "function", "py_function"),
    ],
)
def test_functions_of_other_modules_are_not_taken(
    files, tmp_path, monkeypatch, module, name, config
):
    monkeypatch.chdir(tmp_path)
    foreign = {"module": module, "class_name": name, "config": config, "registered_name": None}
    path = with_activation(files["classifier"], foreign)
    with pytest.raises(ValueError, match=r"good\.keras', of which Keras says: (Could not|Cannot)"):
        load_classifier(path)
    assert not (tmp_path / "ran").exists()


def test_weights_that_point_to_another_file_are_refused(files, tmp_path):
    weights, secret = tmp_path / "weights.h5", tmp_path / "secret.h5"
    with zipfile.ZipFile(files["classifier"]) as archive:
        weights.write_bytes(archive.read("model.weights.h5"))
    with h5py.File(weights, "a") as file, h5py.File(secret, "w") as other:
        name = "layers/dense/vars/0"
        other["x"] = np.full(file[name].shape, 7.0, "float32")
        del file[name]
        file[name] = h5py.ExternalLink(str(secret), "x")
    path = rewritten(files["classifier"], **{"model.weights.h5": weights.read_bytes()})
    with pytest.raises(
        ValueError, match=r"good\.keras', of which Keras says: A total of 1 objects"
    ):
        load_classifier(path)


def test_the_format_without_safe_mode_is_refused(tmp_path):
    path = tmp_path / "legacy.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Lambda"})
    with pytest.raises(
        ValueError, match=r"whole \.keras file\. Received: '.*h5', which is no \.ker"
    ):
        load_classifier(path)


def test_layers_that_nobody_has_registered_are_named(tmp_path):
    path = tmp_path / "custom.keras"
    layers = [
        keras.Input((6, 6, 1)),
        keras.layers.Flatten(),
        Doubled(),
        keras.layers.Dense(CLASSES),
    ]
    dense_model(*layers).save(path)
    load_classifier(path)
    name = keras.saving.get_registered_name(Doubled)
    registered = keras.saving.get_custom_objects().pop(name)
    try:
        # As in a process that does not import this file.
        rewritten(path, **{"config.json": _without_module(path)})
        with pytest.raises(
            ValueError, match=r"Keras says: Could not locate class 'Doubled'.*Import"
        ):
            load_classifier(path)
    finally:
        keras.saving.get_custom_objects()[name] = registered


def _without_module(path):
    with zipfile.ZipFile(path) as archive:
        return archive.read("config.json").replace(__name__.encode(), b"elsewhere")


def test_logits_and_probabilities_score_alike_and_sizes_are_told(tmp_path):
    for activation in (None, "softmax"):
        classifier(activation=activation).save(tmp_path / f"{activation}.keras")
    found = [load_classifier(tmp_path / f"{a}.keras", (6, 6, 1)) for a in (None, "softmax")]
    logits, log_p = (Extractor(model, name="x")(images()).logits for model in found)
    expected = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(log_p, expected, atol=1e-5)
    assert not found[0].compiled
    message = r"takes images of shape \(6, 6, 1\), for images of shape \(8, 8, 3\)\. Train one"
    with pytest.raises(ValueError, match=message):
        load_classifier(tmp_path / "None.keras", image_shape=(8, 8, 3))


def test_a_reference_that_cannot_be_written_leaves_the_old_one(reference, files, monkeypatch):
    def fail(path, **entries):
        pathlib.Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    before = files["reference"].read_bytes()
    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="No space left"):
        reference.save(files["reference"])
    assert files["reference"].read_bytes() == before
    assert sorted(os.listdir(files["reference"].parent)) == ["good.keras", "good.npz"]


# --- fingerprints --------------------------------------------------------------------------------


def test_layers_names_do_not_matter_weights_and_architecture_do(extractor, reference):
    same = [classifier(), classifier(name="other"), keras.models.clone_model(classifier())]
    same[2].set_weights(same[0].get_weights())
    assert same[0].layers[1].name != same[1].layers[1].name
    for model in same:
        found = Extractor(model, name="another label", weights="other words")
        assert found.fingerprint == extractor.fingerprint
        assert found.description["fingerprint"] == found.fingerprint
        ImageScores(found, reference)
    nested = [Extractor(model, name="x", features="flat") for model in _nested()]
    assert nested[0].fingerprint == nested[1].fingerprint
    others = {
        "weights": Extractor(classifier(seed=7), name="small"),
        "activation": Extractor(classifier(activation="softmax"), name="small"),
        "units": Extractor(classifier(units=5), name="small"),
        "size": Extractor(classifier(), name="small", image_size=6),
        "preprocess": Extractor(classifier(), name="small", preprocess=np.negative),
    }
    relu = classifier()
    relu.layers[1].activation = keras.activations.relu
    others["hidden activation"] = Extractor(relu, name="small")
    prints = [found.fingerprint for found in others.values()]
    assert len({extractor.fingerprint, *prints}) == 1 + len(others)
    for found in others.values():
        with pytest.raises(
            ValueError, match=r"the same extractor\. Received: .*fingerprint: '.*Make"
        ):
            ImageScores(found, reference)


def _nested():
    for name in ("first", "second"):
        inputs = keras.Input((6, 6, 1))
        flat = keras.layers.Flatten(name="flat")(inputs)
        shaped = keras.layers.Reshape((6, 6, 1), name=name)(flat)
        yield keras.Model(inputs, classifier(name=name)(shaped))


def test_precision_matters():
    policies = ("float32", "mixed_bfloat16")
    prints = []
    for policy in policies:
        keras.config.set_dtype_policy(policy)
        try:
            prints.append(Extractor(classifier(), name="x").fingerprint)
        finally:
            keras.config.set_dtype_policy("float32")
    assert prints[0] != prints[1]


def test_functions_of_one_name_are_told_apart():
    def scaled(factor):
        def scale(x):
            return factor * x

        return scale

    assert of_function(scaled(2.0)) == of_function(scaled(2.0))
    prints = {of_function(f) for f in (scaled(2.0), scaled(3.0), lambda x: x + 1, lambda x: x + 2)}
    assert len(prints) == 4
    assert of_function(None) == "None"


def test_whatever_can_be_called_has_a_fingerprint_without_an_address():
    def scale(x, factor):
        return factor * x

    class Half:
        """An object that can be called."""

        def __call__(self, x):
            return x / 2

    halves = [functools.partial(scale, factor=0.5), functools.partial(scale, factor=0.25)]
    layers = [keras.layers.Rescaling(0.5), keras.layers.Rescaling(0.5), keras.layers.Rescaling(2)]
    same = (of_function(layer) for layer in layers[:2])
    assert len(set(same)) == 1
    callables = [*halves, *layers[1:], Half(), np.negative, len, Half().__call__, scale]
    prints = [of_function(f) for f in callables]
    assert len(set(prints)) == len(callables)
    assert not any("0x" in text for text in prints)


class Opaque(keras.layers.Layer):
    """A layer that cannot say what it was made of, if that is a function."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def call(self, x):
        return self.inner(x) if callable(self.inner) else self.inner * x


@pytest.mark.parametrize("inner", [2.0, lambda x: 2 * x])
def test_layers_that_cannot_be_described_count_by_their_class(inner):
    def network(units=4):
        layers = [keras.Input((6, 6, 1)), keras.layers.Flatten(), Opaque(inner)]
        return dense_model(*layers, keras.layers.Dense(units), keras.layers.Dense(CLASSES))

    one, other = network(), network()
    other.set_weights(one.get_weights())
    models = (one, other, network(3), network())
    prints = [Extractor(model, name="x").fingerprint for model in models]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_a_reference_is_told_by_its_numbers_and_split(extractor, reference, files):
    assert Reference.load(files["reference"]).fingerprint == reference.fingerprint
    others = [
        Reference.of(extractor, [images(seed=1)]),
        Reference.of(extractor, [images()], split="train"),
        Reference.of(extractor, [images()], keep=5),
        Reference.of(extractor, [images()[:-1]]),
    ]
    prints = {reference.fingerprint, *(other.fingerprint for other in others)}
    assert len(prints) == 5
    scores = ImageScores(extractor, reference)
    assert scores.description()["reference_fingerprint"] == reference.fingerprint
    assert scores.description()["fingerprint"] == extractor.fingerprint
    assert all(len(p) == 16 and int(p, 16) >= 0 for p in prints)


def test_fingerprints_are_those_of_another_process(extractor, files):
    code = (
        "import sys, keras; from tf_consensus.metrics import Extractor, Reference, load_classifier;"
        "keras.layers.Dense(3);"  # counts up the automatic names
        "print(Extractor(load_classifier(sys.argv[1]), name='x').fingerprint,"
        "Reference.load(sys.argv[2]).fingerprint)"
    )
    arguments = [str(files["classifier"]), str(files["reference"])]
    command = [sys.executable, "-c", code, *arguments]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert printed == [extractor.fingerprint, Reference.load(files["reference"]).fingerprint]


def test_references_from_before_checksums_and_fingerprints_still_load(extractor, tmp_path):
    features = extractor(images()).features.astype(float)
    old = dict(extractor.description)
    old["fingerprint"] = old.pop("weights_fingerprint")
    path = written(
        tmp_path / "old.npz",
        mean=features.mean(axis=0),
        cov=np.cov(features.T),
        sample=features,
        told={"description": old},
    )
    loaded = Reference.load(path)
    ImageScores(extractor, loaded)
    with pytest.raises(ValueError, match="the same extractor"):
        ImageScores(Extractor(classifier(seed=7), name="small"), loaded)
