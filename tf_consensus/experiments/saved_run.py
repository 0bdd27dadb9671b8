"""Opens the model of a run, from its newest backup or from the file that it has saved."""

import pathlib
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import keras

from tf_consensus.callbacks import backup_files
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.families.coded_generator import coded_generator
from tf_consensus.experiments.image_runs import make_gan
from tf_consensus.experiments.result import check_model, read_result
from tf_consensus.models.acgan import ACGAN
from tf_consensus.models.gan import GAN
from tf_consensus.models.info_gan import InfoGAN
from tf_consensus.support.layers import walk

# Keras was seen to raise these for whole archives that hold no model it can make.
_NO_MODEL = (AttributeError, IndexError, KeyError, OSError, RuntimeError, TypeError, ValueError)


class Opened(NamedTuple):
    """A model that can be sampled from.

    Attributes:
        model: The `GAN`, `ACGAN` or `InfoGAN`, or a generator alone.
        generator: The generator.
        latent_dim: Size of a latent.
        num_classes: Number of classes of a conditional model; `None` for another.
        source: Where the model comes from, in words.
        step: Training steps that it has taken; `None` if unknown.
    """

    model: keras.Model
    generator: keras.Model
    latent_dim: int
    num_classes: int | None
    source: str
    step: int | None


def open_run(
    path: pathlib.Path, settings: Mapping[str, Any], unfinished: bool, seed: int = 0
) -> Opened:
    """The GAN of a run.

    Args:
        path: Folder of the run.
        settings: Settings of the run.
        unfinished: Whether its newest state is a backup.
        seed: Seed of the run; it matters only for drawing latents.

    Raises:
        RunError: If the file is damaged, or not a GAN.
        BackupError: If all backups are damaged.
    """
    if not unfinished:
        check_model(path / "model.keras", read_result(path))
        return open_file(path / "model.keras")
    found = backup_files.newest(path / "backup")
    if found is None:
        raise RunError(
            f"An unfinished run is opened from its backup. Received: {path}, whose backup has "
            "just been deleted. Repeat the command."
        )
    file, record = found
    gan = make_gan(dict(settings), seed, jit=False)
    try:
        backup_files.load(file, record, gan)
    except _NO_MODEL as error:
        raise RunError(
            f"A backup must fit the run's settings. Received: {file}: {_first_line(error)}. "
            "Open it with the version of the package that trained it."
        ) from error
    return _of_gan(gan, f"its backup at step {record.step:,}")


def open_file(path: pathlib.Path, num_classes: int | None = None) -> Opened:
    """Loads the GAN or the generator of a `.keras` file without running code from it.

    Args:
        path: The file.
        num_classes: Classes of a conditional generator; `None` reads them from its embedding.

    Raises:
        RunError: If it is damaged, or neither a GAN nor a generator.
    """
    model = load_whole(path)
    if isinstance(model, GAN | ACGAN):
        return _of_gan(model, path.name)
    if isinstance(model, InfoGAN):
        return _of_codes(model, path.name)
    shapes = [tuple(x.shape) for x in getattr(model, "inputs", None) or ()]
    made: Any = getattr(model, "outputs", None) or ()
    latents = shapes and len(shapes[0]) == 2 and shapes[0][1] is not None
    if not latents or len(shapes) > 2 or len(made) != 1 or len(made[0].shape) not in (2, 4):
        raise RunError(
            "A file to generate with must hold a GAN, or a generator, from latents to samples. "
            f"Received: {path}, with a {type(model).__name__} of inputs {shapes}. Name the "
            "model.keras or the generator.keras of a run."
        )
    classes = (num_classes or _classes(path, model)) if len(shapes) == 2 else None
    return Opened(model, model, shapes[0][1], classes, path.name, None)


def load_whole(path: pathlib.Path) -> keras.Model:
    """The model of a `.keras` file, loaded without running code from it.

    Args:
        path: The file.

    Raises:
        RunError: If it is damaged, or Keras cannot load it.
    """
    check_model(path, None)
    try:
        return keras.saving.load_model(path, safe_mode=True)
    except _NO_MODEL as error:
        raise RunError(
            f"A model must be one that Keras can load. Received: {path}: {_first_line(error)}. "
            "Name the model.keras or the generator.keras of a run."
        ) from error


def _of_codes(model, source):
    """An `InfoGAN`, whose labels are the values of its code."""
    generator = coded_generator(model)
    values = model.codes.categorical[0]
    return _of_gan(model, source)._replace(generator=generator, num_classes=values)


def _of_gan(gan, source):
    step = int(gan.optimizer.iterations.numpy()) if gan.optimizer is not None else None
    return Opened(gan, gan.generator, gan.latent_dim, gan.num_classes, source, step)


def _classes(path, generator):
    sizes = {x.input_dim for x in walk(generator) if isinstance(x, keras.layers.Embedding)}
    if len(sizes) == 1:
        return sizes.pop()
    raise RunError(
        "The number of classes of a conditional generator must be known. Received: "
        f"{path}, without settings.json beside it. Name the run's folder."
    )


def _first_line(error):
    # Keras surrounds the reason with the configuration of every model that holds the layer.
    text = str(error).rpartition("Exception encountered: ")[2].strip() or type(error).__name__
    return re.split(r"\n|(?<=\.) ", text)[0][:200].rstrip(" .,:")
