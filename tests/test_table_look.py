"""What the program says of a table before it trains: kinds, remarks, and what it refuses."""

import numpy as np
import pytest

from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.families.table_look import look_at_table
from tf_consensus.experiments.families.table_source import read_rows

ROWS = [(20 + k, ["cook", "nurse", ""][k % 3], k % 2, 0.5 * k, k % 3 == 0) for k in range(12)]


@pytest.fixture
def path(tmp_path):
    lines = [",".join(map(str, row)) for row in ROWS]
    return write(tmp_path, "age,job,class,pay,owns", *lines)


def write(folder, *lines):
    path = folder / "people.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def test_kinds_and_target_are_told(path):
    look = look_at_table(path)
    assert look.kinds == {
        "age": "integer",
        "job": "2 texts, 4 missing",
        "class": "integer",
        "pay": "number",
        "owns": "2 texts",
    }
    assert (look.number, look.target) == (12, "owns")
    assert look.describe("x.csv").startswith("12 rows in x.csv: age (integer), job (2 te")
    assert look_at_table(path, ["age", "job", "class"], ["class"]).target == "class"
    assert look_at_table(path, ["class"], ["class"]).kinds == {"class": "2 integers as categories"}
    assert look_at_table(path, ["pay", "age"]).target is None
    assert look_at_table(path, target="job").target == "job"


def test_columns_that_name_rows_are_remarked(tmp_path):
    lines = [f"{k},u{k},{7 * k % 11},{'ab'[k % 2]}" for k in range(10)]
    path = write(tmp_path, "row,id,x,kind", *lines)
    row, name = look_at_table(path).remarks
    assert row == (
        "row numbers the rows, which is nothing to learn: leave it out by --columns=id,x,kind."
    )
    assert name == (
        "id has 10 values in 10 rows, so it names rows rather than kinds of them, and made rows "
        "repeat these names: leave it out by --columns=row,x,kind."
    )
    assert look_at_table(path, ["x", "kind"]).remarks == ()
    assert len(look_at_table(path, ["x"], ["x"]).remarks) == 1  # its numbers are names too


def test_a_first_line_that_looks_like_a_row_is_remarked(tmp_path, path):
    (remark,) = look_at_table(
        write(tmp_path, "a,37", *(f"b{k % 2},{k % 4}" for k in range(9)))
    ).remarks
    assert "names, and one of them is 37. If that line is a row, put" in remark


REFUSED = {
    "a target of numbers": (
        {"target": "pay"},
        "--target must be a column of categories: job, owns. Received: pay, a column of numbers. "
        "Add --categorical=pay to learn its numbers as categories.",
    ),
    "no target": ({"target": "x"}, "categories: job, owns. Received: x. Name one of these."),
    "no categories": (
        {"columns": ["age", "pay"], "target": "job"},
        "categories: none of this table. Received: job. Leave it out.",
    ),
    "texts": (
        {"categorical": ["job"]},
        "--categorical names columns of numbers that are categories. Received: job, a column of "
        "texts, which is one already.",
    ),
    "no conditions": (
        {"columns": ["age", "pay"], "conditional": True},
        "--conditional needs a column of categories. Received: columns of numbers alone.",
    ),
    "columns": ({"columns": ["age", "nope"]}, "`columns` must be names of columns, each once"),
    "categorical": ({"categorical": ["nope"]}, "`categorical` must be names of columns"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_flags_and_table_cannot_be_together_is_refused_at_once(case, path):
    options, message = REFUSED[case]
    with pytest.raises(RunError) as caught:
        look_at_table(path, **options)
    assert message in str(caught.value)


TABLES = {
    "one value": (["a,b", *["1,2"] * 3, *["2,2"] * 3], r"people.csv: A column must have two"),
    "few rows": (["a,b", "1,x", "2,y", "3,x", "4,y"], "has 5 rows at least. Received: 4 rows."),
    "many categories": (["a", *(f"u{k}" for k in range(1001))], "'a' with 1001. Leave out what"),
    "dates": (["day", *(f"2024-01-{k:02}" for k in range(1, 9))], "Dates are no categories"),
}


@pytest.mark.parametrize("case", TABLES)
def test_what_cannot_be_learned_is_refused_at_once(case, tmp_path):
    lines, message = TABLES[case]
    with pytest.raises(RunError, match=message):
        look_at_table(write(tmp_path, *lines))


def test_dates_that_are_named_are_categories(tmp_path):
    lines = [f"2024-01-0{1 + k % 2},{k}" for k in range(20)]
    path = write(tmp_path, "day,x", *lines)
    look = look_at_table(path, categorical=["day"])
    assert (look.kinds["day"], look.target) == ("2 texts", "day")
    settings = {"dataset": path, "columns": None, "categorical": ["day"], "max_modes": 2}
    rows = read_rows(settings | {"target": look.target})
    assert rows.categorical == ["day"]
    made = rows.table(2).columns  # the rows to train on are described anew
    np.testing.assert_array_equal(made["day"], rows.trained["day"])
