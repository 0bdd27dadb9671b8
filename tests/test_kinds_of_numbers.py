"""A learning rate may be any kind of real number."""

import fractions

import numpy as np
import pytest
from bad_calls.things import POINTS, gan

import tf_consensus as tfc

KINDS = {
    "float16": np.float16(0.25),
    "float32": np.float32(0.25),
    "float64": np.float64(0.25),
    "int8": np.int8(1),
    "int64": np.int64(1),
    "uint8": np.uint8(1),
    "fraction": fractions.Fraction(1, 4),
    "0": 0,
    "1": 1,
    "0.0": 0.0,
    "NumPy's 0": np.float32(0),
}
OPTIMIZERS = [x for x in tfc.__all__ if x.endswith("Optimizer") and x != "GameOptimizer"]


@pytest.mark.parametrize("rate", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_any_real_number_is_a_learning_rate(name, rate):
    cls = getattr(tfc, name)
    if "Alternating" not in name:
        assert float(cls("sgd", learning_rate=rate).learning_rate) == float(rate)
    optimizer = cls(*["sgd"] * (1 + ("Alternating" in name)))
    optimizer.learning_rate = rate
    for inner in optimizer.inner_optimizers:
        assert float(inner.learning_rate) == float(rate)


@pytest.mark.parametrize("name", ["ConsensusOptimizer", "AlternatingOptimizer"])
def test_it_is_one_while_training_too(name):
    model = gan(getattr(tfc, name)("sgd"))
    model.fit(POINTS, verbose=0)
    for rate in KINDS.values():
        model.optimizer.learning_rate = rate
        model.fit(POINTS, verbose=0)
        assert float(model.optimizer.learning_rate) == float(rate)
