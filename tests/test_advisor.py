"""The advisor speaks of what goes wrong, is silent where nothing does, and changes nothing."""

import json
import re
import warnings

import advisor_runs as runs
import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tf_consensus.callbacks import Advice, AdviceWarning, Advisor, SpectrumMonitor, read_advice
from tf_consensus.callbacks.advice import SYMPTOMS, probe
from tf_consensus.callbacks.advice.history import History
from tf_consensus.callbacks.advice.levels import levels
from tf_consensus.callbacks.advice.oscillation import _remedy as remedy_of
from tf_consensus.callbacks.advice.oscillation import find_swing

L = keras.layers
Adam = keras.optimizers.Adam
NAMES = {symptom.name for symptom in SYMPTOMS}
FAILING = [
    pytest.param(name, marks=[pytest.mark.slow] if name in runs.SLOW else [])
    for name in runs.FAILING
]


@pytest.mark.parametrize("name", FAILING)
def test_it_says_what_was_made_to_go_wrong(name):
    advisor, symptom = Advisor(), name.split()[0]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        history = runs.train(name, [advisor])
    said = [advice.name for advice in advisor.advice]
    assert symptom in said
    assert len(set(said)) == len(said)
    assert history.history["advice"][-1] == len(said)
    for advice in advisor.advice:
        assert re.fullmatch(r"[A-Z].*\d.*; .+\.", advice.message)
        assert not re.search(r"(?<!e\.g)[.!?]\s", advice.message)
    # What the GAN itself has warned of is not said again.
    warned = [x for x in caught if issubclass(x.category, AdviceWarning)]
    own = [x for x in said if x not in ("data_range", "probabilities")]
    own += ["probabilities"] if name == "probabilities outputs" else []
    assert sorted(str(x.message).split(": ")[0].split(", ")[-1] for x in warned) == sorted(own)


@pytest.mark.parametrize("most", [300, 0], ids=["its own", "the monitor's"])
def test_a_monitor_before_it_does_not_hide_that_no_rate_is_small_enough(most, monkeypatch):
    monkeypatch.setattr(probe, "_PARAMETERS", most)
    real, advisor = next(iter(runs.cloud())), Advisor(report=None)
    runs.train("learning_rate none", [SpectrumMonitor(real, report=None), advisor])
    said = {advice.name: advice.message for advice in advisor.advice}
    assert said["learning_rate"].startswith("No learning rate is small enough: ")


def test_every_symptom_has_a_run():
    assert {name.split()[0] for name in runs.FAILING} == NAMES


def mixture(optimizer, objective="standard", penalties=(), epochs=8, callbacks=(), **options):
    generator, discriminator = tfc.networks.build("mlp", latent_dim=16, seed=0)
    model = tfc.GAN(generator, discriminator, 16, objective=objective, penalties=penalties, seed=0)
    data = tfc.data.mixture_of_gaussians(128, seed=0)
    runs.fit(model, data, list(callbacks), optimizer, epochs, jit_compile=True, **options)
    return model


def alternating():
    return tfc.AlternatingOptimizer(Adam(1e-3, beta_1=0.0), Adam(1e-3, beta_1=0.0))


R1, R2, WGANGP = tfc.penalties.R1, tfc.penalties.R2, tfc.penalties.WGANGP
HEALTHY = {
    "paper": lambda: (tfc.ConsensusOptimizer("rmsprop", 1e-4, gamma=10.0), "standard", []),
    "recommended": lambda: (
        tfc.ConsensusOptimizer(Adam(2e-3, beta_1=0.0, beta_2=0.99), gamma=1.0), "standard", []
    ),
    "r1": lambda: (alternating(), "standard", [R1(1.0)]),
    "simultaneous": lambda: (tfc.SimultaneousOptimizer(Adam(1e-3)), "standard", [R1(1.0)]),
    "relativistic": lambda: (alternating(), "relativistic", [R1(1.0), R2(1.0)]),
    "wgan_gp": lambda: (alternating(), "wgan", [WGANGP(1.0)]),
    "hinge": lambda: (alternating(), "hinge", [R1(1.0)]),
    "least_squares": lambda: (alternating(), "least_squares", [R1(1.0)]),
}  # fmt: skip
QUICK = ("paper", "relativistic", "wgan_gp")


@pytest.mark.parametrize(
    "name",
    [pytest.param(x, marks=[] if x in QUICK else [pytest.mark.slow]) for x in HEALTHY],
)
def test_it_is_silent_where_all_goes_well(name):
    optimizer, objective, penalties = HEALTHY[name]()
    advisor = Advisor()
    mixture(optimizer, objective, penalties, callbacks=[advisor])
    assert advisor.advice == []
    assert len(advisor._history.checks) == 8
    assert advisor._history.checks[-1].distance < 0.3  # it has learnt


def layered(size, outputs, *, normalize=True):
    """A network that draws and keeps state."""
    between = [L.BatchNormalization()] if normalize else []
    layers = [L.Dense(6), *between, L.LeakyReLU(), L.Dropout(0.3), L.Dense(outputs)]
    return keras.Sequential([keras.Input((size,)), *layers])


def conditional_pair():
    first = keras.Input((3,)), keras.Input((), dtype="int32")
    embedded = L.Embedding(3, 4)(first[1])
    x = L.BatchNormalization()(L.Dense(6)(L.Concatenate()([first[0], embedded])))
    return keras.Model(first, L.Dense(2)(L.LeakyReLU()(x))), layered(2, 3)


OPTIMIZERS = {
    "plain": lambda: Adam(1e-2),
    "simultaneous": lambda: tfc.SimultaneousOptimizer("sgd", 1e-2),
    "consensus": lambda: tfc.ConsensusOptimizer("rmsprop", 1e-3, gamma=1.0),
    "smoothing": lambda: tfc.SmoothingOptimizer("sgd", 1e-3, gamma=1.0),
    "alternating": alternating,
    "alternating_consensus": lambda: tfc.AlternatingConsensusOptimizer(
        "sgd", "sgd", 1.0, reuse=True
    ),
    "extragradient": lambda: tfc.ExtragradientOptimizer("adam", 1e-3),
    "lookahead": lambda: tfc.LookaheadOptimizer(
        tfc.ConsensusOptimizer("adam", 1e-3), sync_period=3
    ),
    "averages": lambda: tfc.SimultaneousOptimizer(Adam(1e-3, use_ema=True)),
}
CASES = [(name, False, {}) for name in OPTIMIZERS]
CASES += [
    ("consensus", True, {}),
    ("alternating", True, {"steps_per_execution": 1}),
    ("simultaneous", False, {"jit_compile": True, "steps_per_execution": 20}),
    ("plain", False, {"run_eagerly": True, "steps_per_execution": 1}),
]


@pytest.mark.parametrize(("optimizer", "conditional", "options"), CASES)
def test_training_with_it_ends_in_the_same_weights(optimizer, conditional, options):
    ends = []
    points = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
    labels = [np.arange(64) % 3] if conditional else []
    for callbacks in ([], [Advisor(report=None)]):
        keras.utils.set_random_seed(1)
        pair = conditional_pair() if conditional else (layered(3, 2), layered(2, 1))
        model = tfc.GAN(*pair, latent_dim=3, seed=0, num_classes=3 if conditional else None)
        model.compile(OPTIMIZERS[optimizer](), **{"steps_per_execution": 4, **options})
        data = tf.data.Dataset.from_tensor_slices((points, *labels) if labels else points)
        data = data.repeat().batch(16)
        model.fit(
            data, epochs=2, steps_per_epoch=100, verbose=0, shuffle=False, callbacks=callbacks
        )
        state = [*model.variables, *model.optimizer.variables]
        random = np.random.random(), float(tf.random.uniform(())), float(keras.random.uniform(()))
        ends.append(([x.numpy() for x in state], random, model.warned))
    assert len(callbacks[0]._history.checks) == 2
    for without, with_it in zip(*(end[0] for end in ends), strict=True):
        np.testing.assert_array_equal(without, with_it)
    assert ends[0][1:] == ends[1][1:]


@pytest.mark.parametrize("options", [{}, {"jit_compile": True}, {"steps_per_execution": 5}])
@pytest.mark.parametrize("conditional", [False, True])
def test_it_works_on_replicas(two_replicas, conditional, options):
    points = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
    labels = np.arange(64) % 3
    with two_replicas.scope():
        if conditional:
            first = keras.Input((3,)), keras.Input((), dtype="int32")
            x = L.Concatenate()([first[0], L.Embedding(3, 4)(first[1])])
            pair = keras.Model(first, L.Dense(2)(x)), runs.dense(2, 3)
        else:
            pair = runs.dense(3, 2), runs.dense(2, 1)
        model = tfc.GAN(*pair, latent_dim=3, seed=0, num_classes=3 if conditional else None)
        model.compile(tfc.ConsensusOptimizer("rmsprop", 1e-5, gamma=1e5), **options)
    data = tf.data.Dataset.from_tensor_slices((points, labels) if conditional else points)
    advisor = Advisor(report=None)
    model.fit(
        data.repeat().batch(32), epochs=3, steps_per_epoch=100, verbose=0, shuffle=False,
        callbacks=[advisor],
    )  # fmt: skip
    np.testing.assert_array_equal(advisor._probe._labels, labels[:16] if conditional else None)
    real = advisor._probe._real[0] if conditional else advisor._probe._real
    np.testing.assert_array_equal(real, points[:16])  # the first replica's share
    assert [advice.name for advice in advisor.advice] == ["gamma"]


def images(size=8, **options):
    generator = [L.Dense(size**2, "tanh"), L.Reshape((size, size, 1))]
    generator = keras.Sequential([keras.Input((4,)), *generator])
    layers = [L.Conv2D(4, 3, 2), L.LeakyReLU(), L.Flatten(), L.Dense(1)]
    return generator, keras.Sequential([keras.Input((size, size, 1)), *layers])


def test_pictures_of_bytes_are_said_by_the_gan_once_and_kept_by_the_advisor(tmp_path):
    data = np.random.default_rng(0).integers(0, 256, (64, 8, 8, 1)).astype("uint8")
    model, lines = tfc.GAN(*images(), latent_dim=4, seed=0), []
    model.compile("adam")
    advisor = Advisor(path=tmp_path / "advice.json", report=lines.append)
    with pytest.warns(UserWarning, match="range|should fill") as caught:
        model.fit(data, batch_size=16, epochs=2, verbose=0, callbacks=[advisor])
    assert len(caught) == 1
    assert not issubclass(caught[0].category, AdviceWarning)
    assert [advice.name for advice in advisor.advice] == ["data_range"]
    assert "from 0 to 255" in advisor.advice[0].message
    assert "x / 127.5 - 1" in advisor.advice[0].message
    assert lines == [advisor.advice[0].line()]


@pytest.mark.parametrize("batch", [np.full((9, 2), 3.0, "float32"), np.eye(9, 2) * 5])
def test_samples_can_be_given(batch):
    model = tfc.GAN(runs.dense(3, 2, "tanh"), runs.dense(2, 1), latent_dim=3, seed=0)
    model.compile("adam")
    data = np.random.default_rng(0).uniform(-1, 1, (32, 2)).astype("float32")
    with pytest.warns(AdviceWarning, match="tanh") as caught:
        model.fit(data, epochs=2, verbose=0, callbacks=[Advisor(real=batch)])
    assert len(caught) == 1


def gamma_run(callbacks, epochs, model=None, initial=0, optimizer=None):
    if model is None:
        keras.utils.set_random_seed(0)
        model = runs.gan((runs.dense(4, 2), runs.dense(2, 1)))
        optimizer = optimizer or tfc.ConsensusOptimizer("rmsprop", 1e-4, gamma=1e5)
        model.compile(optimizer, steps_per_execution=25)
    model.fit(
        runs.ring(), epochs=epochs, initial_epoch=initial, steps_per_epoch=100, verbose=0,
        shuffle=False, callbacks=callbacks,
    )  # fmt: skip
    return model


@pytest.mark.parametrize("wrapped", [False, True])
def test_consensus_by_turns_is_weighed(wrapped):
    pair = [keras.optimizers.RMSprop(1e-4) for _ in range(2)]
    optimizer = tfc.AlternatingConsensusOptimizer(*pair, gamma=1e5)
    advisor = Advisor(report=None)
    gamma_run([advisor], 4, optimizer=tfc.LookaheadOptimizer(optimizer) if wrapped else optimizer)
    assert [advice.name for advice in advisor.advice] == ["gamma"]
    assert "so AlternatingConsensusOptimizer makes gradients small" in advisor.advice[0].message


@pytest.mark.parametrize(
    ("optimizer", "remedy"),
    [
        (lambda: tfc.SimultaneousOptimizer(), "use ConsensusOptimizer(gamma=1.0)"),
        (lambda: tfc.ConsensusOptimizer(gamma=2.0), "raise `gamma`"),
        (lambda: tfc.AlternatingConsensusOptimizer(gamma=2.0), "raise `gamma`"),
        (lambda: tfc.ConsensusOptimizer(gamma="auto"), "raise its scale, gamma=RelativeGamma(3)"),
        (lambda: tfc.ConsensusOptimizer(gamma=tfc.SpectralGamma()), "use gamma='auto'"),
    ],
)
def test_the_remedy_against_circles_fits_the_weight(optimizer, remedy):
    assert remedy_of(optimizer()) == remedy


def test_a_resumed_run_says_nothing_twice_and_forgets_nothing(tmp_path):
    path, lines = tmp_path / "run" / "advice.json", []
    first = Advisor(path=path, report=lines.append)
    model = gamma_run([first], 4)
    assert [advice.name for advice in first.advice] == ["gamma"]
    assert json.loads(path.read_text(encoding="utf-8")) == [
        {"step": x.step, "name": x.name, "message": x.message} for x in first.advice
    ]
    again = Advisor(path=path, report=lines.append)
    history = gamma_run([again], 8, model, initial=4)
    del history
    assert again.advice == first.advice == read_advice(path)
    assert again.describe() == first.advice[0].line()
    assert len(lines) == 1
    # One that begins anew has nothing to do with the file.
    fresh = Advisor(path=path, report=None)
    gamma_run([fresh], 1)
    assert fresh.advice == [] == read_advice(path)


def test_a_second_fit_says_nothing_twice():
    advisor = Advisor()
    with pytest.warns(AdviceWarning):
        model = gamma_run([advisor], 4)
    gamma_run([advisor], 8, model, initial=4)  # a warning would be an error
    assert len(advisor.advice) == 1


def test_it_looks_at_each_so_many_th_epoch_and_counts_in_all():
    advisor = Advisor(every=2, report=None)
    model = runs.gan((runs.dense(4, 2), runs.dense(2, 1)))
    history = runs.fit(model, runs.ring(), [advisor], epochs=5, steps=100)
    assert [check.step for check in advisor._history.checks] == [200, 400]
    assert history.history["advice"] == [0] * 5


@pytest.mark.parametrize("content", ["", "{}", "[1]", '[{"step": 1}]', "[[]]"])
def test_a_file_of_something_else_is_refused_before_training(tmp_path, content):
    path = tmp_path / "advice.json"
    path.write_text(content, encoding="utf-8")
    model = runs.gan((runs.dense(4, 2), runs.dense(2, 1)))
    with pytest.raises(ValueError, match=r"A file of advice .+ Received: .+advice\.json"):
        runs.fit(model, runs.ring(), [Advisor(path=path)], epochs=1)
    assert int(model.optimizer.iterations) == 0
    assert path.read_text(encoding="utf-8") == content


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_of_a_batch_too_small_to_compare_it_says_only_what_is_certain(batch):
    model = tfc.GAN(runs.dense(3, 2, "tanh"), runs.dense(2, 1), latent_dim=3, seed=0)
    model.compile("adam")
    advisor, data = Advisor(report=None), np.full((12, 2), 7.0, "float32")
    with pytest.warns(UserWarning, match="tanh"):
        model.fit(data, batch_size=batch, epochs=1, verbose=0, callbacks=[advisor])
    assert [advice.name for advice in advisor.advice] == ["data_range"]
    assert advisor._history.checks == []


def test_a_run_that_explodes_within_an_epoch_ends_without_a_warning():
    model = runs.gan(runs.point(), objective="wgan", penalties=[R1(5.0)])
    with pytest.raises(tfc.callbacks.DivergedError, match="gradient_norm=inf"):
        runs.fit(model, runs.cloud(), [Advisor()], runs.SGD(0.6), epochs=2, steps=100)


def test_it_leaves_what_is_not_finite_to_others():
    model = runs.gan(runs.point(), objective="wgan")
    advisor = Advisor()
    with pytest.raises(tfc.callbacks.DivergedError, match="finite"):
        runs.fit(model, runs.cloud(), [advisor], runs.SGD(1e30), epochs=2, steps=100)
    assert advisor.advice == []


def noise(n=192):
    return np.random.default_rng(3).normal(size=n)


def autoregressive(n=192):
    x = np.zeros(n)
    for i, e in enumerate(noise(n)[2:], 2):  # a swing that noise keeps alive, of loose period
        x[i] = 1.6 * x[i - 1] - 0.75 * x[i - 2] + e
    return x


T = np.arange(192.0)
SERIES = {
    "sine": (np.sin(T / 3), 19, True),
    "sine in noise": (np.sin(T / 3) + 0.5 * noise(), 19, True),
    "square": (np.sign(np.sin(T / 4)), 25, True),
    "growing": (np.exp(T / 100) * np.sin(T / 3), 19, True),
    "on a slope": (0.05 * T + np.sin(T / 3), 19, True),
    "decaying": (np.exp(-T / 60) * np.sin(T / 3), 19, False),
    "noise": (noise(), None, False),
    "walk": (np.cumsum(noise()), None, False),
    "slope": (T, None, False),
    "curve": (np.exp(-T / 20), None, False),
    "constant": (np.full(192, 0.6931), None, False),
    "two periods": (np.sin(T * 4 * np.pi / 192), None, False),
    "short": (np.sin(T[:40] / 3), None, False),
    "broken": (np.where(T == 7, np.nan, np.sin(T / 3)), None, False),
    "loose": (autoregressive(), None, False),
}


@pytest.mark.parametrize("name", SERIES)
def test_a_swing_is_told_from_what_is_none(name):
    series, period, lasts = SERIES[name]
    swing = find_swing(series)
    assert (swing is not None) == (period is not None)
    if period is not None:
        assert abs(swing.period - period) <= 1
        assert (swing.growth >= 0.8) == lasts


def test_the_losses_of_a_resumed_log_count():
    advisor = Advisor(report=None)
    rows = [
        {"step": 10 * (i + 1), "generator_loss": 0.7, "gradient_norm": 1.0,
         "discriminator_loss": 1.4 + 0.5 * np.sin(i / 3)}
        for i in range(100)
    ]  # fmt: skip
    advisor.record_rows(rows)
    model = runs.gan((runs.dense(4, 2), runs.dense(2, 1)))
    runs.fit(model, runs.ring(), [advisor], epochs=1, steps=100)
    (advice,) = advisor.advice
    assert advice.name == "oscillation"
    assert "about 190 steps" in advice.message


@pytest.mark.parametrize("every", [1, 16])
def test_a_penalty_at_each_so_many_th_step_is_no_swing(every):
    advisor = Advisor(report=None)
    history = advisor._history
    history.parts = [(1, 0.7, 1.0 + 2.0 * (i % 16 < 8), 1.0) for i in range(192)]
    model = runs.gan((runs.dense(4, 2), runs.dense(2, 1)), penalties=[R1(1.0, every=every)])
    runs.fit(model, runs.ring(), [advisor], epochs=1, steps=50)
    assert [x.name for x in advisor.advice] == (["oscillation"] if every == 1 else [])


def test_means_of_parts_are_those_of_the_steps_between():
    # Losses are means over the examples, of which batches may hold different numbers.
    random, history = np.random.default_rng(0), History()
    losses, norms, rows = random.normal(size=100), random.normal(size=100), np.full(100, 8)
    rows[3::7] = 5
    for end in range(4, 101, 4):
        means = dict.fromkeys(("generator_loss", "discriminator_loss"), 0.0)
        means["generator_loss"] = np.average(losses[:end], weights=rows[:end])
        means["gradient_norm"] = norms[:end].mean()
        history.add_means(end, rows[:end].sum(), means, 100)
    parts = [part.reshape(25, 4) for part in (losses, norms, rows)]
    found = np.array(history.parts)
    expected = np.average(parts[0], axis=1, weights=parts[2])
    np.testing.assert_allclose(found[:, 1], expected, atol=1e-9)
    np.testing.assert_allclose(found[:, 3], parts[1].mean(axis=1), atol=1e-9)


def test_the_parts_of_a_run_are_those_of_its_batches():
    advisor, seen = Advisor(report=None), []
    model, optimizer = runs.gan((runs.dense(4, 2), runs.dense(2, 1))), tfc.ConsensusOptimizer("sgd")
    model.compile(optimizer, run_eagerly=True, jit_compile=False)
    step = optimizer.step
    optimizer.step = lambda game: seen.append(step(game)) or seen[-1]
    data = runs.ring().unbatch().take(37).batch(8)  # the last of five batches holds five
    model.fit(data, verbose=0, shuffle=False, steps_per_epoch=5, callbacks=[advisor])
    expected = [[1.0, *x.losses, tf.linalg.global_norm(x.v)] for x in seen]
    np.testing.assert_allclose(np.array(advisor._history.parts), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("objective", "chance", "best"),
    [
        ("standard", 2 * np.log(2), 0.0),
        ("hinge", 2.0, 0.0),
        ("least_squares", 0.25, 0.0),
        (tfc.objectives.LeastSquares(0.9, 0.1, 0.9), 0.16, 0.0),
        (tfc.objectives.LeastSquares(1.0, -1.0, 0.0), 1.0, 0.0),
        ("tv", 0.0, -2.0),
        ("hellinger", 0.0, -2.0),
        ("relativistic", np.log(2), 0.0),
        ("relativistic_average", 2 * np.log(2), 0.0),
        ("wgan", 0.0, None),
        ("pearson", 0.0, None),
        ("forward_kl", 0.0, None),
        ("reverse_kl", 0.0, None),
    ],
)
def test_levels_are_those_of_the_equations(objective, chance, best):
    found = levels(tfc.objectives.get(objective))
    assert found.chance == pytest.approx(chance, abs=1e-5)
    assert found.best == (None if best is None else pytest.approx(best, abs=1e-5))


def test_the_docs_have_a_row_for_each_symptom():
    import pathlib

    text = (pathlib.Path(__file__).parents[1] / "docs" / "advice.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE)) == NAMES
    assert set(re.findall(r"^ +`(\w+)`:", Advisor.__doc__, re.MULTILINE)) == NAMES


def test_a_line_is_one_line():
    line = Advice(1200, "collapse", "It has collapsed.").line()
    assert line == "step 1,200, collapse: It has collapsed."
