"""Errors that a user must mend before a run can start or go on, and their messages."""

import contextlib
import errno
import sys
from collections.abc import Iterator


class RunError(Exception):
    """A run that cannot start or go on as asked; the message is for the user."""


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """End the program with one sentence if the user's input, a file or the disk is at fault.

    Raises:
        SystemExit: With that sentence, for a `RunError`, a `BackupError` or an `OSError`.
    """
    # At the top it would import TensorFlow for those who only raise a `RunError`.
    from tf_consensus.callbacks import BackupError

    try:
        yield
    except (RunError, BackupError) as error:
        sys.exit(str(error))
    except OSError as error:
        if "Received" in str(error):
            sys.exit(str(error))
        sys.exit(
            f"{_rule(error)} Received: {error}. Nothing that was whole before is lost: mend this, "
            "and repeat the command with --resume."
        )


def _rule(error):
    if error.errno == errno.ENOSPC or "No space left" in str(error):
        return "There must be space on the disk."
    if error.errno in (errno.EISDIR, errno.EEXIST, errno.ENOTDIR, errno.ENOTEMPTY):
        return "A folder must not be where a file belongs, nor a file where a folder does."
    return "The program must be able to read and write its files."


@contextlib.contextmanager
def of_the_user(flags: str) -> Iterator[None]:
    """Turn a `ValueError` into an error about what the user named, such as a damaged file.

    Args:
        flags: The flags that name it, for the message, such as "--classifier".

    Raises:
        RunError: For a `ValueError`.
    """
    try:
        yield
    except ValueError as error:
        raise RunError(f"{flags}: {error}") from error
