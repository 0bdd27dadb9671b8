"""Three grey images as the colours of one: Stacked-MNIST's way to a thousand known modes."""

import numpy as np
from PIL import Image

from tf_consensus.data.image_source import ImageInfo, ImageSource

PREFIX = "stacked:"
# The order of each colour's images. It is a part of the data set, so it never changes.
_SEED = 2017


class StackedImages(ImageSource):
    """Images whose red, green and blue are grey images of another set, drawn independently.

    Image i has the colours x_p(i), x_q(i) and x_r(i), with three fixed permutations p, q and r of
    the set; so every grey image appears once in each colour. Images in colour become grey. With k
    classes the label is k² y_p(i) + k y_q(i) + y_r(i), one of k³: 1,000 modes of ten digits.

    Args:
        base: The grey images, with labels.
        classes: Their number of classes k.

    Raises:
        ValueError: If they have no labels.

    Reference:
        Metz, Poole, Pfau, Sohl-Dickstein, Unrolled Generative Adversarial Networks, 2017; the
        numbers that are reported with it are those of Lin, Khetan, Fanti, Oh, PacGAN, 2018.
    """

    channels = 3

    def __init__(self, base: ImageSource, classes: int | None) -> None:
        if not base.labelled or classes is None:
            raise ValueError(
                "Stacked images need labels, whose combinations are the modes. Received: "
                f"{base.describe(0) if len(base) else 'a set'} of a set without labels. Put the "
                "images of each class into a sub-folder."
            )
        self._base, self._classes = base, classes
        self.crop, self.remedy = base.crop, base.remedy
        generator = np.random.Generator(np.random.Philox(_SEED))
        self._rows = np.stack([np.argsort(generator.random(len(base))) for _ in range(3)], axis=1)
        self.identity = ("stacked", base.identity)

    def __len__(self):
        return len(self._base)

    def open(self, index: int) -> tuple[Image.Image, int]:
        """Return image `index` and its label.

        Raises:
            ValueError: If the three differ in size.
        """
        opened = [self._base.open(int(row)) for row in self._rows[index]]
        images = [image.convert("L") for image, _ in opened]
        if len({image.size for image in images}) > 1:
            raise ValueError(
                f"three images of sizes {', '.join(str(x.size) for x in images)}. Stacked images "
                "need one size: resize the files"
            )
        return Image.merge("RGB", images), int(self._label(np.array([x for _, x in opened])))

    def describe(self, index: int) -> str:
        """Return the names of the three images."""
        return " + ".join(self._base.describe(int(row)) for row in self._rows[index])

    def fingerprint(self) -> dict[str, str | int]:
        """Return that of the grey images, under a name of its own."""
        found = self._base.fingerprint()
        return {**found, "name": f"{PREFIX}{found['name']}"}

    def decoded(
        self, image_size: int, crop: int | None, channels: int
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Return all images and labels, if the grey images are available so."""
        ready = self._base.decoded(image_size, crop, 1)
        if ready is None or channels != 3:
            return None
        images, labels = ready
        colours = [images[rows] for rows in self._rows.T]
        return np.concatenate(colours, axis=-1), self._label(labels[self._rows])

    def _label(self, labels: np.ndarray) -> np.ndarray:
        places = self._classes ** np.arange(2, -1, -1)
        return (labels * places).sum(axis=-1).astype(np.int32)


def is_stacked(name: object) -> bool:
    """Whether a name is that of stacked images."""
    return isinstance(name, str) and name.startswith(PREFIX)


def grey_name(name: str) -> str:
    """The name of the grey images of a stacked name.

    Raises:
        ValueError: If there is none, or it is one of stacked images.
    """
    grey = name.removeprefix(PREFIX)
    if not grey or is_stacked(grey):
        raise ValueError(
            "A stacked name is `stacked:` and the name of images, which are no stacked ones. "
            f"Received: name={name!r}. Pass for example stacked:fashion_mnist."
        )
    return grey


def stacked_info(base: ImageInfo) -> ImageInfo:
    """Return what is known about stacked images without decoding them.

    Args:
        base: What is known about the grey ones.
    """
    classes = None if base.num_classes is None else base.num_classes**3
    return base._replace(num_classes=classes, channels=3)
