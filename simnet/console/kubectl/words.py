"""Phrases that tables and descriptions share.

Source: kubernetes/apimachinery pkg/labels/labels.go (FormatLabels), pkg/apis/meta/v1/helpers.go (FormatLabelSelector);
kubernetes/kubectl pkg/describe/describe.go formatEndpointSlices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from simnet import ip
from simnet.labels import Selector
from simnet.objects.endpointslice import EndpointSlice


def pairs(labels: Mapping[str, str]) -> str:
    """`app=web,tier=front`, sorted; `<none>` when there are none."""
    return ",".join(f"{key}={labels[key]}" for key in sorted(labels)) or "<none>"


def label_selector(selector: Selector) -> str:
    """A selector as text; `<none>` for one that selects everything or nothing."""
    return "<none>" if selector.nothing else ",".join(map(str, selector.requirements)) or "<none>"


def listed(items: Sequence[str], most: int) -> str:
    """The first `most` items and how many more there are."""
    text = ",".join(items[:most])
    return f"{text} + {len(items) - most} more..." if len(items) > most else text


def ready_addresses(slices: Iterable[EndpointSlice], port_name: str) -> str:
    """The ready `address:port` of a service port: three of them, `<none>` without any slice, '' when none is ready."""
    slices = list(slices)
    if not slices:
        return "<none>"
    found = []
    for each in slices:
        ready = [endpoint.addresses[0] for endpoint in each.endpoints if endpoint.is_ready and endpoint.addresses]
        if not each.ports:
            found += [ip.text(address) for address in ready]
        for port in each.ports:
            if port.name == port_name:
                found += [ip.host_port(address, port.port or 0) for address in ready]
    return listed(found, 3)
