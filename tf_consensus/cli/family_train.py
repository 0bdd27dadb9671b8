"""Trains a family of games, as `tf-consensus train --model=NAME` asks."""

import pathlib
import warnings
from collections.abc import Sequence
from typing import NamedTuple

from absl import app, flags

from tf_consensus.cli.messages import UsageError
from tf_consensus.cli.pictures import as_dataset
from tf_consensus.cli.quiet import import_tensorflow
from tf_consensus.cli.telling import told
from tf_consensus.cli.train_checks import check_files, short_name
from tf_consensus.cli.validators import check_multiple, check_parts
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.families.presets import (
    FAMILIES,
    PART_OF_SIDE,
    TABLES,
    WAVES,
    usual_settings,
)
from tf_consensus.experiments.sizes import between_evaluations
from tf_consensus.experiments.stopping import stop_at_sigterm

# Keras takes no seeds from here on.
_SEEDS_BELOW = 2**31


class _Named(NamedTuple):
    """Data of a file, for messages, and those that need no file."""

    what: str
    example: str
    endings: Sequence[str]
    known: Sequence[str]


_FILES = {
    "table": _Named("A table is a CSV file", "people.csv", (), TABLES),
    "sequences": _Named(
        "Sequences are an .npy or .npz file", "motion.npy", (".npy", ".npz"), (WAVES,)
    ),
}


def train_family(values: flags.FlagValues, named: str | None, command: list[str]) -> int:
    """Train runs of a family as the flags say.

    Args:
        values: The flags of `train`, all of which the model takes.
        named: What to train on, as it was typed.
        command: What was typed, to be repeated with --resume.

    Returns:
        The exit status.

    Raises:
        UsageError: If nothing is named, or flags do not fit each other.
        SystemExit: With one sentence, if a run cannot start or continue.
    """
    dataset = _dataset(values, named)
    _check_source(values)
    check_files(values)
    _check_numbers(values)
    import_tensorflow()
    from tf_consensus.cli.family_runs import family_runs, print_runs
    from tf_consensus.experiments.errors import plain_errors
    from tf_consensus.experiments.families.game import FamilyRequest
    from tf_consensus.experiments.families.session import train_and_report
    from tf_consensus.experiments.lock import locked

    warnings.showwarning = told
    stop_at_sigterm()
    of_file = FAMILIES[values.model].kind in _FILES
    name = pathlib.Path(dataset).stem if of_file else short_name(dataset)
    output = pathlib.Path(values.output_dir or f"output/{values.model}_{name}")
    with plain_errors():
        runs = family_runs(values, dataset)
        request = FamilyRequest(
            runs=[(output / f"{run['name']}-seed{run['seed']}", run) for run in runs],
            output=output,
            command=command,
            resume=values.resume,
            data_dir=values.data_dir,
            cache=values.cache,
            classifier=values.classifier,
            jit={"auto": None, "on": True, "off": False}[values.jit],
            verbose=values.verbose if values.verbose == "auto" else int(values.verbose),
        )
        with locked(output):
            return train_and_report(request, lambda: print_runs(runs))


def _dataset(values, named):
    """A name for `data.images`, a file, or data that need none."""
    found = _FILES.get(FAMILIES[values.model].kind)
    if named is None:
        example = found.example if found else "folder:~/pictures"
        raise UsageError(
            f"Nothing to train on. Name it: `tf-consensus train --model={values.model} {example}`."
        )
    if found is None:
        return as_dataset(named)
    if named in found.known:
        return named
    path = pathlib.Path(named).expanduser()
    rule = f"{found.what}, or {'one of ' * (len(found.known) > 1)}{', '.join(found.known)}"
    if not path.is_file():
        raise UsageError(f"{rule}. Received: {named}, which is no file. Check the path.")
    if found.endings and path.suffix.lower() not in found.endings:
        raise UsageError(f"{rule}. Received: {named}. Write one by numpy.save.")
    return str(path)


def _check_source(values):
    """Refuse pairs without sources, or with two kinds of them."""
    if FAMILIES[values.model].kind != "pairs":
        return
    if (values.source is None) == (values.make is None):
        given = "neither" if values.source is None else "both"
        raise UsageError(
            "Sources are images of a second set, or are made from the images. Received: "
            f"{given}. Pass --source=folder:PATH, or --make=edges, one of them."
        )
    if values.source is not None:
        values.source = as_dataset(values.source)


def _check_side(size):
    """Refuse a side that the networks of pairs cannot halve."""
    if size % PART_OF_SIDE:
        fits = max(1, round(size / PART_OF_SIDE)) * PART_OF_SIDE
        raise UsageError(
            f"--image_size must be a multiple of {PART_OF_SIDE}, as the networks halve images. "
            f"Received: --image_size={size}. Pass --image_size={fits}."
        )


def _check_numbers(values):
    """Refuse numbers that do not fit each other, before anything takes time."""
    wrong = [seed for seed in values.seeds if int(seed) >= _SEEDS_BELOW]
    if wrong:
        raise UsageError(
            f"--seeds must be below 2^31 for --model={values.model}. Received: {wrong[0]}. Choose "
            "a smaller one."
        )
    run = usual_settings(values.model, values.conditional) | {
        key: values[key].value
        for key in ("steps", "eval_every", "batch_size", "pack", "microbatches")
        if values[key].value is not None
    }
    try:
        if "eval_every" not in run:
            between_evaluations(run["steps"])
        else:
            check_multiple(run, "steps", "eval_every")
        check_parts(run)
        if FAMILIES[values.model].kind == "pairs":
            _check_side(values.image_size or run["image_size"])
    except (RunError, app.UsageError) as error:
        raise UsageError(str(error)) from error
