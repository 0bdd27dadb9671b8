"""How the nodes of the reference Inception network are connected.

A layer is known by the name of its filters. The branches of a block begin at the output of the
block before, and are joined in a fixed order.

Reference:
    Szegedy et al., Rethinking the Inception Architecture for Computer Vision, 2015, figures 5 to 7
    and table 1.
"""

import math
from collections.abc import Iterator

import tensorflow as tf

from tf_consensus.metrics.frozen_graph import data_inputs

_BLOCKS = ("mixed", *(f"mixed_{k}" for k in range(1, 11)))
_SMALLER = ("mixed_3", "mixed_8")
_PASSED = ("CheckNumerics", "Identity")
_AVERAGES = ("moving_mean", "moving_variance", "beta", "gamma")
# Convolutions of stride 2; all of these and three more do not pad.
_STRIDED = {"conv", "mixed_3/conv", "mixed_3/tower/conv_2", "mixed_8/tower/conv_1"}
_STRIDED |= {"mixed_8/tower_1/conv_3"}
_UNPADDED = _STRIDED | {"conv_1", "conv_4"}
_STEM = ("conv", "conv_1", "conv_2", "pool", "conv_3", "conv_4", "pool_1")


def differences(graph_def: tf.compat.v1.GraphDef, filters: dict[str, tuple[int, ...]]) -> list[str]:
    """The connections that differ from the reference network's, each in a few words.

    Args:
        graph_def: A graph with the reference network's nodes and no others that compute.
        filters: Shapes of the convolutions' filters, by name, in the order of `convolutions`.
    """
    joins = dict(_joins(filters))
    graph = _Graph(graph_def, joins)
    found = [
        f"{name!r} of {graph.source_of.get(name, 'nothing')!r} where it is of {source!r}"
        for name, source in _sources(filters)
        if graph.source_of.get(name) != source
    ]
    found += [f"no join of {name!r}" for name in joins if name not in graph.labels.values()]
    return found + graph.wrong + list(_wrong_options(graph, filters))


def _sources(filters) -> Iterator[tuple[str, str]]:
    """The inputs of each convolution, each pool and the last layer."""
    before = "Mul"
    for name in _STEM:
        yield name, before
        before = name
    for block in _BLOCKS:
        for branch in _branches(block, filters):
            yield from zip(branch, (before, *branch), strict=False)
        for end, *forks in _forks(block, filters):
            yield from ((fork, end) for fork in forks)
        before = block
    yield "pool_3", before
    yield "softmax", "pool_3"


def _joins(filters) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The parts of each block, in order."""
    for block in _BLOCKS:
        forks = {end: rest for end, *rest in _forks(block, filters)}
        parts = [forks.get(branch[-1], branch[-1:]) for branch in _branches(block, filters)]
        yield block, tuple(name for part in parts for name in part)


def _branches(block, filters):
    """Chains of convolutions and pools that begin at the input of a block."""
    found = [[name for name in filters if name.rpartition("/")[0] == block]]
    for tower in ("tower", "tower_1"):
        scope = f"{block}/{tower}"
        found.append([name for name in filters if name.rpartition("/")[0] == scope])
    if block in _SMALLER:
        found.append([f"{block}/pool"])
    else:
        found.append([f"{block}/tower_2/pool", f"{block}/tower_2/conv"])
    return [branch for branch in found if branch]


def _forks(block, filters):
    """Ends of branches, each with the two convolutions that fork from it."""
    for tower in ("tower", "tower_1"):
        forks = [name for name in filters if name.startswith(f"{block}/{tower}/mixed/")]
        if forks:
            own = [name for name in filters if name.rpartition("/")[0] == f"{block}/{tower}"]
            yield own[-1], *forks


class _Graph:
    """Nodes by the names of the layers that they belong to.

    Attributes:
        labels: the layer whose output a node is, by the node's name.
        source_of: the layer whose output a layer takes, by the layer's name.
        nodes: the convolution or pool of a layer, by its name.
        wrong: descriptions of nodes that are not a layer of the network.
    """

    def __init__(self, graph_def, joins):
        self._by_name = {node.name: node for node in graph_def.node}
        self.labels: dict[str, str] = {}
        self.source_of: dict[str, str] = {}
        self.nodes: dict[str, tf.compat.v1.NodeDef] = {}
        self.wrong: list[str] = []
        layers = {"Relu": self._add_layer, "AvgPool": self._add_pool, "MaxPool": self._add_pool}
        for node in graph_def.node:
            layers.get(node.op, lambda node: None)(node)
        blocks = {parts: name for name, parts in joins.items()}
        for node in graph_def.node:
            if node.op == "Concat":
                parts = tuple(self._label(name) for name in self._inputs(node)[1:])
                self.labels[node.name] = blocks.get(parts, f"a join of {', '.join(parts)}")
        self.source_of = {name: self._label(node) for name, node in self.source_of.items()}
        last = next(node for node in graph_def.node if node.op == "MatMul")
        self.source_of["softmax"] = self._label(self._inputs(self._node(last, 0))[0])
        if self._node(last, 1).name != "softmax/weights":
            self.wrong.append(f"{last.name!r} by other weights")

    def _add_layer(self, relu):
        norm = self._node(relu, 0)
        convolution = self._node(norm, 0)
        name = self._node(convolution, 1).name.removesuffix("/conv2d_params")
        averages = [f"{name}/batchnorm/{key}" for key in _AVERAGES]
        operations = (norm.op, convolution.op)
        if operations != ("BatchNormWithGlobalNormalization", "Conv2D"):
            self.wrong.append(f"{relu.name!r} of {norm.op} of {convolution.op}")
        elif self._inputs(norm)[1:] != averages:
            self.wrong.append(f"{norm.name!r} by {', '.join(self._inputs(norm)[1:])}")
        elif not math.isclose(epsilon := norm.attr["variance_epsilon"].f, 1e-3, rel_tol=1e-5):
            self.wrong.append(f"{norm.name!r} with an epsilon of {epsilon:g} where it has 0.001")
        self.labels[relu.name] = name
        self.source_of[name] = self._inputs(convolution)[0]
        self.nodes[name] = convolution

    def _add_pool(self, pool):
        self.labels[pool.name] = pool.name
        self.source_of[pool.name] = self._inputs(pool)[0]
        self.nodes[pool.name] = pool

    def _inputs(self, node):
        """Names of the nodes that compute a node's inputs."""
        names = []
        for name in data_inputs(node):
            while name in self._by_name and self._by_name[name].op in _PASSED:
                name = data_inputs(self._by_name[name])[0]
            names.append(name)
        return names

    def _node(self, node, place):
        """The node of an input; the node itself where there is none."""
        inputs = self._inputs(node)
        return self._by_name.get(inputs[place], node) if place < len(inputs) else node

    def _label(self, name):
        return self.labels.get(name, name)


def _wrong_options(graph, filters):
    """Convolutions and pools with other windows, strides or padding."""
    for name, node in graph.nodes.items():
        pool = name not in filters
        side = 2 if name in _STRIDED or (node.op == "MaxPool" and "tower" not in name) else 1
        wanted: dict[str, list[int] | bytes] = {"strides": [1, side, side, 1]}
        if pool:
            window = 8 if name == "pool_3" else 3
            wanted["ksize"] = [1, window, window, 1]
        options = {key: list(node.attr[key].list.i) for key in wanted}
        # A window of one pixel needs no padding.
        if pool or filters[name][:2] != (1, 1):
            same = "tower" in name if pool else name not in _UNPADDED
            wanted["padding"] = b"SAME" if same else b"VALID"
            options["padding"] = node.attr["padding"].s
        dilations = node.attr["dilations"].list.i if "dilations" in node.attr else ()
        if options != wanted or any(step != 1 for step in dilations):
            yield f"{name!r} with {options} where it has {wanted}"
