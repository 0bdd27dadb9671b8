"""Learns a table of mixed columns, and scores the rows that it makes.

The script writes into --output_dir: generated.csv (made rows of the first run), results.json (the
scores of all runs), marginals.png (each column, real and made), and one folder per run with its
model.keras and log.

    python examples/table.py
    python examples/table.py --table=people.csv --target=job --method=consensus,alternating
    python examples/table.py --table=wine --seeds=0,1,2

The table is a CSV file with a line of names; "made", of 6,000 people that the script makes up; or
"iris" or "wine", if scikit-learn is installed. A fifth of the rows is held out. The scores compare
the generated rows with these: marginals (total variation and Kolmogorov-Smirnov), correlations, and
the accuracy of a classifier of --target that was trained on generated rows. The same scores of the
training rows show how small they can get.
"""

import csv
import json
import os
import pathlib
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

import tf_consensus as tfc
from tf_consensus.cli import validators
from tf_consensus.plotting import style
from tf_consensus.support.files import write_json

METHODS = ("simultaneous", "alternating", "consensus")
SETTINGS = "table target method_of_run seed steps batch_size width depth learning_rate gamma "
SETTINGS += "penalty_gamma pack temperature max_modes"
LATENT = 64
EPOCHS = 10

FLAGS = flags.FLAGS
flags.DEFINE_string("table", "made", 'A CSV file, "made", "iris" or "wine".')
flags.DEFINE_string("target", None, "Column of classes for the classifier; none takes the last.")
flags.DEFINE_list("method", ["consensus"], f"Methods to compare, of {', '.join(METHODS)}.")
flags.DEFINE_list("seeds", ["0"], "Seeds; every method runs once with each.")
flags.DEFINE_integer("steps", 5000, f"Steps of a run, a multiple of {EPOCHS}.", EPOCHS)
flags.DEFINE_integer("batch_size", 256, "Rows in a batch.", 1)
flags.DEFINE_integer("width", 128, "Units in each of the networks' hidden layers.", 1)
flags.DEFINE_integer("depth", 2, "Hidden layers of each network.", 1)
flags.DEFINE_float("learning_rate", 1e-3, "First step size of the inner optimizer, Adam.", 0.0)
flags.DEFINE_float("gamma", 0.1, "Weight γ of consensus optimization.", 0.0)
flags.DEFINE_float("penalty_gamma", 0.1, "Weight γ of R1; 0 leaves it out.", 0.0)
flags.DEFINE_integer("pack", 8, "Rows that the discriminator judges together.", 1)
flags.DEFINE_float("temperature", 0.2, "Temperature τ of the softmax.", 1e-3)
flags.DEFINE_integer("max_modes", 10, "The most modes of a column of numbers.", 1, 100)
flags.DEFINE_string("output_dir", "output/table", "Folder for all results.")
flags.DEFINE_bool("resume", False, "Continue the runs in --output_dir.")
flags.register_validator("method", validators.list_of(METHODS, least=1))
flags.register_validator("seeds", validators.seeds(below=2**31))
flags.register_multi_flags_validator(
    ["batch_size", "pack"],
    lambda values: values["batch_size"] % values["pack"] == 0,
    "--batch_size must be a multiple of --pack",
)
flags.register_validator("steps", lambda n: n % EPOCHS == 0, f"must be a multiple of {EPOCHS}")


def people(number=6000):
    """A table whose columns depend on each other, two of them in clusters."""
    rng = np.random.default_rng(0)
    job = rng.choice(["clerk", "nurse", "pilot", "retired"], number, p=[0.5, 0.3, 0.05, 0.15])
    age = np.where(job == "retired", rng.normal(74, 5, number), rng.normal(42, 11, number))
    age = np.clip(age, 18, 99).round().astype(int)
    base = {"clerk": 2.6, "nurse": 3.1, "pilot": 9.0, "retired": 1.8}
    income = np.array([base[x] for x in job]) * np.exp(0.15 * rng.normal(size=number))
    income = np.round(1000 * (income + 0.02 * np.maximum(age - 42, 0)), 2)
    commute = np.where(
        rng.random(number) < 0.35, rng.gamma(2, 4, number), rng.normal(45, 6, number)
    )
    commute = np.where(job == "retired", np.nan, commute.round(1))
    owns = rng.random(number) < 1 / (1 + np.exp(4 - age / 12 - income / 4000))
    return {"age": age, "income": income, "commute": commute, "owns_home": owns, "job": job}


def from_scikit_learn(name):
    """The columns of iris or wine."""
    try:
        from sklearn import datasets
    except ImportError as error:
        raise app.UsageError(
            f"--table={name} needs scikit-learn, which is not installed."
        ) from error
    found = getattr(datasets, f"load_{name}")()
    columns = dict(zip(found.feature_names, found.data.T, strict=True))
    return {**columns, "class": found.target_names[found.target].astype(object)}


def read_columns():
    """All columns, and the names of those of categories."""
    made = {"made": people, "iris": lambda: from_scikit_learn("iris")}
    made["wine"] = lambda: from_scikit_learn("wine")
    source = made[FLAGS.table]() if FLAGS.table in made else FLAGS.table
    table = tfc.data.table(source, max_modes=FLAGS.max_modes)
    columns = table.columns
    target = FLAGS.target or list(columns)[-1]
    if target not in columns:
        raise app.UsageError(f"--target must be a column of {', '.join(columns)}.")
    return columns, target, sorted({*table.description.categorical, target})


def halves(columns):
    """Columns of the training rows, and of a fifth that is held out."""
    number = len(next(iter(columns.values())))
    order = np.random.default_rng(0).permutation(number)
    held = number // 5
    return (
        {name: x[order[held:]] for name, x in columns.items()},
        {name: x[order[:held]] for name, x in columns.items()},
    )


def optimizer_of(method):
    """The method, whose step size falls to a tenth of a percent of the first one."""
    rate = keras.optimizers.schedules.CosineDecay(FLAGS.learning_rate, FLAGS.steps, 1e-3)
    inner = [keras.optimizers.Adam(rate, beta_1=0.5, beta_2=0.9) for _ in range(2)]
    if method == "alternating":
        return tfc.AlternatingOptimizer(*inner)
    if method == "simultaneous":
        return tfc.SimultaneousOptimizer(inner[0])
    return tfc.ConsensusOptimizer(inner[0], gamma=FLAGS.gamma)


def make_model(table, seed):
    """The game on a table."""
    size = {"width": FLAGS.width, "depth": FLAGS.depth, "latent_dim": LATENT, "seed": seed}
    width = table.description.width
    generator = tfc.networks.build("mlp", data_dim=width, **size)[0]
    discriminator = tfc.networks.build("mlp", data_dim=FLAGS.pack * width, **size)[1]
    penalties = tfc.penalties.R1(FLAGS.penalty_gamma) if FLAGS.penalty_gamma else ()
    return tfc.models.TableGAN(
        table,
        generator,
        discriminator,
        penalties=penalties,
        temperature=FLAGS.temperature,
        pack=FLAGS.pack,
        seed=seed,
    )


def train(table, method, seed, folder, settings):
    """A trained model, and the seconds that this call has trained it."""
    model = make_model(table, seed)
    model.compile(optimizer=optimizer_of(method), jit_compile=True)
    backup = tfc.callbacks.SafeBackup(folder / "backup", delete_checkpoint=False, settings=settings)
    log = keras.callbacks.CSVLogger(folder / "log.csv", append=FLAGS.resume)
    rows = table.batches(FLAGS.batch_size, seed=seed, start=model.optimizer.iterations)
    begin = time.perf_counter()
    model.fit(
        rows,
        epochs=EPOCHS,
        steps_per_epoch=FLAGS.steps // EPOCHS,
        shuffle=False,
        verbose=2,
        callbacks=[log, backup],
    )
    seconds = time.perf_counter() - begin
    model.save(folder / "model.keras")
    backup.delete()
    return model, seconds


def scores(train_rows, made, held_out, target, categorical):
    """The scores of made rows against held-out ones."""
    transfer = tfc.metrics.transfer_accuracy(train_rows, made, held_out, target, categorical)
    marginals = tfc.metrics.marginal_distances(held_out, made, categorical)
    return {
        "marginals": marginals,
        "mean_marginal": float(np.mean(list(marginals.values()))),
        "correlation_difference": tfc.metrics.correlation_difference(held_out, made, categorical),
        **transfer._asdict(),
    }


def run(method, seed, columns, target, categorical, folder):
    """The result of a run, and its rows; a run that is finished is only read."""
    train_rows, held_out = halves(columns)
    table = tfc.data.table(train_rows, categorical=_numbers(categorical, train_rows))
    settings = {key: FLAGS[key].value for key in SETTINGS.split() if key in FLAGS}
    settings |= {"method_of_run": method, "seed": seed, "target": target}
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "result.json"
    if FLAGS.resume and done.exists() and json.loads(done.read_text())["settings"] == settings:
        print(f"{folder.name}: finished before")
        model = keras.saving.load_model(folder / "model.keras")
        result = json.loads(done.read_text())
    else:
        model, seconds = train(table, method, seed, folder, settings)
        made = model.generate(len(table), seed=seed)
        result = {"settings": settings, "seconds": seconds}
        result |= scores(train_rows, made, held_out, target, categorical)
        write_json(done, result)
    return result, model.generate(len(table), seed=seed)


def _numbers(categorical, columns):
    """Those of the categorical columns that hold numbers."""
    return [x for x in categorical if columns[x].dtype.kind in "iuf"]


def write_rows(columns, path):
    """Writes columns as a CSV file, missing values as nothing."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in zip(*(x.tolist() for x in columns.values()), strict=True):
            writer.writerow(["" if x is None or x != x else x for x in row])


def draw(real, made, categorical, path):
    """Each column's distribution, real and made."""
    figure = style.new_figure(3.0 * len(real), 2.6)
    axes = figure.subplots(1, len(real), squeeze=False)[0]
    for axis, name in zip(axes, real, strict=True):
        pair = [np.asarray(rows[name]) for rows in (real, made)]
        if name in categorical:
            labels = sorted({str(x) for x in pair[0]})
            for place, (x, label) in enumerate(zip(pair, ("real", "made"), strict=True)):
                shares = [np.mean([str(v) == text for v in x]) for text in labels]
                axis.bar(np.arange(len(labels)) + 0.4 * place, shares, 0.4, label=label)
            axis.set_xticks(np.arange(len(labels)) + 0.2, labels, rotation=30)
        else:
            numbers = [x[~np.isnan(x.astype(float))] for x in pair]
            edges = np.histogram_bin_edges(numbers[0], 40)
            for x, label in zip(numbers, ("real", "made"), strict=True):
                axis.hist(x, edges, density=True, histtype="step", label=label)
        axis.set_title(name)
        style.tidy(axis)
    axes[0].legend()
    style.saved(figure, path)


def main(argv):
    """Trains, scores, draws."""
    if len(argv) > 1:
        raise app.UsageError(f"All arguments are flags. Received: {' '.join(argv[1:])}.")
    tf.get_logger().setLevel("ERROR")
    output = pathlib.Path(FLAGS.output_dir).expanduser()
    columns, target, categorical = read_columns()
    train_rows, held_out = halves(columns)
    results = {"real rows": scores(train_rows, train_rows, held_out, target, categorical)}
    first = None
    for method in FLAGS.method:
        for seed in map(int, FLAGS.seeds):
            name = f"{method}-seed{seed}"
            results[name], made = run(method, seed, columns, target, categorical, output / name)
            first = first or made
    write_json(output / "results.json", results)
    write_rows(first, output / "generated.csv")
    draw(held_out, first, categorical, output / "marginals.png")
    print(f"{'run':22} marginals  correlations  accuracy (real rows', majority's)")
    for name, x in results.items():
        accuracy = f"{x['generated']:.3f} ({x['real']:.3f}, {x['majority']:.3f})"
        print(
            f"{name:22} {x['mean_marginal']:9.3f}  {x['correlation_difference']:12.3f}  {accuracy}"
        )


if __name__ == "__main__":
    app.run(main)
