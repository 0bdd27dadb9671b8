"""The Jacobian of a game's field, dense and matrix-free, against independent answers."""

import doctest
import time

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from tf_consensus import Game, objectives, spectrum, theory
from tf_consensus.problems import Bilinear, DiracGAN, Quadratic
from tf_consensus.spectrum import arpack, bendixson, dense, lanczos, matrix_free


def network(sizes, activation, dtype):
    layers = [keras.layers.Dense(s, activation, dtype=dtype) for s in sizes[1:-1]]
    layers.append(keras.layers.Dense(sizes[-1], dtype=dtype))
    return keras.Sequential([keras.Input((sizes[0],), dtype=dtype), *layers])


def gan_game(hidden, activation, latent_dim, batch, dtype="float64", seed=0):
    """A GAN on eight points of a circle with the standard losses."""
    keras.utils.set_random_seed(seed)
    generator = network([latent_dim, *hidden, 2], activation, dtype)
    discriminator = network([2, *hidden, 1], activation, dtype)
    objective = objectives.get("standard")

    def losses(real, latents):
        logits = discriminator(real), discriminator(generator(latents))
        return objective.generator_loss(*logits), objective.discriminator_loss(*logits)

    players = [generator.trainable_variables, discriminator.trainable_variables]
    return Game(losses, players, draw(batch, latent_dim, dtype, seed))


def draw(batch, latent_dim, dtype="float64", seed=0):
    rng = np.random.default_rng(seed)
    angle = 2 * np.pi * np.arange(batch) / 8
    real = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    latents = rng.standard_normal((batch, latent_dim))
    return tf.constant(real, dtype), tf.constant(latents, dtype)


def small_game(dtype="float64"):
    return gan_game([4, 3], "tanh", latent_dim=3, batch=16, dtype=dtype)


@pytest.fixture(scope="module")
def mog():
    """The paper's mixture-of-Gaussians GAN in float64, its operator and its dense Jacobian."""
    game = gan_game([16] * 4, "relu", latent_dim=16, batch=512)
    return game, spectrum.linear_operator(game), spectrum.jacobian(game)


@pytest.fixture(scope="module")
def mog_eigenvalues(mog):
    return spectrum.eigenvalues(mog[2])


def flat(tensors):
    return np.concatenate([np.ravel(t) for t in tensors])


def like(u, variables):
    cuts = np.cumsum([int(np.prod(x.shape)) for x in variables])[:-1]
    parts = zip(np.split(u, cuts), variables, strict=True)
    return [tf.constant(p.reshape(x.shape), x.dtype) for p, x in parts]


def finite_differences(game, h=1e-5):
    """Columns of v' by central differences, one parameter at a time."""
    columns = []
    for x in game.variables:
        centre = x.numpy()
        for index in np.ndindex(*centre.shape):
            sides = []
            for sign in (1, -1):
                moved = centre.copy()
                moved[index] += sign * h
                x.assign(moved)
                sides.append(flat(game.linearize(second_order=False).v))
            columns.append((sides[0] - sides[1]) / (2 * h))
        x.assign(centre)
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("block_size", [1, 4, 64])
@pytest.mark.parametrize(
    "problem",
    [Quadratic((2, 3), seed=0), Quadratic((1, 5, 2), seed=1), Quadratic((3,), seed=2), Bilinear()],
    ids=["two", "three", "one", "scalars"],
)
def test_jacobian_of_linear_fields(problem, block_size):
    game = problem.game(*(np.ones(shape) for shape in problem.shapes))
    matrix = spectrum.jacobian(game, block_size=block_size)
    np.testing.assert_allclose(matrix, problem.jacobian(), rtol=1e-12, atol=1e-12)


def test_jacobian_of_the_dirac_gan():
    problem = DiracGAN("instance_noise")
    matrix = spectrum.jacobian(problem.game(0.7, -1.1))
    np.testing.assert_allclose(matrix, problem.jacobian(0.7, -1.1), rtol=1e-12)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_jacobian_matches_products_and_differences(jit_compile):
    game = small_game()
    matrix = spectrum.jacobian(game, block_size=16, jit_compile=jit_compile)
    u = np.random.default_rng(1).standard_normal(len(matrix))
    parts = like(u, game.variables)
    np.testing.assert_allclose(matrix @ u, flat(game.jvp(parts)), rtol=1e-10, atol=1e-12)
    pulled = flat(game.linearize().vjp(parts))
    np.testing.assert_allclose(matrix.T @ u, pulled, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(matrix, finite_differences(game), rtol=1e-6, atol=1e-8)


def test_jacobian_in_single_precision():
    exact, game = spectrum.jacobian(small_game()), small_game("float32")
    for x, y in zip(game.variables, small_game().variables, strict=True):
        x.assign(y)
    matrix = spectrum.jacobian(game)
    assert matrix.dtype == np.float32
    np.testing.assert_allclose(matrix, exact, rtol=1e-4, atol=1e-6)


def test_jacobian_of_mixed_precision_and_unreached_parameters():
    x, y, unused = tf.Variable(2.0), tf.Variable(3.0, dtype=tf.float64), tf.Variable([1.0, 1.0])
    game = Game(
        lambda: (tf.cast(x, tf.float64) * y**2, -tf.cast(x, tf.float64) * y), [[x, unused], [y]]
    )
    expected = np.zeros((4, 4))
    expected[0, 3], expected[3, 0] = -6.0, 1.0
    matrix = spectrum.jacobian(game)
    assert matrix.dtype == np.float64
    np.testing.assert_allclose(matrix, expected)
    np.testing.assert_allclose(spectrum.linear_operator(game) @ np.eye(4), expected)


def test_batches_are_averaged_without_retracing():
    game, traces = small_game(), []

    def losses(*batch):
        if not tf.executing_eagerly():
            traces.append(1)
        return game.losses(*batch)

    batches = [draw(16, 3, seed=seed) for seed in range(4)]
    counted = Game(losses, game.players, batches[0])
    measure = spectrum.compile_jacobian(counted)
    measure()
    once = len(traces)
    average = measure(iter(batches))
    assert len(traces) == once
    each = [spectrum.jacobian(Game(game.losses, game.players, batch)) for batch in batches]
    np.testing.assert_allclose(average, np.mean(each, axis=0), rtol=1e-10, atol=1e-12)


def test_compiled_forms_read_the_parameters_at_each_call():
    problem = DiracGAN()
    game = problem.game(1.0, 1.0)
    measure, operator = spectrum.compile_jacobian(game), spectrum.linear_operator(game)
    for point in [(1.0, 1.0), (-0.5, 2.0)]:
        for x, value in zip(game.variables, point, strict=True):
            x.assign(value)
        np.testing.assert_allclose(measure(), problem.jacobian(*point), rtol=1e-12)
        np.testing.assert_allclose(operator @ np.eye(2), problem.jacobian(*point), rtol=1e-12)


def test_eigenvalues_of_the_consensus_field():
    game = DiracGAN().game(0.0, 0.0)
    expected = np.linalg.eigvals(DiracGAN("consensus", gamma=2.0).jacobian(0.0, 0.0))
    values = spectrum.eigenvalues(game, gamma=2.0)
    np.testing.assert_allclose(np.sort_complex(values), np.sort_complex(expected), rtol=1e-12)


def test_eigenvalues_are_complex_and_sorted():
    values = spectrum.eigenvalues(np.diag([-3.0, -1.0, -2.0]).astype("float32"))
    assert values.dtype == np.complex128
    np.testing.assert_allclose(values, [-1.0, -2.0, -3.0])
    problem = Quadratic((3, 3), seed=3)
    game, matrix = problem.game(np.zeros(3), np.zeros(3)), problem.jacobian()
    np.testing.assert_allclose(spectrum.eigenvalues(game), spectrum.eigenvalues(matrix))


@pytest.mark.parametrize("gamma", [0.0, 0.7])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_linear_operator_is_the_matrix(gamma, jit_compile):
    game = small_game()
    a = spectrum.jacobian(game)
    a = a - gamma * a.T @ a
    operator = spectrum.linear_operator(game, gamma, jit_compile)
    rng = np.random.default_rng(2)
    u = rng.standard_normal(len(a))
    z = u + 1j * rng.standard_normal(len(a))
    assert operator.dtype == np.float64
    for x in (u, z):
        np.testing.assert_allclose(operator.matvec(x), a @ x, rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(operator.rmatvec(x), a.T @ x, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(operator.matmat(np.eye(len(a))[:, :2]), a[:, :2], atol=1e-11)


@pytest.mark.parametrize(
    ("which", "key"),
    [
        ("largest_real", np.real),
        ("largest_imaginary", lambda t: np.abs(t.imag)),
        ("largest_modulus", np.abs),
    ],
)
def test_extreme_eigenvalues_of_the_mog_gan(mog, mog_eigenvalues, which, key):
    result = spectrum.extreme_eigenvalues(mog[1], k=4, which=which)
    expected = np.sort(key(mog_eigenvalues))[::-1][:4]
    assert result.converged
    np.testing.assert_allclose(key(result.values), expected, rtol=1e-6)
    assert np.all(result.residuals < 1e-7)


@pytest.mark.parametrize("which", ["largest_real", "largest_imaginary", "largest_modulus"])
def test_extreme_eigenvalues_of_small_games(which):
    result = spectrum.extreme_eigenvalues(DiracGAN().game(0.0, 0.0), k=2, which=which)
    assert result.converged
    np.testing.assert_allclose(np.sort_complex(result.values), [-0.5j, 0.5j], atol=1e-12)


def test_arpack_returns_what_it_reached():
    # Far apart at one end, crowded at the other: one restart reaches few of the six.
    operator = aslinearoperator(np.diag(np.concatenate([[50.0], np.linspace(0.0, 1.0, 299)])))
    with pytest.warns(
        RuntimeWarning, match=r"converged to \d of 6 eigenvalues, which are returned"
    ):
        result = spectrum.extreme_eigenvalues(operator, k=6, max_iterations=1)
    assert not result.converged
    assert 1 <= len(result.values) < 6
    np.testing.assert_allclose(result.values[0], 50.0)
    assert len(result.residuals) == len(result.values)


@pytest.mark.parametrize("gamma", [0.0, 10.0])
def test_numerical_range_of_the_mog_gan(mog, mog_eigenvalues, gamma):
    _, operator, a = mog
    box = spectrum.numerical_range(operator, gamma=gamma)
    b = a - gamma * a.T @ a
    real = np.linalg.eigvalsh((b + b.T) / 2)
    assert box.converged
    # Never too small, and too large by no more than the tolerance.
    outside = np.array([real[0] - box.smallest_real, box.largest_real - real[-1]])
    assert np.all((outside >= 0) & (outside <= 2e-4 * np.abs(real).max()))
    rotation = np.linalg.norm((a - a.T) / 2, 2)
    assert rotation <= box.largest_imaginary <= 1.0002 * rotation
    if gamma == 0.0:
        assert np.all(mog_eigenvalues.real <= box.largest_real)
        assert np.all(mog_eigenvalues.real >= box.smallest_real)
        assert np.all(np.abs(mog_eigenvalues.imag) <= box.largest_imaginary)


@pytest.mark.parametrize("coupling", [0.0, 0.3, 5.0])
def test_step_size_of_the_box(coupling):
    problem = Quadratic((5, 4), modulus=0.5, coupling=coupling, seed=4)
    game = problem.game(*problem.equilibrium)
    box = spectrum.numerical_range(game)
    real = np.linspace(box.smallest_real, box.largest_real, 401)[:, None]
    imaginary = np.linspace(-box.largest_imaginary, box.largest_imaginary, 401)
    lam = real + 1j * imaginary
    assert np.abs(1 + 0.999 * box.max_step_size * lam).max() < 1
    assert np.abs(1 + 1.001 * box.max_step_size * lam).max() > 1
    values = spectrum.eigenvalues(game)
    assert np.abs(theory.euler_eigenvalues(values, 0.999 * box.max_step_size)).max() < 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_range_of_a_symmetric_and_of_an_antisymmetric_matrix(sign, dtype):
    a = np.random.default_rng(0).standard_normal((150, 150)).astype(dtype)
    a = a + sign * a.T
    # The two products must round differently, as those of a network do.
    operator = LinearOperator(
        a.shape, lambda u: a @ u, rmatvec=lambda u: (a * u[:, None]).sum(axis=0), dtype=a.dtype
    )
    box = spectrum.numerical_range(operator)
    values = np.linalg.eigvals(a)
    size = np.abs(values).max()
    parts = (box.smallest_real, box.largest_real, box.largest_imaginary)
    expected = (values.real.min(), values.real.max(), values.imag.max())
    np.testing.assert_allclose(parts, expected, atol=1e-4 * size)


def test_no_step_size_without_damping():
    box = spectrum.numerical_range(Bilinear(2.0).game(1.0, 1.0))
    np.testing.assert_allclose(box.largest_imaginary, 2.0)
    assert box.max_step_size is None
    damped = spectrum.numerical_range(Bilinear(2.0).game(1.0, 1.0), gamma=0.5)
    np.testing.assert_allclose(damped[:3], [-2.0, -2.0, 2.0])
    np.testing.assert_allclose(damped.max_step_size, 0.5)


def test_unconverged_numerical_range_warns():
    operator = aslinearoperator(np.diag(np.linspace(-1.0, 0.0, 200)))
    with pytest.warns(RuntimeWarning, match=r"not converge in max_steps=3: .* Raise `max_steps`"):
        box = spectrum.numerical_range(operator, max_steps=3)
    assert not box.converged


def noisy(kind):
    x, y = tf.Variable([1.0, -0.5]), tf.Variable([0.5, 2.0])
    dropout = keras.layers.Dropout(0.5)

    def losses():
        if kind == "tensorflow":
            noise = tf.random.normal([2])
        elif kind == "numpy":
            noise = tf.constant(np.random.default_rng().standard_normal(2), "float32")
        else:
            noise = dropout(tf.ones([64, 2]), training=True)[0]
        loss = tf.reduce_sum(x * y * (1.0 + noise))
        return loss, -loss

    return Game(losses, [[x], [y]])


@pytest.mark.parametrize("kind", ["tensorflow", "numpy"])
@pytest.mark.parametrize("measure", [spectrum.jacobian, spectrum.linear_operator])
def test_noise_is_refused(kind, measure):
    message = r"deterministic function.*Received: two evaluations .* differ by .*Draw noise.*batch"
    with pytest.raises(ValueError, match=message):
        measure(noisy(kind))


def test_what_draws_by_itself_is_refused_and_dropout_is_held():
    keras.utils.set_random_seed(0)
    game = gan_game([4], "tanh", latent_dim=3, batch=16)
    dropout = keras.layers.Dropout(0.5, dtype="float64")

    def eigenvalues(change):
        def losses(real, latents):
            return game.losses(real, change(latents))

        return spectrum.eigenvalues(Game(losses, game.players, game.batch))

    with pytest.raises(ValueError, match=r"two evaluations.*SeedGenerator, as Dropout does"):
        eigenvalues(lambda z: z + tf.random.normal(tf.shape(z), dtype=z.dtype))
    found = [eigenvalues(lambda z: dropout(z, training=True)) for _ in range(2)]
    np.testing.assert_array_equal(*found)


def root_game():
    x = tf.Variable(0.0)
    return Game(lambda: (tf.sqrt(x),), [[x]])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda g: spectrum.jacobian(g, memory_limit=100),
            MemoryError,
            r"of \d+ parameters takes .* GiB. Received: memory_limit=.*`linear_operator`",
        ),
        (lambda g: spectrum.jacobian(g, block_size=0), ValueError, r"Received: block_size=0. The"),
        (lambda g: spectrum.jacobian(g, batches=[]), ValueError, r"Received: an empty `batches`."),
        (
            lambda g: spectrum.jacobian(g, batches=[np.ones(3)]),
            TypeError,
            r"must be a tuple.*Received: ndarray. For a single argument pass \(batch,\)",
        ),
        (lambda g: spectrum.eigenvalues(g, gamma=-1), ValueError, r"Received: gamma=-1. Pass 0"),
        (lambda g: spectrum.linear_operator(g, np.inf), ValueError, r"Received: gamma=inf"),
        (lambda g: spectrum.numerical_range(g, -2.0), ValueError, r"Received: gamma=-2.0"),
        (
            lambda g: spectrum.extreme_eigenvalues(g, which="LR"),
            ValueError,
            r"Unknown end.*Received: which='LR'. Use one of \['largest_imaginary'",
        ),
        (lambda g: spectrum.extreme_eigenvalues(g, k=0), ValueError, r"Received: k=0. For all"),
        (
            lambda g: spectrum.jacobian(root_game()),
            ValueError,
            r"field must be finite.*‖v‖ = (inf|nan)",
        ),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call(Bilinear(np.eye(8)).game(np.ones(8), np.ones(8)))


@pytest.mark.parametrize("module", [arpack, bendixson, dense, matrix_free])
def test_examples(module):
    results = doctest.testmod(module)
    assert results.attempted
    assert not results.failed


@pytest.mark.slow
def test_the_mog_jacobian_takes_two_seconds():
    measure = spectrum.compile_jacobian(gan_game([16] * 4, "relu", 16, 512, "float32"))
    measure()
    start = time.perf_counter()
    assert measure().shape == (2003, 2003)
    assert time.perf_counter() - start < 2.0


def test_lanczos_ends_with_the_space():
    # Three distinct eigenvalues: the recursion ends after three steps, exactly.
    matrix = np.diag([1.0, 1.0, 2.0, 2.0, 4.0])
    ends = lanczos.lanczos(lambda u: matrix @ u, np.ones(5), 1e-12, 5)
    np.testing.assert_allclose(ends[:2], [1.0, 4.0])
    assert ends.converged
