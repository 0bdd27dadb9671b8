"""What repr says of optimizers, games and linearizations."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tf_consensus.games.compiled import CompiledGame
from tf_consensus.games.microbatches import MicrobatchedGame

Adam, SGD = keras.optimizers.Adam, keras.optimizers.SGD
decay = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)

OPTIMIZERS = [
    (
        lambda: tfc.ConsensusOptimizer(Adam(1e-4), gamma=10.0),
        "ConsensusOptimizer(Adam(learning_rate=0.0001), gamma=10.0)",
    ),
    (
        lambda: tfc.ConsensusOptimizer([Adam(1e-4), Adam(4e-4)], gamma=0, every=2, microbatches=4),
        "ConsensusOptimizer([Adam(learning_rate=0.0001), Adam(learning_rate=0.0004)], gamma=0.0, "
        "every=2, microbatches=4)",
    ),
    (
        lambda: tfc.SmoothingOptimizer(SGD(decay), gamma=decay, debias="groups"),
        "SmoothingOptimizer(SGD(learning_rate=ExponentialDecay), gamma=ExponentialDecay, "
        "debias='groups')",
    ),
    (lambda: tfc.SimultaneousOptimizer("sgd"), "SimultaneousOptimizer(SGD(learning_rate=0.01))"),
    (
        lambda: tfc.SimultaneousOptimizer("sgd", 0.5, allow_cut=["half"]),
        "SimultaneousOptimizer(SGD(learning_rate=0.5), allow_cut=('half',))",
    ),
    (
        lambda: tfc.AlternatingOptimizer(SGD(0.5), SGD(0.25), 3),
        "AlternatingOptimizer(SGD(learning_rate=0.5), SGD(learning_rate=0.25), "
        "discriminator_steps=3, generator_steps=1)",
    ),
    (
        lambda: tfc.AlternatingConsensusOptimizer(SGD(0.5), SGD(0.25), "auto", fraction=0.5),
        "AlternatingConsensusOptimizer(SGD(learning_rate=0.5), SGD(learning_rate=0.25), "
        "gamma=RelativeGamma(scale=1.5), regularize=('discriminator',), discriminator_steps=1, "
        "generator_steps=1, reuse=False, fraction=0.5)",
    ),
    (
        lambda: tfc.AlternatingMomentumOptimizer(SGD(0.5), SGD(0.25)),
        "AlternatingMomentumOptimizer(SGD(learning_rate=0.5), SGD(learning_rate=0.25), "
        "momentum=-0.5, discriminator_steps=1, generator_steps=1)",
    ),
    (
        lambda: tfc.LookaheadOptimizer(tfc.ClippedOptimizer(SGD(0.5))),
        "LookaheadOptimizer(ClippedOptimizer(SGD(learning_rate=0.5), clip_norm=1.0), "
        "sync_period=5, slow_step_size=0.5)",
    ),
    (
        lambda: tfc.SymplecticOptimizer(SGD(0.5)),
        "SymplecticOptimizer(SGD(learning_rate=0.5), strength=1.0, align=True)",
    ),
    (
        lambda: tfc.CompetitiveOptimizer(SGD(0.5)),
        "CompetitiveOptimizer(SGD(learning_rate=0.5), step_size=None, max_iterations=20, "
        "tolerance=1e-06)",
    ),
    (
        lambda: tfc.RungeKuttaOptimizer(SGD(0.5), order=2, gamma=0.25),
        "RungeKuttaOptimizer(SGD(learning_rate=0.5), order=2, step_size=None, gamma=0.25)",
    ),
    (
        lambda: tfc.ImplicitOptimizer(SGD(0.5), products=2),
        "ImplicitOptimizer(SGD(learning_rate=0.5), step_size=None, products=2, "
        "solver='conjugate_residuals', relaxation=1.0)",
    ),
    (lambda: tfc.MomentumOptimizer(SGD(1.0)).inner_optimizers[0], None),
    (
        lambda: tfc.OptimisticOptimizer([SGD(0.5), SGD(1.0)]).inner_optimizer,
        "[SGD(learning_rate=0.5), SGD(learning_rate=1.0)]",
    ),
    (
        lambda: tfc.ExtragradientOptimizer(SGD(lambda: 0.5)),
        "ExtragradientOptimizer(SGD(learning_rate=<lambda>))",
    ),
    (
        lambda: tfc.ConsensusOptimizer.__new__(tfc.ConsensusOptimizer),
        "ConsensusOptimizer()",
    ),
]


@pytest.mark.parametrize(("make", "text"), [pair for pair in OPTIMIZERS if pair[1]])
def test_optimizers(make, text):
    optimizer, inside = make(), []
    assert repr(optimizer) == text
    tf.function(lambda: inside.append(repr(optimizer)))()
    assert inside == [text]


def test_an_optimizer_on_two_replicas(two_replicas):
    with two_replicas.scope():
        optimizer = tfc.ConsensusOptimizer(Adam(1e-4))
    text, inside = "ConsensusOptimizer(Adam(learning_rate=0.0001), gamma=10.0)", []
    assert repr(optimizer) == text
    run = tf.function(lambda: two_replicas.run(lambda: inside.append(repr(optimizer))))
    run()
    assert inside == [text] * 2


def game(batch=()):
    x, y, z = tf.Variable([1.0, 2.0]), keras.Variable([[1.0, 2.0, 3.0]]), tf.Variable(0.5)

    def losses(*batch):
        a = tf.reduce_sum(x) * z + tf.add_n([tf.reduce_mean(t) for t in batch] or [0.0])
        return a, 2.0 * tf.reduce_sum(y.value**2)

    return tfc.Game(losses, [[x, z], [y]], batch)


def test_games():
    text = "(2 players: 3 + 3 parameters in 2 + 1 variables"
    assert repr(game()) == f"Game{text})"
    batch = [tf.ones((4, 1))]
    assert repr(MicrobatchedGame(game(batch), 2)) == (
        f"MicrobatchedGame{text}, in 2 parts of the batch)"
    )
    assert repr(CompiledGame(game())) == f"CompiledGame{text})"
    unknown = tf.Variable([1.0], shape=tf.TensorShape([None]))
    one = tfc.Game(lambda: [tf.reduce_sum(unknown)], [[unknown]])
    assert repr(one) == "Game(1 player: ? parameters in 1 variables)"
    assert repr(tfc.Game.__new__(tfc.Game)) == "Game(no players)"
    gan = tfc.GAN(*tfc.networks.build("mlp", latent_dim=3, width=4, depth=2), latent_dim=3)
    sizes = [n.count_params() for n in (gan.generator, gan.discriminator)]
    assert repr(gan.game(tf.ones((2, 2)))).startswith(
        f"AdversarialGame(2 players: {sizes[0]} + {sizes[1]} parameters in "
    )


def test_linearizations():
    linearization = game().linearize()
    norm = np.sqrt(2 * 0.5**2 + 3.0**2 + 16 * 14)
    assert repr(linearization) == f"Linearization(losses=[1.5, 28], ‖v‖={norm:.6g}, 2 players)"
    inside = []
    tf.function(lambda: inside.append(repr(game_.linearize())))() if (game_ := game()) else None
    assert inside == [
        "Linearization(losses=[symbolic, symbolic], v symbolic in 3 tensors, 2 players)"
    ]
    split = MicrobatchedGame(game([tf.ones((4, 1))]), 2).linearize()
    assert repr(split) == f"Linearization(losses=[2.5, 28], ‖v‖={norm:.6g}, 2 players, 2 parts)"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (([], [], None, None), "losses=[], ‖v‖=0"),
        ((None, None, None, None), "losses=a NoneType, v of type NoneType"),
        (([1.0, "a"], [np.ones(4)], None, [1]), "losses=[1, symbolic], ‖v‖=2, 1 player"),
        (([tf.ones((), "bfloat16")], [tf.ones(4, "bfloat16")], None, 3), "losses=[1], ‖v‖=2"),
        (([np.nan], [None], None, None), "losses=[nan], v symbolic in 1 tensor"),
        ((tf.ones(2), tf.ones(2), None, None), "losses=a EagerTensor, v of type EagerTensor"),
    ],
)
def test_a_linearization_of_anything(arguments, text):
    assert repr(tfc.Linearization(*arguments)) == f"Linearization({text})"
