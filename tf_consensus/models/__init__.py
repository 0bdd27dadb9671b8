"""Keras models that make a game from a batch and let an optimizer take a step.

From here are imported the ready families beyond `GAN`: `TableGAN`, of tables. The root has
`game_model.GameModel` (any game), `gan.GAN`, `averaging.averaged_weights` and the module `latents`;
callbacks also use `callback_checks` and `divergence`. A model imports games, optimizers, execution,
verification and the leaves; callbacks and experiments import models.
"""

from tf_consensus.models.table_gan import TableGAN

__all__ = ["TableGAN"]
