"""An advisor that knows the modes of the data, and says when a generator leaves some out."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tf_consensus.callbacks import Advisor
from tf_consensus.callbacks.advice.piece import Advice
from tf_consensus.optimizers.regularization import Regularization

NAME = "mode_loss"
# The share of samples near a mode, and the KL divergence of samples on two thirds of the modes.
_NEAR, _KL = 0.5, math.log(1.5)
_EVALUATIONS = 3


class ModeAdvisor(Advisor):
    """An `Advisor` that also says when samples gather at some of the modes.

    With K modes and shares pₖ of the samples nearest to each, evaluations measure KL(p ‖ 1/K),
    which is log(K/m) for equal shares of m modes. The advisor speaks if that has been above
    log(3/2) for three evaluations while half of the samples were within 0.05 of a mode. Put it
    after an `EvaluateGAN` of `metrics.ModeCoverage`.

    Args:
        modes: K, the number of modes of the data.
        **options: As for `Advisor`.

    Example:
        >>> advisor = ModeAdvisor(8, path="run/advice.json")
    """

    def __init__(self, modes: int, **options: Any) -> None:
        super().__init__(**options)
        self.modes = modes
        self._evaluations: list[tuple[int, float, float]] = []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Forgets the evaluations of an earlier `fit`."""
        super().on_train_begin(logs)
        self._evaluations = []

    def record_rows(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Takes the losses and the evaluations of a resumed log."""
        super().record_rows(rows)
        for row in rows:
            self._evaluations.append(_evaluation(int(row["step"]), row))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks as `Advisor` does, and at the evaluation."""
        logs = {} if logs is None else logs
        super().on_epoch_end(epoch, logs)
        self._evaluations.append(_evaluation(self._step(), logs))
        last = self._evaluations[-_EVALUATIONS:]
        uneven = all(near > _NEAR and kl > _KL for _, near, kl in last)
        said = NAME in {advice.name for advice in self.advice}
        if said or not uneven or len(last) < _EVALUATIONS:
            return
        self.advice.append(Advice(last[-1][0], NAME, self._message(last)))
        logs["advice"] = len(self.advice)
        self._write()
        self._say(self.advice[-1], None)

    def _message(self, last):
        _, near, kl = last[-1]
        alike = self.modes / math.exp(kl)
        regularized = isinstance(self.model.optimizer, Regularization)
        remedy = "raise --gamma" if regularized else "use --optimizer=consensus"
        return (
            f"The generator leaves modes out: for {last[-1][0] - last[0][0]:,} steps its samples, "
            f"{near:.0%} of them close to a mode, have been as uneven as those of {alike:.1f} of "
            f"{self.modes} modes; {remedy}, or use --penalty=r1."
        )


def _evaluation(step, logs):
    """Step, the share of samples near a mode, and the KL divergence from even shares."""
    near, kl = (float(logs.get(key, math.nan)) for key in ("within_0.05", "mode_kl"))
    return step, near, kl
