"""Claims the folders of all runs of a request, trains those that are not finished, and reports."""

import sys
from typing import Any

from tf_consensus.callbacks import BackupError, DivergedError
from tf_consensus.data import fingerprint
from tf_consensus.experiments import comparison, settings
from tf_consensus.experiments.errors import RunError, of_the_user
from tf_consensus.experiments.families.presets import DEFAULT_MODEL
from tf_consensus.experiments.finished import finished, results_of, write_results
from tf_consensus.experiments.folder_runs import check_model, known_settings, with_earlier
from tf_consensus.experiments.image_results import result_of
from tf_consensus.experiments.image_runs import make_networks
from tf_consensus.experiments.image_training import train
from tf_consensus.experiments.pages import write_pages
from tf_consensus.experiments.request import Request
from tf_consensus.experiments.result import write_result
from tf_consensus.experiments.scoring import make_scores
from tf_consensus.experiments.settings import versions
from tf_consensus.experiments.stopping import say_how_to_go_on


def train_and_report(request: Request) -> int:
    """Train all runs in the folder of results, which this process locks.

    Returns:
        The exit status: 0, 1 if a run failed, 130 after Ctrl-C, 143 after SIGTERM.

    Raises:
        RunError: If the folder holds other runs, or a file that the request names is wrong.
    """
    settings.check_example(request.output, "train_images")
    check_model(request.output, DEFAULT_MODEL)
    _claim(request, None)
    _check_networks(request.runs)
    try:
        scores = make_scores(request)
        more = _claim(request, scores)
        failed = _train_all(request, scores, more)
    except KeyboardInterrupt as stop:
        _write_report(request)
        return say_how_to_go_on(stop, request.command, request.resume)
    found = _write_report(request)
    _print_table(found)
    if found:
        print(f"results in {request.output}/; {request.output}/report.html shows them")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _check_networks(runs):
    """Refuse settings that fit no networks, before data are read."""
    keys = ("network", "image_size", "channels", "filters", "latent_dim", "num_classes")
    different = {str([run[key] for key in keys]): run for run in runs}
    for run in different.values():
        with of_the_user("--network and the sizes"):
            make_networks(run, seed=0)


def _claim(request, scores):
    """Refuse folders of runs other than those asked for; scores are not compared yet."""
    more: dict[str, Any] = {"versions": versions()}
    if request.reference is None and request.scored:
        more["test_split"] = request.test[1]
    if scores is not None:
        more["scores"] = [
            {"extractor": x.extractor.fingerprint}
            | ({} if x.reference is None else {"reference": x.reference.fingerprint})
            for x in scores
        ]
        with of_the_user("--dataset"):
            run = request.runs[0]
            split = run.get("split", "train")
            more["data"] = fingerprint(run["dataset"], split, data_dir=request.data_dir)
    for run, _, folder in _all(request):
        options = {"resume": request.resume, "backups": [folder / "backup"]}
        act = settings.check if scores is None else settings.claim
        act(folder, {**run, **more}, may_change=going_on, **options)
    return more


def _all(request):
    """Every run with every seed, and its folder."""
    return [
        (run, seed, request.folder(run, seed)) for seed in request.seeds for run in request.runs
    ]


def going_on(found: dict[str, Any], run: dict[str, Any]) -> list[str]:
    """The settings that a run may change when it goes on to more steps, from whole epochs.

    Raises:
        RunError: If it cannot go on to more steps.
    """
    before, steps = found.get("steps", 0), run.get("steps", 0)
    if not isinstance(before, int) or before >= steps:
        return []
    schedule = run.get("schedule")
    if schedule == found.get("schedule") and schedule in ("linear", "cosine"):
        raise RunError(
            "More steps need a learning rate that does not fall to 0 at the last step. Received: "
            f"--steps={steps} for a run that was started with --steps={before} and "
            f"--schedule={schedule}. Train anew in another folder, or from the start with "
            "--schedule=constant."
        )
    if before % run["eval_every"]:
        raise RunError(
            "A run goes on to more steps from a whole number of evaluations. Received: "
            f"--steps={steps} for a run of {before} steps, evaluated every {run['eval_every']}. "
            "Train anew in another folder."
        )
    return ["steps"]


def _is_finished(folder, run):
    """Whether the run has a result of all its steps or has diverged, and its files are whole."""
    found = finished(folder, lambda x: x["diverged"] is not None or x["steps"] >= run["steps"])
    if found is None:
        return False
    if found.damaged:
        print(f"{folder}: {', '.join(found.damaged)} damaged", file=sys.stderr)
    return not found.damaged


def _train_all(request, scores, more):
    """Train every run that has no result yet; returns the messages of those that failed."""
    failed = {}
    for run, seed, folder in _all(request):
        try:
            if _is_finished(request.shared / folder.name, run):
                print(f"{run['name']}, seed {seed}: finished before")
                continue
            print(f"{run['name']}, seed {seed}: {run['steps']} steps", flush=True)
            of_the_run = {key: value for key, value in run.items() if key != "steps"} | more
            train(run, seed, request, scores, of_the_run)
        except (RunError, BackupError) as error:
            print(f"{run['name']}, seed {seed}: {error}", file=sys.stderr)
            failed[folder.name] = str(error)
        except DivergedError as error:
            print(f"{run['name']}, seed {seed}: {error}", file=sys.stderr)
            failed[folder.name] = str(error)
            write_result(folder, result_of(run, seed, folder, scores, str(error)))
    return failed


def _write_report(request):
    """Write results.json, pictures and pages of the folder; returns what this command trained."""
    output = request.output
    own = [folder for _, _, folder in _all(request)]
    folders = with_earlier(output, own)
    runs = {run["name"]: run for run in request.runs}
    for run in (known_settings(folder) for folder in folders if folder not in own):
        runs.setdefault(run.get("name"), run)
    write_results(output, results_of(folders), list(runs.values()))
    comparison.draw(comparison.load_runs([output], list(runs)), output)
    write_pages(output, {"all": folders})
    return results_of(own)


def _print_table(finished):
    """Print one line per run."""
    for run in finished:
        scores = "  ".join(
            f"{key} {value['final']:.2f} (best {value['best']:.2f} at {value['best_step']})"
            for key, value in run["metrics"].items()
            if value is not None
        )
        end = "  diverged" if run["diverged"] else ""
        print(f"{run['name']}, seed {run['seed']}: {run['seconds']:.0f} s  {scores}{end}")
