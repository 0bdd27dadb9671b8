"""Regularizers of the discriminator: gradient penalties, instance noise, weight clipping.

`GAN(..., penalties=[R1(10.0), R2(10.0)])` adds them to the discriminator's loss; they work with
every optimizer, and a single one needs no list. Names: "r1", "r2", "wgan_gp",
"zero_centered_interpolated", "dragan", "instance_noise".

Import from here the classes below, and `get`, `names` and `serialize`, which know them by name. The
package imports only `support`.
"""

from tf_consensus.penalties.coupling import warn_of_coupling
from tf_consensus.penalties.gradient_penalty import GradientPenalty
from tf_consensus.penalties.instance_noise import InstanceNoise
from tf_consensus.penalties.one_centered import DRAGAN, WGANGP
from tf_consensus.penalties.registry import get, names, serialize
from tf_consensus.penalties.registry import get_all as get_all
from tf_consensus.penalties.weight_clipping import WeightClipping, clip_weights
from tf_consensus.penalties.zero_centered import R1, R2, ZeroCenteredInterpolated

__all__ = [
    "DRAGAN",
    "R1",
    "R2",
    "WGANGP",
    "GradientPenalty",
    "InstanceNoise",
    "WeightClipping",
    "ZeroCenteredInterpolated",
    "clip_weights",
    "get",
    "names",
    "serialize",
    "warn_of_coupling",
]
