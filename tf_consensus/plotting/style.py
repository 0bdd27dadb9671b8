"""What all plots have in common: colours, lines and axes.

Figures are built on `matplotlib.figure.Figure` alone, without pyplot and its global state, so
every function works headless and in threads. matplotlib is loaded by the first plot, not by
`import tf_consensus`, which it would make slow.
"""

import os
from typing import TYPE_CHECKING, Any

from tf_consensus.plotting.saving import save

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

# Okabe and Ito's colours, which the colour-blind tell apart, without those too light for lines.
METHOD_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_METHOD_STYLES = ("-", "--", ":", "-.")
_SPELLED = {"cpu": "CPU", "frechet": "Fréchet", "fid": "FID", "gamma": "γ"}
REFERENCE: dict[str, Any] = {"color": "0.3", "linestyle": (0, (4, 3)), "linewidth": 1}


def words(name: str) -> str:
    """The name of a logged quantity as axes and tables say it."""
    return " ".join(_SPELLED.get(word, word) for word in name.split("_"))


def new_figure(width: float, height: float) -> "Figure":
    """An empty figure of that many inches, which finds room for all labels."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def legend_line(**style: Any) -> "Line2D":
    """A line that only the legend shows."""
    from matplotlib.lines import Line2D

    return Line2D([], [], **style)


def line_style(index: int) -> dict[str, Any]:
    """Colour and dashes of the line with this number."""
    color = METHOD_COLORS[index % len(METHOD_COLORS)]
    style = _METHOD_STYLES[index // len(METHOD_COLORS) % len(_METHOD_STYLES)]
    return {"color": color, "linestyle": style, "linewidth": 1.2}


def tidy(axis: "Axes") -> None:
    """Takes away what distracts, and draws a faint grid."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(alpha=0.25)


def scale_by_logarithm(axis: "Axes") -> None:
    """Makes the y axis logarithmic, labelled by plain numbers."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.yaxis.set_minor_formatter(NullFormatter())


def saved(figure: "Figure", path: str | os.PathLike[str] | None) -> "Figure":
    """The figure, written to the path if there is one; errors as for `saving.save`."""
    if path is not None:
        suffixes = {f".{name}" for name in figure.canvas.get_supported_filetypes()}
        save(path, suffixes, lambda partial: figure.savefig(partial, dpi=100))
    return figure
