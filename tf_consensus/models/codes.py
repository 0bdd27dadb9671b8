"""The codes that an InfoGAN's generator takes beside its latents."""

import math
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_consensus.models.heads import class_loss
from tf_consensus.support.arrays import check_unmasked
from tf_consensus.support.checks import check_int, is_integer


class Codes(NamedTuple):
    """Categorical codes, uniform over their values, and continuous ones, uniform on [-1, 1).

    A code in short has one column per code: the number of the value of a categorical one, then the
    continuous ones. The generator takes it in full: one-hot, then the continuous ones.

    Attributes:
        categorical: how many values each categorical code has, at least 2.
        continuous: how many continuous codes there are.
        learns_deviation: whether the deviations of the continuous codes are recognized too.
    """

    categorical: tuple[int, ...]
    continuous: int
    learns_deviation: bool

    @property
    def columns(self) -> int:
        """The width of a code in short."""
        return len(self.categorical) + self.continuous

    @property
    def width(self) -> int:
        """The width of a code in full."""
        return sum(self.categorical) + self.continuous

    @property
    def outputs(self) -> int:
        """The width of what is recognized: class logits, means, and logarithms of deviations."""
        return self.width + self.continuous * self.learns_deviation

    def of_uniform(self, uniform: tf.Tensor) -> tf.Tensor:
        """Codes in short (n, columns) from as many numbers uniform on [0, 1)."""
        number = len(self.categorical)
        sizes = tf.constant(self.categorical, uniform.dtype, (number,))
        values = tf.floor(uniform[:, :number] * sizes)
        return tf.concat([values, 2.0 * uniform[:, number:] - 1.0], axis=1)

    def in_full(self, codes: tf.Tensor, dtype: str) -> tf.Tensor:
        """Codes in full (n, width) from those in short (n, columns)."""
        values = tf.cast(codes, tf.int32)
        parts = [tf.one_hot(values[:, i], k, dtype=dtype) for i, k in enumerate(self.categorical)]
        return tf.concat([*parts, tf.cast(codes[:, len(parts) :], dtype)], axis=1)

    def split(self, found: tf.Tensor) -> tuple[list[tf.Tensor], tf.Tensor, tf.Tensor]:
        """Class logits, means and logarithms of deviations, of what was recognized (n, outputs)."""
        rest = found.shape[-1] - sum(self.categorical)
        *logits, gaussian = tf.split(found, [*self.categorical, rest], axis=1)
        means = gaussian[:, : self.continuous]
        logs = gaussian[:, self.continuous :] if self.learns_deviation else tf.zeros_like(means)
        return logits, means, logs

    def bounds(self, found: tf.Tensor, codes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """E log Q(c|x) + H(c), in nats, of all categorical and of all continuous codes.

        Args:
            found: what was recognized, (n, outputs).
            codes: the codes in short, (n, columns).
        """
        found = tf.cast(found, tf.float32) if found.dtype.size < 4 else found
        logits, means, logs = self.split(found)
        labels = tf.cast(codes, tf.int32)
        zero = tf.zeros((), found.dtype)
        categorical = [
            math.log(k) - class_loss(x, labels[:, i]) for i, (k, x) in self._with(logits)
        ]
        if not self.continuous:
            return tf.add_n([zero, *categorical]), zero
        distance = tf.cast(codes[:, len(logits) :], found.dtype) - means
        # The entropy of a number uniform on [-1, 1) is log 2.
        density = -0.5 * math.log(2 * math.pi) - logs - 0.5 * (distance * tf.exp(-logs)) ** 2
        continuous = tf.reduce_sum(math.log(2.0) + tf.reduce_mean(density, axis=0))
        return tf.add_n([zero, *categorical]), continuous

    def _with(self, logits: list[tf.Tensor]) -> Any:
        return enumerate(zip(self.categorical, logits, strict=True))

    def place(self, code: Any) -> int:
        """The column of a code.

        Raises:
            ValueError: if there is no such code.
        """
        if is_integer(code) and 0 <= code < self.columns:
            return int(code)
        raise ValueError(
            f"`code` is the number of a code, from 0 to {self.columns - 1}. Received: "
            f"code={code!r}. The categorical ones come first."
        )

    def values(self, code: Any) -> np.ndarray:
        """All values of a categorical code, or 9 of a continuous one from -1 to 1."""
        place = self.place(code)
        if place < len(self.categorical):
            return np.arange(self.categorical[place])
        return np.linspace(-1.0, 1.0, 9)

    def check_values(self, place: int, values: np.ndarray) -> None:
        """Raises `ValueError` if a categorical code, by its column, has no such values."""
        sizes = self.categorical[place : place + 1]
        if sizes and not (np.isin(values, np.arange(sizes[0]))).all():
            raise ValueError(
                f"The values of code {place} are whole numbers from 0 to {sizes[0] - 1}. Received: "
                f"values={values.tolist()}. None takes all of them."
            )

    def given(self, codes: Any, n: int) -> np.ndarray:
        """Codes in short (n, columns) as the user gave them, for all samples or one row each.

        Raises:
            ValueError: if they are of another shape, not finite, or no values of the codes.
        """
        check_unmasked("codes", codes)
        try:
            array = np.asarray(codes, "float32")
        except (TypeError, ValueError):
            array = np.full(1, np.nan)
        fits = array.shape in ((self.columns,), (n, self.columns)) and np.isfinite(array).all()
        if fits and self._are_values(array[..., : len(self.categorical)]):
            return np.array(np.broadcast_to(array, (n, self.columns)), "float32")
        raise ValueError(
            "`codes` has one column per code: numbers of values for the categorical ones, of "
            f"{list(self.categorical)} values each, then {self.continuous} continuous numbers; one "
            f"row for all samples, or n={n} rows. Received: codes={codes!r}. For example "
            f"codes={[0] * self.columns}."
        )

    def _are_values(self, array: np.ndarray) -> bool:
        whole = array == np.floor(array)
        return bool((whole & (array >= 0) & (array < np.asarray(self.categorical))).all())


def make_codes(categorical: Any, continuous: Any, learns_deviation: bool) -> Codes:
    """The codes that the user describes.

    Raises:
        ValueError: if a number is no integer or too small, or there is no code.
    """
    sizes = categorical if isinstance(categorical, list | tuple) else [categorical]
    if not all(is_integer(k) and k >= 2 for k in sizes):
        raise ValueError(
            "`categorical` is a list of how many values each categorical code has, at least 2. "
            f"Received: categorical={categorical!r}. For example categorical=[10], or [] for none."
        )
    continuous = check_int("continuous", continuous, minimum=0)
    if not sizes and not continuous:
        raise ValueError(
            "An InfoGAN has at least one code. Received: categorical=[] and continuous=0. Pass for "
            "example categorical=[10], or train a GAN."
        )
    return Codes(tuple(int(k) for k in sizes), continuous, learns_deviation)
