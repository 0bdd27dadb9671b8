"""What wires: Keras models that make a game of a batch and let an optimizer take a step.

From here are imported `GAN`, `averaged_weights` and the module `latents`. A model imports games,
optimizers, execution and the leaves; callbacks and experiments import models.
"""
