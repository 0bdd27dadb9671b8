"""The animation of `dirac_gan.py`: the iterates of all variants in motion."""

import numpy as np
from dirac_pictures import STYLES, draw_field, plain_axes
from dirac_variants import START, UPDATES, VARIANTS
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from tf_consensus import problems
from tf_consensus.plotting.style import LARGE, MEDIUM, SMALL, legend_columns
from tf_consensus.support.files import replacing

_MARKERS = "o^s"


def draw_animation(path, settings, runs, frames=45, trail=25):
    """The iterates in motion, a panel per variant, a colour and a mark per kind of update.

    The fields are drawn once; a frame adds the moving points to that background.
    """
    variants, updates = settings["variants"], settings["updates"]
    columns = min(len(variants), 3)
    rows = -(-len(variants) // columns)
    figure = Figure(figsize=(2.7 * columns + 0.2, 3.1 * rows + 1.1), dpi=80)
    canvas = FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    moving = []
    for axes, variant in zip(panels, variants, strict=False):
        plain_axes(axes)
        axes.set(xticks=[], yticks=[])
        draw_field(axes, problems.DiracGAN(**VARIANTS[variant][1]))
        axes.set_title(VARIANTS[variant][0], fontsize=MEDIUM)
        moving += animated_lines(axes, updates, [runs[variant, u]["iterates"] for u in updates])
    for axes in panels[len(variants) :]:
        axes.set_axis_off()
    caption = frame_of(figure, [line for _, line in moving[: len(updates)]], updates)
    canvas.draw()
    background = canvas.copy_from_bbox(figure.bbox)
    # Early steps are long, late ones short: ever more steps lie between two frames.
    shown = np.unique(np.round(settings["steps"] * np.linspace(0, 1, frames) ** 2).astype(int))
    images = []
    for step in shown:
        canvas.restore_region(background)
        caption.set_text(f"Dirac-GAN after {step} of {settings['steps']} rounds")
        for iterates, line in moving:
            line.set_data(*iterates[max(0, step - trail) : step + 1].T)
            line.axes.draw_artist(line)
        figure.draw_artist(caption)
        pixels = Image.fromarray(np.asarray(canvas.buffer_rgba()).copy()).convert("RGB")
        images.append(pixels.quantize(palette=gif_palette(), dither=Image.Dither.NONE))
    durations = [120] * (len(images) - 1) + [2000]
    with replacing(path) as partial:
        images[0].save(partial, save_all=True, append_images=images[1:], duration=durations, loop=0)


def frame_of(figure, lines, updates):
    """The legend and the margins; returns the caption, which moves with the frames."""
    labels = [UPDATES[update][0] for update in updates]
    columns, height = legend_columns(labels, figure.get_figwidth()), figure.get_figheight()
    figure.legend(lines, labels, loc="lower center", ncols=columns, fontsize=SMALL, frameon=False)
    bottom = (0.15 + 0.25 * -(-len(labels) // columns)) / height
    figure.subplots_adjust(0.02, bottom, 0.98, 1 - 0.9 / height, 0.06, 0.24)
    return figure.text(0.5, 0.99, "", ha="center", va="top", fontsize=LARGE, animated=True)


def animated_lines(axes, updates, runs):
    """Pairs of iterates and the line that is to show them, its marker on the last one."""
    style = {"animated": True, "markersize": 7, "markevery": [-1]}
    return [
        (iterates, axes.plot(*START, **STYLES[UPDATES[update][0]], marker=marker, **style)[0])
        for iterates, update, marker in zip(runs, updates, _MARKERS, strict=False)
    ]


def gif_palette():
    """Greys, and tints of the updates' colours, which a chosen palette would mix up."""
    colors = [np.array(to_rgb(color)) for color in {style["color"] for style in STYLES.values()}]
    tints = [255 - 255 * (1 - color) * share / 8 for color in colors for share in range(1, 9)]
    greys = [np.full(3, level) for level in range(0, 256, 17)]
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.array(greys + tints).round().astype(np.uint8).tobytes())
    return palette
