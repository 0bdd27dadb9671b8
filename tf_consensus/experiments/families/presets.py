"""The families of games that `tf-consensus train --model=NAME` trains, with all their settings.

The settings of a family are those that its flags change, by the same names. TensorFlow is not
imported here, because flags are checked before it is.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tf_consensus.experiments.presets import DEFAULTS

# The model that the program trains if no --model is named; its settings are in
# `experiments.presets`.
DEFAULT_MODEL = "gan"


class Family(NamedTuple):
    """What a model trains on by default.

    Attributes:
        line: What it is for, in a line.
        settings: Defaults of all settings. For `None` the data decide.
        method: The method that is used if none is named.
        kind: "pairs", "labels", "table" or "sequences": the session that trains it.
    """

    line: str
    settings: dict[str, Any]
    method: str
    kind: str


# The model of pairs that takes two sets without partners.
CYCLE = "cycle_gan"
# The networks of pairs halve images twice at least.
PART_OF_SIDE = 4

# Of every family. `last_rate` is the share of the learning rate that a cosine schedule ends with.
_SHARED: dict[str, Any] = {
    "objective": "standard",
    "penalty": [],
    "penalty_weight": None,
    "penalty_every": 1,
    "inner": "adam",
    "learning_rate": 2e-4,
    "beta_1": 0.5,
    "beta_2": 0.999,
    "decay": 0.9,
    "epsilon": 1e-7,
    "schedule": "constant",
    "last_rate": 0.0,
    "ema": 0.0,
    "gamma": 1.0,
    "clip_norm": 1.0,
    "microbatches": 1,
    "debias": None,
    **DEFAULTS,
}
_IMAGES = _SHARED | {"image_size": 32, "channels": None, "filters": 16, "flip": False}
_PAIRS = _IMAGES | {
    "network": "image_to_image",
    "source": None,
    "source_channels": None,
    "make": None,
    "split": None,
    "test_split": None,
    "samples": 8,
    "batch_size": 16,
}
_LABELS = _IMAGES | {
    "network": "dcgan3_nobn_cf",
    "num_classes": None,
    "latent_dim": 64,
    "batch_size": 32,
    "samples": 1000,
    "steps": 2000,
}
_TABLE = _SHARED | {
    "network": "mlp",
    "columns": None,
    "categorical": [],
    "missing": None,
    "target": None,
    "max_modes": 10,
    "latent_dim": 64,
    "width": 128,
    "depth": 2,
    "pack": 8,
    "temperature": 0.7,
    "conditional": False,
    "penalty": ["r1"],
    "penalty_weight": 0.1,
    "learning_rate": 1e-3,
    "beta_2": 0.9,
    "schedule": "cosine",
    "last_rate": 1e-3,
    "gamma": 0.1,
    "batch_size": 256,
    "steps": 5000,
}
# The data decide the length, features, offset, scale, and the dtype of made ones: None for float32.
_SEQUENCES = _SHARED | {
    "network": "sequence_conv",
    "with_numbers": False,
    "length": 32,
    "features": 1,
    "offset": None,
    "scale": None,
    "dtype": None,
    "latent_dim": 16,
    "width": 32,
    "unroll": False,
    "penalty": ["r1"],
    "penalty_weight": 0.1,
    "learning_rate": 1e-3,
    "schedule": "cosine",
    "gamma": 0.1,
    "batch_size": 64,
    "steps": 2000,
    "samples": 2000,
}
_CYCLE = {"objective": "least_squares", "cycle": 5.0, "identity": 0.0, "pool_size": 50}
FAMILIES: dict[str, Family] = {
    "pix2pix": Family(
        "images from images, learned from pairs (--source or --make)",
        _PAIRS | {"reconstruction": 100.0, "steps": 3000},
        "alternating",
        "pairs",
    ),
    CYCLE: Family(
        "images from images of another kind, without pairs (--source or --make)",
        _PAIRS | _CYCLE | {"steps": 2000},
        "alternating",
        "pairs",
    ),
    "acgan": Family(
        "images of a class; the discriminator classifies too",
        _LABELS,
        "alternating",
        "labels",
    ),
    "projection": Family(
        "images of a class; the discriminator takes the label",
        _LABELS,
        "alternating",
        "labels",
    ),
    "infogan": Family(
        "images without labels; a code of --num_classes values finds kinds of them",
        _LABELS,
        "alternating",
        "labels",
    ),
    "table": Family(
        "rows of a CSV file of numbers and categories",
        _TABLE,
        "consensus",
        "table",
    ),
    "sequences": Family(
        "sequences of an .npy file (samples, times, channels), or sine waves",
        _SEQUENCES,
        "consensus",
        "sequences",
    ),
}
# Tables that need no file: people that the program makes up, and two of scikit-learn's.
TABLES = ("made", "iris", "wine")
# Sequences that need no file: sine waves that the program makes up.
WAVES = "waves"
SEQUENCE_NETWORKS = ("sequence_conv", "sequence_gru", "sequence_lstm")
MODELS: dict[str, str] = {
    DEFAULT_MODEL: "images from latents; with --num_classes images of a class; the default",
    **{name: family.line for name, family in FAMILIES.items()},
}
# Flags that say how a run is trained, and that all families take.
_OF_RUNS = ("model", "dataset", "optimizer", "seeds", "steps", "eval_every", "output_dir")
_OF_RUNS += ("resume", "jit", "verbose")
_OF_KINDS = {
    "pairs": ("data_dir", "cache"),
    "labels": ("data_dir", "cache", "classifier"),
    "table": (),
    "sequences": (),
}
# Settings that no flag changes.
_FIXED = {"samples", "source_channels", "split", "last_rate"}
_FIXED |= {"features", "offset", "scale", "dtype"}
# The kinds whose network can be chosen.
_WITH_NETWORKS = ("labels", "sequences")


def kind_of(model: str) -> str:
    """The kind of a model in the settings of a run, as `Family` has it."""
    # `examples/labels.py` also trains `GAN` with one logit per class, as "logits".
    return FAMILIES[model].kind if model in FAMILIES else "labels"


def usual_settings(model: str, conditional: bool | None = False) -> dict[str, Any]:
    """The settings of a family; with conditions a table does without packs (docs/tables.md)."""
    return FAMILIES[model].settings | ({"pack": 1} if conditional else {})


def run_settings(model: str, method: str, seed: int, given: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of a run, which has its method's name.

    Args:
        model: One of `FAMILIES`.
        method: The method, without penalties of its own.
        seed: The seed.
        given: Settings other than the family's own.
    """
    named = {"name": method, "model": model, "method": method, "optimizer": method, "seed": seed}
    return FAMILIES[model].settings | dict(given) | named


def flags_of(model: str) -> set[str]:
    """The names of the flags that a family takes."""
    family = FAMILIES[model]
    fixed = {*_FIXED} if family.kind in _WITH_NETWORKS else {*_FIXED, "network"}
    return ({*family.settings} - fixed) | {*_OF_RUNS, *_OF_KINDS[family.kind]}
