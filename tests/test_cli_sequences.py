"""Runs of the program on waves and on sequences of a file: scores, files, units, `generate`."""

import json

import keras
import numpy as np
import pytest
from saved_runs import told

from tf_consensus.experiments.families.waves import WaveComparison, true_waves

TINY = ("--steps=4", "--eval_every=2", "--batch_size=4", "--verbose=0", "--width=2", "--jit=off")
TINY += ("--optimizer=alternating",)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Output folders of a run on waves with numbers, and of one on a file."""
    root = tmp_path_factory.mktemp("runs")
    path = root / "motion.npz"
    np.savez(path, x=1000 + 50 * np.random.default_rng(0).normal(size=(20, 3, 2)) * [1.0, 0.01])
    typed = {
        "waves": ("waves", "--with_numbers", "--length=8", "--ema=0.5"),
        "motion": (path, "--network=sequence_gru", "--unroll", "--penalty="),
    }

    def run(name, capsys):
        output = root / name
        if not output.exists():
            words = ("--model=sequences", *typed[name], *TINY, f"--output_dir={output}")
            status, out, err = told(capsys, "train", *words)
            assert status == 0, err
            (output / "said.txt").write_text(out)
        return output

    return run


def folder_of(output):
    (folder,) = (path for path in output.iterdir() if path.is_dir())
    return folder


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_run_on_waves_has_their_scores(runs, capsys):
    folder = folder_of(runs("waves", capsys))
    assert folder.name == "alternating-sequences-seed0"
    said = (folder.parent / "said.txt").read_text()
    assert said.startswith("sine waves of 1 to 4 cycles\n")
    assert "  with numbers   True           --with_numbers\n" in said
    assert "unroll" not in said
    result = read(folder / "result.json")
    with np.load(folder / "generated.npz") as file:
        made = {"wave": file["sequences"], "numbers": file["numbers"]}
    assert made["wave"].shape == (2000, 8, 1)
    assert made["numbers"].shape == (2000, 2)
    # The log's samples are of other latents beyond the first 256.
    compare = WaveComparison(true_waves(2000, 8, 0), numbers=True)
    for name, value in compare(made).items():
        assert result[name] == pytest.approx(value, rel=0.2), name
    for name, value in compare(true_waves(2000, 8, 1)).items():
        assert result[f"{name}_of_true_waves"] == value
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "autocovariance" in page
    assert (folder / "sequences.png").stat().st_size


def test_a_run_on_a_file_has_its_units(runs, capsys):
    folder = folder_of(runs("motion", capsys))
    settings, result = read(folder / "settings.json"), read(folder / "result.json")
    said = (folder.parent / "said.txt").read_text()
    assert "20 sequences in " in said
    assert "motion.npz: 3 times, 2 channels\n" in said
    assert "  unroll         True           --unroll\n" in said
    assert "--length" not in said
    assert (settings["length"], settings["features"]) == (3, 2)
    np.testing.assert_allclose(settings["offset"], [1000, 1000], atol=20)
    np.testing.assert_allclose(settings["scale"], [50, 0.5], rtol=0.2)
    made = np.load(folder / "generated.npy")
    assert made.shape == (2000, 3, 2)
    np.testing.assert_allclose(made.mean(axis=(0, 1)), settings["offset"], rtol=0.1)
    assert 0.0 < result["wasserstein1_of_true_sequences"] < result["wasserstein1"]
    assert 0.0 < result["correlation_difference"] < 2.0


@pytest.mark.parametrize("averaged", [True, False])
def test_waves_with_numbers_are_generated_as_two_arrays(runs, tmp_path, capsys, averaged):
    output = runs("waves", capsys)
    given = (f"--output={tmp_path / 'x.npz'}", "--n=5", "--seed=3")
    status, out, _ = told(
        capsys, "generate", output, *given, *([] if averaged else ["--noaveraged"])
    )
    assert (status, out) == (0, f"5 sequences in {tmp_path}/x.npz, of model.keras, seed 3\n")
    model = keras.models.load_model(folder_of(output) / "model.keras")
    made = model.generate(5, seed=3, averaged=averaged)
    with np.load(tmp_path / "x.npz") as file:
        assert sorted(file.files) == ["numbers", "sequences"]
        np.testing.assert_allclose(file["sequences"], made["wave"], atol=1e-6)
        np.testing.assert_allclose(file["numbers"], made["numbers"], atol=1e-6)


def test_sequences_of_a_file_are_generated_in_its_units(runs, tmp_path, capsys):
    folder = folder_of(runs("motion", capsys))
    for name in ("x.npy", "x.NPZ", "x.png"):
        status, _, err = told(capsys, "generate", folder, f"--output={tmp_path / name}", "--n=7")
        assert status == 0, err
    settings = read(folder / "settings.json")
    model = keras.models.load_model(folder / "model.keras")
    expected = settings["offset"] + np.array(settings["scale"]) * model.generate(7, seed=0)
    found = np.load(tmp_path / "x.npy")
    assert (found.shape, found.dtype) == ((7, 3, 2), np.float64)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    with np.load(tmp_path / "x.NPZ") as file:
        np.testing.assert_array_equal(file["sequences"], found)
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


BAD = [
    ("motion", ("--output=x/",), "Sequences need an .npy, .npz or .png file. Received: x/."),
    ("motion", ("--output=x.csv",), "Received: x.csv. Pass --output=new.npy."),
    ("motion", ("--output=x.npy", "--labels=1"), "--labels is for runs on latents."),
    ("motion", ("--output=x.npy", "--interpolate"), "--interpolate is for runs on latents."),
    ("motion", ("--output=x.npy", "--source=y"), "--source is for runs on pairs of images."),
    ("waves", ("--output=x.npy",), "An .npy file has no room for the numbers of waves. Received"),
]


@pytest.mark.parametrize(("name", "flags", "message"), BAD)
def test_what_generate_refuses(runs, tmp_path, capsys, monkeypatch, name, flags, message):
    output = runs(name, capsys)
    monkeypatch.chdir(tmp_path)
    status, _, err = told(capsys, "generate", output, *flags)
    assert (status, message in err) == (2, True), err
    assert list(tmp_path.iterdir()) == []


def test_other_commands_say_what_they_take(runs, capsys):
    output = runs("motion", capsys)
    status, _, err = told(capsys, "evaluate", output, "--classifier=x.keras")
    assert (status, "Scores of pictures need a run that makes them of latents." in err) == (2, True)
    status, _, err = told(capsys, "spectrum", output)
    assert (status, "This command measures runs of a GAN. Received: " in err) == (2, True)
    file = folder_of(output) / "generator.keras"
    status, _, err = told(capsys, "generate", file, "--output=x.npy")
    assert (status, "A run of sequences is named by its folder." in err) == (2, True)


def test_a_file_with_a_large_offset_is_trained_on_and_generated_in_double_precision(
    tmp_path, capsys, recwarn
):
    x = 1.7e9 + 3 * np.random.default_rng(0).normal(size=(40, 8, 1))
    np.save(tmp_path / "x.npy", x)
    typed = ("--model=sequences", tmp_path / "x.npy", *TINY, f"--output_dir={tmp_path / 'out'}")
    status, _, err = told(capsys, "train", *typed)
    assert (status, "invalid value" in err) == (0, False), err
    folder = folder_of(tmp_path / "out")
    made = np.load(folder / "generated.npy")
    assert made.dtype == np.float64
    assert len(np.unique(made)) > 1000  # float32 has steps of 128 there
    np.testing.assert_allclose(made, 1.7e9, atol=100)
    scale = read(folder / "settings.json")["scale"][0]
    assert scale == pytest.approx((x - 1.7e9).std(), rel=1e-6)
    model = keras.models.load_model(folder / "model.keras")
    status, _, err = told(capsys, "generate", folder, f"--output={tmp_path / 'y.npy'}", "--n=7")
    assert status == 0, err
    found = (np.load(tmp_path / "y.npy") - read(folder / "settings.json")["offset"]) / scale
    np.testing.assert_allclose(found, model.generate(7, seed=0), atol=1e-5)


@pytest.mark.parametrize("name", ["waves", "x.npy"])
def test_a_batch_that_no_tensor_holds_is_refused(tmp_path, capsys, name):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(8, 4, 1)))
    data = name if name == "waves" else tmp_path / name
    typed = ("--model=sequences", data, *TINY, "--batch_size=99999999")
    status, _, err = told(capsys, "train", *typed, f"--output_dir={tmp_path / 'out'}")
    assert (status, "--batch_size: `batch_size` must be at most" in err) == (1, True), err
    assert not list((tmp_path / "out").glob("*/settings.json"))


def test_a_changed_file_is_another_run(tmp_path, capsys):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "x.npy", rng.normal(size=(8, 4, 1)))
    typed = ("--model=sequences", tmp_path / "x.npy", *TINY, f"--output_dir={tmp_path / 'out'}")
    assert told(capsys, "train", *typed)[0] == 0
    np.save(tmp_path / "x.npy", rng.normal(size=(8, 4, 1)))
    status, _, err = told(capsys, "train", *typed, "--resume")
    assert (status, "--resume needs the settings the runs were started with" in err) == (1, True)
