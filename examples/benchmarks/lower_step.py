r"""Lowers a GAN's whole training step to StableHLO, for the compiler of a machine that is not here.

The step is that of `GAN.fit` under XLA, for any experiment of `image_experiments.py` or for the
mixture of Gaussians; nothing of it is run. The serialized module is written to --output. If the
Python of an environment with jax[tpu] is given, `tpu_compile.py` compiles it for a TPU there, and
the compiler's numbers are printed, one JSON object per line.

    python examples/benchmarks/lower_step.py --experiment=mixture --method=consensus \
        --output=step.stablehlo
    python examples/benchmarks/lower_step.py --experiment=imagenet --method=consensus \
        --tpu_python=/path/to/venv/bin/python --largest_batch
"""

import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.append(str(pathlib.Path(__file__).parents[1]))

import tensorflow as tf
from absl import app, flags

import tf_consensus as tfc
from tf_consensus.experiments import image_runs
from tf_consensus.experiments.presets import EXPERIMENTS, METHODS, PAPER
from tf_consensus.experiments.resolving import resolve

MIXTURE = PAPER | {
    "batch_size": 512,
    "latent_dim": 16,
    "runs": [{"method": "consensus", "network": "mlp"}],
}
STEPS = {"mixture": MIXTURE} | EXPERIMENTS

FLAGS = flags.FLAGS
flags.DEFINE_enum("experiment", "mixture", sorted(STEPS), "Whose networks and settings.")
flags.DEFINE_enum("method", "consensus", sorted(METHODS), "How the players are updated.")
flags.DEFINE_list("penalty", None, f"Penalties, of {', '.join(tfc.penalties.names())}.")
flags.DEFINE_integer("penalty_every", None, "Take penalties only every so many steps.", 1)
flags.DEFINE_enum("network", None, tfc.networks.names(), "Networks, if not the experiment's.")
flags.DEFINE_integer("image_size", None, "Side of the images in pixels.", 1)
flags.DEFINE_integer("filters", None, "Filters of the networks' level next to the image.", 1)
flags.DEFINE_integer("batch_size", None, "Examples in a batch.", 1)
flags.DEFINE_integer("microbatches", None, "Equal parts in which a batch is processed.", 1)
flags.DEFINE_enum(
    "precision", None, ["float32", "mixed_bfloat16"], "Keras' dtype policy of the networks."
)
flags.DEFINE_string("output", None, "File for the module; none: it is not kept.")
flags.DEFINE_string("tpu_python", None, "Python that can import jax[tpu]; none: only lower.")
flags.DEFINE_string("topology", "v5e:2x2", "TPU to compile for; one of its chips is used.")
flags.DEFINE_float("effort", 0.0, "Compiler's effort for a fast program; -1: the least.", -1, 1)
flags.DEFINE_bool("largest_batch", False, "Also find the largest power of two that compiles.")
flags.DEFINE_float("hbm_gib", 15.75, "GiB of a chip's memory for programs, to guess that batch.")
flags.register_validator(
    "penalty",
    lambda names: set(names or []) <= set(tfc.penalties.names()),
    f"must be a comma list of names out of {', '.join(tfc.penalties.names())}",
)
OVERRIDES = (
    *("penalty", "penalty_every", "network", "image_size", "filters", "batch_size", "microbatches"),
    "precision",
)


def resolve_run():
    """All settings of the step that the flags ask for."""
    overrides = {key: FLAGS[key].value for key in OVERRIDES if FLAGS[key].value is not None}
    return resolve(STEPS[FLAGS.experiment], overrides, [FLAGS.method])[0]


def make_gan(run):
    """The compiled model, its optimizer built."""
    if run["network"] != "mlp":
        gan = image_runs.make_gan(run, seed=0, jit=True)
    else:
        options = {"dtype": run["precision"], "latent_dim": run["latent_dim"], "seed": 0}
        networks = tfc.networks.build("mlp", **options)
        penalties = image_runs.make_penalties(run)
        gan = tfc.GAN(*networks, latent_dim=run["latent_dim"], penalties=penalties, seed=0)
        gan.compile(optimizer=image_runs.make_optimizer(run), jit_compile=True)
        gan.optimizer.build(gan.trainable_variables)
    return gan


def lower(gan, batch_size):
    """The serialized StableHLO module of a training step, its variables and batch as arguments."""
    shape = (batch_size, *gan.discriminator.input_shape[1:])
    batch = [tf.TensorSpec(shape, tf.float32)]
    if gan.num_classes is not None:
        batch.append(tf.TensorSpec(shape[:1], tf.int32))
    step = tf.function(lambda *batch: gan.train_step(batch), jit_compile=True, autograph=False)
    return step.experimental_get_compiler_ir(*batch)(stage="stablehlo_serialized")


def compile_for_tpu(module):
    """The TPU compiler's costs of a module, or, in "error", why it does not fit."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(module)
        file.flush()
        script = pathlib.Path(__file__).with_name("tpu_compile.py")
        command = [FLAGS.tpu_python, script, file.name, FLAGS.topology, str(FLAGS.effort)]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(output.splitlines()[-1])


def report(run, batch_size, costs):
    """Prints a step and its costs."""
    parts = [run["method"], *run["penalty"], run["network"], run["precision"]]
    step = {"experiment": FLAGS.experiment, "step": " ".join(parts), "batch_size": batch_size}
    print(json.dumps(step | {"microbatches": run["microbatches"]} | costs), flush=True)


def likely_batch(batch_size, costs):
    """The power of two that should fill the memory, from a batch's need besides the arguments."""
    if "error" in costs:
        return 2 ** int(math.log2(batch_size)) // 2
    each = (costs["peak_mib"] - costs["arguments_mib"]) / batch_size
    return 2 ** int(math.log2(max((1024 * FLAGS.hbm_gib - costs["arguments_mib"]) / each, 1)))


def find_largest_batch(run, gan, costs):
    """The largest power of two that compiles, found by doubling or halving a guess.

    `costs` are those of the run's own batch.
    """
    known = {run["batch_size"]: costs}
    size = likely_batch(run["batch_size"], costs)
    fits = {}
    while size and size not in fits:
        if size not in known:
            known[size] = compile_for_tpu(lower(gan, size))
            report(run, size, known[size])
        fits[size] = "error" not in known[size]
        size = 2 * size if fits[size] else size // 2
    return max((size for size in fits if fits[size]), default=0)


def main(argv):
    """Lowers the step, and compiles it if there is a compiler."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    if FLAGS.largest_batch and FLAGS.tpu_python is None:
        raise app.UsageError("--largest_batch compiles. Received: no --tpu_python. Pass one.")
    run = resolve_run()
    gan = make_gan(run)
    module = lower(gan, run["batch_size"])
    if FLAGS.output:
        pathlib.Path(FLAGS.output).write_bytes(module)
    costs = {"module_bytes": len(module)}
    if FLAGS.tpu_python:
        costs |= compile_for_tpu(module)
    report(run, run["batch_size"], costs)
    if FLAGS.largest_batch:
        print(json.dumps({"largest_batch": find_largest_batch(run, gan, costs)}))


if __name__ == "__main__":
    app.run(main)
