"""Colours of report pages that everybody can tell from what is behind them."""

import re

import pytest

from tf_consensus.experiments.report.style import STYLE


def colors():
    """The colours by name, of the light page, the dark one, and the printed one."""
    blocks = re.findall(r":root \{([^}]*)\}", STYLE)
    found = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in blocks]
    assert len(found) == 3
    assert found[0] == found[2]
    return {"light": found[0], "dark": found[1]}


def luminance(color):
    """Of a colour as WCAG 2 has it."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    """From 1, for equal colours, to 21."""
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        *((text, back, 4.5) for text in ("text", "soft") for back in ("page", "card", "warn")),
        *((badge, "page", 4.5) for badge in ("good", "accent", "bad-line", "warn-line")),
        *((f"c{i}", back, 3.0) for i in range(7) for back in ("page", "card")),
        *(("on-accent", "accent", 4.5), ("text", "bad", 4.5), ("warn-line", "warn", 4.5)),
    ],
)
def test_colours_have_contrast(scheme, front, back, least):
    found = colors()[scheme]
    assert contrast(found[front], found[back]) >= least


def test_light_and_dark_have_the_same_names():
    assert set(colors()["light"]) == set(colors()["dark"])
