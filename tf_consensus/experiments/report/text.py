"""Turns values of any kind into text of a page."""

import html
import json
import math
import numbers
import re
from collections.abc import Collection, Sequence
from typing import Any

# A page in UTF-8 cannot hold halves of characters, or controls other than tab and newline.
_NOT_TEXT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


def escape(value: Any) -> str:
    """A value as text between tags or within the quotes of an attribute."""
    return html.escape(_NOT_TEXT.sub("\ufffd", str(value)))


def as_json(value: Any) -> str:
    """A value as JSON within the quotes of an attribute."""
    return escape(json.dumps(value, separators=(",", ":")))


def finite(value: Any) -> float | None:
    """The value if it is a finite number, else `None`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return None
    try:
        value = float(value)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def number(value: Any, digits: int = 4) -> str:
    """A number as a reader wants it; `None` as a dash, any other value as `plain` writes it."""
    if value is None:
        return "–"
    exact = finite(value)
    if exact is None:
        real = isinstance(value, numbers.Real) and not isinstance(value, bool)
        return "not finite" if real else plain(value)
    if exact == int(exact) and abs(exact) < 1e15:
        return f"{int(exact):,}"
    if 1e4 <= abs(exact) < 1e15:
        return f"{exact:,.0f}"
    return f"{exact:.{digits}g}"


def plain(value: Any) -> str:
    """A setting as it would be typed for a flag."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(plain, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {plain(item)}" for key, item in value.items()) or "none"
    return str(value)


def duration(seconds: Any) -> str:
    """A time in the units that suit it; "" if the value is not a time."""
    seconds = finite(seconds)
    if seconds is None or not 0 <= seconds < 1e11:
        return ""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def table(
    caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], marked: Collection[int] = ()
) -> str:
    """A table that scrolls within its own box.

    Args:
        caption: What it shows, for readers who cannot see it.
        head: Text of the columns.
        rows: HTML of the cells; the first cell of a row names the row.
        marked: Numbers of the rows to mark.
    """
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(
        f'<tr{" class=differs" * (i in marked)}><th scope="row">{row[0]}</th>'
        + "".join(f"<td>{cell}</td>" for cell in row[1:])
        + "</tr>\n"
        for i, row in enumerate(rows)
    )
    return (
        f'<div class="scroll" role="region" aria-label="{escape(caption)}" tabindex="0">\n'
        f"<table><thead><tr>{top}</tr></thead>\n<tbody>{body}</tbody></table></div>\n"
    )


def pairs(items: Sequence[tuple[str, str]]) -> str:
    """Names and values, both text, in as many columns as there is room for."""
    rows = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>\n" for name, value in items
    )
    return f'<dl class="pairs">\n{rows}</dl>\n'
