"""The machines of a run, as the environment variable TF_CONFIG describes them."""

import json
from typing import Any, NamedTuple

# The kinds of machines that train together; others are for strategies of another kind.
TYPES = ("chief", "worker")
_EXAMPLE = (
    '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'
)


class Cluster(NamedTuple):
    """All machines of a run.

    Attributes:
        addresses: HOST:PORT of each, the chief first, by name: "worker 1".
        own: The name of this process's machine.
    """

    addresses: dict[str, str]
    own: str


def parse(text: str | None) -> Cluster:
    """The machines that a text describes.

    Args:
        text: Value of TF_CONFIG: a JSON object of "cluster", a list of addresses per type of
            machine, and "task", the type and index of this process.

    Raises:
        ValueError: If anything in it is missing, malformed or given twice.
    """
    try:
        config = json.loads(text or "")
    except ValueError as error:
        raise _refused(
            "must be JSON with the addresses of all machines and the place of this process in them",
            f"{text!r} ({error})",
        ) from error
    if not isinstance(config, dict) or not {"cluster", "task"} <= set(config):
        raise _refused('must have the entries "cluster" and "task"', repr(text))
    machines = _machines(config["cluster"])
    own = _task(config["task"], config["cluster"])
    return Cluster(machines, own)


def split_address(address: str) -> tuple[str, int]:
    """Host and port of an address.

    Raises:
        ValueError: If it is not HOST:PORT with a port from 1 to 65535.
    """
    host, colon, port = address.rpartition(":") if isinstance(address, str) else ("", "", "")
    number = int(port) if port.isascii() and port.isdigit() else 0
    if not colon or not host.strip("[]") or host != host.strip() or not 1 <= number <= 65535:
        raise _refused("must hold addresses HOST:PORT, a port from 1 to 65535", repr(address))
    return host.strip("[]"), number


def _machines(cluster: Any) -> dict[str, str]:
    if not isinstance(cluster, dict) or not cluster:
        raise _refused('must have a list of addresses per type as "cluster"', repr(cluster))
    machines: dict[str, str] = {}
    for kind in sorted(cluster, key=lambda kind: (kind != "chief", str(kind))):
        if kind not in TYPES:
            raise _refused(
                f"must name machines of the types {' and '.join(TYPES)}, which train together",
                repr(kind),
            )
        addresses = cluster[kind]
        if not isinstance(addresses, list) or not addresses:
            raise _refused(f'must have a list of addresses as "{kind}"', repr(addresses))
        if kind == "chief" and len(addresses) > 1:
            raise _refused("must name one chief", repr(addresses))
        machines |= {f"{kind} {i}": address for i, address in enumerate(addresses)}
    seen = set()
    for address in machines.values():
        place = split_address(address)
        if place in seen:
            raise _refused("must name every machine once", f"{address!r} twice")
        seen.add(place)
    return machines


def _task(task: Any, cluster: dict[str, list[str]]) -> str:
    if not isinstance(task, dict) or not {"type", "index"} <= set(task):
        raise _refused('must have the type and the index of this process as "task"', repr(task))
    kind, index = task["type"], task["index"]
    if not isinstance(kind, str) or kind not in cluster:
        raise _refused(f'must have a type out of {", ".join(cluster)} as task "type"', repr(kind))
    last = len(cluster[kind]) - 1
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index <= last:
        raise _refused(f'must have an integer from 0 to {last} as task "index"', repr(index))
    return f"{kind} {index}"


def _refused(rule: str, received: str) -> ValueError:
    return ValueError(
        f"The environment variable TF_CONFIG {rule}. Received: {received}. Set for example "
        f"TF_CONFIG='{_EXAMPLE}'."
    )
