"""Dirac-GAN: which training methods converge, on the smallest GAN there is.

Reproduces the poster's Dirac-GAN ("Which Training Methods for GANs do actually Converge?",
Mescheder, Geiger, Nowozin, 2018): data at 0, a generator that places one point θ, a discriminator
D(x) = ψx. Every variant is trained with every kind of update, by the optimizers that train any GAN.

    python examples/dirac_gan.py
    python examples/dirac_gan.py --variants=gan,gradient_penalty --updates=simultaneous

Leaves in --output_dir: dirac_gan.png (fields, flows and iterates), dirac_gan.gif (the iterates in
motion), iterates.csv; eigenvalues.png and eigenvalues.csv (the eigenvalues' path as the gradient
penalty grows); results.json with what converged, which the runs decide, and what the eigenvalues at
the equilibrium had predicted. About half a minute on one CPU core.

Convergence is local. Consensus also descends L = ½‖v‖², which vanishes far out too, where the
discriminator saturates: with 5 discriminator steps a round the start (1, 1) lies beyond its basin
and the run leaves, though at the equilibrium its eigenvalues are the fastest of the three kinds of
update. WGAN-GP circles the data under all three.
"""

import csv
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from PIL import Image

import tf_consensus as tfc
from tf_consensus import problems
from tf_consensus.support.files import replacing, write_json

# Name, title, and the arguments of `problems.DiracGAN`.
VARIANTS = {
    "gan": ("GAN", {"variant": "gan"}),
    "nsgan": ("non-saturating\nGAN", {"variant": "nsgan"}),
    "wgan": ("WGAN", {"variant": "wgan"}),
    "wgan_gp": ("WGAN-GP", {"variant": "wgan_gp"}),
    "instance_noise": ("instance noise", {"variant": "instance_noise"}),
    "gradient_penalty": ("gradient penalty\nγ = 0.3", {"variant": "gradient_penalty"}),
    "gradient_penalty_critical": (
        "gradient penalty\nγ = 1, critical",
        {"variant": "gradient_penalty", "gamma": 1.0},
    ),
    "consensus": ("consensus\nγ = 1", {"variant": "consensus"}),
    "nsgan_gradient_penalty": (
        "non-saturating\n+ penalty γ = 0.3",
        {"variant": "nsgan_gradient_penalty"},
    ),
}
# Name, title, and the discriminator's steps in a round; 0: both players move at once.
UPDATES = {
    "simultaneous": ("simultaneous", 0),
    "alternating_1": ("alternating, 1 D step", 1),
    "alternating_5": ("alternating, 5 D steps", 5),
}
START = (1.0, 1.0)
EXTENT = 2.0
TOLERANCE = 0.01  # distance to the equilibrium below which a run has converged
COLORS = FIRST_COLOR, LAST_COLOR, FLOW_COLOR = "#D55E00", "#0072B2", "#009E73"

FLAGS = flags.FLAGS
flags.DEFINE_list("variants", list(VARIANTS), f"Variants to train, of {', '.join(VARIANTS)}.")
flags.DEFINE_list("updates", list(UPDATES), f"Kinds of update, of {', '.join(UPDATES)}.")
flags.DEFINE_integer("steps", 500, "Rounds of updates in a run.", 1)
flags.DEFINE_float("step_size", 0.2, "Step size h of both players.")
flags.DEFINE_string("output_dir", "output/dirac_gan", "Folder for all results.")
for flag, table in (("variants", VARIANTS), ("updates", UPDATES)):
    flags.register_validator(
        flag,
        lambda names, table=table: (
            names and set(names) <= set(table) and len(set(names)) == len(names)
        ),
        f"must be a comma list of different names out of {', '.join(table)}",
    )
flags.register_validator("step_size", lambda h: 0 < h < np.inf, "must be a number above 0")
flags.register_validator(
    "output_dir",
    lambda name: name and (pathlib.Path(name).is_dir() or not pathlib.Path(name).exists()),
    "must name a folder, existing or new, not a file",
)


# Training.


def consensus_losses(problem, game):
    """The game whose players' own gradients are w: each loss plus γL, with L = ½‖v‖²."""

    def losses():
        linearization = game.linearize(second_order=False)
        penalty = tfc.vectors.dot(linearization.v, linearization.v) / 2
        return [loss + problem.options["gamma"] * penalty for loss in linearization.losses]

    return tfc.Game(losses, game.players)


def make_run(problem, update):
    """The game at the starting point, and the optimizer that plays it."""
    game = problem.game(*START)
    consensus = problem.variant == "consensus"
    _, discriminator_steps = UPDATES[update]
    if discriminator_steps:
        optimizer = tfc.AlternatingOptimizer(
            keras.optimizers.SGD(FLAGS.step_size),
            keras.optimizers.SGD(FLAGS.step_size),
            discriminator_steps=discriminator_steps,
        )
        return consensus_losses(problem, game) if consensus else game, optimizer
    inner = keras.optimizers.SGD(FLAGS.step_size)
    if consensus:
        return game, tfc.ConsensusOptimizer(inner, gamma=problem.options["gamma"])
    return game, tfc.SimultaneousOptimizer(inner)


def train(game, optimizer, steps):
    """The iterates (θ, ψ), the start among them: one compiled function takes all steps."""
    optimizer.build(game.variables)
    # AutoGraph is for this loop only: it warns about the lambdas inside of games.
    update = tf.autograph.experimental.do_not_convert(optimizer.step)

    @tf.function
    def run():
        iterates = tf.TensorArray(tf.float64, size=steps + 1)
        iterates = iterates.write(0, tf.stack(game.variables))
        for step in tf.range(steps):
            update(game)
            iterates = iterates.write(step + 1, tf.stack(game.variables))
        return iterates.stack()

    return run.get_concrete_function()().numpy()


def flow(problem, duration, step=0.05):
    """The limit of small steps, ẋ = v(x), by Runge-Kutta's fourth order; WGAN's clip after each."""
    bound = problem.options.get("clip", np.inf)

    def field(point):
        return np.array(problem.vector_field(*point))

    points = [np.array(START)]
    for _ in range(round(duration / step)):
        x = points[-1]
        k1 = field(x)
        k2 = field(x + step / 2 * k1)
        k3 = field(x + step / 2 * k2)
        x = x + step / 6 * (k1 + 2 * k2 + 2 * k3 + field(x + step * k3))
        points.append(np.array([x[0], np.clip(x[1], -bound, bound)]))
    return np.array(points)


# What the eigenvalues say.


def update_matrix(jacobian, step_size, discriminator_steps):
    """The derivative of one round of updates at an equilibrium with v' = `jacobian`."""
    if not discriminator_steps:
        return np.eye(2) + step_size * jacobian
    generator, discriminator = np.eye(2), np.eye(2)
    generator[0] += step_size * jacobian[0]
    discriminator[1] += step_size * jacobian[1]
    return generator @ np.linalg.matrix_power(discriminator, discriminator_steps)


def predicted_radius(problem, update):
    """Spectral radius of a round at the equilibrium; `None` where the field jumps there."""
    if problem.variant == "wgan_gp":
        return None
    jacobian = problem.jacobian(*problem.equilibrium)
    return tfc.theory.spectral_radius(update_matrix(jacobian, FLAGS.step_size, UPDATES[update][1]))


def autodiff_jacobian(game):
    """The derivative v' for a game of two numbers, by the pullbacks of the unit vectors."""
    linearization = game.linearize()
    units = tf.eye(2, dtype=tf.float64)
    return np.array([tf.stack(linearization.vjp(tf.unstack(unit))) for unit in units])


def eigenvalue_path(gammas):
    """Eigenvalues at the equilibrium under the penalty γ/2 ψ²: computed, and in closed form.

    The closed form is -γ/2 ± sqrt(γ²/4 - f'(0)²) with f'(0) = ½ (the poster's lemma).
    """
    computed, closed = [], []
    for gamma in gammas:
        problem = problems.DiracGAN("gradient_penalty", gamma=float(gamma))
        values = np.linalg.eigvals(autodiff_jacobian(problem.game(*problem.equilibrium)))
        root = np.sqrt(complex(gamma**2 / 4 - 0.25))
        computed.append(np.sort_complex(values))
        closed.append(np.sort_complex([-gamma / 2 - root, -gamma / 2 + root]))
    return np.array(computed), np.array(closed)


# Pictures.


def plain_axes(axes):
    """The square that is drawn, with the equilibrium at its centre."""
    axes.set(xlim=(-EXTENT, EXTENT), ylim=(-EXTENT, EXTENT), xticks=[-2, 0, 2], yticks=[-2, 0, 2])
    axes.set_aspect("equal")
    axes.tick_params(labelsize=8)
    axes.plot(0, 0, "+", color="black", markersize=9, zorder=4)


def draw_field(axes, problem, points=11):
    """Arrows of one length along v, darker where v is longer; WGAN's clip as dashed lines."""
    side = np.linspace(-EXTENT, EXTENT, points)
    theta, psi = np.meshgrid(side, side)
    v = np.array(problem.vector_field(theta, psi))
    length = np.hypot(*v)
    unit = v / np.maximum(length, 1e-12)
    axes.quiver(
        *(theta, psi, *unit, np.sqrt(length)),
        **{"cmap": "Greys", "clim": (-1, 2), "scale": 14, "width": 0.007, "pivot": "mid"},
    )
    if "clip" in problem.options:
        for bound in (-problem.options["clip"], problem.options["clip"]):
            axes.axhline(bound, color="0.4", linestyle="--", linewidth=0.8)


def draw_iterates(axes, iterates):
    """The iterates, orange at first and blue at last, and a ring around the last one."""
    order = np.log(np.arange(1, len(iterates) + 1)) / np.log(len(iterates))
    segments = np.stack([iterates[:-1], iterates[1:]], axis=1)
    colors = blend(order)
    axes.add_collection(LineCollection(segments, colors=colors[1:], linewidths=0.5, alpha=0.6))
    axes.scatter(*iterates.T, s=4, c=colors, linewidths=0, zorder=3)
    axes.plot(*iterates[-1], "o", color=LAST_COLOR, fillstyle="none", markersize=7, zorder=5)


def blend(order):
    """Colours between the first iterate's and the last one's."""
    first, last = (np.array(rgb(color)) / 255 for color in (FIRST_COLOR, LAST_COLOR))
    return first + order[:, None] * (last - first)


def rgb(color):
    """Red, green and blue of "#rrggbb", 0 to 255."""
    return list(bytes.fromhex(color[1:]))


def draw_overview(path, settings, runs):
    """A column a variant: the flow, then the iterates of each kind of update."""
    variants, updates = settings["variants"], settings["updates"]
    rows, columns = len(updates) + 1, len(variants)
    figure = Figure(figsize=(2.05 * columns + 0.9, 2.15 * rows + 1.2), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    duration = settings["steps"] * settings["step_size"]
    for column, variant in zip(grid.T, variants, strict=True):
        title, options = VARIANTS[variant]
        problem = problems.DiracGAN(**options)
        column[0].set_title(title, fontsize=11)
        for axes in column:
            plain_axes(axes)
            draw_field(axes, problem)
        column[0].plot(*flow(problem, duration).T, color=FLOW_COLOR, linewidth=1)
        column[-1].set_xlabel("θ (generator)", fontsize=9)
        for axes, update in zip(column[1:], updates, strict=True):
            run = runs[variant, update]
            draw_iterates(axes, run["iterates"])
            axes.text(0.04, 0.04, verdict(run), transform=axes.transAxes, **_BOX)
    for axes, title in zip(grid[:, 0], row_titles(updates), strict=True):
        axes.set_ylabel(f"{title}\nψ (discriminator)", fontsize=9)
    figure.suptitle(
        f"Dirac-GAN: which training methods reach the equilibrium (+)?  {settings['steps']} "
        f"rounds of step size {settings['step_size']:g} from {START}: iterates from first "
        "(orange) to last (blue, ringed); in brackets the last one's distance",
        fontsize=12 if columns > 5 else 8,
        wrap=True,
    )
    with replacing(path) as partial:
        figure.savefig(partial, dpi=110)


_BOX = {"fontsize": 8, "bbox": {"facecolor": "white", "edgecolor": "0.8", "pad": 1.5}, "zorder": 6}


def row_titles(updates):
    """What the rows of the overview show."""
    return ["flow: infinitely small steps", *(UPDATES[update][0] for update in updates)]


def verdict(run):
    """The run's outcome in words, for the pictures and the table."""
    word = "converges" if run["converged"] else "does not"
    return f"{word} ({run['final_distance']:.2g})"


def draw_eigenvalues(path, gammas, computed, closed):
    """The path in the complex plane, and its real and imaginary parts over γ."""
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    plane, parts = figure.subplots(1, 2, width_ratios=(1, 1.3))
    for branch in range(2):
        plane.plot(closed[:, branch].real, closed[:, branch].imag, color="0.6", zorder=1)
    points = plane.scatter(
        computed.real, computed.imag, c=np.repeat(gammas, 2), cmap="viridis", s=22, zorder=2
    )
    figure.get_layout_engine().set(wspace=0.08)
    figure.colorbar(points, ax=plane, label="weight γ of the penalty")
    plane.axvline(0, color="black", linewidth=0.8)
    plane.set(xlabel="real part", ylabel="imaginary part", ylim=(-0.7, 0.7))
    plane.set_title("in the complex plane: they meet at γ = 1 (critical)")
    plane.text(-0.05, 0.57, "γ = 0: ±i/2, pure rotation", ha="right", fontsize=9)
    for part, color in (("real", LAST_COLOR), ("imag", FIRST_COLOR)):
        name = "imaginary part" if part == "imag" else "real part"
        parts.plot(gammas, getattr(closed, part), color=color, linewidth=1)
        parts.plot(gammas, getattr(computed, part), ".", color=color, markersize=6)
        parts.plot([], [], ".-", color=color, label=name)
    parts.axvline(1, color="0.5", linestyle=":", label="critical γ = 2 f'(0) = 1")
    parts.axhline(0, color="black", linewidth=0.8)
    parts.set(xlabel="weight γ of the penalty", ylabel="part of the eigenvalue")
    parts.set_title("dots: autodiff; lines: -γ/2 ± √(γ²/4 - f'(0)²)")
    parts.legend()
    figure.suptitle("Dirac-GAN with gradient penalty: eigenvalues of v' at the equilibrium")
    with replacing(path) as partial:
        figure.savefig(partial, dpi=120)


def draw_animation(path, settings, runs, frames=45, trail=25):
    """The iterates in motion, a panel a variant and a colour a kind of update.

    The fields are drawn once; a frame adds the moving points to that background.
    """
    variants, updates = settings["variants"], settings["updates"]
    columns = min(len(variants), 5)
    rows = -(-len(variants) // columns)
    figure = Figure(figsize=(1.75 * columns + 0.2, 1.95 * rows + 0.75), dpi=90)
    canvas = FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    moving = []
    for axes, variant in zip(panels, variants, strict=False):
        plain_axes(axes)
        axes.set(xticks=[], yticks=[])
        draw_field(axes, problems.DiracGAN(**VARIANTS[variant][1]))
        axes.set_title(VARIANTS[variant][0], fontsize=8)
        moving += animated_lines(axes, [runs[variant, update]["iterates"] for update in updates])
    for axes in panels[len(variants) :]:
        axes.set_axis_off()
    handles = [line for _, line in moving[: len(updates)]]
    labels = [UPDATES[update][0] for update in updates]
    figure.legend(handles, labels, loc="lower center", ncols=3, fontsize=7, frameon=False)
    figure.subplots_adjust(0.02, 0.5 / figure.get_figheight(), 0.98, 0.84, 0.08, 0.38)
    caption = figure.text(0.5, 0.98, "", ha="center", va="top", fontsize=9, animated=True)
    canvas.draw()
    background = canvas.copy_from_bbox(figure.bbox)
    # Early steps are long, late ones short: ever more steps lie between two frames.
    shown = np.unique(np.round(settings["steps"] * np.linspace(0, 1, frames) ** 2).astype(int))
    images = []
    for step in shown:
        canvas.restore_region(background)
        caption.set_text(f"Dirac-GAN: iterates after {step} of {settings['steps']} rounds")
        for iterates, line in moving:
            line.set_data(*iterates[max(0, step - trail) : step + 1].T)
            line.axes.draw_artist(line)
        figure.draw_artist(caption)
        pixels = Image.fromarray(np.asarray(canvas.buffer_rgba()).copy()).convert("RGB")
        images.append(pixels.quantize(palette=gif_palette(), dither=Image.Dither.NONE))
    durations = [120] * (len(images) - 1) + [2000]
    with replacing(path) as partial:
        images[0].save(partial, save_all=True, append_images=images[1:], duration=durations, loop=0)


def gif_palette():
    """Greys, and tints of the three colours, which a chosen palette would mix up."""
    tints = [[255 - (255 - c) * i // 8 for c in rgb(name)] for name in COLORS for i in range(1, 9)]
    greys = [[level] * 3 for level in range(0, 256, 17)]
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.array(greys + tints, np.uint8).tobytes())
    return palette


def animated_lines(axes, runs):
    """Pairs of iterates and the line that is to show them, its marker on the last one."""
    style = {"animated": True, "linewidth": 0.9, "marker": "o", "markersize": 5, "markevery": [-1]}
    return [
        (iterates, axes.plot(*START, color=color, **style)[0])
        for iterates, color in zip(runs, COLORS, strict=False)
    ]


# Results.


def train_all(settings):
    """Every variant with every kind of update: iterates, outcome and prediction."""
    runs = {}
    for variant in settings["variants"]:
        for update in settings["updates"]:
            problem = problems.DiracGAN(**VARIANTS[variant][1])
            iterates = train(*make_run(problem, update), settings["steps"])
            distance = float(np.linalg.norm(iterates[-1]))
            runs[variant, update] = {
                "iterates": iterates,
                "final_distance": distance,
                "converged": distance < TOLERANCE,
                "spectral_radius": predicted_radius(problem, update),
            }
    return runs


def write_csv(path, header, rows):
    """A table of numbers and names."""
    with replacing(path) as partial, open(partial, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_iterates(path, runs):
    """All iterates, nine digits each."""
    rows = (
        [variant, update, step, f"{theta:.9g}", f"{psi:.9g}"]
        for (variant, update), run in runs.items()
        for step, (theta, psi) in enumerate(run["iterates"])
    )
    write_csv(path, ["variant", "update", "step", "theta", "psi"], rows)


def write_eigenvalues(folder):
    """The path's picture and table; returns how far computed and closed form are apart."""
    gammas = np.linspace(0, 2, 81)
    computed, closed = eigenvalue_path(gammas)
    draw_eigenvalues(folder / "eigenvalues.png", gammas, computed, closed)
    header = ["gamma"]
    for name in ("computed", "closed_form"):
        header += [f"{name}_{i}_{part}" for i in (1, 2) for part in ("real", "imag")]
    rows = np.concatenate([gammas[:, None], computed.view(float), closed.view(float)], axis=1)
    write_csv(folder / "eigenvalues.csv", header, rows.tolist())
    return {"gammas": len(gammas), "largest_error": float(np.abs(computed - closed).max())}


def print_table(settings, runs):
    """A line a variant; in brackets the distance to the equilibrium at the end."""
    updates = settings["updates"]
    print(f"\n{'':26}" + "".join(f"{update:>22}" for update in updates))
    for variant in settings["variants"]:
        cells = "".join(f"{verdict(runs[variant, update]):>22}" for update in updates)
        print(f"{variant:26}{cells}")


def main(argv):
    """Trains, draws and reports."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    # Sharing out operations this small among threads costs more than it saves.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    names = ("variants", "updates", "steps", "step_size")
    settings = {name: FLAGS[name].value for name in names}
    folder = pathlib.Path(FLAGS.output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    runs = train_all(settings)
    write_iterates(folder / "iterates.csv", runs)
    draw_overview(folder / "dirac_gan.png", settings, runs)
    draw_animation(folder / "dirac_gan.gif", settings, runs)
    report = {
        "runs": [
            {"variant": variant, "update": update}
            | {key: value for key, value in run.items() if key != "iterates"}
            for (variant, update), run in runs.items()
        ],
        "eigenvalue_path": write_eigenvalues(folder),
        "settings": settings | {"start": START, "tolerance": TOLERANCE},
        "versions": {
            "python": sys.version.split()[0],
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "tf_consensus": tfc.__version__,
        },
    }
    write_json(folder / "results.json", report)
    print_table(settings, runs)
    print(f"results in {folder}/")


if __name__ == "__main__":
    app.run(main)
