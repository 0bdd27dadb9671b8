"""How near the columns of a generated table are to those of a real one."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import scipy

from tf_consensus.metrics.table_values import Values, features, shared_columns, standardized
from tf_consensus.support.checks import shown


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
    centred = standardized(rows, rows)
    return centred.T @ centred / len(rows)
