"""The entries of connection tracking that a trace shows, compared with those the kernel made (`conntrack -L`)."""

from __future__ import annotations

import re
import shutil
from typing import NamedTuple

import simnet
from simnet import ip
from tests.edges.kernel.lab import Lab

HAS_TOOL = shutil.which("conntrack") is not None
FIELD = re.compile(r"\b(src|dst|sport|dport)=(\S+)")


class Entry(NamedTuple):
    """What of an entry does not come out of a hat: every address, and the ports that are somebody's."""

    client: str
    dialled: str
    receiver: str
    answers_to: str


def entry_of(trace: simnet.Trace) -> tuple[str, Entry] | None:
    """The node that remembers the client's own connection, and what; None where nothing is translated."""
    entry = next((way.entry for way in trace.ways_back if way.depth == 0), None)
    if entry is None:
        return None
    source, _, destination, port = entry.original
    receiver, receiver_port, answers_to, _ = entry.reply
    return entry.node, Entry(ip.text(source), ip.host_port(destination, port), ip.host_port(receiver, receiver_port),
                             ip.text(answers_to))


def kept(lab: Lab, node: str, protocol: str, family: int) -> set[Entry]:
    """What the kernel of a node remembers."""
    listed = lab.nodes[node].run(["conntrack", "-L", "-f", "ipv6" if family == 6 else "ipv4", "-p", protocol])
    return {_read(line) for line in listed.splitlines()}


def _read(line: str) -> Entry:
    found: dict[str, list[str]] = {}
    for name, value in FIELD.findall(line):
        found.setdefault(name, []).append(value)
    (client, receiver), (dialled, answers_to) = found["src"], found["dst"]
    return Entry(client, _host_port(dialled, found["dport"][0]), _host_port(receiver, found["sport"][1]), answers_to)


def _host_port(address: str, port: str) -> str:
    return ip.host_port(ip.number(address), int(port))
