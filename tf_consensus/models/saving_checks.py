"""Checks the files to which a GAN can be saved, and gives them a hint for loading."""

import os
from typing import Any

# The first entry of a saved GAN's config. Keras imports no package but its own, and its message
# for a class that it does not find ends with the config.
LOADING = {"to_load": "write `import tf_consensus` before keras.saving.load_model"}


def refuse_hdf5(filepath: Any, save_format: str | None) -> None:
    """Raises `ValueError` if a whole model is to be saved as HDF5, which cannot be loaded."""
    name = os.fspath(filepath) if isinstance(filepath, str | os.PathLike) else ""
    if name.lower().endswith((".h5", ".hdf5")) or save_format in ("h5", "hdf5"):
        raise ValueError(
            "A game is saved in Keras' own format; it would not load from HDF5. Received: "
            f"filepath={name!r}. End the name in '.keras', or save the weights alone by "
            "gan.save_weights('gan.weights.h5')."
        )
