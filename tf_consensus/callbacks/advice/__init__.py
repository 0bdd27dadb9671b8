"""What goes wrong in the training of a GAN: one symptom per file.

`SYMPTOMS`, which is imported from here, has all of them in the order in which `Advisor` looks for
them. The module `piece` has the advice itself and its file.
"""

from tf_consensus.callbacks.advice.collapse import COLLAPSE
from tf_consensus.callbacks.advice.data_range import DATA_RANGE
from tf_consensus.callbacks.advice.oscillation import OSCILLATION
from tf_consensus.callbacks.advice.outweighing import GAMMA
from tf_consensus.callbacks.advice.probabilities import PROBABILITIES
from tf_consensus.callbacks.advice.step_size import LEARNING_RATE
from tf_consensus.callbacks.advice.stuck import NOT_LEARNING
from tf_consensus.callbacks.advice.winning import DISCRIMINATOR_WON

SYMPTOMS = (
    DATA_RANGE,
    PROBABILITIES,
    DISCRIMINATOR_WON,
    COLLAPSE,
    NOT_LEARNING,
    OSCILLATION,
    GAMMA,
    LEARNING_RATE,
)
