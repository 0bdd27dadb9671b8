"""A row or several for every layer of `keras.layers` that a network of a GAN can hold."""

import numpy as np
import tensorflow as tf
from keras import layers as k

from tests.exact_table import BATCH, REFUSED, Row, of

LINE, IMAGE, VOLUME = (4, 2), (4, 4, 2), (3, 3, 3, 2)
COLOURS = (4, 4, 3)
RANGE = {"value_range": (-20.0, 20.0)}  # of images, wide enough that nothing is clipped
SEED = {"seed": 1}


def pair(layer):
    """A layer of a list of two inputs."""
    call = lambda x: layer([x, tf.sin(x)])  # noqa: E731
    call.layer = layer
    return call


def fixed(layer, **arguments):
    """A layer that draws, with its seed set back at each call."""
    seeds = next(
        getattr(layer, name) for name in ("seed_generator", "generator") if hasattr(layer, name)
    )
    start = np.array(seeds.state)

    def call(x):
        seeds.state.assign(start)
        return layer(x, training=True, **arguments)

    call.layer = layer
    return call


def rows(shape, **layers):
    """A row for each layer, a function that makes it, on one shape."""
    return [Row(name, lambda make=make: of(make()), shape) for name, make in layers.items()]


def drawn(shape, **layers):
    """The same for layers that draw."""
    return [Row(name, lambda make=make: fixed(make()), shape) for name, make in layers.items()]


def variants(name, shape, **makes):
    """Rows of one layer with different arguments."""
    return [
        Row(f"{name} ({text.replace('_', ' ')})", lambda make=make: of(make()), shape)
        for text, make in makes.items()
    ]


def normalization():
    """Keras wants its constants made outside of a function."""
    layer = k.Normalization(mean=0.5, variance=2.0)
    layer.build((None, 4))
    return layer


DENSE = [
    *rows(
        (4,),
        Dense=lambda: k.Dense(3),
        EinsumDense=lambda: k.EinsumDense("ab,bc->ac", 3, bias_axes="c"),
        Activation=lambda: k.Activation("tanh"),
        ELU=k.ELU,
        LeakyReLU=k.LeakyReLU,
        PReLU=k.PReLU,
        ReLU=k.ReLU,
        Softmax=k.Softmax,
        Identity=k.Identity,
        Lambda=lambda: k.Lambda(lambda x: x * tf.sin(x)),
        ActivityRegularization=lambda: k.ActivityRegularization(l2=0.1),
        RepeatVector=lambda: k.RepeatVector(2),
        Rescaling=lambda: k.Rescaling(0.5, 1.0),
        Normalization=normalization,
    ),
    *variants(
        "ReLU",
        (4,),
        max_value=lambda: k.ReLU(max_value=0.9),
        negative_slope_and_threshold=lambda: k.ReLU(negative_slope=0.2, threshold=0.1),
    ),
    Row("Embedding", lambda: added(k.Embedding(5, 4))),
    Row("ReversibleEmbedding", lambda: reversible(k.ReversibleEmbedding(5, 4))),
    Row("Softmax (axis 1)", lambda: of(k.Softmax(axis=1)), LINE),
]


def added(embedding):
    """x plus the embedding of fixed labels, which tanh makes smooth."""
    call = lambda x: tf.tanh(embedding(tf.range(BATCH) % 2)) * x  # noqa: E731
    call.layer = embedding
    return call


def reversible(embedding):
    """Embeds fixed labels and projects x back on the table."""

    def call(x):
        return embedding(tf.tanh(embedding(tf.range(BATCH))) * x, reverse=True)

    call.layer = embedding
    return call


SHAPES = [
    *rows(
        LINE,
        Flatten=k.Flatten,
        Reshape=lambda: k.Reshape((2, 4)),
        Permute=lambda: k.Permute((2, 1)),
        Masking=lambda: k.Masking(mask_value=9.0),
        Cropping1D=lambda: k.Cropping1D(1),
        ZeroPadding1D=lambda: k.ZeroPadding1D(1),
        UpSampling1D=lambda: k.UpSampling1D(2),
        TimeDistributed=lambda: k.TimeDistributed(k.Dense(2, activation="tanh")),
    ),
    *rows(
        IMAGE,
        Cropping2D=lambda: k.Cropping2D(1),
        CenterCrop=lambda: k.CenterCrop(2, 3),
        ZeroPadding2D=lambda: k.ZeroPadding2D(1),
    ),
    *rows(
        VOLUME,
        Cropping3D=lambda: k.Cropping3D(1),
        ZeroPadding3D=lambda: k.ZeroPadding3D(1),
        UpSampling3D=lambda: k.UpSampling3D(2),
    ),
]
MERGES = [
    Row(name, lambda make=make: pair(make()), LINE)
    for name, make in {
        "Add": k.Add,
        "Average": k.Average,
        "Concatenate": k.Concatenate,
        "Dot": lambda: k.Dot(axes=2),
        "Dot (normalize)": lambda: k.Dot(axes=1, normalize=True),
        "Maximum": k.Maximum,
        "Minimum": k.Minimum,
        "Multiply": k.Multiply,
        "Subtract": k.Subtract,
        "Attention": lambda: k.Attention(use_scale=True, score_mode="dot"),
        "Attention (concat)": lambda: k.Attention(score_mode="concat"),
        "AdditiveAttention": k.AdditiveAttention,
    }.items()
] + [
    Row(name, lambda make=make: twice(make()), LINE)
    for name, make in {
        "MultiHeadAttention": lambda: k.MultiHeadAttention(2, 2),
        "MultiHeadAttention (no flash)": lambda: k.MultiHeadAttention(1, 2, flash_attention=False),
        "GroupQueryAttention": lambda: k.GroupQueryAttention(2, 2, 1),
    }.items()
]


def twice(layer):
    """Attention of x to itself."""
    call = lambda x: layer(x, x)  # noqa: E731
    call.layer = layer
    return call


def convolutions():
    """Of every rank; strides, dilations, groups, paddings and both data formats in two."""
    for rank, shape in ((1, LINE), (2, IMAGE), (3, VOLUME)):
        for name in (f"Conv{rank}D", f"Conv{rank}DTranspose"):
            make = getattr(k, name)
            yield from variants(
                name,
                shape,
                valid=lambda make=make: make(2, 2),
                same_strides_2=lambda make=make: make(2, 3, strides=2, padding="same"),
                dilation_2=lambda make=make: make(2, 2, dilation_rate=2, padding="same"),
                channels_first=lambda make=make: make(2, 2, data_format="channels_first"),
            )
    yield from variants(
        "Conv1D", (4, 2), causal=lambda: k.Conv1D(2, 2, padding="causal", dilation_rate=2)
    )
    yield from variants("Conv2D", IMAGE, groups_2=lambda: k.Conv2D(2, 2, groups=2))
    yield from variants(
        "Conv2DTranspose",
        IMAGE,
        output_padding=lambda: k.Conv2DTranspose(1, 3, strides=2, padding="same", output_padding=0),
    )
    for rank, shape in ((1, LINE), (2, IMAGE)):
        for name in (f"DepthwiseConv{rank}D", f"SeparableConv{rank}D"):
            make = getattr(k, name)
            first = (2,) if name.startswith("S") else ()
            yield from variants(
                name,
                shape,
                valid=lambda make=make, first=first: make(*first, 2),
                same_strides_2=lambda make=make, first=first: make(
                    *first, 3, strides=2, padding="same"
                ),
                dilation_2=lambda make=make, first=first: make(
                    *first, 2, dilation_rate=2, padding="same"
                ),
            )


CPU_LACKS = {"dilation 2": "dilation rates larger than 1", "channels first": "HWC"}


def on_cpu(row):
    """A convolution with what TensorFlow says where a CPU's kernels lack it."""
    option = row.name[row.name.find("(") + 1 : -1]
    first = option == "channels first" and not row.name.startswith("Conv3D (")
    lacks = first or ("Transpose" in row.name and option == "dilation 2")
    message = CPU_LACKS.get(option) if lacks else None
    return row._replace(expected=dict.fromkeys(("eager", "graph"), message)) if message else row


CONVOLUTIONS = [on_cpu(row) for row in convolutions()]
RECURRENT = [
    *rows(
        (3, 2),
        SimpleRNN=lambda: k.SimpleRNN(2),
        GRU=lambda: k.GRU(2),
        LSTM=lambda: k.LSTM(2),
        RNN=lambda: k.RNN(k.LSTMCell(2)),
        Bidirectional=lambda: k.Bidirectional(k.SimpleRNN(2)),
        StackedRNNCells=lambda: k.RNN(k.StackedRNNCells([k.GRUCell(2), k.SimpleRNNCell(2)])),
        LSTMCell=lambda: k.RNN(k.LSTMCell(2), unroll=True),
        GRUCell=lambda: k.RNN(k.GRUCell(2), unroll=True),
        SimpleRNNCell=lambda: k.RNN(k.SimpleRNNCell(2), unroll=True),
    ),
    *variants(
        "GRU",
        (3, 2),
        sequences=lambda: k.GRU(2, return_sequences=True),
        reset_before=lambda: k.GRU(2, reset_after=False),
        unrolled=lambda: k.GRU(2, unroll=True),
    ),
    *variants(
        "LSTM",
        (3, 2),
        sequences=lambda: k.LSTM(2, return_sequences=True),
        unrolled=lambda: k.LSTM(2, unroll=True),
    ),
    *variants("SimpleRNN", (3, 2), unrolled=lambda: k.SimpleRNN(2, unroll=True)),
    *variants(
        "Bidirectional",
        (3, 2),
        GRU=lambda: k.Bidirectional(k.GRU(2)),
        LSTM=lambda: k.Bidirectional(k.LSTM(2, return_sequences=True)),
    ),
    *rows((2, 3, 1), ConvLSTM1D=lambda: k.ConvLSTM1D(1, 2)),
    *rows((2, 3, 3, 1), ConvLSTM2D=lambda: k.ConvLSTM2D(1, 2)),
    *rows((2, 2, 2, 2, 1), ConvLSTM3D=lambda: k.ConvLSTM3D(1, 2)),
]


def training(name, make, shape, variant="training", **how):
    """A layer that acts otherwise in training."""
    return Row(f"{name} ({variant})", lambda: of(make(), training=True), shape, **how)


NORMALIZATIONS = [
    training("BatchNormalization", k.BatchNormalization, LINE),
    training("BatchNormalization", k.BatchNormalization, IMAGE, "training, images"),
    training("BatchNormalization", lambda: k.BatchNormalization(axis=1), IMAGE, "training, axis 1"),
    training(
        "BatchNormalization",
        lambda: k.BatchNormalization(renorm=True),
        LINE,
        "training, renorm",
        expected=REFUSED,
    ),
    *variants("BatchNormalization", LINE, inference=k.BatchNormalization),
    *rows((6,), LayerNormalization=k.LayerNormalization),
    *variants("LayerNormalization", IMAGE, axes_1_2_3=lambda: k.LayerNormalization(axis=(1, 2, 3))),
    *rows(IMAGE, GroupNormalization=lambda: k.GroupNormalization(1)),
    *variants("GroupNormalization", IMAGE, instance=lambda: k.GroupNormalization(-1)),
    *rows(LINE, RMSNormalization=k.RMSNormalization, UnitNormalization=k.UnitNormalization),
    Row("SpectralNormalization (inference)", lambda: of(k.SpectralNormalization(k.Dense(3)))),
    training("SpectralNormalization", lambda: k.SpectralNormalization(k.Dense(3)), (4,)),
]


NOISE = [
    *drawn(
        (4,),
        Dropout=lambda: k.Dropout(0.4, **SEED),
        AlphaDropout=lambda: k.AlphaDropout(0.4, **SEED),
        GaussianDropout=lambda: k.GaussianDropout(0.4, **SEED),
        GaussianNoise=lambda: k.GaussianNoise(0.4, **SEED),
    ),
    *drawn(LINE, SpatialDropout1D=lambda: k.SpatialDropout1D(0.4, **SEED)),
    *drawn(IMAGE, SpatialDropout2D=lambda: k.SpatialDropout2D(0.4, **SEED)),
    *drawn(VOLUME, SpatialDropout3D=lambda: k.SpatialDropout3D(0.4, **SEED)),
]


def pooling():
    """Max and average pooling of every rank and kind."""
    for rank, shape in ((1, LINE), (2, IMAGE), (3, VOLUME)):
        for kind in ("Max", "Average"):
            name = f"{kind}Pooling{rank}D"
            make = getattr(k, name)
            yield from variants(
                name,
                shape,
                valid=lambda make=make: make(2),
                same_strides_2=lambda make=make: make(3, strides=2, padding="same"),
                overlapping=lambda make=make: make(2, strides=1),
                channels_first=lambda make=make: make(2, data_format="channels_first"),
            )
            yield from rows(shape, **{f"Global{name}": getattr(k, f"Global{name}")})
            adaptive = getattr(k, f"Adaptive{name}")
            yield from rows(shape, **{f"Adaptive{name}": lambda make=adaptive: make(2)})


def resizing():
    """Upsampling and resizing by every interpolation, which TensorFlow does in float32."""
    for method in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"):
        yield Row(
            f"UpSampling2D ({method})",
            lambda m=method: of(k.UpSampling2D(2, interpolation=m)),
            (2, 2, 1),
            single=method != "nearest",
        )
    for method in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area"):
        for antialias in (False, True):
            yield Row(
                f"Resizing ({method}{', antialias' * antialias})",
                lambda m=method, a=antialias: of(k.Resizing(3, 2, m, antialias=a)),
                (4, 4, 1),
                single=method != "nearest",
            )
    for option in ("crop", "pad"):
        yield Row(
            f"Resizing (bilinear, {option} to aspect ratio)",
            lambda o=option: of(k.Resizing(2, 4, **{f"{o}_to_aspect_ratio": True})),
            (4, 4, 1),
            single=True,
        )


SEEDS = {  # away from kinks
    "MaxPooling3D (same strides 2)": 5,
    "MaxPooling3D (overlapping)": 5,
    "MaxPooling3D (channels first)": 1,
    "AdaptiveMaxPooling3D": 5,
}


def in_float32(row):
    """Pooling of volumes has no kernels in float64 on a CPU."""
    single = "ing3D" in row.name and "Global" not in row.name
    return row._replace(single=single, seed=SEEDS.get(row.name, 0))


POOLING = [in_float32(row) for row in pooling()]
RESIZING = list(resizing())
AUGMENTATIONS = [
    *drawn(
        COLOURS,
        RandomBrightness=lambda: k.RandomBrightness(0.1, **RANGE, **SEED),
        RandomColorDegeneration=lambda: k.RandomColorDegeneration((0.3, 0.4), **RANGE, **SEED),
        RandomContrast=lambda: k.RandomContrast(0.3, **RANGE, **SEED),
        RandomErasing=lambda: k.RandomErasing(fill_value=0.5, **RANGE, **SEED),
        RandomFlip=lambda: k.RandomFlip(**SEED),
        RandomGaussianBlur=lambda: k.RandomGaussianBlur(**RANGE, **SEED),
        RandomGrayscale=lambda: k.RandomGrayscale(1.0, **SEED),
        RandomInvert=lambda: k.RandomInvert(1.0, **RANGE, **SEED),
        RandomSharpness=lambda: k.RandomSharpness((0.3, 0.4), **RANGE, **SEED),
        RandomElasticTransform=lambda: k.RandomElasticTransform(**RANGE, **SEED),
    ),
    *(
        row._replace(single=True, expected=REFUSED)
        for row in drawn(
            COLOURS,
            RandomPerspective=lambda: k.RandomPerspective(**SEED),
            RandomRotation=lambda: k.RandomRotation((0.1, 0.2), **SEED),
            RandomShear=lambda: k.RandomShear(0.2, 0.2, **SEED),
            RandomTranslation=lambda: k.RandomTranslation((0.1, 0.3), (0.1, 0.3), **SEED),
            RandomZoom=lambda: k.RandomZoom((0.2, 0.3), **SEED),
        )
    ),
    *(
        row._replace(expected=REFUSED)
        for row in drawn(
            COLOURS,
            RandomHue=lambda: k.RandomHue((0.2, 0.3), value_range=(-3.0, 3.0), **SEED),
            RandomSaturation=lambda: k.RandomSaturation(
                (0.3, 0.4), value_range=(-3.0, 3.0), **SEED
            ),
        )
    ),
    Row("RandomCrop", lambda: fixed(k.RandomCrop(3, 3, **SEED)), COLOURS, True),
    Row("RandomColorJitter", lambda: fixed(jitter()), COLOURS),
    *rows((16, 1), STFTSpectrogram=lambda: k.STFTSpectrogram("log", 8, 4, 8)),
    Row("MelSpectrogram", lambda: of(k.MelSpectrogram(8, 4, 8, num_mel_bins=3)), (16,), True),
]


def jitter():
    """All its parts but hue."""
    layer = k.RandomColorJitter(**RANGE, brightness_factor=0.1, contrast_factor=0.2, **SEED)
    return layer


ROWS = [
    *DENSE,
    *SHAPES,
    *MERGES,
    *CONVOLUTIONS,
    *RECURRENT,
    *NORMALIZATIONS,
    *NOISE,
    *POOLING,
    *RESIZING,
    *AUGMENTATIONS,
]

ABSTRACT = "computes nothing of its own"
LOOKUP = "takes text or whole numbers and has no gradient"
STREAM = "prepares data before training, with a mixture of examples or without a gradient"
OUT_OF_SCOPE = {
    **dict.fromkeys(["Layer", "Wrapper", "InputSpec", "Input", "InputLayer"], ABSTRACT),
    **dict.fromkeys(
        [
            *("CategoryEncoding", "Discretization", "HashedCrossing", "Hashing"),
            *("IntegerLookup", "StringLookup", "TextVectorization"),
        ],
        LOOKUP,
    ),
    **dict.fromkeys(
        [
            *("AugMix", "AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "CutMix"),
            *("Equalization", "MaxNumBoundingBoxes", "MixUp", "Pipeline", "RandAugment"),
            *("RandomPosterization", "Solarization"),
        ],
        STREAM,
    ),
    **dict.fromkeys(
        ["FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"],
        "runs a model of another framework or a frozen one",
    ),
}
