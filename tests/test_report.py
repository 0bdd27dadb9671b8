"""The page of runs: whole, half-way, odd, and many."""

import json
import math
import shutil

import numpy as np
import pytest
from report_pages import frames, make, page, picture, read, result, rows, shown

from tf_consensus.experiments import report
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.log import write_rows
from tf_consensus.experiments.report import pictures, write_report
from tf_consensus.experiments.result import write_result

NASTY = "<script>alert(1)</script>\"'&<img src=http://x> ü 漢 \x00 --a_b"
ADVICE = [
    {"step": 20, "name": "collapse", "message": "Samples are alike. Use a larger --gamma."},
    {"step": 30, "name": "oscillation", "message": "Losses go round <and round>."},
]


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
    assert "generator loss not finite –" in said


def test_whatever_comes_from_files_is_text(tmp_path):
    name = "a <b>&'ü"
    folder = make(
        tmp_path / name,
        settings={NASTY: NASTY, "list": [NASTY], "deep": {NASTY: {"x": None}}, "steps": 40},
        advice=[{"step": NASTY, "name": NASTY, "message": NASTY}],
        run={"command": NASTY, NASTY: NASTY},
        spectrum={"sentence": NASTY, NASTY: NASTY, "step": NASTY},
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
    tags, _ = read(text)
    drawn = [json.loads(a["data-curves"]) for tag, a in tags if "data-curves" in a]
    assert len(drawn) == 2 * 3
    sizes = [len(curve["x"]) for curves in drawn for curve in curves]
    assert set(sizes) == {1} if epochs == 1 else max(sizes) <= 1000 <= 4 * min(sizes)
    ends = [curve["x"][-1] for curves in drawn[::2] for curve in curves]
    assert set(ends) == {epochs}


def test_of_many_samples_sixty_are_shown_with_both_ends(tmp_path):
    folder = make(tmp_path / "run", samples=())
    picture(folder / "samples" / "00000000.png")
    for step in range(1, 500):
        shutil.copy(folder / "samples" / "00000000.png", folder / "samples" / f"{step:08d}.png")
    text = page(folder)
    steps = [step for step, *_ in frames(text)]
    assert len(steps) == 60
    assert steps[0] == 0
    assert steps[-1] == 499
    assert {8, 9} == set(np.diff(steps))
    assert "Of all pictures 60 a run are shown" in shown(text)


@pytest.mark.parametrize("runs", [1, 3])
def test_large_pictures_are_made_smaller_until_they_fit(tmp_path, runs, monkeypatch):
    monkeypatch.setattr(pictures, "SAMPLES_ROOM", 1_200_000)
    folders = []
    for i in range(runs):
        folders.append(make(tmp_path / str(i), samples=()))
        picture(folders[-1] / "samples" / "00000000.png", size=(640, 480), seed=i)
        for step in range(1, 80):
            shutil.copy(
                folders[-1] / "samples" / "00000000.png",
                folders[-1] / "samples" / f"{step:08d}.png",
            )
    text = page(*folders)
    assert len(text) < 1_200_000 * 4 / 3 + 300_000
    found = frames(text)
    assert len(found) == max(2, 20 // runs) * runs
    assert {image.format for *_, image in found} == {"JPEG"}
    assert min(image.size[0] for *_, image in found) > 100


def test_runs_side_by_side_mark_the_settings_that_differ(tmp_path):
    first = make(tmp_path / "first", samples=(0, 20, 40), advice=ADVICE)
    second = make(
        tmp_path / "second",
        settings={"steps": 40, "gamma": 1.0, "learning_rate": 1e-4, "extra": None},
        samples=(0, 30),
        log=rows(3),
    )
    third = make(tmp_path / "third", finished=False, log=rows(2), samples=(), spectrum={"step": 1})
    text = page(first, second, third)
    said = shown(text)
    assert "3 runs" in said
    assert "second Finished 40 of 40 steps" in said
    assert "third Not finished" in said
    assert "first: Samples are alike." in said
    assert "4 of 6 settings differ." in said
    differing = [part.split("</tr>")[0] for part in text.split("<tr class=differs>")[1:]]
    names = [part.split('scope="row">')[1].split(" <")[0] for part in differing]
    assert sorted(names) == ["extra", "gamma", "name", "seed"]
    assert "gamma differs 10 1 10" in said
    assert "extra differs not there none not there" in said
    assert "learning_rate 0.0001 0.0001 0.0001" in said
    assert "Fréchet distance, best 86.25 at step 30 86.25 at step 30 –" in said
    (slider,) = (a for tag, a in read(text)[0] if a.get("type") == "range")
    assert json.loads(slider["data-steps"]) == [0, 20, 30, 40]
    assert [step for step, *_ in frames(text)] == [0, 20, 40, 0, 30]
    curves = [json.loads(a["data-curves"]) for _, a in read(text)[0] if "data-curves" in a]
    assert len(curves) == 2 * 4
    assert {tuple(curve["label"] for curve in each) for each in curves} == {
        ("first", "second", "third")
    }
    assert len({tuple(curve["look"] for curve in each) for each in curves}) == 1


def test_runs_of_one_name_are_told_apart_by_their_folders(tmp_path):
    said = shown(page(make(tmp_path / "a" / "run"), make(tmp_path / "b" / "run")))
    assert "a/run" in said
    assert "b/run" in said
    assert str(tmp_path) + "/a/run" in said


def test_equal_runs_are_said_to_be_so(tmp_path):
    text = page(make(tmp_path / "a"), make(tmp_path / "b"))
    assert "All are the same." in shown(text)
    assert "<tr class=differs>" not in text


def test_thirty_runs_fit_a_page(tmp_path):
    folders = [make(tmp_path / f"{i:02d}", log=rows(1500, each=1)) for i in range(30)]
    text = page(*folders)
    assert len(text) < 12_000_000
    assert len(frames(text)) == 30 * 5


@pytest.mark.parametrize(
    ("folders", "error", "message"),
    [
        ([], ValueError, r"`folders` must be .* at least one\. Received: folders=\[\]\. Pass"),
        ("run", ValueError, r"`folders` must be a list .* Received: folders='run'\. Pass"),
        (["missing"], RunError, r"Received: .*missing, which is no folder\. Name the folder that"),
        (["empty"], RunError, r"Received: .*empty, which holds none\. Name the folder that a run"),
        (["file"], RunError, r"Received: .*file, which is no folder\. Name"),
        (["run", "empty"], RunError, r"Received: .*empty, which holds none\."),
        (["runs"], RunError, r"which holds the folders of 7 runs\. .*: 0, 1, 2, 3, 4, …\."),
        (["run", "run/../run"], RunError, r"shows each run once\. Received: .*\. Leave one"),
    ],
    ids=str,
)
def test_folders_without_a_run_are_refused(tmp_path, folders, error, message):
    make(tmp_path / "run")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    for i in range(7):
        make(tmp_path / "runs" / str(i), samples=())
    (tmp_path / "runs" / "settings.json").write_text('{"seeds": 7}')
    given = folders if isinstance(folders, str) else [tmp_path / name for name in folders]
    with pytest.raises(error, match=message):
        write_report(given, tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


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


def test_a_run_that_has_gone_on_from_its_result_is_not_finished(tmp_path):
    folder = make(tmp_path / "run", settings={"steps": 80})
    write_rows(folder / "log.csv", rows(6))
    assert "Not finished It was interrupted, or it still runs, after 60 of 80" in shown(
        page(folder)
    )


def test_the_package_has_two_names():
    assert callable(report.write_report)
    assert isinstance(report.LiveReport, type)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = report.nothing
