"""The GAN model: its game, fit, logs, generation, fused execution and refusals."""

import pathlib
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc
from tf_consensus.optimizers import apply_direction

LATENT = 3


def mlp(inputs, outputs, seed, width=8, regularizer=None):
    layers = keras.layers
    init = [keras.initializers.GlorotUniform(seed=seed + i) for i in range(2)]
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            layers.Dense(width, "tanh", kernel_initializer=init[0], kernel_regularizer=regularizer),
            layers.Dense(outputs, kernel_initializer=init[1]),
        ]
    )


def make_gan(optimizer=None, seed=5, **compile_options):
    gan = tfc.GAN(mlp(LATENT, 2, 1), mlp(2, 1, 11), latent_dim=LATENT, seed=seed)
    gan.compile(optimizer=optimizer or consensus(), **compile_options)
    return gan


def consensus(**options):
    return tfc.ConsensusOptimizer("rmsprop", learning_rate=1e-2, gamma=1.0, **options)


OPTIMIZERS = {
    "consensus": consensus,
    "every": lambda: consensus(every=2),
    "simultaneous": lambda: tfc.SimultaneousOptimizer("rmsprop", learning_rate=1e-2),
    "smoothing": lambda: tfc.SmoothingOptimizer("adam", learning_rate=1e-2, gamma=1.0),
    "clipped": lambda: tfc.ClippedOptimizer("sgd", learning_rate=1e-2, clip_norm=0.1),
    "alternating": lambda: tfc.AlternatingOptimizer("adam", "rmsprop", 2, 1),
    "plain": lambda: keras.optimizers.RMSprop(1e-2),
}


def batches(number=None, batch_size=16):
    def draw(index):
        return tf.random.stateless_normal((batch_size, 2), tf.stack([7, tf.cast(index, tf.int32)]))

    dataset = tf.data.Dataset.counter(dtype=tf.int32).map(draw)
    return dataset if number is None else dataset.take(number)


def fit(gan, data=None, **options):
    options = {"epochs": 1, "steps_per_epoch": 6, "verbose": 0, "shuffle": False, **options}
    return gan.fit(batches() if data is None else data, **options).history


def weights(gan):
    return np.concatenate([w.ravel() for w in gan.get_weights()])


def test_game_has_the_objectives_losses_and_the_generator_first():
    gan = make_gan()
    real = next(iter(batches()))
    game = gan.game(real)
    fake = gan.generator(game.batch[1])
    losses = game.losses(*game.batch)
    logits = gan.discriminator(real), gan.discriminator(fake)
    objective = tfc.objectives.get("standard")
    np.testing.assert_allclose(losses[0], objective.generator_loss(*logits), rtol=1e-6)
    np.testing.assert_allclose(losses[1], objective.discriminator_loss(*logits), rtol=1e-6)
    expected = gan.generator.trainable_variables + gan.discriminator.trainable_variables
    assert [x.path for x in game.variables] == [x.path for x in expected]
    assert [x.path for x in gan.trainable_variables] == [x.path for x in expected]


def test_latents_are_new_each_step_standard_normal_and_set_by_the_seed():
    gan, same, other = make_gan(), make_gan(), make_gan(seed=6)
    real = tf.zeros((4000, 2))
    draws = [gan.game(real).batch[1].numpy() for _ in range(2)]
    assert int(gan.noise_counter) == 2
    assert not np.any(draws[0] == draws[1])
    np.testing.assert_array_equal(draws[0], same.game(real).batch[1])
    assert not np.any(draws[0] == other.game(real).batch[1])
    standard_error = 1 / np.sqrt(draws[0].size)
    assert abs(np.mean(draws[0])) < 5 * standard_error
    assert abs(np.std(draws[0]) - 1) < 5 * standard_error


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_fit_equals_steps_on_the_game(name):
    gan, by_hand = make_gan(OPTIMIZERS[name]()), make_gan(OPTIMIZERS[name]())
    history = fit(gan)
    field_norms = []
    for real in batches(6):
        game, optimizer = by_hand.game(real), by_hand.optimizer
        if name == "plain":
            lin = game.linearize()
            apply_direction(optimizer, lin.v, game.variables)
        else:
            lin = optimizer.step(game)
        field_norms.append(float(tfc.vectors.norm(lin.v)))
    np.testing.assert_allclose(weights(gan), weights(by_hand), atol=2e-5)
    assert int(gan.optimizer.iterations) == 6
    assert set(history) == {"generator_loss", "discriminator_loss", "gradient_norm"}
    np.testing.assert_allclose(history["gradient_norm"], np.mean(field_norms), rtol=1e-4)


def test_a_plain_optimizer_is_simultaneous():
    plain = make_gan(OPTIMIZERS["plain"]())
    named = make_gan(OPTIMIZERS["simultaneous"]())
    fit(plain)
    fit(named)
    np.testing.assert_array_equal(weights(plain), weights(named))


@pytest.mark.parametrize("name", ["consensus", "every", "alternating", "plain"])
def test_fused_xla_equals_single_steps(name):
    single = make_gan(OPTIMIZERS[name]())
    fused = make_gan(OPTIMIZERS[name](), jit_compile=True, steps_per_execution=3)
    one, many = fit(single), fit(fused)
    np.testing.assert_allclose(weights(fused), weights(single), atol=2e-5)
    for key in one:
        np.testing.assert_allclose(many[key], one[key], rtol=1e-4)


def test_fused_execution_traces_the_step_once(monkeypatch):
    traced = []
    step = tfc.GAN.train_step
    monkeypatch.setattr(
        tfc.GAN, "train_step", lambda gan, data: traced.append(1) or step(gan, data)
    )
    fit(make_gan(jit_compile=True, steps_per_execution=3))
    assert len(traced) == 1


def test_fused_execution_takes_what_a_finite_dataset_has():
    """7 batches, 3 an execution: 3 + 3 + 1 steps, every batch once, in each of two epochs."""
    fused = make_gan(jit_compile=True, steps_per_execution=3)
    single = make_gan()
    # A dataset of unknown length: Keras learns the length by running out once, and says so.
    data = batches(7).filter(lambda batch: True)
    for gan in (fused, single):
        with pytest.warns(UserWarning, match="ran out of data"):
            fit(gan, data, epochs=2, steps_per_epoch=None)
    assert int(fused.optimizer.iterations) == 14
    np.testing.assert_allclose(weights(fused), weights(single), atol=1e-4)


def test_fused_execution_loses_no_batch_between_executions():
    def draw(index):
        return tf.fill((4, 2), tf.cast(index, tf.float32))

    class Sums(tfc.GAN):
        def train_step(self, data):
            super().train_step(data)
            return {"mark": data[0, 0]}

    gan = Sums(mlp(LATENT, 2, 1), mlp(2, 1, 11), latent_dim=LATENT, seed=5)
    gan.compile(optimizer=consensus(), jit_compile=True, steps_per_execution=3)
    marks = []
    logger = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: marks.append(float(logs["mark"]))
    )
    data = tf.data.Dataset.counter().map(draw)
    fit(gan, data, steps_per_epoch=9, callbacks=[logger])
    assert marks == [2.0, 5.0, 8.0]


def test_batches_of_unknown_shape_take_keras_path():
    data = tf.data.Dataset.from_tensor_slices(np.ones((20, 2), "float32")).batch(8)
    fused = make_gan(jit_compile=True, steps_per_execution=2)
    fit(fused, data, steps_per_epoch=None)
    assert int(fused.optimizer.iterations) == 3


def test_labels_in_the_batch_are_ignored():
    gan, plain = make_gan(), make_gan()
    fit(gan, batches().map(lambda x: (x, tf.zeros(16))))
    fit(plain)
    np.testing.assert_array_equal(weights(gan), weights(plain))


def test_evaluate_reports_without_training():
    gan = make_gan()
    before = weights(gan)
    logs = gan.evaluate(batches(3), verbose=0, return_dict=True)
    assert {"generator_loss", "discriminator_loss", "gradient_norm"} <= set(logs)
    assert logs == gan.evaluate(batches(3), verbose=0, return_dict=True)
    np.testing.assert_array_equal(weights(gan), before)


def test_a_step_leaves_the_noise_to_the_counter():
    """Two runs of one seed are equal to the bit; another seed is another run."""
    runs = [make_gan(seed=5), make_gan(seed=5), make_gan(seed=6)]
    for gan in runs:
        fit(gan)
    np.testing.assert_array_equal(weights(runs[0]), weights(runs[1]))
    assert np.abs(weights(runs[0]) - weights(runs[2])).max() > 1e-4


def test_layer_regularization_and_penalties_enter_their_players_loss():
    generator, discriminator = mlp(LATENT, 2, 1, regularizer="l2"), mlp(2, 1, 11)
    gan = tfc.GAN(generator, discriminator, LATENT, penalties=[lambda d, real, fake: 3.0], seed=5)
    plain = make_gan()
    real = next(iter(batches()))
    with_terms, without = (g.game(real).linearize().losses for g in (gan, plain))
    kernel = generator.layers[0].kernel.numpy()
    np.testing.assert_allclose(with_terms[0] - without[0], 0.01 * np.sum(kernel**2), rtol=1e-4)
    np.testing.assert_allclose(with_terms[1] - without[1], 3.0, rtol=1e-5)


def test_a_gradient_penalty_trains_under_consensus():
    """R1 needs third derivatives; its gradient is compared with finite differences of ½‖v‖²."""

    def r1(discriminator, real, fake):
        with tf.GradientTape() as tape:
            tape.watch(real)
            logits = tf.reduce_sum(discriminator(real))
        return 0.5 * tf.reduce_mean(tf.reduce_sum(tape.gradient(logits, real) ** 2, axis=1))

    keras.config.set_dtype_policy("float64")
    keras.config.set_floatx("float64")  # the dtype of keras.Input, which would round the samples
    try:
        gan = tfc.GAN(mlp(LATENT, 2, 1), mlp(2, 1, 11), LATENT, penalties=[r1], seed=5)
        game = gan.game(tf.random.stateless_normal((8, 2), (1, 2), dtype=tf.float64))
        lin = game.linearize()
        gradient = lin.vjp(lin.v)
        kernel = gan.discriminator.layers[0].kernel
        original, energies = kernel.numpy(), []
        for step in (1e-5, -1e-5):
            moved = original.copy()
            moved[0, 0] += step
            kernel.assign(moved)
            v = game.linearize().v
            energies.append(0.5 * float(tfc.vectors.dot(v, v)))
        finite_difference = (energies[0] - energies[1]) / 2e-5
        np.testing.assert_allclose(gradient[4][0, 0], finite_difference, rtol=1e-6)
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")


def test_generate_is_seeded_and_batched():
    gan = make_gan()
    samples = gan.generate(70, seed=0, batch_size=32)
    assert samples.shape == (70, 2)
    np.testing.assert_array_equal(samples, gan.generate(70, seed=0, batch_size=32))
    assert np.abs(samples - gan.generate(70, seed=1)).min() > 0
    assert np.abs(gan.generate(5) - gan.generate(5)).min() > 0
    assert int(gan.noise_counter) == 0
    np.testing.assert_allclose(gan(np.zeros((2, LATENT))), gan.generator(np.zeros((2, LATENT))))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            lambda: (mlp(4, 2, 1), mlp(2, 1, 2)),
            r"generator's input must fit latent_dim.*\(None, 4\)",
        ),
        (
            lambda: (mlp(LATENT, 3, 1), mlp(2, 1, 2)),
            r"discriminator's input .*\(None, 2\).*\(None, 3\)",
        ),
        (lambda: (mlp(LATENT, 2, 1), mlp(2, 5, 2)), r"one logit .*\(None, 5\)"),
        (lambda: (keras.Sequential([keras.layers.Dense(2)]), mlp(2, 1, 2)), r"must be built"),
        (lambda: (lambda z: z, mlp(2, 1, 2)), r"must be a keras.Model.*function"),
    ],
)
def test_networks_that_do_not_fit_are_refused(arguments, message):
    generator, discriminator = arguments()
    with pytest.raises((ValueError, TypeError), match=message):
        tfc.GAN(generator, discriminator, latent_dim=LATENT)


def test_other_bad_input_is_refused():
    networks = mlp(LATENT, 2, 1), mlp(2, 1, 2)
    with pytest.raises(TypeError, match=r"A penalty is a name.*a function.*Received: 3"):
        tfc.GAN(*networks, LATENT, penalties=[3])
    with pytest.raises(ValueError, match="unknown_objective"):
        tfc.GAN(*networks, LATENT, objective="unknown_objective")
    for options in ({"n": 0}, {"n": 2.5}, {"n": 4, "batch_size": 0}):
        with pytest.raises(ValueError, match="must be an integer of at least 1"):
            make_gan().generate(**options)


def test_a_layer_of_both_players_is_refused():
    shared = keras.layers.Dense(2)
    generator = keras.Sequential([keras.Input((2,)), shared])
    discriminator = keras.Sequential([keras.Input((2,)), shared, keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="Each variable belongs to one player"):
        tfc.GAN(generator, discriminator, latent_dim=2)


def list_devices(patch, *kinds):
    """Has TensorFlow report one device of each kind."""
    devices = [tf.config.PhysicalDevice(f"/physical_device:{kind}:0", kind) for kind in kinds]
    patch.setattr(
        tf.config,
        "list_physical_devices",
        lambda kind=None: [d for d in devices if kind in (None, d.device_type)],
    )


def test_auto_jit_is_left_to_the_strategy_of_a_tpu(monkeypatch):
    # So TensorFlow for TPUs reports a machine without one.
    list_devices(monkeypatch, "CPU", "TPU_SYSTEM")
    assert not make_gan().jit_compile


def test_auto_jit_is_decided_anew_on_the_machine_that_loads(tmp_path, monkeypatch):
    gan = make_gan()
    assert not gan.jit_compile
    with monkeypatch.context() as patch:
        list_devices(patch, "CPU", "GPU")
        gan.compile(optimizer=consensus())
        gan.optimizer.build(gan.trainable_variables)
        assert gan.jit_compile
        gan.save(tmp_path / "gan.keras")
        assert keras.models.load_model(tmp_path / "gan.keras").jit_compile
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert not loaded.jit_compile
    assert len(loaded.optimizer.variables) == len(gan.optimizer.variables)
    loaded.compile(optimizer=consensus(), jit_compile=True)
    loaded.optimizer.build(loaded.trainable_variables)
    loaded.save(tmp_path / "asked.keras")
    assert keras.models.load_model(tmp_path / "asked.keras").jit_compile


def fill_memory(discriminator, real, fake):
    """A penalty of 2⁴⁰ numbers an example."""
    del discriminator, fake
    examples = tf.shape(real, tf.int64)[:1]
    return tf.reduce_sum(tf.fill(examples * 2**40, tf.reduce_mean(real)))


EXHAUSTED = r"microbatches=k .*'mixed_bfloat16'.*smaller batches.*OOM when allocating"


def starved_gan(eager):
    gan = tfc.GAN(mlp(LATENT, 2, 1), mlp(2, 1, 11), LATENT, penalties=[fill_memory])
    gan.compile(optimizer=consensus(), run_eagerly=eager)
    return gan


def test_exhausted_memory_names_the_remedies():
    gan = starved_gan(eager=True)
    keras.config.disable_traceback_filtering()  # which drops the cause
    try:
        with pytest.raises(tf.errors.ResourceExhaustedError, match=f"(?s){EXHAUSTED}") as raised:
            fit(gan)
    finally:
        keras.config.enable_traceback_filtering()
    assert isinstance(raised.value.__cause__, tf.errors.ResourceExhaustedError)


def test_exhausted_memory_of_a_graph_names_the_remedies():
    """In a process of its own: TensorFlow keeps temporary variables of a graph that failed."""
    code = "from tests.test_gan import fit, starved_gan; fit(starved_gan(eager=False))"
    root = pathlib.Path(__file__).parents[1]
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert ended.returncode == 1
    assert re.search(f"(?s)ResourceExhaustedError: .*{EXHAUSTED}", ended.stderr)
