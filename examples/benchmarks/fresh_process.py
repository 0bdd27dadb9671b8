"""Runs a measurement in a process of its own, so that the peak of memory is its own."""

import json
import resource
import subprocess
import sys


def peak_mib() -> float:
    """Largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run_apart(command, **options):
    """The JSON that a Python command prints on its last line.

    Args:
        command: the script and its flags.
        **options: as for `subprocess.run`.
    """
    command = [sys.executable, *command]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options)
    return json.loads(output.stdout.splitlines()[-1])
