"""The pool of made images, and runs of image-to-image models that are saved and go on."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_image_to_image import METHODS, MODELS, cycle_gan, data, fill, losses, pair, pix2pix

import tf_consensus as tfc
from tf_consensus.models.image_pool import ImagePool, mixed
from tf_consensus.support.random import Draws


def pushed(pool, *numbers):
    for batch in np.split(np.arange(sum(numbers)), np.cumsum(numbers)[:-1]):
        pool.push(tf.constant(batch[:, None, None, None], "float32"))
    return sorted(pool.images.numpy().ravel())


def test_a_pool_keeps_the_latest_images():
    pool = ImagePool(5, (1, 1, 1))
    assert pushed(pool, 3) == [0, 0, 0, 1, 2]
    assert int(pool.count.numpy()) == 3
    assert pushed(ImagePool(5, (1, 1, 1)), 3, 4) == [2, 3, 4, 5, 6]
    assert pushed(ImagePool(5, (1, 1, 1)), 3, 12) == [10, 11, 12, 13, 14]
    assert pushed(ImagePool(5, (1, 1, 1)), 12, 12, 3) == [22, 23, 24, 25, 26]


def test_a_pool_draws_half_of_what_is_shown_uniformly_from_what_it_has():
    pool = ImagePool(8, (1, 1, 1))
    _, shown = pool.draw(1000, Draws(0, 0))
    assert not shown.numpy().any()
    pushed(pool, 4)
    made = tf.fill((4000, 1, 1, 1), 100.0)
    seen = mixed(made, pool.draw(4000, Draws(0, 0))).numpy().ravel()
    values, counts = np.unique(seen, return_counts=True)
    assert list(values) == [0, 1, 2, 3, 100]
    assert counts[-1] == pytest.approx(2000, abs=130)
    np.testing.assert_allclose(counts[:-1], 500, atol=90)
    other = mixed(made, pool.draw(4000, Draws(0, 1))).numpy().ravel()
    assert (seen != other).any()


@pytest.mark.usefixtures("float64")
def test_the_discriminators_see_the_pool_and_the_generators_do_not():
    model, plain = cycle_gan(), cycle_gan(pool_size=0)
    batch = source, target = pair()
    np.testing.assert_allclose(losses(model, batch), losses(plain, batch), rtol=1e-12)  # empty
    fill(model, 7)
    generators, discriminators = losses(model, batch)
    assert generators == pytest.approx(losses(plain, batch)[0], rel=1e-12)
    _, old = model.game(batch, training=False).batch[1][0]
    made = model.generator(source), model.back_generator(target)
    shown = [np.where(s, o, x) for (o, s), x in zip(old, made, strict=True)]
    assert any(s.numpy().any() for _, s in old)
    expected = 0.0
    for judge, real, fake in zip(
        (model.discriminator, model.back_discriminator), (target, source), shown, strict=True
    ):
        expected += float(model.objective.discriminator_loss(judge(real), judge(fake)))
    assert discriminators == pytest.approx(expected, rel=1e-12)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("eager", [False, True])
def test_a_step_keeps_what_the_generators_made_before_it(eager):
    model = cycle_gan(pool_size=20)
    model.compile(optimizer=METHODS["alternating"](), run_eagerly=eager)
    batches = [pair(4, seed) for seed in (0, 1)]
    for source, target in batches:
        made = model.generator(source).numpy(), model.back_generator(target).numpy()
        start = int(model.pools[0].count.numpy())
        model.train_on_batch(source, target)
        for pool, images in zip(model.pools, made, strict=True):
            np.testing.assert_allclose(pool.images.numpy()[start : start + 4], images, rtol=1e-12)
    count = int(model.pools[1].count.numpy())
    model.evaluate(*batches[0], verbose=0)
    assert int(model.pools[1].count.numpy()) == count == 8


def weights(model):
    return [w.copy() for w in model.get_weights()]


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", MODELS)
def test_a_saved_and_loaded_run_goes_on_exactly(name, tmp_path):
    penalties = [tfc.penalties.R1(1.0, every=2), "instance_noise"]
    model = MODELS[name](dropout=0.3, penalties=penalties, seed=None)
    method = "consensus" if name == "pix2pix" else "alternating"
    model.compile(optimizer=METHODS[method]())
    model.fit(data(), verbose=0, shuffle=False)
    model.save(tmp_path / "model.keras")
    model.fit(data(), verbose=0, shuffle=False)
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert restored.seed == model.seed
    restored.fit(data(), verbose=0, shuffle=False)
    for a, b in zip(weights(restored), weights(model), strict=True):
        np.testing.assert_array_equal(a, b)
    if name == "cycle_gan":
        for ours, theirs in zip(restored.pools, model.pools, strict=True):
            np.testing.assert_array_equal(ours.images.numpy(), theirs.images.numpy())
            assert int(ours.count.numpy()) == 64


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", MODELS)
def test_a_backed_up_run_repeats_the_uninterrupted_one(name, tmp_path):
    def run(epochs, callbacks=()):
        model = MODELS[name](dropout=0.3)
        model.compile(optimizer=METHODS["alternating"]())
        model.fit(data(), epochs=epochs, verbose=0, shuffle=False, callbacks=list(callbacks))
        return weights(model)

    whole = run(3)
    run(2, [tfc.callbacks.SafeBackup(tmp_path, delete_checkpoint=False)])
    for a, b in zip(run(3, [tfc.callbacks.SafeBackup(tmp_path)]), whole, strict=True):
        np.testing.assert_array_equal(a, b)


# Made images, warnings, callbacks of other models.


@pytest.mark.usefixtures("float64")
def test_translation_calls_one_generator_or_the_other():
    source, target = pair()
    model = cycle_gan()
    np.testing.assert_allclose(model.translate(source, 3), model.generator(source), rtol=1e-12)
    made = model.translate(target, back=True)
    np.testing.assert_allclose(made, model.back_generator(target), rtol=1e-12)
    assert model(source).shape == (8, 4, 4, 1)
    paired = pix2pix(dropout=0.5)
    np.testing.assert_allclose(paired.translate(source), paired.generator(source), rtol=1e-12)


def test_translation_takes_averages_of_the_weights():
    model = pix2pix()
    inner = [keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.9) for _ in range(2)]
    model.compile(optimizer=tfc.AlternatingOptimizer(*inner))
    model.fit(data(), verbose=0, shuffle=False)
    source, _ = pair()
    with tfc.averaged_weights(model):
        expected = model.generator(source).numpy()
    np.testing.assert_allclose(model.translate(source), expected, rtol=1e-6)
    assert np.abs(expected - model.generator(source)).max() > 1e-4


def test_images_outside_of_the_generators_range_are_named():
    source, target = pair()
    for images, remedy in ((target * 100 + 100, "x / 127.5 - 1"), (target * 3, "Scale")):
        model = pix2pix()
        model.compile(optimizer=METHODS["alternating"]())
        with pytest.warns(UserWarning, match=f"ends in tanh makes samples from -1 to 1.*{remedy}"):
            model.fit(source, images, verbose=0, shuffle=False)


@pytest.mark.parametrize("make", [pix2pix, cycle_gan])
def test_replicas_name_images_outside_of_the_range_too(make, two_replicas):
    source, target = pair()
    with two_replicas.scope():
        model = make()
        model.compile(optimizer=METHODS["alternating"]())
    with pytest.warns(UserWarning, match=r"ends in tanh makes samples.*x / 127.5 - 1"):
        model.fit(source, target * 100 + 100, batch_size=4, verbose=0, shuffle=False)


def test_callbacks_that_generate_from_latents_are_refused(tmp_path):
    for callback in (tfc.callbacks.SampleGrid(tmp_path), tfc.callbacks.EvaluateGAN()):
        model = pix2pix()
        model.compile(optimizer=METHODS["alternating"]())
        with pytest.raises(TypeError, match=r"Received: a Pix2Pix.*model\.translate\("):
            model.fit(data(), verbose=0, shuffle=False, callbacks=[callback])


def test_normalization_in_a_penalized_discriminator_is_named():
    source, target = (4, 4, 2), (4, 4, 1)
    generator = keras.Sequential([keras.Input(source), keras.layers.Conv2D(1, 1)])
    given = [keras.Input(target), keras.Input(source)]
    x = keras.layers.BatchNormalization()(keras.layers.Concatenate()(given))
    discriminator = keras.Model(given, keras.layers.Conv2D(1, 1)(x))
    with pytest.warns(UserWarning, match="batch normalization"):
        tfc.models.Pix2Pix(generator, discriminator, penalties="r1")
