"""What a page says of the rows and columns of pictures, and of the scores of families."""

import pathlib

import numpy as np
import pytest
from report_pages import make, page, picture, result, shown
from saved_runs import write_pictures

from tf_consensus.experiments.captions import columns, rows, rows_of_classes
from tf_consensus.experiments.families.game import FamilyRequest
from tf_consensus.experiments.families.kinds import prepare
from tf_consensus.experiments.families.pair_pictures import PairGrid
from tf_consensus.experiments.families.presets import FAMILIES
from tf_consensus.experiments.result import write_result

TOP, LEFT = "Rows, from the top: ", "Columns, from the left: "


def test_a_caption_is_below_its_picture_of_each_run(tmp_path):
    captions = {"samples": rows(["cats", "cows"]), "interpolations": "From left to right."}
    first = make(tmp_path / "a", captions=captions)
    picture(first / "interpolations.png")
    second = make(tmp_path / "b", captions={"samples": columns(["source", "target"])})
    picture(second / "interpolations.png")
    one = shown(page(first))
    assert f"{TOP}cats, cows. after 0 steps" in one
    assert "interpolations From left to right." in one
    both = shown(page(first, second))
    assert both.count(f"{TOP}cats, cows.") == both.count(f"{LEFT}source, target.") == 1
    assert f"a: interpolations From left to right. b: interpolations{' '}" in both


@pytest.mark.parametrize(
    ("model", "classes", "expected"),
    [
        ("acgan", 3, f"{TOP}kind0, kind1, kind2."),
        ("infogan", 3, f"{TOP}value 0 of the code, value 1 of the code, value 2 of the code."),
        ("pix2pix", None, f"{LEFT}source, image made of it, target."),
        ("cycle_gan", None, f"{LEFT}source, image made of it, target, source made of the target."),
    ],
)
def test_a_family_names_the_rows_or_columns_of_its_pictures(model, classes, expected, tmp_path):
    write_pictures(tmp_path / "photos", number=36, classes=3)
    family = FAMILIES[model]
    own = {"model": model, "name": model, "seed": 0, "dataset": f"folder:{tmp_path / 'photos'}"}
    own |= {
        "image_size": 16,
        "channels": 1,
        "filters": 2,
        "optimizer": "alternating",
    }
    own |= {"num_classes": classes} if classes else {"make": "edges"}
    game = prepare(family.settings | own, FamilyRequest([], pathlib.Path(), []))
    assert game.captions == {"samples": expected}


class Copying:
    """Makes images that are lighter by 0.1, and back by 0.2."""

    def translate(self, images, back=False):
        return images + (0.2 if back else 0.1)


@pytest.mark.parametrize("back", [False, True])
def test_the_columns_of_a_picture_are_those_that_are_named(back, tmp_path):
    sources, targets = np.full((2, 4, 4, 1), -0.5), np.full((2, 4, 4, 1), 0.3)
    grid = PairGrid(sources, targets, back=back)
    found = grid(Copying(), tmp_path / "x.png")
    level = {"source": -0.5, "image made of it": -0.4, "target": 0.3}
    level["source made of the target"] = 0.5
    values = sorted({round(float(x)) for x in found[..., 0].ravel()})
    expected = [round((level[name] + 1) * 127.5) for name in grid.columns]
    assert set(expected) <= set(values)
    order = [int(np.argmax(np.abs(found[..., 0].astype(int) - x).min(0) == 0)) for x in expected]
    assert order == sorted(order)


def test_classes_begin_again_where_there_are_more_rows(tmp_path):
    folder = f"folder:{write_pictures(tmp_path / 'photos', number=2, classes=2)}"
    assert rows_of_classes(folder, 2, 3) == f"{TOP}kind0, kind1, kind0."
    assert rows_of_classes(folder, 3, 3) == f"{TOP}kind0, kind1, class 2."
    assert rows_of_classes("digits", 3, 5) == f"{TOP}class 0, class 1, class 2, class 0, class 1."


SCORES = {
    "mean_marginal": 0.2,
    "marginals": {"age": 0.1, "income": 0.3, "job": "x"},
    "accuracy": 0.7,
    "accuracy_of_real_rows": 0.9,
    "accuracy_of_the_majority": 0.5,
}


def cells(text):
    """The cells of the table of values, row by row."""
    return shown(text).split("Best and final", 1)[1].split("Settings")[0]


def test_scores_say_what_they_mean_and_parts_are_shown(tmp_path):
    folder = make(tmp_path / "run", finished=False)
    write_result(folder, {**result(metrics={}, scores=[]), **SCORES})
    said = cells(page(folder))
    assert "final" in said
    assert "best " not in said.replace("best at 0", "")  # there is no column of dashes
    assert "–" not in said
    for line in (
        "mean marginal best at 0 0.2",
        "marginals: age best at 0 0.1",
        "marginals: income best at 0 0.3",
        "accuracy of a classifier that learned from made rows 0.7",
        "accuracy of real rows of one that learned from real rows 0.9",
        "accuracy of the majority of naming the commonest class each time 0.5",
    ):
        assert line in said, said
    assert "job" not in said
    other = make(tmp_path / "other", finished=False)
    write_result(other, {**result(metrics={}, scores=[]), **SCORES})
    assert "marginals: income best at 0 0.3 0.3" in cells(page(folder, other))


def test_of_many_parts_those_with_the_largest_numbers_are_shown(tmp_path):
    folder = make(tmp_path / "run", finished=False)
    many = {f"c{k}": (37 * k % 250) / 250 for k in range(250)}
    write_result(folder, {**result(metrics={}, scores=[]), "marginals": many})
    said = cells(page(folder))
    named = {name for name in many if f"marginals: {name} " in said}
    assert named == set(sorted(many, key=many.get)[-20:])
