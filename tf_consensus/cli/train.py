"""`tf-consensus train`: a GAN on a folder of pictures or a data set, an experiment, a family."""

import pathlib
import warnings
from typing import TYPE_CHECKING, Any

from absl import app, flags

from tf_consensus.cli import family_flags, train_flags
from tf_consensus.cli.family_flags import refuse_others
from tf_consensus.cli.family_train import train_family
from tf_consensus.cli.messages import UsageError
from tf_consensus.cli.pictures import as_dataset
from tf_consensus.cli.quiet import import_tensorflow
from tf_consensus.cli.strategy_flags import make_strategy, own_folder
from tf_consensus.cli.telling import told
from tf_consensus.cli.train_checks import check_files, named_once, short_name
from tf_consensus.cli.validators import check_multiple, check_parts
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.families.presets import DEFAULT_MODEL, SEQUENCE_NETWORKS
from tf_consensus.experiments.sizes import between_evaluations, network_of
from tf_consensus.experiments.stopping import stop_at_sigterm

if TYPE_CHECKING:
    import tensorflow as tf

    from tf_consensus.experiments.request import Request

HELP = """\
usage: tf-consensus train PICTURES [--model=NAME] [flags]    (or: --experiment=NAME)

Trains a GAN on folder:PATH, or on a data set by its name. Size, colours, network,
method, learning rate and steps follow from the pictures and are printed, with the
flags that change them. Leaves report.html, samples, the log and the model. --model trains
another game (`tf-consensus list models`), whose flags --model=NAME -h shows.

examples:
  tf-consensus train folder:~/pictures
  tf-consensus train folder:~/pictures --image_size=64 --steps=20000 --flip
  tf-consensus train fashion_mnist --num_classes=10 --seeds=0,1,2
  tf-consensus train --experiment=fashion_mnist_adam    (`tf-consensus list experiments`)
  tf-consensus train --model=pix2pix folder:photos --source=folder:drawings
  tf-consensus train --model=table people.csv
  tf-consensus train --model=sequences motion.npy

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
    train_flags.define(values, networks=[*train_flags.OF_IMAGES, *SEQUENCE_NETWORKS])
    family_flags.define(values)


def main(values: flags.FlagValues, words: list[str], command: list[str]) -> int:
    """Train; returns the exit status."""
    refuse_others(values)
    if values.model != DEFAULT_MODEL:
        return train_family(values, named_once(values, words), command)
    dataset = _dataset(values, words)
    check_files(values)
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
    name = values.experiment if dataset is None else short_name(dataset)
    try:
        return train(values, runs, measure, name, command)
    except app.UsageError as error:
        raise UsageError(str(error)) from error


def _dataset(values, words):
    """The data set that is named before the flags or by --dataset; `None`: the experiment's.

    Raises:
        UsageError: If none or two are named, or a folder is not there.
    """
    given = named_once(values, words)
    if values.experiment is not None:
        values.dataset = None if given is None else as_dataset(given)
        return None
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
    from tf_consensus.experiments.image_session import train_and_report
    from tf_consensus.experiments.lock import locked

    for run in runs:
        check_multiple(run, "steps", "eval_every")
        if run["backup_every"] is not None:
            check_multiple(run, "eval_every", "backup_every")
    strategy = make_strategy(values)
    for run in runs:
        check_parts(run, strategy.num_replicas_in_sync)
    shared = pathlib.Path(values.output_dir or f"output/{name}")
    stop_at_sigterm()
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
