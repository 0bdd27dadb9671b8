"""GAN training that converges: consensus optimization and its relatives for Keras 3.

Importing this package registers every serializable class, so that saved models load. The program
`tf-consensus` alone loads it later, at the first use of a public name (`_deferred`).
"""

from typing import TYPE_CHECKING

from tf_consensus import _deferred

__version__ = "0.1.0"

if TYPE_CHECKING or not _deferred.waits():
    from tf_consensus import (
        callbacks,
        data,
        metrics,
        models,
        networks,
        objectives,
        penalties,
        plotting,
        problems,
        spectrum,
        theory,
    )
    from tf_consensus.execution import strategies
    from tf_consensus.games import vectors
    from tf_consensus.games.game import Game
    from tf_consensus.games.linearization import Linearization
    from tf_consensus.models import latents
    from tf_consensus.models.averaging import averaged_weights
    from tf_consensus.models.game_model import GameModel
    from tf_consensus.models.gan import GAN
    from tf_consensus.optimizers import (
        AdaptiveCompetitiveOptimizer,
        AlternatingConsensusOptimizer,
        AlternatingMomentumOptimizer,
        AlternatingOptimizer,
        ClippedOptimizer,
        CompetitiveOptimizer,
        ConsensusOptimizer,
        CosineSchedule,
        CrossTermOptimizer,
        ExtragradientOptimizer,
        ExtrapolatedAlternatingOptimizer,
        GameOptimizer,
        HalfLife,
        ImplicitOptimizer,
        LookaheadOptimizer,
        MomentumOptimizer,
        OptimisticOptimizer,
        PastExtragradientOptimizer,
        RelativeGamma,
        RungeKuttaOptimizer,
        ScaledConsensusOptimizer,
        ScheduledAdam,
        SimultaneousOptimizer,
        SmoothingOptimizer,
        SpectralGamma,
        SymplecticOptimizer,
        ZeroSumConsensusOptimizer,
    )
    from tf_consensus.support.exact_operations import exact_operations
    from tf_consensus.verification.comparison import Verification, verify
    from tf_consensus.verification.report import VerificationError
else:
    _deferred.defer()

    def __getattr__(name):
        return _deferred.get(name)

    def __dir__():
        return sorted({*globals(), *__all__})


__all__ = [
    "GAN",
    "AdaptiveCompetitiveOptimizer",
    "AlternatingConsensusOptimizer",
    "AlternatingMomentumOptimizer",
    "AlternatingOptimizer",
    "ClippedOptimizer",
    "CompetitiveOptimizer",
    "ConsensusOptimizer",
    "CosineSchedule",
    "CrossTermOptimizer",
    "ExtragradientOptimizer",
    "ExtrapolatedAlternatingOptimizer",
    "Game",
    "GameModel",
    "GameOptimizer",
    "HalfLife",
    "ImplicitOptimizer",
    "Linearization",
    "LookaheadOptimizer",
    "MomentumOptimizer",
    "OptimisticOptimizer",
    "PastExtragradientOptimizer",
    "RelativeGamma",
    "RungeKuttaOptimizer",
    "ScaledConsensusOptimizer",
    "ScheduledAdam",
    "SimultaneousOptimizer",
    "SmoothingOptimizer",
    "SpectralGamma",
    "SymplecticOptimizer",
    "Verification",
    "VerificationError",
    "ZeroSumConsensusOptimizer",
    "averaged_weights",
    "callbacks",
    "data",
    "exact_operations",
    "latents",
    "metrics",
    "models",
    "networks",
    "objectives",
    "penalties",
    "plotting",
    "problems",
    "spectrum",
    "strategies",
    "theory",
    "vectors",
    "verify",
]
