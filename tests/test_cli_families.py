"""`tf-consensus train --model=NAME`: what it refuses, what it leaves, and how it goes on."""

import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from absl import flags
from saved_runs import told, write_pictures

from tf_consensus.cli import family_flags, train
from tf_consensus.cli.main import main
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.families import training
from tf_consensus.experiments.families.presets import FAMILIES, MODELS, flags_of
from tf_consensus.experiments.image_session import going_on
from tf_consensus.experiments.lock import locked
from tf_consensus.experiments.unused import check_used

ROOT = pathlib.Path(__file__).resolve().parents[1]
TINY = ("--steps=4", "--eval_every=2", "--batch_size=4", "--verbose=0")
IMAGES = ("--filters=2", "--image_size=16")
# Families that share their session with another one, which is tried each time.
SELDOM = ("cycle_gan", "projection", "infogan")
SEQUENCES = ("--width=2", "--latent_dim=3", "--jit=off")
TABLE = ("--width=4", "--depth=1", "--max_modes=2", "--pack=2", "--jit=off")


def seldom(model):
    return pytest.param(model, marks=pytest.mark.full)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Folders of photos, of drawings of the same names, a CSV file, and a file of sequences."""
    root = tmp_path_factory.mktemp("data")
    for number, name in enumerate(("photos", "drawings")):
        write_pictures(root / name, number=24, classes=2, channels=3 - 2 * number, seed=number)
    rng = np.random.default_rng(0)
    job = rng.choice(["cook", "nurse"], 80)
    age = np.where(job == "cook", 30, 60) + rng.integers(0, 9, 80)
    lines = [f"{a},{b}" for a, b in zip(age, job, strict=True)]
    (root / "people.csv").write_text("\n".join(["age,job", *lines]), encoding="utf-8")
    np.save(root / "motion.npy", 100 + 7 * rng.normal(size=(30, 8, 2)).cumsum(axis=1))
    return root


def words(model, data):
    """What is typed to train a tiny model."""
    photos, source = f"folder:{data / 'photos'}", f"--source=folder:{data / 'drawings'}"
    typed = {
        "pix2pix": (photos, source, *IMAGES),
        "cycle_gan": (photos, "--make=edges", "--pool_size=3", *IMAGES),
        "table": (data / "people.csv", *TABLE),
        "sequences": (data / "motion.npy", *SEQUENCES),
    }
    labels = (photos, "--latent_dim=4", *IMAGES)
    return ("train", f"--model={model}", *typed.get(model, labels), *TINY)


@pytest.fixture(scope="module")
def runs(data, tmp_path_factory):
    """The folder of each family's results; a family is trained when it is asked for."""
    root = tmp_path_factory.mktemp("runs")

    def run(model, capsys):
        if not (root / model).exists():
            status, _, err = told(capsys, *words(model, data), f"--output_dir={root / model}")
            assert status == 0, err
        return root / model

    return run


# What is typed is checked before TensorFlow is imported.

REFUSED = [
    (("--model=pix2pxi", "x"), "Did you mean pix2pix? It must be one of acgan"),
    (("--make=edges", "x"), "--make belongs to --model=pix2pix, --model=cycle_gan. Received: --m"),
    (("--source=folder:x", "x"), "--source belongs to --model=pix2pix, --model=cycle_gan."),
    (("--unroll", "x"), "--unroll belongs to --model=sequences. Received: --unroll with --model=g"),
    (("--width=2", "x"), "--width belongs to --model=table, --model=sequences. Received: --width"),
    (("--network=sequence_gru", "x"), "--network must make what --model=gan learns. Received: --n"),
    (("--model=acgan", "--network=sequence_conv", "x"), "--network must make what --model=acgan"),
    *(
        ((f"--model={model}", "--network=mlp", "x"), "It must be one of conv3, conv4, dcgan3")
        for model in ("gan", "acgan", "projection", "infogan", "sequences")
    ),
    (("--network=image_to_image", "x"), "It must be one of conv3, conv4, dcgan3"),
    (("--model=sequences", "--network=dcgan4", "waves"), "Name one of sequence_conv, sequence_gru"),
    (("--model=sequences", "--network=sequence_grv", "waves"), "Did you mean sequence_gru? It mus"),
    (("--model=sequences", "--depth=2", "waves"), "--depth belongs to --model=table. Received: "),
    (("--model=sequences", "--filters=2", "waves"), "Received: --filters with --model=sequences."),
    (("--model=sequences",), "`tf-consensus train --model=sequences motion.npy`."),
    (("--model=sequences", "no.npy"), "Sequences are an .npy or .npz file, or waves. Received: no"),
    (("--model=sequences", __file__), ".py. Write one by numpy.save."),
    (("--pack=2", "x"), "--pack belongs to --model=table. Received: --pack with --model=gan."),
    (("--model=pix2pix", "--num_classes=3", "x"), "Received: --num_classes with --model=pix2pix"),
    (("--model=pix2pix", "--cycle=3", "--make=edges", "x"), "--cycle belongs to --model=cycle_ga"),
    (("--model=cycle_gan", "--reconstruction=3", "x"), "--reconstruction belongs to --model=pix2"),
    (("--model=acgan", "--experiment=imagenet"), "--experiment belongs to --model=gan. Received"),
    (("--model=acgan", "--strategy=mirrored", "x"), "--strategy belongs to --model=gan."),
    (("--model=infogan", "--noadvice", "x"), "--advice belongs to --model=gan."),
    (("--model=infogan", "--interpolations=2", "x"), "--interpolations belongs to --model=gan."),
    (("--model=table", "--image_size=32", "made"), "Received: --image_size with --model=table."),
    (("--model=table", "--classifier=x.keras", "made"), "--classifier belongs to --model=gan, --m"),
    (("--model=table",), "Nothing to train on. Name it: `tf-consensus train --model=table people"),
    (("--model=pix2pix",), "`tf-consensus train --model=pix2pix folder:~/pictures`."),
    (("--model=table", "no.csv"), "A table is a CSV file, or one of made, iris, wine. Received: n"),
    (("--model=table", "--pack=7", "made"), "--batch_size must be a multiple of --pack. Received"),
    (("--model=table", "--microbatches=3", "made"), "--pack times --microbatches. Received: --bat"),
    (("--model=table", "--microbatches=64", "made"), "=256 --pack=8 --microbatches=64. Change one"),
    *(
        (
            (f"--model={model}", "--microbatches=3", *named),
            "--batch_size must be a multiple of --mi",
        )
        for model, named in (
            ("pix2pix", ("x", "--make=edges")),
            ("cycle_gan", ("x", "--make=edges")),
            ("acgan", ("x",)),
            ("projection", ("x",)),
            ("infogan", ("x",)),
            ("sequences", ("waves",)),
        )
    ),
    *(
        (
            ("--model=pix2pix", "x", "--make=edges", f"--image_size={size}"),
            "--image_size must be a multiple of 4, as the networks halve images. Received: "
            f"--image_size={size}. Pass --image_size={fits}.",
        )
        for size, fits in ((1, 4), (2, 4), (33, 32), (34, 32), (35, 36))
    ),
    (("--model=pix2pix", "x"), "Sources are images of a second set, or are made from the images"),
    (("--model=pix2pix", "x", "--make=edges", "--source=y"), "Received: both. Pass --source=fold"),
    (("--model=pix2pix", "x", "--source=folder:/no"), "A folder of pictures must exist. Received"),
    (("--model=pix2pix", "x", "--make=blue"), "flag --make=blue"),
    (("--model=acgan", "folder:/no"), "A folder of pictures must exist. Received: folder:/no."),
    (("--model=acgan", "x", "--seeds=4000000000"), "--seeds must be below 2^31 for --model=acgan"),
    (("--model=acgan", "x", "--steps=5", "--eval_every=2"), "--steps must be a multiple of --ev"),
    (("--model=acgan", "x", "--steps=1103"), "Received: --steps=1103. Pass --steps=1100"),
    (("--model=acgan", "x", "--dataset=y"), "must be named once. Received: x and --dataset=y"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_what_does_not_belong_together_is_refused(capsys, arguments, message):
    status, _, err = told(capsys, "train", *arguments)
    assert (status, message in err) == (2, True), err


def test_refusals_come_before_tensorflow():
    typed = [["train", *arguments] for arguments, _ in REFUSED]
    code = "import sys; sys.argv = ['tf-consensus']; sys.orig_argv = ['python', '-m', "
    code += "'tf_consensus']\nfrom tf_consensus.cli.main import main\n"
    code += f"for words in {typed!r}: assert main(words) == 2\n"
    code += "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, capture_output=True)


def test_every_flag_of_a_family_is_one_of_the_program():
    values = flags.FlagValues()
    train.define(values)
    assert [name for name in family_flags.OWN if name not in values] == []
    taken = {name for model in FAMILIES for name in flags_of(model)}
    assert sorted(taken - {*values}) == []
    assert {*family_flags.OWN} <= taken
    assert list(MODELS) == ["gan", *FAMILIES]


@pytest.mark.parametrize("model", FAMILIES)
def test_the_help_of_a_flag_says_a_default_that_no_family_overrides(model):
    """A flag that a family takes has no default, or one that is not a setting of it."""
    values = flags.FlagValues()
    train.define(values)
    settings = FAMILIES[model].settings
    assert not [x for x in flags_of(model) & {*settings} if values[x].default not in (None, [])]


@pytest.mark.parametrize(
    ("given", "run", "message"),
    [
        ("gamma", {}, "--gamma must change something. Received: --gamma=2.0 for alternating"),
        ("clip_norm", {"optimizer": "consensus"}, "Pass --optimizer=clipped, or leave"),
        ("penalty_every", {}, "Name a penalty, for example --penalty=r1"),
        ("decay", {}, "Pass --inner=rmsprop"),
        ("beta_1", {"inner": "rmsprop"}, "Pass --inner=adam"),
    ],
)
def test_settings_that_change_nothing_are_refused(given, run, message):
    usual = {"optimizer": "alternating", "inner": "adam", "penalty": [], "penalty_weight": None}
    usual |= {"method": "alternating", "gamma": 2.0, "clip_norm": 1, "penalty_every": 2}
    usual |= {"decay": 0.5, "beta_1": 0.5}
    with pytest.raises(RunError) as caught:
        check_used([usual | run], [given])
    assert message in str(caught.value)
    used = {"optimizer": "consensus", "penalty": ["r1"], "inner": "adam"}
    check_used([usual | run, usual | used], {given} & {"gamma", "penalty_every", "beta_1"})


# What a run leaves.

LEFT = ("settings.json", "run.json", "log.csv", "model.keras", "generator.keras", "report.html")


TRIED = ("pix2pix", "table", "sequences", *(seldom(x) for x in SELDOM))


@pytest.mark.parametrize("model", ["acgan", *TRIED])
def test_a_family_is_trained_and_leaves_what_a_gan_leaves(model, runs, data, capsys):
    output = runs(model, capsys)
    (folder,) = (path for path in output.iterdir() if path.is_dir())
    assert folder.name == f"{FAMILIES[model].method}-{model}-seed0"
    for name in LEFT:
        assert (folder / name).stat().st_size, name
    assert [x.name for x in sorted((folder / "samples").iterdir())] == [
        f"{step:08}.png" for step in (0, 2, 4)
    ]
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    assert (result["model"], result["steps"], result["diverged"]) == (model, 4, None)
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    assert settings["batch_size"] == 4
    assert settings["data"]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "generator loss" in page
    assert "data:image/png;base64" in page
    assert not (folder / "backup").exists() or not any((folder / "backup").iterdir())
    assert (output / "results.json").stat().st_size
    keras.models.load_model(folder / "model.keras")
    resumed = (*words(model, data), f"--output_dir={output}", "--resume")
    assert "finished before: " in told(capsys, *resumed)[1]
    status, _, err = told(capsys, *resumed[:-1])
    assert (status, "which holds runs. Add --resume" in err) == (1, True)
    status, _, err = told(capsys, *resumed, "--learning_rate=0.5")
    assert (status, "--resume needs the settings the runs were started with" in err) == (1, True)


def test_what_is_chosen_is_printed_with_its_flags(data, tmp_path, capsys):
    typed = (*words("pix2pix", data), f"--output_dir={tmp_path / 'out'}", "--seeds=0,1")
    status, out, _ = told(capsys, *typed)
    assert status == 0
    assert f"to make: 24 pictures in folder:{data / 'photos'}: 16 × 16 pixels, in colour" in out
    assert f"from:    24 pictures in folder:{data / 'drawings'}: 16 × 16 pixels, grey" in out
    assert "  reconstruction 100.0          --reconstruction=X\n" in out
    assert "  eval every" not in out
    assert "  samples every  2              --eval_every=N\n" in out
    assert "num_classes" not in out
    assert "\n  make " not in out  # not with --source
    assert "smaller side is below" not in out
    assert "alternating-pix2pix, seed 1: 4 steps" in out
    assert "mean absolute error" in out
    assert len(list((tmp_path / "out").glob("*-seed*/model.keras"))) == 2


def test_several_rates_are_runs_of_their_own(data, tmp_path, capsys):
    typed = (*words("table", data), f"--output_dir={tmp_path}", "--optimizer=alternating")
    assert told(capsys, *typed, "--learning_rate=0.001,0.002")[0] == 0
    names = [f"alternating-table-lr{rate}-seed0" for rate in (0.001, 0.002)]
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == names
    scores = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["runs"]
    assert [x["learning_rate"] for x in scores] == [0.001, 0.002]
    assert all(x["marginals"].keys() == {"age", "job"} for x in scores)
    assert all(0.0 <= x["mean_marginal"] <= 1.0 for x in scores)
    assert all(0.0 <= x["accuracy"] <= 1.0 for x in scores)
    assert [x["accuracy_of_real_rows"] for x in scores] == [1.0, 1.0]  # the ages tell the jobs
    rows = (tmp_path / names[0] / "generated.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "age,job"
    assert len(rows) == 1 + 64


BAD_DATA = {
    "no partners": (
        ("--model=pix2pix", "{0}/photos", "--source=folder:{0}/other/kind0"),
        "in both fold",
    ),
    "odd side": (
        ("--model=acgan", "{0}/photos", "--image_size=30"),
        "Received: image_size=30. Resize or pad the images, for example to 32.",
    ),
    "penalty of rows": (
        ("--model=table", "{0}/people.csv", "--penalty=wgan_gp"),
        "--width, --depth, --pack, --temperature, --conditional: ",
    ),
    "few rows": (("--model=table", "{0}/few.csv"), "so it has 5 rows at least. Received: 4 rows."),
    "other names": (("--model=pix2pix", "{0}/photos", "--source=folder:{0}/other"), "in both fold"),
    "no classes": (("--model=acgan", "{0}/photos/kind0"), "--model=acgan learns from labels. Rec"),
    "other classes": (("--model=acgan", "{0}/photos", "--num_classes=3"), "has 2 classes"),
    "identity": (
        ("--model=cycle_gan", "{0}/photos", "--source=folder:{0}/drawings", "--identity=1"),
        "The identity loss takes images of one kind for the other",
    ),
    "no column": (
        ("--model=table", "{0}/people.csv", "--target=x"),
        "--target must be a column of",
    ),
    "no name": (
        ("--model=table", "{0}/people.csv", "--columns=age,x"),
        "`columns` must be names of",
    ),
    "one value": (("--model=table", "{0}/one.csv"), "'b'"),
    "no array": (("--model=sequences", "{0}/two.npy"), "of shape (4, 8). Reshape it"),
    "no channel": (("--model=sequences", "{0}/flat.npy"), "channel 1 has one value. Leave"),
    "odd length": (
        ("--model=sequences", "waves", "--length=7"),
        "`length` must be even, as both networks halve",
    ),
    "known length": (
        ("--model=sequences", "{0}/motion.npy", "--length=8"),
        "motion.npy, which has no use for it. Train on waves, which the program makes, or leave",
    ),
    "no numbers": (
        ("--model=sequences", "{0}/motion.npy", "--with_numbers"),
        "--with_numbers must change something.",
    ),
    "no loop": (
        ("--model=sequences", "waves", "--unroll"),
        "for sequence_conv, which has no use for it. Pass --network=sequence_gru, or leave",
    ),
    "no loop for XLA": (
        ("--model=sequences", "waves", "--network=sequence_lstm", "--jit=on"),
        "XLA takes recurrent layers that are written out. Received: XLA for sequence_lstm",
    ),
    "no weight": (
        ("--model=pix2pix", "{0}/photos", "--make=edges", "--gamma=2"),
        "--gamma must ch",
    ),
    "no method": (("--model=acgan", "{0}/photos", "--fraction=0.5"), "--fraction is for consensus"),
}


@pytest.mark.parametrize("name", BAD_DATA)
def test_data_that_do_not_fit_are_refused_in_a_sentence(name, data, tmp_path, capsys):
    write_pictures(tmp_path / "other", number=12, classes=1)
    (tmp_path / "one.csv").write_text("a,b\n1,2\n2,2\n3,2\n4,2\n5,2\n6,2\n", encoding="utf-8")
    for path in data.iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "few.csv").write_text("a,b\n1,x\n2,y\n3,x\n4,y\n", encoding="utf-8")
    typed, message = BAD_DATA[name]
    np.save(tmp_path / "two.npy", np.eye(8)[:4])
    np.save(tmp_path / "flat.npy", np.random.default_rng(0).normal(size=(9, 4, 2)) * [1, 0])
    typed = [word.format(tmp_path) for word in typed]
    sizes = {"--model=table": TABLE, "--model=sequences": ("--width=2",)}.get(typed[0], IMAGES)
    sizes = (*sizes, *TINY, "--seeds=0,1,2")
    status, out, err = told(capsys, "train", *sizes, *typed, f"--output_dir={tmp_path / 'o'}")
    assert (status, message in err) == (1, True), err
    # It is said once, before the settings, and the right command may take the same folder.
    assert err.count("Received: ") == 1
    assert "settings that suit them" not in out
    assert not [path for path in (tmp_path / "o").glob("*") if path.name[0] != "."]


# Stopped and gone on with.


class Stopped(training.Estimate):
    """Presses Ctrl-C in the third step."""

    def on_train_batch_begin(self, batch, logs=None):
        if int(self.model.optimizer.iterations.numpy()) == 3:
            raise KeyboardInterrupt


@pytest.mark.parametrize("model", TRIED)
def test_a_run_goes_on_as_if_it_had_not_been_stopped(
    model, runs, data, tmp_path, capsys, monkeypatch
):
    whole = runs(model, capsys)
    typed = (*words(model, data), f"--output_dir={tmp_path}")
    with monkeypatch.context() as patched:
        patched.setattr(training, "Estimate", Stopped)
        status, _, err = told(capsys, *typed)
    assert status == 130
    assert "interrupted; continue from the last backup with:\n  tf-consensus train --model" in err
    assert err.endswith(" --resume\n")
    assert not list(tmp_path.glob("*/model.keras"))
    assert (tmp_path / "report.html").stat().st_size
    assert told(capsys, *typed, "--resume")[0] == 0
    states = [state(next(folder.glob("*/model.keras"))) for folder in (whole, tmp_path)]
    assert all(np.array_equal(a, b) for a, b in zip(*states, strict=True))
    logs = [next(folder.glob("*/log.csv")) for folder in (whole, tmp_path)]
    assert losses(logs[0]) == losses(logs[1])


def state(path):
    model = keras.models.load_model(path)
    return [x.numpy() for x in model.variables + model.optimizer.variables]


def losses(path):
    """The log without what clocks say."""
    first, *rows = (line.split(",") for line in path.read_text(encoding="utf-8").splitlines())
    kept = [k for k, name in enumerate(first) if "second" not in name and name != "ms_per_step"]
    return [[row[k] for k in kept] for row in rows]


def test_a_finished_run_goes_on_to_more_steps(runs, data, tmp_path, capsys):
    typed = (*words("acgan", data), f"--output_dir={tmp_path}")
    assert told(capsys, *typed, "--steps=2")[0] == 0
    assert told(capsys, *typed, "--resume")[0] == 0
    states = [state(next(x.glob("*/model.keras"))) for x in (runs("acgan", capsys), tmp_path)]
    assert all(np.array_equal(a, b) for a, b in zip(*states, strict=True))


def test_a_rate_that_falls_to_the_last_step_cannot_go_on():
    found = FAMILIES["table"].settings | {"eval_every": 2, "steps": 4}
    with pytest.raises(RunError, match="--schedule=cosine"):
        going_on(found, found | {"steps": 8})
    constant = {"schedule": "constant"}
    assert going_on(found | constant, found | constant | {"steps": 8}) == ["steps"]


def test_a_run_goes_on_with_its_own_data_alone(data, tmp_path, capsys):
    path = tmp_path / "people.csv"
    path.write_bytes((data / "people.csv").read_bytes())
    typed = ("train", "--model=table", path, *TABLE, *TINY, f"--output_dir={tmp_path / 'out'}")
    assert told(capsys, *typed)[0] == 0
    with path.open("a", encoding="utf-8") as file:
        file.write("\n33,cook\n")
    status, _, err = told(capsys, *typed, "--resume")
    assert (status, "--resume needs the settings the runs were started with" in err) == (1, True)
    assert "data" in err


def test_one_process_at_a_time_writes_to_a_folder(data, tmp_path, capsys):
    typed = (*words("table", data), f"--output_dir={tmp_path}")
    with locked(tmp_path):
        status, _, err = told(capsys, *typed)
    assert (status, "One process at a time may write to a folder." in err) == (1, True)
    assert not list(tmp_path.glob("*-seed0"))


@pytest.mark.parametrize("model", sorted(FAMILIES))
def test_help_is_of_the_model_that_is_named(model, capsys):
    for typed in (["--help", f"--model={model}"], ["--model", model, "-helpfull"]):
        assert main(["train", *typed]) == 0
        out = capsys.readouterr().out
        assert out.startswith(f"usage: tf-consensus train --model={model} ")
        shown = {line.split(":")[0].strip(" -") for line in out.splitlines() if "  --" in line}
        taken = {name for name in flags_of(model) if f"--{name}:" in out}
        assert shown == taken >= {"optimizer", "steps", "seeds"}
        assert ("temperature" in shown) == (model == "table")
        assert f"(default: {FAMILIES[model].settings['beta_2']})" in out
