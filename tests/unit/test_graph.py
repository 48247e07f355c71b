"""The pictures: the network under a cluster, the references between objects, the walk itself."""

from __future__ import annotations

import random

import networkx as nx
import pytest

from simnet import ip
from simnet.dataplane.packet import Place
from simnet.dataplane.walk import STAGE_AT
from simnet.explain.graph import (
    onward,
    reference_graph,
    to_dot,
    to_mermaid,
    to_node_link,
    underlay_graph,
    veth_name,
    walk_diagram,
)
from simnet.ip import IPNetwork
from simnet.names import ObjectKey
from simnet.objects.endpointslice import SERVICE_NAME_LABEL, Endpoint, EndpointSlice
from simnet.objects.ingress import Ingress, IngressBackend, IngressPath, IngressRule, IngressTLS
from simnet.objects.ingressclass import IngressClass
from simnet.objects.meta import Object, Owner
from simnet.objects.node import Node
from simnet.objects.pod import Pod, PodSpec
from simnet.objects.replicaset import ReplicaSet
from simnet.objects.service import Service
from tests.unit.explain_world import shop

NODES = [Node(key=ObjectKey("", "a"), addresses=(ip.number("172.18.0.2"),), pod_cidrs=(IPNetwork.parse("10.244.0.0/24"),)),
         Node(key=ObjectKey("", "b"), addresses=(ip.number("172.18.0.3"),))]


def key(name: str) -> ObjectKey:
    return ObjectKey("default", name)


def pod(name: str, node: str = "a", address: str = "", **more: object) -> Pod:
    return Pod(key=key(name), node_name=node, pod_ips=(ip.number(address),) if address else (), **more)  # type: ignore[arg-type]


PODS = [pod("web", address="10.244.0.3"), pod("proxy", "b", spec=PodSpec(host_network=True)),
        pod("done", "a", "10.244.0.9", phase="Succeeded"), pod("waiting", "")]


# the network ----------------------------------------------------------------------------------------------------

def test_pods_hang_on_bridges_bridges_on_nodes_nodes_on_the_router() -> None:
    graph = underlay_graph(NODES, PODS)
    assert nx.shortest_path(graph, "pod/default/web", "outside") == [
        "pod/default/web", "bridge/a", "node/a", "router", "outside"]
    assert nx.shortest_path(graph, "pod/default/web", "node/b") == [
        "pod/default/web", "bridge/a", "node/a", "router", "node/b"]
    assert graph.nodes["pod/default/web"] == {"kind": "pod", "label": "default/web", "addresses": ["10.244.0.3"]}
    assert graph.nodes["bridge/a"]["addresses"] == ["10.244.0.0/24"]


def test_a_pod_has_a_veth_pair_of_its_own_unless_it_shares_its_nodes_network() -> None:
    graph = underlay_graph(NODES, PODS)
    assert graph.edges["pod/default/web", "bridge/a"] == {"kind": "veth", "label": veth_name(key("web")), "cut": False}
    assert graph.edges["pod/default/proxy", "node/b"]["kind"] == "host network"
    assert graph.degree["pod/default/done"] == graph.degree["pod/default/waiting"] == 0
    assert len({veth_name(key(f"web-{number}")) for number in range(200)}) == 200


def test_the_vertices_are_those_a_walk_names() -> None:
    cluster = shop()
    cluster.cut("node/node-1", "router")
    trace = cluster.trace("http://web/", "laptop", at="10.96.0.50")
    graph = underlay_graph(cluster.list("node"), cluster.list("pod"), cluster.view.underlay.cut)
    missing = trace.last.because.missing  # type: ignore[attr-defined]
    assert graph.edges[missing]["cut"] is True
    assert sum(attributes["cut"] for _, _, attributes in graph.edges(data=True)) == 1


# references -----------------------------------------------------------------------------------------------------

def objects() -> list[Object]:
    path = IngressPath("/", "Prefix", IngressBackend("web", 80))
    other = IngressPath("/api", "Prefix", IngressBackend("api", 80))
    return [
        IngressClass(key=ObjectKey("", "nginx")),
        Ingress(key=key("shop"), ingress_class_name="nginx", rules=(IngressRule("shop.test", (path, other)),),
                tls=(IngressTLS(("shop.test",), "shop-tls"),), default_backend=IngressBackend("web", 80)),
        Service(key=key("web")), Service(key=key("docs"), type="ExternalName", external_name="docs.example.net"),
        EndpointSlice(key=key("web-abc"), labels={SERVICE_NAME_LABEL: "web"}, endpoints=(
            Endpoint((ip.number("10.244.0.3"),), ready=True, target=key("web-1")),
            Endpoint((ip.number("10.244.0.4"),), ready=False, target=key("web-2")))),
        ReplicaSet(key=key("web")),
        Pod(key=key("web-1"), owner=Owner("ReplicaSet", "web")), Pod(key=key("web-2"), owner=Owner("ReplicaSet", "web"))]


EDGES = {  # from, to: what the reference is
    ("ingress/default/shop", "ingressclass/nginx"): "class",
    ("ingress/default/shop", "secret/default/shop-tls"): "tls",
    ("ingress/default/shop", "service/default/web"): "shop.test/, default backend",
    ("ingress/default/shop", "service/default/api"): "shop.test/api",
    ("service/default/web", "endpointslice/default/web-abc"): "",
    ("endpointslice/default/web-abc", "pod/default/web-1"): "10.244.0.3",
    ("endpointslice/default/web-abc", "pod/default/web-2"): "10.244.0.4 not ready",
    ("service/default/docs", "host/docs.example.net"): "externalName",
    ("replicaset/default/web", "pod/default/web-1"): "makes",
    ("replicaset/default/web", "pod/default/web-2"): "makes",
}


def test_every_reference_is_an_edge_that_says_what_it_is() -> None:
    graph = reference_graph(objects())
    assert {(one, other): attributes["label"] for one, other, attributes in graph.edges(data=True)} == EDGES


def test_a_slice_its_service_made_is_made_and_nothing_else() -> None:
    """The slice names its Service twice, as owner and by label; the label alone says nothing more."""
    made = EndpointSlice(key=key("web-abc"), labels={SERVICE_NAME_LABEL: "web"}, owner=Owner("Service", "web"))
    graph = reference_graph([Service(key=key("web")), made])
    assert graph.edges["service/default/web", "endpointslice/default/web-abc"]["label"] == "makes"


def test_what_is_named_and_not_there_is_missing() -> None:
    graph = reference_graph(objects())
    missing = [vertex for vertex, attributes in graph.nodes(data=True) if attributes["missing"]]
    assert sorted(missing) == ["secret/default/shop-tls", "service/default/api"], "a host outside is no object"


# writers --------------------------------------------------------------------------------------------------------

SMALL: list[Object] = [Service(key=key("web")),
                       EndpointSlice(key=key("web-abc"), labels={SERVICE_NAME_LABEL: "web"}, endpoints=(
                           Endpoint((ip.number("10.244.0.3"),), target=key("web-1")),))]


def test_references_as_dot() -> None:
    assert to_dot(reference_graph(SMALL)) == '''digraph references {
  rankdir=LR;
  "endpointslice/default/web-abc" [label="EndpointSlice default/web-abc", shape="box"];
  "pod/default/web-1" [label="pod default/web-1\\n(missing)", shape="ellipse", style="dashed", color="red"];
  "service/default/web" [label="Service default/web", shape="hexagon"];
  "endpointslice/default/web-abc" -> "pod/default/web-1" [label="10.244.0.3"];
  "service/default/web" -> "endpointslice/default/web-abc" [label=""];
}
'''


def test_references_as_mermaid() -> None:
    assert to_mermaid(reference_graph(SMALL)) == '''flowchart LR
  n0["EndpointSlice default/web-abc"]
  n1["pod default/web-1<br>(missing)"]:::missing
  n2["Service default/web"]
  n0 -->|"10.244.0.3"| n1
  n2 --> n0
  classDef missing stroke-dasharray: 5 5, stroke: red;
'''


def test_a_cut_link_stands_out() -> None:
    graph = underlay_graph(NODES[:1], [], {frozenset(("node/a", "router"))})
    assert '  "node/a" -- "router" [label="", style="dashed", color="red"];' in to_dot(graph).splitlines()
    assert '  n1 -.-|"cut"| n3' in to_mermaid(graph).splitlines()


def test_references_as_node_link_data() -> None:
    data = to_node_link(reference_graph(SMALL))
    assert data["directed"] is True
    assert data["nodes"][0] == {"id": "endpointslice/default/web-abc", "kind": "EndpointSlice", "label": "default/web-abc",
                                "missing": False}
    assert data["edges"][0] == {"source": "endpointslice/default/web-abc", "target": "pod/default/web-1",
                                "label": "10.244.0.3"}
    assert to_node_link(underlay_graph(NODES, PODS))["directed"] is False


def test_the_order_of_the_input_changes_nothing() -> None:
    shuffled, nodes, pods = objects(), list(NODES), list(PODS)
    for each in (shuffled, nodes, pods):
        random.Random(3).shuffle(each)
    for writer in (to_dot, to_mermaid, to_node_link):
        assert writer(reference_graph(shuffled)) == writer(reference_graph(objects()))
        assert writer(underlay_graph(nodes, pods)) == writer(underlay_graph(NODES, PODS))


def test_text_that_means_something_to_a_writer_is_escaped() -> None:
    odd = Ingress(key=key("odd"), rules=(IngressRule("", (IngressPath('/a"b\\c<d>', "Prefix", IngressBackend("web", 80)),)),))
    assert '[label="/a\\"b\\\\c<d>"]' in to_dot(reference_graph([odd]))
    assert '|"/a#quot;b\\c#lt;d#gt;"|' in to_mermaid(reference_graph([odd]))


# the walk -------------------------------------------------------------------------------------------------------

def test_the_picture_of_the_walk_has_the_stages_of_the_table_in_order() -> None:
    assert walk_diagram(STAGE_AT) == """\
NAME       resolve  --> ADDRESS
ADDRESS    capture  --> ADDRESS | SERVICE | DEPARTURE | POD
SERVICE    balance  --> DEPARTURE
DEPARTURE  depart   --> LINK
LINK       cross    --> ENDPOINT
ENDPOINT   admit    --> POD
POD        arrive   --> PROXY
PROXY      route    --> NAME | ADDRESS"""


def test_the_picture_follows_another_table() -> None:
    assert walk_diagram({Place.POD: STAGE_AT[Place.POD]}) == "POD  arrive  --> PROXY"


@pytest.mark.parametrize(("url", "source", "options"), [
    ("http://web/", "pod/client", {}), ("http://shop.example.test/", "laptop", {"at": "203.0.113.1"}),
    ("tcp://127.0.0.1:80", "pod/client", {}), ("tcp://172.18.0.3:10250", "pod/client", {}), ("tcp://192.0.2.1:9", "laptop", {}),
])
def test_a_walk_only_goes_where_the_picture_says(url: str, source: str, options: dict[str, str]) -> None:
    for trace in shop().outcomes(url, source, **options).traces:
        for step in trace.steps:
            if step.after is not None:
                assert step.after.place in onward(STAGE_AT[step.before.place])
