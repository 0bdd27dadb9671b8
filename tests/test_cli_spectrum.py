"""`tf-consensus spectrum`: the dense oracle's numbers, at every size; and what it refuses."""

import json
import shutil

import keras
import numpy as np
import pytest
from PIL import Image
from saved_runs import save_run, settings_of, told, write
from scipy.sparse.linalg import aslinearoperator
from small_images import write_fashion_mnist

from tf_consensus import GAN, ConsensusOptimizer, data, networks, spectrum, theory
from tf_consensus.experiments.arnoldi import arnoldi
from tf_consensus.experiments.image_runs import make_data

# A game small enough for its matrix.
SMALL = {
    "contrast": False,
    "network": "dcgan3_nobn_cf",
    "image_size": 8,
    "filters": 2,
    "latent_dim": 2,
}
CONSENSUS = {"method": "consensus", "optimizer": "consensus", "gamma": 0.5}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    root = tmp_path_factory.mktemp("spectrum")
    write_fashion_mnist(root / "fashion")
    save_run(root / "plain/a-seed0", **SMALL)
    save_run(root / "consensus/a-seed0", **SMALL, **CONSENSUS)
    save_run(root / "stopped/a-seed0", finished=False, **SMALL)
    classes = {"network": "residual", "num_classes": 10, "filters": 1, "image_size": 8}
    save_run(root / "classes/a-seed0", **classes)
    return root


def measured(place, capsys, name, *flags):
    """spectrum.json, and what was printed."""
    folder = place / name / "a-seed0"
    for left in ("spectrum.json", "spectrum.png", "report.html"):
        (folder / left).unlink(missing_ok=True)
    data_dir = f"--data_dir={place / 'fashion'}"
    status, out, err = told(capsys, "spectrum", place / name, data_dir, "--batch_size=8", *flags)
    assert status == 0, err
    with Image.open(folder / "spectrum.png") as picture:
        assert min(picture.size) > 100
    found = json.loads((folder / "spectrum.json").read_text(encoding="utf-8"))
    assert found["sentence"] in out
    assert "Spectrum" in (folder / "report.html").read_text(encoding="utf-8")
    return found, out


def oracle(place, name, gamma):
    """All eigenvalues of v' - γ v'ᵀv' on the same batch, the largest modulus' parts left out."""
    gan = keras.models.load_model(place / name / "a-seed0/model.keras")
    run = settings_of(**{key: SMALL[key] for key in list(SMALL)[1:]}) | {"batch_size": 8}
    batch = next(iter(make_data(run, 0, 0, place / "fashion", False)))
    values = spectrum.eigenvalues(gan.game(batch, training=False), gamma)
    return values[np.abs(values) > 1e-3 * np.abs(values).max()]


@pytest.mark.parametrize(("name", "gamma"), [("plain", 0.0), ("consensus", 0.5)])
@pytest.mark.parametrize("flags", [(), ("--dense_limit=1", "--products=200", "--tolerance=1e-4")])
def test_numbers_are_those_of_the_whole_matrix(place, capsys, name, gamma, flags):
    found, out = measured(place, capsys, name, *flags)
    fields = {"": 0.0, **({"consensus_": gamma} if gamma else {})}
    for prefix, weight in fields.items():
        values = oracle(place, name, weight)
        real, rotation = values.real.max(), np.abs(values.imag).max()
        for key, expected in (("real", real), ("rotation", rotation)):
            number = found[f"{prefix}spectrum_{key}"]
            assert number is not None or f"the largest {key}" in found["sentence"]
            if number is not None:
                assert number == pytest.approx(expected, rel=1e-2, abs=1e-3 * np.abs(values).max())
        limit = theory.max_step_size(values) if real < 0 else 0.0
        key = f"step_limit_{prefix.rstrip('_') or 'gradient'}"
        at_most = found[key] >= limit * 0.99
        assert at_most if flags else found[key] == pytest.approx(limit, rel=1e-3)
    parameters = "all eigenvalues" if not flags else "4 eigenvalues at each end of the spectrum, in"
    assert parameters in out
    assert found["step"] == 2


@pytest.mark.parametrize("name", ["stopped", "classes"])
def test_backups_and_classes(place, capsys, name):
    found, _ = measured(place, capsys, name, "--dense_limit=1", "--products=30")
    assert found["step"] == 2
    assert found["parameters"] > 100


def test_points_of_the_mixture_example(tmp_path, capsys):
    generator, discriminator = networks.build("mlp", latent_dim=16, seed=0)
    gan = GAN(generator, discriminator, latent_dim=16, seed=0)
    gan.compile(ConsensusOptimizer(learning_rate=1e-4, gamma=10.0))
    options = {"steps_per_epoch": 2, "verbose": 0, "shuffle": False}
    gan.fit(data.mixture_of_gaussians(64, seed=0), **options)
    folder = tmp_path / "mixture/consensus-seed0"
    folder.mkdir(parents=True)
    settings = {"example": "mixture_of_gaussians", "target": "ring", "balanced": True}
    write(folder.parent / "settings.json", settings)
    gan.save(folder / "model.keras")
    (folder / "log.csv").write_text("epoch,generator_loss\n0,0.7\n")
    status, out, err = told(capsys, "spectrum", folder.parent, "--batch_size=32")
    assert status == 0, err
    assert "2,003 parameters: all eigenvalues" in out
    assert "consensus at gamma=10 is" in out
    path = tmp_path / "points.npz"
    assert told(capsys, "generate", folder, f"--output={path}", "--n=9")[0] == 0
    assert np.array_equal(np.load(path)["samples"], gan.generate(9, seed=0))
    for command in (("generate", folder, "--output=x/"), ("evaluate", folder)):
        status, _, err = told(capsys, *command)
        assert status == 2
        assert "points in the plane" in err
    (folder / "backup").mkdir()
    (folder / "backup/step-00000001-0123456789abcdef.weights.h5").write_text("")
    status, _, err = told(capsys, "spectrum", folder)
    assert status == 2
    assert "can be opened only when it has finished" in err


BAD = [
    ((), 2, "The command takes one run. Received: none."),
    (("{0}/plain", "{0}/plain"), 2, "The command takes one run. Received: 2: "),
    (("{0}/plain/a-seed0/model.keras",), 2, "A spectrum needs the settings of a run."),
    (("{0}/plan",), 2, "Did you mean {0}/plain?"),
    (("{0}/plain", "--batch_size=0"), 2, "--batch_size=0"),
    (("{0}/plain", "--eigenvalues=0"), 2, "--eigenvalues=0"),
    (("{0}/plain", "--tolerance=-1"), 2, "--tolerance=-1"),
    (("{0}/plain", "--tolerance=nan"), 2, "--tolerance"),
    (("{0}/plain", "--products=1"), 2, "--products=1"),
    (("{0}/plain", "--dense_limit=30000"), 2, "--dense_limit=30000"),
    (("{0}/plain", "--eigenvalue=3"), 2, "Did you mean --eigenvalues?"),
    (("{0}/plain", "--data_dir={0}/no"), 2, "--data_dir must name a folder."),
    (("{0}/plain", "--data_dir={0}/plain"), 1, "{0}/plain"),
    (
        ("{0}/plain", "--data_dir={0}/fashion", "--dense_limit=1", "--products=2", "--tolerance=0"),
        1,
        "An eigenvalue must be found. Received: none of the gradient field in 2 products.",
    ),
]


@pytest.mark.parametrize(("words", "status", "message"), BAD)
def test_bad_input(place, capsys, words, status, message):
    (place / "plain/a-seed0/spectrum.json").unlink(missing_ok=True)
    found, _, err = told(capsys, "spectrum", *[word.format(place) for word in words])
    assert (found, message.format(place) in err) == (status, True), err
    assert not (place / "plain/a-seed0/spectrum.json").exists()


def test_settings_of_another_program_are_refused(place, tmp_path, capsys):
    shutil.copytree(place / "plain/a-seed0", tmp_path / "other")
    write(tmp_path / "other/settings.json", {"seed": 0})
    status, _, err = told(capsys, "spectrum", tmp_path / "other")
    assert status == 2
    assert "with settings of another program" in err


@pytest.mark.parametrize("seed", range(3))
def test_arnoldi_finds_all_ends(seed):
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(60, 60)) - 3 * np.eye(60)
    found = arnoldi(aslinearoperator(matrix), 60)
    exact = np.linalg.eigvals(matrix)
    distance = np.abs(found.values[:, None] - exact[None]).min(axis=0)
    assert distance.max() < 1e-6
    early = arnoldi(aslinearoperator(matrix), 60, lambda part: True, every=20)
    assert len(early.values) == 20
    z = np.abs(early.values[:, None] - exact[None]).min(axis=1)
    assert (early.residuals > 0).all()
    assert z[np.argmin(early.residuals)] < 1.0


@pytest.mark.parametrize(
    "matrix", [np.zeros((40, 40)), np.eye(40), np.diag([1.0] * 20 + [2.0] * 20)]
)
def test_arnoldi_stops_where_the_space_is_complete(matrix):
    found = arnoldi(aslinearoperator(matrix), 30)
    assert len(found.values) <= 3
    assert (found.residuals == 0).all()
    assert np.abs(found.values.real - found.values.real.round()).max() < 1e-6
