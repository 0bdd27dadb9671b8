"""Axes and curves of report pages, over values of every kind that a log can hold."""

import math

import numpy as np
import pytest

from tf_consensus.experiments.report.charts import BOTTOM, RIGHT, TOP, chart, legend
from tf_consensus.experiments.report.curves import Curve, curves_of, points, quantities_of, thin
from tf_consensus.experiments.report.scales import scale_of
from tf_consensus.experiments.report.text import duration, escape, number, plain

MOST, TINY = 1.7976931348623157e308, 5e-324
VALUES = [
    *([1], [0], [-5, -5], [MOST], [TINY], [1e-320], [-1e300], [3, 3.0000000001]),
    *([0, 1e-12], [1e16, 1e16 + 2], [0.99, 1.01], [1, 10], [1, 9999], [-1e7, 3e7]),
    *([123456, 123460], [-1e-5, 2e-5], [1, 2, 1e5], [MOST, 1], [MOST, -MOST], [TINY, 1e-310]),
    *([1e-300, 1e300], [2e-308, MOST], [TINY, 1], [0, 1, 1e9], [99999, 100001], [0.1, 0.7]),
]


@pytest.mark.parametrize("room", [0.0, 0.05])
@pytest.mark.parametrize("values", VALUES, ids=str)
def test_an_axis_holds_its_values_and_labels_tell_its_ticks_apart(values, room):
    scale = scale_of(values, room=room)
    at = scale(values)
    assert np.isfinite(at).all()
    assert at.min() > -1e-6
    assert at.max() < 1 + 1e-6
    order = np.argsort(values, kind="stable")
    assert (np.diff(at[order]) >= 0).all()
    ticks, labels = zip(*scale.labels(), strict=True)
    places = scale(ticks)
    assert places.min() > -1e-6
    assert places.max() < 1 + 1e-6
    assert 2 <= len(labels) <= 7
    assert len(set(labels)) == len(labels)
    assert max(map(len, labels)) <= 10


@pytest.mark.parametrize(
    ("values", "log"),
    [
        ([1, 1001], True),
        ([1, 999], False),
        ([0, 1e9], False),
        ([-1, 1e9], False),
        ([1e-9, 1e-5], True),
        ([7, 7], False),
    ],
)
def test_positive_values_of_over_three_decades_are_drawn_by_the_logarithm(values, log):
    assert scale_of(values).log is log


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0, 10000], ["0", "2k", "4k", "6k", "8k", "10k"]),
        ([0, 2500000], ["0", "0.5M", "1.0M", "1.5M", "2.0M", "2.5M"]),
        ([1, 1e6], ["1", "10", "100", "1000", "10k", "100k", "1M"][::2]),
        ([0, 5], ["0", "1", "2", "3", "4", "5"]),
        ([0, 4e-7], ["0", "1e-7", "2e-7", "3e-7", "4e-7"]),
    ],
)
def test_labels_are_short_and_exact(values, labels):
    assert [label for _, label in scale_of(values).labels()] == labels


def test_an_axis_without_values_is_from_0_to_1():
    assert scale_of([]).labels()[0] == (0.0, "0")


GAPS = {
    "none": lambda rows: [],
    "some": lambda rows: slice(3, None, 97),
    "half": lambda rows: slice(rows // 2, None),
    "all": lambda rows: slice(None),
}


@pytest.mark.parametrize("rows", [1, 2, 999, 1000, 1001, 10_000, 10_007])
@pytest.mark.parametrize("gaps", GAPS)
def test_a_thinned_curve_keeps_extremes_ends_and_gaps(rows, gaps):
    random = np.random.default_rng(rows)
    x, y = np.arange(rows, dtype=float), random.normal(size=rows)
    y[GAPS[gaps](rows)] = np.nan
    few, values = thin(x, y, 1000)
    assert len(few) <= 1000
    assert few[0] == x[0]
    assert few[-1] == x[-1]
    assert (np.diff(few) > 0).all()
    np.testing.assert_array_equal(values, y[few.astype(int)])
    if np.isfinite(y).any():
        assert np.nanmin(values) == np.nanmin(y)
        assert np.nanmax(values) == np.nanmax(y)
    gone, still = x[np.isnan(y)], few[np.isnan(values)]
    assert len(gone) == len(still) == 0 or (gone[0], gone[-1]) == (still[0], still[-1])


def log_of(rows, **columns):
    """A log of so many rows with an evaluation each second one."""
    step = np.arange(1.0, rows + 1)
    return {"epoch": step - 1, "step": step, "seconds": step / 2, **columns}


class Logged:
    def __init__(self, label, log):
        self.label, self.log = label, log


def test_repeated_scores_are_left_out_and_losses_are_not():
    marks = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 0.0])
    score = np.array([np.inf, 5.0, 5.0, 4.0, 4.0, 4.0])
    rare, other = np.array([9.0, 9.0, 9.0, 8.0, 8.0, 8.0]), np.array([0.0, 0, 0, 1, 0, 0])
    loss = np.array([3.0, 2.0, 2.5, 2.0, 1.0, 0.5])
    log = log_of(6, loss=loss, score=score, evaluated=marks, rare=rare, evaluated_rare=other)
    assert points(log, "loss", "step")[1].tolist() == loss.tolist()
    assert [x.tolist() for x in points(log, "score", "step")] == [[2.0, 4.0], [5.0, 4.0]]
    assert [x.tolist() for x in points(log, "rare", "seconds")] == [[2.0], [8.0]]
    assert quantities_of([Logged("a", log)]) == ["loss", "score", "rare"]


def test_losses_come_first_then_the_norm_then_scores():
    columns = dict.fromkeys(
        ["score", "gradient_norm", "discriminator_loss", "r1_loss", "generator_loss"], np.ones(3)
    )
    assert quantities_of([Logged("a", log_of(3, **columns))]) == [
        *("generator_loss", "discriminator_loss", "gradient_norm", "r1_loss", "score")
    ]


def test_curves_of_many_runs_share_the_points_of_a_chart():
    runs = [Logged(str(i), log_of(2000, loss=np.random.rand(2000))) for i in range(40)]
    curves = curves_of(runs, ["loss"], "step")
    assert [curve.label for curve in curves] == [run.label for run in runs]
    assert [curve.number for curve in curves] == list(range(40))
    assert max(len(curve.x) for curve in curves) <= 300


def test_a_log_without_steps_is_drawn_over_its_epochs():
    log = {"epoch": np.array([0.0, 1.0]), "loss": np.array([2.0, 1.0])}
    (curve,) = curves_of([Logged("a", log)], ["loss"], "step")
    assert curve.x.tolist() == [1.0, 2.0]
    assert curves_of([Logged("a", log)], ["loss"], "seconds") == []


def drawn(y, **options):
    """A chart of one curve."""
    y = np.asarray(y, float)
    return chart("loss", [Curve("loss", np.arange(len(y)) + 1.0, y, 0)], "step", **options)


@pytest.mark.parametrize(
    ("y", "stretches", "dots", "note"),
    [
        ([1.0], 0, 1, ""),
        ([1.0, 2.0, 3.0], 1, 3, ""),
        ([2.0] * 100, 1, 0, ""),
        ([1.0, np.nan, 3.0, 4.0], 1, 3, "loss is not finite at step 2."),
        ([1.0, 2.0, np.inf, 3.0, 4.0, -np.inf], 2, 4, "places from step 3 to 6."),
        ([np.nan, np.nan], 0, 0, "loss is not finite at places from step 1 to 2."),
        ([1.0] * 50 + [np.nan, 2.0, np.nan] + [1.0] * 50, 2, 1, "places from step 51 to 53."),
    ],
)
def test_a_curve_has_gaps_where_values_are_not_finite(y, stretches, dots, note):
    text = drawn(y)
    path = text.split('<path class="curve c0 d0" d="')[1].split('"')[0] if stretches else ""
    assert path.count("M") == stretches
    assert text.count("<circle") == dots
    assert note in text
    assert ('class="note"' in text) is bool(note)
    assert "nan" not in text.lower()


def test_points_lie_where_their_values_are():
    text = drawn([1.0, 3.0, 2.0])
    places = [
        [float(x) for x in pair.split()]
        for pair in text.split(' d="M')[-1].split('"')[0].split("L")
    ]
    (x0, y0), (x1, y1), (x2, y2) = places
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.15)
    assert x2 == RIGHT
    assert TOP < y1 < y2 < y0 < BOTTOM
    assert y0 - y2 == pytest.approx(y2 - y1, abs=0.15)


def test_a_chart_says_in_words_what_it_shows():
    text = drawn([1.0, 4000.0, 2.0])
    assert "loss over step, logarithmic: loss from 1 to 2, between 1 and 4,000" in text
    assert "last: 2" in text
    assert "last: not finite" in drawn([1.0, np.nan])


def test_a_legend_tells_more_runs_apart_than_there_are_colours():
    assert legend([("one", 0)]) == ""
    text = legend([(f"run<{i}>", i) for i in range(28)])
    looks = [part.split('"')[0] for part in text.split('class="curve ')[1:]]
    assert len(set(looks)) == 28
    assert "run&lt;3&gt;" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((None, "–"), (math.nan, "not finite"), (-math.inf, "not finite"), (3, "3")),
        *((12345, "12,345"), (123456.7, "123,457"), (0.000012345, "1.234e-05"), (2.0, "2")),
        *((10**400, "not finite"), ("<b>", "<b>"), (True, "true"), ([1, None], "1, none")),
    ],
)
def test_numbers_as_text(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((None, "none"), (False, "false"), (0.1, "0.1"), (1e-8, "1e-08"), ([], "none")),
        *(({}, "none"), ({"a": [1, 2.5]}, "a: 1, 2.5"), ("ü", "ü"), (math.inf, "inf")),
    ],
)
def test_settings_as_text(value, text):
    assert plain(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((0.5, "0.5 s"), (59.94, "59.9 s"), (61, "1 min 1 s"), (3600, "1 h 0 min")),
        *((36e4, "100 h 0 min"), (-1, ""), (None, ""), (math.nan, ""), ("x", ""), (1e300, "")),
        *((59.999, "60 s"), (119.7, "2 min 0 s")),
    ],
)
def test_durations(value, text):
    assert duration(value) == text


def test_text_that_no_page_can_hold_is_replaced():
    assert escape("a\x00b\ud800c\x1b<\"'&") == "a\ufffdb\ufffdc\ufffd&lt;&quot;&#x27;&amp;"
    escape("\udcff").encode("utf-8")
