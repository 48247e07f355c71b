"""The vertices and links that exist: what a user may cut or part."""

from __future__ import annotations

from collections.abc import Iterator

from simnet.dataplane.underlay import OUTSIDE, ROUTER
from simnet.dataplane.view import View
from simnet.errors import UsageError, nearest
from simnet.objects.pod import Pod


def links(net: View) -> Iterator[tuple[str, str]]:
    """Every link, the inner end first. O(pods + nodes): for users' commands, not for the packet path."""
    yield ROUTER, OUTSIDE
    for node in net.store.list("Node"):
        yield f"bridge/{node.name}", f"node/{node.name}"
        yield f"node/{node.name}", ROUTER
    for pod in net.store.list("Pod"):
        if isinstance(pod, Pod) and pod.node_name and not pod.spec.host_network:
            yield f"pod/{pod.key}", f"bridge/{pod.node_name}"


def check_vertex(net: View, vertex: str) -> None:
    """Raise UsageError, with the nearest name, for a vertex that does not exist."""
    known = dict.fromkeys(each for link in links(net) for each in link)
    if vertex not in known:
        near = nearest(vertex, known)
        raise UsageError(f"{vertex!r} is no part of the network; it has pod/NAMESPACE/NAME, bridge/NODE, node/NODE, {ROUTER} "
                         f"and {OUTSIDE}" + (f"; did you mean {near}?" if near else ""))


def check_link(net: View, one: str, other: str) -> None:
    """Raise UsageError for vertices that do not exist or that no link joins."""
    check_vertex(net, one)
    check_vertex(net, other)
    if not {(one, other), (other, one)} & set(links(net)):
        neighbours = [end for link in links(net) if one in link for end in link if end != one]
        raise UsageError(f"no link joins {one} and {other}; {one} is linked to {', '.join(neighbours[:5])}")
