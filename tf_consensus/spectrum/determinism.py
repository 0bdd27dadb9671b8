"""Refuses games whose losses are drawn anew at each evaluation."""

import numpy as np

from tf_consensus.games import vectors
from tf_consensus.games.game import Game


def check_deterministic(game: Game) -> None:
    """Evaluates the field twice and compares.

    A derivative needs the same function at every evaluation: rows of v' from different noise do not
    make a matrix. The evaluation is eager, since compiling would freeze NumPy's noise.

    Raises:
        ValueError: if the two differ by more than rounding, or the field is not finite.
    """
    first, second = (game.linearize(second_order=False).v for _ in range(2))
    size = float(vectors.norm(first))
    difference = float(
        vectors.norm([vectors.norm([a - b]) for a, b in zip(first, second, strict=True)])
    )
    if not np.isfinite(size):
        raise ValueError(
            f"The field must be finite to have a derivative. Received: ‖v‖ = {size}. "
            "Go back to parameters from before the run diverged, or check the batch for NaN."
        )
    # Parallel sums differ in the last digits; noise differs in the first.
    if difference > size * np.sqrt(np.finfo(vectors.norm(first).dtype.as_numpy_dtype).eps):
        raise ValueError(
            "The losses must be a deterministic function of the parameters and the batch. "
            f"Received: two evaluations of the field, of norm {size:.3g}, that differ by "
            f"{difference:.3g}. Draw noise and latents beforehand and pass them in `batch`; "
            "in layers draw with keras.random and a keras.random.SeedGenerator, as Dropout does."
        )
