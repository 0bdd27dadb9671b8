"""Identifies the reference Inception network by its nodes' names, shapes, numbers and wiring.

TensorFlow publishes the file without a digest, so none is compared: a network of the same form with
other weights would pass. Its fingerprint, which descriptions hold, tells it apart.

Reference:
    The numbers of operations and of all constants, 23,885,411, are those that TensorFlow's guide to
    its graph transforms prints; the shapes are those of Szegedy et al., Rethinking the Inception
    Architecture for Computer Vision, 2015.
"""

import math
from collections import Counter
from collections.abc import Iterator

import tensorflow as tf

from tf_consensus.metrics import inception_wiring
from tf_consensus.metrics.frozen_graph import constant_shape

FEATURES, CLASSES = 2048, 1008
# All learnt or averaged numbers that features and logits depend on: those of 94 convolutions, their
# normalizations and the last layer, without its biases.
PARAMETERS = 23_884_384
_OPERATIONS = {
    "Conv2D": 94,
    "BatchNormWithGlobalNormalization": 94,
    "Relu": 94,
    "Concat": 11,
    "AvgPool": 9,
    "MaxPool": 5,
    "MatMul": 1,
    "Reshape": 1,
}
_SILENT = {"CheckNumerics", "Const", "Identity"}
# The last of these is a pool that takes the average in later Inceptions.
_MAXIMA = ("pool", "pool_1", "mixed_3/pool", "mixed_8/pool", "mixed_10/tower_2/pool")
_MEANS = (
    *(f"mixed{k}/tower_2/pool" for k in ("", "_1", "_2", "_4", "_5", "_6", "_7", "_9")),
    "pool_3",
)
_AVERAGES = ("beta", "gamma", "moving_mean", "moving_variance")


def differences(graph_def: tf.compat.v1.GraphDef) -> list[str]:
    """The graph's differences from the reference network, each in a few words; maybe none.

    Args:
        graph_def: The nodes that features and logits depend on, as `frozen_graph.part` returns
            them; other nodes say nothing about these.
    """
    nodes = {node.name: node for node in graph_def.node}
    shapes = {name: constant_shape(node) for name, node in nodes.items() if node.op == "Const"}
    counts = Counter(node.op for node in graph_def.node)
    found = [
        f"{counts[op]} nodes {op} where it has {number}"
        for op, number in _OPERATIONS.items()
        if counts[op] != number
    ]
    others = sorted(set(counts) - set(_OPERATIONS) - _SILENT)
    found += [f"{counts[op]} nodes {op} where it has none" for op in others]
    for op, names in (("MaxPool", _MAXIMA), ("AvgPool", _MEANS)):
        found += [f"no {op} {n!r}" for n in names if n not in nodes or nodes[n].op != op]
    wanted = dict(parameters())
    for name, shape in wanted.items():
        if _form(shapes.get(name)) != _form(shape):
            found.append(f"{name!r} of shape {shapes.get(name)} where it has {shape}")
    own = sum(math.prod(shapes.get(name, (0,))) for name in wanted)
    if own != PARAMETERS:
        found.append(f"{own:,} parameters where it has {PARAMETERS:,}")
    # With other nodes the wiring differs anyway.
    return found or inception_wiring.differences(graph_def, dict(convolutions()))


def convolutions() -> Iterator[tuple[str, tuple[int, int, int, int]]]:
    """Names of the 94 convolutions and shapes of their filters (height, width, in, out)."""
    yield from _chain("", [("conv", 3, 3, 32), ("conv_1", 3, 3, 32), ("conv_2", 3, 3, 64)], 3)
    yield from _chain("", [("conv_3", 1, 1, 80), ("conv_4", 3, 3, 192)], 64)
    for name, width, pooled in (("mixed", 192, 32), ("mixed_1", 256, 64), ("mixed_2", 288, 64)):
        yield from _wide(name, width, pooled)
    yield from _chain("mixed_3", [("conv", 3, 3, 384)], 288)
    yield from _chain("mixed_3/tower", [("conv", 1, 1, 64), *_square(2)], 288)
    for name, inner in (("mixed_4", 128), ("mixed_5", 160), ("mixed_6", 160), ("mixed_7", 192)):
        yield from _long(name, inner)
    yield from _chain("mixed_8/tower", [("conv", 1, 1, 192), ("conv_1", 3, 3, 320)], 768)
    last = [("conv", 1, 1, 192), ("conv_1", 1, 7, 192), ("conv_2", 7, 1, 192)]
    yield from _chain("mixed_8/tower_1", [*last, ("conv_3", 3, 3, 192)], 768)
    for name, width in (("mixed_9", 1280), ("mixed_10", 2048)):
        yield from _forked(name, width)


def parameters() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and shapes of all constants that are learnt or averaged."""
    for name, shape in convolutions():
        yield f"{name}/conv2d_params", shape
        for average in _AVERAGES:
            yield f"{name}/batchnorm/{average}", shape[-1:]
    yield "softmax/weights", (FEATURES, CLASSES)


def _form(shape):
    """A shape; for filters the number of pixels replaces height and width."""
    return shape if shape is None or len(shape) < 4 else (shape[0] * shape[1], *shape[2:])


def _chain(scope, layers, width):
    """Convolutions one after the other."""
    for name, rows, columns, out in layers:
        yield "/".join(filter(None, (scope, name))), (rows, columns, width, out)
        width = out


def _square(number):
    return [(f"conv_{k}", 3, 3, 96) for k in range(1, number + 1)]


def _wide(name, width, pooled):
    """A block of 35 × 35 positions."""
    yield from _chain(name, [("conv", 1, 1, 64)], width)
    yield from _chain(f"{name}/tower", [("conv", 1, 1, 48), ("conv_1", 5, 5, 64)], width)
    yield from _chain(f"{name}/tower_1", [("conv", 1, 1, 64), *_square(2)], width)
    yield from _chain(f"{name}/tower_2", [("conv", 1, 1, pooled)], width)


def _long(name, inner):
    """A block of 17 × 17 positions, whose filters are rows and columns."""
    row, column = (1, 7), (7, 1)
    yield from _chain(name, [("conv", 1, 1, 192)], 768)
    two = [("conv", 1, 1, inner), ("conv_1", *row, inner), ("conv_2", *column, 192)]
    yield from _chain(f"{name}/tower", two, 768)
    four = [(f"conv_{k}", *(column if k % 2 else row), inner) for k in (1, 2, 3)]
    four = [("conv", 1, 1, inner), *four, ("conv_4", *row, 192)]
    yield from _chain(f"{name}/tower_1", four, 768)
    yield from _chain(f"{name}/tower_2", [("conv", 1, 1, 192)], 768)


def _forked(name, width):
    """A block of 8 × 8 positions, where a row and a column start from one tensor."""
    fork = [("conv", 1, 3, 384)], [("conv_1", 3, 1, 384)]
    yield from _chain(name, [("conv", 1, 1, 320)], width)
    yield from _chain(f"{name}/tower", [("conv", 1, 1, 384)], width)
    yield from _chain(f"{name}/tower_1", [("conv", 1, 1, 448), ("conv_1", 3, 3, 384)], width)
    for tower in ("tower", "tower_1"):
        for layers in fork:
            yield from _chain(f"{name}/{tower}/mixed", layers, 384)
    yield from _chain(f"{name}/tower_2", [("conv", 1, 1, 192)], width)
