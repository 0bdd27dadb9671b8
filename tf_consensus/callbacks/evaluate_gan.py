"""Measures generated samples during training, and keeps the best and the final values."""

import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from tf_consensus.callbacks.evaluations import MARK, Evaluation, Evaluations, mark
from tf_consensus.callbacks.metric_results import (
    check_directions,
    check_free,
    check_metrics,
    results_of,
    warn_of_missing_directions,
)
from tf_consensus.callbacks.sample_parts import are_finite, are_points, joined
from tf_consensus.models.averaging import averaged_weights
from tf_consensus.models.callback_checks import refuse_other_models
from tf_consensus.support.checks import check_bool, check_count, check_function, check_int

# The default number of images at a time: 256 of 64² in colour take 12 MB.
_IMAGES = 256


class EvaluateGAN(keras.callbacks.Callback):
    """Puts metrics of generated samples into the logs during `fit`.

    At the end of each `every`-th epoch it generates samples from the same latents, and adds the
    metrics' results to the epoch's logs, where the progress bar, CSVLogger, TensorBoard and History
    find them. The other epochs repeat the last values. Epochs before the first evaluation show the
    worst possible value (infinity for a result whose better end is "down"). So Keras'
    ModelCheckpoint, EarlyStopping and ReduceLROnPlateau, placed after this callback, choose among
    the evaluated epochs. They count repeated epochs too: a patience of n evaluations is
    `n * every`. With `every` above 1 the logs also have `evaluated`, which is 1 in epochs with an
    evaluation, else 0; a second EvaluateGAN logs `evaluated_<its first result>`.

    Samples that are not finite are not measured: such an epoch counts as not evaluated, shows the
    worst values and is never the best. `StopWhenDiverged` ends training there.

    The samples are processed batch by batch and not kept, unless `on_samples` wants them all. Each
    batch is `gan.generate(n, seed)` with a seed of its own. The first batch uses `seed` itself, so
    a single batch is `gan.generate(samples, seed)`.

    If averages of the weights are kept (`use_ema`), the samples are the averaged generator's, as in
    `SampleGrid`.

    `final` holds each metric's latest value and `best` its best one. The best values alone would
    hide that a run diverged after them, so a line at the end of training states both. Both are
    kept over several `fit`; a process that resumes a run begins anew, unless `record` is called.

    Args:
        metrics: Keras metrics of samples, or other objects with `reset_state`, `update_state` and
            `result`. `update_state` takes the samples alone, as `generate` returns them. `result`
            may return a dict, as that of `metrics.ModeCoverage` does, and is also called before
            there are samples. An attribute `directions`, a dict of "up" or "down", says which
            results have a best value.
        samples: number of samples to generate.
        every: evaluate each `every`-th epoch.
        seed: determines the latents.
        on_samples: called with (steps taken, samples) at each evaluation and before the first
            epoch, e.g. to save them.
        batch_size: samples at a time; None: all if the generator's output is points (batch, d),
            else 256.
        report: function that takes the line at the end of training; None to print nothing.
        averaged: False uses the weights themselves, even if averages are kept.
        directions: "up" or "down" for results of metrics that do not say it, such as Keras' own.

    Attributes:
        best: dict of `Evaluation` by the result's name, for results with a direction.
        final: dict of `Evaluation` of the latest values, for all results; NaN after samples that
            were not finite.

    Raises:
        TypeError: if `averaged` is not a bool; in `fit`, if the model is not a GAN.
        ValueError: if another argument is invalid, or a metric cannot take so many samples; in
            `fit`, if a result has the name of another or of an entry that the logs already have.

    Example:
        >>> coverage = metrics.ModeCoverage(data.ring_modes(), stddev=0.01)
        >>> history = gan.fit(dataset, steps_per_epoch=100, callbacks=[EvaluateGAN([coverage])])
    """

    def __init__(
        self,
        metrics: Sequence[Any] = (),
        samples: int = 2560,
        every: int = 1,
        seed: int = 0,
        on_samples: Callable[[int, np.ndarray], None] | None = None,
        batch_size: int | None = None,
        report: Callable[[str], None] | None = print,
        averaged: bool = True,
        directions: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        hint = "For example EvaluateGAN(metrics, samples=2560)."
        self.metrics = check_metrics(metrics)
        self.samples = check_count("samples", samples, hint)
        self.every = check_count("every", every, hint)
        self.seed = check_int("seed", seed)
        self.on_samples = check_function("on_samples", on_samples)
        if batch_size is not None:
            remedy = "Pass None for a size that suits the samples."
            batch_size = check_count("batch_size", batch_size, remedy)
        self.batch_size = batch_size
        self.report = check_function("report", report)
        self.averaged = check_bool("averaged", averaged)
        self._evaluations = Evaluations(self.metrics, check_directions(self.metrics, directions))
        self._measured = True
        for metric in self.metrics:
            getattr(metric, "check_samples", lambda number: None)(self.samples)
        if self.every > 1:
            warn_of_missing_directions(self.metrics, self._evaluations.directions)

    @property
    def best(self) -> dict[str, Evaluation]:
        """The best value of each result that has a direction."""
        return self._evaluations.best

    @property
    def final(self) -> dict[str, Evaluation]:
        """The latest value of each result."""
        return self._evaluations.final

    def set_model(self, model: keras.Model) -> None:
        """Takes the model that is trained, a GAN."""
        super().set_model(model)
        refuse_other_models(self, "generate")

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Gives `on_samples` the samples of the untrained or restored generator."""
        names = {*self._evaluations.directions, *(getattr(x, "name", "") for x in self.metrics)}
        check_free(names, [MARK, *(x.name for x in self.model.metrics)], "of the model")
        if self.on_samples is not None:
            with self._weights():
                self.on_samples(self._step(), joined(list(self._batches())))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Evaluates, or repeats the last values."""
        due = (epoch + 1) % self.every == 0
        results = self.evaluate() if due else results_of(self.metrics)
        if logs is None:
            return
        check_free(results, logs, "of the model or of a callback before this one")
        logs.update({key: self._evaluations.shown(key) for key in results})
        if self.every > 1:
            mark(logs, results, due and self._measured)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Reports the final and best values."""
        if self.report is not None and self.final:
            self.report(self.describe())

    def evaluate(self) -> dict[str, float]:
        """The metrics of freshly generated samples, by name; kept in `best` and `final`.

        All of them are NaN if a sample is not finite.
        """
        for metric in self.metrics:
            metric.reset_state()
        kept, self._measured = [], True
        with self._weights():
            for batch in self._batches():
                if self.on_samples is not None:
                    kept.append(batch)
                # Checked first, because some metrics would return a number for it.
                self._measured = self._measured and are_finite(batch)
                for metric in self.metrics if self._measured else ():
                    metric.update_state(batch)
        if self.on_samples is not None:
            self.on_samples(self._step(), joined(kept))
        results = results_of(self.metrics)
        if not self._measured:
            results = dict.fromkeys(results, math.nan)
        self.record(self._step(), results)
        return results

    def record(self, step: int, results: dict[str, float]) -> None:
        """Adds an evaluation to `best` and `final`, for example one of a log that is resumed.

        Args:
            step: steps taken before it.
            results: values by name; NaN is no evaluation and can't be the best. Epochs without an
                evaluation show these values.
        """
        self._evaluations.record(step, results)

    def record_rows(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Adds the evaluations of a resumed log: `rows` has one dict per epoch, with its "step"."""
        self._evaluations.record_rows(rows, list(results_of(self.metrics)), self.every)

    def describe(self) -> str:
        """One line of the final values and, where one is better, the best ones."""
        line = self._evaluations.describe()
        return line if self._measured else f"{line}; the last samples were not finite"

    def _weights(self):
        """Puts the weights to evaluate in place, once for all batches."""
        return averaged_weights(self.model) if self.averaged else contextlib.nullcontext()

    def _batches(self):
        """The samples, in batches."""
        options = {} if self.averaged else {"averaged": False}
        points = are_points(self.model.generator)
        size = self.batch_size or (self.samples if points else _IMAGES)
        for i, start in enumerate(range(0, self.samples, size)):
            number, seed = min(size, self.samples - start), self._seed(i)
            yield self.model.generate(number, seed=seed, batch_size=size, **options)

    def _seed(self, batch):
        if batch == 0:
            return self.seed
        return int(np.random.SeedSequence([self.seed % 2**64, batch]).generate_state(1)[0])

    def _step(self):
        return int(self.model.optimizer.iterations.numpy())
