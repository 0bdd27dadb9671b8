"""What cuts the field's derivative is found and named, in a game and in gradients handed over."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from oracles import MODES, central_jacobian, flat

import tf_consensus as tfc
from tf_consensus.games import contract

X, Y = tf.Variable([1.5, 2.5], name="x"), tf.Variable([1.0, -1.0], name="y")


def through(operation):
    """A zero-sum product game whose second player sees x through an operation."""

    def losses():
        product = tf.reduce_sum(operation(X) * Y)
        return tf.reduce_sum(X * Y), -product

    return losses


def in_a_branch(x):
    return tf.cond(x[0] > 0, lambda: tf.stop_gradient(x), lambda: x)


CUTS = {
    "StopGradient": tf.stop_gradient,
    "PyFunc": lambda x: tf.ensure_shape(tf.numpy_function(lambda a: a, [x], tf.float32), [2]),
    "EagerPyFunc": lambda x: tf.ensure_shape(tf.py_function(lambda a: a, [x], tf.float32), [2]),
    "Cast": lambda x: tf.cast(tf.cast(x, tf.int32), tf.float32),
    "ArgMax": lambda x: tf.one_hot(tf.argmax(x), 2),
    "Floor": tf.floor,
    "Round": tf.round,
    "Betainc": lambda x: tf.math.betainc(x, [2.0, 2.0], [0.5, 0.5]),
    "ResizeBilinearGrad": lambda x: _resized_gradient(x),
    "in a function": lambda x: tf.function(tf.stop_gradient, autograph=False)(x),
    "in a branch": in_a_branch,
}
WHOLE = {
    "logsumexp": lambda x: tf.reduce_logsumexp(x[:, None] * [1.0, 2.0], axis=1),
    "shape": lambda x: x / tf.cast(tf.shape(x)[0], tf.float32),
    "where": lambda x: tf.where(x > 2.0, x**2, x),
    "sort": lambda x: tf.sort(x, direction="DESCENDING") * tf.gather(x, tf.argsort(x)),
    "top_k": lambda x: tf.math.top_k(x, 2).values,
    "silu": lambda x: tf.nn.silu(x) + tf.nn.gelu(x) + tf.nn.softplus(x),
    "loop": lambda x: tf.while_loop(lambda i, z: i < 3, lambda i, z: (i + 1, z * x), [0, x])[1],
    "moments": lambda x: tf.stack(tf.nn.moments(x**3, [0])),
    "abs": lambda x: tf.abs(x) + tf.maximum(x, 2.0) + tf.nn.relu(x - 2.0),
}


def _resized_gradient(x):
    image = tf.reshape(x, (1, 1, 2, 1))
    small = tf.raw_ops.ResizeBilinearGrad(grads=image, original_image=tf.zeros((1, 1, 1, 1)))
    return tf.reshape(tf.repeat(small, 2), (2,))


def pulled(losses, mode, **options):
    game = tfc.Game(losses, [[X], [Y]], **options)

    def pull():
        linearization = game.linearize()
        return linearization.vjp(linearization.v)

    return flat(MODES[mode](pull)())


@pytest.mark.parametrize("mode", ["eager", "graph"])
@pytest.mark.parametrize("name", CUTS)
def test_a_cut_is_named(name, mode):
    kind = {"in a function": "StopGradient", "in a branch": "StopGradient"}.get(name, name)
    with pytest.raises(ValueError, match="whole derivative of the field") as error:
        pulled(through(CUTS[name]), mode)
    message = str(error.value)
    assert f"({kind}), through which the field depends on variable 'x:0' of player 0" in message
    assert "allow_cut=[" in message


@pytest.mark.parametrize("mode", ["eager", "graph"])
@pytest.mark.parametrize("name", WHOLE)
def test_what_cuts_nothing_passes(name, mode):
    game = tfc.Game(through(WHOLE[name]), [[X], [Y]])
    found = pulled(game.losses, mode)
    start = flat([X, Y])

    def half_square(point):
        X.assign(point[:2]), Y.assign(point[2:])
        v = flat(game.linearize(second_order=False).v)
        return v @ v / 2

    steps = 1e-2 * np.eye(4)
    central = [(half_square(start + e) - half_square(start - e)) / 2e-2 for e in steps]
    half_square(start)
    np.testing.assert_allclose(found, central, rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize("allow_cut", [["StopGradient"], True])
def test_a_declared_cut_passes(allow_cut):
    found = pulled(through(tf.stop_gradient), "eager", allow_cut=allow_cut)
    np.testing.assert_allclose(found, [0, 0, 1, -1])


def test_an_undeclared_cut_beside_a_declared_one_is_named():
    losses = through(lambda x: tf.stop_gradient(x, name="meant") + tf.floor(x, name="slip"))
    with pytest.raises(ValueError, match="'slip'") as error:
        pulled(losses, "eager", allow_cut=["meant"])
    assert "'meant'" not in str(error.value).split("allow_cut")[0]


def test_losses_that_work_eagerly_only_are_refused():
    losses = through(lambda x: x.numpy())
    with pytest.raises(ValueError, match=r"TensorFlow operations throughout.*numpy.*allow_cut"):
        pulled(losses, "eager")
    np.testing.assert_allclose(pulled(losses, "eager", allow_cut=True)[:2], [0, 0])


@pytest.mark.parametrize("allow_cut", ["StopGradient", 1, [1], None])
def test_allow_cut_is_a_bool_or_names(allow_cut):
    with pytest.raises(TypeError, match=r"bool or a list of names.*Received: allow_cut="):
        tfc.Game(through(tf.identity), [[X], [Y]], allow_cut=allow_cut)
    with pytest.raises(TypeError, match="bool or a list of names"):
        tfc.ConsensusOptimizer("sgd", allow_cut=allow_cut)


def test_the_first_order_needs_no_derivative_of_the_field():
    optimizer = tfc.SimultaneousOptimizer("sgd", learning_rate=0.0)
    optimizer.step(tfc.Game(through(tf.stop_gradient), [[X], [Y]]))


class Stopping(keras.layers.Layer):
    """Half of its input goes through without a derivative."""

    def call(self, x):
        return 0.5 * x + 0.5 * tf.stop_gradient(x)


def model(*middle):
    keras.utils.set_random_seed(0)
    layers = [keras.Input((4,)), keras.layers.Dense(6, "tanh"), *middle, keras.layers.Dense(1)]
    return keras.Sequential(layers)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_partial_cut_on_the_drop_in_path_is_named(jit_compile):
    network = model(Stopping(name="half"))
    network.compile(
        tfc.ConsensusOptimizer("sgd", learning_rate=0.1), loss="mse", jit_compile=jit_compile
    )
    before = flat(network.weights)
    with pytest.raises(ValueError, match=r"/half_?1?/StopGradient' \(StopG"):
        network.fit(np.ones((8, 4)), np.ones(8), verbose=0)
    np.testing.assert_array_equal(flat(network.weights), before)


def test_a_declared_cut_on_the_drop_in_path_passes_and_is_saved(tmp_path):
    network = model(Stopping(name="half"))
    optimizer = tfc.ConsensusOptimizer("sgd", learning_rate=0.1, allow_cut=["half"])
    network.compile(optimizer, loss="mse")
    network.fit(np.ones((8, 4)), np.ones(8), verbose=0)
    network.save(tmp_path / "model.keras")
    objects = {"Stopping": Stopping}
    loaded = keras.models.load_model(tmp_path / "model.keras", custom_objects=objects)
    assert loaded.optimizer.allow_cut == ("half",)


def test_a_gans_cut_is_named_and_declared(tmp_path):
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    gan = tfc.GAN(generator, model(Stopping(name="half")), latent_dim=3, seed=0)
    gan.compile(tfc.ConsensusOptimizer("sgd", learning_rate=0.1))
    with pytest.raises(ValueError, match=r"/half_?1?/StopGradient.*of player"):
        gan.train_on_batch(np.ones((8, 4)))
    gan = tfc.GAN(gan.generator, gan.discriminator, latent_dim=3, allow_cut=["half"])
    gan.compile(tfc.ConsensusOptimizer("sgd", learning_rate=0.1))
    gan.train_on_batch(np.ones((8, 4)))
    gan.save(tmp_path / "gan.keras")
    objects = {"Stopping": Stopping}
    loaded = keras.models.load_model(tmp_path / "gan.keras", custom_objects=objects)
    assert loaded.allow_cut == ("half",)


SCOPES = [
    ("StopGradient", "StopGradient", True),
    ("StopGradient_2", "StopGradient", True),
    ("layer/StopGradient", "StopGradient", False),
    ("gan/half_1/StopGradient", "half", True),
    ("gan/half_1/StopGradient", "half/StopGradient", True),
    ("gan/half_1/StopGradient", "gan/half_1/StopGradient", True),
    ("gan/halfway/StopGradient", "half", False),
    ("gan/half/Floor", "half/StopGradient", False),
]


@pytest.mark.parametrize(("operation", "name", "allowed"), SCOPES)
def test_a_name_allows_an_operation_and_what_lies_in_a_layer(operation, name, allowed):
    assert contract._is_allowed(operation, [name]) is allowed


def test_soft_labels_have_their_second_derivative(float64):
    x, y = tf.Variable([0.3, -0.2, 0.5]), tf.Variable([0.1, 0.7, -0.4])
    x, y = tf.Variable(tf.cast(x, tf.float64)), tf.Variable(tf.cast(y, tf.float64))

    def losses():
        loss = tf.nn.softmax_cross_entropy_with_logits(tf.nn.softmax(3.0 * x), y)
        return loss, -loss / 2

    game = tfc.Game(losses, [[x], [y]])

    def half_square(point):
        x.assign(point[:3]), y.assign(point[3:])
        v = flat(game.linearize(second_order=False).v)
        return v @ v / 2

    start = flat([x, y])
    expected = central_jacobian(half_square, start)
    half_square(start)
    linearization = game.linearize()
    np.testing.assert_allclose(flat(linearization.vjp(linearization.v)), expected, atol=1e-8)
