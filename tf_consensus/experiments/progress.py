"""Prints how far a long pass over batches is."""

import sys
import time
from collections.abc import Iterable, Iterator

import numpy as np

from tf_consensus.experiments.estimate import in_words

# Seconds from one line to the next.
_PAUSE = 10.0


def with_progress(batches: Iterable[np.ndarray], total: int, what: str) -> Iterator[np.ndarray]:
    """The same batches; now and then a line says how many are done and how long the rest takes."""
    start = said = time.perf_counter()
    done = 0
    for batch in batches:
        yield batch
        done += len(batch)
        now = time.perf_counter()
        if now - said >= _PAUSE and done < total:
            said = now
            left = in_words((now - start) / done * (total - done))
            print(f"{done:,} of {total:,} {what}, {left} left", file=sys.stderr, flush=True)
