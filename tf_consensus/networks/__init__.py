"""Generators and discriminators by name, and the layers they are made of.

Import from here `build`, which makes both networks, `names`, and the layers `Conv1D`,
`Conv1DTranspose`, `Conv2D`, `Conv2DTranspose` and `Dense`, whose biases have exact gradients. The
package imports only `support`.
"""

from tf_consensus.networks.layers import Conv1D, Conv1DTranspose, Conv2D, Conv2DTranspose, Dense
from tf_consensus.networks.registry import build, names

__all__ = [
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Dense",
    "build",
    "names",
]
