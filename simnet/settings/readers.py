"""Readers of the groups of settings. Each raises UsageError that starts with the keyword it was given."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from simnet import ip
from simnet.clock import from_iso
from simnet.errors import SimnetError, UsageError
from simnet.images import read_listen
from simnet.ip import IPNetwork
from simnet.names import dns1123_subdomain_problem
from simnet.settings.groups import ControllerSettings, KubeletSettings, OutsideHost, ProxySettings
from simnet.settings.values import (
    addresses,
    integer,
    items,
    mapping,
    network,
    networks,
    of_their_types,
    one_of,
    refuse_unknown,
)
from simnet.x509.certificate import Certificate, read_certificates

ADDONS = ("coredns", "ingress-nginx")
LAPTOP = "laptop"
WORKLOADS = ("pod", "deployment", "replicaset", "statefulset", "daemonset")
SERVICE_PINS = ("clusterIP", "nodePort", "loadBalancerIP")
CLUSTER_DNS_INDEX = 10

Nodes = tuple[tuple[str, tuple[int, ...]], ...]


# machines -------------------------------------------------------------------------------------------------------

def nodes(value: Any) -> Nodes:
    """A number of nodes, or name -> address (or addresses): names as Kubernetes allows, no address twice."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 65_000:
        first = ip.number("172.18.0.2")
        return tuple((f"node-{i + 1}", (first + i,)) for i in range(value))
    if not isinstance(value, Mapping):
        raise UsageError(f"nodes: {value!r} is neither a number of nodes nor a mapping of name to address")
    owners: dict[int, str] = {}
    found = []
    for name, given in value.items():
        numbers = addresses(f"nodes[{name}]", given)
        if problem := dns1123_subdomain_problem(str(name)):
            raise UsageError(f"nodes: {name!r} is no name for a node: {problem}")
        if not numbers:
            raise UsageError(f"nodes[{name}]: an address is missing")
        for number in numbers:
            if owners.setdefault(number, str(name)) != str(name):
                raise UsageError(f"nodes[{name}]: {ip.text(number)} is an address of {owners[number]} already")
        found.append((str(name), numbers))
    return tuple(found)


def outside(value: Any) -> Mapping[str, OutsideHost]:
    """Hosts outside the cluster by name; the laptop is always among them."""
    hosts = {LAPTOP: OutsideHost(name=LAPTOP, addresses=(ip.number("192.0.2.1"),))}
    for name, given in mapping("outside", value).items():
        where = f"outside[{name}]"
        data = {"address": given} if isinstance(given, (str, list, tuple)) else mapping(where, given)
        refuse_unknown(where, data, ("address", "addresses", "listen"))
        numbers = addresses(f"{where}.address", data.get("addresses", data.get("address")))
        if not numbers:
            raise UsageError(f"{where}: an address is missing")
        listen = tuple(read_listen(entry, f"{where}.listen[{i}]")
                       for i, entry in enumerate(items(f"{where}.listen", data.get("listen"))))
        hosts[str(name)] = OutsideHost(name=str(name), addresses=numbers, listen=listen)
    return MappingProxyType(hosts)


# what runs in the cluster ---------------------------------------------------------------------------------------

def addons(value: Any, known_nodes: Collection[str]) -> Mapping[str, str]:
    """Name -> node it is put on ('' = wherever the scheduler likes)."""
    given = {str(name): str(node or "") for name, node in value.items()} if isinstance(value, Mapping) else {
        str(name): "" for name in items("addons", value)}
    given = {"ingress-nginx" if name == "ingress" else name: node for name, node in given.items()}
    for name, node in given.items():
        one_of("addons", name, ADDONS)
        _known_node(f"addons[{name}]", node, known_nodes)
    return MappingProxyType(given)


def _known_node(name: str, node: str, known: Collection[str]) -> None:
    """Nodes may also be loaded later; where some are named, an add-on cannot wait for another."""
    if node and known:
        one_of(name, node, tuple(known))


def controllers(value: Any, chosen: Mapping[str, str], known_nodes: Collection[str]) -> tuple[ControllerSettings, ...]:
    """One controller for each entry, or the one of the add-on; none when there is no ingress add-on."""
    if "ingress-nginx" not in chosen:
        return ()
    found: list[ControllerSettings] = []
    for entry in [value] if isinstance(value, Mapping) else items("ingress", value):
        given = mapping("ingress", entry)
        refuse_unknown("ingress", given, [each.name for each in fields(ControllerSettings)])
        of_their_types("ingress", given, ControllerSettings)
        given["config"] = MappingProxyType({str(key): str(each) for key, each in
                                            mapping("ingress.config", given.get("config") or {}).items()})
        controller = ControllerSettings(**{**given, "node": given.get("node") or chosen["ingress-nginx"]})
        one_of("ingress.profile", controller.profile, ("nginx", "spec"))
        one_of("ingress.shape", controller.shape, ("loadbalancer", "hostport"))
        _known_node("ingress.node", controller.node, known_nodes)
        if controller.webhook and controller.profile != "nginx":
            raise UsageError(f"ingress.webhook: a controller with profile {controller.profile!r} has none; leave one out")
        if any((each.namespace, each.name) == (controller.namespace, controller.name) for each in found):
            raise UsageError(f"ingress: two controllers are called {controller.name!r}; give each a name of its own")
        for each in found:
            if each.ingress_class == controller.ingress_class and _class_of(each) != _class_of(controller):
                raise UsageError(f"ingress: {each.name!r} and {controller.name!r} describe class {each.ingress_class!r} "
                                 "differently; give one of them an ingress_class of its own")
        found.append(controller)
    return tuple(found)


def _class_of(controller: ControllerSettings) -> tuple[str, bool]:
    return controller.class_controller, controller.is_default_class


def proxy(value: Any) -> ProxySettings:
    """kube-proxy: a mapping, or just its mode."""
    given: dict[str, Any] = {"mode": value} if isinstance(value, str) else mapping("proxy", value)
    refuse_unknown("proxy", given, [each.name for each in fields(ProxySettings)])
    of_their_types("proxy", given, ProxySettings)
    if given.get("cluster_cidrs") is not None:
        given["cluster_cidrs"] = networks("proxy.cluster_cidrs", given["cluster_cidrs"])
    if given.get("node_port_addresses") is not None:
        chosen = items("proxy.node_port_addresses", given["node_port_addresses"])
        given["node_port_primary"] = "primary" in chosen
        given["node_port_addresses"] = tuple(
            network("proxy.node_port_addresses", each) for each in chosen if each != "primary")
    settings = ProxySettings(**given)
    one_of("proxy.mode", settings.mode, ("iptables", "nftables"))
    return settings


def kubelet(value: Any, service_cidrs: tuple[IPNetwork, ...], has_dns: bool) -> KubeletSettings:
    """The cluster DNS address is the tenth of the service range, as kubeadm gives it, unless one is named."""
    given = mapping("kubelet", value)
    refuse_unknown("kubelet", given, [each.name for each in fields(KubeletSettings)])
    of_their_types("kubelet", given, KubeletSettings)
    if "cluster_dns" not in given:
        wide = service_cidrs[0].size > CLUSTER_DNS_INDEX
        if has_dns and not wide:
            raise UsageError(f"service_cidr: {service_cidrs[0]} has no tenth address for the cluster DNS; take a larger "
                             "range, or name an address with kubelet={'cluster_dns': ...}")
        given["cluster_dns"] = [ip.text(service_cidrs[0].nth(CLUSTER_DNS_INDEX))] if wide else []
    given["cluster_dns"] = tuple(str(each) for each in items("kubelet.cluster_dns", given["cluster_dns"]))
    addresses("kubelet.cluster_dns", given["cluster_dns"])
    return KubeletSettings(**given)


# values that are given to named objects, and small ones -----------------------------------------------------------

def pins(value: Any) -> Mapping[str, Any]:
    """`KIND/NAMESPACE/NAME` -> an address, a list of them, or a mapping that says which field is meant."""
    given = mapping("pins", value)
    for ref, pin in given.items():
        kind, _, rest = str(ref).partition("/")
        if rest.count("/") != 1 or not all(rest.split("/")):
            raise UsageError(f"pins: {ref!r} is not KIND/NAMESPACE/NAME")
        one_of("pins", kind, (*WORKLOADS, "service"))
        where = f"pins[{ref}]"
        if kind == "service" and not isinstance(pin, (str, Mapping)):
            raise UsageError(f"{where}: {pin!r} is neither an address nor a mapping with {', '.join(SERVICE_PINS)}")
        if not isinstance(pin, Mapping):
            addresses(where, pin)
            continue
        refuse_unknown(where, pin, SERVICE_PINS if kind == "service" else ("podIP",))
        for field, each in pin.items():
            if field == "nodePort":
                integer(f"{where}.nodePort", each)
            else:
                addresses(f"{where}.{field}", each)
    return MappingProxyType(given)


def trust(value: Any) -> tuple[Certificate, ...]:
    """Certificates that clients trust: PEM or DER, values, or a list of them."""
    found: list[Certificate] = []
    for each in [value] if isinstance(value, Certificate) else items("trust", value):
        try:
            found += [each] if isinstance(each, Certificate) else read_certificates(each)
        except SimnetError as problem:
            raise UsageError(f"trust: {problem}") from None
        except TypeError:
            raise UsageError(f"trust: {each!r} is no certificate") from None
    return tuple(found)


def moment(value: Any) -> str:
    """The time a cluster starts at."""
    try:
        from_iso(str(value))
    except UsageError as problem:
        raise UsageError(f"now: {problem}") from None
    return str(value)


def no_delays(value: Any) -> None:
    """Delays are zero; others are refused rather than ignored."""
    for name, delay in mapping("delays", value).items():
        if delay:
            raise UsageError(f"delays[{name}]: delays other than zero are not modelled yet; leave the keyword out")
