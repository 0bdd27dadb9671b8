"""Keras models that make a game from a batch and let an optimizer take a step.

Imported from here are `game_model.GameModel` (any game), `gan.GAN`, `averaging.averaged_weights`,
the module `latents`, and for callbacks `callback_checks` and `divergence`. A model imports games,
optimizers, execution, verification and the leaves; callbacks and experiments import models.
"""
