"""What `generate` makes with runs on pairs of images, and with runs on tables."""

import pathlib
from typing import Any

import numpy as np
from absl import flags

from tf_consensus.cli.finding import FoundRun

# Images in a grid, and rows of a table, if no number is asked for.
_IN_A_GRID, _ROWS = 64, 1000


def translate(values: flags.FlagValues, run: FoundRun, place: tuple[pathlib.Path, bool]) -> None:
    """Make images of pictures, and write them in the order of the pictures.

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
    asked = Translation(values.source, n, **options)
    number = asked.number()
    images = map(as_bytes, asked.translated(run.path, run.settings, number))
    if folder:
        write_folder(path, images, [f"{k:05}.png" for k in range(number)])
    elif grid:
        write_grid(path, images, None)
    else:
        write_arrays(path, images=np.concatenate(list(images)))
    print(f"{number:,} pictures in {path}{'/' if folder else ''}, made of {values.source}")


def make_rows(values: flags.FlagValues, run: FoundRun, place: tuple[pathlib.Path, bool]) -> None:
    """Make rows of a table, and write them as a CSV file.

    Args:
        values: The flags of `generate`.
        run: A run of `TableGAN`.
        place: The path, and whether it is a folder, which it is not.

    Raises:
        RunError: If the model is damaged.
    """
    from tf_consensus.experiments.families.table_files import write_table
    from tf_consensus.experiments.result import check_model, read_result
    from tf_consensus.experiments.saved_run import load_whole

    path, _ = place
    check_model(run.path / "model.keras", read_result(run.path))
    model = load_whole(run.path / "model.keras")
    n = values.n or _ROWS
    made = model.generate(n, values.seed, values.batch_size, averaged=values.averaged)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_table(made, path)
    print(f"{n:,} rows in {path}, of model.keras, seed {values.seed}")
