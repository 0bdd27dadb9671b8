"""`data.table`: what comes in comes out, batches resume, and bad tables are refused."""

import json

import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tf_consensus.data.mixture_fit import Mixture, fit_mixture

N = 200
RNG = np.random.default_rng(0)
COLUMNS = {
    "x": np.where(RNG.random(N) < 0.3, RNG.normal(-5, 1, N), RNG.normal(5, 0.2, N)),
    "age": RNG.integers(18, 90, N),
    "price": np.round(RNG.lognormal(3, 1, N), 2),
    "income": np.where(RNG.random(N) < 0.1, np.nan, RNG.normal(size=N).round(3)),
    "job": RNG.choice(["cook", "nurse", "smith"], N),
    "owns": [None if u < 0.1 else bool(u < 0.5) for u in RNG.random(N)],
    "class": RNG.integers(3, 6, N),
}
TABLE = tfc.data.table(COLUMNS, categorical=["class"], max_modes=4)


def equal(a, b):
    a, b = np.asarray(a), np.asarray(b)
    return np.array_equal(a, b, equal_nan=b.dtype.kind == "f")


def test_what_comes_in_comes_out():
    found = TABLE.columns
    assert list(found) == list(COLUMNS)
    assert all(equal(COLUMNS[name], found[name]) for name in COLUMNS if name != "x")
    np.testing.assert_allclose(found["x"], COLUMNS["x"], atol=1e-6)  # float32 within a mode
    assert found["age"].dtype == found["class"].dtype == np.int64
    assert np.abs(TABLE.rows).max() <= 1.0
    assert TABLE.rows.dtype == np.float32
    assert TABLE.description.categorical == ("job", "owns", "class")


def test_blocks_are_the_parts_of_a_row():
    blocks, rows = TABLE.description.blocks, TABLE.rows
    assert [b.start for b in blocks] == np.cumsum([0, *[b.size for b in blocks]])[:-1].tolist()
    assert blocks[-1].start + blocks[-1].size == rows.shape[1] == TABLE.description.width
    for start, size, choice in blocks:
        part = rows[:, start : start + size]
        assert size == 1 or choice
        if choice:
            np.testing.assert_array_equal(part.sum(axis=1), 1.0)
            assert set(part.ravel()) == {0.0, 1.0}


def test_a_number_is_its_place_in_its_mode():
    column = tfc.data.TableDescription(
        [
            {
                "kind": "number",
                "name": "x",
                "weights": [0.5, 0.5],
                "means": [0.0, 10.0],
                "stddevs": [1.0, 0.5],
                "reaches": [4.0, 2.0],
                "decimals": None,
                "integer": False,
                "missing": True,
            }
        ]
    )
    rows = column.encode({"x": [-2.0, 11.0, np.nan]})
    np.testing.assert_array_equal(rows, [[-0.5, 1, 0, 0], [0.5, 0, 1, 0], [0, 0, 0, 1]])
    back = column.decode([[0.25, 0.9, 0.1, 0.0], [0.25, 0.1, 0.9, 0.0], [0.25, 0.0, 0.4, 0.6]])["x"]
    np.testing.assert_array_equal(back, [1.0, 10.5, np.nan])


def test_modes_are_drawn_from_their_posterior():
    config = {"weights": [0.25, 0.75], "means": [0.0, 1.0], "stddevs": [1.0, 1.0]}
    config |= {"reaches": [4.0, 4.0], "decimals": None, "integer": False, "missing": False}
    description = tfc.data.TableDescription([{"kind": "number", "name": "x", **config}])
    rows = description.encode({"x": np.full(4000, 0.5)})  # as far from one as from the other
    assert rows[:, 2].mean() == pytest.approx(0.75, abs=0.02)
    np.testing.assert_array_equal(rows, description.encode({"x": np.full(4000, 0.5)}))


def test_modes_are_found():
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(-2, 0.5, 1000), rng.normal(3, 1.0, 3000)])
    weights, means, stddevs = fit_mixture(x, 10)
    np.testing.assert_allclose(weights, [0.25, 0.75], atol=0.01)
    np.testing.assert_allclose(means, [-2, 3], atol=0.06)
    np.testing.assert_allclose(stddevs, [0.5, 1.0], atol=0.05)
    assert len(fit_mixture(rng.normal(size=1000), 10).means) == 1
    moved = fit_mixture(1e12 + 1e9 * x, 10)
    np.testing.assert_allclose((moved.means - 1e12) / 1e9, means, rtol=1e-4)


def test_posteriors_are_those_by_hand():
    mixture = Mixture(np.array([0.2, 0.8]), np.array([0.0, 2.0]), np.array([1.0, 2.0]))
    densities = 0.2 * np.exp(-0.5), 0.4 * np.exp(-0.125)  # at 1, but for 1/√(2π)
    found, likelihood = mixture.posteriors(np.array([1.0]))
    np.testing.assert_allclose(found[0], np.array(densities) / sum(densities), rtol=1e-12)
    assert likelihood[0] == pytest.approx(np.log(sum(densities) / np.sqrt(2 * np.pi)))


FILE = """name, age,size,code,ok
Ann,31,1.5,007,yes
"Bo, jr.",,2.25,010,no
Cy,45,NA,007,yes
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_a_file_is_read_by_its_values(path):
    found = tfc.data.table(path).columns
    assert found["name"].tolist() == ["Ann", "Bo, jr.", "Cy"]
    assert equal(found["age"], [31, np.nan, 45])
    assert equal(found["size"], [1.5, 2.25, np.nan])
    assert found["code"].tolist() == ["007", "010", "007"]  # a leading zero belongs to a code
    kept = tfc.data.table(str(path), columns=["ok", "age"], categorical=["age"]).description
    assert kept.names == kept.categorical == ("ok", "age")
    assert kept.columns[1].categories == [31, 45, None]


class Frame:
    """A data frame, as far as it is asked."""

    columns = ("a", "b")

    def __getitem__(self, name):
        return {"a": np.array([1, 2]), "b": np.array(["u", None], object)}[name]


def test_frames_and_structured_arrays_are_read_like_dicts():
    array = np.array([(1, "u"), (2, "v")], dtype=[("a", int), ("b", "U1")])
    assert tfc.data.table(array).columns["b"].tolist() == ["u", "v"]
    found = tfc.data.table(Frame()).columns
    assert found["a"].tolist() == [1, 2]
    assert found["b"].tolist() == ["u", None]


def test_a_description_is_saved_as_json(tmp_path):
    path = tmp_path / "table.json"
    TABLE.description.save(path)
    loaded = tfc.data.TableDescription.load(path)
    assert loaded == TABLE.description
    decoded = loaded.decode(TABLE.rows)
    assert all(equal(x, decoded[name]) for name, x in TABLE.columns.items())
    np.testing.assert_array_equal(loaded.encode(COLUMNS), TABLE.rows)
    path.write_text(json.dumps({"columns": [{"kind": "number"}]}), encoding="utf-8")
    with pytest.raises(ValueError, match="a file that `save` wrote"):
        tfc.data.TableDescription.load(path)


def test_batches_are_rows_and_go_on_where_they_stopped():
    first = [b.numpy() for b in TABLE.batches(16, seed=1).take(20)]
    rows = {row.tobytes() for row in TABLE.rows}
    assert all(row.tobytes() in rows for batch in first for row in batch)
    step = tf.Variable(17, dtype=tf.int64)
    later = [b.numpy() for b in TABLE.batches(16, seed=1, start=step).take(3)]
    np.testing.assert_array_equal(later, first[17:])
    assert not np.array_equal(first[0], next(iter(TABLE.batches(16, seed=2))))
    assert TABLE.batches(16).element_spec.shape == (16, TABLE.description.width)


A = {"a": [1, 2], "b": ["u", "v"]}
REFUSED = {
    "one value": ({**A, "c": [3, 3]}, {}, "two values at least. Received: column 'c' with 3"),
    "no value": ({**A, "c": [None, None]}, {}, "column 'c' with no value"),
    "length": ({**A, "c": [1]}, {}, "of one length"),
    "no row": ({"a": []}, {}, "have a row"),
    "infinite": ({**A, "c": [1.0, np.inf]}, {}, "column 'c' with infinity"),
    "mixed": ({**A, "c": [1, "u"]}, {}, "column 'c' with values such as"),
    "dates": ({**A, "c": np.array(["2020-01-01", "2021-01-01"], "M8[ns]")}, {}, "dtype datetime"),
    "matrix": ({"a": np.eye(2)}, {}, r"column 'a' of shape \(2, 2\)"),
    "large": ({**A, "c": [2**60, 1]}, {}, "within ±2⁵³"),
    "unknown": (A, {"columns": ["a", "bb"]}, "Did you mean 'b'"),
    "twice": (A, {"columns": ["a", "a"]}, "each once"),
    "text": (A, {"continuous": ["b"]}, "'b' holds texts"),
    "both": (A, {"continuous": ["a"], "categorical": ["a"]}, "is categorical"),
    "left out": (A, {"columns": ["a"], "categorical": ["b"]}, "`categorical` must be names"),
    "none": (A, {"columns": []}, "have a column"),
    "keys": ({"a": [str(i) for i in range(1001)]}, {}, "1000 categories at most"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_tables_are_refused(name):
    source, options, match = REFUSED[name]
    with pytest.raises(ValueError, match=match) as caught:
        tfc.data.table(source, **options)
    assert "Received: " in str(caught.value)


FILES = {
    "": "the empty file",
    "a,b\n": "without a row",
    "a,b\n1\n": "Received: 1 in line 2",
    "a,b\n1,2,3\n": "Received: 3 in line 2",
    "a,a\n1,2\n": "each once",
    "a,\n1,2\n": "must be texts",
    "a\xe9": "in UTF-8",
}


@pytest.mark.parametrize("text", FILES)
def test_bad_files_are_refused(text, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=FILES[text]):
        tfc.data.table(path)


def test_other_rows_are_refused_where_they_do_not_fit():
    description = tfc.data.table({"a": [1, 2, 4], "b": ["u", "v", "v"]}).description
    for source, match in (
        ({"a": [1]}, r"without \['b'\]"),
        ({"a": [1], "b": ["w"]}, "the category 'w'"),
        ({"a": [None, 1], "b": ["u", "u"]}, "a missing value"),
        ({"a": ["x"], "b": ["u"]}, "must hold numbers"),
    ):
        with pytest.raises(ValueError, match=match):
            description.encode(source)
    with pytest.raises(ValueError, match=r"of shape \(n, 3\)"):
        description.decode(np.ones((2, 2)))
    with pytest.raises(ValueError, match="must be finite"):
        description.decode(np.full((2, 3), np.nan))
    far = description.encode({"a": [1000], "b": ["u"]})  # beyond all others, and not clipped
    assert description.decode(far)["a"].tolist() == [1000]
