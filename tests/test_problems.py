"""The small games' closed forms against autodiff, quadrature and known eigenvalues."""

import doctest

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.integrate import quad
from scipy.special import expit

from tf_consensus import (
    AlternatingOptimizer,
    ConsensusOptimizer,
    Game,
    SimultaneousOptimizer,
    problems,
)
from tf_consensus.problems import Bilinear, DiracGAN, Quadratic, bilinear, dirac_gan, quadratic

TOLERANCE = {"rtol": 1e-10, "atol": 1e-10}
VARIANTS = (
    "gan",
    "nsgan",
    "wgan",
    "wgan_gp",
    "instance_noise",
    "gradient_penalty",
    "consensus",
    "nsgan_gradient_penalty",
)
POINTS = [(1.0, 1.0), (-0.7, 1.9), (2.0, -0.3), (-1.3, -1.1)]
each_variant = pytest.mark.parametrize("variant", VARIANTS)

PROBLEMS = {
    "bilinear": Bilinear(2.0),
    "bilinear-matrix": Bilinear(np.arange(6.0).reshape(2, 3) - 1.5),
    "zero-sum": Quadratic((2, 3), zero_sum=True, modulus=0.5, seed=1),
    "zero-sum-merely": Quadratic((3, 1), zero_sum=True, modulus=0.0, seed=2),
    "general-sum": Quadratic((2, 3), modulus=0.5, seed=3),
    "general-sum-merely": Quadratic((2, 2), modulus=0.0, seed=4),
    "three-players": Quadratic((1, 2, 3), seed=5),
    "one-player": Quadratic((3,), seed=6),
}
each_problem = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS.keys())


def flat(parts):
    return np.concatenate([np.ravel(part) for part in parts])


def autodiff(game):
    """Losses, v and the dense v' of a small game, rows by pullbacks of unit vectors."""
    lin = game.linearize()
    shapes = [x.shape for x in game.variables]
    cuts = np.cumsum([int(np.prod(s)) for s in shapes])
    rows = []
    for unit in np.eye(cuts[-1]):
        parts = np.split(unit, cuts[:-1])
        rows.append(flat(lin.vjp([tf.reshape(p, s) for p, s in zip(parts, shapes, strict=True)])))
    return [float(loss) for loss in lin.losses], flat(lin.v), np.array(rows)


def consensus_autodiff(game, gamma):
    """The field w = v - γ v'ᵀv and its Jacobian by a third derivative."""
    x = [v.value if isinstance(v, keras.Variable) else v for v in game.variables]
    with tf.GradientTape(persistent=True) as tape:
        lin = game.linearize()
        pulled = lin.vjp(lin.v)
        w = [v - gamma * p for v, p in zip(lin.v, pulled, strict=True)]
    rows = [tape.gradient(part, x) for part in w]
    return flat(w), np.array(rows)


@each_variant
@pytest.mark.parametrize("point", POINTS)
def test_dirac_gan_matches_autodiff(variant, point):
    problem = DiracGAN(variant)
    game = problem.game(*point)
    v, jacobian = autodiff(game)[1:]
    if variant == "consensus":
        v, jacobian = consensus_autodiff(game, problem.options["gamma"])
    np.testing.assert_allclose(flat(problem.vector_field(*point)), v, **TOLERANCE)
    np.testing.assert_allclose(problem.jacobian(*point), jacobian, **TOLERANCE)


@each_problem
def test_linear_problems_match_autodiff(problem):
    rng = np.random.default_rng(0)
    point = [rng.standard_normal(shape) for shape in problem.shapes]
    losses, v, jacobian = autodiff(problem.game(*point))
    np.testing.assert_allclose(flat(problem.vector_field(*point)), v, **TOLERANCE)
    np.testing.assert_allclose(problem.jacobian(*point), jacobian, **TOLERANCE)
    np.testing.assert_allclose(flat(problem.vector_field(*problem.equilibrium)), 0.0, **TOLERANCE)
    if problem.zero_sum:
        assert losses[0] == -losses[1]


@pytest.mark.parametrize("variant", ["gan", "nsgan"])
def test_plain_dirac_gan_rotates_about_its_equilibrium(variant):
    eigenvalues = np.linalg.eigvals(DiracGAN(variant).jacobian(0.0, 0.0))
    np.testing.assert_allclose(np.sort_complex(eigenvalues), [-0.5j, 0.5j], **TOLERANCE)


@pytest.mark.parametrize("variant", ["gradient_penalty", "nsgan_gradient_penalty"])
@pytest.mark.parametrize("gamma", [0.0, 0.3, 0.9, 1.5])
def test_penalty_moves_the_eigenvalues(variant, gamma):
    problem = DiracGAN(variant, gamma=gamma)
    eigenvalues = np.linalg.eigvals(problem.jacobian(*problem.equilibrium))
    root = np.sqrt(complex(gamma**2 / 4 - 0.25))
    expected = np.sort_complex([-gamma / 2 - root, -gamma / 2 + root])
    np.testing.assert_allclose(np.sort_complex(eigenvalues), expected, **TOLERANCE)


def test_other_eigenvalues_at_the_equilibrium():
    # Worked by hand: -γ/4 ± i/2 for consensus, -s²/4 ± sqrt(s⁴/16 - ¼) for instance noise.
    eigenvalues = np.linalg.eigvals(DiracGAN("consensus", gamma=2.0).jacobian(0.0, 0.0))
    np.testing.assert_allclose(np.sort_complex(eigenvalues), [-0.5 - 0.5j, -0.5 + 0.5j])
    eigenvalues = np.linalg.eigvals(DiracGAN("instance_noise", stddev=0.7).jacobian(0.0, 0.0))
    root = np.sqrt(complex(0.7**4 / 16 - 0.25))
    np.testing.assert_allclose(
        np.sort_complex(eigenvalues), [-0.1225 - root, -0.1225 + root], **TOLERANCE
    )


def test_consensus_field_worked_by_hand():
    # At (1, 1): f' = σ(-1) = s, f'' = -s(1 - s), so ∇L = (s² - 2s²(1 - s)) (1, 1).
    s = expit(-1.0)
    gradient = s**2 - 2 * s**2 * (1 - s)
    field = DiracGAN("consensus", gamma=3.0).vector_field(1.0, 1.0)
    np.testing.assert_allclose(field, [-s - 3 * gradient, s - 3 * gradient], **TOLERANCE)


def test_consensus_plays_the_plain_game():
    plain, consensus = (DiracGAN(name).game(0.4, -1.2) for name in ("gan", "consensus"))
    assert autodiff(plain)[:1] == autodiff(consensus)[:1]


@pytest.mark.parametrize("point", [*POINTS, (2.0, 2.0), (0.0, 0.0)])
def test_instance_noise_is_the_expectation(point):
    theta, psi = point
    s = 0.7

    def expected(integrand):
        def weighted(e):
            return integrand(e) * np.exp(-((e / s) ** 2) / 2) / (s * np.sqrt(2 * np.pi))

        return quad(weighted, -12 * s, 12 * s, epsabs=1e-13, epsrel=1e-13, limit=200)[0]

    v_theta = expected(lambda e: -psi * expit(-psi * (theta + e)))
    v_psi = expected(lambda e: (theta + e) * expit(-psi * (theta + e)) - e * expit(psi * e))
    field = DiracGAN("instance_noise", stddev=s).vector_field(theta, psi)
    np.testing.assert_allclose(field, [v_theta, v_psi], rtol=1e-11, atol=1e-11)


def test_noise_free_instance_noise_is_the_plain_game():
    noiseless, plain = DiracGAN("instance_noise", stddev=0.0), DiracGAN("gan")
    np.testing.assert_allclose(noiseless.jacobian(0.3, 0.8), plain.jacobian(0.3, 0.8), **TOLERANCE)


def test_wgan_gp_has_the_posters_penalty():
    """Its code takes half of γ (|ψ| - g)²."""
    theta, psi, gamma, target = 0.5, -1.7, 0.7, 1.0
    problem = DiracGAN("wgan_gp")
    assert problem.options == {"gamma": gamma, "target": target}
    expected = [-psi, theta - gamma * np.sign(psi) * (abs(psi) - target)]
    np.testing.assert_allclose(problem.vector_field(theta, psi), expected, **TOLERANCE)
    loss = float(problem.game(theta, psi).linearize().losses[1])
    assert loss == pytest.approx(gamma / 2 * (abs(psi) - target) ** 2 - theta * psi)


def test_wgan_gp_at_the_kink():
    problem = DiracGAN("wgan_gp")
    np.testing.assert_array_equal(problem.vector_field(0.5, 0.0), [0.0, 0.5])
    np.testing.assert_array_equal(autodiff(problem.game(0.5, 0.0))[1], [0.0, 0.5])
    with pytest.raises(ValueError, match=r"jumps at psi = 0.*Received: psi=0.0, target=1.0.*set"):
        problem.jacobian(0.5, 0.0)
    smooth = DiracGAN("wgan_gp", target=0.0)
    expected = autodiff(smooth.game(0.5, 0.0))[2]
    np.testing.assert_allclose(smooth.jacobian(0.5, 0.0), expected, **TOLERANCE)


@each_variant
def test_fields_are_vectorised(variant):
    problem = DiracGAN(variant)
    theta, psi = np.linspace(-2, 2, 4), np.array([[-1.0], [0.5], [2.0]])
    field, jacobian = np.array(problem.vector_field(theta, psi)), problem.jacobian(theta, psi)
    assert field.shape == (2, 3, 4)
    assert jacobian.shape == (3, 4, 2, 2)
    np.testing.assert_allclose(field[:, 2, 1], problem.vector_field(theta[1], 2.0))
    np.testing.assert_allclose(jacobian[2, 1], problem.jacobian(theta[1], 2.0))


def test_linear_fields_are_vectorised():
    problem = Quadratic((2, 3), seed=0)
    theta, psi = np.ones((5, 1, 2)), np.arange(12.0).reshape(4, 3)
    fields = problem.vector_field(theta, psi)
    assert [part.shape for part in fields] == [(5, 4, 2), (5, 4, 3)]
    one = problem.vector_field(theta[0, 0], psi[2])
    np.testing.assert_allclose(fields[1][3, 2], one[1])
    grid = np.meshgrid(np.linspace(-2, 2, 3), np.linspace(-2, 2, 4))
    np.testing.assert_allclose(Bilinear().vector_field(*grid), [-grid[1], grid[0]])


@pytest.mark.parametrize(
    "make_optimizer",
    [
        lambda: SimultaneousOptimizer("sgd", learning_rate=0.2),
        lambda: ConsensusOptimizer("sgd", learning_rate=0.2, gamma=0.1),
        lambda: SimultaneousOptimizer("adam", learning_rate=0.2),
        lambda: AlternatingOptimizer(
            keras.optimizers.SGD(0.2), keras.optimizers.SGD(0.2), discriminator_steps=5
        ),
    ],
)
@pytest.mark.parametrize("compiled", [False, True])
def test_wgan_is_clipped_after_each_update(make_optimizer, compiled):
    problem = DiracGAN("wgan", clip=0.5)
    game, optimizer = problem.game(1.0, 0.4), make_optimizer()
    optimizer.build(game.variables)
    step = tf.function(lambda: optimizer.step(game).losses) if compiled else None
    for _ in range(3):
        step() if compiled else optimizer.step(game)
    assert float(game.variables[1]) == 0.5


def test_variables_are_used_themselves():
    theta, psi = keras.Variable(1.0, dtype="float32"), tf.Variable(2.0)
    game = DiracGAN("instance_noise").game(theta, psi)
    assert game.variables == [theta, psi]
    assert game.linearize().v[0].dtype == tf.float32
    assert DiracGAN().game(1, 2).variables[0].dtype == tf.float64
    problem = DiracGAN("wgan")
    constrained = tf.Variable(0.0, constraint=problem.constraints[1])
    assert problem.game(0.0, constrained).variables[1] is constrained
    assert isinstance(game, Game)


def test_quadratic_is_monotone_as_said():
    for modulus in (0.0, 0.5):
        for zero_sum in (False, True):
            a = Quadratic((3, 2), zero_sum, modulus, seed=7).jacobian()
            top = np.linalg.eigvalsh((a + a.T) / 2)[-1]
            np.testing.assert_allclose(top, -modulus, atol=1e-12)
    a, b, c = (Quadratic(seed=s).jacobian() for s in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)
    assert not np.array_equal(Quadratic().jacobian(), Quadratic().jacobian())


def test_bilinear_eigenvalues():
    m = np.array([[3.0, 0.0], [0.0, 1.0]])
    eigenvalues = np.linalg.eigvals(Bilinear(m).jacobian())
    np.testing.assert_allclose(np.sort(eigenvalues.imag), [-3, -1, 1, 3], atol=1e-12)
    np.testing.assert_allclose(eigenvalues.real, 0.0, atol=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: DiracGAN("gann"),
            r"Unknown variant.*Received: variant='gann'.*'consensus', 'gan'",
        ),
        (lambda: DiracGAN("gan", gamma=1.0), r"takes no options. Received: gamma=1.0. Leave"),
        (lambda: DiracGAN("wgan_gp", clip=1.0), r"takes \['gamma', 'target'\]. Received: clip=1.0"),
        (lambda: DiracGAN("consensus", gamma=-1.0), r"not negative. Received: gamma=-1.0. Pass"),
        (lambda: DiracGAN("wgan", clip=0), r"`clip` must be finite and positive. Received: clip=0"),
        (lambda: DiracGAN("instance_noise", stddev=np.nan), r"Received: stddev=nan"),
        (lambda: DiracGAN().game(1.0), r"has 2 players. Received: parameters for 1. Pass one"),
        (lambda: DiracGAN().game(1.0, [1.0]), r"shape \(\). Received: shape \(1,\). Reshape"),
        (
            lambda: DiracGAN("wgan").game(1.0, tf.Variable(1.0)),
            r"projected after each update.*Received: a variable without constraint.*constraint=",
        ),
        (lambda: Bilinear([1.0]), r"rank 2. Received: matrix=\[1.0\]. Pass for example"),
        (lambda: Quadratic((2, 0)), r"positive number of parameters. Received: .*\(2, 0\). Pass"),
        (
            lambda: Quadratic((1, 2, 3), zero_sum=True),
            r"two players here. Received: .* or zero_sum",
        ),
        (
            lambda: Quadratic(modulus=-1),
            r"`modulus` must be finite and not negative. Received: modulus",
        ),
        (lambda: Quadratic(seed=0).vector_field([0.0, 0.0]), r"2 players. Received: .* for 1"),
    ],
)
def test_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("module", [bilinear, dirac_gan, quadratic])
def test_examples(module):
    results = doctest.testmod(module)
    assert results.attempted
    assert not results.failed


def test_public_names():
    assert set(problems.__all__) == {"Bilinear", "DiracGAN", "Problem", "Quadratic"}
