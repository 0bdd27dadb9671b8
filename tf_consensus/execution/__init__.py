"""How steps run: fused into one XLA program, on replicas, on several machines, out of memory.

From here are imported the module `strategies` (a strategy by name), and what a model's train
function is made by: `fused.fuse`, `distributed.distribute`, `out_of_memory.explain_exhaustion` and
`replicas.batch_share`. A model is asked by its methods; the room imports `games` and `support`.
"""
