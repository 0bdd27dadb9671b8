"""Keras models that make a game from a batch and let an optimizer take a step.

From here are imported the ready families beyond `GAN`: `Pix2Pix` and `CycleGAN`, from images to
images. The root has `game_model.GameModel` (any game), `gan.GAN`, `averaging.averaged_weights` and
the module `latents`; callbacks also use `callback_checks` and `divergence`. A model imports games,
optimizers, execution, verification and the leaves; callbacks and experiments import models.
"""

from tf_consensus.models.cycle_gan import CycleGAN
from tf_consensus.models.pix2pix import Pix2Pix

__all__ = ["CycleGAN", "Pix2Pix"]
