"""Files that earlier layouts of the package saved still load, and training goes on from them."""

import pathlib

import keras
import numpy as np

import tf_consensus as tfc

FILES = pathlib.Path(__file__).parent / "files"


def test_a_gan_of_the_layout_before_the_rooms_loads_and_trains_on():
    # Saved after 4 steps of LookaheadOptimizer(ConsensusOptimizer("adam", learning_rate=1e-2,
    # gamma=0.5), sync_period=3), so in the middle of a period.
    gan = keras.saving.load_model(FILES / "before_the_rooms.keras")
    assert isinstance(gan.optimizer, tfc.LookaheadOptimizer)
    assert isinstance(gan.optimizer.inner_optimizer, tfc.ConsensusOptimizer)
    assert int(gan.optimizer.iterations.numpy()) == 4
    np.testing.assert_allclose(
        gan.generate(2, seed=0),
        [[0.4947388172149658, 0.02576591819524765], [0.19269900023937225, 0.21190547943115234]],
        rtol=1e-5,
    )
    x = np.random.default_rng(0).normal(size=(32, 2)).astype("float32")
    gan.fit(x, batch_size=8, epochs=1, verbose=0, shuffle=False)
    assert int(gan.optimizer.iterations.numpy()) == 8
    np.testing.assert_allclose(
        gan.generate(2, seed=0),
        [[0.4434937834739685, 0.06400634348392487], [0.11684894561767578, 0.22186903655529022]],
        rtol=1e-4,
    )
