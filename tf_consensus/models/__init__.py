"""Keras models that make a game from a batch and let an optimizer take a step.

Public are the ready games beyond `GAN`: `Pix2Pix` and `CycleGAN`, from images to images; `ACGAN`,
`InfoGAN` and `ConditionalGAN`, of labels, codes and vectors; `TableGAN`, of tables;
`StructuredGAN`, of several latents and of samples of several tensors. The root has
`game_model.GameModel` (any game), `gan.GAN`, `averaging.averaged_weights` and the module `latents`;
callbacks also use `callback_checks` and `divergence`. A model imports games, optimizers, execution,
verification and the leaves; callbacks and experiments import models.
"""

from tf_consensus.models.acgan import ACGAN
from tf_consensus.models.conditional_gan import ConditionalGAN
from tf_consensus.models.cycle_gan import CycleGAN
from tf_consensus.models.info_gan import InfoGAN
from tf_consensus.models.pix2pix import Pix2Pix
from tf_consensus.models.structured_gan import StructuredGAN
from tf_consensus.models.table_gan import TableGAN

__all__ = [
    "ACGAN",
    "ConditionalGAN",
    "CycleGAN",
    "InfoGAN",
    "Pix2Pix",
    "StructuredGAN",
    "TableGAN",
]
