"""The game of a generator and a discriminator on one batch."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.games.field import LossesAndField
from tf_consensus.games.game import Game
from tf_consensus.models.adjoint import AdjointNetwork
from tf_consensus.models.adversarial_losses import AdversarialLosses, Players
from tf_consensus.models.shared_field import SharedField
from tf_consensus.penalties import InstanceNoise
from tf_consensus.support.inputs import cast_samples, join, sample_dtype, split, takes_labels
from tf_consensus.support.known_layers import unknown
from tf_consensus.support.layers import walk
from tf_consensus.support.rebuilding import CannotRebuildError, rebuild


class AdversarialGame(Game):
    """A generator and a discriminator on one batch of real samples, latents and noise.

    With labels the game is conditional: generated samples get the labels of the real ones.

    The losses are those of the objective plus the networks' own. The losses of weights count once.
    The losses that layers add in a call (activity regularizers, `add_loss`) count once per batch:
    for the generated batch, and for the discriminator also for the real one; calls of penalties do
    not count. The penalties are added to the discriminator's loss.

    The field is computed by tapes or, if the discriminator allows it (`AdjointNetwork`), with one
    adjoint pass per batch of samples (`SharedField`). Both give the same field.

    Args:
        players: the networks, the objective and the penalties.
        real: real samples, (batch, …), or a tuple of these and their labels, integers (batch,).
            Samples of another type, integers for example, are cast to the discriminator's.
        latents: (batch, latent_dim).
        noise: for every penalty what its `draw` returned; for instance noise a pair, for the real
            and for the generated samples; for a plain function anything.
        step: number of the training step, for the schedules and lazy penalties.
        training: how the networks are called; `False` also makes penalties count at every step.
        **options: weight, allow_cut, seeds and rows, as `Game` takes them.
    """

    def __init__(
        self,
        players: Players,
        real: Any,
        latents: tf.Tensor,
        noise: Sequence[Any],
        step: Any,
        training: bool = True,
        **options: Any,
    ) -> None:
        networks = players.generator, players.discriminator
        variables = [network.trainable_variables for network in networks]
        _check_trainable(variables)
        real = cast_samples(real, sample_dtype(players.discriminator))
        super().__init__(
            AdversarialLosses(players, training, bool(tf.nest.flatten(noise))),
            variables,
            (real, latents, noise, step),
            **options,
        )

    def rebuilt(self, dtype: str | None = "float64") -> "AdversarialGame":
        """The same game on networks made again from their configs, in another precision.

        Args:
            dtype: floating type of the networks and of the batch; `None` keeps them as they are.

        Raises:
            CannotRebuildError: if a network's config does not describe it completely, or a penalty
                or the objective holds a network.
        """
        real, latents, noise, step = self.batch
        real, latents, noise = _cast((real, latents, noise), dtype)
        generator, discriminator, objective, penalties, adjoint = self._parts
        own = {id(x) for x in walk(generator, discriminator)}
        if any(id(x) in own for x in walk(objective, *penalties)):
            raise CannotRebuildError("a penalty or the objective holds a network by itself")
        generator = rebuild(generator, join(latents, split(real)[1]), dtype)
        inputs = real if takes_labels(discriminator) else split(real)[0]
        discriminator = rebuild(discriminator, inputs, dtype)
        adjoint = adjoint and AdjointNetwork.of(discriminator)
        players = Players(generator, discriminator, objective, penalties, adjoint)
        return self._like(players, real, latents, noise, step)

    def by_tapes(self) -> "AdversarialGame":
        """The same game on the same networks, without shared adjoint passes."""
        players = self._parts._replace(adjoint=None)
        return self._like(players, *self.batch)

    def player_name(self, index: int) -> str:
        """The network's name in messages."""
        return ("the generator", "the discriminator")[index]

    def unknown_parts(self) -> list[str]:
        """The parts of networks, objective and penalties whose exact derivatives are not known."""
        generator, discriminator, objective, penalties, _ = self._parts
        networks = {"generator": generator, "discriminator": discriminator}
        return unknown(networks, (objective, *penalties))

    def _like(
        self, players: Players, real: Any, latents: tf.Tensor, noise: Sequence[Any], step: Any
    ) -> "AdversarialGame":
        options: dict[str, Any] = {"weight": self.weight, "seeds": self.seeds, "rows": self.rows}
        options["allow_cut"] = self.contract.allow_cut
        return AdversarialGame(players, real, latents, noise, step, self.losses.training, **options)

    def couplings(self) -> list[str]:
        """Names of layers that mix examples in training, and of terms that use batch means."""
        terms = self._parts.objective, *self._parts.penalties
        couple = [t for t in terms if getattr(t, "couples_examples", False)]
        names = super().couplings() if self.losses.training else []
        return names + [type(term).__name__ for term in couple]

    @property
    def differentiates_samples(self) -> bool:
        """Whether there are penalties, which hold the discriminator's gradient."""
        return any(not isinstance(p, InstanceNoise) for p in self._parts.penalties)

    @property
    def _parts(self) -> Players:
        return self.losses.players

    def roots(self) -> Sequence[Any]:
        """The networks that hold the layers."""
        generator, discriminator, objective, penalties, _ = self._parts
        return generator, discriminator, objective, *penalties

    def _field(self, wanted: Sequence[int]) -> LossesAndField:
        network = self._parts.adjoint
        penalties = self.losses.gradient_penalties(self.batch[2])
        saves = 1 in wanted and (0 in wanted or penalties)
        if saves and network is not None and self._shares(network, penalties):
            return SharedField(network, self.losses, self.players, self.batch)(wanted)
        return super()._field(wanted)

    def _shares(self, network: AdjointNetwork, penalties: Sequence[Any]) -> bool:
        linear = network.piecewise_linear or not penalties
        return linear and network.covers(self.players[1])


def _check_trainable(variables: Sequence[Sequence[keras.Variable]]) -> None:
    for key, own in zip(("generator", "discriminator"), variables, strict=True):
        if not own:
            raise ValueError(
                f"Both players train. Received: a {key} without trainable variables. Set "
                f"gan.{key}.trainable = True, or give it layers with weights; to train one player "
                "alone, give the other's optimizer the learning rate 0 "
                "(AlternatingOptimizer)."
            )


def _cast(batch: Any, dtype: str | None) -> Any:
    """The batch with its floating tensors cast to this type."""

    def cast(t: Any) -> tf.Tensor:
        t = tf.convert_to_tensor(t)
        return tf.cast(t, dtype) if dtype is not None and t.dtype.is_floating else t

    return tf.nest.map_structure(cast, batch)
