"""The leaderboard: what is chosen, cut, counted and said, and one true run of it."""

import json
import sys

import numpy as np
import pytest
from saved_runs import told
from small_images import write_fashion_mnist

from tf_consensus import plotting
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.leaderboard import (
    calls,
    choosing,
    cuts,
    image_files,
    pictures,
    plan,
    results,
    session,
    tables,
    workers,
)
from tf_consensus.experiments.leaderboard.jobs import Job, Place, choosing_jobs, full_jobs
from tf_consensus.experiments.leaderboard.request import Request
from tf_consensus.experiments.leaderboard.rows import ROWS, Row
from tf_consensus.experiments.leaderboard.sentences import verdict
from tf_consensus.experiments.leaderboard.standings import standings
from tf_consensus.experiments.leaderboard.tasks import TASKS, Measure, Task
from tf_consensus.experiments.making import OPTIMIZERS
from tf_consensus.plotting.methods import METHOD_LOOKS

SCORE, DISTANCE = Measure("score", "up"), Measure("distance", "down", 1)


def make_task(measures=(SCORE, DISTANCE), failure=("score", 1.5)):
    return Task(
        *("made_up", "numbers made up", "made_up", "made_up", {}, measures, failure),
        **{"seconds": 8.0, "epoch": 5, "every": 100, "samples": (10, 20), "overhead": 4.0},
    )


TASK = make_task()


def result(row, *evaluations, diverged=None, seed=0, point=None, steps=None):
    """A run with evaluations (step, score, distance), 10 ms of CPU per step."""
    rows = [
        {"step": step, "cpu_seconds": step / 100, "score": score, "distance": distance}
        for step, score, distance in evaluations
    ]
    last = steps or (rows[-1]["step"] if rows else 0)
    return {
        **{"row": row, "rows": rows, "diverged": diverged, "seed": seed, "steps": last},
        **{"point": point or {"learning_rate": 0.1}, "cpu_seconds": last / 100},
        "ms_per_step": 10.0 if last else None,
    }


def ended(score, distance=5.0, **options):
    return result("a", (200, score, distance), **options)


# Choosing.


def test_the_best_point_is_that_of_the_first_measure():
    runs = [ended(2.0, 9.0), ended(3.0, 8.0), ended(2.5, 1.0)]
    assert choosing.choose(runs, TASK) is runs[1]
    lower = make_task(measures=(DISTANCE, SCORE))
    assert choosing.choose(runs, lower) is runs[2]


def test_the_second_measure_breaks_ties():
    runs = [ended(3.0, 9.0), ended(3.0, 8.0), ended(2.5, 1.0)]
    assert choosing.choose(runs, TASK) is runs[1]


@pytest.mark.parametrize(
    "failed",
    [
        ended(9.0, diverged="a loss is not finite"),
        ended(None),
        result("a"),
    ],
    ids=["diverged", "not_finite", "never_evaluated"],
)
def test_a_failed_run_is_never_chosen(failed):
    assert choosing.final(failed, TASK) is None
    assert choosing.choose([failed], TASK) is None
    assert choosing.robustness([failed], TASK) == 0.0
    good = ended(1.5)
    assert choosing.choose([failed, good], TASK) is good
    assert choosing.robustness([failed, good], TASK) == 0.5


def test_a_short_run_may_be_below_the_bound():
    slow = result("a", (100, 9.0, 1.0), (200, 1.4, 1.0))
    assert choosing.final(slow, TASK) is None
    assert choosing.choose([slow], TASK) is slow
    assert choosing.robustness([slow], TASK) == 1.0
    assert choosing.robustness([ended(0.0), ended(0.0)], TASK) == 0.0


def test_a_bound_of_a_measure_that_should_be_low_is_above():
    task = make_task(failure=("distance", 5.0))
    assert choosing.final(ended(9.0, 5.0), task) is not None
    assert choosing.final(ended(9.0, 5.1), task) is None


def test_robustness_counts_what_is_within_a_tenth():
    runs = [ended(2.0), ended(1.81), ended(1.79), ended(1.0)]
    assert choosing.robustness(runs, TASK) == 2 / 4
    task = make_task(measures=(DISTANCE, SCORE))
    runs = [ended(2.0, distance) for distance in (10.0, 10.9, 11.1, 30.0, 10.5)]
    assert choosing.robustness(runs, task) == 3 / 5


# Equal steps.


def test_the_common_steps_are_the_fewest_rounded_down_to_an_evaluation():
    runs = {
        "fast": [result("fast", (100, 2.0, 1.0), (930, 2.0, 1.0))],
        "slow": [result("slow", (200, 2.0, 1.0), (275, 2.0, 1.0))],
        "failed": [result("failed", (100, 1.0, 1.0)), result("failed", diverged="x")],
    }
    assert cuts.common_steps(runs, TASK) == 200
    assert cuts.common_steps({"failed": runs["failed"]}, TASK) is None
    assert cuts.common_steps({"short": [result("short", (75, 2.0, 1.0))]}, TASK) is None


def test_a_cut_forgets_what_came_later():
    run = result("a", (100, 2.0, 3.0), (200, 4.0, 1.0), (250, 1.0, 9.0), diverged="late", steps=260)
    cut = cuts.until_step(run, 200)
    assert [row["step"] for row in cut["rows"]] == [100, 200]
    assert (cut["diverged"], cut["steps"]) == (None, 200)
    assert choosing.final(cut, TASK)["score"] == 4.0
    early = result("a", (100, 2.0, 3.0), diverged="early", steps=150)
    assert cuts.until_step(early, 200)["diverged"] == "early"
    assert cuts.until_step(early, 200)["steps"] == 150


# Standings, tables, sentences.


def made_up_runs():
    grids = {
        "steady": [ended(2.0, point={"learning_rate": 0.1, "gamma": 3.0}), ended(1.9)],
        "swinging": [ended(3.0), ended(1.0)],
        "hopeless": [ended(1.0, diverged="x"), ended(None)],
    }
    full = {
        "steady": [
            result("steady", (100, 3.0, 2.0), (200, 2.0, 4.0)),
            result("steady", (100, 2.0, 2.0), (200, 2.5, 3.0)),
        ],
        "swinging": [result("swinging", (200, 5.0, 1.0)), result("swinging", (200, 1.0, 50.0))],
        "hopeless": [],
    }
    return grids, full


def test_fewer_failures_come_first_and_numbers_are_those_of_the_others():
    steady, swinging, hopeless = standings(*made_up_runs(), TASK)
    assert [s.row for s in (steady, swinging, hopeless)] == ["steady", "swinging", "hopeless"]
    assert steady.final == {"score": (2.25, 2.0, 2.5), "distance": (3.5, 3.0, 4.0)}
    assert steady.best == {"score": (2.75, 2.5, 3.0), "distance": (2.0, 2.0, 2.0)}
    assert (steady.failures, steady.seeds, steady.robustness, steady.points) == (0, 2, 1.0, 2)
    assert steady.point == {"learning_rate": 0.1, "gamma": 3.0}
    assert (steady.milliseconds, steady.steps) == (10.0, 200)
    assert (swinging.failures, swinging.final["score"].mean) == (1, 5.0)
    assert (swinging.best["score"].low, swinging.robustness) == (1.0, 0.5)
    assert (hopeless.point, hopeless.seeds, hopeless.final) == (None, 0, {})


def test_the_table_says_it_all():
    lines = tables.table(standings(*made_up_runs(), TASK), TASK).splitlines()
    assert lines[0].startswith("| method | score ↑, final | best | distance ↓, final | best | fail")
    assert lines[2] == (
        "| steady | 2.25 (2.00 to 2.50) | 2.75 (2.50 to 3.00) | 3.5 (3.0 to 4.0) | 2.0 | 0 of 2 "
        "| 2 of 2 | 0.1 | 3 | 200 | 10.00 |"
    )
    assert "| 1 of 2 | 1 of 2 | 0.1 | – | 200 | 10.00 |" in lines[3]
    assert lines[4] == (
        "| hopeless | – | – | – | – | all points of the grid | 0 of 2 | – | – | – | – |"
    )


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (
            "ring",
            "After 8 CPU seconds a leads with 7.7 modes covered, before b with 7.5; their seeds",
        ),
        (
            "grid",
            "After 8 CPU seconds a leads with 7.7 modes covered, before b with 7.5; their seeds",
        ),
        (
            "four_lines",
            "After 8 CPU seconds b leads with a Wasserstein-1 distance of 7.500, before a",
        ),
        ("shapes", "After 8 CPU seconds b leads with a Fréchet distance of 7.5, before a with 7.7"),
        ("deep", "After 8 CPU seconds a leads with a classifier score of 7.70, before b with 7.50"),
    ],
)
def test_the_winner_is_named_in_a_sentence(task, said):
    measures = TASKS[task].measures
    found = {}
    for row, values in (("a", (7.4, 8.0)), ("b", (7.5, 7.5))):
        rows = [
            {"step": 200, "cpu_seconds": 2.0, **{measure.name: value for measure in measures}}
            for value in values
        ]
        found[row] = [ended(2.0) | {"row": row, "rows": [one]} for one in rows]
    one = TASKS[task]._replace(
        failure=(measures[0].name, {"up": 0.0, "down": 99.0}[measures[0].direction])
    )
    assert verdict(standings(found, found, one), one, "8 CPU seconds").startswith(said)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("within_3_sigma", "a share of 0.950 of the samples within 3σ"),
        ("mode_kl", "a KL divergence of 0.950 from even modes"),
    ],
)
def test_measures_that_break_ties_are_said_in_english(name, said):
    (measure,) = [measure for measure in TASKS["ring"].measures if measure.name == name]
    assert measure.said(0.95) == said


def test_modes_covered_have_a_linear_axis_and_equal_colours(tmp_path, monkeypatch):
    figures = []
    curves = plotting.run_curves
    monkeypatch.setattr(plotting, "run_curves", lambda *a, **k: figures.append(curves(*a, **k)))
    values = {"modes_covered": (0.01, 8.0), "within_3_sigma": (0.01, 1.0), "mode_kl": (9.0, 0.01)}
    task = TASKS["ring"]
    runs = {}
    for row in ("simultaneous", "consensus"):
        rows = [
            {
                "step": 100 * k,
                "cpu_seconds": k,
                **{key: pair[k - 1] for key, pair in values.items()},
            }
            for k in (1, 2)
        ]
        runs[row] = [ended(2.0) | {"row": row, "rows": rows}]
    assert pictures.draw(runs, standings(runs, runs, task), task, tmp_path / "ring.png")
    axes = figures[0].axes
    assert [axis.get_yscale() for axis in axes] == ["linear", "linear", "log"]
    drawn = {line.get_color() for line in axes[0].lines}
    assert drawn == {METHOD_LOOKS[row][0] for row in runs}


def test_the_verdict_is_computed():
    found = standings(*made_up_runs(), TASK)
    assert verdict(found, TASK, "8 CPU seconds") == (
        "After 8 CPU seconds steady leads with a score of 2.25: fewer of its runs failed than of "
        "the next method's, swinging. No point of the grid worked for hopeless. Runs failed of "
        "swinging (1 of 2)."
    )
    assert verdict(found[1:], TASK, "200 steps").startswith(
        "After 200 steps swinging is the only method with a run that did not fail."
    )
    assert verdict(found[2:], TASK, "200 steps") == (
        "After 200 steps no method has a run that did not fail."
    )


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ((3.0, 3.2), "with a score of 3.10, before b with 2.50; every seed of it is better."),
        ((2.4, 3.2), "with a score of 2.80, before b with 2.50; their seeds overlap."),
    ],
)
def test_the_verdict_says_whether_seeds_overlap(scores, said):
    full = {
        "a": [result("a", (200, score, 5.0)) for score in scores],
        "b": [result("b", (200, score, 5.0)) for score in (2.45, 2.55)],
    }
    found = standings({row: [ended(2.0)] for row in full}, full, TASK)
    assert verdict(found, TASK, "x").endswith(said)


def test_equal_first_measures_are_told_apart_by_the_second():
    full = {"a": [result("a", (200, 3.0, 5.0))], "b": [result("b", (200, 3.0, 4.0))]}
    found = standings({row: [ended(2.0)] for row in full}, full, TASK)
    assert verdict(found, TASK, "x") == (
        "After x b leads with a distance of 4.0, before a with 5.0."
    )


# Rows, jobs and the plan.


def test_rows_have_known_optimizers_and_names_of_their_own():
    for rows in ROWS.values():
        assert len({row.name for row in rows}) == len(rows)
        for row in rows:
            assert row.settings["optimizer"] in OPTIMIZERS
            assert "learning_rate" in row.grid
    assert {task.rows for task in TASKS.values()} == set(ROWS)
    for task in TASKS.values():
        assert task.every % task.epoch == 0
        assert task.failure[0] in {measure.name for measure in task.measures}


ROW = Row("a", {"optimizer": "consensus"}, {"learning_rate": (0.1, 0.2), "gamma": (1.0, 3.0)})


def test_a_grid_is_all_pairs_and_each_run_has_its_file(tmp_path):
    jobs = choosing_jobs(TASK, ROW, 8.0)
    assert [job.point for job in jobs] == [
        {"learning_rate": rate, "gamma": gamma} for rate in (0.1, 0.2) for gamma in (1.0, 3.0)
    ]
    assert {(job.seed, job.seconds, job.samples) for job in jobs} == {(0, 2.0, 10)}
    full = full_jobs(TASK, ROW, jobs[3].point, 8.0, [1, 2])
    assert [(job.seed, job.seconds, job.samples) for job in full] == [(1, 8.0, 20), (2, 8.0, 20)]
    place = Place(tmp_path, None, None)
    assert len({job.path(place) for job in (*jobs, *full)}) == 6
    assert full[0].path(place).name.startswith("made_up-a-lr0.2-gamma3-seed1-")
    changed = full[0]._replace(row=ROW._replace(settings={"optimizer": "r1"}))
    assert changed.path(place) != full[0].path(place)
    assert full[0]._replace(seconds=9.0).path(place) != full[0].path(place)


def test_the_plan_says_what_runs_and_what_it_costs():
    rows, seconds = {"made_up": [ROW]}, {"made_up": 8.0}
    # 4 runs of 2 s and half of the 4 s beside training, 3 of 8 s and all of it.
    assert plan.cost([TASK], rows, seconds, [1, 2, 3]) == [4 * (2 + 2) + 3 * (8 + 4)]
    said = plan.described([TASK], rows, seconds, [1, 2, 3])
    assert "4 runs of 2 s over learning rate 0.1|0.2, gamma 1|3; then 3 of 8 s" in said


# A session, with workers that make numbers up.


@pytest.fixture
def fake(monkeypatch):
    """A session whose runs are made up in this process; returns the names of those that ran."""
    ran = []

    class FakeWorkers:
        def __init__(self, cores):
            assert list(cores) == [0]

        def map(self, calls):
            for call in calls:
                if not call.name.startswith("files"):
                    ran.append(call.name)
                    yield call, made_up(call.arguments[0])

        def close(self):
            pass

    monkeypatch.setattr(session, "Workers", FakeWorkers)
    return ran


def made_up(job):
    if job.row.name == "hopeless":
        return result("hopeless", diverged="a loss is not finite", point=job.point)
    score = 2 + job.point["learning_rate"] + job.seed / 100
    evaluations = [(100 * k, score, 9.0 - k) for k in (1, 2, 3)]
    return result(job.row.name, *evaluations, seed=job.seed, point=job.point)


def request_in(folder, *names):
    rows = [Row(name, {"optimizer": name}, {"learning_rate": (0.1, 0.2)}) for name in names]
    place = Place(folder, None, None)
    return Request([TASK], {"made_up": rows}, {"made_up": 8.0}, [1, 2], place, [0])


def test_a_session_runs_what_is_missing_and_reports(fake, tmp_path, capsys):
    session.run_and_report(request_in(tmp_path, "good", "hopeless"))
    assert len(fake) == 2 + 2 + 2
    assert fake[4:] == ["made_up-good-lr0.2-seed1", "made_up-good-lr0.2-seed2"]
    page = (tmp_path / "leaderboard.md").read_text(encoding="utf-8")
    assert "After 8 CPU seconds good is the only method with a run that did not fail. " in page
    assert "After 300 steps:" in page
    assert "| good | 2.21 (2.21 to 2.22) |" in page
    assert "all points of the grid" in page
    assert (tmp_path / "made_up.png").stat().st_size > 1000
    assert (tmp_path / "made_up.md").exists()
    said = capsys.readouterr().out
    assert "made_up-hopeless-lr0.1-seed0: diverged after 0 steps" in said
    assert "about 0 min left" in said

    session.run_and_report(request_in(tmp_path, "good", "hopeless"))
    assert len(fake) == 6
    assert "made_up: 4 of 4 runs finished before" in capsys.readouterr().out
    session.run_and_report(request_in(tmp_path, "good", "new"))
    assert [name.split("-")[1] for name in fake[6:]] == ["new"] * 4


def test_a_damaged_result_is_made_again(fake, tmp_path):
    request = request_in(tmp_path, "good")
    session.run_and_report(request)
    job = choosing_jobs(TASK, request.rows["made_up"][0], 8.0)[0]
    job.path(request.place).write_text("{", encoding="utf-8")
    assert results.read(job, request.place) is None
    session.run_and_report(request)
    assert fake[4:] == [job.name]


def test_another_classifier_is_refused(fake, tmp_path):
    session.run_and_report(request_in(tmp_path, "good"))
    other = tmp_path / "other.keras"
    other.write_bytes(b"another one")
    request = request_in(tmp_path, "good")
    with pytest.raises(RunError, match=r"that it began with\. Received: cl"):
        session.run_and_report(request._replace(place=request.place._replace(classifier=other)))


def test_a_folder_of_another_example_is_refused(fake, tmp_path):
    (tmp_path / "settings.json").write_text(json.dumps({"example": "toy_2d"}), encoding="utf-8")
    with pytest.raises(RunError, match=r"example=leaderboard \(before: toy_2d"):
        session.run_and_report(request_in(tmp_path, "good"))


def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(monkeypatch, tmp_path, capsys):
    closed = []

    class Interrupted:
        def __init__(self, cores):
            self.calls = 0

        def map(self, calls):
            for call in calls[1:] if calls[0].name.startswith("files") else calls:
                self.calls += 1
                if self.calls == 3:
                    raise KeyboardInterrupt
                yield call, {**result("r1", (500, 1.0, 1.0)), **made_up_modes(call.arguments[0])}

        def close(self):
            closed.append(True)

    monkeypatch.setattr(session, "Workers", Interrupted)
    words = ["leaderboard", "--tasks=ring", "--methods=r1", f"--output_dir={tmp_path}"]
    status, said, error = told(capsys, *words)
    assert (status, closed) == (130, [True])
    assert said.count("ring-r1-") == len(list((tmp_path / "runs").glob("*.json"))) == 2
    assert f"interrupted; continue with: tf-consensus {' '.join(words)}" in error


def made_up_modes(job):
    row = {"step": 500, "seconds": 1.0, "cpu_seconds": 1.0}
    return {"rows": [row | {measure.name: 1.0 for measure in job.task.measures}]}


# Workers.


def double(number):
    return 2 * number


def fail(number):
    raise ArithmeticError(f"no {number}")


def test_workers_return_what_ends_and_end_at_an_error():
    crew = workers.Workers(workers.cores()[:1])
    try:
        calls = [workers.Call(str(k), double, (k,)) for k in range(3)]
        assert [(call.name, found) for call, found in crew.map(calls)] == [
            ("0", 0),
            ("1", 2),
            ("2", 4),
        ]
        with pytest.raises(RunError, match=r"bad, ArithmeticError: no 7\. Mend this"):
            list(crew.map([workers.Call("bad", fail, (7,))]))
        with pytest.raises(RunError, match="Received: gone, its process ended with status 3"):
            list(crew.map([workers.Call("gone", sys.exit, (3,))]))
    finally:
        crew.close()


# Images, of tiny networks.


def tiny(name):
    task = TASKS[name]
    settings = task.settings | {"filters": 2, "batch_size": 4, "latent_dim": 4}
    return task._replace(settings=settings, epoch=2, every=2)


def trained(task, row, place):
    (row,) = [found for found in ROWS[task.rows] if found.name == row]
    job = Job(task, row, row.points()[0], seed=1, seconds=0.01, samples=16)
    return calls.train(job, place)


@pytest.mark.parametrize(
    ("name", "row"), [("fashion_mnist", "simultaneous_bn"), ("deep", "simultaneous")]
)
def test_fashion_mnist_is_trained_and_scored(name, row, tmp_path, monkeypatch):
    monkeypatch.setattr(image_files, "EPOCHS", 1)
    data_dir = write_fashion_mnist(tmp_path / "data")
    task, place = tiny(name), Place(tmp_path / "board", str(data_dir), None)
    calls.prepare(task, place)
    assert sorted(path.name for path in (place.output / "prepared").iterdir()) == [
        "fashion_mnist_classifier.keras",
        "fashion_mnist_reference.npz",
    ]
    found = trained(task, row, place)
    assert found["diverged"] is None
    assert found["steps"] % 2 == 0
    last = found["rows"][-1]
    assert last["classifier_score"] >= 1
    assert last["frechet_distance"] > 0
    assert last["step"] == found["steps"]
    assert found["ms_per_step"] == pytest.approx(1000 * last["cpu_seconds"] / last["step"])
    assert json.loads(json.dumps(found)) == found


def test_shapes_are_drawn_once(tmp_path, monkeypatch):
    monkeypatch.setattr(image_files, "NUMBERS", {"train": 130, "test": 20})
    monkeypatch.setattr(image_files, "EPOCHS", 1)
    task, place = tiny("shapes"), Place(tmp_path, None, "not/for/shapes.keras")
    calls.prepare(task, place)
    files = sorted((tmp_path / "prepared").rglob("*.png"))
    before = [path.stat().st_mtime_ns for path in files]
    assert len(files) == 150
    calls.prepare(task, place)
    assert [path.stat().st_mtime_ns for path in files] == before
    assert trained(task, "alternating", place)["rows"][-1]["frechet_distance"] > 0


def test_a_run_that_diverges_is_a_failure(tmp_path):
    row = ROWS["points"][0]
    job = Job(TASKS["four_lines"], row, {"learning_rate": 1e30}, seed=1, seconds=0.1, samples=1024)
    found = calls.train(job, Place(tmp_path, None, None))
    assert "finite" in found["diverged"]
    assert (found["rows"], found["ms_per_step"]) == ([], None)


# The program.


def test_the_list_needs_no_time(capsys):
    status, said, _ = told(capsys, "leaderboard", "--list", "--tasks=ring", "--methods=r1")
    assert status == 0
    assert "ring: 8 Gaussians on a circle" in said
    assert "  r1: 6 runs of 3.75 s over learning rate" in said


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--tasks=rings"], "Did you mean ring? It must be a comma list of different names"),
        (["--methods=consensu"], "Did you mean consensus?"),
        (["--seeds=0,1"], "They must be other seeds than 0, by which each method chooses"),
        (["--seeds=x"], "It must be a comma list of different integers"),
        (["--seconds=0"], "must be a positive finite number"),
        (["--seconds=inf"], "must be a positive finite number"),
        (["--workers=0"], "0 is not a positive integer"),
        (["ring"], "A leaderboard takes flags only. Received: ring."),
        (
            ["--tasks=deep", "--methods=consensus_gbn"],
            "Each method must be tried on one of the tasks",
        ),
    ],
)
def test_wrong_flags_are_refused(flags, message, capsys):
    status, _, said = told(capsys, "leaderboard", *flags)
    assert status == 2
    assert message in said


def test_true_runs_of_two_methods(tmp_path, capsys, monkeypatch):
    rows = [row._replace(grid={"learning_rate": (1e-3,)}) for row in ROWS["points"][:2]]
    monkeypatch.setitem(ROWS, "points", rows)
    flags = ["--tasks=ring", "--methods=simultaneous,alternating", "--seconds=0.2", "--seeds=1"]
    flags += ["--workers=1", f"--output_dir={tmp_path}"]
    assert told(capsys, "leaderboard", *flags)[0] == 0
    page = (tmp_path / "leaderboard.md").read_text(encoding="utf-8")
    assert "## ring: 8 Gaussians on a circle" in page
    found = [json.loads(path.read_text()) for path in (tmp_path / "runs").glob("*.json")]
    assert 2 <= len(found) <= 4
    for run in found:
        assert run["cpu_seconds"] >= run["budget"]
        assert run["steps"] % 500 == 0
        assert np.isfinite(run["rows"][-1]["modes_covered"])
    status, said, _ = told(capsys, "leaderboard", *flags)
    assert status == 0
    assert "ring: 2 of 2 runs finished before" in said
    assert "CPU s; about" not in said


@pytest.mark.parametrize(
    ("point", "text"),
    [
        ({}, "–"),
        ({"learning_rate": 0.001}, "0.001"),
        ({"learning_rate": 0.001, "rate_ratio": 1.0}, "0.001"),
        ({"learning_rate": 0.004, "rate_ratio": 0.25}, "0.004, 0.001"),
    ],
)
def test_two_rates_are_shown(point, text):
    assert tables._rates(point) == text


def test_the_discriminators_rate_is_within_bounds():
    row = next(row for row in ROWS["images"] if row.name == "alternating_bn")
    pairs = {(p["learning_rate"], p["learning_rate"] * p["rate_ratio"]) for p in row.points()}
    assert pairs == {(1e-3, 1e-3), (2e-3, 2e-3), (2e-3, 1e-3), (4e-3, 2e-3), (4e-3, 1e-3)}
