"""The ready families of games as runs: pairs of images, labels, tables."""
