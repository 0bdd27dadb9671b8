"""Calls of `objectives` that are to be refused."""

from bad_calls.repeated import NO_NUMBER, numbers

_LOGITS = (
    "([[0.0]], [[1]])",
    "([[1]], [[1]])",
    "('real', 'fake')",
    "(None, [[0.0]])",
    "([[0.0]], [0.0])",
    "([[0.0]], [[0.0, 1.0]])",
    "(tf.zeros((2, 1)), tf.zeros((2, 1), 'float64'))",
)


def _losses(name):
    return [f"{name}().{loss}_loss{x}" for x in _LOGITS for loss in ("generator", "discriminator")]


_PLAIN = (
    "FDivergence Hinge Indicator JensenShannon KullbackLeibler Objective Standard TotalVariation"
    " Wasserstein ForwardKL Neyman Pearson ReverseKL SquaredHellinger RelativisticAverage"
)
_PAIRED = "([[0.0], [1.0]], [[0.0]])"

CALLS = {
    **{name: _losses(name) for name in _PLAIN.split()},
    "Relativistic": [*_losses("Relativistic"), f"Relativistic().generator_loss{_PAIRED}"],
    "LeastSquares": [
        *_losses("LeastSquares"),
        *[
            c
            for key in ("real", "fake", "generator")
            for c in numbers(f"LeastSquares({key}={{}})", NO_NUMBER)
        ],
        "LeastSquares(real=1.0, fake=1.0)",
    ],
    "get": [
        *numbers(
            "get({})",
            [
                "'standart'",
                "'Hing'",
                "'lsgam'",
                "'wgan_gp'",
                "'R1'",
                "'sngan'",
                "''",
                "None",
                "3",
                "nan",
                "[]",
            ],
        ),
        "get(Standard)",
        "get({})",
        "get({'class_name': 'Hing', 'config': {}})",
        "get({'class_name': 'LeastSquares', 'config': {'real': nan}})",
        "get({'class_name': 'LeastSquares', 'config': {'reel': 1.0}})",
        "get(tfc.penalties.R1())",
    ],
    "serialize": ["serialize('js')", "serialize(None)", "serialize(Standard)", "serialize(3)"],
}
EXEMPT = {"names": "it takes no argument"}
