"""Namespace, Node, Secret, ConfigMap, ServiceAccount, Event, and kinds simnet does not model."""

from __future__ import annotations

from base64 import b64decode
from fractions import Fraction
from types import MappingProxyType

from simnet.clock import from_iso
from simnet.manifests.decode.meta import Origin, common
from simnet.manifests.decode.values import Data, items, networks, numbers, section
from simnet.names import ObjectKey
from simnet.objects.configmap import ConfigMap
from simnet.objects.event import Event
from simnet.objects.meta import Object, read_only
from simnet.objects.namespace import Namespace
from simnet.objects.node import Node, Taint
from simnet.objects.other import Other
from simnet.objects.secret import Secret
from simnet.objects.serviceaccount import ServiceAccount


def namespace(data: Data, origin: Origin) -> Object:
    """A Namespace."""
    return Namespace(**common(data, origin), phase=origin.status(data).get("phase") or "Active")


def node(data: Data, origin: Origin) -> Object:
    """A Node. Its status counts in either case, as it does for the API server (nodes register themselves with it)."""
    spec, status = section(data, "spec"), section(data, "status")
    conditions = {given.get("type"): given.get("status") for given in items(status, "conditions")}
    return Node(
        **common(data, origin), addresses=_addresses(status, "InternalIP"),
        external_addresses=_addresses(status, "ExternalIP"),
        pod_cidrs=networks(items(spec, "podCIDRs") or (spec.get("podCIDR"),)),
        unschedulable=bool(spec.get("unschedulable")), ready=conditions.get("Ready", "True") == "True",
        taints=tuple(Taint(given.get("key") or "", given.get("effect") or "", given.get("value") or "")
                     for given in items(spec, "taints")),
        millicores=_millicores(section(status, "allocatable").get("cpu")))


def _millicores(quantity: object) -> int:
    """`4`, `0.5`, `4000m` -> thousandths of a core; 0 for nothing and for what is no quantity of CPU."""
    text = str(quantity or 0)
    digits, scale = (text[:-1], 1) if text.endswith("m") else (text, 1000)
    try:
        return int(Fraction(digits) * scale)
    except ValueError:
        return 0


def _addresses(status: Data, kind: str) -> tuple[int, ...]:
    return numbers(entry.get("address") for entry in items(status, "addresses") if entry.get("type") == kind)


def secret(data: Data, origin: Origin) -> Object:
    """A Secret, its data decoded; blanks inside base64 are ignored as Go's decoder ignores line ends."""
    entries = {key: b64decode("".join(text.split())) for key, text in section(data, "data").items()}
    return Secret(**common(data, origin), type=data.get("type") or "Opaque", data=MappingProxyType(entries))


def config_map(data: Data, origin: Origin) -> Object:
    """A ConfigMap; binaryData stays in its manifest."""
    return ConfigMap(**common(data, origin), data=read_only(section(data, "data")))


def service_account(data: Data, origin: Origin) -> Object:
    """A ServiceAccount."""
    return ServiceAccount(**common(data, origin))


def event(data: Data, origin: Origin) -> Object:
    """An Event; without times of its own it happened now."""
    involved = section(data, "involvedObject")
    first, last = data.get("firstTimestamp"), data.get("lastTimestamp") or data.get("firstTimestamp")
    return Event(
        **common(data, origin), involved_kind=involved.get("kind") or "",
        involved=ObjectKey(involved.get("namespace") or "", involved.get("name") or ""),
        type=data.get("type") or "Normal", reason=data.get("reason") or "", message=data.get("message") or "",
        component=section(data, "source").get("component") or data.get("reportingComponent") or "",
        count=data.get("count") or 1, first_seen=from_iso(first) if first else origin.now,
        last_seen=from_iso(last) if last else origin.now)


def other(data: Data, origin: Origin) -> Object:
    """Any other kind, kept as it is."""
    return Other(**common(data, origin), other_kind=str(data.get("kind") or ""),
                 other_api_version=str(data.get("apiVersion") or ""))
