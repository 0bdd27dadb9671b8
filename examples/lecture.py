"""The lecture's pictures: why games are harder than optimization, and what helps.

Follows "The Numerics of GANs" (IFT 6085, lecture 14): gradient descent for one player; the bilinear
game and its rotation; the field v, the conservative field -∇L and their combination w; heavy-ball
momentum, positive and negative; and all optimizers of the package on the same axes.

    python examples/lecture.py
    python examples/lecture.py --figures=momentum --momentum_step_size=0.3

Leaves in --output_dir one_player.png, fields.png, rotation.png, heavy_ball.png, momentum.png,
momentum_dirac_gan.png and optimizers.png, a CSV file of the numbers drawn by each figure, and
results.json with what the runs show and the theory predicts. About half a minute on one CPU core.
"""

import csv
import os
import pathlib
import sys
from collections.abc import Callable
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import scipy
import tensorflow as tf
from absl import app, flags
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from trend import trend

import tf_consensus as tfc
from tf_consensus import problems, theory
from tf_consensus.plotting.methods import line_styles
from tf_consensus.plotting.style import (
    LARGE,
    MEDIUM,
    SMALL,
    enlarge,
    legend_below,
    legend_line,
    new_figure,
    saved,
    scale_by_logarithm,
    tidy,
)
from tf_consensus.support.files import replacing, write_json

FIGURES = ("one_player", "fields", "rotation", "heavy_ball", "momentum", "optimizers")
BETAS = (-0.5, 0.0, 0.5)
START = (1.0, 1.0)
PREDICTED = {
    "color": "0.3",
    "marker": "o",
    "fillstyle": "none",
    "markersize": 9,
    "linestyle": "none",
}
GAMMA = 0.5  # weight of ∇L in w = v - γ∇L
# One scale for all fields of a picture.
SPEED_MAP, SPEEDS = "viridis_r", Normalize(0, 3)
# Of numbers, such as rates; methods have those of `plotting.methods`.
RATE_COLORS = ("black", "#E69F00", "#CC79A7", "#56B4E9", "#8C510A")

FLAGS = flags.FLAGS
flags.DEFINE_list("figures", list(FIGURES), f"Figures to draw, of {', '.join(FIGURES)}.")
flags.DEFINE_integer("steps", 200, "Steps of rotation, momentum and the optimizers.", 1)
flags.DEFINE_float("step_size", 0.2, "Step size of the optimizers that are compared.")
flags.DEFINE_float("momentum_step_size", 0.5, "Step size η of momentum on the bilinear game.")
flags.DEFINE_string("output_dir", "output/lecture", "Folder for all results.")
flags.register_validator(
    "figures",
    lambda names: names and set(names) <= set(FIGURES) and len(set(names)) == len(names),
    f"must be a comma list of different names out of {', '.join(FIGURES)}",
)
for flag in ("step_size", "momentum_step_size"):
    flags.register_validator(flag, lambda h: 0 < h < np.inf, "must be a number above 0")
flags.register_validator(
    "output_dir",
    lambda name: name and (pathlib.Path(name).is_dir() or not pathlib.Path(name).exists()),
    "must name a folder, existing or new, not a file",
)


class Scheme(NamedTuple):
    """An optimizer in the comparison, made for a step size; one line here adds another.

    `evaluations` is what a step costs: a field v, or a product with v' or its transpose, is one;
    alternating updates take each player's part of v once, one field in all.
    """

    make: Callable[[float], tfc.GameOptimizer]
    evaluations: int


OPTIMIZERS = {
    "simultaneous": Scheme(lambda h: tfc.SimultaneousOptimizer(sgd(h)), 1),
    "alternating": Scheme(lambda h: tfc.AlternatingOptimizer(sgd(h), sgd(h)), 1),
    "clipped (norm 0.5)": Scheme(lambda h: tfc.ClippedOptimizer(sgd(h), clip_norm=0.5), 1),
    "smoothing (γ = 1)": Scheme(lambda h: tfc.SmoothingOptimizer(sgd(h), gamma=1.0), 2),
    "consensus (γ = 1)": Scheme(lambda h: tfc.ConsensusOptimizer(sgd(h), gamma=1.0), 2),
    "momentum (β = -0.5)": Scheme(lambda h: tfc.MomentumOptimizer(sgd(h), momentum=-0.5), 1),
    "alternating momentum (β = -0.5)": Scheme(
        lambda h: tfc.AlternatingMomentumOptimizer(sgd(h), sgd(h), momentum=-0.5), 1
    ),
    "extragradient": Scheme(lambda h: tfc.ExtragradientOptimizer(sgd(h)), 2),
    "past extragradient": Scheme(lambda h: tfc.PastExtragradientOptimizer(sgd(h)), 1),
    "optimistic": Scheme(lambda h: tfc.OptimisticOptimizer(sgd(h)), 1),
    "symplectic": Scheme(lambda h: tfc.SymplecticOptimizer(sgd(h)), 3),
    "lookahead": Scheme(lambda h: tfc.LookaheadOptimizer(sgd(h)), 1),
    # Six conjugate gradient iterations of four products each.
    "competitive": Scheme(lambda h: tfc.CompetitiveOptimizer(sgd(h), max_iterations=6), 25),
}


def sgd(step_size):
    """Plain gradient steps."""
    return keras.optimizers.SGD(step_size)


# One player: gradient descent on ½hθ² (equation 2).


def one_player(folder):
    """Gradient descent θ ← (1 - ηh)θ: the eigenvalue 1 - ηh says all."""
    curvature, rates = 1.0, (0.1, 1.0, 1.8, 2.0, 2.1)
    theta = [np.ones(len(rates))]
    for _ in range(30):
        theta.append(theta[-1] - np.array(rates) * curvature * theta[-1])
    theta = np.array(theta)
    figure = new_figure(11, 5.2)
    left, right = figure.subplots(1, 2)
    x = np.linspace(-2.2, 2.2, 200)
    left.plot(x, curvature / 2 * x**2, color="0.6")
    entries = []
    for rate, path, color, mark in zip(rates, theta.T, RATE_COLORS, "osD^v", strict=True):
        label = f"ηh = {rate:g}: |1 - ηh| = {abs(1 - rate * curvature):.1f}"
        drawn = path[:9]
        left.plot(drawn, curvature / 2 * drawn**2, f"{mark}-", color=color, linewidth=1.2)
        # Zero, reached exactly by ηh = 1, has no place on a logarithmic axis.
        right.semilogy(np.maximum(np.abs(path), 1e-12), f"{mark}-", color=color, markersize=4)
        entries.append(legend_line(color=color, marker=mark, label=label))
    left.set(xlabel="θ", ylabel="loss ½hθ²", title="The first 8 steps from θ = 1", ylim=(-0.1, 2.5))
    right.set(xlabel="step", ylabel="distance |θ| to the minimum", ylim=(1e-5, 20))
    right.set_title("The distance falls like |1 - ηh|^t")
    for axes in (left, right):
        tidy(axes)
    legend_below(figure, entries)
    headline(figure, "One player: gradient descent converges if and only if |1 - ηh| < 1")
    saved(figure, folder / "one_player.png")
    rows = [
        [rate, step, value]
        for rate, path in zip(rates, theta.T, strict=True)
        for step, value in enumerate(path.tolist())
    ]
    write_csv(folder / "one_player.csv", ["eta_h", "step", "theta"], rows)
    return {
        f"eta_h {r:g}": {"factor": abs(1 - r), "final": abs(p[-1])}
        for r, p in zip(rates, theta.T, strict=True)
    }


# The three panels: v, -∇L and w (figure 2 of the lecture).


def linear_games():
    """Games of two numbers and the matrix A = v' of each."""
    return {
        "bilinear game": problems.Bilinear().jacobian(),
        "quadratic game, stable point": np.array([[-0.3, -1.0], [1.0, -0.1]]),
        "quadratic game, unstable point": np.array([[0.8, -0.5], [0.5, -1.0]]),
    }


def fields(folder):
    """The field v = Ax, the conservative -∇L = -AᵀAx, and w = v - γ∇L."""
    games = linear_games()
    figure = new_figure(12.2, 3.7 * len(games) + 0.8)
    grid = figure.subplots(len(games), 3, sharex=True, sharey=True)
    results, rows = {}, []
    for line, (game, a) in zip(grid, games.items(), strict=True):
        matrices = {
            "v": a,
            "-∇L": -a.T @ a,
            f"w = v - γ∇L, γ = {GAMMA:g}": theory.consensus_matrix(a, GAMMA),
        }
        results[game] = {}
        for axes, (name, matrix) in zip(line, matrices.items(), strict=True):
            values = np.linalg.eigvals(matrix)
            results[game][name] = {
                "eigenvalues": [[z.real, z.imag] for z in values.tolist()],
                "attracts": bool(values.real.max() < -1e-12),
            }
            rows += field_panel(axes, game, name, matrix, values)
        line[0].set_ylabel(f"{game}\nφ")
    for axes in grid[-1]:
        axes.set_xlabel("θ")
    for axes in grid.flat:
        enlarge(axes)
    scale = figure.colorbar(ScalarMappable(SPEEDS, SPEED_MAP), ax=grid, shrink=0.6, extend="max")
    scale.set_label("speed: length of the field at (θ, φ)", fontsize=MEDIUM)
    scale.ax.tick_params(labelsize=SMALL)
    headline(
        figure,
        "Three fields around a stationary point of a game:\n"
        "-∇L is attracted to all of them, w not to the unstable one",
    )
    saved(figure, folder / "fields.png")
    write_csv(folder / "fields.csv", ["game", "field", "theta", "phi", "d_theta", "d_phi"], rows)
    return results


def field_panel(axes, game, name, matrix, values):
    """Stream lines and the eigenvalues of a linear field; returns it as rows of a table."""
    side = np.linspace(-2, 2, 21)
    theta, phi = np.meshgrid(side, side)
    d_theta, d_phi = np.tensordot(matrix, np.stack([theta, phi]), 1)
    speed = np.hypot(d_theta, d_phi)
    axes.streamplot(
        theta,
        phi,
        d_theta,
        d_phi,
        color=speed,
        cmap=SPEED_MAP,
        norm=SPEEDS,
        density=0.7,
        linewidth=1.4,
        arrowsize=1.3,
    )
    axes.plot(0, 0, "o", color="black", markersize=5)
    axes.set(xlim=(-2, 2), ylim=(-2, 2), xticks=[-2, 0, 2], yticks=[-2, 0, 2])
    axes.set_aspect("equal")
    axes.set_title(f"{name}\neigenvalues {spectrum_text(values)}")
    columns = (theta, phi, d_theta, d_phi)
    return [
        [game, name, *map(float, row)] for row in zip(*(c.ravel() for c in columns), strict=True)
    ]


def spectrum_text(values):
    """Two eigenvalues in words: a ± bi, or both."""
    first, second = sorted(values, key=lambda z: (z.real, z.imag))
    if abs(first.imag) < 1e-12:
        return " and ".join(dict.fromkeys(f"{z.real:.2g}" for z in (first, second)))
    real = "" if abs(first.real) < 1e-12 else f"{first.real:.2g} "
    return f"{real}± {abs(second.imag):.2g}i"


def headline(figure, text):
    """What a picture says, above it."""
    figure.suptitle(text, fontsize=LARGE + 1)


# Rotation: the bilinear game (equations 7 and 8).


def rotation(folder):
    """Simultaneous steps leave by a factor sqrt(1 + η²) each, alternating ones stay on an orbit."""
    a, steps = problems.Bilinear().jacobian(), FLAGS.steps
    rates = (0.05, 0.1, 0.2)
    figure, entries = new_figure(13, 5.6), []
    plane, middle, right = figure.subplots(1, 3)
    results, rows = {"eigenvalues": [[z.real, z.imag] for z in np.linalg.eigvals(a).tolist()]}, []
    rotation_spectrum(plane, a, rates)
    for rate, color in zip(rates, RATE_COLORS, strict=False):
        for name, alternating in (("simultaneous", False), ("alternating", True)):
            path = heavy_ball(problems.Bilinear(), rate, 0.0, steps, alternating)
            distance = np.linalg.norm(path, axis=1)
            line = "--" if alternating else "-"
            shown = path[: round(4 * np.pi / rate) + 1]  # two turns
            middle.plot(*shown.T, line, color=color, linewidth=1.5)
            right.plot(distance, line, color=color, linewidth=1.8)
            entries.append(legend_line(color=color, linestyle=line, label=f"{name}, η = {rate:g}"))
            results[f"{name} {rate:g}"] = {"growth": float(distance[-1] / distance[0])}
            rows += [[name, rate, t, *map(float, x)] for t, x in enumerate(path)]
        # Circles, as the lines lie on each other.
        places = np.arange(0, steps + 1, max(1, steps // 10))
        right.plot(places, np.sqrt(2) * (1 + rate**2) ** (places / 2), **PREDICTED)
        results[f"simultaneous {rate:g}"]["predicted"] = float((1 + rate**2) ** (steps / 2))
    entries.append(legend_line(**PREDICTED, label="predicted: √2 (1 + η²)^(t/2)"))
    middle.plot(*START, "o", color="black", markersize=5)
    middle.plot(0, 0, "+", color="black", markersize=10)
    middle.set(xlabel="θ", ylabel="φ", title="The first two turns from (1, 1)")
    middle.set_aspect("equal")
    right.set(
        xlabel="step t",
        ylabel="distance to the equilibrium",
        title="The eigenvalues predict the distance",
    )
    scale_by_logarithm(right)
    for axes in (middle, right):
        tidy(axes)
    legend_below(figure, entries)
    headline(
        figure,
        "Bilinear game: pure rotation. Simultaneous steps spiral out, alternating ones orbit",
    )
    saved(figure, folder / "rotation.png")
    write_csv(folder / "rotation.csv", ["updates", "eta", "step", "theta", "phi"], rows)
    return results


def rotation_spectrum(axes, matrix, rates):
    """The eigenvalues ±i of v' and 1 ± iη of a step, beside the unit circle."""
    unit_circle(axes)
    values = np.linalg.eigvals(matrix)
    axes.plot(values.real, values.imag, "x", color="black", markersize=8, label="±i, of v'")
    for rate, color, mark in zip(rates, RATE_COLORS, "osD", strict=False):
        update = theory.euler_eigenvalues(values, rate)
        label = f"1 ± iη, η = {rate:g}"
        look = {"color": color, "fillstyle": "none", "markersize": 9, "label": label}
        axes.plot(update.real, update.imag, mark, **look)
    axes.set(xlim=(-1.2, 1.4), ylim=(-1.2, 1.2), title="Eigenvalues of a step lie outside")
    axes.legend(fontsize=SMALL, loc="center", frameon=False)
    enlarge(axes)


def unit_circle(axes):
    """The unit circle, inside of which a step converges, and the axes through its centre."""
    angle = np.linspace(0, 2 * np.pi, 200)
    axes.fill(np.cos(angle), np.sin(angle), color="0.94", zorder=0)
    axes.plot(np.cos(angle), np.sin(angle), color="0.4", linewidth=0.8, zorder=1)
    axes.axhline(0, color="0.8", linewidth=0.7, zorder=0)
    axes.axvline(0, color="0.8", linewidth=0.7, zorder=0)
    axes.set(xlabel="real part", ylabel="imaginary part")
    axes.set_aspect("equal")


# Momentum (equations 11 and 12).


def heavy_ball_figure(folder):
    """The spectrum of F_{η,β} as β goes from -1 to 1, for three kinds of eigenvalue of v'."""
    rate = 0.5
    cases = {
        "one player: μ = -0.5": np.array([-0.5 + 0j]),
        "damped rotation: μ = -0.5 ± 1.5i": np.array([-0.5 + 1.5j, -0.5 - 1.5j]),
        "bilinear game: μ = ±i": np.array([1j, -1j]),
    }
    betas = np.linspace(-0.95, 0.95, 191)
    figure = new_figure(13.4, 5.6)
    results, rows = {"step_size": rate}, []
    for axes, (title, values) in zip(
        figure.subplots(1, 3, sharey=True), cases.items(), strict=True
    ):
        spectra = np.array([theory.heavy_ball_eigenvalues(values, rate, b) for b in betas])
        radii = np.abs(spectra).max(axis=1)
        best = int(np.argmin(radii))
        unit_circle(axes)
        roots = spectra.ravel()
        points = axes.scatter(
            roots.real, roots.imag, s=16, cmap="viridis", c=np.repeat(betas, spectra.shape[1])
        )
        without = theory.heavy_ball_eigenvalues(values, rate, 0.0)
        without = without[np.abs(without) > 1e-9]  # the memory's own roots are 0
        axes.plot(without.real, without.imag, "kx", markersize=10, markeredgewidth=2)
        axes.set(xlim=(-1.35, 1.65), ylim=(-1.3, 1.3))
        axes.label_outer()
        axes.set_title(
            f"{title[0].upper()}{title[1:]}\n"
            f"spectral radius {np.abs(without).max():.4f} at β = 0 (×)\n"
            f"lowest {radii[best]:.4f}, at β = {betas[best]:.2f}"
        )
        enlarge(axes)
        results[title] = {
            "lowest_radius": float(radii[best]),
            "at_beta": float(betas[best]),
            "without_momentum": float(np.abs(without).max()),
        }
        rows += [
            [title, float(b), float(z.real), float(z.imag)]
            for b, spectrum in zip(betas, spectra, strict=True)
            for z in spectrum
        ]
    scale = figure.colorbar(points, ax=figure.axes)
    scale.set_label("momentum β", fontsize=MEDIUM)
    scale.ax.tick_params(labelsize=SMALL)
    headline(
        figure,
        f"Simultaneous steps with momentum, η = {rate:g}: they converge if all eigenvalues of the "
        "heavy-ball operator are inside the circle",
    )
    saved(figure, folder / "heavy_ball.png")
    write_csv(folder / "heavy_ball.csv", ["case", "beta", "real", "imaginary"], rows)
    return results


def heavy_ball(problem, step_size, momentum, steps, alternating):
    """Equation 11 as it stands, x ← x + ηv(x) + β(x - x_before), without the augmented operator.

    With `alternating` the second player sees the first one's new parameter.
    """
    path = [np.array(START)] * 2  # the past of the first step is the start: no displacement
    for _ in range(steps):
        past, x = path[-2:]
        carried = momentum * (x - past)
        theta = x[0] + step_size * problem.vector_field(*x)[0] + carried[0]
        seen = (theta, x[1]) if alternating else x
        phi = x[1] + step_size * problem.vector_field(*seen)[1] + carried[1]
        path.append(np.array([theta, phi]))
    return np.array(path[1:])


def outcome(path):
    """What a run does, by the trend of its distance to the equilibrium.

    A run that left and came to rest far away, where a discriminator saturates, has diverged.
    """
    distance = np.linalg.norm(path, axis=1)
    found = trend(distance)
    if found.converges:
        return "converges"
    if found.kind == "grows" or not distance[-1] < 2 * distance[0]:
        return "diverges"
    return "neither" if found.kind == "stays" else "too short"


OUTCOMES = {
    "converges": "converges",
    "diverges": "diverges",
    "neither": "comes no closer",
    "too short": "too few steps to tell",
}


def momentum_figure(folder):
    """Momentum β below, at and above 0; simultaneous and alternating; also on a saturating GAN."""
    rate, steps = FLAGS.momentum_step_size, FLAGS.steps
    # The Dirac-GAN rotates half as fast: twice the step makes the spectra those of the game above.
    cases = {
        "bilinear, simultaneous": (problems.Bilinear(), rate, False),
        "bilinear, alternating": (problems.Bilinear(), rate, True),
        "saturating Dirac-GAN, simultaneous": (problems.DiracGAN("gan"), 2 * rate, False),
        "saturating Dirac-GAN, alternating": (problems.DiracGAN("gan"), 2 * rate, True),
    }
    results, rows = {"step_size": rate, "steps": steps}, []
    for game, file in (("bilinear", "momentum"), ("saturating Dirac-GAN", "momentum_dirac_gan")):
        own = {name: case for name, case in cases.items() if name.startswith(game)}
        found = {
            name: {b: momentum_run(*case, b, steps) for b in BETAS} for name, case in own.items()
        }
        draw_momentum(folder / f"{file}.png", game, found, own[f"{game}, alternating"][1], steps)
        for name, runs in found.items():
            results[name] = {f"beta {beta:g}": result for beta, (_, result) in runs.items()}
            for beta, (path, _) in runs.items():
                rows += [[name, beta, t, *map(float, x)] for t, x in enumerate(path)]
    write_csv(folder / "momentum.csv", ["case", "beta", "step", "theta", "phi"], rows)
    return results


def draw_momentum(path, game, found, rate, steps):
    """The paths in one game, a row per kind of update and a column per momentum."""
    figure = new_figure(12.2, 3.9 * len(found) + 0.9)
    for line, (name, runs) in zip(figure.subplots(len(found), 3), found.items(), strict=True):
        for axes, (beta, (iterates, result)) in zip(line, runs.items(), strict=True):
            points = draw_path(axes, iterates)
            axes.set_title(
                f"β = {beta:g}: {OUTCOMES[result['outcome']]}\n"
                f"spectral radius {result['spectral_radius']:.3f}"
            )
            axes.set_xlabel("θ")
        line[0].set_ylabel(f"{name.split(', ')[1]} steps\nφ")
        for axes in line:
            enlarge(axes)
    scale = figure.colorbar(points, ax=figure.axes, shrink=0.6)
    scale.set_label("step", fontsize=MEDIUM)
    scale.ax.tick_params(labelsize=SMALL)
    headline(
        figure,
        f"{game[0].upper()}{game[1:]}: with which momentum β do the steps converge?\n"
        f"{steps} steps of size η = {rate:g} from the dot; the spectral radius is that at +",
    )
    saved(figure, path)


def momentum_run(problem, step_size, alternating, beta, steps):
    """The path of one run, and its outcome beside the theory's radius at the equilibrium."""
    path = heavy_ball(problem, step_size, beta, steps, alternating)
    a = problem.jacobian(*problem.equilibrium)
    if alternating:
        matrix = theory.alternating_heavy_ball_matrix(a, 1, step_size, beta)
    else:
        matrix = theory.heavy_ball_matrix(a, step_size, beta)
    return path, {
        "outcome": outcome(path),
        "final_distance": float(np.linalg.norm(path[-1])),
        "spectral_radius": theory.spectral_radius(matrix),
    }


def draw_path(axes, path):
    """A path in the plane, coloured by step, within a square that leaves out far iterates."""
    extent = min(4.0, 1.1 * np.nanmax(np.abs(path)))
    axes.plot(*path.T, color="0.75", linewidth=0.8, zorder=1)
    points = axes.scatter(*path.T, c=np.arange(len(path)), cmap="viridis", s=14, zorder=2)
    axes.plot(*START, "o", color="black", markersize=7, zorder=3)
    axes.plot(0, 0, "+", color="black", markersize=14, markeredgewidth=2, zorder=3)
    axes.set(xlim=(-extent, extent), ylim=(-extent, extent))
    axes.set_aspect("equal")
    return points


# All optimizers on the same axes.


def optimizers(folder):
    """Distance to the equilibrium over gradient evaluations, for all of `OPTIMIZERS`."""
    games = {
        "bilinear game θφ": (problems.Bilinear(), START),
        "quadratic zero-sum game, 3 + 3 parameters": random_game(),
    }
    figure, styles = new_figure(13, 7.4), line_styles(OPTIMIZERS)
    results, rows = {"step_size": FLAGS.step_size}, []
    for axes, (title, (problem, start)) in zip(figure.subplots(1, 2), games.items(), strict=True):
        results[title], ends = {}, {}
        for name, scheme in OPTIMIZERS.items():
            optimizer = scheme.make(FLAGS.step_size)
            distance = play(problem, start, optimizer, FLAGS.steps // scheme.evaluations)
            evaluations = scheme.evaluations * np.arange(len(distance))
            twin = next((other for other, d in ends.items() if same(d, distance)), None)
            ends[name] = distance
            # Wide and pale, so that both of two lines that lie on each other are seen.
            below = {"linewidth": 6, "alpha": 0.35, "zorder": 1, "linestyle": "-"} if twin else {}
            axes.semilogy(evaluations, np.maximum(distance, 1e-16), **styles[name] | below)
            results[title][name] = {
                "evaluations": int(evaluations[-1]),
                "final_ratio": float(distance[-1] / distance[0]),
            }
            rows += [
                [title, name, *pair]
                for pair in zip(evaluations.tolist(), distance.tolist(), strict=True)
            ]
        axes.set(xlabel="gradient evaluations", ylabel="distance to the equilibrium")
        axes.set_title(title[0].upper() + title[1:])
        axes.set_xlim(0, FLAGS.steps)
        tidy(axes)
        label_ends(axes, ends, styles)
    headline(
        figure,
        f"All optimizers, plain gradient steps of size {FLAGS.step_size:g}: "
        "who comes closer with the same work?",
    )
    saved(figure, folder / "optimizers.png")
    header = ["game", "optimizer", "evaluations", "distance"]
    write_csv(folder / "optimizers.csv", header, rows)
    return results


def same(one, other):
    """Whether two runs have the same distances."""
    return len(one) == len(other) and np.allclose(one, other, rtol=1e-3, atol=0)


def label_ends(axes, distances, styles):
    """The names right of the lines' ends, moved apart where they would lie on each other."""
    low, high = axes.get_ylim()
    ends = {name: max(distance[-1], 1e-16) for name, distance in distances.items()}
    heights = {name: np.log(end / low) / np.log(high / low) for name, end in ends.items()}
    names = sorted(heights, key=heights.get)
    places = apart([heights[name] for name in names], gap=0.062)
    for name, place in zip(names, places, strict=True):
        axes.annotate(
            name,
            xy=(axes.get_xlim()[1], ends[name]),
            xytext=(1.06, place),
            textcoords="axes fraction",
            va="center",
            fontsize=SMALL,
            color=styles[name]["color"],
            arrowprops={"arrowstyle": "-", "relpos": (0, 0.5), **styles[name], "linewidth": 1.2},
        )


def apart(places, gap):
    """Ascending places, moved as little as possible to be a gap apart and from 0 to 1."""
    steps = gap * np.arange(len(places))
    moved = scipy.optimize.isotonic_regression(np.array(places) - steps).x
    return steps + np.clip(moved, 0, 1 - steps[-1])


def random_game():
    """A weakly damped zero-sum game, and a start at distance about √6."""
    problem = problems.Quadratic((3, 3), zero_sum=True, modulus=0.05, seed=1)
    return problem, [centre + 1.0 for centre in problem.equilibrium]


def play(problem, start, optimizer, steps):
    """The distances to the equilibrium, at the start and after each step, in one compiled loop."""
    game = problem.game(*start)
    centre = [tf.constant(x) for x in problem.equilibrium]
    optimizer.build(game.variables)
    # AutoGraph is for this loop only: it warns about the lambdas inside of games.
    update = tf.autograph.experimental.do_not_convert(optimizer.step)

    def distance():
        return tf.linalg.global_norm([x - c for x, c in zip(game.variables, centre, strict=True)])

    @tf.function
    def run():
        distances = tf.TensorArray(tf.float64, size=steps + 1).write(0, distance())
        for step in tf.range(steps):
            update(game)
            distances = distances.write(step + 1, distance())
        return distances.stack()

    return run.get_concrete_function()().numpy()


# Results.


def write_csv(path, header, rows):
    """A table of numbers, nine digits each, and names."""
    with replacing(path) as partial, open(partial, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow([f"{x:.9g}" if isinstance(x, float) else x for x in row])


def print_summary(results):
    """What momentum did, and how the optimizers compare."""
    for case, outcomes in results.get("momentum", {}).items():
        if isinstance(outcomes, dict):
            cells = "".join(f"{b:>10}: {o['outcome']:10}" for b, o in outcomes.items())
            print(f"{case:36}{cells}")
    for game, schemes in results.get("optimizers", {}).items():
        if isinstance(schemes, dict):
            print(f"\n{game}: distance left after the same work")
            for name, scheme in sorted(schemes.items(), key=lambda kv: kv[1]["final_ratio"]):
                print(f"  {name:24}{scheme['final_ratio']:12.2e}")


_DRAW = {
    "one_player": one_player,
    "fields": fields,
    "rotation": rotation,
    "heavy_ball": heavy_ball_figure,
    "momentum": momentum_figure,
    "optimizers": optimizers,
}


def main(argv):
    """Draws and reports."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    # Sharing out operations this small among threads costs more than it saves.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    folder = pathlib.Path(FLAGS.output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    results = {name: _DRAW[name](folder) for name in FLAGS.figures}
    results["settings"] = {"steps": FLAGS.steps, "step_size": FLAGS.step_size, "start": START}
    results["versions"] = {
        "python": sys.version.split()[0],
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "tf_consensus": tfc.__version__,
    }
    write_json(folder / "results.json", results)
    print_summary(results)
    print(f"results in {folder}/")


if __name__ == "__main__":
    app.run(main)
