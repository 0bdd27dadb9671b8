"""Gradients as games need them: dense, of Keras variables too, and zero where unconnected."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games import missing_gradients  # noqa: F401 - registers them


def tf_variables(variables: Sequence[Any]) -> list[tf.Variable]:
    """The `tf.Variable` under each variable, which tapes and `tf.gradients` need."""
    return [x.value if isinstance(x, keras.Variable) else x for x in variables]


def dense_gradient(
    tape: tf.GradientTape,
    target: tf.Tensor | Sequence[tf.Tensor],
    sources: Sequence[Any],
    output_gradients: tf.Tensor | Sequence[tf.Tensor] | None = None,
) -> list[tf.Tensor]:
    """Gradients with zeros where nothing is connected, embeddings' slices made dense.

    Args:
        tape: the tape that recorded the target.
        target: one tensor, or a list of them whose sum is differentiated.
        sources: tensors and `tf.Variable`s.
        output_gradients: cotangents of the target's structure and shapes; `None` is ones.

    Returns:
        One tensor per source, of its shape.

    Raises:
        NotImplementedError: if a layer on the way recomputes itself and has no second derivative.
    """
    with explain_recomputation():
        gradients = tape.gradient(
            target,
            sources,
            output_gradients=output_gradients,
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
    dense = [tf.convert_to_tensor(g) for g in gradients]
    for g, x in zip(dense, sources, strict=True):
        # A dense layer on a sequence loses it where the batch is of unknown size.
        g.set_shape(x.shape)
    return dense


@contextlib.contextmanager
def explain_recomputation() -> Iterator[None]:
    """Raises `NotImplementedError` with the remedy where a layer recomputes itself in the block."""
    try:
        yield
    except NotImplementedError as error:
        if "recompute_grad" not in str(error):
            raise
        raise NotImplementedError(
            "Layers made in a keras.RematScope, keras.remat and tf.recompute_grad have a first "
            f"derivative only, and this update or a penalty needs the second. Received: {error}. "
            "Build the networks without them; microbatches=k on the optimizer saves memory too."
        ) from error
