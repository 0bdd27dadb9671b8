"""Callbacks during fit: evaluation of samples and the spectrum."""

import csv
import inspect
import math
import weakref
from typing import ClassVar

import keras
import numpy as np
import pytest
import tensorflow as tf
import test_conditional
from test_gan import OPTIMIZERS, batches, fit, make_gan

import tf_consensus as tfc
from tf_consensus.callbacks import EvaluateGAN, SpectrumMonitor, describe_spectrum

MODES = [[0.0, 0.0]]


class Recorder:
    """A metric that keeps its batches and gives one value after another."""

    name = "recorder"
    directions: ClassVar = {"distance": "down", "score": "up"}

    def __init__(self, values=()):
        self.values = iter(values)
        self.reset_state()

    def reset_state(self):
        self.batches, self.value = [], math.nan

    def update_state(self, samples):
        if not self.batches:
            self.value = next(self.values, 0.0)
        self.batches.append(samples)

    def result(self):
        return {"distance": self.value, "score": -self.value, "spread": 2 * self.value}


def image_gan():
    generator = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(48, "tanh"), keras.layers.Reshape((4, 4, 3))]
    )
    discriminator = keras.Sequential(
        [keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    gan = tfc.GAN(generator, discriminator, latent_dim=3, seed=0)
    gan.compile(optimizer=tfc.SimultaneousOptimizer("sgd", learning_rate=1e-3))
    return gan


def image_data():
    return tf.data.Dataset.from_tensors(tf.zeros((5, 4, 4, 3))).repeat()


def test_evaluation_is_that_of_the_generators_samples():
    gan = make_gan()
    seen = []
    coverage = tfc.metrics.ModeCoverage(MODES, stddev=0.1)
    monitor = EvaluateGAN([coverage], samples=64, on_samples=lambda *args: seen.append(args))
    history = fit(gan, epochs=2, steps_per_epoch=3, callbacks=[monitor])
    assert [step for step, _ in seen] == [0, 3, 6]
    last = gan.generate(64, seed=0, batch_size=64)
    np.testing.assert_array_equal(seen[-1][1], last)
    share = np.mean(np.linalg.norm(last, axis=1) <= 0.3)
    assert history["within_3_sigma"][-1] == pytest.approx(share)
    assert len(history["mode_kl"]) == 2


def test_epochs_between_evaluations_repeat_the_last_and_before_show_the_worst():
    evaluate = EvaluateGAN([Recorder([5.0, 2.0])], samples=8, every=2, report=None)
    history = fit(image_gan(), image_data(), epochs=5, steps_per_epoch=1, callbacks=[evaluate])
    np.testing.assert_array_equal(history["distance"], [math.inf, 5, 5, 2, 2])
    np.testing.assert_array_equal(history["score"], [-math.inf, -5, -5, -2, -2])
    np.testing.assert_array_equal(history["spread"], [math.nan, 10, 10, 4, 4])
    assert history["evaluated"] == [0, 1, 0, 1, 0]
    assert {len(values) for values in history.values()} == {5}


def test_evaluating_each_epoch_needs_no_mark():
    evaluate = EvaluateGAN([Recorder([5.0, 2.0])], samples=8, report=None)
    history = fit(image_gan(), image_data(), epochs=2, steps_per_epoch=1, callbacks=[evaluate])
    assert history["distance"] == [5, 2]
    assert "evaluated" not in history


def test_a_metric_without_a_direction_is_given_one():
    with pytest.warns(
        UserWarning, match=r"which end of mean is .*Pass directions=\{'mean': 'down'"
    ):
        EvaluateGAN([keras.metrics.Mean(name="mean")], samples=8, every=2)
    mean = keras.metrics.Mean(name="mean")
    evaluate = EvaluateGAN([mean], samples=8, every=2, directions={"mean": "up"}, report=None)
    history = fit(make_gan(), epochs=3, callbacks=[evaluate])
    assert history["mean"][0] == -math.inf
    assert math.isfinite(history["mean"][1])
    assert history["mean"][1] == history["mean"][2]
    assert set(evaluate.best) == {"mean"}


# What is measured after epochs 2, 4, 6, 8 and 10: the best comes first after 4, then after 10.
VALUES = [5.0, 2.0, 3.0, 4.0, 1.0]


def train_with(callback, values=VALUES, monitor="distance"):
    """The epochs that were trained, and the learning rate after each."""
    gan, rates, weights = image_gan(), [], []

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            rates.append(round(float(gan.optimizer.learning_rate), 6))
            weights.append(gan.get_weights())

    evaluate = EvaluateGAN([Recorder(values)], samples=8, every=2, report=None)
    callbacks = [evaluate, callback, Watch()]
    fit(gan, image_data(), epochs=2 * len(values), steps_per_epoch=1, callbacks=callbacks)
    return gan, rates, weights


@pytest.mark.parametrize(("monitor", "mode"), [("distance", "min"), ("score", "max")])
def test_the_best_checkpoint_is_that_of_an_evaluated_epoch(tmp_path, monitor, mode):
    checkpoint = keras.callbacks.ModelCheckpoint(
        tmp_path / "{epoch:02d}.weights.h5",
        monitor=monitor,
        mode=mode,
        save_best_only=True,
        save_weights_only=True,
    )
    gan, _, weights = train_with(checkpoint)
    names = sorted(path.name[:2] for path in tmp_path.iterdir())
    # That of epoch 1, of which nothing is known, gives way to the first that is measured.
    assert names == ["01", "02", "04", "10"]
    gan.load_weights(tmp_path / "04.weights.h5")
    for found, wanted in zip(gan.get_weights(), weights[3], strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(("monitor", "mode"), [("distance", "min"), ("score", "max")])
@pytest.mark.parametrize(
    ("patience", "values", "epochs"),
    [
        (4, VALUES, 8),  # two evaluations, after 6 and 8, that are no better than that after 4
        (6, VALUES, 10),
        (2, VALUES, 6),
        (2, [5.0, 4.0, 3.0], 6),
        (4, [5.0, 6.0, 7.0, 1.0], 6),
    ],
)
def test_early_stopping_waits_for_evaluations(monitor, mode, patience, values, epochs):
    stop = keras.callbacks.EarlyStopping(
        monitor, mode=mode, patience=patience, restore_best_weights=True
    )
    gan, rates, weights = train_with(stop, values)
    assert len(rates) == epochs
    measured = values[: epochs // 2]
    best = weights[2 * int(np.argmin(measured)) + 1]
    if epochs < 2 * len(values):
        for found, wanted in zip(gan.get_weights(), best, strict=True):
            np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(("monitor", "mode"), [("distance", "min"), ("score", "max")])
def test_the_rate_is_reduced_where_evaluations_stop_improving(monitor, mode):
    reduce = keras.callbacks.ReduceLROnPlateau(monitor, mode=mode, patience=4, factor=0.5)
    _, rates, _ = train_with(reduce)
    assert rates == [1e-3] * 7 + [5e-4] * 3


def test_a_csv_log_has_all_columns_from_its_first_row_on(tmp_path):
    train_with(keras.callbacks.CSVLogger(tmp_path / "log.csv"))
    with open(tmp_path / "log.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["distance"]) for row in rows] == [math.inf, 5, 5, 2, 2, 3, 3, 4, 4, 1]
    measured = [float(row["distance"]) for row in rows if float(row["evaluated"])]
    assert measured == VALUES


class Diverge(keras.callbacks.Callback):
    """Makes the generator's samples NaN at the end of an epoch, and good again after it."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch, self.good = epoch, None

    def on_epoch_begin(self, epoch, logs=None):
        if self.good is not None:
            self.model.set_weights(self.good)

    def on_epoch_end(self, epoch, logs=None):
        self.good = None
        if epoch == self.epoch:
            self.good = self.model.get_weights()
            bias = self.model.generator.trainable_variables[1]
            bias.assign(np.full(bias.shape, np.nan))


@pytest.mark.parametrize("every", [1, 2])
def test_samples_that_are_not_finite_are_not_measured_and_never_the_best(tmp_path, every):
    seen, lines = [], []
    recorder = Recorder([5.0, 2.0, 3.0])
    evaluate = EvaluateGAN(
        [recorder],
        samples=8,
        every=every,
        on_samples=lambda step, samples: seen.append(np.isfinite(samples).all()),
        report=lines.append,
    )
    path = tmp_path / "best.weights.h5"
    checkpoint = keras.callbacks.ModelCheckpoint(
        path, monitor="distance", mode="min", save_best_only=True, save_weights_only=True
    )
    gan = image_gan()
    callbacks = [Diverge(0 if every == 1 else 1), evaluate, checkpoint]
    history = fit(gan, image_data(), epochs=3 * every, steps_per_epoch=1, callbacks=callbacks)
    expected = {1: [math.inf, 5, 2], 2: [math.inf, math.inf, math.inf, 5, 5, 2]}
    np.testing.assert_array_equal(history["distance"], expected[every])
    if every == 2:
        assert history["evaluated"] == [0, 0, 0, 1, 0, 1]
    assert seen == [True, False, True, True]
    assert evaluate.best["distance"] == (3 * every, 2.0)
    gan.load_weights(path)
    assert all(np.isfinite(x).all() for x in gan.get_weights())
    assert "not finite" not in lines[0]


def test_a_run_that_has_diverged_says_so_at_its_end():
    lines = []
    coverage = tfc.metrics.ModeCoverage(np.zeros((1, 48)), stddev=0.1)

    class Flat:
        """Mode coverage of images."""

        name, directions, worst = "flat", coverage.directions, coverage.worst
        reset_state, result = coverage.reset_state, coverage.result

        def update_state(self, samples):
            coverage.update_state(samples.reshape(len(samples), -1))

    evaluate = EvaluateGAN([Flat()], samples=8, report=lines.append)
    callbacks = [Diverge(1), evaluate]
    history = fit(image_gan(), image_data(), epochs=2, steps_per_epoch=1, callbacks=callbacks)
    assert history["modes_covered"][1] == 0
    assert history["mode_kl"][1] == math.inf
    assert math.isnan(evaluate.final["mode_kl"].value)
    assert lines[0].endswith("; the last samples were not finite")


def test_a_result_that_is_no_number_is_never_the_best_either():
    evaluate = EvaluateGAN([Recorder([math.nan, 3.0, -math.inf])], samples=8, report=None)
    history = fit(image_gan(), image_data(), epochs=3, steps_per_epoch=1, callbacks=[evaluate])
    np.testing.assert_array_equal(history["distance"], [math.inf, 3, math.inf])
    np.testing.assert_array_equal(history["score"], [-math.inf, -3, -math.inf])
    assert evaluate.best == {"distance": (2, 3.0), "score": (2, -3.0)}


def test_a_resumed_run_goes_on_to_show_what_it_is_told():
    evaluate = EvaluateGAN([Recorder([2.0])], samples=8, every=2, report=None)
    evaluate.record(2, {"distance": 5.0, "score": -5.0, "spread": 10.0})
    options = {"epochs": 4, "initial_epoch": 2, "steps_per_epoch": 1}
    history = fit(image_gan(), image_data(), callbacks=[evaluate], **options)
    assert history["distance"] == [5, 2]
    assert history["evaluated"] == [0, 1]


def test_samples_come_in_batches_of_their_own_latents():
    gan, recorder = image_gan(), Recorder()
    evaluate = EvaluateGAN([recorder], samples=600)
    evaluate.set_model(gan)
    evaluate.evaluate()
    assert [len(batch) for batch in recorder.batches] == [256, 256, 88]
    np.testing.assert_array_equal(recorder.batches[0], gan.generate(256, seed=0))
    everything = np.concatenate(recorder.batches).reshape(600, -1)
    assert len(np.unique(everything, axis=0)) == 600
    evaluate.evaluate()
    np.testing.assert_array_equal(np.concatenate(recorder.batches).reshape(600, -1), everything)
    seen = []
    evaluate = EvaluateGAN([recorder], 600, on_samples=lambda *args: seen.append(args))
    evaluate.set_model(gan)
    evaluate.evaluate()
    np.testing.assert_array_equal(seen[0][1].reshape(600, -1), everything)


def test_batches_are_forgotten():
    class Alive:
        """Counts the batches that are still referred to."""

        name = "alive"

        def __init__(self):
            self.batches, self.most = [], 0

        def reset_state(self):
            pass

        def update_state(self, samples):
            self.batches.append(weakref.ref(samples))
            self.most = max(self.most, sum(batch() is not None for batch in self.batches))

        def result(self):
            return 0.0

    alive = Alive()
    evaluate = EvaluateGAN([alive], samples=20, batch_size=2)
    evaluate.set_model(image_gan())
    evaluate.evaluate()
    assert len(alive.batches) == 10
    # The one that was just measured and the one that comes next.
    assert alive.most <= 2


def test_best_and_final_are_kept_and_reported(capsys):
    values = [5.0, 2.0, math.nan, 3.0]
    lines = []
    evaluate = EvaluateGAN([Recorder(values)], samples=8, every=2, report=lines.append)
    history = fit(image_gan(), image_data(), epochs=8, steps_per_epoch=10, callbacks=[evaluate])
    expected = [math.inf, 5, 5, 2, 2, math.inf, math.inf, 3]
    np.testing.assert_array_equal(history["distance"], expected)
    assert evaluate.best == {"distance": (40, 2.0), "score": (40, -2.0)}
    assert evaluate.final == {"distance": (80, 3.0), "score": (80, -3.0), "spread": (80, 6.0)}
    assert evaluate.best["distance"].step == 40
    assert lines == [
        "step 80: distance 3 (best 2 at step 40), score -3 (best -2 at step 40), spread 6"
    ]
    assert capsys.readouterr().out == ""


def test_a_resumed_run_is_told_of_its_log():
    evaluate = EvaluateGAN([Recorder()])
    evaluate.record(10, {"distance": 1.0, "score": 1.0})
    evaluate.record(20, {"distance": 2.0, "score": 2.0})
    assert evaluate.best == {"distance": (10, 1.0), "score": (20, 2.0)}
    assert evaluate.final["distance"] == (20, 2.0)


def test_metrics_know_which_end_is_better(capsys):
    coverage = tfc.metrics.ModeCoverage(MODES, stddev=0.1)
    distance = tfc.metrics.Wasserstein1(np.zeros((64, 2)))
    mean = keras.metrics.Mean(name="mean")
    evaluate = EvaluateGAN([coverage, distance, mean], samples=64)
    fit(make_gan(), epochs=1, callbacks=[evaluate])
    directions = {**coverage.directions, **distance.directions}
    assert set(coverage.directions) == set(coverage.result())
    assert set(evaluate.best) == set(directions)
    assert set(evaluate.final) == {*directions, "mean"}
    assert directions["wasserstein1"] == directions["mode_kl"] == "down"
    assert directions["modes_covered"] == "up"
    assert capsys.readouterr().out.startswith("step 6: modes_covered ")


def test_image_scores_join_the_logs():
    classifier = keras.Sequential(
        [keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(3)]
    )
    extractor = tfc.metrics.Extractor(classifier, name="small")
    real = np.random.default_rng(0).uniform(-1, 1, (50, 4, 4, 3))
    reference = tfc.metrics.Reference.of(extractor, [real])
    scores = tfc.metrics.ImageScores(extractor, reference, splits=2)
    evaluate = EvaluateGAN([scores], samples=40, batch_size=16, every=2, report=None)
    gan = image_gan()
    history = fit(gan, image_data(), epochs=2, steps_per_epoch=2, callbacks=[evaluate])
    assert history["classifier_score"][0] == -math.inf
    assert history["frechet_distance"][0] == math.inf
    again = tfc.metrics.FrechetDistance(extractor, reference)
    for batch in evaluate._batches():
        again.update_state(batch)
    expected = again.result()["frechet_distance"]
    assert history["frechet_distance"][1] == pytest.approx(expected, rel=1e-6)
    assert evaluate.final["frechet_distance"] == (4, history["frechet_distance"][1])
    assert scores.description()["n_fake"] == 40


def test_spectrum_in_the_logs_is_that_of_the_dense_jacobian(capsys):
    gan = make_gan(OPTIMIZERS["consensus"]())
    real = next(iter(batches()))
    monitor = SpectrumMonitor(real, every=2, neutral=0.0)
    draws = int(gan.noise_counter)
    history = fit(gan, epochs=2, callbacks=[monitor])
    assert int(gan.noise_counter) == draws + 12
    matrix = tfc.spectrum.jacobian(monitor._game)
    values = np.linalg.eigvals(matrix.astype("float64"))
    assert history["spectrum_real"][0] == math.inf
    assert history["step_limit_gradient"][0] == 0.0
    assert history["spectrum_measured"] == [0.0, 1.0]
    assert history["spectrum_real"][1] == pytest.approx(values.real.max(), rel=1e-4)
    assert history["spectrum_rotation"][1] == pytest.approx(np.abs(values.imag).max(), rel=1e-4)
    assert history["step_limit_gradient"][1] == 0.0
    regularized = matrix.astype("float64") - matrix.T.astype("float64") @ matrix
    values = np.linalg.eigvals(regularized)
    assert history["consensus_spectrum_real"][1] == pytest.approx(values.real.max(), rel=1e-4)
    rotation = np.abs(values.imag).max()
    assert history["consensus_spectrum_rotation"][1] == pytest.approx(rotation, rel=1e-4)
    assert history["consensus_spectrum_quotient"][1] > 0
    assert history["step_limit_consensus"][1] == 0.0
    assert "this direction grows" in capsys.readouterr().out


def test_matrix_free_finds_the_same_ends():
    gan = make_gan()
    real = next(iter(batches()))
    results = []
    for limit in (5000, 1):
        monitor = SpectrumMonitor(real, dense_limit=limit, report=None)
        monitor.set_model(gan)
        results.append(monitor.measure())
    dense, free = results
    assert set(dense) == set(free)
    for key in ("spectrum_real", "spectrum_rotation"):
        assert free[key] == pytest.approx(dense[key], rel=1e-2)


def measured(gan, real=None, **options):
    """A monitor's results, its line and its game."""
    lines = []
    real = next(iter(batches())) if real is None else real
    monitor = SpectrumMonitor(real, report=lines.append, **options)
    monitor.set_model(gan)
    return monitor.measure(), lines[0], monitor


def first_order_smoothing(gan, game, gamma):
    """The derivative of w with what multiplies v left out: rows of D lose γ v_G'ᵀ v_G'."""
    matrix = tfc.spectrum.jacobian(game).astype("float64")
    size = sum(x.numpy().size for x in gan.generator.trainable_variables)
    own = matrix[:size]
    matrix[size:] -= gamma * own[:, size:].T @ own
    return matrix


@pytest.mark.parametrize("limit", [5000, 1])
def test_the_spectrum_of_smoothing_is_its_own(limit):
    gan = make_gan(tfc.SmoothingOptimizer("sgd", gamma=2.0))
    results, line, monitor = measured(gan, neutral=0.0, dense_limit=limit)
    expected = np.linalg.eigvals(first_order_smoothing(gan, monitor._game, 2.0))
    tolerance = 1e-4 if limit > 1 else 1e-2
    assert results["smoothing_spectrum_real"] == pytest.approx(expected.real.max(), rel=tolerance)
    rotation = np.abs(expected.imag).max()
    assert results["smoothing_spectrum_rotation"] == pytest.approx(rotation, rel=tolerance)
    assert not any("consensus" in key for key in results)
    assert "smoothing at gamma=2 is" in line


def test_smoothings_first_order_terms_are_those_of_its_field_where_v_is_0():
    """On a bilinear game at its stationary point they are all there are."""
    problem = tfc.problems.Bilinear(np.array([[2.0, 0.5], [0.0, 1.0]]))
    game = problem.game(np.zeros(2), np.zeros(2))
    optimizer = tfc.SmoothingOptimizer("sgd", gamma=0.3)
    matrix = tfc.spectrum.jacobian(game)
    c, r = optimizer.field.projections([2, 2])

    def field(x):
        game = problem.game(x[:2], x[2:])
        return np.concatenate([t.numpy() for t in optimizer.direction(game.linearize())])

    rows = np.stack([field(unit) for unit in np.eye(4)], axis=1)  # w is linear
    expected = matrix - 0.3 * r[:, None] * (matrix.T @ (c[:, None] * matrix))
    np.testing.assert_allclose(rows, expected, atol=1e-12)


def test_lookaheads_spectrum_is_that_of_the_optimizer_within():
    inner = tfc.ConsensusOptimizer("rmsprop", gamma=1.0)
    results, line, _ = measured(make_gan(tfc.LookaheadOptimizer(inner)))
    expected, _, _ = measured(make_gan(tfc.ConsensusOptimizer("rmsprop", gamma=1.0)))
    assert results == expected
    assert "consensus at gamma=1 " in line
    assert "between the averages of LookaheadOptimizer (for plain steps: RMSprop" in line


def test_a_schedule_gives_the_gamma_of_now_and_keys_that_last():
    gamma = keras.optimizers.schedules.PiecewiseConstantDecay([5], [0.0, 2.0])
    gan = make_gan(tfc.ConsensusOptimizer("sgd", gamma=gamma))
    history = fit(gan, epochs=2, callbacks=[SpectrumMonitor(next(iter(batches())), report=None)])
    plain, regularized = history["spectrum_real"], history["consensus_spectrum_real"]
    assert plain[0] != plain[1]
    assert gan.optimizer.field == ("consensus", 2.0, "all", "all")
    assert len(regularized) == 2


@pytest.mark.parametrize(
    "make",
    [
        lambda: tfc.ExtragradientOptimizer("sgd"),
        lambda: tfc.SymplecticOptimizer("sgd"),
        lambda: tfc.AlternatingOptimizer("sgd", "sgd"),
        lambda: tfc.OptimisticOptimizer("sgd"),
        lambda: tfc.ImplicitOptimizer("sgd", products=1),
        lambda: tfc.ExtrapolatedAlternatingOptimizer("sgd", "sgd"),
        lambda: tfc.RungeKuttaOptimizer("sgd"),
        lambda: tfc.CrossTermOptimizer("sgd", gamma=1.0),
        lambda: tfc.MomentumOptimizer("sgd"),
        lambda: tfc.CompetitiveOptimizer("sgd"),
    ],
)
def test_other_methods_are_said_to_be_others(make):
    optimizer = make()
    assert optimizer.field is None
    results, line, _ = measured(make_gan(optimizer))
    assert set(results) == set(measured(make_gan(keras.optimizers.SGD()))[0])
    name = type(optimizer).__name__
    assert line.endswith(f"of the gradient field, whose plain steps {name} does not take")


def test_labels_come_with_the_samples_of_a_conditional_gan():
    gan = test_conditional.make_gan()
    gan.compile(optimizer="sgd")
    batch = test_conditional.a_batch()
    for real in (batch, list(batch)):
        results, _, monitor = measured(gan, real)
        assert math.isfinite(results["spectrum_real"])
        np.testing.assert_array_equal(monitor._game.batch[0][1], batch[1])
    with pytest.raises(ValueError, match="Received: samples alone"):
        measured(gan, batch[0])
    # Labels that a GAN has no use for are left out, as in training.
    samples = next(iter(batches()))
    assert measured(make_gan(), (samples, tf.zeros(16, tf.int32)))[0] == measured(make_gan())[0]


def test_large_games_are_traced_once(monkeypatch):
    gan = make_gan(OPTIMIZERS["consensus"]())
    _, _, monitor = measured(gan, dense_limit=1)
    traced = []
    for name in ("jvp", "linearize"):
        method = getattr(tfc.Game, name)

        def count(game, *args, method=method, **options):
            if not tf.executing_eagerly():
                traced.append(1)
            return method(game, *args, **options)

        monkeypatch.setattr(tfc.Game, name, count)
    monitor.measure()
    assert not traced


@pytest.mark.parametrize("limit", [5000, 1])
def test_a_neutral_spectrum_does_not_end_training(limit):
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(20)])
    discriminator = keras.Sequential(
        [keras.Input((20,)), keras.layers.Dense(40), keras.layers.ReLU(), keras.layers.Dense(1)]
    )
    gan = tfc.GAN(generator, discriminator, latent_dim=3, seed=0, objective="wgan")
    gan.compile(optimizer=tfc.ConsensusOptimizer("sgd", gamma=1.0))
    for x in gan.trainable_variables:
        x.assign(tf.zeros_like(x))  # dead units: the losses are constant to second order
    results, line, _ = measured(gan, tf.zeros((4, 20)), dense_limit=limit)
    assert results["spectrum_real"] == results["consensus_spectrum_real"] == 0.0
    assert results["step_limit_gradient"] == math.inf
    assert line.startswith("all eigenvalues are neutral")


def test_the_line_names_the_eigenvalue_that_limits_the_step():
    line = describe_spectrum(np.array([-0.003 + 1.9j, -0.003 - 1.9j, -1.0]), {})
    expected = "eigenvalue -0.003 ± 1.9i: rotation dominates; plain gradient ascent is stable only"
    assert line == f"{expected} for h < 0.0017"
    line = describe_spectrum(np.array([-10.0, -1.0]), {"step_limit_consensus": 0.1}, gamma=2.0)
    assert line == (
        "eigenvalue -10: rotation does not limit the step; plain gradient ascent is stable only "
        "for h < 0.2; consensus at gamma=2 is stable only for h < 0.1"
    )
    line = describe_spectrum(np.array([0.5, -9.0]), {}, inner=keras.optimizers.Adam())
    assert "eigenvalue 0.5: this direction grows; plain gradient ascent is unstable" in line
    assert line.endswith("(for plain steps: Adam rescales each parameter's)")
    adam, rmsprop, sgd = (getattr(keras.optimizers, key) for key in ("Adam", "RMSprop", "SGD"))
    for kinds, end in (
        ((adam, rmsprop), "(for plain steps: Adam and RMSprop rescale each parameter's)"),
        ((adam, sgd), "(for plain steps: Adam rescales each parameter's)"),
        ((sgd, sgd), "unstable for every step h"),
    ):
        inner = tfc.SimultaneousOptimizer([kind() for kind in kinds]).inner_optimizer
        assert describe_spectrum(np.array([0.5, -9.0]), {}, inner=inner).endswith(end)


class Labelled(Recorder):
    """What needs labels."""

    def update_state(self, samples, labels):
        super().update_state(samples)


class Weighted(Recorder):
    """What takes more, but can do without."""

    def update_state(self, samples, weights=None, **options):
        super().update_state(samples)


class Unfinished:
    """What lacks a method of metrics."""

    name = "unfinished"

    def update_state(self, samples):
        pass


def wasserstein():
    return tfc.metrics.Wasserstein1(np.zeros((64, 2)))


def image_scores():
    classifier = keras.Sequential(
        [keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(3)]
    )
    return tfc.metrics.InceptionScore(tfc.metrics.Extractor(classifier, name="small"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: EvaluateGAN(["fid"]),
            r"`metrics` must be a list of .*Received: 'fid'\. Make them",
        ),
        (lambda: EvaluateGAN("fid"), "`metrics` must be a list of .*Received: 'fid'"),
        (lambda: EvaluateGAN(None), "`metrics` must be a list of .*Received: None"),
        (lambda: EvaluateGAN(wasserstein()), "`metrics` must be a list of .*Received: <Wasser"),
        (lambda: EvaluateGAN([tfc.metrics.ModeCoverage]), "`metrics` must be a list.*<class '"),
        (lambda: EvaluateGAN([Unfinished()]), "`metrics` must be a list of .*Unfinished object"),
        (lambda: EvaluateGAN([tfc.metrics.wasserstein1]), "`metrics` must be a list of .*function"),
        (lambda: EvaluateGAN(samples=0), "`samples` must be an integer of at least 1"),
        (lambda: EvaluateGAN(samples=math.nan), "`samples` must be an integer of at least 1"),
        (
            lambda: EvaluateGAN([wasserstein()], samples=65),
            "as many samples .*Received: 65 samples",
        ),
        (lambda: EvaluateGAN([image_scores()], samples=9), "at least 10 images. Received: 9"),
        (lambda: EvaluateGAN(batch_size=0), "`batch_size` must be an integer of at least 1"),
        (lambda: EvaluateGAN(every=1.5), "`every` must be an integer of at least 1"),
        (lambda: EvaluateGAN(every=0), "`every` must be an integer of at least 1"),
        (lambda: EvaluateGAN(seed="a"), "`seed` must be an integer"),
        (lambda: EvaluateGAN(seed=1.9), "`seed` must be an integer"),
        (lambda: EvaluateGAN(on_samples="print"), "`on_samples` must be a function or None"),
        (lambda: EvaluateGAN(report=True), "`report` must be a function or None"),
        (lambda: EvaluateGAN(directions={"fid": "low"}), "Directions must be 'up' or 'down'"),
        (lambda: EvaluateGAN(directions="up"), r"`directions` must be a dict .*Received: .*'up'\."),
        (lambda: EvaluateGAN(directions=["up"]), "`directions` must be a dict"),
        (lambda: EvaluateGAN(directions={"fid": ["up"]}), "Directions must be 'up' or 'down'"),
        (
            lambda: EvaluateGAN(directions={"A": "up"}),
            "must be of results of the metrics. Received: 'A', where the results are none. Name",
        ),
        (
            lambda: EvaluateGAN([Recorder()], directions={"spraed": "up"}),
            "'spraed', where the results are distance, score, spread. Did you mean 'spread'",
        ),
        (
            lambda: EvaluateGAN([Recorder()], every=2, directions={"recorder": "up"}),
            "'recorder', where the results are distance, score, spread",
        ),
        (
            lambda: EvaluateGAN([Recorder()], directions={"distance": "up"}),
            "contradict a metric. Received: 'distance' as 'up', which is 'down'",
        ),
        (lambda: EvaluateGAN(averaged="no"), "`averaged` must be True or False.*'no'"),
        (lambda: EvaluateGAN(averaged=None), "`averaged` must be True or False"),
        (lambda: EvaluateGAN(averaged=0), "`averaged` must be True or False"),
        (
            lambda: EvaluateGAN([keras.metrics.MeanSquaredError()]),
            r"must take the samples alone. Received: <MeanSq.*, whose .* takes \(y_true, y_pred",
        ),
        (lambda: EvaluateGAN([keras.metrics.AUC()]), "must take the samples alone.*y_true"),
        (lambda: EvaluateGAN([Labelled()]), r"must take the samples alone.*\(samples, labels\)"),
        (lambda: SpectrumMonitor([[0.0]], every=0), "`every` must be an integer of at least 1"),
        (lambda: SpectrumMonitor([[0.0]], dense_limit=0), "`dense_limit` must be an integer"),
        (lambda: SpectrumMonitor([[0.0]], neutral=-1.0), "`neutral` must be finite and not neg"),
    ],
)
def test_bad_options_are_refused(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()


def needs_samples_alone(kind):
    """Whether a class of Keras' metrics takes one argument, by its own words."""
    return "y_true" not in inspect.signature(kind.update_state).parameters


def test_metrics_of_keras_are_taken_if_samples_are_all_they_need():
    made = {kind: kind() for kind in (keras.metrics.Mean, keras.metrics.Sum, keras.metrics.AUC)}
    made |= {kind: kind() for kind in (keras.metrics.Precision, keras.metrics.Poisson)}
    for kind, metric in made.items():
        if needs_samples_alone(kind):
            assert EvaluateGAN([metric]).metrics == [metric]
        else:
            with pytest.raises(ValueError, match="must take the samples alone"):
                EvaluateGAN([metric])
    assert EvaluateGAN([Weighted()], directions={"spread": "up"}).metrics


def run_for(callbacks, epochs=2):
    """What `fit` logs, step by step."""
    return fit(image_gan(), image_data(), epochs=epochs, steps_per_epoch=1, callbacks=callbacks)


class Named(Recorder):
    """One result, of any name, that nothing says before the first evaluation."""

    directions: ClassVar = {}

    def __init__(self, key):
        self.key = key
        super().__init__([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])

    def result(self):
        return {self.key: self.value}


@pytest.mark.parametrize("name", ["generator_loss", "discriminator_loss", "gradient_norm"])
def test_results_do_not_take_the_place_of_the_models(name):
    seen = []
    options = {"samples": 8, "on_samples": lambda *args: seen.append(args), "report": None}
    evaluate = EvaluateGAN([keras.metrics.Mean(name=name)], **options)
    message = rf"names that are not yet in the logs\. Received: {name}, of the model\. Give"
    with pytest.raises(ValueError, match=message):
        run_for([evaluate])
    assert not seen
    with pytest.raises(ValueError, match=f"Received: {name}, of the model or of a callback"):
        run_for([EvaluateGAN([Named(name)], **options)])


def test_results_do_not_take_the_place_of_another_callbacks():
    first, second = (EvaluateGAN([Recorder()], samples=8, report=None) for _ in range(2))
    message = "Received: distance, score, spread, of the model or of a callback .*Give the metric"
    with pytest.raises(ValueError, match=message):
        run_for([first, second])
    with pytest.raises(ValueError, match="Received: evaluated, of the model"):
        run_for([EvaluateGAN([keras.metrics.Mean(name="evaluated")], samples=8, report=None)])


@pytest.mark.parametrize("periods", [(2, 3), (3, 2), (1, 2), (2, 1), (2, 2), (1, 1)])
def test_several_evaluations_of_their_own_periods_are_told_apart(periods):
    def make():
        pairs = zip("ab", periods, strict=True)
        options = {"samples": 8, "report": None}
        return [EvaluateGAN([Named(k)], every=n, directions={k: "up"}, **options) for k, n in pairs]

    callbacks, epochs = make(), 6
    history = run_for(callbacks, epochs)
    marks = [n for n in periods if n > 1]
    keys = ["evaluated", "evaluated_b"][: len(marks)]
    assert [key for key in history if key.startswith("evaluated")] == keys
    for key, every in zip(keys, marks, strict=True):
        assert history[key] == [float((k + 1) % every == 0) for k in range(epochs)]
    rows = [
        {"step": k + 1, **{key: values[k] for key, values in history.items()}}
        for k in range(epochs)
    ]
    for callback, resumed in zip(callbacks, make(), strict=True):
        resumed.record_rows(rows)
        assert resumed.final == callback.final
        assert resumed.best == callback.best != {}


@pytest.mark.filterwarnings("ignore:Nothing says which end")
def test_samples_alone_leave_the_mark_of_another():
    results = EvaluateGAN([Named("a")], samples=8, every=2, report=None)
    history = run_for([results, EvaluateGAN(samples=8, every=3)], 3)
    assert history["evaluated"] == [0, 1, 0]


def test_two_results_of_one_name_are_refused():
    evaluate = EvaluateGAN([Recorder(), Recorder()], samples=8)
    with pytest.raises(
        ValueError, match=r"different names\. Received: two of distance, score, spread"
    ):
        fit(image_gan(), image_data(), epochs=1, steps_per_epoch=1, callbacks=[evaluate])


@pytest.mark.parametrize("make", [lambda p: EvaluateGAN(), tfc.callbacks.SampleGrid])
def test_only_gans_are_evaluated(tmp_path, make):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    message = r"works on a tf_consensus.GAN\. Received: a Sequential\. Pass it"
    with pytest.raises(TypeError, match=message):
        model.fit(np.zeros((4, 2)), np.zeros((4, 1)), callbacks=[make(tmp_path)], verbose=0)
