"""How near the columns of a generated table are to those of a real one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import scipy

from tf_consensus.metrics.table_values import (
    Values,
    category_names,
    filled,
    indicators,
    shared_columns,
    standardized,
)
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
    indicators of one column are left out. Missing numbers take the mean of the others in their
    column, real and generated ones apart. A correlation with a constant is 0.

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
    names = [category_names(a) for a, _ in pairs.values()]
    owners = np.repeat(np.arange(len(names)), [max(1, len(found)) for found in names])
    upper = np.triu(owners[:, None] != owners)
    tables = zip(*pairs.values(), strict=True)
    one, other = (_correlations(table, names) for table in tables)
    return float(np.abs(one - other)[upper].mean())


def _total_variation(a: Values, b: Values) -> float:
    shares = []
    for column in (a, b):
        values = column.categories or []
        shares.append({x: count / len(values) for x, count in Counter(values).items()})
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


def _correlations(columns: Sequence[Values], names: Sequence[Sequence[Any]]) -> np.ndarray:
    """The correlations of numbers and indicators (d, d), 0 with a constant.

    The indicators are sparse: with n rows and a thousand categories a dense product is slow.
    """
    parts = []
    for column, known in zip(columns, names, strict=True):
        if column.categories is None:
            numbers = filled(column, column)[:, None]
            parts.append(scipy.sparse.csr_array(standardized(numbers, numbers)))
        else:
            parts.append(indicators(column, known))
    rows = scipy.sparse.hstack(parts, format="csr")
    means = rows.mean(axis=0)
    covariances = (rows.T @ rows).toarray() / rows.shape[0] - np.outer(means, means)
    deviations = np.sqrt(np.maximum(np.diag(covariances), 0.0))
    constant = deviations == 0.0
    scales = np.where(constant, 1.0, deviations)
    found = covariances / np.outer(scales, scales)
    return np.where(constant | constant[:, None], 0.0, found)
