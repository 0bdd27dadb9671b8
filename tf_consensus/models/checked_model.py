"""Keras' own methods of a model, which accept only what can train a game."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.execution.distributed import exchanges
from tf_consensus.models.averaging import swaps_known, weights_left_alone
from tf_consensus.models.callback_checks import refuse_lasting_swap
from tf_consensus.models.checks import warn_of_inexact_biases
from tf_consensus.models.compile_refusals import (
    refuse_compile_options,
    refuse_losses,
    refuse_uncompiled,
)
from tf_consensus.models.finite_losses import guarded
from tf_consensus.models.recurrent_kernels import refuse_cudnn
from tf_consensus.models.refusals import (
    Arguments,
    check_batch,
    checked_data,
    planned_steps,
    refuse_weight_arguments,
)
from tf_consensus.models.saving_checks import refuse_hdf5
from tf_consensus.models.words import SAMPLES
from tf_consensus.optimizers.inner import check_own_rate, check_rates, resolve
from tf_consensus.support.arguments import given_to


class CheckedModel(keras.Model):
    """A Keras model whose `compile`, `fit` and `evaluate` refuse what would be ignored.

    A subclass says what its data are (`check_data`, `without_data`) and which layers it has
    (`layers_of_players`).

    Attributes:
        noun: the model's name in messages.
        takes_lists: whether arrays of one batch may come as a list.
        words: what messages call the parts of a batch.
    """

    noun = "game"
    takes_lists = False
    words = SAMPLES

    def layers_of_players(self) -> list[keras.Layer]:
        """The layers that the players consist of."""
        raise NotImplementedError

    def check_data(self, data: Any) -> None:
        """Raises if arrays, or a first batch, have a type or shape that cannot train."""

    def check_labels(self, labels: Any) -> None:
        """Raises if one of all labels beside samples, `None` for none, is not one to train with."""

    def without_data(self) -> tf.data.Dataset | None:
        """The data for a game that takes none; `None` for a game that takes data."""
        return None

    def check_rates(self, ahead: Iterable[int]) -> None:
        """Raises if learning rates or weights, also at later steps, are invalid numbers."""
        check_rates(self.optimizer, ahead)

    def compile(self, *args: Any, jit_compile: bool | str = "auto", **options: Any) -> None:
        """Keras' `compile`; "auto" is XLA if there is a GPU, decided anew at loading.

        On a CPU, XLA's convolutions are about 20 times as slow as the graph's. Small dense networks
        gain from XLA on a CPU too: pass `jit_compile=True` for them. Several replicas exchange
        their fields between programs (`CompiledGame`), which pays only if XLA gains much, so pass
        `jit_compile=True` there too. A `TPUStrategy` compiles the step by itself.

        Raises:
            TypeError: if there is one optimizer per player instead of one for all.
            ValueError: if there are losses or metrics for labelled examples, an option is of the
                wrong kind, the optimizer scales the loss, as under 'mixed_float16', or recurrent
                layers take cuDNN's kernels.
        """
        refuse_losses(self, super().compile, args, options)
        refuse_compile_options({**options, "jit_compile": jit_compile})
        args, options = self._resolved(args, options)
        self._asked_jit = jit_compile
        # TensorFlow for TPUs lists a TPU_SYSTEM even without a TPU, and lacks XLA for CPUs.
        gpus = tf.config.list_physical_devices("GPU")
        if jit_compile == "auto" and (not gpus or exchanges(self)):
            jit_compile = False
        super().compile(*args, jit_compile=jit_compile, **options)
        if isinstance(self.optimizer, keras.optimizers.LossScaleOptimizer):
            raise ValueError(
                f"{self.noun} training does not scale losses, so float16 would underflow. "
                f"Received: dtype policy '{self.dtype_policy.name}' and an optimizer that scales "
                "the loss, as Keras wraps it under 'mixed_float16'. Use 'mixed_bfloat16' or "
                "'float32'."
            )
        refuse_cudnn(self)
        on_tpu = isinstance(self.distribute_strategy, tf.distribute.TPUStrategy)
        if not (jit_compile or gpus or on_tpu):
            warn_of_inexact_biases(*self.layers_of_players())

    def _resolved(self, args: Sequence[Any], options: Mapping[str, Any]) -> Arguments:
        """The arguments of `compile`, with an optimizer in place of a name."""
        bound = inspect.signature(super().compile).bind_partial(*args, **options)
        if "optimizer" in bound.arguments:
            optimizer = resolve(bound.arguments["optimizer"], "optimizer")
            check_own_rate(optimizer)
            bound.arguments["optimizer"] = optimizer
        return bound.args, bound.kwargs

    def get_compile_config(self) -> dict[str, Any] | None:
        """Keras' hook for saving, with `jit_compile` as it was passed."""
        config = super().get_compile_config()
        return {**config, "jit_compile": self._asked_jit} if config else config

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Keras' hook for loading: compiles, and makes the optimizer's variables."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def fit(
        self, *args: Any, stop_when_diverged: bool = True, **options: Any
    ) -> keras.callbacks.History:
        """Keras' `fit`, without weights for examples; it ends if training has diverged.

        With `use_ema` it ends with the weights with which training goes on; `generate` and the
        callbacks use their averages (`averaged_weights`). The first batch is checked before the
        first step (`first_batch.inspect`).

        Args:
            *args: as Keras' `fit` takes them.
            stop_when_diverged: whether training ends with an error after an epoch in which losses
                or weights are not finite, or a loss exceeds 1e10 (`callbacks.StopWhenDiverged`).
                False trains on, and warns once.
            **options: as Keras' `fit` takes them.

        Raises:
            DivergedError: if training has diverged.
            ValueError: if there are no data, they are not finite, they have no end and there is no
                `steps_per_epoch`, labels are not classes, or shapes do not fit the generator's.
            TypeError: if the data are not numbers.
        """
        args, options = self._checked(super().fit, args, options)
        self.check_rates(planned_steps(super().fit, args, options))
        self.look(trains=True)
        args, options = guarded(self, super().fit, args, options, stop_when_diverged)
        given = given_to(super().fit, args, options)
        with weights_left_alone(self.optimizer), swaps_known(self, given.get("callbacks")):
            return super().fit(*args, **options)

    def evaluate(self, *args: Any, **options: Any) -> Any:
        """Keras' `evaluate`, without weights for examples; its results repeat exactly.

        Raises:
            ValueError: if the model is not compiled, there are no data, they have no end, or there
                are weights for examples.
            TypeError: if the data are not numbers.
        """
        args, options = self._checked(super().evaluate, args, options)
        self.look(trains=False)
        given = given_to(super().evaluate, args, options)
        with swaps_known(self, given.get("callbacks")):
            return super().evaluate(*args, **options)

    def predict(self, *args: Any, **options: Any) -> Any:
        """Keras' `predict`; it refuses a callback that would change the weights."""
        given = given_to(super().predict, args, options)
        refuse_lasting_swap(given.get("callbacks"))
        return super().predict(*args, **options)

    def _checked(
        self, method: Callable[..., Any], args: Sequence[Any], options: Mapping[str, Any]
    ) -> Arguments:
        refuse_uncompiled(self, method.__name__)
        refuse_weight_arguments(method, args, options)
        bound = inspect.signature(method).bind_partial(*args, **options)
        if bound.arguments.get("x") is None and (nothing := self.without_data()) is not None:
            bound.arguments["x"] = nothing
            if "shuffle" in inspect.signature(method).parameters:
                bound.arguments["shuffle"] = False
        kinds = self.check_data, self.takes_lists, self.words
        args, options = checked_data(method, bound.args, bound.kwargs, *kinds)
        given = given_to(method, args, options)
        self.check_labels(given.get("y"))
        validation = given.get("validation_data")
        if isinstance(validation, list | tuple) and len(validation) > 1:
            self.check_labels(validation[1])
        return args, options

    def train_on_batch(self, *args: Any, **options: Any) -> Any:
        """Keras' `train_on_batch`, without weights for examples.

        Raises:
            ValueError: if the model is not compiled, or samples and labels differ in number.
            TypeError: if they are not one batch of arrays.
        """
        refuse_uncompiled(self, "train_on_batch")
        check_batch(super().train_on_batch, args, options, self.takes_lists, self.words)
        return super().train_on_batch(*args, **options)

    def test_on_batch(self, *args: Any, **options: Any) -> Any:
        """Keras' `test_on_batch`, without weights for examples.

        Raises:
            ValueError: if the model is not compiled, or samples and labels differ in number.
            TypeError: if they are not one batch of arrays.
        """
        refuse_uncompiled(self, "test_on_batch")
        check_batch(super().test_on_batch, args, options, self.takes_lists, self.words)
        return super().test_on_batch(*args, **options)

    def save(self, filepath: Any, *args: Any, **options: Any) -> None:
        """Keras' `save`, in its own format only: HDF5 cannot keep a model of several networks.

        Raises:
            ValueError: if the file's name ends in `.h5` or `.hdf5`.
        """
        refuse_hdf5(filepath, options.get("save_format"))
        return super().save(filepath, *args, **options)
