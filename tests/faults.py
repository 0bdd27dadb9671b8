"""Faults to inject: damaged files, a kill at the n-th write, a disk that is full."""

import builtins
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess

# What happens to files: a name, and a function of the path.
DAMAGES = ("empty", "truncated", "flipped", "other", "missing", "folder")


def damage(path, kind):
    """Damages a file."""
    path = pathlib.Path(path)
    content = path.read_bytes()
    if kind in ("missing", "folder"):
        path.unlink()
        if kind == "folder":
            path.mkdir()
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif kind == "flipped":
        place = 2 * len(content) // 3
        path.write_bytes(content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :])
    elif kind == "other":
        path.write_bytes(b"something else entirely")
    else:
        raise ValueError(kind)


class KillAtWrite:
    """SIGKILL just before, or just after, the n-th time that this process changes a folder.

    A change is a file opened for writing, flushed, renamed or deleted, a folder made or deleted,
    below `root`. With `kill_at` 0 it counts.
    """

    def __init__(self, root, kill_at=0):
        self.root = str(pathlib.Path(root).resolve())
        self.kill_at = kill_at
        self.count = 0

    def __enter__(self):
        self._stack = contextlib.ExitStack()
        for name in ("replace", "rename", "unlink", "remove", "mkdir", "rmdir"):
            self._patch(os, name, lambda path, *rest, **options: True)
        self._patch(os, "fsync", lambda number: True)
        self._patch(builtins, "open", _writes)
        return self

    def __exit__(self, *error):
        self._stack.close()

    def _patch(self, module, name, counts):
        true = getattr(module, name)

        def function(*args, **options):
            counted = counts(*args, **options) and self._is_below(args[0])
            if counted:
                self._tick()
            result = true(*args, **options)
            if counted:
                self._tick()
            return result

        setattr(module, name, function)
        self._stack.callback(setattr, module, name, true)

    def _is_below(self, path):
        if isinstance(path, int):
            path = os.readlink(f"/proc/self/fd/{path}")
        return os.path.abspath(os.fspath(path)).startswith(self.root)

    def _tick(self):
        self.count += 1
        if self.count == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def _writes(file, mode="r", *rest, **options):
    return isinstance(file, str | os.PathLike) and set(mode) & set("wax+")


@contextlib.contextmanager
def small_disk(folder, size):
    """A disk of so many bytes, mounted at a folder; skips the test where none can be."""
    import pytest

    pathlib.Path(folder).mkdir()
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("needs root, to mount a small disk")
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted: {mounted.stderr.strip()}")
    try:
        yield pathlib.Path(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)
