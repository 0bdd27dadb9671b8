"""Which GAN methods converge in the plane: eleven methods on four targets.

These are the 2D experiments of "Which Training Methods for GANs do actually Converge?" (Mescheder,
Geiger, Nowozin, 2018). The script writes into --output_dir: densities.png (final samples, one row
per method and one column per target), wasserstein.png and wasserstein.csv (Wasserstein-1 distance
over training), results.json, report.html (all runs side by side; with more than twelve runs it
links to one page per target and seed), and one folder per run with its report.html, log.csv and
samples.npy.

    python examples/toy_2d.py
    python examples/toy_2d.py --target=circle --method=simultaneous,r1 --seeds=0,1,2

All methods share the networks, the inner optimizer (Adam with β₁ = 0, β₂ = 0.99 and a learning
rate that falls to 0), the batch size and the number of generator updates; `METHODS`, in
tf_consensus/experiments/toy_runs.py, has the differences. Penalized methods move discriminator and
generator in turn, as in their papers. WGAN's methods take five discriminator steps per generator
step, all five on one batch. Consensus optimization moves both players at once, as it is defined.
The learning rate falls for all methods alike: with --schedule=constant most of them keep moving
above the floor.

The distance is exact, between 1,024 generated points and as many points of the target. It is
compared with a floor, the mean distance of further samples of the target itself: about half of all
perfect samples lie below it. A run whose samples are no longer finite has diverged: its distance is
infinite, written to results.json as the string "inf".
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf
from absl import app, flags

from tf_consensus.cli import strategy_flags, validators
from tf_consensus.cli.points import train_points
from tf_consensus.experiments.toy_runs import (
    EXTENSIBLE,
    METHODS,
    SHARED,
    STEPS_PER_EPOCH,
    TARGETS,
    WEIGHTS,
)
from tf_consensus.experiments.toy_session import train_and_report

FLAGS = flags.FLAGS
strategy_flags.define()
flags.adopt_module_key_flags(strategy_flags)
flags.DEFINE_list("target", list(TARGETS), f"Targets, of {', '.join(TARGETS)}.")
flags.DEFINE_list("method", list(METHODS), f"Methods to compare, of {', '.join(METHODS)}.")
flags.DEFINE_list("seeds", ["0"], "Seeds; every method runs once with each on every target.")
flags.DEFINE_integer("steps", 6000, "Generator updates of a run.", 1)
flags.DEFINE_integer("batch_size", 256, "Samples in a batch.", 1)
flags.DEFINE_integer("width", 32, "Units in each of the networks' hidden layers.", 1)
flags.DEFINE_integer("depth", 4, "Hidden layers of each network.", 0)
flags.DEFINE_float("learning_rate", 1e-3, "Step size of the inner optimizer, Adam.", 0.0)
flags.DEFINE_enum(
    "schedule", "cosine", ["constant", "cosine"], "Keep the learning rate, or let it fall to 0."
)
flags.DEFINE_float("gamma", 1.0, "Weight γ of R1 and R2.", 0.0)
flags.DEFINE_float("consensus_gamma", 1.0, "Weight γ of consensus optimization.", 0.0)
flags.DEFINE_float("gp_weight", 0.1, "Weight λ of WGAN-GP's penalty.", 0.0)
flags.DEFINE_float("noise_stddev", 0.1, "Standard deviation of the instance noise.", 0.0)
flags.DEFINE_float("clip_bound", 0.2, "Largest magnitude of clipped weights.")
flags.DEFINE_bool("advice", True, "Say what goes wrong in training as it happens.")
flags.DEFINE_string("output_dir", "output/toy_2d", "Folder for all results.")
flags.DEFINE_bool("resume", False, "Continue the runs in --output_dir.")
for name, check in {
    "target": validators.list_of(TARGETS, least=1),
    "method": validators.list_of(METHODS, least=1),
    "seeds": validators.seeds(below=2**31),
    "steps": validators.multiple_or_less(STEPS_PER_EPOCH, "the steps between two evaluations"),
}.items():
    flags.register_validator(name, check)
flags.register_validator("clip_bound", lambda bound: bound > 0, "must be positive")


def resolve_settings():
    """The flags that determine the runs."""
    settings = {key: FLAGS[key].value for key in (*EXTENSIBLE, *SHARED, *WEIGHTS)}
    return {**settings, "seeds": [int(seed) for seed in FLAGS.seeds]}


def main(argv):
    """Trains, draws and reports."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    # TensorFlow mistakes the compilation of several models for the retracing of one, and warns.
    tf.get_logger().setLevel("ERROR")
    train_points(FLAGS, resolve_settings(), train_and_report)


if __name__ == "__main__":
    app.run(main)
