"""What a symptom is, and what it is looked for in."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tf_consensus.callbacks.advice.history import History
from tf_consensus.callbacks.advice.levels import Levels
from tf_consensus.models.seen_samples import Seen


class Scene(NamedTuple):
    """What a symptom is looked for in.

    Attributes:
        model: the `GAN`, compiled.
        history: checks and losses so far.
        levels: ends of the discriminator's loss, `None` where they are not known.
        seen: what the first batch held, `None` before it.
        epoch_steps: steps of an epoch, `None` where that is not known.
        checked: whether the history's last check is of now.
    """

    model: Any
    history: History
    levels: Levels | None
    seen: Seen | None
    epoch_steps: int | None
    checked: bool


class Symptom(NamedTuple):
    """Something that goes wrong.

    Attributes:
        name: a word.
        find: function of a scene, that returns the sentence, or `None`.
        warned: the name by which `GAN.warned` knows that a warning was given already; "" if none.
    """

    name: str
    find: Callable[[Scene], str | None]
    warned: str = ""
