"""Graphs from other people's files: what they may hold, and the part of them that is used."""

import math
from collections.abc import Sequence

import tensorflow as tf
from google.protobuf.message import DecodeError

# The operations that a classifier of images needs. None of them reads, writes, calls or keeps
# anything.
OPERATIONS = frozenset(
    {
        *("Add", "AddV2", "AvgPool", "BatchNormWithGlobalNormalization", "BiasAdd", "Cast"),
        *("CheckNumerics", "Concat", "ConcatV2", "Const", "Conv2D", "DecodeJpeg", "ExpandDims"),
        *("Identity", "MatMul", "MaxPool", "Mean", "Mul", "Placeholder", "Relu", "Reshape"),
        *("ResizeBilinear", "Softmax", "Squeeze", "Sub"),
    }
)
# These may feed the input; features must not depend on them.
_FEEDING = frozenset({"DecodeJpeg", "Placeholder"})
# The numbers in all constants together: the reference graph has 23,885,411.
_MOST_NUMBERS = 2**26
# The reference graph has 1,008 nodes with about 1,100 inputs.
_MOST_NODES, _MOST_INPUTS = 2**12, 2**14
# Inputs whose values TensorFlow computes at the import, to know a shape.
_SHAPING = {
    "Concat": 0,
    "ConcatV2": -1,
    "ExpandDims": 1,
    "Mean": 1,
    "Reshape": 1,
    "ResizeBilinear": 1,
}
_CALLS = ("func", "placeholder")


def parse(content: bytes) -> tf.compat.v1.GraphDef:
    """The graph in a file's bytes; nothing of it is imported or run.

    Raises:
        ValueError: If the bytes are not a graph, or the graph holds anything but `OPERATIONS` on
            constants, or is too large. The message says what is wrong, without the path.
    """
    graph_def = tf.compat.v1.GraphDef()
    try:
        graph_def.ParseFromString(content)
    except DecodeError as error:
        raise ValueError("a file that is no GraphDef") from error
    _check_length(graph_def)
    if graph_def.library.function or graph_def.library.gradient:
        names = [function.signature.name for function in graph_def.library.function]
        raise ValueError(f"a graph with functions of its own: {_some(names)}")
    _check_operations(graph_def)
    _check_attributes(graph_def)
    _check_size(graph_def)
    return graph_def


def part(
    graph_def: tf.compat.v1.GraphDef, outputs: Sequence[str], inputs: Sequence[str]
) -> tf.compat.v1.GraphDef:
    """The nodes that compute the outputs from the inputs, without the inputs and what feeds them.

    Devices and TensorFlow's own attributes, whose names begin with "_", are left out: no result
    depends on them.

    Args:
        graph_def: A graph that `parse` has passed.
        outputs: Names of nodes.
        inputs: Names of nodes that will be replaced.

    Raises:
        ValueError: If a node is missing, a used node reads a file or waits for another input, or a
            shape in it is computed. The message says which, without the path.
    """
    nodes = {node.name: node for node in graph_def.node}
    wanted, seen = list(outputs), set(inputs)
    missing = [name for name in (*inputs, *outputs) if name not in nodes]
    while wanted and not missing:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in nodes:
            wanted += [_node_of(tensor) for tensor in nodes[name].input]
        else:
            missing.append(name)
    if missing:
        raise ValueError(f"a graph without {', '.join(sorted(set(missing)))}")
    used = tf.compat.v1.GraphDef(versions=graph_def.versions)
    for node in graph_def.node:
        if node.name in seen and node.name not in inputs:
            copy = used.node.add(op=node.op, name=node.name, input=node.input)
            for key, value in node.attr.items():
                if not key.startswith("_"):
                    copy.attr[key].CopyFrom(value)
    _check_inputs(used)
    _check_shapes(used)
    return used


def data_inputs(node: tf.compat.v1.NodeDef) -> list[str]:
    """Names of the nodes that a node takes tensors from, in order."""
    return [_node_of(tensor) for tensor in node.input if not tensor.startswith("^")]


def constant_shape(node: tf.compat.v1.NodeDef) -> tuple[int, ...]:
    """The shape of a Const node."""
    return tuple(side.size for side in node.attr["value"].tensor.tensor_shape.dim)


def _node_of(tensor):
    """Name of the node of an input such as "^conv/control" or "split:1"."""
    return tensor.removeprefix("^").split(":")[0]


def _check_length(graph_def):
    nodes, inputs = len(graph_def.node), sum(len(node.input) for node in graph_def.node)
    if nodes > _MOST_NODES or inputs > _MOST_INPUTS:
        raise ValueError(
            f"a graph with {nodes:,} nodes and {inputs:,} inputs of theirs, of which at most "
            f"{_MOST_NODES:,} and {_MOST_INPUTS:,} are allowed"
        )


def _check_inputs(used):
    """Refuses nodes that may feed the input of a network but feed anything else."""
    found = [f"{node.op} (node {node.name!r})" for node in used.node if node.op in _FEEDING]
    if found:
        raise ValueError(f"a graph whose features depend on other inputs: {_some(found)}")


def _check_shapes(used):
    """Refuses shapes that are computed: the import would compute them, whatever their size."""
    nodes = {node.name: node for node in used.node}
    computed = []
    for node in used.node:
        inputs = data_inputs(node)
        place = _SHAPING.get(node.op)
        if place is None or not -len(inputs) <= place < len(inputs):
            continue
        shape = nodes.get(inputs[place])
        if shape is None or shape.op != "Const":
            computed.append(repr(node.name))
    if computed:
        raise ValueError(f"a graph with shapes or axes that are no constants: {_some(computed)}")


def _check_operations(graph_def):
    foreign = {node.op: node.name for node in graph_def.node if node.op not in OPERATIONS}
    if foreign:
        named = [f"{op} (node {name!r})" for op, name in sorted(foreign.items())]
        raise ValueError(
            f"a graph with operations that no classifier of images needs: {_some(named)}"
        )


def _check_attributes(graph_def):
    """Refuses attributes that name functions, wherever TensorFlow might look for one."""
    calling = [
        f"{key} of {node.name!r}"
        for node in graph_def.node
        for key, value in node.attr.items()
        if value.WhichOneof("value") in _CALLS or value.list.func
    ]
    if calling:
        raise ValueError(f"a graph whose attributes name functions: {_some(calling)}")


def _check_size(graph_def):
    """Refuses constants of few bytes in the file that would need more memory than there is."""
    shapes = [constant_shape(node) for node in graph_def.node if node.op == "Const"]
    if any(min(shape, default=1) < 0 for shape in shapes):
        raise ValueError("a graph with a constant of unknown shape")
    numbers = sum(math.prod(shape) for shape in shapes)
    if numbers > _MOST_NUMBERS:
        raise ValueError(
            f"a graph with {numbers:,} numbers, of which {_MOST_NUMBERS:,} are allowed"
        )


def _some(names):
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
