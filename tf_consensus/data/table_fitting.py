"""Which column encodes given values: its modes, or its categories."""

from collections import Counter

import numpy as np

from tf_consensus.data.mixture_fit import Mixture, fit_mixture
from tf_consensus.data.raw_columns import RawColumn
from tf_consensus.data.table_columns import CategoryColumn, NumberColumn, categories_of

_MOST_DECIMALS = 6
# A mode reaches this many standard deviations to each side, as in CTGAN.
_REACH = 4.0
# The reciprocals of smaller differences overflow.
_LEAST_SPREAD = 1e-300


def fit_column(
    name: str, column: RawColumn, category: bool, max_modes: int
) -> NumberColumn | CategoryColumn:
    """The column that encodes these values, which `choose_columns` has checked.

    Args:
        name: the column's.
        column: its values.
        category: whether the values are categories.
        max_modes: the most modes of numbers.

    Raises:
        ValueError: if numbers differ by less than float64 can tell.
    """
    if category:
        return _fit_categories(name, column)
    return _fit_numbers(name, column, max_modes)


def _fit_categories(name: str, column: RawColumn) -> CategoryColumn:
    found = Counter(categories_of(column))
    last = [None] if None in found else []
    categories = [*sorted(found.keys() - {None}), *last]
    return CategoryColumn(name, categories, [found[x] for x in categories])


def _fit_numbers(name: str, column: RawColumn, max_modes: int) -> NumberColumn:
    x = column.values[~column.missing]
    if 0.0 < x.max() - x.min() < _LEAST_SPREAD:
        raise ValueError(
            f"Numbers of a column must differ by {_LEAST_SPREAD:g} at least. Received: column "
            f"{name!r}, from {x.min():g} to {x.max():g}. Take a smaller unit."
        )
    decimals = _decimals(x)
    step = 0.0 if decimals is None else 10.0**-decimals
    if len(set(x.tolist())) == 1:  # beside missing ones
        mixture = Mixture(np.ones(1), x[:1], np.ones(1) * max(step, abs(x[0]), 1.0))
    else:
        mixture = fit_mixture(x, max_modes, step / 2)
    likeliest = mixture.posteriors(x)[0].argmax(axis=1)
    kept = np.unique(likeliest)
    mixture = Mixture(*(part[kept] for part in mixture))
    likeliest = mixture.posteriors(x)[0].argmax(axis=1)
    distance = np.abs(x - mixture.means[likeliest])
    reaches = [
        max(_REACH * s, distance[likeliest == k].max(initial=0.0))
        for k, s in enumerate(mixture.stddevs)
    ]
    return NumberColumn(
        name,
        mixture.weights.tolist(),
        mixture.means.tolist(),
        mixture.stddevs.tolist(),
        [float(reach) for reach in reaches],
        decimals,
        integer=column.kind == "integer",
        missing=bool(column.missing.any()),
    )


def _decimals(x: np.ndarray) -> int | None:
    return next((d for d in range(_MOST_DECIMALS + 1) if (np.round(x, d) == x).all()), None)
