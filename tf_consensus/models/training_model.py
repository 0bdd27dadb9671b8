"""The steps of a model that trains a game: prepare a batch, step, log."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.execution.distributed import (
    check_scope,
    compiles_pieces,
    distribute,
    warn_of_layers,
)
from tf_consensus.execution.fused import fuse
from tf_consensus.execution.out_of_memory import explain_exhaustion
from tf_consensus.execution.replicas import batch_share
from tf_consensus.execution.trainable import StepsFunction
from tf_consensus.games import vectors
from tf_consensus.games.evaluated import evaluated
from tf_consensus.games.game import Game
from tf_consensus.games.linearization import Linearization
from tf_consensus.models.batch import examples_of, leading, number_of
from tf_consensus.models.checked_model import CheckedModel
from tf_consensus.models.drawn import drawn
from tf_consensus.models.first_batch import FirstLooks, looked_at
from tf_consensus.models.verified_training import verified
from tf_consensus.optimizers import GameOptimizer, apply_direction
from tf_consensus.support.random import Draws, layer_seeds
from tf_consensus.support.row_draws import Rows

# Evaluation uses the draws -1, -2, …, which training never takes.
_EVALUATION = -1


class TrainingModel(FirstLooks, CheckedModel):
    """A Keras model whose steps are those of a game.

    A subclass says what a batch is (`prepared`), what is drawn for it (`draw`) and which game the
    two make (`make_game`). It names its players once, with `track`.
    """

    train_function: Any  # a function of an iterator; Keras asks for a new one if it is `None`
    test_function: Any

    def track(self, names: Sequence[str]) -> None:
        """Makes the counters of random numbers, and one metric per player.

        Args:
            names: the players' names.
        """
        self.noise_counter = self.add_weight(
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
            name="noise_counter",
        )
        # Batches since the metrics were reset. A TensorFlow variable, which Keras does not save.
        once = tf.VariableAggregation.ONLY_FIRST_REPLICA
        self._evaluated = tf.Variable(0, trainable=False, dtype=tf.int64, aggregation=once)
        self._loss_means = [keras.metrics.Mean(name=f"{name}_loss") for name in names]
        self._gradient_norm = keras.metrics.Mean(name="gradient_norm")

    def prepared(self, data: Any) -> Any:
        """The batch as the losses take it."""
        raise NotImplementedError

    def checked(self, data: Any) -> Any:
        """As `prepared`, for a step that trains or evaluates."""
        return self.prepared(data)

    def draw(self, data: Any, random: Draws) -> Any:
        """All random numbers of a step."""
        raise NotImplementedError

    def make_game(self, data: Any, noise: Any, step: Any, training: bool, **options: Any) -> Game:
        """The game on a batch and its noise.

        Args:
            data: what `prepared` returned.
            noise: what `draw` returned.
            step: number of the training step, for schedules.
            training: how the layers are called.
            **options: as `Game` takes them.
        """
        raise NotImplementedError

    def game(self, data: Any, training: bool = True) -> Game:
        """The players' game on a batch, with freshly drawn noise.

        Args:
            data: the batch, as `fit` takes it.
            training: how the layers are called; `False` leaves the noise counter alone.

        Returns:
            The game, its players in order.
        """
        batch = self.checked(data)
        step = tf.convert_to_tensor(self.noise_counter)
        if training:
            draw = step
            # A batch that does not come, at the end of the data, must not count.
            with tf.control_dependencies([leading(batch)]):
                self.noise_counter.assign_add(1)
        else:
            # An evaluation has its own draws, so it never changes how training goes on.
            draw = _EVALUATION - tf.convert_to_tensor(self._evaluated)
        return self.game_at(batch, draw, step, training)

    def game_at(self, data: Any, draw: Any, step: Any, training: bool = True) -> Game:
        """The game on a batch, as `game`, with the random numbers of one draw; no counter moves.

        Args:
            data: what `prepared` returned.
            draw: number of the seed's draw for the noise.
            step: number of the training step, for schedules.
            training: how the layers are called.
        """
        rows = leading(data)
        share = batch_share(rows)
        number = number_of(rows)
        noise = drawn(self, data, Draws(self.seed, draw, share.rows, number))
        return self.make_game(
            data,
            noise,
            step,
            training,
            weight=share.weight,
            allow_cut=self.contract,
            seeds=layer_seeds(self.seed, draw),
            jit_compile=bool(compiles_pieces(self)),
            rows=None if share.rows is None else Rows(share.rows[0], number, share.rows[1]),
        )

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """One update of all players on one batch; the logs, a scalar per metric."""
        game = self.game(data)
        return self._log(self._step(game), examples_of(game))

    def _step(self, game: Game) -> Linearization:
        if isinstance(self.optimizer, GameOptimizer):
            return self.optimizer.step(game)
        with game.one_step():
            linearization = evaluated(game).linearize(second_order=False)
            apply_direction(self.optimizer, linearization.v, game.variables)
        return linearization

    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        """The losses and the gradient norm on one batch, scalars, without an update."""
        game = self.game(data, training=False)
        linearization = evaluated(game).linearize(second_order=False)
        with tf.control_dependencies(linearization.losses):
            self._evaluated.assign_add(1)
        return self._log(linearization, examples_of(game))

    def _log(self, linearization: Linearization, examples: Any) -> dict[str, tf.Tensor]:
        losses = vectors.replica_mean(linearization.losses)
        for metric, loss in zip(self._loss_means, losses, strict=True):
            metric.update_state(loss, sample_weight=examples)
        self._gradient_norm.update_state(vectors.norm(vectors.replica_mean(linearization.v)))
        return {metric.name: metric.result() for metric in self.metrics}

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The losses' means over the examples since the last reset, and ‖v‖'s over the steps."""
        return [*self._loss_means, self._gradient_norm]

    def reset_metrics(self) -> None:
        """Keras' hook at the start of `evaluate` and of an epoch: noise of evaluation starts anew.

        So `evaluate` draws the same numbers for the same batches, whatever was evaluated before.
        """
        super().reset_metrics()
        self._evaluated.assign(0)
        if self.compiled:
            self.check_rates([0])

    def make_train_function(self, force: bool = False) -> StepsFunction:
        """Keras' hook: with XLA and several steps per execution, all of them are one program.

        If a step runs out of memory, the message says what needs less.
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

    def make_test_function(self, force: bool = False) -> StepsFunction:
        """Keras' hook."""
        if self.test_function is None or force:
            if self._replicas > 1:
                self.test_function = distribute(self, self.test_step, trains=False)
            else:
                super().make_test_function(force)
                self.test_function = looked_at(self, self.test_function, trains=False)
        return self.test_function

    @property
    def _replicas(self) -> int:
        return self.distribute_strategy.num_replicas_in_sync

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Keras' hook, which has nothing to build: `make_train_function` builds the optimizer.

        Keras' own would take a batch from the data and average it over the replicas of a strategy,
        which fails if the replicas have different numbers of examples.
        """
