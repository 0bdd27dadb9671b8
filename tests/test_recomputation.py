"""Keras' rematerialization: exact where one derivative is enough, refused where it is not."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tests.oracles import MODES, flat


def networks(mode):
    keras.utils.set_random_seed(3)
    layers = keras.layers
    with keras.RematScope(mode=mode):
        generator = [layers.Dense(8), layers.Activation("tanh"), layers.Dense(2)]
        discriminator = [layers.Dense(8, activation="tanh"), layers.Dense(1)]
        return (
            keras.Sequential([keras.Input((3,)), *generator]),
            keras.Sequential([keras.Input((2,)), *discriminator]),
        )


def evaluate(mode, execution, products, penalties=()):
    gan = tfc.GAN(*networks(mode), latent_dim=3, seed=0, penalties=penalties)
    game = gan.game(tf.constant(np.random.default_rng(0).normal(size=(6, 2))))
    return flat(MODES[execution](lambda: products(game))())


def field(game):
    return game.linearize(second_order=False).v


def pullback(game):
    linearization = game.linearize()
    return linearization.vjp(linearization.v)


@pytest.mark.parametrize("execution", MODES)
def test_the_field_is_the_same(float64, execution):
    plain, recomputed = (evaluate(mode, execution, field) for mode in (None, "activations"))
    np.testing.assert_allclose(recomputed, plain, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("execution", MODES)
@pytest.mark.parametrize(
    ("products", "penalties"), [(pullback, ()), (field, [tfc.penalties.R1(1.0)])]
)
def test_a_second_derivative_is_refused(float64, execution, products, penalties):
    message = r"(?s)RematScope.*first derivative only.*recompute_grad.*microbatches=k"
    with pytest.raises(NotImplementedError, match=message):
        evaluate("activations", execution, products, penalties)


def test_a_stock_model_does_not_lose_its_regularizer():
    model = networks("activations")[1]
    model.compile(optimizer=tfc.ConsensusOptimizer("sgd"), loss="mse", jit_compile=False)
    with pytest.raises(NotImplementedError, match="RematScope"):
        model.fit(np.ones((6, 2)), np.ones((6, 1)), verbose=0)


def test_other_lacking_derivatives_speak_for_themselves():
    @tf.custom_gradient
    def f(x):
        def gradient(dy):
            raise NotImplementedError("of the user's own")

        return x * 2, gradient

    game = tfc.Game(lambda: [f(x.value())], [[x := tf.Variable(1.0)]])
    with pytest.raises(NotImplementedError, match=r"^of the user's own$"):
        game.linearize()
