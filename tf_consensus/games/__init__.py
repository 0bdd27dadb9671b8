"""Differentiation: a game's losses, its gradient vector field v and products with v'.

Other packages import `game.Game`, `linearization.Linearization`, the module `vectors` (linear
algebra on lists of tensors), `evaluated.evaluated` and `microbatches.MicrobatchedGame` (a game
evaluated in another way), `autodiff` (gradients as TensorFlow should give them) and `contract`
(what losses must be). This package imports only `support`.
"""
