"""Which files a GAN can be saved to."""

import os


def refuse_hdf5(filepath, save_format: str | None) -> None:
    """Raises `ValueError` if a whole model is to be saved as HDF5, from which it does not load."""
    name = os.fspath(filepath) if isinstance(filepath, str | os.PathLike) else ""
    if name.lower().endswith((".h5", ".hdf5")) or save_format in ("h5", "hdf5"):
        raise ValueError(
            "A GAN is saved in Keras' own format; it would not load from HDF5. Received: "
            f"filepath={name!r}. End the name in '.keras', or save the weights alone by "
            "gan.save_weights('gan.weights.h5')."
        )
