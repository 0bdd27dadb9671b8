"""How steps run on several machines: who they are, and waiting until all are there."""
