"""Which image of one set belongs to which of another, by the names of their files."""

import os
from collections import Counter
from collections.abc import Sequence

from tf_consensus.data.image_folder import ImageFolder
from tf_consensus.data.image_source import ImageSource
from tf_consensus.data.sources import find_source


def find_sets(
    source: str,
    target: str,
    split: str,
    image_size: int,
    data_dir: str | os.PathLike | None,
    max_pixels: int,
    source_split: str | None = None,
) -> tuple[ImageSource, ImageSource]:
    """Return two sets of images.

    Args:
        source: Name of the one set.
        target: Name of the other.
        split: Of both.
        image_size: Side of the images.
        data_dir: As of `image_pairs`.
        max_pixels: Most pixels of an image that is read.
        source_split: Of the sources; None for that of the targets.
    """
    of_source, of_target = own_dirs(source, target, data_dir)
    targets = find_source(target, split, image_size, of_target, max_pixels=max_pixels)
    own_split = source_split or split
    return find_source(source, own_split, image_size, of_source, max_pixels=max_pixels), targets


def own_dirs(
    source: str | None, target: str, data_dir: str | os.PathLike | None
) -> tuple[str | os.PathLike | None, str | os.PathLike | None]:
    """Where the sources and the targets are looked for: a folder has its place in its name.

    If neither needs `data_dir`, the targets have it all the same, and are refused with it.
    """
    of_source = None if source is None or _is_folder(source) else data_dir
    unused = _is_folder(target) and of_source is not None
    return of_source, None if unused else data_dir


def partners(
    source: str,
    target: str,
    split: str,
    image_size: int,
    data_dir: str | os.PathLike | None,
    max_pixels: int,
) -> tuple[ImageSource, ImageSource]:
    """Return two sets of images, of which those of one number are a pair.

    The splits of two folders are the target's: a source is in the split that its target is in,
    because the endings of the names would decide it too. Arguments are those of `find_sets`.

    Raises:
        ValueError: If an image has no partner, or more than one; if one set is a folder and the
            other is none; or as `images`.
    """
    check_kinds(source, target)
    folders = _is_folder(source)
    where = image_size, data_dir, max_pixels
    sources, targets = find_sets(source, target, split, *where, "train" if folders else None)
    if isinstance(sources, ImageFolder) and isinstance(targets, ImageFolder):
        whole = targets
        if split != "train":
            whole = ImageFolder(target.removeprefix("folder:"), "train", True, max_pixels)
        return _same_names(sources, targets, whole, source, target), targets
    _check(_numbered(sources), _numbered(targets), source, target)
    return sources, targets


def check_kinds(source: str, target: str) -> None:
    """Raises `ValueError` if one of two sets is a folder, and the other is none."""
    if _is_folder(source) != _is_folder(target):
        raise ValueError(
            "Pairs are files of the same names in two folders, or images of the same numbers in "
            f"two data sets. Received: source={source!r} for target={target!r}. Pass two folders, "
            "or unpaired=True (the program: --model=cycle_gan)."
        )


def check_differ(source: str, target: str, channels: Sequence[int]) -> None:
    """Raises `ValueError` if each image would be its own partner.

    Args:
        source: Name of the one set.
        target: Name of the other.
        channels: Of either side; grey images of a set are partners of those in colour.
    """
    if _place(source) == _place(target) and len(set(channels)) == 1:
        raise ValueError(
            "The two images of a pair must differ. Received: "
            f"source={source!r} and target={target!r}, the same images. Name another set, or make "
            "sources by `make`."
        )


def _place(name: str) -> str:
    """The name of a set, or where a folder is."""
    path = name.removeprefix("folder:")
    return os.path.realpath(os.path.expanduser(path)) if path != name else name


def _is_folder(name: str) -> bool:
    return str(name).startswith("folder:")


def _same_names(
    sources: ImageFolder, targets: ImageFolder, whole: ImageFolder, source: str, target: str
) -> ImageFolder:
    """The source of every target of a split."""
    alike = sources.files == whole.files

    def names(folder):
        # Where even the endings agree, two files that differ in them alone have one partner each.
        return [str(file if alike else file.with_suffix("")) for file in folder.files]

    found = names(sources)
    _check(found, names(whole), source, target)
    place = {name: index for index, name in enumerate(found)}
    rows = [place[name] for name in names(targets)]
    return sources if rows == list(range(len(found))) else sources.only(rows)


def _numbered(images: ImageSource) -> list[str]:
    return [images.describe(index) for index in range(len(images))]


def _check(one: list[str], other: list[str], source: str, target: str) -> None:
    """Raises `ValueError` unless both have the same names, each once."""
    for names, where in ((one, source), (other, target)):
        twice = [name for name, number in Counter(names).items() if number > 1]
        if twice:
            raise ValueError(
                "Pairs are files of the same names in both folders, whatever their endings, so a "
                f"name must be there once. Received: {len(twice)} in {where!r} with several "
                f"endings ({', '.join(sorted(twice)[:3])}). Rename or remove all but one of each, "
                "or pass unpaired=True (the program: --model=cycle_gan)."
            )
    alone = [
        f"{len(left)} in {where!r} alone ({', '.join(sorted(left)[:3])})"
        for left, where in ((set(one) - set(other), source), (set(other) - set(one), target))
        if left
    ]
    if alone:
        raise ValueError(
            "Pairs are files of the same names in both folders. Received: "
            f"{' and '.join(alone)}. Add or remove files, or pass unpaired=True "
            "(the program: --model=cycle_gan)."
        )
