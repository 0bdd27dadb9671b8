"""The advisor of a mixture of Gaussians, on evaluations of healthy and failing runs."""

import json

import pytest

import tf_consensus as tfc
from tf_consensus.callbacks import AdviceWarning
from tf_consensus.experiments.mode_loss import NAME, ModeAdvisor

# Shares within 0.05 of a mode and KL divergences from even, as simultaneous ascent had them.
FAILING = [(0.27, 0.18), (0.41, 0.26), (0.54, 0.34), (0.66, 0.44), (0.73, 0.53), (0.79, 0.58)]


def advisor_of(path, said, method=tfc.SimultaneousOptimizer):
    generator, discriminator = tfc.networks.build("mlp", latent_dim=2, seed=0, width=2, depth=1)
    gan = tfc.GAN(generator, discriminator, latent_dim=2, seed=0)
    gan.compile(optimizer=method("adam"))
    gan.optimizer.build(gan.trainable_variables)
    # No look at the networks: only evaluations count here.
    advisor = ModeAdvisor(8, path=path, every=10**6, report=said)
    advisor.set_model(gan)
    advisor.on_train_begin()
    return advisor


def pass_through(advisor, evaluations, first=0):
    counts = []
    for epoch, (near, kl) in enumerate(evaluations, first):
        advisor.model.optimizer.iterations.assign(1000 * (epoch + 1))
        advisor.on_epoch_begin(epoch)
        logs = {"within_0.05": near, "mode_kl": kl, "generator_loss": 1.0}
        logs |= {"discriminator_loss": 1.0, "gradient_norm": 1.0}
        advisor.on_epoch_end(epoch, logs)
        counts.append(logs["advice"])
    return counts


def test_lost_modes_are_said_once(tmp_path):
    said = []
    advisor = advisor_of(tmp_path / "advice.json", said.append)
    counts = pass_through(advisor, [*FAILING, (0.9, 0.73), (0.9, 0.73)])
    assert counts == [0] * 5 + [1] * 3
    (line,) = said
    assert line.startswith("step 6,000, mode_loss: The generator leaves modes out: for 2,000 steps")
    assert "79% of them close to a mode" in line
    # 8 exp(-0.58) of 8.
    assert "as those of 4.5 of 8 modes; use --optimizer=consensus" in line
    (entry,) = json.loads((tmp_path / "advice.json").read_text(encoding="utf-8"))
    assert (entry["step"], entry["name"]) == (6000, NAME)


@pytest.mark.parametrize(
    "evaluations",
    [
        [(0.9, 0.02)] * 6,  # all modes
        [(0.1, 0.9)] * 6,  # samples not at modes yet
        [(0.9, 0.5), (0.9, 0.5), (0.9, 0.3)] * 3,  # never for long
        [(0.9, 0.5)] * 2,
        [(float("nan"), float("nan"))] * 6,
    ],
)
def test_healthy_and_unknown_evaluations_are_left_alone(tmp_path, evaluations):
    said = []
    counts = pass_through(advisor_of(tmp_path / "advice.json", said.append), evaluations)
    assert counts == [0] * len(evaluations)
    assert said == []


def test_a_resumed_run_counts_the_evaluations_before_and_repeats_nothing(tmp_path):
    path, rows = tmp_path / "advice.json", []
    for i, (near, kl) in enumerate(FAILING[:5]):
        row = {"epoch": i, "step": 1000 * (i + 1), "within_0.05": near, "mode_kl": kl}
        rows.append(row | dict.fromkeys(("generator_loss", "discriminator_loss"), 1.0))
    said = []
    advisor = advisor_of(path, said.append)
    advisor.record_rows(rows)
    assert pass_through(advisor, FAILING[5:], 5) == [1]
    again = advisor_of(path, said.append)
    again.record_rows(rows)
    assert pass_through(again, [(0.9, 0.7)] * 4, 6) == [1] * 4
    assert len(said) == 1


def test_the_remedy_is_another_than_what_is_used(tmp_path):
    said = []
    pass_through(advisor_of(tmp_path / "a.json", said.append, tfc.ConsensusOptimizer), FAILING)
    assert "modes; raise --gamma, or use --penalty=r1." in said[0]


def test_it_warns_as_every_advisor_does(tmp_path):
    advisor = advisor_of(tmp_path / "advice.json", "warn")
    with pytest.warns(AdviceWarning, match="leaves modes out"):
        pass_through(advisor, FAILING)
