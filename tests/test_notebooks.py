"""The notebooks run from top to bottom, show what they say, and are committed without outputs."""

import importlib.util
import itertools
import json
import pathlib
from unittest import mock

import pytest
from IPython.core.inputtransformer2 import TransformerManager

import notebooks

NAMES = [path.stem for path in notebooks.NOTEBOOKS]
REMEDY = "jupyter nbconvert --clear-output --inplace notebooks/*.ipynb"


def code(name):
    return [cell for cell in notebooks.read(name).cells if cell.cell_type == "code"]


def test_there_are_three():
    assert NAMES == ["lecture", "own_pictures", "why_did_my_run_diverge"]


@pytest.mark.parametrize("name", NAMES)
def test_they_are_committed_without_outputs(name):
    for cell in code(name):
        assert not cell.outputs, f"cell {cell.id} has outputs: {REMEDY}"
        assert cell.execution_count is None, f"cell {cell.id} has a number: {REMEDY}"


@pytest.mark.parametrize("name", NAMES)
def test_words_come_before_each_cell_of_code(name):
    kinds = [cell.cell_type for cell in notebooks.read(name).cells]
    assert kinds[0] == kinds[-1] == "markdown"
    assert not any(a == b == "code" for a, b in itertools.pairwise(kinds))


@pytest.mark.parametrize("name", NAMES)
def test_sizes_are_plain_numbers_and_words_in_one_cell(name):
    index, names = notebooks.parameters_of(notebooks.read(name))
    assert index < 5
    assert names
    with pytest.raises(AssertionError, match="no sizes of the notebook"):
        notebooks.with_sizes(notebooks.read(name), {"STEPZ": 1})


class Shell:
    """What the first cell sees of IPython."""

    def __init__(self):
        self.calls = []

    def run_line_magic(self, name, line):
        self.calls.append((name, line))


def first_cell(name, folder, monkeypatch, **values):
    """Runs a notebook's first cell; returns what it installs, and its variables."""
    source = code(name)[0].source
    for key, value in values.items():
        assert f"\n{key} = None\n" in source
        source = source.replace(f"\n{key} = None\n", f"\n{key} = {value!r}\n")
    shell = Shell()
    variables = {"get_ipython": lambda: shell}
    monkeypatch.chdir(folder)
    with monkeypatch.context() as patched:  # TensorFlow's logger stays as it is
        patched.setattr(importlib, "import_module", lambda name: mock.MagicMock())
        exec(TransformerManager().transform_cell(source), variables)
    return shell.calls, variables


def test_the_first_cell_is_the_same_in_all():
    assert len({code(name)[0].source for name in NAMES}) == 1


def test_the_first_cell_installs_only_what_is_missing(tmp_path, monkeypatch):
    own = notebooks.ROOT / "notebooks"
    assert first_cell("lecture", own, monkeypatch)[0] == []
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    calls, variables = first_cell("lecture", own, monkeypatch)
    assert calls == [("pip", 'install --quiet "{SOURCE}"')]
    assert variables["SOURCE"] == notebooks.ROOT
    wheel = "tf_consensus-0.1.0-py3-none-any.whl"
    calls, variables = first_cell("lecture", tmp_path, monkeypatch, SOURCE=wheel)
    assert calls == [("pip", 'install --quiet "{SOURCE}"')]
    assert variables["SOURCE"] == wheel
    with pytest.raises(RuntimeError, match="Set SOURCE above to what to install"):
        first_cell("lecture", tmp_path, monkeypatch)


def silent(notebook):
    """Nothing that a reader would take for a fault."""
    for cell in notebook.cells:
        assert notebooks.printed(cell, "stderr") == "", cell.id
        assert "WARNING" not in notebooks.printed(cell), cell.id


# Moves each control of a board; what is drawn, before and after each move.
SLIDE = """
def drawn(board):
    p = board.panels
    lines = {"path": p.path, "eigenvalues": p.step_values, "distance": p.distance}
    data = {key: np.nan_to_num(x.get_xydata()).round(9).tolist() for key, x in lines.items()}
    return data | {"arrows": np.round([p.arrows.U, p.arrows.V], 9).tolist()}
def moved(board, name, value):
    before, picture = drawn(board), board.picture.value
    board.controls[name].value = value
    after = drawn(board)
    changed = [key for key in before if before[key] != after[key]]
    return changed, board.picture.value[:4] == b"\\x89PNG" and board.picture.value != picture
moves = []
for name, value in [
    ("step_size", 0.4), ("gamma", 1.5), ("beta", 0.5), ("method", "momentum"),
    ("beta", -0.5), ("gamma", 0.1), ("game", "Dirac-GAN"), ("method", "optimistic"),
]:
    moves.append([name, *moved(consensus, name, value)])
moves
"""
# The rates of the true steps, and the theory's, of each method whose eigenvalues are known.
RATES = """
rates = {}
for name, method in METHODS.items():
    values = ("Dirac-GAN", name, 0.3, 0.5, -0.3)
    path, known = paths([[1e-4, 1e-4]], 400, *values)[0], method.eigenvalues
    middle, end = np.linalg.norm(path[[200, 400]], axis=1)
    rho = known and float(np.abs(known(jacobian("Dirac-GAN"), *values[2:])).max())
    rates[name] = [float((end / middle) ** (1 / 200)), rho]
rates
"""


def test_the_lecture(tmp_path):
    sizes = {"STEPS": 20, "ARROWS": 4}
    probes = [SLIDE, RATES, "[left, best.gamma]", "follows"]
    notebook, (moves, rates, numbers, follows) = notebooks.run("lecture", tmp_path, sizes, probes)
    silent(notebook)
    all_four = {"path", "eigenvalues", "distance", "arrows"}
    for name, changed, redrawn in moves:
        unused = (name, changed) in [("beta", []), ("gamma", [])]
        assert redrawn != unused, (name, changed)
        if not unused:
            assert set(changed) >= all_four - {"arrows"}, (name, changed)
    # β of consensus and γ of momentum change nothing; all else does.
    assert [i for i, move in enumerate(moves) if not move[1]] == [2, 5]
    # Arrows show a first step's direction, which neither its size nor β changes.
    assert [i for i, move in enumerate(moves) if "arrows" in move[1]] == [1, 3, 6]
    assert sum(predicted is not None for _, predicted in rates.values()) == 7
    for name, (seen, predicted) in rates.items():
        if predicted is not None:
            assert seen == pytest.approx(predicted, abs=3e-3), name
    left, gamma = numbers
    assert gamma == pytest.approx(2.0)
    assert len(left) == 10
    assert left["consensus"] < left["simultaneous"]
    for method in ("consensus", "momentum"):  # 0.2 s on a free core
        assert max(follows[method].values()) < 0.5
    (beta,) = [cell for cell in notebook.cells if cell.id == "beta"]
    limits = [float(line.split()[-1]) for line in notebooks.printed(beta).splitlines()]
    assert limits[0] > limits[1] > limits[2]
    static = {"rotation", "step", "gamma", "beta", "dirac"}
    assert static <= set(notebooks.pictures(notebook))
    boards = [cell.id for cell in notebook.cells if cell.id.endswith("-board")]
    assert len(boards) == 5


FAILURES = """
runs = {"too_fast": too_fast, "slower": slower, "rotating": rotating, "consensus": consensus,
        "won": won, "even": even, "losing": losing, "covering": covering}
said = {name: [x.name for x in run.advisor.advice] for name, run in runs.items()}
norms = {name: list(map(float, run.values["gradient_norm"])) for name, run in runs.items()}
kl = {"losing": float(losing.last("mode_kl")), "covering": float(covering.last("mode_kl"))}
far = {"won": distance(won), "even": distance(even)}
{"said": said, "norms": norms, "kl": kl, "far": far, "limit": float(limit),
 "hit": float(covering.last("modes_covered")), "stable": rotating.last("step_limit_gradient")}
"""


def test_why_runs_diverge(tmp_path):
    sizes = {"SHORT_LOOKS": 3, "WON_LOOKS": 4, "MODE_LOOKS": 2}
    name = "why_did_my_run_diverge"
    notebook, (found,) = notebooks.run(name, tmp_path, sizes, [FAILURES])
    silent(notebook)
    (rate,) = [cell for cell in notebook.cells if cell.id == "rate"]
    assert "DivergedError: Losses and weights must be finite" in notebooks.printed(rate)
    said = found["said"]
    assert said["too_fast"] == said["rotating"] == ["learning_rate"]
    assert said["won"] == ["discriminator_won"]
    assert said["slower"] == said["consensus"] == said["even"] == said["covering"] == []
    assert 0.1 < found["limit"] < 0.42
    assert found["stable"] == 0.0
    norms = found["norms"]
    for failing, cured in (("too_fast", "slower"), ("rotating", "consensus")):
        assert norms[failing][-1] > norms[failing][0]
        assert norms[cured][-1] < 0.1 * norms[failing][0]
    assert found["far"]["even"] < 0.5 < 5 < found["far"]["won"]
    assert found["kl"]["covering"] < 0.1 < found["kl"]["losing"]
    assert found["hit"] == 8
    curves = {"rate-remedy", "rotation-remedy", "won-remedy", "modes-remedy", "modes-points"}
    assert curves <= set(notebooks.pictures(notebook))


def test_own_pictures(tmp_path):
    sizes = {"DRAWN": 60, "IMAGE_SIZE": 16, "STEPS": 4, "EVERY": 2, "SCORED": 20}
    sizes |= {"CLASSIFIER_STEPS": 2, "FLAGS": "--filters=2 --batch_size=8 --interpolations=0"}
    probe = "str(newest_samples())"
    notebook, (newest,) = notebooks.run("own_pictures", tmp_path, sizes, [probe])
    silent(notebook)
    assert pathlib.Path(newest).name == "00000004.png"
    out = tmp_path / "own_pictures"
    for name in ("real.png", "new.png", "between.png", "classifier.keras", "report.html"):
        assert (out / name).stat().st_size > 0
    scores = json.loads((out / "scores.json").read_text(encoding="utf-8"))
    assert "classifier_score" in json.dumps(scores)
    printed = {cell.id: notebooks.printed(cell) for cell in notebook.cells}
    assert "The samples are those of step 4." in printed["train"]
    assert {"pictures", "train", "generate"} <= set(notebooks.pictures(notebook))
    (report,) = [cell for cell in notebook.cells if cell.id == "report"]
    assert "srcdoc" in json.dumps(report.outputs)
