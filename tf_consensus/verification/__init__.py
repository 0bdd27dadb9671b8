"""Whether TensorFlow's derivatives of a game are those of its losses: `verify` compares them.

From here are imported `verify`, the `Verification` that it returns, and `VerificationError`.
"""
