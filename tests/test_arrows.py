"""No import points up, and none reaches for what is private to another package."""

import pathlib

import pytest
from arrows import LEVELS, ROOT_FILES, wrong_arrows

ROOT = pathlib.Path(__file__).parents[1] / "tf_consensus"


def modules():
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if len(parts) > 1 or parts[0] not in ROOT_FILES:
            yield path, ".".join(parts)


def test_every_package_has_its_level():
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages == set(LEVELS)
    assert len(list(modules())) > 200


def test_no_import_points_up_or_reaches_into_another_package():
    found = [
        arrow
        for path, module in modules()
        for arrow in wrong_arrows(path.read_text(encoding="utf-8"), module, ROOT)
    ]
    assert not found


@pytest.mark.parametrize(
    ("module", "source", "why"),
    [
        ("optimizers.a", "from tf_consensus.models.gan import GAN", "up"),
        ("optimizers.a", "from tf_consensus import models", "up"),
        ("optimizers.a", "import tf_consensus.execution.fused", "up"),
        ("callbacks.a", "import tf_consensus as tfc", "root"),
        ("models.a", "from tf_consensus import ConsensusOptimizer", "root"),
        ("experiments.a", "from tf_consensus import _deferred", "private"),
        ("games.a", "def f():\n    from tf_consensus.optimizers import names", "up"),
        ("games.a", "from tf_consensus.objectives import get", "up"),
        ("penalties.a", "from tf_consensus.games.vectors import dot", "up"),
        ("models.a", "from ..experiments import settings", "up"),
        ("plotting.a", "from tf_consensus.callbacks import Advisor", "up"),
        ("models.a", "from tf_consensus.games.game import _check_batch", "private"),
        ("models.a", "from tf_consensus.theory._checks import as_matrix", "private"),
        ("metrics.a", "from tf_consensus.data.arguments import check_below", "inside"),
        ("theory.a", "import tensorflow", "NumPy"),
        ("theory.a", "from tf_consensus.support.layers import walk", "theory"),
        ("support.checks", "import keras", "TensorFlow"),
    ],
)
def test_a_wrong_import_is_found(module, source, why):
    ((found, _, reason),) = wrong_arrows(source, module, ROOT)
    assert found == module
    assert why in reason


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("optimizers.a", "from tf_consensus.games.game import Game"),
        ("models.a", "from tf_consensus import optimizers"),
        ("metrics.a", "from tf_consensus.data import ring_modes"),
        ("callbacks.a", "from tf_consensus.plotting import image_grid"),
        ("theory.a", "from tf_consensus.support.checks import check_float"),
        ("theory.a", "from tf_consensus.theory._quadratic import quadratic_roots"),
        ("cli.a", "import tf_consensus"),
    ],
)
def test_a_right_import_is_none(module, source):
    assert not wrong_arrows(source, module, ROOT)
