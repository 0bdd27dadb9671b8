"""Worker processes, each on a core of its own, that process a list of jobs."""

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from tf_consensus.experiments.errors import RunError

# One thread per worker. TensorFlow and OpenBLAS read these numbers of threads when they are loaded.
_ENVIRONMENT = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "CUDA_VISIBLE_DEVICES": "-1",
}


class Call(NamedTuple):
    """A job for a worker: a function of a module, and its arguments, all of which can be pickled.

    Attributes:
        name: Its name in messages.
        function: A function at the top level of a module.
        arguments: Its arguments.
    """

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class _Worker:
    """One process, and the pipe to it."""

    def __init__(self, core: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=_serve, args=(other,), daemon=True)
        with _pinned(core), _environment():
            self.process.start()
        other.close()
        self.call: Call | None = None

    def begin(self, call: Call) -> None:
        """Hand a job over."""
        self.call = call
        self.pipe.send((call.function, call.arguments))

    def end(self) -> tuple[Call, Any]:
        """The job and its result.

        Raises:
            RunError: If it failed, or the process has ended.
        """
        call, self.call = self.call, None
        assert call is not None
        try:
            good, found = self.pipe.recv()
        except EOFError:
            self.process.join()
            good, found = False, f"its process ended with status {self.process.exitcode}"
        if good:
            return call, found
        raise RunError(
            f"A run may fail by divergence alone. Received: {call.name}, {found}. Mend this, or "
            "leave the method out by --methods; the same command continues."
        )


class Workers:
    """Processes that start when they are first needed.

    Args:
        cores: The number of each process's core.
    """

    def __init__(self, cores: Sequence[int]) -> None:
        self._cores = list(cores)
        self._workers: list[_Worker] = []

    def map(self, calls: Sequence[Call]) -> Iterator[tuple[Call, Any]]:
        """Pairs of a job and its result, as the jobs end.

        Raises:
            RunError: If one failed.
        """
        waiting = list(reversed(calls))
        while len(self._workers) < min(len(self._cores), len(calls)):
            self._workers.append(_Worker(self._cores[len(self._workers)]))
        while waiting or any(worker.call for worker in self._workers):
            for worker in self._workers:
                if waiting and worker.call is None:
                    worker.begin(waiting.pop())
            busy = {worker.pipe: worker for worker in self._workers if worker.call}
            for pipe in multiprocessing.connection.wait(list(busy)):
                yield busy[pipe].end()  # type: ignore[index]

    def close(self) -> None:
        """End all processes, at once."""
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join()
        self._workers.clear()


def cores() -> list[int]:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _serve(pipe: Any) -> None:
    """Run the jobs that come through the pipe until its other end is closed."""
    # Ctrl-C reaches all processes of a terminal; the parent ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            function, arguments = pipe.recv()
            try:
                found = (True, function(*arguments))
            except Exception as error:  # whatever it is, the parent reports it
                traceback.print_exc()
                found = (False, f"{type(error).__name__}: {error}")
            pipe.send(found)


@contextlib.contextmanager
def _pinned(core: int) -> Iterator[None]:
    """Let a process that is started in this block run all its threads on one core."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def _environment() -> Iterator[None]:
    """Let a process that is started in this block find the variables for one thread."""
    before = dict(os.environ)
    os.environ.update(_ENVIRONMENT)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
