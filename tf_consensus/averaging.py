"""A model with the averages of its weights, as `use_ema` keeps them."""

import contextlib
from collections.abc import Iterator

import keras


@contextlib.contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """Puts the averages of the weights in their place for the time of the block.

    They are the exponential moving averages of the trainable weights that a Keras optimizer, or the
    inner one of a `GameOptimizer`, keeps with `use_ema=True`; each player of an
    `AlternatingOptimizer` has those of its own. Without `use_ema`, and before the first step,
    nothing changes. Unlike `keras.callbacks.SwapEMAWeights`, whose swap lasts from the end of an
    epoch to the start of the next, the weights are back when the other callbacks run, so that a
    checkpoint holds those that training goes on with.

    Args:
        model: Compiled model.

    Example:
        >>> inner = keras.optimizers.Adam(2e-4, use_ema=True, ema_momentum=0.999)
        >>> gan.compile(optimizer=ConsensusOptimizer(inner))
        >>> with averaged_weights(gan):
        ...     samples = gan.generate(64)
    """
    optimizer = model.optimizer
    inners = getattr(optimizer, "inner_optimizers", [optimizer])
    started = optimizer.built and int(optimizer.iterations.numpy()) > 0
    if not (started and any(inner.use_ema for inner in inners)):
        yield
        return
    kept = [x.numpy() for x in model.trainable_variables]
    try:
        optimizer.finalize_variable_values(model.trainable_variables)
        yield
    finally:
        for x, value in zip(model.trainable_variables, kept, strict=True):
            x.assign(value)
