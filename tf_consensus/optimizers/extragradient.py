"""The extragradient method."""

import keras

from tf_consensus.games.game import Game
from tf_consensus.games.linearization import Linearization
from tf_consensus.optimizers.directions import apply_direction, assign, values_of
from tf_consensus.optimizers.reevaluating import ReevaluatingOptimizer


@keras.saving.register_keras_serializable("tf_consensus")
class ExtragradientOptimizer(ReevaluatingOptimizer):
    """Extragradient: the step is taken along the field at an extrapolated point.

        x_{t+1/2} = x_t + h v(x_t)
        x_{t+1}   = x_t + h v(x_{t+1/2})

    Both evaluations see the same batch. Both steps go through the one inner optimizer and advance
    its state, as in Extra-Adam: with the inner optimizer's own counter, a learning rate schedule
    runs twice as fast, and averaged weights (`use_ema`) take in the extrapolated points too.

    If v is monotone (as in convex-concave games) and Lipschitz with constant K, it converges for
    h < 1/K. On a bilinear game with coupling M it converges for h < 1/σ_max(M) and diverges
    beyond, where simultaneous steps always diverge.

    Example:
        >>> optimizer = ExtragradientOptimizer("adam", learning_rate=1e-4)

    Reference:
        Korpelevich, The extragradient method for finding saddle points and other problems, 1976;
        Gidel et al., A Variational Inequality Perspective on Generative Adversarial Networks,
        2019, algorithm 4.
    """

    several_evaluations = "The extragradient method evaluates the losses at an extrapolated point"

    def update(self, game: Game) -> Linearization:
        """One extrapolation and one update from where it began.

        Returns:
            The linearization before the update; without a pullback.
        """
        start = values_of(game.variables)
        linearization = game.linearize(second_order=False)
        apply_direction(self.inner_optimizer, linearization.v, game.variables)
        extrapolated = game.linearize(second_order=False)
        assign(game.variables, start)
        apply_direction(self.inner_optimizer, extrapolated.v, game.variables)
        return linearization
