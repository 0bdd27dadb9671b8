"""cuDNN's kernels of recurrent layers, whose derivatives a game cannot use."""

from typing import Any

import keras

from tf_consensus.support.layers import walk


def refuse_cudnn(model: Any) -> None:
    """Raises if recurrent layers take cuDNN's kernels.

    These have no second derivative. Their backward pass also overwrites what the forward pass kept.
    So of two losses that are differentiated through one call, as those of both players are through
    D(G(z)), the second gets another gradient: on an H100 it was wrong by the size of the gradient.

    Args:
        model: compiled `GameModel`.

    Raises:
        ValueError: if there are such layers: GRU and LSTM on a GPU, as Keras makes them.
    """
    kinds = keras.layers.GRU | keras.layers.LSTM
    layers = [x for x in walk(*model.layers_of_players()) if isinstance(x, kinds)]
    # Keras says by `supports_jit` that it found a GPU, and that cuDNN knows the layer's settings.
    names = [x.name for x in layers if x.use_cudnn and not x.supports_jit]
    if names:
        raise ValueError(
            "A game needs recurrent layers without cuDNN's kernels, which have no second "
            "derivative, and a wrong first one where two losses are differentiated through one "
            f"call. Received: layers {', '.join(names)} on a GPU. Write "
            "keras.layers.RNN(keras.layers.GRUCell(units)) for GRU(units), and likewise for LSTM; "
            "use_cudnn=False does too, but Keras does not save it."
        )
