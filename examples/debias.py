r"""Does the bias of mini-batches matter? Compares finished runs with and without it.

A batch's ½‖v‖² is on average larger than L, that of all data, by Var/(2B) (Lemma 15 of "The
Numerics of GANs"). This script reads runs of `mixture_of_gaussians.py` or `train_images.py` that
differ in --batch_size and --debias, and measures L and the bias of each trained model. It writes
debias.png, table.md and results.json into --output_dir.

    for batch in 8 64; do
      python examples/mixture_of_gaussians.py --optimizer=consensus --nobalanced \
          --batch_size=$batch --output_dir=output/biased_$batch
      python examples/mixture_of_gaussians.py --optimizer=consensus --nobalanced \
          --batch_size=$batch --microbatches=8 --debias=groups --output_dir=output/groups_$batch
    done
    python examples/debias.py --folders=output/biased_8,output/groups_8,output/biased_64,...
"""

import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags
from matplotlib.ticker import NullLocator, StrMethodFormatter

import tf_consensus as tfc
from tf_consensus.experiments import image_runs, mixture_runs
from tf_consensus.experiments.errors import plain_errors
from tf_consensus.experiments.files import read_json
from tf_consensus.experiments.result import check_model
from tf_consensus.experiments.shared_settings import settings_path
from tf_consensus.plotting.style import MEDIUM, legend_below, legend_line, new_figure, saved, tidy
from tf_consensus.support.files import write_json, write_text

FLAGS = flags.FLAGS
flags.DEFINE_list("folders", [], "Output folders of mixture_of_gaussians.py or train_images.py.")
flags.DEFINE_integer("batches", 256, "Batches with which L and its bias are measured.", 2)
flags.DEFINE_integer("measured_batch", 512, "Examples in each of these batches.", 1)
flags.DEFINE_string("data_dir", None, "Folder of the images, if not the usual one.")
flags.DEFINE_string("output_dir", "output/debias", "Folder for the picture and the table.")
flags.register_validator("folders", bool, "must name one output folder or more, with commas")

# All are consensus optimization, so its colour, vermilion, is the plain one's.
LOOKS = {"biased": ("#D55E00", "o"), "groups": ("#000000", "s"), "per_example": ("#56B4E9", "^")}
MIXTURE = {
    "modes_covered": "modes covered",
    "within_3_sigma": "share within 3σ",
    "mode_kl": "KL from even",
}
IMAGES = {"classifier_score": "classifier score", "frechet_distance": "Fréchet distance"}
REMEDY = "Restore it from a copy, or leave the folder out."
MEASURED = {"loss": "L of all data", "bias": "bias Var/(2B)"}


def find_runs(folder):
    """Settings, result and folder of each finished run below an output folder."""
    runs = []
    for path in sorted(pathlib.Path(folder).glob("*/result.json")):
        paths = {"settings": settings_path(path.parent), "result": path}
        found = {key: read_json(x, REMEDY) for key, x in paths.items()}
        runs.append(found | {"folder": path.parent})
    if not runs:
        raise app.UsageError(
            f"--folders must hold finished runs. Received: {folder}, which has none. Name the "
            "--output_dir of mixture_of_gaussians.py or train_images.py."
        )
    return runs


def make_data(run):
    """Batches of independent examples that the run has not seen."""
    settings = run["settings"]
    if "target" not in settings:
        settings = settings | {"batch_size": FLAGS.measured_batch}
        return image_runs.make_data(settings, 10**6, 0, FLAGS.data_dir, None)
    independent = settings | {"batch_size": FLAGS.measured_batch, "balanced": False}
    return mixture_runs.make_data(independent, 10**6)


def measure(gan, data, batch_size):
    """L without bias, and the bias of a batch of `batch_size` examples.

    With the fields vₖ of M independent batches, the mean of ½ vⱼ·vₖ over pairs is L's unbiased
    estimate, like `theory.debiased_loss` of the vₖ; the mean of ½‖vₖ‖² is larger by their bias.
    """

    @tf.function(autograph=False)
    def field(real):
        v = gan.game(real).linearize(second_order=False).v
        return tf.cast(tfc.vectors.flatten(v), tf.float64)

    total, squares = 0.0, 0.0
    for real in data.take(FLAGS.batches):
        v = field(real).numpy()
        total, squares = total + v, squares + v @ v
    m = FLAGS.batches
    loss = (total @ total - squares) / (2 * m * (m - 1))
    bias = (squares / (2 * m) - loss) * FLAGS.measured_batch / batch_size
    return {"loss": float(loss), "bias": float(bias)}


def summarize(run):
    """One row of results: the run, its metrics and the measured numbers."""
    settings, result = run["settings"], run["result"]
    if "metrics" in result:
        metrics = {key: value["final"] for key, value in result["metrics"].items() if value}
    else:
        metrics = {key: result[key] for key in MIXTURE}
    check_model(run["folder"] / "model.keras", run["result"])
    gan = keras.models.load_model(run["folder"] / "model.keras")
    measured = measure(gan, make_data(run), settings["batch_size"])
    inner = "Adam" if settings["inner"] == "adam" else "RMSProp"
    game = settings.get("dataset", settings.get("target"))
    return {
        "experiment": f"{game}, {inner} {settings['learning_rate']:g}, γ {settings['gamma']:g}",
        "batch_size": settings["batch_size"],
        "debias": settings["debias"] or "biased",
        "microbatches": settings["microbatches"],
        "seed": result["seed"],
        **{key: metrics[key] for key in (*MIXTURE, *IMAGES) if key in metrics},
        **measured,
    }


def grouped(rows, *keys):
    """The rows by their values of the keys, in order of appearance."""
    groups = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    return groups


def table(rows):
    """Markdown with one table per experiment: mean and range of every quantity over the seeds."""
    text = ""
    for (experiment,), runs in grouped(rows, "experiment").items():
        quantities = {k: v for k, v in (MIXTURE | IMAGES | MEASURED).items() if k in runs[0]}
        head = ["batch", "regularizer", "seeds", *quantities.values()]
        lines = [head, ["---"] * len(head)]
        ordered = sorted(
            runs, key=lambda run: (run["batch_size"], list(LOOKS).index(run["debias"]))
        )
        for (batch, debias), group in grouped(ordered, "batch_size", "debias").items():
            cells = [spread([run[key] for run in group]) for key in quantities]
            lines.append([str(batch), debias, str(len(group)), *cells])
        text += f"{experiment}\n\n" + "".join(f"| {' | '.join(x)} |\n" for x in lines) + "\n"
    return text


def spread(values):
    """Mean and range."""
    return f"{np.mean(values):.3g} ({min(values):.3g} to {max(values):.3g})"


def draw(rows, path):
    """Draws one row per experiment and one panel per quantity, over the batch size."""
    experiments = grouped(rows, "experiment")
    figure = new_figure(12.5, 3.6 * len(experiments) + 0.5)
    axes = figure.subplots(len(experiments), 3, squeeze=False)
    for line, ((experiment,), runs) in zip(axes, experiments.items(), strict=True):
        quality = [key for key in ("within_3_sigma", "mode_kl", *IMAGES) if key in runs[0]]
        for axis, keys in zip(line, [*([key] for key in quality[:2]), MEASURED], strict=True):
            draw_panel(axis, runs, list(keys))
        line[0].set_title(experiment, loc="left", fontsize=MEDIUM)
    drawn = {row["debias"] for row in rows}
    entries = [
        legend_line(color=color, marker=marker, label=name.replace("_", " "))
        for name, (color, marker) in LOOKS.items()
        if name in drawn
    ]
    legend_below(figure, entries)
    saved(figure, path)


def draw_panel(axis, runs, keys):
    """Draws the mean over the seeds, with bars from smallest to largest; a second key is dashed."""
    sizes = sorted({run["batch_size"] for run in runs})
    # Side by side, so that bars do not hide each other.
    for name, shift in zip(LOOKS, (0.94, 1.0, 1.06), strict=True):
        groups = grouped([run for run in runs if run["debias"] == name], "batch_size")
        for key, style in zip(keys, ("--", "-")[-len(keys) :], strict=True):
            if groups:
                values = {size: [run[key] for run in group] for (size,), group in groups.items()}
                draw_line(axis, dict(sorted(values.items())), shift, style, name)
    axis.set_xscale("log", base=2)
    axis.set_xticks(sizes)
    axis.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.xaxis.set_minor_locator(NullLocator())
    names = MIXTURE | IMAGES | {"loss": "bias, and L (dashed)"}
    axis.set(xlabel="batch size", ylabel=names[keys[0]])
    if keys[0] in ("loss", "mode_kl"):
        axis.set_yscale("log")
    tidy(axis)


def draw_line(axis, values, shift, style, name):
    """Values of the seeds by batch size, as their mean and range."""
    means = np.array([np.mean(v) for v in values.values()])
    ends = np.array([[min(v), max(v)] for v in values.values()]).T
    color, marker = LOOKS[name]
    look = {"color": color, "markersize": 6, "capsize": 3, "linewidth": 1.6, "fmt": marker + style}
    look |= {"markerfacecolor": "white"} if style == "--" else {}
    axis.errorbar(shift * np.array(list(values)), means, np.abs(ends - means), **look)


def main(argv):
    """Measures, draws and prints the table."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    with plain_errors():
        runs = [run for folder in FLAGS.folders for run in find_runs(folder)]
        rows = [summarize(run) for run in runs]
    output = pathlib.Path(FLAGS.output_dir)
    output.mkdir(parents=True, exist_ok=True)
    write_json(output / "results.json", rows)
    text = table(rows)
    write_text(output / "table.md", text)
    draw(rows, output / "debias.png")
    print(text)
    print(f"results in {output}/")


if __name__ == "__main__":
    app.run(main)
