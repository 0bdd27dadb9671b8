"""What is checked of the words and files of `train` before TensorFlow is imported."""

import pathlib

from absl import flags

from tf_consensus.cli.messages import UsageError
from tf_consensus.cli.paths import take_data_dir, take_files, take_places


def named_once(values: flags.FlagValues, words: list[str]) -> str | None:
    """What is named before the flags or by --dataset; `None` if nothing is.

    Raises:
        UsageError: If two are named.
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
    return given if given is not None else values.dataset


def check_files(values: flags.FlagValues) -> None:
    """Write out the home folder in flags, and refuse files that are not there.

    Raises:
        UsageError: If there is no such file, or the classifier is not a .keras file.
    """
    take_files(values, "classifier", "inception", "reference")
    take_data_dir(values)
    take_places(values, "cache", "output_dir")
    if values.classifier is not None and not values.classifier.endswith(".keras"):
        raise UsageError(
            f"--classifier must name a .keras file. Received: {values.classifier}. "
            "examples/train_classifier.py makes one."
        )


def short_name(dataset: str) -> str:
    """The name of a data set, a folder or a file for the folder of its results."""
    if not dataset.startswith("folder:"):
        return dataset.replace("/", "_")
    return pathlib.Path(dataset.removeprefix("folder:")).expanduser().resolve().name or "pictures"
