"""The rows of the leaderboard: a method each, with what it needs and the grid it may choose from.

To add a method, add a line to a list below; its optimizer must be a name of `making.OPTIMIZERS`.
"""

import itertools
from typing import Any, NamedTuple


class Row(NamedTuple):
    """A method with everything it needs.

    Attributes:
        name: Its name for --methods; the same method has the same name on every task.
        settings: Settings of `image_runs`, of which those in the plane take "optimizer",
            "objective" and "penalty".
        grid: For each setting that is chosen, the values to choose from.
    """

    name: str
    settings: dict[str, Any]
    grid: dict[str, tuple[float, ...]]

    def points(self) -> list[dict[str, float]]:
        """All points of the grid."""
        values = itertools.product(*self.grid.values())
        return [dict(zip(self.grid, point, strict=True)) for point in values]


RATES = (3e-4, 1e-3, 3e-3)
# The small networks of the plane take larger steps.
PLANE_RATES = (1e-3, 3e-3, 1e-2)
GAMMAS = (0.1, 1.0, 10.0)


def _row(name: str, optimizer: str = "", *, weighted: bool = False, **settings: Any) -> Row:
    """A row whose optimizer is called as the row is, unless it is said, and the usual grid.

    Args:
        name: As of `Row`.
        optimizer: Name of the optimizer.
        weighted: Whether the method has a weight γ to choose.
        **settings: Others.
    """
    grid: dict[str, tuple[float, ...]] = {"learning_rate": RATES}
    if weighted:
        grid["gamma"] = GAMMAS
    return Row(name, {"optimizer": optimizer or name, **settings}, grid)


R1: dict[str, Any] = {"optimizer": "alternating", "penalty": ["r1"]}
RELATIVISTIC: dict[str, Any] = {
    "optimizer": "alternating",
    "objective": "relativistic",
    "penalty": ["r1", "r2"],
}
NORMALIZED: dict[str, Any] = {"network": "dcgan4"}
BARE: dict[str, Any] = {"network": "dcgan4_nobn"}

_POINTS = [
    row._replace(grid=row.grid | {"learning_rate": PLANE_RATES})
    for row in (
        _row("simultaneous"),
        _row("alternating"),
        _row("optimistic"),
        _row("extragradient"),
        _row("past_extragradient"),
        _row("lookahead"),
        _row("symplectic", weighted=True),
        _row("competitive", weighted=True),
        _row("consensus", weighted=True),
        _row("smoothing", weighted=True),
        _row("r1", weighted=True, **R1),
        _row("relativistic", weighted=True, **RELATIVISTIC),
    )
]
# What the networks without normalization are trained by.
_IMAGES = [
    _row("simultaneous"),
    _row("alternating"),
    _row("optimistic"),
    _row("extragradient"),
    _row("consensus", weighted=True),
    _row("smoothing", weighted=True),
    _row("r1", weighted=True, **R1),
    _row("relativistic", weighted=True, **RELATIVISTIC),
]
ROWS: dict[str, list[Row]] = {
    "points": _POINTS,
    "images": [
        _row("simultaneous_bn", "simultaneous", **NORMALIZED),
        _row("alternating_bn", "alternating", **NORMALIZED),
        _row("consensus_bn", "consensus", weighted=True, **NORMALIZED),
        *(row._replace(settings=row.settings | BARE) for row in _IMAGES),
    ],
    "deep": _IMAGES,
}
NAMES = tuple(dict.fromkeys(row.name for rows in ROWS.values() for row in rows))
