"""The lecture's pictures: why games are harder than optimization, and what helps.

Follows "The Numerics of GANs" (IFT 6085, lecture 14): gradient descent for one player; the bilinear
game and its rotation; the field v, the conservative field -∇L and their combination w; heavy-ball
momentum, positive and negative; and all optimizers of the package on the same axes.

    python examples/lecture.py
    python examples/lecture.py --figures=momentum --momentum_step_size=0.3

Leaves in --output_dir one_player.png, fields.png, rotation.png, heavy_ball.png, momentum.png and
optimizers.png, a CSV file of the numbers drawn in each, and results.json with what the runs show
and the theory predicts. About half a minute on one CPU core.
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
import tensorflow as tf
from absl import app, flags
from matplotlib.figure import Figure

import tf_consensus as tfc
from tf_consensus import problems, theory
from tf_consensus.support.files import replacing, write_json

FIGURES = ("one_player", "fields", "rotation", "heavy_ball", "momentum", "optimizers")
BETAS = (-0.5, 0.0, 0.5)
START = (1.0, 1.0)
GAMMA = 0.5  # weight of ∇L in w = v - γ∇L
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

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
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    x = np.linspace(-2.2, 2.2, 200)
    left.plot(x, curvature / 2 * x**2, color="0.6")
    for rate, path, color in zip(rates, theta.T, COLORS, strict=False):
        label = f"ηh = {rate:g}: |1 - ηh| = {abs(1 - rate * curvature):.1f}"
        drawn = path[:9]
        left.plot(drawn, curvature / 2 * drawn**2, ".-", color=color, linewidth=0.8)
        # Zero, reached exactly by ηh = 1, has no place on a logarithmic axis.
        right.semilogy(np.maximum(np.abs(path), 1e-12), ".-", color=color, label=label)
    left.set(xlabel="θ", ylabel="loss ½hθ²", title="the first 8 steps from θ = 1", ylim=(-0.1, 2.5))
    right.set(
        xlabel="step", ylabel="distance |θ|", ylim=(1e-5, 20), title="distance to the minimum"
    )
    right.legend()
    figure.suptitle("One player: gradient descent converges if and only if |1 - ηh| < 1")
    with replacing(folder / "one_player.png") as partial:
        figure.savefig(partial, dpi=110)
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
    figure = Figure(figsize=(10.6, 3.55 * len(games) + 0.5), layout="constrained")
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
        line[0].set_ylabel(f"{game}\nφ", fontsize=9)
    for axes in grid[-1]:
        axes.set_xlabel("θ")
    figure.suptitle(
        "Three fields around a stationary point of a game: "
        "-∇L is attracted to all of them, w not to the unstable one"
    )
    with replacing(folder / "fields.png") as partial:
        figure.savefig(partial, dpi=110)
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
        cmap="viridis_r",
        density=0.8,
        linewidth=0.9,
        arrowsize=0.9,
    )
    axes.plot(0, 0, "o", color="black", markersize=5)
    axes.set(xlim=(-2, 2), ylim=(-2, 2), xticks=[-2, 0, 2], yticks=[-2, 0, 2])
    axes.set_aspect("equal")
    axes.set_title(f"{name}\neigenvalues {spectrum_text(values)}", fontsize=10)
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


# Rotation: the bilinear game (equations 7 and 8).


def rotation(folder):
    """Simultaneous steps leave by a factor sqrt(1 + η²) each, alternating ones stay on an orbit."""
    a, steps = problems.Bilinear().jacobian(), FLAGS.steps
    rates = (0.05, 0.1, 0.2)
    figure = Figure(figsize=(14.4, 4.6), layout="constrained")
    plane, middle, right = figure.subplots(1, 3)
    results, rows = {"eigenvalues": [[z.real, z.imag] for z in np.linalg.eigvals(a).tolist()]}, []
    rotation_spectrum(plane, a, rates)
    for rate, color in zip(rates, COLORS, strict=False):
        for name, alternating in (("simultaneous", False), ("alternating", True)):
            path = heavy_ball(problems.Bilinear(), rate, 0.0, steps, alternating)
            distance = np.linalg.norm(path, axis=1)
            line = "--" if alternating else "-"
            shown = path[: round(4 * np.pi / rate) + 1]  # two turns
            middle.plot(*shown.T, line, color=color, linewidth=1)
            right.plot(distance, line, color=color, label=f"{name}, η = {rate:g}")
            results[f"{name} {rate:g}"] = {"growth": float(distance[-1] / distance[0])}
            rows += [[name, rate, t, *map(float, x)] for t, x in enumerate(path)]
        right.plot(np.sqrt(2) * (1 + rate**2) ** (np.arange(steps + 1) / 2), ":", color="black")
        results[f"simultaneous {rate:g}"]["predicted"] = float((1 + rate**2) ** (steps / 2))
    right.plot([], [], ":", color="black", label="√2 (1 + η²)^(t/2)")
    middle.plot(*START, "o", color="black", markersize=5)
    middle.plot(0, 0, "+", color="black", markersize=10)
    middle.set(xlabel="θ", ylabel="φ", title="the first two turns from (1, 1)")
    middle.set_aspect("equal")
    right.set(
        xlabel="step t",
        ylabel="distance to the equilibrium",
        yscale="log",
        title="distance: dotted is the eigenvalues' prediction",
    )
    right.legend(fontsize=9)
    figure.suptitle(
        "Bilinear game: pure rotation. Simultaneous steps spiral out, alternating ones orbit"
    )
    with replacing(folder / "rotation.png") as partial:
        figure.savefig(partial, dpi=110)
    write_csv(folder / "rotation.csv", ["updates", "eta", "step", "theta", "phi"], rows)
    return results


def rotation_spectrum(axes, matrix, rates):
    """The eigenvalues ±i of v' and 1 ± iη of a step, beside the unit circle."""
    unit_circle(axes)
    values = np.linalg.eigvals(matrix)
    axes.plot(values.real, values.imag, "x", color="black", markersize=8, label="±i, of v'")
    for rate, color in zip(rates, COLORS, strict=False):
        update = theory.euler_eigenvalues(values, rate)
        label = f"1 ± iη, η = {rate:g}"
        axes.plot(update.real, update.imag, "o", color=color, fillstyle="none", label=label)
    axes.set(xlim=(-1.2, 1.4), ylim=(-1.2, 1.2), title="eigenvalues of a step lie outside")
    axes.legend(fontsize=9, loc="center")


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
    figure = Figure(figsize=(14.4, 5), layout="constrained")
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
            roots.real, roots.imag, s=7, cmap="coolwarm", c=np.repeat(betas, spectra.shape[1])
        )
        without = theory.heavy_ball_eigenvalues(values, rate, 0.0)
        without = without[np.abs(without) > 1e-9]  # the memory's own roots are 0
        axes.plot(without.real, without.imag, "kx", markersize=8)
        axes.set(xlim=(-1.35, 1.65), ylim=(-1.3, 1.3))
        axes.label_outer()
        axes.set_title(
            f"{title}\nlowest radius {radii[best]:.4f} at β = {betas[best]:.2f}"
            f", {np.abs(without).max():.4f} at β = 0 (×)",
            fontsize=10,
        )
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
    figure.colorbar(points, ax=figure.axes, label="momentum β")
    figure.suptitle(
        f"Spectrum of the heavy-ball operator F_(η,β) for simultaneous steps, η = {rate:g}: "
        "inside the circle it converges"
    )
    with replacing(folder / "heavy_ball.png") as partial:
        figure.savefig(partial, dpi=110)
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
    """What a run did, by its distance to the equilibrium at the end and at the start."""
    ratio = np.linalg.norm(path[-1]) / np.linalg.norm(path[0])
    if ratio < 0.01:
        return "converges"
    return "diverges" if not ratio < 2 else "neither"


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
    figure = Figure(figsize=(10.6, 3.5 * len(cases) + 0.5), layout="constrained")
    results, rows = {"step_size": rate, "steps": steps}, []
    for line, (name, case) in zip(figure.subplots(len(cases), 3), cases.items(), strict=True):
        results[name] = {}
        for axes, beta in zip(line, BETAS, strict=True):
            path, result = momentum_run(*case, beta, steps)
            results[name][f"beta {beta:g}"] = result
            draw_path(axes, path)
            title = f"β = {beta:g}: {result['outcome']} (radius {result['spectral_radius']:.3f})"
            axes.set_title(title, fontsize=10)
            rows += [[name, beta, t, *map(float, x)] for t, x in enumerate(path)]
        line[0].set_ylabel(f"{name}\nφ", fontsize=9)
    for axes in line:
        axes.set_xlabel("θ")
    figure.suptitle(
        f"Heavy-ball momentum β, η = {rate:g} (Dirac-GAN {2 * rate:g}), {steps} steps from "
        f"{START}, dark to light:\n"
        "does it converge, and the spectral radius of F at the equilibrium (+)"
    )
    with replacing(folder / "momentum.png") as partial:
        figure.savefig(partial, dpi=110)
    write_csv(folder / "momentum.csv", ["case", "beta", "step", "theta", "phi"], rows)
    return results


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
    axes.plot(*path.T, color="0.75", linewidth=0.6, zorder=1)
    axes.scatter(*path.T, c=np.arange(len(path)), cmap="viridis", s=7, zorder=2)
    axes.plot(*START, "o", color="black", markersize=5, zorder=3)
    axes.plot(0, 0, "+", color="red", markersize=11, zorder=3)
    axes.set(xlim=(-extent, extent), ylim=(-extent, extent))
    axes.set_aspect("equal")


# All optimizers on the same axes.


def optimizers(folder):
    """Distance to the equilibrium over gradient evaluations, for all of `OPTIMIZERS`."""
    games = {
        "bilinear game θφ": (problems.Bilinear(), START),
        "quadratic zero-sum game, 3 + 3 parameters": random_game(),
    }
    figure = Figure(figsize=(12.5, 5), layout="constrained")
    results, rows = {"step_size": FLAGS.step_size}, []
    for axes, (title, (problem, start)) in zip(figure.subplots(1, 2), games.items(), strict=True):
        results[title] = {}
        for index, (name, scheme) in enumerate(OPTIMIZERS.items()):
            optimizer = scheme.make(FLAGS.step_size)
            distance = play(problem, start, optimizer, FLAGS.steps // scheme.evaluations)
            evaluations = scheme.evaluations * np.arange(len(distance))
            style = ("-", "--", "-.", ":")[index // len(COLORS) % 4]
            axes.semilogy(
                evaluations,
                np.maximum(distance, 1e-16),
                style,
                label=name,
                color=COLORS[index % len(COLORS)],
            )
            results[title][name] = {
                "evaluations": int(evaluations[-1]),
                "final_ratio": float(distance[-1] / distance[0]),
            }
            rows += [
                [title, name, *pair]
                for pair in zip(evaluations.tolist(), distance.tolist(), strict=True)
            ]
        axes.set(xlabel="gradient evaluations", title=title, ylabel="distance to the equilibrium")
        axes.grid(alpha=0.25)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", frameon=False)
    figure.suptitle(
        f"All optimizers, plain gradient steps of size {FLAGS.step_size:g}: "
        "who comes closer with the same work?"
    )
    with replacing(folder / "optimizers.png") as partial:
        figure.savefig(partial, dpi=110)
    header = ["game", "optimizer", "evaluations", "distance"]
    write_csv(folder / "optimizers.csv", header, rows)
    return results


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
