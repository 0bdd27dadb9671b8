"""Training that has diverged ends: what `GAN.fit` uses itself, under the name of a callback."""

from tf_consensus.models.divergence import (
    LARGEST_LOSS,
    DivergedError,
    StopWhenDiverged,
    check_converging,
)

__all__ = ["LARGEST_LOSS", "DivergedError", "StopWhenDiverged", "check_converging"]
