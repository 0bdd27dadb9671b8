"""Waits until all machines of a run are there, and reports those that are missing.

TensorFlow waits for the others silently. Here each process first listens at its own address, where
TensorFlow will listen later, and calls all others.
"""

import contextlib
import errno
import socket
import threading
import time
from collections.abc import Callable, Iterator

from tf_consensus.execution.tf_config import Cluster, split_address

REPORT_EVERY = 30.0
_PAUSE = 0.2
_KNOCK = 2.0
# How a call begins in HTTP/2, which TensorFlow's servers speak, and how they answer: with a frame
# of settings, whose fourth byte is its type. Other programs answer differently.
_SETTINGS = b"\x04"
_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0" + _SETTINGS + b"\0" * 5
_HERE = b"tf_consensus waits\n"


def wait_for_all(
    cluster: Cluster, timeout: float, report: Callable[[str], None] | None = None
) -> None:
    """Return when a process answers at every machine's address.

    Args:
        cluster: All machines.
        timeout: Seconds after which waiting ends in an error.
        report: Called every `REPORT_EVERY` seconds with a line that says which machines are
            missing; `None` prints it.

    Raises:
        TimeoutError: If a machine is missing after `timeout` seconds.
        ValueError: If this process's own port is taken.
    """
    report = report or (lambda line: print(line, flush=True))
    start = told = time.monotonic()
    missing = {name: address for name, address in cluster.addresses.items() if name != cluster.own}
    with _listening(cluster.addresses[cluster.own]):
        while missing := {n: address for n, address in missing.items() if not _answers(address)}:
            now = time.monotonic()
            names = ", ".join(f"{name} ({address})" for name, address in missing.items())
            if now - start >= timeout:
                raise TimeoutError(
                    f"All {len(cluster.addresses)} machines must start within {timeout:g} s of one "
                    f"another. Received: no answer from {names}. Start them with the same "
                    "TF_CONFIG, see that their ports can be reached, or wait longer."
                )
            if now - told >= REPORT_EVERY:
                told = now
                report(f"{cluster.own} has waited {now - start:.0f} s for {names}")
            time.sleep(_PAUSE)


@contextlib.contextmanager
def _listening(address: str) -> Iterator[None]:
    port, dual = split_address(address)[1], socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if dual else socket.AF_INET
    try:
        server = socket.create_server(("", port), family=family, backlog=128, dualstack_ipv6=dual)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise ValueError(
            f"A machine's port must be free. Received: port {port} of {address} "
            f"({error.strerror}). End what is left of an earlier start, or name another port in "
            "the TF_CONFIG of all machines."
        ) from error
    end = threading.Event()
    answering = threading.Thread(target=_answer, args=(server, end), daemon=True)
    answering.start()
    try:
        yield
    finally:
        end.set()
        answering.join()
        server.close()


def _answer(server: socket.socket, end: threading.Event) -> None:
    """Answers every call until the end."""
    server.settimeout(_PAUSE)
    while not end.is_set():
        with contextlib.suppress(OSError):
            caller, _ = server.accept()
            with caller:
                caller.settimeout(_KNOCK)
                # What is not read when a connection closes may take the answer with it.
                caller.recv(len(_HELLO))
                caller.sendall(_HERE)


def _answers(address: str) -> bool:
    """Whether one of this run's processes is there: one that waits too, or TensorFlow."""
    try:
        with socket.create_connection(split_address(address), timeout=_KNOCK) as machine:
            machine.sendall(_HELLO)
            answer = machine.recv(len(_HERE))
    except OSError:
        return False
    return answer == _HERE or answer[3:4] == _SETTINGS
