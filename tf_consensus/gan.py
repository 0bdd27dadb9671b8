"""A Keras model of a generative adversarial network, trained as a game."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus import objectives, vectors
from tf_consensus import penalties as regularizers
from tf_consensus.adjoint import AdjointNetwork
from tf_consensus.adversarial_game import AdversarialGame, Players
from tf_consensus.checks import check_count
from tf_consensus.fused import fuse
from tf_consensus.noise import Draws, normal
from tf_consensus.optimizers import GameOptimizer, apply_direction

# Training draws latents 0, 1, 2 …; draws that it never takes keep the other uses apart from it.
_GENERATION = tf.int64.min
_EVALUATION = -1


@keras.saving.register_keras_serializable("tf_consensus")
class GAN(keras.Model):
    """A generator and a discriminator that train by `compile` and `fit`.

    A training step draws latents z ~ N(0, I), builds the `Game` of the two losses on the batch and
    lets the optimizer take one `step`. With a plain Keras optimizer that is simultaneous gradient
    ascent. The logs hold `generator_loss`, `discriminator_loss` and `gradient_norm` = ‖v‖.

    Latents are a pure function of `seed` and a counter that is saved with the weights, so that an
    interrupted and resumed run repeats the uninterrupted one exactly, given the same batches.

    Args:
        generator: built Keras model, latents (batch, latent_dim) to samples.
        discriminator: built Keras model, samples to one logit, (batch, 1).
        latent_dim: number of latent dimensions.
        objective: name, config or instance of an `objectives.Objective`.
        penalties: names, configs or instances of `penalties`, such as `R1(10.0)`, which are added
            to the discriminator's loss or put noise on its inputs; a function
            `penalty(discriminator, real, fake)` that returns a scalar is added too.
        seed: integer that determines the latents; `None` draws one.
        name: name of the model.

    Raises:
        TypeError: if generator or discriminator is not a Keras model.
        ValueError: if one of them is not built, or their shapes do not fit each other, `latent_dim`
            or one logit.

    Example:
        >>> generator, discriminator = networks.build("mlp", latent_dim=16)
        >>> gan = GAN(generator, discriminator, latent_dim=16)
        >>> gan.compile(optimizer=ConsensusOptimizer(learning_rate=1e-4, gamma=10.0))
        >>> history = gan.fit(data.mixture_of_gaussians(), steps_per_epoch=100)
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int = 256,
        objective: Any = "standard",
        penalties: Sequence[Any] = (),
        seed: int | None = None,
        name: str | None = None,
    ):
        super().__init__(name=name)
        _check_networks(generator, discriminator, latent_dim)
        self.generator = generator
        self.discriminator = discriminator
        self.latent_dim = int(latent_dim)
        self.objective = objectives.get(objective)
        self.penalties = [regularizers.get(penalty) for penalty in penalties]
        if any(isinstance(p, regularizers.GradientPenalty) for p in self.penalties):
            regularizers.warn_of_coupling(discriminator)
        self._adjoint = AdjointNetwork.of(discriminator)
        self.seed = int(np.random.randint(2**31)) if seed is None else int(seed)
        self.noise_counter = self.add_weight(
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
            name="noise_counter",
        )
        self._generator_loss = keras.metrics.Mean(name="generator_loss")
        self._discriminator_loss = keras.metrics.Mean(name="discriminator_loss")
        self._gradient_norm = keras.metrics.Mean(name="gradient_norm")
        self.built = True

    def call(self, inputs, training=False):
        """The generator's samples for latents of shape (batch, latent_dim)."""
        return self.generator(inputs, training=training)

    @property
    def metrics(self):
        """The losses and the gradient norm, averaged over an epoch."""
        return [self._generator_loss, self._discriminator_loss, self._gradient_norm]

    def game(self, real, training: bool = True) -> AdversarialGame:
        """The two players' game on a batch of real samples and freshly drawn latents.

        Args:
            real: tensor of real samples, (batch, …).
            training: how the networks are called; `False` leaves the noise counter alone.

        Returns:
            The game, generator first, discriminator second.
        """
        step = tf.convert_to_tensor(self.noise_counter)
        if training:
            draw = step
            # A batch that never comes, at the end of the data, must not count.
            with tf.control_dependencies([real]):
                self.noise_counter.assign_add(1)
        else:
            # An evaluation has draws of its own, so that it never changes how training goes on.
            draw = _EVALUATION - tf.cast(self._generator_loss.count, tf.int64)
        random = self._draws(draw)
        number = real.shape[0] or tf.shape(real)[0]
        latents = random.normal((number, self.latent_dim), self.compute_dtype)
        # Before the losses are evaluated, which an optimizer may do several times.
        noise = [p.draw(real, random) if hasattr(p, "draw") else () for p in self.penalties]
        players = Players(
            self.generator, self.discriminator, self.objective, self.penalties, self._adjoint
        )
        return AdversarialGame(players, real, latents, noise, step, training)

    def _draws(self, draw):
        context = tf.distribute.get_replica_context()
        if context is not None:
            replica = tf.cast(context.replica_id_in_sync_group, tf.int64)
            draw = draw * context.num_replicas_in_sync + replica
        return Draws(self.seed, draw)

    def train_step(self, data):
        """One update of both players on one batch."""
        game = self.game(_samples(data))
        optimizer = self.optimizer
        if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            raise ValueError(
                "GAN training does not scale losses, so float16 would underflow. Received: "
                f"dtype policy '{self.dtype_policy.name}'. Use 'mixed_bfloat16' or 'float32'."
            )
        if isinstance(optimizer, GameOptimizer):
            linearization = optimizer.step(game)
        else:
            linearization = game.linearize(second_order=False)
            apply_direction(optimizer, linearization.v, game.variables)
        return self._update_metrics(linearization.losses, linearization.v)

    def test_step(self, data):
        """The losses and the gradient norm on one batch, without an update."""
        linearization = self.game(_samples(data), training=False).linearize(second_order=False)
        return self._update_metrics(linearization.losses, linearization.v)

    def _update_metrics(self, losses, v):
        generator_loss, discriminator_loss = losses
        self._generator_loss.update_state(generator_loss)
        self._discriminator_loss.update_state(discriminator_loss)
        self._gradient_norm.update_state(vectors.norm(vectors.replica_mean(v)))
        return {metric.name: metric.result() for metric in self.metrics}

    def make_train_function(self, force=False):
        """Keras' hook: with XLA and several steps an execution, all of them are one program."""
        if self.train_function is None or force:
            self.optimizer.build(self.trainable_variables)
            super().make_train_function(force)
            self.train_function = fuse(self, self.train_function)
        return self.train_function

    def generate(self, n: int, seed: int | None = None, batch_size: int = 256) -> np.ndarray:
        """Samples of the generator.

        Args:
            n: number of samples.
            seed: the same seed gives the same latents; `None` draws a seed.
            batch_size: how many are computed at a time.

        Returns:
            Array of shape (n, …).

        Raises:
            ValueError: if `n` or `batch_size` is not a positive integer.
        """
        n = check_count("n", n, "For example gan.generate(64).")
        batch_size = check_count("batch_size", batch_size, "Leave it at 256.")
        seed = int(np.random.randint(2**31)) if seed is None else int(seed)
        latents = normal((n, self.latent_dim), seed, _GENERATION, self.compute_dtype)
        return self.generator.predict(latents, batch_size=batch_size, verbose=0)

    def get_config(self):
        """The constructor's arguments, networks and objective serialized."""
        serialize = keras.saving.serialize_keras_object
        return {
            "name": self.name,
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
            "latent_dim": self.latent_dim,
            "objective": serialize(self.objective),
            "penalties": [serialize(penalty) for penalty in self.penalties],
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The model that `get_config` describes, with freshly drawn weights."""
        return cls(
            **{
                key: keras.saving.deserialize_keras_object(value, custom_objects)
                for key, value in config.items()
            }
        )


def _samples(data):
    """The samples of a batch; labels, if any, are not used."""
    return data[0] if isinstance(data, tuple | list) else data


def _check_networks(generator, discriminator, latent_dim):
    for key, network in (("generator", generator), ("discriminator", discriminator)):
        if not isinstance(network, keras.Model):
            raise TypeError(
                f"`{key}` must be a keras.Model. Received: {type(network).__name__}. "
                "`tf_consensus.networks.build` returns a pair of them."
            )
        if not network.built:
            raise ValueError(
                f"`{key}` must be built, since its variables are shared out between the players. "
                f"Received: an unbuilt {type(network).__name__}. Give it an Input layer or call it "
                "on a batch."
            )
    latents = (None, latent_dim)
    samples = _fitted_shape("generator", generator, latents, "latent_dim")
    logits = _fitted_shape("discriminator", discriminator, samples, "the generator's output")
    if logits != (None, 1):
        raise ValueError(
            "The discriminator must end in one logit a sample, output shape (None, 1). Received: "
            f"output shape {logits} for input shape {samples}. End it in Dense(1)."
        )


def _fitted_shape(key, network, shape, source):
    """The network's output shape for inputs of `shape`, which must fit its declared input."""
    declared = getattr(network, "input_shape", shape)
    fits = len(declared) == len(shape) and all(
        a is None or b is None or a == b for a, b in zip(declared, shape, strict=False)
    )
    if not fits:
        raise ValueError(
            f"The {key}'s input must fit {source}. Received: {key} input shape {declared}, "
            f"{source} of shape {shape}. Build the {key} for inputs of shape {shape[1:]}."
        )
    return tuple(network(keras.KerasTensor(shape)).shape)
