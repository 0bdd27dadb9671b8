"""The colour and the dashes of each method, the same in all pictures.

Colours are families, dashes tell their members apart. The colours are Okabe and Ito's, which the
colour-blind tell apart, without those too light for lines.
"""

import re
from collections.abc import Iterable
from typing import Any

BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, BLACK = "#E69F00", "#56B4E9", "#000000"
METHOD_COLORS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
# For unknown methods beside known ones of all colours: grey, brown, indigo, olive.
_MORE_COLORS = ("#8A8A8A", "#8C510A", "#332288", "#808000")
SOLID, DASHED, DOTTED, DASH_DOT = "-", (0, (5, 2)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5))
_DOT_DOT = (0, (5, 1.2, 1.2, 1.2, 1.2, 1.2))
_LONG, _DASH_DASH = (0, (10, 2.5)), (0, (8, 1.5, 2.5, 1.5))
_DASHES = (SOLID, DASHED, DOTTED, DASH_DOT, _DOT_DOT, _LONG, _DASH_DASH)

# Each colour has every kind of dashes once at most. "_bn" and "_gbn" are a method's networks with
# batch normalization, in both players and in the generator alone.
METHOD_LOOKS: dict[str, tuple[str, Any]] = {
    "simultaneous": (BLUE, SOLID),
    "lookahead": (BLUE, DASHED),
    "clipped": (BLUE, DOTTED),
    "momentum": (BLUE, DASH_DOT),
    "simultaneous_bn": (BLUE, _DOT_DOT),
    "consensus": (VERMILION, SOLID),
    "scaled_consensus": (VERMILION, DASHED),
    "cross_term": (VERMILION, DOTTED),
    "consensus_relative": (VERMILION, DASH_DOT),
    "consensus_bn": (VERMILION, _DOT_DOT),
    "consensus_gbn": (VERMILION, _LONG),
    "zero_sum_consensus": (VERMILION, _DASH_DASH),
    "alternating": (GREEN, SOLID),
    "extrapolated_alternating": (GREEN, DASHED),
    "alternating_momentum": (GREEN, DOTTED),
    "instance_noise": (GREEN, DASH_DOT),
    "alternating_bn": (GREEN, _DOT_DOT),
    "alternating_gbn": (GREEN, _LONG),
    "alternating_consensus": (PURPLE, SOLID),
    "smoothing": (PURPLE, DASHED),
    "wgan_clip": (PURPLE, DOTTED),
    "wgan_gp": (PURPLE, DASH_DOT),
    "alternating_consensus_bn": (PURPLE, _DOT_DOT),
    "alternating_consensus_gbn": (PURPLE, _LONG),
    "extragradient": (ORANGE, SOLID),
    "past_extragradient": (ORANGE, DASHED),
    "optimistic": (ORANGE, DOTTED),
    "r1": (SKY, SOLID),
    "relativistic": (SKY, DASHED),
    "r2": (SKY, DOTTED),
    "r1_r2": (SKY, DASH_DOT),
    "r1_consensus": (SKY, _DOT_DOT),
    "relativistic_r1_r2": (SKY, _LONG),
    "symplectic": (BLACK, SOLID),
    "competitive": (BLACK, DASHED),
    "adaptive_competitive": (BLACK, _DOT_DOT),
    "implicit": (BLACK, DOTTED),
    "runge_kutta": (BLACK, DASH_DOT),
}
_OTHER_NAMES = {"wgan_clipped": "wgan_clip"}
_LINE_WIDTH = 1.8


def known_method(name: str) -> str | None:
    """The method of `METHOD_LOOKS` that a label begins with, or `None`.

    Example:
        >>> known_method("consensus, γ = 10"), known_method("R1 + R2"), known_method("mine")
        ('consensus', 'r1_r2', None)
    """
    whole = _joined(name)
    whole = _OTHER_NAMES.get(whole, whole)
    if whole in METHOD_LOOKS:
        return whole
    # What comes after the method's name: settings in brackets, or the network after a hyphen.
    first = _joined(re.split(r"[(,:=-]", name, maxsplit=1)[0])
    return first if first in METHOD_LOOKS else None


def line_styles(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Colour, dashes and width of the line of each name in one picture.

    A known method has the colour and the dashes of `METHOD_LOOKS`; a second name of the same method
    has other dashes. Other names have colours by their order, none of which a known one has.

    Args:
        names: All names of the picture, in order.

    Returns:
        Keywords of matplotlib's `plot`, by name.

    Example:
        >>> styles = line_styles(["simultaneous", "mine"])
        >>> [style["color"] for style in styles.values()]
        ['#0072B2', '#D55E00']
    """
    names = list(dict.fromkeys(names))
    methods = {name: method for name in names if (method := known_method(name)) is not None}
    used = {METHOD_LOOKS[method][0] for method in methods.values()}
    free = [c for c in METHOD_COLORS if c not in used] + list(_MORE_COLORS)
    others = iter(range(len(names)))
    taken: set[tuple[str, Any]] = {METHOD_LOOKS[method] for method in methods.values()}
    styles, seen = {}, set()
    for name in names:
        look = METHOD_LOOKS[methods[name]] if name in methods else None
        if look in seen:
            look = _other_dashes(look, taken)
        if look is None:
            index = next(others)
            look = free[index % len(free)], _DASHES[index // len(free) % len(_DASHES)]
        seen.add(look)
        taken.add(look)
        styles[name] = {"color": look[0], "linestyle": look[1], "linewidth": _LINE_WIDTH}
    return styles


def _joined(name):
    return "_".join(re.findall(r"\w+", name.lower())).strip("_")


def _other_dashes(look, taken):
    """The look with the first dashes that are left for its colour; `None` if none are."""
    looks = [(look[0], dashes) for dashes in _DASHES]
    return next((other for other in looks if other not in taken), None)
