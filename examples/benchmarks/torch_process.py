"""Runs a benchmark's PyTorch variants in a process of their own, which times them on request."""

import pathlib
import subprocess


class TorchProcess:
    """Runs a script of this folder that reads variants' names and prints seconds.

    Args:
        python: Python that can import torch.
        script: file name of the script.
        settings: the script's arguments.
    """

    def __init__(self, python: str, script: str, settings):
        command = [python, str(pathlib.Path(__file__).with_name(script)), *map(str, settings)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def seconds(self, name: str) -> float:
        """Seconds per update of the variant, the mean over one timing."""
        self._process.stdin.write(name + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("The process that runs PyTorch has ended; see its message above.")
        return float(answer)
