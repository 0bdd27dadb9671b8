"""Says what goes wrong in training while it happens."""

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from tf_consensus.callbacks.advice import SYMPTOMS
from tf_consensus.callbacks.advice.history import History
from tf_consensus.callbacks.advice.levels import levels
from tf_consensus.callbacks.advice.piece import (
    Advice,
    AdviceWarning,
    check_advice_path,
    check_report,
    read_advice,
    write_advice,
)
from tf_consensus.callbacks.advice.probe import Probe
from tf_consensus.callbacks.advice.symptom import Scene
from tf_consensus.callbacks.fixed_batch import ask_for_samples, fixed_batch
from tf_consensus.execution.strategies import is_chief
from tf_consensus.models.callback_checks import refuse_other_models
from tf_consensus.models.seen_samples import describe, kept, seen_of
from tf_consensus.support.checks import check_count, check_int

# Steps between two looks.
_STEPS = 100
# γ∇L and the spectrum cost more to measure. After the first few times, the next measurement is at
# this many times the step of the last.
_FEW, _APART = 4, 1.25
_FEWEST = 4


class Advisor(keras.callbacks.Callback):
    """Says during `fit` what goes wrong and what to change, once per run for each symptom.

    Each look uses the same real samples and latents, in training mode, and changes nothing: a run
    ends in the same weights with and without it. Chance is the discriminator's loss if it cannot
    tell samples apart, and best is its infimum; both follow from the objective. It looks for

        `data_range`: the first batch against the generator's last activation, at once;
        `probabilities`: a sigmoid or softmax for logits, at once; outputs at 0 and 1, 3 looks;
        `discriminator_won`: its loss 95 % of the way from chance to best, 3 looks, 300 steps;
        `collapse`: spread below 0.1 of the data's, once wider or moving, 3 looks, 300 steps;
            or 0.4 of the pairs nearer than 0.1 of the data's mean distance, of real ones < 0.2;
        `not_learning`: loss within 0.1 of chance, samples 0.7 deviations off, both resting,
            4 looks, 1,000 steps;
        `oscillation`: autocorrelation of the losses below -0.4, then above 0.5, over 4 periods;
            amplitude 0.1 of the way from chance to best; the last third 0.8 of the first;
        `gamma`: ‖γ∇L‖ above 20 ‖v‖, 3 looks (0.2 to 4 on networks that train);
        `learning_rate`: above Lemma 4's bound, ‖v‖ not falling, 3 looks; plain SGD alone, up to
            300 parameters or with a `SpectrumMonitor` before it.

    The logs have `advice`, the number of pieces. It does not repeat what the GAN has warned of.

    Args:
        every: look at the end of each `every`-th epoch; two looks are at least 100 steps apart.
        path: JSON file that the advice is written to, [{"step": …, "name": …, "message": …}]. A
            resumed run reads the file, and says nothing twice.
        samples: how many real and generated samples are compared; fewer where the batch has fewer.
        report: "warn" for an `AdviceWarning` per piece; a function of the line; `None` for neither.
        real: batch of real samples, for a conditional GAN a tuple of these and their labels; `None`
            takes the first batch of the training.

    Attributes:
        advice: list of `Advice`.

    Raises:
        ValueError: if an argument is none of these, `samples` is below 4, or the batch is not of
            finite numbers; in `fit`, if the file holds something else.
        TypeError: in `fit`, if the model is no GAN.

    Example:
        >>> advisor = Advisor(path="run/advice.json")
        >>> history = gan.fit(images, epochs=10, steps_per_epoch=500, callbacks=[advisor])
        >>> print(advisor.describe())

    Reference:
        Mescheder, Nowozin, Geiger, The Numerics of GANs, 2017, section 3.
    """

    def __init__(
        self,
        every: int = 1,
        path: str | os.PathLike | None = None,
        samples: int = 64,
        report: str | Callable[[str], None] | None = "warn",
        real: Any = None,
    ) -> None:
        super().__init__()
        self.every = check_count("every", every, "For example Advisor(every=1).")
        self.path = None if path is None else check_advice_path(path)
        self.samples = check_int("samples", samples, minimum=_FEWEST)
        self.report = check_report(report)
        self.real = None if real is None else fixed_batch(real)
        self.advice: list[Advice] = []
        self._history = History()
        self._begin()

    def _begin(self):
        self._probe: Any = None
        self._levels = self._seen = self._looked = None
        self._started, self._measured = False, []

    def set_model(self, model: keras.Model) -> None:
        """Takes the model that is trained, a GAN, and asks it to keep its first batch."""
        super().set_model(model)
        refuse_other_models(self, "game_at", "generate")
        ask_for_samples(model, self.real, self.samples)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Prepares for the data and the objective of this `fit`."""
        if self.path is not None:
            read_advice(self.path)  # a damaged file raises at once
        self._begin()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Reads what was said before, if a run is resumed."""
        self._history.begin_epoch()
        if self._started:
            return
        self._started = True  # only now has every callback restored what it restores
        if self.path is not None and self._step() > 0:
            known = {advice.name for advice in self.advice}
            before = [x for x in read_advice(self.path) if x.name not in known]
            self.advice = sorted([*before, *self.advice])
        self._write()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Takes the losses of a part of the epoch."""
        examples = self.model.metrics[0].count
        self._history.add_means(batch + 1, examples, logs or {}, self._steps_of_epoch())

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks if it is due, and reports what it finds."""
        logs = {} if logs is None else logs
        step = self._step()
        self._history.add_epoch(step, logs)
        if (epoch + 1) % self.every == 0:
            self._advise(step, logs)
        logs["advice"] = len(self.advice)

    def record_rows(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Takes the losses of a resumed log: `rows` has one dict per epoch, with its "step"."""
        for row in rows:
            self._history.add_epoch(int(row["step"]), row)

    def describe(self) -> str:
        """All advice, one line per piece; "" if there is none."""
        return "\n".join(advice.line() for advice in self.advice)

    def _advise(self, step, logs):
        said = {advice.name for advice in self.advice}
        checked = self._check(step, logs, said)
        scene = Scene(
            self.model, self._history, self._levels, self._seen, self._steps_of_epoch(), checked
        )
        for symptom in SYMPTOMS:
            message = None if symptom.name in said else symptom.find(scene)
            if message is not None:
                self.advice.append(Advice(step, symptom.name, message))
                self._say(self.advice[-1], symptom.warned)

    def _check(self, step, logs, said) -> bool:
        """Looks at both networks if that is due; returns whether it has looked."""
        if self._probe is None and not self._prepare():
            return False
        if self._looked is not None and step - self._looked < _STEPS:
            return False
        self._looked = step
        measured = self._measured
        dynamics = len(measured) < _FEW or step >= _APART * measured[-1]
        dynamics = dynamics and not {"gamma", "learning_rate"} <= said
        check = self._probe.look(step, logs, dynamics=dynamics)
        if check is None:
            return False
        if dynamics:
            measured.append(step)
        self._history.add_check(check)
        return True

    def _prepare(self) -> bool:
        """Takes the real samples; returns whether there are enough."""
        if self.real is not None:
            batch = self.model.prepared(self.real)
            self._seen = seen_of(describe(batch))
            parts = batch if isinstance(batch, list) else [batch]
        else:
            found = kept(self.model)
            if found is None:
                return False
            parts, self._seen = found
        parts = [part[: self.samples] for part in parts]
        if len(parts[0]) < _FEWEST:
            return False
        self._probe = Probe(self.model, parts)
        self._levels = levels(self.model.objective)
        return True

    def _say(self, advice, warned):
        self._write()
        if callable(self.report):
            self.report(advice.line())
        elif self.report == "warn" and warned not in self.model.warned:
            warnings.warn(advice.line(), AdviceWarning, stacklevel=2)
        if warned:
            self.model.warned.add(warned)

    def _write(self):
        if self.path is not None and is_chief(self.model.distribute_strategy):
            write_advice(self.path, self.advice)

    def _steps_of_epoch(self):
        return (self.params or {}).get("steps")

    def _step(self):
        return int(self.model.optimizer.iterations.numpy())
