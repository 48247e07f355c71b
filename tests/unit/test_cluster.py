"""The verbs of a cluster: how things are named, what is committed, and that clusters do not meet."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet.errors import NotFound, UsageError
from simnet.testing import deployment, ingress, pod, service
from tests.test_messages import assert_message


@pytest.fixture
def shop() -> simnet.Cluster:
    cluster = simnet.Cluster(nodes=2)
    cluster.apply([deployment("web"), service("web"), pod("client")])
    cluster.apply(pod("client", namespace="shop"))
    return cluster


# naming -----------------------------------------------------------------------------------------------------------

# how it is asked for, the object's ref
NAMES: list[tuple[tuple[str, ...], dict[str, str], str]] = [
    (("service/web",), {}, "service/default/web"), (("svc", "web"), {}, "service/default/web"),
    (("Service", "web"), {"namespace": "default"}, "service/default/web"),
    (("pod/shop/client",), {}, "pod/shop/client"), (("pods", "client"), {"namespace": "shop"}, "pod/shop/client"),
    (("deployments.apps/web",), {}, "deployment/default/web"), (("node/node-1",), {}, "node/node-1"),
    (("no", "node-1"), {"namespace": "shop"}, "node/node-1"), (("namespace", "shop"), {}, "namespace/shop"),
]


@pytest.mark.parametrize(("args", "options", "ref"), NAMES)
def test_ways_to_name_an_object(shop: simnet.Cluster, args: tuple[str, ...], options: dict[str, str], ref: str) -> None:
    assert shop.get(*args, **options).ref == ref


MISTAKES: list[tuple[str, Any, type, str]] = [
    ("a kind alone", lambda cluster: cluster.get("pod"), UsageError,
     "'pod' names no object; write KIND/NAME or give the name"),
    ("a kind nobody knows", lambda cluster: cluster.get("pdo/web"), UsageError, "'pdo' is not a kind of object; did you mean po?"),
    ("a name nobody has", lambda cluster: cluster.get("service/wep"), NotFound,
     "service 'wep' not found in namespace default; did you mean web?"),
    ("the wrong namespace", lambda cluster: cluster.get("service/shop/web"), NotFound, "service 'web' not found in namespace shop"),
    ("a list of no kind", lambda cluster: cluster.list("pdos"), UsageError, "'pdos' is not a kind of object; did you mean pods?"),
    ("a selector that is none", lambda cluster: cluster.list("pods", selector="app in"), UsageError,
     "label selector 'app in', character 7: found the end, expected '(' and a list of values"),
]


@pytest.mark.parametrize(("row", "act", "kind", "message"), MISTAKES, ids=[row[0] for row in MISTAKES])
def test_mistakes_name_the_nearest(shop: simnet.Cluster, row: str, act: Any, kind: type, message: str) -> None:
    assert_message(lambda: act(shop), kind, message)


def test_lists_are_in_order_and_can_be_narrowed(shop: simnet.Cluster) -> None:
    assert [str(each.key) for each in shop.list("pod", selector="app=client")] == ["default/client", "shop/client"]
    assert len(shop.list("po", namespace="default")) == 3
    assert shop.list("pod", selector="app=client,tier", namespace="default") == []


def test_endpoints_are_derived_where_nobody_wrote_them(shop: simnet.Cluster) -> None:
    found = shop.get("endpoints", "web")
    assert len(found.subsets[0].addresses) == 2
    assert "default/web" in [str(each.key) for each in shop.list("endpoints")]
    with pytest.raises(NotFound):
        shop.get("endpoints", "nothing")


def test_kinds_nobody_models_are_kept_and_listed() -> None:
    cluster = simnet.Cluster(addons=())
    cluster.apply({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"x": 1}})
    assert cluster.get("Widget", "w").manifest["spec"] == {"x": 1}
    assert [each.name for each in cluster.list("Widget")] == ["w"]
    assert cluster.delete("Widget/w").name == "w"


# versions and events ----------------------------------------------------------------------------------------------

def test_versions_grow_with_every_commit_and_only_then(shop: simnet.Cluster) -> None:
    before = shop.version
    shop.trace("http://web/", "pod/client")
    shop.request("http://web/", "pod/client")
    shop.apply(pod("client"))
    assert shop.version == before
    shop.apply(service("more"))
    assert shop.version > before
    assert shop.resource_version(shop.get("service", "more")) > before >= shop.resource_version(shop.get("service", "web"))


def test_what_happened_since_a_version_can_be_read_until_it_is_forgotten(shop: simnet.Cluster) -> None:
    before = shop.version
    shop.apply(pod("more"))
    seen = shop.store.events_since(before)
    assert [event.version for event in seen] == list(range(before + 1, shop.version + 1))
    assert ("Pod", "more") in [(event.kind, event.key.name) for event in seen]


def test_events_of_an_object_are_its_own(shop: simnet.Cluster) -> None:
    told = [(each.reason, each.component) for each in shop.events_of(shop.get("pod", "client"))]
    assert told == [("Scheduled", "default-scheduler"), ("Pulled", "kubelet"), ("Created", "kubelet"), ("Started", "kubelet")]
    assert {each.involved.name for each in shop.events_of(shop.get("pod", "client"))} == {"client"}


# sending ----------------------------------------------------------------------------------------------------------

def port_of(trace: simnet.Trace) -> int:
    return trace.steps[0].before.source_port


def test_every_committed_call_takes_the_sources_next_port(shop: simnet.Cluster) -> None:
    assert [port_of(shop.trace("http://web/", "pod/client")) for _ in range(3)] == [32768] * 3
    assert [port_of(shop.request("http://web/", "pod/client")) for _ in range(3)] == [32768, 32769, 32770]
    assert port_of(shop.connect("tcp://web:80", "pod/client")) == 32771
    shop.open("http://web/", "pod/client")
    assert port_of(shop.trace("http://web/", "pod/client")) == 32773
    assert port_of(shop.trace("http://web/", "pod/shop/client")) == 32768, "every source counts for itself"


def test_source_ports_start_again_after_the_last() -> None:
    """net.ipv4.ip_local_port_range is 32768 to 60999."""
    cluster = simnet.Cluster(nodes=0, addons=())
    for _ in range(60999 - 32768):
        cluster.connect("tcp://198.51.100.7:80")
    assert [port_of(cluster.connect("tcp://198.51.100.7:80")) for _ in range(2)] == [60999, 32768]


def test_names_are_resolved_as_the_program_would(shop: simnet.Cluster) -> None:
    assert shop.resolve("web", "pod/client").addresses == shop.resolve("web.default.svc.cluster.local", "pod/client").addresses
    assert shop.resolve("web", "pod/client", family=6).addresses == ()
    assert shop.resolve("web", "pod/client", libc="musl").libc == "musl"
    assert shop.resolve("web").status != "ok", "the laptop does not ask the cluster"
    with pytest.raises(UsageError, match="did you mean 'musl'"):
        shop.resolve("web", "pod/client", libc="mucl")


def test_the_files_of_a_pod_can_be_read(shop: simnet.Cluster) -> None:
    assert str(shop.resolv_conf("pod/client")) == (
        "search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n")
    assert "\tclient\n" in shop.hosts_file("pod/client")


def test_one_question_to_the_server(shop: simnet.Cluster) -> None:
    assert shop.query("web.default.svc.cluster.local").rcode == "NOERROR"
    assert shop.query("web.default.svc.cluster.local", "AAAA").kind == "NODATA"
    assert shop.query("wep.default.svc.cluster.local", source="pod/client").rcode == "NXDOMAIN"


# copies -----------------------------------------------------------------------------------------------------------

def everything(cluster: simnet.Cluster) -> tuple[Any, ...]:
    return cluster.dump(), cluster.version, cluster.now, str(cluster.trace("http://web/", "pod/client").endpoint)


# row, what is done to one of two
DEEDS: list[tuple[str, Any]] = [
    ("an object is applied", lambda cluster: cluster.apply(pod("more"))),
    ("an object is deleted", lambda cluster: cluster.delete("service/web")),
    ("facts are loaded", lambda cluster: cluster.load({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"},
                                                       "spec": {"clusterIP": "10.96.0.77", "ports": [{"port": 80}]}})),
    ("time passes", lambda cluster: cluster.advance(60)),
    ("requests are sent", lambda cluster: [cluster.request("http://web/", "pod/client") for _ in range(3)]),
    ("a link is cut", lambda cluster: cluster.cut("node/node-1", "router")),
    ("nodes are parted", lambda cluster: cluster.partition(["node/node-1"], ["node/node-2"])),
    ("settings change", lambda cluster: cluster.set(assume="any-port")),
]


@pytest.mark.parametrize("turned", [False, True], ids=["to the fork", "to the original"])
@pytest.mark.parametrize(("row", "deed"), DEEDS, ids=[row[0] for row in DEEDS])
def test_what_is_done_to_one_of_two_forks_is_not_seen_by_the_other(shop: simnet.Cluster, row: str, deed: Any, turned: bool) -> None:
    one, other = (shop.fork(), shop) if turned else (shop, shop.fork())
    before = everything(one)
    deed(other)
    assert everything(one) == before
    one.apply(pod("later"))
    assert one.get("pod", "later").phase == "Running"


def test_forks_go_on_alike(shop: simnet.Cluster) -> None:
    twin = shop.fork()
    for cluster in (shop, twin):
        cluster.apply([deployment("api"), service("api", type="NodePort"), ingress("api", host="api.test")])
    assert twin.dump() == shop.dump()
    taken = [[cluster.request("http://api/", "pod/client").endpoint for _ in range(5)] for cluster in (shop, twin)]
    assert taken[0] == taken[1]


def test_several_clusters_in_one_process_do_not_meet() -> None:
    clusters = [simnet.Cluster(nodes=2, seed=seed) for seed in (1, 1, 2)]
    for number, cluster in enumerate(clusters):
        cluster.apply([deployment("web", replicas=2 + number), service("web"), pod("client")])
        cluster.request("http://web/", "pod/client")
    assert [len(cluster.list("pod", selector="app=web")) for cluster in clusters] == [2, 3, 4]
    assert [cluster.store.count("Service") for cluster in clusters] == [4, 4, 4]
    clusters[0].cut("node/node-1", "router")
    assert clusters[1].view.underlay.is_whole
    clusters[0].set(policies="not-enforced")
    assert clusters[1].settings.policies == "required"


def test_work_is_counted_inside_the_block_only(shop: simnet.Cluster) -> None:
    shop.request("http://web/", "pod/client")
    with shop.counting() as work:
        shop.apply(pod("more"))
    assert work.commits > 0 and work.stages_run == 0
    with shop.counting() as none:
        pass
    assert none.commits == 0 and work.commits > 0


def test_a_cluster_shows_what_it_holds(shop: simnet.Cluster) -> None:
    assert repr(shop).startswith("<Cluster: 2 nodes, 6 pods, 4 services, version ")
