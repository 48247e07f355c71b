"""From addresses back to names.

Which slices list an address is worked out when somebody asks: a changed slice is only put on a list, so that adding a
pod costs nothing here, and the list is worked off by the next reverse question.

Rules: D51 to D55. Source: coredns/coredns plugin/kubernetes/reverse.go.
"""

from __future__ import annotations

from simnet.dataplane.dns.endpoints import is_served, label_of
from simnet.names import ObjectKey
from simnet.objects.endpointslice import EndpointSlice
from simnet.store.index import Index
from simnet.store.store import Event


class EndpointAddresses:
    """Address -> the slices with a ready endpoint there. `update` is O(1); `names` first catches up, O(changes)."""

    def __init__(self) -> None:
        self._waiting: dict[ObjectKey, EndpointSlice | None] = {}
        self._known: dict[ObjectKey, EndpointSlice] = {}
        self._at: Index[EndpointSlice] = Index(_ready_addresses)

    def update(self, event: Event) -> None:
        """Note a changed slice."""
        if event.kind == "EndpointSlice":
            self._waiting[event.key] = event.new if isinstance(event.new, EndpointSlice) else None

    def names(self, address: int, by_pod_name: bool) -> dict[str, ObjectKey]:
        """Name relative to the zone -> Service, for every ready endpoint with this address, in any Service (D52)."""
        self._catch_up()
        found: dict[str, ObjectKey] = {}
        for each in self._at.get(address).values():
            service = each.service
            for endpoint in each.endpoints if service is not None else ():
                if endpoint.is_ready and address in endpoint.addresses and service is not None:
                    label = label_of(endpoint, address, by_pod_name)
                    found[f"{label}.{service.name}.{service.namespace}.svc"] = service
        return found

    def _catch_up(self) -> None:
        for key, new in self._waiting.items():
            self._at.update(key, self._known.pop(key, None), new)
            if new is not None:
                self._known[key] = new
        self._waiting.clear()

    def fork(self) -> EndpointAddresses:
        twin = EndpointAddresses()
        twin._waiting, twin._known, twin._at = self._waiting.copy(), self._known.copy(), self._at.fork()
        return twin


def _ready_addresses(each: EndpointSlice) -> dict[int, None]:
    if not is_served(each):
        return {}
    return dict.fromkeys(address for endpoint in each.endpoints if endpoint.is_ready for address in endpoint.addresses)
