"""How far a run is, and how it ended."""

from typing import Any, NamedTuple

from tf_consensus.experiments.report.collect import Run
from tf_consensus.experiments.report.text import duration, finite, plain


class State(NamedTuple):
    """How a run stands.

    Attributes:
        kind: "running", "finished", "diverged" or "unfinished".
        word: The same as a label of the page.
        sentence: How far it is, a sentence that continues the word.
        done: The share of its steps that are taken, from 0 to 1; `None` if unknown.
    """

    kind: str
    word: str
    sentence: str
    done: float | None


def state_of(run: Run, live: bool) -> State:
    """How a run stands.

    Args:
        run: The run.
        live: Whether the page is written by a run that is still training.
    """
    step = _step(run)
    total: Any = finite(run.settings.get("steps"))
    whole = total is not None and total > 0
    if step is None:
        # A result without a step is that of all steps.
        step = int(total) if whole and run.result else 0
    done = min(step / total, 1.0) if whole else None
    far = f"{step:,} of {total:,.0f} steps" if whole else f"{step:,} steps"
    time = duration(_last(run, "seconds"))
    far += f" in {time}" if time else ""
    if run.result.get("diverged") not in (None, False):
        reason = run.result["diverged"]
        said = f": {plain(reason)}" if isinstance(reason, str) else "."
        return State("diverged", "Diverged", f"after {far}{said}", done)
    if run.result and not (whole and (step < total or _beyond(run))):
        return State("finished", "Finished", f"{far}.", 1.0)
    if live:
        return State("running", "Running", f"{far}.", done)
    if not run.log and not run.result:
        return State("unfinished", "Not finished", "No epoch has ended yet.", done)
    end = f"It was interrupted, or it still runs, after {far}."
    if whole and step >= total:
        end = f"All {far} are taken; the result is not written."
    return State("unfinished", "Not finished", end, done)


def _step(run):
    """Steps taken, from the log, the result or the samples; `None` if none of them says."""
    known = [_last(run, "step"), finite(run.result.get("steps"))]
    known += [float(step) for step, _ in run.samples[-1:]]
    known = [int(value) for value in known if value is not None]
    return max(known, default=None)


def _last(run, name):
    if name in run.log:
        return finite(run.log[name][-1])
    return finite(run.result.get("train_seconds" if name == "seconds" else name))


def _beyond(run):
    """Whether a finished run has gone on to more steps."""
    steps, logged = finite(run.result.get("steps")), _last(run, "step")
    return steps is not None and logged is not None and logged > steps
