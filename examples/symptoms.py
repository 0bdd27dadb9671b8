"""Small runs that fail, each beside the run that its remedy makes: pictures of symptoms.

    python examples/symptoms.py
    python examples/symptoms.py --symptoms=circles,modes_lost

Leaves in --output_dir a picture per symptom, SYMPTOM.png, on the left the run that fails and on the
right the same networks and data with the remedy; and results.json with what the advisor said of
both and their last losses. About two minutes on one CPU core.
"""

import os
import pathlib
from collections.abc import Callable
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

import tf_consensus as tfc
from tf_consensus.plotting.methods import METHOD_COLORS
from tf_consensus.plotting.style import new_figure, saved, tidy
from tf_consensus.support.files import write_json

SGD, Adam = keras.optimizers.SGD, keras.optimizers.Adam
EXECUTION = 25  # steps per row of the curves
LEAST = 0.02  # share of the samples that a covered mode has; an even one has 1/8


def dense(inputs: int, outputs: int, width: int) -> keras.Model:
    """A network of one hidden layer."""
    layers = keras.layers
    hidden = layers.Dense(width, "relu")
    return keras.Sequential([keras.Input((inputs,)), hidden, layers.Dense(outputs)])


def point() -> tuple[keras.Model, keras.Model]:
    """A generator of little more than its bias, and a linear discriminator: a Dirac-GAN."""
    layers = keras.layers
    generator = keras.Sequential([keras.Input((1,)), layers.Dense(2, bias_initializer="ones")])
    return generator, keras.Sequential([keras.Input((2,)), layers.Dense(1, use_bias=False)])


def cloud() -> tf.data.Dataset:
    """One narrow Gaussian around 0."""
    seeds = tf.data.Dataset.random(seed=0)
    return seeds.map(lambda s: 0.1 * tf.random.stateless_normal((64, 2), [s, s]))


def far_ring() -> tf.data.Dataset:
    """Eight Gaussians on a circle, far from where the generator begins."""
    return tfc.data.mixture_of_gaussians(64, stddev=0.05, seed=0).map(lambda x: x + 5.0)


def ring() -> tf.data.Dataset:
    """The mixture of the first paper."""
    return tfc.data.mixture_of_gaussians(seed=0)


class Symptom(NamedTuple):
    """Two runs of the same networks on the same data.

    Attributes:
        networks: Makes generator and discriminator.
        data: Makes the data.
        steps: Training steps of each run.
        failing: (title, makes the optimizer, options of `GAN`).
        mended: The same of the run with the remedy.
        samples: Whether samples show it; else the losses do.
        grows: Whether losses grow by powers of ten.
    """

    networks: Callable[[], tuple[keras.Model, keras.Model]]
    data: Callable[[], tf.data.Dataset]
    steps: int
    failing: tuple[str, Callable[[], keras.optimizers.Optimizer], dict[str, Any]]
    mended: tuple[str, Callable[[], keras.optimizers.Optimizer], dict[str, Any]]
    samples: bool = False
    grows: bool = False


def _ring_networks() -> tuple[keras.Model, keras.Model]:
    return tfc.networks.build("mlp", latent_dim=16, seed=0)


def _far_networks() -> tuple[keras.Model, keras.Model]:
    return dense(4, 2, 8), dense(2, 1, 32)


WGAN: dict[str, Any] = {"objective": "wgan"}
SYMPTOMS = {
    "circles": Symptom(
        point,
        cloud,
        3000,
        ("Simultaneous steps", lambda: SGD(1e-2), WGAN),
        ("Consensus, γ = 1", lambda: tfc.ConsensusOptimizer(SGD(1e-2), gamma=1.0), WGAN),
    ),
    "discriminator_won": Symptom(
        _far_networks,
        far_ring,
        2000,
        (
            "Learning rates: G 1e-5, D 1e-2",
            lambda: tfc.AlternatingOptimizer(Adam(1e-5), Adam(1e-2)),
            {},
        ),
        (
            "Learning rates: 1e-2 both, and R1",
            lambda: tfc.AlternatingOptimizer(Adam(1e-2), Adam(1e-2)),
            {"penalties": [tfc.penalties.R1(1.0)]},
        ),
    ),
    "steps_too_long": Symptom(
        point,
        cloud,
        400,
        ("Steps of 0.42", lambda: SGD(0.42), WGAN | {"penalties": [tfc.penalties.R1(5.0)]}),
        ("Steps of 0.1", lambda: SGD(0.1), WGAN | {"penalties": [tfc.penalties.R1(5.0)]}),
        grows=True,
    ),
    "gamma_too_large": Symptom(
        _ring_networks,
        ring,
        6000,
        ("Consensus, γ = 1000", lambda: tfc.ConsensusOptimizer(Adam(1e-3), gamma=1e3), {}),
        ("Consensus, γ = 1", lambda: tfc.ConsensusOptimizer(Adam(1e-3), gamma=1.0), {}),
        samples=True,
    ),
    "modes_lost": Symptom(
        _ring_networks,
        ring,
        6000,
        ("Simultaneous steps", lambda: tfc.SimultaneousOptimizer(Adam(1e-3, beta_1=0.5)), {}),
        ("Consensus, γ = 1", lambda: tfc.ConsensusOptimizer(Adam(1e-3, beta_1=0.5), gamma=1.0), {}),
        samples=True,
    ),
}

FLAGS = flags.FLAGS
flags.DEFINE_list("symptoms", list(SYMPTOMS), f"Symptoms to show, of {', '.join(SYMPTOMS)}.")
flags.DEFINE_integer("steps", 0, "Steps of every run; 0 for as many as each symptom takes.", 0)
flags.DEFINE_string("output_dir", "output/symptoms", "Folder for all results.")
flags.register_validator(
    "symptoms",
    lambda names: names and set(names) <= set(SYMPTOMS) and len(set(names)) == len(names),
    f"must be a comma list of different names out of {', '.join(SYMPTOMS)}",
)


def train(symptom: Symptom, run: tuple, steps: int) -> tuple[tfc.GAN, dict, list[str]]:
    """The trained GAN, its curves by name, and what the advisor said."""
    _, make_optimizer, options = run
    keras.utils.set_random_seed(0)
    generator, discriminator = symptom.networks()
    latent_dim = generator.input_shape[-1]
    gan = tfc.GAN(generator, discriminator, latent_dim=latent_dim, seed=0, **options)
    gan.compile(make_optimizer(), jit_compile=True, steps_per_execution=EXECUTION)
    advisor = tfc.callbacks.Advisor(report=None)
    epochs = max(1, steps // EXECUTION)
    data = symptom.data()
    history = gan.fit(
        data, epochs=epochs, steps_per_epoch=EXECUTION, verbose=0, shuffle=False,
        callbacks=[advisor],
    )  # fmt: skip
    return gan, history.history, [advice.message for advice in advisor.advice]


def draw(name: str, symptom: Symptom, folder: pathlib.Path, steps: int) -> dict[str, Any]:
    """Trains both runs, draws them on the same axes, and returns what they ended with."""
    figure = new_figure(9, 3.8)
    axes = figure.subplots(1, 2, sharey=True, sharex=True)
    results = {}
    for axis, key in zip(axes, ("failing", "mended"), strict=True):
        run = getattr(symptom, key)
        gan, curves, said = train(symptom, run, steps)
        draw_samples(axis, gan) if symptom.samples else draw_losses(axis, curves, symptom.grows)
        axis.set_title(run[0], fontsize=14)
        last = {loss: float(curves[loss][-1]) for loss in ("generator_loss", "discriminator_loss")}
        results[key] = {"title": run[0], "advice": said, "last": last}
        print(f"{name}, {run[0]}: {said[0] if said else 'nothing to say'}")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=12, loc="outside lower center", ncols=3)
    saved(figure, folder / f"{name}.png")
    return results


def draw_losses(axis: Any, curves: dict[str, list[float]], grows: bool) -> None:
    """Both players' losses over the steps; of those that grow the sizes, on a logarithmic axis."""
    for loss, color in zip(("generator", "discriminator"), METHOD_COLORS, strict=False):
        values = np.abs(curves[f"{loss}_loss"]) if grows else curves[f"{loss}_loss"]
        steps = EXECUTION * np.arange(1, len(values) + 1)
        label = f"size of the {loss}'s loss" if grows else f"{loss}'s loss"
        axis.plot(steps, values, color=color, label=label, linewidth=1.6)
    if grows:
        axis.set_yscale("log")
    axis.set_xlabel("step", fontsize=12)
    tidy(axis)


def draw_samples(axis: Any, gan: tfc.GAN) -> None:
    """Real points, and as many generated ones over them."""
    real = np.concatenate([np.asarray(batch) for batch in ring().take(2)])
    fake = gan.generate(len(real))
    axis.scatter(*real.T, s=12, color="0.75", label="real")
    axis.scatter(*np.asarray(fake).T, s=4, color=METHOD_COLORS[0], label="generated")
    modes = np.asarray(tfc.data.ring_modes())
    distances = np.linalg.norm(np.asarray(fake)[:, None] - modes, axis=-1)
    shares = np.mean(distances < 0.1, axis=0)
    missed = modes[shares < LEAST]
    style = {"s": 260, "facecolors": "none", "edgecolors": METHOD_COLORS[1], "linewidths": 2}
    axis.scatter(*missed.T, label="mode with less than 2 % of the samples", **style)
    axis.set_aspect("equal")
    tidy(axis)


def main(argv: list[str]) -> None:
    """Trains, draws and reports."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    tf.get_logger().setLevel("ERROR")  # each run compiles its own step, of which TensorFlow warns
    folder = pathlib.Path(FLAGS.output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    results = {}
    for name in FLAGS.symptoms:
        symptom = SYMPTOMS[name]
        results[name] = draw(name, symptom, folder, FLAGS.steps or symptom.steps)
    write_json(folder / "results.json", results)
    print(f"results in {folder}/")


if __name__ == "__main__":
    app.run(main)
