"""The callback that writes pages while a run goes on."""

import json
import warnings

import keras
import numpy as np
import pytest
from report_pages import make, shown

import tf_consensus as tfc
from tf_consensus.experiments.clock import Clock
from tf_consensus.experiments.log import RunLog
from tf_consensus.experiments.report import LiveReport


@pytest.fixture
def small():
    generator = keras.Sequential([keras.Input([2]), keras.layers.Dense(2)])
    discriminator = keras.Sequential([keras.Input([2]), keras.layers.Dense(1)])
    gan = tfc.GAN(generator, discriminator, latent_dim=2)
    gan.compile(optimizer=tfc.SimultaneousOptimizer("sgd", learning_rate=0.1))
    return gan


def fit(gan, folder, epochs, *callbacks):
    """A run with its log, and pages."""
    folder.mkdir(exist_ok=True)
    (folder / "settings.json").write_text(json.dumps({"steps": 10 * epochs}))
    log = RunLog(folder / "log.csv")
    data = np.zeros([40, 2], np.float32)
    gan.fit(data, batch_size=4, epochs=epochs, verbose=0, callbacks=[Clock(log), log, *callbacks])


def test_pages_are_written_while_a_run_goes_on(small, tmp_path, monkeypatch):
    seen = []
    live = LiveReport(tmp_path / "run", every_seconds=1)
    write = live.write
    monkeypatch.setattr(
        live,
        "write",
        lambda: (write(), seen.append((tmp_path / "run" / "report.html").read_text("utf-8"))),
    )
    fit(small, tmp_path / "run", 2, live)
    assert "No epoch" not in shown(seen[0])
    assert "Running 0 of 20 steps" in shown(seen[0])
    assert "Running 20 of 20 steps" in shown(seen[-1])
    assert 'data-refresh="1"' in seen[-1]


@pytest.mark.parametrize(
    ("seconds", "waited", "pages"),
    [(30, 0, []), (30, 29, [1, 3]), (30, 30, [0, 1, 2, 3]), (1, 1.5, [0, 1, 2, 3]), (30, 12, [2])],
)
def test_so_much_time_lies_between_pages(tmp_path, monkeypatch, seconds, waited, pages):
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    folder = make(tmp_path / "run", samples=())
    live = LiveReport(folder, seconds)
    live.on_train_begin()
    written = []
    for epoch in range(4):
        (folder / "report.html").unlink(missing_ok=True)
        now[0] += waited
        live.on_epoch_end(epoch)
        written += [epoch] * (folder / "report.html").exists()
    assert written == pages
    live.on_train_end()
    assert (folder / "report.html").exists()


def test_a_page_that_fails_warns_once_and_ends_no_training(small, tmp_path):
    folder = tmp_path / "run"
    (folder / "report.html").mkdir(parents=True)
    live = LiveReport(folder, every_seconds=1)
    with pytest.warns(UserWarning, match=r"Training goes on .* Received: .*report\.html") as caught:
        fit(small, folder, 2, live)
    assert len([w for w in caught if "Training goes on" in str(w.message)]) == 1
    (folder / "report.html").rmdir()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        live.write()
    assert (folder / "report.html").is_file()


def test_a_folder_without_a_run_warns(tmp_path):
    live = LiveReport(tmp_path / "nothing")
    with pytest.warns(UserWarning, match=r"A report needs the folder of a run\. Received"):
        live.write()


def test_other_errors_are_not_hidden(tmp_path, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("tf_consensus.experiments.report.live.write_report", broken)
    with pytest.raises(ZeroDivisionError):
        LiveReport(make(tmp_path / "run")).write()


@pytest.mark.parametrize("seconds", [0, 0.5, -1, "3", None, float("nan"), float("inf"), True])
def test_a_wrong_time_between_pages_is_refused(tmp_path, seconds):
    with pytest.raises(ValueError, match=r"`every_seconds` must be .* Received: .* Pass seconds"):
        LiveReport(tmp_path, seconds)
