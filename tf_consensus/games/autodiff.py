"""Gradients as games need them: of Keras' variables too, dense, zeros where unconnected."""

import contextlib
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf


def tf_variables(variables: Sequence[Any]) -> list:
    """The `tf.Variable` under each variable, which tapes and `tf.gradients` need to be given."""
    return [x.value if isinstance(x, keras.Variable) else x for x in variables]


def dense_gradient(tape, target, sources, output_gradients=None):
    """Gradients with zeros where nothing is connected, embeddings' slices made dense."""
    with explain_recomputation():
        gradients = tape.gradient(
            target,
            sources,
            output_gradients=output_gradients,
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
    return [tf.convert_to_tensor(g) for g in gradients]


@contextlib.contextmanager
def explain_recomputation():
    """Says what to do where a layer recomputes itself, which can be differentiated once only."""
    try:
        yield
    except NotImplementedError as error:
        if "recompute_grad" not in str(error):
            raise
        raise NotImplementedError(
            "Layers made in a keras.RematScope, keras.remat and tf.recompute_grad have a first "
            f"derivative only, and this update or a penalty needs the second. Received: {error}. "
            "Build the networks without, and take microbatches=k of the optimizer to save memory."
        ) from error
