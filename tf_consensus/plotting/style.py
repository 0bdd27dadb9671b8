"""What all plots have in common: letters, axes, legends and files.

Letters are large enough for the back of a room. `methods` has the colours and dashes of methods.

Figures are built on `matplotlib.figure.Figure` alone, without pyplot and its global state, so
every function works headless and in threads. matplotlib is loaded by the first plot, not by
`import tf_consensus`, which it would make slow.
"""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tf_consensus.plotting.saving import save

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

# Points, of ticks and legends, of axes, and of titles.
SMALL, MEDIUM, LARGE = 11, 12, 13
_SPELLED = {"cpu": "CPU", "frechet": "Fréchet", "fid": "FID", "gamma": "γ"}
_AXES = {
    "within_3_sigma": "share of samples within 3σ",
    "within_0.05": "share of samples within 0.05 of a mode",
    "mode_kl": "KL divergence from even modes",
    "wasserstein1": "Wasserstein-1 distance",
}
# Inches of a letter and of a line of a legend, and of a legend's line with its gap.
_LETTER, _LINE, _KEY = 0.088, 0.235, 0.62
REFERENCE: dict[str, Any] = {"color": "0.3", "linestyle": (0, (4, 3)), "linewidth": 1}


def words(name: str) -> str:
    """The name of a logged quantity as axes and tables say it."""
    return " ".join(_SPELLED.get(word, word) for word in name.split("_"))


def axis_words(name: str) -> str:
    """The name of a logged quantity on an axis: the standard term, where it has one."""
    return _AXES.get(name, words(name))


def new_figure(width: float, height: float) -> "Figure":
    """An empty figure of that many inches, which finds room for all labels."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def legend_line(**style: Any) -> "Line2D":
    """A line that only the legend shows."""
    from matplotlib.lines import Line2D

    return Line2D([], [], **style)


def tidy(axis: "Axes") -> None:
    """Takes away what distracts, draws a faint grid, and makes letters large enough."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(alpha=0.25)
    enlarge(axis)


def enlarge(axis: "Axes") -> None:
    """Makes the letters of ticks, labels and title large enough for the back of a room."""
    axis.tick_params(which="both", labelsize=SMALL)
    for text, size in ((axis.xaxis.label, MEDIUM), (axis.yaxis.label, MEDIUM), (axis.title, LARGE)):
        text.set_fontsize(size)


def legend_columns(labels: Sequence[str], width: float) -> int:
    """How many columns a legend below a figure of so many inches has room for."""
    longest = max(map(len, labels), default=1)
    return max(1, min(len(labels), int(width / (_KEY + _LETTER * longest))))


def legend_height(labels: Sequence[str], width: float) -> float:
    """Inches of a legend below a figure of so many inches."""
    return 0.25 + _LINE * -(-len(labels) // legend_columns(labels, width))


def legend_below(figure: "Figure", entries: "Sequence[Line2D]") -> None:
    """Says below all panels what the lines are, where no line can be under it."""
    labels = [str(entry.get_label()) for entry in entries]
    columns = legend_columns(labels, figure.get_figwidth())
    place: dict[str, Any] = {"loc": "outside lower center", "ncols": columns, "frameon": False}
    # Long enough for one repetition of every kind of dashes.
    look: dict[str, Any] = {"fontsize": SMALL, "handlelength": 2.8, "columnspacing": 1.2}
    figure.legend(handles=entries, **place, **look)


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
