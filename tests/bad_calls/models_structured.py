"""Calls of `models` that are to be refused."""

from bad_calls.repeated import NO_COUNT, NO_SEED, numbers

_S = "StructuredGAN(*structured_pair(), {})"
_NO_PARTS = [
    "POINTS", "(POINTS, POINTS)", "[POINTS, POINTS]", "{'point': POINTS}",
    "{'point': POINTS, 'line': POINTS}", "{'point': POINTS, 'lines': LINES}",
    "{'point': POINTS, 'line': LINES[:4]}", "{'point': POINTS, 'line': LINES, 'label': LABELS}",
    "{'point': POINTS.astype(str), 'line': LINES}",
]  # fmt: skip
_NO_LATENTS = [
    "3", "(3, 2)", "[3, (2, 2)]", "{'z': 3}", "{'z': 4, 'noise': (2, 2)}",
    "{'z': 3, 'noise': (2, 3)}", "{'z': 3, 'noise': 2}", "{'z': 3, 'noise': (0, 2)}",
    "{'z': 1.5, 'noise': (2, 2)}", "{'z': 'a', 'noise': (2, 2)}", "{}", "[]", "()", "True", "nan",
    "{'z': [3, [2]], 'noise': (2, 2)}",
]  # fmt: skip

CALLS = {
    "StructuredGAN": [
        *[_S.replace("{}", f"latent_dim={x}") for x in _NO_LATENTS],
        *numbers(_S, ["penalties=R1", "penalties=None", "penalties='r3'", "penalties=[3]"]),
        *numbers(_S, ["objective=None", "objective='standart'", "objective=3"]),
        *[_S.replace("{}", f"seed={x}") for x in NO_SEED],
        "StructuredGAN(None, structured_pair()[1])",
        "StructuredGAN(structured_pair()[0], 'discriminator')",
        "StructuredGAN(unbuilt(), net(2, 1))",
        "StructuredGAN(net(3, 2), structured_pair()[1])",
        "StructuredGAN(structured_pair()[0], net(2, 1))",
        "StructuredGAN(net(3, 2), net(3, 1))",
        "StructuredGAN(net(3, 2, 2), two(2, (3,), 1))",
        "StructuredGAN(net(3, 2), net(2, 1, 1))",
        "StructuredGAN(net(3, 2, 2), two(2, (2,), 1, 'int32'))",
        *numbers("structured_gan().game({})", _NO_PARTS),
        *[f"structured_gan().fit({x}, verbose=0)" for x in _NO_PARTS],
        *[f"structured_gan().fit(stream({x}), verbose=0)" for x in _NO_PARTS if "[:4]" not in x],
        "structured_gan().fit({'point': POINTS, 'line': LINES * nan}, verbose=0)",
        "structured_gan().fit(verbose=0)",
        "structured_gan().compile('sgd', loss='mse')",
        *numbers("structured_gan().generate({})", NO_COUNT),
        *numbers("structured_gan().generate(4, batch_size={})", NO_COUNT),
        "structured_gan()(POINTS)",
        "structured_gan()({'z': POINTS, 'noise': POINTS})",
        "structured_gan().export('/nonexistent/gan')",
    ],
}
EXEMPT: dict[str, str] = {}
