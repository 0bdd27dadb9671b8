"""The private names of Keras and TensorFlow that the package uses, each with its reason."""

import ast
import pathlib

import keras
import numpy as np
import tensorflow as tf

import tf_consensus as tfc

ROOT = pathlib.Path(tfc.__file__).parent
# By file: the name, and what there is no public way to.
USED = {
    "games/graph_repair.py": {"_set_attr": "changing which gradient an operation has"},
    "models/averaging.py": {"_ema_weights_in_model": "whether Keras has exchanged weights"},
    "models/training_model.py": {"_maybe_symbolic_build": "keeping `fit` from taking a batch"},
    "models/value_ranges.py": {
        "_keras_history": "the operation that made a symbolic tensor",
        "_inbound_nodes": "the tensors that an operation was called on",
    },
    "optimizers/inner.py": {"_learning_rate": "telling a schedule from a rate"},
    "optimizers/own_averages.py": {
        "_trainable_variables": "the variables that `use_ema` averages",
        "_model_variables_moving_average": "their averages",
    },
    "optimizers/players_apart.py": {
        "_id": "a resource's identity, which keeps no variable alive",
        "_watched_variables": "the variables that a function's graph reads",
    },
    "support/layers.py": {
        "_functional": "the functional model inside of a sequential one",
        "_non_trainable_variables": "a layer's own, without those of the layers in it",
    },
}


def of_others(path, own):
    """The underscore names that a file asks of objects that are not the package's."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {x.attr for x in ast.walk(tree) if isinstance(x, ast.Attribute)}
    found |= {x.value for x in ast.walk(tree) if isinstance(x, ast.Constant) and _is_name(x.value)}
    found |= {x.name for x in ast.walk(tree) if isinstance(x, ast.FunctionDef)} & KERAS_HOOKS
    private = {name for name in found if name[0] == "_" and name[1:2].isalpha()}
    return private - (own - KERAS_HOOKS)


KERAS_HOOKS = {"_maybe_symbolic_build"}
NAMED_TUPLE = {"_replace", "_asdict", "_fields"}
# Strings that are no names of attributes: endings of ours, and an attribute of a graph's operation.
ENDINGS = {"_std", "_loss", "_nobn", "_deferred", "_constraint", "_initializer", "_of_true_"}
ENDINGS |= {"_dcgan4_nobn", "_dcgan4_nobn_cf_js", "_gradient_op_type"}


def _is_name(value):
    return isinstance(value, str) and value.isidentifier()


def defined(path):
    """What a file defines: functions, classes, attributes that it sets."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def test_the_private_names_are_those_with_a_reason():
    files = sorted(ROOT.rglob("*.py"))
    own = {name for path in files for name in defined(path)} | NAMED_TUPLE | ENDINGS
    found = {path.relative_to(ROOT).as_posix(): of_others(path, own) for path in files}
    assert {file: names for file, names in found.items() if names} == {
        file: set(names) for file, names in USED.items()
    }


def test_keras_still_calls_the_hook_that_is_overridden(monkeypatch):
    called = []
    monkeypatch.setattr(
        tfc.GAN, "_maybe_symbolic_build", lambda model, **options: called.append(set(options))
    )
    gan = tfc.GAN(*tfc.networks.build("mlp", latent_dim=2))
    gan.compile("sgd")
    data = np.zeros((4, 2), "float32")
    gan.fit(data, verbose=0, batch_size=4)
    gan.train_on_batch(data)
    assert called == [{"iterator"}, {"data_batch"}]


def test_what_layers_and_optimizers_keep_is_still_there():
    optimizer = keras.optimizers.SGD(0.1, use_ema=True)
    optimizer.build([keras.Variable(1.0)])
    for name in ("_learning_rate", *USED["optimizers/own_averages.py"]):
        assert hasattr(optimizer, name)
    layer = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    for name in USED["support/layers.py"]:
        assert hasattr(layer, name)
    tensor = layer.outputs[0]
    assert hasattr(tensor, "_keras_history")
    assert hasattr(tensor._keras_history.operation, "_inbound_nodes")
    assert hasattr(tf.Variable(1.0).handle, "_id")
    graph = tf.function(lambda: tf.constant(1.0)).get_concrete_function().graph
    assert hasattr(graph, "_watched_variables")
    assert hasattr(graph.get_operations()[0], "_set_attr")
