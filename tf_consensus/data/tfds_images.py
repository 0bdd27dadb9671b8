"""Image data sets of TensorFlow Datasets, already on the disk, as `ImageSource`."""

import io
import os
import shlex

import numpy as np
import tensorflow as tf
from PIL import Image

from tf_consensus.data.image_source import ImageInfo, ImageSource
from tf_consensus.data.record_files import RecordFiles, RecordRange

# The papers' centre crop of CelebA: its images are 178 × 218, the faces in the middle.
_CROPS = {"celeb_a": 160}
_MANUAL = "https://www.tensorflow.org/datasets/catalog"


class TFDSImages(ImageSource):
    """One split of a data set in TFDS' format: TFRecord or ArrayRecord files.

    Images are read by number, whatever their file's format, so that any order costs the same.
    JPEG is decoded by the accurate transform; TFDS' own reader takes the fast one, which differs
    by a few of 255 levels.

    Args:
        name: TFDS' name: "cifar10", "lsun/bedroom", "imagenet2012:5.*.*" …
        split: TFDS' name of a split or part of one: "train", "train[:10%]", "train+test".
        data_dir: TFDS' data folder; None for its own default.

    Raises:
        ValueError: If TFDS does not know the name, the split, or any image in it.
        FileNotFoundError: If the data set is not on the disk.
    """

    def __init__(self, name: str, split: str, data_dir: str | None):
        builder = _prepared(name, data_dir)
        self._image, self._label = _keys(builder)
        self._name = f"{builder.info.full_name} {split}"
        self.channels = _channels(builder.info.features[self._image])
        self.labelled = self._label is not None
        self.crop = _CROPS.get(builder.name)
        ranges = _ranges(builder, split)
        self.identity = ("tfds", self._name, tuple((*part, *_stamp(part.path)) for part in ranges))
        self._records = _records(builder, split, ranges)

    def __len__(self):
        return len(self._records)

    def open(self, index):
        """Return image `index` and its label."""
        values = tf.train.Example.FromString(self._records[index]).features.feature
        image = Image.open(io.BytesIO(values[self._image].bytes_list.value[0]))
        image.load()
        return image, values[self._label].int64_list.value[0] if self.labelled else 0

    def describe(self, index):
        """Return the data set's name and the image's number."""
        return f"{self._name} image {index}"


def tfds_info(name: str, data_dir: str | None) -> ImageInfo:
    """Return what TFDS knows of a data set on the disk.

    Raises:
        ValueError, FileNotFoundError: As `TFDSImages`.
    """
    builder = _prepared(name, data_dir)
    image, label = _keys(builder)
    feature = builder.info.features[image]
    height, width = feature.shape[:2]
    return ImageInfo(
        num_classes=None if label is None else builder.info.features[label].num_classes,
        num_examples={split: part.num_examples for split, part in builder.info.splits.items()},
        image_size=None if None in (height, width) else (height, width),
        channels=_channels(feature),
    )


def _tfds():
    """The module, whose import takes seconds: only who needs it pays."""
    import tensorflow_datasets as tfds

    # Where its dependency tensorflow-metadata is newer than protobuf, the import logs an error
    # and leaves an empty module.
    if not hasattr(tfds, "builder"):
        raise ImportError(
            "TensorFlow Datasets must import completely. Received: a module without `builder`, "
            f"beside TensorFlow {tf.__version__}. Before TensorFlow 2.18, pip install "
            "'tensorflow-metadata<1.18'."
        )
    return tfds


def _prepared(name, data_dir):
    """The builder of a data set that is on the disk; nothing is downloaded."""
    tfds = _tfds()
    data_dir = None if data_dir is None else os.path.expanduser(os.fspath(data_dir))
    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except ValueError as error:
        raise ValueError(
            f"`name` must be that of a known data set. Received: name={name!r}. Pass "
            "fashion_mnist, folder:PATH, or a name of TensorFlow Datasets, which says: "
            f"{str(error).splitlines()[0]}"
        ) from error
    if not builder.info.splits:
        raise FileNotFoundError(_absent(builder, name))
    return builder


def _absent(builder, name):
    root = shlex.quote(str(builder.data_dir_root))
    text = (
        f"{name} must be on the disk, and is not. Download and prepare it ({_size(builder)}) by\n"
        f"    tfds build {name} --data_dir={root}\n"
        f"or copy a prepared one, the folder with dataset_info.json, to {builder.data_dir}, or "
        'pass a folder of its images as name="folder:PATH".'
    )
    if builder.MANUAL_DOWNLOAD_INSTRUCTIONS:
        folder = os.path.join(root, "downloads", "manual")
        steps = " ".join(builder.MANUAL_DOWNLOAD_INSTRUCTIONS.split())
        text += f" Its archives are to be put into {folder} by hand first: {steps}"
    return text


def _size(builder):
    """The size of the downloads of this configuration, in words."""
    urls = builder.url_infos or {}
    config = builder.builder_config
    if config is not None and len(builder.builder_configs) > 1:
        urls = {url: value for url, value in urls.items() if config.name in url}
    total = sum(value.size for value in urls.values())
    if not total:
        return f"its size: {_MANUAL}/{builder.name}"
    return f"{total / 2**30:.1f} GiB" if total > 2**30 else f"{total / 2**20:.0f} MiB"


def _keys(builder):
    """The features that hold the image and, None without, the label."""
    tfds = _tfds()
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
    try:
        parts = builder.info.splits[split].file_instructions
    except (ValueError, KeyError) as error:
        raise ValueError(
            "`split` must be one that the data set has, or a part of one such as "
            f"train[:10%]. Received: split={split!r}. {builder.info.full_name} has "
            f"{' and '.join(builder.info.splits)}."
        ) from error
    return [RecordRange(os.fspath(part.filename), part.skip, part.take) for part in parts]


def _stamp(path):
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns


def _records(builder, split, ranges):
    kind = builder.info.file_format.value
    if kind == "tfrecord":
        return RecordFiles(ranges)
    if kind == "array_record":
        return builder.as_data_source(split).data_source
    raise ValueError(
        "A data set must be in TFRecord or ArrayRecord files. "
        f"Received: {builder.info.full_name} as {kind}. Convert it by "
        "`tfds build --file_format=array_record`."
    )
