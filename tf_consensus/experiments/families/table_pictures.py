"""Pictures of a table's columns, made rows beside real ones."""

import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from tf_consensus.plotting import style

# Pictures are read at a glance, and drawn at each evaluation.
MOST_COLUMNS, MOST_BARS = 20, 20
_IN_A_ROW = 5
# Letters of a category's name.
_LETTERS = 12


def draw_marginals(
    real: Mapping[str, np.ndarray],
    made: Mapping[str, np.ndarray],
    categorical: Collection[str],
    path: str | os.PathLike,
    distances: Mapping[str, float] | None = None,
) -> None:
    """Draw the distributions of the first 20 columns, real and made.

    Of a column of more than 20 categories, the commonest are drawn, and the others as one.

    Args:
        real: Columns of real rows.
        made: Columns of made rows.
        categorical: Names of the columns of categories.
        path: The picture.
        distances: How far each column is from the real one, which stands beside its name.
    """
    names = list(real)[:MOST_COLUMNS]
    wide = min(len(names), _IN_A_ROW)
    high = -(-len(names) // wide)
    figure = style.new_figure(3.0 * wide, 2.6 * high)
    axes = figure.subplots(high, wide, squeeze=False).ravel()
    for axis, name in zip(axes, names, strict=False):
        pair = [np.asarray(rows[name]) for rows in (real, made)]
        if name in categorical:
            _bars(axis, pair)
        else:
            _steps(axis, pair)
        axis.set_title(name if distances is None else f"{name}: {distances[name]:.3f}")
        style.tidy(axis)
    for axis in axes[len(names) :]:
        axis.remove()
    axes[0].legend()
    said = [] if distances is None else ["beside each name its marginal distance, best at 0"]
    if len(real) > len(names):
        said.append(f"the first {len(names)} of {len(real):,} columns")
    if said:
        figure.suptitle("; ".join(said))
    style.saved(figure, path)


def shares(pair: Sequence[np.ndarray]) -> dict[str, list[float]]:
    """The share of each category, real and made, in the order in which bars are drawn.

    Args:
        pair: The values (n,) of real and of made rows.

    Returns:
        Up to `MOST_BARS` shares by what stands below them: the real rows' commonest categories in
        their order; then, if there are more, all others as one.
    """
    counts = [Counter("missing" if x is None else str(x) for x in values) for values in pair]
    kept = [label for label, _ in counts[0].most_common()]
    if len(kept) > MOST_BARS:
        kept = kept[: MOST_BARS - 1]
    kept = sorted(kept)
    found = {
        label: [count[label] / max(len(x), 1) for count, x in zip(counts, pair, strict=True)]
        for label in kept
    }
    number = len({*counts[0], *counts[1]}) - len(kept)
    if number:
        rest = [1.0 - sum(share[k] for share in found.values()) for k in range(2)]
        found[f"{number:,} others"] = rest
    return found


def _bars(axis: Any, pair: list[np.ndarray]) -> None:
    found = shares(pair)
    places = np.arange(len(found))
    for place, label in enumerate(("real", "made")):
        axis.bar(places + 0.4 * place, [x[place] for x in found.values()], 0.4, label=label)
    short = [x if len(x) <= _LETTERS else f"{x[:_LETTERS]}…" for x in found]
    axis.set_xticks(places + 0.2, short, rotation=30 if len(found) <= 8 else 90)


def _steps(axis: Any, pair: list[np.ndarray]) -> None:
    numbers = [x[~np.isnan(x.astype(float))] for x in pair]
    edges = np.histogram_bin_edges(numbers[0], 40)
    for x, label in zip(numbers, ("real", "made"), strict=True):
        # Densities by hand: `density=True` divides by the numbers within the edges, maybe none.
        weights = np.full(x.size, 1.0 / (max(x.size, 1) * (edges[1] - edges[0])))
        axis.hist(x, edges, weights=weights, histtype="step", label=label)
