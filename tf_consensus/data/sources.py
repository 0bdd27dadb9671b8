"""Finds the images of a data set, an `ImageSource`, from its name."""

import os
import warnings

from tf_consensus.data import fashion_mnist
from tf_consensus.data.arguments import check_folder
from tf_consensus.data.image_folder import ImageFolder, folder_info
from tf_consensus.data.image_source import ImageInfo, ImageSource
from tf_consensus.data.opening import MAX_PIXELS
from tf_consensus.data.stacked_images import StackedImages, grey_name, is_stacked, stacked_info
from tf_consensus.data.tfds_images import TFDSImages, tfds_info
from tf_consensus.support.checks import check_text, is_integer

_FOLDER = "folder:"


def find_source(
    name: str,
    split: str,
    image_size: int,
    data_dir: str | os.PathLike[str] | None = None,
    check: bool = True,
    max_pixels: int = MAX_PIXELS,
) -> ImageSource:
    """Return the images of a split; arguments and errors are those of `images`."""
    if is_stacked(name):
        grey = grey_name(name)
        base = find_source(grey, split, image_size, data_dir, check, max_pixels)
        return StackedImages(base, find_info(grey, data_dir).num_classes)
    name, data_dir = _place(name, data_dir)
    split = check_text("split", split, "Pass for example train.")
    if name == "fashion_mnist":
        return fashion_mnist.FashionMNIST(split, image_size, data_dir, max_pixels)
    if name.startswith(_FOLDER):
        return ImageFolder(name.removeprefix(_FOLDER), split, check, max_pixels)
    return TFDSImages(name, split, data_dir, max_pixels)


def find_info(name: str, data_dir: str | os.PathLike[str] | None = None) -> ImageInfo:
    """Return what is known about a data set; arguments and errors are those of `image_info`."""
    if is_stacked(name):
        return stacked_info(find_info(grey_name(name), data_dir))
    name, data_dir = _place(name, data_dir)
    if name == "fashion_mnist":
        return fashion_mnist.INFO
    if name.startswith(_FOLDER):
        return folder_info(name.removeprefix(_FOLDER))
    return tfds_info(name, data_dir)


def channels_of(source: ImageSource, channels: int | None) -> tuple[int, bool]:
    """Return the channels of a stream, and whether a warning has said that colours are lost.

    Args:
        source: The images.
        channels: 1, 3, or None for the images' own.

    Raises:
        ValueError: If `channels` is anything else.
    """
    if channels is None:
        return source.channels, False
    if not is_integer(channels) or channels not in (1, 3):
        raise ValueError(
            "`channels` must be 1 or 3, or None for the data set's own. "
            f"Received: channels={channels!r}. Pass 1 for grey, 3 for colour."
        )
    if channels == 1 and isinstance(source, StackedImages):
        raise ValueError(
            "Stacked images have three colours, one per grey image. Received: channels=1. Pass "
            "channels=3 or None."
        )
    colour, looked_at = source.colours() if channels == 1 else (0, 0)
    if colour:
        warnings.warn(
            f"Images in colour become grey by channels=1: {colour:,} of the {looked_at:,} looked "
            "at. Pass channels=3 to keep their colours.",
            stacklevel=4,
        )
    return int(channels), colour > 0


def _place(name, data_dir):
    remedy = "Pass fashion_mnist, folder:PATH, or a name of TensorFlow Datasets."
    name = check_text("name", name, remedy)
    data_dir = check_folder("data_dir", data_dir, "Pass a path, or None for the usual place.")
    if name.startswith(_FOLDER):
        check_folder("name", name.removeprefix(_FOLDER), "Pass folder: and the path of a folder.")
        if data_dir is not None:
            raise ValueError(
                "`data_dir` must be None for a folder of images, whose name is its path. "
                f"Received: data_dir={data_dir!r} for name={name!r}. Pass folder:PATH alone."
            )
    return name, data_dir
