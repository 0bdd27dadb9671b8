"""Any folder of images as `ImageSource`."""

import os
import pathlib

from PIL import Image, ImageOps

from tf_consensus.data.image_source import ImageInfo, ImageSource

EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")


class ImageFolder(ImageSource):
    """The images below a folder, in the order of their paths.

    An image is a file with one of `EXTENSIONS`, in any case; hidden files and other files are left
    out. The sub-folders of the folder itself that hold images, in alphabetical order, are the
    labels. Photographs are turned upright as their EXIF data says; of animations the first frame
    counts.

    Args:
        path: The folder.
        split: "train": a folder has one split.
        check: Whether files that cannot be read are left out, with a warning each.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If it holds no images, or another split is asked for.
    """

    def __init__(self, path: str, split: str, check: bool):
        if split != "train":
            raise ValueError(
                "A folder has one split, train. "
                f"Received: split={split!r}. Pass the sub-folder: folder:{path}/{split}."
            )
        self._root = _folder(path)
        self._files = _image_files(self._root)
        classes = _classes(self._files)
        # A file at the top has no sub-folder to name it.
        self.labelled = all(len(file.parts) > 1 for file in self._files)
        self._labels = [classes.get(file.parts[0], 0) for file in self._files]
        self.tolerant = check
        self.identity = ("folder", str(self._root.resolve()), check, tuple(self._stamps()))

    def __len__(self):
        return len(self._files)

    def open(self, index):
        """Return image `index`, upright, and its label."""
        with Image.open(self._root / self._files[index]) as image:
            return ImageOps.exif_transpose(image), self._labels[index]

    def describe(self, index):
        """Return the path of the file."""
        return str(self._root / self._files[index])

    def _stamps(self):
        for file in self._files:
            path = self._root / file
            # A link to nothing is found broken when it is read.
            status = path.stat() if path.exists() else path.lstat()
            yield str(file), status.st_size, status.st_mtime_ns


def folder_info(path: str) -> ImageInfo:
    """Return what the names of a folder's files tell; corrupt ones are counted, too.

    Raises:
        FileNotFoundError, ValueError: As `ImageFolder`.
    """
    files = _image_files(_folder(path))
    labelled = all(len(file.parts) > 1 for file in files)
    return ImageInfo(len(_classes(files)) if labelled else None, {"train": len(files)}, None, 3)


def _folder(path):
    folder = pathlib.Path(path).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(
            f"A folder of images must exist. Received: folder:{path}. Pass folder: and the path "
            "of a folder."
        )
    return folder


def _image_files(root):
    """Paths relative to `root`, sorted part by part, the same on every system."""
    files = []
    for folder, names, inside in os.walk(root, followlinks=True):
        names[:] = [name for name in names if not name.startswith(".")]
        files += [
            (pathlib.Path(folder) / name).relative_to(root)
            for name in inside
            if name.lower().endswith(EXTENSIONS) and not name.startswith(".")
        ]
    if not files:
        raise ValueError(
            f"A folder must hold images. Received: {root}, without any file that ends in "
            f"{' '.join(EXTENSIONS)}. Pass the folder above your images."
        )
    return sorted(files, key=lambda file: file.parts)


def _classes(files):
    """The number of each sub-folder with images."""
    names = sorted({file.parts[0] for file in files if len(file.parts) > 1})
    return {name: number for number, name in enumerate(names)}
