"""Tables of mixed columns as encoded rows, in seeded streams that can be resumed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf_consensus.data.arguments import check_below
from tf_consensus.data.chosen_columns import choose_columns
from tf_consensus.data.conditioned_rows import conditioned_rows
from tf_consensus.data.drawn_rows import drawn_rows
from tf_consensus.data.table_conditions import Conditions
from tf_consensus.data.table_description import TableDescription, encoded
from tf_consensus.data.table_fitting import fit_column
from tf_consensus.data.table_source import MISSING
from tf_consensus.support.checks import check_bool

_MOST_MODES = 100


class Table:
    """A table: what its columns are, and its encoded rows. `table` makes it.

    Args:
        description: what the columns are.
        rows: the encoded rows, float32 (n, width).

    Attributes:
        description: what the columns are, without the rows.
        rows: the encoded rows, float32 (n, width).
    """

    def __init__(self, description: TableDescription, rows: np.ndarray) -> None:
        self.description, self.rows = description, rows

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """The columns in their own units, as `TableDescription.decode` returns them."""
        return self.description.decode(self.rows)

    def batches(
        self,
        batch_size: int = 500,
        seed: int | None = None,
        start: int | tf.Variable = 0,
        conditional: bool = False,
    ) -> tf.data.Dataset:
        """Stream batches of encoded rows, drawn independently with replacement, as in CTGAN.

        Batch b is a function of the seed and b alone, so a run resumes where it stopped:
        `table.batches(seed=0, start=model.optimizer.iterations)`.

        Args:
            batch_size: Rows in a batch.
            seed: Determines the stream; None draws one now.
            start: Number of the first batch, or an integer variable holding it, which is read
                whenever an iteration starts.
            conditional: Whether a row stands beside a condition that it meets, for a conditional
                `models.TableGAN`: a column of categories is drawn, one of its categories by the
                logarithm of its frequency, and one of the rows that have it (CTGAN's training by
                sampling). The condition is one-hot over the categories of all columns.

        Returns:
            An infinite dataset of float32 tensors of static shape (batch_size, width), or
            (batch_size, width + categories).

        Raises:
            ValueError: If `batch_size` is not a positive integer or too large, `seed` is not an
                integer, or `start` is neither an integer of at least 0 nor an integer variable; or
                if there are to be conditions, and no column has categories.
        """
        if check_bool("conditional", conditional):
            conditions = Conditions(self.description)
            return conditioned_rows(self.rows, conditions, batch_size, seed, start)
        return drawn_rows(self.rows, batch_size, seed, start)


def table(
    source: Any,
    columns: Sequence[str] | None = None,
    categorical: Sequence[str] = (),
    continuous: Sequence[str] = (),
    max_modes: int = 10,
    missing: Sequence[str] = MISSING,
) -> Table:
    """Read a table of mixed columns, and encode its rows for `models.TableGAN`.

    A column of numbers is described by a mixture of normal distributions, the modes m_k with
    standard deviations s_k, whose number has the least Bayesian information criterion. A number x
    becomes its place α = (x - m_k)/r_k within a mode and the one-hot k (mode-specific
    normalization). r_k is 4 s_k, or the distance of the mode's farthest number where that is
    more, so α lies in [-1, 1] and is never clipped. k is drawn from p(k | x) with a fixed seed. A
    missing number is one more mode. Columns of texts and bools become one-hot categories, and a
    missing one is a category. Whole numbers come back whole.

    Args:
        source: Path of a CSV file with a line of names; or columns by name: a dict of arrays (n,),
            a structured array, or a pandas DataFrame. A column of a file holds numbers if each of
            its values is one without leading zeros. What a masked array hides is missing.
        columns: Names of the columns to keep, in this order; None keeps all. The others are not
            looked at.
        categorical: Names of columns of numbers that are categories, such as classes; and of
            columns of dates, each of which is to be a category.
        continuous: Names of columns that must hold numbers.
        max_modes: The most modes of a column of numbers, up to 100.
        missing: Texts of a CSV file that stand for a missing value. The description keeps them.

    Returns:
        The table: `description`, `rows`, and `batches`.

    Raises:
        ValueError: If there are fewer than two rows, rows or columns differ in length, a column is
            unknown, has one value alone, holds texts where numbers must be, holds dates or
            times of day, or has more than 1,000 categories; a column is in both `categorical` and
            `continuous`; a number is infinite, beyond ±1e300, or whole and beyond ±2⁵³; or a file
            is no CSV file with commas.
        FileNotFoundError: If there is no such file.

    Example:
        >>> people = table({"age": [31, 45, 62, 28], "job": ["cook", None, "nurse", "cook"]})
        >>> people.description.categorical, people.columns["age"].tolist()
        (('job',), [31, 45, 62, 28])

    Reference:
        Xu, Skoularidou, Cuesta-Infante, Veeramachaneni, Modeling Tabular Data using Conditional
        GAN, 2019, section 4.2.
    """
    chosen = choose_columns(source, columns, categorical, continuous, missing)
    most = check_below("max_modes", max_modes, 1, _MOST_MODES)
    described = [fit_column(x, raw, x in chosen.categorical, most) for x, raw in chosen.raw.items()]
    return Table(TableDescription(described, missing), encoded(described, chosen.raw))
