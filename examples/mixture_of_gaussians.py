r"""Mixture of Gaussians: simultaneous gradient ascent against consensus optimization.

Reproduces figure 2 of "The Numerics of GANs" (Mescheder, Nowozin, Geiger, 2017): a GAN of two small
dense networks learns eight Gaussians on a circle, or 25 on a grid. It writes into --output_dir:
figure_2.png (densities over training), curves.png (losses and gradient norm), densities.gif,
results.json, report.html (all runs side by side), and one folder per run with its report.html, its
log, its samples over training and the trained model (model.keras).

    python examples/mixture_of_gaussians.py
    python examples/mixture_of_gaussians.py --preset=recommended --optimizer=consensus --seeds=0,1,2
    python examples/mixture_of_gaussians.py --target=grid --preset=recommended \
        --optimizer=alternating --objective=relativistic --penalty=r1,r2 --penalty_weight=1
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app, flags

import tf_consensus as tfc
from tf_consensus.cli import strategy_flags, validators
from tf_consensus.cli.points import train_points
from tf_consensus.experiments.mixture_runs import METHODS, PRESETS, STEPS_PER_EPOCH, TARGETS
from tf_consensus.experiments.mixture_session import train_and_report

FLAGS = flags.FLAGS
strategy_flags.define()
flags.adopt_module_key_flags(strategy_flags)
flags.DEFINE_list(
    "optimizer", ["simultaneous", "consensus"], f"Methods to compare, of {', '.join(METHODS)}."
)
flags.DEFINE_enum("preset", "paper", sorted(PRESETS), "Settings that the flags below override.")
flags.DEFINE_float("gamma", None, "Weight of the regularizer (consensus, smoothing).", 0.0)
flags.DEFINE_float("clip_norm", 1.0, "Largest norm of a player's gradient (clipped).", 0.0)
flags.DEFINE_float("learning_rate", None, "Step size of the inner optimizer.", 0.0)
flags.DEFINE_enum(
    "schedule", None, ["constant", "cosine"], "Keep the learning rate, or let it fall to 0."
)
flags.DEFINE_integer("steps", None, "Training steps of a run.", 1)
flags.DEFINE_list("seeds", ["0"], "Seeds; every method runs once with each.")
flags.DEFINE_string(
    "objective", "standard", f"GAN objective, one of {', '.join(tfc.objectives.names())}."
)
flags.DEFINE_enum(
    "precision", "float32", ["float32", "mixed_bfloat16"], "Keras' dtype policy of the networks."
)
flags.DEFINE_enum("target", "ring", sorted(TARGETS), "Eight modes on a circle, or 5 x 5 on a grid.")
flags.DEFINE_list(
    "penalty", [], f"Penalties on the discriminator, of {', '.join(tfc.penalties.names())}."
)
flags.DEFINE_float(
    "penalty_weight", None, "Weight of each penalty (stddev of instance noise).", 0.0
)
flags.DEFINE_integer("penalty_every", 1, "Take gradient penalties only every so many steps.", 1)
flags.DEFINE_integer("batch_size", 512, "Samples in a batch.", 1)
flags.DEFINE_bool("balanced", True, "Equal counts of the modes in a batch, or independent samples.")
flags.DEFINE_integer("microbatches", 1, "Equal parts in which a batch is processed.", 1)
flags.DEFINE_enum(
    "debias",
    None,
    ["groups", "per_example"],
    "Consensus and smoothing without the bias of batches: over micro-batches or examples.",
)
flags.DEFINE_float("initial_accumulator", 1.0, "Start of RMSProp's running mean of squares.", 0.0)
flags.DEFINE_bool("advice", True, "Say what goes wrong in training as it happens.")
flags.DEFINE_string("output_dir", "output/mixture_of_gaussians", "Folder for all results.")
flags.DEFINE_bool("resume", False, "Continue the runs in --output_dir.")
for name, check in {
    "optimizer": validators.list_of(METHODS, least=1),
    "seeds": validators.seeds(),
    "penalty": validators.list_of(tfc.penalties.names()),
    "objective": validators.one_of(tfc.objectives.names()),
    "steps": validators.multiple_or_less(STEPS_PER_EPOCH, "the length of an epoch"),
}.items():
    flags.register_validator(name, check)


def resolve_settings():
    """The preset with the flags' overrides, and all other flags that determine the runs."""
    preset = dict(PRESETS[FLAGS.preset])
    for key in ("learning_rate", "schedule", "gamma", "steps"):
        if FLAGS[key].value is not None:
            preset[key] = FLAGS[key].value
    others = ("preset", "clip_norm", "objective", "batch_size", "initial_accumulator", "target")
    others += ("penalty", "penalty_weight", "penalty_every", "microbatches", "debias", "balanced")
    others += ("precision",)
    return {
        "optimizer": FLAGS.optimizer,
        "seeds": [int(seed) for seed in FLAGS.seeds],
        **{key: FLAGS[key].value for key in others},
        **preset,
    }


def main(argv):
    """Trains, draws and reports."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    train_points(FLAGS, resolve_settings(), train_and_report)


if __name__ == "__main__":
    app.run(main)
