"""`tf-consensus train`: a GAN on a folder of pictures, on a data set, or an experiment."""

import pathlib
import signal
import warnings
from typing import TYPE_CHECKING, Any

from absl import app, flags

from tf_consensus.cli import train_flags
from tf_consensus.cli.messages import UsageError
from tf_consensus.cli.paths import take_data_dir, take_files, take_places
from tf_consensus.cli.pictures import as_dataset
from tf_consensus.cli.quiet import import_tensorflow
from tf_consensus.cli.strategy_flags import make_strategy, own_folder
from tf_consensus.cli.telling import told
from tf_consensus.cli.validators import check_multiple
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.sizes import between_evaluations, network_of

if TYPE_CHECKING:
    import tensorflow as tf

    from tf_consensus.experiments.request import Request

HELP = """\
usage: tf-consensus train PICTURES [flags]      (or: train --experiment=NAME)

Trains a GAN on folder:PATH, or on a data set by its name. Size, colours, network,
method, learning rate and steps follow from the pictures and are printed, with the
flags that change them. Leaves report.html, samples, the log and the model.

examples:
  tf-consensus train folder:~/pictures
  tf-consensus train folder:~/pictures --image_size=64 --steps=20000 --flip
  tf-consensus train fashion_mnist --num_classes=10 --seeds=0,1,2
  tf-consensus train --experiment=fashion_mnist_adam    (`tf-consensus list experiments`)

flags most used (--helpfull shows all):
  --output_dir=FOLDER  folder for all results; none: output/ and the pictures' name
  --resume             continue what was stopped
  --steps=N  --batch_size=N  --learning_rate=X  --ema=X   how long, how fast
  --image_size=N  --channels=1  --flip  --num_classes=N   what the images are
  --optimizer=consensus  --network=NAME  --filters=N      the method and the networks
  --objective=NAME  --penalty=r1,r2  --gamma=X            the losses
  --classifier=FILE or --inception=FILE                   scores while it trains
  --strategy=mirrored                                     all GPUs of the machine
"""


def define(values: flags.FlagValues) -> None:
    """Define the command's flags."""
    train_flags.define(values)


def main(values: flags.FlagValues, words: list[str], command: list[str]) -> int:
    """Train; returns the exit status."""
    dataset = _dataset(values, words)
    _check_files(values)
    _check_numbers(values, dataset)
    import_tensorflow()
    from tf_consensus.cli.asked_runs import experiment_runs, recommended_runs
    from tf_consensus.experiments.errors import plain_errors

    warnings.showwarning = told
    with plain_errors():
        if dataset is None:
            runs, measure = experiment_runs(values)
        else:
            runs, measure = recommended_runs(values, dataset)
    try:
        return train(values, runs, measure, values.experiment or _short(dataset), command)
    except app.UsageError as error:
        raise UsageError(str(error)) from error


def _dataset(values, words):
    """The data set that is named before the flags or by --dataset; `None`: the experiment's.

    Raises:
        UsageError: If none or two are named, or a folder is not there.
    """
    if len(words) > 1:
        raise UsageError(
            f"One folder or data set can be trained on at a time. Received: {' '.join(words)}. Put "
            "quotes around a name with spaces, and two dashes in front of flags."
        )
    given = words[0] if words else None
    if given is not None and values.dataset is not None:
        raise UsageError(
            f"The pictures must be named once. Received: {given} and --dataset={values.dataset}. "
            "Leave one out."
        )
    if given is not None and values.experiment is not None:
        values.dataset, given = as_dataset(given), None
    if values.experiment is not None:
        if values.dataset is not None:
            values.dataset = as_dataset(values.dataset)
        return None
    given = given if given is not None else values.dataset
    if given is None:
        raise UsageError(
            "Nothing to train on. Name a folder of pictures, `tf-consensus train "
            "folder:~/pictures`, a data set, or an experiment, --experiment=NAME; `tf-consensus "
            "list experiments` lists them."
        )
    return as_dataset(given)


def _check_numbers(values, dataset):
    """Refuse numbers that do not fit each other, before anything takes time."""
    try:
        if dataset is not None and values.image_size and values.network is None:
            network_of(values.image_size)
        if dataset is not None and values.steps and values.eval_every is None:
            between_evaluations(values.steps)
    except RunError as error:
        raise UsageError(str(error)) from error


def _check_files(values):
    """Refuse files that are not there, before anything takes time."""
    take_files(values, "classifier", "inception", "reference")
    take_data_dir(values)
    take_places(values, "cache", "output_dir")
    if values.classifier is not None and not values.classifier.endswith(".keras"):
        raise UsageError(
            f"--classifier must name a .keras file. Received: {values.classifier}. "
            "examples/train_classifier.py makes one."
        )


def _short(dataset):
    """The name of the folder of results of a data set."""
    if dataset is None:
        return None
    if not dataset.startswith("folder:"):
        return dataset.replace("/", "_")
    return pathlib.Path(dataset.removeprefix("folder:")).expanduser().resolve().name or "pictures"


def train(
    values: flags.FlagValues,
    runs: list[dict[str, Any]],
    measure: str | None,
    name: str,
    command: list[str],
) -> int:
    """Train runs as the flags say.

    Args:
        values: The flags of `train_flags`.
        runs: The runs with all of their settings.
        measure: The data set to measure by, if it is not the one to train on.
        name: Name of the folder of results below output/, if no flag names one.
        command: What was typed, to be repeated with --resume.

    Returns:
        The exit status.

    Raises:
        SystemExit: With one sentence, if a run cannot start or continue.
    """
    from tf_consensus.experiments.errors import plain_errors
    from tf_consensus.experiments.image_session import Terminated, train_and_report
    from tf_consensus.experiments.lock import locked

    def terminate(number, frame):
        del number, frame
        raise Terminated

    for run in runs:
        check_multiple(run, "steps", "eval_every")
        if run["backup_every"] is not None:
            check_multiple(run, "eval_every", "backup_every")
    strategy = make_strategy(values)
    shared = pathlib.Path(values.output_dir or f"output/{name}")
    signal.signal(signal.SIGTERM, terminate)
    with plain_errors():
        request = request_of(values, runs, measure, strategy, shared, command)
        with locked(request.output):
            return train_and_report(request)


def request_of(
    values: flags.FlagValues,
    runs: list[dict[str, Any]],
    measure: str | None,
    strategy: "tf.distribute.Strategy",
    shared: pathlib.Path,
    command: list[str],
) -> "Request":
    """What the flags ask for, as an `experiments.request.Request`."""
    from tf_consensus.experiments.held_out import choose_test
    from tf_consensus.experiments.request import Request

    scored = (values.classifier or values.inception) and values.reference is None
    test = choose_test(runs, measure, values.test_split, bool(scored))
    if "split" in runs[0]:
        print("scores are taken against a tenth of each sub-folder, held out of training")
    files = ("data_dir", "cache", "classifier", "inception", "fid_tool", "reference")
    same = (*files, "resume", "interpolations", "tensorboard")
    places: dict[str, Any] = {key: values[key].value for key in same}
    jits: dict[str, bool | str] = {"auto": "auto", "on": True, "off": False}
    return Request(
        runs=runs,
        seeds=[int(seed) for seed in values.seeds],
        output=own_folder(strategy, shared),
        shared=shared,
        strategy=strategy,
        command=command,
        test=test,
        jit=jits[values.jit],
        verbose=values.verbose if values.verbose == "auto" else int(values.verbose),
        advise=values.advice,
        **places,
    )
