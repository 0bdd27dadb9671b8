"""`tf-consensus evaluate`: scores of a run, or of a folder, against real pictures."""

import pathlib
from typing import Any

from absl import flags

from tf_consensus.cli.catalogue import FID_TOOLS
from tf_consensus.cli.finding import FoundRun, existing, find_run, is_run, runs_in
from tf_consensus.cli.messages import UsageError
from tf_consensus.cli.opening import only, open_found
from tf_consensus.cli.paths import take_data_dir, take_files, take_places
from tf_consensus.cli.pictures import as_dataset
from tf_consensus.cli.telling import failures_told
from tf_consensus.experiments.held_out import folder_to_measure_by

HELP = """\
usage: tf-consensus evaluate RUN_OR_FOLDER --classifier=FILE [--against=REAL] [flags]

Scores a run, or a folder of pictures, against real pictures. The scores are that of a
network that knows their classes, and the Fréchet distance of its features. REAL is a
folder or the name of a data set; the default is the pictures that the run did not
train on.

The network is a Keras classifier of such pictures (examples/train_classifier.py trains
one). With --inception it is the reference network, whose inception score and FID can be
compared with published ones. Pictures of other sizes are resized to its input.

examples:
  tf-consensus evaluate output/fashion_mnist --classifier=classifier.keras
  tf-consensus evaluate output/pictures --against=folder:test --inception=graph.pb
  tf-consensus evaluate folder:a --against=folder:b --inception=graph.pb

flags most used (--helpfull shows all):
  --n=10000              how many pictures to evaluate; a folder may hold fewer
  --kid  --precision_recall  --density_coverage   more scores
  --against_split=test   which split of the real pictures
  --reference=FILE.npz   statistics of the real pictures, in place of --against; for a
                         file of mu and sigma add its tool: --fid_tool=pytorch-fid
  --output=scores.json   write the numbers and what they depend on
"""


def define(values: flags.FlagValues) -> None:
    """Define the command's flags."""
    text, integer, boolean = flags.DEFINE_string, flags.DEFINE_integer, flags.DEFINE_bool
    by: dict[str, Any] = {"flag_values": values}
    text("against", None, "The real pictures: folder:PATH, a path, or a data set's name.", **by)
    hint = "Split of the real pictures; none: test, or all of a folder that was not trained on."
    text("against_split", None, hint, **by)
    text("classifier", None, "Keras classifier to score by (train_classifier.py).", **by)
    text("inception", None, "Graph of the reference Inception network to score by.", **by)
    hint = "Tool whose resizing --inception follows, and that wrote --reference; none: ttur."
    flags.DEFINE_enum("fid_tool", None, FID_TOOLS, hint, **by)
    text("reference", None, "Statistics of the real pictures, in place of --against.", **by)
    integer("n", None, "Pictures to evaluate; none: 10,000, or all there are.", 2, **by)
    integer("splits", 10, "Parts of the pictures whose scores are averaged.", 1, **by)
    boolean("kid", False, "Measure the kernel distance too.", **by)
    boolean("precision_recall", False, "Measure precision and recall too.", **by)
    boolean("density_coverage", False, "Measure density and coverage too.", **by)
    side = "Side to compare folders at; none: their own, or the network's if sizes differ."
    integer("image_size", None, side, 1, **by)
    integer("seed", 0, "Seed of the pictures that the run makes.", 0, **by)
    boolean("averaged", True, "Use the averages of the weights, where the run keeps them.", **by)
    integer("batch_size", 64, "Pictures that are computed at a time.", 1, **by)
    text("data_dir", None, "Folder of the data set, if not the usual one.", **by)
    text("cache", None, "Folder to keep decoded pictures in, if they exceed 2 GiB.", **by)
    text("output", None, "A .json file for the numbers.", **by)


def main(values: flags.FlagValues, words: list[str], command: list[str]) -> int:
    """Evaluate; returns the exit status."""
    del command
    word = only(words, "run or folder", "tf-consensus evaluate RUN --classifier=FILE")
    run, folder = _target(word)
    _check_network(values)
    output = _output(values.output)
    real = _file(values) if values.reference is not None else _real(values, run)
    if values.n is not None and values.n < values.splits:
        raise UsageError(
            f"--n must be at least --splits. Received: --n={values.n}, --splits={values.splits}. "
            "Take more pictures, or --splits=1."
        )
    with failures_told():
        _evaluate(values, run, folder, real, output)
    return 0


def _target(word) -> tuple[FoundRun | None, str | None]:
    """The run or the folder of pictures to score."""
    if word.startswith("folder:"):
        return None, as_dataset(word)
    path = existing(word)
    if path.is_file() or is_run(path) or runs_in(path) or (path / "settings.json").exists():
        run = find_run(word)
        if run.kind == "points":
            raise UsageError(
                f"Scores of pictures need a run on images. Received: {word}, which makes points in "
                "the plane. Its result.json has the modes that it covers."
            )
        if run.family in ("pairs", "table", "sequences"):
            raise UsageError(
                "Scores of pictures need a run that makes them of latents. Received: "
                f"{word}, a run of {run.settings['model']}. Its result.json has its scores; or "
                "score the pictures that `generate` makes with it, folder:PATH."
            )
        return run, None
    return None, f"folder:{path}"


def _check_network(values):
    given = {key: values[key].value for key in ("classifier", "inception")}
    named = {key: path for key, path in given.items() if path is not None}
    if len(named) != 1:
        received = "both --classifier and --inception" if named else "none"
        raise UsageError(
            f"Scores come from one network. Received: {received}. Pass --classifier=FILE, a "
            "Keras classifier of such pictures, which examples/train_classifier.py trains; or "
            "--inception=FILE, classify_image_graph_def.pb of inception-2015-12-05."
        )
    take_files(values, *named, "reference")
    if values.fid_tool is not None and values.inception is None:
        raise UsageError(
            "--fid_tool says how pictures enter the network of --inception. Received: "
            f"--fid_tool={values.fid_tool} and --classifier. Leave it out, or pass --inception."
        )


def _output(name):
    if name is None:
        return None
    path = pathlib.Path(name).expanduser()
    if path.suffix.lower() != ".json" or path.is_dir() or not path.parent.is_dir():
        raise UsageError(
            f"--output must be a .json file in a folder that exists. Received: {name!r}. For "
            "example --output=scores.json."
        )
    return path


def _file(values) -> str:
    """The file of the statistics of the real pictures."""
    for name in ("against", "against_split", "data_dir"):
        if values[name].value is not None:
            raise UsageError(
                "--reference takes the place of the real pictures. Received: --reference="
                f"{values.reference} and --{name}={values[name].value}. Leave one of them out."
            )
    take_places(values, "cache")
    return values.reference


def _real(values, run):
    """Name, split and crop of the real pictures, and the split's note.

    Raises:
        UsageError: If they are not named, or are no pictures.
    """
    take_data_dir(values)
    take_places(values, "cache")
    if values.against is not None:
        path = pathlib.Path(values.against).expanduser()
        if path.is_dir() and (is_run(path) or runs_in(path)):
            raise UsageError(
                f"--against must be real pictures. Received: {values.against}, a run. Write "
                f"folder:{values.against} if pictures in it are meant."
            )
        name = as_dataset(values.against)
        split = values.against_split or ("train" if name.startswith("folder:") else "test")
        return name, split, None
    if run is None or not run.settings.get("dataset"):
        raise UsageError(
            "Pictures are scored against real ones. Received: no --against. Pass a folder, "
            "--against=folder:PATH, or the name of a data set, --against=fashion_mnist."
        )
    name, split = _held_back(run.settings)
    return name, values.against_split or split, run.settings.get("crop")


def _held_back(settings):
    """The part of a run's own data set that it did not train on, if there is any."""
    name = settings["dataset"]
    if not name.startswith("folder:"):
        return name, settings.get("test_split", "test")
    path = pathlib.Path(as_dataset(name).removeprefix("folder:")).expanduser()
    if settings.get("split") == "rest":
        return name, "held_out"
    beside = folder_to_measure_by(path)
    if path.name == "train" and beside is not None:
        return f"folder:{beside}", "train"
    print("the run was trained on all of its pictures: scores are against pictures it has seen")
    return name, "train"


def _evaluate(values, run, folder, real, output):
    from tf_consensus.experiments.evaluated import Images, Options
    from tf_consensus.experiments.evaluation import evaluate, table
    from tf_consensus.support.files import write_json

    name, against = real, real
    if not isinstance(real, str):
        name, split, crop = real
        data_dir = None if name.startswith("folder:") else values.data_dir
        against = Images(name, split, crop, data_dir, values.cache)
    same = ("classifier", "inception", "fid_tool", "n", "image_size", "batch_size", "splits")
    same += ("kid", "precision_recall", "density_coverage", "seed", "averaged")
    options = Options(**{key: values[key].value for key in same})
    target = Images(folder, cache=values.cache) if run is None else open_found(run)
    found = evaluate(target, against, options)
    print(table(found))
    if output is not None:
        what = folder if run is None else str(run.path)
        write_json(output, {"evaluated_images": what, "real_images": name, **found})
        print(f"written to {output}")
