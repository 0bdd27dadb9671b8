"""`tf-consensus train`: its help, what it refuses, and what it makes of folders of pictures."""

import json
import os
import pathlib
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
from absl import app, flags
from PIL import Image

from tf_consensus.cli.asked_runs import recommended_runs
from tf_consensus.cli.main import COMMANDS, main
from tf_consensus.cli.pictures import as_dataset
from tf_consensus.cli.train import HELP, define
from tf_consensus.cli.validators import check_parts
from tf_consensus.experiments.recommended import Pictures, recommend, remarks
from tf_consensus.experiments.sizes import average_of, between_evaluations

ROOT = pathlib.Path(__file__).resolve().parents[1]
SMALL = ("--filters=2", "--batch_size=4", "--steps=4", "--eval_every=2", "--interpolations=0")
SMALL += ("--latent_dim=4", "--verbose=2", "--eval_samples=10")


def write_pictures(folder, number=12, size=(40, 36), colour=True, classes=()):
    """PNG files of noise, in sub-folders if there are classes."""
    random = np.random.default_rng(0)
    for index in range(number):
        shape = (size[1], size[0], 3) if colour else (size[1], size[0])
        place = folder / classes[index % len(classes)] if classes else folder
        place.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(random.integers(0, 256, shape, dtype=np.uint8))
        image.save(place / f"{index:03d}.png")
    return folder


def test_every_command_has_a_line_and_help_exits_well(capsys):
    for arguments in ([], ["-h"], ["--help"], ["help"], ["-helpfull"]):
        assert main(arguments) == 0
        printed = capsys.readouterr().out
        assert all(f"\n  {name} " in printed for name in COMMANDS)
        assert len(printed.splitlines()) <= 25
    for arguments in (["train", "-h"], ["train", "x", "--help"], ["help", "train"]):
        assert main(arguments) == 0
        assert capsys.readouterr().out == HELP
    assert len(HELP.splitlines()) <= 25
    assert main(["train", "--helpfull"]) == 0
    assert "--epsilon: Epsilon of the inner optimizer." in capsys.readouterr().out
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("tf-consensus 0.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tarin"], "Unknown command 'tarin'. Did you mean train?"),
        (["zzz"], "Unknown command 'zzz'. The commands are train, generate"),
        (["train"], "Nothing to train on. Name a folder of pictures"),
        (["train", "a", "b"], "One folder or data set can be trained on at a time. Received: a b"),
        (["train", "--stpes=3"], "Unknown flag --stpes. Did you mean --steps?"),
        (["train", "--zzqq"], "Unknown flag --zzqq. `tf-consensus train --helpf"),
        (["train", "--steps=many"], "flag --steps=many"),
        (["train", "--steps=0"], "steps"),
        (["train", "--steps"], "Missing value for flag --steps"),
        (["train", "--seeds=a"], "comma list of different integers of at least 0"),
        (["train", "--network=dcgan5", "x"], "Did you mean dcgan4? It must be one of conv3"),
        (["train", "--optimizer=consensu", "x"], "Did you mean consensus?"),
        (["train", "--penalty=r1,r1", "x"], "comma list of different names"),
        (["train", "--learning_rate=-1", "x"], "comma list of different positive numbers"),
        (["train", "--experiment=celeba"], "Did you mean celeba_hq?"),
        (["train", "folder:/no/such"], "A folder of pictures must exist. Received: folder:/no"),
        (["train", "folder:"], "A folder of pictures must exist. Received: folder:."),
        (["train", "./no"], "A folder of pictures must exist. Received: ./no."),
        (["train", f"folder:{__file__}"], "Pictures come in a folder. Received: folder:"),
        (["train", "x", "--dataset=y"], "must be named once. Received: x and --dataset=y"),
        (["train", "x", "--channels=2"], "must be 1, grey, or 3, colour"),
        (["train", "x", f"--classifier={__file__}"], "--classifier must name a .keras file"),
        (["train", "x", "--classifier=no.keras"], "--classifier must name a file. Received: no.k"),
        (["train", "x", "--inception=no.pb"], "--inception must name a file. Received: no.pb"),
        (["train", "x", "--reference=no.npz"], "--reference must name a file. Received: no.npz"),
        (["train", "x", "--fid_tool=pytorch-fid"], "--fid_tool says how images enter the netw"),
        (["train", "x", "--fid_tool=torch"], "--fid_tool=torch"),
        (["train", "x", "--data_dir=/no/dir"], "--data_dir must name a folder. Received: /no/dir"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(arguments, message, capsys):
    assert main(arguments) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("tf-consensus: ")
    assert message in printed
    assert "--beta_1" not in printed  # not the whole help


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("people.csv", "Add --model=table to train on a table."),
        ("motion.NPY", "Add --model=sequences to train on sequences."),
        ("photo.jpg", "Name the folder it is in: folder:."),
    ],
)
@pytest.mark.parametrize("model", ["gan", "acgan"])
def test_a_file_is_no_folder_of_pictures(name, remedy, model, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text("a,b", encoding="utf-8")
    (tmp_path / "fashion_mnist").write_text("a data set of this name is meant", encoding="utf-8")
    assert as_dataset("fashion_mnist") == "fashion_mnist"
    assert main(["train", f"--model={model}", name]) == 2
    said = f"Pictures come in a folder. Received: {name}, a file. {remedy}"
    assert said in capsys.readouterr().err


def test_help_and_refusals_come_before_tensorflow():
    code = "import sys; sys.argv = ['tf-consensus']; sys.orig_argv = ['python', '-m', "
    code += "'tf_consensus']\nfrom tf_consensus.cli.main import main\n"
    code += "main(['train', '-h']); main(['train', '--stpes=1']); main(['train', 'folder:/no'])\n"
    code += "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, capture_output=True)


def run(capsys, *arguments):
    """What a command prints."""
    assert main(["train", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def settings_of(output):
    (path,) = output.glob("*/settings.json")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("colour", "channels"), [(True, 3), (False, 1)])
def test_a_bare_folder_is_looked_at_and_trained_on(colour, channels, tmp_path, capsys):
    pictures = write_pictures(tmp_path / "pictures", colour=colour)
    printed = run(capsys, pictures, *SMALL, f"--output_dir={tmp_path / 'out'}")
    colours = "in colour" if colour else "grey"
    assert f"12 pictures in folder:{pictures}: 40 × 36 pixels, {colours}\n" in printed
    assert "That is few: with fewer than about 500" in printed
    assert "The centre square of each picture is used." in printed
    assert f"  channels       {channels}              --channels=1" in printed
    settings = settings_of(tmp_path / "out")
    assert (settings["channels"], settings["image_size"]) == (channels, 32)
    assert (settings["network"], settings["schedule"]) == ("dcgan4", "linear")
    assert settings["ema"] == 0.0  # 1 - 5 / steps, and no less
    assert "split" not in settings
    folder = tmp_path / "out" / "alternating-dcgan4-seed0"
    gan = keras.models.load_model(folder / "model.keras")
    assert gan.sample_shape[1:] == (32, 32, channels)
    for name in ("report.html", "run.json", "log.csv", "generator.keras", "advice.json"):
        assert (folder / name).stat().st_size
    assert "report.html" in printed


def test_the_command_that_resumes_is_the_one_that_was_typed(tmp_path, capsys):
    pictures = write_pictures(tmp_path / "pictures")
    arguments = [str(pictures), *SMALL, f"--output_dir={tmp_path / 'out'}"]
    run(capsys, *arguments)
    (path,) = (tmp_path / "out").glob("*/run.json")
    command = json.loads(path.read_text(encoding="utf-8"))["command"]
    assert command == ["tf-consensus", "train", *arguments]
    with pytest.raises(SystemExit, match=r"which holds runs\. Add --resume"):
        main(["train", *arguments])
    assert "finished before" in run(capsys, *arguments, "--resume")


def test_classes_of_sub_folders(tmp_path, capsys):
    pictures = write_pictures(tmp_path / "pictures", classes=("cats", "dogs", "owls"))
    with pytest.raises(SystemExit, match=r"has 3 classes\. Pass --num_classes=3"):
        main(["train", str(pictures), *SMALL, "--num_classes=4"])
    printed = run(capsys, pictures, *SMALL, "--num_classes=3", f"--output_dir={tmp_path / 'out'}")
    assert "are mixed" not in printed
    model = next((tmp_path / "out").glob("*/model.keras"))
    assert keras.models.load_model(model).num_classes == 3
    flat = write_pictures(tmp_path / "flat")
    with pytest.raises(SystemExit, match=r"no labels\. Put the pictures of each class into a sub-"):
        main(["train", str(flat), *SMALL, "--num_classes=3"])


def test_sub_folders_train_and_test_are_what_they_say(tmp_path, capsys):
    for name in ("train", "test"):
        write_pictures(tmp_path / "pictures" / name)
    printed = run(capsys, tmp_path / "pictures", *SMALL, f"--output_dir={tmp_path / 'out'}")
    train = f"folder:{tmp_path / 'pictures' / 'train'}"
    assert f"trained on {train}, scored by folder:{tmp_path / 'pictures' / 'test'}" in printed
    assert settings_of(tmp_path / "out")["dataset"] == train


@pytest.mark.parametrize(
    ("method", "network"),
    [
        ("alternating", "dcgan4"),
        ("simultaneous", "dcgan4"),
        ("clipped", "dcgan4"),
        ("consensus", "dcgan4_nobn"),
        ("smoothing", "dcgan4_nobn"),
        ("r1", "dcgan4_nobn"),
        ("relativistic", "dcgan4_nobn"),
    ],
)
def test_a_method_takes_a_network_it_works_on(method, network):
    from tf_consensus.experiments.presets import EXPERIMENTS
    from tf_consensus.experiments.resolving import resolve

    (run,) = resolve(EXPERIMENTS["fashion_mnist_recommended"], {}, [method])
    assert (run["method"], run["network"]) == (method, network)
    (run,) = resolve(EXPERIMENTS["fashion_mnist_recommended"], {"network": "conv4"}, [method])
    assert run["network"] == "conv4"


def test_sides_and_numbers_decide():
    large = Pictures("folder:x", 6000, (64, 80, 512), None, 3, None)
    assert recommend(large, False, None)["image_size"] == 32
    found = recommend(large, True, None)
    assert (found["image_size"], found["filters"]) == (64, 64)
    assert recommend(large, True, 128)["image_size"] == 128
    settings = {"image_size": 32, "num_classes": None, "channels": 3}
    centre = "The centre square of each picture is used."
    assert remarks(large, settings) == [centre]
    assert remarks(large._replace(same_size=(64, 64)), settings) == []
    assert remarks(large._replace(same_size=(64, 65)), settings) == [centre]
    small = large._replace(smaller=(8, 16, 20))
    assert "are enlarged" in remarks(small, settings)[0]
    assert "lose their colours" in remarks(large, {**settings, "channels": 1})[1]


@pytest.mark.parametrize(
    ("run", "devices", "message"),
    [
        ({"batch_size": 64, "microbatches": 8}, 1, None),
        ({"batch_size": 64, "microbatches": 1}, 3, None),
        ({"batch_size": 64, "pack": 8}, 3, None),
        ({"batch_size": 64, "pack": 8, "microbatches": 2}, 4, None),
        ({"steps": 3}, 2, None),
        (
            {"batch_size": 64, "pack": 3},
            1,
            "of --pack. Received: --batch_size=64 --pack=3.",
        ),
        ({"batch_size": 64, "microbatches": 3}, 1, "multiple of --microbatches. Received: --batch"),
        ({"batch_size": 64, "microbatches": 64}, 2, "--microbatches times the 2 devices. Received"),
        (
            {"batch_size": 64, "pack": 8, "microbatches": 2},
            8,
            "of --pack times --microbatches times the 8 devices. Received: --batch_size=64",
        ),
    ],
)
def test_a_batch_is_cut_into_equal_parts_on_each_device(run, devices, message):
    if message is None:
        check_parts(run, devices)
    else:
        with pytest.raises(app.UsageError, match=re.escape(message)):
            check_parts(run, devices)


@pytest.mark.parametrize(
    ("smaller", "same", "expected"),
    [
        ((64, 80, 512), None, "smaller sides of 64 to 512 pixels, 80 at the median, in colour"),
        ((32, 32, 64), None, "smaller sides of 32 to 64 pixels, 32 at the median, in colour"),
        ((32, 32, 32), None, "smaller sides of 32 pixels, in colour"),
        ((32, 32, 32), (32, 40), "40 × 32 pixels, in colour"),
        (None, None, "of different sizes, in colour"),
    ],
)
def test_sizes_are_described(smaller, same, expected):
    described = Pictures("folder:x", 20, smaller, same, 3, None).describe()
    assert described == f"20 pictures in folder:x: {expected}"


@pytest.mark.parametrize(("steps", "decay"), [(1, 0), (5, 0), (50, 0.9), (5000, 0.999)])
def test_an_average_forgets_the_initial_weights(steps, decay):
    assert average_of(steps) == pytest.approx(decay)


@pytest.mark.parametrize(("steps", "between"), [(3, 3), (250, 250), (1100, 220), (5000, 250)])
def test_evaluations_divide_the_steps(steps, between):
    assert between_evaluations(steps) == between


def test_steps_without_a_divisor_are_refused(tmp_path, capsys):
    assert main(["train", str(write_pictures(tmp_path)), "--steps=1103"]) == 2
    assert "Received: --steps=1103. Pass --steps=1100, or --eval_every" in capsys.readouterr().err


def test_steps_without_a_divisor_train_with_evaluations_of_their_own(tmp_path):
    values = flags.FlagValues()
    define(values)
    values(["train", "--steps=1103", "--eval_every=1103"])
    pictures = write_pictures(tmp_path)
    ((run,), _) = recommended_runs(values, f"folder:{pictures}")
    assert (run["steps"], run["eval_every"]) == (1103, 1103)


@pytest.mark.parametrize("size", [20, 33, 4])
def test_sides_that_no_network_makes_are_refused(size, tmp_path, capsys):
    pictures = write_pictures(tmp_path / "pictures")
    assert main(["train", str(pictures), *SMALL, f"--image_size={size}"]) == 2
    assert f"Received: --image_size={size}. Pass" in capsys.readouterr().err


def test_scores_of_a_folder_are_by_pictures_held_out(tmp_path, capsys):
    pictures = write_pictures(tmp_path / "pictures", number=40, classes=("cats", "dogs"))
    classifier = keras.Sequential(
        [keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(3)]
    )
    classifier.save(tmp_path / "classifier.keras")
    output = tmp_path / "out"
    printed = run(
        capsys,
        pictures,
        *SMALL,
        f"--classifier={tmp_path / 'classifier.keras'}",
        f"--output_dir={output}",
    )
    assert "a tenth of each sub-folder, held out of training" in printed
    settings = settings_of(output)
    assert (settings["split"], settings["test_split"]) == ("rest", "held_out")
    assert (settings["data"]["split"], settings["data"]["images"]) == ("rest", 36)
    (result,) = json.loads((output / "results.json").read_text(encoding="utf-8"))["runs"]
    assert result["scores"][0]["n_real"] == 4


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--fraction=0.25"], "--fraction is for consensus, alternating_consensus"),
        (["--gamma_kind=relative", "--optimizer=r1"], "--gamma_kind is for consensus"),
        (["--reuse", "--optimizer=consensus"], "--reuse is for alternating_consensus"),
        (["--regularize=generator"], "--regularize is for alternating_consensus"),
        (["--gamma=1"], "--gamma must change something. Received: --gamma=1.0 for alternating"),
        (["--clip_norm=1"], "--clip_norm must .* Pass --optimizer=clipped, or leave"),
        (["--penalty_weight=1"], "--penalty_weight must .* for example --penalty=r1, or leave"),
        (["--decay=0.9"], "--decay must .* Pass --inner=rmsprop"),
        (
            ["--optimizer=consensus", "--debias=per_example", "--fraction=0.5"],
            "the rest of the batch is the independent part",
        ),
    ],
)
def test_settings_that_no_method_takes_are_refused(flags, message):
    with pytest.raises(SystemExit, match=message):
        main(["train", "--experiment=fashion_mnist_recommended", *flags])
