"""The flags of `train` for the families of games, and which model takes which flag."""

from typing import Any

from absl import flags

from tf_consensus.cli.messages import UsageError
from tf_consensus.cli.validators import one_of
from tf_consensus.experiments.families.presets import DEFAULT_MODEL, FAMILIES, MODELS, flags_of

# Flags that only families take, so that the program's own model refuses them.
OWN = ("source", "make", "reconstruction", "cycle", "identity", "pool_size")
OWN += ("columns", "categorical", "target", "max_modes", "width", "depth", "pack", "temperature")
_MAKERS = ("edges", "grey", "masked", "low_resolution")


def define(values: flags.FlagValues) -> None:
    """Define --model, and the flags that only families take."""
    text, a_list = flags.DEFINE_string, flags.DEFINE_list
    integer, number = flags.DEFINE_integer, flags.DEFINE_float
    by: dict[str, Any] = {"flag_values": values}
    text("model", DEFAULT_MODEL, f"What to train: one of {', '.join(MODELS)}.", **by)
    flags.register_validator("model", one_of(MODELS), flag_values=values)
    text("source", None, "Pairs: the images to begin from, a data set or folder:PATH.", **by)
    hint = "Pairs: how sources are made from the images, if there is no --source."
    flags.DEFINE_enum("make", None, list(_MAKERS), hint, **by)
    hint = "Pix2Pix's weight of the distance to the target."
    number("reconstruction", None, hint, 0.0, **by)
    number("cycle", None, "CycleGAN's weight of the round trips.", 0.0, **by)
    number("identity", None, "CycleGAN's weight of the identity loss.", 0.0, **by)
    integer("pool_size", None, "CycleGAN's pool of made images.", 0, **by)
    a_list("columns", None, "Table: the columns to keep; none: all.", **by)
    a_list("categorical", None, "Table: columns of numbers that are categories.", **by)
    hint = "Table: the column that a classifier must tell; none: the last one of categories."
    text("target", None, hint, **by)
    integer("max_modes", None, "Table: the most modes of a column of numbers.", 1, 100, **by)
    integer("width", None, "Table: units in each of the networks' hidden layers.", 1, **by)
    integer("depth", None, "Table: hidden layers of each network.", 1, **by)
    integer("pack", None, "Table: rows that the discriminator judges together.", 1, **by)
    number("temperature", None, "Table: temperature τ of the softmax.", 1e-3, **by)


def refuse_others(values: flags.FlagValues) -> None:
    """Raise if a flag is given that the model does not take.

    Raises:
        UsageError: If there is one; the message says which models take it.
    """
    given = [name for name in sorted(values) if values[name].present]
    model = values.model
    wrong = [name for name in given if not takes(model, name)]
    if not wrong:
        return
    name = wrong[0]
    models = ", ".join(f"--model={other}" for other in MODELS if takes(other, name))
    raise UsageError(
        f"--{name} belongs to {models}. Received: --{name} with --model={model}. Leave it out, or "
        "name one of these models."
    )


def takes(model: str, name: str) -> bool:
    """Whether a model takes the flag of this name."""
    return name in flags_of(model) if model in FAMILIES else name not in OWN
