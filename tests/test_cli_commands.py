"""`list`, `report`, help and wrong words: what is answered before TensorFlow is imported."""

import re
import shutil
import subprocess
import sys

import pytest
from absl import flags
from saved_runs import save_run, told

from tf_consensus import metrics, networks, objectives, penalties, strategies
from tf_consensus.cli import catalogue, evaluate, generate, report, spectrum
from tf_consensus.cli import list as listing
from tf_consensus.experiments import presets
from tf_consensus.metrics import inception_images

COMMANDS = {
    "generate": generate,
    "evaluate": evaluate,
    "spectrum": spectrum,
    "report": report,
    "list": listing,
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """An output folder of two runs, and one of another one."""
    root = tmp_path_factory.mktemp("reports")
    save_run(root / "two/a-seed0")
    for name in ("two/b-seed0", "one/c-seed0", "with=sign/d-seed0"):
        shutil.copytree(root / "two/a-seed0", root / name)
    (root / "empty").mkdir()
    return root


# The catalogue against what it lists.


@pytest.mark.parametrize(
    ("known", "listed"),
    [
        (networks.names(), catalogue.NETWORKS),
        (objectives.names(), catalogue.OBJECTIVES | catalogue.OTHER_OBJECTIVES),
        (penalties.names(), catalogue.PENALTIES),
        (presets.METHODS, catalogue.METHODS),
        (presets.EXPERIMENTS, catalogue.sections()["experiments"]),
        (strategies.NAMES, catalogue.STRATEGIES),
    ],
    ids=["networks", "objectives", "penalties", "optimizers", "experiments", "strategies"],
)
def test_the_catalogue_has_every_name_and_no_other(known, listed):
    assert sorted(known) == sorted(listed)


def test_other_names_are_those_of_the_registry():
    for name, known in catalogue.OTHER_OBJECTIVES.items():
        assert type(objectives.get(name)) is type(objectives.get(known))


def test_the_metrics_are_those_that_the_library_computes():
    marks = {"fingerprint": "x", "weights_fingerprint": "x"}

    class Network(metrics.Extractor):
        def __init__(self, reference):
            self.reference_network, self.name, self._channels = reference, "x", 1
            self._logits = "x"

        description = property(lambda self: {"logits": "x", **marks})

    known = set()
    for reference in (False, True):
        real = metrics.Reference([0.0], [[1.0]], [[0.0]] * 6, 6, "test", marks)
        asked = {"kid": True, "precision_recall": True, "density_coverage": True}
        scores = metrics.ImageScores(Network(reference), real, **asked)
        known |= set(scores.directions)
    known |= set(metrics.ModeCoverage([[0.0, 0.0]], 0.1).directions)
    known |= set(metrics.Wasserstein1([[0.0, 0.0]]).directions)
    assert known == set(catalogue.METRICS)


def test_the_tools_are_those_that_the_inception_follows():
    assert tuple(inception_images.TOOLS) == catalogue.FID_TOOLS


def test_every_line_is_one_line():
    for entries in catalogue.sections().values():
        for name, line in entries.items():
            assert line
            assert "\n" not in line
            assert len(name) + len(line) < 125


# list.


@pytest.mark.parametrize("name", catalogue.sections())
def test_a_section_is_listed_with_what_each_is_for(capsys, name):
    status, out, _ = told(capsys, "list", name)
    assert status == 0
    lines = out.splitlines()
    assert lines[0] == f"{name}:"
    entries = catalogue.sections()[name]
    assert [line.split()[0] for line in lines[1:]] == list(entries)
    for line, text in zip(lines[1:], entries.values(), strict=True):
        assert line.endswith(text)


def test_all_sections_or_several(capsys):
    _, out, _ = told(capsys, "list")
    assert re.findall(r"^(\w+):$", out, re.M) == list(catalogue.sections())
    _, out, _ = told(capsys, "list", "penalties", "networks")
    assert re.findall(r"^(\w+):$", out, re.M) == ["penalties", "networks"]


# report.


def test_a_report_of_one_run_of_several_and_of_labels(runs, tmp_path, capsys):
    assert told(capsys, "report", runs / "one")[0] == 0
    assert "c-seed0" in (runs / "one/report.html").read_text(encoding="utf-8")
    path = tmp_path / "all.html"
    words = (f"slow={runs / 'two'}", f"fast={runs / 'one'}", runs / "with=sign")
    status, out, _ = told(capsys, "report", *words, f"--output={path}")
    assert (status, out) == (0, f"4 runs in {path}\n")
    page = path.read_text(encoding="utf-8")
    for label in ("slow: a-seed0", "slow: b-seed0", "fast", "d-seed0"):
        assert label in page
    assert "c-seed0" not in re.sub(r"<[^>]*>", "", page.split("settings")[0])


# Bad input.

BAD = {
    "list": [
        (("network",), "Unknown section 'network'. Did you mean networks? Choose one of "),
        (("networks", "zzz"), "Unknown section 'zzz'. Choose one of experiments, "),
        (("--all",), "Unknown flag --all."),
    ],
    "report": [
        ((), "A report needs runs. Received: none."),
        (("{0}/nothing",), "There is no such path."),
        (("{0}/tow",), "Did you mean {0}/two?"),
        (("{0}/empty",), "The folder must hold a run."),
        (("{0}/one/c-seed0/log.csv",), "A run is a folder. Received: "),
        (("{0}/one", "{0}/two"), "The page of several runs needs a name."),
        (("{0}/one", "{0}/one/c-seed0", "--output=x.html"), "A report shows each run once."),
        (("a={0}/one", "a={0}/with=sign", "--output=x.html"), "Labels must tell runs apart."),
        (("={0}/one",), "A labelled run is LABEL=FOLDER."),
        (("a=",), "A labelled run is LABEL=FOLDER."),
        (("a={0}/no",), "There is no such path."),
        (("{0}/one", "--output=x.png"), "--output must be an .html file."),
        (("{0}/one", "--output="), "--output must be an .html file."),
        (("{0}/one", "--output=no/x.html"), "--output must be in a folder that exists."),
        (("{0}/one", "--outptu=x.html"), "Did you mean --output?"),
    ],
    "generate": [
        (
            ("{0}/one", "--make=edges"),
            "--make is a switch, which takes no value. Received: --m",
        ),
    ],
}


@pytest.mark.parametrize(
    ("command", "words", "message"), [(c, *case) for c, cases in BAD.items() for case in cases]
)
def test_bad_input(runs, capsys, monkeypatch, tmp_path, command, words, message):
    monkeypatch.chdir(tmp_path)
    status, _, err = told(capsys, command, *[word.format(runs) for word in words])
    assert (status, message.format(runs) in err) == (2, True), err
    assert list(tmp_path.iterdir()) == []


# Help.


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_short_and_names_flags_that_exist(capsys, name):
    command = COMMANDS[name]
    status, out, _ = told(capsys, name, "-h")
    assert (status, out) == (0, command.HELP)
    assert out.endswith("\n")
    assert len(out.splitlines()) <= 25
    assert max(map(len, out.splitlines())) <= 100
    assert out.count(f"\n  tf-consensus {name}") >= 3
    values = flags.FlagValues()
    command.define(values)
    for flag in re.findall(r"--(\w+)", out):
        known = {*values, "helpfull", "experiment", "network", "optimizer", "objective"}
        assert flag.removeprefix("no") in known | {"model", "penalty", "strategy"}, flag
    status, out, _ = told(capsys, name, "--helpfull")
    assert status == 0
    assert all(f"--{flag}:" in out for flag in values)


# Time.

SCRIPT = """
import sys
sys.orig_argv = [sys.executable, "-m", "tf_consensus"]
sys.path.insert(0, {tests!r})
from tf_consensus.cli.main import main
status = main({words!r})
heavy = [name for name in ("tensorflow", "keras", "scipy", "matplotlib") if name in sys.modules]
print(status, heavy)
"""


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["list"], 0),
        (["list", "netwroks"], 2),
        (["generate", "-h"], 0),
        (["generate", "{0}/two", "--output=x/"], 2),
        (["generate", "{0}/one", "--outptu=x/"], 2),
        (["generate", "{0}/one", "--output=x/", "--labels=1"], 2),
        (["evaluate", "{0}/one"], 2),
        (["evaluate", "{0}/one", "--classifier=no.keras"], 2),
        (["spectrum", "{0}/on"], 2),
        (["spectrum", "--helpfull"], 0),
        (["report", "{0}/nothing"], 2),
    ],
)
def test_what_is_wrong_is_found_before_tensorflow(runs, words, status):
    words = [word.format(runs) for word in words]
    script = SCRIPT.format(tests="tests", words=words)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1:] == [f"{status} []"], done.stderr
