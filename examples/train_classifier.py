"""Trains a classifier that scores generated images for which the Inception network is unfit.

    python examples/train_classifier.py
    python examples/train_classifier.py --dataset=cifar10 --channels=3 --epochs=20

It writes into --output_dir: classifier.keras (a small convolutional network that ends in logits),
reference.npz (its features of the test images) and results.json (its accuracy, and the score of the
real test images, which no generator should be expected to beat). Its scores compare runs on this
data set with each other; they are not the Inception scores and distances of papers.

On Fashion-MNIST it takes about two minutes on two CPU cores. The README's scores come from
examples/fashion_mnist_classifier.keras, made by the first command. A classifier from another
training, even on another processor, gives other scores.
"""

import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# By default TensorFlow uses oneDNN's convolutions on the newest CPUs only; its own are up to five
# times as slow.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

import tf_consensus as tfc
from tf_consensus.experiments import image_classifier
from tf_consensus.support.files import write_json

FLAGS = flags.FLAGS
flags.DEFINE_string("dataset", "fashion_mnist", "Name for tfc.data.images, or folder:PATH.")
flags.DEFINE_string("test_split", "test", "Split of the real images that scores compare with.")
flags.DEFINE_integer("image_size", 32, "Side of the images in pixels; a multiple of 8.", 8)
flags.DEFINE_integer("channels", 1, "Colour channels, 1 or 3.", 1, 3)
flags.DEFINE_integer("num_classes", None, "Number of labels; none: the data set's.", 2)
flags.DEFINE_integer("filters", 16, "Filters of the first convolution.", 1)
flags.DEFINE_integer("batch_size", 128, "Images in a batch.", 1)
flags.DEFINE_integer("epochs", 4, "Passes over the training images.", 1)
flags.DEFINE_integer("steps_per_epoch", None, "Batches per epoch; none: all there are.", 1)
flags.DEFINE_float("learning_rate", 2e-3, "Adam's first step size; it falls to 0.", 0.0)
flags.DEFINE_integer("seed", 0, "Seed of the weights and of the images' order.")
flags.DEFINE_string("data_dir", None, "Folder of the data set, if not the usual one.")
flags.DEFINE_string("output_dir", "output/classifier", "Folder for all results.")


def images(split, **options):
    """Batches of (images, labels)."""
    return tfc.data.images(
        FLAGS.dataset,
        split=split,
        image_size=FLAGS.image_size,
        channels=FLAGS.channels,
        batch_size=FLAGS.batch_size,
        data_dir=FLAGS.data_dir,
        labels=True,
        **options,
    )


def train():
    """A trained classifier, and its accuracy on the test images."""
    classes = FLAGS.num_classes or tfc.data.image_info(FLAGS.dataset, FLAGS.data_dir).num_classes
    shape = (FLAGS.image_size, FLAGS.image_size, FLAGS.channels)
    classifier = image_classifier.make(shape, classes, FLAGS.filters, FLAGS.seed)
    steps = FLAGS.steps_per_epoch or int(images("train", repeat=False).cardinality())
    batches = images("train", seed=FLAGS.seed)
    losses = image_classifier.fit(classifier, batches, FLAGS.epochs, steps, FLAGS.learning_rate, 2)
    if not np.isfinite(losses).all():
        sys.exit("The classifier diverged: its loss is not finite. Lower --learning_rate.")
    return classifier, classifier.evaluate(images(FLAGS.test_split, repeat=False), verbose=0)[1]


def score_real(classifier, output):
    """Saves the reference of the test images; returns the scores of the test images."""
    extractor = tfc.metrics.Extractor(
        classifier, name=f"classifier of {FLAGS.dataset}", weights="train_classifier.py"
    )
    batches = images(FLAGS.test_split, repeat=False)
    reference = tfc.metrics.Reference.of(extractor, batches, split=FLAGS.test_split)
    reference.save(output / "reference.npz")
    scores = tfc.metrics.ImageScores(extractor, reference)
    for batch, _ in batches:
        scores.update_state(batch)
    return scores.result(), scores.description()


def main(argv):
    """Trains, saves and reports."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    output = pathlib.Path(FLAGS.output_dir)
    output.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(FLAGS.seed)
    classifier, accuracy = train()
    image_classifier.save(classifier, output / "classifier.keras")
    scores, description = score_real(classifier, output)
    report = {
        "accuracy": accuracy,
        "scores_of_the_real_images": scores,
        "description": description,
        "settings": {flag.name: flag.value for flag in FLAGS.get_key_flags_for_module(sys.argv[0])},
        "versions": {"tensorflow": tf.__version__, "keras": keras.__version__},
    }
    write_json(output / "results.json", report)
    print(f"accuracy on the {FLAGS.test_split} images: {accuracy:.2%}")
    print("scores of the real images: " + ", ".join(f"{k} {v:.3f}" for k, v in scores.items()))
    print(f"classifier.keras and reference.npz in {output}/")


if __name__ == "__main__":
    app.run(main)
