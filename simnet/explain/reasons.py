"""Why a DNS question got the answer it got, in words. Nothing is decided here; the reasons hold the facts."""

from __future__ import annotations

from typing import assert_never

from simnet import ip
from simnet.dataplane.dns import reasons as dns
from simnet.explain.words import counted, listed

Kept = dns.InZone | dns.ExternalAddress | dns.SearchedByServer | dns.Remembered | dns.WholeZone
Found = (dns.ServiceAddress | dns.ReadyEndpoints | dns.Alias | dns.PodAddress | dns.ZoneFurniture | dns.AddressOwners
         | dns.UpstreamRecord | dns.IngressHost)
Empty = dns.OnlyNamesBelow | dns.OtherFamily | dns.NoSuchType | dns.TargetMissing | dns.AliasLoop
NoService = (dns.NoSuchNamespace | dns.NoSuchService | dns.NobodyReady | dns.EmptyService | dns.EndpointNotReady
             | dns.NoSuchEndpoint | dns.NoSuchPort | dns.AliasOnly | dns.NoZones | dns.NoExternalAddress | dns.TargetIsAddress
             | dns.EndpointsNotWatched)
NoName = (dns.PodNamesDisabled | dns.NotAnAddress | dns.NoSuchPod | dns.NoSuchForm | dns.NoOwner
          | dns.NoSuchOutsideName)
Failed = (dns.NoUpstream | dns.UpstreamFailure | dns.NotSynced | dns.TransferRefused | dns.Malformed
          | dns.NobodyThere)


def reason_text(reason: dns.Reason) -> str:
    """One clause, without a full stop: `Service default/web has this cluster IP`."""
    if isinstance(reason, Found):
        return _found(reason)
    if isinstance(reason, Kept):
        return _kept(reason)
    if isinstance(reason, Empty):
        return _empty(reason)
    if isinstance(reason, NoService):
        return _no_service(reason)
    if isinstance(reason, NoName):
        return _no_name(reason)
    if isinstance(reason, Failed):
        return _failed(reason)
    assert_never(reason)


def _found(reason: Found) -> str:
    match reason:
        case dns.ServiceAddress(service):
            return f"the cluster IP of Service {service}"
        case dns.ReadyEndpoints(service, label, ready, unready):
            which = f"endpoint {label} of Service {service}" if label else (
                f"Service {service} has no cluster IP: the addresses of its {counted(ready, 'ready endpoint')}")
            return f"{which}; not ready and left out: {listed(unready)}" if unready else which
        case dns.Alias(service, target):
            return f"Service {service} is only an alias for {target.rstrip('.')}"
        case dns.PodAddress(namespace, address, pod):
            owner = f"of pod {pod}" if pod is not None else f"written in the name; nobody checks who in {namespace} has it"
            return f"the address {ip.text(address)} {owner}"
        case dns.ZoneFurniture():
            return "a name the cluster's zone has by itself"
        case dns.AddressOwners(address, services):
            return f"{ip.text(address)} belongs to {listed(f'Service {each}' for each in services)}"
        case dns.UpstreamRecord():
            return "known outside the cluster"
        case dns.IngressHost(host, address):
            return f"{host} is the host of an Ingress or Gateway, taken to be published at its address {address}"
        case other:
            assert_never(other)


def _kept(reason: Kept) -> str:
    """What the server's optional features and the caches add."""
    match reason:
        case dns.InZone(service, zone, zones):
            if zone in zones:
                return f"ready endpoints of Service {service} in zone {zone}"
            return f"no ready endpoint of Service {service} is in zone {zone}, only in {listed(zones) or 'none'}"
        case dns.ExternalAddress(service):
            return f"what leads to Service {service} from outside the cluster"
        case dns.SearchedByServer(found, because):
            return f"the server searched for the client and found {found.rstrip('.')}: {reason_text(because)}"
        case dns.Remembered(keeper, age, because):
            return f"the {keeper} remembers this from {counted(age, 'second')} ago: {reason_text(because)}"
        case dns.WholeZone(zone, records):
            return f"the whole zone {zone}, {counted(records, 'record')}"
        case other:
            assert_never(other)


def _empty(reason: Empty) -> str:
    match reason:
        case dns.OnlyNamesBelow(name):
            return f"{name} itself holds nothing; names below it do"
        case dns.OtherFamily(name, asked, has):
            return f"{name} has IPv{has} addresses only, not IPv{asked}"
        case dns.NoSuchType(name, type, has):
            return f"{name} has no {type} record, only {listed(has) or 'others'}"
        case dns.TargetMissing(service, target, because):
            return f"Service {service} is an alias for {target.rstrip('.')}, and that fails: {reason_text(because)}"
        case dns.AliasLoop(service, target):
            return f"Service {service} is an alias for {target.rstrip('.')}, which leads round in a circle"
        case other:
            assert_never(other)


def _no_service(reason: NoService) -> str:
    match reason:
        case dns.NoSuchNamespace(namespace, is_hidden):
            return f"namespace {namespace} is hidden from the name server" if is_hidden else f"no namespace {namespace}"
        case dns.NoSuchService(service, elsewhere):
            others = f"; one of that name is in {listed(elsewhere)}" if elsewhere else ""
            return f"no Service {service.name} in namespace {service.namespace}{others}"
        case dns.NobodyReady(service, unready):
            return f"Service {service} has no ready endpoint{_waiting(unready)}"
        case dns.EmptyService(service, unready):
            return f"Service {service} has no ready endpoint and the server hides such Services{_waiting(unready)}"
        case dns.EndpointNotReady(service, label, endpoint):
            return f"{label} of Service {service} is {endpoint}, which is not ready"
        case dns.NoSuchEndpoint():
            return _no_endpoint(reason)
        case dns.NoSuchPort(service, port, protocol, ports):
            has = listed(f"{name or '(unnamed)'}/{each}" for name, each in ports)
            return f"Service {service} has no port {port}/{protocol}, only {has or 'none'}"
        case dns.AliasOnly(service):
            return f"Service {service} is only an alias: there are no names below its own"
        case dns.NoZones(service):
            return f"Service {service} is not headless; only such Services have names for topology zones"
        case dns.NoExternalAddress(service):
            return f"nothing outside the cluster leads to Service {service}: no external or load-balancer address"
        case dns.TargetIsAddress(service, target):
            return f"externalName of Service {service} is the address {target}; an alias needs a name"
        case dns.EndpointsNotWatched(service):
            return f"the server does not look at endpoints, so {service} has none"
        case other:
            assert_never(other)


def _waiting(unready: tuple[str, ...]) -> str:
    return f"; waiting: {listed(unready)}" if unready else ""


def _no_endpoint(reason: dns.NoSuchEndpoint) -> str:
    text = f"Service {reason.service} has no endpoint called {reason.label}"
    if reason.known_as:
        return f"{text}; the one with this address is called {reason.known_as}"
    if reason.pod is not None:
        if not reason.is_selected:
            return f"{text}; pod {reason.pod} exists, but the Service does not select it"
        return (f"{text}; pod {reason.pod} exists, but its hostname is {reason.hostname or 'not set'} and its "
                f"subdomain {reason.subdomain or 'not set'} (needed: {reason.service.name})")
    return f"{text}, only {listed(reason.labels)}" if reason.labels else text


def _no_name(reason: NoName) -> str:
    match reason:
        case dns.PodNamesDisabled():
            return "this server has no names for pods"
        case dns.NotAnAddress(text):
            return f"{text} spells no address"
        case dns.NoSuchPod(namespace, address, elsewhere):
            others = f"; a pod of {listed(elsewhere)} has it" if elsewhere else ""
            return f"no pod of namespace {namespace} has {ip.text(address)}{others}"
        case dns.NoSuchForm(name):
            return f"{name} has none of the forms the cluster's zone knows"
        case dns.NoOwner(address, pods):
            owners = f"; pod {listed(pods)} has it, but no Service" if pods else ""
            return f"no Service or ready endpoint has {ip.text(address)}{owners}"
        case dns.NoSuchOutsideName():
            return "not a name of the cluster, and nobody outside declared it"
        case other:
            assert_never(other)


def _failed(reason: Failed) -> str:
    match reason:
        case dns.NoUpstream():
            return "not a name of the cluster, and the server has nobody else to ask"
        case dns.UpstreamFailure():
            return "the server outside was declared to answer so"
        case dns.NotSynced(because):
            return f"the server has not loaded the cluster yet (it would have said: {reason_text(because)})"
        case dns.TransferRefused(zone):
            return f"transfers of zone {zone} are off"
        case dns.Malformed(name, problem):
            return f"{name} is no domain name: {problem}"
        case dns.NobodyThere(nameserver, at_once):
            how = "the query was rejected" if at_once else "the query was lost, and no answer came"
            return f"no name server at {nameserver}: {how}"
        case other:
            assert_never(other)
