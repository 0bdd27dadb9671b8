"""What a discriminator's features end in: logits, and what knows or tells labels."""

import keras

from tf_consensus.networks.layers import last_dense
from tf_consensus.networks.weights import Weights
from tf_consensus.support.checks import nearest

HEADS = "auxiliary", "features", "projection"
_NEED_CLASSES = "auxiliary", "projection"


def check_head(head: str | None, num_classes: int | None) -> str | None:
    """The name of a head, or None.

    Raises:
        ValueError: If there is no such head, or it needs classes and there are none.
    """
    if head is not None and head not in HEADS:
        raise ValueError(
            f"`head` must be that of a discriminator. Received: head={head!r}. "
            f"{nearest(head, HEADS)}Choose one of {', '.join(HEADS)}, or None."
        )
    if head in _NEED_CLASSES and num_classes is None:
        raise ValueError(
            f"The head {head!r} is of a discriminator with classes. Received: head={head!r} and "
            "num_classes=None. Pass num_classes too."
        )
    return head


def discriminator_of(
    samples: keras.KerasTensor,
    features: keras.KerasTensor,
    ending: tuple[int | None, str | None],
    weights: Weights,
) -> keras.Model:
    """A discriminator that ends in a head.

    With φ the features, w and b a dense layer's weights and e_y the embedding of the label y:

    - None: one logit per class, (batch, num_classes), or one logit without classes;
    - "projection": takes [samples, labels] and returns w·φ + b + e_y·φ, (batch, 1);
    - "auxiliary": returns a list of w·φ + b, (batch, 1), and class logits, (batch, num_classes);
    - "features": returns a list of w·φ + b, (batch, 1), and φ.

    Args:
        samples: Symbolic input of samples.
        features: Symbolic φ, (batch, d).
        ending: Number of classes, or None; and the head's name, checked by `check_head`.
        weights: Initializers and precision, `weights.Weights`.

    Reference:
        Miyato, Koyama, cGANs with Projection Discriminator, 2018; Odena, Olah, Shlens, Conditional
        Image Synthesis with Auxiliary Classifier GANs, 2017.
    """
    (num_classes, head), name = ending, "discriminator"
    classes = num_classes or 1
    if head is None:
        return weights.model(samples, last_dense(features, classes, weights), name)
    logit = last_dense(features, 1, weights)
    if head == "projection":
        labels = keras.Input((), dtype="int32", name="labels")
        return weights.model(
            [samples, labels], _projected(logit, features, labels, num_classes, weights), name
        )
    if head == "auxiliary":
        return weights.model(samples, [logit, last_dense(features, classes, weights)], name)
    # A layer of its own, so that the output has the variables' precision.
    seen = keras.layers.Identity(dtype=weights.output_dtype)(features)
    return weights.model(samples, [logit, seen], name)


def _projected(logit, features, labels, num_classes, weights):
    settings = {"embeddings_initializer": next(weights), "dtype": weights.output_dtype}
    embedded = keras.layers.Embedding(num_classes, features.shape[-1], **settings)(labels)
    product = keras.layers.Dot(axes=1, dtype=weights.output_dtype)([embedded, features])
    return keras.layers.Add(dtype=weights.output_dtype)([logit, product])
