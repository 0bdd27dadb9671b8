"""Imports TensorFlow without the lines that it writes for its own developers."""

import os
import sys
import tempfile


def import_tensorflow() -> None:
    """Import TensorFlow and list its devices; drop what it prints unless that fails.

    Before its logger is ready, TensorFlow writes to the standard error directly, whatever
    TF_CPP_MIN_LOG_LEVEL says.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            import tensorflow as tf

            tf.config.list_physical_devices()
        except Exception:  # whatever it is, show what was printed and raise it
            said.seek(0)
            os.write(kept, said.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
