"""`simnet serve dns`: a cluster made from manifests answers on a loopback port until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from simnet.cli.given import FINE, cluster_of, unreadable
from simnet.cli.output import write
from simnet.errors import SimnetError, UsageError
from simnet.server.dns.seat import Seat
from simnet.server.listen import Server, read_address, until_stopped

DNS_PORT = 5353
LOOK_EVERY = 0.5  # seconds between two looks at the files with --follow

Stamps = dict[str, tuple[int, int]]


def run(arguments: argparse.Namespace) -> int:
    """Answer DNS questions over UDP and TCP until SIGINT or SIGTERM. Status 2 for bad input and an address in use."""
    try:
        host, port = read_address(arguments.listen, DNS_PORT)
        if arguments.follow and not _followed(arguments):
            raise UsageError("--follow needs a file or directory with -f; standard input does not change")
        stamps = _stamps(arguments)  # before the files are read, so that no change is missed
        seat = Seat(cluster_of(arguments), arguments.seen_as or "")
        server = Server(host, port, seat.datagram, seat.stream)
    except SimnetError as problem:
        return unreadable(problem)
    write(_greeting(server, seat, arguments.follow))
    asyncio.run(_serve(server, seat, arguments, stamps))
    return FINE


def _greeting(server: Server, seat: Seat, follows: bool) -> str:
    zones = ", ".join(seat.cluster.settings.dns.zones)
    host, _, port = server.address.rpartition(":")
    seen = f", as {seat.source} sees it" if seat.source else ""
    follow = "; the files are followed" if follows else ""
    return (f"answering for {zones} on {server.address}, UDP and TCP{seen}{follow}; stop with Ctrl-C\n"
            f"try: dig @{host.strip('[]')} -p {port} kubernetes.default.svc.cluster.local\n")


async def _serve(server: Server, seat: Seat, arguments: argparse.Namespace, stamps: Stamps) -> None:
    await server.start()
    follower = asyncio.ensure_future(_follow(seat, arguments, stamps)) if arguments.follow else None
    await until_stopped()
    if follower is not None:
        follower.cancel()
    server.stop()


async def _follow(seat: Seat, arguments: argparse.Namespace, before: Stamps) -> None:
    """Make the cluster anew whenever a file has changed; keep the old one while the new files are wrong."""
    while True:
        await asyncio.sleep(LOOK_EVERY)
        now = _stamps(arguments)
        if now == before:
            continue
        before = now
        try:
            cluster = cluster_of(arguments)
            if seat.source:
                cluster.actor(seat.source)
        except SimnetError as problem:
            sys.stderr.write(f"{problem}\nthe answers stay as they were before this change\n")
            sys.stderr.flush()
            continue
        seat.cluster = cluster
        write("the files have changed; the answers too\n")


def _followed(arguments: argparse.Namespace) -> Sequence[str]:
    return [name for name in arguments.filename if name != "-"]


def _stamps(arguments: argparse.Namespace) -> Stamps:
    """Path -> time of the last change and size, for every file named or in a directory named."""
    found: Stamps = {}
    for name in _followed(arguments):
        path = Path(name)
        for each in sorted(path.iterdir()) if path.is_dir() else [path]:
            try:
                status = each.stat()
            except OSError:
                continue  # just gone: another change
            found[str(each)] = status.st_mtime_ns, status.st_size
    return found
