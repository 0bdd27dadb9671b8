"""The small convolutional network that scores generated images."""

import pathlib

import keras
import tensorflow as tf

from tf_consensus.support.files import replacing


def make(shape: tuple[int, int, int], classes: int, filters: int, seed: int) -> keras.Model:
    """Three levels of convolutions, a hidden layer of features, and logits without a softmax.

    Args:
        shape: (height, width, channels) of the images, whose sides are multiples of 8.
        classes: How many labels there are.
        filters: Filters of the first convolution.
        seed: Seed of the dropout; Keras' global seed determines the weights.
    """
    layers = [keras.Input(shape)]
    for level in range(3):
        layers += [
            keras.layers.Conv2D(filters * 2**level, 3, padding="same", use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.MaxPooling2D(2),
        ]
    layers += [
        keras.layers.Flatten(),
        keras.layers.Dropout(0.3, seed=seed),
        keras.layers.Dense(128, "relu", name="features"),
        keras.layers.Dense(classes, name="logits"),
    ]
    return keras.Sequential(layers, name="classifier")


def fit(
    classifier: keras.Model,
    batches: tf.data.Dataset,
    epochs: int,
    steps: int,
    learning_rate: float,
    verbose: int,
) -> list[float]:
    """Train a classifier with Adam, at a rate that falls to 0, on endless (images, labels).

    Returns:
        The loss of each epoch.
    """
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * steps)
    classifier.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        # On a CPU the graph's convolutions are about 20 times as fast as XLA's.
        jit_compile=bool(tf.config.list_physical_devices("GPU")),
    )
    history = classifier.fit(
        batches, epochs=epochs, steps_per_epoch=steps, shuffle=False, verbose=verbose
    ).history
    return history["loss"]


def save(classifier: keras.Model, path: pathlib.Path) -> None:
    """Save the network without its optimizer: a third of the size."""
    bare = keras.Sequential.from_config(classifier.get_config())
    bare.set_weights(classifier.get_weights())
    with replacing(path) as partial:
        bare.save(partial)
