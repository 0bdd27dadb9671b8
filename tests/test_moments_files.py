"""Files of mu and sigma, as pytorch-fid, clean-fid and TTUR write them: read, written, compared."""

import dataclasses
import pathlib
import random

import keras
import numpy as np
import pytest
from test_inception import FEATURES, images, tiny_graph
from test_metric_files import Runs, cut, flipped, zeroed

from tf_consensus import metrics
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.reference_files import load_inception, load_reference_file
from tf_consensus.experiments.request import Request
from tf_consensus.experiments.scoring import make_scores
from tf_consensus.metrics import Reference, inception_graph


def classifier():
    """An extractor of 4 features of grey images."""
    layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(4, "tanh")]
    return metrics.Extractor(
        keras.Sequential([*layers, keras.layers.Dense(5)]), name="small", weights="seeded"
    )


def greys(n, seed=0):
    return images(n, seed, channels=1)


def moments_of(rows):
    """As pytorch-fid computes them."""
    rows = np.asarray(rows, float)
    return {"mu": np.mean(rows, axis=0), "sigma": np.cov(rows, rowvar=False)}


def written(path, **changed):
    """A file of another tool, some of its arrays changed; None leaves one out."""
    arrays = moments_of(np.random.default_rng(0).normal(size=(30, 4))) | changed
    save = np.savez if np.size(arrays["mu"]) > 99 else np.savez_compressed
    save(path, **{name: x for name, x in arrays.items() if x is not None})
    return path


# --- reading and writing -------------------------------------------------------------------------


def test_a_file_of_another_tool_is_read_and_its_other_arrays_are_left_alone(tmp_path):
    rows = np.random.default_rng(1).normal(size=(20, 3))
    objects = np.array([Runs(tmp_path / "ran")], object)
    path = written(tmp_path / "cifar.npz", **moments_of(rows), arr_0=objects, mu_s=np.ones(7))
    mean, cov = metrics.load_moments(path)
    statistics = metrics.FeatureStatistics(3)
    statistics.update(rows)
    np.testing.assert_allclose(mean, statistics.mean, rtol=1e-14)
    np.testing.assert_allclose(cov, statistics.cov, rtol=1e-12)
    own = statistics.mean, statistics.cov
    assert metrics.frechet_distance(*own, *metrics.load_moments(path)) < 1e-12
    assert not (tmp_path / "ran").exists()


def test_what_is_written_is_what_other_tools_read(tmp_path):
    extractor = classifier()
    reference = Reference.of(extractor, [greys(30)])
    reference.save_moments(tmp_path / "own.npz")
    with np.load(tmp_path / "own.npz") as file:  # as pytorch-fid does
        found = {name: file[name][:] for name in file.files}
    expected = moments_of(extractor(greys(30)).features)
    assert set(found) == {"mu", "sigma"}
    for name, array in expected.items():
        assert found[name].dtype == np.float64
        np.testing.assert_allclose(found[name], array, atol=1e-12)
    assert [path.name for path in tmp_path.iterdir()] == ["own.npz"]
    metrics.save_moments(str(tmp_path / "again.npz"), *metrics.load_moments(tmp_path / "own.npz"))
    for one, other in zip(
        *(metrics.load_moments(tmp_path / f"{name}.npz") for name in ("own", "again")), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_covariances_in_single_precision_are_taken(tmp_path):
    rows = np.random.default_rng(2).normal(size=(9, 40))
    single = {name: x.astype("float32") for name, x in moments_of(rows).items()}
    mean, cov = metrics.load_moments(written(tmp_path / "single.npz", **single))
    assert (mean.dtype, cov.dtype) == (np.float64, np.float64)
    np.testing.assert_array_equal(cov, single["sigma"].astype(float))


SKEW = np.eye(4) + 1e-3 * np.triu(np.ones((4, 4)), 1)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"sigma": None}, "holds the arrays mu and sigma. Received: .* with mu. Let the tool"),
        ({"mu": None, "sigma": None, "x": np.ones(2)}, "arrays mu and sigma. Received: .* with x"),
        (
            {"mu": np.ones(3)},
            r"`mu` must have shape .*mu of shape \(3,\) and sigma of shape \(4, 4",
        ),
        ({"mu": np.ones((4, 1))}, r"must have shape .*Received: mu of shape \(4, 1\)"),
        (
            {"mu": np.ones(()), "sigma": np.ones(())},
            r"must have shape .*Received: mu of shape \(\)",
        ),
        ({"mu": np.ones(0), "sigma": np.ones((0, 0))}, "d at least 1. Received: mu of shape"),
        ({"sigma": np.ones(4)}, r"must have shape .*sigma of shape \(4,\)"),
        ({"sigma": SKEW}, "`sigma` must be symmetric. Received: .*by 0.001"),
        ({"sigma": -np.eye(4)}, "`sigma` must have no negative eigenvalues. Received: .*-1"),
        ({"sigma": np.full((4, 4), np.nan)}, "`sigma` must be finite.*16 are NaN"),
        ({"mu": np.full(4, np.inf)}, "`mu` must be finite.*4 are NaN, infinite"),
        ({"mu": np.array(list("abcd"))}, "`mu` must be an array of numbers"),
        ({"sigma": np.eye(4) * 1j}, "`sigma` must be an array of numbers"),
    ],
)
def test_other_arrays_are_refused(tmp_path, changed, message):
    path = written(tmp_path / "other.npz", **changed)
    with pytest.raises(ValueError, match=f"(?s).*{message}") as raised:
        metrics.load_moments(path)
    assert "other.npz" in str(raised.value)


def test_objects_are_not_run(tmp_path):
    path = written(tmp_path / "bad.npz", mu=np.array([Runs(tmp_path / "ran")], object))
    with pytest.raises(ValueError, match=r"whole \.npz file\. Received: '.*bad\.npz', .* damaged"):
        metrics.load_moments(path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("damage", [flipped, cut, zeroed])
def test_damage_is_said_with_the_path_or_changes_nothing(tmp_path, damage):
    content, rng = written(tmp_path / "good.npz").read_bytes(), random.Random(0)
    expected, path, said = metrics.load_moments(tmp_path / "good.npz"), tmp_path / "bad.npz", 0
    for _ in range(30):
        path.write_bytes(damage(content, rng))
        try:
            found = metrics.load_moments(path)
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017
            said += 1
        else:
            assert all(np.array_equal(*pair) for pair in zip(found, expected, strict=True))
    assert said >= 10


def test_what_is_no_file_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"mu and sigma must be a file that can be read"):
        metrics.load_moments(tmp_path / "nothing.npz")
    (tmp_path / "text.npz").write_text("mu,sigma")
    with pytest.raises(ValueError, match=r"whole \.npz file\. Received: .*which is no \.npz file"):
        metrics.load_moments(tmp_path / "text.npz")


def test_each_kind_of_file_says_how_the_other_is_read(tmp_path):
    Reference.of(classifier(), [greys(9)]).save(tmp_path / "own.npz")
    with pytest.raises(ValueError, match=r"mu and sigma\. .*with .*sample.*Reference\.load`"):
        metrics.load_moments(tmp_path / "own.npz")
    with pytest.raises(ValueError, match=r".*with mu, sigma\. .*`Reference\.load_moments`"):
        Reference.load(written(tmp_path / "other.npz"))


# --- as a reference ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    path = tmp_path_factory.mktemp("graph") / "classify_image_graph_def.pb"
    path.write_bytes(tiny_graph().SerializeToString())
    return path


@pytest.fixture
def as_reference(monkeypatch):
    """The small graph counts as the reference network."""
    monkeypatch.setattr(inception_graph, "differences", lambda used: [])


def fid_oracle(a, b):
    """Of few images of many features: the products' nuclear norm in the space of the images."""
    centred = [(x - x.mean(axis=0)) / np.sqrt(len(x) - 1) for x in (a, b)]
    roots = np.linalg.svd(centred[0] @ centred[1].T, compute_uv=False).sum()
    traces = sum(np.sum(x**2) for x in centred)
    return np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2) + traces - 2 * roots


SLOWER = [pytest.param(tool, marks=pytest.mark.full) for tool in ("ttur", "clean-fid")]


@pytest.mark.parametrize("tool", ["pytorch-fid", *SLOWER])
def test_generated_images_are_compared_with_a_file_of_a_tool(as_reference, graph, tmp_path, tool):
    network = load_inception(str(graph), tool)
    real, fake = (network(images(n, n)).features.astype(float) for n in (6, 5))
    path = written(tmp_path / "real.npz", **moments_of(real))
    reference = load_reference_file(str(path), network, tool)
    scores = metrics.ImageScores(network, reference, splits=1)
    scores.update_state(images(5, 5))
    result = scores.result()
    key = "fid" if tool == "ttur" else "frechet_distance"
    assert result[key] == pytest.approx(fid_oracle(real, fake), rel=1e-6)
    # The score of the generated images needs no real ones.
    assert len(result) == 3
    single = metrics.FrechetDistance(network, reference)
    single.update_state(images(5, 5))
    assert single.result() == {key: result[key]}
    assert reference.description["statistics_by"] == tool


def test_a_file_of_the_same_extractor_needs_no_tool(tmp_path):
    extractor = classifier()
    Reference.of(extractor, [greys(30)]).save_moments(tmp_path / "own.npz")
    reference = Reference.load_moments(tmp_path / "own.npz", extractor, split="test")
    scores = metrics.FrechetDistance(extractor, reference)
    scores.update_state(greys(30))
    assert scores.result()["frechet_distance"] == pytest.approx(0, abs=1e-9)
    about = scores.description()
    assert (about["n_real"], about["reference_split"]) == ("unknown", "test")
    reference.save(tmp_path / "with_description.npz")
    loaded = load_reference_file(str(tmp_path / "with_description.npz"), extractor, None)
    assert loaded.fingerprint == reference.fingerprint
    assert (loaded.n_real, loaded.sample.shape) == (None, (0, 4))
    assert loaded.description == {**extractor.description, "statistics_by": "the extractor"}


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (metrics.ImageScores, {"kid": True}),
        (metrics.ImageScores, {"precision_recall": True}),
        (metrics.ImageScores, {"density_coverage": True}),
        (metrics.KernelDistance, {}),
        (metrics.PrecisionRecall, {}),
        (metrics.DensityCoverage, {}),
    ],
)
def test_what_needs_single_images_is_refused(tmp_path, kind, options):
    extractor = classifier()
    reference = Reference.load_moments(written(tmp_path / "x.npz"), extractor)
    message = r"need features of single real images, \d at least. Received: .*those of 0. Make it"
    with pytest.raises(ValueError, match=message):
        kind(extractor, reference, **options)
    metrics.ImageScores(extractor, reference)


def test_few_single_images_are_refused_before_any_are_generated():
    extractor = classifier()
    reference = Reference.of(extractor, [greys(9)], keep=5)
    metrics.PrecisionRecall(extractor, reference)
    with pytest.raises(ValueError, match=r"single real images, 6 at least. Received: .*those of 5"):
        metrics.DensityCoverage(extractor, reference)


def test_files_of_other_features_are_refused(as_reference, graph, tmp_path):
    small = written(tmp_path / "small.npz")
    network = load_inception(str(graph), "pytorch-fid")
    with pytest.raises(ValueError, match=r"Received: 4 features, and 'Inception .*with 2,048\."):
        Reference.load_moments(small, network, "pytorch-fid")
    wrong = r"Received: those of tool={!r}, and '.*', which is that of tool={!r}\. Pass the tool"
    for tool in ("clean-fid", "ttur", None):
        with pytest.raises(ValueError, match=wrong.format(tool, "pytorch-fid")):
            Reference.load_moments(small, network, tool)
    with pytest.raises(ValueError, match=wrong.format("ttur", None)):
        Reference.load_moments(small, classifier(), "ttur")
    with pytest.raises(ValueError, match=r"Received: tool='pytorch'\. Choose one of ttur, "):
        Reference.load_moments(small, classifier(), "pytorch")
    with pytest.raises(ValueError, match="`extractor` must be"):
        Reference.load_moments(small, "inception", "ttur")
    with pytest.raises(RunError, match=r"network of the FID.*: --reference=.*, and small\."):
        load_reference_file(str(small), classifier(), None)
    with pytest.raises(RunError, match=r"how the images were resized.*and no --fid_tool\. Pass"):
        load_reference_file(str(small), network, None)


def test_a_graph_that_is_not_the_reference_network_has_other_features(graph, tmp_path):
    with pytest.warns(UserWarning, match="is not the Inception network"):
        network = load_inception(str(graph), "pytorch-fid")
    with pytest.raises(ValueError, match=r"those of tool='pytorch-fid', and 'frozen graph that"):
        Reference.load_moments(written(tmp_path / "x.npz"), network, "pytorch-fid")


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = written(tmp_path / "old.npz")
    before = path.read_bytes()
    with pytest.raises(ValueError, match="`cov` must be symmetric"):
        metrics.save_moments(path, np.zeros(4), SKEW)

    def full(*arguments, **named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        metrics.save_moments(path, np.zeros(4), np.eye(4))
    assert path.read_bytes() == before
    assert list(pathlib.Path(tmp_path).iterdir()) == [path]


def test_training_is_scored_by_a_file_of_another_tool(as_reference, graph, tmp_path):
    path = written(tmp_path / "x.npz", mu=np.zeros(FEATURES), sigma=np.zeros((FEATURES, FEATURES)))
    files = {"inception": str(graph), "reference": str(path), "fid_tool": "clean-fid"}
    places = {"output": tmp_path, "shared": tmp_path, "strategy": None, "command": []}
    request = Request(runs=[{}], seeds=[0], test=("none", "test"), **places, **files)
    (scores,) = make_scores(request)
    assert (scores.extractor.tool, scores.reference.n_real) == ("clean-fid", None)
    with pytest.raises(RunError, match=r"how the images were resized.*and no --fid_tool\. Pass"):
        make_scores(dataclasses.replace(request, fid_tool=None))


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"a folder that exists. Received: .*Make the fold"):
        metrics.save_moments(tmp_path / "none" / "x.npz", np.zeros(4), np.eye(4))
