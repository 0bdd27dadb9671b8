"""What an optimizer for games says of the field that its steps follow."""

import keras

from tf_consensus.optimizers.field import Field


class FollowsField:
    """Part of `GameOptimizer`: the description for whoever asks what the steps do."""

    inner_optimizers: list[keras.optimizers.Optimizer]

    @property
    def field(self) -> Field | None:
        """The field w of steps x ← x + h·w(x), up to the inner optimizer's scaling.

        `None` where the steps are none of that form, as they have no one h where each player has an
        inner optimizer of its own, or it is not known to be one of `Field`'s.
        """
        return self.plain_field() if len(self.inner_optimizers) == 1 else None

    def plain_field(self) -> Field | None:
        """The field where there is one inner optimizer; a subclass with a `Field` overrides it."""
        return None

    @property
    def field_note(self) -> str:
        """What must be said of the gradient field's spectrum, or of `field`'s, for these steps."""
        if self.field is not None:
            return ""
        return f"of the gradient field, whose plain steps {type(self).__name__} does not take"
