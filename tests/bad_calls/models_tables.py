"""Calls of `models` that are to be refused."""

from bad_calls.repeated import NO_COUNT, NO_NUMBER, NO_SEED, numbers

_TABLE = "tfc.data.table({'x': [1.0, 2.0], 'y': ['a', 'b']})"
_GAME = f"TableGAN({_TABLE}, {{}})"

CALLS = {
    "TableGAN": [
        *numbers("TableGAN({})", ["None", "3", "'people.csv'", "POINTS", "{'x': [1, 2]}"]),
        *[
            _GAME.replace("{}", f"{key}={value}")
            for key, values in {
                "pack": NO_COUNT,
                "temperature": ["0.0", "-1.0", *NO_NUMBER],
                "conditional": ["None", "1", "'yes'"],
                "seed": NO_SEED,
                "generator": ["3", "'mlp'", "unbuilt()", "net(3, 2)", "two(3, (8,), 3)"],
                "discriminator": ["3", "'mlp'", "unbuilt()", "net(2, 1)", "net(3, 1, 1)"],
                "objective": ["None", "'standart'", "3"],
                "penalties": ["None", "'r3'", "3"],
            }.items()
            for value in values
        ],
        _GAME.replace("{}", "pack=2, penalties='wgan_gp'"),
        *[
            f"trained({_GAME.replace('{}', 'verify=False')}).fit({batch}, verbose=0)"
            for batch in ("POINTS", "(POINTS, POINTS)", "stream(POINTS)", "np.ones((4, 3)) * 1j")
        ],
        "TableGAN(tfc.data.table({'x': [1.0, 2.0]}), conditional=True)",
        f"trained({_GAME.replace('{}', 'conditional=True')}).fit(np.ones((4, 3)), verbose=0)",
        *numbers(
            _GAME.replace("{}", "conditional=True") + ".generate(2, condition={})",
            ["3", "'y'", "{}", "{'x': 1.0}", "{'y': 'c'}", "{'z': 1}"],
        ),
        _GAME.replace("{}", "") + ".generate(2, condition={'y': 'a'})",
        *numbers(_GAME.replace("{}", "") + ".generate({})", NO_COUNT),
        *numbers(_GAME.replace("{}", "") + ".generate(2, seed={})", NO_SEED),
    ],
}
EXEMPT: dict[str, str] = {}
