"""Domain names and the grammar of names in a cluster zone. The only place where names are taken apart.

Relative to the zone, read from the right (D6):

    (nothing)                        the apex
    svc, pod, dns                    only names below
    NS.svc, NS.pod                   a namespace: only names below
    SVC.NS.svc                       a Service
    EP.SVC.NS.svc                    one endpoint of a Service
    _PROTO.SVC.NS.svc                only names below: the named ports of that protocol
    _PORT._PROTO.SVC.NS.svc          a named port
    TZ.pin._zone.SVC.NS.svc          endpoints of one topology zone, with the option `zonal` (D98); prefer for pin too
    A-B-C-D.NS.pod                   a pod by its address
    dns-version                      the version of the specification
    ns.dns                           the name server

Rules: D2, D6 to D10, D40, D55, D98. Source: kubernetes/dns docs/specification.md; coredns/coredns
plugin/kubernetes/parse.go and plugin/pkg/dnsutil/reverse.go.
"""

from __future__ import annotations

from dataclasses import dataclass

from simnet import ip

PROTOCOLS = ("tcp", "udp", "sctp")
_NIBBLES = frozenset("0123456789abcdef")
_V4_SUFFIX = ".in-addr.arpa."
_V6_SUFFIX = ".ip6.arpa."


@dataclass(slots=True)
class Apex:
    """The zone itself."""


@dataclass(slots=True)
class Branch:
    """`svc`, `pod` or `dns`: nothing but names below."""

    name: str


@dataclass(slots=True)
class NamespaceName:
    """`NS.svc` or `NS.pod`; `branch` says which."""

    namespace: str
    branch: str


@dataclass(slots=True)
class ServiceName:
    service: str
    namespace: str


@dataclass(slots=True)
class EndpointName:
    endpoint: str
    service: str
    namespace: str


@dataclass(slots=True)
class PortName:
    """`_http._tcp.web.default.svc`, without the underscores."""

    port: str
    protocol: str
    service: str
    namespace: str


@dataclass(slots=True)
class ProtocolName:
    """`_tcp.web.default.svc`: what lies above the named ports of one protocol."""

    protocol: str
    service: str
    namespace: str


@dataclass(slots=True)
class ZonalName:
    """`us-west-2a.pin._zone.db.default.svc`: `prefers` with `prefer` for `pin`. `zone` may have several labels."""

    zone: str
    prefers: bool
    service: str
    namespace: str


@dataclass(slots=True)
class PodName:
    """`text` is the address with dashes."""

    text: str
    namespace: str

    @property
    def address(self) -> int | None:
        """Three single dashes make IPv4, everything else IPv6 (D40); None if the text is no address."""
        is_v4 = self.text.count("-") == 3 and "--" not in self.text
        return ip.number_or_none(self.text.replace("-", "." if is_v4 else ":"))


@dataclass(slots=True)
class SchemaVersion:
    """`dns-version`."""


@dataclass(slots=True)
class NameServer:
    """`ns.dns`."""


@dataclass(slots=True)
class NoForm:
    """None of the forms."""


Question = (Apex | Branch | NamespaceName | ServiceName | EndpointName | PortName | ProtocolName | ZonalName | PodName
            | SchemaVersion | NameServer | NoForm)


def absolute(name: str) -> str:
    """The name with its final dot."""
    return name if name.endswith(".") else name + "."


def joined(name: str, domain: str) -> str:
    """`name` inside `domain`, absolute; the root domain is '.' or ''."""
    domain = domain.strip(".")
    return f"{name}.{domain}." if domain else absolute(name)


def name_problem(name: str) -> str:
    """'' for an absolute name that fits into a message, else what is wrong with it (D10)."""
    if (len(name) <= 64 and ".." not in name and name[0] != "." and name.isascii()) or name == ".":
        return ""
    labels = name[:-1].split(".")
    if not all(labels):
        return "empty label"
    sizes = [len(label.encode("utf-8", "replace")) for label in labels]
    if max(sizes) > 63:
        return "label too long"
    return "name too long" if sum(sizes) + len(sizes) + 1 > 255 else ""


def is_within(name: str, zone: str) -> bool:
    """Whether the zone is the name or a suffix of it on a label boundary; both absolute and in lower case (D2)."""
    return name == zone or zone == "." or name.endswith("." + zone)


def zone_of(name: str, zones: tuple[str, ...]) -> str:
    """The longest of `zones` (absolute, lower case) that `name` (likewise) lies in, '' if none (D2)."""
    longest = ""
    for zone in zones:
        if name.endswith(zone) and len(zone) > len(longest) and is_within(name, zone):
            longest = zone
    return longest


def is_reverse(zone: str) -> bool:
    """Whether this zone is for names of addresses (D1)."""
    return is_within(zone, "in-addr.arpa.") or is_within(zone, "ip6.arpa.")


def local_domain(hostname: str) -> str:
    """What follows the first dot of a host name, '' without one: glibc's search domain of last resort (D89)."""
    return hostname.partition(".")[2]


def dashed(address: int) -> str:
    """The label an endpoint without a hostname gets: `10-1-2-3`, `5678-abcd--1`; never ending in a dash (D25)."""
    text = ip.text(address).replace(".", "-").replace(":", "-")
    return text + "0" if text.endswith("-") else text


def parse(relative: str, zonal: bool = False) -> Question:
    """Read a name, lower case and relative to the zone ('' for the zone itself), by the table above.

    Names of topology zones are read as such only if `zonal`; else they have no form, being too long (D7).
    """
    labels = relative.split(".") if relative else []
    if labels[2:] == ["svc"]:
        return ServiceName(labels[0], labels[1])
    match labels:
        case []:
            return Apex()
        case ["svc" | "pod" | "dns" as branch]:
            return Branch(branch)
        case ["dns-version"]:
            return SchemaVersion()
        case ["ns", "dns"]:
            return NameServer()
        case [namespace, "svc" | "pod" as branch]:
            return NamespaceName(namespace, branch)
        case [text, namespace, "pod"]:
            return PodName(text, namespace)
        case [*left, service, namespace, "svc"]:
            return _below_service(left, service, namespace, zonal)
    return NoForm()


def _below_service(left: list[str], service: str, namespace: str, zonal: bool) -> Question:
    match left:
        case [first, *others, ("pin" | "prefer") as directive, "_zone"] if zonal:
            return ZonalName(".".join((first, *others)), directive == "prefer", service, namespace)
        case []:
            return ServiceName(service, namespace)
        case [label] if label[:1] == "_" and label[1:] in PROTOCOLS:
            return ProtocolName(label[1:], service, namespace)
        case [label]:
            return EndpointName(label, service, namespace)
        case [port, protocol] if len(port) > 1 and port[0] == "_" and protocol[:1] == "_":
            return PortName(port[1:], protocol[1:], service, namespace)
    return NoForm()


def reverse_address(name: str) -> int | None:
    """The address a reverse name (absolute, lower case) stands for; None if it stands for none.

    IPv4 takes exactly 4 labels and IPv6 exactly 32 nibbles (D55).
    """
    if name.endswith(_V4_SUFFIX):
        return ip.number_or_none(".".join(reversed(name.removesuffix(_V4_SUFFIX).split("."))))
    nibbles = name.removesuffix(_V6_SUFFIX).split(".")
    if not name.endswith(_V6_SUFFIX) or len(nibbles) != 32 or not _NIBBLES.issuperset(nibbles):
        return None
    digits = "".join(reversed(nibbles))
    return ip.number_or_none(":".join(digits[i:i + 4] for i in range(0, 32, 4)))


def reverse_name(address: int) -> str:
    """`20.0.96.10.in-addr.arpa.`: the name to ask for the PTR of an address."""
    if ip.family(address) == 4:
        return ".".join(reversed(ip.text(address).split("."))) + _V4_SUFFIX
    return ".".join(reversed(f"{address - ip.V6:032x}")) + _V6_SUFFIX
