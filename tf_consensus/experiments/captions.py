"""captions.json: words for the pictures that a run leaves, which its page shows above them."""

import pathlib
from collections.abc import Mapping, Sequence

from tf_consensus.experiments.generation import class_names
from tf_consensus.experiments.held_out import FOLDER
from tf_consensus.support.files import write_json

CAPTIONS = "captions.json"


def write_captions(folder: pathlib.Path, captions: Mapping[str, str]) -> None:
    """Write the captions of a run.

    Args:
        folder: Folder of the run, which is there.
        captions: Sentences by "samples", or by the name of a picture without its ending; with none
            no file is written.
    """
    if captions:
        write_json(folder / CAPTIONS, dict(captions))


def columns(names: Sequence[str]) -> str:
    """A caption that names the columns of a picture."""
    return f"Columns, from the left: {', '.join(names)}."


def rows(names: Sequence[str]) -> str:
    """A caption that names the rows of a picture."""
    return f"Rows, from the top: {', '.join(names)}."


def rows_of_classes(dataset: str, classes: int, number: int) -> str:
    """A caption of a picture with one class per row, from class 0 on, and again from there.

    Args:
        dataset: Name of the images; the classes of a folder have the names of its sub-folders.
        classes: How many classes there are.
        number: How many rows there are.
    """
    names = class_names(dataset) if dataset.startswith(FOLDER) else []
    names += [f"class {k}" for k in range(len(names), classes)]
    return rows([names[k % classes] for k in range(number)])
