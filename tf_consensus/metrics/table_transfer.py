"""A classifier trained on generated rows and tested on real ones."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tf_consensus.metrics.table_values import (
    Values,
    category_names,
    features,
    shared_columns,
    standardized,
)
from tf_consensus.support.checks import shown

# Keeps the least-squares problem well-posed; features have variance 1.
_RIDGE = 1e-6


class TransferAccuracy(NamedTuple):
    """Accuracies on the same held-out rows, of a classifier trained on other rows.

    Attributes:
        generated: of the one trained on generated rows.
        real: of the one trained on real rows.
        majority: of always naming the commonest class of the real rows.
    """

    generated: float
    real: float
    majority: float


def transfer_accuracy(
    real: Mapping[str, Any],
    generated: Mapping[str, Any],
    held_out: Mapping[str, Any],
    target: str,
    categorical: Sequence[str] = (),
) -> TransferAccuracy:
    """Train a classifier on generated rows, and test it on real ones.

    The classifier is linear: it names the class with the largest output of a least-squares fit to
    one-hot classes, on numbers of mean 0 and variance 1 and on indicators of categories. The same
    classifier trained on the real rows shows how much could be reached.

    Args:
        real: columns of the real rows that the generator was trained on.
        generated: columns of generated rows.
        held_out: columns of real rows that were used for nothing else.
        target: name of the column to tell, of categories.
        categorical: names of columns of numbers that are categories.

    Returns:
        The accuracies.

    Raises:
        ValueError: as `marginal_distances`, or if the target is no column of categories, or is the
            only column.

    Example:
        >>> rows = {"x": [0.0, 1.0, 4.0, 5.0], "y": ["a", "a", "b", "b"]}
        >>> transfer_accuracy(rows, {**rows, "y": ["b", "b", "a", "a"]}, rows, "y")
        TransferAccuracy(generated=0.0, real=1.0, majority=0.5)

    Reference:
        Esteban, Hyland, Rätsch, Real-valued (Medical) Time Series Generation with Recurrent
        Conditional GANs, 2017, section 3.2.
    """
    held = shared_columns(real, held_out, categorical, "held_out")
    made = shared_columns(real, generated, categorical)
    parts = {name: pair[0] for name, pair in held.items()}
    _check_target(parts, target)
    known = {name: column for name, column in parts.items() if name != target}
    test = {name: pair[1] for name, pair in held.items()}
    samples = {name: pair[1] for name, pair in made.items()}
    classes = parts[target].categories or []
    commonest = max(category_names(parts[target]), key=classes.count)
    return TransferAccuracy(
        _accuracy(samples, test, target, known),
        _accuracy(parts, test, target, known),
        _share(y == commonest for y in test[target].categories or []),
    )


def _check_target(columns: Mapping[str, Values], target: Any) -> None:
    if not isinstance(target, str) or target not in columns or len(columns) < 2:
        raise ValueError(
            f"`target` must be one of several columns. Received: target={target!r} for the columns "
            f"{shown(list(columns))}. Name the column to tell."
        )
    if columns[target].categories is None:
        raise ValueError(
            f"`target` must be a column of categories. Received: target={target!r}, of numbers. "
            "Name it in `categorical`, if its numbers are classes."
        )


def _accuracy(
    train: Mapping[str, Values], test: Mapping[str, Values], target: str, known: dict[str, Values]
) -> float:
    """The share of test rows whose class the classifier trained on other rows names."""
    names = category_names(train[target])
    rows, tests = features(train, known), features(test, known)
    inputs, points = (np.insert(standardized(x, rows), 0, 1.0, axis=1) for x in (rows, tests))
    wanted = features(train, {target: train[target]})
    square = inputs.T @ inputs + _RIDGE * len(rows) * np.eye(inputs.shape[1])
    outputs = points @ np.linalg.solve(square, inputs.T @ wanted)
    truth = test[target].categories or []
    return _share(names[i] == y for i, y in zip(outputs.argmax(axis=1), truth, strict=True))


def _share(right: Iterable[bool]) -> float:
    return float(np.mean(list(right)))
