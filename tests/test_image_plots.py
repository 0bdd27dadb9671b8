"""Grids of images, curves of runs and sweeps: the numbers in them and their words."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from tf_consensus import plotting
from tf_consensus.plotting.methods import METHOD_COLORS

NAN = float("nan")


def solid(*values, channels=1, height=2, width=3):
    return np.stack([np.full((height, width, channels), value) for value in values])


# Grids.


def test_grid_puts_images_row_by_row_on_white(tmp_path):
    path = tmp_path / "grid.png"
    picture = plotting.image_grid(solid(-1, 0, 1, -0.5, 0.5), path, columns=3, gap=1)
    assert picture.shape == (2 * 2 + 1, 3 * 3 + 2, 3)
    assert picture.dtype == np.uint8
    assert [int(picture[0, x, 0]) for x in (0, 4, 8)] == [0, 128, 255]
    assert [int(picture[3, x, 0]) for x in (0, 4, 8)] == [64, 191, 255]
    assert (picture[2] == 255).all()
    assert (picture[:, 3] == 255).all()
    with Image.open(path) as saved:
        np.testing.assert_array_equal(np.asarray(saved), picture)


def test_grid_keeps_colours_and_pixels():
    images = np.random.default_rng(0).uniform(-1, 1, (4, 5, 6, 3))
    picture = plotting.image_grid(images, gap=0, scale=2)
    expected = np.round((images[3] + 1) * 127.5)
    np.testing.assert_array_equal(picture[10::2, 12::2], expected)
    np.testing.assert_array_equal(picture[11::2, 13::2], expected)


def test_grid_is_square_unless_told_and_clips():
    assert plotting.image_grid(solid(*[0] * 5), gap=0).shape == (4, 9, 3)
    assert plotting.image_grid(solid(0), columns=8).shape == (2, 3, 3)
    picture = plotting.image_grid(solid(-7, 7, NAN, np.inf), columns=4, gap=0)
    assert picture[0, ::3, 0].tolist() == [0, 255, 128, 128]


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        (np.zeros((4, 8, 8)), {}, r"of 1 or 3 channels.*shape=\(4, 8, 8\).*`images\[..., None\]`"),
        (np.zeros((4, 8, 8, 2)), {}, r"of 1 or 3 channels"),
        (np.zeros((0, 8, 8, 1)), {}, r"one image at least"),
        (solid(0), {"columns": 0}, "`columns` must be an integer of at least 1"),
        (solid(0), {"scale": 0.5}, "`scale` must be an integer of at least 1"),
    ],
)
def test_grid_refuses(images, options, message):
    with pytest.raises(ValueError, match=message):
        plotting.image_grid(images, **options)


# Runs.


def lines(axis):
    return [line for line in axis.lines if line.get_linestyle() == "-"]


def test_runs_are_means_with_bands_over_the_measured_rows(tmp_path):
    logs = [
        {"step": [1, 2, 3, 4], "fid": [8.0, NAN, 4.0, 2.0], "loss": [1, 2, 3, 4]},
        {"step": [1, 2, 3, 4], "fid": [6.0, NAN, 2.0, 4.0], "loss": [3, 4, 5, 6]},
    ]
    runs = {"a": logs, "b": logs[:1]}
    path = tmp_path / "runs.png"
    figure = plotting.run_curves(runs, ["fid", "loss"], references={"fid": 1.0}, path=path)
    fid, loss = figure.axes
    a, b = lines(fid)
    assert a.get_xdata().tolist() == [1, 3, 4]
    assert a.get_ydata().tolist() == [7, 3, 3]
    assert b.get_ydata().tolist() == [8, 4, 2]
    assert [to_hex(line.get_color()).upper() for line in (a, b)] == list(METHOD_COLORS[:2])
    (band,) = fid.collections
    assert band.get_datalim(fid.transData).extents.tolist() == [1, 2, 4, 8]
    assert [line.get_ydata()[0] for line in fid.lines if line not in (a, b)] == [1.0]
    assert (fid.get_xlabel(), fid.get_ylabel()) == ("step", "FID")
    assert lines(loss)[0].get_ydata().tolist() == [2, 3, 4, 5]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]
    assert path.stat().st_size > 1000


def test_seeds_logged_at_different_seconds_are_interpolated():
    first = {"cpu_seconds": [0.0, 10.0, 20.0], "fid": [0.0, 10.0, 20.0]}
    second = {"cpu_seconds": [4.0, 12.0, 16.0], "fid": [8.0, 24.0, 32.0]}
    figure = plotting.run_curves({"a": [first, second]}, ["fid"], along="cpu_seconds")
    assert figure.axes[0].get_xlabel() == "CPU seconds"
    (line,) = lines(figure.axes[0])
    np.testing.assert_allclose(line.get_xdata(), [4, 10, 16])
    np.testing.assert_allclose(line.get_ydata(), [6, 15, 24])


def test_wide_ranges_get_a_logarithm_and_a_lone_value_a_dot():
    log = {"step": [1, 2], "wide": [1.0, 1e3], "narrow": [1.0, 50.0], "lone": [NAN, 2.0]}
    log |= {"signed": [-1.0, 1e3], "none": [NAN, NAN]}
    quantities = ["wide", "narrow", "lone", "signed", "none"]
    figure = plotting.run_curves({"a": [log], "b": [{"step": [1, 2]}]}, quantities)
    assert [axis.get_yscale() for axis in figure.axes[:4]] == ["log", "linear", "linear", "linear"]
    assert figure.axes[2].lines[0].get_marker() == "."
    assert len(figure.axes[4].lines[0].get_xdata()) == 0


@pytest.mark.parametrize(
    ("runs", "quantities", "message"),
    [
        ({}, ["fid"], "There must be a run with a log"),
        ({"a": []}, ["fid"], "There must be a run with a log"),
        ({"a": [{"step": [1], "fid": [1]}]}, [], "and a quantity to draw"),
        ({"a": [{"step": [1], "fid": [1]}]}, ["kid"], r"quantities=\['kid'\]. Choose from .*fid"),
        ({"a": [{"epoch": [1], "fid": [1]}]}, ["fid"], "along='step'. Choose from .*epoch"),
        ({"a": [{"step": [1, 2], "fid": [1]}]}, ["fid"], r"of one length.*step of shape \(2,\)"),
    ],
)
def test_runs_refuse(runs, quantities, message):
    with pytest.raises(ValueError, match=message):
        plotting.run_curves(runs, quantities)


# Sweeps.


def test_sweeps_show_best_and_final_of_all_seeds(tmp_path):
    sweep = {1e-3: {"fid": [(9.0, 90.0)]}, 1e-4: {"fid": [(2.0, 4.0), (4.0, 8.0)]}}
    path = tmp_path / "sweep.png"
    figure = plotting.sweep_curves({"a": sweep}, ["fid"], "learning rate", path=path)
    (axis,) = figure.axes
    best, final = (line for line in axis.lines if line.get_marker() == "o")
    assert best.get_xdata().tolist() == final.get_xdata().tolist() == [1e-4, 1e-3]
    assert best.get_ydata().tolist() == [3, 9]
    assert final.get_ydata().tolist() == [6, 90]
    seeds = [line.get_ydata() for line in axis.lines if line.get_marker() == "."]
    assert [list(values) for values in seeds] == [[2, 4], [4, 8]]
    assert axis.get_xlabel() == "learning rate"
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == ["a", "best", "final"]
    assert path.stat().st_size > 1000


def test_sweeps_within_a_decade_name_the_values_once():
    sweep = {value: {"fid": [(1.0, 2.0)]} for value in (3.0, 0.3, 1.0)}
    figure = plotting.sweep_curves({"a": sweep}, ["fid"], "γ")
    figure.canvas.draw()
    (axis,) = figure.axes
    named = [label for label in axis.get_xticklabels(which="both") if label.get_text()]
    assert [label.get_text() for label in named] == ["0.3", "1", "3"]
    boxes = [label.get_window_extent() for label in named]
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))


@pytest.mark.parametrize(
    ("sweeps", "message"),
    [
        ({"a": {}}, "There must be a method with values"),
        ({"a": {0.0: {"fid": [(1, 1)]}}}, r"must be positive.*gamma=\[0.0\]. Leave them out"),
    ],
)
def test_sweeps_refuse(sweeps, message):
    with pytest.raises(ValueError, match=message):
        plotting.sweep_curves(sweeps, ["fid"], "gamma")
