"""The two sides of a run on pairs: the colours and the splits of either."""

import json
import pathlib
import zlib

import numpy as np
import pytest
from PIL import Image
from saved_runs import told
from small_images import write_fashion_mnist

from tf_consensus import data
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.families.game import FamilyRequest
from tf_consensus.experiments.families.kinds import fingerprints, prepare
from tf_consensus.experiments.families.pair_source import check_sides, settled
from tf_consensus.experiments.families.presets import FAMILIES

NUMBER, SIDE = 20, 8
NAMES = sorted((f"{k:02}.png" for k in range(NUMBER)), key=lambda x: zlib.crc32(x.encode()))
# The two of twenty that a folder holds out.
HELD_OUT = NAMES[:2]


def write_folder(path, coloured):
    """Grey pictures, of which some are in colour."""
    rng = np.random.default_rng(len(coloured))
    path.mkdir(parents=True)
    for name in NAMES:
        shape = (SIDE, SIDE, 3) if name in coloured else (SIDE, SIDE)
        Image.fromarray(rng.integers(0, 255, shape).astype(np.uint8)).save(path / name)
    return f"folder:{path}"


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Folders by the part of their pictures that is in colour, and a data set."""
    root = tmp_path_factory.mktemp("sides")
    parts = {"grey": [], "colour": NAMES, "held_out": HELD_OUT, "rest": NAMES[2:]}
    found = {part: write_folder(root / part, names) for part, names in parts.items()}
    write_fashion_mnist(root / "data/fashion_mnist")
    return found | {"fashion_mnist": "fashion_mnist", "data_dir": str(root / "data/fashion_mnist")}


def settings_of(model, places, target, source, **more):
    own = {"model": model, "name": model, "seed": 0, "dataset": places[target]}
    sizes = {"image_size": SIDE, "filters": 2, "batch_size": 3, "samples": 2, "pool_size": 0}
    method = {"method": "alternating", "optimizer": "alternating"}
    sides = {"source": places[source]} if source in places else {"make": source}
    return FAMILIES[model].settings | sizes | own | method | sides | more


def request_of(places, *sides):
    place = places["data_dir"] if "fashion_mnist" in sides else None
    return FamilyRequest([], pathlib.Path(), [], data_dir=place)


# By the targets, the sources, or how these are made: the channels of both.
COLOURS = [
    ("held_out", "grey", 3, 1),
    ("rest", "grey", 3, 1),
    ("grey", "rest", 1, 3),
    ("grey", "held_out", 1, 3),
    ("rest", "held_out", 3, 3),
    ("rest", "edges", 3, 1),
    ("held_out", "masked", 3, 3),
    ("grey", "low_resolution", 1, 1),
]


@pytest.mark.parametrize("model", ["pix2pix", "cycle_gan"])
@pytest.mark.parametrize(("target", "source", "channels", "of_source"), COLOURS)
def test_a_folder_of_grey_and_coloured_pictures_has_the_same_channels_in_all_parts(
    places, model, target, source, channels, of_source
):
    game = prepare(settings_of(model, places, target, source), request_of(places))
    assert game.model.generator.input_shape[1:] == (SIDE, SIDE, of_source)
    assert game.model.generator.output_shape[1:] == (SIDE, SIDE, channels)
    (batch,) = game.stream(0).take(1)
    assert [x.shape[-1] for x in batch] == [of_source, channels]


@pytest.mark.parametrize("part", ["grey", "colour", "held_out", "rest"])
def test_all_splits_of_a_folder_have_the_channels_of_the_whole(places, part):
    known = data.image_info(places[part]).channels
    assert known == (1 if part == "grey" else 3)
    for split in ("train", "rest", "held_out"):
        options = {"image_size": SIDE, "batch_size": 2, "repeat": False}
        (batch,) = data.images(places[part], split, **options).take(1)
        assert batch.shape[-1] == known
        options |= {"split": split, "unpaired": True}
        (pair,) = data.image_pairs(places[part], places[part], **options).take(1)
        assert [x.shape[-1] for x in pair] == [known, known]


def test_channels_that_are_asked_for_are_those_of_both_sides(places):
    settings = settings_of("pix2pix", places, "rest", "grey", channels=1)
    assert settled(settings, None)["source_channels"] == 1
    made = settled(settings_of("pix2pix", places, "rest", "edges"), None)
    assert (made["channels"], made["source_channels"]) == (3, None)


def test_the_channels_stand_in_the_settings_of_a_run(places, tmp_path, capsys):
    sizes = ("--steps=2", "--batch_size=3", "--filters=2", f"--image_size={SIDE}", "--verbose=0")
    typed = ("train", "--model=pix2pix", places["rest"], f"--source={places['grey']}", *sizes)
    typed = (*typed, f"--output_dir={tmp_path}")
    status, out, err = told(capsys, *typed)
    assert status == 0, err
    assert "  channels       3              --channels=1\n" in out
    (path,) = tmp_path.glob("*/settings.json")
    settings = json.loads(path.read_text(encoding="utf-8"))
    assert (settings["channels"], settings["source_channels"]) == (3, 1)
    assert "finished before: " in told(capsys, *typed, "--resume")[1]


# The splits that are trained on and shown, of the targets and of the sources.
@pytest.mark.parametrize(
    ("target", "source", "trained", "shown"),
    [
        ("grey", "fashion_mnist", ("rest", "train"), ("held_out", "test")),
        ("fashion_mnist", "grey", ("train", "rest"), ("test", "held_out")),
        ("grey", "rest", ("rest", "rest"), ("held_out", "held_out")),
        ("fashion_mnist", "fashion_mnist", ("train", "train"), ("test", "test")),
    ],
)
def test_either_side_has_the_splits_of_its_kind(places, target, source, trained, shown):
    request = request_of(places, target, source)
    settings = settled(settings_of("cycle_gan", places, target, source), request.data_dir)
    game = prepare(settings, request)
    found = fingerprints(settings, request)
    assert (found["data"]["split"], found["source_data"]["split"]) == trained

    def brightness(images):
        return {round(float(x), 4) for x in np.asarray(images).mean(axis=(1, 2, 3))}

    def whole(name, split):
        place = None if name.startswith("folder:") else places["data_dir"]
        options = {"image_size": SIDE, "batch_size": 8, "channels": None, "repeat": False}
        stream = data.images(name, split, data_dir=place, **options)
        return set().union(*(brightness(x) for x in stream))

    (batch,) = game.stream(0).take(1)
    names = places[source], places[target]
    for images, name, split in zip(batch, names, trained[::-1], strict=True):
        assert brightness(images) <= whole(name, split)
    (picture,) = game.pictures(pathlib.Path())
    for images, name, split in zip(
        (picture.draw.sources, picture.draw.targets), names, shown[::-1], strict=True
    ):
        assert brightness(images) <= whole(name, split)


def test_a_folder_and_a_data_set_are_no_pairs(places):
    for target, source in (("fashion_mnist", "folder:x"), ("folder:x", "fashion_mnist")):
        with pytest.raises(RunError, match=r"--source=.* Name two folders, or train --model=cycle"):
            check_sides("pix2pix", target, source)
        check_sides("cycle_gan", target, source)
        with pytest.raises(ValueError, match="Pass two folders, or unpaired=True"):
            data.image_pairs(target, source)
    for options in ({"make": "edges"}, {"make": "edges", "unpaired": True}, {"source": "folder:x"}):
        with pytest.raises(ValueError, match="`source_split` is for two sets without partners"):
            data.image_pairs("fashion_mnist", source_split="test", **options)
