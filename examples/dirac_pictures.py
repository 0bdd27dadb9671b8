"""The pictures of `dirac_gan.py`: one per question, and an overview of all.

A kind of update has the colour that it has in all pictures of the project.
"""

import numpy as np
from dirac_variants import START, UPDATES, VARIANTS, flow
from matplotlib import colormaps
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap, PowerNorm, to_rgb

from tf_consensus import problems
from tf_consensus.plotting.methods import line_styles
from tf_consensus.plotting.style import (
    LARGE,
    MEDIUM,
    SMALL,
    enlarge,
    new_figure,
    saved,
    scale_by_logarithm,
    tidy,
)

EXTENT = 2.0
# Distances below are of rounding.
LEAST_DISTANCE = 1e-12
STYLES = line_styles(title for title, _ in UPDATES.values())
# Without the palest, which no projector shows.
_GREYS = ListedColormap(colormaps["Greys"](np.linspace(0.3, 1, 256)))
_PALE = 0.3  # how much of its colour the first iterate has


def draw_variant(path, variant, settings, runs):
    """One variant on one slide: the flow, the iterates of each kind of update, and distances."""
    updates = settings["updates"]
    figure = new_figure(3.0 * (len(updates) + 1) + 1.0, 7.2)
    above, below = figure.subfigures(2, 1, height_ratios=(1.35, 1))
    panels = above.subplots(1, len(updates) + 1, sharey=True)
    problem = problems.DiracGAN(**VARIANTS[variant][1])
    arrows = [draw_field(axes, problem, shaded=True) for axes in panels]
    draw_flow(panels[0], problem, settings)
    panels[0].set_title("infinitely small steps")
    for axes, update in zip(panels[1:], updates, strict=True):
        draw_iterates(axes, runs[variant, update]["iterates"], STYLES[UPDATES[update][0]]["color"])
        axes.set_title(UPDATES[update][0])
    for axes in panels:
        plain_axes(axes)
        axes.set_xlabel("θ (generator)")
        enlarge(axes)
    panels[0].set_ylabel("ψ (discriminator)")
    scale = above.colorbar(arrows[0], ax=panels, pad=0.01, shrink=0.8)
    scale.set_label("length of v", fontsize=MEDIUM)
    scale.ax.tick_params(labelsize=SMALL)
    draw_distances(below.subplots(), variant, settings, runs)
    name = VARIANTS[variant][0].replace("\n", " ")
    figure.suptitle(
        f"{name}: does it reach the equilibrium (+)?\nIterates from pale (first) to dark (last), "
        f"{settings['steps']} rounds of step size {settings['step_size']:g} from the dot",
        fontsize=LARGE + 1,
    )
    saved(figure, path)


def draw_distances(axes, variant, settings, runs):
    """Distances to the equilibrium, logarithmic in the step where a run converges slowly."""
    slow, least = False, 1.0
    for update in settings["updates"]:
        run, title = runs[variant, update], UPDATES[update][0]
        distance = np.linalg.norm(run["iterates"], axis=1)
        shown = np.where(distance > LEAST_DISTANCE, distance, np.nan)
        axes.plot(
            1 + np.arange(len(shown)), shown, **STYLES[title], label=f"{title}:\n{run['said']}"
        )
        slow, least = slow or run["trend"] == "sublinear", min(least, np.nanmin(shown))
    axes.set(yscale="log", xlabel="round", ylabel="distance to +")
    if least > 1e-3:
        scale_by_logarithm(axes)
    if slow:
        axes.set_xscale("log")
        axes.set_xlabel("round; a power of it is a straight line")
    tidy(axes)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=SMALL)


def draw_overview(path, settings, runs):
    """A column per variant: the flow, then the iterates of each kind of update."""
    variants, updates = settings["variants"], settings["updates"]
    rows, columns = len(updates) + 1, len(variants)
    figure = new_figure(2.2 * columns + 0.9, 2.3 * rows + 1.2)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for column, variant in zip(grid.T, variants, strict=True):
        title, options = VARIANTS[variant]
        problem = problems.DiracGAN(**options)
        for axes in column:
            plain_axes(axes)
            draw_field(axes, problem)
        column[0].set_title(title)
        draw_flow(column[0], problem, settings)
        column[-1].set_xlabel("θ (generator)")
        for axes, update in zip(column[1:], updates, strict=True):
            run = runs[variant, update]
            draw_iterates(axes, run["iterates"], STYLES[UPDATES[update][0]]["color"])
            axes.text(
                0.04, 0.04, run["said"].replace(" like", "\nlike"), transform=axes.transAxes, **_BOX
            )
    titles = ["infinitely small steps", *(UPDATES[update][0] for update in updates)]
    for axes, title in zip(grid[:, 0], titles, strict=True):
        axes.set_ylabel(f"{title}\nψ (discriminator)")
    for axes in grid.flat:
        enlarge(axes)
    figure.suptitle(
        "Dirac-GAN: which training methods reach the equilibrium (+)?\n"
        f"{settings['steps']} rounds of step size {settings['step_size']:g} from the dot, from "
        "pale to dark; in brackets the last distance",
        fontsize=LARGE + 3 if columns > 4 else SMALL,
    )
    saved(figure, path)


_BOX = {"fontsize": 9, "bbox": {"facecolor": "white", "edgecolor": "0.8", "pad": 1.5}, "zorder": 6}


def plain_axes(axes):
    """The square that is drawn, with the equilibrium at its centre and the start."""
    axes.set(xlim=(-EXTENT, EXTENT), ylim=(-EXTENT, EXTENT), xticks=[-2, 0, 2], yticks=[-2, 0, 2])
    axes.set_aspect("equal")
    axes.plot(0, 0, "+", color="black", markersize=11, markeredgewidth=1.6, zorder=4)
    axes.plot(*START, "o", color="black", markersize=4, zorder=4)


def draw_field(axes, problem, points=11, shaded=False):
    """Arrows of one length along v, or shaded by that of v; WGAN's clip as dashed lines."""
    side = np.linspace(-EXTENT, EXTENT, points)
    theta, psi = np.meshgrid(side, side)
    v = np.array(problem.vector_field(theta, psi))
    length = np.hypot(*v)
    unit = v / np.maximum(length, 1e-12)
    look = {"scale": 14, "width": 0.009, "pivot": "mid"}
    if shaded:
        norm = PowerNorm(0.5, vmin=0, vmax=length.max())
        arrows = axes.quiver(theta, psi, *unit, length, cmap=_GREYS, norm=norm, **look)
    else:
        arrows = axes.quiver(theta, psi, *unit, color="0.7", **look)
    if "clip" in problem.options:
        for bound in (-problem.options["clip"], problem.options["clip"]):
            axes.axhline(bound, color="0.4", linestyle="--", linewidth=0.8)
    return arrows


def draw_flow(axes, problem, settings):
    """The path of infinitely small steps."""
    path = flow(problem, settings["steps"] * settings["step_size"])
    axes.plot(*path.T, color="black", linewidth=1.6)


def draw_iterates(axes, iterates, color):
    """The iterates, pale at first and of full colour at last, and a ring around the last one."""
    order = np.log(np.arange(1, len(iterates) + 1)) / np.log(len(iterates))
    share = _PALE + (1 - _PALE) * order[:, None]
    colors = 1 - share * (1 - np.array(to_rgb(color)))
    segments = np.stack([iterates[:-1], iterates[1:]], axis=1)
    axes.add_collection(LineCollection(segments, colors=colors[1:], linewidths=0.7))
    axes.scatter(*iterates.T, s=7, c=colors, linewidths=0, zorder=3)
    axes.plot(*iterates[-1], "o", color=color, fillstyle="none", markersize=9, zorder=5)


def draw_eigenvalues(path, gammas, computed, closed):
    """The path in the complex plane, and its real and imaginary parts over γ."""
    figure = new_figure(12.4, 5.2)
    plane, parts = figure.subplots(1, 2, width_ratios=(1, 1.3))
    for branch in range(2):
        plane.plot(closed[:, branch].real, closed[:, branch].imag, color="0.6", zorder=1)
    points = plane.scatter(
        computed.real, computed.imag, c=np.repeat(gammas, 2), cmap="viridis", s=30, zorder=2
    )
    figure.get_layout_engine().set(wspace=0.08)
    scale = figure.colorbar(points, ax=plane)
    scale.set_label("weight γ of the penalty", fontsize=MEDIUM)
    scale.ax.tick_params(labelsize=SMALL)
    plane.axvline(0, color="black", linewidth=0.8)
    plane.set(xlabel="real part", ylabel="imaginary part", ylim=(-0.7, 0.7))
    plane.set_title("Complex plane: they meet at γ = 1")
    plane.text(-0.05, 0.58, "γ = 0: ±i/2, pure rotation", ha="right", fontsize=SMALL)
    for part, color, marker in (("real", "black", "o"), ("imag", "#E69F00", "^")):
        name = "imaginary parts" if part == "imag" else "real parts"
        parts.plot(gammas, getattr(closed, part), color=color, linewidth=1.5)
        parts.plot(gammas[::2], getattr(computed, part)[::2], marker, color=color, markersize=5)
        parts.plot([], [], f"-{marker}", color=color, label=name, markersize=5)
    parts.axvline(1, color="0.5", linestyle=":", linewidth=1.8, label="critical: γ = 2 f'(0) = 1")
    parts.axhline(0, color="black", linewidth=0.8)
    parts.set(xlabel="weight γ of the penalty", ylabel="part of the eigenvalue")
    parts.set_title("Marks: autodiff; lines: -γ/2 ± √(γ²/4 - f'(0)²)")
    for axes in (plane, parts):
        tidy(axes)
    parts.legend(loc="lower left", fontsize=SMALL)
    figure.suptitle(
        "Dirac-GAN with gradient penalty: eigenvalues of v' at the equilibrium", fontsize=LARGE + 1
    )
    saved(figure, path)
