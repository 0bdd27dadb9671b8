"""A GAN whose generator takes codes that can be recognized in its samples."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_consensus.models import heads
from tf_consensus.models.adversarial_losses import total
from tf_consensus.models.batch import number_of
from tf_consensus.models.checks import Shape
from tf_consensus.models.coded_samples import CodedSamples
from tf_consensus.models.codes import Codes, make_codes
from tf_consensus.models.latent_model import LatentModel
from tf_consensus.models.latent_size import latent_size
from tf_consensus.models.sample_batches import SampleBatches
from tf_consensus.support.checks import check_bool, check_count, check_float
from tf_consensus.support.random import Draws


@keras.saving.register_keras_serializable("tf_consensus")
class InfoGAN(CodedSamples, SampleBatches, LatentModel):
    """A generator of latents and codes, a discriminator, and a recognizer Q of the codes.

        loss_G = objective_G - I,    loss_D = objective_D + penalties  [- I],
        I = λ_1 (E log Q(c_1 | x) + H(c_1)) + λ_2 (E log Q(c_2 | x) + H(c_2)),    x = G(z, c)

    with c_1 the categorical codes, c_2 the continuous ones, and H their entropy. E log Q(c | x) +
    H(c), in nats, is at most the mutual information of codes and samples. Q is categorical for c_1,
    and Gaussian for c_2.

    The player "generator" moves the generator and the recognizer, along -∇loss_G. The player
    "discriminator" moves the discriminator, along -∇loss_D. The recognizer is in one of two forms:

    - a network of its own that takes samples. Then the discriminator returns logits alone, and I is
      in the generator's loss alone;
    - a head on the discriminator's body, as in the paper. Then the discriminator returns a list
      [logits, features], the recognizer takes features, and -I joins loss_D too: otherwise the body
      would learn nothing of codes.

    Args:
        generator: built Keras model that takes latents with the codes behind them, (batch,
            latent_dim + code width); a categorical code is one-hot.
        discriminator: built Keras model, samples to logits (batch, 1), or to a list of these and
            features.
        recognizer: Q, built Keras model, samples or features to (batch, m): the logits of all
            categorical codes, the means of the continuous ones, and with `learn_deviation` the
            logarithms of their standard deviations.
        categorical: how many values each categorical code has, a list.
        continuous: how many continuous codes there are, uniform on [-1, 1).
        latent_dim: number of latent dimensions without the codes; `None` reads it from the
            generator's input.
        objective: name, config or instance of an `objectives.Objective`.
        penalties: as `GAN`'s.
        information: λ_1 ≥ 0, of the categorical codes.
        continuous_information: λ_2 ≥ 0, of the continuous codes.
        learn_deviation: `False` fixes the standard deviation of Q for continuous codes at 1.
        seed: integer that determines latents and codes; `None` draws one.
        name: of the model.
        allow_cut: as `GAN`'s.
        verify: as `GameModel`'s.

    Raises:
        TypeError: if a network is no Keras model.
        ValueError: if a network is not built, shapes do not fit, or a number is out of range.

    Example:
        >>> generator, discriminator = networks.build("mlp", latent_dim=8 + 12)
        >>> recognizer = keras.Sequential([keras.Input((2,)), keras.layers.Dense(12)])
        >>> model = InfoGAN(generator, discriminator, recognizer, categorical=[10], continuous=2)
        >>> model.compile(optimizer=AlternatingOptimizer("adam", "adam"))
        >>> history = model.fit(data.mixture_of_gaussians(), steps_per_epoch=10, verbose=0)
        >>> model.generate(3, codes=[7, 0.5, -1.0]).shape
        (3, 2)

    Reference:
        Chen et al., InfoGAN: Interpretable Representation Learning by Information Maximizing
        Generative Adversarial Nets, 2016, equations 5 and 6.
    """

    noun = "InfoGAN"

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        recognizer: keras.Model,
        categorical: Sequence[int] = (10,),
        continuous: int = 2,
        latent_dim: int | None = None,
        objective: Any = "standard",
        penalties: Any = (),
        information: float = 1.0,
        continuous_information: float = 0.1,
        learn_deviation: bool = False,
        seed: int | None = None,
        name: str | None = None,
        allow_cut: bool | Sequence[str] = False,
        verify: bool | str = "auto",
    ) -> None:
        codes = make_codes(categorical, continuous, check_bool("learn_deviation", learn_deviation))
        shapes, shares_body = _check_networks(
            generator, discriminator, recognizer, codes, latent_dim
        )
        players = {"generator": [generator, recognizer], "discriminator": [discriminator]}
        options = {"seed": seed, "name": name, "allow_cut": allow_cut, "verify": verify}
        super().__init__(players, objective, penalties, **options)
        self.recognizer = recognizer
        self.codes, self.num_classes = codes, None
        self.sample_shape, self.latent_dim = shapes
        self.shares_body = shares_body
        self.information = check_float("information", information, zero=True)
        self.continuous_information = check_float(
            "continuous_information", continuous_information, zero=True
        )

    def draw(self, data: Any, random: Draws) -> Any:
        """Latents, codes and what the penalties draw."""
        number = number_of(data)
        latents = self.drawn_latents(number, random)
        codes = self.codes.of_uniform(random.uniform((number, self.codes.columns)))
        return latents, codes, self.opposition.draw(data, random)

    def losses(self, data: Any, noise: Any, training: bool) -> dict[str, tf.Tensor]:
        """Both losses, scalars."""
        (latents, codes, drawn), step = noise
        made, own = self.made(self.joined(latents, codes), training)
        fooled, judged, features = self.opposed(data, made, drawn, step, training)
        found = self.recognizer(features[1] if self.shares_body else made, training=training)
        own += self.added_losses(self.recognizer)
        categorical, continuous = self.codes.bounds(found, codes)
        known = self.information * categorical + self.continuous_information * continuous
        return {
            "generator": total(fooled, [-known], own),
            "discriminator": total(judged, [-known]) if self.shares_body else judged,
        }


def _check_networks(
    generator: Any, discriminator: Any, recognizer: Any, codes: Codes, latent_dim: int | None
) -> tuple[tuple[Shape, int], bool]:
    """The shape of samples with the number of latents, and whether Q is on the body of D."""
    networks = {"generator": generator, "discriminator": discriminator, "recognizer": recognizer}
    for key, network in networks.items():
        heads.check_network(key, network, 1)
    if latent_dim is None:
        taken = latent_size(generator, None)
        if taken <= codes.width:
            raise ValueError(
                f"The generator takes latents with {codes.width} numbers behind them, the codes. "
                f"Received: a generator of {taken} numbers. Build it for {codes.width + 64}, for "
                "example, or take fewer codes."
            )
        latent_dim = taken - codes.width
    latent_dim = check_count("latent_dim", latent_dim, _WIDTH.format(codes.width))
    inputs = (None, latent_dim + codes.width)
    samples = heads.check_samples(generator, discriminator, inputs)
    source = "the generator's samples"
    logits, *features = heads.shapes_after(
        "discriminator", discriminator, samples, source=source, outputs=[1, 2]
    )
    heads.check_logit(logits)
    seen, source = (features[0], "the features") if features else (samples, source)
    found = heads.shape_after("recognizer", recognizer, seen, source=source)
    if found != (None, codes.outputs):
        raise ValueError(
            "The recognizer returns the logits of the categorical codes and the means of the "
            "continuous ones, with `learn_deviation` their deviations too: shape (None, "
            f"{codes.outputs}). Received: shape {found}. End it in Dense({codes.outputs})."
        )
    return (samples, latent_dim), bool(features)


_WIDTH = "The generator takes {} more numbers than there are latents, the codes."
