"""What `dirac_gan.py` tries: variants of the Dirac-GAN, kinds of update, and where they start."""

import numpy as np

# Name, title, and the arguments of `problems.DiracGAN`.
VARIANTS = {
    "gan": ("GAN", {"variant": "gan"}),
    "nsgan": ("non-saturating\nGAN", {"variant": "nsgan"}),
    "wgan": ("WGAN", {"variant": "wgan"}),
    "wgan_gp": ("WGAN-GP", {"variant": "wgan_gp"}),
    "instance_noise": ("instance noise", {"variant": "instance_noise"}),
    "gradient_penalty": ("gradient penalty\nγ = 0.3", {"variant": "gradient_penalty"}),
    "gradient_penalty_critical": (
        "gradient penalty\nγ = 1, critical",
        {"variant": "gradient_penalty", "gamma": 1.0},
    ),
    "consensus": ("consensus\nγ = 1", {"variant": "consensus"}),
    "nsgan_gradient_penalty": (
        "non-saturating\n+ penalty γ = 0.3",
        {"variant": "nsgan_gradient_penalty"},
    ),
}
# Name, title, and the discriminator's steps in a round; 0: both players move at once.
UPDATES = {
    "simultaneous": ("simultaneous", 0),
    "alternating_1": ("alternating, 1 D step", 1),
    "alternating_5": ("alternating, 5 D steps", 5),
}
START = (1.0, 1.0)


def flow(problem, duration, step=0.05):
    """The limit of small steps, ẋ = v(x), by Runge-Kutta's fourth order; WGAN's clip after each."""
    bound = problem.options.get("clip", np.inf)

    def field(point):
        return np.array(problem.vector_field(*point))

    points = [np.array(START)]
    for _ in range(round(duration / step)):
        x = points[-1]
        k1 = field(x)
        k2 = field(x + step / 2 * k1)
        k3 = field(x + step / 2 * k2)
        x = x + step / 6 * (k1 + 2 * k2 + 2 * k3 + field(x + step * k3))
        points.append(np.array([x[0], np.clip(x[1], -bound, bound)]))
    return np.array(points)
