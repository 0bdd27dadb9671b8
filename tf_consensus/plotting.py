"""Pictures of training: densities of 2-D samples, curves and animations.

Figures are built on `matplotlib.figure.Figure` alone, without pyplot and its global state, so
every function works headless and in threads. The densities of a picture share one scale: equal
colours are equal densities, and the darkest stands for the target's peak and all above. Shade
grows with the square root of the density, or widely spread samples would be too faint to see.
"""

import os
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

# Okabe and Ito's colours, which the colour-blind tell apart, without those too light for lines.
_METHOD_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_METHOD_STYLES = ("-", "--", ":", "-.")
_REFERENCE = {"color": "0.3", "linestyle": (0, (4, 3)), "linewidth": 1}
_DIVERGED = "^"
_FRAME_GREY = "0.7"
# The GIF's palette: blue for methods, red for the target, grey for text and frames.
_SHADES = {"blue": 96, "red": 96, "grey": 64}
_FIRST = {"blue": 0, "red": 96, "grey": 192}
_FRAME, _WHITE = 237, 255
_PANEL, _GAP, _TEXT_HEIGHT = 240, 8, 24  # pixels
_REST_MS = 2000


def density(samples, extent: float = 1.6, bins: int = 200, bandwidth: float = 0.05) -> np.ndarray:
    """Estimates the density of 2-D samples on a grid over the box [-extent, extent]².

    A histogram smoothed by a Gaussian, (1/n) Σᵢ N(x; xᵢ, bandwidth²): the kernel density
    estimate up to rounding each sample to its cell, in milliseconds for any number of samples.
    Samples outside the box count in n, but their kernels do not reach in.

    Args:
        samples: Points, of shape (n, 2).
        extent: Half the side of the box.
        bins: Cells a side.
        bandwidth: Standard deviation of the kernel, in the units of the samples.

    Returns:
        Array (bins, bins) of density a unit area; rows are y upwards, columns x.

    Raises:
        ValueError: If the samples are not of shape (n, 2).

    Example:
        >>> grid = density([[0.0, 0.0], [1.0, 0.5]])
        >>> round(float(grid.sum() * (3.2 / 200) ** 2), 3)
        1.0
    """
    x, y = _points(samples).T
    box = [[-extent, extent]] * 2
    counts, _, _ = np.histogram2d(y, x, bins=bins, range=box)
    cell = 2.0 * extent / bins
    smooth = gaussian_filter(counts, bandwidth / cell, mode="constant")
    return smooth / (max(len(x), 1) * cell**2)


def density_grid(
    rows: Mapping[str, Sequence],
    titles: Sequence[str],
    target,
    extent: float = 1.6,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draws densities over training, a method a row, the target in red at the end of each.

    Args:
        rows: For each method its samples (n, 2), one array a column. A row may be shorter than
            the others or hold None: such a panel shows a dash.
        titles: Titles of the columns, e.g. the iterations "0", "5000", "10000".
        target: Samples (n, 2) of the target.
        extent: Half the side of the box that every panel shows.
        path: Where to save the figure too, in the format of the suffix.

    Returns:
        The figure.

    Raises:
        ValueError: If there are no rows, a row has more columns than titles, or samples are not
            of shape (n, 2).

    Example:
        >>> noise = np.random.default_rng(0).normal(size=(2, 500, 2))
        >>> figure = density_grid({"SimGA": [noise[0]]}, ["0"], target=noise[1])
        >>> len(figure.axes)
        2

    Reference: Mescheder, Nowozin, Geiger, "The Numerics of GANs", figure 2.
    """
    _check_rows("rows", rows, titles)
    columns = len(titles) + 1
    figure = Figure(figsize=(1.65 * columns + 0.4, 1.65 * len(rows) + 0.4), layout="constrained")
    axes = figure.subplots(len(rows), columns, squeeze=False)
    peak = _peak([target], extent)
    for axis, title in zip(axes[0], [*titles, "target"], strict=True):
        axis.set_title(title, fontsize=11)
    for line, (method, arrays) in zip(axes, rows.items(), strict=True):
        for axis, samples in zip(line, _padded(arrays, columns - 1), strict=False):
            _draw_density(axis, samples, extent, peak, "Blues")
        _draw_density(line[-1], target, extent, peak, "Reds")
        line[0].set_ylabel(method, fontsize=11)
    # The limits are those of every panel, so one corner states them for all.
    _draw_limits(axes[-1, 0], extent)
    figure.align_ylabels(axes[:, 0])
    return _saved(figure, path)


def density_table(
    rows: Mapping[str, Mapping],
    targets: Mapping[str, np.ndarray],
    extent: float = 1.6,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draws the densities of several methods, a row a method, on several targets, a column each.

    The last row holds the targets, in red. Each column has a scale of its own, as `density_grid`
    has: the darkest colour is the peak of its target.

    Args:
        rows: For each method its samples (n, 2), by target. A panel without samples shows a dash,
            one of samples that are not finite says so.
        targets: Samples (n, 2) of each target, by name.
        extent: Half the side of the box that every panel shows.
        path: Where to save the figure too, in the format of the suffix.

    Returns:
        The figure.

    Raises:
        ValueError: If there are no rows or no targets, a row has samples for an unknown target,
            or samples are not of shape (n, 2).

    Example:
        >>> noise = np.random.default_rng(0).normal(size=(2, 500, 2))
        >>> figure = density_table({"SimGA": {"noise": noise[0]}}, {"noise": noise[1]})
        >>> [axis.get_title() for axis in figure.axes]
        ['noise', '']

    Reference: Mescheder, Geiger, Nowozin, "Which Training Methods for GANs do actually Converge?".
    """
    _check_table(rows, targets)
    size = (1.25 * len(targets) + 0.4, 1.25 * (len(rows) + 1) + 0.3)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(len(rows) + 1, len(targets), squeeze=False)
    for column, (name, target) in zip(axes.T, targets.items(), strict=True):
        peak = _peak([target], extent)
        column[0].set_title(name, fontsize=10)
        for axis, samples in zip(column, rows.values(), strict=False):
            _draw_density(axis, samples.get(name), extent, peak, "Blues")
        _draw_density(column[-1], target, extent, peak, "Reds")
    for axis, method in zip(axes[:, 0], [*rows, "target"], strict=True):
        axis.set_ylabel(method, fontsize=8)
    _draw_limits(axes[-1, 0], extent)
    figure.align_ylabels(axes[:, 0])
    return _saved(figure, path)


def training_curves(
    histories: Mapping[str, Mapping],
    quantities: Sequence[str],
    step_unit: str = "iterations",
    references: Mapping[str, float] | None = None,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draws quantities logged over training, a panel a quantity and a colour a method.

    Args:
        histories: For each method its quantities, each a pair (steps, values) of equal length.
            A method may lack a quantity.
        quantities: The quantities to draw, in order. One whose name ends in "norm" gets a
            logarithmic axis.
        step_unit: What the steps count, e.g. "iterations" or "seconds".
        references: For some quantities a value to draw as a dashed line, e.g.
            `{"discriminator_loss": 2 * np.log(2)}`, the loss at equilibrium.
        path: Where to save the figure too, in the format of the suffix.

    Returns:
        The figure.

    Raises:
        ValueError: If there is nothing to draw, no method has one of the quantities, a reference
            is for none of them, or steps and values differ in length.

    Example:
        >>> history = {"generator_loss": ([0, 100], [0.9, 0.7])}
        >>> figure = training_curves({"consensus": history}, ["generator_loss"])
        >>> figure.axes[0].get_ylabel()
        'generator loss'
    """
    references = dict(references or {})
    _check_histories(histories, quantities, references)
    figure = Figure(figsize=(3.6 * len(quantities), 2.9), layout="constrained")
    panels = figure.subplots(1, len(quantities), squeeze=False)[0]
    for axis, quantity in zip(panels, quantities, strict=True):
        _draw_curves(axis, histories, quantity)
        axis.set(xlabel=step_unit, ylabel=quantity.replace("_", " "))
        if quantity in references:
            _draw_reference(axis, references[quantity])
    labelled = [dict(zip(*axis.get_legend_handles_labels()[::-1], strict=True)) for axis in panels]
    legend = {label: handle for handles in labelled for label, handle in handles.items()}
    figure.legend(
        legend.values(), legend, loc="outside upper center", ncols=len(legend), frameon=False
    )
    return _saved(figure, path)


def seed_curves(
    panels: Mapping[str, Mapping],
    quantity: str,
    step_unit: str = "iterations",
    references: Mapping[str, float] | None = None,
    reference_label: str = "reference",
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draws one positive quantity over training for several seeds, a panel each, a colour a method.

    A line is the mean over the seeds, the band around it reaches from the smallest to the largest.
    Where the value of a seed is not finite the line breaks off, and a mark stands at the top. The
    axis is logarithmic.

    Args:
        panels: For each panel its methods, each a pair (steps, values), values of shape
            (seeds, steps). A method may lack in a panel.
        quantity: What the values are.
        step_unit: What the steps count.
        references: For some panels a value to draw as a dashed line.
        reference_label: What the references are.
        path: Where to save the figure too, in the format of the suffix.

    Returns:
        The figure.

    Raises:
        ValueError: If there is nothing to draw, a reference is for no panel, or steps and values
            differ in length.

    Example:
        >>> runs = {"consensus": ([100, 200], [[0.5, 0.1], [0.6, 0.2]])}
        >>> figure = seed_curves({"circle": runs}, "Wasserstein-1 distance")
        >>> [round(float(y), 2) for y in figure.axes[0].lines[0].get_ydata()]
        [0.55, 0.15]
    """
    references = dict(references or {})
    _check_panels(panels, references)
    methods = list(dict.fromkeys(method for runs in panels.values() for method in runs))
    columns = min(2, len(panels))
    lines = -(-len(panels) // columns)
    figure = Figure(figsize=(4.2 * columns + 2.2, 2.9 * lines), layout="constrained")
    axes = list(figure.subplots(lines, columns, squeeze=False).flat)
    for axis in axes[len(panels) :]:
        axis.set_axis_off()
    diverged = False
    for axis, (panel, runs) in zip(axes, panels.items(), strict=False):
        axis.set(title=panel, xlabel=step_unit, ylabel=quantity)
        _scale_by_logarithm(axis)
        for method, pair in runs.items():
            steps, values = _seed_series(panel, method, pair)
            # Bands of many methods lie on each other.
            _draw_seeds(axis, steps, values, methods.index(method), 0.15 / max(1, len(runs) / 4))
            diverged |= not np.isfinite(values).all()
        if panel in references:
            axis.axhline(references[panel], **_REFERENCE)
        _tidy(axis)
    entries = _seed_legend(methods, references, reference_label, diverged)
    figure.legend(handles=entries, loc="outside right center", frameon=False, fontsize=9)
    return _saved(figure, path)


def density_animation(
    frames: Mapping[str, Sequence],
    path: str | os.PathLike,
    titles: Sequence[str],
    target=None,
    extent: float = 1.6,
    fps: float = 8,
) -> None:
    """Writes an animated GIF of densities over training, the methods side by side.

    The pixels are the density's grid cells, coloured by a palette: some 15 ms a frame, where
    a drawn figure takes half a second. The animation repeats, and rests on its last frame.

    Args:
        frames: For each method its samples (n, 2), one array a frame. A method may have fewer
            frames than the others or hold None: its panel then shows a dash.
        path: Where to write the GIF.
        titles: A caption a frame, e.g. "1000 iterations".
        target: Samples (n, 2) of the target, shown in red at the right. Without them the
            darkest colour is the highest peak of the methods' last densities.
        extent: Half the side of the box.
        fps: Frames a second, 1 to 50; GIF rounds the duration of a frame to 10 ms.

    Raises:
        ValueError: If there are no methods, a method has more frames than titles, samples are
            not of shape (n, 2), or fps is out of range.

    Example:
        >>> noise = np.random.default_rng(0).normal(size=(2, 500, 2))
        >>> density_animation({"SimGA": noise}, "simga.gif", ["start", "end"])
    """
    _check_rows("frames", frames, titles)
    if not 1 <= fps <= 50:
        raise ValueError(
            f"Frames a second must lie between 1 and 50, which viewers show. Received: fps={fps}."
            " Pass e.g. `fps=8`."
        )
    rows = {method: _padded(arrays, len(titles)) for method, arrays in frames.items()}
    last = [_last_drawable(row, extent) for row in rows.values()]
    peak = _peak(last if target is None else [target], extent)
    fixed = [] if target is None else [_column("target", target, extent, peak, "red")]
    images = []
    for title, *arrays in zip(titles, *rows.values(), strict=True):
        moving = [_column(*pair, extent, peak, "blue") for pair in zip(rows, arrays, strict=True)]
        images.append(_frame([*moving, *fixed], title))
    durations = [10 * round(100 / fps)] * (len(images) - 1) + [_REST_MS]
    images[0].save(path, save_all=True, append_images=images[1:], duration=durations, loop=0)


# Validation: once, before anything is drawn.


def _points(samples):
    points = np.asarray(samples, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(
            f"Samples must be points in the plane, of shape (n, 2). Received: shape={points.shape}."
            " Take two columns, e.g. `samples[:, :2]`."
        )
    return points


def _check_rows(name, rows, titles):
    if not rows or len(titles) == 0:
        raise ValueError(
            f"`{name}` must hold a method, and `titles` a title, at least. Received: "
            f"{name} of {list(rows)}, titles={list(titles)}. "
            "Pass e.g. {'consensus': [samples]}, ['0']."
        )
    for method, arrays in rows.items():
        if len(arrays) > len(titles):
            raise ValueError(
                "No method may have more arrays of samples than there are titles. Received: "
                f"{len(arrays)} arrays for {method!r}, {len(titles)} titles. Add titles."
            )


def _check_histories(histories, quantities, references):
    if not histories or not quantities:
        raise ValueError(
            "There must be a method and a quantity to draw. Received: "
            f"histories of {list(histories)}, quantities={list(quantities)}."
            " Pass e.g. {'consensus': {'generator_loss': (steps, values)}}, ['generator_loss']."
        )
    known = set().union(*histories.values())
    for name, wanted, there in (
        ("quantities", quantities, known),
        ("references", references, quantities),
    ):
        if missing := [quantity for quantity in wanted if quantity not in there]:
            raise ValueError(
                f"Every one of `{name}` must be drawn from a history. "
                f"Received: {name}={missing}. Choose from {sorted(there)}."
            )


def _check_table(rows, targets):
    if not rows or not targets:
        raise ValueError(
            "`rows` must hold a method, and `targets` a target, at least. Received: rows of "
            f"{list(rows)}, targets of {list(targets)}. "
            "Pass e.g. {'consensus': {'circle': samples}}, {'circle': samples}."
        )
    for method, samples in rows.items():
        if unknown := [name for name in samples if name not in targets]:
            raise ValueError(
                "Every method's samples must be of one of the targets. Received: samples of "
                f"{unknown} for {method!r}. Choose from {list(targets)}."
            )


def _check_panels(panels, references):
    if not any(panels.values()):
        raise ValueError(
            f"There must be a panel with a method to draw. Received: panels={dict(panels)}. "
            "Pass e.g. {'circle': {'consensus': (steps, values)}}."
        )
    if missing := [panel for panel in references if panel not in panels]:
        raise ValueError(
            "Every reference must belong to a panel. "
            f"Received: references={missing}. Choose from {list(panels)}."
        )


# Densities.


def _even_lightness(name, size):
    """Resamples a colour map to equal steps of lightness, so that it is perceptually uniform."""
    rgb = matplotlib.colormaps[name](np.linspace(0, 1, 256))[:, :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    lightness = np.cbrt(linear @ [0.2126, 0.7152, 0.0722])
    even = np.linspace(lightness[0], lightness[-1], size)
    # The maps darken, and np.interp wants increasing abscissae.
    return np.stack([np.interp(-even, -lightness, channel) for channel in rgb.T], axis=1)


def _padded(arrays, length):
    return [*arrays, *[None] * (length - len(arrays))]


def _last_drawable(arrays, extent):
    return next((a for a in reversed(arrays) if _message(a, extent) is None), None)


def _peak(arrays, extent):
    """Returns the highest density, that of the darkest colour; never 0, as it divides."""
    drawn = [density(samples, extent).max() for samples in arrays if samples is not None]
    return max([*drawn, np.finfo(np.float64).tiny])


def _shades(samples, extent, peak, bins=200):
    return np.sqrt(np.minimum(density(samples, extent, bins) / peak, 1.0))


def _message(samples, extent):
    """Says why there is no density to draw, if there is none."""
    if samples is None:
        return "–"
    points = _points(samples)
    if not np.isfinite(points).all():
        return f"diverged ({'NaN' if np.isnan(points).any() else 'infinite'})"
    inside = (np.abs(points) <= extent).all(axis=1).any()
    return None if inside else "no samples\nin the box"


def _draw_density(axis, samples, extent, peak, colors):
    axis.set(xlim=(-extent, extent), ylim=(-extent, extent), xticks=[], yticks=[], aspect="equal")
    for spine in axis.spines.values():
        spine.set_color(_FRAME_GREY)
    if message := _message(samples, extent):
        axis.text(0, 0, message, ha="center", va="center", color="0.35", fontsize=9)
        return
    shades = _shades(samples, extent, peak)
    cmap = ListedColormap(_even_lightness(colors, 256))
    box = (-extent, extent, -extent, extent)
    axis.imshow(shades, cmap=cmap, vmin=0, vmax=1, origin="lower", extent=box)


def _draw_limits(axis, extent):
    axis.set(xticks=[-extent, extent], yticks=[-extent, extent])
    axis.tick_params(labelsize=8, length=2)
    # Kept within the panel's sides, the labels push no other panel away.
    for label, side in zip(axis.get_xticklabels(), ("left", "right"), strict=True):
        label.set_horizontalalignment(side)
    for label, side in zip(axis.get_yticklabels(), ("bottom", "top"), strict=True):
        label.set_verticalalignment(side)


# Curves.


def _draw_curves(axis, histories, quantity):
    drawn = []
    for index, (method, history) in enumerate(histories.items()):
        if quantity not in history:
            continue
        steps, values = _series(method, quantity, history[quantity])
        axis.plot(steps, values, **_line_style(index), label=method)
        drawn.append(values)
    _tidy(axis)
    drawn = np.concatenate(drawn)
    # A run that broke at once may have no positive norm, which a logarithm needs.
    if quantity.endswith("norm") and (np.isfinite(drawn) & (drawn > 0)).any():
        axis.set_yscale("log")


def _line_style(index):
    color = _METHOD_COLORS[index % len(_METHOD_COLORS)]
    style = _METHOD_STYLES[index // len(_METHOD_COLORS) % len(_METHOD_STYLES)]
    return {"color": color, "linestyle": style, "linewidth": 1.2}


def _tidy(axis):
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(alpha=0.25)


def _scale_by_logarithm(axis):
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.yaxis.set_minor_formatter(NullFormatter())


def _series(method, quantity, pair):
    steps, values = (np.asarray(series, dtype=np.float64) for series in pair)
    if steps.ndim != 1 or steps.shape != values.shape:
        raise ValueError(
            "Steps and values must be series of one length. Received: shapes "
            f"{steps.shape} and {values.shape} for {quantity!r} of {method!r}. "
            "Pass (steps, values), one value a step."
        )
    return steps, values


def _draw_seeds(axis, steps, values, index, alpha):
    """Draws mean and band where all seeds are finite, and marks at the top elsewhere."""
    finite = np.isfinite(values).all(axis=0)
    values = np.where(finite, values, np.nan)
    style = _line_style(index)
    # One value makes no line.
    alone = "." if finite.sum() == 1 else None
    axis.plot(steps, values.mean(axis=0), marker=alone, **style)
    if len(values) > 1:
        band = {"color": style["color"], "alpha": alpha, "linewidth": 0}
        axis.fill_between(steps, values.min(axis=0), values.max(axis=0), **band)
    if not finite.all():
        # In the axes' own units, as infinity has no place on the scale; a row a method.
        top = {"transform": axis.get_xaxis_transform(), "clip_on": False, "linestyle": "none"}
        mark = {"color": style["color"], "marker": _DIVERGED, "markersize": 4}
        heights = np.full(np.sum(~finite), 1 - 0.03 * index)
        axis.plot(steps[~finite], heights, **mark, **top)


def _seed_series(panel, method, pair):
    steps, values = (np.asarray(series, dtype=np.float64) for series in pair)
    if steps.ndim != 1 or values.shape[1:] != steps.shape or not len(values):
        raise ValueError(
            "Values must be of shape (seeds, steps), with as many columns as there are steps. "
            f"Received: shapes {steps.shape} and {values.shape} for {method!r} of {panel!r}. "
            "Pass (steps, values), one row a seed."
        )
    return steps, values


def _seed_legend(methods, references, reference_label, diverged):
    entries = [Line2D([], [], **_line_style(k), label=name) for k, name in enumerate(methods)]
    if references:
        entries.append(Line2D([], [], **_REFERENCE, label=reference_label))
    if diverged:
        mark = {"color": "0.3", "marker": _DIVERGED, "linestyle": "none"}
        entries.append(Line2D([], [], **mark, label="a seed has diverged"))
    return entries


def _draw_reference(axis, value):
    axis.axhline(value, **_REFERENCE)
    place = {"xy": (1, value), "xycoords": ("axes fraction", "data")}
    offset = {"xytext": (2, 0), "textcoords": "offset points"}
    axis.annotate(f"{value:.3g}", **place, **offset, fontsize=8, color="0.3", va="center")


def _saved(figure, path):
    if path is not None:
        figure.savefig(path, dpi=100)
    return figure


# Animation: arrays of palette indices, put together like boxes of text.


def _palette():
    grey = np.repeat(np.linspace(0, 1, _SHADES["grey"])[:, None], 3, axis=1)
    parts = [_even_lightness(f"{c.title()}s", _SHADES[c]) for c in ("blue", "red")]
    return np.round(255 * np.concatenate([*parts, grey])).astype(np.uint8).tobytes()


def _text(text, width, height, size=14):
    """Renders centred text, in the palette's greys."""
    image = Image.new("L", (width, height), 255)
    # matplotlib ships this font, and it knows γ.
    font = ImageFont.truetype(findfont("DejaVu Sans"), size)
    centre = (width / 2, height / 2)
    ImageDraw.Draw(image).text(centre, str(text), fill=0, font=font, anchor="mm", align="center")
    return _FIRST["grey"] + np.asarray(image) // 4


def _column(method, samples, extent, peak, color):
    """Renders a panel below the name of its method."""
    if message := _message(samples, extent):
        panel = _text(message, _PANEL, _PANEL)
    else:
        upright = _shades(samples, extent, peak, bins=_PANEL)[::-1]
        panel = _FIRST[color] + np.round((_SHADES[color] - 1) * upright)
    framed = np.pad(panel, 1, constant_values=_FRAME)
    return np.vstack([_text(method, _PANEL + 2, _TEXT_HEIGHT), framed])


def _frame(columns, title):
    gap = np.full((len(columns[0]), _GAP), _WHITE)
    row = np.hstack([gap, *(part for column in columns for part in (column, gap))])
    indices = np.vstack([row, _text(title, row.shape[1], _TEXT_HEIGHT + 4)])
    image = Image.fromarray(indices.astype(np.uint8))
    image.putpalette(_palette())
    return image
