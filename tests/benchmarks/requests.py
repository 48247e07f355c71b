"""W1 and W2: a full request with its trace, against HTTP test clients, a simulator, and the same request untraced."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable
from importlib import import_module
from typing import Any

import simnet
from simnet.dataplane.client import Options, actor_of, first_packet, parse_url
from simnet.dataplane.packet import Packet, Place
from simnet.dataplane.rules import AddressKind
from simnet.dataplane.verdict import Verdict
from simnet.dataplane.walk import flow_hash, walk
from simnet.dataplane.ways import Sources
from tests.benchmarks.bench import Row, absent, interleaved, micro
from tests.benchmarks.pods import shop_manifests

NODES, SERVICES, PODS = 100, 1000, 15
TIMES = 10  # W1: so often each round walks the 200 requests, so that it takes about as long as the peers' 200


def big_cluster(smoke: bool) -> simnet.Cluster:
    """100 nodes, 1,000 Services with 15 pods each (a tenth of the Services in smoke mode)."""
    services = SERVICES // 10 if smoke else SERVICES
    nodes = {f"node-{i}": f"172.18.{i // 250}.{i % 250 + 2}" for i in range(NODES)}
    cluster = simnet.Cluster(nodes=nodes, pod_cidr="10.128.0.0/9", service_cidr="10.0.0.0/12")
    cluster.apply(shop_manifests(services, PODS, namespaces=10))
    return cluster


def packets(cluster: simnet.Cluster, count: int) -> list[Packet]:
    """Seeded requests by short name or qualified name, from random pods."""
    rng = random.Random(1)
    pods = cluster.list("pod", selector="app")
    services = [each for each in cluster.list("service") if each.name.startswith("app-")]
    made = []
    for i in range(count):
        pod, service = rng.choice(pods), rng.choice(services)
        actor = actor_of(cluster.view, f"pod/{pod.key}")
        target = parse_url(f"tcp://{service.name}.{service.namespace}:80")
        made.append(first_packet(cluster.view, target, actor, Options(), 32768 + i % 20000))
    return made


def untraced(cluster: simnet.Cluster, requests: list[Packet]) -> Callable[[], None]:
    """The same look-ups, in the same memories, with nothing recorded: name, Service, endpoint by hash, way, listener."""
    view, choose = cluster.view, flow_hash(0)
    names, claims, crossings, deliveries = (view.memo.names, view.claims, view.memo.crossings, view.memo.deliveries)

    def run() -> None:
        for packet in requests:
            flow, node, port, protocol = packet.flow, packet.node, packet.port, packet.protocol
            actor = flow.actor
            _, address, source = names[(actor.name, actor.libc, flow.host, flow.family)]
            claim = claims[(node, address, port, protocol)].claim
            assert claim.usable.has_any and claim.kind is not AddressKind.LOAD_BALANCER_IP
            for way in claim.ways:
                if way.sources is not Sources.PODS or view.is_pod_source(source):
                    break
            target = way.among[choose(packet, way.fork)]
            is_hairpin = target.address == source
            assert not view.has_policies and view.underlay.is_whole
            goal, _ = crossings[(node, target.address)]
            assert (goal or is_hairpin) and deliveries[(target.address, target.port, protocol)].verdict is Verdict.DELIVERED

    return run


def rows(smoke: bool) -> list[Row]:
    cluster = big_cluster(smoke)
    requests = packets(cluster, 500 if smoke else 5000)
    view, choose = cluster.view, flow_hash(0)
    traces = [walk(view, packet, choose) for packet in requests]
    assert all(trace.result == "open" for trace in traces)
    hops = sum(len(trace.steps) for trace in traces) / len(traces)
    remember_all(cluster, traces)
    del traces
    gc.collect()
    gc.freeze()  # else each collection between rounds walks the whole cluster and empties the processor's caches

    def traced(count: int, times: int = 1) -> Callable[[], None]:
        def run() -> None:
            for packet in requests[:count] * times:
                walk(view, packet, choose)
        return run

    rounds = 3 if smoke else 5
    ours, bare = interleaved(traced(len(requests)), untraced(cluster, requests), rounds)
    what = f"full request with a {hops:.0f}-step trace"
    found = [Row("W2", "cost of the trace", "the same request untraced", micro(ours / len(requests)),
                 micro(bare / len(requests)), ours / bare, 2.3, at_most=True)]
    for peer, bar, make in (("werkzeug.test.Client.get", 10, _werkzeug), ("starlette TestClient.get", 100, _starlette),
                            ("simpy process with 8 timeouts", 1.3, _simpy)):
        call = make()
        if call is None:
            found.append(absent("W1", what, peer, bar))
            continue
        count = 50 if smoke else 200
        mine, theirs = interleaved(traced(count, TIMES), lambda call=call, count=count: [call() for _ in range(count)], rounds)
        mine /= TIMES
        found.append(Row("W1", what, peer, micro(mine / count), micro(theirs / count), theirs / mine, bar))
    gc.unfreeze()
    return found


def remember_all(cluster: simnet.Cluster, traces: list[simnet.Trace]) -> None:
    """Let the memories know every endpoint that the untraced requests may pick (its hash sees an unresolved packet)."""
    view = cluster.view
    for trace in traces:
        captured, crossing = trace.steps[1], trace.steps[4].before
        for target in captured.because.claim.usable.cluster:
            packet = crossing.at(Place.LINK)
            packet.destination, packet.port, packet.target = target.address, target.port, target
            walk(view, packet, flow_hash(0))


def _optional(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        return None


def _werkzeug() -> Callable[[], object] | None:
    test, wrappers = _optional("werkzeug.test"), _optional("werkzeug.wrappers")
    if test is None:
        return None
    client = test.Client(wrappers.Request.application(lambda request: wrappers.Response("hello")))
    return lambda: client.get("/")


def _starlette() -> Callable[[], object] | None:
    testclient = _optional("starlette.testclient")
    if testclient is None:
        return None
    responses, applications, routing = (import_module(f"starlette.{each}") for each in ("responses", "applications", "routing"))
    application = applications.Starlette(routes=[routing.Route("/", lambda request: responses.PlainTextResponse("hello"))])
    client = testclient.TestClient(application)
    return lambda: client.get("/")


def _simpy() -> Callable[[], object] | None:
    simpy = _optional("simpy")
    if simpy is None:
        return None

    def process(environment: Any) -> Any:
        for _ in range(8):
            yield environment.timeout(1)

    def run() -> None:
        environment = simpy.Environment()
        environment.process(process(environment))
        environment.run()

    return run
