"""A Keras model of a generative adversarial network, trained as a game."""

import contextlib
import inspect
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_consensus import objectives
from tf_consensus import penalties as regularizers
from tf_consensus.execution.distributed import (
    check_scope,
    compiles_pieces,
    distribute,
    exchanges,
    warn_of_layers,
)
from tf_consensus.execution.fused import fuse
from tf_consensus.execution.out_of_memory import explain_exhaustion
from tf_consensus.execution.replicas import batch_share
from tf_consensus.games import vectors
from tf_consensus.games.compiled import CompiledGame
from tf_consensus.games.contract import Contract, check_allow_cut
from tf_consensus.models.adjoint import AdjointNetwork
from tf_consensus.models.adversarial_game import AdversarialGame, Players
from tf_consensus.models.averaging import averaged_weights, weights_left_alone
from tf_consensus.models.checks import check_networks, warn_of_inexact_biases
from tf_consensus.models.finite_losses import guarded
from tf_consensus.models.first_batch import check_label_range, looked_at
from tf_consensus.models.gan_repr import gan_repr
from tf_consensus.models.range_warnings import warn_of_bytes
from tf_consensus.models.refusals import (
    check_batch,
    checked_data,
    planned_steps,
    refuse_compile_options,
    refuse_losses,
    refuse_uncompiled,
    refuse_weight_arguments,
    refuse_weights,
)
from tf_consensus.models.saving_checks import LOADING, refuse_hdf5
from tf_consensus.models.verified_training import check_verify, verified
from tf_consensus.optimizers import GameOptimizer, apply_direction
from tf_consensus.optimizers.inner import check_own_rate, check_rates, resolve
from tf_consensus.support.checks import check_count, check_seed
from tf_consensus.support.configurable import deserialized
from tf_consensus.support.inputs import (
    NO_LABELS,
    cast_samples,
    check_labels,
    check_latents,
    check_sample_shape,
    join,
    sample_dtype,
    split,
)
from tf_consensus.support.random import Draws, layer_seeds, normal, uniform
from tf_consensus.support.row_draws import Rows
from tf_consensus.support.schedules import check_values

# Training draws latents 0, 1, 2 …; draws that it never takes keep the other uses apart from it.
_GENERATION = tf.int64.min
_LABELS = tf.int64.min + 1
_EVALUATION = -1


@keras.saving.register_keras_serializable("tf_consensus")
class GAN(keras.Model):
    """A generator and a discriminator that train by `compile` and `fit`.

    A training step draws latents z ~ N(0, I), builds the `Game` of the two losses on the batch and
    lets the optimizer take one `step`. With a plain Keras optimizer that is simultaneous gradient
    ascent. The logs hold `generator_loss`, `discriminator_loss` and `gradient_norm` = ‖v‖.

    Latents are a pure function of `seed` and a counter that is saved with the weights, so that an
    interrupted and resumed run repeats the uninterrupted one exactly, given the same batches.

    With `num_classes` the model is conditional: batches are pairs (samples, labels), and a
    generated sample gets the label of the real one at its place.

    Args:
        generator: built Keras model, latents (batch, latent_dim) to samples; of a conditional
            model [latents, labels] to samples.
        discriminator: built Keras model, samples to one logit, (batch, 1); of a conditional model
            samples to one logit a class, (batch, num_classes), of which the label picks one, or
            [samples, labels] to one logit.
        latent_dim: number of latent dimensions; `None` reads it from the generator's input.
        objective: name, config or instance of an `objectives.Objective`.
        penalties: names, configs or instances of `penalties`, such as `R1(10.0)`, one or a list,
            which are added to the discriminator's loss or put noise on its inputs; a function
            `penalty(discriminator, real, fake)` that returns a scalar is added too. In a
            conditional model real and fake are lists [samples, labels], and the discriminator is a
            function that makes one logit an example of them.
        seed: integer that determines the latents; `None` draws one.
        name: name of the model.
        num_classes: how many classes there are, labels being integers from 0 to num_classes - 1;
            `None` leaves labels in the batches unused.
        allow_cut: names of operations or layers that may cut the field's derivative; see `Game`.
        verify: whether to compare TensorFlow's derivatives with central differences before the
            first training step (`tf_consensus.verify`). "auto" does where they enter the update
            twice, by the optimizer or a penalty, and networks, objective or penalties hold what is
            not known to be exact, such as a layer of your own; but not where `allow_cut` says that
            the derivatives are not those of the losses.

    Layers that draw random numbers, such as Dropout, draw them as a function of `seed` and the
    counter too, the same at every evaluation of a step, on every replica and in every micro-batch.
    What layers keep, such as moving averages, moves once a step.

    Raises:
        TypeError: if generator or discriminator is not a Keras model, or integers come between.
        ValueError: if one of them is not built, or their inputs and shapes do not fit each other,
            `latent_dim`, `num_classes` or one logit. In training, if a label is missing or outside
            of the classes (with `jit_compile=True` the losses are NaN then). Before training, if
            derivatives are found wrong (`VerificationError`).

    Example:
        >>> generator, discriminator = networks.build("mlp", latent_dim=16)
        >>> gan = GAN(generator, discriminator)
        >>> gan.compile(optimizer=ConsensusOptimizer(learning_rate=1e-4, gamma=10.0))
        >>> history = gan.fit(data.mixture_of_gaussians(), steps_per_epoch=100)
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int | None = None,
        objective: Any = "standard",
        penalties: Any = (),
        seed: int | None = None,
        name: str | None = None,
        num_classes: int | None = None,
        allow_cut: bool | Sequence[str] = False,
        verify: bool | str = "auto",
    ):
        super().__init__(name=name)
        self.verify = check_verify(verify)
        self.verified = None  # what was verified last
        self.allow_cut = check_allow_cut(allow_cut)
        self._contract = Contract(allow_cut)
        if num_classes is not None:
            num_classes = check_count("num_classes", num_classes, "For example num_classes=10.")
        shapes = check_networks(generator, discriminator, latent_dim, num_classes)
        self.sample_shape, self.latent_dim = shapes
        self.num_classes = num_classes
        self.generator = generator
        self.discriminator = discriminator
        self.objective = objectives.get(objective)
        self.penalties = regularizers.get_all(penalties)
        if any(isinstance(p, regularizers.GradientPenalty) for p in self.penalties):
            regularizers.warn_of_coupling(discriminator)
        self._adjoint = AdjointNetwork.of(discriminator)
        self.seed = int(np.random.randint(2**31)) if seed is None else check_seed(seed)
        self.noise_counter = self.add_weight(
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
            name="noise_counter",
        )
        # Batches since the metrics were reset. TensorFlow's own: Keras saves it in no file.
        once = tf.VariableAggregation.ONLY_FIRST_REPLICA
        self._evaluated = tf.Variable(0, trainable=False, dtype=tf.int64, aggregation=once)
        self._generator_loss = keras.metrics.Mean(name="generator_loss")
        self._discriminator_loss = keras.metrics.Mean(name="discriminator_loss")
        self._gradient_norm = keras.metrics.Mean(name="gradient_norm")
        self._sample = None
        self.warned: set[str] = set()  # what the data were warned of
        self._to_look = {True, False}  # whether training and evaluation look at their first batch
        self.built = True

    def __repr__(self):
        return gan_repr(self)

    def compile(self, *args, jit_compile: bool | str = "auto", **options):
        """Keras' `compile`; "auto" is XLA where there is a GPU, decided anew at loading.

        On a CPU, XLA's convolutions are some 20 times as slow as the graph's. Small dense networks
        gain from XLA on a CPU too: there ask for it by `jit_compile=True`. Several replicas
        exchange their fields between programs (`CompiledGame`), which pays where XLA gains much, so
        there too it must be asked for; but a `TPUStrategy` compiles the step by itself.
        """
        refuse_losses(super().compile, args, options)
        refuse_compile_options({**options, "jit_compile": jit_compile})
        args, options = self._resolved(args, options)
        self._asked_jit = jit_compile
        # TensorFlow for TPUs lists a TPU_SYSTEM also where there is no TPU, and lacks XLA for CPUs.
        gpus = tf.config.list_physical_devices("GPU")
        if jit_compile == "auto" and (not gpus or exchanges(self)):
            jit_compile = False
        super().compile(*args, jit_compile=jit_compile, **options)
        if isinstance(self.optimizer, keras.optimizers.LossScaleOptimizer):
            raise ValueError(
                "GAN training does not scale losses, so float16 would underflow. Received: dtype "
                f"policy '{self.dtype_policy.name}' and an optimizer that scales the loss, as "
                "Keras wraps it under 'mixed_float16'. Use 'mixed_bfloat16' or 'float32'."
            )
        on_tpu = isinstance(self.distribute_strategy, tf.distribute.TPUStrategy)
        if not (jit_compile or gpus or on_tpu):
            warn_of_inexact_biases(self.generator, self.discriminator)

    def _resolved(self, args, options):
        """The arguments of `compile`, with the optimizer that a name stands for."""
        bound = inspect.signature(super().compile).bind_partial(*args, **options)
        if "optimizer" in bound.arguments:
            optimizer = resolve(bound.arguments["optimizer"], "optimizer")
            check_own_rate(optimizer)
            bound.arguments["optimizer"] = optimizer
        return bound.args, bound.kwargs

    def get_compile_config(self):
        """Keras' hook for saving, with `jit_compile` as it was asked for."""
        config = super().get_compile_config()
        return {**config, "jit_compile": self._asked_jit} if config else config

    def compile_from_config(self, config):
        """Keras' hook for loading: compiles, and makes the optimizer's variables."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def __call__(self, inputs, *args, **options):
        """Samples of the generator; see `call`.

        Raises:
            ValueError: if latents or labels are not of the shape that the generator takes.
        """
        check_latents(inputs, self.latent_dim, self.num_classes)
        return super().__call__(inputs, *args, **options)

    def call(self, inputs, training=False):
        """Samples for latents of shape (batch, latent_dim), or for [latents, labels]."""
        return self.generator(inputs, training=training)

    @property
    def metrics(self):
        """The losses and the gradient norm, averaged over an epoch."""
        return [self._generator_loss, self._discriminator_loss, self._gradient_norm]

    def game(self, real, training: bool = True) -> AdversarialGame:
        """The two players' game on a batch of real samples and freshly drawn latents.

        Args:
            real: tensor of real samples, (batch, …); of a conditional model a pair of these and
                their labels, integers (batch,). Integer samples become floating-point numbers of
                the same values; of bytes that the generator cannot make there is a warning.
            training: how the networks are called; `False` leaves the noise counter alone.

        Returns:
            The game, generator first, discriminator second.
        """
        refuse_weights(real)
        # In a graph there are no values yet; `fit` looks at them before it.
        if tf.executing_eagerly():
            warn_of_bytes(self.generator, split(real)[0], self.warned)
        samples, labels = split(self._floating(real))
        if self.num_classes is not None:
            labels = [self._check_labels(labels)]
        real = join(samples, labels)
        step = tf.convert_to_tensor(self.noise_counter)
        if training:
            draw = step
            # A batch that never comes, at the end of the data, must not count.
            with tf.control_dependencies([samples]):
                self.noise_counter.assign_add(1)
        else:
            # An evaluation has draws of its own, so that it never changes how training goes on.
            draw = _EVALUATION - tf.convert_to_tensor(self._evaluated)
        game = self.game_at(real, draw, step, training)
        return CompiledGame(game) if compiles_pieces(self) else game

    def game_at(self, real, draw, step, training: bool = True) -> AdversarialGame:
        """The game on a batch, as `game`, with the random numbers of one draw; it counts nothing.

        Args:
            real: samples, or a list of samples and labels, as the networks take them.
            draw: which of the seed's draws the latents and the noise are.
            step: number of the training step, for schedules.
            training: how the networks are called.
        """
        samples, _ = split(real)
        share = batch_share(samples)
        random = Draws(self.seed, draw, share.rows)
        number = samples.shape[0] or tf.shape(samples)[0]
        latents = random.normal((number, self.latent_dim), self.variable_dtype)
        # Before the losses are evaluated, which an optimizer may do several times.
        noise = [p.draw(samples, random) if hasattr(p, "draw") else () for p in self.penalties]
        players = Players(
            self.generator, self.discriminator, self.objective, self.penalties, self._adjoint
        )
        game = AdversarialGame(players, real, latents, noise, step, training)
        game.weight, game.contract = share.weight, self._contract
        game.seeds = layer_seeds(self.seed, draw)
        if share.rows is not None:
            game.rows = Rows(share.rows[0], number, share.rows[1])
        return game

    def _floating(self, real):
        """The batch with samples of the discriminator's type, as tapes do not watch integers."""
        real = cast_samples(real, sample_dtype(self.discriminator))
        check_sample_shape(split(real)[0], self.sample_shape)
        return real

    def _check_labels(self, labels):
        if not labels:
            raise ValueError(NO_LABELS.format(self.num_classes))
        labels = check_labels(tf.convert_to_tensor(labels[0]))
        if tf.executing_eagerly():
            check_label_range(self.num_classes, *map(int, (min(labels), max(labels))))
            return labels
        inside = tf.reduce_all((labels >= 0) & (labels < self.num_classes))
        message = (
            f"Labels must be from 0 to num_classes - 1 = {self.num_classes - 1}. Received: labels ="
        )
        with tf.control_dependencies([tf.debugging.Assert(inside, [message, labels])]):
            return tf.identity(labels)

    def prepared(self, data):
        """What a step makes of a batch: samples, or a list of samples and labels.

        Raises:
            TypeError: if samples or labels are of the wrong type.
            ValueError: if they are of the wrong shape.
        """
        samples, labels = split(self._floating(self._batch(data)))
        if self.num_classes is None:
            return samples
        if not labels:
            raise ValueError(NO_LABELS.format(self.num_classes))
        return join(samples, [check_labels(tf.convert_to_tensor(labels[0]))])

    def look(self, trains: bool) -> None:
        """Has training, or evaluation, look at its next batch (`first_batch`)."""
        self._to_look.add(trains)

    def takes_look(self, trains: bool) -> bool:
        """Whether it is to look at the next batch, which is asked once."""
        looks = trains in self._to_look
        self._to_look.discard(trains)
        return looks

    def fit(self, *args, stop_when_diverged: bool = True, **options):
        """Keras' `fit`, without weights of examples, that ends where training has diverged.

        With `use_ema` it ends with the weights that training goes on with; `generate` and the
        callbacks use their averages (`averaged_weights`). The first batch is looked at before the
        first step (`first_batch.inspect`).

        Args:
            *args: as Keras' `fit` takes them.
            stop_when_diverged: whether an epoch after which losses or weights are not finite, or a
                loss exceeds 1e10, ends training with an error (`callbacks.StopWhenDiverged`). False
                trains on, and warns once.
            **options: as Keras' `fit` takes them.

        Raises:
            DivergedError: if training has diverged.
            ValueError: if there are no data, they are not finite, they have no end and there is no
                `steps_per_epoch`, labels are no classes, or shapes do not fit the generator's.
            TypeError: if the data are not numbers.
        """
        refuse_uncompiled(self, "fit")
        refuse_weight_arguments(super().fit, args, options)
        args, options = checked_data(super().fit, args, options, self._check_data)
        self._check_rates(planned_steps(super().fit, args, options))
        self.look(trains=True)
        args, options = guarded(self, super().fit, args, options, stop_when_diverged)
        with weights_left_alone(self.optimizer):
            return super().fit(*args, **options)

    def evaluate(self, *args, **options):
        """Keras' `evaluate`, without weights of examples; it repeats exactly."""
        refuse_uncompiled(self, "evaluate")
        refuse_weight_arguments(super().evaluate, args, options)
        args, options = checked_data(super().evaluate, args, options, self._check_data)
        self.look(trains=False)
        return super().evaluate(*args, **options)

    def _check_rates(self, ahead):
        """Raises if rates, weights or schedules are no numbers to train with, some steps ahead."""
        check_rates(self.optimizer, ahead)
        for penalty in self.penalties:
            if getattr(penalty, "schedule", None) is not None:
                now = int(self.noise_counter.numpy())
                check_values("schedule", penalty.schedule, [now + step for step in ahead])

    def _check_data(self, data):
        """Raises if arrays, or a first batch, are not of a type and shape to train with."""
        samples, labels = split(data)
        cast_samples(samples, "float32")
        check_sample_shape(samples, self.sample_shape)
        if self.num_classes is not None and labels:
            check_labels(tf.convert_to_tensor(labels[0]))

    def train_on_batch(self, *args, **options):
        """Keras' `train_on_batch`, without weights of examples."""
        refuse_uncompiled(self, "train_on_batch")
        check_batch(super().train_on_batch, args, options)
        return super().train_on_batch(*args, **options)

    def test_on_batch(self, *args, **options):
        """Keras' `test_on_batch`, without weights of examples."""
        refuse_uncompiled(self, "test_on_batch")
        check_batch(super().test_on_batch, args, options)
        return super().test_on_batch(*args, **options)

    def save(self, filepath, *args, **options):
        """Keras' `save`, in its own format alone: HDF5 keeps no model of several networks.

        Raises:
            ValueError: if the file's name ends in `.h5` or `.hdf5`.
        """
        refuse_hdf5(filepath, options.get("save_format"))
        return super().save(filepath, *args, **options)

    def export(self, *args, **options):
        """Not what to export: the generator is.

        Raises:
            ValueError: always, with the remedy.
        """
        raise ValueError(_EXPORT.format("gan.export"))

    def save_spec(self, *args, **options):
        """TensorFlow Lite's hook, which asks what a model takes; raises as `export` does."""
        raise ValueError(_EXPORT.format("a GAN to convert to TensorFlow Lite"))

    def train_step(self, data):
        """One update of both players on one batch."""
        game = self.game(self._batch(data))
        optimizer = self.optimizer
        if isinstance(optimizer, GameOptimizer):
            linearization = optimizer.step(game)
        else:
            with game.one_step():
                linearization = game.linearize(second_order=False)
                apply_direction(optimizer, linearization.v, game.variables)
        return self._update_metrics(linearization.losses, linearization.v)

    def _batch(self, data):
        """What `game` takes: labels, if any, only where they are used."""
        refuse_weights(data)
        if not isinstance(data, tuple | list):
            return data
        # `train_on_batch` gives None for what there is not.
        return data[0] if self.num_classes is None else [t for t in data if t is not None]

    def test_step(self, data):
        """The losses and the gradient norm on one batch, without an update."""
        linearization = self.game(self._batch(data), training=False).linearize(second_order=False)
        with tf.control_dependencies(linearization.losses):
            self._evaluated.assign_add(1)
        return self._update_metrics(linearization.losses, linearization.v)

    def reset_metrics(self):
        """Keras' hook at the start of `evaluate` and of an epoch: noise of evaluation starts anew.

        So `evaluate` draws the same for the same batches, whatever was evaluated before.
        """
        super().reset_metrics()
        self._evaluated.assign(0)
        if self.compiled:
            self._check_rates([0])

    def _update_metrics(self, losses, v):
        generator_loss, discriminator_loss = vectors.replica_mean(losses)
        self._generator_loss.update_state(generator_loss)
        self._discriminator_loss.update_state(discriminator_loss)
        self._gradient_norm.update_state(vectors.norm(vectors.replica_mean(v)))
        return {metric.name: metric.result() for metric in self.metrics}

    def make_train_function(self, force=False):
        """Keras' hook: with XLA and several steps an execution, all of them are one program.

        Where a step runs out of memory, the message says what takes less.
        """
        if self.train_function is None or force:
            check_scope(self)
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)
            if self._replicas > 1:
                warn_of_layers(self)
                self.train_function = distribute(self, self.train_step, trains=True)
            else:
                super().make_train_function(force)
                single = looked_at(self, self.train_function, trains=True)
                self.train_function = fuse(self, single)
            self.train_function = explain_exhaustion(verified(self, self.train_function))
        return self.train_function

    def make_test_function(self, force=False):
        """Keras' hook."""
        if self.test_function is None or force:
            if self._replicas > 1:
                self.test_function = distribute(self, self.test_step, trains=False)
            else:
                super().make_test_function(force)
                self.test_function = looked_at(self, self.test_function, trains=False)
        return self.test_function

    @property
    def _replicas(self):
        return self.distribute_strategy.num_replicas_in_sync

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Keras' hook, with nothing left to build: `make_train_function` builds the optimizer.

        Keras takes a batch off the data for it and averages that over the replicas of a strategy,
        which fails where they have different numbers of examples.
        """

    def generate(
        self,
        n: int,
        seed: int | None = None,
        batch_size: int = 256,
        *,
        labels=None,
        averaged: bool = True,
    ) -> np.ndarray:
        """Samples of the generator.

        Args:
            n: number of samples.
            seed: the same seed gives the same latents; `None` draws a seed.
            batch_size: how many are computed at a time.
            labels: of a conditional model: one class for all, or n of them; `None` draws each
                uniformly from all classes.
            averaged: with averages of the weights, where they are kept (`averaged_weights`).

        Returns:
            Array of shape (n, …), of float32 where the model is one of mixed precision.

        Raises:
            ValueError: if `n` or `batch_size` is not a positive integer, or the labels are not
                classes, not n, or given to a model without classes.
        """
        n = check_count("n", n, "For example gan.generate(64).")
        batch_size = check_count("batch_size", batch_size, "Leave it at 256.")
        seed = int(np.random.randint(2**31)) if seed is None else check_seed(seed)
        latents = normal((n, self.latent_dim), seed, _GENERATION, self.variable_dtype)
        inputs = join(latents, self._labels(n, seed, labels))
        if self._sample is None:
            # Not `predict`, which all machines of a strategy must call together.
            self._sample = tf.function(
                lambda inputs: self.generator(inputs, training=False),
                reduce_retracing=True,
                autograph=False,
            )
        parts = [tf.split(t, _sizes(n, batch_size)) for t in tf.nest.flatten(inputs)]
        batches = [tf.nest.pack_sequence_as(inputs, part) for part in zip(*parts, strict=True)]
        with averaged_weights(self) if averaged else contextlib.nullcontext():
            samples = np.concatenate([self._sample(batch).numpy() for batch in batches])
        return samples.astype(self.variable_dtype)  # NumPy itself knows no bfloat16

    def _labels(self, n, seed, labels):
        """A list of nothing or of n labels for `generate`."""
        if self.num_classes is None:
            if labels is not None:
                raise ValueError(
                    "`labels` are for a conditional GAN. Received: labels for a GAN without "
                    "num_classes. Leave them out, or build it by GAN(..., num_classes=...)."
                )
            return []
        if labels is None:
            labels = np.floor(uniform((n,), seed, _LABELS).numpy() * self.num_classes)
        labels = np.asarray(labels)
        classes = labels.dtype != bool and np.isin(labels, np.arange(self.num_classes)).all()
        if not classes or labels.shape not in ((), (n,)):
            raise ValueError(
                f"`labels` must be one class or n={n} classes, from 0 to {self.num_classes - 1}. "
                f"Received: labels={labels!r}. For example generate(10, labels=range(10))."
            )
        return [tf.constant(np.broadcast_to(labels, n), tf.int32)]

    def get_config(self):
        """The constructor's arguments, networks and objective serialized."""
        serialize = keras.saving.serialize_keras_object
        return {
            **LOADING,
            "name": self.name,
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
            "latent_dim": self.latent_dim,
            "objective": serialize(self.objective),
            "penalties": [serialize(penalty) for penalty in self.penalties],
            "seed": self.seed,
            "num_classes": self.num_classes,
            "allow_cut": self.allow_cut,
            "verify": self.verify,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The model that `get_config` describes, with freshly drawn weights.

        Raises:
            ValueError: if the objective or a penalty cannot be loaded, by its name.
        """
        config = {key: value for key, value in config.items() if key not in LOADING}
        if isinstance(config.get("objective"), dict):
            config["objective"] = deserialized("objective", config["objective"], custom_objects)
        config["penalties"] = [
            deserialized("penalty", x, custom_objects) if isinstance(x, dict) else x
            for x in config.get("penalties", ())
        ]
        return cls(
            **{
                key: keras.saving.deserialize_keras_object(value, custom_objects)
                if isinstance(value, dict)
                else value
                for key, value in config.items()
            }
        )


_EXPORT = (
    "What is exported of a GAN is its generator. Received: {}. Call gan.generator.export(path), or "
    "convert gan.generator; within `with averaged_weights(gan):` where averages are kept."
)


def _sizes(n, size):
    """The number n as a sum of parts of a size and a rest."""
    return [size] * (n // size) + [n % size] * (n % size > 0)
