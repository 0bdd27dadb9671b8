"""The rows of the leaderboard: each is a method with what it needs and the grid of its choices.

To add a method, add a line to a list below; its optimizer must be a name of `making.OPTIMIZERS`.
"""

import itertools
from typing import Any, NamedTuple


class Row(NamedTuple):
    """A method with everything it needs.

    Attributes:
        name: Its name for --methods; the same method has the same name on every task.
        settings: Settings of `image_runs`; runs in the plane use only "optimizer", "objective" and
            "penalty" of them.
        grid: For each setting that is chosen, the values to choose from.
    """

    name: str
    settings: dict[str, Any]
    grid: dict[str, tuple[float, ...]]

    def points(self) -> list[dict[str, float]]:
        """All points of the grid; of two rates, the discriminator's must be in `SECOND`."""
        values = itertools.product(*self.grid.values())
        points = [dict(zip(self.grid, point, strict=True)) for point in values]
        least, most = SECOND
        return [
            point
            for point in points
            if "rate_ratio" not in point
            or least <= point["learning_rate"] * point["rate_ratio"] <= most
        ]


# Learning rates of the generator, and the discriminator's rate divided by it.
RATES = (1e-3, 2e-3)
THREE_RATES = (*RATES, 4e-3)
RATIOS = (1.0, 0.5, 0.25)
# The discriminator's rates that are tried with them.
SECOND = (1e-3, 2e-3)
# The small networks of the plane take larger steps.
PLANE_RATES = (1e-3, 3e-3, 1e-2)
GAMMAS = (0.1, 0.3, 1.0)
PLANE_GAMMAS = (0.1, 1.0)
# The regularizer's length divided by the field's, for methods that keep the two in proportion.
SCALES = (1.5, 3.0)

NORMALIZED: dict[str, Any] = {"network": "dcgan4"}
GENERATOR_ONLY: dict[str, Any] = {"network": "dcgan4_gbn"}
BARE: dict[str, Any] = {"network": "dcgan4_nobn"}
PART: dict[str, Any] = {"fraction": 0.0625}
RELATIVE: dict[str, Any] = {"gamma_kind": "relative"}
R1: dict[str, Any] = {"optimizer": "alternating", "penalty": ["r1"]}
RELATIVISTIC: dict[str, Any] = {
    "optimizer": "alternating",
    "objective": "relativistic",
    "penalty": ["r1", "r2"],
}


def _row(name: str, grid: dict[str, tuple[float, ...]] | None = None, **settings: Any) -> Row:
    """A row whose optimizer has the row's name, unless a setting names another.

    Args:
        name: As for `Row`.
        grid: Settings chosen besides the learning rate, or other rates.
        **settings: As for `Row`.
    """
    return Row(name, {"optimizer": name, **settings}, {"learning_rate": RATES, **(grid or {})})


_TWO_RATES: dict[str, tuple[float, ...]] = {"learning_rate": THREE_RATES, "rate_ratio": RATIOS}
_WEIGHTED = _TWO_RATES | {"gamma": (0.3, 1.0)}
_TURNS: dict[str, Any] = {"optimizer": "alternating_consensus", **PART, "reuse": True}


def _plane(name: str, gammas: tuple[float, ...] = (), **settings: Any) -> Row:
    grid = {"learning_rate": PLANE_RATES}
    return _row(name, grid | ({"gamma": gammas} if gammas else {}), **settings)


_POINTS = [
    _plane("simultaneous"),
    _plane("alternating"),
    _plane("optimistic"),
    _plane("extragradient"),
    _plane("past_extragradient"),
    _plane("extrapolated_alternating"),
    _plane("lookahead"),
    _plane("symplectic", PLANE_GAMMAS),
    _plane("competitive", PLANE_GAMMAS),
    _plane("implicit", PLANE_GAMMAS),
    _plane("runge_kutta", PLANE_GAMMAS),
    _plane("consensus", PLANE_GAMMAS),
    _plane("consensus_relative", SCALES, optimizer="consensus", **RELATIVE),
    _plane("alternating_consensus", PLANE_GAMMAS),
    _plane("scaled_consensus", SCALES, **RELATIVE),
    _plane("cross_term", PLANE_GAMMAS),
    _plane("smoothing", PLANE_GAMMAS),
    _plane("r1", PLANE_GAMMAS, **R1),
    _plane("relativistic", PLANE_GAMMAS, **RELATIVISTIC),
]
# The methods that train the networks without normalization.
_BARE_IMAGES = [
    _row("simultaneous"),
    _row("alternating"),
    _row("optimistic"),
    _row("extragradient"),
    _row("consensus", {"gamma": GAMMAS}, **PART),
    _row("alternating_consensus", _TWO_RATES | {"gamma": (0.1, 0.3)}, **_TURNS),
    _row("scaled_consensus", {"gamma": SCALES}, **PART, **RELATIVE),
    _row("cross_term", {"gamma": GAMMAS}, **PART),
    _row("smoothing", {"gamma": GAMMAS}, **PART),
    _row("r1", _WEIGHTED, **R1),
    _row("relativistic", _WEIGHTED, **RELATIVISTIC),
]
_NORMALIZED_IMAGES = [
    _row("simultaneous_bn", {"learning_rate": THREE_RATES}, optimizer="simultaneous", **NORMALIZED),
    _row("alternating_bn", _TWO_RATES, optimizer="alternating", **NORMALIZED),
    _row(
        "alternating_consensus_bn",
        {"gamma": (0.1, 0.3)},
        **_TURNS,
        **RELATIVE,
        **NORMALIZED,
    ),
    _row("alternating_gbn", _TWO_RATES, optimizer="alternating", **GENERATOR_ONLY),
    _row("consensus_gbn", {"gamma": GAMMAS}, optimizer="consensus", **PART, **GENERATOR_ONLY),
    _row(
        "alternating_consensus_gbn", _TWO_RATES | {"gamma": (0.1, 0.3)}, **_TURNS, **GENERATOR_ONLY
    ),
]
ROWS: dict[str, list[Row]] = {
    "points": _POINTS,
    "images": [
        *_NORMALIZED_IMAGES,
        *(row._replace(settings=row.settings | BARE) for row in _BARE_IMAGES),
    ],
    "deep": _BARE_IMAGES,
}
NAMES = tuple(dict.fromkeys(row.name for rows in ROWS.values() for row in rows))
