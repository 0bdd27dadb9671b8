"""The rows on this machine's device: prints each whose verdict is not that of a CPU.

The table is measured on a CPU. A GPU has other kernels:

python -m tests.exact_device eager graph xla
"""

import sys

import tensorflow as tf

from tests import exact_functions, exact_layers
from tests.exact_table import agrees, found_verdict, measure
from tests.oracles import MODES


def main(modes):
    """Measures every row in the modes, by default in all."""
    print(f"devices: {', '.join(x.name for x in tf.config.list_logical_devices())}")
    # It keeps three digits of a float32 factor.
    tf.config.experimental.enable_tensor_float_32_execution(False)
    count = 0
    for mode in modes or MODES:
        for row in (*exact_layers.ROWS, *exact_functions.ROWS):
            cells = measure(row, mode, (True,))
            count += 1
            if not agrees(row, mode, cells):
                found = found_verdict(row, cells)[:300]
                print(f"{row.name}, {mode}: {found}; a CPU: {row.verdict(mode)}", flush=True)
    print(f"{count} rows and modes")


if __name__ == "__main__":
    main(sys.argv[1:])
