"""A whole training step as a program for a TPU: static shapes, nothing that calls the host."""

import ast
import pathlib
import re

import keras
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tests.in_process import refusal
from tf_consensus import networks
from tf_consensus import penalties as regularizers

ROOT = pathlib.Path(__file__).parents[1]
BATCH = 6
R1, R2 = regularizers.R1(1.0), regularizers.R2(1.0)
POINTS = {"name": "mlp", "latent_dim": 3}
IMAGES = {"name": "dcgan4_nobn", "image_size": 16, "filters": 2, "latent_dim": 3}
NORMED = IMAGES | {"name": "dcgan4"}
RESIDUAL = {"name": "resnet_cf", "image_size": 16, "filters": 2, "latent_dim": 3}
CLASSES = {"name": "residual", "image_size": 8, "filters": 2, "latent_dim": 3, "num_classes": 4}
CASES = {
    "consensus": (POINTS, tfc.ConsensusOptimizer, {}),
    "consensus, R1 + R2": (IMAGES, tfc.ConsensusOptimizer, {"penalties": [R1, R2]}),
    "simultaneous": (IMAGES, tfc.SimultaneousOptimizer, {}),
    "simultaneous, R1": (RESIDUAL, tfc.SimultaneousOptimizer, {"penalties": [R1]}),
    "alternating": (NORMED, tfc.AlternatingOptimizer, {}),
    "alternating, R1 + R2": (POINTS, tfc.AlternatingOptimizer, {"penalties": [R1, R2]}),
    "every second step": (POINTS, lambda: tfc.ConsensusOptimizer(every=2), {}),
    "lazy R1": (IMAGES, tfc.ConsensusOptimizer, {"penalties": [regularizers.R1(1.0, every=4)]}),
    "WGAN-GP and noise": (
        POINTS,
        tfc.ConsensusOptimizer,
        {"penalties": [regularizers.WGANGP(), regularizers.InstanceNoise(0.1)]},
    ),
    "conditional": (CLASSES, tfc.ConsensusOptimizer, {"penalties": [R1], "num_classes": 4}),
    "micro-batches": (IMAGES, lambda: tfc.ConsensusOptimizer(microbatches=3), {}),
    "unbiased": (
        POINTS,
        lambda: tfc.ConsensusOptimizer(microbatches=3, debias="groups"),
        {"penalties": [R1]},
    ),
    "conditional in micro-batches": (
        CLASSES,
        lambda: tfc.ConsensusOptimizer(microbatches=2),
        {"num_classes": 4},
    ),
    "plain Keras optimizer": (POINTS, keras.optimizers.Adam, {}),
}
# What leaves the device or has no fixed size, by how StableHLO writes it.
CALLS = r"stablehlo\.(?:custom_call|infeed|outfeed|send|recv)"
DYNAMIC = r"tensor<[^>]*\?|is_dynamic = true|set_dimension_size"


@pytest.fixture
def policy(request):
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy("float32")


def module_of(settings, make_optimizer, **options):
    """The text of the lowered training step."""
    players = networks.build(**settings, seed=0)
    gan = tfc.GAN(*players, latent_dim=settings["latent_dim"], seed=5, **options)
    gan.compile(optimizer=make_optimizer())
    gan.optimizer.build(gan.trainable_variables)
    batch = [tf.TensorSpec((BATCH, *gan.discriminator.input_shape[1:]))]
    if gan.num_classes:
        batch.append(tf.TensorSpec((BATCH,), tf.int32))
    step = tf.function(lambda *batch: gan.train_step(batch), jit_compile=True, autograph=False)
    return step.experimental_get_compiler_ir(*batch)(stage="stablehlo")


@pytest.mark.parametrize(
    ("case", "policy"),
    [(case, "float32") for case in CASES]
    + [(case, "mixed_bfloat16") for case in CASES if case.startswith(("conditional", "consensus"))],
    indirect=["policy"],
)
def test_step_is_one_static_program_of_the_device(case, policy):
    settings, make_optimizer, options = CASES[case]
    module = module_of(settings, make_optimizer, **options)
    assert "func.func @main" in module
    assert "stablehlo.rng_bit_generator" in module  # the latents are drawn in it
    assert ("bf16" in module) == (policy == "mixed_bfloat16")
    assert not re.findall(CALLS, module)
    assert not re.findall(DYNAMIC, module)
    assert not re.findall(r"[<x]f64>", module)  # which a TPU emulates


@pytest.mark.parametrize(
    ("function", "found"),
    [
        (lambda d, real, fake: tf.reduce_sum(tf.linalg.qr(real)[1]), CALLS),
        (lambda d, real, fake: tf.reduce_sum(tf.boolean_mask(real, real > 0)), DYNAMIC),
        (
            lambda d, real, fake: tf.cast(tf.reduce_sum(tf.cast(fake, tf.float64)), tf.float32),
            r"[<x]f64>",
        ),
    ],
    ids=["a call", "a dynamic shape", "double precision"],
)
def test_what_is_looked_for_would_be_found(function, found):
    module = module_of(POINTS, tfc.SimultaneousOptimizer, penalties=[function])
    assert re.findall(found, module)


def test_what_needs_python_does_not_lower():
    def penalty(discriminator, real, fake):
        return tf.py_function(lambda x: x, [tf.reduce_sum(real)], tf.float32)

    with pytest.raises(ValueError, match=r"unsupported operations.*\n*.*EagerPyFunc"):
        module_of(POINTS, tfc.SimultaneousOptimizer, penalties=[penalty])


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--largest_batch", "--largest_batch compiles. Received: no --tpu_python. Pass one."),
        ("--penalty=r3", "flag --penalty=['r3']: must be a comma list of names out of"),
        ("step", "All arguments are flags. Received: step."),
    ],
)
def test_wrong_flags_of_the_script(flag, message, monkeypatch):
    assert message in refusal("benchmarks/lower_step", monkeypatch, flag)


def test_tpu_page_installs_what_setup_does_but_tensorflow():
    setup = ast.walk(ast.parse((ROOT / "setup.py").read_text(encoding="utf-8")))
    (required,) = (
        ast.literal_eval(node.value)
        for node in setup
        if isinstance(node, ast.keyword) and node.arg == "install_requires"
    )
    page = (ROOT / "docs" / "tpu.md").read_text(encoding="utf-8")
    listed = re.findall(r'"([^"]+)"', re.search(r"```bash\n(.*?)```", page, re.DOTALL)[1])
    others = [name for name in listed if "tpu" not in name]
    assert others == [name for name in required if not re.match(r"tensorflow[<>=]", name)]
