"""Trains the examples in the plane as their flags say."""

import pathlib
import sys
from collections.abc import Callable
from typing import Any

from absl import flags

from tf_consensus.cli.strategy_flags import make_strategy, own_folder
from tf_consensus.cli.validators import check_parts


def train_points(
    values: flags.FlagValues, settings: dict[str, Any], train_and_report: Callable[[Any], bool]
) -> None:
    """Train in the folder of results, which this process holds.

    Args:
        values: Flags, with --output_dir, --resume, --advice and those of `strategy_flags`.
        settings: Settings of all runs.
        train_and_report: Takes a `PointRequest`; returns whether all runs are finished.

    Raises:
        app.UsageError: If a batch cannot be cut into --microbatches parts.
        SystemExit: With a sentence, if a run cannot start or continue; with status 130 after
            Ctrl-C.
    """
    import tensorflow as tf

    from tf_consensus.experiments.errors import plain_errors
    from tf_consensus.experiments.finished import exit_interrupted
    from tf_consensus.experiments.lock import locked
    from tf_consensus.experiments.point_request import PointRequest

    # Sharing out operations this small among threads costs more than it saves.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    strategy = make_strategy(values)
    check_parts(settings, strategy.num_replicas_in_sync)
    shared = pathlib.Path(values.output_dir)
    request = PointRequest(
        settings=settings,
        output=own_folder(strategy, shared),
        shared=shared,
        strategy=strategy,
        command=[sys.executable, *sys.argv],
        resume=values.resume,
        advise=values.advice,
    )
    with plain_errors(), locked(request.output):
        complete = train_and_report(request)
    if not complete:
        exit_interrupted()
