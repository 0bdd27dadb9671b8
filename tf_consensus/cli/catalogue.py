"""The names that the program's flags choose from, each with a line that says what it is for.

It is kept here, beside the registries, because it must be read before TensorFlow is imported; a
test compares the two.
"""

from collections.abc import Mapping

from tf_consensus.experiments.families.presets import MODELS, SEQUENCE_NETWORKS
from tf_consensus.experiments.presets import EXPERIMENTS

METHODS = {
    "alternating": "one player after the other; fast, and best with batch normalization",
    "simultaneous": "both players at once, the plain gradient step; rotates around equilibria",
    "consensus": "both players also make all gradients small; converges, without normalization",
    "alternating_consensus": "one player after the other, the discriminator by consensus",
    "scaled_consensus": "consensus in which each layer's gradient counts alike; deep networks",
    "cross_term": "each player makes the others' gradients small (JARE)",
    "smoothing": "the discriminator alone makes the generator's gradient small",
    "clipped": "simultaneous, with each player's gradient clipped to --clip_norm",
    "optimistic": "simultaneous, corrected by how the gradients have just changed",
    "extragradient": "simultaneous, by gradients at an extrapolated point; two gradients per step",
    "past_extragradient": "extragradient extrapolated by the last update; one gradient per step",
    "extrapolated_alternating": "alternating; each player sees the other extrapolated (Alex-GDA)",
    "runge_kutta": "four gradients per step along the game's differential equation (ODE-GAN)",
    "implicit": "the implicit Euler step, by three products with the field's derivative",
    "lookahead": "simultaneous, and halfway back after every five steps",
    "symplectic": "simultaneous, with the rotating part of the field turned inwards",
    "competitive": "each player foresees the other's step, by conjugate gradients; slow",
    "r1": "alternating with the penalty R1 on real images",
    "relativistic": "alternating with the relativistic objective, R1 and R2 (R3GAN)",
}
# They make no images of latents.
OTHER_NETWORKS = ("mlp", "image_to_image", *SEQUENCE_NETWORKS)
NETWORKS = {
    "dcgan4": "images, side a multiple of 16: 4 strided levels, batch normalization; the default",
    "dcgan4_gbn": "dcgan4 with batch normalization in the generator alone",
    "dcgan4_nobn": "dcgan4 without normalization, for consensus and penalties",
    "dcgan4_nobn_cf": "dcgan4_nobn with the same number of filters at every level; small",
    "dcgan3": "side a multiple of 8: 3 strided levels, batch normalization",
    "dcgan3_nobn": "dcgan3 without normalization",
    "dcgan3_nobn_cf": "dcgan3_nobn with the same number of filters at every level",
    "conv3": "dcgan3_nobn_cf with one more dense layer in the discriminator",
    "conv4": "dcgan4_nobn_cf with one more dense layer in each network",
    "resnet": "64² images: residual blocks, filters growing with depth",
    "resnet_cf": "64² images: residual blocks, the same number of filters at every level",
    "residual": "side start_size · 2^k: the poster's large residual networks, any size",
    "residual_imagenet": "the poster's network for ImageNet, 128², 1,000 classes",
    "residual_lsun": "the poster's network for LSUN bedrooms, 256²",
    "residual_celeba_hq": "the poster's network for CelebA-HQ, 1024²",
    "r3gan": "side start_size · 2^k: R3GAN's inverted bottlenecks with grouped convolutions",
    "r3gan_cifar10": "R3GAN's network for CIFAR-10, 32², 10 classes",
    "r3gan_ffhq_64": "R3GAN's network for FFHQ, 64²",
    "r3gan_ffhq_256": "R3GAN's network for FFHQ, 256²",
    "r3gan_imagenet_32": "R3GAN's network for ImageNet, 32², 1,000 classes",
    "r3gan_imagenet_64": "R3GAN's network for ImageNet, 64², 1,000 classes",
    "mlp": "points in the plane, for the mixture of Gaussians",
    "image_to_image": "images from images, for Pix2Pix and CycleGAN (--model)",
    "sequence_conv": "sequences, by convolutions in time (--model=sequences)",
    "sequence_gru": "sequences, by gated recurrent units",
    "sequence_lstm": "sequences, by long short-term memory",
}
OBJECTIVES = {
    "standard": "the non-saturating GAN loss; the default",
    "js": "the original GAN loss: saturating, zero-sum (minimax)",
    "kl": "the standard discriminator loss, with the reverse KL divergence for the generator",
    "tv": "total variation",
    "indicator": "the indicator divergence of The Numerics of GANs",
    "wgan": "the Wasserstein distance; needs wgan_gp, clipping or another Lipschitz bound",
    "hinge": "the hinge loss of the geometric GAN",
    "least_squares": "LSGAN",
    "relativistic": "real and fake images are compared in pairs, as in R3GAN",
    "relativistic_average": "each image is compared with the mean of the other kind (RaSGAN)",
    "forward_kl": "the divergence KL(p‖q)",
    "reverse_kl": "the divergence KL(q‖p)",
    "pearson": "Pearson's χ² divergence",
    "neyman": "Neyman's χ² divergence",
    "hellinger": "the squared Hellinger distance",
}
# Second names that the registry knows.
OTHER_OBJECTIVES = {
    "gan": "js",
    "logistic_wgan": "standard",
}
PENALTIES = {
    "r1": "γ/2 times the squared gradient at real images; makes training converge locally",
    "r2": "the same at generated images",
    "zero_centered_interpolated": "the same between real and generated images",
    "wgan_gp": "pulls the gradient's length between the two to 1; does not converge by itself",
    "dragan": "pulls the gradient's length around real images to 1",
    "instance_noise": "noise on all that the discriminator sees; the weight is its std. deviation",
}
METRICS = {
    "classifier_score": "higher is better: clear classes, all alike often (--classifier)",
    "inception_score": "the same with the reference Inception network (--inception)",
    "frechet_distance": "lower is better: distance of the features' means and covariances",
    "fid": "the Fréchet distance with the reference Inception network",
    "kernel_distance": "lower is better: the same idea, unbiased for few images (--kid)",
    "kid": "the kernel distance with the reference Inception network",
    "precision": "higher is better: share of the images that look real (--precision_recall)",
    "recall": "higher is better: share of the real images that are reached (--precision_recall)",
    "density": "higher is better: real neighbourhoods per image (--density_coverage)",
    "coverage": "higher is better: share of the real images with one near (--density_coverage)",
    "modes_covered": "higher is better: modes of a mixture or of stacked images that have samples",
    "within_3_sigma": "higher is better: share of the points within 3 deviations of a mode",
    "within_0.05": "higher is better: share of the points within 0.05 of a mode",
    "mode_kl": "lower is better: unevenness of the modes",
    "wasserstein1": "lower is better: how far points must move to match the target",
}
# They are no section of `tf-consensus list`: only --fid_tool takes them.
FID_TOOLS = ("ttur", "pytorch-fid", "clean-fid")
STRATEGIES = {
    "none": "one device; the default",
    "mirrored": "all GPUs of this machine",
    "multi_worker": "the machines of TF_CONFIG",
    "tpu": "a TPU",
}
# What an experiment is for, such as a figure of the paper, by the beginning of its name.
_FOR = {
    "inception_score": "scores over time, figures 5 and 11",
    "comparison": "figures 6 and 7",
    "extra_dense": "figure 8",
    "divergence": "figure 9",
    "celeba_resnet_cf": "figures 4 and 10",
    "learning_rate_alternating": "figures 12 and 13",
    "learning_rate_consensus": "figures 12 and 13",
    "gamma": "figure 14",
    "celeba_hq": "the poster's faces",
    "lsun": "the poster's bedrooms",
    "imagenet": "the poster's 1,000 classes",
    "fashion_mnist_recommended": "the one to begin with",
    "fashion_mnist_grid": "all of the paper's comparison on two cores",
    "fashion_mnist_adam": "with Adam",
    "fashion_mnist_r3gan": "R3GAN's recipe at a size for CPUs",
    "fashion_mnist_lazy_r1": "R1 every 16 steps, as in StyleGAN2",
    "fashion_mnist": "as in the paper",
    "stacked_fashion_mnist": "a thousand modes, in three colours",
    "cifar10_r3gan": "R3GAN's recipe at the paper's sizes",
}


def sections() -> dict[str, dict[str, str]]:
    """All names by kind, each with what it is for."""
    objectives = OBJECTIVES | {
        name: f"another name of {known}" for name, known in OTHER_OBJECTIVES.items()
    }
    return {
        "models": MODELS,
        "experiments": {name: _experiment(name, what) for name, what in EXPERIMENTS.items()},
        "networks": NETWORKS,
        "optimizers": METHODS,
        "objectives": objectives,
        "penalties": PENALTIES,
        "metrics": METRICS,
        "strategies": STRATEGIES,
    }


def _experiment(name: str, what: Mapping) -> str:
    """What an experiment trains, and for what purpose."""
    begun = max((key for key in _FOR if name.startswith(key)), key=len)
    runs = what["runs"]
    methods = list(dict.fromkeys(run["method"] for run in runs))
    networks = list(dict.fromkeys(run["network"] for run in runs))
    trained = ", ".join(methods) if len(methods) <= 2 else f"{len(methods)} methods"
    if len(networks) > 2:
        trained += f" on {len(networks)} networks"
    elif not any(network in name for network in networks):
        trained += f" on {', '.join(networks)}"
    for key, word in (("learning_rate", "rates"), ("gamma", "weights")):
        number = len({run[key] for run in runs if key in run})
        trained += f", {number} {word}" if number > 1 else ""
    return f"{what['dataset']} {what['image_size']}²: {trained}; {_FOR[begun]}"
