"""`simnet serve dns`: a cluster made from manifests answers on a loopback port until it is stopped."""

from __future__ import annotations

import argparse
import asyncio

from simnet.cli.follow import Stamps, following, stamps_of
from simnet.cli.given import FINE, cluster_of, unreadable
from simnet.cli.output import write
from simnet.cluster import Cluster
from simnet.errors import SimnetError
from simnet.server.dns.seat import Seat
from simnet.server.listen import Server, read_address, until_stopped

DNS_PORT = 5353


def run(arguments: argparse.Namespace) -> int:
    """Answer DNS questions over UDP and TCP until SIGINT or SIGTERM. Status 2 for bad input and an address in use."""
    try:
        host, port = read_address(arguments.listen, DNS_PORT)
        stamps = stamps_of(arguments)  # before the files are read, so that no change is missed
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

    def replaced(cluster: Cluster) -> None:
        if seat.source:
            cluster.actor(seat.source)
        seat.cluster = cluster

    async with following(arguments, stamps, replaced):
        await until_stopped()
    server.stop()
