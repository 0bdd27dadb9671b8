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


def column(folder, name, values):
    """A table of this column and of a category."""
    rows = [f'"{x}",{"uv"[k % 2]}' for k, x in enumerate(values)]
    return write(folder, f"{name},kind", *rows)


AGES = [str(18 + k % 60) for k in range(600)]
REMARKED = {
    "NULL": (
        [x if k % 20 else "NULL" for k, x in enumerate(AGES)],
        "570 of 600 values of age are numbers, the others are 'NULL', so all are categories: pass "
        "--missing=NULL if they stand for missing values.",
    ),
    "several": (
        [x if k % 20 else ["?", "N/A", "None", "?"][k // 20 % 4] for k, x in enumerate(AGES)],
        "570 of 600 values of age are numbers, the others are '?', 'N/A', 'None', so all are "
        "categories: pass --missing='?,N/A,None' if",
    ),
    "one of many": (
        [*(f"{k}.5" for k in range(59)), "?"],
        "59 of 60 values of age are numbers, the others are '?', so all are categories: pass",
    ),
    "many": (
        [x if k % 20 else f"u{k}" for k, x in enumerate(AGES)],
        "the others are 'u0', 'u20', 'u40', 'u60', 'u80' and more, so",
    ),
    "thousands": (
        [f"{1000.5 + 7 * k:,.2f}" for k in range(60)],
        "60 of 60 values of age look like numbers, of which some have marks between thousands or a "
        "decimal comma, such as '1,000.50': they are texts here. Write them without marks, and",
    ),
    "few thousands": (
        ["1,000", "12", *AGES[:57], "NULL"],
        "59 of 60 values of age look like numbers, of which some have marks between thousands or a "
        "decimal comma, such as '1,000':",
    ),
    "decimal comma": ([f"{k},5" for k in range(60)], "decimal comma, such as '0,5': they are"),
    "German": ([f"1.000,{k}" for k in range(10, 70)], "decimal comma, such as '1.000,10': they"),
    "blanks": ([f"1 00{k % 7} 000" for k in range(60)], "marks between thousands or a decimal co"),
    "dates": (
        [f"2024-01-{1 + k % 28:02}" if k else "never" for k in range(60)],
        "59 of 60 values of age are dates, the others are 'never', so all are categories: pass "
        "--missing=never if",
    ),
    "days": (
        [f"202401{1 + k * 5 % 28:02}" for k in range(60)],
        "age holds whole numbers that look like dates, such as 20240101, and made ones may be no "
        "dates: turn them into days since the first, or leave it out by --columns=kind.",
    ),
}


@pytest.mark.parametrize("case", REMARKED)
def test_a_column_that_is_not_what_it_looks_like_is_remarked(case, tmp_path):
    values, message = REMARKED[case]
    (remark,) = look_at_table(column(tmp_path, "age", values)).remarks
    assert message in remark


UNREMARKED = {
    "codes": ["007", *(str(100 + k) for k in range(59))] * 3,
    "texts": ["cook", "nurse", "12"] * 20,
    "numbers": AGES,
    "no days": ["20240131", "20240171"] * 30,
    "missing": [*AGES, "NA", "", "nan"],
    "versions": ["1.2.3", "1.2.4", "2.0.0"] * 20,
}


@pytest.mark.parametrize("case", UNREMARKED)
def test_other_columns_are_not_remarked(case, tmp_path):
    assert look_at_table(column(tmp_path, "age", UNREMARKED[case])).remarks == ()


def test_texts_that_are_said_to_be_missing_are(tmp_path):
    values = [["NULL", "?", ""][k % 3] if k % 10 == 0 else x for k, x in enumerate(AGES)]
    path = column(tmp_path, "age", values)
    look = look_at_table(path, missing=["NULL", "?"])
    assert (look.kinds["age"], look.remarks) == ("integer, 60 missing", ())
    settings = {"dataset": path, "columns": None, "categorical": [], "max_modes": 2}
    settings |= {"missing": ["NULL", "?"], "target": look.target}
    rows = read_rows(settings)
    ages = np.concatenate([rows.trained["age"], rows.held_out["age"]])
    assert np.isnan(ages).sum() == 60
    wanted = sorted(int(x) for x in values if x not in ("NULL", "?", ""))
    assert sorted(ages[~np.isnan(ages)]) == wanted


REFUSED = {
    "unknown missing": (
        {"missing": ["NUL"]},
        "--missing names texts that are in the table's columns. Received: 'NUL', which is in none.",
    ),
    "missing elsewhere": ({"columns": ["age", "pay"], "missing": ["cook"]}, "which is in none"),
    "usual missing": ({"missing": ["NA"]}, "texts than the usual ones, which are an empty field, "),
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


def test_texts_of_a_table_that_is_no_file_are_refused():
    with pytest.raises(RunError, match="--missing names texts of a CSV file"):
        look_at_table("made", missing=["NULL"])


TABLES = {
    "many numbers": (
        ["a", *map(str, range(1500)), "NULL"],
        "'a' with 1501. Most are numbers, but not 'NULL': name such texts in `missing` if they",
    ),
    "one value": (["a,b", *["1,2"] * 3, *["2,2"] * 3], r"people.csv: A column must have two"),
    "few rows": (["a,b", "1,x", "2,y", "3,x", "4,y"], "has 5 rows at least. Received: 4 rows."),
    "many categories": (["a", *(f"u{k}" for k in range(1001))], "'a' with 1001. Leave out what"),
    "dates": (["day", *(f"2024-01-{k:02}" for k in range(1, 9))], "Dates and times are no cat"),
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
