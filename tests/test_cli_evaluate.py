"""`tf-consensus evaluate`: its scores are the library's, in no order of classes, or refused."""

import json
import warnings

import keras
import numpy as np
import pytest
from saved_runs import save_run, told, write, write_pictures
from small_images import write_fashion_mnist
from test_inception import tiny_graph
from test_moments_files import fid_oracle, moments_of

from tf_consensus import data, metrics
from tf_consensus.metrics import inception_graph

NUMBER = 60


def write_classifier(path, side=16, channels=1):
    """A network that tells three brightnesses apart."""
    model = keras.Sequential(
        [
            keras.Input((side, side, channels)),
            keras.layers.AveragePooling2D(side // 2 if side else 8),
            keras.layers.GlobalAveragePooling2D() if side is None else keras.layers.Flatten(),
            keras.layers.Dense(3),
        ]
    )
    rows = model.layers[-1].kernel.shape[0]
    kernel = np.array([[-20.0, 0.0, 20.0]]).repeat(rows, 0) / rows
    model.layers[-1].set_weights([kernel, np.array([0.0, 4.0, 0.0])])
    model.save(path)
    return path


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Folders of pictures, runs and classifiers."""
    root = tmp_path_factory.mktemp("evaluate")
    for name, options in {
        "a": {},
        "b": {"seed": 1},
        "large": {"side": 32},
        "colour": {"channels": 3},
        "few": {"number": 6},
        "own/train": {},
        "own/test": {"seed": 2},
    }.items():
        write_pictures(root / name, **({"number": NUMBER, "classes": 3} | options))
    write_fashion_mnist(root / "fashion")
    save_run(root / "run/a-seed0")
    save_run(root / "colour_run/a-seed0", channels=3)
    classifiers = {"grey": (16, 1), "large": (32, 1), "colours": (16, 3)}
    for name, shape in classifiers.items():
        write_classifier(root / f"{name}.keras", *shape)
    (root / "empty").mkdir()
    (root / "graph.pb").write_bytes(tiny_graph().SerializeToString())
    np.savez(root / "moments.npz", mu=np.zeros(4), sigma=np.eye(4))
    (root / "damaged.keras").write_bytes((root / "grey.keras").read_bytes()[:-20])
    return root


def scores_of(place, capsys, *flags):
    """The numbers of a command, which are written to a file too."""
    path = place / "scores.json"
    status, out, err = told(capsys, "evaluate", *flags, f"--output={path}")
    assert status == 0, err
    return json.loads(path.read_text(encoding="utf-8")), out


def library_scores(place, one, other, **options):
    """The same by the library's own metrics, the images shuffled by another seed."""
    extractor = metrics.Extractor(metrics.load_classifier(place / "grey.keras"), name="x")
    load = {"image_size": 16, "batch_size": NUMBER, "repeat": False}
    reference = metrics.Reference.of(extractor, data.images(f"folder:{other}", **load))
    scores = metrics.ImageScores(extractor, reference, **options)
    (images,) = data.images(f"folder:{one}", **load)
    scores.update_state(np.random.default_rng(5).permutation(images.numpy()))
    return scores.result()


@pytest.mark.parametrize("form", ["folder:{}", "{}"])
def test_two_folders_are_scored_against_each_other(place, capsys, form):
    one, other = form.format(place / "a"), form.format(place / "b")
    network = f"--classifier={place / 'grey.keras'}"
    asked = ("kid", "precision_recall", "density_coverage")
    flags = (f"--against={other}", network, "--splits=1", *(f"--{x}" for x in asked))
    found, out = scores_of(place, capsys, one, *flags)
    options = dict.fromkeys(asked, True)
    expected = library_scores(place, place / "a", place / "b", splits=1, **options)
    assert set(found["scores"]) == set(expected)
    alike = ("classifier_score", "frechet_distance", "precision", "recall", "density", "coverage")
    for key in alike:
        assert found["scores"][key] == pytest.approx(expected[key], rel=1e-4, abs=1e-6)
        assert key in out
    assert (found["evaluated"], found["real"], found["side"]) == (NUMBER, NUMBER, 16)


def test_splits_do_not_hold_one_class_each(place, capsys):
    """The files are sorted by class: parts in their order would all score 1."""
    flags = (f"--against={place / 'b'}", f"--classifier={place / 'grey.keras'}", "--splits=3")
    found, _ = scores_of(place, capsys, place / "a", *flags)
    assert found["scores"]["classifier_score"] > 2.2
    extractor = metrics.Extractor(metrics.load_classifier(place / "grey.keras"), name="x")
    ordered = metrics.InceptionScore(extractor, splits=3)
    for batch in data.images(f"folder:{place / 'a'}", image_size=16, repeat=False):
        ordered.update_state(batch)
    assert ordered.result()["classifier_score"] < 1.2


def test_a_part_of_a_folder_has_all_classes(place, capsys):
    flags = (f"--against={place / 'b'}", f"--classifier={place / 'grey.keras'}", "--splits=1")
    found, out = scores_of(place, capsys, place / "a", "--n=20", *flags)
    assert found["scores"]["classifier_score"] > 2.2
    assert "20 of 60 images of" in out


@pytest.mark.parametrize(
    ("name", "classifier", "side"),
    [("large", "large", 32), ("large", "grey", 32), ("a", "large", 16), ("colour", "colours", 16)],
)
def test_images_are_brought_to_the_network(place, capsys, name, classifier, side):
    flags = (f"--against={place / name}", f"--classifier={place / classifier}.keras")
    found, _ = scores_of(place, capsys, place / name, *flags)
    assert found["side"] == side
    assert found["scores"]["frechet_distance"] == pytest.approx(0.0, abs=1e-6)
    assert found["scores"]["classifier_score"] > 2


def test_a_run_is_scored_by_what_the_library_generates(place, capsys):
    flags = (f"--against={place / 'b'}", f"--classifier={place / 'grey.keras'}", "--splits=1")
    found, out = scores_of(place, capsys, place / "run", "--n=30", "--seed=4", *flags)
    gan = keras.models.load_model(place / "run/a-seed0/model.keras")
    extractor = metrics.Extractor(metrics.load_classifier(place / "grey.keras"), name="x")
    load = {"image_size": 16, "batch_size": NUMBER, "repeat": False}
    reference = metrics.Reference.of(extractor, data.images(f"folder:{place / 'b'}", **load))
    scores = metrics.ImageScores(extractor, reference, splits=1)
    scores.update_state(gan.generate(30, seed=4))
    for key, value in scores.result().items():
        assert found["scores"][key] == pytest.approx(value, rel=1e-3, abs=1e-6)
    assert "30 images of model.keras, seed 4" in out


@pytest.mark.parametrize(
    ("settings", "name", "split"),
    [
        ({"dataset": "fashion_mnist"}, "fashion_mnist", "test"),
        ({"dataset": "folder:{}/a", "split": "rest"}, "folder:{}/a", "held_out"),
        ({"dataset": "folder:{}/a"}, "folder:{}/a", "train"),
        ({"dataset": "folder:{}/own/train"}, "folder:{}/own/test", "train"),
    ],
)
def test_a_run_is_scored_by_what_it_has_not_seen(place, capsys, settings, name, split):
    path = place / "run/a-seed0/settings.json"
    before = path.read_text()
    write(path, json.loads(before) | {k: v.format(place) for k, v in settings.items()})
    try:
        data_dir = f"--data_dir={place / 'fashion'}"
        flags = (f"--classifier={place / 'grey.keras'}", "--n=20", data_dir)
        found, out = scores_of(place, capsys, place / "run", *flags)
    finally:
        path.write_text(before)
    assert found["real_images"] == name.format(place)
    assert found["description"]["reference_split"] == split
    seen = "scores are against pictures it has seen" in out
    assert seen == (settings == {"dataset": "folder:{}/a"})


def pictures(place, name):
    """All images of a folder."""
    load = {"image_size": 16, "batch_size": NUMBER, "repeat": False}
    (images,) = data.images(f"folder:{place / name}", **load)
    return images


def test_a_file_of_statistics_takes_the_place_of_real_pictures(place, capsys, tmp_path):
    network = f"--classifier={place / 'grey.keras'}"
    expected, _ = scores_of(place, capsys, place / "a", f"--against={place / 'b'}", network)
    extractor = metrics.Extractor(metrics.load_classifier(place / "grey.keras"), name="x")
    path = tmp_path / "b.npz"
    metrics.Reference.of(extractor, [pictures(place, "b")]).save(path)
    found, out = scores_of(place, capsys, place / "a", f"--reference={path}", network)
    assert found["scores"] == pytest.approx(expected["scores"], rel=1e-4, abs=1e-6)
    assert (found["real"], found["real_images"]) == (NUMBER, str(path))
    assert "real images of" not in out
    status, _, err = told(capsys, "evaluate", place / "large", f"--reference={path}", network)
    assert (status, "must go through the same extractor" in err) == (1, True)


@pytest.mark.parametrize("tool", ["pytorch-fid", pytest.param("ttur", marks=pytest.mark.full)])
def test_a_file_of_another_tool_gives_its_fid(place, capsys, tmp_path, monkeypatch, tool):
    monkeypatch.setattr(inception_graph, "differences", lambda used: [])
    network = metrics.inception.frozen_inception(place / "graph.pb", tool)
    real, fake = (network(pictures(place, x)).features.astype(float) for x in ("b", "few"))
    path = tmp_path / "moments.npz"
    np.savez(path, **moments_of(real))
    flags = (f"--inception={place / 'graph.pb'}", f"--fid_tool={tool}", f"--reference={path}")
    found, out = scores_of(place, capsys, place / "few", *flags, "--splits=1")
    key = "fid" if tool == "ttur" else "frechet_distance"
    assert found["scores"][key] == pytest.approx(fid_oracle(real, fake), rel=1e-6)
    assert (found["real"], found["fid_tool"]) == (None, tool)
    assert ("comparable with the FIDs of pytorch-fid alone" in out) == (tool != "ttur")
    status, _, err = told(capsys, "evaluate", place / "few", *flags, "--splits=1", "--kid")
    assert (status, "need features of single real images" in err) == (1, True)


def test_a_file_of_another_tool_needs_the_tool_and_its_features(place, capsys, monkeypatch):
    monkeypatch.setattr(inception_graph, "differences", lambda used: [])
    flags = (f"--inception={place / 'graph.pb'}", f"--reference={place / 'moments.npz'}")
    for more, message in (
        ((), "does not say how the images were resized. Received: --reference="),
        (("--fid_tool=clean-fid",), "--reference: The statistics must be of features that the"),
    ):
        status, _, err = told(capsys, "evaluate", place / "a", *flags, *more)
        assert (status, message in err) == (1, True), err


GREY = "--classifier={0}/grey.keras"
# What is typed after the command, the exit status and a part of the message.
BAD = [
    ((), 2, "The command takes one run or folder. Received: none."),
    (("{0}/a", "{0}/b"), 2, "The command takes one run or folder. Received: 2: "),
    (("{0}/nothing", "--against={0}/b", GREY), 2, "There is no such path."),
    (("folder:{0}/nothing", "--against={0}/b", GREY), 2, "A folder of pictures must exist."),
    (("{0}/a", "--against={0}/nothing", GREY), 2, "A folder of pictures must exist."),
    (("{0}/a", GREY), 2, "Pictures are scored against real ones. Received: no --against."),
    (("{0}/a", "--against={0}/b"), 2, "Scores come from one network. Received: none."),
    (("{0}/a", "--against={0}/b"), 2, "which examples/train_classifier.py trains"),
    (("{0}/a", "--against={0}/b", GREY, "--inception={0}/x"), 2, "both --classifier and"),
    (("{0}/a", "--against={0}/b", "--classifier={0}/no.keras"), 2, "--classifier must name a file"),
    (("{0}/a", "--against={0}/b", "--inception={0}/no.pb"), 2, "--inception must name a file"),
    (("{0}/a", "--against={0}/b", "--classifier={0}/damaged.keras"), 1, "which is damaged"),
    (("{0}/a", "--against={0}/b", "--classifier={0}/a/kind0/000.png"), 1, "no .keras file"),
    (("{0}/a", "--against={0}/b", "--inception={0}/grey.keras"), 1, "--inception: "),
    (("{0}/a", "--against={0}/run", GREY), 2, "--against must be real pictures. Received: "),
    (("{0}/a", "--against={0}/empty", GREY), 1, "A folder must hold images."),
    (("{0}/empty", "--against={0}/b", GREY), 1, "A folder must hold images."),
    (("{0}/a", "--against={0}/b", GREY, "--against_split=test"), 1, "A folder of images has the"),
    (("{0}/a", "--against=fashion_mnst", GREY), 1, "fashion_mnst"),
    (("{0}/a", "--against={0}/b", GREY, "--n=61"), 1, "--n=61 for 60"),
    (("{0}/a", "--against={0}/b", GREY, "--n=1"), 2, "--n=1"),
    (("{0}/a", "--against={0}/b", GREY, "--n=5"), 2, "--n must be at least --splits."),
    (("{0}/few", "--against={0}/b", GREY), 1, "10 splits need at least 10 images. Received: 6."),
    (("{0}/a", "--against={0}/b", GREY, "--output=x.txt"), 2, "--output must be a .json file"),
    (("{0}/a", "--against={0}/b", GREY, "--output=no/x.json"), 2, "--output must be a .json file"),
    (("{0}/a", "--against={0}/b", GREY, "--data_dir=no"), 2, "--data_dir must name a folder."),
    (("{0}/colour_run", "--against={0}/b", GREY), 1, "A network of grey images cannot score"),
    (("{0}/run", "--against={0}/b", GREY, "--image_size=32"), 1, "--image_size is for folders"),
    (("{0}/a", "--againts={0}/b", GREY), 2, "Did you mean --against?"),
    (("{0}/a", "--reference={0}/no.npz", GREY), 2, "--reference must name a file."),
    (("{0}/a", "--reference={0}/moments.npz", GREY), 1, "needs the network of the FID, whose"),
    (("{0}/a", "--reference={0}/damaged.keras", GREY), 1, "--reference: A reference must be a"),
    (("{0}/a", "--reference={0}/x", "--against={0}/b", GREY), 2, "--reference must name a file."),
    (("{0}/a", "--reference={0}/moments.npz", "--against={0}/b", GREY), 2, "takes the place of"),
    (("{0}/a", "--reference={0}/moments.npz", "--against_split=a", GREY), 2, "takes the place of"),
    (("{0}/a", "--reference={0}/moments.npz", "--data_dir={0}", GREY), 2, "takes the place of"),
    (("{0}/a", "--against={0}/b", GREY, "--fid_tool=ttur"), 2, "says how pictures enter the net"),
    (("{0}/a", "--against={0}/b", "--inception={0}/graph.pb", "--fid_tool=fid"), 2, "--fid_tool=f"),
]


@pytest.mark.parametrize(("words", "status", "message"), BAD)
def test_bad_input(place, capsys, monkeypatch, tmp_path, words, status, message):
    monkeypatch.chdir(tmp_path)
    found, _, err = told(capsys, "evaluate", *[word.format(place) for word in words])
    assert (found, message in err) == (status, True), err
    assert list(tmp_path.iterdir()) == []


def test_colours_that_a_grey_network_does_not_see_are_told(place, capsys):
    flags = (f"--against={place / 'b'}", f"--classifier={place / 'grey.keras'}")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        status, _, err = told(capsys, "evaluate", place / "colour", *flags)
    assert status == 0
    assert "warning: Images in colour become grey by channels=1: 60 of the 60 looked at." in err
