"""Stacked images, and the modes that a generator makes of them."""

import math

import keras
import numpy as np
import pytest
from PIL import Image
from small_images import write_fashion_mnist

from tf_consensus import data, metrics

COLOURS = 0, 1, 2


def write(folder, side=8, classes=2, each=3):
    """Grey images whose brightness is 20 · their number, a sub-folder per class."""
    for number in range(classes * each):
        place = folder / str(number // each)
        place.mkdir(parents=True, exist_ok=True)
        Image.new("L", (side, side), 20 * number).save(place / f"{number}.png")
    return f"stacked:folder:{folder}"


def one_pass(name, **options):
    batches = data.images(
        name, image_size=8, batch_size=4, labels=True, repeat=False, seed=0, **options
    )
    images, labels = zip(*[(x.numpy(), y.numpy()) for x, y in batches], strict=True)
    return np.concatenate(images), np.concatenate(labels)


@pytest.mark.parametrize("cache", [None, False])
def test_colours_are_grey_images_and_the_label_names_their_classes(cache, tmp_path):
    images, labels = one_pass(write(tmp_path), cache=cache)
    assert images.shape == (6, 8, 8, 3)
    numbers = np.round((images[:, 0, 0] + 1) * 127.5 / 20).astype(int)
    for colour in COLOURS:
        assert sorted(numbers[:, colour]) == list(range(6))  # each grey image once per colour
    assert not (numbers[:, 0] == numbers[:, 1]).all()
    assert labels.tolist() == ((numbers // 3) @ [4, 2, 1]).tolist()


def test_the_set_is_the_same_whatever_the_seed_of_its_order(tmp_path):
    name = write(tmp_path)
    first, second = (
        {tuple(x[0, 0]) for batch in batches for x in batch.numpy()}
        for batches in (
            data.images(name, image_size=8, batch_size=6, seed=seed).take(1) for seed in (1, 2)
        )
    )
    assert first == second
    info = data.image_info(name)
    assert (info.num_classes, info.channels) == (8, 3)
    found, grey = data.fingerprint(name), data.fingerprint(name.removeprefix("stacked:"))
    assert found["name"] == "stacked:folder"
    assert found["digest"] == grey["digest"]


def test_fashion_mnist_is_stacked_from_what_is_decoded(tmp_path):
    there = {"data_dir": write_fashion_mnist(tmp_path), "batch_size": 4, "repeat": False}
    stacked = data.images("stacked:fashion_mnist", labels=True, **there)
    images, labels = next(iter(stacked))
    assert images.shape == (4, 32, 32, 3)
    assert 0 <= labels.numpy().min() <= labels.numpy().max() < 1000
    slow = data.images("stacked:fashion_mnist", cache=False, **there)
    np.testing.assert_array_equal(next(iter(slow)), images)


def test_images_without_labels_and_of_several_sizes_are_refused(tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "x.png")
    with pytest.raises(ValueError, match=r"need labels.*Received: .*without labels. Put"):
        data.images(f"stacked:folder:{tmp_path}")
    name = write(tmp_path / "sizes")
    write(tmp_path / "sizes" / "larger", side=9, each=2)
    with pytest.raises(ValueError, match=r"three images of sizes .*need one size: resize"):
        data.images(name, image_size=8, check=False)


@pytest.fixture(scope="module")
def brightness():
    """A classifier of grey images: class 1 if they are brighter than mid-grey."""
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.GlobalAveragePooling2D(name="mean"),
            keras.layers.Dense(2, use_bias=False),
        ]
    )
    model.set_weights([np.array([[-1.0, 1.0]])])
    return metrics.Extractor(model, features="mean", name="brightness")


def images_of(modes):
    bits = np.array([[m >> 2 & 1, m >> 1 & 1, m & 1] for m in modes], "float32")
    return np.broadcast_to((bits - 0.5)[:, None, None], (len(modes), 4, 4, 3))


def test_modes_and_divergence_by_hand(brightness):
    metric = metrics.StackedModes(brightness)
    assert metric.result() == {"modes_covered": 0.0, "mode_kl": math.inf}
    metric.update_state(images_of([0, 0, 5]))
    metric.update_state(images_of([7]))
    expected = 0.5 * math.log(8 * 0.5) + 2 * 0.25 * math.log(8 * 0.25)
    assert metric.result() == {"modes_covered": 3.0, "mode_kl": pytest.approx(expected, rel=1e-12)}
    assert metric.description()["n_fake"] == 4
    metric.reset_state()
    metric.update_state(images_of(range(8)))
    assert metric.result() == {"modes_covered": 8.0, "mode_kl": pytest.approx(0.0, abs=1e-12)}


def test_wrong_images_and_classifiers_are_named(brightness):
    with pytest.raises(ValueError, match=r"three colours.*Received: images of shape \(2, 4"):
        metrics.StackedModes(brightness).update_state(np.zeros((2, 4, 4, 1), "float32"))
    colour = keras.Sequential(
        [keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    with pytest.raises(ValueError, match=r"grey images, with logits. Received: 'c'"):
        metrics.StackedModes(metrics.Extractor(colour, name="c"))
    with pytest.raises(ValueError, match="`extractor` must be"):
        metrics.StackedModes(None)


@pytest.mark.parametrize("name", ["stacked:", "stacked:stacked:fashion_mnist"])
@pytest.mark.parametrize("ask", [data.images, data.image_info])
def test_a_stacked_name_holds_the_name_of_plain_images(name, ask):
    with pytest.raises(ValueError, match=rf"which are no stacked ones\. Received: name='{name}'"):
        ask(name)


def test_stacked_images_keep_their_colours(tmp_path):
    write_fashion_mnist(tmp_path)
    with pytest.raises(ValueError, match=r"three colours.*Received: channels=1"):
        data.images("stacked:fashion_mnist", channels=1, data_dir=tmp_path)
