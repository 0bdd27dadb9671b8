"""Whether TensorFlow's derivatives of a game are those of its losses: `verify` compares them.

Other packages import `comparison.verify`, the `comparison.Verification` that it returns, and
`report.VerificationError`. This package imports `games` and `support`.
"""
