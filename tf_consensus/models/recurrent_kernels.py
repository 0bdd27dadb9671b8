"""cuDNN's kernels of recurrent layers, which have a first derivative alone."""

from typing import Any

import keras

from tf_consensus.models.verified_training import is_second_order
from tf_consensus.support.layers import walk


def refuse_cudnn(model: Any) -> None:
    """Raises if recurrent layers take cuDNN's kernels and an update needs a second derivative.

    Args:
        model: compiled `GameModel`.

    Raises:
        ValueError: if there are such layers: GRU and LSTM on a GPU, as Keras makes them.
    """
    if not (is_second_order(model.optimizer) or model.differentiates_twice()):
        return
    kinds = keras.layers.GRU | keras.layers.LSTM
    layers = [x for x in walk(*model.layers_of_players()) if isinstance(x, kinds)]
    # Keras says by `supports_jit` that it found a GPU, and that cuDNN knows the layer's settings.
    names = [x.name for x in layers if x.use_cudnn and not x.supports_jit]
    if names:
        raise ValueError(
            "cuDNN's recurrent kernels have no second derivative, which the optimizer or a penalty "
            f"needs. Received: layers {', '.join(names)} on a GPU. Write "
            "keras.layers.RNN(keras.layers.GRUCell(units)) for GRU(units), and likewise for LSTM; "
            "use_cudnn=False does too, but Keras does not save it."
        )
