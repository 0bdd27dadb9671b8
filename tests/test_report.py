"""The page of runs: whole, half-way, odd, and many."""

import json
import math
import shutil

import numpy as np
import pytest
from report_pages import ADVICE, curves_of, frames, make, page, picture, read, result, rows, shown

from tf_consensus.experiments import report
from tf_consensus.experiments.log import write_rows
from tf_consensus.experiments.report import write_report
from tf_consensus.experiments.result import write_result

NASTY = "<script>alert(1)</script>\"'&<img src=http://x> ü 漢 \x00 --a_b"


def test_a_finished_run_shows_all_that_it_left(tmp_path):
    made = {"command": "tf-consensus train 'folder:a b' --gamma=10", "started": "2026-01-02T03:04"}
    spectrum = {"step": 40, "sentence": "All eigenvalues are left of 0.", "largest_step": 0.25}
    folder = make(tmp_path / "run", run=made, advice=ADVICE, spectrum=spectrum)
    picture(folder / "interpolations.png")
    picture(folder / "spectrum.png")
    text = page(folder)
    said = shown(text)
    for part in (
        *("Finished 40 of 40 steps in 6 s.", "Warnings met in training", "Samples are alike."),
        *("Losses go round <and round>. oscillation, step 30", "classifier", "n_fake 64"),
        *("Fréchet distance 87 at step 40 86.25 at step 30", "time 6 s", "CPU time 10 s"),
        *("All eigenvalues are left of 0.", "largest step 0.25", "learning_rate 0.0001"),
        *(made["command"], "started 2026-01-02T03:04", "gamma 10", "seed 3", "interpolations"),
    ):
        assert part in said, part
    assert said.index("Warnings met") < said.index("Samples") < said.index("Curves")
    assert [step for step, *_ in frames(text)] == [0, 10, 20, 30, 40]
    assert text.count("<img") == 5 + 2
    assert text.count("<figure class") == 2 * 3


def test_first_and_last_samples_need_no_script_and_a_few_are_printed(tmp_path):
    found = frames(page(make(tmp_path / "run", samples=range(0, 100, 5))))
    assert [step for step, look, _ in found if "key" in look] == [0, 95]
    assert [step for step, look, _ in found if "shown" in look] == [95]
    assert len([step for step, look, _ in found if "printed" in look]) == 4


@pytest.mark.parametrize(
    ("changes", "refresh", "state"),
    [
        ({"finished": False}, None, "Not finished All 40 of 40 steps in 6 s are taken; the result"),
        ({"finished": False}, 5, "Running 40 of 40 steps"),
        ({"finished": False, "log": rows(2)}, 5, "Running 20 of 40 steps in 3 s. 50 % of the"),
        (
            {"finished": False, "log": rows(2), "samples": (0, 10)},
            None,
            "Not finished It was interrupted, or it still runs, after 20 of 40 steps in 3 s.",
        ),
        ({"finished": False, "log": [], "samples": ()}, None, "Not finished No epoch has ended"),
        ({"finished": False, "log": [], "samples": ()}, 3, "Running 0 of 40 steps"),
        ({"settings": {"gamma": 1}}, None, "Finished 40 steps in 6 s."),
        ({"settings": {"steps": 400}}, None, "Not finished It was interrupted, or it still runs"),
        ({"settings": {"steps": "many"}}, None, "Finished 40 steps"),
        ({"settings": {"steps": math.nan}}, None, "Finished 40 steps"),
        ({"settings": {"steps": 0}}, None, "Finished 40 steps"),
    ],
    ids=str,
)
def test_the_page_says_how_far_a_run_is(tmp_path, changes, refresh, state):
    samples = {"samples": (0, 10, 20)} if "log" in changes else {}
    folder = make(tmp_path / "run", **{**samples, **changes})
    if changes.get("log") == []:
        (folder / "log.csv").unlink()
    text = page(folder, refresh=refresh)
    assert state in shown(text)
    assert ("data-refresh" in text) is (refresh is not None)


@pytest.mark.parametrize("refresh", [None, 1, 30])
def test_only_the_page_of_a_run_that_goes_on_loads_itself_again(tmp_path, refresh):
    tags, _ = read(page(make(tmp_path / "run"), refresh=refresh))
    metas = [attributes for tag, attributes in tags if tag == "meta"]
    found = [meta["content"] for meta in metas if meta.get("http-equiv") == "refresh"]
    assert found == ([] if refresh is None else [str(refresh)])
    (body,) = (attributes for tag, attributes in tags if tag == "body")
    assert body.get("data-refresh") == (None if refresh is None else str(refresh))


def test_a_diverged_run_says_why(tmp_path):
    log = rows(4, generator_loss=[1.0, math.inf, math.nan, math.nan], gradient_norm=[1, 5e3, 2, 3])
    folder = make(tmp_path / "run", log=log, finished=False)
    write_result(folder, result(diverged="Losses must be finite. Use a smaller rate.", metrics={}))
    said = shown(page(folder))
    assert "Diverged after 40 of 40 steps in 6 s: Losses must be finite." in said
    assert "generator loss is not finite at places from step 20 to 40." in said
    assert "gradient norm (logarithmic)" in said
    assert "generator loss not finite discriminator loss" in said


def test_whatever_comes_from_files_is_text(tmp_path):
    name = "a <b>&'ü"
    folder = make(
        tmp_path / name,
        settings={NASTY: NASTY, "list": [NASTY], "deep": {NASTY: {"x": None}}, "steps": 40},
        advice=[{"step": NASTY, "name": NASTY, "message": NASTY}],
        run={"command": NASTY, NASTY: NASTY},
        spectrum={"sentence": NASTY, NASTY: NASTY, "step": NASTY},
        captions={"samples": NASTY, NASTY: NASTY},
        log=rows(4, **{NASTY.replace("\x00", ""): [1, 2, 3, 4]}),
    )
    changed = result(
        diverged=NASTY,
        metrics={NASTY: {"best": NASTY, "best_step": NASTY, "final": None}, "odd": 3},
        scores=[{NASTY: NASTY}, NASTY],
        versions={NASTY: NASTY},
    )
    write_result(folder, changed)
    text = page(folder, make(tmp_path / "other")) + page(folder)
    assert text.count("<script>") == 2
    assert "<img src=http" not in text
    assert text.count("&lt;script&gt;alert(1)") > 20
    assert name in shown(text.split("<!DOCTYPE html>")[1])


@pytest.mark.parametrize(
    "changes",
    [
        {"metrics": None},
        {"metrics": []},
        {"metrics": {"a": None, "b": {"best": math.nan, "final": math.inf}}},
        {"metrics": {"frechet_distance": {}}},
        {"scores": None},
        {"scores": {"a": 1}},
        {"steps": None},
        {"steps": "x"},
        {"steps": math.inf},
        {"seconds": -1, "ms_per_step": math.nan},
        {"diverged": False},
        {"diverged": 7},
        {"versions": "2.0"},
        {"seed": [1, {"a": 2}]},
        {"more": 1e400, "final": "inf", "\ud800": 4},
    ],
    ids=repr,
)
@pytest.mark.parametrize("logged", [True, False])
def test_odd_results_are_shown_as_they_are(tmp_path, changes, logged):
    folder = make(tmp_path / "run", finished=False)
    text = json.dumps(result(**changes))
    (folder / "result.json").write_text(text)
    if not logged:
        (folder / "log.csv").unlink()
        shutil.rmtree(folder / "samples")
    assert "seed" in shown(page(folder))


def test_a_run_of_points_has_curves_and_tables_and_no_slider(tmp_path):
    folder = make(tmp_path / "run", samples=(), finished=False)
    (folder / "settings.json").unlink()
    (folder / "samples").mkdir()
    np.save(folder / "samples" / "00000000.npy", np.zeros((3, 2)))
    write_result(folder, {"method": "consensus", "seed": 0, "modes_covered": 8, "steps": 40})
    picture(folder / "density.png")
    text = page(folder)
    assert "Finished 40 steps" in shown(text)
    assert "modes covered 8" in shown(text)
    assert "method consensus" in shown(text)
    assert '<input type="range"' not in text
    assert text.count("<img") == 1


@pytest.mark.parametrize("epochs", [1, 10_000])
def test_short_and_long_runs(tmp_path, epochs):
    text = page(make(tmp_path / "run", log=rows(epochs, each=1), finished=False, samples=()))
    drawn = curves_of(text)
    assert len(drawn) == 2 * 3
    sizes = [len(curve["x"]) for curves in drawn for curve in curves]
    assert set(sizes) == {1} if epochs == 1 else max(sizes) <= 1000 <= 4 * min(sizes)
    ends = [curve["x"][-1] for curves in drawn[::2] for curve in curves]
    assert set(ends) == {epochs}


@pytest.mark.parametrize(("size", "wide"), [((210, 100), True), ((200, 100), False)])
def test_rows_of_plots_take_the_whole_width(tmp_path, size, wide):
    folder = make(tmp_path / "run")
    picture(folder / "marginals.png", size)
    text = page(folder)
    assert ('<img class="picture pixels wide"' in text) is wide
    assert ".stacks figure:has(.wide)" in text


@pytest.mark.parametrize("refresh", [0, -1, 1.5, "5", True, math.nan])
def test_a_wrong_refresh_is_refused(tmp_path, refresh):
    with pytest.raises(ValueError, match=r"`refresh` must be an integer of at least 1\. Received"):
        write_report([make(tmp_path / "run")], tmp_path / "page.html", refresh=refresh)


def test_a_page_that_cannot_be_written_leaves_the_one_before(tmp_path):
    folder = make(tmp_path / "run")
    with pytest.raises(OSError, match="missing"):
        write_report([folder], tmp_path / "missing" / "page.html")
    (tmp_path / "taken.html").mkdir()
    with pytest.raises(OSError, match=r"taken\.html"):
        write_report([folder], tmp_path / "taken.html")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "taken.html"]


def test_the_page_takes_its_own_place_again_and_is_no_picture_of_it(tmp_path):
    folder = make(tmp_path / "run")
    (folder / "x.123.partial.png").write_bytes(b"half")
    for _ in range(2):
        write_report([str(folder)], str(folder / "report.html"))
    assert "partial" not in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("total", "said"),
    [
        (80, "Not finished It was interrupted, or it still runs, after 60 of 80 steps"),
        (60, "Not finished All 60 of 60 steps in 9 s are taken; the result is not written."),
    ],
)
def test_a_run_that_has_gone_on_from_its_result_is_not_finished(tmp_path, total, said):
    folder = make(tmp_path / "run", settings={"steps": total})
    write_rows(folder / "log.csv", rows(6))
    assert said in shown(page(folder))


def test_the_package_has_two_names():
    assert callable(report.write_report)
    assert isinstance(report.LiveReport, type)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = report.nothing
