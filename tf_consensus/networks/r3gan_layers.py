"""The two layers of R3GAN's generator that Keras does not have: its first map, and its images."""

from typing import Any

import keras

from tf_consensus.support.checks import check_int


@keras.saving.register_keras_serializable("tf_consensus")
class LearnedBasis(keras.layers.Layer):
    """Learned maps B of side s, one per channel, each scaled by a number: y_ijc = B_ijc x_c.

    Args:
        size: Side s of the maps, in pixels.
        basis_initializer: Keras initializer of B.

    Raises:
        ValueError: If `size` is not a positive integer.

    Example:
        >>> LearnedBasis(4)(np.ones((2, 8), "float32")).shape
        TensorShape([2, 4, 4, 8])
    """

    def __init__(self, size: int, basis_initializer: Any = "random_normal", **options: Any) -> None:
        super().__init__(**options)
        self.size = check_int("size", size, minimum=1)
        self.basis_initializer = keras.initializers.get(basis_initializer)

    def build(self, input_shape: Any) -> None:
        """Makes B, (s, s, channels)."""
        shape = (self.size, self.size, input_shape[-1])
        # A sum over the examples is its gradient, see `layers`.
        self.basis = self.add_weight(
            shape=shape, initializer=self.basis_initializer, name="basis", autocast=False
        )

    def call(self, inputs: Any) -> Any:
        """From (batch, channels) to (batch, s, s, channels)."""
        scales = keras.ops.cast(inputs, self.variable_dtype)[:, None, None, :]
        return keras.ops.cast(self.basis * scales, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """(batch, s, s, channels)."""
        return input_shape[0], self.size, self.size, input_shape[-1]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        initializer = keras.initializers.serialize(self.basis_initializer)
        return {**super().get_config(), "size": self.size, "basis_initializer": initializer}


@keras.saving.register_keras_serializable("tf_consensus")
class ImageRange(keras.layers.Layer):
    """The identity in training; otherwise images are clipped to [-1, 1].

    For generators without tanh, whose images leave the range of the data by a little. Losses see
    them as they are, so that no gradient is lost; pictures and scores need the range.

    Example:
        >>> ImageRange()(np.array([[-2.0, 0.5]])).numpy().tolist()
        [[-1.0, 0.5]]
    """

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        """Images of the shape of the inputs."""
        return inputs if training else keras.ops.clip(inputs, -1.0, 1.0)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape."""
        return input_shape
