"""Keras callbacks for GAN training."""

from tf_consensus.callbacks.evaluate_gan import EvaluateGAN, Evaluation
from tf_consensus.callbacks.spectrum_monitor import SpectrumMonitor, describe_spectrum

__all__ = ["EvaluateGAN", "Evaluation", "SpectrumMonitor", "describe_spectrum"]
