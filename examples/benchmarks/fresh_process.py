"""What the benchmarks measure in a process of its own, whose peak of memory is nobody else's."""

import json
import resource
import subprocess
import sys


def peak_mib() -> float:
    """Largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run_apart(command, **options):
    """What a Python command prints on its last line, as JSON.

    Args:
        command: the script and its flags.
        **options: of `subprocess.run`.
    """
    command = [sys.executable, *command]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options)
    return json.loads(output.stdout.splitlines()[-1])
