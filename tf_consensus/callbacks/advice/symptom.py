"""What a symptom is, and the scene in which it is sought."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tf_consensus.callbacks.advice.history import History
from tf_consensus.callbacks.advice.levels import Levels
from tf_consensus.models.seen_samples import Seen


class Scene(NamedTuple):
    """All that the search for a symptom may look at.

    Attributes:
        model: the `GAN`, compiled.
        history: checks and losses so far.
        levels: ends of the discriminator's loss, `None` if they are not known.
        seen: what the first batch held, `None` before it.
        epoch_steps: steps of an epoch, `None` if that is not known.
        checked: whether the history's last check was made just now.
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
        find: function of a scene that returns the sentence, or `None`.
        warned: the name by which `GAN.warned` knows that a warning was already given; "" if none.
    """

    name: str
    find: Callable[[Scene], str | None]
    warned: str = ""
