"""Every public picture at values that are none, and at places where it cannot be written."""

import os

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from tf_consensus import plotting
from tf_consensus.callbacks import SampleGrid

NAN, INF = float("nan"), float("inf")
POINTS = np.random.default_rng(0).normal(scale=0.3, size=(50, 2))
SERIES = ([0, 1, 2], [3.0, 2.0, 1.0])
LOG = {"step": [0, 1], "fid": [2.0, 1.0]}
IMAGES = np.zeros((2, 4, 4, 1))

# A good call of each picture; `path` is where it goes.
GOOD = {
    "density_animation": lambda path, **o: plotting.density_animation(
        **{"frames": {"a": [POINTS]}, "path": path, "titles": ["0"], "target": POINTS, **o}
    ),
    "density_grid": lambda path=None, **o: plotting.density_grid(
        **{"rows": {"a": [POINTS]}, "titles": ["0"], "target": POINTS, "path": path, **o}
    ),
    "density_table": lambda path=None, **o: plotting.density_table(
        **{"rows": {"a": {"t": POINTS}}, "targets": {"t": POINTS}, "path": path, **o}
    ),
    "image_grid": lambda path=None, **o: plotting.image_grid(
        **{"images": IMAGES, "path": path, **o}
    ),
    "run_curves": lambda path=None, **o: plotting.run_curves(
        **{"runs": {"a": [LOG]}, "quantities": ["fid"], "path": path, **o}
    ),
    "seed_curves": lambda path=None, **o: plotting.seed_curves(
        **{"panels": {"p": {"a": ([0], [[1.0]])}}, "quantity": "x", "path": path, **o}
    ),
    "sweep_curves": lambda path=None, **o: plotting.sweep_curves(
        **{"sweeps": {"a": {1.0: {"fid": [(1, 2)]}}}, "quantities": ["fid"], "setting": "γ"}
        | {"path": path, **o}
    ),
    "training_curves": lambda path=None, **o: plotting.training_curves(
        **{"histories": {"a": {"fid": SERIES}}, "quantities": ["fid"], "path": path, **o}
    ),
}
NO_POINTS = {
    "three columns": (np.zeros((4, 3)), "must be points in the plane"),
    "one axis": (np.zeros(4), "must be points in the plane"),
    "texts": ([["a", "b"]], "must be an array of numbers"),
    "a text": ("samples", "must be an array of numbers"),
    "complex": (POINTS * 1j, "must be an array of numbers"),
    "uneven": ([[0.0, 1.0], [2.0]], "must be an array of numbers"),
}
NOT_DRAWN = {
    "NaN": (np.full((5, 2), NAN), "A density needs finite samples. Received: 5, of which 5"),
    "infinity": ([[0.0, INF]], "A density needs finite samples"),
    "none": (np.zeros((0, 2)), "A density needs finite samples. Received: 0"),
}
NO_LENGTH = {
    key: (key, "must be finite and positive") for key in (0, -1, NAN, INF, "a", None, True)
}
NO_MAPPING = {key: (key, "must be a dict") for key in (None, "fid", 3)}
NO_NAMES = {key: (key, "must be a list of names") for key in ("fid", None, 3)}
NO_SERIES = {
    "a text": ("loss", "must be a pair"),
    "one": ([1.0], "must be a pair"),
    "nothing": (None, "must be a pair"),
    "texts": (([0, 1], ["a", "b"]), "must be an array of numbers"),
    "NaN steps": (([0, NAN], [1.0, 2.0]), "Steps must be finite"),
    "lengths": (([0, 1], [1.0]), "one length|as many columns"),
}
NO_REFERENCE = {
    "NaN": ({"fid": NAN}, "References must be finite"),
    "infinity": ({"fid": INF}, "References must be finite"),
    "a text": ({"fid": "low"}, "References must be finite"),
    "other": ({"kid": 1.0}, "eference must |references.* must be drawn"),
    "a number": (3.0, "must be a dict"),
}
NO_IMAGES = {
    **{
        f"{kind} of {value}": (np.full((2, 4, 4, 1), value, kind), f"unsigned bytes.*dtype {kind}")
        for kind in ("uint16", "uint32", "uint64")
        for value in (0, 1, 100)
    },
    **{
        f"{kind} of 100": (np.full((2, 4, 4, 1), 100, kind), "unsigned bytes.*from 100 to 100")
        for kind in ("int8", "int16", "int32", "int64", "float32")
    },
    "0 to 255": (np.linspace(0, 255, 32).reshape(2, 4, 4, 1), "must be floats in .*to 255"),
    "bool": (np.zeros((2, 4, 4, 1), bool), "must be floats in .*dtype bool"),
    "texts": (np.full((2, 4, 4, 1), "a"), "must be floats in "),
    "one": (IMAGES[0], "of 1 or 3 channels"),
    "none": (IMAGES[:0], "one image at least"),
    "nothing": (None, "of 1 or 3 channels"),
}


def bad(name, option, table, wrap=lambda value: value):
    """A call for each bad value of an option."""
    return {
        f"{option} {key}": (lambda value=value: GOOD[name](**{option: wrap(value)}), said)
        for key, (value, said) in table.items()
    }


def animation(**options):
    return GOOD["density_animation"]("x.gif", **options)


TABLE = {
    "density": {
        **{
            k: (lambda v=v: plotting.density(v), s) for k, (v, s) in (NO_POINTS | NOT_DRAWN).items()
        },
        **{
            f"{option} {k}": (lambda v=v, o=option: plotting.density(POINTS, **{o: v}), s)
            for option in ("extent", "bandwidth")
            for k, (v, s) in NO_LENGTH.items()
        },
        "bins": (lambda: plotting.density(POINTS, bins=0), "`bins` must be an integer"),
    },
    "density_animation": {
        **{
            f"{option} {k}": (lambda v=v, o=option: animation(**{o: v}), s)
            for option, table in {
                "frames": NO_MAPPING,
                "target": NO_POINTS | NOT_DRAWN,
                "extent": NO_LENGTH,
                "fps": {x: (x, "between 1 and 50") for x in (0, 51, NAN, "a", None)},
                "titles": {"a text": ("0", "`titles` must be a list"), "0": (3, "must be a list")},
            }.items()
            for k, (v, s) in table.items()
            if v is not None or option != "target"
        },
        "frame": (lambda: animation(frames={"a": POINTS[0][0]}), "must be a list of arrays"),
    },
    "density_grid": {
        **bad("density_grid", "rows", NO_MAPPING),
        **bad("density_grid", "rows", NO_POINTS, lambda value: {"a": [value]}),
        **bad("density_grid", "target", NO_POINTS | NOT_DRAWN),
        **bad("density_grid", "extent", NO_LENGTH),
        **bad("density_grid", "titles", {"a text": ("0", "`titles` must be a list")}),
    },
    "density_table": {
        **bad("density_table", "rows", NO_MAPPING),
        **bad("density_table", "targets", NO_MAPPING),
        **bad("density_table", "rows", NO_POINTS, lambda value: {"a": {"t": value}}),
        **bad("density_table", "targets", NO_POINTS | NOT_DRAWN, lambda value: {"t": value}),
        **bad("density_table", "extent", NO_LENGTH),
    },
    "image_grid": {
        **bad("image_grid", "images", NO_IMAGES),
        **bad("image_grid", "columns", {x: (x, "must be an integer") for x in (0, 1.5, "a", True)}),
        **bad("image_grid", "gap", {x: (x, "`gap` must be an integer") for x in (-1, 1.5, None)}),
        **bad("image_grid", "scale", {x: (x, "must be an integer") for x in (0, 1.5, None)}),
    },
    "run_curves": {
        **bad("run_curves", "runs", NO_MAPPING),
        **bad("run_curves", "runs", {"a log": ({"a": LOG}, "must be a list of logs")}),
        **bad("run_curves", "runs", {"texts": ({"a": ["log.csv"]}, "must be a dict")}),
        **bad("run_curves", "quantities", NO_NAMES),
        **bad("run_curves", "along", {3: (3, "must be a list of names"), "x": ("x", "along='x'")}),
        **bad("run_curves", "references", NO_REFERENCE),
        **bad(
            "run_curves",
            "runs",
            {k: v for k, v in NO_SERIES.items() if isinstance(v[0], tuple)},
            lambda pair: {"a": [{"step": pair[0], "fid": pair[1]}]},
        ),
    },
    "seed_curves": {
        **bad("seed_curves", "panels", NO_MAPPING),
        **bad("seed_curves", "panels", {"no dict": ({"p": SERIES}, "must be a dict")}),
        **bad("seed_curves", "panels", NO_SERIES, lambda pair: {"p": {"a": pair}}),
        **bad("seed_curves", "references", NO_REFERENCE),
    },
    "sweep_curves": {
        **bad("sweep_curves", "sweeps", NO_MAPPING),
        **bad("sweep_curves", "quantities", NO_NAMES),
        **bad("sweep_curves", "setting", {3: (3, "must be a list of names")}),
        **bad(
            "sweep_curves",
            "sweeps",
            {x: (x, "must be positive") for x in (0.0, -1.0, NAN, INF, "a", None)},
            lambda value: {"a": {value: {"fid": [(1, 2)]}}},
        ),
        **bad(
            "sweep_curves",
            "sweeps",
            {
                "NaN": ([(1.0, NAN)], "must be pairs"),
                "one": ([1.0, 2.0], "must be pairs"),
                "texts": ([("a", "b")], "must be an array of numbers"),
            },
            lambda pairs: {"a": {1.0: {"fid": pairs}}},
        ),
        **bad("sweep_curves", "quantities", {"other": (["kid"], "Choose from .'fid'")}),
    },
    "training_curves": {
        **bad("training_curves", "histories", NO_MAPPING),
        **bad("training_curves", "quantities", NO_NAMES),
        **bad("training_curves", "histories", NO_SERIES, lambda pair: {"a": {"fid": pair}}),
        **bad("training_curves", "references", NO_REFERENCE),
    },
}
CASES = [(name, key) for name, rows in TABLE.items() for key in rows]


@pytest.mark.parametrize(("name", "key"), CASES)
def test_bad_values_are_refused_in_words(name, key, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call, said = TABLE[name][key]
    with pytest.raises(ValueError, match=f"(?s){said}") as raised:
        call()
    assert "Received: " in str(raised.value)
    assert os.listdir(tmp_path) == []


def test_no_public_name_is_forgotten():
    assert set(TABLE) == set(plotting.__all__) == {"density", *GOOD}


def test_bytes_are_drawn_as_they_are():
    images = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 3), "uint8")
    picture = plotting.image_grid(images, columns=3, gap=0)
    np.testing.assert_array_equal(picture, np.concatenate(images, axis=1))
    np.testing.assert_array_equal(picture, plotting.image_grid(images / 127.5 - 1, None, 3, 0))
    grey = plotting.image_grid(np.zeros((4, 4, 4, 3), "uint8"), gap=0)
    assert not grey.any()
    # Of few levels, which might be taken for floats.
    levels = np.arange(2, dtype="uint8").reshape(2, 1, 1, 1)
    assert plotting.image_grid(levels, gap=0).tolist() == [[[0] * 3, [1] * 3]]


# --- files ---------------------------------------------------------------------------------------

SUFFIX = dict.fromkeys(GOOD, ".png") | {"density_animation": ".gif"}
SAVED = {"density_animation": "GIF"}


@pytest.mark.parametrize("name", GOOD)
def test_pictures_are_written_beside_their_place_in_their_format(name, tmp_path, monkeypatch):
    path, seen = tmp_path / f"a.picture{SUFFIX[name]}", []
    replace = os.replace

    def watched(source, target):
        seen.append((os.path.dirname(source), os.path.splitext(source)[1], str(target)))
        replace(source, target)

    monkeypatch.setattr(os, "replace", watched)
    GOOD[name](path=path)
    assert seen == [(str(tmp_path), SUFFIX[name], str(path))]
    assert os.listdir(tmp_path) == [path.name]
    with Image.open(path) as picture:
        assert picture.format == SAVED.get(name, "PNG")


@pytest.mark.parametrize("suffix", [".pdf", ".svg", ".jpg", ".PNG"])
def test_the_suffix_says_the_format(tmp_path, suffix):
    path = tmp_path / f"curves{suffix}"
    GOOD["training_curves"](path=path)
    start = {".pdf": b"%PDF", ".svg": b"<?xml", ".jpg": b"\xff\xd8", ".PNG": b"\x89PNG"}[suffix]
    assert path.read_bytes().startswith(start)


@pytest.mark.parametrize("name", GOOD)
def test_a_write_that_fails_leaves_the_old_picture(name, tmp_path, monkeypatch):
    path = tmp_path / f"picture{SUFFIX[name]}"
    path.write_bytes(b"old")

    def fail(self, partial, **options):
        with open(partial, "wb") as file:
            file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", fail)
    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(OSError, match="No space left"):
        GOOD[name](path=path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda folder, suffix: folder / "picture", ValueError, "suffix says its format"),
        (lambda folder, suffix: folder / "picture.xyz", ValueError, "suffix says its format"),
        (lambda folder, suffix: 3, ValueError, "`path` must be the name of a file"),
        (lambda folder, suffix: True, ValueError, "`path` must be the name of a file"),
        (
            lambda folder, suffix: folder / "nowhere" / f"a{suffix}",
            FileNotFoundError,
            "goes into a folder that exists.*Make '.*nowhere' first",
        ),
        (
            lambda folder, suffix: folder / f"folder{suffix}",
            IsADirectoryError,
            "needs a place of its own.*which is a folder",
        ),
    ],
)
def test_places_that_are_none_are_said(name, tmp_path, make, error, said):
    (tmp_path / f"folder{SUFFIX[name]}").mkdir()
    with pytest.raises(error, match=said) as raised:
        GOOD[name](path=make(tmp_path, SUFFIX[name]))
    assert "Received: path=" in str(raised.value)
    assert ".partial" not in str(raised.value)


def test_what_was_not_measured_is_said_in_its_panel():
    sweeps = {"a": {1.0: {"fid": [(1, 2)]}, 2.0: {"fid": [(3, 4)]}}}
    figure = plotting.sweep_curves(sweeps, ["fid", "kid"], "γ")
    texts = [[text.get_text() for text in axis.texts] for axis in figure.axes]
    assert texts == [[], ["not measured"]]


class Step:
    """A counter."""

    def numpy(self):
        return 7


class Generator:
    """What `SampleGrid` needs of a GAN."""

    generator, iterations = None, Step()

    def __init__(self, value):
        self.value, self.optimizer = value, self

    def generate(self, number, seed, **options):
        return np.full((number, 4, 4, 1), self.value)


@pytest.mark.parametrize("value", [NAN, INF, 1e30, 200.0])
def test_samples_out_of_range_do_not_end_training(tmp_path, value):
    grid = SampleGrid(tmp_path, samples=2, averaged=False)
    grid.set_model(Generator(value))
    picture = grid.save()
    assert os.listdir(tmp_path) == ["00000007.png"]
    assert picture[0, 0, 0] == (255 if np.isfinite(value) else 128)
