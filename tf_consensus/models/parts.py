"""What an example consists of: one tensor, or a list or a dict of tensors."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import keras
import tensorflow as tf

from tf_consensus.support.inputs import cast_samples
from tf_consensus.support.shapes import of_shape

# The shape of one tensor, a list of shapes, or a dict of them by name, all without the batch.
Shapes: TypeAlias = Any


class Parts:
    """The tensors of an example: their structure, their shapes, and one row that holds them all.

    Args:
        shapes: that of one tensor without the batch, a list of these, or a dict of them by name.

    Attributes:
        names: one per tensor: its key in the dict, its number in the list, or "" for one alone.
        shapes: of each tensor without the batch, in the same order.
        widths: how many numbers each has.

    Example:
        >>> parts = Parts({"image": (8, 8, 1), "size": (2,)})
        >>> parts.names, parts.widths
        (['image', 'size'], [64, 2])
    """

    def __init__(self, shapes: Shapes) -> None:
        if isinstance(shapes, Mapping):
            self._form: type = dict
            keys = keras.tree.flatten({key: key for key in shapes})  # in Keras' order
            self.names = list(map(str, keys))
            self.shapes = [tuple(shapes[key]) for key in keys]
        elif isinstance(shapes, list):
            self._form = list
            self.names = [str(number) for number in range(len(shapes))]
            self.shapes = list(map(tuple, shapes))
        else:
            self._form, self.names, self.shapes = tuple, [""], [tuple(shapes)]

    @property
    def widths(self) -> list[int]:
        """How many numbers each tensor has per example."""
        return [math.prod(shape) for shape in self.shapes]

    def __str__(self) -> str:
        """The shapes with the batch, in their structure."""
        return str(self.structure([(None, *shape) for shape in self.shapes]))

    def structure(self, parts: Iterable[Any]) -> Any:
        """The structure of these parts, which come in the order of `names`."""
        flat = list(parts)
        if self._form is dict:
            return dict(zip(self.names, flat, strict=True))
        return flat if self._form is list else flat[0]

    def has_form_of(self, other: "Parts") -> bool:
        """Whether both are one tensor, lists of as many, or dicts of the same names."""
        return self._form is other._form and self.names == other.names

    def flat(self, structure: Any) -> list[Any] | None:
        """The parts in the order of `names`; None if it is another structure."""
        if self._form is dict:
            fits = isinstance(structure, Mapping) and set(structure) == set(self.names)
            return [structure[name] for name in self.names] if fits else None
        if self._form is list:
            fits = isinstance(structure, list | tuple) and len(structure) == len(self.names)
            return list(structure) if fits else None
        return None if isinstance(structure, list | tuple | Mapping) else [structure]

    def fits(self, structure: Any) -> bool:
        """Whether these are tensors of this structure and these shapes, with the batch."""
        flat = self.flat(structure)
        return flat is not None and all(
            hasattr(part, "shape") and tf.TensorShape(part.shape).is_compatible_with((None, *shape))
            for part, shape in zip(flat, self.shapes, strict=True)
        )

    def rows(self, structure: Any, dtype: str) -> tf.Tensor:
        """One row per example, (batch, Σ widths): the tensors flattened, side by side.

        Raises:
            TypeError: if they are no real numbers.
            ValueError: if their structure, their shapes or their numbers of examples differ.
        """
        flat = self.flat(structure)
        if flat is None:
            raise ValueError(_RULE.format(self, described(structure)))
        tensors = [tf.convert_to_tensor(cast_samples(part, dtype)) for part in flat]
        if not self.fits(self.structure(tensors)):
            raise ValueError(_RULE.format(self, described(self.structure(tensors))))
        numbers = {x.shape[0] for x in tensors} - {None}
        if len(numbers) > 1:
            raise ValueError(
                "All parts of a batch have one row per example. Received: parts of "
                f"{sorted(numbers)} rows. Batch them together."
            )
        return self.packed(self._checked(tensors))

    def _checked(self, tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """The same, checked when the graph runs where their static shapes do not tell."""
        # Another length would be folded into more rows.
        tensors = [
            of_shape(x, (None, *shape)) for x, shape in zip(tensors, self.shapes, strict=True)
        ]
        if None not in [x.shape[0] for x in tensors]:
            return tensors
        sizes = [tf.shape(x)[0] for x in tensors]
        equal = tf.reduce_all(tf.equal(sizes, sizes[0]))
        message = "All parts of a batch have one row per example. Received: parts of these rows:"
        with tf.control_dependencies([tf.debugging.Assert(equal, [message, tf.stack(sizes)])]):
            return [tf.identity(x) for x in tensors]

    def packed(self, parts: Sequence[tf.Tensor]) -> tf.Tensor:
        """One row per example, from tensors of one type in the order of `names`."""
        flat = [tf.reshape(x, (-1, n)) for x, n in zip(parts, self.widths, strict=True)]
        return tf.concat(flat, axis=1)

    def columns(self, rows: tf.Tensor) -> list[tf.Tensor]:
        """The columns of each part, (batch, width), in the order of `names`."""
        return tf.split(rows, self.widths, axis=1)

    def of_rows(self, rows: tf.Tensor) -> Any:
        """The structure of tensors that rows (batch, Σ widths) hold."""
        pairs = zip(self.columns(rows), self.shapes, strict=True)
        return self.structure(tf.reshape(x, (-1, *shape)) for x, shape in pairs)


def described(structure: Any) -> str:
    """A structure of tensors in words, for messages."""
    if isinstance(structure, Mapping):
        inner = ", ".join(f"{key!r}: {described(part)}" for key, part in structure.items())
        return f"{{{inner}}}"
    if isinstance(structure, list | tuple):
        return f"[{', '.join(map(described, structure))}]"
    shape = getattr(structure, "shape", None)
    return type(structure).__name__ if shape is None else str(tuple(shape))


_RULE = (
    "A batch has the structure and the shapes of the generator's outputs, {}. Received: {}. Map "
    "the data set to that structure, without labels and weights."
)
