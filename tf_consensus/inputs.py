"""What a network of samples takes: the samples, alone or with the conditions they are of."""

import tensorflow as tf


def split(inputs) -> tuple[tf.Tensor, list]:
    """Samples and conditions of a network's inputs: a tensor, or a tuple of it and conditions."""
    if isinstance(inputs, tuple | list):
        return tf.convert_to_tensor(inputs[0]), list(inputs[1:])
    return tf.convert_to_tensor(inputs), []


def join(samples, conditions):
    """The inputs as a Keras model takes them."""
    return [samples, *conditions] if conditions else samples


def pick(logits, conditions) -> tf.Tensor:
    """One logit an example, (batch, 1), with each example's label as the condition if any.

    Args:
        logits: (batch, classes), or (batch, 1), which is returned as it is.
        conditions: a list that is empty or holds the labels, integers (batch,).

    Returns:
        The label's logit; NaN for a label outside of the classes, as XLA cannot raise.
    """
    if not conditions or logits.shape[-1] == 1:
        return logits
    return tf.reduce_sum(choice(logits, conditions) * logits, axis=1, keepdims=True)


def choice(logits, conditions) -> tf.Tensor:
    """∂pick/∂logits: 1 at the label of each example, 0 elsewhere."""
    if not conditions or logits.shape[-1] == 1:
        return tf.ones_like(logits)
    mask = tf.one_hot(conditions[0], logits.shape[-1], dtype=logits.dtype)
    # 0/0 where no class is chosen.
    return mask / tf.reduce_sum(mask, axis=1, keepdims=True)
