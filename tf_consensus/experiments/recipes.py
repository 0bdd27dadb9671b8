"""Experiments of later papers: R3GAN's recipe, StyleGAN2's lazy R1, and Stacked-MNIST's modes."""

from typing import Any

# The paper's smallest learning rate, weight and so on; `burn_in` has where they start.
_R3GAN: dict[str, Any] = {
    "inner": "adam",
    "learning_rate": 5e-5,
    "beta_1": 0.0,
    "beta_2": 0.99,
    "epsilon": 1e-8,
    "latent_dim": 64,
    "flip": True,
}
# Table 9 counts images: 20 million of burn-in, 250 million in all (here to the next evaluation), an
# average of 5 million.
_CIFAR10: dict[str, Any] = _R3GAN | {
    "dataset": "cifar10",
    "num_classes": 10,
    "batch_size": 512,
    "filters": 768,
    "penalty_weight": 0.005,
    "burn_in": 39_062,
    "ema_half_life": 5e6,
    "steps": 490_000,
    "eval_every": 5000,
}
# Sized for minutes of one CPU core. The weights are those of the paper's Stacked MNIST.
_FASHION_MNIST: dict[str, Any] = _R3GAN | {
    "learning_rate": 5e-4,
    "flip": False,
    "batch_size": 32,
    "filters": 8,
    "network_options": {"max_filters": 64, "blocks": 1},
    "penalty_weight": 0.1,
    "burn_in": 1000,
    "ema_half_life": 10_000,
    "steps": 3000,
}
# StyleGAN2's weight, γ = 10 with its ½, every 16 steps, and its average of 10,000 images.
_LAZY_R1: dict[str, Any] = {
    "penalty_weight": 10.0,
    "penalty_every": 16,
    "ema_half_life": 10_000,
}
# Papers measure the thousand modes on 26,000 images.
_STACKED: dict[str, Any] = {
    "dataset": "stacked:fashion_mnist",
    "channels": 3,
    "eval_every": 2500,
    "eval_samples": 26_000,
}
# Alternating updates work best with batch normalization, the others without it.
_ON_STACKED = {
    "alternating": "dcgan4",
    "consensus": "dcgan4_nobn",
    "alternating_consensus": "dcgan4_nobn",
    "r1": "dcgan4_nobn",
    "relativistic": "dcgan4_nobn",
}


def recipes(paper: dict[str, Any], fashion: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The experiments by name.

    Args:
        paper: Defaults of every setting.
        fashion: Settings of the experiments on Fashion-MNIST with Adam.
    """
    return {
        "cifar10_r3gan": paper
        | _CIFAR10
        | {"runs": [{"method": "relativistic", "network": "r3gan_cifar10"}]},
        "fashion_mnist_r3gan": fashion
        | _FASHION_MNIST
        | {"runs": [{"method": "relativistic", "network": "r3gan"}]},
        "fashion_mnist_lazy_r1": fashion
        | _LAZY_R1
        | {"runs": [{"method": "r1", "network": "dcgan4_nobn"}]},
        "stacked_fashion_mnist": fashion
        | _STACKED
        | {"runs": [{"method": m, "network": network} for m, network in _ON_STACKED.items()]},
    }
