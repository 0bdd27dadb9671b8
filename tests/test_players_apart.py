"""Two optimizers, one a network, as in Keras' GAN examples: refused, where another method."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_consensus as tfc

REAL = np.random.default_rng(0).normal(size=(16, 2)).astype("float32") + 1
BCE = keras.losses.BinaryCrossentropy(from_logits=True)


def net(inputs, outputs):
    dense = keras.layers.Dense
    return keras.Sequential([keras.Input((inputs,)), dense(4, activation="tanh"), dense(outputs)])


def consensus():
    return tfc.ConsensusOptimizer(keras.optimizers.Adam(1e-3), gamma=1.0)


class KerasGAN(keras.Model):
    """The train_step of Keras' DCGAN example, with what its relatives vary."""

    def __init__(self, noise=True, steps=1, penalty=False, one_tape=False, generator_first=False):
        super().__init__()
        self.generator, self.discriminator = net(3, 2), net(2, 1)
        self.options = noise, steps, penalty, one_tape, generator_first
        self.seed = keras.random.SeedGenerator(1)
        self.built = True

    def compile(self, d_optimizer, g_optimizer, **options):
        super().compile(**options)
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer

    def latents(self, real):
        return keras.random.normal((real.shape[0] or tf.shape(real)[0], 3), seed=self.seed)

    def d_loss(self, real):
        noise, _, penalty, *_ = self.options
        fake = self.generator(self.latents(real))
        logits = self.discriminator(tf.concat([fake, real], 0))
        labels = tf.concat([tf.ones_like(logits[:8]), tf.zeros_like(logits[:8])], 0)
        if noise:
            labels += 0.05 * tf.random.uniform(tf.shape(labels))
        loss = BCE(labels, logits)
        if penalty:
            with tf.GradientTape() as tape:
                tape.watch(real)
                between = self.discriminator(0.5 * (real + fake))
            loss += tf.reduce_mean(tape.gradient(between, real) ** 2)
        return loss

    def g_loss(self, real):
        logits = self.discriminator(self.generator(self.latents(real)))
        return BCE(tf.zeros_like(logits), logits)

    def update(self, optimizer, network, loss, real):
        with tf.GradientTape() as tape:
            value = loss(real)
        x = network.trainable_weights
        grads = tape.gradient(value, x)
        optimizer.apply_gradients(zip(grads, x, strict=True))

    def both(self, real):
        with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
            losses = self.d_loss(real), self.g_loss(real)
        d, g = self.discriminator.trainable_weights, self.generator.trainable_weights
        grads = d_tape.gradient(losses[0], d), g_tape.gradient(losses[1], g)
        self.g_optimizer.apply_gradients(zip(grads[1], g, strict=True))
        self.d_optimizer.apply(grads[0], d)

    def train_step(self, real):
        _, steps, _, one_tape, generator_first = self.options
        if one_tape:
            self.both(real)
            return {"loss": tf.constant(0.0)}
        turns = [(self.d_optimizer, self.discriminator, self.d_loss)] * steps
        turns.append((self.g_optimizer, self.generator, self.g_loss))
        for turn in reversed(turns) if generator_first else turns:
            self.update(*turn, real)
        return {"loss": tf.constant(0.0)}


VARIANTS = {
    "keras_example": {},
    "no_noise": {"noise": False},
    "wgan_gp": {"steps": 3, "penalty": True},
    "two_steps": {"steps": 2},
    "one_tape": {"one_tape": True},
    "generator_first": {"generator_first": True},
}
PAIRS = {
    "consensus": (consensus, consensus),
    "symplectic": (tfc.SymplecticOptimizer, tfc.SymplecticOptimizer),
    "consensus_symplectic": (consensus, tfc.SymplecticOptimizer),
    "lookahead": (lambda: tfc.LookaheadOptimizer(consensus()), consensus),
    "simultaneous_first": (tfc.SimultaneousOptimizer, consensus),
    "simultaneous_second": (consensus, tfc.SimultaneousOptimizer),
    "plain_first": (lambda: keras.optimizers.Adam(1e-3), consensus),
    "plain_sgd_first": (lambda: keras.optimizers.SGD(1e-3), consensus),
    "plain_second": (consensus, lambda: keras.optimizers.Adam(1e-3)),
    "plain_sgd_second": (consensus, lambda: keras.optimizers.SGD(1e-3)),
    "plain_rmsprop_first": (lambda: keras.optimizers.RMSprop(1e-3, momentum=0.5), consensus),
}
REFUSED = r"(?s)one optimizer.*Received: '.*' \(.*whose gradients depend on each.*to ONE `apply_g"


def fit(model, pair, **options):
    model.compile(*(make() for make in pair), **{"jit_compile": False, **options})
    model.fit(REAL, batch_size=8, epochs=1, verbose=0)


@pytest.mark.parametrize(
    ("variant", "pair", "options"),
    [(variant, "consensus", {}) for variant in VARIANTS]
    + [("keras_example", pair, {}) for pair in PAIRS if pair != "consensus"]
    + [
        ("keras_example", "consensus", {"jit_compile": True}),
        ("no_noise", "consensus", {"steps_per_execution": 2}),
        ("no_noise", "plain_first", {"jit_compile": True, "steps_per_execution": 2}),
        ("no_noise", "plain_second", {"jit_compile": True, "steps_per_execution": 2}),
        ("two_steps", "plain_second", {}),
        ("one_tape", "plain_second", {}),
        ("wgan_gp", "plain_first", {}),
    ],
)
def test_a_train_step_with_two_optimizers(variant, pair, options):
    with pytest.raises(ValueError, match=REFUSED):
        fit(KerasGAN(**VARIANTS[variant]), PAIRS[pair], **options)


@pytest.mark.parametrize(
    "pair",
    [
        (lambda: tfc.ConsensusOptimizer(gamma=0.0),) * 2,
        (tfc.SimultaneousOptimizer,) * 2,
        (tfc.OptimisticOptimizer,) * 2,
        (lambda: "adam", tfc.SimultaneousOptimizer),
    ],
)
def test_methods_without_a_second_derivative_may_be_apart(pair):
    pair = [lambda make=make: keras.optimizers.get(make()) for make in pair]
    fit(KerasGAN(), pair)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("functions", [1, 2])
def test_a_loop_of_ones_own(functions, jit_compile):
    model, optimizers = KerasGAN(noise=False), [consensus(), consensus()]
    networks = model.discriminator, model.generator
    losses = model.d_loss, model.g_loss
    for optimizer, network in zip(optimizers, networks, strict=True):
        optimizer.build(network.trainable_weights)

    def turn(index, real):
        model.update(optimizers[index], networks[index], losses[index], real)

    if functions == 1:
        step = tf.function(lambda x: [turn(i, x) for i in (0, 1)] and None, jit_compile=jit_compile)
    else:
        each = [
            tf.function(lambda x, i=i: turn(i, x), jit_compile=jit_compile, autograph=False)
            for i in (0, 1)
        ]

        def step(x):
            for function in each:
                function(x)

    with pytest.raises(ValueError, match=REFUSED):
        step(tf.constant(REAL[:8]))


@pytest.mark.parametrize("pair", ["consensus", "plain_first", "plain_second"])
def test_on_two_replicas(pair, two_replicas):
    with two_replicas.scope():
        model = KerasGAN(noise=False)
        model.compile(*(make() for make in PAIRS[pair]), jit_compile=False)
    with pytest.raises(ValueError, match=REFUSED):
        model.fit(REAL, batch_size=16, verbose=0)


@pytest.mark.parametrize("first", ["discriminator", "both"])
def test_one_optimizer_called_twice(first):
    optimizer, model = consensus(), KerasGAN()
    if first == "both":
        optimizer.build(model.trainable_variables)
    with pytest.raises(ValueError, match=r"all players in one call.*one `apply_gradients`"):
        fit(model, [lambda: optimizer] * 2)


# --- no false alarm ------------------------------------------------------------------------------


def step(model, loss, optimizer, variables, *data):
    """One update by itself in a function of its own."""

    @tf.function(autograph=False)
    def function(*data):
        with tf.GradientTape() as tape:
            value = loss(*data)
        optimizer.apply(tape.gradient(value, variables), variables)

    function(*map(tf.constant, data))


def squares(network):
    return lambda x: tf.reduce_mean(network(x) ** 2)


def test_two_models_in_one_process():
    for _ in range(2):
        model = keras.Sequential([net(2, 3), net(3, 1)])
        model.compile(consensus(), loss="mse", jit_compile=False)
        model.fit(REAL, REAL[:, :1], verbose=0)


def test_two_models_in_one_step():
    first, second = net(2, 1), net(2, 1)
    optimizers = consensus(), consensus()

    @tf.function(autograph=False)
    def function(x):
        for network, optimizer in zip((first, second), optimizers, strict=True):
            with tf.GradientTape() as tape:
                loss = squares(network)(x)
            variables = network.trainable_variables
            optimizer.apply(tape.gradient(loss, variables), variables)

    function(tf.constant(REAL))


@pytest.mark.parametrize("probe_first", [False, True])
@pytest.mark.parametrize("other", [consensus, lambda: keras.optimizers.Adam(1e-3)])
def test_a_probe_on_features_that_are_trained_by_themselves(other, probe_first):
    """Its gradients depend on the features; theirs not on the probe."""
    features, probe = net(2, 3), net(3, 1)
    optimizers = other(), consensus()

    @tf.function(autograph=False)
    def function(x):
        turns = [
            (features, lambda: x, optimizers[0]),
            (probe, lambda: features(x), optimizers[1]),
        ]
        for network, inputs, optimizer in reversed(turns) if probe_first else turns:
            variables = network.trainable_variables
            with tf.GradientTape() as tape:
                loss = squares(network)(inputs())
            optimizer.apply(tape.gradient(loss, variables), variables)

    function(tf.constant(REAL))


def test_a_head_first_and_then_the_base_under_a_frozen_head():
    base, head = net(2, 3), net(3, 1)
    model = keras.Sequential([base, head])
    optimizers = []
    for trained, frozen in ((head, base), (base, head)):
        trained.trainable, frozen.trainable = True, False
        optimizers.append(consensus())
        step(model, squares(model), optimizers[-1], trained.trainable_variables, REAL)
        assert len(optimizers[-1].variables) > 4


@pytest.mark.parametrize("counter", ["assign_add", "assign"])
def test_what_else_a_step_assigns(counter):
    """Counters, a target network and moving averages are no players."""
    online, target = net(2, 1), net(2, 1)
    weight = tf.Variable(0.5)
    normalized = keras.Sequential([keras.Input((2,)), keras.layers.BatchNormalization(), online])
    optimizer = consensus()

    @tf.function(autograph=False)
    def function(x):
        getattr(weight, counter)(0.25)
        variables = normalized.trainable_variables
        with tf.GradientTape() as tape:
            error = normalized(x, training=True) - tf.stop_gradient(target(x))
            loss = weight * tf.reduce_mean(error**2)
        optimizer.apply(tape.gradient(loss, variables), variables)
        for slow, fast in zip(target.variables, online.variables, strict=True):
            slow.assign(0.9 * slow + 0.1 * fast)

    function(tf.constant(REAL))


def test_all_players_in_one_call_and_a_new_optimizer_for_the_same_model():
    class Together(KerasGAN):
        def train_step(self, real):
            with tf.GradientTape(persistent=True) as tape:
                losses = self.g_loss(real), self.d_loss(real)
            networks = self.generator, self.discriminator
            parts = [network.trainable_weights for network in networks]
            pairs = zip(losses, parts, strict=True)
            grads = [g for loss, x in pairs for g in tape.gradient(loss, x)]
            self.d_optimizer.apply(grads, parts[0] + parts[1])
            return {"loss": losses[0]}

    model = Together(noise=False)
    for _ in range(2):
        fit(model, [consensus, consensus])
        assert int(model.d_optimizer.iterations) == 2


def test_optimizers_that_are_gone_count_no_more():
    model = KerasGAN(noise=False)
    for network, loss in ((model.discriminator, model.d_loss), (model.generator, model.g_loss)):
        step(model, loss, consensus(), network.trainable_weights, REAL[:8])


def test_networks_of_a_refused_pair_train_with_one_that_is_allowed():
    model, refused = KerasGAN(noise=False), [consensus(), consensus()]
    with pytest.raises(ValueError, match="All players of a game go to one optimizer"):
        fit(model, [lambda: refused[0], lambda: refused[1]])
    fit(model, [lambda: tfc.SimultaneousOptimizer("sgd")] * 2)


def test_a_running_mean_that_is_no_player_says_how():
    model, centre = net(2, 1), tf.Variable(0.0)
    optimizer = consensus()

    @tf.function(autograph=False)
    def function(x):
        variables = model.trainable_variables
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x) - centre) ** 2)
        optimizer.apply(tape.gradient(loss, variables), variables)
        centre.assign_add(0.1 * (tf.reduce_mean(model(x)) - centre))

    with pytest.raises(ValueError, match=r"another step for 1 .*of no player, trainable=False\.$"):
        function(tf.constant(REAL))
    centre = tf.Variable(0.0, trainable=False)
    optimizer = consensus()
    function = tf.function(function.python_function, autograph=False)
    function(tf.constant(REAL))
