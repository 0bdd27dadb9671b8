"""Dense float64 NumPy oracles: games with closed-form fields and Jacobians, and steps by hand."""

import keras
import numpy as np
import tensorflow as tf


class SineGame:
    """n players on one x = (x₁ … xₙ), each with a quadratic and a wave over the rows of a batch B.

    lossᵢ(x; B) = ½ xᵀQᵢx + cᵢᵀx + aᵢ · mean_k sin(b_k·x + pᵢ)
    """

    def __init__(self, sizes, seed=0, wave=1.0):
        rng = np.random.default_rng(seed)
        n, d = len(sizes), sum(sizes)
        self.sizes = list(sizes)
        self.q = rng.normal(size=(n, d, d))
        self.q = (self.q + self.q.transpose(0, 2, 1)) / 2
        self.c = rng.normal(size=(n, d))
        self.a = wave * rng.normal(size=n)
        self.p = rng.normal(size=n)
        self.batch = rng.normal(size=(8, d))
        self.x = rng.normal(size=d)

    @property
    def parts(self):
        stops = np.cumsum(self.sizes)
        return [slice(stop - size, stop) for stop, size in zip(stops, self.sizes, strict=True)]

    def losses(self, x, batch=None):
        batch = self.batch if batch is None else batch
        return np.array(
            [
                x @ q @ x / 2 + c @ x + a * np.sin(batch @ x + p).mean()
                for q, c, a, p in zip(self.q, self.c, self.a, self.p, strict=True)
            ]
        )

    def field(self, x, batch=None):
        batch = self.batch if batch is None else batch
        v = np.empty_like(x)
        for i, part in enumerate(self.parts):
            wave = (np.cos(batch @ x + self.p[i])[:, None] * batch).mean(0)
            v[part] = -(self.q[i] @ x + self.c[i] + self.a[i] * wave)[part]
        return v

    def jacobian(self, x, batch=None):
        batch = self.batch if batch is None else batch
        jacobian = np.empty((len(x), len(x)))
        for i, part in enumerate(self.parts):
            wave = -(batch.T * np.sin(batch @ x + self.p[i])) @ batch / len(batch)
            jacobian[part] = -(self.q[i] + self.a[i] * wave)[part]
        return jacobian

    def players(self, dtype="float64"):
        """A keras.Variable of shape (size - 1, 1) and a scalar tf.Variable a player."""
        players = []
        for part in self.parts:
            head, last = self.x[part][:-1], self.x[part][-1]
            player = [keras.Variable(head[:, None], dtype=dtype)] if len(head) else []
            players.append([*player, tf.Variable(last, dtype=dtype)])
        return players

    def tf_losses(self, players):
        """The losses as a function of a batch, in TensorFlow on these variables."""
        variables = tf.nest.flatten(players)
        stops = np.cumsum([int(np.prod(v.shape)) for v in variables])
        columns = np.split(np.eye(len(self.x)), stops[:-1], axis=1)

        def losses(batch):
            # A sum in place of tf.concat, whose forward products XLA does not always have.
            x = tf.add_n(
                [
                    tf.linalg.matvec(tf.cast(e, v.dtype), tf.reshape(v, [-1]))
                    for e, v in zip(columns, variables, strict=True)
                ]
            )
            result = []
            for q, c, a, p in zip(self.q, self.c, self.a, self.p, strict=True):
                q, c, a, p = (tf.cast(t, x.dtype) for t in (q, c, a, p))
                wave = tf.reduce_mean(tf.sin(tf.linalg.matvec(batch, x) + p))
                result.append(tf.tensordot(x, tf.linalg.matvec(q, x) / 2 + c, 1) + a * wave)
            return result

        return losses


def bilinear():
    """min over x, max over y of xᵀAy: the field only rotates."""
    game = SineGame([3, 3], seed=1, wave=0.0)
    a = np.random.default_rng(2).normal(size=(3, 3))
    zero = np.zeros((3, 3))
    game.q = np.stack([np.block([[zero, a], [a.T, zero]]), np.block([[zero, -a], [-a.T, zero]])])
    game.c[:] = 0
    return game


def zero_sum():
    """A random quadratic with lossᴅ = -lossɢ."""
    game = SineGame([3, 2], seed=3, wave=0.0)
    game.q[1], game.c[1] = -game.q[0], -game.c[0]
    return game


PROBLEMS = {
    "bilinear": bilinear,
    "zero_sum": zero_sum,
    "general_sum": lambda: SineGame([3, 2], seed=4, wave=0.0),
    "waves": lambda: SineGame([3, 2], seed=5),
    "three_players": lambda: SineGame([3, 2, 1], seed=6),
}


def central_jacobian(field, x, h=1e-5):
    """The derivative of a vector- or scalar-valued function, by central differences."""
    steps = h * np.eye(len(x))
    return np.stack([(field(x + e) - field(x - e)) / (2 * h) for e in steps], axis=-1)


def simultaneous(game, x, batch=None):
    """The direction w = v."""
    return game.field(x, batch)


def consensus(game, x, batch=None, gamma=0.7):
    """The direction w = v - γ v'ᵀv."""
    v = game.field(x, batch)
    return v - gamma * game.jacobian(x, batch).T @ v


def smoothing(game, x, batch=None, gamma=0.7):
    """The direction w_G = v_G, w_D = v_D - γ ∇_D ½‖v_G‖²; D is every player but the first."""
    v, g = game.field(x, batch), game.parts[0]
    w = v - gamma * game.jacobian(x, batch)[g].T @ v[g]
    w[g] = v[g]
    return w


def cross_term(game, x, batch=None, gamma=0.7):
    """The direction w_i = v_i - γ ∇_i ½ Σ_{j≠i} ‖v_j‖²."""
    v, jacobian = game.field(x, batch), game.jacobian(x, batch)
    w = v.copy()
    for part in game.parts:
        others = v.copy()
        others[part] = 0
        w[part] -= gamma * (jacobian.T @ others)[part]
    return w


def clipped(game, x, batch=None, clip_norm=0.8):
    """The direction v, each player's part no longer than `clip_norm`."""
    v = game.field(x, batch)
    for part in game.parts:
        v[part] *= min(1.0, clip_norm / np.linalg.norm(v[part]))
    return v


def alternating_step(game, x, h_g, h_d, k=1, m=1, batch=None):
    """The point after k discriminator moves, then m generator moves."""
    x, (g, d) = x.copy(), game.parts
    for _ in range(k):
        x[d] += h_d * game.field(x, batch)[d]
    for _ in range(m):
        x[g] += h_g * game.field(x, batch)[g]
    return x


def warm_average(points, beta):
    """The average of points whose decay after t steps is min(β, (1 + t)/(10 + t))."""
    average = points[0]
    for t, point in enumerate(points[1:], 1):
        decay = min(beta, (1 + t) / (10 + t))
        average = decay * average + (1 - decay) * point
    return average


def flat(tensors):
    """One float64 array of all entries of a list of tensors or variables, or of lists of them."""
    return np.concatenate([np.ravel(np.asarray(t, np.float64)) for t in tf.nest.flatten(tensors)])


MODES = {
    "eager": lambda f: f,
    "graph": lambda f: tf.function(f, autograph=False),
    "xla": lambda f: tf.function(f, autograph=False, jit_compile=True),
}
