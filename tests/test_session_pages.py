"""What the examples in the plane leave for their pages: settings above, pictures, an index."""

import json

import numpy as np
import pytest
from PIL import Image
from report_pages import ADVICE, curves_of, make, page, read, rows, shown

from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.finished import finished, train_rest
from tf_consensus.experiments.pages import SIDE_BY_SIDE, write_made, write_pages
from tf_consensus.experiments.point_samples import PointPictures
from tf_consensus.experiments.report.collect import collect
from tf_consensus.experiments.shared_settings import settings_path
from tf_consensus.experiments.watching import advisor_of

MIXTURE = {
    "example": "mixture_of_gaussians",
    "optimizer": ["simultaneous", "consensus"],
    "seeds": [0, 3],
    "steps": 40,
    "gamma": 10.0,
    "versions": {"keras": "3"},
}
TOY = {"example": "toy_2d", "method": ["r1", "r2"], "target": ["circle"], "seeds": [0], "steps": 40}


def run_below(root, name, settings, **more):
    """A run whose settings are in the folder above."""
    folder = make(root / name, **more)
    (folder / "settings.json").unlink()
    text = settings if isinstance(settings, str) else json.dumps(settings)
    (root / "settings.json").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("consensus-seed3", MIXTURE, {"method": "consensus", "seed": 3, "gamma": 10.0}),
        ("r1-four_lines-seed12", TOY, {"method": "r1", "target": "four_lines", "seed": 12}),
    ],
)
def test_a_run_has_the_settings_above_without_those_of_other_runs(
    tmp_path, name, settings, expected
):
    folder = run_below(tmp_path / "runs", name, settings)
    (run,) = collect([folder])
    assert run.settings.items() >= expected.items()
    assert run.settings["experiment"] == settings["example"]
    assert not {"optimizer", "seeds", "example"} & set(run.settings)
    assert not run.damage
    assert settings_path(folder) == folder.parent / "settings.json"
    text = shown(page(folder))
    assert f"{settings['example']}: {name}" in text
    assert "Finished 40 of 40 steps" in text


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("consensus-seed3", {**MIXTURE, "example": "another"}),
        ("consensus-seed3", {**MIXTURE, "example": ["toy_2d"]}),
        ("consensus-seed3", [1, 2]),
        ("consensus-seed3", TOY),
        ("r1-circle-seed3", MIXTURE),
        ("consensus", MIXTURE),
        ("consensus-seedx", MIXTURE),
    ],
)
def test_settings_of_something_else_are_left_alone(tmp_path, name, settings):
    (run,) = collect([run_below(tmp_path / "runs", name, settings)])
    assert run.settings == {}
    assert not run.damage


def test_damaged_settings_above_are_said(tmp_path):
    folder = run_below(tmp_path / "runs", "consensus-seed3", '{"example": "mix')
    (run,) = collect([folder])
    assert str(tmp_path / "runs" / "settings.json") in run.damage["settings.json"]
    assert page(folder).count('class="damage"') == 1


def test_own_settings_come_first(tmp_path):
    folder = run_below(tmp_path / "runs", "consensus-seed3", MIXTURE)
    (folder / "settings.json").write_text('{"steps": 7}')
    (run,) = collect([folder])
    assert run.settings == {"steps": 7}
    assert settings_path(folder) == folder / "settings.json"


def test_a_finished_run_whose_log_knows_no_steps_is_finished(tmp_path):
    log = [{key: row[key] for key in ("epoch", "generator_loss")} for row in rows(2)]
    folder = run_below(tmp_path / "runs", "r1-circle-seed0", TOY, log=log, samples=())
    result = json.loads((folder / "result.json").read_text())
    (folder / "result.json").write_text(
        json.dumps({k: v for k, v in result.items() if k not in ("steps", "digest")})
    )
    assert "Finished 40 of 40 steps" in shown(page(folder))
    (folder / "result.json").unlink()
    assert "Not finished" in shown(page(folder))


def runs(root, number, groups=2):
    """Folders of runs, by group."""
    made = {f"seed{i}": [] for i in range(groups)}
    for i in range(number):
        folder = root / f"consensus-{i}"
        made[f"seed{i % groups}"].append(make(folder, samples=(), log=rows(1), finished=i > 0))
    return made


@pytest.mark.parametrize("number", [1, SIDE_BY_SIDE])
def test_a_few_runs_are_side_by_side(tmp_path, number):
    groups = runs(tmp_path, number)
    groups["seed0"].append(tmp_path / "not begun")
    write_pages(tmp_path, groups)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Curves" in shown(text)
    assert len(list(tmp_path.glob("*/report.html"))) == number
    assert not list(tmp_path.glob("report-*.html"))
    assert {len(curves) for curves in curves_of(text)} == ({number} if number > 1 else {1, 2})


def test_of_many_runs_the_page_leads_to_those_of_groups(tmp_path):
    groups = runs(tmp_path, SIDE_BY_SIDE + 1)
    (groups["seed1"][0] / "advice.json").write_text(json.dumps(ADVICE))
    write_pages(tmp_path, groups)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    tags, said = read(text)
    links = [attributes["href"] for tag, attributes in tags if tag == "a"]
    assert len(links) == len(set(links)) == SIDE_BY_SIDE + 1 + 2
    assert all((tmp_path / link).is_file() for link in links)
    assert {"report-seed0.html", "report-seed1.html"} < set(links)
    said = shown(text)
    assert "7 runs side by side" in said
    assert "consensus-0 Not finished" in said
    assert said.count("2 warnings.") == 1
    side = (tmp_path / "report-seed1.html").read_text(encoding="utf-8")
    assert "6 runs" in shown(side)


def test_one_group_is_always_side_by_side(tmp_path):
    write_pages(tmp_path, runs(tmp_path, SIDE_BY_SIDE + 2, groups=1))
    assert "Curves" in shown((tmp_path / "report.html").read_text(encoding="utf-8"))


def test_no_run_leaves_no_page(tmp_path):
    write_pages(tmp_path, {"seed0": [tmp_path / "missing"]})
    assert not list(tmp_path.iterdir())


def test_a_command_is_shown_as_it_can_be_typed(tmp_path):
    folder = make(tmp_path / "run")
    write_made(folder, ["python", "a b.py", "--steps=4"])
    assert "python 'a b.py' --steps=4" in shown(page(folder))


def test_pictures_show_where_samples_are(tmp_path):
    corner = np.full((50, 2), 1.0)
    pictures = PointPictures(tmp_path, -corner)
    pictures.save(400, np.concatenate([corner, [[np.nan, 0.0]]]))
    pictures.save(800, np.full((5, 2), np.inf))
    assert [path.name for path in (tmp_path / "samples").iterdir()] == ["00000400.png"]
    pixels = np.asarray(Image.open(tmp_path / "samples" / "00000400.png"), int)
    assert pixels.shape == (200, 404, 3)
    dark = [
        np.argwhere(part.sum(axis=2) < 500).mean(axis=0)
        for part in (pixels[:, :200], pixels[:, 204:])
    ]
    # y upwards: 1 is at row 37 of 200, and -1 at row 162.
    np.testing.assert_allclose(dark, [[37, 162], [162, 37]], atol=1)


def test_damaged_advice_is_said_before_training(tmp_path):
    assert advisor_of(tmp_path, every=3).every == 3
    assert advisor_of(tmp_path).path == tmp_path / "advice.json"
    (tmp_path / "advice.json").write_text("{")
    with pytest.raises(RunError, match=r"advice.json, which is no JSON .*delete this one"):
        advisor_of(tmp_path)


def test_only_what_is_not_finished_is_trained(tmp_path, capsys):
    trained = []
    titled = [("first", 1), ("second", 2), ("third", 3)]
    assert train_rest(titled, lambda run: run == 2, lambda title, run: trained.append(title))
    assert trained == ["first", "third"]
    assert capsys.readouterr().out == "second: finished before\n"

    def interrupted(title, run):
        raise KeyboardInterrupt

    assert not train_rest(titled, lambda run: run == 1, interrupted)


def test_a_result_that_is_not_enough_leaves_the_log_alone(tmp_path):
    folder = make(tmp_path / "run")
    (folder / "log.csv").write_text("more rows than the result has")
    assert finished(folder, lambda result: result["steps"] > 40) is None
    assert (folder / "log.csv").read_text() == "more rows than the result has"
    with pytest.warns(UserWarning, match="damaged log is written again"):
        assert finished(folder).damaged == []
    assert finished(tmp_path / "missing") is None
