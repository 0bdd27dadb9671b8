"""How steps run: fused into one XLA program, on replicas, on several machines, out of memory.

Import from here the module `strategies` (a strategy by name), and what makes a model's train
function: `fused.fuse`, `distributed.distribute`, `out_of_memory.explain_exhaustion` and
`replicas.batch_share`. Models are known by their methods only: the package imports `games` and
`support`.
"""
