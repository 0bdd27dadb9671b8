"""Draws what the theory says: figure 1, the best gamma for a step, and momentum's spectrum.

    python examples/theory_figures.py --output_dir=output/theory

Writes three PNG files and `results.json` with the numbers it prints, among them how tight
lemma 9 is on random matrices. A few seconds on one CPU core.
"""

import json
import pathlib

import numpy as np
from absl import app, flags
from matplotlib.colors import BoundaryNorm, ListedColormap

from tf_consensus import theory
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
    tidy,
)
from tf_consensus.support.files import write_text

OUTPUT_DIR = flags.DEFINE_string("output_dir", "output/theory", "Folder for pictures and numbers.")
MATRICES = flags.DEFINE_integer("matrices", 1000, "Random matrices for lemma 9.", lower_bound=1)
RESOLUTION = flags.DEFINE_integer("resolution", 160, "Points a side of the map.", lower_bound=2)
SEED = flags.DEFINE_integer("seed", 0, "Seed of the random matrices.", lower_bound=0)

flags.register_validator(
    "output_dir",
    lambda value: value and (pathlib.Path(value).is_dir() or not pathlib.Path(value).exists()),
    message="must name a folder, existing or new, not a file.",
)

BILINEAR = np.array([[0.0, 1.0], [-1.0, 0.0]])


def zero_sum_game(rotations, damping):
    """Jacobian of a zero-sum game, two parameters a player, not normal."""
    mixing = np.array([[0.8, 0.6], [-0.6, 0.8]]) @ np.diag(rotations)
    return np.block([[-damping * np.diag([1.0, 2.0]), mixing], [-mixing.T, -damping * np.eye(2)]])


def random_jacobian(rng):
    """Negative semi-definite and invertible, its symmetric part mostly singular."""
    n = int(rng.integers(2, 11))
    m = rng.normal(size=(n, int(rng.integers(1, n + 1))))
    k = rng.normal(size=(n, n))
    damping, rotation = 10.0 ** rng.uniform(-2, 1, size=2)
    return rotation * (k - k.T) - damping * m @ m.T / n


def lemma_9_tightness(count, seed):
    """Measured q over lemma 9's bounds: corrected, as printed, and equation 30."""
    rng = np.random.default_rng(seed)
    corrected, printed, direct = [], [], []
    for _ in range(count):
        jacobian, gamma = random_jacobian(rng), 10 ** rng.uniform(-2, 2)
        result = theory.quotient_bound(jacobian, gamma)
        corrected.append(result.quotient / result.bound)
        printed.append(result.quotient * (result.c + 2 * result.rho**2 * gamma))
        consensus = theory.consensus_matrix(jacobian, gamma)
        direct.append(result.quotient * theory.definiteness_quotient(consensus))
    return {
        "matrices": count,
        "violations": int(np.sum(np.array(corrected) > 1 + 1e-9)),
        "median_ratio": float(np.median(corrected)),
        "max_ratio": float(np.max(corrected)),
        "violations_as_printed": int(np.sum(np.array(printed) > 1 + 1e-9)),
        "max_ratio_as_printed": float(np.max(printed)),
        "median_ratio_equation_30": float(np.median(direct)),
    }


def unit_circle(axes):
    """Draws the unit circle and the axes through its centre."""
    angle = np.linspace(0, 2 * np.pi, 200)
    axes.fill(np.cos(angle), np.sin(angle), color="0.93", zorder=0)
    axes.plot(np.cos(angle), np.sin(angle), color="black", linewidth=1)
    axes.axhline(0, color="0.8", linewidth=0.7, zorder=0)
    axes.axvline(0, color="0.8", linewidth=0.7, zorder=0)
    axes.set_aspect("equal")
    axes.set_xlabel("real part")


def figure_1(path):
    """Eigenvalues of A and of I + hA: two reasons to leave the unit circle, and the cure."""
    step_size, gamma = 0.3, 0.5
    slow, fast = zero_sum_game([0.5, 1.0], 0.02), zero_sum_game([0.8, 2.2], 0.15)
    panels = {
        "small real part": (slow, "(a) Small real part"),
        "large imaginary part": (fast, "(b) Large imaginary part"),
        "after consensus": (
            theory.consensus_matrix(fast, gamma),
            f"(c) Game (b), consensus with γ = {gamma:g}",
        ),
    }
    figure, results = new_figure(13, 6.4), {}
    for axes, (name, (matrix, title)) in zip(
        figure.subplots(1, 3, sharey=True), panels.items(), strict=True
    ):
        results[name] = eigenvalue_panel(axes, matrix, step_size, title)
    figure.axes[0].set_ylabel("imaginary part")
    entries = [legend_line(linestyle="none", **look) for look in (EIGENVALUE, INSIDE, OUTSIDE)]
    legend_below(figure, entries)
    figure.suptitle(
        f"Steps of size h = {step_size:g} converge if all 1 + hλ (on rays from 1) are inside the "
        "unit circle",
        fontsize=LARGE + 1,
    )
    saved(figure, path)
    return {"step_size": step_size, "gamma": gamma, **results}


EIGENVALUE = {"marker": "x", "color": "black", "markersize": 8}
EIGENVALUE["label"] = "λ of A; in (c) of A - γAᵀA"
INSIDE = {"marker": "o", "color": "#009E73", "markersize": 8, "label": "1 + hλ inside"}
OUTSIDE = {"marker": "s", "color": "#D55E00", "markersize": 8, "label": "1 + hλ outside"}


def eigenvalue_panel(axes, matrix, step_size, title):
    """One panel of figure 1; returns its numbers."""
    values = np.linalg.eigvals(matrix)
    update = theory.euler_eigenvalues(values, step_size)
    limit, radius = theory.max_step_size(values), float(np.abs(update).max())
    unit_circle(axes)
    for value in update:
        axes.plot([1, value.real], [0, value.imag], color="0.5", linewidth=0.8)
    inside, outside = update[np.abs(update) < 1], update[np.abs(update) >= 1]
    for points, look in ((values, EIGENVALUE), (inside, INSIDE), (outside, OUTSIDE)):
        axes.plot(points.real, points.imag, linestyle="none", **look)
    axes.set(xlim=(-3, 1.6), ylim=(-2.5, 2.5))
    axes.set_title(f"{title}\nlargest |1 + hλ| {radius:.3f}\nstable for h < {limit:.3g}")
    enlarge(axes)
    return {"max_step_size": limit, "spectral_radius": radius}


def radius_map(jacobian, steps, gammas):
    """Spectral radius of I + h(A - γAᵀA), shape (gammas, steps): one spectrum a γ serves all h."""
    spectra = [np.linalg.eigvals(theory.consensus_matrix(jacobian, gamma)) for gamma in gammas]
    return np.array(
        [[np.abs(theory.euler_eigenvalues(s, h)).max() for h in steps] for s in spectra]
    )


def step_size_and_gamma(path, resolution):
    """How the convergence rate depends on (h, γ), with the best γ for every h."""
    jacobian = zero_sum_game([0.8, 2.2], 0.15)
    steps, gammas = np.geomspace(0.01, 1, resolution), np.geomspace(0.01, 100, resolution)
    radii = radius_map(jacobian, steps, gammas)
    best = [theory.optimal_gamma(jacobian, h) for h in steps]
    figure = new_figure(10, 6.6)
    axes = figure.subplots()
    draw_map(figure, axes, steps, gammas, radii)
    gamma_of_h = [b.gamma if b.spectral_radius < 1 else np.nan for b in best]
    entries = []
    look = {"color": "#D55E00", "linestyle": "--", "linewidth": 2}
    axes.plot(steps, gamma_of_h, **look)
    entries.append(legend_line(**look, label="best γ for each h, where one is stable"))
    rate, step_size, gamma = min(
        (b.spectral_radius, h, b.gamma) for b, h in zip(best, steps, strict=True)
    )
    label = f"fastest: h = {step_size:.3f}, γ = {gamma:.2f}, factor {rate:.3f}"
    look = {"color": "#D55E00", "marker": "*", "linestyle": "none", "markersize": 16}
    axes.plot(step_size, gamma, **look)
    entries.append(legend_line(**look, label=label))
    limit = theory.max_step_size(np.linalg.eigvals(jacobian))
    look = {"color": "black", "linestyle": ":", "linewidth": 2}
    axes.axvline(limit, **look)
    entries.append(legend_line(**look, label="largest stable h for γ = 0"))
    legend_below(figure, entries)
    saved(figure, path)
    simultaneous = np.abs(theory.euler_eigenvalues(np.linalg.eigvals(jacobian), step_size))
    return {
        "best_step_size": step_size,
        "best_gamma": gamma,
        "best_spectral_radius": rate,
        "spectral_radius_without_consensus_at_that_step": float(simultaneous.max()),
        "max_step_size_without_consensus": limit,
    }


def draw_map(figure, axes, steps, gammas, radii):
    """Filled levels of the spectral radius, the border of stability, and labels."""
    levels = [0, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 1, 1.1]
    shades = ["#0b3c5d", "#1b5f86", "#328cc1", "#6fb1d6", "#a3cfe6", "#cde5f2", "#e8f3f9", "0.75"]
    image = axes.pcolormesh(
        steps,
        gammas,
        np.minimum(radii, 1.05),
        cmap=ListedColormap(shades),
        norm=BoundaryNorm(levels, len(shades)),
        shading="nearest",
        rasterized=True,
    )
    axes.contour(steps, gammas, radii, levels=[1], colors="black", linewidths=1.2)
    axes.set(xscale="log", yscale="log", xlabel="step size h", ylabel="weight γ of consensus")
    axes.set(xlim=(steps[0], steps[-1]), ylim=(gammas[0], gammas[-1]))
    axes.set_title("How fast consensus converges (grey: it diverges)")
    enlarge(axes)
    scale = figure.colorbar(image, ax=axes, ticks=levels[:-1])
    scale.set_label("factor per step: radius of I + h(A - γAᵀA)", fontsize=MEDIUM)
    scale.ax.tick_params(labelsize=SMALL)


BETA_LOOKS = {
    beta: {
        **{"marker": marker, "color": color, "fillstyle": "none", "markersize": 9},
        "markeredgewidth": 1.8,
        "label": f"β = {beta:g}",
    }
    for beta, marker, color in ((-0.5, "v", "#CC79A7"), (0.0, "o", "black"), (0.5, "s", "#E69F00"))
}


def momentum(path):
    """The lecture's heavy ball on the bilinear game: spectra, and the rate against β."""
    step_size, betas = 0.5, tuple(BETA_LOOKS)
    figure = new_figure(13.4, 5.8)
    left, middle, right = figure.subplots(1, 3)
    matrices = {
        "simultaneous": lambda beta: theory.heavy_ball_matrix(BILINEAR, step_size, beta),
        "alternating": lambda beta: theory.alternating_heavy_ball_matrix(
            BILINEAR, 1, step_size, beta
        ),
    }
    results = {"step_size": step_size}
    for axes, (name, matrix) in zip((left, middle), matrices.items(), strict=True):
        spectrum_panel(axes, matrix, betas)
        axes.set_title(f"{name.capitalize()} steps")
        enlarge(axes)
        rates = curve(right, name, matrix)
        results[name] = {f"beta {b:g}": theory.spectral_radius(matrix(b)) for b in betas} | rates
    right.axhline(1, color="black", linewidth=1)
    right.set(xlabel="momentum β", ylabel="spectral radius", ylim=(0.85, 1.6))
    right.set_title("Steps converge below 1")
    tidy(right)
    left.set_ylabel("imaginary part")
    entries = [legend_line(linestyle="none", **look) for look in BETA_LOOKS.values()]
    entries += [legend_line(**style, label=name) for name, style in line_styles(matrices).items()]
    legend_below(figure, entries)
    figure.suptitle(
        f"Momentum β, bilinear game, η = {step_size:g}: steps converge if all eigenvalues are "
        "inside the circle",
        fontsize=LARGE + 1,
    )
    saved(figure, path)
    return results


def spectrum_panel(axes, matrix, betas):
    """Eigenvalues of the augmented operator, one marker per β."""
    unit_circle(axes)
    for beta in betas:
        values = np.linalg.eigvals(matrix(beta))
        axes.plot(values.real, values.imag, linestyle="none", **BETA_LOOKS[beta])
    axes.set(xlim=(-1.3, 1.6), ylim=(-1.3, 1.3))


def curve(axes, name, matrix):
    """Spectral radius against β; returns the lowest."""
    betas = np.linspace(-0.95, 0.95, 191)
    radii = [theory.spectral_radius(matrix(beta)) for beta in betas]
    axes.plot(betas, radii, **line_styles([name])[name])
    best = int(np.argmin(radii))
    return {"lowest_spectral_radius": radii[best], "at_beta": float(betas[best])}


def main(argv):
    """Writes the pictures, the numbers, and prints the numbers."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    folder = pathlib.Path(OUTPUT_DIR.value)
    folder.mkdir(parents=True, exist_ok=True)
    results = {
        "figure_1": figure_1(folder / "figure1.png"),
        "step_size_and_gamma": step_size_and_gamma(
            folder / "step_size_and_gamma.png", RESOLUTION.value
        ),
        "momentum": momentum(folder / "momentum.png"),
        "lemma_9": lemma_9_tightness(MATRICES.value, SEED.value),
    }
    text = json.dumps(results, indent=2)
    write_text(folder / "results.json", text + "\n")
    print(text)


if __name__ == "__main__":
    app.run(main)
