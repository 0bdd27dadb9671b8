"""The images that a generator has made lately, which its discriminator sees again."""

from typing import Any

import keras
import tensorflow as tf

from tf_consensus.support.random import Draws


@keras.saving.register_keras_serializable("tf_consensus")
class ImagePool(keras.layers.Layer):
    """The latest made images, of which one takes a new one's place with probability ½.

    It is saved with the model, so that a resumed run sees the same images. An empty pool replaces
    nothing. Several replicas keep the same pool: each takes in the images of all, in the order of
    the batch.

    Args:
        size: how many images it keeps, at least 1.
        shape: shape of an image, (height, width, channels).
        **options: of `keras.layers.Layer`.

    Reference:
        Shrivastava et al., Learning from Simulated and Unsupervised Images through Adversarial
        Training, 2017; as `CycleGAN`'s paper uses it, with the latest images in place of a random
        choice of all.
    """

    def __init__(self, size: int, shape: tuple[int, ...], **options: Any) -> None:
        super().__init__(trainable=False, **options)
        self.size, self.shape_of_images = size, tuple(shape)
        settings: dict[str, Any] = {"initializer": "zeros", "trainable": False}
        settings["aggregation"] = "only_first_replica"
        self.images = self.add_weight((size, *shape), name="images", **settings)
        self.count = self.add_weight((), dtype="int64", name="count", **settings)
        self.built = True

    @classmethod
    def of(cls, size: int, shape: tuple[int | None, ...], dtype: str) -> "ImagePool":
        """A pool of images of a network's shape.

        Args:
            size: how many images it keeps.
            shape: the network's shape, (None, height, width, channels).
            dtype: floating type of the images.

        Raises:
            ValueError: if a side is not known.
        """
        if None in shape[1:]:
            raise ValueError(
                "A pool keeps images of one size. Received: "
                f"pool_size={size} and networks of shape {shape}. Build them for one size, or set "
                "pool_size=0."
            )
        return cls(size, tuple(int(side or 0) for side in shape[1:]), dtype=dtype)

    def draw(self, number: int | tf.Tensor, random: Draws) -> tuple[tf.Tensor, tf.Tensor]:
        """Images from the pool for a batch, and which of them are shown.

        Args:
            number: of examples in the batch.
            random: the step's random numbers.

        Returns:
            Images (number, …) and booleans (number, 1, 1, 1).
        """
        kept = tf.minimum(tf.convert_to_tensor(self.count), self.size)
        share = tf.cast(kept, tf.float32)
        places = tf.cast(random.uniform((number,)) * share, tf.int32)
        old = tf.gather(tf.convert_to_tensor(self.images), tf.minimum(places, self.size - 1))
        shown = (random.uniform((number,)) < 0.5) & (kept > 0)
        return old, tf.reshape(shown, (-1, *[1] * len(self.shape_of_images)))

    def push(self, made: tf.Tensor) -> None:
        """Takes in the images of a step, (batch, …), in place of the oldest."""
        context = tf.distribute.get_replica_context()
        if context is not None and context.num_replicas_in_sync > 1:
            made = context.all_gather(made, axis=0)
        count, made = tf.convert_to_tensor(self.count), made[-self.size :]
        number = tf.shape(made, tf.int64)[0]
        places = (count + tf.range(number)) % self.size
        images = tf.convert_to_tensor(self.images)
        made = tf.cast(made, images.dtype)
        self.images.assign(tf.tensor_scatter_nd_update(images, places[:, None], made))
        self.count.assign(count + number)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "size": self.size, "shape": self.shape_of_images}


def mixed(made: tf.Tensor, drawn: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
    """The made images, some of them replaced by what `ImagePool.draw` returned."""
    old, shown = drawn
    return tf.where(shown, tf.cast(old, made.dtype), made)
