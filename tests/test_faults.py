"""Every example that keeps state survives kills, damaged files, a full disk and a second process.

Whatever happens, the next start ends with exactly the weights of an undisturbed run, or in one
sentence that names the file and the remedy.
"""

import errno
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
from collections import Counter
from typing import NamedTuple

import keras
import numpy as np
import pytest
from faults import DAMAGES, damage, small_disk
from small_images import write_fashion_mnist

import tf_consensus as tfc
import tf_consensus.experiments.clock
from tests.in_process import main
from tf_consensus.experiments.lock import locked

ROOT = pathlib.Path(__file__).resolve().parents[1]
TIMES = ("seconds", "cpu_seconds", "ms_per_step", "train_seconds")
UNSAVED = (*TIMES, "files", "log", "digest")


class Example(NamedTuple):
    """An example, its flags, the folder of its run and what that leaves."""

    name: str
    flags: tuple[str, ...]
    run: str
    leaves: tuple[str, ...]


EXAMPLES = {
    "images": Example(
        "train_images",
        (
            *("--experiment=fashion_mnist_adam_consensus", "--filters=4", "--latent_dim=8"),
            *("--batch_size=8", "--eval_samples=16", "--verbose=2", "--steps=6", "--eval_every=2"),
        ),
        "consensus-dcgan4_nobn-seed0",
        ("settings.json", "result.json", "log.csv", "model.keras", "generator.keras"),
    ),
    "mixture": Example(
        "mixture_of_gaussians",
        ("--optimizer=consensus", "--steps=3000", "--batch_size=16"),
        "consensus-seed0",
        ("result.json", "log.csv", "model.keras"),
    ),
    "toy": Example(
        "toy_2d",
        ("--method=r1", "--target=circle", "--steps=4", "--width=4", "--depth=1"),
        "r1-circle-seed0",
        ("result.json", "log.csv", "samples.npy"),
    ),
}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return write_fashion_mnist(tmp_path_factory.mktemp("fashion_mnist"))


def flags_of(example, data_dir):
    more = (f"--data_dir={data_dir}",) if example.name == "train_images" else ()
    return (*example.flags, *more)


def start(example, folder, kill_at, *arguments):
    command = [sys.executable, str(ROOT / "tests" / "fault_run.py"), example.name, str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.run(
        [*command, str(kill_at), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


def state_of(example, output):
    """All numbers that a finished run leaves."""
    folder = output / example.run
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    numbers = {key: value for key, value in result.items() if key not in UNSAVED}
    numbers["log"] = [
        {key: value for key, value in row.items() if key not in TIMES} for row in result["log"]
    ]
    if example.name == "toy_2d":
        return numbers, [np.load(folder / "samples.npy")]
    gan = keras.models.load_model(folder / "model.keras")
    assert isinstance(gan, tfc.GAN)
    return numbers, [x.numpy() for x in gan.variables + gan.optimizer.variables]


def same(a, b):
    return a[0] == b[0] and all(np.array_equal(*pair) for pair in zip(a[1], b[1], strict=True))


@pytest.fixture(scope="module")
def wholes(data_dir, tmp_path_factory):
    """By name: an undisturbed run's folder, made when it is asked for, and its numbers."""
    made = {}

    def whole(name):
        if name not in made:
            output = tmp_path_factory.mktemp(name) / "run"
            done = start(EXAMPLES[name], output, 0, *flags_of(EXAMPLES[name], data_dir))
            assert done.returncode == 0, done.stderr
            writes = int(done.stdout.split()[-1])
            made[name] = output, state_of(EXAMPLES[name], output), writes
        return made[name]

    return whole


def is_one_sentence(text, *names):
    """Whether a message names one of the files and has a remedy, and nothing from inside."""
    told = any(str(name) in text for name in names) and "Received" in text
    return told and "Traceback" not in text


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    "name", ["images", *(pytest.param(name, marks=pytest.mark.slow) for name in ("mixture", "toy"))]
)
def test_damage_to_a_finished_run(name, wholes, data_dir, tmp_path, monkeypatch, capsys):
    """Each file of the run's folder in each way: the next start mends it, or says it."""
    example, (output, expected, _) = EXAMPLES[name], wholes(name)
    counts, arguments = Counter(), flags_of(example, data_dir)
    for file in example.leaves:
        for kind in DAMAGES:
            folder = tmp_path / f"{file}-{kind}"
            shutil.copytree(output, folder)
            damage(folder / example.run / file, kind)
            try:
                main(example.name, monkeypatch, f"--output_dir={folder}", *arguments, "--resume")
                status = 0
            except SystemExit as stopped:
                status = stopped.code
            told = f"{status}\n" + "".join(capsys.readouterr())
            if status in (0, None):
                assert kind == "missing" or same(state_of(example, folder), expected), file
                counts["exact"] += 1
            else:
                assert is_one_sentence(told, file, folder), told
                counts["refused"] += 1
    assert sum(counts.values()) == len(example.leaves) * len(DAMAGES)
    print(f"{name}: {sum(counts.values())} damages, {dict(counts)}")


class Interrupt(keras.callbacks.Callback):
    """Ctrl-C in the last epoch."""

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations.numpy()) == 5:
            raise KeyboardInterrupt


@pytest.mark.filterwarnings("default")
def test_damage_to_an_unfinished_run(wholes, data_dir, tmp_path, monkeypatch, capsys):
    """Settings and log are in the backup too, and of backups there are two."""
    example, (_, expected, _) = EXAMPLES["images"], wholes("images")
    counts, arguments = Counter(), flags_of(example, data_dir)
    with monkeypatch.context() as patch:
        clock = tfc.experiments.clock.Clock
        patch.setattr(clock, "on_train_batch_end", Interrupt.on_train_batch_end)
        with pytest.raises(SystemExit):
            main(example.name, patch, f"--output_dir={tmp_path / 'run'}", *arguments)
    backups = sorted((tmp_path / "run" / example.run / "backup").iterdir())
    assert [path.name[:13] for path in backups] == ["step-00000002", "step-00000004"]
    for file in ("settings.json", "log.csv", f"backup/{backups[-1].name}"):
        for kind in DAMAGES:
            folder = tmp_path / f"{pathlib.Path(file).name}-{kind}"
            shutil.copytree(tmp_path / "run", folder)
            damage(folder / example.run / file, kind)
            try:
                main(example.name, monkeypatch, f"--output_dir={folder}", *arguments, "--resume")
            except SystemExit as stopped:
                told = f"{stopped.code}\n" + "".join(capsys.readouterr())
                assert is_one_sentence(told, file, folder), told
                counts["refused"] += 1
            else:
                assert same(state_of(example, folder), expected), (file, kind)
                counts["exact"] += 1
    print(f"unfinished: {sum(counts.values())} damages, {dict(counts)}")
    assert counts["exact"] >= 15


def test_a_result_written_again_is_the_same(wholes, data_dir, tmp_path, monkeypatch, capsys):
    """With scores, of which a process that only writes has measured none."""
    scores = tmp_path / "scores"
    tiny = (f"--data_dir={data_dir}", "--filters=4", "--epochs=1", "--batch_size=16")
    main("train_classifier", monkeypatch, f"--output_dir={scores}", *tiny)
    run = EXAMPLES["images"]
    arguments = (*flags_of(run, data_dir), f"--classifier={scores / 'classifier.keras'}")
    folder = f"--output_dir={tmp_path / 'run'}"
    main("train_images", monkeypatch, folder, *arguments)
    expected = state_of(run, tmp_path / "run")
    (tmp_path / "run" / run.run / "result.json").unlink()
    main("train_images", monkeypatch, folder, *arguments, "--resume")
    assert same(state_of(run, tmp_path / "run"), expected)
    assert expected[0]["scores"][0]["n_fake"] == 16
    for more, message in (
        (("--test_split=train",), r"test_split=train \(before: test\)"),
        ((f"--reference={scores / 'reference.npz'}",), "scores|test_split"),
    ):
        with pytest.raises(SystemExit, match=message):
            main("train_images", monkeypatch, folder, *arguments, *more, "--resume")


def test_another_examples_folder_is_left_alone(wholes, data_dir, tmp_path, monkeypatch):
    for name, other in (("toy", "images"), ("toy", "mixture"), ("images", "mixture")):
        folder = tmp_path / f"{name}-{other}"
        shutil.copytree(wholes(name)[0], folder)
        before = (folder / "results.json").read_bytes()
        arguments = (f"--output_dir={folder}", *flags_of(EXAMPLES[other], data_dir), "--resume")
        with pytest.raises(SystemExit, match=r"another example|example=\w+ \(before: "):
            main(EXAMPLES[other].name, monkeypatch, *arguments)
        assert (folder / "results.json").read_bytes() == before


@pytest.mark.parametrize(
    ("content", "message"),
    [("{}", "must hold settings"), ('{"steps": "six"}', "before: six"), ("[]", "must hold")],
)
def test_settings_changed_by_hand_are_said(
    content, message, wholes, data_dir, tmp_path, monkeypatch
):
    shutil.copytree(wholes("images")[0], tmp_path / "run")
    path = tmp_path / "run" / EXAMPLES["images"].run / "settings.json"
    path.write_text(content, encoding="utf-8")
    arguments = (f"--output_dir={tmp_path / 'run'}", *flags_of(EXAMPLES["images"], data_dir))
    with pytest.raises(SystemExit, match=message):
        main("train_images", monkeypatch, *arguments, "--resume")


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_second_process_is_told_who_holds_the_folder(name, data_dir, tmp_path, monkeypatch):
    arguments = (f"--output_dir={tmp_path}", *flags_of(EXAMPLES[name], data_dir))
    with locked(tmp_path), pytest.raises(SystemExit, match=f"held by process {os.getpid()} on"):
        main(EXAMPLES[name].name, monkeypatch, *arguments)
    assert not (tmp_path / "settings.json").exists()


def test_a_lock_ends_with_its_holder(tmp_path):
    code = (
        "import os, pathlib, sys\nfrom tf_consensus.experiments.lock import locked\n"
        "with locked(pathlib.Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    killed = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (tmp_path / ".lock_holder.json").exists()
    with locked(tmp_path):
        holder = json.loads((tmp_path / ".lock_holder.json").read_text(encoding="utf-8"))
        assert holder["pid"] == os.getpid()
    assert not (tmp_path / ".lock_holder.json").exists()


@pytest.mark.parametrize("place", ["file", "below a file", "read-only"])
def test_a_place_that_cannot_hold_results_is_said(place, data_dir, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    path = {"file": tmp_path / "file", "below a file": tmp_path / "file" / "run"}
    if place == "read-only":
        true = os.open

        def refuse(path, *rest, **options):
            if str(path).endswith(".lock"):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
            return true(path, *rest, **options)

        monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(SystemExit, match=r"need a folder to write to\. Received: .*Name another"):
        main("toy_2d", monkeypatch, f"--output_dir={path.get(place, tmp_path)}")


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_kill_at_any_write_loses_nothing(name, wholes, data_dir, tmp_path):
    """SIGKILL before and after each change of the folder, in steps that spread over them all."""
    example, (_, expected, writes) = EXAMPLES[name], wholes(name)
    arguments, counts = flags_of(example, data_dir), Counter()
    step = max(1, writes // int(os.environ.get("KILLS", "25")))
    for n in range(1, writes + 1, step):
        folder = tmp_path / str(n)
        killed = start(example, folder, n, *arguments)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        again = start(example, folder, 0, *arguments, "--resume")
        assert again.returncode == 0, (n, again.stdout, again.stderr)
        assert "Traceback" not in again.stderr
        assert same(state_of(example, folder), expected), n
        assert not list(folder.rglob("*.partial*"))
        counts["exact"] += 1
        shutil.rmtree(folder)
    print(f"{name}: {writes} writes, killed at {counts['exact']}, {dict(counts)}")


@pytest.mark.slow
def test_a_full_disk_loses_nothing(wholes, data_dir, tmp_path):
    """A run on disks of growing size: each ends in a sentence, and goes on when there is room."""
    example, (_, expected, _) = EXAMPLES["images"], wholes("images")
    arguments, counts = flags_of(example, data_dir), Counter()
    for size in ("64k", "300k", "600k", "900k", "1200k", "1600k", "2200k", "3m"):
        with small_disk(tmp_path / size, size) as disk:
            full = start(example, disk / "run", 0, *arguments)
            if full.returncode == 0:
                assert same(state_of(example, disk / "run"), expected)
                counts["exact"] += 1
                continue
            assert "Traceback" not in full.stderr, full.stderr
            assert "Received" in full.stderr, full.stderr
            more = ["--resume"] if (disk / "run" / example.run).exists() else []
            subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
            again = start(example, disk / "run", 0, *arguments, *more)
            assert again.returncode == 0, (size, again.stderr)
            assert same(state_of(example, disk / "run"), expected), size
            counts["refused, then exact"] += 1
    print(f"full disks: {dict(counts)}")
