"""Extrapolation from the past."""

import keras

from tf_consensus.games.game import Game
from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.directions import apply_direction, assign, values_of
from tf_consensus.optimizers.reevaluating import ReevaluatingOptimizer


@keras.saving.register_keras_serializable("tf_consensus")
class PastExtragradientOptimizer(ReevaluatingOptimizer):
    """Extragradient that extrapolates by the last update: one evaluation per step, not two.

        x_{t+1/2} = x_t + (x_t - x_{t-1}),    x_{-1} = x_0
        x_{t+1}   = x_t + h v(x_{t+1/2})

    With plain gradient steps x_t - x_{t-1} is h v(x_{t-1/2}), the extrapolation from the past; with
    another inner optimizer it is that optimizer's last step. The first step has no past:
    it is a plain one. With plain gradient steps the extrapolated points follow the optimistic
    method (`OptimisticOptimizer`).

    If v is monotone and Lipschitz with constant K, it converges for h ≤ 1/(3K). On a bilinear game
    with coupling M it converges for h < 1/(√3 σ_max(M)) and diverges beyond.

    Example:
        >>> optimizer = PastExtragradientOptimizer("adam", learning_rate=1e-4)

    Reference:
        Popov, A modification of the Arrow-Hurwicz method for search of saddle points, 1980; Gidel
        et al., A Variational Inequality Perspective on Generative Adversarial Networks, 2019,
        section 3.3.
    """

    several_evaluations = "Extrapolation from the past evaluates the losses away from the variables"

    def make_state(self) -> None:
        """The last displacements."""
        super().make_state()
        self._displacements = self.add_memory("displacement")

    def update(self, game: Game) -> Linearization:
        """One update along the field at the extrapolated point.

        Returns:
            The linearization at the extrapolated point; without a pullback.
        """
        start = values_of(game.variables)
        displacements = self.memory_of(self._displacements, game.variables)
        assign(game.variables, [x + d for x, d in zip(start, displacements, strict=True)])
        linearization = game.linearize(second_order=False)
        assign(game.variables, start)
        apply_direction(self.inner_optimizer, linearization.v, game.variables)
        ends = values_of(game.variables)
        assign(displacements, [end - x for end, x in zip(ends, start, strict=True)])
        return linearization
