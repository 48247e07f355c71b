"""`simnet serve http`: real clients reach a cluster made from manifests, until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

from simnet import ip
from simnet.cli.follow import Stamps, following, stamps_of
from simnet.cli.given import FINE, cluster_of, unreadable
from simnet.cli.output import write
from simnet.cluster import Cluster
from simnet.dataplane.step import Trace
from simnet.errors import SimnetError, UsageError
from simnet.explain import explain
from simnet.server.http.door import Door, Upstream
from simnet.server.http.limits import Limits
from simnet.server.http.openings import Opening, balancers, front_of, node_ports, without_doubles
from simnet.server.http.ports import Ports, spare_collector
from simnet.server.http.traces import PREFIX
from simnet.server.http.wires import Connections
from simnet.server.listen import read_address, until_stopped

HTTP_PORT, HTTPS_PORT = 8080, 8443
LIMITS = {"--max-head": ("head_bytes",), "--max-body": ("body_bytes",), "--max-connections": ("connections",),
          "--timeout": ("head_seconds", "idle_seconds")}


def run(arguments: argparse.Namespace) -> int:
    """Answer HTTP and HTTPS until SIGINT or SIGTERM. Status 2 for bad input and an address in use."""
    try:
        listens = _listens(arguments)
        stamps = stamps_of(arguments)  # before the files are read, so that no change is missed
        cluster = cluster_of(arguments)
        door = Door(cluster, time.monotonic, arguments.source, tuple(map(Upstream.read, arguments.upstream)),
                    _limits(arguments), _printed if arguments.trace else None)
        openings = _openings(cluster, arguments, listens)
        return asyncio.run(_serve(door, openings, arguments, stamps))
    except SimnetError as problem:
        return unreadable(problem)


def _listens(arguments: argparse.Namespace) -> list[tuple[str, int]]:
    return [read_address(arguments.http, HTTP_PORT, "--http", arguments.public),
            read_address(arguments.https, HTTPS_PORT, "--https", arguments.public)]


def _limits(arguments: argparse.Namespace) -> Limits:
    """Raises UsageError for a limit that is no positive number."""
    limits = Limits()
    for option, names in LIMITS.items():
        value = getattr(arguments, option.lstrip("-").replace("-", "_"))
        if value is not None and value <= 0:
            raise UsageError(f"{option} {value:g} is not more than 0")
        if value is not None:
            limits = replace(limits, **dict.fromkeys(names, value))
    return limits


def _openings(cluster: Cluster, arguments: argparse.Namespace, listens: Sequence[tuple[str, int]]) -> list[Opening]:
    """Everything to be opened; what cannot be goes to standard error. Raises UsageError when nothing serves HTTP."""
    front = front_of(cluster, arguments.to)
    (host, port), (tls_host, tls_port) = listens
    wanted = [Opening(host, port, front.http, f"http, {front.what}"),
              Opening(tls_host, tls_port, front.https, f"https, {front.what}")]
    wanted += node_ports(cluster) if arguments.nodeports else []
    wanted += balancers(cluster) if arguments.loadbalancers else []
    openings, doubles = without_doubles(wanted)
    for line in doubles:
        _complain(line)
    return openings


def _printed(name: str, trace: Trace) -> None:
    text = f"[{name}] {explain(trace)}\n\n"
    write(text.encode("utf-8", "backslashreplace").decode())  # a client may have sent what is no text


def _complain(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


async def _serve(door: Door, openings: Sequence[Opening], arguments: argparse.Namespace, stamps: Stamps) -> int:
    ports = Ports(Connections(door, _complain))
    opened = await ports.open(openings)
    write(_greeting(door, opened, arguments.follow))
    spare_collector()
    changing: set[asyncio.Task[None]] = set()

    def replaced(cluster: Cluster) -> None:
        gc.unfreeze()
        cluster.actor(door.source)
        wanted = _openings(cluster, arguments, [(each.host, each.port) for each in opened[:2]])
        door.cluster = cluster
        spare_collector()
        task = asyncio.ensure_future(ports.change(wanted, _complain))
        changing.add(task)
        task.add_done_callback(changing.discard)

    async with following(arguments, stamps, replaced):
        await until_stopped()
    ports.stop()
    return FINE


def _greeting(door: Door, opened: Sequence[Opening], follows: bool) -> str:
    width = max(len(_name(each)) for each in opened)
    lines = [f"{_name(each):<{width}}  leads to {each.address} ({each.what})" for each in opened]
    lines += [f"{each} answers for {each.pod or 'pods with ' + str(each.selector)}" for each in door.upstreams]
    follow = "; the files are followed" if follows else ""
    lines.append(f"clients count as {door.source}{follow}; stop with Ctrl-C")
    host = next((rule.host for each in door.cluster.list("ingress") for rule in each.rules if rule.host), "")
    header = f"-H 'Host: {host}' " if host else ""
    lines.append(f"try: curl -i {header}http://{_name(opened[0])}/ and then http://{_name(opened[0])}{PREFIX}/")
    return "\n".join(lines) + "\n"


def _name(opening: Opening) -> str:
    return ip.host_port(ip.number(opening.host), opening.port)
