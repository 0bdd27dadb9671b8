r"""Images of a class: four ways for a GAN to learn from labels, and one to find classes itself.

    python examples/labels.py --model=logits,projection,acgan,infogan

logits: the discriminator has one logit per class (`tfc.GAN`). projection: it takes the label too.
acgan: it also classifies (`tfc.models.ACGAN`). infogan: it sees no labels; a code of as many values
as there are classes is recognized in the samples (`tfc.models.InfoGAN`).

The script writes into --output_dir, for each model, <model>.png (one row per class or value of the
code) and results.json: the share of samples that a classifier finds in the class they were made
for, and seconds. For infogan each value of the code counts as the class that the classifier finds
most often in its samples.
"""

import os
import pathlib
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# By default TensorFlow uses oneDNN's convolutions on the newest CPUs only; its own are up to five
# times as slow.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
from absl import app, flags

import tf_consensus as tfc
from tf_consensus.experiments.errors import plain_errors
from tf_consensus.plotting.images import image_grid
from tf_consensus.support.files import write_json

HEADS = {"logits": None, "projection": "projection", "acgan": "auxiliary", "infogan": "features"}
FLAGS = flags.FLAGS
flags.DEFINE_list("model", list(HEADS), f"One or more of {', '.join(HEADS)}.")
flags.DEFINE_string("dataset", "fashion_mnist", "Name for tfc.data.images, or folder:PATH.")
flags.DEFINE_string("data_dir", None, "Folder of the data set, if not the usual one.")
flags.DEFINE_integer("num_classes", 10, "Number of labels.", 2)
flags.DEFINE_integer("image_size", 32, "Side of the images in pixels; a multiple of 8.", 8)
flags.DEFINE_integer("channels", 1, "Colour channels, 1 or 3.", 1, 3)
flags.DEFINE_integer("filters", 16, "Filters of the networks' first level.", 1)
flags.DEFINE_integer("latent_dim", 64, "Latent dimensions.", 1)
flags.DEFINE_integer("batch_size", 32, "Images in a batch.", 1)
flags.DEFINE_integer("steps", 2000, "Training steps.", 1)
flags.DEFINE_float("learning_rate", 2e-4, "Adam's step size, with β₁ = 0.5.", 0.0)
flags.DEFINE_integer("seed", 0, "Seed of weights, data and noise.", 0, 2**31 - 1)
flags.DEFINE_integer("samples", 1000, "Images to classify.", 10)
flags.DEFINE_string("classifier", None, "A .keras classifier of the images; none: no agreement.")
flags.DEFINE_string("output_dir", "output/labels", "Folder for all results.")


def build(model):
    """The compiled model of a name."""
    codes = FLAGS.num_classes + 1 if model == "infogan" else 0  # one continuous code
    generator, discriminator = tfc.networks.build(
        "dcgan3_nobn_cf",
        image_size=FLAGS.image_size,
        channels=FLAGS.channels,
        filters=FLAGS.filters,
        latent_dim=FLAGS.latent_dim + codes,
        num_classes=None if codes else FLAGS.num_classes,
        head=HEADS[model],
        seed=FLAGS.seed,
    )
    if model == "infogan":
        gan = info_gan(generator, discriminator)
    elif model == "acgan":
        gan = tfc.models.ACGAN(generator, discriminator, seed=FLAGS.seed)
    else:
        classes = FLAGS.num_classes
        gan = tfc.GAN(generator, discriminator, seed=FLAGS.seed, num_classes=classes)
    adam = [keras.optimizers.Adam(FLAGS.learning_rate, beta_1=0.5) for _ in range(2)]
    gan.compile(optimizer=tfc.AlternatingOptimizer(*adam))
    return gan


def info_gan(generator, discriminator):
    """An InfoGAN whose recognizer is a head on the discriminator's body."""
    keras.utils.set_random_seed(FLAGS.seed)
    layers = keras.layers
    (_, width) = discriminator.output_shape[1]
    recognizer = keras.Sequential(
        [
            keras.Input((width,)),
            layers.Dense(64),
            layers.LeakyReLU(0.2),
            layers.Dense(FLAGS.num_classes + 1),
        ]
    )
    sizes = {"categorical": [FLAGS.num_classes], "continuous": 1}
    return tfc.models.InfoGAN(generator, discriminator, recognizer, seed=FLAGS.seed, **sizes)


def make(gan, classes):
    """Images of these classes, or values of the code."""
    seed = FLAGS.seed
    if gan.num_classes is not None:
        return gan.generate(len(classes), seed=seed, labels=classes)
    uniform = np.random.default_rng(seed).uniform(-1.0, 1.0, len(classes))
    return gan.generate(len(classes), seed=seed, codes=np.stack([classes, uniform], axis=1))


def agreement(gan, classifier):
    """The share of images in their class, and for a code the class of each of its values."""
    classes = np.arange(FLAGS.samples) % FLAGS.num_classes
    found = classifier.predict(make(gan, classes), verbose=0).argmax(axis=1)
    if gan.num_classes is not None:
        return {"agreement": float((found == classes).mean())}
    kinds = [np.bincount(found[classes == k]).argmax() for k in range(FLAGS.num_classes)]
    share = float((found == np.take(kinds, classes)).mean())
    return {"agreement": share, "classes_of_the_code": [int(k) for k in kinds]}


def train(model, folder):
    """Trains one model, saves its picture, and returns its numbers."""
    data = tfc.data.images(
        FLAGS.dataset,
        image_size=FLAGS.image_size,
        channels=FLAGS.channels,
        batch_size=FLAGS.batch_size,
        data_dir=FLAGS.data_dir,
        seed=FLAGS.seed,
        labels=True,
    )
    gan, begin = build(model), (time.monotonic(), time.process_time())
    logs = gan.fit(data, steps_per_epoch=FLAGS.steps, shuffle=False, verbose=0).history
    seconds = time.monotonic() - begin[0], time.process_time() - begin[1]
    rows = np.repeat(np.arange(FLAGS.num_classes), 8)
    image_grid(make(gan, rows), folder / f"{model}.png", columns=8)
    numbers = {"seconds": seconds[0], "cpu_seconds": seconds[1], "steps": FLAGS.steps}
    numbers |= {key: values[-1] for key, values in logs.items()}
    if FLAGS.classifier:
        classifier = keras.saving.load_model(FLAGS.classifier, compile=False)
        numbers |= agreement(gan, classifier)
    return numbers


def main(argv):
    """Trains, draws and scores each model."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    if unknown := set(FLAGS.model) - set(HEADS):
        raise app.UsageError(
            f"--model lists names of models. Received: {', '.join(sorted(unknown))}. Choose from "
            f"{', '.join(HEADS)}."
        )
    folder = pathlib.Path(FLAGS.output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    results = {}
    with plain_errors():
        for model in FLAGS.model:
            results[model] = train(model, folder)
            write_json(folder / "results.json", results)
            print(model, results[model], flush=True)


if __name__ == "__main__":
    app.run(main)
