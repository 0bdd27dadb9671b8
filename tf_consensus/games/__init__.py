"""What differentiates: evaluations of a game's losses whose derivatives of every order are true.

`game.Game` evaluates its losses by `evaluation.LayerState.run`, which holds layers' state and
randomness still and lets `exact_operations` stand for what TensorFlow differentiates wrongly a
second time. `contract` says what the losses must be, and `inspection` finds what breaks that.
"""
