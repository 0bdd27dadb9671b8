"""A graph in the form of the reference Inception of 2015: its nodes and shapes, random weights."""

import math
from collections import defaultdict

import numpy as np
import tensorflow as tf

from tf_consensus.metrics import inception_graph

FLOAT = tf.float32.as_datatype_enum
STRIDED = {"conv", "mixed_3/conv", "mixed_3/tower/conv_2", "mixed_8/tower/conv_1"}
STRIDED |= {"mixed_8/tower_1/conv_3"}
VALID = STRIDED | {"conv_1", "conv_3", "conv_4", "pool", "pool_1", "mixed_3/pool", "mixed_8/pool"}


class Builder:
    """Nodes by name, one after the other."""

    def __init__(self):
        self.graph = tf.compat.v1.GraphDef()
        self.graph.versions.producer = 8
        self.random = np.random.default_rng(0)

    def node(self, op, name, inputs=(), **attributes):
        made = self.graph.node.add(op=op, name=name, input=inputs)
        for key, value in attributes.items():
            made.attr[key].CopyFrom(tf.compat.v1.AttrValue(**value))
        return name

    def constant(self, name, array):
        tensor = tf.make_tensor_proto(array)
        dtype = {"type": tensor.dtype}
        return self.node("Const", name, dtype=dtype, value={"tensor": tensor})

    def normal(self, name, shape, scale=1.0, centre=0.0):
        values = centre + scale * self.random.standard_normal(shape, dtype=np.float32)
        return self.constant(name, values.astype("float32"))

    def ints(self, *values):
        return {"list": tf.compat.v1.AttrValue.ListValue(i=values)}

    def convolution(self, name, shape, x):
        """Convolution, old batch normalization, and a ReLU under the name itself."""
        filters = self.normal(f"{name}/conv2d_params", shape, math.sqrt(2 / math.prod(shape[:3])))
        side = 2 if name in STRIDED else 1
        padding = {"s": b"VALID" if name in VALID else b"SAME"}
        strides = self.ints(1, side, side, 1)
        inputs = [x, filters]
        x = self.node(
            "Conv2D", f"{name}/Conv2D", inputs, T={"type": FLOAT}, strides=strides, padding=padding
        )
        moments = [
            self.normal(f"{name}/batchnorm/{key}", shape[-1:], 0.01, centre)
            for key, centre in (("moving_mean", 0), ("moving_variance", 1), ("beta", 0))
        ]
        moments.append(self.constant(f"{name}/batchnorm/gamma", np.ones(shape[-1], "float32")))
        options = {"variance_epsilon": {"f": 1e-3}, "scale_after_normalization": {"b": False}}
        x = self.node(
            "BatchNormWithGlobalNormalization",
            f"{name}/batchnorm",
            [x, *moments],
            T={"type": FLOAT},
            **options,
        )
        message = {"message": {"s": b"not finite"}}
        checked = self.node("CheckNumerics", f"{name}/check", [x], T={"type": FLOAT}, **message)
        held = self.node("Identity", f"{name}/held", [x, f"^{checked}"], T={"type": FLOAT})
        return self.node("Relu", name, [held], T={"type": FLOAT})

    def pool(self, op, name, x, size, side):
        padding = {"s": b"VALID" if name in VALID or size == 8 else b"SAME"}
        return self.node(
            op,
            name,
            [x],
            T={"type": FLOAT},
            ksize=self.ints(1, size, size, 1),
            strides=self.ints(1, side, side, 1),
            padding=padding,
        )

    def concat(self, name, parts):
        axis = self.constant(f"{name}/concat_dim", np.int32(3))
        return self.node("Concat", name, [axis, *parts], T={"type": FLOAT}, N={"i": len(parts)})


def reference_form():
    """The whole graph, of 96 MB."""
    build, shapes = Builder(), dict(inception_graph.convolutions())
    towers = defaultdict(list)
    for name in shapes:
        scope, _, last = name.rpartition("/")
        towers[scope].append(last)

    def chain(scope, x):
        for last in towers[scope]:
            name = f"{scope}/{last}"
            x = build.convolution(name, shapes[name], x)
        return x

    build.node("Placeholder", "DecodeJpeg", dtype={"type": FLOAT})
    x = build.node("Sub", "Sub", ["DecodeJpeg", build.constant("Sub/y", np.float32(128))])
    x = build.node("Mul", "Mul", ["Sub", build.constant("Mul/y", np.float32(1 / 128))])
    for name in ("Sub", "Mul"):
        next(n for n in build.graph.node if n.name == name).attr["T"].type = FLOAT
    for name in ("conv", "conv_1", "conv_2"):
        x = build.convolution(name, shapes[name], x)
    x = build.pool("MaxPool", "pool", x, 3, 2)
    for name in ("conv_3", "conv_4"):
        x = build.convolution(name, shapes[name], x)
    x = build.pool("MaxPool", "pool_1", x, 3, 2)
    for block in ["mixed", *(f"mixed_{k}" for k in range(1, 11))]:
        parts = [chain(block, x)] if towers[block] else []
        for tower in ("tower", "tower_1"):
            if not towers[f"{block}/{tower}"]:
                continue
            end = chain(f"{block}/{tower}", x)
            fork = towers.get(f"{block}/{tower}/mixed")
            names = [f"{block}/{tower}/mixed/{last}" for last in fork or ()]
            parts += [build.convolution(n, shapes[n], end) for n in names] or [end]
        if block in ("mixed_3", "mixed_8"):
            parts.append(build.pool("MaxPool", f"{block}/pool", x, 3, 2))
        else:
            op = "MaxPool" if block == "mixed_10" else "AvgPool"
            parts.append(
                chain(f"{block}/tower_2", build.pool(op, f"{block}/tower_2/pool", x, 3, 1))
            )
        x = build.concat(f"{block}/join", parts)
    x = build.pool("AvgPool", "pool_3", x, 8, 1)
    shape = build.constant("pool_3/_reshape/shape", np.array([1, 2048], "int32"))
    x = build.node("Reshape", "pool_3/_reshape", [x, shape], T={"type": FLOAT})
    last = build.normal("softmax/weights", (2048, 1008), 0.02)
    x = build.node("MatMul", "softmax/logits/MatMul", [x, last], T={"type": FLOAT})
    biases = build.normal("softmax/biases", (1008,))
    x = build.node("BiasAdd", "softmax/logits", [x, biases], T={"type": FLOAT})
    build.node("Softmax", "softmax", [x], T={"type": FLOAT})
    return build.graph
