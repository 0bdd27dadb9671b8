"""What `generate` makes with runs on pairs of images, on tables and on sequences."""

import pathlib
from typing import Any

import numpy as np
from absl import flags

from tf_consensus.cli.finding import FoundRun

# Images in a grid, rows of a table or sequences, and sequences in a picture, if no number is asked
# for.
_IN_A_GRID, _ROWS, _DRAWN = 64, 1000, 8


def translate(values: flags.FlagValues, run: FoundRun, place: tuple[pathlib.Path, bool]) -> None:
    """Make images of pictures, and write them under the names of the pictures.

    Args:
        values: The flags of `generate`.
        run: A run of `Pix2Pix` or `CycleGAN`.
        place: The path, and whether it is a folder.

    Raises:
        RunError: If the pictures are not there, or the model is damaged.
    """
    from tf_consensus.experiments.families.translation import Translation
    from tf_consensus.experiments.generation import as_bytes
    from tf_consensus.experiments.written_images import write_arrays, write_folder, write_grid

    path, folder = place
    grid = not folder and path.suffix.lower() == ".png"
    n = _IN_A_GRID if grid and values.n is None else values.n
    keys = ("batch_size", "back", "make", "averaged")
    options: dict[str, Any] = {key: values[key].value for key in keys}
    made = Translation(values.source, n, **options).translated(run.path, run.settings)
    images = map(as_bytes, made.images)
    if folder:
        write_folder(path, images, made.files())
    elif grid:
        write_grid(path, images, None)
    else:
        write_arrays(path, images=np.concatenate(list(images)), names=np.array(made.names))
    number = f"{len(made.names):,} picture{'s' * (len(made.names) != 1)}"
    print(f"{number} in {path}{'/' if folder else ''}, made of {values.source}")


def make_rows(values: flags.FlagValues, run: FoundRun, place: tuple[pathlib.Path, bool]) -> None:
    """Make rows of a table, and write them as a CSV file.

    Args:
        values: The flags of `generate`.
        run: A run of `TableGAN`.
        place: The path, and whether it is a folder, which it is not.

    Raises:
        RunError: If the model is damaged, or makes no rows of the condition.
    """
    from tf_consensus.experiments.families.table_files import write_table

    made, n = _made(values, run, _ROWS, values.condition)
    path, _ = place
    path.parent.mkdir(parents=True, exist_ok=True)
    write_table(made, path)
    held = f", with {values.condition}" if values.condition else ""
    print(f"{n:,} rows in {path}{held}, of model.keras, seed {values.seed}")


def make_sequences(
    values: flags.FlagValues, run: FoundRun, place: tuple[pathlib.Path, bool]
) -> None:
    """Make sequences in the units of their data, and write them as a file or as a picture.

    Args:
        values: The flags of `generate`.
        run: A run on sequences.
        place: The path, and whether it is a folder, which it is not.

    Raises:
        RunError: If the model is damaged, or sequences are not finite.
    """
    from tf_consensus.experiments.families.sequence_files import (
        SEQUENCES,
        parts_of,
        write_sequences,
    )
    from tf_consensus.experiments.families.sequence_pictures import draw_made
    from tf_consensus.experiments.families.sequence_source import in_own_units
    from tf_consensus.experiments.generation import check_finite

    path, _ = place
    picture = path.suffix.lower() == ".png"
    made, n = _made(values, run, _DRAWN if picture else _ROWS)
    parts = parts_of(made)
    for part in parts.values():
        check_finite(part, "model.keras")
    parts[SEQUENCES] = in_own_units(parts[SEQUENCES], run.settings)
    if picture:
        path.parent.mkdir(parents=True, exist_ok=True)
        draw_made(parts[SEQUENCES], path)
    else:
        write_sequences(parts, path)
    print(f"{n:,} sequences in {path}, of model.keras, seed {values.seed}")


def _made(values, run, usual, condition=None):
    """What a model makes of as many latents as are asked for, and how many these are."""
    from tf_consensus.experiments.errors import of_the_user
    from tf_consensus.experiments.families.table_condition import condition_of
    from tf_consensus.experiments.result import check_model, read_result
    from tf_consensus.experiments.saved_run import load_whole

    check_model(run.path / "model.keras", read_result(run.path))
    model = load_whole(run.path / "model.keras")
    n, options = values.n or usual, {"averaged": values.averaged}
    if condition is not None:
        options["condition"] = condition_of(model.conditions, condition)
    with of_the_user("generate"):
        return model.generate(n, values.seed, values.batch_size, **options), n
