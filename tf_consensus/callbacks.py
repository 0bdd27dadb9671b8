"""Keras callbacks for GAN training."""

import math
from collections.abc import Callable, Sequence

import keras
import numpy as np


class EvaluateGAN(keras.callbacks.Callback):
    """Puts metrics of generated samples into the logs during `fit`.

    At the end of each `every`-th epoch the same latents are turned into samples, and the metrics'
    results join the epoch's logs, where the progress bar, CSVLogger, TensorBoard and History find
    them. In the other epochs they are NaN, so that every epoch has the same keys.

    Args:
        metrics: Keras metrics of samples; a result may be a dict, as `metrics.ModeCoverage`'s is.
        samples: number of samples to generate.
        every: evaluate each `every`-th epoch.
        seed: determines the latents.
        on_samples: called with (steps taken, samples) at each evaluation and before the first
            epoch, e.g. to save them.

    Raises:
        ValueError: if `samples` or `every` is not a positive integer.

    Example:
        >>> coverage = metrics.ModeCoverage(data.ring_modes(), stddev=0.01)
        >>> history = gan.fit(dataset, steps_per_epoch=100, callbacks=[EvaluateGAN([coverage])])
    """

    def __init__(
        self,
        metrics: Sequence[keras.metrics.Metric] = (),
        samples: int = 2560,
        every: int = 1,
        seed: int = 0,
        on_samples: Callable[[int, np.ndarray], None] | None = None,
    ):
        super().__init__()
        for key, value in (("samples", samples), ("every", every)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(
                    f"`{key}` must be a positive integer. Received: {key}={value!r}. "
                    "For example EvaluateGAN(metrics, samples=2560, every=1)."
                )
        self.metrics = list(metrics)
        self.samples = samples
        self.every = every
        self.seed = seed
        self.on_samples = on_samples

    def on_train_begin(self, logs=None):
        """Hands out the samples of the untrained, or restored, generator."""
        if self.on_samples is not None:
            self.evaluate()

    def on_epoch_end(self, epoch, logs=None):
        """Evaluates, or fills in NaN."""
        results = self.evaluate() if (epoch + 1) % self.every == 0 else self._missing()
        if logs is not None:
            logs.update(results)

    def evaluate(self) -> dict[str, float]:
        """The metrics of freshly generated samples, by name."""
        samples = self.model.generate(self.samples, seed=self.seed, batch_size=self.samples)
        if self.on_samples is not None:
            self.on_samples(int(self.model.optimizer.iterations), samples)
        results = {}
        for metric in self.metrics:
            metric.reset_state()
            metric.update_state(samples)
            results.update(_named(metric))
        return results

    def _missing(self):
        return {key: math.nan for metric in self.metrics for key in _named(metric)}


def _named(metric):
    result = metric.result()
    results = result if isinstance(result, dict) else {metric.name: result}
    return {key: float(value) for key, value in results.items()}
