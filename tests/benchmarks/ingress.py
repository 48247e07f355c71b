"""I1 and I2: from host and path to the rule of a compiled Ingress table, against web routers and a linear scan.

Workload: app-0.example.com ... with 20 paths each, Prefix and Exact; seeded requests, Prefix ones with 0 to 3 further
elements. All that is compared must agree on the rule before anything is timed.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from importlib import import_module
from typing import Any

import simnet
from simnet.dataplane.http.matching import find_location
from simnet.dataplane.http.table import ControllerTable
from simnet.testing import ingress
from tests.benchmarks.bench import Row, absent, interleaved, micro

HOSTS, REQUESTS = 1000, 3000
PREFIXES = ("/", *(f"/api/v{number}" for number in range(1, 10)), "/static/css", "/static/js", "/shop", "/shop/cart",
            "/shop/items", "/admin", "/admin/users")
EXACT = ("/login", "/health", "/metrics")
Asked = list[tuple[str, str]]
Match = Callable[[str, str], str | None]


def table_of(hosts: int) -> ControllerTable:
    """One Ingress a host, compiled."""
    cluster = simnet.Cluster(nodes=1)
    manifests = []
    for number in range(hosts):
        manifest = ingress(f"i{number}", host=f"app-{number}.example.com", paths=dict.fromkeys(PREFIXES, "web"))
        paths = manifest["spec"]["rules"][0]["http"]["paths"]
        paths += [{**paths[0], "path": path, "pathType": "Exact"} for path in EXACT]
        manifests.append(manifest)
    cluster.apply(manifests)
    return cluster.view.ingress.tables()[0]


def asked(hosts: int, count: int) -> Asked:
    rng = random.Random(3)
    found = []
    for _ in range(count):
        path = rng.choice((*PREFIXES, *EXACT))
        if path in PREFIXES:
            path = path.rstrip("/") + "".join(f"/{rng.choice('abc')}{rng.randint(0, 9)}" for _ in range(rng.randint(0, 3)))
        found.append((f"app-{rng.randrange(hosts)}.example.com", path or "/"))
    return found


def linear(hosts: int) -> Match:
    """Every rule tried one after the other: the reference that needs no other package."""
    rules = [(f"app-{number}.example.com", path, path in EXACT) for number in range(hosts) for path in (*PREFIXES, *EXACT)]

    def match(host: str, path: str) -> str | None:
        best: tuple[int, bool, str] | None = None
        for own_host, own, exact in rules:
            if own_host == host and (path == own if exact else own == "/" or (path + "/").startswith(own + "/")):
                best = max(best or (0, False, ""), (len(own), exact, own))
        return best[2] if best is not None else None
    return match


def werkzeug(hosts: int) -> Match | None:
    try:
        routing = import_module("werkzeug.routing")
    except ImportError:
        return None
    rules = []
    for number in range(hosts):
        host = f"app-{number}.example.com"
        for path in PREFIXES:
            rules.append(routing.Rule(path, endpoint=path, host=host, strict_slashes=False))
            rules.append(routing.Rule(f"{path.rstrip('/')}/<path:rest>", endpoint=path, host=host))
        rules += [routing.Rule(path, endpoint=path, host=host) for path in EXACT]
    adapters: dict[str, Any] = {}
    whole = routing.Map(rules, host_matching=True)

    def match(host: str, path: str) -> str | None:
        adapter = adapters.get(host)
        if adapter is None:
            adapter = adapters[host] = whole.bind(host)
        return str(adapter.match(path)[0])
    return match


def starlette(hosts: int) -> Match | None:
    try:
        routing = import_module("starlette.routing")
    except ImportError:
        return None

    def routes(host: str) -> Any:
        ordered = sorted((*PREFIXES, *EXACT), key=len, reverse=True)
        return routing.Router([routing.Route(path, endpoint=len, name=path) if path in EXACT else
                               routing.Mount(path, app=len, name=path) for path in ordered])
    whole = routing.Router([routing.Host(f"app-{number}.example.com", app=routes("")) for number in range(hosts)])

    def match(host: str, path: str) -> str | None:
        scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"host", host.encode())], "root_path": ""}
        for route in whole.routes:
            if route.matches(scope)[0] is routing.Match.FULL:
                inner = next((each for each in route.app.routes if each.matches(scope)[0] is routing.Match.FULL), None)
                return inner.name if inner is not None else None
        return None
    return match


def rows(smoke: bool) -> list[Row]:
    hosts = HOSTS // 20 if smoke else HOSTS
    return [*_rows("I1", f"Ingress route, {hosts} hosts x 20 paths", hosts, smoke, (("werkzeug", 6), ("starlette", 200))),
            *_rows("I2", "same, one host, 20 paths", 1, smoke, (("werkzeug", 4), ("starlette", 7)))]


PEERS: dict[str, tuple[str, Callable[[int], Match | None], float]] = {
    "linear": ("scan of all rules, one after another", linear, 1.0),
    "werkzeug": ("werkzeug Map(host_matching)", werkzeug, 1.0), "starlette": ("starlette Router of Hosts", starlette, 0.7)}


def _rows(bar_id: str, what: str, hosts: int, smoke: bool, bars: tuple[tuple[str, float], ...]) -> list[Row]:
    """`bars` by peer; the in-tree scan stands in for peers that are absent, with a bar of its own."""
    table = table_of(hosts)
    requests = asked(hosts, 200 if smoke else REQUESTS)

    def ours(host: str, path: str) -> str:
        return find_location(table.find(host).server, path)[0].rule.path

    return [_row(bar_id, what, hosts, requests, ours, name, bar, 3 if smoke else 5)
            for name, bar in (("linear", 100.0 if hosts > 1 and not smoke else 2.0), *bars)]


def _row(bar_id: str, what: str, hosts: int, requests: Asked, ours: Match, name: str, bar: float, rounds: int) -> Row:
    """Ours over all requests, the peer over as many as it gets through; both per request."""
    peer, make, agreement = PEERS[name]
    theirs = make(hosts)
    if theirs is None:
        return absent(bar_id, what, peer, bar)
    same = sum(theirs(*each) == ours(*each) for each in requests[:400])
    assert same >= agreement * len(requests[:400]), f"{peer} agrees on {same} requests only"
    some = requests[:20 if name == "linear" and hosts > 1 else 200]
    mine, other = interleaved(lambda: [ours(*each) for each in requests], lambda: [theirs(*each) for each in some], rounds)
    mine, other = mine / len(requests), other / len(some)
    return Row(bar_id, what, peer, micro(mine), micro(other), other / mine, bar)
