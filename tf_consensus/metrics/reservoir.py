"""A sample of rows that come in batches."""

import numpy as np


class Reservoir:
    """Up to `size` of all rows added, each subset being equally likely (Vitter's R)."""

    def __init__(self, size: int, generator: np.random.Generator) -> None:
        self._size, self._generator = size, generator
        self._rows, self._count = np.empty((0, 0)), 0

    def update(self, rows: np.ndarray) -> None:
        """Adds rows (n, d)."""
        if not self._count:
            self._rows = np.empty((self._size, rows.shape[1]), rows.dtype)
        order = np.arange(self._count, self._count + len(rows))
        places = np.where(order < self._size, order, self._generator.integers(0, order + 1))
        kept = places < self._size
        self._rows[places[kept]] = rows[kept]
        self._count += len(rows)

    def result(self) -> np.ndarray:
        """The sample, (m, d)."""
        return self._rows[: self._count].copy()
