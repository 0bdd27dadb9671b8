"""Calls of `data` that are to be refused."""

from bad_calls.repeated import NO_COUNT, NO_SEED, numbers

_STREAMS = "circle four_lines gaussian grid_of_gaussians line mixture_of_gaussians"

CALLS = {
    **{
        name: [
            *numbers(f"{name}(batch_size={{}})", NO_COUNT),
            *numbers(f"{name}(stddev={{}})", ["nan", "inf", "-1.0", "'a'"]),
            *numbers(f"{name}(seed={{}})", NO_SEED[:4]),
        ]
        for name in _STREAMS.split()
    },
    "grid_modes": [*numbers("grid_modes({})", NO_COUNT), "grid_modes(5, nan)"],
    "ring_modes": [*numbers("ring_modes({})", NO_COUNT), "ring_modes(8, nan)"],
    "image_pairs": [
        "image_pairs('fashion_mnist')",
        "image_pairs('fashion_mnist', 'fashion_mnist', make='edges')",
        *numbers(
            "image_pairs('fashion_mnist', make={})", ["'edge'", "''", "3", "nan", "[]", "['edges']"]
        ),
        *numbers("image_pairs({}, make='edges')", ["'no_such_data'", "None", "3"]),
        *numbers("image_pairs('fashion_mnist', {})", ["'no_such_data'", "3", "['fashion_mnist']"]),
        *numbers("image_pairs('fashion_mnist', make='edges', unpaired={})", ["None", "1", "'a'"]),
        *numbers("image_pairs('fashion_mnist', make='edges', seed={})", NO_SEED[:4]),
        *numbers("image_pairs('fashion_mnist', make='edges', batch_size={})", NO_COUNT),
        "image_pairs('fashion_mnist', make=lambda x: 3)",
        "image_pairs('fashion_mnist', make=lambda x: x[:1])",
        "image_pairs('fashion_mnist', make=lambda x: x.numpy())",
        "image_pairs('fashion_mnist', make='edges', image_size=1)",
        "image_pairs('fashion_mnist', make='edges', source_split='test')",
        "image_pairs('fashion_mnist', 'folder:x')",
        "image_pairs('folder:x', 'fashion_mnist')",
    ],
    "images": numbers("images({})", ["'no_such_data'", "None", "3"]),
    "table": [
        *numbers("table({})", ["None", "3", "nan", "[]", "{}", "{'x': 1}", "{3: [1, 2]}"]),
        *numbers("table({'x': {}})", ["[]", "[3, 3]", "[1, 'a']", "[1, inf]", "[None, None]"]),
        "table({'x': [1, 2], 'y': [1]})",
        *numbers("table({'x': {}})", ["[1]", "[1e301, 1]", "[2**53 + 1, 1]", "[b'a', b'b']"]),
        *numbers("table({'x': [1, 2]}, missing={})", ["None", "'NA'", "[3]"]),
        *numbers("table({'x': [1, 2]}).description.encode({})", ["None", "3", "{'x': [1e300]}"]),
        "table({'x': np.eye(2)})",
        "table({'x': [1, 2]}, columns=['y'])",
        "table({'x': ['a', 'b']}, continuous=['x'])",
        *numbers("table({'x': [1, 2]}, max_modes={})", NO_COUNT),
        *numbers("table({'x': [1, 2]}, categorical={})", ["None", "'x'", "3", "[3]", "['y']"]),
        *numbers("table({'x': [1, 2]}).batches({})", NO_COUNT),
        *numbers("table({'x': [1, 2]}).batches(seed={})", NO_SEED[:4]),
        *numbers("table({'x': [1, 2]}).batches(conditional={})", ["None", "1", "True"]),
        *numbers(
            "table({'x': [1, 2]}).description.decode({})", ["None", "'a'", "[1.0]", "[[nan]]"]
        ),
    ],
    "TableDescription": [
        *numbers("TableDescription({})", ["None", "3", "'x'", "[]", "[3]", "[{'kind': 'number'}]"]),
        *numbers(
            "TableDescription([{'kind': 'category', 'name': 'x', 'categories': [1, 2]}], {})",
            ["None", "'NA'", "[3]"],
        ),
        *numbers("TableDescription.load({})", ["None", "3", "''"]),
    ],
    "image_info": numbers("image_info({})", ["'no_such_data'", "None", "3"]),
}
EXEMPT = {
    "ImageInfo": "a result",
    "Table": "a result",
    "fingerprint": "tried in test_data_arguments",
}
