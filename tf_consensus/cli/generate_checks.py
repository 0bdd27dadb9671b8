"""What is checked of the flags of `generate` before TensorFlow is imported."""

import os
import pathlib

from absl import flags

from tf_consensus.cli.finding import FoundRun
from tf_consensus.cli.messages import UsageError
from tf_consensus.cli.pictures import as_dataset

_ENDINGS = (".png", ".npz")
# What the runs write that make no pictures: the endings, with what they are for, and an example.
_FILES = {
    "table": ((".csv",), "Rows of a table need a CSV file", "new.csv"),
    "sequences": ((".npy", ".npz", ".png"), "Sequences need an .npy, .npz or .png file", "new.npy"),
}
# The flags that only some kinds of runs take, with these kinds in words.
_LATENTS = ("labels", "interpolate", "frames")
_PAIRS = ("source", "make", "back")


def refuse_others(values: flags.FlagValues, run: FoundRun) -> None:
    """Raise if a flag is given that the run's kind does not take.

    Raises:
        UsageError: If there is one, or a run on pairs has no pictures to begin from.
    """
    wrong = {"pairs": (*_LATENTS, "seed"), **dict.fromkeys(_FILES, (*_LATENTS, *_PAIRS))}
    given = [key for key in wrong.get(run.family or "", _PAIRS) if values[key].present]
    what = run.settings.get("model", "gan")
    if given:
        kind = "latents" if given[0] in _LATENTS else "pairs of images"
        kind = "what is drawn at random" if given[0] == "seed" else kind
        raise UsageError(
            f"--{given[0]} is for runs on {kind}. Received: --{given[0]} for {run.path}, a run of "
            f"{what}. Leave it out."
        )
    if run.family in ("pairs", *_FILES) and run.kind == "file":
        raise UsageError(
            f"A run of {what} is named by its folder. Received: {run.path}. Name {run.folder}."
        )
    if values.condition is not None:
        if len(values.condition) > 1:
            raise UsageError(
                "A condition names one column. Received: --condition="
                f"{' --condition='.join(values.condition)}. Pass one of them."
            )
        values["condition"].value = values.condition[0]
    if values.condition is not None and not run.settings.get("conditional"):
        raise UsageError(
            "--condition is for a table that was trained with --conditional. Received: "
            f"--condition={values.condition} for {run.path}, a run of {what} without it. Leave it "
            "out, or train so."
        )
    if run.family == "pairs" and values.source is None:
        raise UsageError(
            f"A run of {what} makes images of pictures. Received: no --source. Pass "
            "--source=folder:PATH."
        )
    if values.source is not None:
        values["source"].value = as_dataset(values.source)
    if what == "infogan" and run.path.name == "generator.keras":
        raise UsageError(
            "The generator of an infogan alone does not know its codes. Received: "
            f"{run.path}. Name {run.folder}."
        )
    if values.back and what != "cycle_gan":
        raise UsageError(
            f"--back is for a cycle_gan, which has a second generator. Received: a run of {what}. "
            "Leave it out."
        )
    if values.back and values.make:
        raise UsageError(
            "--back begins from images, and --make makes their sources. Received: both. Leave one "
            "out."
        )


def place_of(values: flags.FlagValues, run: FoundRun) -> tuple[pathlib.Path, bool]:
    """Where the pictures go, and whether it is a folder; nothing there is in the way.

    Raises:
        UsageError: If --output is missing, of an unknown kind, or there already.
    """
    if not values.output:
        raise UsageError(
            "--output must say where the pictures go. Received: none. Pass a folder, "
            "--output=faces/, or a file, --output=faces.png or --output=faces.npz; for the rows of "
            "a table --output=new.csv, for sequences --output=new.npy."
        )
    path = pathlib.Path(values.output).expanduser()
    folder = values.output.endswith(("/", os.sep)) or not path.suffix or path.is_dir()
    if run.family in _FILES:
        _check_ending(path, folder, values.output, run)
    elif not folder and path.suffix.lower() not in _ENDINGS:
        raise UsageError(
            "--output must be a folder, or end in .png or .npz. Received: "
            f"{values.output}. End it in / for a folder."
        )
    if folder and path.exists() and not path.is_dir():
        raise UsageError(
            f"--output must be a folder or a new name. Received: {values.output}, which is a file. "
            "Choose another name."
        )
    if run.kind == "points" and (folder or path.suffix.lower() != ".npz"):
        raise UsageError(
            f"Pictures need a run on images. Received: {run.path}, which makes points in the "
            "plane. Pass --output=points.npz."
        )
    if folder and run.folder.absolute() == path.absolute():
        raise UsageError(
            "Pictures need a folder of their own. Received: "
            f"--output={values.output}, the run's. Name a folder in it: {path / 'new'}."
        )
    if folder and _is_source(values.source, path):
        raise UsageError(
            "Pictures need a folder other than that of their sources. Received: "
            f"--output={values.output} for --source={values.source}. Choose another name."
        )
    full = path.exists() and (not folder or any(path.iterdir()))
    if full and not values.overwrite:
        what = "which holds files" if folder else "which is there"
        raise UsageError(
            f"--output must be new. Received: {values.output}, {what}. Choose another name, or add "
            "--overwrite."
        )
    return path, folder


def _is_source(source, path):
    folder = "folder:"
    if source is None or not source.startswith(folder):
        return False
    return pathlib.Path(source.removeprefix(folder)).expanduser().resolve() == path.resolve()


def _check_ending(path, folder, typed, run):
    """Refuse a place that does not hold what the run makes."""
    endings, rule, example = _FILES[run.family]
    if folder or path.suffix.lower() not in endings:
        raise UsageError(f"{rule}. Received: {typed}. Pass --output={example}.")
    if path.suffix.lower() == ".npy" and run.settings.get("with_numbers"):
        raise UsageError(
            "An .npy file has no room for the numbers of waves. Received: "
            f"--output={typed} for a run of --with_numbers. Pass --output={path.stem}.npz."
        )


def check_labels(labels: list[str] | None, run: FoundRun) -> None:
    """Raise unless labels may be classes of the run; names are looked up later.

    Raises:
        UsageError: If the run has no classes, or not these.
    """
    if labels is None:
        return
    classes = run.num_classes
    if classes == 0:
        raise UsageError(
            f"--labels is for a conditional run. Received: --labels={','.join(labels)} for "
            f"{run.path}, which was trained without classes. Leave it out, or train with "
            "--num_classes."
        )
    if not labels or not all(labels):
        raise UsageError("--labels must be a comma list of classes. Received: an empty one.")
    names = [label for label in labels if not label.isdigit()]
    coded = run.settings.get("model") == "infogan"  # its labels are values of its code
    if names and (coded or not str(run.settings.get("dataset", "")).startswith("folder:")):
        known = "numbers" if classes is None else f"numbers from 0 to {classes - 1}"
        raise UsageError(f"--labels must be {known}. Received: {names[0]!r}. Pass the numbers.")
    if classes is None or names:
        return
    wrong = [x for x in labels if int(x) >= classes]
    if wrong:
        raise UsageError(
            f"--labels must be from 0 to {classes - 1}. Received: {wrong[0]}. Choose one of these."
        )
