"""What differentiates: a game's losses, its gradient vector field v and products with v'.

From here are imported `game.Game`, `linearization.Linearization`, the module `vectors` (linear
algebra on lists of tensors), `evaluated.evaluated` and `microbatches.MicrobatchedGame` (a game
evaluated in another way), `autodiff` (gradients as TensorFlow should give them) and `contract`
(what losses must be). The room imports `support` alone.
"""
