"""V1: from a VIP to a backend, against a dictionary of netaddr's address objects and `random.choice`, where netaddr is
installed; the peer starts from the address as text, as a packet's is no object yet. (The same with the standard
library's address objects is measured elsewhere.) V2: session affinity on a tenth of the Services, against the same
look-ups without it."""

from __future__ import annotations

import random
from collections.abc import Callable
from importlib import import_module
from typing import Any

import simnet
from simnet import ip
from tests.benchmarks.bench import Row, absent, interleaved, micro

ENDPOINTS = 15
Pairs = list[tuple[int, int]]


def cluster_of(services: int, sticky: bool) -> simnet.Cluster:
    """`services` Services with 15 endpoints each, written down as slices; every tenth with affinity if `sticky`."""
    cluster = simnet.Cluster(nodes=1, addons=(), service_cidr="172.20.0.0/16", pod_cidr="10.0.0.0/8")
    objects: list[dict[str, Any]] = []
    for index in range(services):
        name, address = f"s{index}", ip.text(ip.number("172.20.0.1") + index)
        affinity = {"sessionAffinity": "ClientIP"} if sticky and index % 10 == 0 else {}
        objects.append({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {
            "clusterIP": address, "clusterIPs": [address], "ports": [{"port": 80}], **affinity}})
        first = ip.number("10.1.0.0") + index * ENDPOINTS
        objects.append({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": name, "labels": {"kubernetes.io/service-name": name}},
            "ports": [{"name": "", "port": 8080, "protocol": "TCP"}],
            "endpoints": [{"addresses": [ip.text(first + n)], "nodeName": "node-1"} for n in range(ENDPOINTS)]})
    cluster.load(objects)
    return cluster


def looked_up(cluster: simnet.Cluster, pairs: Pairs) -> Callable[[], None]:
    """(client, VIP) -> backend for every pair: claim, remembered endpoint or a random one, the choice remembered."""
    view: Any = cluster.view
    draw = random.Random(1).random
    for _, vip in pairs:
        view.captured("node-1", vip, 80, "TCP")

    def run() -> None:
        claims, affinity, now = view.claims, view.affinity, view.now
        for client, vip in pairs:
            claim = claims["node-1", vip, 80, "TCP"].claim
            among = claim.usable.cluster
            if claim.is_sticky:
                target = affinity.recall(claim.rules, "node-1", client, among, now) or among[int(draw() * len(among))]
                affinity.remember(claim.rules, "node-1", client, target, now)
            else:
                target = among[int(draw() * len(among))]
    return run


def rows(smoke: bool) -> list[Row]:
    services, count = (500, 1_000) if smoke else (10_000, 20_000)
    rng = random.Random(2)
    first = ip.number("172.20.0.1")
    pairs = [(ip.number("10.200.0.0") + rng.randrange(60_000), first + rng.randrange(services)) for _ in range(count)]
    rounds, plain = 3 if smoke else 5, looked_up(cluster_of(services, False), pairs)
    mine, base = interleaved(looked_up(cluster_of(services, True), pairs), plain, rounds)
    return [_against_objects(plain, services, pairs, rounds),
            Row("V2", "VIP to backend, a tenth with session affinity", "the same without affinity", micro(mine / count),
                micro(base / count), mine / base, 1.3, at_most=True)]


def _against_objects(ours: Callable[[], None], services: int, pairs: Pairs, rounds: int) -> Row:
    what, peer = "VIP to backend", "dict of netaddr objects"
    try:
        address = import_module("netaddr").IPAddress
    except ImportError:
        return absent("V1", what, peer, 3)
    first = ip.number("172.20.0.1")
    table = {(address(ip.text(first + index)), 80, "TCP"): [
        (address(ip.text(ip.number("10.1.0.0") + index * ENDPOINTS + n)), 8080) for n in range(ENDPOINTS)]
        for index in range(services)}
    dialled = [ip.text(vip) for _, vip in pairs]

    def theirs() -> None:
        for vip in dialled:
            random.choice(table[address(vip), 80, "TCP"])

    mine, other = interleaved(ours, theirs, rounds)
    return Row("V1", what, peer, micro(mine / len(pairs)), micro(other / len(pairs)), other / mine, 3)
