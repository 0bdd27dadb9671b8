"""The heads of discriminators: what they compute, and that a GAN trains with them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tf_consensus import networks

SIZES = {
    "mlp": {"width": 4},
    "dcgan3": {"image_size": 8, "channels": 1, "filters": 2},
    "resnet": {"image_size": 16, "channels": 1, "filters": 2},
    "residual": {"image_size": 8, "channels": 1, "filters": 2},
}


def build(name, head, classes=3, **options):
    return networks.build(
        name, latent_dim=2, num_classes=classes, head=head, seed=0, **SIZES[name], **options
    )


def samples_for(generator, classes=3):
    inputs = tf.ones((4, 2))
    return generator([inputs, tf.range(4) % 3] if classes else inputs, training=False)


@pytest.mark.parametrize("name", SIZES)
def test_a_projection_adds_the_product_of_features_and_embedding(name):
    generator, discriminator = build(name, "projection")
    assert discriminator.output_shape == (None, 1)
    samples, labels = samples_for(generator), tf.constant([0, 2, 1, 2])
    (embedding,) = [x for x in discriminator.layers if isinstance(x, keras.layers.Embedding)]
    (last,) = [x for x in discriminator.layers if isinstance(x, keras.layers.Dense)][-1:]
    features = keras.Model(discriminator.inputs[0], last.input)(samples, training=False).numpy()
    table, (kernel, bias) = embedding.get_weights()[0], last.get_weights()
    expected = features @ kernel + bias + (table[labels.numpy()] * features).sum(1, keepdims=True)
    found = discriminator([samples, labels], training=False)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", SIZES)
def test_auxiliary_and_features_heads_return_the_same_logit_and_something_beside(name):
    generator, discriminator = build(name, "auxiliary")
    logit, classes = discriminator(samples_for(generator), training=False)
    assert (logit.shape, classes.shape) == ((4, 1), (4, 3))
    generator, discriminator = build(name, "features", classes=None)
    logit, features = discriminator(samples_for(generator, None), training=False)
    kernel, bias = discriminator.layers[-2].get_weights() or discriminator.layers[-1].get_weights()
    np.testing.assert_allclose(logit, features @ kernel + bias, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", networks.names())
def test_all_networks_but_those_of_sequences_and_of_images_from_images_have_heads(name):
    without = name.startswith("sequence_") or name == "image_to_image"
    with pytest.raises(ValueError, match="Received: ") as caught:
        networks.build(name, head="no")
    assert ("unexpected keyword argument 'head'" in str(caught.value)) == without


@pytest.mark.parametrize("head", [None, "projection"])
def test_a_gan_of_labels_trains_with_the_head(head):
    gan = tfc.GAN(*build("mlp", head), num_classes=3, penalties="r1", seed=0)
    gan.compile(optimizer=tfc.ConsensusOptimizer("sgd", 0.1, gamma=0.1, microbatches=2))
    before = gan.discriminator.get_weights()
    gan.fit(np.ones((6, 2), "float32"), np.arange(6) % 3, verbose=0)
    moved = [
        np.abs(a - b).max() for a, b in zip(before, gan.discriminator.get_weights(), strict=True)
    ]
    assert min(moved[:-2]) > 0


def test_outputs_of_heads_have_the_variables_precision():
    for head in networks.heads.HEADS:
        _, discriminator = build("mlp", head, dtype="mixed_bfloat16")
        assert {x.dtype for x in discriminator.outputs} == {"float32"}
