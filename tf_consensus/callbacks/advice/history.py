"""What the advisor has seen in a run."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

LOSSES = ("generator_loss", "discriminator_loss", "gradient_norm")
# How many parts of an epoch get their mean losses kept, and how many parts are kept in all.
PARTS, KEPT = 64, 384
CHECKS = 32


class Check(NamedTuple):
    """One look at both networks, on the same real samples and latents each time.

    Attributes:
        step: the optimizer's iterations.
        logged: the epoch's mean discriminator loss, with penalties.
        gradient_norm: the epoch's mean ‖v‖.
        discriminator_loss: the objective's alone, at this look.
        generator_loss: likewise.
        slope: mean magnitude of the generator's loss's derivative by the generated logits,
            times the number of samples; 1 for a loss of slope 1.
        real_logits: (n,).
        fake_logits: (n,).
        center: mean of the generated samples over the real ones' standard deviation, (d,).
        spread: standard deviation of generated samples over that of real ones.
        twins: share of pairs of generated samples that nearly coincide.
        real_twins: the same of real samples.
        distance: squared distance of means and standard deviations over the real variance.
        measured: whether the numbers below were measured.
        outweighs: ‖γ∇L‖ / ‖v‖, 0 for an optimizer without γ.
        step_limit: the largest stable plain step, NaN where it is not known.
        rotation: the largest |Im λ|, if no step is stable because of it, else 0.
    """

    step: int
    logged: float
    gradient_norm: float
    discriminator_loss: float
    generator_loss: float
    slope: float
    real_logits: np.ndarray
    fake_logits: np.ndarray
    center: np.ndarray
    spread: float
    twins: float
    real_twins: float
    distance: float
    measured: bool = False
    outweighs: float = 0.0
    step_limit: float = float("nan")
    rotation: float = 0.0


class History:
    """Checks, and the losses' means over epochs and over parts of epochs.

    Attributes:
        checks: the last ones, oldest first.
        widest: the largest spread of all checks.
        epochs: a row (step, generator loss, discriminator loss, gradient norm) per epoch.
        parts: the same of parts of epochs, in order.
    """

    def __init__(self) -> None:
        self.checks: list[Check] = []
        self.widest = 0.0
        self.epochs: list[tuple[float, ...]] = []
        self.parts: list[tuple[float, ...]] = []
        self._before = np.zeros(5)

    def begin_epoch(self) -> None:
        """Notes that the running means of the metrics begin anew."""
        self._before = np.zeros(5)

    def add_means(
        self, steps: int, examples: Any, logs: Mapping[str, float], total: int | None
    ) -> None:
        """Takes the running means after some steps of an epoch, where a part of it ends.

        Args:
            steps: steps since the epoch began, over which the gradient norm is averaged.
            examples: examples since then, over which the losses are; a number or a variable.
            logs: the means.
            total: steps of the epoch, `None` where that is not known.
        """
        if steps - self._before[0] < max(1.0, (total or steps) / PARTS):
            return
        # On replicas of a strategy it is a variable that `float` refuses.
        seen = float(tf.convert_to_tensor(examples))
        counts = np.array([seen, seen, steps])
        means = np.array([logs.get(key, np.nan) for key in LOSSES])
        now = np.array([steps, seen, *(counts * means)])
        with np.errstate(invalid="ignore"):  # infinite sums: the run ends by another callback
            steps_more, examples_more, *sums = now - self._before
            means = np.array(sums) / [examples_more, examples_more, steps_more]
        self.parts.append((float(steps_more), *map(float, means)))
        self._before, self.parts = now, self.parts[-KEPT:]

    def add_epoch(self, step: int, logs: Mapping[str, float]) -> None:
        """Takes an epoch's means."""
        self.epochs.append((step, *(float(logs.get(key, np.nan)) for key in LOSSES)))
        self.epochs = self.epochs[-KEPT:]

    def add_check(self, check: Check) -> None:
        """Takes a check."""
        self.checks = [*self.checks, check][-CHECKS:]
        self.widest = max(self.widest, check.spread)

    def last(self, number: int, steps: int, *, measured: bool = False) -> Sequence[Check]:
        """The last checks, at least `number` over at least `steps`; none if there are fewer.

        Args:
            number: how many checks.
            steps: training steps between the first and the last of them.
            measured: take only those with measured dynamics.
        """
        checks = [check for check in self.checks if check.measured or not measured]
        for start in range(len(checks) - number, -1, -1):
            if checks[-1].step - checks[start].step >= steps:
                return checks[start:]
        return ()
