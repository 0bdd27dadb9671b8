"""Keras' rematerialization: exact where one derivative is enough, refused where it is not."""

import pathlib

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


def moves(game):
    return [game.player_gradient(player)[1] for player in (0, 1)]


@pytest.mark.parametrize("products", [field, moves])
@pytest.mark.parametrize("execution", MODES)
def test_the_field_is_the_same(float64, execution, products):
    plain, recomputed = (evaluate(mode, execution, products) for mode in (None, "activations"))
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


@pytest.mark.parametrize("execution", MODES)
@pytest.mark.parametrize("products", [field, pullback])
def test_the_benchmarks_own_recomputation_has_all_derivatives(
    float64, execution, products, monkeypatch
):
    monkeypatch.syspath_prepend(pathlib.Path(__file__).parents[1] / "examples" / "benchmarks")
    from recomputed import Recomputed

    penalties = [tfc.penalties.R1(1.0)]
    expected = evaluate(None, execution, products, penalties)
    gan = tfc.GAN(*networks(None), latent_dim=3, seed=0, penalties=penalties)
    gan._adjoint = None
    game = gan.game(tf.constant(np.random.default_rng(0).normal(size=(6, 2))))
    both = {key: Recomputed(getattr(gan, key)) for key in ("generator", "discriminator")}
    game.losses.players = game.losses.players._replace(**both)
    found = flat(MODES[execution](lambda: products(game))())
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)
