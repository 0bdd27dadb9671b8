"""Samples over training: pictures of all runs at the step that a slider chooses."""

from collections.abc import Sequence

from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.report.collect import CAPTIONS, SAMPLES, Run
from tf_consensus.experiments.report.pictures import embed, evenly, image, share
from tf_consensus.experiments.report.sections import caption, damages, heading, problem, section
from tf_consensus.experiments.report.text import as_json

# Number of pictures per run on a printed page.
_PRINTED = 4


def samples(runs: Sequence[Run]) -> str:
    """The section of samples; "" if no run has any."""
    having = [run for run in runs if run.samples]
    if not having:
        return section("samples", "Samples", damages(runs, SAMPLES))
    most, room = share(len(having))
    steps, stacks = set(), []
    for run in having:
        frames, problems = [], []
        for step, path in evenly(run.samples, most):
            try:
                frames.append((step, embed(path, room)))
            except RunError as error:
                problems.append(str(error))
        steps |= {step for step, _ in frames}
        stacks.append(_stack(run, frames, problems, heading(run, runs)))
    chosen = sorted(steps)
    control = _slider(chosen) if len(chosen) > 1 else ""
    left_out = sum(len(run.samples) > most for run in having)
    note = f"{most} pictures per run are shown, evenly spread." if left_out else ""
    said = damages(runs, SAMPLES) + damages(runs, CAPTIONS)
    body = f'{said}{control}<div class="stacks">\n{"".join(stacks)}</div>\n'
    return section("samples", "Samples", body + (f'<p class="note">{note}</p>\n' if note else ""))


def _slider(steps):
    last = len(steps) - 1
    return (
        '<div class="slider"><button type="button" id="play" aria-pressed="false">Play</button>\n'
        '<label for="at">Step</label>\n'
        f'<input type="range" id="at" min="0" max="{last}" value="{last}" step="1" '
        f'data-steps="{as_json(steps)}" aria-valuetext="step {steps[-1]}">\n'
        f'<output for="at" id="shown">{steps[-1]:,}</output></div>\n'
    )


def _stack(run, frames, problems, title):
    printed = {step for step, _ in evenly(frames, _PRINTED)}
    ends = {step for step, _ in evenly(frames, 2)}
    parts = []
    for i, (step, picture) in enumerate(frames):
        look = "frame" + " key" * (step in ends) + " printed" * (step in printed)
        look += " shown" * (i == len(frames) - 1)
        shown = image(picture, f"Samples of {run.label} after {step:,} steps")
        parts.append(
            f'<div class="{look}" data-step="{step}">{shown}<p>after {step:,} steps</p></div>\n'
        )
    said = "".join(map(problem, problems[:3]))
    if len(problems) > 3:
        said += problem(f"{len(problems) - 3:,} more pictures are damaged.")
    return f'<div class="stack">{title}{caption(run, SAMPLES)}{"".join(parts)}{said}</div>\n'
