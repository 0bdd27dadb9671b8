"""Keras callbacks for GAN training.

Imported from here are the callbacks, and what they raise, record and print. Experiments also use
the modules `log_rows`, `evaluations`, `backup_files`, `spectrum_monitor` and `advice.piece`. The
room imports `models` and the rooms below, and pictures from `plotting`.
"""

from tf_consensus.callbacks.advice.piece import Advice, AdviceWarning, read_advice
from tf_consensus.callbacks.advisor import Advisor
from tf_consensus.callbacks.backup_record import BackupError
from tf_consensus.callbacks.evaluate_gan import EvaluateGAN
from tf_consensus.callbacks.evaluations import Evaluation
from tf_consensus.callbacks.safe_backup import SafeBackup
from tf_consensus.callbacks.sample_grid import SampleGrid
from tf_consensus.callbacks.spectrum_line import describe_spectrum
from tf_consensus.callbacks.spectrum_monitor import SpectrumMonitor
from tf_consensus.models.divergence import DivergedError, StopWhenDiverged

__all__ = [
    "Advice",
    "AdviceWarning",
    "Advisor",
    "BackupError",
    "DivergedError",
    "EvaluateGAN",
    "Evaluation",
    "SafeBackup",
    "SampleGrid",
    "SpectrumMonitor",
    "StopWhenDiverged",
    "describe_spectrum",
    "read_advice",
]
