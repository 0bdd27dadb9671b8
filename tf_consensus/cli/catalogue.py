"""What the program's flags choose from, each with a line that says what it is for.

It is kept here, beside the registries, because it must be read before TensorFlow is imported; a
test compares the two.
"""

METHODS = {
    "alternating": "one player after the other; fast, and best with batch normalization",
    "simultaneous": "both players at once, the plain gradient step; rotates around equilibria",
    "consensus": "both players also make all gradients small; converges, without normalization",
    "smoothing": "the discriminator alone makes the generator's gradient small",
    "clipped": "simultaneous, each player's gradient no longer than --clip_norm",
    "r1": "alternating with the penalty R1 on real images",
    "relativistic": "alternating with the relativistic objective, R1 and R2 (R3GAN)",
}
NETWORKS = {
    "dcgan4": "images, side a multiple of 16: 4 strided levels, batch normalization; the default",
    "dcgan4_nobn": "dcgan4 without normalization, for consensus and penalties",
    "dcgan4_nobn_cf": "dcgan4_nobn with as many filters at every level; small",
    "dcgan3": "side a multiple of 8: 3 strided levels, batch normalization",
    "dcgan3_nobn": "dcgan3 without normalization",
    "dcgan3_nobn_cf": "dcgan3_nobn with as many filters at every level",
    "conv3": "dcgan3_nobn_cf, and one more dense layer in the discriminator",
    "conv4": "dcgan4_nobn_cf, and one more dense layer in each network",
    "resnet": "64² images: residual blocks, filters growing with depth",
    "resnet_cf": "64² images: residual blocks, as many filters at every level",
    "residual": "side start_size · 2^k: the poster's large residual networks, any size",
    "residual_imagenet": "the poster's for ImageNet, 128², 1,000 classes",
    "residual_lsun": "the poster's for LSUN bedrooms, 256²",
    "residual_celeba_hq": "the poster's for CelebA-HQ, 1024²",
    "mlp": "points in the plane, for the mixture of Gaussians",
}
OBJECTIVES = {
    "standard": "the non-saturating GAN loss; the default",
    "js": "the first GAN loss, saturating, zero-sum (minimax)",
    "kl": "the standard discriminator, the generator of the reverse KL divergence",
    "tv": "total variation",
    "indicator": "the indicator divergence of The Numerics of GANs",
    "wgan": "the Wasserstein distance; needs wgan_gp, clipping or another Lipschitz bound",
    "hinge": "the hinge loss of the geometric GAN",
    "least_squares": "LSGAN",
    "relativistic": "real and fake images compared in pairs, as in R3GAN",
    "relativistic_average": "each compared with the mean of the others (RaSGAN)",
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
    "r1": "γ/2 of the squared gradient at real images; makes training converge locally",
    "r2": "the same at generated images",
    "zero_centered_interpolated": "the same between real and generated images",
    "wgan_gp": "the gradient's length between them pulled to 1; does not converge by itself",
    "dragan": "the gradient's length around real images pulled to 1",
    "instance_noise": "noise on all that the discriminator sees; the weight is its deviation",
}
METRICS = {
    "classifier_score": "higher is better: images sure of their class, classes even (--classifier)",
    "inception_score": "the same by the reference Inception network (--inception)",
    "frechet_distance": "lower is better: distance of the features' means and covariances",
    "fid": "the Fréchet distance by the reference Inception network (--inception)",
}
STRATEGIES = {
    "none": "one device; the default",
    "mirrored": "all GPUs of this machine",
    "multi_worker": "the machines of TF_CONFIG",
    "tpu": "a TPU",
}
