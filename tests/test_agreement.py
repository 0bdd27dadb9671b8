"""Classifiers of made images: which are taken, and how a code is scored by one."""

import itertools

import keras
import numpy as np
import pytest
from saved_runs import told, write_pictures

from tf_consensus.experiments.families.agreement import one_to_one, share_found


def by_all_assignments(codes, found, values, classes):
    """The largest share that an assignment of values to different classes has, by trying all."""
    size = max(values, classes)  # values that are left over stand for classes that are not found
    tried = itertools.permutations(range(size))
    return max(
        np.mean([kinds[k] == c for k, c in zip(codes, found, strict=True)]) for kinds in tried
    )


@pytest.mark.parametrize(("values", "classes"), [(2, 2), (4, 4), (3, 5), (5, 3), (6, 6), (1, 4)])
def test_the_assignment_is_the_best_of_all(values, classes):
    rng = np.random.default_rng(values)
    codes = np.arange(60) % values
    found = np.where(rng.random(60) < 0.5, (codes * 2 + 1) % classes, rng.integers(0, classes, 60))
    share, kinds = one_to_one(codes, found, values, classes)
    assert share == pytest.approx(by_all_assignments(codes, found, values, classes), abs=1e-12)
    named = [kind for kind in kinds if kind is not None]
    assert len(set(named)) == len(named) == min(values, classes)
    assert share == np.mean([kinds[k] == c for k, c in zip(codes, found, strict=True)])


# What a code makes of its ten values, and the share that it is worth.
CODES = {
    "one class for all": (lambda k: 0 * k + 8, 0.1),
    "its own class each": (lambda k: (3 * k + 1) % 10, 1.0),
    "two values a class": (lambda k: k // 2, 0.5),
    "seven of one class": (lambda k: np.where(k < 7, 6, k), 0.4),
}


@pytest.mark.parametrize("name", CODES)
def test_a_code_that_collapses_is_worth_no_more_than_chance(name):
    make, expected = CODES[name]
    codes = np.arange(1000) % 10
    share, _ = one_to_one(codes, make(codes), 10, 10)
    assert share == pytest.approx(expected, abs=1e-12)


def test_the_share_of_classes_that_are_found():
    assert share_found(np.array([0, 1, 2, 3]), np.array([0, 2, 2, 3])) == 0.75


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Pictures of two classes, in colour, and classifiers by their side, channels and classes."""
    root = tmp_path_factory.mktemp("classifiers")
    write_pictures(root / "photos", number=24, classes=2, channels=3)
    for side, channels, classes in ((16, 3, 10), (16, 1, 2), (8, 3, 2), (16, 3, 2)):
        flat = [keras.Input((side, side, channels)), keras.layers.Flatten()]
        keras.Sequential([*flat, keras.layers.Dense(classes)]).save(
            root / f"{side}-{channels}-{classes}.keras"
        )
    return root


SIZES = ("--filters=2", "--image_size=16", "--latent_dim=4", "--batch_size=4", "--steps=2")
SIZES += ("--eval_every=2", "--verbose=0", "--network=dcgan4_nobn")
SHAPE = "The classifier must take the images that are measured. Received: "
REFUSED = [
    *((model, "16-1-2", SHAPE) for model in ("acgan", "projection", "infogan", "gan")),
    *((model, "8-3-2", SHAPE) for model in ("acgan", "projection", "infogan", "gan")),
    *((model, "16-3-10", "of 10 classes, for images of 2.") for model in ("acgan", "projection")),
]


@pytest.mark.parametrize(("model", "classifier", "message"), REFUSED)
def test_a_classifier_of_other_images_is_refused_before_training(
    place, model, classifier, message, tmp_path, capsys
):
    named = (f"--model={model}", f"folder:{place / 'photos'}", *SIZES)
    named += (f"--classifier={place / classifier}.keras", f"--output_dir={tmp_path / 'out'}")
    status, out, err = told(capsys, "train", *named)
    assert (status, message in err) == (1, True), err
    assert "seed 0: 2 steps" not in out
    assert not list(tmp_path.glob("out/*/log.csv"))


@pytest.mark.parametrize(("model", "classifier"), [("acgan", "16-3-2"), ("infogan", "16-3-10")])
def test_a_classifier_that_fits_scores_a_run(place, model, classifier, tmp_path, capsys):
    named = (f"--model={model}", f"folder:{place / 'photos'}", *SIZES)
    named += (f"--classifier={place / classifier}.keras", f"--output_dir={tmp_path}")
    status, out, err = told(capsys, "train", *named)
    assert (status, "  agreement 0." in out or "  agreement 1." in out) == (0, True), err
