"""Whether TensorFlow's derivatives of a game are those of its losses: `verify` compares them.

From here are imported `comparison.verify`, the `comparison.Verification` that it returns, and
`report.VerificationError`. The room imports `games` and `support`.
"""
