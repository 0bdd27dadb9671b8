"""The leaderboard: every method on every task, with a grid of its own and the same time.

`tasks` says on what, `rows` says which methods, `jobs` what one run is, `training` runs it;
`workers` run many side by side. `choosing`, `cuts` and `standings` judge, `tables`, `sentences` and
`pictures` show. `session` puts all of it together. Modules that need TensorFlow are imported in
the worker processes only.
"""
