"""The image experiments by name: what `tf-consensus train --experiment=NAME` runs.

An experiment is a dict of settings with a list `runs`; each run is a method and a network, and may
have any other setting. `resolving.resolve` combines them with the user's overrides.

The papers' text does not give the learning rates and weights of figures 12, 13 and 14: the sweeps
below use our own values, around those of the other experiments.
"""

from typing import Any

from tf_consensus.experiments.recipes import recipes

# The settings of each method by its name. A penalty's weight is gamma unless penalty_weight is set.
METHODS: dict[str, dict[str, Any]] = {
    "simultaneous": {"optimizer": "simultaneous"},
    "alternating": {"optimizer": "alternating"},
    "consensus": {"optimizer": "consensus"},
    "alternating_consensus": {
        "optimizer": "alternating_consensus",
        "fraction": 0.125,
        "reuse": True,
    },
    "scaled_consensus": {"optimizer": "scaled_consensus", "gamma_kind": "relative"},
    "cross_term": {"optimizer": "cross_term"},
    "smoothing": {"optimizer": "smoothing"},
    "clipped": {"optimizer": "clipped"},
    "optimistic": {"optimizer": "optimistic"},
    "extragradient": {"optimizer": "extragradient"},
    "past_extragradient": {"optimizer": "past_extragradient"},
    "extrapolated_alternating": {"optimizer": "extrapolated_alternating"},
    "runge_kutta": {"optimizer": "runge_kutta"},
    "implicit": {"optimizer": "implicit"},
    "lookahead": {"optimizer": "lookahead"},
    "symplectic": {"optimizer": "symplectic"},
    "competitive": {"optimizer": "competitive"},
    "r1": {"optimizer": "alternating", "penalty": ["r1"]},
    "relativistic": {
        "optimizer": "alternating",
        "objective": "relativistic",
        "penalty": ["r1", "r2"],
    },
}

# Defaults of settings that only some methods have.
DEFAULTS: dict[str, Any] = {
    "fraction": 1.0,
    "gamma_kind": "fixed",
    "rate_ratio": 1.0,
    "regularize": ["discriminator"],
    "reuse": False,
}

# The first paper: RMSProp with its epsilon inside the root and its accumulator started at 1. For
# None the data set (crop), gamma (penalty_weight) or eval_every (backup_every) gives the value.
PAPER: dict[str, Any] = {
    "dataset": "cifar10",
    "image_size": 32,
    "channels": 3,
    "crop": None,
    "flip": False,
    "dequantise": False,
    "num_classes": None,
    "batch_size": 64,
    "latent_dim": 256,
    "filters": 64,
    "network_options": {},
    "precision": "float32",
    "objective": "standard",
    "penalty": [],
    "penalty_weight": None,
    "penalty_every": 1,
    "inner": "rmsprop",
    "learning_rate": 1e-4,
    "beta_1": 0.0,
    "beta_2": 0.99,
    "decay": 0.9,
    "epsilon": 1e-10,
    "initial_accumulator": 1.0,
    "gamma": 10.0,
    "clip_norm": 1.0,
    "microbatches": 1,
    "debias": None,
    **DEFAULTS,
    "ema": 0.0,
    "steps": 150_000,
    "backup_every": None,
    "eval_every": 1000,
    "eval_samples": 6400,
}
# The second paper's images: its penalty leaves out the 1/2, so its 10 is 20 here.
POSTER = PAPER | {
    "dequantise": True,
    "flip": True,
    "decay": 0.99,
    "epsilon": 1e-8,
    "initial_accumulator": 0.0,
    "penalty_weight": 20.0,
    "ema": 0.999,
    "eval_every": 5000,
}
FASHION = PAPER | {
    "dataset": "fashion_mnist",
    "channels": 1,
    "latent_dim": 64,
    "filters": 16,
    "steps": 5000,
    "eval_every": 250,
}
FASHION_ADAM = FASHION | {
    "inner": "adam",
    "learning_rate": 2e-4,
    "epsilon": 1e-8,
    "gamma": 1.0,
}
# The best settings of docs/own_pictures.md for folders of pictures. Other methods keep the rate
# with which they were tried (docs/fashion_mnist.md).
RECOMMENDED: dict[str, Any] = FASHION_ADAM | {
    "learning_rate": 1e-3,
    "schedule": "linear",
    "ema": 0.999,
    "runs": [{"method": "alternating", "network": "dcgan4"}],
    "paired": {method: {"learning_rate": 2e-4} for method in METHODS if method != "alternating"},
}
PAPER_METHODS = ("simultaneous", "alternating", "consensus", "smoothing")
LEARNING_RATES = (2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3)
GAMMAS = {"conv3": (0.01, 0.03, 0.1, 0.3, 1.0), "conv4": (0.1, 1.0, 3.0, 10.0, 30.0)}


def _runs(methods, network, **settings):
    return [{"method": method, "network": network, **settings} for method in methods]


def _inception_scores():
    """Figures 5 and 11, and the sweeps over them, figures 12 to 14."""
    table = {}
    for conv, network, gamma in (("conv3", "dcgan3", 0.1), ("conv4", "dcgan4", 10.0)):
        base = PAPER | {"gamma": gamma}
        consensus = {"method": "consensus", "network": f"{network}_nobn"}
        alternating = {"method": "alternating", "network": network}
        table[f"inception_score_{conv}"] = base | {"runs": [consensus, alternating]}
        table[f"learning_rate_alternating_{conv}"] = base | {
            "runs": [alternating | {"learning_rate": rate} for rate in LEARNING_RATES]
        }
        table[f"learning_rate_consensus_{conv}"] = base | {
            "runs": [consensus | {"learning_rate": rate} for rate in LEARNING_RATES]
        }
        table[f"gamma_{conv}"] = base | {
            "learning_rate": 2e-4,
            "runs": [consensus | {"gamma": gamma} for gamma in GAMMAS[conv]],
        }
        table[f"extra_dense_{conv}"] = PAPER | {"runs": _runs(PAPER_METHODS, conv)}
    return table


def _comparison():
    """Figures 6, 7 and 9."""
    table = {
        f"comparison_{network}": PAPER | {"runs": _runs(PAPER_METHODS, network)}
        for network in ("dcgan4", "dcgan4_nobn", "dcgan4_nobn_cf")
    }
    runs = _runs(PAPER_METHODS, "dcgan4_nobn_cf", objective="js")
    table["comparison_dcgan4_nobn_cf_js"] = PAPER | {"runs": runs}
    for objective in ("standard", "js", "indicator", "kl", "tv"):
        runs = _runs(["consensus"], "dcgan4_nobn_cf", objective=objective)
        table[f"divergence_{objective}"] = PAPER | {"runs": runs}
    return table


def _large():
    """CelebA of the first paper (figures 4 and 10), and the second paper's images."""
    celeba = {"dataset": "celeb_a", "image_size": 64, "filters": 128, "batch_size": 128}
    return {
        "celeba_resnet_cf": PAPER
        | celeba
        | {"steps": 1_500_000, "runs": _runs(PAPER_METHODS[:3], "resnet_cf")},
        "celeba_hq": POSTER
        | {"dataset": "celeb_a_hq/1024", "image_size": 1024, "filters": 16, "batch_size": 24}
        | {"steps": 300_000, "runs": _runs(["r1"], "residual_celeba_hq")},
        "lsun_bedroom": POSTER
        | {"dataset": "lsun/bedroom", "image_size": 256, "filters": 64}
        | {"steps": 500_000, "runs": _runs(["r1"], "residual_lsun")},
        "imagenet": POSTER
        | {"dataset": "imagenet2012", "image_size": 128, "filters": 64, "batch_size": 128}
        | {"num_classes": 1000, "steps": 500_000, "runs": _runs(["r1"], "residual_imagenet")},
    }


def _fashion_mnist():
    """The experiments on two CPU cores: every method on every network, and with today's Adam."""
    table = {}
    for network in ("dcgan4", "dcgan4_nobn", "dcgan4_nobn_cf"):
        for method in PAPER_METHODS:
            runs = _runs([method], network)
            table[f"fashion_mnist_{method}_{network}"] = FASHION | {"runs": runs}
    for method in PAPER_METHODS:
        runs = _runs([method], "dcgan4_nobn_cf", objective="js")
        table[f"fashion_mnist_{method}_dcgan4_nobn_cf_js"] = FASHION | {"runs": runs}
    for method in ("r1", "relativistic"):
        runs = _runs([method], "dcgan4_nobn")
        table[f"fashion_mnist_{method}_dcgan4_nobn"] = FASHION | {"runs": runs}
    grid = [run for experiment in table.values() for run in experiment["runs"]]
    # Alternating updates work best with batch normalization, the others without it.
    adam = {"consensus": "dcgan4_nobn", "alternating": "dcgan4", "relativistic": "dcgan4_nobn"}
    adam["simultaneous"] = "dcgan4_nobn"
    for method, network in adam.items():
        table[f"fashion_mnist_adam_{method}"] = FASHION_ADAM | {"runs": _runs([method], network)}
    pairs = [{"method": method, "network": network} for method, network in adam.items()]
    table["fashion_mnist_grid"] = FASHION | {"runs": grid}
    table["fashion_mnist_adam"] = FASHION_ADAM | {"runs": pairs}
    table["fashion_mnist_recommended"] = RECOMMENDED
    return table


EXPERIMENTS: dict[str, dict[str, Any]] = (
    _inception_scores() | _comparison() | _large() | _fashion_mnist() | recipes(PAPER, FASHION_ADAM)
)
