"""The program starts without TensorFlow, and has the whole library when it asks for a part."""

import ast
import os
import pathlib
import subprocess
import sys

import pytest

import tf_consensus as tfc
from tf_consensus import _deferred

ROOT = pathlib.Path(__file__).parents[1]
PROGRAM = [
    ["python", "-m", "tf_consensus"],
    ["python", "-m", "tf_consensus", "train", "folder:x", "-m", "other"],
    ["python", "-mtf_consensus", "list"],
    ["python", "-I", "-X", "importtime", "-m", "tf_consensus", "list"],
    ["python", "-Ximporttime", "-Werror", "-OO", "-m", "tf_consensus"],
    ["python", "-IBm", "tf_consensus"],
    ["python", "-IBWignore", "-m", "tf_consensus"],
    ["python", "-BW", "ignore", "-m", "tf_consensus"],
    ["python", "--check-hash-based-pycs", "never", "-m", "tf_consensus"],
    ["python", "/usr/bin/tf-consensus"],
    ["python", "tf-consensus", "-h"],
    ["python", "-u", "/a b/tf-consensus", "train"],
    ["python", "--", "bin/tf-consensus"],
    ["python", "bin/tf-consensus.exe"],
    ["python", "bin/tf-consensus-script.py"],
]
OTHERS = [
    [],
    ["python"],
    ["python", "-"],
    ["python", "-i"],
    ["python", "--version"],
    ["python", "-c", "import tf_consensus", "-m", "tf_consensus"],
    ["python", "-cimport tf_consensus", "tf-consensus"],
    ["python", "-Bc", "import tf_consensus", "tf-consensus"],
    ["python", "-m", "tf_consensus.callbacks"],
    ["python", "-m", "tf_consensus_more"],
    ["python", "-m", "pytest", "-m", "tf_consensus"],
    ["python", "-m", "pdb", "-m", "tf_consensus"],
    ["python", "-W", "tf-consensus", "train.py"],
    ["python", "-X", "tf-consensus", "-m", "pytest"],
    ["python", "train.py", "tf-consensus"],
    ["python", "tf-consensus.py"],
    ["python", "my-tf-consensus"],
    ["python", "tf-consensus/train.py"],
    ["python", "-m"],
]


@pytest.mark.parametrize("command", PROGRAM, ids=" ".join)
def test_command_lines_of_the_program(command):
    assert _deferred.is_program(command)


@pytest.mark.parametrize("command", OTHERS, ids=" ".join)
def test_command_lines_of_others(command):
    assert not _deferred.is_program(command)


def run(folder, code, *arguments):
    script = folder / "tf-consensus"
    script.write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(ROOT),
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split()


def environment(*paths):
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}


WAITING = """
import sys
import tf_consensus as tfc
from tf_consensus.support import checks
assert not {"tensorflow", "keras", "numpy"} & set(sys.modules), "loaded at once"
assert "GAN" in dir(tfc) and "data" in dir(tfc) and "GAN" in tfc.__all__
import tf_consensus.plotting, tf_consensus.theory, tf_consensus.support.files
assert not {"tensorflow", "keras"} & set(sys.modules), "not light"
assert not hasattr(tfc, "GEN") and "tensorflow" not in sys.modules
"""
# What the program may ask for first, and how.
FIRST = {
    "a class": "tfc.GAN",
    "a package by name": "from tf_consensus import callbacks",
    "everything": "from tf_consensus import *; GAN, data",
    "a module": "import tf_consensus.models.gan",
    "a name of a package": "from tf_consensus.callbacks import SafeBackup",
    "a private one": "import tf_consensus.penalties.coupling, tf_consensus.experiments.lock",
}
LOADED = """
assert set(tfc.__all__) <= set(vars(tfc)), set(tfc.__all__) - set(vars(tfc))
from tf_consensus.models.gan import GAN
for name, module in sys.modules.items():
    if name.startswith("tf_consensus."):
        assert module.__spec__.origin == module.__file__ and module.__spec__.loader
        for thing in vars(module).values():
            home = sys.modules.get(getattr(thing, "__module__", None))
            if isinstance(thing, type) and home and home.__name__.startswith("tf_consensus."):
                assert vars(home).get(thing.__name__, thing) is thing, f"{thing} is there twice"
assert sys.modules["tf_consensus.penalties"].__spec__.submodule_search_locations
assert tfc.GAN is GAN and tfc.data is sys.modules["tf_consensus.data"]
import keras
names = {name for name in keras.saving.get_custom_objects() if name.startswith("tf_consensus>")}
print(len(names), tfc.__version__)
"""


@pytest.mark.parametrize("first", FIRST.values(), ids=FIRST)
def test_the_program_loads_everything_at_the_first_use(tmp_path, first):
    import keras

    here = [n for n in keras.saving.get_custom_objects() if n.startswith("tf_consensus>")]
    found, version = run(tmp_path, WAITING + first + LOADED)
    assert int(found) >= 30
    assert int(found) <= len(here)  # the tests register some of their own
    assert version == tfc.__version__


def test_the_library_is_loaded_without_the_program_above_it():
    code = "import sys, tf_consensus; print([n for n in sys.modules if n.startswith('tf_cons')])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(ROOT),
        check=True,
    )
    above = [
        n for n in ast.literal_eval(done.stdout) if n.split(".")[1:2] in (["experiments"], ["cli"])
    ]
    assert not above, "their modules may be half imported when the library is loaded"


def test_another_script_loads_everything_at_once(tmp_path):
    script = tmp_path / "train.py"
    script.write_text("import sys, tf_consensus\nassert 'GAN' in vars(tf_consensus)")
    command = [sys.executable, str(script)]
    subprocess.run(command, cwd=ROOT, env=environment(ROOT), check=True, capture_output=True)


STAND_IN = """
import sys, types

def run():
    import tf_consensus
    print("run", sys.argv[1:], "tensorflow" in sys.modules, tf_consensus.__version__)
    return 3

for name in ("tf_consensus.cli", "tf_consensus.cli.main"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["tf_consensus.cli.main"].run = run
"""


def test_python_m_runs_the_program_without_tensorflow(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(STAND_IN, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "tf_consensus", "train", "--steps=4"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(tmp_path, ROOT),
        check=False,
    )
    assert done.stdout == f"run ['train', '--steps=4'] False {tfc.__version__}\n", done.stderr
    assert done.returncode == 3
