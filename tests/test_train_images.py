"""The image examples as a user runs them, on a tiny data set of the true one's format."""

import csv
import errno
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from absl import app, flags
from PIL import Image
from small_images import write_fashion_mnist

import tf_consensus as tfc
from tests.in_process import example, main
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.image_session import going_on

ROOT = pathlib.Path(__file__).resolve().parents[1]
TINY = (
    *("--experiment=fashion_mnist_adam_consensus", "--filters=4", "--latent_dim=8"),
    *("--batch_size=8", "--eval_samples=16", "--verbose=2"),
)
GRID_METHODS = ("simultaneous", "alternating", "consensus", "smoothing")
NAMES = {
    *(f"inception_score_{conv}" for conv in ("conv3", "conv4")),
    *(f"extra_dense_{conv}" for conv in ("conv3", "conv4")),
    *(f"learning_rate_{m}_{c}" for m in ("alternating", "consensus") for c in ("conv3", "conv4")),
    *(f"gamma_{conv}" for conv in ("conv3", "conv4")),
    *("comparison_dcgan4", "comparison_dcgan4_nobn", "comparison_dcgan4_nobn_cf"),
    "comparison_dcgan4_nobn_cf_js",
    *(f"divergence_{name}" for name in ("standard", "js", "indicator", "kl", "tv")),
    *("celeba_resnet_cf", "celeba_hq", "lsun_bedroom", "imagenet"),
    *(
        f"fashion_mnist_{method}_{network}"
        for method in GRID_METHODS
        for network in ("dcgan4", "dcgan4_nobn", "dcgan4_nobn_cf", "dcgan4_nobn_cf_js")
    ),
    *("fashion_mnist_r1_dcgan4_nobn", "fashion_mnist_relativistic_dcgan4_nobn"),
    *(
        f"fashion_mnist_adam_{method}"
        for method in ("consensus", "alternating", "relativistic", "simultaneous")
    ),
    *("fashion_mnist_grid", "fashion_mnist_adam", "fashion_mnist_recommended"),
    *("fashion_mnist_r3gan", "fashion_mnist_lazy_r1", "cifar10_r3gan", "stacked_fashion_mnist"),
}


@pytest.fixture(autouse=True)
def examples_can_import_each_other(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "examples"))


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return write_fashion_mnist(tmp_path_factory.mktemp("fashion_mnist"))


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def read_log(folder):
    with open(folder / "log.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    times = ("seconds", "cpu_seconds", "ms_per_step")
    return [{k: v for k, v in row.items() if k not in times} for row in rows]


# The table.


def runs_of(name, **options):
    from tf_consensus.experiments.presets import EXPERIMENTS
    from tf_consensus.experiments.resolving import resolve

    return resolve(EXPERIMENTS[name], options.pop("overrides", {}), **options)


def test_the_table_has_every_experiment():
    from tf_consensus.experiments.presets import EXPERIMENTS

    assert set(EXPERIMENTS) == NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_run_has_its_optimizer_and_penalties(name):
    from tf_consensus.experiments.image_runs import make_optimizer, make_penalties

    runs = runs_of(name)
    assert len({run["name"] for run in runs}) == len(runs)
    for run in runs:
        assert run["network"] in tfc.networks.names()
        assert run["objective"] in tfc.objectives.names()
        assert run["steps"] % run["eval_every"] == 0
        optimizer = make_optimizer(run)
        assert type(optimizer).__name__ == f"{run['optimizer'].title().replace('_', '')}Optimizer"
        for inner in optimizer.inner_optimizers:
            first = 4.0 if run.get("burn_in") else 1.0
            assert float(inner.learning_rate) == pytest.approx(first * run["learning_rate"])
            assert inner.use_ema == bool(run["ema"] or run.get("ema_half_life"))
        if run["optimizer"] in ("consensus", "smoothing"):
            assert (optimizer.gamma, optimizer.debias) == (run["gamma"], None)
        assert optimizer.microbatches == 1
        weight = run["gamma"] if run["penalty_weight"] is None else run["penalty_weight"]
        assert [p.gamma for p in make_penalties(run)] == [weight] * len(run["penalty"])


def test_settings_are_those_of_the_papers():
    from tf_consensus.experiments.image_runs import make_inner

    (consensus, alternating) = runs_of("inception_score_conv3")
    assert (consensus["network"], alternating["network"]) == ("dcgan3_nobn", "dcgan3")
    assert (consensus["gamma"], consensus["learning_rate"]) == (0.1, 1e-4)
    shape = (consensus["filters"], consensus["latent_dim"], consensus["batch_size"])
    assert shape == (64, 256, 64)
    inner = make_inner(consensus)
    assert (inner.rho, inner.epsilon) == (0.9, 1e-10)
    (hq,) = runs_of("celeba_hq")
    assert (hq["batch_size"], hq["image_size"], hq["penalty"]) == (24, 1024, ["r1"])
    assert (hq["penalty_weight"], hq["ema"], hq["decay"], hq["epsilon"]) == (20, 0.999, 0.99, 1e-8)
    (imagenet,) = runs_of("imagenet")
    assert (imagenet["num_classes"], imagenet["batch_size"]) == (1000, 128)
    grid = runs_of("fashion_mnist_grid")
    assert len(grid) == 18
    assert {run["filters"] for run in grid} == {16}
    adam = make_inner(runs_of("fashion_mnist_adam_consensus")[0])
    assert (adam.beta_1, adam.beta_2) == (0.0, 0.99)


def test_networks_of_the_table_are_built():
    from tf_consensus.experiments.image_runs import make_networks

    runs = {run["network"]: run for name in NAMES for run in runs_of(name)}
    for run in runs.values():
        small = {"image_size": 32, "filters": 2, "latent_dim": 8}
        small |= {"num_classes": 5} if run["num_classes"] else {}
        small["precision"] = "mixed_bfloat16" if run["num_classes"] else "float32"
        generator, discriminator = make_networks(run | small, seed=0)
        mixed = any(layer.compute_dtype == "bfloat16" for layer in generator.layers)
        assert mixed == bool(run["num_classes"])
        assert generator.output_shape[1:] == (32, 32, run["channels"])
        assert discriminator.output_shape == (None, 5 if run["num_classes"] else 1)


def test_flags_override_choose_and_sweep():
    overrides = {"filters": 8}
    runs = runs_of("comparison_dcgan4", overrides=overrides, methods=["consensus", "r1"])
    assert [run["name"] for run in runs] == ["consensus-dcgan4", "r1-dcgan4_nobn"]
    assert {run["filters"] for run in runs} == {8}
    assert runs[1]["penalty"] == ["r1"]
    sweep = runs_of("divergence_js", sweeps={"gamma": [1.0, 3.0]})
    expected = ["consensus-dcgan4_nobn_cf-js-gamma1", "consensus-dcgan4_nobn_cf-js-gamma3"]
    assert [run["name"] for run in sweep] == expected
    names = [run["name"] for run in runs_of("learning_rate_consensus_conv4")]
    assert names[0] == "consensus-dcgan4_nobn-lr2e-05"
    (single,) = runs_of("learning_rate_consensus_conv4", sweeps={"learning_rate": [1e-4]})
    assert single["name"] == "consensus-dcgan4_nobn"


# Runs.


@pytest.fixture(scope="module")
def scores(tmp_path_factory, data_dir):
    """A classifier and its reference, as flags."""
    output = tmp_path_factory.mktemp("classifier")
    with pytest.MonkeyPatch.context() as patch:
        arguments = ("--filters=4", "--epochs=3", "--batch_size=16", f"--data_dir={data_dir}")
        main("train_classifier", patch, f"--output_dir={output}", *arguments)
    return output


@pytest.fixture(scope="module")
def flags_of(data_dir, scores):
    paths = ("classifier.keras", "reference.npz")
    classifier, reference = (scores / name for name in paths)
    paths = (f"--classifier={classifier}", f"--reference={reference}", f"--data_dir={data_dir}")
    return (*TINY, *paths, "--steps=12", "--eval_every=4", "--ema=0.5")


@pytest.fixture(scope="module")
def whole(tmp_path_factory, flags_of):
    output = tmp_path_factory.mktemp("whole") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "examples"))
        main("train_images", patch, f"--output_dir={output}", *flags_of)
    return output


def test_classifier_learns_and_states_what_real_images_score(scores):
    report = read(scores / "results.json")
    assert report["accuracy"] > 0.3
    assert report["scores_of_the_real_images"]["frechet_distance"] == pytest.approx(0, abs=1e-3)
    assert report["description"]["n_real"] == 64
    assert not report["description"]["reference_network"]
    last = keras.models.load_model(scores / "classifier.keras").layers[-1]
    assert last.activation is keras.activations.linear


def test_leaves_log_results_pictures_and_the_model(whole, scores):
    folder = whole / "consensus-dcgan4_nobn-seed0"
    files = {"log.csv", "settings.json", "result.json", "interpolations.png"}
    files |= {"report.html", "run.json", "advice.json", "captions.json"}
    models = {"model.keras", "generator.keras"}
    assert {path.name for path in folder.iterdir()} == files | models | {"samples"}
    grids = [f"{step:08d}.png" for step in (0, 4, 8, 12)]
    assert sorted(path.name for path in (folder / "samples").iterdir()) == grids
    pictures = {"losses.png", "curves_steps.png", "curves_seconds.png", "curves_cpu_seconds.png"}
    assert {path.name for path in whole.glob("*.png")} == pictures
    report = read(whole / "results.json")
    assert set(report) == {"runs", "settings", "versions"}
    (run,) = report["runs"]
    rows = read_log(folder)
    for key, best in (("classifier_score", max), ("frechet_distance", min)):
        values = [float(row[key]) for row in rows]
        found = run["metrics"][key]
        assert (found["final"], found["final_step"]) == (values[-1], 12)
        assert found["best"] == best(values)
        assert found["best_step"] == 4 * (1 + values.index(best(values)))
    assert [row["step"] for row in rows] == ["4", "8", "12"]
    assert run["losses"]["generator_loss"]["final"] == float(rows[-1]["generator_loss"])
    assert 0 < run["seconds"] < 600
    assert run["evaluated"] == "average of the weights, decay 0.5"
    assert (run["scores"][0]["n_real"], run["scores"][0]["n_fake"]) == (64, 16)


def test_scores_are_those_of_the_saved_generator(whole, scores):
    gan = keras.models.load_model(whole / "consensus-dcgan4_nobn-seed0" / "model.keras")
    classifier = keras.models.load_model(scores / "classifier.keras")
    extractor = tfc.metrics.Extractor(
        classifier, name="classifier of fashion_mnist", weights="train_classifier.py"
    )
    metric = tfc.metrics.ImageScores(
        extractor, tfc.metrics.Reference.load(scores / "reference.npz")
    )
    metric.update_state(gan.generate(16, seed=0))
    (run,) = read(whole / "results.json")["runs"]
    for key, value in metric.result().items():
        if key in run["metrics"]:
            assert run["metrics"][key]["final"] == pytest.approx(value, rel=1e-4)


def start(output, *arguments):
    command = [sys.executable, str(ROOT / "examples" / "train_images.py")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [*command, f"--output_dir={output}", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )


def test_sigterm_keeps_the_backup_and_resume_ends_the_same(
    whole, flags_of, tmp_path, monkeypatch, capsys
):
    output = tmp_path / "run"
    folder = output / "consensus-dcgan4_nobn-seed0"
    process = start(output, *flags_of)
    while not list(folder.glob("backup/step-*.h5")):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    printed, _ = process.communicate(timeout=300)
    assert process.returncode == 143, printed
    assert "--resume" in printed.splitlines()[-1]
    assert read(output / "results.json")["runs"] == []
    for more, message in (
        ((), "Results need a new folder. Received: .* which holds runs"),
        (("--resume", "--gamma=3"), r"gamma=3 \(before: 1\)"),
        (
            ("--resume", "--precision=mixed_bfloat16"),
            r"precision=mixed_bfloat16 \(before: float32\)",
        ),
    ):
        with pytest.raises(SystemExit, match=message):
            main("train_images", monkeypatch, f"--output_dir={output}", *flags_of, *more)
    main("train_images", monkeypatch, f"--output_dir={output}", *flags_of, "--resume")
    assert "Epoch 1/3" not in capsys.readouterr().out
    expected = {row["epoch"]: row for row in read_log(whole / folder.name)}
    assert {row["epoch"]: row for row in read_log(folder)} == expected
    models = [keras.models.load_model(x / folder.name / "model.keras") for x in (output, whole)]
    for found, wanted in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_a_finished_run_goes_on_to_more_steps(data_dir, tmp_path, monkeypatch, capsys):
    """Two epochs, then the third, are the three at once."""
    common = [*TINY, f"--data_dir={data_dir}", "--eval_every=2", "--inner=adam"]
    whole, parts = ([*common, f"--output_dir={tmp_path / name}"] for name in ("whole", "parts"))
    main("train_images", monkeypatch, *whole, "--steps=6")
    main("train_images", monkeypatch, *parts, "--steps=4")
    with pytest.raises(SystemExit, match=r"steps=2 \(before: 4\)"):
        main("train_images", monkeypatch, *parts, "--resume", "--steps=2")
    capsys.readouterr()
    main("train_images", monkeypatch, *parts, "--resume", "--steps=6")
    printed = capsys.readouterr().out
    assert "Epoch 3/3" in printed
    assert "Epoch 2/3" not in printed
    folders = [tmp_path / name / "consensus-dcgan4_nobn-seed0" for name in ("whole", "parts")]
    assert read_log(folders[1]) == read_log(folders[0])
    models = [keras.models.load_model(folder / "model.keras") for folder in folders]
    states = [model.variables + model.optimizer.variables for model in models]
    for a, b in zip(*states, strict=True):
        np.testing.assert_array_equal(a, b)
    main("train_images", monkeypatch, *parts, "--resume", "--steps=6")
    assert "finished before" in capsys.readouterr().out


def test_a_run_goes_on_from_whole_epochs():
    with_steps = {"steps": 6, "eval_every": 2, "ema": 0.9}
    assert going_on({"steps": 4}, with_steps) == ["steps"]
    assert going_on({"steps": 6}, with_steps) == []
    with pytest.raises(RunError, match=r"from a whole number of evaluations\. Received: --steps=6"):
        going_on({"steps": 3}, with_steps)
    falling = with_steps | {"schedule": "linear"}
    with pytest.raises(RunError, match=r"does not fall to 0 .* started with --steps=4"):
        going_on({"steps": 4, "schedule": "linear"}, falling)


def test_conditional_networks_train_with_labels(data_dir, tmp_path, monkeypatch):
    arguments = [*TINY, "--experiment=imagenet", "--dataset=fashion_mnist"]
    arguments += [f"--data_dir={data_dir}", "--filters=2"]
    arguments += ["--image_size=16", "--channels=1", "--num_classes=10"]
    arguments += ["--steps=2", "--eval_every=2", "--tensorboard", "--interpolations=3"]
    main("train_images", monkeypatch, f"--output_dir={tmp_path}", *arguments)
    folder = tmp_path / "r1-residual_imagenet-seed0"
    gan = keras.models.load_model(folder / "model.keras")
    assert gan.num_classes == 10
    assert gan.penalties == [tfc.penalties.R1(20.0)]
    with Image.open(folder / "interpolations.png") as strips:
        assert strips.size == (10 * 18 - 2, 3 * 18 - 2)
    # A class a row: eight of 64 samples each.
    images = gan.generate(64, seed=0, labels=np.arange(64) // 8)
    with Image.open(folder / "samples" / "00000002.png") as grid:
        np.testing.assert_array_equal(np.asarray(grid), tfc.plotting.image_grid(images))
    assert list((folder / "tensorboard").glob("*"))


def test_debiasing_belongs_to_the_settings(data_dir, tmp_path, monkeypatch):
    arguments = [*TINY, f"--data_dir={data_dir}", "--steps=2", "--eval_every=2"]
    arguments += [f"--output_dir={tmp_path}", "--microbatches=4", "--interpolations=0"]
    main("train_images", monkeypatch, *arguments, "--debias=groups")
    gan = keras.models.load_model(tmp_path / "consensus-dcgan4_nobn-seed0" / "model.keras")
    assert (gan.optimizer.microbatches, gan.optimizer.debias) == (4, "groups")
    with pytest.raises(SystemExit, match=r"debias=None \(before: groups\)"):
        main("train_images", monkeypatch, *arguments, "--resume")


def test_divergence_stops_a_run_and_not_the_others(data_dir, tmp_path, monkeypatch, capsys):
    arguments = [*TINY, f"--data_dir={data_dir}", "--steps=2", "--eval_every=1"]
    arguments += ["--optimizer=simultaneous", "--learning_rate=1e30,1e-4", "--inner=rmsprop"]
    with pytest.raises(SystemExit) as stopped:
        main("train_images", monkeypatch, f"--output_dir={tmp_path}", *arguments)
    assert stopped.value.code == 1
    printed = capsys.readouterr()
    assert "Losses and weights must be finite" in printed.err
    assert "failed: simultaneous-dcgan4-lr1e+30-seed0" in printed.err
    assert "no scores: pass --classifier" in printed.out
    bad, good = read(tmp_path / "results.json")["runs"]
    assert "must be finite" in bad["diverged"]
    assert (good["diverged"], good["steps"]) == (None, 2)


@pytest.mark.parametrize(
    "name", ["model.keras", "generator.keras", "result.json", "log.csv", "step-00000002-"]
)
def test_a_full_disk_ends_with_a_message_and_loses_nothing(
    name, data_dir, tmp_path, monkeypatch, capsys
):
    folder = tmp_path / "simultaneous-dcgan4-seed0"
    arguments = [*TINY, f"--data_dir={data_dir}", "--steps=4", "--eval_every=2", "--backup_every=1"]
    arguments += ["--optimizer=simultaneous", f"--output_dir={tmp_path}"]
    with monkeypatch.context() as patch:
        full_disk(patch, name)
        with pytest.raises(SystemExit, match=r"There must be space on the disk\."):
            main("train_images", patch, *arguments)
    assert list(folder.glob("backup/step-*")) or name == "log.csv"
    assert not list(tmp_path.rglob("*.partial*"))
    main("train_images", monkeypatch, *arguments, "--resume")
    assert [row["step"] for row in read_log(folder)] == ["1", "2", "3", "4"]
    grids = [f"{step:08d}.png" for step in (0, 2, 4)]
    assert sorted(path.name for path in (folder / "samples").iterdir()) == grids
    assert not (folder / "backup").exists()
    gan = keras.models.load_model(folder / "model.keras")
    assert int(gan.optimizer.iterations) == 4


def full_disk(monkeypatch, name):
    """A disk that is full when a file whose name begins so is to get its place."""
    true = os.replace

    def replace(partial, path):
        if pathlib.Path(path).name.startswith(name):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        true(partial, path)

    monkeypatch.setattr(os, "replace", replace)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--experiment=cifar"], "It must be one of .*celeba_hq.*fashion_mnist_grid"),
        (["--experiment=fashion_mnist_addam"], "Did you mean fashion_mnist_adam"),
        (["--optimizer=adam"], "comma list of different names out of .*relativistic"),
        (["--optimizer=consensu"], "Did you mean consensus"),
        (["--optimizer=r1,r1"], "comma list of different names"),
        (["--network=dcgan5"], "Did you mean dcgan4.*It must be one of .*dcgan4_nobn"),
        (["--objective=gan2"], "It must be one of .*relativistic"),
        (["--penalty=r3"], "Did you mean r[12].*comma list of different names out of .*r1"),
        (["--seeds=0,0"], "comma list of different integers of at least 0"),
        (["--gamma=-1"], "comma list of different positive numbers"),
        (["--learning_rate=fast"], "comma list of different positive numbers"),
        (["--steps=0"], "positive integer"),
        (["--classifier=a", "--inception=b"], "by --classifier or by --inception, not by both"),
    ],
)
def test_wrong_flags_are_refused(arguments, message, monkeypatch):
    with example("train_images", monkeypatch), pytest.raises(flags.Error, match=message):
        flags.FLAGS(["train_images.py", *arguments])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--steps=30", "--eval_every=20"],
            "multiple of --eval_every. Received: --steps=30 --eval",
        ),
        (
            ["--eval_every=250", "--backup_every=100"],
            "--eval_every must be a multiple of --backup_e",
        ),
        (
            ["--microbatches=5"],
            "--batch_size must be a multiple of --microbatches. Received: --batch_size=64 --micro",
        ),
        (["consensus"], "All arguments are flags. Received: consensus"),
    ],
)
def test_wrong_combinations_are_refused(arguments, message, tmp_path, monkeypatch):
    output = tmp_path / "new"
    with pytest.raises(app.UsageError, match=message):
        main("train_images", monkeypatch, f"--output_dir={output}", *arguments)
    assert not output.exists()


# Comparisons.


def write_run(folder, seed, values, gamma=1.0, diverged=None, inner="adam"):
    """A finished run, as train_images.py leaves it."""
    folder.mkdir(parents=True)
    steps = [100 * (1 + k) for k in range(len(values))]
    keys = ["epoch", "step", "seconds", "cpu_seconds", "ms_per_step", "classifier_score"]
    keys += ["generator_loss", "discriminator_loss", "gradient_norm", "val_step"]
    with open(folder / "log.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(keys)
        for k, value in enumerate(values):
            writer.writerow([k, steps[k], k + seed, 2 * k, 10.0, value, 0.7, 1.4, 0.1, "NA"])
    score = {"best": max(values), "best_step": steps[int(np.argmax(values))]}
    score |= {"final": values[-1], "final_step": steps[-1]}
    result = {"name": folder.name.rsplit("-seed", 1)[0], "method": "consensus", "network": "net"}
    result |= {"seed": seed, "gamma": gamma, "learning_rate": 1e-4, "steps": steps[-1]}
    result |= {"diverged": diverged, "seconds": 30.0, "cpu_seconds": 60.0, "ms_per_step": 10.0}
    result |= {"metrics": {"classifier_score": score}}
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")
    settings = {"dataset": "fashion_mnist", "inner": inner, "learning_rate": 1e-4, "gamma": gamma}
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")


def test_plot_runs_compares_folders(tmp_path, monkeypatch, capsys):
    one, two, output = (tmp_path / name for name in ("one", "two", "plots"))
    write_run(one / "consensus-net-gamma1-seed0", 0, [1.0, 5.0, 4.0])
    write_run(one / "consensus-net-gamma1-seed1", 1, [1.0, 2.0, 6.0])
    write_run(one / "consensus-net-gamma3-seed0", 0, [1.0, 2.0, 3.0], gamma=3.0)
    broken = {"gamma": 3.0, "diverged": "at step 200", "inner": "rmsprop"}
    write_run(two / "consensus-net-gamma3-seed0", 0, [2.0], **broken)
    main("plot_runs", monkeypatch, f"--folders={one},{two}", f"--output_dir={output}")
    names = {"losses.png", "sweep_gamma.png", "table.md"}
    names |= {f"curves_{along}.png" for along in ("steps", "seconds", "cpu_seconds")}
    assert {path.name for path in output.iterdir()} == names
    head, _, *rows = (output / "table.md").read_text(encoding="utf-8").splitlines()
    assert head.split(" | ")[-2:] == ["classifier score, final", "classifier score, best |"]
    cells = [[cell.strip() for cell in row.strip("| ").split("|")] for row in rows]
    assert cells[0][:4] == ["consensus-net-gamma1", "2", "300", "30"]
    assert cells[0][-2:] == ["5.00 (4.00 to 6.00)", "5.50 (5.00 to 6.00) at 250"]
    labels = ["consensus-net-gamma3 (adam)", "consensus-net-gamma3 (rmsprop) (1 of 1 diverged)"]
    assert [row[0] for row in cells[1:]] == labels
    assert "consensus-net-gamma1" in capsys.readouterr().out


def test_runs_are_cut_at_one_time_on_a_clock(tmp_path):
    from tf_consensus.experiments import comparison

    write_run(tmp_path / "consensus-net-seed3", 3, [1.0, 5.0, 4.0, 7.0])
    (run,) = comparison.load_runs([tmp_path])
    cut = comparison.within(run, "seconds", 5.5)
    assert (cut["steps"], cut["seconds"], cut["cpu_seconds"]) == (300, 5, 4)
    best = {"best": 5.0, "best_step": 200, "final": 4.0, "final_step": 300}
    assert cut["metrics"] == {"classifier_score": best}
    assert len(cut["log"]["step"]) == 3
    assert comparison.within(run, "step", 1000)["metrics"] == run["metrics"]
    with pytest.raises(ValueError, match=r"Received: 2 seconds for consensus-net, whose first is"):
        comparison.within(run, "seconds", 2.0)


def test_a_run_that_goes_on_is_read_as_far_as_its_result(tmp_path):
    from tf_consensus.experiments import comparison

    write_run(tmp_path / "consensus-net-seed0", 0, [1.0, 2.0])
    (finished,) = comparison.load_runs([tmp_path])
    with open(tmp_path / "consensus-net-seed0" / "log.csv", "a", encoding="utf-8") as file:
        file.write("2,300,2,4,10.0,9.0,0.7,1.4,0.1,NA\n")
    (run,) = comparison.load_runs([tmp_path])
    assert list(run["log"]["step"]) == [100, 200]
    cut = comparison.within(run, "step", 200)
    assert cut["metrics"] == finished["metrics"]


def test_labels_of_the_user_join_folders(tmp_path, monkeypatch):
    from tf_consensus.experiments.comparison import by_label, load_runs

    for seed in (0, 1):
        write_run(tmp_path / f"c{seed}" / f"consensus-net-seed{seed}", seed, [1.0])
        write_run(tmp_path / "both" / f"r1-net-seed{seed}", seed, [1.0])
    write_run(tmp_path / "both" / "consensus-net-seed0", 0, [1.0])
    folders = [f"ours={tmp_path}/c0", f"ours={tmp_path}/c1", f"both={tmp_path}/both"]
    groups = by_label(load_runs(folders))
    sizes = {label: len(group) for label, group in groups.items()}
    assert sizes == {"ours": 2, "both: consensus-net": 1, "both: r1-net": 2}
    assert list(by_label(load_runs(folders, ["r1-net"]))) == ["both"]


def test_sweeps_join_folders_of_one_method_and_part_its_optimizers(tmp_path, monkeypatch):
    from tf_consensus.experiments import comparison

    for gamma in (1.0, 3.0):
        for inner in ("adam", "rmsprop"):
            folder = tmp_path / f"{inner}{gamma:g}"
            write_run(folder / "consensus-net-seed0", 0, [gamma, 2.0], gamma=gamma, inner=inner)
    write_run(tmp_path / "r1" / "r1-net-seed0", 0, [1.0], inner="sgd")
    drawn = {}

    def draw(sweeps, metrics, setting, path):
        drawn[setting] = sweeps

    monkeypatch.setattr(tfc.plotting, "sweep_curves", draw)
    runs = comparison.load_runs(sorted(tmp_path.iterdir()))
    assert comparison.draw_sweeps(runs, ["classifier_score"], tmp_path) == ["sweep_gamma.png"]
    sweep = {1.0: {"classifier_score": [(2.0, 2.0)]}, 3.0: {"classifier_score": [(3.0, 2.0)]}}
    assert drawn == {"γ": {f"consensus-net ({inner})": sweep for inner in ("adam", "rmsprop")}}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--folders={0}"], "--folders must hold finished runs. Received: .*which has none"),
        (["--folders={0}/one", "--runs=r1"], r"--runs must be in the folders. Received: r1\. Choo"),
        (["--folders={0}/one", "--within=0.5"], "Received: 0.5 seconds for consensus-net"),
        (["--folders={0}/one", "r1"], "All arguments are flags. Received: r1"),
    ],
)
def test_plot_runs_refuses(arguments, message, tmp_path, monkeypatch):
    write_run(tmp_path / "one" / "consensus-net-seed1", 1, [1.0])
    with pytest.raises(app.UsageError, match=message):
        main("plot_runs", monkeypatch, *(x.format(tmp_path) for x in arguments))
