"""Masked arrays: missing values of a table, and refused by all else that takes arrays."""

import numpy as np
import pytest
from bad_calls.things import (
    LABELS,
    PIXELS,
    POINTS,
    cycle_gan,
    gan,
    info_gan,
    labelled,
    pix2pix,
    structured_gan,
    trained,
    vector_gan,
)

import tf_consensus as tfc

HIDDEN = np.arange(20) % 3 == 0
COLUMNS = {
    "number": np.linspace(-1.0, 1.0, 20),
    "single": np.linspace(-1.0, 1.0, 20, dtype="float32"),
    "integer": np.arange(20),
    "byte": np.arange(20, dtype="uint8"),
    "text": np.array(list("abcd") * 5),
    "bool": np.arange(20) > 8,
    "object": np.array(list("abcd") * 5, object),
}


def with_none(column):
    return [None if hide else x for x, hide in zip(column.tolist(), HIDDEN, strict=True)]


@pytest.mark.parametrize("name", COLUMNS)
def test_masked_values_of_a_table_are_missing(name):
    masked, expected = np.ma.array(COLUMNS[name], mask=HIDDEN), with_none(COLUMNS[name])
    table, plain = tfc.data.table({name: masked}), tfc.data.table({name: expected})
    np.testing.assert_array_equal(table.rows, plain.rows)
    assert table.description.get_config() == plain.description.get_config()
    np.testing.assert_array_equal(table.description.encode({name: masked}), table.rows)
    distance = tfc.metrics.marginal_distances({name: masked}, table.columns)[name]
    assert distance == pytest.approx(0, abs=1e-12) or name in ("number", "single")
    assert distance < 0.1


def test_a_masked_array_that_hides_nothing_is_the_array():
    column = COLUMNS["integer"]
    found = tfc.data.table({"x": np.ma.array(column)}).columns["x"]
    assert (found.dtype, found.tolist()) == (np.int64, column.tolist())
    assert tfc.metrics.wasserstein1(np.ma.array(POINTS), POINTS) == 0


def masked(array):
    """The array with its first row hidden."""
    mask = np.zeros(array.shape, bool)
    mask[0] = True
    return np.ma.array(array, mask=mask)


STRUCTURED = {"point": POINTS, "line": POINTS[..., None]}
TRAINING = {
    "samples": (gan, (masked(POINTS),)),
    "labels": (labelled, (POINTS, masked(LABELS))),
    "targets": (pix2pix, (PIXELS, masked(PIXELS))),
    "sources": (pix2pix, (masked(PIXELS), PIXELS)),
    "images": (cycle_gan, (PIXELS, masked(PIXELS))),
    "conditions": (vector_gan, (POINTS, masked(POINTS))),
    "part": (structured_gan, (STRUCTURED | {"line": masked(STRUCTURED["line"])},)),
    "coded": (lambda: trained(info_gan()), (masked(POINTS),)),
}


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch"])
@pytest.mark.parametrize("case", TRAINING)
def test_masked_data_are_refused(case, method):
    make, data = TRAINING[case]
    model = make()
    with pytest.raises(TypeError, match=r"Received: .*a masked array.*Fill what is masked, by x"):
        getattr(model, method)(*data)
    assert int(model.optimizer.iterations) == 0


def test_masked_data_for_validation_are_refused():
    with pytest.raises(TypeError, match="a masked array"):
        labelled().fit(POINTS, LABELS, validation_data=(POINTS, masked(LABELS)), verbose=0)


@pytest.mark.parametrize("batch", [masked(POINTS), (masked(POINTS),)])
def test_a_generator_of_masked_batches_is_refused_at_the_first_of_them(batch):
    model = gan()
    with pytest.raises(TypeError, match=r"batch 2 of a generator, with a masked array\. Fill"):
        model.fit(iter(x for x in (POINTS, batch)), verbose=0, shuffle=False)


ROWS = np.random.default_rng(0).normal(size=(12, 2))
IMAGES = np.zeros((2, 16, 16, 1), "float32")
mean, cov = np.zeros(2), np.eye(2)
CALLS = {
    **{
        name: lambda x, f=name: getattr(tfc.metrics, f)(ROWS, x)
        for name in (
            *("precision_recall", "density_coverage", "kernel_distance"),
            *("wasserstein1", "sliced_wasserstein1"),
        )
    },
    "classifier_score": lambda x: tfc.metrics.classifier_score(x),
    "frechet_distance": lambda x: tfc.metrics.frechet_distance(mean, cov, x[0], cov),
    "Wasserstein1": lambda x: tfc.metrics.Wasserstein1(ROWS).update_state(x),
    "Wasserstein1 target": lambda x: tfc.metrics.Wasserstein1(x),
    "ModeCoverage": lambda x: tfc.metrics.ModeCoverage(ROWS, 1.0).update_state(x),
    "FeatureStatistics": lambda x: tfc.metrics.FeatureStatistics(2).update(x),
    "interpolate": lambda x: tfc.models.latents.interpolate(x[0], ROWS[1], 3),
    "conditions": lambda x: vector_gan().generate(12, conditions=x),
    "labels": lambda x: labelled().generate(12, labels=masked(np.arange(12) % 3)),
    "codes": lambda x: info_gan().generate(12, codes=x),
    "translate": lambda x: pix2pix().translate(masked(PIXELS)),
    "image_grid": lambda x: tfc.plotting.image_grid(masked(IMAGES)),
    "list": lambda x: tfc.metrics.precision_recall(ROWS, list(x)),
    "StackedModes": lambda x: tfc.metrics.StackedModes.update_state(None, x),
    "pyramid": lambda x: tfc.metrics.pyramid_wasserstein(masked(IMAGES), IMAGES),
}


@pytest.mark.parametrize("name", CALLS)
def test_masked_arrays_of_other_calls_are_refused(name):
    with pytest.raises(ValueError, match=r"without masked values\. Received: .*Fill what is"):
        CALLS[name](masked(ROWS))
