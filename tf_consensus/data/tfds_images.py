"""Image data sets of TensorFlow Datasets, already on the disk, as `ImageSource`."""

import io
import os

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from PIL import Image

from tf_consensus.data.file_digests import digest_files
from tf_consensus.data.image_source import ImageInfo, ImageSource
from tf_consensus.data.opening import MAX_PIXELS, open_image
from tf_consensus.data.record_files import RecordFiles, RecordRange, unreadable
from tf_consensus.data.tfds_builder import load_tfds, prepared_builder

# The papers' centre crop of CelebA, whose images are 178 × 218 with the face in the middle.
_CROPS = {"celeb_a": 160}
# The label of an image of unknown class, as in some test splits.
_UNKNOWN = -1


class TFDSImages(ImageSource):
    """One split of a data set in TFDS' format: TFRecord or ArrayRecord files.

    Images are read by number, whatever their file's format, so any order costs the same.
    JPEG is decoded with the accurate transform; TFDS' own reader uses the fast one, which differs
    by a few of 255 levels.

    Args:
        name: TFDS' name: "cifar10", "lsun/bedroom", "imagenet2012:5.*.*" …
        split: TFDS' name of a split or part of one: "train", "train[:10%]", "train+test".
        data_dir: TFDS' data folder; None for its own default.
        max_pixels: Largest number of pixels of an image that is decoded.

    Raises:
        ValueError: If TFDS does not know the name, the split, or any image in it, or a file is
            damaged.
        FileNotFoundError: If the data set is not on the disk.
        OSError: If a file cannot be read.
    """

    def __init__(
        self, name: str, split: str, data_dir: str | None, max_pixels: int = MAX_PIXELS
    ) -> None:
        builder = prepared_builder(name, data_dir)
        self._image, self._label = _keys(builder)
        self._name, self._split = builder.info.full_name, split
        self._max_pixels = max_pixels
        self.channels = _channels(builder.info.features[self._image])
        self.labelled = self._label is not None
        self._classes = builder.info.features[self._label].num_classes if self.labelled else None
        self.crop = _CROPS.get(builder.name)
        self._ranges = _ranges(builder, split)
        stamps = tuple((*part, *_stamp(part.path)) for part in self._ranges)
        self._records = _records(builder, split, self._ranges)
        self.remedy = f"Delete {builder.data_dir} and prepare the data set again."
        self.identity = ("tfds", self._name, split, max_pixels, stamps)

    def __len__(self):
        return len(self._records)

    def open(self, index: int) -> tuple[Image.Image, int]:
        """Return image `index` and its label."""
        try:
            values = tf.train.Example.FromString(self._records[index]).features.feature
        except DecodeError as error:
            raise ValueError("its record holds no example") from error
        except RuntimeError as error:  # raised by ArrayRecord
            raise ValueError(f"its file is damaged: {error}") from error
        image = open_image(io.BytesIO(_value(values, self._image, "bytes_list")), self._max_pixels)
        image.load()
        label = _value(values, self._label, "int64_list") if self.labelled else 0
        if label != _UNKNOWN and not 0 <= label < (self._classes or 2**31):
            raise ValueError(f"its label {label} is none of {self._classes} classes")
        return image, label

    def describe(self, index: int) -> str:
        """Return the data set's name and the image's number."""
        return f"{self._name} {self._split} image {index}"

    def fingerprint(self) -> dict[str, str | int]:
        """Return the number of records, their bytes, and a digest of their checksums.

        ArrayRecord files are read through instead.
        """
        if isinstance(self._records, RecordFiles):
            digest, size = self._records.digest(), self._records.size
        else:
            named = [
                (f"{os.path.basename(part.path)} {part.skip} {part.take}", part.path)
                for part in self._ranges
            ]
            digest, size = digest_files(named)
        return {
            "name": self._name,
            "split": self._split,
            "images": len(self),
            "bytes": size,
            "digest": digest,
        }


def _value(values, key, kind):
    """The first value of an example's feature."""
    found = getattr(values[key], kind).value if key in values else ()
    if not found:
        raise ValueError(f"its record holds no {key}")
    return found[0]


def tfds_info(name: str, data_dir: str | None) -> ImageInfo:
    """Return what TFDS knows about a data set on the disk.

    Raises:
        ValueError, FileNotFoundError: As `TFDSImages`.
    """
    builder = prepared_builder(name, data_dir)
    image, label = _keys(builder)
    feature = builder.info.features[image]
    height, width = feature.shape[:2]
    return ImageInfo(
        num_classes=None if label is None else builder.info.features[label].num_classes,
        num_examples={split: part.num_examples for split, part in builder.info.splits.items()},
        image_size=None if None in (height, width) else (height, width),
        channels=_channels(feature),
    )


def _keys(builder):
    """The features that hold the image and the label; None without labels."""
    tfds = load_tfds()
    features = builder.info.features
    supervised = builder.info.supervised_keys or ()
    found = [key for key, value in features.items() if isinstance(value, tfds.features.Image)]
    image = next((key for key in (*supervised, "image") if key in found), None)
    if image is None and len(found) == 1:
        (image,) = found
    if image is None or np.dtype(features[image].np_dtype) not in (np.uint8, np.uint16):
        raise ValueError(
            "A data set must have one feature of 8 or 16 bit images. "
            f"Received: {builder.info.full_name} with the features {', '.join(features)}. "
            "Pass another data set, or its images as a folder."
        )
    labels = [k for k, value in features.items() if isinstance(value, tfds.features.ClassLabel)]
    return image, next((key for key in (*supervised, "label") if key in labels), None)


def _channels(feature):
    return 1 if feature.shape[-1] == 1 else 3


def _ranges(builder, split):
    splits = builder.info.splits
    try:
        slices = load_tfds().core.ReadInstruction.from_spec(split).to_absolute(splits)
        # TensorFlow Datasets treats -1 images, as in train[3:2], as all that are left.
        if any(part.to is not None and (part.from_ or 0) > part.to for part in slices):
            raise ValueError("a part ends before it begins")
        parts = splits[split].file_instructions
    except (ValueError, KeyError, NotImplementedError) as error:
        raise ValueError(
            "`split` must be one that the data set has, or a part of one such as "
            f"train[:10%]. Received: split={split!r}. {builder.info.full_name} has "
            f"{' and '.join(splits)}."
        ) from error
    return [
        RecordRange(os.fspath(part.filename), part.skip, part.take, part.examples_in_shard)
        for part in parts
    ]


def _stamp(path):
    try:
        status = os.stat(path)
    except OSError as error:
        raise unreadable(path, error.strerror) from error
    return status.st_size, status.st_mtime_ns


def _records(builder, split, ranges):
    kind = builder.info.file_format.value
    if kind == "tfrecord" or not ranges:
        return RecordFiles(ranges)
    if kind == "array_record":
        try:
            return builder.as_data_source(split).data_source
        except RuntimeError as error:
            raise unreadable(str(builder.data_dir), error) from error
    raise ValueError(
        "A data set must be in TFRecord or ArrayRecord files. "
        f"Received: {builder.info.full_name} as {kind}. Convert it by "
        "`tfds build --file_format=array_record`."
    )
