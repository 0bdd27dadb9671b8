"""What XLA makes of the rows: what it lacks, and which rows were compiled so far.

A row takes seconds to minutes to compile. This command compiles those that were not yet, or that
hold a word, adds the exact ones to exact_xla.txt, and prints what became of the others:

python -m tests.exact_xla [WORD …]
"""

import pathlib
import sys

from tests.exact_table import WRONG, Row, agrees, found_verdict, measure

NOT_MEASURED = "not measured"
NO_KERNEL = "unsupported operations"
UNSUPPORTED = {
    NO_KERNEL: [
        *("tf.math.reduce_euclidean_norm", "tf.math.bessel_i0", "tf.math.bessel_i1"),
        *("tf.math.special.expint", "tf.math.special.dawsn", "tf.math.segment_sum"),
        *("tf.math.segment_mean", "tf.math.segment_max", "tf.linalg.det", "tf.linalg.slogdet"),
        *("tf.linalg.sqrtm", "tf.image.crop_and_resize", "tf.nn.max_pool2d"),
        *(
            f"MaxPooling{rank}D ({option})"
            for rank in (1, 2)
            for option in ("valid", "same strides 2", "overlapping", "channels first")
        ),
        *("AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D"),
    ],
    # Its kernel for the second derivative finds the largest to three digits.
    WRONG: ["MaxPooling3D (valid)"],
    "Input 1 to node": ["SimpleRNN", "LSTM"],
    "No gradient defined": ["losses.ctc"],
}
MESSAGES = {name: message for message, names in UNSUPPORTED.items() for name in names}
RESIZING = ("Resizing (", "tf.image.resize (", "UpSampling2D (")  # but for bilinear and repeating
LIST = pathlib.Path(__file__).with_suffix(".txt")
MEASURED = set(LIST.read_text(encoding="utf-8").splitlines())


def _message(row):
    """What XLA lacks of a row, or `None`."""
    option = row.name.partition("(")[2]
    plain = option.startswith("bilinear") and "antialias" not in option
    if row.name.startswith(RESIZING) and not plain and row.name != "UpSampling2D (nearest)":
        return NO_KERNEL
    return MESSAGES.get(row.name)


# Max pooling over volumes (see `WRONG` above) is right at most points, and stays out of the list.
def with_xla(row: Row) -> Row:
    """The row with its verdict under XLA."""
    expected = row.expected
    if isinstance(expected, str):
        expected = dict.fromkeys(("eager", "graph", "xla"), expected)
    verdict = _message(row)
    if verdict is None and row.name not in MEASURED:
        verdict = NOT_MEASURED
    return row._replace(expected=expected if verdict is None else {**expected, "xla": verdict})


def main(words):
    """Compiles rows, by default all that were not yet."""
    from tests import exact_functions, exact_layers

    for row in (*exact_layers.ROWS, *exact_functions.ROWS):
        new = with_xla(row).verdict("xla") == NOT_MEASURED
        if any(word in row.name for word in words) if words else new:
            cells = measure(row, "xla", (True,))
            if agrees(row, "xla", cells):
                MEASURED.add(row.name)
                LIST.write_text("\n".join(sorted(MEASURED)) + "\n", encoding="utf-8")
            print(row.name, found_verdict(row, cells)[:300], flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
