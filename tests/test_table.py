"""`data.table`: what comes in comes out, batches resume, and bad tables are refused."""

import datetime
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


def test_a_file_is_encoded_by_what_its_table_holds(tmp_path):
    path, other = tmp_path / "a.csv", tmp_path / "b.csv"
    path.write_text("zip,v,c\n007,1,x\n100,2,NA\n200,,y\n100,4.5,y\n", encoding="utf-8")
    table = tfc.data.table(path)
    np.testing.assert_array_equal(table.description.encode(path), table.rows)
    other.write_text("c,v,more,zip\nx,,2020-01-01,100\ny,,?,200\n", encoding="utf-8")
    back = table.description.decode(table.description.encode(other))
    assert back["zip"].tolist() == ["100", "200"]
    assert equal(back["v"], [np.nan, np.nan])
    assert back["c"].tolist() == ["x", "y"]
    rows = {"zip": ["007", "100"], "v": [None, None], "c": [None, "x"], "when": [{}, {}]}
    back = table.description.decode(table.description.encode(rows))
    assert equal(back["v"], [np.nan, np.nan])
    assert back["c"].tolist() == [None, "x"]


def test_a_description_keeps_the_texts_of_missing_values(tmp_path):
    path, saved = tmp_path / "a.csv", tmp_path / "a.json"
    path.write_text("a,country\n1,NA\n?,?\n3,NA\n5,DE\n", encoding="utf-8")
    table = tfc.data.table(path, missing=["?"])
    assert table.columns["country"].tolist() == ["NA", None, "NA", "DE"]
    table.description.save(saved)
    for description in (table.description, tfc.data.TableDescription.load(saved)):
        np.testing.assert_array_equal(description.encode(path), table.rows)
    with pytest.raises(ValueError, match="column 'a' of texts"):
        table.description.encode(path, missing=["NA"])
    with pytest.raises(ValueError, match="`missing` must be a list of texts"):
        table.description.encode(path, missing="NA")
    config = {"columns": table.description.get_config()["columns"]}  # of an older file
    assert tfc.data.TableDescription(**config).missing == ("", "NA", "NaN", "nan", "null")


LEFT_OUT = {
    "dates": np.array(["2020-01-01", "2021-01-01"], "M8[D]"),
    "infinite": [1.0, np.inf],
    "large": [2**60, 1],
    "lists": [[1, 2], [3, 4]],
    "ragged": [[1, 2], [3]],
    "mixed": [1, "u"],
    "length": [1],
    "objects": [{}, {}],
    "one value": [3, 3],
    3: [1, 2],
    " ": [1, 2],
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_columns_left_out_are_not_looked_at(name):
    source = {"x": [1, 2], name: LEFT_OUT[name], "y": ["u", "v"]}
    with pytest.raises(ValueError, match="Received: "):
        tfc.data.table(source)
    table = tfc.data.table(source, columns=["y", "x"])
    assert table.columns["x"].tolist() == [1, 2]
    np.testing.assert_array_equal(table.description.encode(source), table.rows)


@pytest.mark.parametrize("head", [",a,b,c,c", "i,a,b,c,c"])
def test_columns_of_a_file_that_are_left_out_are_not_looked_at(head, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"{head}\n0,1,x,1e999,1\n1,2,y,2,2\n", encoding="utf-8")
    for columns in (None, ["a", "c"]):
        with pytest.raises(ValueError, match=r"each once.*leave them out by `columns`"):
            tfc.data.table(path, columns=columns)
    table = tfc.data.table(path, columns=["b", "a"])
    assert table.columns["a"].tolist() == [1, 2]
    np.testing.assert_array_equal(table.description.encode(path), table.rows)


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
    "just too large": ({**A, "c": [2**53 + 1, 1]}, {}, "within ±2⁵³"),
    "large objects": ({**A, "c": [None, -(2**53) - 1]}, {}, "within ±2⁵³"),
    "unknown": (A, {"columns": ["a", "bb"]}, "Did you mean 'b'"),
    "twice": (A, {"columns": ["a", "a"]}, "each once"),
    "text": (A, {"continuous": ["b"]}, "'b' holds texts"),
    "both": (
        A,
        {"continuous": ["a"], "categorical": ["a"]},
        "'a' in `continuous` and in `categorical`",
    ),
    "left out": (A, {"columns": ["a"], "categorical": ["b"]}, "`categorical` must be names"),
    "none": (A, {"columns": []}, "have a column"),
    "bytes": ({**A, "c": tf.constant(["u", "v"])}, {}, r"values such as \[b'u'"),
    "byte strings": ({**A, "c": np.array([b"u", b"v"])}, {}, "dtype"),
    "days": ({**A, "c": [datetime.date(2020, 1, 1), None]}, {}, "values such as"),
    "objects": ({**A, "c": np.array([{}, {}])}, {}, "values such as"),
    "infinite object": ({**A, "c": [None, -np.inf]}, {}, "column 'c' with infinity"),
    "far": ({**A, "c": [-1.7e308, 1.7e308]}, {}, r"within ±1e\+300.*of magnitude 1.7e\+308"),
    "near": ({**A, "c": [1e-320, 3e-320]}, {}, "differ by 1e-300 at least.*'c'"),
    "ISO dates": (
        {**A, "c": ["2020-01-01", "2021-01-01"]},
        {},
        "no categories. Received: column 'c'",
    ),
    "times": ({**A, "c": ["2020-01-01T12:30", None]}, {}, "values such as '2020-01-01T12:30'"),
    "days and months": ({**A, "c": ["31.12.2020", "1.1.2021"]}, {}, "name it in `categorical`"),
    "months and days": ({**A, "c": ["12/31/2020", "1/1/2021"]}, {}, "days since the first"),
    "one row": ({"a": [1], "b": ["u"]}, {}, "two rows at least.*Received: 1 row"),
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
    "a;b\n1;x\n2;y\n": "separated by commas.*the name 'a;b'",
    "a;b\n1,5;2,5\n2,5;3,5\n": "separated by commas.*decimals with a point",
    "x, y;b\n1,5;2\n2,5;3\n": "separated by commas.*the name 'y;b'",
    "a\tb\n1\tx\n2\ty\n": "separated by commas",
    "a|b\n1|x\n": "separated by commas",
    "a,b\n1,5,2\n": "decimals with a point",
    'a,b\n1,x\n2,"y\n3,z\n4,w\n': "quotes is closed.*from line 3 on",
    'a,b\n1,"x"y\n2,z\n': "quotes is closed.*from line 2 on",
    'a,b\n1,"x\n2,"y\n': "quotes is closed.*from line 2 on",
    "a,b\n9007199254740993,1\n1,2\n": "column 'a' with larger ones",
    "a,b\n1e999,1\n1,2\n": "column 'a' with infinity",
    "a,b\ninf,1\n1,2\n": "column 'a' with infinity",
    "a,b\n-Infinity,1\n1,2\n": "column 'a' with infinity",
    "a,b\n1e301,1\n1,2\n": "column 'a' with a number of magnitude",
    "a,b\n1,x\n": "two rows at least",
}


def test_a_folder_is_no_table(tmp_path):
    with pytest.raises(ValueError, match=r"must be a CSV file. Received: .*, a folder"):
        tfc.data.table(tmp_path)
    for name in (tmp_path / "none.csv", "https://example.org/a.csv"):
        with pytest.raises(FileNotFoundError, match=r"must be a file that is there. Received: "):
            tfc.data.table(name)


def test_what_is_no_number_is_named_with_the_remedy(tmp_path):
    path = tmp_path / "a.csv"
    rows = [f"{k},{k + 0.5 if k % 40 else '?'}" for k in range(2000)]
    path.write_text("\n".join(["a,b", *rows]), encoding="utf-8")
    message = "'b' holds texts such as '[?]'. Name such a text in `missing` if it stands for a miss"
    with pytest.raises(ValueError, match=message):
        tfc.data.table(path, continuous=["b"])
    with pytest.raises(ValueError, match=r"with 1951\. Most are numbers, but not '\?': name such"):
        tfc.data.table(path)
    table = tfc.data.table(path, continuous=["b"], missing=["?"])
    assert np.isnan(table.columns["b"]).sum() == 50
    with pytest.raises(ValueError, match=r"'b' holds bools\. Convert it, or leave it out there"):
        tfc.data.table({"a": [1, 2], "b": [True, False]}, continuous=["b"])


def test_texts_that_only_look_like_dates_are_categories():
    columns = {"a": ["2020-01-01", "never"], "b": ["1.2.3", "4.5.60"], "c": ["2020-13", "2020-02"]}
    assert tfc.data.table(columns).description.categorical == ("a", "b", "c")
    days = {"day": ["2020-01-01", "2021-01-01"]}
    table = tfc.data.table(days, categorical=["day"])
    assert table.columns["day"].tolist() == days["day"]


GOOD_FILES = {
    'a,b\n1, "x, y"\n2,"u ""v"""\n': ["x, y", 'u "v"'],
    "\n a , b\n\n1,x\n   \n\t\n2,y\n\n": ["x", "y"],
    'a,b\r\n1,"x\r\ny"\r\n2,z\r\n': ["x\r\ny", "z"],
    "a,b\n1,inf\n2,Infinity\n": ["inf", "Infinity"],
    "a,b\n1,x;y\n2,u\tv\n": ["x;y", "u\tv"],
    "\ufeffa,b\n1,x\n2,y\n": ["x", "y"],
}


@pytest.mark.parametrize("text", GOOD_FILES)
def test_quotes_blanks_and_marks_in_values_are_read(text, tmp_path):
    path = tmp_path / "good.csv"
    path.write_bytes(text.encode())
    found = tfc.data.table(path).columns
    assert found["a"].tolist() == [1, 2]
    assert found["b"].tolist() == GOOD_FILES[text]


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
        ({"a": [1e300], "b": ["u"]}, r"'a' with 1e\+300, too far for float32"),
        ({"a": [1], "b": [1]}, "the category 1"),
    ):
        with pytest.raises(ValueError, match=match):
            description.encode(source)
    with pytest.raises(ValueError, match=r"of shape \(n, 3\)"):
        description.decode(np.ones((2, 2)))
    with pytest.raises(ValueError, match="must be finite"):
        description.decode(np.full((2, 3), np.nan))
    far = description.encode({"a": [1000], "b": ["u"]})  # beyond all others, and not clipped
    assert description.decode(far)["a"].tolist() == [1000]
