"""Tables to train on: a CSV file, people that are made up, and scikit-learn's iris and wine."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tf_consensus import data
from tf_consensus.data.table_source import MISSING
from tf_consensus.experiments.errors import RunError, of_the_user
from tf_consensus.experiments.families.game import Settings

Columns = dict[str, np.ndarray]


class Rows(NamedTuple):
    """A table in two parts.

    Attributes:
        trained: Columns of the rows to train on.
        held_out: Columns of a fifth of the rows.
        categorical: Names of the columns of categories.
        target: The column that a classifier must tell; `None` for no classifier.
    """

    trained: Columns
    held_out: Columns
    categorical: list[str]
    target: str | None

    def table(self, max_modes: int) -> data.Table:
        """The rows to train on, encoded."""
        return data.table(self.trained, categorical=self.categorical, max_modes=max_modes)


def read_rows(settings: Settings) -> Rows:
    """The rows of the table that the settings name.

    Raises:
        RunError: If there is no such table, or it cannot be learned; `table_look` tells it first.
    """
    with of_the_user(settings["dataset"]):
        table = data.table(
            source_of(settings["dataset"]),
            columns=settings["columns"],
            categorical=settings["categorical"],
            max_modes=settings["max_modes"],
            # Runs of older versions have no such setting.
            missing=missing_texts(settings.get("missing")),
        )
    trained, held_out = _halves(table.columns)
    return Rows(trained, held_out, list(table.description.categorical), settings["target"])


def missing_texts(further: Sequence[str] | None) -> tuple[str, ...]:
    """The texts of a file that stand for a missing value.

    Args:
        further: Those beside the usual ones.
    """
    return (*MISSING, *(further or ()))


def check_rows(number: int) -> None:
    """Raise if no fifth of so many rows can be held out.

    Raises:
        RunError: If there are fewer than 5.
    """
    if number < 5:
        raise RunError(
            f"A fifth of a table is held out, so it has 5 rows at least. Received: {number} rows. "
            "Add rows."
        )


def _halves(columns):
    """Columns of the training rows, and of a fifth that is held out."""
    number = len(next(iter(columns.values())))
    check_rows(number)
    order = np.random.default_rng(0).permutation(number)
    held = number // 5
    return (
        {name: x[order[held:]] for name, x in columns.items()},
        {name: x[order[:held]] for name, x in columns.items()},
    )


def source_of(name: str) -> Any:
    """What `data.table` takes for a name: the path of a CSV file, or columns.

    Raises:
        RunError: If scikit-learn is needed, and is not installed.
    """
    if name == "made":
        return people()
    return from_scikit_learn(name) if name in ("iris", "wine") else name


def people(number: int = 6000) -> Columns:
    """A table whose columns depend on each other, two of them in clusters.

    Args:
        number: How many rows.
    """
    rng = np.random.default_rng(0)
    job = rng.choice(["clerk", "nurse", "pilot", "retired"], number, p=[0.5, 0.3, 0.05, 0.15])
    age = np.where(job == "retired", rng.normal(74, 5, number), rng.normal(42, 11, number))
    age = np.clip(age, 18, 99).round().astype(int)
    base = {"clerk": 2.6, "nurse": 3.1, "pilot": 9.0, "retired": 1.8}
    income = np.array([base[x] for x in job]) * np.exp(0.15 * rng.normal(size=number))
    income = np.round(1000 * (income + 0.02 * np.maximum(age - 42, 0)), 2)
    commute = np.where(
        rng.random(number) < 0.35, rng.gamma(2, 4, number), rng.normal(45, 6, number)
    )
    commute = np.where(job == "retired", np.nan, commute.round(1))
    owns = rng.random(number) < 1 / (1 + np.exp(4 - age / 12 - income / 4000))
    return {"age": age, "income": income, "commute": commute, "owns_home": owns, "job": job}


def from_scikit_learn(name: str) -> Columns:
    """The columns of iris or wine.

    Raises:
        RunError: If scikit-learn is not installed.
    """
    try:
        from sklearn import datasets
    except ImportError as error:
        raise RunError(
            f"The tables iris and wine are scikit-learn's. Received: {name}, and scikit-learn is "
            "not installed. Install it, or name a CSV file."
        ) from error
    found = getattr(datasets, f"load_{name}")()
    columns = dict(zip(found.feature_names, found.data.T, strict=True))
    return {**columns, "class": found.target_names[found.target].astype(object)}
