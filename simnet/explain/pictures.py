"""What is drawn of a cluster, a trace, the outcomes of a request: boxes and arrows for `svg`.

A cluster is layered: outside, nodes, controllers, Services, pods; the path of a trace is lit in it. A trace by itself is
one row, outcomes a row each with its share.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from simnet import ip
from simnet.dataplane.outcomes import Outcomes
from simnet.dataplane.step import Trace
from simnet.explain.hops import hops_of
from simnet.explain.line import parts_of
from simnet.explain.svg import LIT, MISSING, PLAIN, Arrow, Box, Picture
from simnet.explain.words import result_of, title_of
from simnet.objects.meta import Object
from simnet.objects.node import Node
from simnet.objects.pod import Pod
from simnet.objects.service import Service

LAYERS = ("outside", "nodes", "controllers", "Services", "pods")
_COLUMN = {"host": 0, "outside": 0, "node": 1, "ingressclass": 2, "ingress": 2, "gateway": 2, "gatewayclass": 2, "httproute": 2,
           "secret": 2, "service": 3, "pod": 4}
_SORTS = ("outside", "node", "controller", "service", "pod")
_SWEEPS = 4
_MOST_ROWS = 12

Reference = tuple[str, str, str, bool]  # from, to, label, whether it leads to what can be used


def cluster_picture(objects: Iterable[Object], graph: Any, trace: Trace | None = None) -> Picture:
    """The objects, what refers to what (a graph of `reference_graph`), and the path of a trace through it.

    Objects of other kinds are left out; an EndpointSlice is drawn as arrows from its Service to the pods. Cost: O(objects
    + references).
    """
    known = {each.ref: each for each in objects}
    path = _path(trace) if trace is not None else []
    references = list(_references(graph))
    names = [vertex for vertex in graph if _column(vertex) is not None]
    names += [ref for ref in known if _column(ref) is not None and ref not in graph]
    names = list(dict.fromkeys([*sorted(names), *path]))
    ordered = _ordered(names, references)
    missing = {vertex for vertex, about in graph.nodes(data=True) if about.get("missing")}
    boxes = tuple(Box(name, _column(name) or 0, _lines(name, known.get(name)), _SORTS[_column(name) or 0],
                      LIT if name in path else MISSING if name in missing else PLAIN) for name in ordered)
    arrows = [Arrow(start, end, label, PLAIN if usable and end not in missing else MISSING)
              for start, end, label, usable in references]
    arrows += [Arrow(start, end, str(number), LIT) for number, (start, end) in enumerate(pairwise(path), 1)]
    title = f"{title_of(trace)}: {result_of(trace)}" if trace is not None else "what refers to what"
    return Picture(title, boxes, tuple(arrows), LAYERS)


def trace_picture(trace: Trace) -> Picture:
    """One walk: what it met, from left to right."""
    boxes, arrows = _row(trace, 0, 0)
    return Picture(f"{title_of(trace)}: {result_of(trace)}", tuple(boxes), tuple(arrows))


def outcomes_picture(outcomes: Outcomes) -> Picture:
    """Every possible walk in a row of its own, the likeliest first; of many only the first twelve."""
    rows = sorted(outcomes, key=lambda branch: branch[0], reverse=True)
    boxes: list[Box] = []
    arrows: list[Arrow] = []
    for number, (share, trace) in enumerate(rows[:_MOST_ROWS]):
        boxes.append(Box(f"share-{number}", 0, (str(share),), "result"))
        more, steps = _row(trace, number, 1)
        boxes += more
        arrows += [Arrow(f"share-{number}", more[0].name), *steps]
    left = f", the {_MOST_ROWS} likeliest of {len(rows)}" if len(rows) > _MOST_ROWS else ""
    return Picture(f"{title_of(rows[0][1])}: every possible path{left}", tuple(boxes), tuple(arrows))


def _row(trace: Trace, number: int, column: int) -> tuple[list[Box], list[Arrow]]:
    parts = parts_of(trace)
    failed = trace.verdict.word not in ("open", "") or (trace.response is not None and trace.response.status >= 400)
    boxes = [Box(f"{number}-{place}", column + place, tuple(part.split(" ", 1)), _sort(part),
                 MISSING if failed and place == len(parts) - 1 else PLAIN) for place, part in enumerate(parts)]
    return boxes, [Arrow(one.name, other.name) for one, other in pairwise(boxes)]


def _sort(part: str) -> str:
    kind = part.partition("/")[0]
    return {"pod": "pod", "service": "service", "ingress": "controller", "httproute": "controller"}.get(kind, "outside")


# the layers -----------------------------------------------------------------------------------------------------

def _column(ref: str) -> int | None:
    """The column of a ref; None for kinds that are not drawn. A ref without a kind is a host outside."""
    kind, slash, _ = ref.partition("/")
    return _COLUMN.get(kind) if slash else 0


def _references(graph: Any) -> Iterator[Reference]:
    """The references between what is drawn; through an EndpointSlice from its Service to the pods."""
    for start, end, about in sorted(graph.edges(data=True), key=lambda edge: edge[:2]):
        if start.startswith("service/") and end.startswith("endpointslice/"):
            for _, pod, inner in sorted(graph.out_edges(end, data=True), key=lambda edge: edge[:2]):
                yield start, pod, "", not inner["label"].endswith("not ready")
        elif _column(start) is not None and _column(end) is not None:
            yield start, end, about["label"] if about["label"] != "class" else "", True


def _ordered(names: Sequence[str], references: Iterable[Reference]) -> list[str]:
    """The names so that few arrows cross: each column in the order of the middle of its neighbours, a few times over."""
    near: dict[str, list[str]] = {name: [] for name in names}
    for start, end, _, _ in references:
        if start in near and end in near:
            near[start].append(end)
            near[end].append(start)
    columns = [[name for name in names if _column(name) == column] for column in range(len(LAYERS))]
    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            place = {name: index / max(1, len(each) - 1) for each in columns for index, name in enumerate(each)}
            column.sort(key=lambda name: (sum(place[each] for each in near[name]) / len(near[name]) if near[name]
                                          else place[name], name))
    return [name for column in columns for name in column]


def _lines(name: str, each: Object | None) -> tuple[str, ...]:
    kind, _, rest = name.rpartition("/") if "/" not in name else name.partition("/")
    first = f"{kind} {rest.removeprefix('default/')}".strip()
    match each:
        case Pod():
            where = " ".join(filter(None, (ip.text(each.pod_ips[0]) if each.pod_ips else "", each.node_name)))
            return tuple(filter(None, (first, where, "" if each.ready else "not ready")))
        case Service():
            address = "headless" if each.is_headless else ip.text(each.cluster_ips[0]) if each.cluster_ips else ""
            held = ", ".join(ip.text(entry.address) if entry.address is not None else entry.hostname
                             for entry in each.load_balancer_ingress)
            return tuple(filter(None, (first, f"{each.type} {address}".strip(), f"outside: {held}" if held else "")))
        case Node():
            return first, ", ".join(map(ip.text, each.addresses))
        case _:
            return (first,)


def _path(trace: Trace) -> list[str]:
    """The refs a walk met that have a box, its sender first; what follows itself is once."""
    found = [trace.steps[0].before.flow.actor.name]
    for hop in hops_of(trace):
        if "/" in hop and _column(hop) is not None and hop != found[-1]:
            found.append(hop)
    return found
