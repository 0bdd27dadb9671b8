"""What optimizers' constructors say of themselves, and what they refuse."""

import ast
import inspect
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tf_consensus import optimizers
from tf_consensus.optimizers.constructors import describe_arguments
from tf_consensus.optimizers.own_averages import restrict_averages
from tf_consensus.optimizers.variable_index import VariableIndex

CLASSES = [x for x in vars(optimizers).values() if inspect.isclass(x) and hasattr(x, "step")]
FOLDER = pathlib.Path(optimizers.__file__).parent


def parameters(cls):
    return {k: x for k, x in inspect.signature(cls).parameters.items() if k != "self"}


@pytest.mark.parametrize("cls", CLASSES)
def test_every_argument_is_named_annotated_and_described_once(cls):
    found = parameters(cls)
    assert len(CLASSES) >= 15
    assert not [k for k, x in found.items() if x.kind in (x.VAR_KEYWORD, x.VAR_POSITIONAL)]
    assert not [k for k, x in found.items() if x.annotation is x.empty]
    assert {"name", "microbatches"} < set(found)
    assert cls.__doc__.count("Args:") == 1
    section = cls.__doc__.split("Args:\n")[1].split("\n\n")[0]
    described = [line.split(":")[0].strip() for line in section.split("\n") if line[4:5] != " "]
    assert described == list(found)


@pytest.mark.parametrize("cls", CLASSES)
def test_the_config_holds_every_argument(cls):
    # Of a list of rates or a name, the inner optimizer's own config holds the rate.
    assert set(cls().get_config()) == set(parameters(cls)) - {"learning_rate"}


def test_a_section_is_completed_where_there_is_none():
    class Base:
        """Base.

        Args:
            a: first
                of two.
            b: second.

        Raises:
            ValueError: never.
        """

        def __init__(self, a, b): ...

    class Derived(Base):
        """Derived.

        Text: of its own.

        Example:
            >>> 1
            1
        """

        def __init__(self, b, c, a, d): ...

    class Own(Derived):
        """Own.

        Args:
            c: third.
            a: another.
        """

    class Silent(Base):
        def __init__(self, a, b): ...

    for cls in (Derived, Own, Silent):
        describe_arguments(cls)
    assert Derived.__doc__ == (
        "Derived.\n\nText: of its own.\n\nArgs:\n    b: second.\n    a: first\n        of two.\n\n"
        "Example:\n    >>> 1\n    1"
    )
    assert Own.__doc__ == "Own.\n\nArgs:\n    b: second.\n    c: third.\n    a: another."
    assert Silent.__doc__ is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"cycle": 4},
            r"now `sync_period`.*Received: cycle=4. Write .*\(sync_period=4",
        ),
        (
            {"slow_step": 0.25},
            r"Received: slow_step=0.25. Write .*\(slow_step_size=0.25",
        ),
    ],
)
def test_the_earlier_names_of_lookahead(options, message):
    with pytest.raises(TypeError, match=message):
        tfc.LookaheadOptimizer(**options)
    config = tfc.LookaheadOptimizer("sgd", sync_period=4, slow_step_size=0.25).get_config()
    earlier = {"sync_period": "cycle", "slow_step_size": "slow_step"}
    config = {earlier.get(key, key): value for key, value in config.items()}
    loaded = tfc.LookaheadOptimizer.from_config(config)
    assert (loaded.sync_period, loaded.slow_step_size) == (4, 0.25)


def test_lookahead_does_not_cut_gradients_that_are_handed_over():
    x = tf.Variable(1.0)
    with pytest.raises(RuntimeError, match=r"those of the whole batch. Received: microbatches=2"):
        tfc.LookaheadOptimizer("sgd", microbatches=2).apply([tf.constant(1.0)], [x])


# --- private names and what stands for them ------------------------------------------------------

PRIVATE = {
    "_trainable_variables_indices", "_filter_empty_gradients", "_iterations", "_var_key",
    "_get_variable_index", "_trainable_variables", "_variables", "_model_variables_moving_average",
}  # fmt: skip


def test_private_names_of_keras_are_in_one_function():
    found = {}
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node, "attr", None) or getattr(node, "value", None)
            if isinstance(name, str) and name in PRIVATE:
                found.setdefault(path.name, set()).add(name)
    own = {"_trainable_variables", "_model_variables_moving_average"}
    assert found == {"own_averages.py": own}


@pytest.mark.parametrize("overwrite", [None, 2])
def test_keras_averages_the_restricted_variables_alone(overwrite):
    x, y = keras.Variable(1.0), keras.Variable(2.0)
    options = {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": overwrite}
    optimizer = keras.optimizers.SGD(1.0, **options)
    optimizer.build([x, y])
    saved = [variable.path for variable in optimizer.variables]
    pairs = restrict_averages(optimizer)
    assert [a is b for (a, _), b in zip(pairs, [x, y], strict=True)] == [True, True]
    assert restrict_averages(optimizer, pairs[:1]) == pairs
    for _ in range(2):
        optimizer.apply([tf.constant(1.0), tf.constant(1.0)], [x, y])
    # Of x from 1 by steps of 1: the average starts with the first value, 0, and -1 follows.
    assert float(pairs[0][1]) == -0.5
    assert float(pairs[1][1]) == 0.0, "never touched"
    assert float(y) == 0.0
    assert float(x) == (-1.0 if overwrite is None else -0.5)
    optimizer.finalize_variable_values([x])
    assert (float(x), float(y)) == (-0.5, 0.0)
    assert [variable.path for variable in optimizer.variables] == saved


def test_the_index_knows_a_variable_by_all_its_names(two_replicas):
    x, y = keras.Variable(1.0), tf.Variable(1.0)  # equal values, other variables
    index = VariableIndex([x, y])
    assert [index.number(v) for v in (x, x.value, y)] == [0, 0, 1]
    assert tf.Variable(1.0) not in index
    with pytest.raises(KeyError, match="is none of the 2 variables"):
        index.number(tf.Variable(1.0))
    with two_replicas.scope():
        a, b = keras.Variable(1.0), tf.Variable(1.0)
        index = VariableIndex([a, b])
        copies = [two_replicas.experimental_local_results(v) for v in (a.value, b)]
    assert len(copies[0]) == 2
    with two_replicas.scope():
        assert [[index.number(c) for c in own] for own in copies] == [[0, 0], [1, 1]]


def test_empty_gradients_are_left_out_as_keras_does():
    x, y = keras.Variable(1.0, name="x"), keras.Variable(2.0, name="y")
    optimizer = tfc.SimultaneousOptimizer("sgd", 1.0)
    with pytest.warns(UserWarning, match=r"Gradients do not exist for variables \['x'\] when"):
        optimizer.apply([None, tf.constant(1.0)], [x, y])
    np.testing.assert_array_equal([float(x), float(y)], [1.0, 1.0])
    with pytest.raises(ValueError, match="No gradients provided for any variable"):
        optimizer.apply([None, None], [x, y])
