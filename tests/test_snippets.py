"""Every Python and shell block of the pages runs as pasted, in page order."""

import importlib
import pathlib
import re

import numpy as np
import pytest
import snippets
from absl import flags

import tf_consensus as tfc
from tests.in_process import example, main

ROOT = pathlib.Path(__file__).resolve().parents[1]
SHELL, PYTHON = ("bash", "sh"), ("python",)
IDS = [page.relative_to(ROOT).as_posix() for page in snippets.PAGES]
# Blocks that do not run, by page; a new one needs an entry.
NOT_RUN = {"docs/tpu.md": ["needs a TPU"]}
# Commands that run, by a pattern of their whole line, with the flags that make them short. Of the
# others the flags are parsed by the script's own.
SHORT = {
    r"examples/mixture_of_gaussians.py": ("--steps=10",),
    r"examples/plot_runs.py --folders=docs.*": ("--output_dir=pictures",),
    r"examples/train_images.py --experiment=fashion_mnist_recommended .*": (
        *("--steps=2", "--filters=4", "--latent_dim=8", "--batch_size=8", "--eval_samples=16"),
    ),
}


def blocks(page, languages):
    return [block for block in snippets.blocks(page) if block.language in languages]


def pages_with(languages):
    return [
        pytest.param(page, id=name)
        for page, name in zip(snippets.PAGES, IDS, strict=True)
        if any(block.excuse is None for block in blocks(page, languages))
    ]


def test_blocks_that_do_not_run_say_why_and_are_listed():
    found = {}
    for page, name in zip(snippets.PAGES, IDS, strict=True):
        if excuses := [b.excuse for b in blocks(page, (*SHELL, *PYTHON)) if b.excuse]:
            found[name] = excuses
    assert found == NOT_RUN


def test_every_block_says_its_language():
    known = (*SHELL, *PYTHON, "text")
    for page in snippets.PAGES:
        assert not [b.line for b in snippets.blocks(page) if b.language not in known], page


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A small home, and a repository to work in."""
    home = snippets.home(tmp_path / "home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    folder = snippets.repository(tmp_path / "repository")
    monkeypatch.chdir(folder)
    return folder


def put_celeb_a(folder, monkeypatch):
    """CelebA, where TensorFlow Datasets looks for it."""
    import tensorflow_datasets as tfds

    data_dir = folder / "tensorflow_datasets"
    snippets.write_celeb_a(data_dir)
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(data_dir))


def put_inception(folder, monkeypatch):
    """The reference Inception and a file of another tool, in the working folder."""
    from inception_form import reference_form

    content = reference_form().SerializeToString()
    (folder / "classify_image_graph_def.pb").write_bytes(content)
    features = np.random.default_rng(0).normal(size=(4, 2048))
    np.savez(folder / "cifar10.npz", mu=features.mean(axis=0), sigma=np.cov(features.T))


# What the blocks of a page take for granted.
PREPARED = {"image_data.md": put_celeb_a, "measuring_images.md": put_inception}


@pytest.mark.parametrize("page", pages_with(PYTHON))
def test_python_blocks(page, world, monkeypatch):
    if page.name in PREPARED:
        PREPARED[page.name](world, monkeypatch)
    snippets.cap(monkeypatch)
    namespace = {"__name__": "__main__"}
    for block in blocks(page, PYTHON):
        if block.excuse is None:
            snippets.run_python(block, page, namespace)


@pytest.mark.parametrize("page", pages_with(SHELL))
def test_shell_blocks(page, world, monkeypatch):
    for block in blocks(page, SHELL):
        if block.excuse is None:
            commands = snippets.run_shell(block, world)
            assert commands, f"line {block.line} calls nothing that is checked"
            for command in commands:
                check(command, monkeypatch)


def check(command, monkeypatch):
    module = command.arguments[1] if command.arguments[0] == "-m" else None
    if command.program == "pip":
        check_pip(command.arguments)
    elif command.program == "tf-consensus":
        check_program(command.arguments)
    elif module == "tf_consensus":
        check_program(command.arguments[2:])
    elif module:
        assert module in ("venv", "pytest")
        assert len(command.arguments) == 2 + (module == "venv")
    else:
        check_script(command, monkeypatch)


def check_pip(arguments):
    assert arguments[0] == "install"
    extras = re.findall(r'"([\w-]+)": \[', (ROOT / "setup.py").read_text(encoding="utf-8"))
    for part in arguments[1:]:
        if named := re.fullmatch(r"\.(?:\[(.+)\])?", part):
            assert not named[1] or set(named[1].split(",")) <= set(extras)
        elif not part.startswith("-"):
            assert re.fullmatch(r"[\w-]+(\[[\w,-]+\])?([=>]=[\d.]+)?", part), part
        else:
            assert part in ("-e", "--no-deps"), part


def check_program(arguments):
    """Parses the flags of a command by its own; what is answered at once is run."""
    program = importlib.import_module("tf_consensus.cli.main")
    name, *rest = arguments
    if name.startswith("-") or name == "list":
        assert program.main(arguments) == 0
        return
    values = flags.FlagValues()
    importlib.import_module(f"tf_consensus.cli.{name}").define(values)
    program.parse(name, values, rest)


def check_script(command, monkeypatch):
    """Parses the flags by the script's own, looks for the files they name, and runs the short."""
    script, *arguments = command.arguments
    assert (ROOT / script).is_file()
    name = script.removeprefix("examples/").removesuffix(".py")
    # As Python does for a script.
    monkeypatch.syspath_prepend(str((ROOT / script).parent))
    with example(name, monkeypatch) as module:
        assert flags.FLAGS([script, *arguments]) == [script]
        assert callable(module.main)
    for argument in arguments:
        key, _, value = argument.partition("=")
        if "/" in value and key != "--output_dir":
            assert not [part for part in value.split(",") if not pathlib.Path(part).exists()], (
                argument
            )
    line = " ".join(command.arguments)
    for pattern, more in SHORT.items():
        if re.fullmatch(pattern, line):
            main(name, monkeypatch, *arguments, *more)


def test_the_world_keeps_trainings_short(world, monkeypatch):
    snippets.cap(monkeypatch)
    gan = tfc.GAN(*tfc.networks.build("mlp", latent_dim=2), latent_dim=2)
    gan.compile(optimizer=tfc.SimultaneousOptimizer("sgd"))
    data = tfc.data.mixture_of_gaussians(batch_size=8)
    history = gan.fit(data, epochs=1000, steps_per_epoch=1000, shuffle=False)
    assert len(history.epoch) == snippets.EPOCHS
    assert int(gan.optimizer.iterations) == snippets.EPOCHS * snippets.STEPS


WRONG = {
    "an unknown flag": "python examples/toy_2d.py --stepz=4\n",
    "an unknown script": "python examples/toys.py\n",
    "an unknown file": "python examples/plot_runs.py --folders=docs/nothing\n",
    "a wrong value": "python examples/train_images.py --experiment=nothing\n",
    "a word that is no flag": "python examples/toy_2d.py now\n",
    "an unknown extra": 'pip install -e ".[tests]"\n',
    "a shell's error": "for x in 1 2; do false; done\n",
    "an unset variable": "python examples/toy_2d.py $common\n",
    "nothing": "true\n",
}


@pytest.mark.parametrize("code", WRONG.values(), ids=WRONG)
def test_wrong_shell_blocks_are_noticed(code, tmp_path, world, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text(f"Text\n\n```bash\n{code}```\n", encoding="utf-8")
    with pytest.raises((AssertionError, flags.Error)):
        test_shell_blocks(page, world, monkeypatch)


PROGRAM = {
    "an unknown command": "tf-consensus trian folder:pictures\n",
    "an unknown flag": "tf-consensus generate output/run --nn=64\n",
    "a wrong value": "python -m tf_consensus generate output/run --n=many\n",
    "an unknown flag of what runs": "tf-consensus list --all-of-it\n",
}


@pytest.mark.parametrize("code", PROGRAM.values(), ids=PROGRAM)
def test_wrong_calls_of_the_program_are_noticed(code, tmp_path, world, monkeypatch):
    pytest.importorskip("tf_consensus.cli.generate")
    program = importlib.import_module("tf_consensus.cli.main")
    page = tmp_path / "page.md"
    right = "tf-consensus -h\ntf-consensus generate output/run --n=64 --output=new/\n"
    page.write_text(f"```bash\n{right}```\n", encoding="utf-8")
    test_shell_blocks(page, world, monkeypatch)
    page.write_text(f"```bash\n{code}```\n", encoding="utf-8")
    with pytest.raises((AssertionError, ModuleNotFoundError, program.UsageError)):
        test_shell_blocks(page, world, monkeypatch)


def test_wrong_python_blocks_are_noticed_by_their_line(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("Text\n\n```python\nx = 1\ny = missing\n```\n", encoding="utf-8")
    (block,) = snippets.blocks(page)
    with pytest.raises(NameError) as caught:
        snippets.run_python(block, page, {})
    assert caught.traceback[-1].lineno + 1 == 5
