"""The Inception networks: a small frozen graph with the reference's names, and Keras'."""

import math
import pathlib
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from inception_form import reference_form
from tensorflow.python.framework import op_def_registry
from test_image_scores import tf1_bilinear_oracle
from test_resizing import along_both, pillow_matrix, torch_matrix

from tf_consensus.metrics import (
    ImageScores,
    InceptionScore,
    KernelDistance,
    Reference,
    frozen_graph,
    inception,
    inception_graph,
    inception_images,
)

FEATURES, CLASSES = 2048, 1008
EPSILON = 0.001


def weights(classes=CLASSES):
    generator = np.random.default_rng(0)
    return {
        "mean": generator.normal(0, 0.1, 3),
        "variance": generator.uniform(0.5, 2, 3),
        "filters": generator.normal(size=(3, FEATURES)),
        "classes": generator.normal(0, 0.1, (FEATURES, classes)),
        "biases": generator.normal(0, 10, classes),
    }


def node(graph, op, name, inputs, **attributes):
    made = graph.node.add(op=op, name=name, input=inputs)
    for key, value in attributes.items():
        made.attr[key].CopyFrom(value)


def tiny_graph(classes=CLASSES, last="softmax/logits/MatMul"):
    """A GraphDef in the form of 2015: its operations, its batch of one, its tensors' names.

    From bytes by (x - 128) / 128 and an old batch normalization to the mean over positions, then
    2,048 features and 1,008 classes.
    """
    values = {key: value.astype("float32") for key, value in weights(classes).items()}
    with tf.Graph().as_default() as graph:
        constants = {key: tf.constant(value, name=key) for key, value in values.items()}
        x = tf.compat.v1.placeholder(tf.float32, (None, None, None, 3), name="ResizeBilinear")
        x = tf.multiply(tf.subtract(x, 128.0, name="Sub"), 1 / 128, name="Mul")
        x = tf.reduce_mean(x, axis=(1, 2), keepdims=True, name="average")
        filters = tf.reshape(constants["filters"], (1, 1, 3, FEATURES))
        pool = tf.nn.conv2d(x, filters, 1, "VALID", name="pool_3")
        row = tf.reshape(pool, (1, FEATURES), name="pool_3/_reshape")
        logits = tf.matmul(row, constants["classes"], name=last)
        tf.nn.softmax(tf.nn.bias_add(logits, constants["biases"]), name="softmax")
    graph_def = graph.as_graph_def()
    # Removed since, so that no function of TensorFlow 2 makes it.
    attribute = tf.compat.v1.AttrValue
    node(
        graph_def,
        "BatchNormWithGlobalNormalization",
        "batchnorm",
        ["average", "mean", "variance", "mean", "variance"],
        T=attribute(type=tf.float32.as_datatype_enum),
        variance_epsilon=attribute(f=EPSILON),
        scale_after_normalization=attribute(b=False),
    )
    for made in graph_def.node:
        if made.name == "pool_3":
            made.input[0] = "batchnorm"
    graph_def.versions.producer, graph_def.versions.min_consumer = 8, 0
    return graph_def


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("inception") / "classify_image_graph_def.pb"
    path.write_bytes(tiny_graph().SerializeToString())
    return path


def images(n, seed=0, channels=3, size=8):
    shape = (n, size, size, channels)
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


def entering(batch, tool):
    """What each tool feeds into the network, in float64."""
    pixels = np.round(127.5 * (batch.astype(float) + 1))
    if tool == "ttur":
        return (np.stack([tf1_bilinear_oracle(image, 299) for image in pixels]) - 128) / 128
    side = batch.shape[1]
    if tool == "pytorch-fid":
        return 2 * along_both(torch_matrix(side, 299), pixels / 255) - 1
    return (along_both(pillow_matrix(side, 299), pixels).clip(0, 255) - 128) / 128


def by_hand(batch, tool="ttur"):
    """Features and logits, in float64."""
    values = weights()
    x = entering(batch, tool).mean(axis=(1, 2))
    # The old batch normalization multiplies by no gamma and adds beta, here the mean again.
    x = (x - values["mean"]) / np.sqrt(values["variance"] + EPSILON) + values["mean"]
    features = x @ values["filters"]
    return features, features @ values["classes"]


def other_graph(path, **options):
    """What `frozen_inception` makes of a graph that is not the reference network."""
    with pytest.warns(
        UserWarning, match=r"is not the Inception network of 2015.*another network's"
    ):
        return inception.frozen_inception(path, **options)


@pytest.fixture(scope="module")
def network(path):
    return other_graph(path)


def test_frozen_graph_gives_features_and_logits_without_the_bias(network):
    batch = images(3)
    features, logits = network(batch)
    expected = by_hand(batch)
    assert features.shape == (3, FEATURES)
    assert logits.shape == (3, CLASSES)
    np.testing.assert_allclose(features, expected[0], atol=1e-4)
    np.testing.assert_allclose(logits, expected[1], atol=1e-3)


@pytest.mark.parametrize("tool", inception_images.TOOLS)
def test_each_tool_resizes_and_scales_in_its_own_way(path, network, tool):
    # Black and white dots, which the resizers treat differently, and bicubic ones exceed.
    batch = np.sign(images(3)) * np.float32(1.0)
    followed = other_graph(path, tool=tool)
    features, logits = followed(batch)
    expected = by_hand(batch, tool)
    np.testing.assert_allclose(features, expected[0], atol=2e-4)
    np.testing.assert_allclose(logits, expected[1], atol=2e-3)
    for other in set(inception_images.TOOLS) - {tool}:
        assert np.abs(by_hand(batch, other)[0] - expected[0]).max() > 5e-3
    assert (followed.fingerprint == network.fingerprint) == (tool == "ttur")
    assert followed.description["resizer"] == inception_images.TOOLS[tool][0]
    # It is another graph, so its features are no tool's.
    assert followed.tool is None
    assert followed.dim == FEATURES


def test_images_are_rounded_to_bytes_and_grey_becomes_colour(network):
    grey = images(2, channels=1)
    pixels = np.round(127.5 * (grey + 1)).astype("uint8")
    as_read = pixels.astype("float32") / 127.5 - 1
    colour = np.repeat(as_read, 3, axis=-1)
    np.testing.assert_array_equal(network(grey).features, network(colour).features)


# --- which network it is -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole():
    """A graph of the reference's form and size."""
    return reference_form()


def test_only_the_reference_network_gives_the_published_names(whole, tmp_path):
    path = tmp_path / "classify_image_graph_def.pb"
    path.write_bytes(whole.SerializeToString())
    network = inception.frozen_inception(path)
    reference = Reference.of(network, [images(4)], split="train")
    scores = ImageScores(network, reference, splits=2, kid=True, precision_recall=True)
    # Of no images, because a distance of 2,048 features takes its time.
    names = ["inception_score", "inception_score_std", "fid", "kid", "kid_std"]
    assert list(scores.result()) == [*names, "precision", "recall"]
    assert scores.directions["inception_score"] == "up"
    assert scores.directions["fid"] == scores.directions["kid"] == "down"
    for metric in (InceptionScore(network, splits=2), KernelDistance(network, reference)):
        metric.update_state(images(4, seed=1))
        assert all(math.isfinite(value) for value in metric.result().values())
    about = scores.description()
    assert about["reference_network"] is True
    assert about["network"] == "Inception 2015-12-05"
    assert (about["resizer"], about["features"]) == ("tf1_bilinear", "pool_3")
    assert "without the bias" in about["logits"]
    clean = inception.frozen_inception(path, tool="clean-fid")
    assert (network.tool, clean.tool, clean.reference_network) == ("ttur", "clean-fid", False)
    with pytest.raises(ValueError, match=r"same extractor.*resizer: 'tf1_bilinear' and 'clean_bi"):
        ImageScores(clean, reference)
    scores = ImageScores(clean, Reference.of(clean, [images(4)]), kid=True)
    assert {"frechet_distance", "kernel_distance", "classifier_score"} <= set(scores.result())


def test_the_form_is_that_of_keras_own_inception(whole):
    """Its counts are independent of the table."""
    model = keras.applications.InceptionV3(weights=None)
    kinds = {
        kind: [layer for layer in model.layers if isinstance(layer, kind)]
        for kind in (keras.layers.Conv2D, keras.layers.BatchNormalization)
    }
    convolutions = dict(inception_graph.convolutions())
    assert len(convolutions) == len(kinds[keras.layers.Conv2D]) == 94
    keras_shapes = sorted(tuple(layer.kernel.shape) for layer in kinds[keras.layers.Conv2D])
    assert sorted(convolutions.values()) == keras_shapes
    channels = sum(layer.beta.shape[0] for layer in kinds[keras.layers.BatchNormalization])
    filters = sum(math.prod(shape) for shape in keras_shapes)
    assert filters + 4 * channels + 2048 * 1008 == inception_graph.PARAMETERS
    keras.backend.clear_session()


def named(graph, name):
    return next(node for node in graph.node if node.name == name)


def renamed(graph, old, new):
    named(graph, old).name = new


def reshaped(graph):
    node = named(graph, "conv_3/conv2d_params")
    node.attr["value"].tensor.tensor_shape.dim[3].size = 81


def averaged(graph):
    named(graph, "mixed_10/tower_2/pool").op = "AvgPool"


def rewired(name, place, source):
    def change(graph):
        named(graph, name).input[place] = source

    return change


def with_numbers(name, key, *numbers):
    def change(graph):
        named(graph, name).attr[key].list.i[:] = numbers

    return change


def unpadded(graph):
    named(graph, "mixed/tower/conv_1/Conv2D").attr["padding"].s = b"VALID"


def flattened(graph):
    named(graph, "conv_2/batchnorm").attr["variance_epsilon"].f = math.inf


def dilated(graph):
    named(graph, "conv_2/Conv2D").attr["dilations"].list.i[:] = [1, 2, 2, 1]


def swapped(graph):
    parts = named(graph, "mixed_9/join").input
    parts[2], parts[3] = parts[3], parts[2]


def extra(op):
    def change(graph):
        graph.node.add(op=op, name="extra")

    return change


WIRING = [
    (rewired("conv_2/Conv2D", 0, "Mul"), "'conv_2' of 'Mul' where it is of 'conv_1'"),
    (rewired("conv_2/held", 0, "conv_1"), "'conv_2' of Relu of"),
    (rewired("conv_2/batchnorm", 4, "conv_2/batchnorm/beta"), "'conv_2/batchnorm' by conv_2/"),
    (rewired("conv_1/Conv2D", 1, "conv/conv2d_params"), "'conv_1' of 'nothing' where it is of"),
    (rewired("pool", 0, "conv_1"), "'pool' of 'conv_1' where it is of 'conv_2'"),
    (rewired("mixed_6/tower/conv/Conv2D", 0, "mixed_4/join"), "of 'mixed_4' where it is of 'mixed"),
    (rewired("mixed_10/tower/mixed/conv_1/Conv2D", 0, "mixed_10/tower/mixed/conv"), "conv_1' of"),
    (rewired("mixed/join", 2, "mixed/conv"), "no join of 'mixed'"),
    (swapped, "no join of 'mixed_9'"),
    (rewired("pool_3", 0, "mixed_9/join"), "'pool_3' of 'mixed_9' where it is of 'mixed_10'"),
    (rewired("pool_3/_reshape", 0, "mixed_10/join"), "'softmax' of 'mixed_10' where it is of"),
    (rewired("softmax/logits/MatMul", 1, "conv/conv2d_params"), "MatMul' by other weights"),
    (with_numbers("pool_3", "ksize", 1, 1, 1, 1), "'pool_3' with .*1, 1, 1, 1.* where it has"),
    (with_numbers("mixed/tower_2/pool", "ksize", 1, 1, 1, 1), "'mixed/tower_2/pool' with "),
    (with_numbers("conv_1/Conv2D", "strides", 1, 2, 2, 1), "'conv_1' with .*where it has"),
    (with_numbers("mixed_3/pool", "strides", 1, 1, 1, 1), "'mixed_3/pool' with .*where it has"),
    (unpadded, "'mixed/tower/conv_1' with .*VALID.*SAME"),
    (dilated, "'conv_2' with "),
    (flattened, "'conv_2/batchnorm' with an epsilon of inf"),
    *((extra(op), f"1 nodes {op} where it has none") for op in ("Mul", "Mean", "Sub", "Softmax")),
]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda g: renamed(g, "mixed_5/conv/conv2d_params", "x"),
            "'mixed_5/conv/conv2d_params' of",
        ),
        (lambda g: renamed(g, "conv/batchnorm/gamma", "x"), "'conv/batchnorm/gamma' of shape None"),
        (reshaped, r"shape \(1, 1, 64, 81\) where it has \(1, 1, 64, 80\)"),
        (averaged, "no MaxPool 'mixed_10/tower_2/pool'"),
        (lambda g: g.node.add(op="Relu", name="x"), "95 nodes Relu where it has 94"),
        (
            lambda g: renamed(g, "softmax/weights", "x"),
            "21,820,000 parameters where it has 23,884,38",
        ),
        *WIRING,
    ],
)
def test_what_differs_from_the_reference_is_named(whole, change, message):
    graph = frozen_graph.part(whole, ("pool_3", "softmax/logits/MatMul"), ("Mul",))
    assert inception_graph.differences(graph) == []
    change(graph)
    assert any(re.search(message, found) for found in inception_graph.differences(graph))


def float_node(graph, op, name, *inputs):
    attribute = tf.compat.v1.AttrValue
    node(graph, op, name, inputs, T=attribute(type=tf.float32.as_datatype_enum))
    if op == "Mean":
        named(graph, name).attr["Tidx"].type = tf.int32.as_datatype_enum


def constant(graph, name, array):
    tensor = tf.make_tensor_proto(array)
    attribute = tf.compat.v1.AttrValue
    types = {"dtype": attribute(type=tensor.dtype), "value": attribute(tensor=tensor)}
    node(graph, "Const", name, [], **types)


def without_convolutions(graph):
    """All nodes are there, and pool_3 is the mean of the image in 2,048 equal features."""
    for name, axes in (("channels", [3]), ("positions", [1, 2])):
        constant(graph, f"{name}/axes", np.array(axes, "int32"))
        source = "Mul" if name == "channels" else "channels"
        float_node(graph, "Mean", name, source, f"{name}/axes")
        named(graph, name).attr["keep_dims"].b = True
    constant(graph, "ones", np.ones((1, 1, 1, FEATURES), "float32"))
    float_node(graph, "Mul", "spread", "positions", "ones")
    named(graph, "pool_3").input[0] = "spread"
    with_numbers("pool_3", "ksize", 1, 1, 1, 1)(graph)


@pytest.mark.parametrize("change", [without_convolutions, flattened, swapped, unpadded])
def test_a_graph_whose_nodes_are_not_used_is_not_the_reference(whole, change, tmp_path):
    graph = tf.compat.v1.GraphDef()
    graph.CopyFrom(whole)
    change(graph)
    path = tmp_path / "classify_image_graph_def.pb"
    path.write_bytes(graph.SerializeToString())
    if change is unpadded:
        # Its branches have other sizes.
        with pytest.raises(ValueError, match="a graph that TensorFlow cannot import"):
            inception.frozen_inception(path)
    else:
        assert other_graph(path).reference_network is False


def test_another_graph_never_gets_the_published_names(network):
    assert network.reference_network is False
    assert "not Inception 2015-12-05" in network.description["network"]
    reference = Reference.of(network, [images(4)])
    names = list(ImageScores(network, reference, splits=2, kid=True).result())
    assert not {"fid", "kid", "kid_std", "inception_score", "inception_score_std"} & set(names)
    assert names[0] == "classifier_score"


def test_graphs_of_one_form_and_other_weights_have_other_fingerprints(tmp_path):
    prints = []
    for number in range(2):
        graph = tiny_graph()
        node = next(node for node in graph.node if node.name == "mean")
        node.attr["value"].tensor.tensor_content = np.full(3, number, "float32").tobytes()
        path = tmp_path / f"{number}.pb"
        path.write_bytes(graph.SerializeToString())
        network = other_graph(path)
        prints.append(network.fingerprint)
        assert network.description["fingerprint"] == prints[-1] == other_graph(path).fingerprint
    assert prints[0] != prints[1]


# --- what a file may hold ------------------------------------------------------------------------

ALL_OPERATIONS = sorted(name for name in dir(tf.raw_ops) if name[0].isupper())


def test_no_allowed_operation_keeps_state_or_calls():
    for name in frozen_graph.OPERATIONS:
        definition = op_def_registry.get(name)
        # CheckNumerics counts as one, so that it is never optimised away; it can only raise.
        assert name == "CheckNumerics" or not definition.is_stateful, name
        assert not any("func" in attribute.type for attribute in definition.attr), name


def test_every_other_operation_of_tensorflow_is_refused_by_name():
    graph = tiny_graph()
    content, refused = graph.SerializeToString(), 0
    frozen_graph.parse(content)
    for op in ALL_OPERATIONS:
        if op in frozen_graph.OPERATIONS:
            continue
        extra = tf.compat.v1.GraphDef()
        extra.node.add(op=op, name="extra")
        # Files that are joined are graphs that are joined.
        with pytest.raises(ValueError, match=rf"no classifier .* needs: {op} \(node 'extra'\)$"):
            frozen_graph.parse(content + extra.SerializeToString())
        refused += 1
    assert refused > 1000


def write_file(graph, target):
    """Nodes that write to the target when the graph runs."""
    for name, text in (("name", str(target)), ("text", "written")):
        tensor = tf.make_tensor_proto(text)
        node(
            graph,
            "Const",
            name,
            [],
            dtype=tf.compat.v1.AttrValue(type=tensor.dtype),
            value=tf.compat.v1.AttrValue(tensor=tensor),
        )
    node(graph, "WriteFile", "write", ["name", "text"])


def with_control_edge(graph, target):
    write_file(graph, target)
    next(x for x in graph.node if x.name == "average").input.append("^write")


def in_a_function(graph, target):
    function = graph.library.function.add()
    function.signature.name = "call"
    inner = tf.compat.v1.GraphDef()
    write_file(inner, target)
    function.node_def.extend(inner.node)


def in_an_attribute(graph, target):
    in_a_function(graph, target)
    graph.node[-1].attr["f"].func.name = "call"


def in_an_attribute_alone(graph, target):
    graph.node[-1].attr["_f"].func.name = "call"


def in_a_list(graph, target):
    graph.node[-1].attr["branches"].list.func.add(name="call")


def as_gradient(graph, target):
    graph.library.gradient.add(function_name="Relu", gradient_func="call")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (write_file, r"operations that no classifier of images needs: WriteFile \(node 'write'\)"),
        (with_control_edge, "WriteFile"),
        (in_a_function, "with functions of its own: call"),
        (in_an_attribute, "with functions of its own: call"),
        (in_an_attribute_alone, "attributes name functions: _f of "),
        (in_a_list, "attributes name functions: branches of "),
        (as_gradient, "with functions of its own: "),
    ],
)
def test_a_graph_that_does_more_than_compute_is_refused_and_does_nothing(tmp_path, change, message):
    graph, target = tiny_graph(), tmp_path / "written"
    change(graph, target)
    path = tmp_path / "graph.pb"
    path.write_bytes(graph.SerializeToString())
    with pytest.raises(ValueError, match=f"Received: path='.*graph.pb', .*{message}.*It is the"):
        inception.frozen_inception(path)
    assert not target.exists()


def test_what_feeds_the_input_is_not_imported(network):
    operations = {op.name for op in network._session.graph.get_operations()}
    assert "Mul" not in operations
    assert "softmax" not in operations
    assert "pool_3" in operations


def reading(graph):
    """pool_3 is multiplied by the pixels of a picture in the file."""
    picture = tf.io.encode_jpeg(np.full((1, 1, 3), 200, "uint8")).numpy()
    constant(graph, "picture", picture)
    node(graph, "DecodeJpeg", "pixels", ["picture"])
    attribute = tf.compat.v1.AttrValue
    types = {"SrcT": tf.uint8, "DstT": tf.float32}
    types = {key: attribute(type=value.as_datatype_enum) for key, value in types.items()}
    node(graph, "Cast", "cast", ["pixels"], **types)
    constant(graph, "all", np.array([0, 1, 2], "int32"))
    float_node(graph, "Mean", "mean_pixel", "cast", "all")
    float_node(graph, "Mul", "scaled", "batchnorm", "mean_pixel")
    named(graph, "pool_3").input[0] = "scaled"


def waiting(graph):
    """pool_3 is multiplied by what nothing gives."""
    attribute = tf.compat.v1.AttrValue
    node(graph, "Placeholder", "wait", [], dtype=attribute(type=tf.float32.as_datatype_enum))
    float_node(graph, "Mul", "scaled", "batchnorm", "wait")
    named(graph, "pool_3").input[0] = "scaled"


def control_only(graph):
    attribute = tf.compat.v1.AttrValue
    node(graph, "Placeholder", "wait", [], dtype=attribute(type=tf.float32.as_datatype_enum))
    named(graph, "pool_3").input.append("^wait")


def doubled(graph, name, times, source):
    """Concatenations with themselves along the first axis."""
    constant(graph, f"{name}/axis", np.int32(0))
    attribute = tf.compat.v1.AttrValue
    kind = tf.float32 if source == "batchnorm" else tf.int32
    for k in range(times):
        options = {
            "N": attribute(i=2),
            "T": attribute(type=kind.as_datatype_enum),
            "Tidx": attribute(type=tf.int32.as_datatype_enum),
        }
        node(graph, "ConcatV2", f"{name}_{k}", [source, source, f"{name}/axis"], **options)
        source = f"{name}_{k}"
    return source


def exploding(graph):
    doubled(graph, "double", 30, "batchnorm")
    constant(graph, "first", np.array([0], "int32"))
    float_node(graph, "Mean", "one", "double_29", "first")
    named(graph, "one").attr["keep_dims"].b = True
    named(graph, "pool_3").input[0] = "one"


def exploding_shape(graph):
    """A tensor that TensorFlow would compute while it imports, to know a shape."""
    constant(graph, "one", np.ones(2**10, "int32"))
    last = doubled(graph, "double", 25, "one")
    float_node(graph, "Reshape", "reshaped", "batchnorm", last)
    named(graph, "reshaped").attr["Tshape"].type = tf.int32.as_datatype_enum
    named(graph, "pool_3").input[0] = "reshaped"


def broadcasting(graph):
    for name, shape in (("column", (1, 2**14, 1, 1)), ("row", (1, 1, 2**15, 1))):
        constant(graph, name, np.ones(shape, "float32"))
    float_node(graph, "Mul", "table", "column", "row")
    constant(graph, "axes", np.array([1, 2], "int32"))
    float_node(graph, "Mean", "small", "table", "axes")
    float_node(graph, "Mul", "scaled", "batchnorm", "small")
    named(graph, "pool_3").input[0] = "scaled"


def many_nodes(graph):
    for k in range(5000):
        graph.node.add(op="Identity", name=f"extra_{k}", input=["pool_3"])


def many_inputs(graph):
    graph.node.add(op="ConcatV2", name="extra", input=["pool_3"] * 20_000)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (reading, r"features depend on other inputs: DecodeJpeg \(node 'pixels'\)"),
        (waiting, r"features depend on other inputs: Placeholder \(node 'wait'\)"),
        (control_only, r"features depend on other inputs: Placeholder \(node 'wait'\)"),
        (exploding, r"computes \d{1,3},.* numbers per image, of which 268,435,456 are allowed"),
        (exploding_shape, "shapes or axes that are no constants: 'reshaped'"),
        (broadcasting, "computes .* numbers per image.*the most in 'table'"),
        (many_nodes, r"a graph with 5,\d+ nodes and .*4,096 and 16,384 are allowed"),
        (many_inputs, r"nodes and 20,\d+ inputs of theirs, of which"),
    ],
)
def test_what_a_network_of_images_needs_not_is_refused_before_it_runs(
    tmp_path, monkeypatch, change, message
):
    graph = tiny_graph()
    change(graph)
    path = tmp_path / "graph.pb"
    path.write_bytes(graph.SerializeToString())
    monkeypatch.setattr(tf.compat.v1, "Session", None)
    with pytest.raises(ValueError, match=f"Received: path='.*graph.pb', .*{message}.*It is the"):
        inception.frozen_inception(path)


def test_a_graph_that_mixes_the_images_is_refused_where_it_shows(tmp_path):
    graph = tiny_graph()
    tensor = tf.make_tensor_proto(np.array([0, 1, 2], "int32"))
    named(graph, "average/reduction_indices").attr["value"].tensor.CopyFrom(tensor)
    path = tmp_path / "graph.pb"
    path.write_bytes(graph.SerializeToString())
    network = other_graph(path)
    with pytest.raises(
        ValueError, match=r"row of features per image\. Received: .*\(1, 2048\) for 2 images, from"
    ):
        network(images(2))


@pytest.mark.parametrize("path", [None, 3, 1.5, True, b"graph.pb", ["graph.pb"]])
def test_a_path_that_is_none_is_refused(path):
    with pytest.raises(ValueError, match=r"`path` must be the name of a file\. Received: .*It is"):
        inception.frozen_inception(path)


def huge(graph):
    tensor = next(n for n in graph.node if n.name == "mean").attr["value"].tensor
    tensor.tensor_shape.dim[0].size = 2**40


def short(graph):
    tensor = next(n for n in graph.node if n.name == "mean").attr["value"].tensor
    tensor.tensor_shape.dim[0].size = 1000


def negative(graph):
    tensor = next(n for n in graph.node if n.name == "mean").attr["value"].tensor
    tensor.tensor_shape.dim[0].size = -1


def circular(graph):
    next(n for n in graph.node if n.name == "average").input[0] = "pool_3"


def dangling(graph):
    next(n for n in graph.node if n.name == "average").input[0] = "nowhere"


def twice(graph):
    graph.node.add().CopyFrom(next(n for n in graph.node if n.name == "pool_3"))


def untyped(graph):
    del next(n for n in graph.node if n.name == "pool_3").attr["T"]


def other_last(graph):
    renamed(graph, "softmax/logits/MatMul", "other")


def damaged(change):
    def content():
        graph = tiny_graph()
        change(graph)
        return graph.SerializeToString()

    return content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no graph at all", "a file that is no GraphDef"),
        (b"", "a graph without Mul, pool_3, softmax/logits/MatMul"),
        (lambda: tiny_graph().SerializeToString()[:-1000], "a file that is no GraphDef"),
        (damaged(other_last), "a graph without softmax/logits/MatMul"),
        (
            tiny_graph(classes=1000).SerializeToString,
            r"a last layer MatMul of shape \(2048, 1000\)",
        ),
        (damaged(huge), "a graph with 1,099,5.* numbers, of which 67,108,864 are allowed"),
        (damaged(negative), "a graph with a constant of unknown shape"),
        (damaged(short), "a graph that TensorFlow cannot import: "),
        (damaged(circular), "a graph that TensorFlow cannot import: "),
        (damaged(dangling), "a graph without nowhere"),
        (damaged(twice), "a graph that TensorFlow cannot import: "),
        (damaged(untyped), "a graph that TensorFlow cannot import: "),
    ],
)
def test_another_file_raises(tmp_path, content, message):
    path = tmp_path / "other.pb"
    path.write_bytes(content if isinstance(content, bytes) else content())
    start = "of 2015-12-05, .*Received: path='.*other.pb', "
    with pytest.raises(ValueError, match=f"(?s){start}{message}.*It is the file"):
        inception.frozen_inception(path)


def test_a_graph_that_cannot_run_says_why(tmp_path):
    graph = tiny_graph()
    mean = next(n for n in graph.node if n.name == "mean").attr["value"].tensor
    mean.tensor_content = np.full(3, math.nan, "float32").tobytes()
    attributes = {
        "T": tf.compat.v1.AttrValue(type=tf.float32.as_datatype_enum),
        "message": tf.compat.v1.AttrValue(s=b"no number"),
    }
    node(graph, "CheckNumerics", "check", ["batchnorm"], **attributes)
    next(n for n in graph.node if n.name == "pool_3").input[0] = "check"
    path = tmp_path / "other.pb"
    path.write_bytes(graph.SerializeToString())
    network = other_graph(path)
    with pytest.raises(
        ValueError, match=r"take images of 299²\..*TensorFlow says: no number : Tens"
    ):
        network(images(1))


def test_files_that_cannot_be_read_say_what_to_do(tmp_path, path, monkeypatch):
    message = r"does not contain\. Received: path='.*nowhere.pb', .*https://.*tensorflow\.org/.*tgz"
    with pytest.raises(FileNotFoundError, match=message):
        inception.frozen_inception(tmp_path / "nowhere.pb")
    with pytest.raises(IsADirectoryError, match=r"is a file\..*, which is no file\. It is"):
        inception.frozen_inception(tmp_path)
    monkeypatch.setattr("tf_consensus.metrics.inception_file._LARGEST_FILE", 1000)
    with pytest.raises(ValueError, match=r"has 96 MB\. Received: .* MB\. It is"):
        inception.frozen_inception(path)
    monkeypatch.undo()

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pathlib.Path, "read_bytes", refuse)
    with pytest.raises(OSError, match=r"readable\. Received: path='.*', Permission denied\. Check"):
        inception.frozen_inception(path)


def test_keras_inception_cannot_be_mistaken_for_the_reference():
    extractor = inception.keras_inception(weights=None)
    features, logits = extractor(images(1))
    assert features.shape == (1, 2048)
    assert logits.shape == (1, 1000)
    about = extractor.description
    assert about["reference_network"] is False
    assert "not the reference" in about["network"]
    assert about["weights"] == "keras.applications, None"
    assert (about["image_size"], about["resizer"]) == (299, "bilinear")
    scores = InceptionScore(extractor)
    assert next(iter(scores.result())) == "classifier_score"
    keras.backend.clear_session()
