"""`tf-consensus generate` with runs on pairs, labels and tables."""

import re

import numpy as np
import pytest
from PIL import Image
from saved_runs import told, write_pictures

from tf_consensus import data
from tf_consensus.experiments.generation import as_bytes

TINY = ("--steps=2", "--eval_every=2", "--batch_size=4", "--verbose=0", "--ema=0.5")
IMAGES = ("--filters=2", "--image_size=16")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Output folders of tiny runs, each trained when it is asked for, and folders of pictures."""
    root = tmp_path_factory.mktemp("runs")
    write_pictures(root / "photos", number=24, classes=2)
    lines = [f"{30 + 7 * k % 50},{'ab'[k % 3 == 0]}" for k in range(60)]
    (root / "people.csv").write_text("\n".join(["age,job", *lines]), encoding="utf-8")
    table = (
        root / "people.csv",
        "--width=4",
        "--depth=1",
        "--max_modes=2",
        "--jit=off",
        "--pack=2",
    )
    more = {"table": table}
    pairs = (f"folder:{root / 'photos'}", *IMAGES, "--make=edges")
    more |= {"pix2pix": pairs, "cycle_gan": (*pairs, "--pool_size=0")}
    labels = (f"folder:{root / 'photos'}", *IMAGES, "--latent_dim=4")

    def run(model, capsys):
        output = root / model
        if not output.exists():
            words = (f"--model={model}", *more.get(model, labels), *TINY)
            status, _, err = told(capsys, "train", *words, f"--output_dir={output}")
            assert status == 0, err
        return output

    return root, run


def model_of(output):
    import keras

    return keras.models.load_model(next(output.glob("*/model.keras")))


def sources(root, make):
    photos, options = f"folder:{root / 'photos'}", {"image_size": 16, "batch_size": 24}
    options |= {"repeat": False, "seed": 0}
    if make:
        return next(iter(data.image_pairs(photos, make="edges", **options)))[0].numpy()
    return next(iter(data.images(photos, **options))).numpy()


@pytest.mark.parametrize("make", [False, True])
def test_pix2pix_makes_images_of_pictures(runs, tmp_path, capsys, make):
    root, run = runs
    output = run("pix2pix", capsys)
    given = (f"--source=folder:{root / 'photos'}", *(["--make"] if make else []))
    for place in ("made/", "made.npz", "made.png"):
        status, out, err = told(
            capsys, "generate", output, *given, f"--output={tmp_path}/{place}", "--batch_size=5"
        )
        assert status == 0, err
        assert f"24 pictures in {tmp_path}/{place}, made of folder:" in out
    expected = as_bytes(model_of(output).translate(sources(root, make)))
    found = np.load(tmp_path / "made.npz")["images"]
    assert np.abs(found.astype(int) - expected).max() <= 1
    names = [f"kind{kind}/{k:03}.png" for kind in (0, 1) for k in range(12)]
    assert np.load(tmp_path / "made.npz")["names"].tolist() == names
    files = sorted((tmp_path / "made").rglob("*.png"))
    assert files == [tmp_path / "made" / name for name in names]
    for k in (7, 20):
        assert np.array_equal(np.asarray(Image.open(files[k])), found[k, ..., 0])


def write_odd(folder):
    """Pictures of one brightness each, whose names need care, and files that are none."""
    folder.mkdir()
    names = ["a.png", "b.bmp", "b.png", "c.d.png", "e.png", "f g.png"]
    for k, name in enumerate(names):
        Image.new("L", (16, 16), 40 * k).save(folder / name)
    for name in ("0.png", "c.png", "z.png"):
        (folder / name).write_bytes(b"none")
    return names, ["a.png", "b.bmp.png", "b.png.png", "c.d.png", "e.png", "f g.png"]


@pytest.mark.filterwarnings("ignore:.*[Ll]eft out")
@pytest.mark.parametrize(("n", "batch_size"), [(None, 2), (None, 64), (4, 3), (9, 64)])
def test_what_is_made_of_a_picture_has_its_name_where_others_cannot_be_read(
    runs, tmp_path, capsys, batch_size, n
):
    output = runs[1]("pix2pix", capsys)
    names, made = write_odd(tmp_path / "odd")
    given = (f"--source=folder:{tmp_path / 'odd'}", f"--batch_size={batch_size}")
    given += () if n is None else (f"--n={n}",)
    names, made = names[:n], made[:n]
    for place in ("made/", "made.npz", "made.png"):
        status, out, err = told(capsys, "generate", output, *given, f"--output={tmp_path / place}")
        assert status == 0, err
        assert f"{len(names)} pictures in {tmp_path}/made" in out
    found = np.load(tmp_path / "made.npz")
    assert found["names"].tolist() == names
    model = model_of(output)
    for k, (name, file) in enumerate(zip(names, made, strict=True)):
        source = np.full((1, 16, 16, 1), np.asarray(Image.open(tmp_path / "odd" / name))[0, 0])
        expected = as_bytes(model.translate(source / np.float32(127.5) - 1))[0, ..., 0].astype(int)
        assert np.abs(found["images"][k, ..., 0] - expected).max() <= 1
        assert np.abs(np.asarray(Image.open(tmp_path / "made" / file)) - expected).max() <= 1
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == sorted(made)


def test_pictures_do_not_replace_their_sources(runs, tmp_path, capsys):
    output = runs[1]("pix2pix", capsys)
    write_odd(tmp_path / "odd")
    given = (f"--source=folder:{tmp_path}/odd", f"--output={tmp_path}/./odd/", "--overwrite")
    status, _, err = told(capsys, "generate", output, *given)
    assert (status, "a folder other than that of their sources. Received: --ou" in err) == (2, True)


@pytest.mark.full
def test_cycle_gan_goes_back(runs, tmp_path, capsys):
    root, run = runs
    output = run("cycle_gan", capsys)
    given = (f"--source=folder:{root / 'photos'}", "--n=3", f"--output={tmp_path}/x.npz", "--back")
    assert told(capsys, "generate", output, *given)[0] == 0
    expected = as_bytes(model_of(output).translate(sources(root, make=False)[:3], back=True))
    assert np.abs(np.load(tmp_path / "x.npz")["images"].astype(int) - expected).max() <= 1


def test_rows_of_a_table_are_those_of_the_seed(runs, tmp_path, capsys):
    output = runs[1]("table", capsys)
    given = (f"--output={tmp_path / 'new.csv'}", "--n=30", "--seed=3")
    status, out, _ = told(capsys, "generate", output, *given)
    assert (status, out) == (0, f"30 rows in {tmp_path / 'new.csv'}, of model.keras, seed 3\n")
    made = model_of(output).generate(30, seed=3)
    lines = (tmp_path / "new.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == ",".join(made)
    assert [line.split(",")[0] for line in lines[1:]] == [str(x) for x in made["age"].tolist()]


@pytest.mark.parametrize("model", ["acgan", pytest.param("projection", marks=pytest.mark.full)])
def test_labels_are_made_as_by_a_gan(runs, tmp_path, capsys, model):
    output = runs[1](model, capsys)
    given = (f"--output={tmp_path / 'x.npz'}", "--labels=kind1,0", "--n=4", "--seed=5")
    assert told(capsys, "generate", output, *given)[0] == 0
    found = np.load(tmp_path / "x.npz")
    assert found["labels"].tolist() == [1, 0, 1, 0]
    expected = as_bytes(model_of(output).generate(4, seed=5, labels=[1, 0, 1, 0]))
    assert np.abs(found["images"].astype(int) - expected).max() <= 1


def test_the_labels_of_an_infogan_are_the_values_of_its_code(runs, tmp_path, capsys):
    output = runs[1]("infogan", capsys)
    given = (f"--output={tmp_path / 'x.npz'}", "--labels=1,0", "--n=4", "--seed=5")
    assert told(capsys, "generate", output, *given)[0] == 0
    codes = np.array([[1, 0.0], [0, 0.0]] * 2)
    expected = as_bytes(model_of(output).generate(4, seed=5, codes=codes))
    assert np.abs(np.load(tmp_path / "x.npz")["images"].astype(int) - expected).max() <= 1


# By the model: the words after the run, the exit status and a part of the message.
BAD = {
    "pix2pix": [
        (("--output=x/",), 2, "makes images of pictures. Received: no --source."),
        (("--output=x/", "--source=folder:/no"), 2, "A folder of pictures must exist."),
        (("--output=x/", "--source=y", "--labels=0"), 2, "--labels is for runs on latents."),
        (
            ("--output=x/", "--source=y", "--seed=0"),
            2,
            "--seed is for runs on what is drawn at random",
        ),
        (("--output=x/", "--source=y", "--condition=a=b"), 2, "a run of pix2pix without it."),
        (("--output=x/", "--condition=a=b", "--condition=c=d"), 2, "A condition names one column."),
        (("--output=x/", "--source=.", "--back"), 2, "--back is for a cycle_gan"),
        (("--output=x/", f"--source={__file__}"), 2, "Pictures come in a folder. Received: /"),
        (("--output=x.csv", "--source=."), 2, "--output must be a folder, or end in .png or"),
    ],
    "table": [
        (("--output=x/",), 2, "Rows of a table need a CSV file. Received: x/."),
        (("--output=x.npz",), 2, "Rows of a table need a CSV file. Received: x.npz."),
        (("--output=x.csv", "--interpolate"), 2, "--interpolate is for runs on latents."),
        (("--output=x.csv", "--source=y"), 2, "--source is for runs on pairs of images."),
        (("--output=x.csv", "--condition=job=a"), 2, "--condition is for a table that was trained"),
    ],
    "acgan": [
        (("--output=x/", "--source=y"), 2, "--source is for runs on pairs of images."),
        (("--output=x/", "--condition=a=b"), 2, "--condition is for a table that was trained"),
        (("--output=x/", "--labels=2"), 2, "--labels must be from 0 to 1. Received: 2."),
    ],
    "infogan": [(("--output=x/", "--labels=kind1"), 2, "--labels must be numbers from 0 to 1.")],
}


@pytest.mark.parametrize(
    ("model", "flags", "status", "message"),
    [(model, *case) for model, cases in BAD.items() for case in cases],
)
def test_bad_input(runs, capsys, monkeypatch, tmp_path, model, flags, status, message):
    output = runs[1](model, capsys)
    monkeypatch.chdir(tmp_path)
    found, _, err = told(capsys, "generate", output, *flags)
    assert (found, message in err) == (status, True), err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("spectrum",), "This command measures runs of a GAN. Received: "),
        (("evaluate", "--classifier=x.keras"), "Scores of pictures need a run that makes them of"),
    ],
)
def test_other_commands_say_what_they_take(runs, capsys, command, message):
    output = runs[1]("table", capsys)
    name, *flags = command
    status, _, err = told(capsys, name, output, *flags)
    assert (status, message in err) == (2, True), err


def test_a_stopped_run_is_gone_on_with_first(runs, capsys, tmp_path):
    import shutil

    output = runs[1]("table", capsys)
    shutil.copytree(output, tmp_path / "out")
    (folder,) = (path for path in (tmp_path / "out").iterdir() if path.is_dir())
    (folder / "backup").mkdir(exist_ok=True)
    (folder / "backup/step-000000001.weights.h5").write_text("x")
    status, _, err = told(capsys, "generate", tmp_path / "out", f"--output={tmp_path}/x.csv")
    assert (status, "A run of table can be opened only when it has finished." in err) == (2, True)


def test_rows_of_a_condition_hold_its_category(runs, tmp_path, capsys):
    root, _ = runs
    words = (root / "people.csv", "--width=4", "--depth=1", "--max_modes=2", "--jit=off", *TINY)
    output = root / "conditional"
    typed = ("--model=table", *words, "--conditional", f"--output_dir={output}")
    status, out, err = told(capsys, "train", *typed)
    assert status == 0, err
    assert re.search(r"conditional +True +--conditional\n", out)
    assert re.search(r"pack +1 ", out)
    place = f"--output={tmp_path / 'new.csv'}"
    status, out, err = told(capsys, "generate", output, place, "--n=40", "--condition=job=a")
    assert status == 0, err
    assert f"40 rows in {tmp_path / 'new.csv'}, with job=a, of model.keras" in out
    lines = (tmp_path / "new.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[1] for line in lines] == ["job", *["a"] * 40]
    for condition, message in (
        ("age=30", "--condition must be COLUMN=CATEGORY, of a column of categories: job. Receive"),
        ("job=c", "--condition must name a category of job: ['a', 'b']. Received: job=c."),
    ):
        typed = ("generate", output, place, "--overwrite", f"--condition={condition}")
        status, _, err = told(capsys, *typed)
        assert (status, message in err) == (1, True), err
