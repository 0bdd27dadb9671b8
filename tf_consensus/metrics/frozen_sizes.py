"""Finds from a graph's shapes how much memory it would take, before anything is run."""

import math

import tensorflow as tf

# The numbers in all tensors together, for one image: the reference network has 80 million.
_MOST_VALUES = 2**28


def check(used: tf.compat.v1.GraphDef, name: str, shape: tuple[int, ...]) -> None:
    """Raises unless all tensors of the graph have known shapes and fit in memory together.

    A graph of a few operations could take any amount of memory if each doubles a tensor.

    Args:
        used: A graph that `frozen_graph.part` returned; TensorFlow infers its shapes.
        name: The node that the input replaces.
        shape: Shape of the input, one image.

    Raises:
        ValueError: If TensorFlow cannot import the graph, or its tensors are too large. The message
            says which, without the path.
    """
    with tf.Graph().as_default() as graph:
        image = tf.compat.v1.placeholder(tf.float32, shape)
        try:
            tf.compat.v1.import_graph_def(used, {f"{name}:0": image}, name="")
        except (ValueError, tf.errors.OpError) as error:
            reason = str(error).splitlines()[0].rstrip(".")
            raise ValueError(f"a graph that TensorFlow cannot import: {reason}") from error
        tensors = [tensor for op in graph.get_operations() for tensor in op.outputs]
    unknown = [tensor.op.name for tensor in tensors if not tensor.shape.is_fully_defined()]
    if unknown:
        raise ValueError(f"a graph in which {unknown[0]!r} has no shape that can be told")
    sizes = {tensor.op.name: math.prod(tensor.shape) for tensor in tensors}
    total = sum(sizes.values())
    if total > _MOST_VALUES:
        largest = max(sizes, key=lambda name: sizes[name])
        raise ValueError(
            f"a graph that computes {total:,} numbers per image, of which {_MOST_VALUES:,} are "
            f"allowed, the most in {largest!r}"
        )
