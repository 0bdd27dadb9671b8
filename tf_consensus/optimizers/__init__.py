"""Optimizers for games: each is one equation over a `Linearization`."""

from tf_consensus.optimizers.adaptive_competitive import AdaptiveCompetitiveOptimizer
from tf_consensus.optimizers.adaptive_gamma import AdaptiveGamma
from tf_consensus.optimizers.alternating import AlternatingOptimizer
from tf_consensus.optimizers.alternating_consensus import AlternatingConsensusOptimizer
from tf_consensus.optimizers.alternating_momentum import AlternatingMomentumOptimizer
from tf_consensus.optimizers.clipped import ClippedOptimizer
from tf_consensus.optimizers.competitive import CompetitiveOptimizer
from tf_consensus.optimizers.consensus import ConsensusOptimizer
from tf_consensus.optimizers.cross_term import CrossTermOptimizer
from tf_consensus.optimizers.directions import apply_direction
from tf_consensus.optimizers.extragradient import ExtragradientOptimizer
from tf_consensus.optimizers.extrapolated_alternating import ExtrapolatedAlternatingOptimizer
from tf_consensus.optimizers.field import GRADIENT, Field
from tf_consensus.optimizers.game_optimizer import GameOptimizer
from tf_consensus.optimizers.implicit import ImplicitOptimizer
from tf_consensus.optimizers.lookahead import LookaheadOptimizer
from tf_consensus.optimizers.momentum import MomentumOptimizer
from tf_consensus.optimizers.optimistic import OptimisticOptimizer
from tf_consensus.optimizers.past_extragradient import PastExtragradientOptimizer
from tf_consensus.optimizers.regularized import RegularizedOptimizer
from tf_consensus.optimizers.relative_gamma import RelativeGamma
from tf_consensus.optimizers.runge_kutta import RungeKuttaOptimizer
from tf_consensus.optimizers.scaled_consensus import ScaledConsensusOptimizer
from tf_consensus.optimizers.scheduled_adam import ScheduledAdam
from tf_consensus.optimizers.schedules import CosineSchedule, HalfLife
from tf_consensus.optimizers.simultaneous import SimultaneousOptimizer
from tf_consensus.optimizers.smoothing import SmoothingOptimizer
from tf_consensus.optimizers.spectral_gamma import SpectralGamma
from tf_consensus.optimizers.symplectic import SymplecticOptimizer
from tf_consensus.optimizers.zero_sum import ZeroSumConsensusOptimizer

__all__ = [
    "GRADIENT",
    "AdaptiveCompetitiveOptimizer",
    "AdaptiveGamma",
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
    "Field",
    "GameOptimizer",
    "HalfLife",
    "ImplicitOptimizer",
    "LookaheadOptimizer",
    "MomentumOptimizer",
    "OptimisticOptimizer",
    "PastExtragradientOptimizer",
    "RegularizedOptimizer",
    "RelativeGamma",
    "RungeKuttaOptimizer",
    "ScaledConsensusOptimizer",
    "ScheduledAdam",
    "SimultaneousOptimizer",
    "SmoothingOptimizer",
    "SpectralGamma",
    "SymplecticOptimizer",
    "ZeroSumConsensusOptimizer",
    "apply_direction",
]
