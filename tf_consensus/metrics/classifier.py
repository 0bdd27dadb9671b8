"""Loads classifiers from files, to score images with."""

import io
import os
import pathlib
import zipfile
import zlib

import keras

from tf_consensus.metrics import layers
from tf_consensus.support.checks import check_path

_REMEDY = "Train it anew, e.g. with examples/train_classifier.py, or fetch the file again."
_MEMBERS = {"config.json", "metadata.json", "model.weights.h5"}
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)
# Keras was seen to raise these for whole archives that hold no model it can make.
_NO_MODEL = (AttributeError, IndexError, KeyError, OSError, RuntimeError, TypeError, ValueError)


def load_classifier(
    path: str | os.PathLike[str], image_shape: tuple[int, int, int] | None = None
) -> keras.Model:
    """Loads a Keras classifier from a .keras file without running code from the file.

    Keras' safe mode is on, whatever its global setting: a file with a `Lambda` layer is refused.
    The legacy .h5 format has no such mode, so such files are refused too.

    Args:
        path: path of a file that `model.save("name.keras")` has written.
        image_shape: (height, width, channels) of the images to be measured; a classifier that takes
            other images is refused. None: not compared.

    Returns:
        The model, not compiled, for `Extractor`.

    Raises:
        OSError: if there is no such file, or it cannot be read.
        ValueError: if it is damaged, not a .keras file, or not a classifier of images.

    Example:
        >>> classifier = load_classifier("classifier.keras", image_shape=(32, 32, 1))
        >>> extractor = Extractor(classifier, name="my classifier")
    """
    check_path("path", path, _REMEDY)
    path = pathlib.Path(path)
    _check_archive(path)
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except _NO_MODEL as error:
        # Keras surrounds the reason with the configuration of every model that holds the layer.
        text = str(error).rpartition("Exception encountered: ")[2].strip()
        reason = (text or type(error).__name__).splitlines()[0][:200].rstrip(" .,:")
        raise ValueError(
            f"A classifier must be a Keras model that loads without code of its own. Received: "
            f"{str(path)!r}, of which Keras says: {reason}. Import what registers its layers "
            "first, and use registered layers instead of Lambda."
        ) from error
    _check_model(path, model)
    if image_shape is not None:
        _check_shape(path, model, image_shape)
    return model


def _check_archive(path):
    """Raises unless the file is a whole .keras archive: every member has its checksum."""
    content = _read(path)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            broken = archive.testzip()
    except _DAMAGE as error:
        raise ValueError(_damaged(path, content)) from error
    if broken is not None:
        raise ValueError(_damaged(path, content))
    if missing := sorted(_MEMBERS - names):
        raise ValueError(
            f"A classifier must be a .keras file. Received: {str(path)!r}, an archive without "
            f"{', '.join(missing)}. {_REMEDY}"
        )


def _read(path):
    try:
        return path.read_bytes()
    except OSError as error:
        kinds = (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)
        kind = type(error) if type(error) in kinds else OSError
        raise kind(
            f"A classifier must be a file that can be read. Received: {str(path)!r}, "
            f"{error.strerror}. Look at the path and its permissions. {_REMEDY}"
        ) from error


def _damaged(path, content):
    kind = "damaged" if content[:2] == b"PK" else "no .keras file"
    return (
        f"A classifier must be a whole .keras file. Received: {str(path)!r}, which is {kind} "
        f"({len(content):,} bytes). {_REMEDY}"
    )


def _check_model(path, model):
    try:
        layers.check_model(model)
        layers.logit_tensor(model, None)
    except ValueError as error:
        raise ValueError(f"{str(path)!r} holds no classifier of images. {error}") from error


def _check_shape(path, model, image_shape):
    own = tuple(model.input_shape[1:])
    fits = len(own) == len(image_shape) and all(
        wanted in (None, given) for wanted, given in zip(own, image_shape, strict=True)
    )
    if not fits:
        raise ValueError(
            f"The classifier must take the images that are measured. Received: {str(path)!r}, "
            f"which takes images of shape {own}, for images of shape {tuple(image_shape)}. Train "
            "one on images of that shape."
        )
