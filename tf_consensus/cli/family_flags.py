"""The flags of `train` for the families of games, and which model takes which flag."""

from typing import Any

from absl import flags

from tf_consensus.cli.messages import UsageError
from tf_consensus.cli.train_flags import OF_IMAGES
from tf_consensus.cli.validators import one_of
from tf_consensus.experiments.families.presets import (
    DEFAULT_MODEL,
    FAMILIES,
    MODELS,
    SEQUENCE_NETWORKS,
    flags_of,
)

# Flags that only families take, so that the program's own model refuses them.
OWN = ("source", "make", "reconstruction", "cycle", "identity", "pool_size")
OWN += ("columns", "categorical", "target", "max_modes", "width", "depth", "pack", "temperature")
OWN += ("conditional", "missing")
OWN += ("length", "with_numbers", "unroll")
_MAKERS = ("edges", "grey", "masked", "low_resolution")


def define(values: flags.FlagValues) -> None:
    """Define --model, and the flags that only families take."""
    text, a_list = flags.DEFINE_string, flags.DEFINE_list
    integer, number = flags.DEFINE_integer, flags.DEFINE_float
    by: dict[str, Any] = {"flag_values": values}
    text("model", DEFAULT_MODEL, f"What to train: one of {', '.join(MODELS)}.", **by)
    flags.register_validator("model", one_of(MODELS), flag_values=values)
    hint = "Pairs: the images to begin from, a data set or folder:PATH; for pix2pix of the same "
    hint += "kind as the images to make."
    text("source", None, hint, **by)
    hint = "Pairs: how sources are made from the images, if there is no --source."
    flags.DEFINE_enum("make", None, list(_MAKERS), hint, **by)
    hint = "Pix2Pix's weight of the distance to the target."
    number("reconstruction", None, hint, 0.0, **by)
    number("cycle", None, "CycleGAN's weight of the round trips.", 0.0, **by)
    number("identity", None, "CycleGAN's weight of the identity loss.", 0.0, **by)
    integer("pool_size", None, "CycleGAN's pool of made images.", 0, **by)
    a_list("columns", None, "Table: the columns to keep; none: all.", **by)
    a_list("categorical", None, "Table: columns of numbers that are categories.", **by)
    hint = "Table: texts of the file that stand for missing values, beside empty fields, NA, NaN, "
    hint += "nan and null."
    a_list("missing", None, hint, **by)
    hint = "Table: the column that a classifier must tell; none: the last one of categories."
    text("target", None, hint, **by)
    integer("max_modes", None, "Table: the most modes of a column of numbers.", 1, 100, **by)
    hint = "Table: units in each of the networks' hidden layers. Sequences: units of a recurrent "
    hint += "layer, or filters next to the sequence."
    integer("width", None, hint, 1, **by)
    integer("depth", None, "Table: hidden layers of each network.", 1, **by)
    integer("pack", None, "Table: rows that the discriminator judges together.", 1, **by)
    number("temperature", None, "Table: temperature τ of the softmax.", 1e-3, **by)
    hint = "Table: whether rows are made of a category that is asked for, and rare categories are "
    hint += "trained on more often."
    flags.DEFINE_bool("conditional", None, hint, **by)
    _define_sequences(values)


def _define_sequences(values):
    boolean, by = flags.DEFINE_bool, {"flag_values": values}
    flags.DEFINE_integer("length", None, "Sequences: times of a wave.", 2, **by)
    hint = "Sequences: whether a sample is a wave and two numbers, its frequency and amplitude."
    boolean("with_numbers", None, hint, **by)
    hint = "Sequences: whether recurrent layers are written out, as XLA needs."
    boolean("unroll", None, hint, **by)


def refuse_others(values: flags.FlagValues) -> None:
    """Raise if a flag, or a network, is given that the model does not take.

    Raises:
        UsageError: If there is one; the message says which models or networks fit.
    """
    given = [name for name in sorted(values) if values[name].present]
    model = values.model
    wrong = [name for name in given if not takes(model, name)]
    if not wrong:
        _check_network(values)
        return
    name = wrong[0]
    models = ", ".join(f"--model={other}" for other in MODELS if takes(other, name))
    raise UsageError(
        f"--{name} belongs to {models}. Received: --{name} with --model={model}. Leave it out, or "
        "name one of these models."
    )


def _check_network(values):
    """Refuse networks of images for sequences, and the reverse."""
    model, name = values.model, values.network
    sequences = model in FAMILIES and FAMILIES[model].kind == "sequences"
    known = SEQUENCE_NETWORKS if sequences else OF_IMAGES
    if name is not None and name not in known:
        raise UsageError(
            f"--network must make what --model={model} learns. Received: --network={name}. Name "
            f"one of {', '.join(known)}."
        )


def takes(model: str, name: str) -> bool:
    """Whether a model takes the flag of this name."""
    return name in flags_of(model) if model in FAMILIES else name not in OWN
