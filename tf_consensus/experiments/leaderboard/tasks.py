"""The tasks of the leaderboard: data, networks, measures, and how long runs take."""

from typing import Any, NamedTuple

from tf_consensus.experiments.presets import FASHION_ADAM
from tf_consensus.plotting.style import words


class Measure(NamedTuple):
    """One number that measures samples.

    Attributes:
        name: Its name in the logs.
        direction: "up" where higher is better, else "down".
        digits: Digits after the point in tables.
        phrase: How a sentence says a value, where "a NAME of VALUE" is no English.
    """

    name: str
    direction: str
    digits: int = 2
    phrase: str = ""

    def said(self, value: float) -> str:
        """A value within a sentence, such as "7.7 modes covered"."""
        phrase = self.phrase or f"a {words(self.name)} of {{}}"
        return phrase.format(f"{value:.{self.digits}f}")


class Task(NamedTuple):
    """A task on which all methods are tried.

    Attributes:
        name: Its name for --tasks.
        title: Its heading.
        kind: "mixture", "toy" or "images": what makes its models.
        rows: The methods that are tried on it, a key of `rows.ROWS`.
        settings: Settings in which the task differs from the defaults of its kind.
        measures: The first measure decides; the others break ties.
        failure: (measure, bound): a full run that ends on the wrong side has failed.
        seconds: CPU seconds of training of a full run.
        epoch: Steps between two looks at the clock, one of which ends the run.
        every: Steps between two evaluations; a multiple of `epoch`.
        samples: Samples per evaluation, in runs that choose and in full runs.
        overhead: CPU seconds of a full run besides training, for tracing and evaluations. Only the
            estimate uses it.
    """

    name: str
    title: str
    kind: str
    rows: str
    settings: dict[str, Any]
    measures: tuple[Measure, ...]
    failure: tuple[str, float]
    seconds: float
    epoch: int
    every: int
    samples: tuple[int, int]
    overhead: float

    def failed(self, row: dict[str, float]) -> bool:
        """Whether an evaluation is on the wrong side of the task's bound."""
        name, bound = self.failure
        (direction,) = [measure.direction for measure in self.measures if measure.name == name]
        value = row[name]
        return not (value >= bound if direction == "up" else value <= bound)


_MODES = (
    Measure("modes_covered", "up", 1, "{} modes covered"),
    Measure("within_3_sigma", "up", 3, "a share of {} of the samples within 3σ"),
    Measure("mode_kl", "down", 3, "a KL divergence of {} from even modes"),
)
# log 3: as uneven as if two thirds of the modes had no samples. Runs with blurred samples are slow,
# but have not failed.
_COLLAPSE = ("mode_kl", 1.1)
_SCORE = Measure("classifier_score", "up")
_DISTANCE = Measure("frechet_distance", "down", 1)
_POINTS: dict[str, Any] = {"seconds": 15.0, "epoch": 500, "every": 2000, "overhead": 12.0}
_MIXTURE: dict[str, Any] = _POINTS | {"samples": (2560, 6400)}
# The exact distance needs as many points as `toy_runs` takes from the target.
_TOY: dict[str, Any] = _POINTS | {"samples": (1024, 1024)}
_IMAGES: dict[str, Any] = {"seconds": 100.0, "epoch": 25, "every": 250, "samples": (2560, 6400)}
_IMAGES["overhead"] = 25.0
# The recommended experiment's settings, but with a constant rate and one average for all.
_SETTINGS = FASHION_ADAM | {"ema": 0.99}
SHAPES = "shapes"

TASKS = {
    task.name: task
    for task in (
        Task(
            "ring",
            "8 Gaussians on a circle",
            "mixture",
            "points",
            {"target": "ring"},
            _MODES,
            _COLLAPSE,
            **_MIXTURE,
        ),
        Task(
            "grid",
            "25 Gaussians on a grid",
            "mixture",
            "points",
            {"target": "grid"},
            _MODES,
            _COLLAPSE,
            **_MIXTURE,
        ),
        Task(
            "four_lines",
            "four lines in the plane",
            "toy",
            "points",
            {"target": "four_lines"},
            (Measure("wasserstein1", "down", 3, "a Wasserstein-1 distance of {}"),),
            ("wasserstein1", 0.5),
            **_TOY,
        ),
        Task(
            "fashion_mnist",
            "Fashion-MNIST, 32², DCGAN of four levels",
            "images",
            "images",
            _SETTINGS,
            (_SCORE, _DISTANCE),
            ("classifier_score", 1.5),
            **_IMAGES,
        ),
        Task(
            "shapes",
            "coloured shapes, 32², DCGAN of four levels",
            "images",
            "images",
            _SETTINGS | {"dataset": SHAPES, "channels": 3},
            (_DISTANCE, _SCORE),
            ("classifier_score", 1.5),
            **_IMAGES,
        ),
        Task(
            "deep",
            "Fashion-MNIST, 32², residual networks of 19 convolutions without normalization",
            "images",
            "deep",
            _SETTINGS
            | {
                "network": "residual",
                "network_options": {"max_filters": 16, "blocks": 2},
                "filters": 4,
                "batch_size": 32,
            },
            (_SCORE, _DISTANCE),
            ("classifier_score", 1.5),
            **_IMAGES | {"every": 200, "overhead": 50.0},
        ),
    )
}
