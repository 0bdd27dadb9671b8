"""The game of an `AdversarialModel` on one batch."""

from tf_consensus.models.model_game import ModelGame


class OpposedGame(ModelGame):
    """A `ModelGame` that knows what the objective and the penalties do with a batch."""

    def couplings(self) -> list[str]:
        """Names of layers that mix examples in training, and of terms that use batch means."""
        terms = self._model.objective, *self._model.penalties
        couple = [t for t in terms if getattr(t, "couples_examples", False)]
        names = super().couplings() if self._training else []
        return names + [type(term).__name__ for term in couple]

    @property
    def differentiates_samples(self) -> bool:
        """Whether there are penalties, which hold the discriminator's gradient."""
        return self._model.differentiates_twice()
