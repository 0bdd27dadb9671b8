"""The names that papers, libraries and tutorials give to objectives and to combinations of them.

An alias stands for exactly the losses of its class, factors included, so that a config keeps the
class. A name for an objective and a penalty together is not the name of an objective.
"""

from tf_consensus.support.checks import plain

# By the names of `registry`, without capitals and separators.
_BY_NAME = {
    # Tutorials write it as cross-entropy, with 1 for real labels and for the generator's targets.
    "standard": "nonsaturating ns nsgan bce bcewithlogits binarycrossentropy crossentropy "
    "logistic softplus vanilla vanillagan dcgan",
    # The loss of the zero-sum game, whose generator minimizes log(1 - D).
    "js": "minimax minmax mmgan zerosum saturating saturatinggan jsd jsgan",
    "tv": "tvgan",
    "wgan": "wasserstein1 w1 wassersteingan earthmover emd",
    "hinge": "hingeloss hingegan geometricgan",
    "least_squares": "ls lsgan leastsquaresgan leastsquare",
    "relativistic": "rsgan rgan rpgan relativisticgan relativisticpairing",
    "relativistic_average": "ragan rasgan relativisticaveragegan",
    "forward_kl": "fwdkl",
    "reverse_kl": "rkl revkl",
    "pearson": "pearsonchi2 pearsonchisquared",
    "neyman": "neymanchi2 neymanchisquared",
    "hellinger": "hellingergan",
}

# What to write in place of a name that is more than an objective.
_COMPOSITE = {
    "wgangp": 'objective="wgan", penalties=[WGANGP(10.0)]',
    "wassersteingp": 'objective="wgan", penalties=[WGANGP(10.0)]',
    "improvedwgan": 'objective="wgan", penalties=[WGANGP(10.0)]',
    "dragan": 'objective="standard", penalties=[DRAGAN(10.0)]',
    "r3gan": 'objective="relativistic", penalties=[R1(10.0), R2(10.0)]',
    "stylegan": 'objective="standard", penalties=[R1(10.0)]',
    "stylegan2": 'objective="standard", penalties=[R1(10.0)]',
    "r1": 'objective="standard", penalties=[R1(10.0)]',
    "r2": 'objective="standard", penalties=[R2(10.0)]',
    "gp": 'objective="wgan", penalties=[WGANGP(10.0)]',
    "gradientpenalty": 'objective="wgan", penalties=[WGANGP(10.0)]',
    "zerocenteredinterpolated": 'objective="standard", penalties=[ZeroCenteredInterpolated(10.0)]',
    "instancenoise": 'objective="standard", penalties=[InstanceNoise(0.1)]',
    "wganclipping": 'objective="wgan" and penalties.clip_weights(discriminator, 0.01)',
    "weightclipping": 'objective="wgan" and penalties.clip_weights(discriminator, 0.01)',
    "sngan": 'objective="hinge" and keras.layers.SpectralNormalization in the discriminator',
    "sagan": 'objective="hinge" and keras.layers.SpectralNormalization in both networks',
}

ALIASES = {alias: name for name, aliases in _BY_NAME.items() for alias in aliases.split()}


def refuse_composite(name: str) -> None:
    """Raises if a name is for an objective together with something else.

    Args:
        name: As the user wrote it.

    Raises:
        ValueError: With what to write in its place.
    """
    key = plain(name)
    if key in _COMPOSITE:
        raise ValueError(
            "An objective is two losses of the logits; penalties and bounds on weights are given "
            f"beside it. Received: identifier={name!r}. Write {_COMPOSITE[key]}."
        )
