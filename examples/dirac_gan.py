"""Dirac-GAN: which training methods converge, on the smallest GAN there is.

Reproduces the poster's Dirac-GAN ("Which Training Methods for GANs do actually Converge?",
Mescheder, Geiger, Nowozin, 2018): data at 0, a generator that places one point θ, a discriminator
D(x) = ψx. Every variant is trained with every kind of update, by the optimizers that train any GAN.

    python examples/dirac_gan.py
    python examples/dirac_gan.py --variants=gan,gradient_penalty --updates=simultaneous

Leaves in --output_dir: variant_<name>.png, one slide per variant (the flow, the iterates of each
kind of update, their distances); dirac_gan.png (the same of all variants, a poster), dirac_gan.gif
(the iterates in motion), iterates.csv; eigenvalues.png and eigenvalues.csv (the eigenvalues' path
as the gradient penalty grows); results.json with what converged and what the eigenvalues at the
equilibrium had predicted. About a minute on one CPU core.

The trend of a run's last half decides what converges (`trend.py`), not its last distance: the
non-saturating GAN under alternating updates has 0.27 left after 500 rounds, and converges like
t^-0.5. A trend takes 200 rounds at least.

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
from dirac_animation import draw_animation
from dirac_pictures import draw_eigenvalues, draw_overview, draw_variant
from dirac_variants import START, UPDATES, VARIANTS
from trend import trend

import tf_consensus as tfc
from tf_consensus import problems
from tf_consensus.support.files import replacing, write_json

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


# Results.


def train_all(settings):
    """Every variant with every kind of update: iterates, outcome and prediction."""
    runs = {}
    for variant in settings["variants"]:
        for update in settings["updates"]:
            problem = problems.DiracGAN(**VARIANTS[variant][1])
            iterates = train(*make_run(problem, update), settings["steps"])
            distances = np.linalg.norm(iterates, axis=1)
            found = trend(distances)
            runs[variant, update] = {
                "iterates": iterates,
                "final_distance": float(distances[-1]),
                "converged": found.converges,
                "trend": found.kind,
                "rate": found.rate,
                "said": f"{found} ({distances[-1]:.2g})",
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
    """A line per variant; in brackets the distance to the equilibrium at the end."""
    updates = settings["updates"]
    width = 2 + max(len(run["said"]) for run in runs.values())
    print(f"\n{'':26}" + "".join(f"{update:>{width}}" for update in updates))
    for variant in settings["variants"]:
        cells = "".join(f"{runs[variant, update]['said']:>{width}}" for update in updates)
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
    for variant in settings["variants"]:
        draw_variant(folder / f"variant_{variant}.png", variant, settings, runs)
    draw_overview(folder / "dirac_gan.png", settings, runs)
    draw_animation(folder / "dirac_gan.gif", settings, runs)
    report = {
        "runs": [
            {"variant": variant, "update": update}
            | {key: value for key, value in run.items() if key not in ("iterates", "said")}
            for (variant, update), run in runs.items()
        ],
        "eigenvalue_path": write_eigenvalues(folder),
        "settings": settings | {"start": START},
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
