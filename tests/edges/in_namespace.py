"""Run as a program inside fresh mount, network and UTS namespaces: real resolvers against a served cluster.

Reads the cases from standard input, writes what the resolver asked and found to standard output, both JSON. Every case has
the group's index, a pod, and a command; the pod's resolv.conf and hosts file are mounted over the real ones, its server is
127.0.0.1.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from simnet.dataplane.dns.decode import read_query
from simnet.dataplane.dns.message import Query
from simnet.server.dns.seat import Seat
from tests.conformance.test_dns_cases import cluster_of
from tests.edges.dns_serving import serving


class LoggingSeat(Seat):
    """Notes every question."""

    asked: list[tuple[str, str]]

    def datagram(self, message: bytes, sender: str) -> bytes | None:
        query = read_query(message)
        if isinstance(query, Query):
            self.asked.append((query.name, query.kind))
        return super().datagram(message, sender)


def mounted(place: str, text: str, folder: Path) -> None:
    """Put a text in the place of a file of this namespace."""
    target = Path(place).resolve()
    given = folder / target.name
    given.write_text(text)
    subprocess.run(["mount", "--bind", str(given), str(target)], check=True)


def main() -> None:
    given: dict[str, Any] = json.load(sys.stdin)
    for words in (["ip", "link", "set", "lo", "up"], ["ip", "addr", "add", "192.0.2.99/32", "dev", "lo"],
                  ["ip", "addr", "add", "2001:db8::99/128", "dev", "lo"]):
        subprocess.run(words, check=True)  # addresses other than loopback, so that AI_ADDRCONFIG asks for both families
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mounted("/etc/nsswitch.conf", "hosts: files dns\n", folder)
        for place in ("/etc/resolv.conf", "/etc/hosts"):
            mounted(place, "", folder)
        for index, group in enumerate(given["groups"]):
            cluster = cluster_of(group)
            for case in (each for each in given["cases"] if each["group"] == index):
                found.append(run(cluster, case, folder))
    json.dump(found, sys.stdout)


def run(cluster: Any, case: dict[str, Any], folder: Path) -> dict[str, Any]:
    source = f"pod/{case['pod']}"
    conf = cluster.resolv_conf(source)
    (folder / "resolv.conf").write_text(re.sub(r"(nameserver .*\n)+", "nameserver 127.0.0.1\n", str(conf)))
    (folder / "hosts").write_text(cluster.hosts_file(source))
    pod = cluster.actor(source).pod
    hostname = f"{pod.hostname}.{conf.local_domain}" if conf.local_domain else pod.hostname
    subprocess.run(["hostname", hostname], check=True)
    seat = LoggingSeat(cluster, source)
    seat.asked = []
    with serving(seat, port=53):
        done = subprocess.run(case["command"], capture_output=True, text=True, timeout=100, check=False)
    return {"asked": list(dict.fromkeys(seat.asked)), "status": done.returncode, "stdout": done.stdout}


if __name__ == "__main__":
    main()
