"""Calls of `networks` that are to be refused."""

from bad_calls.repeated import NO_COUNT, numbers

_SEEDS = ["'a'", "1.9", "True", "nan"]


def _sizes(call, keys):
    return [
        c for key in keys.split() for c in numbers(call.replace("...", f"{key}={{}}"), NO_COUNT)
    ]


_DTYPES = ["'float23'", "3", "nan", "'mixed'"]

CALLS = {
    "build": [
        *numbers("build({})", ["'dcgan5'", "'mpl'", "''", "None", "3", "nan", "['mlp']", "{}"]),
        "build('mlp', latent_dimension=3)",
        "build('dcgan3')",
        "build('dcgan3', image_sise=8)",
        *[
            call.replace("{}", x)
            for call in (
                "build('mlp', num_classes={})",
                "build('dcgan3', image_size=8, num_classes={})",
                "build('resnet', image_size=16, num_classes={})",
            )
            for x in ("0", "-1", "1.5", "'2'", "True", "nan", "[2]")
        ],
        "build('mlp', embedding_dim=3)",
        "build('dcgan3', image_size=8, embedding_dim=3)",
        "build('resnet', embedding_dim=3)",
        *numbers("build('mlp', num_classes=3, embedding_dim={})", ["0", "1.5", "'2'", "True"]),
        "build('mlp', image_size=32)",
        *numbers("build('mlp', num_classes=3, head={})", ["'projektion'", "''", "3", "True", "[]"]),
        "build('mlp', head='auxiliary')",
        "build('dcgan3', image_size=8, head='projection')",
        "build('resnet', image_size=16, head='projection')",
        "build('residual', image_size=8, head='auxiliary')",
        *_sizes("build('mlp', ...)", "latent_dim data_dim width"),
        *numbers("build('mlp', depth={})", ["-1", "1.5", "None", "True", "'2'"]),
        *numbers("build('mlp', seed={})", _SEEDS),
        *numbers("build('mlp', dtype={})", _DTYPES),
        *_sizes("build('dcgan3', filters=2, latent_dim=2, ...)", "image_size channels"),
        "build('dcgan4', image_size=20)",
        *numbers("build('dcgan3', image_size=8, filters={})", NO_COUNT),
        *numbers("build('resnet', filters={})", ["1", "nan", "'a'", "None"]),
        "build('resnet', image_size=20)",
        *_sizes("build('image_to_image', ...)", "image_size"),
        *_sizes("build('image_to_image', image_size=8, ...)", "channels filters patch_levels"),
        *numbers(
            "build('image_to_image', image_size=8, levels={})", ["0", "4", "1.5", "'2'", "True"]
        ),
        "build('image_to_image', image_size=7)",
        "build('image_to_image', image_size=10, levels=2)",
        "build('image_to_image', image_size=8, patch_levels=4)",
        "build('image_to_image', image_size=8, latent_dim=3)",
        *numbers(
            "build('image_to_image', image_size=8, dropout={})",
            ["1.0", "-0.1", "nan", "'a'", "None", "True"],
        ),
        *numbers("build('image_to_image', image_size=8, conditional={})", ["None", "1", "'yes'"]),
        *numbers(
            "build('image_to_image', image_size=8, source_channels={})", ["0", "1.5", "'a'", "True"]
        ),
        *_sizes("build('sequence_gru', ...)", "length"),
        *_sizes("build('sequence_lstm', length=4, ...)", "features latent_dim units depth"),
        *numbers("build('sequence_gru', length=4, step_noise={})", ["-1", "1.5", "None", "True"]),
        *numbers("build('sequence_gru', length=4, unroll={})", ["None", "1", "'yes'"]),
        "build('sequence_gru')",
        "build('sequence_gru', length=4, cell='lstm')",
        "build('sequence_conv')",
        *_sizes("build('sequence_conv', length=8, ...)", "features latent_dim filters"),
        *numbers("build('sequence_conv', length={})", ["0", "7", "1.5", "'8'", "None", "True"]),
        *numbers("build('sequence_conv', length=8, levels={})", ["0", "4", "1.5", "'2'", "True"]),
        *numbers(
            "build('residual', image_size={})", ["0", "-4", "20", "nan", "'a'", "None", "True"]
        ),
        *_sizes("build('residual', image_size=8, ...)", "start_size filters max_filters blocks"),
        *numbers(
            "build('residual', image_size=8, num_classes={})", ["0", "-1", "'a'", "nan", "True"]
        ),
        *numbers(
            "build('residual', image_size=8, embedding_dim={})",
            [number for number in NO_COUNT if number != "None"],
        ),
    ],
}
EXEMPT = {
    "Dense": "Keras' layer, with Keras' arguments and messages",
    "Conv1D": "Keras' layer, with Keras' arguments and messages",
    "Conv1DTranspose": "Keras' layer, with Keras' arguments and messages",
    "Conv2D": "Keras' layer, with Keras' arguments and messages",
    "Conv2DTranspose": "Keras' layer, with Keras' arguments and messages",
    "names": "it takes no argument",
}
