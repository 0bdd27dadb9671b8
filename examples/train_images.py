r"""GANs on images: every image experiment of the papers, and Fashion-MNIST on two CPU cores.

    scores="--classifier=examples/fashion_mnist_classifier.keras"
    python examples/train_images.py --experiment=fashion_mnist_recommended $scores
    python examples/train_images.py --experiment=inception_score_conv4 --inception=inception.pb

This is the same as `tf-consensus train --experiment=NAME`. The experiments are listed in
`tf_consensus/experiments/presets.py`; every other flag overrides one of their settings. Each run
has a folder `<method>-<network>-seed<seed>` in --output_dir, with its report.html, its log.csv, its
samples over training, result.json, the trained model (model.keras) and the generator to sample from
(generator.keras), with averaged weights if there are averages. results.json, report.html,
curves_steps.png, curves_seconds.png and losses.png combine all runs; `plot_runs.py` compares
several such folders.

A run that was stopped by Ctrl-C, SIGTERM, a full disk or a power cut goes on with --resume, and
ends as if nothing had happened. With --resume and more --steps a finished run goes on too.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# By default TensorFlow uses oneDNN's convolutions on the newest CPUs only; its own are up to five
# times as slow.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

from absl import app, flags

from tf_consensus.cli import strategy_flags, train_flags
from tf_consensus.cli.asked_runs import experiment_runs
from tf_consensus.cli.train import train
from tf_consensus.experiments.errors import plain_errors

FLAGS = flags.FLAGS
train_flags.define(FLAGS, experiment="fashion_mnist_recommended")
flags.adopt_module_key_flags(train_flags)
flags.adopt_module_key_flags(strategy_flags)


def main(argv):
    """Trains, draws and reports."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    with plain_errors():
        runs, measure = experiment_runs(FLAGS)
    status = train(FLAGS, runs, measure, FLAGS.experiment, [sys.executable, *sys.argv])
    if status:
        sys.exit(status)


if __name__ == "__main__":
    app.run(main)
