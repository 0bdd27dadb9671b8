"""Keras models that make a game from a batch and let an optimizer take a step.

Public are `ACGAN`, `ConditionalGAN` and `InfoGAN`. Imported from here too are
`game_model.GameModel` (any game), `gan.GAN`, `averaging.averaged_weights`, the module `latents`,
and for callbacks `callback_checks` and `divergence`. A model imports games, optimizers, execution,
verification and the leaves; callbacks and experiments import models.
"""

from tf_consensus.models.acgan import ACGAN
from tf_consensus.models.conditional_gan import ConditionalGAN
from tf_consensus.models.info_gan import InfoGAN

__all__ = ["ACGAN", "ConditionalGAN", "InfoGAN"]
