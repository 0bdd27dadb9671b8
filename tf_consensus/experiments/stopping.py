"""How a session ends that Ctrl-C or SIGTERM has stopped."""

import shlex
import signal
import sys
from collections.abc import Sequence


class Terminated(KeyboardInterrupt):
    """SIGTERM, which stops training as Ctrl-C does."""


def stop_at_sigterm() -> None:
    """Have SIGTERM raise `Terminated` in this process from now on."""

    def terminate(number, frame):
        del number, frame
        raise Terminated

    signal.signal(signal.SIGTERM, terminate)


def say_how_to_go_on(stop: KeyboardInterrupt, command: Sequence[str], resume: bool) -> int:
    """Print the command that continues from the last backup.

    Args:
        stop: What has stopped the session.
        command: What was typed.
        resume: Whether it had --resume.

    Returns:
        The exit status: 130 after Ctrl-C, 143 after SIGTERM.
    """
    line = shlex.join([*command, *([] if resume else ["--resume"])])
    print(f"\ninterrupted; continue from the last backup with:\n  {line}", file=sys.stderr)
    return 143 if isinstance(stop, Terminated) else 130
