"""Writes docs/exact_derivatives.md from the rows whose verdicts the tests assert.

python -m tests.exact_docs
"""

import pathlib
from collections import Counter

from tests import exact_functions, exact_layers
from tests.exact_table import REFUSED, WRONG
from tests.exact_xla import NOT_MEASURED, with_xla
from tests.oracles import MODES

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "exact_derivatives.md"
ROWS = [with_xla(row) for row in (*exact_layers.ROWS, *exact_functions.ROWS)]
HEAD = """# Which derivatives are exact

Consensus optimization needs the second derivative of every layer and operation in a network; a
gradient penalty under consensus needs the third. TensorFlow lacks some of them, and a few are
wrong. So every layer of `keras.layers`, every activation and loss, and other operations that a
network may contain were put into both networks of a small game. Four things were compared with
central differences: v and ∇L = v'ᵀv, each with and without `penalties.R1`. This was done in eager
execution, in a graph and under XLA, on a CPU.

- **exact**: all four agree to 10⁻⁶ in float64. The mark ¹ stands for agreement to 2·10⁻³, where
  TensorFlow computes in float32 whatever the type of the input.
- **refused**: TensorFlow treats a derivative as zero that is not zero. This package then stops,
  with a message that names the operation, if an update needs the second derivative; for warps and
  hsv_to_rgb, if it needs the first.
- **wrong**: the result is NaN or another wrong number, and nothing says so. Do not train through
  these.
- –: not compiled yet.
- Anything else is a part of TensorFlow's own error message.

{counts}

Under XLA on a CPU the second derivative of max pooling over volumes was wrong at 6 of 300 points,
as if it compared the values of a window to three digits only. Another page says what differs [on a
GPU](gpu.md).

Layers that draw random numbers were checked with the same numbers at each evaluation. Grouped
convolutions are exact, but Keras compiles them anew at each eager call, which takes seconds.

`python -m tests.exact_docs` writes this page from the rows in `tests/exact_layers.py` and
`tests/exact_functions.py`; `tests/test_exact_table.py` measures them.

| Layer or operation | eager | graph | XLA |
|---|---|---|---|
"""
REST = """
## Not checked

| Layers | Why |
|---|---|
"""


PLAIN = {"exact": "exact", WRONG: WRONG, REFUSED: "refused", NOT_MEASURED: "–"}


def cell(verdict):
    """A verdict as it stands in the table."""
    return PLAIN.get(verdict, f"`{verdict}`")


def counts():
    """How many rows have each verdict, one line per mode."""
    lines = []
    for mode in MODES:
        found = Counter(row.verdict(mode) for row in ROWS)
        known = [found[verdict] for verdict in PLAIN]
        numbers = [*known[:3], len(ROWS) - sum(known), known[3]]
        lines.append(f"| {mode} | " + " | ".join(map(str, numbers)) + " |")
    head = "| | exact | wrong | refused | not supported by TensorFlow | not compiled yet |\n"
    return f"{len(ROWS)} rows:\n\n{head}|---|---|---|---|---|---|\n" + "\n".join(lines)


def page():
    """The whole page."""
    table = [
        f"| {row.name}{'¹' * row.single} | "
        + " | ".join(cell(row.verdict(mode)) for mode in MODES)
        + " |"
        for row in ROWS
    ]
    reasons = {}
    for name, reason in exact_layers.OUT_OF_SCOPE.items():
        reasons.setdefault(reason, []).append(f"`{name}`")
    rest = [f"| {', '.join(names)} | {reason} |" for reason, names in reasons.items()]
    return HEAD.format(counts=counts()) + "\n".join(table) + "\n" + REST + "\n".join(rest) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
