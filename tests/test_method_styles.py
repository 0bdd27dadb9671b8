"""One colour per method in all pictures, and lines of one picture that all differ."""

import doctest

import pytest
from matplotlib.colors import to_rgb

from tf_consensus import plotting
from tf_consensus.experiments.leaderboard.rows import NAMES, ROWS
from tf_consensus.experiments.making import OPTIMIZERS
from tf_consensus.experiments.toy_runs import METHODS
from tf_consensus.plotting import methods, style
from tf_consensus.plotting.methods import METHOD_COLORS, METHOD_LOOKS, known_method, line_styles

PROJECT = {*OPTIMIZERS, *NAMES, *(method.label for method in METHODS.values())}


def looks(names):
    return [(style["color"], style["linestyle"]) for style in line_styles(names).values()]


def different(names):
    return len(set(looks(names))) == len(names)


@pytest.mark.parametrize("name", sorted(PROJECT))
def test_the_table_has_every_method_of_the_project(name):
    assert known_method(name) is not None
    alone = line_styles([name])[name]
    among = line_styles([*sorted(PROJECT), "mine"])[name]
    assert alone["color"] == among["color"] == METHOD_LOOKS[known_method(name)][0]


def test_no_two_methods_look_alike():
    assert len(set(METHOD_LOOKS.values())) == len(METHOD_LOOKS)


@pytest.mark.parametrize("rows", sorted(ROWS))
def test_no_line_of_the_leaderboard_looks_like_another(rows):
    names = [row.name for row in ROWS[rows]]
    assert different(names)
    assert looks(names) == looks(names[::-1])[::-1]


@pytest.mark.parametrize(
    ("label", "method"),
    [
        ("consensus", "consensus"),
        ("consensus, γ = 10", "consensus"),
        ("consensus (γ = 1)", "consensus"),
        ("consensus-dcgan4_nobn", "consensus"),
        ("consensus-dcgan4_nobn (γ 3, batch 64)", "consensus"),
        ("alternating_consensus-dcgan4", "alternating_consensus"),
        ("alternating momentum (β = -0.5)", "alternating_momentum"),
        ("R1 + R2", "r1_r2"),
        ("relativistic, R1 + R2", "relativistic_r1_r2"),
        ("relativistic-dcgan4_nobn", "relativistic"),
        ("WGAN-GP", "wgan_gp"),
        ("WGAN, clipped", "wgan_clip"),
        ("consensus_of_mine", None),
        ("SimGA", None),
        ("", None),
    ],
)
def test_labels_tell_their_method(label, method):
    assert known_method(label) == method


def test_unknown_names_have_no_colour_of_a_known_one():
    names = ["mine", "consensus", "yours", "simultaneous"]
    styles = line_styles(names)
    assert [styles[name]["color"] for name in ("consensus", "simultaneous")] == [
        METHOD_LOOKS["consensus"][0],
        METHOD_LOOKS["simultaneous"][0],
    ]
    assert len({style["color"] for style in styles.values()}) == 4
    many = [*METHOD_LOOKS, *map(str, range(20))]
    found = line_styles(many)
    known = {found[name]["color"] for name in METHOD_LOOKS}
    assert known == set(METHOD_COLORS)
    assert not known & {found[str(k)]["color"] for k in range(20)}
    assert different(many)


def test_several_runs_of_one_method_share_its_colour_and_differ_in_dashes():
    names = [f"consensus (γ = {k})" for k in range(5)]
    assert len({color for color, _ in looks(names)}) == 1
    assert different(names)
    assert looks(["consensus", *names])[0] == METHOD_LOOKS["consensus"]
    assert different([f"consensus (γ = {k})" for k in range(20)])
    assert different(["scaled_consensus", *names])
    assert (
        line_styles([*names, "scaled_consensus"])["scaled_consensus"]["linestyle"]
        == (METHOD_LOOKS["scaled_consensus"][1])
    )


def contrast(color):
    """With white, as WCAG 2 has it."""
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in to_rgb(color)]
    luminance = sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return 1.05 / (luminance + 0.05)


def test_lines_stand_out_from_white():
    assert min(map(contrast, METHOD_COLORS)) > 2
    assert min(map(contrast, methods._MORE_COLORS)) > 2


def figures():
    log = {"step": [1, 2], "seconds": [1.0, 2.0], "fid": [3.0, 2.0], "modes_covered": [0.01, 8.0]}
    names = [row.name for row in ROWS["points"]]
    history = {name: {"fid": ([1, 2], [3.0, 2.0])} for name in names}
    seeds = {name: ([1, 2], [[3.0, 2.0]]) for name in names}
    sweep = {0.1: {"fid": [(1.0, 2.0)]}, 1.0: {"fid": [(1.0, 2.0)]}}
    return {
        "curves": plotting.training_curves(history, ["fid"]),
        "runs": plotting.run_curves({name: [log] for name in names}, ["fid", "modes_covered"]),
        "seeds": plotting.seed_curves({"ring": seeds}, "distance"),
        "sweeps": plotting.sweep_curves(dict.fromkeys(names[:8], sweep), ["fid"], "γ"),
    }


def boxes(figure):
    figure.draw_without_rendering()
    (legend,) = figure.legends
    panels = [axis.get_tightbbox() for axis in figure.axes if axis.axison]
    return legend.get_window_extent(), panels


@pytest.mark.parametrize("kind", ["curves", "runs", "seeds", "sweeps"])
def test_the_legend_is_over_no_line_and_letters_are_large(kind):
    figure = figures()[kind]
    legend, panels = boxes(figure)
    assert legend.x0 >= 0
    assert legend.x1 <= figure.bbox.width + 1
    assert legend.y0 >= 0
    assert not any(legend.overlaps(panel) for panel in panels)
    texts = [*figure.legends[0].get_texts()]
    for axis in figure.axes:
        texts += [axis.xaxis.label, axis.yaxis.label, axis.title, *axis.get_xticklabels()]
        texts += axis.get_yticklabels()
    assert min(text.get_fontsize() for text in texts) >= 11


def test_counts_are_drawn_on_a_linear_axis():
    count = figures()["runs"].axes[1]
    assert (count.get_yscale(), count.get_ylabel()) == ("linear", "modes covered")


def test_axes_have_the_standard_terms():
    assert style.axis_words("within_3_sigma") == "share of samples within 3σ"
    assert style.axis_words("cpu_seconds") == "CPU seconds"


def test_documented_examples():
    result = doctest.testmod(methods)
    assert result.attempted > 0
    assert result.failed == 0
