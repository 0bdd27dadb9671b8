"""Conditions of a table's rows: one category of one of its columns."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_consensus.data.table_description import TableDescription
from tf_consensus.support.checks import shown


class ConditionColumn(NamedTuple):
    """A column of categories within conditions and rows.

    Attributes:
        name: the column's.
        categories: its categories.
        first: the place of the first one's number in a condition.
        start: its place in an encoded row.
        counts: how many rows of the table have each category.
    """

    name: str
    categories: list[Any]
    first: int
    start: int
    counts: np.ndarray

    @property
    def size(self) -> int:
        """How many categories there are."""
        return len(self.categories)


class Conditions:
    """The conditions of a table: one-hot vectors over the categories of all of its columns.

    In training a column of categories is drawn, each as likely, then one of its categories by the
    logarithm of its frequency, so that rare ones come often (training by sampling):

        p(column i, category j) = log(1 + n_ij) / (C Σ_k log(1 + n_ik))

    with C columns of categories and n_ij rows of category j.

    Args:
        description: what the columns are; it knows the counts n of the table that it was made of.

    Attributes:
        columns: the columns of categories.
        width: k, how many categories they have in all.

    Raises:
        ValueError: if there is no column of categories, or its counts are not known.

    Reference:
        Xu, Skoularidou, Cuesta-Infante, Veeramachaneni, Modeling Tabular Data using Conditional
        GAN, 2019, section 4.3; the authors' program takes log(1 + n) for the paper's log n.
    """

    def __init__(self, description: TableDescription) -> None:
        self.columns: list[ConditionColumn] = []
        self.width = start = 0
        for column in description.columns:
            if column.kind == "category":
                if column.counts is None:
                    raise ValueError(
                        "Conditions need to know how frequent categories are. Received: a "
                        f"description whose column {column.name!r} has no counts. Describe the "
                        "table anew by data.table."
                    )
                known = column.categories, self.width, start, np.array(column.counts)
                self.columns.append(ConditionColumn(column.name, *known))
                self.width += column.width
            start += column.width
        if not self.columns:
            raise ValueError(
                "Conditions are categories. Received: a table without a column of categories. "
                "Leave out `conditional`, or name columns of numbers in `categorical`."
            )

    def training_shares(self) -> np.ndarray:
        """p(column, category) in training, (k,)."""
        logs = [np.log1p(column.counts) for column in self.columns]
        return np.concatenate([x / x.sum() for x in logs]) / len(logs)

    def real_shares(self) -> np.ndarray:
        """As `training_shares`, but a category by its frequency itself, as real rows have it."""
        counts = [column.counts for column in self.columns]
        return np.concatenate([x / x.sum() for x in counts]) / len(counts)

    def place(self, condition: Any) -> int:
        """The place of a category in a condition.

        Args:
            condition: a dict of one column's name and its category.

        Raises:
            ValueError: if it is none, or the column or the category is unknown.
        """
        known = {column.name: column for column in self.columns}
        if not isinstance(condition, Mapping) or len(condition) != 1:
            raise ValueError(
                "`condition` must be a dict of one column and its category, as in training. "
                f"Received: condition={shown(condition)}. Write for example condition="
                f"{{{self.columns[0].name!r}: {self.columns[0].categories[0]!r}}}."
            )
        ((name, category),) = condition.items()
        if name not in known:
            raise ValueError(
                f"`condition` must name a column of categories: {shown(list(known))}. Received: "
                f"condition={shown(condition)}. Name one of these."
            )
        column = known[name]
        found = [i for i, x in enumerate(column.categories) if x is category or x == category]
        if not found:
            raise ValueError(
                f"`condition` must name a category of {name!r}: {shown(column.categories)}. "
                f"Received: condition={shown(condition)}. Name one of these."
            )
        return column.first + found[0]

    def vectors(self, places: tf.Tensor, dtype: str) -> tf.Tensor:
        """The conditions (n, k) of places (n,), one-hot."""
        return tf.one_hot(places, self.width, dtype=dtype)

    def obeys(self, rows: np.ndarray, place: int) -> np.ndarray:
        """Whether rows (n, width) hold the category of a place, bools (n,)."""
        column = next(x for x in reversed(self.columns) if x.first <= place)
        choices = rows[:, column.start : column.start + column.size]
        return choices.argmax(axis=1) == place - column.first

    def disobedience(self, outputs: tf.Tensor, conditions: tf.Tensor) -> tf.Tensor:
        """The mean cross-entropy between conditions and a generator's choices, a scalar.

        Args:
            outputs: y, (batch, width); softmax(y) of a column's part are its categories' shares.
            conditions: (batch, k).
        """
        parts = [
            conditions[:, x.first : x.first + x.size]
            * tf.nn.log_softmax(outputs[:, x.start : x.start + x.size])
            for x in self.columns
        ]
        return -tf.reduce_mean(tf.reduce_sum(tf.concat(parts, axis=1), axis=1))


def drawn_places(shares: np.ndarray, uniform: tf.Tensor) -> tf.Tensor:
    """Places drawn with these shares, int32.

    Args:
        shares: (k,), which sum up to 1.
        uniform: numbers on [0, 1), of any shape.
    """
    total = np.cumsum(shares)
    ends = tf.constant(total / total[-1], uniform.dtype)
    found = tf.searchsorted(ends, tf.reshape(uniform, [-1]), side="right")
    return tf.reshape(found, tf.shape(uniform))
