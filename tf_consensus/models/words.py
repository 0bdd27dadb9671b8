"""What messages call the parts of a model's batches."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Words(NamedTuple):
    """Names of what a batch consists of, and what to pass.

    Attributes:
        first: what the data are, in the plural.
        second: what comes beside them, in the plural.
        each: the singulars of both.
        kind: what the second are.
        cast: an expression that makes them so.
        files: what to do with the name of a file or a folder.
        example: an argument of `fit`.
        paired: whether a batch always has both.
    """

    first: str
    second: str
    each: tuple[str, str]
    kind: str
    cast: str
    files: str
    example: str
    paired: bool = False


def found_parts(batch: Any) -> str:
    """What a batch consists of, in words, where a pair is wanted."""
    if isinstance(batch, Mapping):
        return f"a dict of {sorted(map(str, batch))}"
    parts = len(batch) if isinstance(batch, list | tuple) else 1
    return f"a batch of {parts} part{'s' * (parts != 1)}"


_IMAGES = (
    'Read the files by tf_consensus.data.images("folder:..."), for example '
    'data.images("folder:~/pictures", image_size=32), and pass the data set that it returns.'
)
_SAMPLES = "np.asarray(samples, 'float32')"
SAMPLES = Words(
    "samples",
    "labels",
    ("sample", "label"),
    "an array of integers, (batch,)",
    "np.asarray(labels, 'int32')",
    _IMAGES,
    _SAMPLES,
)
CONDITIONS = Words(
    "samples",
    "conditions",
    ("sample", "condition"),
    "an array of floating-point numbers, (batch, k)",
    "np.asarray(conditions, 'float32')",
    _IMAGES,
    _SAMPLES,
    paired=True,
)
PAIRS = Words(
    "sources",
    "targets",
    ("source", "target"),
    "an array of images, (batch, …)",
    "np.asarray(targets, 'float32')",
    "Read the files by tf_consensus.data.image_pairs, for example "
    'data.image_pairs("folder:photos", "folder:drawings"), and pass the data set that it returns.',
    "np.asarray(sources, 'float32'), np.asarray(targets, 'float32')",
    paired=True,
)
ROWS = Words(
    "rows",
    "labels",
    ("row", "label"),
    "no part of a table's batches",
    "the rows alone",
    "Encode the table by tf_consensus.data.table(source), and pass its `rows` or its `batches()`.",
    "table.rows",
)
