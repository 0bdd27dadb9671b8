"""Every public name of the metrics at values that are none: a plain message, never a number."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_consensus import metrics
from tf_consensus.metrics import Extractor, Reference, inception

NAN, INF = float("nan"), float("inf")
ROWS = np.random.default_rng(0).normal(size=(9, 3))
MEAN, COV = np.zeros(3), np.eye(3)


def network():
    flat = keras.layers.Flatten()
    return keras.Sequential([keras.Input((6, 6, 1)), flat, keras.layers.Dense(4, "relu"), _last()])


def _last():
    return keras.layers.Dense(5, kernel_initializer=keras.initializers.GlorotUniform(seed=0))


EXTRACTOR = Extractor(network(), name="small")
IMAGES = np.random.default_rng(0).uniform(-1, 1, (9, 6, 6, 1)).astype("float32")
REFERENCE = Reference.of(EXTRACTOR, [IMAGES])


def broken_network():
    """An extractor whose weights are no numbers."""
    model = network()
    model.set_weights([np.full_like(x, NAN) for x in model.get_weights()])
    return Extractor(model, name="broken")


def batch_mean(images):
    return tf.reduce_mean(images, axis=0, keepdims=True)


def with_one(array, value):
    array = np.array(array, dtype=float)
    array.flat[1] = value
    return array


# What is no set of rows of numbers, and words of the message.
NO_ROWS = {
    "NaN": (with_one(ROWS, NAN), "must be (a )?finite"),
    "infinity": (with_one(ROWS, -INF), "must be (a )?finite"),
    "too large": (with_one(ROWS, 1e200), "must be (a )?finite"),
    "one axis": (ROWS[0], "must (have|be)"),
    "three axes": (ROWS[None], "must (have|be)"),
    "no rows": (ROWS[:0], "must (have|be)"),
    "no columns": (ROWS[:, :0], "must (have|be)"),
    "a number": (1.0, "must (have|be)"),
    "nothing": (None, "must be an array of numbers"),
    "a text": ("fid", "must be an array of numbers"),
    "texts": ([["1", "2"]], "must be an array of numbers"),
    "complex": (ROWS * 1j, "must be an array of numbers"),
    "uneven": ([[1.0, 2.0], [3.0]], "must be an array of numbers"),
    "objects": ([[object()] * 3] * 9, "must be an array of numbers"),
}
NO_IMAGES = {
    "NaN": (with_one(IMAGES, NAN), "must be (a )?finite"),
    "all NaN": (np.full_like(IMAGES, NAN), "must be finite.*9 of 9 images"),
    "infinity": (with_one(IMAGES, INF), "must be (a )?finite"),
    "bytes": (np.full(IMAGES.shape, 200, "uint8"), r"floats in .-1, 1..*uint8 from 200 to 200"),
    "0 to 255": (127.5 * (IMAGES + 1), r"floats in .-1, 1..*Scale bytes by x / 127.5 - 1"),
    "bool": (IMAGES > 0, r"floats in .-1, 1..*dtype bool"),
    "complex": (IMAGES.astype("complex64"), r"floats in .-1, 1..*dtype complex64"),
    "one image": (IMAGES[0], "must have shape"),
    "no images": (IMAGES[:0], "must have shape"),
    "no channel": (IMAGES[..., 0], "must have shape"),
    "three channels": (np.repeat(IMAGES, 3, axis=-1), "must have shape"),
    "another size": (IMAGES[:, :5], "must have the size"),
    "nothing": (None, "must be an array of numbers"),
    "a text": ("fid", "must (be an array of numbers|have shape)"),
    "uneven": ([IMAGES[0], IMAGES[0, :3]], "must be an array of numbers"),
}
GREY = np.random.default_rng(0).uniform(-1, 1, (3, 16, 16, 1)).astype("float32")
NO_PYRAMIDS = {
    "NaN": (with_one(GREY, NAN), "must be finite"),
    "infinity": (with_one(GREY, INF), "must be finite"),
    "bytes": (np.full(GREY.shape, 200, "uint8"), r"floats in .-1, 1..*uint8 from 200 to 200"),
    "0 to 255": (127.5 * (GREY + 1), r"floats in .-1, 1..*Scale bytes by x / 127.5 - 1"),
    "one image": (GREY[0], "Pyramids need images"),
    "no images": (GREY[:0], "must have shape"),
    "colours": (np.repeat(GREY, 3, axis=-1), "Pyramids need images"),
    "side 24": (np.zeros((2, 24, 24, 1)), r"Pyramids need images.*\(2, 24, 24, 1\)"),
    "side 32": (np.zeros((2, 32, 32, 1)), "Pyramids need images"),
    "nothing": (None, "must be an array of numbers"),
    "a text": ("fid", "must be an array of numbers|Pyramids need images"),
}
NO_PATH = {
    repr(value): (value, "`path` must be the name of a file") for value in (None, 3, True, b"x", [])
}
NO_COUNT = {key: (key, "must be an integer") for key in (0, -1, 1.5, "a", None, True)}


def calls(function, bad, **extra):
    """A call for each bad value, and what is said of it."""
    table = {
        name: (lambda value=value: function(value), said) for name, (value, said) in bad.items()
    }
    return table | extra


def without(table, *names):
    return {key: value for key, value in table.items() if key not in names}


def update(make, argument):
    return lambda value: make().update_state(**{argument: value})


def merged(value):
    metrics.FeatureStatistics(3).merge(value)


NO_LOGITS = without(NO_ROWS, "infinity", "too large") | {
    "infinity": (with_one(ROWS, INF), "must be (a )?finite"),
    "impossible": (np.full((9, 3), -INF), "must be (a )?finite"),
    "one class": (ROWS[:, :1], "must have shape"),
    "probabilities": (np.full((9, 4), 0.25), "must not be probabilities"),
}
NO_MEAN = {
    "NaN": (with_one(MEAN, NAN), "`mean1` must be finite"),
    "infinity": (with_one(MEAN, INF), "`mean1` must be finite"),
    "other": (np.zeros(4), "must have shape"),
    "nothing": (None, "array of numbers"),
}
NO_COV = {
    "NaN": (with_one(COV, NAN), "`cov2` must be finite"),
    "infinity": (COV + INF, "`cov2` must be finite"),
    "other": (np.eye(4), "must have shape"),
    "variances": (np.ones(3), "must have shape"),
    "a text": ("cov", "array of numbers"),
    "asymmetric": (np.triu(np.ones((3, 3))), "must be symmetric"),
    "negative": (-COV, "no negative eigenvalues"),
}
NO_EXTRACTOR = {
    "a model": (network(), "`extractor` must be"),
    "nothing": (None, "`extractor` must be"),
    "a text": ("inception", "`extractor` must be"),
    "a class": (Extractor, "`extractor` must be"),
}
NO_REFERENCE = {
    "a path": ("reference.npz", "`reference` must be a `Reference`"),
    "rows": (ROWS, "`reference` must be a `Reference`"),
    "nothing": (None, "Distances need real images"),
}
WITH_BOTH = {
    "ImageScores": metrics.ImageScores,
    "FrechetDistance": metrics.FrechetDistance,
    "KernelDistance": metrics.KernelDistance,
    "PrecisionRecall": metrics.PrecisionRecall,
    "DensityCoverage": metrics.DensityCoverage,
}


def few(kind, number):
    """A result of too few images."""
    metric = kind(EXTRACTOR, REFERENCE)
    metric.update_state(IMAGES[:number])
    return metric.result()


def scores(kind):
    """Calls for a metric of images."""
    found = {
        f"extractor {k}": v for k, v in calls(lambda e: kind(e, REFERENCE), NO_EXTRACTOR).items()
    }
    found |= {
        f"reference {k}": v for k, v in calls(lambda r: kind(EXTRACTOR, r), NO_REFERENCE).items()
    }
    found |= calls(update(lambda: kind(EXTRACTOR, REFERENCE), "images"), NO_IMAGES)
    if kind is metrics.DensityCoverage:  # which one image has
        return found
    return found | {"one image alone": (lambda: few(kind, 1), "needs? .*Received|must have shape")}


NO_TARGET = calls(metrics.Wasserstein1, without(NO_ROWS, "no rows"))
TABLE = {
    "Extractor": {
        **{f"call {key}": value for key, value in calls(EXTRACTOR, NO_IMAGES).items()},
        "weights": (
            lambda: broken_network()(IMAGES),
            "`(features|logits)` must be finite.*look at the weights of 'broken'",
        ),
        "a mean over the batch": (
            lambda: Extractor(network(), name="mixed", preprocess=batch_mean)(IMAGES),
            r"one row of features per image.*\(1, 4\) for 9 images, from 'mixed'. Take a",
        ),
        "model": (lambda: Extractor("vgg", name="x"), "`model` must be a built"),
        "size": (
            lambda: Extractor(network(), name="x", image_size=0),
            "`image_size` must be an int",
        ),
        "resizer": (
            lambda: Extractor(network(), name="x", resizer="near"),
            "`resizer` must be a name",
        ),
    },
    "FeatureStatistics": {
        **{
            f"dim {key}": value for key, value in calls(metrics.FeatureStatistics, NO_COUNT).items()
        },
        **calls(metrics.FeatureStatistics(3).update, without(NO_ROWS, "no rows")),
        "merge": (lambda: merged(ROWS), "merge with `FeatureStatistics`"),
        "merge other": (lambda: merged(metrics.FeatureStatistics(4)), "dimensions are equal"),
        "mean": (lambda: metrics.FeatureStatistics(3).mean, "at least 1 rows"),
        "cov": (lambda: metrics.FeatureStatistics(3).cov, "at least 2 rows"),
    },
    **{name: scores(kind) for name, kind in WITH_BOTH.items()},
    "InceptionScore": {
        **{f"extractor {k}": v for k, v in calls(metrics.InceptionScore, NO_EXTRACTOR).items()},
        **calls(update(lambda: metrics.InceptionScore(EXTRACTOR), "images"), NO_IMAGES),
        "splits": (
            lambda: metrics.InceptionScore(EXTRACTOR, splits=0),
            "`splits` must be an integer",
        ),
        "few": (
            lambda: metrics.InceptionScore(EXTRACTOR).check_samples(9),
            "needs at least 10 images",
        ),
    },
    "StackedModes": {
        **{f"extractor {k}": v for k, v in calls(metrics.StackedModes, NO_EXTRACTOR).items()},
        **calls(
            update(lambda: metrics.StackedModes(EXTRACTOR), "images"),
            {"grey": (np.zeros((2, 8, 8, 1), "float32"), "three colours")},
        ),
    },
    "ModeCoverage": {
        **calls(
            update(lambda: metrics.ModeCoverage(np.eye(3), 0.1), "samples"),
            without(NO_ROWS, "no rows", "too large"),
        ),
        **{
            f"modes {key}": value
            for key, value in calls(
                lambda m: metrics.ModeCoverage(m, 0.1), without(NO_ROWS, "too large")
            ).items()
        },
        **calls(
            lambda stddev: metrics.ModeCoverage(np.eye(3), stddev),
            {key: (key, "`stddev` must be finite and positive") for key in (0, -1, NAN, INF, True)},
        ),
    },
    "Reference": {
        **{
            f"extractor {k}": v
            for k, v in calls(lambda e: Reference.of(e, []), NO_EXTRACTOR).items()
        },
        **{
            key: value
            for key, value in calls(
                lambda images: Reference.of(EXTRACTOR, [images, IMAGES]), NO_IMAGES
            ).items()
            if key not in ("no images", "uneven")  # lists are (images, labels) here
        },
        **{f"load {key}": value for key, value in calls(Reference.load, NO_PATH).items()},
        **{f"save {key}": value for key, value in calls(REFERENCE.save, NO_PATH).items()},
        "batches": (lambda: Reference.of(EXTRACTOR, 3), "must come in batches"),
        "no batch": (lambda: Reference.of(EXTRACTOR, []), "needs 2 real images. Received: 0"),
        "numbers": (lambda: Reference.of(EXTRACTOR, [1.0, 2.0]), "must be an array of numbers"),
        "split": (lambda: Reference.of(EXTRACTOR, [IMAGES], split=None), "`split` must name"),
        "keep": (lambda: Reference.of(EXTRACTOR, [IMAGES], keep=0), "`keep` must be an integer"),
        "seed": (lambda: Reference.of(EXTRACTOR, [IMAGES], seed="a"), "`seed` must be an integer"),
        "n_real": (
            lambda: Reference.of(EXTRACTOR, [IMAGES], n_real=NAN),
            "`n_real` must be an int",
        ),
        "many": (lambda: Reference.of(EXTRACTOR, [IMAGES], n_real=99), "needs 99 real images"),
        "cov": (
            lambda: Reference(MEAN, COV * NAN, ROWS, 9, "test", EXTRACTOR.description),
            "`cov` must be finite",
        ),
        "path": (lambda: REFERENCE.save("x.pb"), "A reference is an .npz file"),
        "moments": (lambda: REFERENCE.save_moments("x.pb"), "A file of mu and sigma is an .npz"),
        **{
            f"load_moments {key}": value
            for key, value in calls(
                lambda path: Reference.load_moments(path, EXTRACTOR), NO_PATH
            ).items()
        },
        "unknown number": (
            lambda: Reference(MEAN, COV, ROWS, None, "test", EXTRACTOR.description),
            "`n_real` must be an integer",
        ),
    },
    "Wasserstein1": {
        **{f"target {key}": value for key, value in NO_TARGET.items()},
        **calls(update(lambda: metrics.Wasserstein1(ROWS), "samples"), without(NO_ROWS, "no rows")),
        "few": (lambda: metrics.Wasserstein1(ROWS).check_samples(8), "needs as many samples"),
    },
    "classifier_score": {
        **calls(lambda x: metrics.classifier_score(x, splits=1), NO_LOGITS),
        **{
            f"splits {key}": value
            for key, value in calls(lambda s: metrics.classifier_score(ROWS, s), NO_COUNT).items()
        },
        "few": (lambda: metrics.classifier_score(ROWS), "Every split needs an image"),
    },
    "frechet_distance": {
        **{
            f"mean {key}": value
            for key, value in calls(
                lambda mean: metrics.frechet_distance(mean, COV, MEAN, COV), NO_MEAN
            ).items()
        },
        **calls(lambda cov: metrics.frechet_distance(MEAN, COV, MEAN, cov), NO_COV),
    },
    "kernel_distance": {
        **calls(lambda rows: metrics.kernel_distance(rows, ROWS), NO_ROWS),
        **{
            f"fake {key}": value
            for key, value in calls(
                lambda rows: metrics.kernel_distance(ROWS, rows), NO_ROWS
            ).items()
        },
        "one": (lambda: metrics.kernel_distance(ROWS, ROWS[:1]), "n at least 2"),
        "other": (lambda: metrics.kernel_distance(ROWS, ROWS[:, :2]), "Use the same extractor"),
        "seed": (
            lambda: metrics.kernel_distance(ROWS, ROWS, seed=1.5),
            "`seed` must be an integer",
        ),
    },
    "load_classifier": {
        **calls(metrics.load_classifier, NO_PATH),
        "nothing there": (lambda: metrics.load_classifier("nowhere.keras"), "can be read"),
        "a folder": (lambda: metrics.load_classifier("."), "can be read"),
    },
    "density_coverage": {
        **calls(lambda rows: metrics.density_coverage(rows, ROWS), NO_ROWS),
        **{
            f"fake {key}": value
            for key, value in calls(
                lambda rows: metrics.density_coverage(ROWS, rows), NO_ROWS
            ).items()
        },
        **{
            f"neighbours {key}": value
            for key, value in calls(
                lambda k: metrics.density_coverage(ROWS, ROWS, k), NO_COUNT
            ).items()
        },
        "many": (lambda: metrics.density_coverage(ROWS, ROWS, 9), "n at least 10"),
        "other": (lambda: metrics.density_coverage(ROWS, ROWS[:, :2]), "Use the same extractor"),
    },
    "load_moments": {
        **calls(metrics.load_moments, NO_PATH),
        "nothing there": (lambda: metrics.load_moments("nowhere.npz"), "can be read"),
        "a folder": (lambda: metrics.load_moments("."), "can be read"),
    },
    "save_moments": {
        **calls(lambda path: metrics.save_moments(path, MEAN, COV), NO_PATH),
        **{
            f"mean {key}": (call, said.replace("mean1", "mean"))
            for key, (call, said) in calls(
                lambda mean: metrics.save_moments("x.npz", mean, COV), NO_MEAN
            ).items()
        },
        **{
            key: (call, said.replace("cov2", "cov"))
            for key, (call, said) in calls(
                lambda cov: metrics.save_moments("x.npz", MEAN, cov), NO_COV
            ).items()
        },
        "name": (lambda: metrics.save_moments("x.npy", MEAN, COV), "is an .npz file"),
    },
    "pyramid_wasserstein": {
        **calls(lambda x: metrics.pyramid_wasserstein(x, GREY), NO_PYRAMIDS),
        **{
            f"fake {key}": value
            for key, value in calls(
                lambda x: metrics.pyramid_wasserstein(GREY, x), NO_PYRAMIDS
            ).items()
        },
        "no square": (
            lambda: metrics.pyramid_wasserstein(GREY[:, :, :12], GREY[:, :, :12]),
            r"side 16, 32, 64 and so on.*Received: .*\(3, 16, 12, 1\).*Resize both",
        ),
        "neighbourhoods": (
            lambda: metrics.pyramid_wasserstein(GREY, GREY, 0),
            "`neighbourhoods` must be an integer",
        ),
        "projections": (
            lambda: metrics.pyramid_wasserstein(GREY, GREY, 1, 0),
            "`projections` must be an integer",
        ),
        "seed": (
            lambda: metrics.pyramid_wasserstein(GREY, GREY, 1, 1, -1),
            "`seed` must be an integer",
        ),
    },
    "precision_recall": {
        **calls(lambda rows: metrics.precision_recall(rows, ROWS), NO_ROWS),
        **{
            f"fake {key}": value
            for key, value in calls(
                lambda rows: metrics.precision_recall(ROWS, rows), NO_ROWS
            ).items()
        },
        "k": (lambda: metrics.precision_recall(ROWS, ROWS, k=9), "n at least 10"),
    },
    "sliced_wasserstein1": {
        **calls(lambda rows: metrics.sliced_wasserstein1(rows, ROWS), NO_ROWS),
        **{
            f"projections {key}": value
            for key, value in calls(
                lambda p: metrics.sliced_wasserstein1(ROWS, ROWS, p), NO_COUNT
            ).items()
        },
    },
    "wasserstein1": {
        **calls(lambda rows: metrics.wasserstein1(ROWS, rows), NO_ROWS),
        "few": (lambda: metrics.wasserstein1(ROWS, ROWS[:4]), "as many points"),
    },
    "resizing": {
        "rank": (lambda: metrics.resizing.bilinear(IMAGES[0], 8), "must have shape"),
        "torch rank": (lambda: metrics.resizing.torch_bilinear(IMAGES[0], 8), "must have shape"),
        "clean size": (lambda: metrics.resizing.clean_bicubic(IMAGES, -1), "`size` must be an in"),
        "range": (
            lambda: metrics.resizing.clean_bicubic(2 * np.ones((1, 4, 4, 1)), 8),
            r"Clipping to \[-1, 1\] needs images in it. Received: images up to 2. Scale",
        ),
        "NaN": (
            lambda: metrics.resizing.clean_bicubic(with_one(np.zeros((1, 4, 4, 1)), NAN), 8),
            "needs images in it. Received: images up to nan",
        ),
        "size": (lambda: metrics.resizing.bicubic(IMAGES, 0), "`size` must be an integer"),
        "words": (lambda: metrics.resizing.tf1_bilinear("x", 8), "must be an array of numbers"),
        "name": (lambda: metrics.resizing.get("nearest"), "`resizer` must be a name"),
    },
    "inception": {
        **calls(inception.frozen_inception, NO_PATH),
        "tool": (
            lambda: inception.frozen_inception("nowhere.pb", "torch"),
            "`tool` must name a tool.*Received: tool='torch'. Choose one of ttur, pytorch-fid",
        ),
        "nothing there": (lambda: inception.frozen_inception("nowhere.pb"), "does not contain"),
        "a folder": (lambda: inception.frozen_inception("."), "is a file"),
        "no weights": (
            lambda: inception.keras_inception("nowhere.h5"),
            "`weights` argument should",
        ),
    },
}
# Scores of tables, whose bad values are in test_table_scores.
TABLES = {
    "correlation_difference",
    "marginal_distances",
    "number_distances",
    "transfer_accuracy",
}
CASES = [(name, key) for name, rows in TABLE.items() for key in rows]


@pytest.mark.parametrize(("name", "key"), CASES)
def test_bad_values_are_refused_in_words(name, key):
    call, said = TABLE[name][key]
    with pytest.raises((ValueError, OSError), match=f"(?s){said}") as raised:
        call()
    if name != "inception" or key != "no weights":  # Keras' own words
        assert "Received: " in str(raised.value)


def test_no_public_name_is_forgotten():
    shapes = {"Extracted", "MeanStd", "Moments", "PrecisionRecallResult", "TransferAccuracy"}
    shapes |= {"DensityCoverageResult", "PyramidWassersteinResult"}
    # Named tuples, made by the others.
    assert all(issubclass(getattr(metrics, name), tuple) for name in shapes)
    assert set(metrics.__all__) - shapes == set(TABLE) | TABLES


def test_inceptions_public_names_are_these():
    own = {
        name
        for name, value in vars(inception).items()
        if isinstance(value, type | types.FunctionType)
        and value.__module__ == inception.__name__
        and not name.startswith("_")
    }
    assert own == {"FrozenInception", "frozen_inception", "keras_inception", "to_bytes"}
    assert np.isnan(inception.to_bytes(tf.constant([NAN]))).all()
