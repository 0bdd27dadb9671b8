"""Step time and memory as a GAN grows: what consensus costs against simultaneous gradients.

Batch, width, depth and replicas are doubled from a common base, one at a time. Both methods are
timed in turn in one process, through `gan.fit`, and the best of each is kept, by the clock and by
the processors' time, which other work on the machine disturbs less; memory is that above the built
networks, in a process of its own. The networks are the residual ones, in graph mode.
Replicas are logical devices of one CPU, so they show what a strategy costs and not what it gains:
with the batch a replica fixed, the work grows with their number.

    python examples/benchmarks/growth.py
    python examples/benchmarks/growth.py --quantities=batch,width --largest=8

Leaves growth.png, table.md and results.json in --output_dir.
"""

import json
import os
import pathlib
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Unasked, TensorFlow takes oneDNN's convolutions on the newest CPUs only; elsewhere its own are
# up to five times as slow.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags
from fresh_process import peak_mib, run_apart
from matplotlib.ticker import NullLocator, StrMethodFormatter

import tf_consensus as tfc
from tf_consensus.data.stream import without_autotuning
from tf_consensus.plotting.methods import line_styles
from tf_consensus.plotting.style import (
    legend_below,
    legend_line,
    new_figure,
    saved,
    scale_by_logarithm,
    tidy,
)

# What a quantity multiplies.
QUANTITIES = {
    "batch": ("batch_size",),
    "width": ("filters",),
    "depth": ("blocks",),
    "replicas": ("replicas",),
    "replicas_and_batch": ("replicas", "batch_size"),
}
TITLES = {
    "batch": "batch",
    "width": "filters",
    "depth": "blocks per level",
    "replicas": "replicas, batch fixed",
    "replicas_and_batch": "replicas, batch each fixed",
}
METHODS = {
    "simultaneous": tfc.SimultaneousOptimizer,
    "consensus": tfc.ConsensusOptimizer,
}
STYLES = {name: style | {"marker": "o"} for name, style in line_styles(METHODS).items()}
RATIOS = {
    "cpu_seconds": ("ratio of processor times", {"color": "0.2", "marker": "o", "linestyle": "-"}),
    "mib": ("ratio of added memory", {"color": "0.2", "marker": "s", "linestyle": "--"}),
}
LATENT = 64

FLAGS = flags.FLAGS
flags.DEFINE_list("quantities", list(QUANTITIES), "What to grow.")
flags.DEFINE_integer("largest", 16, "Largest factor, a power of 2.", 1)
flags.DEFINE_integer("most_replicas", 8, "Largest number of replicas, whose graphs are many.", 1)
flags.DEFINE_integer("batch_size", 32, "Examples in a batch, before growth.", 1)
flags.DEFINE_integer("filters", 16, "Filters next to the image, before growth.", 1)
flags.DEFINE_integer("image_size", 8, "Side of the images, 4 · 2^k.", 4)
flags.DEFINE_integer("rounds", 5, "Timings of each method.", 1)
flags.DEFINE_integer("steps", 3, "Steps a timing.", 1)
flags.DEFINE_string("output_dir", "output/growth", "Folder for all results.")
flags.DEFINE_string("measure", None, "Used by the script itself: a setting, as JSON.")
flags.register_validator(
    "quantities",
    lambda names: names and set(names) <= set(QUANTITIES),
    f"must be a comma list out of {', '.join(QUANTITIES)}",
)
flags.register_validator(
    "largest", lambda n: n & (n - 1) == 0, "must be a power of 2, as sizes are doubled"
)


def setting(quantity, factor):
    """The base, one quantity of it grown."""
    base = {key: FLAGS[key].value for key in ("batch_size", "filters", "image_size")}
    grown = base | {"blocks": 1, "replicas": 1}
    return grown | {key: factor * grown[key] for key in QUANTITIES[quantity]}


def make_run(method, size):
    """Function of a number of steps that trains for them."""
    shape = {key: size[key] for key in ("image_size", "filters", "blocks")}
    networks = tfc.networks.build(
        "residual", channels=3, max_filters=2**20, latent_dim=LATENT, seed=0, **shape
    )
    gan = tfc.GAN(*networks, latent_dim=LATENT, seed=0)
    gan.compile(optimizer=METHODS[method](keras.optimizers.RMSprop(1e-4)), jit_compile=False)
    gan.optimizer.build(gan.trainable_variables)
    side = size["image_size"]
    images = np.random.default_rng(0).uniform(-1, 1, size=(size["batch_size"], side, side, 3))
    data = tf.data.Dataset.from_tensors(images.astype("float32")).repeat()
    data = data.with_options(without_autotuning())
    return lambda steps: gan.fit(data, steps_per_epoch=steps, verbose=0, shuffle=False)


def measure(task):
    """Best times of a step of both methods, or MiB that the steps of one add, as JSON."""
    tf.get_logger().setLevel("WARNING")  # else a strategy tells of every exchange
    replicas = task["size"]["replicas"]
    options = ("mirrored", None, replicas) if replicas > 1 else ("none",)
    with tfc.strategies.make(*options).scope():
        if task["method"]:
            run = make_run(task["method"], task["size"])
            before = peak_mib()
            run(2)
            print(json.dumps(peak_mib() - before))
            return
        runs = {method: make_run(method, task["size"]) for method in METHODS}
        for run in runs.values():
            run(1)
        times = {method: [] for method in METHODS}
        for _ in range(FLAGS.rounds):
            for method, run in runs.items():
                start = clocks()
                run(FLAGS.steps)
                times[method].append((clocks() - start) / FLAGS.steps)
        best = {method: np.min(values, axis=0) for method, values in times.items()}
        names = ("seconds", "cpu_seconds")
        print(json.dumps({n: {m: best[m][k] for m in METHODS} for k, n in enumerate(names)}))


def clocks():
    """Seconds of the clock, and of the processors, which other work disturbs less."""
    return np.array([time.perf_counter(), time.process_time()])


def measure_apart(size, method=None):
    """`measure` in a process of its own."""
    task = json.dumps({"size": size, "method": method})
    options = [f"--{key}={FLAGS[key].value}" for key in ("rounds", "steps")]
    return run_apart([__file__, f"--measure={task}", *options])


def grow(quantity):
    """Rows of a quantity, one a factor."""
    rows = []
    factor = 1
    most = FLAGS.most_replicas if "replicas" in QUANTITIES[quantity] else FLAGS.largest
    while factor <= min(most, FLAGS.largest):
        size = setting(quantity, factor)
        row = {"quantity": quantity, "factor": factor, "size": size}
        row |= measure_apart(size)
        row["mib"] = {method: measure_apart(size, method) for method in METHODS}
        rows.append(row)
        print(table_line(row), flush=True)
        factor *= 2
    return rows


def ratio(row, key):
    """Consensus over simultaneous."""
    return row[key]["consensus"] / row[key]["simultaneous"]


def table_line(row):
    """A row of the table, in Markdown."""
    value = row["size"][QUANTITIES[row["quantity"]][0]]
    cells = [TITLES[row["quantity"]], str(value)]
    cells += [f"{1e3 * row['seconds'][method]:.0f}" for method in METHODS]
    cells += [f"{ratio(row, key):.2f}" for key in ("seconds", "cpu_seconds")]
    cells += [f"{row['mib'][method]:.0f}" for method in METHODS]
    cells += [f"{ratio(row, 'mib'):.2f}"]
    return f"| {' | '.join(cells)} |"


def table_head():
    """The lines above."""
    cells = ["grown", "to", "simultaneous, ms", "consensus, ms", "ratio", "of processor time"]
    cells += ["simultaneous, MiB", "consensus, MiB", "ratio"]
    return f"| {' | '.join(cells)} |\n| {' | '.join(['---'] * len(cells))} |"


def draw(rows, path):
    """A column per quantity: time above, ratios below."""
    names = list(dict.fromkeys(row["quantity"] for row in rows))
    figure = new_figure(max(6.5, 2.9 * len(names) + 0.6), 6.6)
    axes = figure.subplots(2, len(names), squeeze=False, sharey="row")
    for (above, below), name in zip(axes.T, names, strict=True):
        own = [row for row in rows if row["quantity"] == name]
        sizes = [row["size"][QUANTITIES[name][0]] for row in own]
        for method, style in STYLES.items():
            above.plot(sizes, [1e3 * row["cpu_seconds"][method] for row in own], **style)
        for key, (_, style) in RATIOS.items():
            below.plot(sizes, [ratio(row, key) for row in own], **style)
        scale_by_logarithm(above)
        below.set_xlabel(TITLES[name])
        for axis in (above, below):
            axis.set_xscale("log", base=2)
            axis.set_xticks(sizes)
            axis.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            axis.xaxis.set_minor_locator(NullLocator())
            tidy(axis)
    axes[1, 0].set_ylim(0, 1.05 * max(ratio(row, key) for row in rows for key in RATIOS))
    axes[0, 0].set_ylabel("processor ms per step")
    axes[1, 0].set_ylabel("consensus / simultaneous")
    entries = [legend_line(**style, label=method) for method, style in STYLES.items()]
    entries += [legend_line(**style, label=label) for label, style in RATIOS.values()]
    legend_below(figure, entries)
    saved(figure, path)


def main(argv):
    """Measures everything, and leaves table and picture."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    if FLAGS.measure:
        measure(json.loads(FLAGS.measure))
        return
    output = pathlib.Path(FLAGS.output_dir)
    output.mkdir(parents=True, exist_ok=True)
    print(f"tensorflow {tf.__version__}, keras {keras.__version__}, {os.cpu_count()} cores")
    print(table_head())
    rows = [row for quantity in FLAGS.quantities for row in grow(quantity)]
    table = "\n".join([table_head(), *map(table_line, rows)]) + "\n"
    (output / "table.md").write_text(table, encoding="utf-8")
    (output / "results.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    draw(rows, output / "growth.png")
    print(f"results in {output}/")


if __name__ == "__main__":
    app.run(main)
