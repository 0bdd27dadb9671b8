"""The example that shows what failing runs look like."""

import json
import re

import pytest
from PIL import Image

from tests.in_process import main, refusal


def results_of(folder):
    return json.loads((folder / "results.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("circles", "No learning rate is small enough"),
        ("discriminator_won", "The discriminator has won"),
        ("steps_too_long", "The learning rate is above what the spectrum allows"),
    ],
)
def test_the_advisor_tells_the_failing_run_and_not_the_mended_one(
    tmp_path, monkeypatch, capsys, name, says
):
    main("symptoms", monkeypatch, f"--symptoms={name}", f"--output_dir={tmp_path}")
    found = results_of(tmp_path)[name]
    assert any(re.match(says, message) for message in found["failing"]["advice"])
    assert found["mended"]["advice"] == []
    assert says in capsys.readouterr().out
    with Image.open(tmp_path / f"{name}.png") as picture:
        assert picture.size == (900, 380)


def test_samples_are_drawn_where_losses_tell_nothing(tmp_path, monkeypatch):
    flags = ("--symptoms=modes_lost", "--steps=25", f"--output_dir={tmp_path}")
    main("symptoms", monkeypatch, *flags)
    assert set(results_of(tmp_path)) == {"modes_lost"}
    assert (tmp_path / "modes_lost.png").exists()


def test_unknown_symptoms_are_refused(monkeypatch):
    told = refusal("symptoms", monkeypatch, "--symptoms=circles,fever")
    assert "out of circles, discriminator_won, steps_too_long" in told
