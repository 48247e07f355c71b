"""What kube-proxy does with one new connection, written down a second time: manifests in, an outcome out.

Nothing of the data plane is used, only address arithmetic. Everything is looked up by scanning, so that each line can be
compared with the rule it cites. Source: the rules of tests/conformance/RULES.md, sections PX, CAT, MT, INT, EXT, MQ, NE,
FW, NA, HC and NF.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from simnet import ip

Data = dict[str, Any]
IGNORED_LABELS = ("service.kubernetes.io/service-proxy-name", "service.kubernetes.io/headless")


@dataclass(frozen=True)
class Expected:
    """`masquerade` maps each possible backend to whether it sees an address of the node."""

    result: str
    masquerade: dict[str, bool] = field(default_factory=dict)
    node: str = ""
    local_endpoints: int = 0


@dataclass(frozen=True)
class Sender:
    """Who connects: its address, the node whose process or pod it is ('' outside), whether it is a host process."""

    address: int
    node: str
    is_host: bool


@dataclass
class Model:
    objects: list[Data]
    config: Data

    def of_kind(self, kind: str) -> list[Data]:
        return [each for each in self.objects if each["kind"] == kind]

    def node_addresses(self, node: str) -> list[int]:
        return [ip.number(entry["address"]) for each in self.of_kind("Node") if each["metadata"]["name"] == node
                for entry in each["status"]["addresses"]]

    def zone(self, node: str) -> str:
        labels = [each["metadata"].get("labels") or {} for each in self.of_kind("Node") if each["metadata"]["name"] == node]
        return str(labels[0].get("topology.kubernetes.io/zone", "")) if labels else ""

    # which rule matches ----------------------------------------------------------------------------------------------

    def outcome(self, sender: Sender, to: int, port: int, protocol: str, via: str) -> Expected:
        """MT-1 to MT-5: VIPs first, then node ports where the address is local, elsewhere the packet is left alone."""
        for service, entry, kind in self.vips(to, port, protocol):
            return self.decided(service, entry, kind, sender, to, via)
        owner = next((each["metadata"]["name"] for each in self.of_kind("Node")
                      if to in self.node_addresses(each["metadata"]["name"])), "")
        owner = via if in_range(to, "127.0.0.0/8") or to in self.node_addresses(via) else owner
        if owner:
            return self.at_node(owner, sender, to, port, protocol)
        if any(to in pod_addresses(each) for each in self.of_kind("Pod")):
            return Expected("direct")
        return self.unowned(to)

    def unowned(self, to: int) -> Expected:
        """MT-3, and NF-1 in nftables mode."""
        if self.config.get("mode") == "nftables":
            if any(to in cluster_ips(each) for each in self.of_kind("Service") if is_proxied(each)):
                return Expected("REJECT")
            if in_range(to, "10.96.0.0/12"):
                return Expected("DROP")
        return Expected("off-cluster")

    def at_node(self, node: str, sender: Sender, to: int, port: int, protocol: str) -> Expected:
        for service in self.of_kind("Service"):
            for entry in service["spec"].get("ports", ()):
                if (is_proxied(service) and entry.get("nodePort") == port and entry.get("protocol", "TCP") == protocol
                        and ip.family(to) in families(service)):
                    if self.serves(node, to):
                        return self.decided(service, entry, "node port", sender, to, node)
                    if self.is_shut(service, entry, to, node):
                        return Expected("DROP", {}, node)
        for service in self.of_kind("Service"):
            if (service["spec"].get("healthCheckNodePort") == port and protocol == "TCP"
                    and self.serves(node, to) and ip.family(to) in families(service)):
                local = {endpoint["addresses"][0] for entry in service["spec"]["ports"]
                         for _, endpoint in self.endpoints(service, entry, ip.family(to), node)
                         if is_ready(endpoint) and endpoint.get("nodeName") == node}
                return Expected("HEALTHCHECK", {}, node, len(local))
        return Expected("closed-port")

    def vips(self, to: int, port: int, protocol: str) -> Iterator[tuple[Data, Data, str]]:
        """PX-1, SV-3, SV-8, SV-9, DS-4."""
        for service in self.of_kind("Service"):
            if not is_proxied(service) or ip.family(to) not in families(service):
                continue
            for entry in service["spec"].get("ports", ()):
                if entry["port"] != port or entry.get("protocol", "TCP") != protocol:
                    continue
                for kind, addresses in (("cluster IP", cluster_ips(service)), ("external IP", external_ips(service)),
                                        ("LB IP", lb_ips(service))):
                    if to in addresses:
                        yield service, entry, kind

    def is_shut(self, service: Data, entry: Data, to: int, node: str) -> bool:
        """NE-2 on an address that does not serve node ports: the rule of iptables mode matches all that are local
        (iptables/proxier.go, KUBE-EXTERNAL-SERVICES with --dst-type LOCAL)."""
        lists = self.lists(service, entry, ip.family(to), node)
        return (self.config.get("mode") != "nftables" and service["spec"].get("externalTrafficPolicy") == "Local"
                and lists.has_any and not lists.local)

    def serves(self, node: str, to: int) -> bool:
        """NA-1 to NA-3, NF-2."""
        nftables = self.config.get("mode") == "nftables"
        if in_range(to, "127.0.0.0/8") and (nftables or not self.config.get("localhostNodePorts", True)):
            return False
        given = self.config.get("nodePortAddresses")
        if nftables and given is None:
            mine = [each for each in self.node_addresses(node) if ip.family(each) == ip.family(to)]
            return to in mine[:1]
        ranges = [each for each in given or () if (":" in each) == (ip.family(to) == 6)]
        if ranges and in_range(to, "127.0.0.0/8") and to != ip.number("127.0.0.1"):
            return False  # util/nodeport_addresses.go GetNodeIPs: addresses of interfaces only
        return not ranges or any(in_range(to, each) for each in ranges)

    # what the rule does ----------------------------------------------------------------------------------------------

    def decided(self, service: Data, entry: Data, kind: str, sender: Sender, to: int, node: str) -> Expected:
        spec, family = service["spec"], ip.family(to)
        lists = self.lists(service, entry, family, node)
        shut_out = kind == "LB IP" and not self.let_in(service, sender, family, node)
        if shut_out and self.config.get("mode") == "nftables":  # its firewall looks at no endpoints (proxier.go usesFWChain)
            return Expected("DROP", {}, node)
        if not lists.has_any:
            if self.passes_unrejected(kind, sender, to, node):
                return Expected("off-cluster")
            return Expected("REJECT", {}, node)
        if shut_out:
            return Expected("DROP", {}, node)
        pods = [each for each in self.config["clusterCIDRs"] if (":" in each) == (family == 6)]
        is_pod = any(in_range(sender.address, each) for each in pods)
        is_host = (sender.is_host and sender.node == node) or sender.address in self.node_addresses(node)
        if kind == "cluster IP":  # INT-1, INT-2, MQ-4
            chosen = lists.local if spec.get("internalTrafficPolicy") == "Local" else lists.cluster
            rewrite = bool(self.config.get("masqueradeAll")) or (bool(pods) and not is_pod)
        elif spec.get("externalTrafficPolicy") != "Local":  # EXT-1
            chosen, rewrite = lists.cluster, True
        elif is_pod:  # EXT-2
            chosen, rewrite = lists.cluster, False
        elif is_host or in_range(sender.address, "127.0.0.0/8"):  # EXT-3
            chosen, rewrite = lists.cluster, True
        else:  # EXT-4
            chosen, rewrite = lists.local, False
        if not chosen:
            return Expected("DROP", {}, node)  # NE-2
        return Expected("FORWARD", {text: self.rewritten(text, rewrite, sender, node, is_host) for text in chosen}, node)

    def rewritten(self, backend: str, wanted: bool, sender: Sender, node: str, is_host: bool) -> bool:
        """MQ-1, MQ-3."""
        address = ip.number(backend.rpartition(":")[0].strip("[]"))
        stays = address in self.node_addresses(node)
        return (wanted or address == sender.address) and (not stays or is_host or in_range(sender.address, "127.0.0.0/8"))

    def passes_unrejected(self, kind: str, sender: Sender, to: int, node: str) -> bool:
        """NE-4, NF-3."""
        return (self.config.get("mode") != "nftables" and kind in ("external IP", "LB IP") and sender.is_host
                and sender.node == node and to not in self.node_addresses(node))

    def let_in(self, service: Data, sender: Sender, family: int, node: str) -> bool:
        """FW-1 to FW-6."""
        ranges = [each.strip() for each in service["spec"].get("loadBalancerSourceRanges") or ()]
        ranges = [each for each in ranges if (":" in each) == (family == 6)]
        if not ranges or any(in_range(sender.address, each) for each in ranges):
            return True
        primary = [each for each in self.node_addresses(node) if ip.family(each) == family][:1]
        return sender.address in lb_ips(service) and any(in_range(one, each) for one in primary for each in ranges)

    # endpoint lists --------------------------------------------------------------------------------------------------

    def endpoints(self, service: Data, entry: Data, family: int, node: str) -> list[tuple[str, Data]]:
        """PX-2 to PX-7: one for each ip:port, a local copy before others."""
        found: dict[str, Data] = {}
        for each in self.of_kind("EndpointSlice"):
            labels = each["metadata"].get("labels") or {}
            if (labels.get("kubernetes.io/service-name") != service["metadata"]["name"]
                    or each["metadata"]["namespace"] != service["metadata"]["namespace"]
                    or each["addressType"] != f"IPv{family}" or any(label in labels for label in IGNORED_LABELS)):
                continue
            for port in each.get("ports", ()):
                if (port.get("name") or "") != (entry.get("name") or "") or not port.get("port"):
                    continue
                if port.get("protocol", "TCP") != entry.get("protocol", "TCP"):
                    continue
                for endpoint in each["endpoints"]:
                    address = ip.number(endpoint["addresses"][0])
                    if ip.family(address) != family:
                        continue
                    text = ip.host_port(address, port["port"])
                    if text not in found or endpoint.get("nodeName") == node:
                        found[text] = endpoint
        return list(found.items())

    def lists(self, service: Data, entry: Data, family: int, node: str) -> Lists:
        """CAT-1 to CAT-7."""
        spec, all_of_them = service["spec"], self.endpoints(service, entry, family, node)
        ready = [each for each in all_of_them if is_ready(each[1])]
        ending = [each for each in all_of_them if is_fallback(each[1])]
        external = bool(entry.get("nodePort")) or any(
            ip.family(each) == family for each in (*external_ips(service), *lb_ips(service)))
        internal_local = spec.get("internalTrafficPolicy") == "Local"
        external_local = spec.get("externalTrafficPolicy") == "Local" and external
        cluster: list[tuple[str, Data]] = []
        if not internal_local or external:
            cluster = self.near(ready, node) or ending
        local = ([each for each in ready if each[1].get("nodeName") == node]
                 or [each for each in ending if each[1].get("nodeName") == node])
        has_local = internal_local or external_local
        return Lists({text for text, _ in cluster}, {text for text, _ in local} if has_local else set(),
                     bool(cluster) or (has_local and bool(ready or ending)))

    def near(self, ready: list[tuple[str, Data]], node: str) -> list[tuple[str, Data]]:
        """CAT-5."""
        for kind, mine in (("forNodes", node), ("forZones", self.zone(node))):
            named = [[each["name"] for each in (endpoint.get("hints") or {}).get(kind, ())] for _, endpoint in ready]
            chosen = [each for each, names in zip(ready, named, strict=True) if mine and mine in names]
            if all(named) and chosen:
                return chosen
        return ready


@dataclass(frozen=True)
class Lists:
    cluster: set[str]
    local: set[str]
    has_any: bool


def is_ready(endpoint: Data) -> bool:
    return (endpoint.get("conditions") or {}).get("ready") is not False


def is_fallback(endpoint: Data) -> bool:
    conditions = endpoint.get("conditions") or {}
    return (conditions.get("ready") is False and conditions.get("serving") is not False
            and conditions.get("terminating") is True)


def is_proxied(service: Data) -> bool:
    labels = service["metadata"].get("labels") or {}
    return (service["spec"].get("clusterIP") not in (None, "", "None") and service["spec"].get("type") != "ExternalName"
            and not any(label in labels for label in IGNORED_LABELS))


def cluster_ips(service: Data) -> list[int]:
    return [ip.number(each) for each in service["spec"]["clusterIPs"]]


def external_ips(service: Data) -> list[int]:
    return [ip.number(each) for each in service["spec"].get("externalIPs") or ()]


def lb_ips(service: Data) -> list[int]:
    entries = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return [ip.number(each["ip"]) for each in entries if each.get("ip") and each.get("ipMode", "VIP") == "VIP"]


def families(service: Data) -> set[int]:
    return {ip.family(each) for each in cluster_ips(service)}


def pod_addresses(pod: Data) -> list[int]:
    return [] if pod["spec"].get("hostNetwork") else [ip.number(each["ip"]) for each in pod["status"]["podIPs"]]


def in_range(address: int, cidr: str) -> bool:
    return address in ip.IPNetwork.parse(cidr)
