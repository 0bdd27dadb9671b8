"""The leaderboard: every method on every task, with a grid of its own and the same time.

`tasks` has the tasks, `rows` the methods, `jobs` describes one run, and `training` trains it;
`workers` run many side by side. `choosing`, `cuts` and `standings` judge the runs; `tables`,
`sentences` and `pictures` show them. `session` puts all of it together. Only the worker processes
import modules that need TensorFlow.
"""
