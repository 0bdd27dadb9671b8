"""What an optimizer for games says about the field that its steps follow."""

import keras

from tf_consensus.optimizers.field import Field


class FollowsField:
    """Part of `GameOptimizer`: describes what the steps do."""

    inner_optimizers: list[keras.optimizers.Optimizer]

    @property
    def field(self) -> Field | None:
        """The field w of steps x ← x + h·w(x), up to the inner optimizer's scaling.

        `None` where the steps do not have that form, or the field is not known to be a `Field`.
        With one inner optimizer per player there is no single h, so it is `None` too.
        """
        return self.plain_field() if len(self.inner_optimizers) == 1 else None

    def plain_field(self) -> Field | None:
        """The field where there is one inner optimizer; a subclass with a `Field` overrides it."""
        return None

    @property
    def field_note(self) -> str:
        """What must be said about the spectrum of `field`, or of the gradient field, here."""
        if self.field is not None:
            return ""
        return f"of the gradient field, whose plain steps {type(self).__name__} does not take"
