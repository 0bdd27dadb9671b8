"""Calls of `models` that are to be refused."""

from bad_calls.repeated import NO_COUNT, NO_SEED, numbers

_WEIGHTS = ["nan", "inf", "-1.0", "'a'", "None", "True"]
_P = "Pix2Pix(*translator(), {})"
_C = "cycle_gan({})"
# No pairs: one part, three, bytes, labels, another size, unequal numbers, no numbers, nothing.
_NO_PAIRS = [
    "PIXELS", "(PIXELS, PIXELS, PIXELS)", "(PIXELS, (PIXELS > 0).astype('uint8'))",
    "((PIXELS > 0).astype('uint8'), PIXELS)", "(PIXELS, LABELS)", "(PIXELS, PIXELS[:, :2])",
    "(PIXELS, PIXELS[..., 0])", "(PIXELS, PIXELS[:4])", "(PIXELS, np.full(PIXELS.shape, 'a'))",
    "{'source': PIXELS, 'target': PIXELS}",
]  # fmt: skip
_NO_IMAGES = ["None", "3.0", "'a'", "POINTS", "PIXELS[0]", "PIXELS[:, :2]", "PIXELS > 0", "[]"]


def _trained(model):
    return [
        *numbers(f"{model}.game({{}})", _NO_PAIRS),
        *[f"{model}.fit(stream({batch}), verbose=0)" for batch in _NO_PAIRS],
        *[f"{model}.fit(generator({batch}), verbose=0, steps_per_epoch=2)" for batch in _NO_PAIRS],
        f"{model}.fit(PIXELS, verbose=0)",
        f"{model}.fit(PIXELS, LABELS, verbose=0)",
        f"{model}.fit(PIXELS, PIXELS[:4], verbose=0)",
        f"{model}.fit(PIXELS * nan, PIXELS, verbose=0)",
        f"{model}.fit([PIXELS, PIXELS], verbose=0)",
        f"{model}.fit(verbose=0)",
        f"{model}.evaluate(PIXELS, verbose=0)",
        f"{model}.compile('sgd', loss='mse')",
        *numbers(f"{model}.translate({{}})", _NO_IMAGES),
        *numbers(f"{model}.translate(PIXELS, batch_size={{}})", NO_COUNT),
    ]


CALLS = {
    "Pix2Pix": [
        *numbers(_P, ["penalties=R1", "penalties=None", "penalties='r3'", "penalties=[3]"]),
        *numbers(_P, ["objective=None", "objective='standart'", "objective=3"]),
        *[_P.replace("{}", f"reconstruction={x}") for x in _WEIGHTS],
        *[_P.replace("{}", f"seed={x}") for x in NO_SEED],
        "Pix2Pix(None, translator()[1])",
        "Pix2Pix(translator()[0], 'discriminator')",
        "Pix2Pix(unbuilt(), translator()[1])",
        "Pix2Pix(*translator(conditional=False))",
        "Pix2Pix(translator(channels=3)[0], translator()[1])",
        "Pix2Pix(translator(image_size=8)[0], translator()[1])",
        "Pix2Pix(net(3, 2), net(2, 1))",
        *_trained("pix2pix()"),
    ],
    "CycleGAN": [
        *[_C.replace("{}", f"cycle={x}") for x in _WEIGHTS],
        *[_C.replace("{}", f"identity={x}") for x in _WEIGHTS],
        *[_C.replace("{}", f"pool_size={x}") for x in ("-1", "1.5", "'a'", "None", "True", "nan")],
        *[_C.replace("{}", f"seed={x}") for x in NO_SEED],
        *numbers(_C, ["objective='standart'", "penalties='r3'", "penalties=[3]"]),
        "CycleGAN(translator()[0], translator()[0], *translator())",
        "CycleGAN(translator()[0], translator()[0], translator()[1], translator()[1])",
        "CycleGAN(*[translator(channels=3, source_channels=1, conditional=False)[i] for i in "
        "(0, 0, 1, 1)])",
        "CycleGAN(None, None, None, None)",
        "CycleGAN(*[keras.Sequential([keras.Input((None, None, 1)), layers.Conv2D(1, 1)]) "
        "for _ in range(4)])",
        *_trained("cycle_gan()"),
        *numbers("cycle_gan().translate(PIXELS, back={})", ["None", "1", "'a'"]),
    ],
}
EXEMPT: dict[str, str] = {}
