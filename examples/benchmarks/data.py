"""Measure how many batches per second each 2D pipeline delivers.

One training step on such data takes 0.7-2 ms, so a pipeline should give 5,000 batches per second
on one core:

    taskset -c 0 python examples/benchmarks/data.py
"""

import time

import tensorflow as tf
from absl import app, flags

import tf_consensus.data as pipelines

FLAGS = flags.FLAGS
flags.DEFINE_integer("batch_size", 512, "Points in a batch.")
flags.DEFINE_integer("batches", 10_000, "Batches per measurement.")
flags.DEFINE_integer("repeats", 3, "Measurements; the table shows the best.")

PIPELINES = (
    "mixture_of_gaussians",
    "grid_of_gaussians",
    "gaussian",
    "line",
    "circle",
    "four_lines",
)


def from_python(dataset) -> None:
    """Take the batches one by one, as an eager training loop does."""
    for _ in dataset.take(FLAGS.batches):
        pass


@tf.function
def from_graph(dataset):
    """Take the batches inside one function, as fused training steps do."""
    total = 0.0
    for batch in dataset.take(FLAGS.batches):
        total += batch[0, 0]
    return total


def measure(consume, dataset) -> tuple[float, float]:
    """Return the most batches per second, and that measurement's CPU microseconds per batch."""
    consume(dataset)  # traces and warms up
    results = []
    for _ in range(FLAGS.repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        consume(dataset)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        results.append((FLAGS.batches / wall, 1e6 * cpu / FLAGS.batches))
    return max(results)


def main(_) -> None:
    """Print one row per pipeline and way of reading it."""
    print(f"{'pipeline':<24}{'read from':<12}{'batches/s':>10}{'CPU µs/batch':>14}")
    for name in PIPELINES:
        dataset = getattr(pipelines, name)(batch_size=FLAGS.batch_size, seed=0)
        for label, consume in (("Python", from_python), ("graph", from_graph)):
            rate, cpu = measure(consume, dataset)
            print(f"{name:<24}{label:<12}{rate:>10,.0f}{cpu:>14.1f}")


if __name__ == "__main__":
    app.run(main)
