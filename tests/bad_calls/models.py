"""Calls of `models` that are to be refused."""

from bad_calls.repeated import NO_COUNT, NO_SEED, numbers

_WEIGHTS = ["nan", "inf", "-1.0", "'a'", "None", "True"]
_A = "ACGAN(*labelled_pair(), {})"
_I = "info_gan({})"
_NO_LABELS = [
    "(POINTS, LABELS + 1)", "(POINTS, LABELS - 1)", "(POINTS, LABELS + 0.5)", "POINTS",
    "(POINTS, LABELS[:, None])", "(POINTS, LABELS, LABELS)", "(POINTS[:, :1], LABELS)",
]  # fmt: skip
_V = "ConditionalGAN(two(3, (2,)), two(2, (2,), 1), {})"
_NO_CONDITIONS = [
    "POINTS", "(POINTS, LABELS)", "(POINTS, POINTS[:, :1])", "(POINTS[:, :1], POINTS)",
    "(POINTS, POINTS, POINTS)", "(POINTS, POINTS[:, None])",
]  # fmt: skip
_NO_CODES = ["[0.0]", "[3, 0.0]", "[0.5, 0.0]", "[-1, 0.0]", "[nan, 0.0]", "'a'", "[[0, 0.0]] * 3"]

CALLS = {
    "ACGAN": [
        *numbers(_A, ["penalties=R1", "penalties=None", "penalties='r3'", "penalties=[3]"]),
        *numbers(_A, ["objective=None", "objective='standart'", "objective=3"]),
        *[_A.replace("{}", f"generator_weight={x}") for x in _WEIGHTS],
        *[_A.replace("{}", f"discriminator_weight={x}") for x in _WEIGHTS],
        *[_A.replace("{}", f"draw_labels={x}") for x in ("None", "1", "'yes'")],
        *[_A.replace("{}", f"seed={x}") for x in NO_SEED],
        *[_A.replace("{}", f"latent_dim={x}") for x in ("0", "4", "1.5", "'3'", "True")],
        "ACGAN(None, labelled_pair()[1])",
        "ACGAN(labelled_pair()[0], 'discriminator')",
        "ACGAN(unbuilt(), labelled_pair()[1])",
        "ACGAN(net(3, 2), net(2, 1, 3))",
        "ACGAN(labelled_pair()[0], net(2, 1))",
        "ACGAN(labelled_pair()[0], net(2, 1, 3, 3))",
        "ACGAN(labelled_pair()[0], net(2, 3, 3))",
        "ACGAN(labelled_pair()[0], net(4, 1, 3))",
        "ACGAN(labelled_pair()[0], two(2, (), 1, 'int32'))",
        *numbers("ac_gan().game({})", _NO_LABELS),
        *[f"ac_gan().fit(stream({batch}), verbose=0)" for batch in _NO_LABELS],
        "ac_gan().fit(POINTS, verbose=0)",
        "ac_gan().fit(verbose=0)",
        "ac_gan().fit(POINTS * nan, LABELS, verbose=0)",
        "ac_gan().compile('sgd', loss='mse')",
        *numbers("ac_gan().generate({})", NO_COUNT),
        *numbers("ac_gan().generate(4, labels={})", ["3", "-1", "[0, 1]", "nan", "True"]),
        *numbers("ac_gan().classify({})", ["None", "POINTS[:, :1]", "'a'", "3.0"]),
        *numbers("ac_gan().classify(POINTS, {})", NO_COUNT),
        "ac_gan().export('/nonexistent/gan')",
    ],
    "ConditionalGAN": [
        *numbers(_V, ["penalties=R1", "penalties='r3'", "objective='standart'", "latent_dim=4"]),
        *[_V.replace("{}", f"seed={x}") for x in NO_SEED],
        "ConditionalGAN(net(3, 2), net(2, 1))",
        "ConditionalGAN(two(3, (), 2, 'int32'), two(2, (), 1, 'int32'))",
        "ConditionalGAN(two(3, (2,)), two(2, (3,), 1))",
        "ConditionalGAN(two(3, (2,)), two(2, (2,), 2))",
        "ConditionalGAN(None, two(2, (2,), 1))",
        *numbers("vector_gan().game({})", _NO_CONDITIONS),
        *[f"vector_gan().fit(stream({batch}), verbose=0)" for batch in _NO_CONDITIONS],
        "vector_gan().fit(POINTS, POINTS * nan, verbose=0)",
        "vector_gan().fit(verbose=0)",
        *numbers("vector_gan().generate({}, conditions=[0.0, 1.0])", NO_COUNT),
        "vector_gan().generate(4)",
        *numbers(
            "vector_gan().generate(4, conditions={})",
            ["[0.0]", "[[0.0, 1.0]] * 3", "[nan, 0.0]", "'a'", "3.0"],
        ),
        "vector_gan()(POINTS)",
    ],
    "InfoGAN": [
        *numbers(_I, ["objective='standart'", "penalties='r3'", "penalties=[3]"]),
        *[_I.replace("{}", f"information={x}") for x in _WEIGHTS],
        *[_I.replace("{}", f"continuous_information={x}") for x in _WEIGHTS],
        *[_I.replace("{}", f"learn_deviation={x}") for x in ("None", "1", "'yes'", "True")],
        *[_I.replace("{}", f"categorical={x}") for x in ("None", "[1]", "[2.5]", "'a'", "[4]")],
        *[_I.replace("{}", f"continuous={x}") for x in ("-1", "1.5", "None", "True", "2")],
        *[_I.replace("{}", f"seed={x}") for x in NO_SEED],
        *[_I.replace("{}", f"latent_dim={x}") for x in ("0", "4", "1.5", "'3'", "True")],
        _I.replace("{}", "categorical=[], continuous=0"),
        "InfoGAN(net(3 + 4, 2), net(2, 1), None, [3], 1)",
        "InfoGAN(net(3 + 4, 2), net(2, 1), net(2, 3), [3], 1)",
        "InfoGAN(net(3 + 4, 2), net(2, 1), net(4, 4), [3], 1)",
        "InfoGAN(net(4, 2), net(2, 1), net(2, 4), [3], 1)",
        "InfoGAN(net(3 + 4, 2), net(2, 2), net(2, 4), [3], 1)",
        "InfoGAN(net(3 + 4, 2), net(2, 1, 5, 5), net(5, 4), [3], 1)",
        "InfoGAN(net(3 + 4, 2), unbuilt(), net(2, 4), [3], 1)",
        "InfoGAN(two(3, (), 2, 'int32'), net(2, 1), net(2, 4), [3], 1)",
        *numbers("trained(info_gan()).fit({}, verbose=0)", ["POINTS[:, :1]", "POINTS * nan"]),
        "trained(info_gan()).fit(verbose=0)",
        *numbers("info_gan().generate({})", NO_COUNT),
        *numbers("info_gan().generate(4, codes={})", _NO_CODES),
        *numbers("info_gan().generate(4, batch_size={})", NO_COUNT),
        *numbers("info_gan().traverse({})", ["2", "-1", "None", "'a'", "0.5"]),
        *numbers("info_gan().traverse(0, {})", ["[3]", "[0.5]", "'a'", "[nan]", "[]"]),
        *numbers("info_gan().recognize({})", ["None", "POINTS[:, :1]", "'a'", "3.0"]),
        *numbers("info_gan().recognize(POINTS, {})", NO_COUNT),
        "info_gan()(POINTS)",
    ],
}
EXEMPT: dict[str, str] = {}
