"""The learning rates of several optimizers, set together, and the ratios that they keep."""

import numbers
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.optimizers.inner import Rate, check_rate, rate_of, refuse_schedule, set_rate

RATIOS = "rate_ratios"
"""The name of the variable that keeps the ratios."""


class PlayerRates:
    """Sets the learning rates h_i of one optimizer per player.

    A number h scales all rates, a list sets one per player:

        h_i ← h r_i,    r_i = h_i/h_1

    Rates of 0 have no ratios. So those of before are kept where all rates are set to 0, as in a
    warm-up, in a variable that is part of the optimizers' state: a run that is stopped there and
    resumed goes on alike.

    Args:
        optimizers: one Keras optimizer per player.

    Attributes:
        kept: r_i while all rates are 0, zeros otherwise and where they are not known; (players,).
    """

    def __init__(self, optimizers: Sequence[keras.optimizers.Optimizer]) -> None:
        self._each = list(optimizers)
        self.kept = keras.Variable(
            initializer="zeros",
            shape=(len(self._each),),
            trainable=False,
            aggregation="only_first_replica",
            name=RATIOS,
        )

    def set(self, learning_rate: Any) -> None:
        """Sets all rates.

        Raises:
            TypeError: if it is neither a number nor a list of rates.
            ValueError: if a rate is negative or not finite, a list has another length, a number is
                given where a rate follows a schedule, or the ratios are not known.
        """
        ratios = self._ratios()
        if isinstance(learning_rate, list | tuple):
            rates = self._checked(learning_rate)
        elif isinstance(learning_rate, numbers.Real) and not isinstance(learning_rate, bool):
            check_rate(learning_rate)
            rates = self._scaled(float(learning_rate), ratios)
        else:
            raise TypeError(
                "The learning rates of all players must be set to a number, the first player's, "
                "which scales the others, or to a list of one per player. Received: learning_rate="
                f"{learning_rate!r}. For anything else set "
                "`optimizer.inner_optimizers[0].learning_rate` and those after it."
            )
        for inner, rate in zip(self._each, rates, strict=True):
            set_rate(inner, rate)
        self.kept.assign([0.0] * len(rates) if any(rates) or ratios is None else ratios)

    def _ratios(self) -> list[float] | None:
        """Each rate by the first, or what is kept of them; `None` if they are not known."""
        if not all(isinstance(rate_of(inner), keras.Variable) for inner in self._each):
            return None
        rates = self._numbers()
        if rates[0] > 0:
            return [h / rates[0] for h in rates]
        kept = tf.convert_to_tensor(self.kept).numpy().tolist()
        return None if any(rates) or not any(kept) else kept

    def _numbers(self) -> list[float]:
        # On replicas of a strategy a rate is a variable that `float` refuses.
        return [float(tf.convert_to_tensor(x.learning_rate)) for x in self._each]

    def _checked(self, rates: Sequence[Any]) -> list[Rate]:
        if len(rates) != len(self._each):
            raise ValueError(
                "A list of learning rates has one per player. Received: "
                f"{len(rates)} for {len(self._each)} optimizers. Pass {len(self._each)}."
            )
        rates = [check_rate(rate) for rate in rates]
        for inner, rate in zip(self._each, rates, strict=True):
            if isinstance(rate, float):
                refuse_schedule(inner, rate)
        return rates

    def _scaled(self, rate: float, ratios: Sequence[float] | None) -> list[Rate]:
        for inner in self._each:
            refuse_schedule(inner, rate)
        if ratios is None:
            raise ValueError(
                "A number sets the first player's learning rate and scales the others' by as much, "
                "so the first must not be 0, unless all were set to 0 by `optimizer.learning_rate`,"
                f" which keeps their ratios. Received: learning_rate={rate!r}, rates "
                f"{self._numbers()}, no ratios kept. Set a list of one per player, or make the "
                "optimizers with rates above 0; until then leave out callbacks that set the rate."
            )
        return [rate * ratio for ratio in ratios]
