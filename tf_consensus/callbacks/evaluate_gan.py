"""Metrics of generated samples during training, the best and the final ones."""

import contextlib
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from tf_consensus.averaging import averaged_weights
from tf_consensus.checks import check_count

# Images at a time, unless said: 256 of 64² in colour take 12 MB.
_IMAGES = 256


class Evaluation(NamedTuple):
    """A metric's value, and after how many optimizer steps.

    Attributes:
        step: the optimizer's iterations.
        value: the metric's value.
    """

    step: int
    value: float


class EvaluateGAN(keras.callbacks.Callback):
    """Puts metrics of generated samples into the logs during `fit`.

    At the end of each `every`-th epoch the same latents are turned into samples, and the metrics'
    results join the epoch's logs, where the progress bar, CSVLogger, TensorBoard and History find
    them. In the other epochs they are NaN, so that every epoch has the same keys.

    The samples are made and measured in batches, which are forgotten at once, unless `on_samples`
    wants them all. Each batch is `gan.generate(n, seed)` with a seed of its own, the first with
    `seed` itself, so that a single batch is `gan.generate(samples, seed)`.

    Where averages of the weights are kept (`use_ema`) the samples are the averaged generator's, as
    `SampleGrid`'s are.

    `final` holds each metric's latest value and `best` its best one. A table of best values alone
    hides that a run diverged after them, so a line at the end of training states both. They are
    kept over several `fit`; a process that resumes a run begins anew, unless `record` tells it.

    Args:
        metrics: Keras metrics of samples or others with `reset_state`, `update_state` and
            `result`, which may be a dict, as `metrics.ModeCoverage`'s is. An attribute
            `directions`, a dict of "up" or "down", says which results have a best value.
        samples: number of samples to generate.
        every: evaluate each `every`-th epoch.
        seed: determines the latents.
        on_samples: called with (steps taken, samples) at each evaluation and before the first
            epoch, e.g. to save them.
        batch_size: samples at a time; None: all if the generator's output is points (batch, d),
            else 256.
        report: function that takes the line at the end of training; None to print nothing.
        averaged: False for the weights as they are, also where averages are kept.

    Attributes:
        best: dict of `Evaluation`, by the result's name; of those with a direction.
        final: the same of the latest values, of all results.

    Raises:
        ValueError: if `samples`, `every` or `batch_size` is not a positive integer.

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
    ):
        super().__init__()
        hint = "For example EvaluateGAN(metrics, samples=2560, every=1)."
        self.metrics = list(metrics)
        self.samples = check_count("samples", samples, hint)
        self.every = check_count("every", every, hint)
        self.seed = int(seed)
        self.on_samples = on_samples
        self.batch_size = (
            batch_size
            if batch_size is None
            else check_count(
                "batch_size", batch_size, "Pass None for a size that suits the samples."
            )
        )
        self.report = report
        self.averaged = averaged
        self.best: dict[str, Evaluation] = {}
        self.final: dict[str, Evaluation] = {}

    def on_train_begin(self, logs=None):
        """Hands out the samples of the untrained, or restored, generator."""
        if self.on_samples is not None:
            with self._weights():
                self.on_samples(self._step(), np.concatenate(list(self._batches())))

    def on_epoch_end(self, epoch, logs=None):
        """Evaluates, or fills in NaN."""
        results = self.evaluate() if (epoch + 1) % self.every == 0 else self._missing()
        if logs is not None:
            logs.update(results)

    def on_train_end(self, logs=None):
        """Reports the final and best values."""
        if self.report is not None and self.final:
            self.report(self.describe())

    def evaluate(self) -> dict[str, float]:
        """The metrics of freshly generated samples, by name; kept in `best` and `final`."""
        for metric in self.metrics:
            metric.reset_state()
        kept = []
        with self._weights():
            for batch in self._batches():
                if self.on_samples is not None:
                    kept.append(batch)
                for metric in self.metrics:
                    metric.update_state(batch)
        if self.on_samples is not None:
            self.on_samples(self._step(), np.concatenate(kept))
        results = {key: value for metric in self.metrics for key, value in _named(metric).items()}
        self.record(self._step(), results)
        return results

    def record(self, step: int, results: dict[str, float]):
        """Takes an evaluation into `best` and `final`, as one of a log that is resumed.

        Args:
            step: steps taken before it.
            results: values by name; NaN is no evaluation and can't be the best.
        """
        directions = self._directions()
        for key, value in results.items():
            self.final[key] = Evaluation(int(step), float(value))
            sign = {"up": 1, "down": -1}.get(directions.get(key))
            if sign is None or math.isnan(value):
                continue
            if key not in self.best or sign * value > sign * self.best[key].value:
                self.best[key] = self.final[key]

    def describe(self) -> str:
        """One line of the final values and, where one is better, the best ones."""
        parts = []
        for key, (_, value) in self.final.items():
            best = self.best.get(key)
            part = f"{key} {value:.4g}"
            parts.append(part + (f" (best {best.value:.4g} at step {best.step:,})" if best else ""))
        return f"step {max(final.step for final in self.final.values()):,}: " + ", ".join(parts)

    def _weights(self):
        """The weights to evaluate, put in place once for all batches."""
        return averaged_weights(self.model) if self.averaged else contextlib.nullcontext()

    def _batches(self):
        """The samples, in batches."""
        options = {} if self.averaged else {"averaged": False}
        points = len(getattr(self.model.generator, "output_shape", ())) == 2
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

    def _directions(self):
        return {
            key: direction
            for metric in self.metrics
            for key, direction in getattr(metric, "directions", {}).items()
        }

    def _missing(self):
        return {key: math.nan for metric in self.metrics for key in _named(metric)}


def _named(metric):
    result = metric.result()
    results = result if isinstance(result, dict) else {metric.name: result}
    return {key: float(value) for key, value in results.items()}
