"""What differentiates: evaluations of a game's losses whose derivatives of every order are true.

`game.Game` evaluates its losses inside `evaluation.evaluating`, which holds layers' state and
randomness still and puts exact functions in the place of those that TensorFlow differentiates
wrongly a second time. `inspection` finds what cuts or changes the field between two evaluations.
"""
