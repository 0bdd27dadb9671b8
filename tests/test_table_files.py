"""CSV files of made rows, and pictures of their columns."""

import numpy as np
import pytest
from PIL import Image

import tf_consensus as tfc
from tf_consensus.experiments.families.table_files import write_table
from tf_consensus.experiments.families.table_pictures import MOST_BARS, draw_marginals, shares


def test_whole_numbers_are_written_whole_beside_empty_cells(tmp_path):
    path, again = tmp_path / "a.csv", tmp_path / "b.csv"
    text = "age,pay,big,job\n55,1.5,1e200,cook\n,2.0,,\n45,,2e200,nurse\n"
    path.write_text(text, encoding="utf-8")
    table = tfc.data.table(path)
    write_table(table.columns, again)
    lines = again.read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in lines] == ["age", "55", "", "45"]
    assert [line.split(",")[1] for line in lines] == ["pay", "1.5", "2.0", ""]
    assert [float(line.split(",")[2]) for line in (lines[1], lines[3])] == pytest.approx(
        [1e200, 2e200]
    )
    assert [line.split(",")[3] for line in lines] == ["job", "cook", "", "nurse"]


def test_bars_are_the_shares_by_hand():
    real = np.array(["b", "b", "a", None], object)
    made = np.array(["a", "z", "b", "b", "b"], object)
    assert shares([real, made]) == {
        "a": [0.25, 0.2],
        "b": [0.5, 0.6],
        "missing": [0.25, 0.0],
        "1 others": [0.0, pytest.approx(0.2)],
    }


def test_the_commonest_categories_are_drawn_and_the_others_as_one():
    real = np.repeat([f"u{k:03}" for k in range(100)], [100 - k for k in range(100)])
    found = shares([real, real[:100]])
    assert len(found) == MOST_BARS
    assert list(found)[:2] == ["u000", "u001"]
    assert list(found)[-1] == "81 others"
    assert found["u000"] == [100 / 5050, 1.0]
    assert found["81 others"] == pytest.approx([sum(range(1, 82)) / 5050, 0.0])


def test_pictures_of_many_columns_are_wrapped_and_limited(tmp_path):
    rng = np.random.default_rng(0)
    table = {f"x{k}": rng.normal(size=200) for k in range(240)}
    table |= {f"id{k}": np.array([f"u{i}" for i in range(200)], object) for k in range(10)}
    table = dict(reversed(table.items()))
    names = [name for name in table if name.startswith("id")]
    draw_marginals(table, table, names, tmp_path / "many.png", dict.fromkeys(table, 0.0))
    draw_marginals({"x1": table["x1"]}, table, (), tmp_path / "one.png")
    sizes = []
    for name in ("one.png", "many.png"):
        with Image.open(tmp_path / name) as picture:
            sizes.append(picture.size)
    one, many = sizes  # 20 columns of 250, in 4 rows of 5
    assert many == pytest.approx((5 * one[0], 4 * one[1]), rel=0.02)
