"""Calls of `problems` that are to be refused."""

from bad_calls.repeated import NO_SEED, numbers

_POINTS = ["(1.0)", "(1.0, 2.0, 3.0)", "([1.0], 1.0)", "('a', 1.0)", "(None, 1.0)", "(nan, 1.0)"]
_POINTS += ["(tf.Variable(1), tf.Variable(1))"]

CALLS = {
    "Bilinear": [
        *numbers("Bilinear({})", ["nan", "inf", "'a'", "None", "[]", "[1.0]", "[[[1.0]]]", "True"]),
        "Bilinear([[1.0], [1.0, 2.0]])",
        *[f"Bilinear().game{x}" for x in _POINTS],
        "Bilinear().vector_field(1.0)",
        "Bilinear().vector_field('a', 1.0)",
        "Bilinear(np.eye(2)).vector_field(np.ones(3), np.ones(2))",
    ],
    "DiracGAN": [
        *numbers("DiracGAN({})", ["'wgn'", "'GAN'", "None", "3", "nan", "''", "['gan']"]),
        *numbers("DiracGAN('wgan_gp', gamma={})", ["nan", "inf", "-1.0", "'a'", "True", "[1.0]"]),
        *numbers("DiracGAN('wgan_gp', target={})", ["nan", "-1.0", "'a'"]),
        *numbers("DiracGAN('instance_noise', stddev={})", ["nan", "-1.0", "'a'"]),
        *numbers("DiracGAN('wgan', clip={})", ["0.0", "nan", "-1.0", "'a'"]),
        "DiracGAN('gan', gamma=1.0)",
        *[f"DiracGAN().game{x}" for x in _POINTS],
        "DiracGAN().vector_field('a', 1.0)",
        "DiracGAN().vector_field([1.0, 2.0], [1.0, 2.0, 3.0])",
        "DiracGAN().jacobian(None, 1.0)",
        "DiracGAN('wgan_gp').jacobian(1.0, 0.0)",
        "DiracGAN('wgan').game(1.0, tf.Variable(1.0))",
    ],
    "Quadratic": [
        *numbers(
            "Quadratic({})",
            ["()", "(0, 2)", "(-1, 2)", "(1.5, 2)", "None", "'ab'", "3", "(True, 2)", "(nan, 1)"],
        ),
        "Quadratic((1, 2, 3), zero_sum=True)",
        *numbers("Quadratic(zero_sum={})", ["'yes'", "None", "2"]),
        *numbers("Quadratic(modulus={})", ["nan", "inf", "-1.0", "'a'", "None", "True"]),
        *numbers("Quadratic(coupling={})", ["nan", "inf", "-1.0", "'a'", "None", "True"]),
        *numbers("Quadratic(seed={})", [*NO_SEED[:-2], "-1"]),
        "Quadratic(seed=0).game([1.0, 2.0])",
        "Quadratic(seed=0).game([1.0], [1.0, 2.0])",
        "Quadratic(seed=0).vector_field(np.ones(3), np.ones(2))",
    ],
}
EXEMPT = {"Problem": "an abstract class; its arguments are checked by those above"}
