"""Pictures of training: densities of 2-D samples, curves, animations and grids of images.

Import from here the functions below; experiments also use the modules `style` and `densities`. The
package loads without TensorFlow, and imports only `support`.
"""

from tf_consensus.plotting.animation import density_animation
from tf_consensus.plotting.curves import training_curves
from tf_consensus.plotting.densities import density
from tf_consensus.plotting.density_figures import density_grid, density_table
from tf_consensus.plotting.images import image_grid
from tf_consensus.plotting.runs import run_curves
from tf_consensus.plotting.seeds import seed_curves
from tf_consensus.plotting.sweeps import sweep_curves

__all__ = [
    "density",
    "density_animation",
    "density_grid",
    "density_table",
    "image_grid",
    "run_curves",
    "seed_curves",
    "sweep_curves",
    "training_curves",
]
