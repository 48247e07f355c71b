"""Pictures: the network under a cluster, the references between its objects, the walk itself.

networkx costs a quarter of a second to import, so it is imported inside the functions that draw with it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from textwrap import dedent
from types import FunctionType
from typing import Any

from simnet import ip
from simnet.dataplane.packet import Place
from simnet.dataplane.underlay import OUTSIDE, ROUTER
from simnet.explain.words import listed
from simnet.names import ObjectKey, fnv32a
from simnet.objects.endpointslice import EndpointSlice
from simnet.objects.gateway import Gateway
from simnet.objects.httproute import HTTPRoute
from simnet.objects.ingress import Ingress, IngressBackend
from simnet.objects.meta import Object
from simnet.objects.node import Node
from simnet.objects.pod import Pod
from simnet.objects.service import Service

DRAWN = ("IngressClass", "GatewayClass", "Ingress", "Gateway", "HTTPRoute", "Service", "EndpointSlice", "Pod", "Secret",
         "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")
SYSTEM = ("kube-system", "kube-public", "kube-node-lease", "ingress-nginx")
SHAPES = {"pod": "ellipse", "service": "hexagon", "ingress": "house", "httproute": "house",
          "router": "diamond", "outside": "egg"}


# the network ----------------------------------------------------------------------------------------------------

def underlay_graph(nodes: Iterable[Node], pods: Iterable[Pod], cut: Collection[frozenset[str]] = ()) -> Any:
    """The network under a cluster as a networkx Graph: pods, their links (a veth pair each) to the node's bridge, the
    nodes, the router, the outside.

    Vertices are called as in `Cluster.cut`: `pod/default/web`, `bridge/node-1`, `node/node-1`, `router`, `outside`;
    each has `kind`, `label` and `addresses`. Links have `kind` and `cut`. Pods of the node's own network hang on the
    node itself; pods that are on no node, or have ended, stand alone. O(nodes + pods).
    """
    import networkx as nx

    graph = nx.Graph()
    graph.add_node(OUTSIDE, kind="outside", label="outside", addresses=[])
    graph.add_node(ROUTER, kind="router", label="router", addresses=[])
    missing = set(cut)

    def link(one: str, other: str, kind: str, label: str = "") -> None:
        graph.add_edge(one, other, kind=kind, label=label, cut=frozenset((one, other)) in missing)

    link(OUTSIDE, ROUTER, "uplink")
    for node in nodes:
        vertex, bridge = f"node/{node.name}", f"bridge/{node.name}"
        graph.add_node(vertex, kind="node", label=node.name, addresses=_texts(node.addresses))
        graph.add_node(bridge, kind="bridge", label=f"bridge of {node.name}", addresses=[str(cidr) for cidr in
                                                                                          node.pod_cidrs])
        link(vertex, ROUTER, "uplink")
        link(bridge, vertex, "bridge")
    for pod in pods:
        vertex = f"pod/{pod.key}"
        graph.add_node(vertex, kind="pod", label=str(pod.key), addresses=_texts(pod.pod_ips))
        if not pod.node_name or pod.is_terminal:
            continue
        if pod.spec.host_network:
            link(vertex, f"node/{pod.node_name}", "host network")
        else:
            link(vertex, f"bridge/{pod.node_name}", "veth", veth_name(pod.key))
    return graph


def veth_name(pod: ObjectKey) -> str:
    """The node's end of a pod's veth pair: `veth` and eight hex digits that depend on the pod's name alone."""
    return f"veth{fnv32a(str(pod).encode()):08x}"


def _texts(addresses: Iterable[int]) -> list[str]:
    return [ip.text(number) for number in addresses]


# references -----------------------------------------------------------------------------------------------------

def is_system(each: Object) -> bool:
    """Whether an object is the cluster's own: of an add-on, or the API server's Service."""
    return each.namespace in SYSTEM or (each.namespace, each.name) == ("default", "kubernetes") or each.ref.startswith(
        "endpointslice/default/kubernetes")


def reference_graph(objects: Iterable[Object]) -> Any:
    """Which object names which, as a networkx DiGraph: Ingress -> Service, Secret, IngressClass; HTTPRoute -> Gateway,
    Service; Gateway -> GatewayClass, Secret; Service -> EndpointSlice -> Pod; workload -> Pod.

    A vertex is an object's `ref`; it has `kind`, `label` and `missing`, true when something names an object that is
    not among those given (a host outside is none). An edge says by `label` what the reference is. O(objects + references).
    """
    import networkx as nx

    graph = nx.DiGraph()
    known = sorted(objects, key=lambda each: each.ref)
    for each in known:
        graph.add_node(each.ref, kind=each.kind, label=str(each.key), missing=False)
    for each in known:
        for origin, goal, label in _references(each):
            for ref in (origin, goal):
                if ref not in graph:
                    kind, _, key = ref.partition("/")
                    graph.add_node(ref, kind=kind, label=key, missing=kind != "host")
            if graph.has_edge(origin, goal):
                label = listed(filter(None, (graph.edges[origin, goal]["label"], label)))
            graph.add_edge(origin, goal, label=label)
    return graph


def _references(each: Object) -> Iterator[tuple[str, str, str]]:
    """(from, to, what the reference is) for everything one object names, or is made by."""
    if each.owner is not None:
        yield f"{each.owner.kind.lower()}/{ObjectKey(each.namespace, each.owner.name)}", each.ref, "makes"
    match each:
        case Ingress():
            yield from _of_ingress(each)
        case EndpointSlice():
            if each.service is not None:
                yield f"service/{each.service}", each.ref, ""
            for endpoint in each.endpoints:
                if endpoint.target is not None:
                    yield each.ref, f"pod/{endpoint.target}", listed(_texts(endpoint.addresses)) + (
                        "" if endpoint.is_ready else " not ready")
        case Gateway():
            yield each.ref, f"gatewayclass/{each.class_name}", "class"
            for entry in each.listeners:
                for secret in entry.certificates:
                    yield each.ref, f"{secret.kind.lower()}/{ObjectKey(secret.namespace, secret.name)}", entry.name
        case HTTPRoute():
            yield from _of_route(each)
        case Service() if each.is_external_name:
            yield each.ref, f"host/{each.external_name}", "externalName"
        case _:
            return


def _of_ingress(ingress: Ingress) -> Iterator[tuple[str, str, str]]:
    if ingress.ingress_class_name is not None:
        yield ingress.ref, f"ingressclass/{ingress.ingress_class_name}", "class"
    for entry in ingress.tls:
        if entry.secret_name:
            yield ingress.ref, f"secret/{ObjectKey(ingress.namespace, entry.secret_name)}", "tls"
    backends = [(f"{rule.host}{path.path}", path.backend) for rule in ingress.rules for path in rule.paths or ()]
    if ingress.default_backend is not None:
        backends.append(("default backend", ingress.default_backend))
    for label, backend in backends:
        yield ingress.ref, _backend(ingress, backend), label


def _of_route(route: HTTPRoute) -> Iterator[tuple[str, str, str]]:
    for parent in route.spec.parents:
        yield route.ref, f"{parent.kind.lower()}/{ObjectKey(parent.namespace, parent.name)}", parent.section
    for rule in route.spec.rules:
        for backend in rule.backends:
            target = backend.target
            yield (route.ref, f"{target.kind.lower()}/{ObjectKey(target.namespace, target.name)}",
                   listed(dict.fromkeys(match.path for match in rule.matches)))


def _backend(ingress: Ingress, backend: IngressBackend) -> str:
    if backend.resource is not None:
        _, kind, name = backend.resource
        return f"{kind.lower()}/{ObjectKey(ingress.namespace, name)}"
    return f"service/{ObjectKey(ingress.namespace, backend.service)}"


# writers --------------------------------------------------------------------------------------------------------

def to_node_link(graph: Any) -> dict[str, Any]:
    """Vertices and edges as plain data, in the order of their names: the same bytes every run."""
    nodes = [{"id": vertex, **attributes} for vertex, attributes in sorted(graph.nodes(data=True))]
    edges = [{"source": one, "target": other, **attributes} for one, other, attributes in _edges(graph)]
    return {"directed": graph.is_directed(), "nodes": nodes, "edges": edges}


def _edges(graph: Any) -> list[tuple[str, str, dict[str, Any]]]:
    """Edges by name; those of an undirected graph with the smaller name first."""
    pairs = graph.edges(data=True)
    if not graph.is_directed():
        pairs = ((*sorted((one, other)), attributes) for one, other, attributes in pairs)
    return sorted(pairs, key=lambda edge: edge[:2])


def to_dot(graph: Any) -> str:
    """Graphviz. Missing objects and cut links are dashed and red."""
    is_directed = graph.is_directed()
    lines = ["digraph references {" if is_directed else "graph underlay {", "  rankdir=LR;"]
    for vertex, attributes in sorted(graph.nodes(data=True)):
        shape = SHAPES.get(attributes["kind"].lower(), "box")
        style = ', style="dashed", color="red"' if attributes.get("missing") else ""
        lines.append(f'  {_quoted(vertex)} [label={_quoted(_caption(attributes))}, shape="{shape}"{style}];')
    for one, other, attributes in _edges(graph):
        style = ', style="dashed", color="red"' if attributes.get("cut") else ""
        lines.append(f"  {_quoted(one)} {'->' if is_directed else '--'} {_quoted(other)} "
                     f"[label={_quoted(attributes['label'])}{style}];")
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _caption(attributes: Mapping[str, Any]) -> str:
    """Kind and name, then the addresses, then that it is missing."""
    kind, label = attributes["kind"], attributes["label"]
    first = label if label == kind else f"{kind} {label}"
    extra = "(missing)" if attributes.get("missing") else listed(attributes.get("addresses", ()))
    return f"{first}\n{extra}" if extra else first


def to_mermaid(graph: Any) -> str:
    """A Mermaid flow chart. Vertices are numbered in the order of their names; cut links and missing objects stand out."""
    is_directed = graph.is_directed()
    vertices = sorted(graph.nodes(data=True))
    number = {vertex: f"n{index}" for index, (vertex, _) in enumerate(vertices)}
    lines = ["flowchart LR"]
    for vertex, attributes in vertices:
        lines.append(f"  {number[vertex]}[{_mermaid_text(_caption(attributes))}]"
                     + (":::missing" if attributes.get("missing") else ""))
    for one, other, attributes in _edges(graph):
        line = "-.-" if attributes.get("cut") else "-->" if is_directed else "---"
        label = "cut" if attributes.get("cut") else attributes["label"]
        lines.append(f"  {number[one]} {line}{f'|{_mermaid_text(label)}|' if label else ''} {number[other]}")
    if any(attributes.get("missing") for _, attributes in vertices):
        lines.append("  classDef missing stroke-dasharray: 5 5, stroke: red;")
    return "\n".join([*lines, ""])


def _mermaid_text(text: str) -> str:
    escaped = text.replace("&", "#amp;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
    return '"' + escaped.replace("\n", "<br>") + '"'


# the walk -------------------------------------------------------------------------------------------------------

def walk_diagram(stage_at: Mapping[Place, Callable[..., Any]]) -> str:
    """The walk drawn from its table (`walk.STAGE_AT`): a line for each place, in order, with the stage that runs there
    and the places a packet may be at next.

    Where it may go is read off the stage itself: the places that its functions give to packets. A proxy's own
    connection that fails goes back to PROXY wherever it is. O(size of the stages).
    """
    names = [stage.__name__ for stage in stage_at.values()]
    place_width, stage_width = max(len(place.name) for place in stage_at), max(map(len, names))
    lines = [f"{place.name:<{place_width}}  {stage.__name__:<{stage_width}}  "
             f"--> {' | '.join(each.name for each in onward(stage)) or 'rests'}" for place, stage in stage_at.items()]
    return "\n".join(lines)


def onward(stage: Callable[..., Any]) -> list[Place]:
    """The places that a stage's functions give to a packet, in the order of the walk."""
    found: set[Place] = set()
    seen: set[FunctionType] = set()
    waiting: list[object] = [stage]
    while waiting:
        function = waiting.pop()
        if isinstance(function, FunctionType) and function not in seen:
            seen.add(function)
            places, names = _given(function)
            found |= places
            waiting += [value for name in names if (value := function.__globals__.get(name)) is not None
                        and getattr(value, "__module__", "").startswith("simnet.dataplane")]
    return [place for place in Place if place in found]


def _given(function: FunctionType) -> tuple[set[Place], set[str]]:
    """Places that stand among the arguments of a call in this function, and every name it mentions."""
    import ast  # two modules that only the drawing of the walk needs
    from inspect import getsource

    tree = ast.parse(dedent(getsource(function)))
    arguments = [each for call in ast.walk(tree) if isinstance(call, ast.Call)
                 for each in (*call.args, *(keyword.value for keyword in call.keywords))]
    places = {Place[part.attr] for each in arguments for part in ast.walk(each)
              if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name)
              and function.__globals__.get(part.value.id) is Place}
    return places, {part.id for part in ast.walk(tree) if isinstance(part, ast.Name)}
