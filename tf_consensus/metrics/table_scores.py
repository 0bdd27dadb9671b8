"""How near the columns of a generated table are to those of a real one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy

from tf_consensus.metrics.table_values import Values, category_names, features, shared_columns
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


def marginal_distances(
    real: Mapping[str, Any], generated: Mapping[str, Any], categorical: Sequence[str] = ()
) -> dict[str, float]:
    """How far each column alone is from the real one, from 0 to 1.

        categories:  ½ Σ_c |p(c) - q(c)|          (total variation)
        numbers:     sup_x |P(x) - Q(x)|           (Kolmogorov-Smirnov), P and Q cumulative

    A missing value is a category, and a number above all others.

    Args:
        real: the real columns (n,) by name.
        generated: the generated ones (m,), of the same names.
        categorical: names of columns of numbers that are categories.

    Returns:
        The distance by the column's name.

    Raises:
        ValueError: if the columns differ in name or kind, have no rows, or hold infinite numbers.

    Example:
        >>> marginal_distances({"x": ["a", "a", "b", "b"]}, {"x": ["a", "b", "b", "b"]})
        {'x': 0.25}
    """
    pairs = shared_columns(real, generated, categorical)
    return {
        name: _total_variation(a, b) if a.categories is not None else _largest_gap(a, b)
        for name, (a, b) in pairs.items()
    }


def number_distances(
    real: Mapping[str, Any], generated: Mapping[str, Any], categorical: Sequence[str] = ()
) -> dict[str, float]:
    """The Wasserstein-1 distances of columns of numbers, in units of the real standard deviation.

    W₁ = ∫ |P(x) - Q(x)| dx / σ, with P and Q the cumulative distributions of the numbers that are
    not missing. Arguments and errors are those of `marginal_distances`.

    Args:
        real: the real columns (n,) by name.
        generated: the generated ones (m,), of the same names.
        categorical: names of columns of numbers that are categories, which are left out.

    Returns:
        The distance by the column's name; infinite where no generated number is present, or where
        equal real numbers meet others.

    Raises:
        ValueError: as `marginal_distances`, or if a real column of numbers holds none.

    Example:
        >>> number_distances({"x": [0.0, 2.0]}, {"x": [1.0, 3.0]})
        {'x': 1.0}
    """
    pairs = shared_columns(real, generated, categorical)
    return {
        name: _distance(name, a.present, b.present)
        for name, (a, b) in pairs.items()
        if a.categories is None
    }


def correlation_difference(
    real: Mapping[str, Any], generated: Mapping[str, Any], categorical: Sequence[str] = ()
) -> float:
    """The mean absolute difference of the correlations between pairs of columns, from 0 to 2.

    A column of categories enters as one indicator per category of the real column. Pairs of
    indicators of one column are left out. Missing numbers take the mean of their column. A
    correlation with a constant is 0.

    Args:
        real: the real columns (n,) by name.
        generated: the generated ones (m,), of the same names.
        categorical: names of columns of numbers that are categories.

    Raises:
        ValueError: as `marginal_distances`, or if there is one column alone.

    Example:
        >>> a = {"x": [0.0, 1.0, 2.0], "y": [0.0, 1.0, 2.0]}
        >>> round(correlation_difference(a, {**a, "y": [2.0, 1.0, 0.0]}), 6)
        2.0
    """
    pairs = shared_columns(real, generated, categorical)
    if len(pairs) < 2:
        raise ValueError(
            f"Correlations need two columns at least. Received: {shown(list(pairs))}. Pass more "
            "columns, or compare one by `marginal_distances`."
        )
    known = {name: a for name, (a, _) in pairs.items()}
    widths = [features({name: a}, {name: a}).shape[1] for name, a in known.items()]
    owners = np.repeat(np.arange(len(widths)), widths)
    upper = np.triu(owners[:, None] != owners)
    tables = known, {name: b for name, (_, b) in pairs.items()}
    one, other = (_correlations(features(table, known)) for table in tables)
    gaps = np.abs(one - other)
    return float(gaps[upper].mean())


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


def _total_variation(a: Values, b: Values) -> float:
    shares = []
    for column in (a, b):
        values = column.categories or []
        shares.append({x: values.count(x) / len(values) for x in set(values)})
    names = set(shares[0]) | set(shares[1])
    return sum(abs(shares[0].get(x, 0.0) - shares[1].get(x, 0.0)) for x in names) / 2


def _largest_gap(a: Values, b: Values) -> float:
    one, two = (np.nan_to_num(x.numbers, nan=np.inf) for x in (a, b))
    return float(scipy.stats.ks_2samp(one, two, method="asymp").statistic)


def _distance(name: str, a: np.ndarray, b: np.ndarray) -> float:
    if not len(a):
        raise ValueError(
            f"A real column of numbers must hold one. Received: column {name!r} with missing ones "
            "alone. Leave it out."
        )
    if not len(b):
        return np.inf
    distance = float(scipy.stats.wasserstein_distance(a, b))
    scale = float(a.std())
    return distance / scale if scale else (np.inf if distance else 0.0)


def _correlations(rows: np.ndarray) -> np.ndarray:
    centred = _standardized(rows, rows)
    return centred.T @ centred / len(rows)


def _standardized(rows: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The rows in units in which the known ones have mean 0 and variance 1, or are 0."""
    stddevs = known.std(axis=0)
    constant = stddevs <= 1e-12 * np.abs(known).max(axis=0)
    return np.where(constant, 0.0, (rows - known.mean(axis=0)) / np.where(constant, 1.0, stddevs))


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
    inputs, points = (np.insert(_standardized(x, rows), 0, 1.0, axis=1) for x in (rows, tests))
    wanted = features(train, {target: train[target]})
    square = inputs.T @ inputs + _RIDGE * len(rows) * np.eye(inputs.shape[1])
    outputs = points @ np.linalg.solve(square, inputs.T @ wanted)
    truth = test[target].categories or []
    return _share(names[i] == y for i, y in zip(outputs.argmax(axis=1), truth, strict=True))


def _share(right: Iterable[bool]) -> float:
    return float(np.mean(list(right)))
