"""Rows for activations, losses and functions of TensorFlow that a network or a loss may hold."""

import keras
import tensorflow as tf

from tests.exact_table import BATCH, REFUSED, WRONG, Row

POSITIVE = lambda x: 1.5 + tf.sin(x)  # noqa: E731
UNIT = lambda x: 0.5 + 0.4 * tf.sin(x)  # noqa: E731


def rows(prefix, shape=(4,), **functions):
    """A row for each function of x."""
    return [Row(f"{prefix}{name}", lambda f=f: f, shape) for name, f in functions.items()]


NAMES = [
    *("celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu"),
    *("hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6"),
    *("selu", "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus"),
    *("sparse_sigmoid", "sparsemax", "squareplus", "tanh", "tanh_shrink"),
]
ACTIVATIONS = [
    Row(f"activations.{name}", lambda name=name: getattr(keras.activations, name), (6,))
    for name in NAMES
] + rows(
    "activations.",
    threshold=lambda x: keras.activations.threshold(x, 0.3, 0.1),
    **{
        "gelu (not approximate)": lambda x: keras.activations.gelu(x, approximate=False),
        "relu (negative_slope, max_value, threshold)": lambda x: keras.activations.relu(
            x, 0.1, 1.0, 0.2
        ),
    },
)


def target(x):
    """A constant distribution of x's shape."""
    return tf.nn.softmax(tf.reshape(tf.range(tf.size(x), dtype=x.dtype) % 3.0, tf.shape(x)))


def label(x):
    return tf.range(tf.shape(x)[0]) % x.shape[-1]


def binary(x):
    return tf.cast(target(x) > 0.2, x.dtype)


def of_targets(name, prediction, truth, **arguments):
    """A Keras loss as a function of the prediction, one value an example."""
    loss = getattr(keras.losses, name)
    return lambda x: loss(truth(x), prediction(x), **arguments)


LOSSES = [
    Row(f"losses.{name}", lambda name=name, how=how: of_targets(name, *how))
    for name, how in {
        "binary_crossentropy": (UNIT, binary),
        "binary_focal_crossentropy": (UNIT, binary),
        "categorical_crossentropy": (tf.nn.softmax, target),
        "categorical_focal_crossentropy": (tf.nn.softmax, target),
        "categorical_hinge": (tf.identity, binary),
        "cosine_similarity": (tf.identity, target),
        "hinge": (tf.identity, binary),
        "huber": (tf.identity, target),
        "kl_divergence": (tf.nn.softmax, target),
        "log_cosh": (tf.identity, target),
        "mean_absolute_error": (tf.identity, target),
        "mean_squared_error": (tf.identity, target),
        "mean_squared_logarithmic_error": (POSITIVE, target),
        "poisson": (POSITIVE, target),
        "sparse_categorical_crossentropy": (tf.nn.softmax, label),
        "squared_hinge": (tf.identity, binary),
    }.items()
]


LOGITS = [
    Row(
        f"losses.{name} (from_logits)",
        lambda name=name, how=how: of_targets(name, tf.identity, how, from_logits=True),
    )
    for name, how in {
        "binary_crossentropy": binary,
        "binary_focal_crossentropy": binary,
        "categorical_crossentropy": target,
        "categorical_focal_crossentropy": target,
        "sparse_categorical_crossentropy": label,
    }.items()
]


def ctc(x):
    """Two labels in four frames."""
    return keras.losses.ctc(tf.constant([[1, 2]] * BATCH), x)


def circle(x):
    return keras.losses.circle(tf.range(BATCH) % 2, tf.linalg.l2_normalize(x, axis=1))


def of_batch(loss):
    """A loss of a whole batch, as a feature of every example."""
    return lambda x: tf.ones((BATCH, 1), x.dtype) * loss(binary(x), UNIT(x))


MORE_LOSSES = [
    *rows(
        "losses.",
        categorical_generalized_cross_entropy=lambda x: (
            keras.losses.categorical_generalized_cross_entropy(label(x), tf.nn.softmax(x), 0.5)
        ),
        mean_absolute_percentage_error=lambda x: (
            0.01 * keras.losses.mean_absolute_percentage_error(1.0 + target(x), x)
        ),
        dice=of_batch(keras.losses.dice),
        tversky=of_batch(keras.losses.tversky),
    ),
    Row(
        "losses.ctc",
        lambda: ctc,
        (4, 3),
        single=True,
        expected={"eager": WRONG, "graph": "SymbolicGradient"},
    ),
    Row("losses.circle", lambda: circle, expected=WRONG),
]
LOSS_OPS = rows(
    "tf.nn.",
    softplus=tf.nn.softplus,
    sigmoid_cross_entropy_with_logits=lambda x: tf.nn.sigmoid_cross_entropy_with_logits(
        binary(x), x
    ),
    weighted_cross_entropy_with_logits=lambda x: tf.nn.weighted_cross_entropy_with_logits(
        binary(x), x, 2.0
    ),
    softmax_cross_entropy_with_logits=lambda x: tf.nn.softmax_cross_entropy_with_logits(
        target(x), x
    ),
    sparse_softmax_cross_entropy_with_logits=(
        lambda x: tf.nn.sparse_softmax_cross_entropy_with_logits(label(x), x)
    ),
    log_poisson_loss=lambda x: tf.nn.log_poisson_loss(target(x), x),
    l2_loss=lambda x: tf.map_fn(tf.nn.l2_loss, x),
    l2_normalize=lambda x: tf.nn.l2_normalize(x, axis=1),
    weighted_moments=lambda x: tf.stack(tf.nn.weighted_moments(x, [1], target(x)), axis=1),
    crelu=tf.nn.crelu,
    elu=tf.nn.elu,
    gelu=tf.nn.gelu,
    leaky_relu=tf.nn.leaky_relu,
    relu=tf.nn.relu,
    relu6=tf.nn.relu6,
    selu=tf.nn.selu,
    silu=tf.nn.silu,
    softsign=tf.nn.softsign,
    log_softmax=tf.nn.log_softmax,
    bias_add=lambda x: tf.nn.bias_add(x * x, x[0]),
    top_k=lambda x: tf.nn.top_k(x, 2).values,
)


def segmented(function):
    """The halves of an example's features, reduced."""
    return lambda x: tf.reshape(function(tf.transpose(x * x), [0, 0, 1, 1]), (BATCH, 2))


MOMENTS = Row("tf.nn.moments", lambda: lambda x: tf.stack(tf.nn.moments(x, [1]), axis=1))
MATHS = rows(
    "tf.",
    reduce_logsumexp=lambda x: tf.reduce_logsumexp(x, axis=1),
    reduce_prod=lambda x: tf.reduce_prod(x, axis=1),
    reduce_max=lambda x: tf.reduce_max(x, axis=1),
    reduce_min=lambda x: tf.reduce_min(x, axis=1),
    norm=lambda x: tf.norm(x, axis=1),
    **{
        "norm (ord 1)": lambda x: tf.norm(x, ord=1, axis=1),
        "norm (ord inf)": lambda x: tf.norm(x, ord=float("inf"), axis=1),
        "norm (ord 3)": lambda x: tf.norm(x, ord=3, axis=1),
        "math.reduce_euclidean_norm": lambda x: tf.math.reduce_euclidean_norm(x, axis=1),
        "math.reduce_std": lambda x: tf.math.reduce_std(x, axis=1),
        "math.reduce_variance": lambda x: tf.math.reduce_variance(x, axis=1),
        "math.erf": tf.math.erf,
        "math.erfc": tf.math.erfc,
        "math.erfinv": lambda x: tf.math.erfinv(UNIT(x)),
        "math.ndtri": lambda x: tf.math.ndtri(UNIT(x)),
        "math.lgamma": lambda x: tf.math.lgamma(POSITIVE(x)),
        "math.digamma": lambda x: tf.math.digamma(POSITIVE(x)),
        "math.betainc": lambda x: tf.math.betainc(
            2.0 * tf.ones_like(x), 1.5 * tf.ones_like(x), UNIT(x)
        ),
        "math.bessel_i0": tf.math.bessel_i0,
        "math.bessel_i0e": tf.math.bessel_i0e,
        "math.bessel_i1": tf.math.bessel_i1,
        "math.bessel_i1e": tf.math.bessel_i1e,
        "math.special.expint": lambda x: tf.math.special.expint(POSITIVE(x)),
        "math.special.dawsn": tf.math.special.dawsn,
        "math.log1p": lambda x: tf.math.log1p(POSITIVE(x)),
        "math.expm1": tf.math.expm1,
        "math.xlogy": lambda x: tf.math.xlogy(x, POSITIVE(x)),
        "math.xlog1py": lambda x: tf.math.xlog1py(x, POSITIVE(x)),
        "math.divide_no_nan": lambda x: tf.math.divide_no_nan(x, POSITIVE(x)),
        "math.multiply_no_nan": lambda x: tf.math.multiply_no_nan(x, tf.cos(x)),
        "math.squared_difference": lambda x: tf.math.squared_difference(x, tf.sin(x)),
        "math.cumsum": lambda x: tf.math.cumsum(x, axis=1),
        "math.cumprod": lambda x: tf.math.cumprod(x, axis=1),
        "math.segment_sum": segmented(tf.math.segment_sum),
        "math.segment_mean": segmented(tf.math.segment_mean),
        "math.segment_max": segmented(tf.math.segment_max),
        "math.rsqrt": lambda x: tf.math.rsqrt(POSITIVE(x)),
        "sqrt": lambda x: tf.sqrt(POSITIVE(x)),
        "abs": tf.abs,
        "atan2": lambda x: tf.atan2(x, POSITIVE(x)),
        "pow": lambda x: tf.pow(POSITIVE(x), x),
        "clip_by_value": lambda x: tf.clip_by_value(x, -0.8, 0.8),
        "clip_by_norm": lambda x: tf.clip_by_norm(x, 0.9, axes=1),
        "where": lambda x: tf.where(x > 0.1, tf.sin(x), x * x),
        "sort": lambda x: tf.sort(x, axis=1),
        "gather": lambda x: tf.gather(x * x, [2, 0, 2], axis=1),
        "gather_nd": lambda x: tf.gather_nd(x * x, [[[0, 1]], [[2, 0]], [[0, 1]]]),
        "scatter_nd": lambda x: tf.scatter_nd([[0], [2], [0]], x * x, (3, 4)),
        "tensor_scatter_nd_update": lambda x: tf.tensor_scatter_nd_update(x, [[1]], tf.sin(x[:1])),
        "roll": lambda x: tf.roll(x, 1, axis=1),
        "reverse": lambda x: tf.reverse(x, [1]),
        "pad (reflect)": lambda x: tf.pad(x, [[0, 0], [1, 1]], "REFLECT"),
        "pad (symmetric)": lambda x: tf.pad(x, [[0, 0], [1, 1]], "SYMMETRIC"),
        "einsum": lambda x: tf.einsum("ab,cb->ac", x, x),
        "map_fn": lambda x: tf.map_fn(tf.sin, x),
        "scan": lambda x: tf.scan(lambda a, b: tf.sin(a) + b, x),
        "while_loop": lambda x: tf.while_loop(
            lambda i, y: i < 3, lambda i, y: (i + 1, tf.sin(y)), (0, x), maximum_iterations=3
        )[1],
        "cond": lambda x: tf.cond(tf.reduce_sum(x * x) > 0, lambda: tf.sin(x), lambda: x),
        "vectorized_map": lambda x: tf.vectorized_map(tf.sin, x),
    },
)
SQUARE = (3, 3)


def positive_definite(x):
    return x @ tf.transpose(x, (0, 2, 1)) + tf.eye(3, dtype=x.dtype)


def near_identity(x):
    return tf.eye(3, dtype=x.dtype) * 3 + 0.3 * x


def spread(x):
    """Keeps singular values apart."""
    return tf.linalg.diag(tf.constant([0.0, 2.0, 5.0], x.dtype))


LINALG = rows(
    "tf.linalg.",
    SQUARE,
    matmul=lambda x: x @ tf.sin(x),
    det=lambda x: 0.05 * tf.linalg.det(near_identity(x)),
    logdet=lambda x: tf.linalg.logdet(positive_definite(x)),
    slogdet=lambda x: tf.linalg.slogdet(near_identity(x))[1],
    inv=lambda x: tf.linalg.inv(near_identity(x)),
    pinv=lambda x: tf.linalg.pinv(near_identity(0.3 * x) + spread(x)),
    solve=lambda x: tf.linalg.solve(near_identity(x), tf.sin(x)),
    lstsq=lambda x: tf.linalg.lstsq(near_identity(x), tf.sin(x)),
    triangular_solve=lambda x: tf.linalg.triangular_solve(near_identity(x), tf.sin(x)),
    cholesky=lambda x: tf.linalg.cholesky(positive_definite(x)),
    cholesky_solve=lambda x: tf.linalg.cholesky_solve(
        tf.linalg.cholesky(positive_definite(x)), tf.sin(x)
    ),
    qr=lambda x: tf.linalg.qr(near_identity(x))[1],
    eigvalsh=lambda x: 0.2 * tf.linalg.eigvalsh(positive_definite(x)),
    eigh=lambda x: tf.square(tf.linalg.eigh(positive_definite(x))[1]),
    svd=lambda x: tf.linalg.svd(near_identity(x), compute_uv=False),
    norm=lambda x: tf.linalg.norm(x, axis=(1, 2)),
    trace=lambda x: tf.linalg.trace(x * x),
    expm=lambda x: tf.linalg.expm(x),
    sqrtm=lambda x: tf.linalg.sqrtm(positive_definite(x)),
    diag_part=lambda x: tf.linalg.diag_part(x * x),
    diag=lambda x: tf.linalg.diag(x * x),
    band_part=lambda x: tf.linalg.band_part(x * x, 1, 0),
    cross=lambda x: tf.linalg.cross(x, tf.sin(x)),
)
FOURIER = rows(
    "tf.signal.",
    rfft=lambda x: tf.math.real(tf.signal.rfft(x)) + tf.math.imag(tf.signal.rfft(x)),
    **{
        "rfft (absolute)": lambda x: tf.abs(tf.signal.rfft(x + 3.0)),
        "dct": tf.signal.dct,
        "fft2d": lambda x: tf.abs(tf.signal.fft2d(tf.cast(x, tf.complex128))),
    },
)


def resized(method, antialias, size):
    return lambda x: tf.image.resize(x, size, method, antialias=antialias)


METHODS = ["bilinear", "nearest", "bicubic", "area"]
METHODS += ["lanczos3", "lanczos5", "gaussian", "mitchellcubic"]
IMAGES = [
    Row(
        f"tf.image.resize ({method}{', antialias' * antialias}, {word})",
        lambda how=(method, antialias, size): resized(*how),
        (4, 4, 1),
        single=method != "nearest",
    )
    for method in METHODS
    for antialias in (False, True)
    for word, size in (("down", (3, 2)), ("up", (5, 7)))
]
COLOURS = [
    row._replace(single=True)
    for row in rows(
        "tf.image.",
        (4, 4, 3),
        rgb_to_grayscale=lambda x: tf.image.rgb_to_grayscale(x),
        adjust_contrast=lambda x: tf.image.adjust_contrast(x, 1.5),
        per_image_standardization=tf.image.per_image_standardization,
        crop_and_resize=lambda x: tf.image.crop_and_resize(
            x, [[0.1, 0.1, 0.8, 0.9]] * BATCH, tf.range(BATCH), (3, 3)
        ),
        **{
            "resize_nearest (v1)": lambda x: tf.compat.v1.image.resize_nearest_neighbor(x, (3, 6)),
            "resize_bicubic (v1)": lambda x: tf.compat.v1.image.resize_bicubic(x, (3, 6)),
        },
    )
] + rows(
    "tf.image.",
    (4, 4, 3),
    rgb_to_hsv=lambda x: tf.image.rgb_to_hsv(UNIT(x)),
    sobel_edges=tf.image.sobel_edges,
    extract_patches=lambda x: tf.image.extract_patches(
        x, [1, 2, 2, 1], [1, 1, 1, 1], [1, 1, 1, 1], "VALID"
    ),
)
BILINEAR = [
    Row(f"tf.image.{name}", lambda f=f: f, (4, 4, 1), single=True, expected=REFUSED)
    for name, f in {
        "resize_with_pad": lambda x: tf.image.resize_with_pad(x, 3, 6),
        "resize_bilinear (v1)": lambda x: tf.compat.v1.image.resize_bilinear(x, (3, 6)),
        "resize_bilinear (v1, align_corners)": lambda x: tf.compat.v1.image.resize_bilinear(
            x, (3, 6), align_corners=True
        ),
    }.items()
]
POOLS = [
    *rows(
        "tf.nn.",
        (4, 4, 2),
        max_pool2d=lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"),
        avg_pool2d=lambda x: tf.nn.avg_pool2d(x, 2, 2, "SAME"),
        depth_to_space=lambda x: tf.nn.depth_to_space(tf.concat([x, x * x], 3), 2),
        space_to_depth=lambda x: tf.nn.space_to_depth(x * x, 2),
    ),
]


def lacking(name, message, function, shape=(4, 4, 3), **how):
    """A row for what TensorFlow differentiates too few times, or not at all."""
    return Row(name, lambda: function, shape, expected=message, **how)


LACKING = [
    lacking("tf.math.igamma", "IgammaGradA", lambda x: tf.math.igamma(1.2 + 0 * x, POSITIVE(x))),
    lacking(
        "tf.math.cumulative_logsumexp",
        WRONG,
        lambda x: tf.math.cumulative_logsumexp(x, axis=1),
        (4,),
    ),
    lacking("tf.image.hsv_to_rgb", REFUSED, lambda x: tf.image.hsv_to_rgb(UNIT(x))),
    lacking(
        "tf.image.adjust_saturation",
        "AdjustSaturation",
        lambda x: tf.image.adjust_saturation(UNIT(x), 1.5),
    ),
    lacking("tf.image.adjust_hue", "AdjustHue", lambda x: tf.image.adjust_hue(UNIT(x), 0.1)),
    lacking(
        "tf.nn.max_pool_with_argmax",
        "MaxPoolGradWithArgmax",
        lambda x: tf.nn.max_pool_with_argmax(x, 2, 2, "VALID")[0],
    ),
    lacking(
        "tf.nn.max_pool2d (explicit padding)",
        "EXPLICIT",
        lambda x: tf.nn.max_pool2d(x, 2, 2, [[0, 0], [1, 1], [1, 1], [0, 0]]),
    ),
    lacking(
        "tf.nn.erosion2d",
        "Dilation2DBackpropInput",
        lambda x: tf.nn.erosion2d(
            x, 0.1 + tf.zeros((2, 2, 3), x.dtype), [1] * 4, "VALID", "NHWC", [1] * 4
        ),
    ),
    lacking(
        "tf.nn.local_response_normalization",
        "LRNGrad",
        tf.nn.local_response_normalization,
        single=True,
    ),
]
ROWS = [
    *ACTIVATIONS,
    *LOSSES,
    *LOGITS,
    *MORE_LOSSES,
    *LOSS_OPS,
    MOMENTS,
    *MATHS,
    *LINALG,
    *FOURIER,
    *IMAGES,
    *COLOURS,
    *BILINEAR,
    *LACKING,
    *POOLS,
]
