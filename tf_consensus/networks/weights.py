"""Settings of all layers of a network: initial weights that one seed determines, and precision."""

import random

import keras

from tf_consensus.support.checks import check_int


class Weights:
    """An endless iterator over Glorot-uniform initializers, one per layer, with their precision.

    Layers must not share a seed: two of the same shape would start with the same weights.

    Args:
        seed: Determines the seed of every layer; None leaves them to Keras.
        dtype: Keras' dtype policy of the layers, or its name; None takes the global one.

    Attributes:
        dtype: The `keras.DTypePolicy` of the layers.
        output_dtype: The precision of the variables, which outputs have under mixed ones too.

    Raises:
        ValueError: If `seed` is neither None nor an integer, or `dtype` is not a policy.
    """

    def __init__(self, seed: int | None, dtype: str | keras.DTypePolicy | None = None) -> None:
        self._seeds = None if seed is None else random.Random(check_int("seed", seed))
        self.dtype = _policy(dtype)
        self.output_dtype = self.dtype.variable_dtype

    def __iter__(self):
        return self

    def __next__(self) -> keras.initializers.Initializer:
        return keras.initializers.GlorotUniform(self._next_seed())

    def normal(self, stddev: float) -> keras.initializers.Initializer:
        """The next layer's initializer where its weights are normal with mean 0."""
        return keras.initializers.RandomNormal(stddev=stddev, seed=self._next_seed())

    def _next_seed(self) -> int | None:
        return None if self._seeds is None else self._seeds.getrandbits(31)

    def model(
        self,
        inputs: keras.KerasTensor | list[keras.KerasTensor],
        outputs: keras.KerasTensor,
        name: str,
    ) -> keras.Model:
        """The functional model from inputs to outputs, in the precision of its layers."""
        model = keras.Model(inputs, outputs, name=name)
        model.dtype_policy = self.dtype
        return model


def _policy(dtype):
    try:
        return keras.dtype_policies.get(dtype)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`dtype` must be Keras' dtype policy or its name. Received: dtype={dtype!r}. For "
            "example 'float32', 'float64' or 'mixed_bfloat16'; None takes the global one."
        ) from error
