"""`Cluster.diff`: which requests two clusters answer differently, and that it misses none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simnet import Cluster, expect
from simnet.compare import Diff
from simnet.testing import deployment, gateway, gateway_class, http_route, ingress, pod, service

Change = Callable[[Cluster], object]


@pytest.fixture(scope="module")
def shop() -> Cluster:
    cluster = Cluster(nodes=2)
    cluster.apply([deployment("web"), service("web", type="LoadBalancer"), pod("client"), pod("db", port=5432),
                   service("db", port=5432), ingress("web", host="shop.example.com")])
    return cluster


def changed(cluster: Cluster, change: Change) -> Diff:
    twin = cluster.fork()
    change(twin)
    return cluster.diff(twin)


def test_a_cluster_and_its_fork_do_the_same(shop: Cluster) -> None:
    before = shop.version
    found = shop.diff(shop.fork())
    assert not found and len(found) == 0 and found.requests > 100
    assert str(found) == f"{found.requests} requests asked of both sides, none with another outcome"
    assert shop.version == before


# what is changed, what one of the differences is about, the outcome before, the outcome after, a line that shows it
CHANGES: list[tuple[str, Change, str, str, str, str]] = [
    ("a selector with a typo refuses by name", lambda c: c.apply(service("db", port=5432, selector={"app": "bd"})),
     "service/default/db port 5432/TCP", "open by pod/default/db:5432", "refused", "tcp db:5432 from pod/client"),
    ("a Service that goes takes its name along", lambda c: c.delete("service/db"),
     "service/default/db port 5432/TCP", "open by pod/default/db:5432", "no-name", "tcp db:5432 from pod/client"),
    ("a target port nobody listens on", lambda c: c.apply(service("db", port=5432, target_port=80)),
     "service/default/db port 5432/TCP", "open by pod/default/db:5432", "refused", "tcp db:5432 from pod/client"),
    ("Local keeps the client's address", lambda c: c.apply(service("web", type="LoadBalancer", externalTrafficPolicy="Local")),
     "service/default/web port 80/TCP", "200 by deployment/default/web:80 seen as a node",
     "200 by deployment/default/web:80 seen as the client", "GET http://203.0.113.2/ from laptop"),
    ("a path of an Ingress", lambda c: c.apply(ingress("web", host="shop.example.com", paths={"/cart": "web"})),
     "host shop.example.com", "200 by deployment/default/web:80", "404 by default-backend",
     "GET http://shop.example.com/ at 203.0.113.1 from laptop"),
    ("a new host on one side alone", lambda c: c.apply(ingress("new", host="new.example.com", paths={"/": "web"})),
     "host new.example.com", "404 by default-backend", "200 by deployment/default/web:80",
     "GET http://new.example.com/ at 203.0.113.1 from laptop"),
    ("a rewritten path", lambda c: c.apply(ingress("web", host="shop.example.com", annotations={"rewrite-target": "/app"})),
     "host shop.example.com", "200 by deployment/default/web:80 seen as deployment/ingress-nginx/ingress-nginx-controller",
     "200 by deployment/default/web:80 seen as deployment/ingress-nginx/ingress-nginx-controller asked for /app",
     "GET http://shop.example.com/ at 203.0.113.1 from laptop"),
    ("a pod that goes", lambda c: c.delete("pod/db"),
     "pod/default/db port 5432/TCP", "open by pod/default/db:5432", "timeout", ""),
    ("a link that is cut", lambda c: c.cut("pod/default/db", "bridge/" + c.get("pod", "db").node_name),
     "service/default/db port 5432/TCP", "open by pod/default/db:5432", "unreachable", "tcp db:5432 from pod/client"),
    ("a second Deployment behind the same Service takes its share", lambda c: c.apply(deployment("new", labels={"app": "web"})),
     "service/default/web port 80/TCP", "200 by deployment/default/web:80",
     "200 by deployment/default/new:80 (1/2), 200 by deployment/default/web:80 (1/2)", "GET http://web/ from pod/client"),
]


@pytest.mark.parametrize(("change", "about", "before", "after", "line"), [row[1:] for row in CHANGES],
                         ids=[row[0] for row in CHANGES])
def test_a_change_is_found_with_a_request_that_shows_it(shop: Cluster, change: Change, about: str, before: str, after: str,
                                                        line: str) -> None:
    found = changed(shop, change)
    fits = [each for each in found.differences if each.about == about and in_words(each) == (before, after)]
    assert fits, str(found)
    assert not line or line in {each.witness.old_line for each in fits}


def in_words(each: Any) -> tuple[str, str]:
    from simnet.compare.report import words_of
    return words_of(each.old), words_of(each.new)


def test_more_of_the_same_pods_is_no_difference(shop: Cluster) -> None:
    assert not changed(shop, lambda c: c.apply(deployment("web", replicas=4)))


def test_other_addresses_alone_are_no_difference() -> None:
    """The same files after others of which nothing is asked: other pod and cluster addresses, other made-up names."""
    def made(*first: Any) -> Cluster:
        cluster = Cluster(nodes=1, seed=len(first))
        cluster.apply([*first, deployment("web"), service("web", type="NodePort"), pod("client")])
        for each in first:
            cluster.delete(each["kind"], each["metadata"]["name"])
        return cluster

    one, other = made(), made(deployment("first", replicas=3), service("first"))
    assert one.get("service", "web").cluster_ips != other.get("service", "web").cluster_ips
    found = one.diff(other)
    assert not found, str(found)


def test_witnesses_are_what_both_sides_say(shop: Cluster) -> None:
    """Each witness is a line that anyone can repeat: its result holds on its own side."""
    twin = shop.fork()
    twin.apply([service("db", port=5432, selector={"app": "bd"}), ingress("web", host="shop.example.com", paths={"/a": "web"})])
    found = shop.diff(twin)
    assert len(found) >= 2
    for each in found.differences:
        for cluster, line, outcome in ((shop, each.witness.old_line, each.old), (twin, each.witness.new_line, each.new)):
            words = sorted({text.split()[0] for text, _ in outcome})
            expect(cluster, f"{line} {'is' if len(words) == 1 else 'may be'} {' | '.join(words)}")
        assert each.witness.old.result in {text.split()[0] for text, _ in each.old}


def test_senders_that_one_side_alone_has_are_named(shop: Cluster) -> None:
    found = changed(shop, lambda c: (c.delete("pod/client"), c.apply(pod("late", namespace="shop"))))
    assert found.only_old == ("pod/default/client",) and found.only_new == ("pod/shop/late",)
    assert "only before, so nothing was sent from there: pod/default/client" in str(found)
    assert not any("client" in source for each in found.differences for source in each.sources)


def test_a_pod_behind_a_service_meets_itself() -> None:
    """A hairpin differs for the pod itself alone: from there, and from nowhere else, the address changes."""
    def made(replicas: int) -> Cluster:
        cluster = Cluster(nodes=1)
        cluster.apply([pod("one", labels={"app": "web"}), service("web"), pod("client")])
        if replicas == 2:
            cluster.apply(pod("two", labels={"app": "web"}))
        return cluster

    found = made(1).diff(made(2))
    own = [each for each in found.differences if each.about.startswith("service/default/web")]
    assert {"pod/default/one", "pod/default/client"} <= {source for each in own for source in each.sources}


def test_data_for_machines(shop: Cluster) -> None:
    data = changed(shop, lambda c: c.delete("service/db")).to_json()
    assert data["schema"] == "simnet/diff/v1" and data["differs"] is True
    assert {"about": "service/default/db port 5432/TCP", "old": {"open by pod/default/db:5432": "1"}, "new": {"no-name": "1"},
            "witness": {"old": "tcp db:5432 from pod/client", "new": "tcp db:5432 from pod/client"}}.items() <= {
        key: value for each in data["differences"] if each["new"] == {"no-name": "1"} for key, value in each.items()}.items()


def test_routes_that_do_the_same_and_one_that_leaves_a_path_out() -> None:
    """Hosts and paths of routes are asked at the Gateway's address."""
    def made(*paths: str) -> Cluster:
        cluster = Cluster(nodes=1)
        cluster.apply([deployment("web"), service("web"), gateway_class(), gateway(),
                       http_route("web", hosts="shop.example.com", paths=dict.fromkeys(paths, "web"))])
        return cluster

    assert not made("/a", "/b").diff(made("/b", "/a"))
    found = made("/a", "/b").diff(made("/a"))
    assert [each.about for each in found.differences] == ["host shop.example.com"]
    assert found.differences[0].witness.new_line.startswith("GET http://shop.example.com/b at ")


SERVICES = ("web", "db")


@pytest.mark.parametrize("seed", range(12))
def test_no_difference_is_missed(shop: Cluster, seed: int) -> None:
    """Against asking everything: each pod, each Service by name and address. A change is found there exactly when it is
    found here (nothing but Services and pods is changed)."""
    from random import Random
    rng = Random(seed)
    twin = shop.fork()
    name = rng.choice(SERVICES)
    port = 80 if name == "web" else 5432
    spec: dict[str, Any] = {"selector": rng.choice([{"app": name}, {"app": "client"}, {}]), "target_port": rng.choice([port, 81])}
    if name == "web":
        spec["type"] = "LoadBalancer"
    twin.apply(service(name, port=port, **spec))
    asked = [f"tcp://{host}:{number}" for host, number in [("web", 80), ("db", 5432), *(
        (str(shop.get("service", each).manifest["spec"]["clusterIP"]), number) for each, number in (("web", 80), ("db", 5432)))]]
    sources = [f"pod/{each.key}" for each in shop.list("pod", namespace="default")] + ["node/node-1"]
    truth = any(shop.outcomes(url, source).results != twin.outcomes(url, source).results
                or shop.outcomes(url, source).endpoints != twin.outcomes(url, source).endpoints
                for url in asked for source in sources)
    assert bool(shop.diff(twin)) is truth
