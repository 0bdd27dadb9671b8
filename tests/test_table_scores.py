"""Scores of tables, against cases worked by hand."""

import numpy as np
import pytest

from tf_consensus import metrics

REAL = {"x": [0.0, 1.0, 2.0, 3.0], "c": ["a", "a", "b", "b"], "k": [1, 1, 2, 2]}


def test_marginals_by_hand():
    made = {"x": [0.0, 0.0, 2.5, None], "c": ["a", "b", None, "z"], "k": [1, 2, 2, 2]}
    found = metrics.marginal_distances(REAL, made, categorical=["k"])
    # x: at 0 the cumulative shares are 1/4 and 2/4; above 2.5 they are 4/4 and 3/4; the missing
    # number lies above all. c: ½ (|2-1| + |2-1| + 1 + 1)/4. k: ½ (1 + 1)/4.
    assert found == pytest.approx({"x": 0.25, "c": 0.5, "k": 0.25})
    assert metrics.marginal_distances(REAL, REAL, ["k"]) == {"x": 0.0, "c": 0.0, "k": 0.0}


def test_distances_of_numbers_by_hand():
    made = {"x": [1.0, 2.0, 3.0, 4.0], "c": REAL["c"], "k": [1, 1, 2, 2]}
    found = metrics.number_distances(REAL, made, categorical=["k"])
    assert found == pytest.approx({"x": 1 / np.std(REAL["x"])})
    empty = {**made, "x": [None] * 4}
    assert metrics.number_distances(REAL, empty, ["k"]) == {"x": np.inf}


def test_correlations_by_hand():
    real = {"x": [0.0, 1.0, 2.0], "y": [0.0, 2.0, 4.0], "z": [1.0, 0.0, 1.0]}
    made = {"x": [0.0, 1.0, 2.0], "y": [5.0, 5.0, 5.0], "z": [1.0, 0.0, 1.0]}
    # (x, y): 1 and 0 with a constant; (x, z): 0 and 0; (y, z): 0 and 0.
    assert metrics.correlation_difference(real, made) == pytest.approx(1 / 3)
    real, made = {"x": [0.0, 1.0], "c": ["a", "b"]}, {"x": [0.0, 1.0], "c": ["b", "a"]}
    assert metrics.correlation_difference(real, made) == pytest.approx(2.0)


def dense_correlations(table, names):
    """By NumPy, of dense indicators; a constant has 0."""
    parts = []
    for key, x in table.items():
        if names[key] is None:
            x = np.array([np.nan if value is None else value for value in x], float)
            parts.append(np.where(np.isnan(x), np.nanmean(x), x))
        else:
            parts += [np.array([value == name for value in x], float) for name in names[key]]
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.corrcoef(parts))


def test_correlations_are_those_of_numpy():
    rng = np.random.default_rng(0)

    def table(categories, n):
        x = rng.normal(1e6, 1.0, n)
        y = [None if u < -1 else 3 * u for u in x - 1e6]
        c = [categories[int(k)] for k in rng.integers(0, len(categories), n)]
        return {"x": x, "c": c, "y": y, "k": rng.integers(0, 3, n), "one": ["u"] * n}

    real, made = table(["a", "b", None, "d"], 300), table(["a", "b", "new"], 200)
    names = {"x": None, "c": ["a", "b", "d", None], "y": None, "k": [0, 1, 2], "one": ["u"]}
    owners = np.repeat(np.arange(5), [1, 4, 1, 3, 1])
    pairs = np.triu(owners[:, None] != owners)
    gaps = np.abs(dense_correlations(real, names) - dense_correlations(made, names))
    found = metrics.correlation_difference(real, made, ["k"])
    assert found == pytest.approx(gaps[pairs].mean(), rel=1e-6)


def test_a_missing_number_takes_the_mean_of_its_own_table():
    real = {"x": [0.0, 1.0, 2.0, 3.0], "y": [0.0, 1.0, 1.0, 0.0]}
    # Between the numbers that are there and y there is no correlation in either.
    made = {"x": [100.0, None, None, 103.0, 101.0, 102.0], "y": [0.0, 1.0, 1.0, 0.0, 0.0, 0.0]}
    assert metrics.correlation_difference(real, made) == pytest.approx(0.0, abs=1e-12)


def moved(offset, scale):
    """Two rows of columns, x of the first two being correlated, at an offset."""
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(2, 300, 2))
    z[:, 1] += z[:, 0]
    kind = np.where(z[:, 0] > 0, "p", "n")
    return [{"x": offset + scale * a[:, 0], "y": a[:, 1], "kind": kind} for a in (z, y)]


@pytest.mark.parametrize(("offset", "scale"), [(1.7e9, 1e-3), (1e8, 1e-6), (1e12, 0.01)])
def test_a_large_offset_changes_no_score(offset, scale):
    real, made = moved(offset, scale)
    near, far = moved(0, 1)
    for score in (metrics.correlation_difference, metrics.number_distances):
        assert score(real, made) == pytest.approx(score(near, far), abs=0.02)
    found, expected = (metrics.transfer_accuracy(x, x, x, "kind") for x in (real, near))
    assert found.real == pytest.approx(expected.real, abs=0.02)
    assert found.real > found.majority + 0.3
    constant = {"x": np.full(300, 0.1), "y": real["y"], "kind": real["kind"]}
    assert metrics.correlation_difference(constant, constant) == 0
    missing = constant | {"x": [None, *[0.1] * 299]}
    assert metrics.correlation_difference(constant, missing) == pytest.approx(0, abs=1e-9)


def test_accuracies_by_hand():
    rows = {"x": [0.0, 1.0, 4.0, 5.0, 5.0], "y": ["a", "a", "b", "b", "b"]}
    turned = {**rows, "y": ["b", "b", "a", "a", "a"]}
    test = {"x": [0.5, 4.5, 0.25, 4.0], "y": ["a", "b", "b", "a"]}
    found = metrics.transfer_accuracy(rows, turned, test, "y")
    assert found == metrics.TransferAccuracy(generated=0.5, real=0.5, majority=0.5)
    found = metrics.transfer_accuracy(rows, turned, rows, "y")
    assert found == metrics.TransferAccuracy(generated=0.0, real=1.0, majority=0.6)
    one = {"x": [0.0, 1.0], "y": ["b", "b"]}  # a generator that has lost a class
    assert metrics.transfer_accuracy(rows, one, rows, "y").generated == 0.6


def test_indicators_and_missing_numbers_enter_the_classifier():
    rows = {"c": ["u", "v", "u", "v"], "x": [1.0, None, 1.0, 2.0], "y": [0, 1, 0, 1]}
    found = metrics.transfer_accuracy(rows, rows, {**rows, "c": ["u", "v", "w", "v"]}, "y", ["y"])
    assert found.generated >= 0.75


BAD = {
    "names": (lambda f: f(REAL, {"x": [1.0]}), "same columns"),
    "kinds": (lambda f: f(REAL, {**REAL, "x": ["a"] * 4}), "column 'x'"),
    "none": (lambda f: f(REAL, None), "must be columns by name"),
    "length": (lambda f: f(REAL, {**REAL, "x": [1.0]}), "with one n"),
    "rows": (lambda f: f({"x": [], "c": []}, REAL), "with one n"),
    "infinite": (lambda f: f(REAL, {**REAL, "x": [np.inf] * 4}), "must be finite"),
    "unknown": (lambda f: f(REAL, REAL, categorical=["z"]), "`categorical` must be names"),
    "matrix": (lambda f: f(REAL, {**REAL, "x": np.eye(4)}), "column 'x'"),
}
SCORES = [
    metrics.marginal_distances,
    metrics.number_distances,
    metrics.correlation_difference,
    lambda a, b, **o: metrics.transfer_accuracy(a, b, a, "c", **o),
]


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("score", SCORES, ids=["marginal", "number", "correlation", "transfer"])
def test_bad_tables_are_refused(score, case):
    call, match = BAD[case]
    with pytest.raises(ValueError, match=match) as caught:
        call(score)
    assert "Received: " in str(caught.value)


def test_what_one_score_cannot_do_is_refused():
    with pytest.raises(ValueError, match="two columns at least"):
        metrics.correlation_difference({"x": [1.0]}, {"x": [1.0]})
    with pytest.raises(ValueError, match="must hold one"):
        metrics.number_distances({"x": [None]}, {"x": [1.0]})
    for target, match in (
        ("z", "one of several"),
        ("x", "of categories"),
        (None, "one of several"),
    ):
        with pytest.raises(ValueError, match=f"`target` must be .*{match}"):
            metrics.transfer_accuracy(REAL, REAL, REAL, target)
