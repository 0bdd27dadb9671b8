"""The flags of training on images, of the program and of `examples/train_images.py`."""

import importlib.util
from collections.abc import Sequence

from absl import flags

from tf_consensus.cli import strategy_flags
from tf_consensus.cli.catalogue import (
    FID_TOOLS,
    METHODS,
    NETWORKS,
    OBJECTIVES,
    OTHER_NETWORKS,
    OTHER_OBJECTIVES,
    PENALTIES,
)
from tf_consensus.cli.validators import list_of, one_of, seeds
from tf_consensus.experiments.presets import EXPERIMENTS
from tf_consensus.experiments.resolving import SWEPT

OF_IMAGES = [name for name in NETWORKS if name not in OTHER_NETWORKS]

# Flags that override a setting of the experiment.
OVERRIDES = (
    *("dataset", "image_size", "channels", "crop", "flip", "dequantise", "num_classes"),
    *("batch_size", "network", "latent_dim", "filters", "objective", "penalty", "penalty_weight"),
    *("penalty_every", "inner", "beta_1", "beta_2", "decay", "epsilon", "initial_accumulator"),
    *("clip_norm", "microbatches", "debias", "ema", "ema_half_life"),
    *("burn_in", "burn_in_rate", "burn_in_weight", "burn_in_beta_2"),
    *("fraction", "gamma_kind", "regularize", "reuse", "rate_ratio"),
    *("steps", "eval_every", "eval_samples", "backup_every", "precision", "schedule"),
)
PLAYERS = ("generator", "discriminator")
_DEBIAS = "Consensus and smoothing without the bias of batches: over micro-batches or examples."


def define(
    values: flags.FlagValues = flags.FLAGS,
    experiment: str | None = None,
    networks: Sequence[str] = OF_IMAGES,
) -> None:
    """Define the flags.

    Args:
        values: The flag values that the flags are added to.
        experiment: The default of --experiment.
        networks: The names that --network takes.
    """
    _define_method(values, experiment, networks)
    _define_data(values)
    _define_optimizer(values)
    _define_course(values)
    _define_scores(values)
    strategy_flags.define(values)
    _register_validators(values)


def _define_method(values, experiment, networks):
    text, integer, a_list = flags.DEFINE_string, flags.DEFINE_integer, flags.DEFINE_list
    by = {"flag_values": values}
    text("experiment", experiment, "What to run; a wrong name lists them all.", **by)
    hint = f"Methods to run, of {', '.join(METHODS)}; none: all of the experiment."
    a_list("optimizer", [], hint, **by)
    a_list("seeds", ["0"], "Seeds; every run is repeated with each.", **by)
    a_list("learning_rate", [], "Step size of the inner optimizer; several: a sweep.", **by)
    hint = "Weight of consensus, smoothing and penalties; of runge_kutta, implicit and competitive "
    hint += "the step size, of symplectic the strength; several: a sweep."
    a_list("gamma", [], hint, **by)
    text("network", None, f"One of {', '.join(networks)}.", **by)
    flags.register_validator("network", one_of(networks), flag_values=values)
    integer("latent_dim", None, "Size of a latent.", 1, **by)
    integer("filters", None, "Filters of the networks' level next to the image.", 1, **by)
    text("objective", None, f"One of {', '.join(OBJECTIVES)}.", **by)
    a_list("penalty", None, f"Penalties, of {', '.join(PENALTIES)}.", **by)
    hint = "Weight of each penalty, if it is not gamma."
    flags.DEFINE_float("penalty_weight", None, hint, 0.0, **by)
    integer("penalty_every", None, "Take penalties only every so many steps.", 1, **by)


def _define_data(values):
    text, integer, boolean = flags.DEFINE_string, flags.DEFINE_integer, flags.DEFINE_bool
    by = {"flag_values": values}
    text("dataset", None, "Name for tfc.data.images, or folder:PATH.", **by)
    integer("image_size", None, "Side of the images in pixels.", 1, **by)
    integer("channels", None, "Colour channels, 1 or 3.", 1, 3, **by)
    integer("crop", None, "Side of the centre crop, if not the data set's usual one.", 1, **by)
    boolean("flip", None, "Mirror half of the images.", **by)
    boolean("dequantise", None, "Add noise within one step of the images' 8 bits.", **by)
    integer("num_classes", None, "Classes of a conditional GAN; 0: unconditional.", 0, **by)
    integer("batch_size", None, "Examples in a batch: images, pairs, rows or sequences.", 1, **by)
    text("data_dir", None, "Folder of the data set, if not the usual one.", **by)
    text("cache", None, "Folder to keep decoded images in, if they exceed 2 GiB.", **by)


def _define_optimizer(values):
    number, by = flags.DEFINE_float, {"flag_values": values}
    inner = "The Keras optimizer that takes the step."
    flags.DEFINE_enum("inner", None, ["rmsprop", "adam"], inner, **by)
    schedule = "Keep the learning rate, or let it fall to 0 over the steps."
    flags.DEFINE_enum("schedule", None, ["constant", "linear"], schedule, **by)
    number("beta_1", None, "Adam's momentum.", 0.0, 1.0, **by)
    number("beta_2", None, "Adam's memory of squares.", 0.0, 1.0, **by)
    number("decay", None, "RMSProp's memory of squares.", 0.0, 1.0, **by)
    number("epsilon", None, "Epsilon of the inner optimizer.", 0.0, **by)
    number("initial_accumulator", None, "Start of RMSProp's mean of squares.", 0.0, **by)
    number("clip_norm", None, "Largest norm of a player's gradient (clipped).", 0.0, **by)
    number("rate_ratio", None, "Discriminator's learning rate over the generator's.", 0.0, **by)
    share = "Share of the batch that the regularizer is pulled back through."
    number("fraction", None, share, 0.0, 1.0, **by)
    kind = "Whether gamma is the weight, or the regularizer's length divided by the field's."
    flags.DEFINE_enum("gamma_kind", None, ["fixed", "relative"], kind, **by)
    who = "Players that alternating_consensus regularizes: generator, discriminator."
    flags.DEFINE_list("regularize", None, who, **by)
    again = "Have alternating_consensus take the other player's gradient from its last move."
    flags.DEFINE_bool("reuse", None, again, **by)
    number("ema", None, "Decay of the weights' average; 0: none.", 0.0, 1.0, **by)
    number("ema_half_life", None, "The average's half-life in images, in place of --ema.", 0, **by)
    _define_burn_in(values)
    parts = "Equal parts in which a batch is processed."
    flags.DEFINE_integer("microbatches", None, parts, 1, **by)
    flags.DEFINE_enum("debias", None, ["groups", "per_example"], _DEBIAS, **by)
    policy = "Keras' dtype policy of the networks."
    flags.DEFINE_enum("precision", None, ["float32", "mixed_bfloat16"], policy, **by)


def _define_burn_in(values):
    number, by = flags.DEFINE_float, {"flag_values": values}
    steps = "Steps in which Adam's learning rate and beta_2, the penalties' weight and "
    steps += "--ema_half_life go from a start to their value along a cosine; 0: none."
    flags.DEFINE_integer("burn_in", None, steps, 0, **by)
    number("burn_in_rate", None, "Learning rate at the start over the final one.", 0.0, **by)
    number("burn_in_weight", None, "Penalties' weight at the start over the final one.", 0.0, **by)
    number("burn_in_beta_2", None, "beta_2 at the start.", 0.0, 1.0, **by)


def _define_course(values):
    integer, by = flags.DEFINE_integer, {"flag_values": values}
    integer("steps", None, "Training steps of a run.", 1, **by)
    integer("eval_every", None, "Steps between evaluations and samples.", 1, **by)
    integer("backup_every", None, "Steps between backups, if not eval_every.", 1, **by)
    integer("interpolations", 8, "Strips of interpolated images at the end.", 0, **by)
    flags.DEFINE_enum("jit", "auto", ["auto", "on", "off"], "XLA; auto: on a GPU or TPU.", **by)
    flags.DEFINE_bool("advice", True, "Say what goes wrong in training as it happens.", **by)
    flags.DEFINE_bool("tensorboard", False, "Write TensorBoard logs into the runs' folders.", **by)
    flags.DEFINE_enum("verbose", "auto", ["auto", "0", "1", "2"], "Keras' progress lines.", **by)
    flags.DEFINE_string(
        "output_dir", None, "Folder for all results; none: output/ and a name.", **by
    )
    flags.DEFINE_bool("resume", False, "Continue the runs in --output_dir.", **by)


def _define_scores(values):
    text, by = flags.DEFINE_string, {"flag_values": values}
    flags.DEFINE_integer("eval_samples", None, "Generated images per evaluation.", 1, **by)
    text("classifier", None, "Keras classifier to score by (train_classifier.py).", **by)
    text("inception", None, "Graph of the reference Inception network to score by.", **by)
    hint = "Tool whose resizing --inception follows, and that wrote --reference; none: ttur."
    flags.DEFINE_enum("fid_tool", None, FID_TOOLS, hint, **by)
    text("reference", None, "Statistics of the real images; none: computed before training.", **by)
    text(
        "test_split",
        None,
        "Split of the real images without --reference; none: test, or held_out for a folder.",
        **by,
    )


def is_positive(text: str) -> bool:
    """Whether the text is a finite number above 0."""
    try:
        return 0 < float(text) < float("inf")
    except ValueError:
        return False


def _register_validators(values):
    def register(name, check, message="flag is not right"):
        flags.register_validator(name, check, message, values)

    register("experiment", one_of(EXPERIMENTS))
    register("objective", one_of(OBJECTIVES, OTHER_OBJECTIVES))
    register("optimizer", list_of(METHODS))
    register("penalty", list_of(PENALTIES))
    register("seeds", seeds())
    register("regularize", lambda who: who is None or list_of(PLAYERS, least=1)(who))
    register("fraction", lambda f: f is None or f > 0, "must be above 0 and at most 1")
    register("rate_ratio", lambda r: r is None or is_positive(str(r)), "must be a number above 0")
    register("channels", lambda n: n in (None, 1, 3), "must be 1, grey, or 3, colour")
    for swept in SWEPT:
        register(
            swept,
            lambda found: all(map(is_positive, found)) and len(set(found)) == len(found),
            "must be a comma list of different positive numbers",
        )
    register(
        "tensorboard",
        lambda asked: not asked or importlib.util.find_spec("tensorboard") is not None,
        "needs the package tensorboard: pip install tensorboard",
    )
    for named in ("classifier", "inception", "reference", "data_dir", "cache", "output_dir"):
        register(named, lambda path: path is None or path != "", "must name a path")
    flags.register_multi_flags_validator(
        ["fid_tool", "inception"],
        lambda given: given["fid_tool"] is None or given["inception"] is not None,
        "--fid_tool says how images enter the network of --inception",
        values,
    )
    flags.register_multi_flags_validator(
        ["classifier", "inception"],
        lambda given: None in given.values(),
        "Images are scored by --classifier or by --inception, not by both",
        values,
    )
