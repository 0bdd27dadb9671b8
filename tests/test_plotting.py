"""Plots: the numbers in them, their words, and the files they write."""

import doctest
import importlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from tf_consensus import plotting
from tf_consensus.plotting.densities import even_lightness
from tf_consensus.plotting.methods import METHOD_COLORS

GOOD = np.random.default_rng(0).normal(scale=0.3, size=(400, 2))
TARGET = GOOD[::-1] * [1.0, 0.5]
NAN = np.full((5, 2), np.nan)
INFINITE = np.full((5, 2), np.inf)
FAR = GOOD + 50.0
NOBODY = np.zeros((0, 2))


def messages(axis):
    return [text.get_text() for text in axis.texts]


def history(*quantities, length=20):
    steps = 100 * np.arange(length)
    return {name: (steps, np.exp(-steps / 500.0)) for name in quantities}


# Density.


def test_density_equals_the_kernel_sum():
    samples = GOOD[:30]
    grid = plotting.density(samples, extent=2.0, bins=400, bandwidth=0.1)
    centres = -2.0 + 0.01 * (np.arange(400) + 0.5)
    x, y = np.meshgrid(centres, centres)
    kernels = [np.exp(-((x - a) ** 2 + (y - b) ** 2) / 0.02) / (0.02 * np.pi) for a, b in samples]
    np.testing.assert_allclose(grid, np.mean(kernels, axis=0), atol=0.03 * grid.max())


def test_density_integrates_to_the_share_of_samples_in_the_box():
    cell = (3.2 / 200) ** 2
    assert plotting.density(GOOD).sum() * cell == pytest.approx(1.0, abs=1e-3)
    assert plotting.density(np.vstack([GOOD, FAR])).sum() * cell == pytest.approx(0.5, abs=1e-3)
    assert plotting.density(FAR).sum() == 0.0


def test_density_rows_are_y_upwards():
    row, column = np.unravel_index(plotting.density([[0.8, -1.2]]).argmax(), (200, 200))
    assert (row, column) == (25, 150)


@pytest.mark.parametrize("shape", [(4,), (4, 3), (4, 2, 1)])
def test_density_wants_points_in_the_plane(shape):
    with pytest.raises(ValueError, match=r"of shape \(n, 2\). Received: shape=.*samples\[:, :2\]"):
        plotting.density(np.zeros(shape))


@pytest.mark.parametrize("name", ["Blues", "Reds"])
def test_colour_maps_darken_in_even_steps(name):
    rgb = even_lightness(name, 64)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    steps = np.diff(np.cbrt(linear @ [0.2126, 0.7152, 0.0722]))
    np.testing.assert_allclose(steps, steps.mean(), rtol=0.05)
    assert steps.mean() < 0


# Grid of densities.


def test_grid_has_a_row_a_method_and_the_target_last(tmp_path):
    rows = {"SimGA": [GOOD, GOOD, GOOD], "consensus, γ = 10": [GOOD, GOOD, TARGET]}
    path = tmp_path / "grid.png"
    figure = plotting.density_grid(rows, ["0", "5000", "10000"], TARGET, path=path)
    axes = np.array(figure.axes).reshape(2, 4)
    assert [axis.get_title() for axis in axes[0]] == ["0", "5000", "10000", "target"]
    assert [axis.get_ylabel() for axis in axes[:, 0]] == list(rows)
    assert all(axis.get_xlim() == axis.get_ylim() == (-1.6, 1.6) for axis in axes.flat)
    assert [len(axis.get_xticks()) for axis in axes.flat] == [0, 0, 0, 0, 2, 0, 0, 0]
    with Image.open(path) as image:
        assert 500 < image.width < 1000


def test_grid_shares_one_scale_and_draws_the_target_in_red():
    figure = plotting.density_grid({"a": [TARGET, 3.0 * TARGET]}, ["0", "1"], TARGET)
    same, spread, target = (axis.images[0] for axis in figure.axes)
    np.testing.assert_array_equal(same.get_array(), target.get_array())
    assert target.get_array().max() == 1.0
    assert spread.get_array().max() < 0.6
    blue, red = (to_hex(image.get_cmap()(1.0)) for image in (same, target))
    assert int(blue[5:], 16) > int(blue[1:3], 16)
    assert int(red[5:], 16) < int(red[1:3], 16)


def test_grid_says_why_a_panel_is_empty(tmp_path):
    rows = {"a": [NAN, FAR, None, INFINITE, NOBODY, GOOD], "b": [GOOD]}
    figure = plotting.density_grid(rows, list("012345"), TARGET, path=tmp_path / "grid.svg")
    axes = np.array(figure.axes).reshape(2, 7)
    nobody = "no samples\nin the box"
    words = [["diverged (NaN)"], [nobody], ["–"], ["diverged (infinite)"], [nobody], [], []]
    assert [messages(axis) for axis in axes[0]] == words
    assert [messages(axis) for axis in axes[1]] == [[], *[["–"]] * 5, []]


def test_figures_can_be_drawn_in_threads(tmp_path):
    def draw(index):
        path = tmp_path / f"{index}.png"
        plotting.density_grid({"a": [GOOD]}, ["0"], TARGET, path=path)
        return path.read_bytes()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(draw, range(8)))) == 1


@pytest.mark.parametrize(("rows", "titles"), [({}, ["0"]), ({"a": []}, [])])
def test_grid_of_nothing_is_an_error(rows, titles):
    with pytest.raises(
        ValueError, match=r"`rows` must hold a method.*Received: rows of .*Pass e.g."
    ):
        plotting.density_grid(rows, titles, TARGET)


def test_more_columns_than_titles_are_an_error():
    with pytest.raises(ValueError, match=r"Received: 2 arrays for 'a', 1 titles. Add titles."):
        plotting.density_grid({"a": [GOOD, GOOD]}, ["0"], TARGET)


def test_grid_of_wrong_samples_is_an_error():
    with pytest.raises(ValueError, match=r"of shape \(n, 2\). Received: shape=\(5, 3\)"):
        plotting.density_grid({"a": [np.zeros((5, 3))]}, ["0"], TARGET)


# Table of densities.


def test_table_has_a_row_a_method_and_a_scale_a_target(tmp_path):
    rows = {"R1": {"wide": GOOD, "sharp": 0.1 * GOOD}, "none": {"wide": NAN}}
    path = tmp_path / "table.png"
    figure = plotting.density_table(rows, {"wide": GOOD, "sharp": 0.1 * GOOD}, path=path)
    axes = np.array(figure.axes).reshape(3, 2)
    assert [axis.get_title() for axis in axes[0]] == ["wide", "sharp"]
    assert [axis.get_ylabel() for axis in axes[:, 0]] == ["R1", "none", "target"]
    assert [messages(axis) for axis in axes[1]] == [["diverged (NaN)"], ["–"]]
    for found, target in zip(axes[0], axes[2], strict=True):
        np.testing.assert_array_equal(found.images[0].get_array(), target.images[0].get_array())
        assert target.images[0].get_array().max() == 1.0
    assert path.stat().st_size > 5000


@pytest.mark.parametrize(("rows", "targets"), [({}, {"a": GOOD}), ({"R1": {}}, {})])
def test_table_of_nothing_is_an_error(rows, targets):
    with pytest.raises(
        ValueError, match=r"`rows` must hold a method.*Received: rows of .*Pass e.g."
    ):
        plotting.density_table(rows, targets)


def test_table_wants_samples_of_its_targets():
    with pytest.raises(ValueError, match=r"samples of \['b'\] for 'R1'. Choose from \['a'\]"):
        plotting.density_table({"R1": {"a": GOOD, "b": GOOD}}, {"a": GOOD})


# Curves.


def test_curves_have_a_panel_a_quantity_and_a_line_a_method(tmp_path):
    quantities = ["generator_loss", "discriminator_loss", "gradient_norm"]
    histories = {"SimGA": history(*quantities[:2]), "consensus": history(*quantities)}
    references = {"discriminator_loss": 2 * np.log(2)}
    path = tmp_path / "curves.png"
    figure = plotting.training_curves(histories, quantities, "seconds", references, path)
    assert [axis.get_ylabel() for axis in figure.axes] == [q.replace("_", " ") for q in quantities]
    assert {axis.get_xlabel() for axis in figure.axes} == {"seconds"}
    assert [axis.get_yscale() for axis in figure.axes] == ["linear", "linear", "log"]
    assert [len(axis.lines) for axis in figure.axes] == [2, 3, 1]
    assert [messages(axis) for axis in figure.axes] == [[], ["1.39"], []]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["SimGA", "consensus"]
    assert path.stat().st_size > 5000


def test_a_method_keeps_its_colour_where_another_is_missing():
    histories = {"SimGA": history("generator_loss"), "consensus": history("gradient_norm")}
    figure = plotting.training_curves(histories, ["generator_loss", "gradient_norm"])
    colors = [axis.lines[0].get_color() for axis in figure.axes]
    assert colors == list(METHOD_COLORS[:2])


def test_many_methods_differ_in_colour_or_style():
    histories = {str(index): history("generator_loss") for index in range(20)}
    lines = plotting.training_curves(histories, ["generator_loss"]).axes[0].lines
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 20


def test_curves_survive_nan_and_zero_norms(tmp_path):
    broken = {"gradient_norm": ([0, 1, 2], [0.0, np.nan, np.inf])}
    path = tmp_path / "curves.png"
    plotting.training_curves({"a": broken}, ["gradient_norm"], path=path)
    assert path.exists()


@pytest.mark.parametrize(("histories", "quantities"), [({}, ["x"]), ({"a": history("x")}, [])])
def test_curves_of_nothing_are_an_error(histories, quantities):
    with pytest.raises(ValueError, match=r"a method and a quantity to draw. Received: .*Pass e.g."):
        plotting.training_curves(histories, quantities)


def test_unknown_quantity_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"Received: quantities=\['loss'\]. Choose from \['x'\]"):
        plotting.training_curves({"a": history("x")}, ["x", "loss"])


def test_reference_for_no_panel_is_an_error():
    with pytest.raises(ValueError, match=r"Received: references=\['y'\]. Choose from \['x'\]"):
        plotting.training_curves({"a": history("x")}, ["x"], references={"y": 1.0})


def test_steps_and_values_must_agree():
    with pytest.raises(ValueError, match=r"Received: shapes \(3,\) and \(2,\) for 'x' of 'a'"):
        plotting.training_curves({"a": {"x": ([0, 1, 2], [0.0, 1.0])}}, ["x"])


# Curves of several seeds.

STEPS = [100, 200, 300]


def words(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_seed_curves_have_a_mean_a_band_and_the_reference(tmp_path):
    runs = {"R1": (STEPS, [[1.0, 0.5, 0.1], [2.0, 0.7, 0.3]]), "one": (STEPS, [[1.0, 1.0, 1.0]])}
    path = tmp_path / "curves.png"
    figure = plotting.seed_curves(
        {"circle": runs, "line": {"one": runs["one"]}},
        "distance",
        "updates",
        {"circle": 0.05},
        "floor",
        path,
    )
    circle, line = figure.axes
    assert [axis.get_title() for axis in figure.axes] == ["circle", "line"]
    assert (circle.get_xlabel(), circle.get_ylabel()) == ("updates", "distance")
    assert circle.get_yscale() == line.get_yscale() == "log"
    np.testing.assert_allclose(circle.lines[0].get_ydata(), [1.5, 0.6, 0.2])
    (band,) = circle.collections
    assert {tuple(point) for point in band.get_paths()[0].vertices} >= {(200, 0.5), (200, 0.7)}
    assert list(circle.lines[2].get_ydata()) == [0.05, 0.05]
    assert line.lines[0].get_color() == circle.lines[1].get_color()
    assert len(line.lines) == 1
    assert words(figure) == ["R1", "one", "floor"]
    assert path.stat().st_size > 5000


def test_seed_curves_mark_divergence_at_the_top(tmp_path):
    values = [[1.0, 0.5, 0.1], [2.0, np.inf, np.nan]]
    gone = [[np.inf] * 3]
    figure = plotting.seed_curves(
        {"some": {"R1": (STEPS, values)}, "all": {"R1": (STEPS, gone), "R2": (STEPS, gone)}},
        "distance",
        path=tmp_path / "curves.png",
    )
    for axis, first in zip(figure.axes, (200, 100), strict=True):
        curve, marks = axis.lines[:2]
        assert (curve.get_marker() == ".") == (first == 200)
        assert list(marks.get_xdata()) == [step for step in STEPS if step >= first]
        assert set(marks.get_ydata()) == {1.0}
        assert marks.get_transform() == axis.get_xaxis_transform()
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), [1.5, np.nan, np.nan])
    # The marks of two methods do not hide each other.
    assert len({y for line in figure.axes[1].lines[1::2] for y in line.get_ydata()}) == 2
    assert words(figure) == ["R1", "R2", "a seed has diverged"]


@pytest.mark.parametrize("panels", [{}, {"circle": {}}])
def test_seed_curves_of_nothing_are_an_error(panels):
    with pytest.raises(ValueError, match=r"a panel with a method to draw. Received: .*Pass e.g."):
        plotting.seed_curves(panels, "distance")


def test_seed_curves_refuse_a_reference_for_no_panel():
    runs = {"R1": ([1], [[1.0]])}
    with pytest.raises(
        ValueError, match=r"Received: references=\['line'\]. Choose from \['circle'"
    ):
        plotting.seed_curves({"circle": runs}, "distance", references={"line": 1.0})


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0], [[1.0, 2.0]], np.zeros((0, 3))])
def test_seed_curves_want_a_row_a_seed(values):
    with pytest.raises(ValueError, match=r"shape \(seeds, steps\).*for 'R1' of 'circle'"):
        plotting.seed_curves({"circle": {"R1": (STEPS, values)}}, "distance")


# Animation.


def pixels(path):
    with Image.open(path) as image:
        durations, frames = [], []
        for index in range(image.n_frames):
            image.seek(index)
            durations.append(image.info["duration"])
            frames.append(np.asarray(image.convert("RGB"), dtype=int))
        return frames, durations, image.info.get("loop")


def panel(frame, index):
    left = 9 + 250 * index
    return frame[25:265, left : left + 240]


def test_animation_shows_methods_side_by_side_and_then_the_target(tmp_path):
    path = tmp_path / "densities.gif"
    frames = {"SimGA": [GOOD, NAN], "consensus": [GOOD, GOOD, GOOD]}
    plotting.density_animation(frames, path, ["0", "1", "2"], TARGET, fps=10)
    drawn, durations, loop = pixels(path)
    assert [frame.shape for frame in drawn] == [(294, 758, 3)] * 3
    assert (durations, loop) == ([100, 100, 2000], 0)
    for frame in drawn:
        np.testing.assert_array_equal(panel(frame, 1), panel(drawn[0], 1))
        np.testing.assert_array_equal(panel(frame, 2), panel(drawn[0], 2))
    np.testing.assert_array_equal(panel(drawn[0], 0), panel(drawn[0], 1))
    dark_blue, dark_red = (panel(drawn[0], k).reshape(-1, 3).min(axis=0) for k in (1, 2))
    assert dark_blue[0] < dark_blue[2]
    assert dark_red[0] > dark_red[2]
    # "diverged (NaN)" and the dash are grey on white.
    assert all(np.ptp(panel(frame, 0), axis=-1).max() == 0 for frame in drawn[1:])


def test_animation_is_upright_and_equals_the_density(tmp_path):
    path = tmp_path / "one.gif"
    plotting.density_animation({"a": [[[0.8, -1.2]]]}, path, ["only"])
    frames, _, _ = pixels(path)
    brightness = panel(frames[0], 0).sum(axis=-1)
    row, column = np.argwhere(brightness == brightness.min()).mean(axis=0)
    assert (row, column) == pytest.approx((240 * 0.875, 240 * 0.75), abs=1.5)


@pytest.mark.parametrize("last", [NAN, None, FAR])
def test_animation_without_target_scales_by_the_last_densities(tmp_path, last):
    for name, frames in (("a.gif", [3.0 * GOOD, GOOD, last]), ("b.gif", [3.0 * GOOD, GOOD])):
        plotting.density_animation({"a": frames}, tmp_path / name, range(len(frames)))
    (spread, peaked, _), _, _ = pixels(tmp_path / "a.gif")
    for frame, same in zip((spread, peaked), pixels(tmp_path / "b.gif")[0], strict=True):
        np.testing.assert_array_equal(panel(frame, 0), panel(same, 0))
    assert panel(peaked, 0).sum(axis=-1).min() < panel(spread, 0).sum(axis=-1).min()


@pytest.mark.parametrize("only", [NAN, None, FAR])
def test_animation_of_nothing_drawable(tmp_path, only):
    plotting.density_animation({"a": [only]}, tmp_path / "a.gif", ["0"])
    assert len(pixels(tmp_path / "a.gif")[0]) == 1


def test_animation_errors(tmp_path):
    path = tmp_path / "a.gif"
    with pytest.raises(ValueError, match=r"`frames` must hold a method.*Received: frames of \[\]"):
        plotting.density_animation({}, path, ["0"])
    with pytest.raises(ValueError, match=r"Received: 2 arrays for 'a', 1 titles"):
        plotting.density_animation({"a": [GOOD, GOOD]}, path, ["0"])
    with pytest.raises(ValueError, match=r"Received: shape=\(4,\)"):
        plotting.density_animation({"a": [np.zeros(4)]}, path, ["0"], TARGET)
    with pytest.raises(ValueError, match=r"between 1 and 50.*Received: fps=0"):
        plotting.density_animation({"a": [GOOD]}, path, ["0"], TARGET, fps=0)


def test_docstring_examples(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    modules = [
        "animation",
        "curves",
        "densities",
        "density_figures",
        "images",
        "runs",
        "seeds",
        "sweeps",
    ]
    for name in modules:
        module = importlib.import_module(f"tf_consensus.plotting.{name}")
        results = doctest.testmod(module, extraglobs={"np": np})
        assert results.attempted >= 1
        assert results.failed == 0
    assert (tmp_path / "simga.gif").exists()
