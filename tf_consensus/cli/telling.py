"""How commands report failures and warnings: by a sentence, without a traceback."""

import contextlib
import sys
import warnings
from collections.abc import Iterator
from typing import TextIO

from tf_consensus.cli.quiet import import_tensorflow


@contextlib.contextmanager
def failures_told() -> Iterator[None]:
    """End the program with one sentence if a run, a file or the disk is at fault.

    Each warning is one line on the standard error. Entering this context imports TensorFlow.

    Raises:
        SystemExit: With that sentence, for a `RunError`, a `BackupError`, an `OSError`, a
            `MemoryError`, or a `ValueError` of the library, which says what was received.
    """
    import_tensorflow()
    from tf_consensus.experiments.errors import RunError

    shown = warnings.showwarning
    warnings.showwarning = told
    try:
        yield
    except (RunError, ValueError, OSError, MemoryError) as error:
        if isinstance(error, ValueError) and "Received" not in str(error):
            raise
        text = str(error)
        if "Received" not in text:
            text = f"The program must be able to read and write its files. Received: {text}."
        sys.exit(f"tf-consensus: {text}")
    finally:
        warnings.showwarning = shown


def told(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Replaces `warnings.showwarning`: prints one line without the place in the code."""
    del category, filename, lineno, line
    print(f"warning: {message}", file=file or sys.stderr)
