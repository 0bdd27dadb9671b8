"""Makes optimizers, the methods around them, and penalties from names and numbers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus import optimizers, penalties
from tf_consensus.experiments.errors import RunError
from tf_consensus.experiments.presets import DEFAULTS, PAPER
from tf_consensus.models.gan import GAN

# The name of the weight in penalties that do not call it gamma.
WEIGHTS = {"wgan_gp": "weight", "dragan": "weight", "instance_noise": "stddev"}
# The methods by name: the class, and for each argument the setting that gives its value. gamma is
# the weight of what the method adds to the plain step.
_REGULARIZED = {"gamma": "gamma", "debias": "debias", "fraction": "fraction"}
OPTIMIZERS: dict[str, tuple[Callable[..., optimizers.GameOptimizer], dict[str, str]]] = {
    "simultaneous": (optimizers.SimultaneousOptimizer, {}),
    "alternating": (optimizers.AlternatingOptimizer, {}),
    "consensus": (optimizers.ConsensusOptimizer, _REGULARIZED),
    "alternating_consensus": (
        optimizers.AlternatingConsensusOptimizer,
        _REGULARIZED | {"regularize": "regularize", "reuse": "reuse"},
    ),
    "scaled_consensus": (optimizers.ScaledConsensusOptimizer, _REGULARIZED),
    "cross_term": (optimizers.CrossTermOptimizer, _REGULARIZED),
    "smoothing": (optimizers.SmoothingOptimizer, _REGULARIZED),
    "clipped": (optimizers.ClippedOptimizer, {"clip_norm": "clip_norm"}),
    "optimistic": (optimizers.OptimisticOptimizer, {}),
    "extragradient": (optimizers.ExtragradientOptimizer, {}),
    "past_extragradient": (optimizers.PastExtragradientOptimizer, {}),
    "extrapolated_alternating": (optimizers.ExtrapolatedAlternatingOptimizer, {}),
    "runge_kutta": (optimizers.RungeKuttaOptimizer, {"step_size": "gamma"}),
    "implicit": (optimizers.ImplicitOptimizer, {"step_size": "gamma"}),
    "lookahead": (optimizers.LookaheadOptimizer, {}),
    "symplectic": (optimizers.SymplecticOptimizer, {"strength": "gamma"}),
    "competitive": (optimizers.CompetitiveOptimizer, {"step_size": "gamma"}),
}
# Methods that take one inner optimizer per player, as two arguments.
BY_TURNS = ("alternating", "alternating_consensus", "extrapolated_alternating")
# Steps of the inner optimizer per training step, if not one. Schedules count them.
INNER_STEPS = {"extragradient": 2}


def make_inner(
    kind: str,
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule,
    *,
    epsilon: float,
    beta_1: float = 0.0,
    beta_2: float = 0.99,
    decay: float = 0.9,
    ema: float = 0.0,
) -> keras.optimizers.Optimizer:
    """The Keras optimizer that takes the step.

    Args:
        kind: "adam" or "rmsprop".
        learning_rate: Step size, or its schedule.
        epsilon: Added to the root of the squares by Adam, to the squares by RMSProp.
        beta_1: Adam's momentum.
        beta_2: Adam's memory of squares.
        decay: RMSProp's memory of squares.
        ema: Decay of the weights' average; 0: none.

    Example:
        >>> make_inner("adam", 2e-3, epsilon=1e-7).name
        'adam'
    """
    average = {"use_ema": True, "ema_momentum": ema} if ema else {}
    if kind == "adam":
        betas = {"beta_1": beta_1, "beta_2": beta_2}
        return keras.optimizers.Adam(learning_rate, epsilon=epsilon, **betas, **average)
    return keras.optimizers.RMSprop(learning_rate, rho=decay, epsilon=epsilon, **average)


def scheduled(
    learning_rate: float, schedule: str, steps: int, last_rate: float = 0.0
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """The learning rate, kept ("constant") or falling in `steps` ("cosine", "linear").

    A linear schedule ends at 0, a cosine at the share `last_rate` of the first rate.
    """
    if schedule == "cosine":
        return keras.optimizers.schedules.CosineDecay(learning_rate, steps, last_rate)
    if schedule == "linear":
        return keras.optimizers.schedules.PolynomialDecay(learning_rate, steps, 0.0)
    return learning_rate


def make_optimizer(
    method: str,
    make_player: Callable[[int, float], keras.optimizers.Optimizer],
    settings: Mapping[str, Any],
    discriminator_steps: int = 1,
) -> optimizers.GameOptimizer:
    """The method around the inner optimizer.

    Args:
        method: One of `OPTIMIZERS`.
        make_player: Makes an inner optimizer, from its number of steps per training step and a
            factor of the learning rate.
        settings: Settings with "microbatches", those that `OPTIMIZERS` names for the method, and
            those that differ from `DEFAULTS`. If "gamma_kind" is "relative", gamma is the scale of
            `RelativeGamma`.
        discriminator_steps: Discriminator steps per generator step, for alternating methods.

    Raises:
        KeyError: If the method is unknown, or a setting that it needs is missing.
    """
    kind, names = OPTIMIZERS[method]
    settings = DEFAULTS | dict(settings)
    options = {name: settings[key] for name, key in names.items()}
    if settings["gamma_kind"] == "relative" and options.get("gamma"):
        options["gamma"] = optimizers.RelativeGamma(options["gamma"])
    options["microbatches"] = settings["microbatches"]
    steps, ratio = INNER_STEPS.get(method, 1), settings["rate_ratio"]
    first = make_player(steps, 1.0)
    if method in BY_TURNS:
        second = make_player(discriminator_steps, ratio)
        return kind(first, second, discriminator_steps=discriminator_steps, **options)
    return kind(first if ratio == 1.0 else [first, make_player(steps, ratio)], **options)


def check_taken(runs: Sequence[Mapping[str, Any]], given: Mapping[str, Any]) -> None:
    """Refuse a setting that none of the runs' methods takes, and settings that exclude each other.

    Args:
        runs: Runs as `resolving.resolve` returns them.
        given: The user's values, by the names of settings.

    Raises:
        RunError: If there is such a setting.
    """
    for key in ("fraction", "gamma_kind", "debias", "regularize", "reuse"):
        # The methods that take a share of the batch are those that take a relative gamma.
        takes = "fraction" if key == "gamma_kind" else key
        methods = [name for name, (_, names) in OPTIMIZERS.items() if takes in names]
        value = given.get(key, PAPER[key])
        if value != PAPER[key] and not any(run["optimizer"] in methods for run in runs):
            names = ", ".join(dict.fromkeys(run["method"] for run in runs))
            raise RunError(
                f"--{key} is for {', '.join(methods)}. Received: --{key}={value} for {names}. Name "
                f"one of these by --optimizer, or leave --{key} out."
            )
    for run in runs:
        if run["debias"] == "per_example" and run["fraction"] < 1:
            raise RunError(
                "With --fraction below 1 the rest of the batch is the independent part. Received: "
                f"--debias=per_example and --fraction={run['fraction']:g}. Use --debias=groups, or "
                "leave one out."
            )


def make_penalties(
    names: Sequence[str],
    weight: float | None,
    every: int = 1,
    schedule: keras.optimizers.schedules.LearningRateSchedule | None = None,
) -> list:
    """The penalties by name, with one weight.

    Args:
        names: Some of `penalties.names()`.
        weight: Weight of each, or the stddev of instance noise; `None` for each one's own default.
        every: Steps from one use to the next, for gradient penalties.
        schedule: Factor of the weight over the training steps; `None` is 1.

    Example:
        >>> make_penalties(["r1", "instance_noise"], 0.5)
        [R1(gamma=0.5, every=1), InstanceNoise(stddev=0.5)]
    """
    found = []
    for name in names:
        options: dict[str, Any] = {} if name == "instance_noise" else {"every": every}
        options |= {} if schedule is None else {"schedule": schedule}
        if weight is not None:
            options[WEIGHTS.get(name, "gamma")] = weight
        kind: Any = type(penalties.get(name))
        found.append(kind(**options))
    return found


def start_accumulators(gan: GAN, value: float) -> None:
    """Build the optimizer of a compiled GAN, and start RMSProp's means of squares at a value."""
    gan.optimizer.build(gan.trainable_variables)
    for variable in gan.optimizer.variables:
        if "velocity" in variable.path:
            variable.assign(tf.fill(variable.shape, value))
