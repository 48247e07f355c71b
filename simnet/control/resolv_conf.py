"""The resolv.conf a pod is given by its kubelet, and how the C libraries read it.

Rules: D77 to D83, D89, D90. Source: kubernetes/kubernetes pkg/kubelet/network/dns/dns.go; bminor/glibc
resolv/res_init.c; bminor/musl src/network/resolvconf.c.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from simnet import ip
from simnet.objects.pod import DNSConfig, Pod
from simnet.settings import KubeletSettings

MAX_NAMESERVERS = 3
MAX_SEARCHES = 32
MAX_SEARCH_LENGTH = 253
MAX_SEARCH_LINE = 2048
MUSL_LINE = 255  # musl skips a longer line as a whole
MAX_NDOTS = 15


@dataclass(frozen=True, slots=True, eq=False)
class ResolvConf:
    """Name servers (address text), search domains and options, in order; `str()` is the file.

    The `omitted` ones were dropped because a limit was exceeded (D82). `local_domain` is what glibc searches when the
    file has no search line: the domain part of the host's own name (D89). Equal only to itself: one object serves all
    pods that are given the same. `servers` are the name servers as numbers; a name with `ndots` dots or more is asked
    as it is first.
    """

    nameservers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    omitted_nameservers: tuple[str, ...] = ()
    omitted_searches: tuple[str, ...] = ()
    local_domain: str = ""
    servers: tuple[int, ...] = field(init=False, repr=False)
    ndots: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        numbers = tuple(number for text in self.nameservers if (number := ip.number_or_none(text)) is not None)
        object.__setattr__(self, "servers", numbers)
        object.__setattr__(self, "ndots", self.option("ndots", 1, MAX_NDOTS))

    def option(self, name: str, default: int, highest: int) -> int:
        """The number behind `name:`, no higher than `highest`; the last one counts."""
        found = [rest for key, _, rest in (option.partition(":") for option in self.options) if key == name]
        return min(int(found[-1]), highest) if found and found[-1].isdecimal() else default

    def with_ndots(self, ndots: int) -> ResolvConf:
        """The same file with another ndots."""
        others = tuple(each for each in self.options if each.partition(":")[0] != "ndots")
        return replace(self, options=(f"ndots:{ndots}", *others))

    def searched(self, libc: str) -> tuple[str, ...]:
        """The domains the C library goes through."""
        if libc.startswith("musl"):
            return self.searches if len(self._search_line) <= MUSL_LINE else ()
        return self.searches or ((self.local_domain,) if self.local_domain else ())

    @property
    def _search_line(self) -> str:
        return f"search {' '.join(self.searches)}\n" if self.searches else ""

    def __str__(self) -> str:
        lines = [f"nameserver {address}\n" for address in self.nameservers]
        if self.options:
            lines.append(f"options {' '.join(self.options)}\n")
        return self._search_line + "".join(lines)


def read_resolv_conf(text: str) -> ResolvConf:
    """Read a node's file as the kubelet does: nameserver lines add up, the last search and options lines win (D83)."""
    nameservers: list[str] = []
    searches: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    for line in text.split("\n"):
        match line.split():
            case [word, *_] if word.startswith("#"):
                continue
            case ["nameserver", address, *_]:
                nameservers.append(address)
            case ["search", *domains]:
                searches = tuple(each if each == "." else each.removesuffix(".") for each in domains)
            case ["options", *words]:
                options = tuple(words)
    return ResolvConf(tuple(nameservers), searches, options)


def node_resolv_conf(kubelet: KubeletSettings, families: Iterable[int] = (4,), local_domain: str = "") -> ResolvConf:
    """What processes of the node use, and pods with the node's configuration (D79).

    Without a file the kubelet writes the node's own loopback addresses, one for each family, and `search .`.
    """
    if kubelet.host_resolv_conf is None:
        loopbacks = tuple("127.0.0.1" if family == 4 else "::1" for family in dict.fromkeys(families))
        return ResolvConf(loopbacks or ("127.0.0.1",), (".",), (), local_domain=local_domain)
    read = read_resolv_conf(kubelet.host_resolv_conf)
    return ResolvConf(read.nameservers, read.searches, read.options, local_domain=local_domain)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The part of a pod that its resolv.conf depends on: pods with equal ones share one file."""

    namespace: str
    dns_policy: str
    host_network: bool
    dns_config: DNSConfig | None
    local_domain: str
    families: tuple[int, ...]


def pod_resolv_conf(wanted: Wanted, kubelet: KubeletSettings) -> ResolvConf:
    """The file of a pod: a base by dnsPolicy (D77 to D80), dnsConfig merged into it (D81), cut to the limits (D82)."""
    base = _base(wanted, kubelet)
    nameservers, searches, options = base.nameservers, base.searches, base.options
    if wanted.dns_config is not None:
        nameservers = _distinct(*nameservers, *wanted.dns_config.nameservers)
        searches = _distinct(*searches, *wanted.dns_config.searches)
        options = _merged_options(options, wanted.dns_config.options)
    kept = _fitting(searches)
    return ResolvConf(nameservers[:MAX_NAMESERVERS], kept, options, nameservers[MAX_NAMESERVERS:],
                      tuple(each for each in searches if each not in kept), wanted.local_domain)


def warnings_of(pod: Pod, kubelet: KubeletSettings) -> Iterator[tuple[str, str]]:
    """(reason, message) of each warning the kubelet gives about the file of this pod (D77, D82)."""
    spec = pod.spec
    wanted = Wanted(pod.namespace, spec.dns_policy, spec.host_network, spec.dns_config, "", (4,))
    if _wants_cluster(wanted) and not kubelet.cluster_dns:
        yield "MissingClusterDNS", ('kubelet does not have ClusterDNS IP configured and cannot create Pod using "ClusterFirst" '
                                    'policy. Falling back to "Default" policy.')
    conf = pod_resolv_conf(wanted, kubelet)
    for omitted, what, line in ((conf.omitted_nameservers, "Nameserver limits were exceeded, some nameservers", "nameserver"),
                                (conf.omitted_searches, "Search Line limits were exceeded, some search paths", "search")):
        if omitted:
            applied = conf.nameservers if line == "nameserver" else conf.searches
            yield "DNSConfigForming", f"{what} have been omitted, the applied {line} line is: {' '.join(applied)}"


def _base(wanted: Wanted, kubelet: KubeletSettings) -> ResolvConf:
    if wanted.dns_policy == "None":
        return ResolvConf()
    if not _wants_cluster(wanted) or not kubelet.cluster_dns:
        return node_resolv_conf(kubelet, wanted.families)
    node = read_resolv_conf(kubelet.host_resolv_conf or "")
    domain = kubelet.cluster_domain
    own = (f"{wanted.namespace}.svc.{domain}", f"svc.{domain}", domain) if domain else ()
    searches = _distinct(*own, *node.searches) if domain else node.searches
    return ResolvConf(tuple(kubelet.cluster_dns), searches, ("ndots:5",))


def _wants_cluster(wanted: Wanted) -> bool:
    """An invalid policy counts as one for the cluster (D77)."""
    match wanted.dns_policy:
        case "None" | "Default":
            return False
        case "ClusterFirst":
            return not wanted.host_network
    return True


def _distinct(*texts: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _merged_options(base: Sequence[str], added: Iterable[tuple[str, str | None]]) -> tuple[str, ...]:
    """By name; the pod's value wins, also when it has none (D81)."""
    merged = {name: value for name, _, value in (option.partition(":") for option in base)}
    merged.update((name, value or "") for name, value in added)
    return tuple(f"{name}:{value}" if value else name for name, value in merged.items())


def _fitting(searches: Sequence[str]) -> tuple[str, ...]:
    """The search domains that the limits leave: 32, none over 253 characters, 2048 on the line (D82)."""
    kept = [each for each in searches[:MAX_SEARCHES] if len(each) <= MAX_SEARCH_LENGTH]
    while len(" ".join(kept)) > MAX_SEARCH_LINE:
        kept.pop()
    return tuple(kept)
