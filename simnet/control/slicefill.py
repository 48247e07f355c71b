"""How endpoints are laid out in slices: keep what fits where it is, fill what is being rewritten, then the rest.

Source: kubernetes/endpointslice reconciler.go (reconcileByPortMapping, finalize), utils.go getSliceToFill. Rule ES-13.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from simnet.names import ObjectKey
from simnet.objects.endpointslice import Endpoint, EndpointPort, EndpointSlice

MAX_ENDPOINTS: Final = 100
Ports = tuple[EndpointPort, ...]
Wanted = dict[ObjectKey, tuple[Ports, Endpoint]]


class Layout(NamedTuple):
    """What has to be written: new contents of existing slices by name (empty: nothing is left in it), new slices."""

    changed: dict[str, list[Endpoint]]
    created: list[tuple[Ports, list[Endpoint]]]


def lay_out(slices: Mapping[str, EndpointSlice], touched: Iterable[str], asked: Collection[ObjectKey] | None,
            wanted: Wanted) -> Layout:
    """The layout after `asked` pods (None: all) shall be exactly as `wanted` says; `wanted` is used up.

    `touched` names the slices that may hold one of them; all others stay as they are unless they are the best place
    for a new endpoint. O(endpoints of touched slices).
    """
    changed = {}
    for name in touched:
        kept = _kept(slices[name], asked, wanted)
        if kept is not None:
            changed[name] = kept
    created: list[tuple[Ports, list[Endpoint]]] = []
    for ports, endpoints in _by_ports(wanted):
        _place(ports, endpoints, slices, changed, created)
    return Layout(changed, created)


def _kept(each: EndpointSlice, asked: Collection[ObjectKey] | None, wanted: Wanted) -> list[Endpoint] | None:
    """The endpoints that stay in a slice, brought up to date; None when nothing changes."""
    kept: list[Endpoint] = []
    for endpoint in each.endpoints:
        target = endpoint.target
        if asked is not None and target not in asked:
            kept.append(endpoint)
            continue
        want = wanted.get(target) if target is not None else None
        if want is not None and target is not None and same_ports(want[0], each.ports):
            kept.append(want[1])
            del wanted[target]
    unchanged = len(kept) == len(each.endpoints) and all(map(_same, kept, each.endpoints))
    return None if unchanged else kept


def _same(one: Endpoint, other: Endpoint) -> bool:
    return one is other or one == other


def same_ports(ours: Ports, other: Ports) -> bool:
    """Whether two lists hold the same ports in any order."""
    return ours == other or (len(ours) == len(other) and set(ours) == set(other))


def _by_ports(wanted: Wanted) -> Iterable[tuple[Ports, list[Endpoint]]]:
    if not wanted:
        return ()
    all_ports, endpoints = zip(*wanted.values(), strict=True)
    if len(set(map(id, all_ports))) == 1:  # hashing ports costs more than all the rest here, and they are nearly always one
        return ((all_ports[0], list(endpoints)),)
    groups: dict[Ports, list[Endpoint]] = {}
    for ports, endpoint in zip(all_ports, endpoints, strict=True):
        groups.setdefault(ports, []).append(endpoint)
    return groups.items()


def _place(ports: Ports, endpoints: Sequence[Endpoint], slices: Mapping[str, EndpointSlice],
           changed: dict[str, list[Endpoint]], created: list[tuple[Ports, list[Endpoint]]]) -> None:
    """Place new endpoints: into slices that are rewritten anyway, fullest first; then, while 100 or more are left, into
    new full slices; then into the one untouched slice they fill best, else into a new one."""
    position = 0
    rewritten = [each for name, each in changed.items() if same_ports(slices[name].ports, ports) and each]
    for each in sorted(rewritten, key=len, reverse=True):
        room = MAX_ENDPOINTS - len(each)
        each += endpoints[position:position + room]
        position += room
    while position < len(endpoints):
        rest = endpoints[position:position + MAX_ENDPOINTS]
        position += MAX_ENDPOINTS
        best = _best_fit(ports, len(rest), slices, changed) if len(rest) < MAX_ENDPOINTS else None
        if best is None:
            created.append((ports, list(rest)))
        else:
            changed[best] = [*slices[best].endpoints, *rest]


def _best_fit(ports: Ports, count: int, slices: Mapping[str, EndpointSlice], changed: Mapping[str, object]) -> str | None:
    """The untouched slice that comes nearest to full with `count` more."""
    rooms = {name: MAX_ENDPOINTS - count - len(each.endpoints) for name, each in slices.items()
             if name not in changed and each.endpoints and same_ports(each.ports, ports)}
    fitting = {name: room for name, room in rooms.items() if room >= 0}
    return min(fitting, key=lambda name: fitting[name]) if fitting else None
