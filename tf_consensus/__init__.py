"""GAN training that converges: consensus optimization and its relatives for Keras 3."""
