"""The /etc/hosts of a pod, as its kubelet writes it, and of a node.

Rule D84. Source: kubernetes/kubernetes pkg/kubelet/kubelet_pods.go managedHostsFileContent and
GeneratePodHostNameAndDomain.
"""

from __future__ import annotations

from collections.abc import Iterable

from simnet import ip
from simnet.objects.pod import Pod

MAX_HOSTNAME = 63
Line = tuple[str, tuple[str, ...]]
"""Address text and the names that have it."""

_LOCALHOST: tuple[Line, ...] = (("127.0.0.1", ("localhost",)), ("::1", ("localhost", "ip6-localhost", "ip6-loopback")))
_MULTICAST: tuple[Line, ...] = (("fe00::0", ("ip6-localnet",)), ("fe00::0", ("ip6-mcastprefix",)),
                                ("fe00::1", ("ip6-allnodes",)), ("fe00::2", ("ip6-allrouters",)))


class HostsFile:
    """The lines of a hosts file; `str()` is the file, `addresses` answers what a resolver looks up in it."""

    __slots__ = ("_by_name", "aliases", "header", "lines")

    def __init__(self, header: str, lines: Iterable[Line], aliases: Iterable[Line] = ()) -> None:
        self.header, self.lines, self.aliases = header, tuple(lines), tuple(aliases)
        self._by_name: dict[str, tuple[int, ...]] = {}
        for text, names in (*self.lines, *self.aliases):
            number = ip.number_or_none(text)
            for name in names if number is not None else ():
                known = self._by_name.get(name.lower(), ())
                if number is not None and number not in known:
                    self._by_name[name.lower()] = (*known, number)

    def addresses(self, name: str) -> tuple[int, ...]:
        """The addresses of a name, compared without case; empty when the file does not have it. O(1)."""
        return self._by_name.get(name.lower(), ())

    def __str__(self) -> str:
        text = self.header + "".join("\t".join((address, *_columns(names))) + "\n" for address, names in self.lines)
        if self.aliases:
            text += "\n# Entries added by HostAliases.\n"
            text += "".join("\t".join((address, *names)) + "\n" for address, names in self.aliases)
        return text


def hostname_of(pod: Pod) -> str:
    """What the pod calls itself, cut to what a host name may be."""
    return pod.hostname[:MAX_HOSTNAME].rstrip("-.")


def domain_of(pod: Pod, cluster_domain: str) -> str:
    """The domain part of the pod's full name, '' without a subdomain."""
    if not pod.spec.subdomain:
        return ""
    return ".".join(part for part in (pod.spec.subdomain, pod.namespace, "svc", cluster_domain) if part)


def pod_hosts_file(pod: Pod, cluster_domain: str) -> HostsFile:
    """Local names, and one line for each address of the pod with its full name, if it has one, and its host name."""
    hostname, domain = hostname_of(pod), domain_of(pod, cluster_domain)
    names = (f"{hostname}.{domain}", hostname) if domain else (hostname,)
    own = [(ip.text(number), names) for number in pod.pod_ips]
    return HostsFile("# Kubernetes-managed hosts file.\n", (*_LOCALHOST, *_MULTICAST, *own), pod.spec.host_aliases)


def node_hosts_file(node: str, addresses: Iterable[int], pod: Pod | None = None) -> HostsFile:
    """What we take a node's file to hold: local names and the node's own. A hostNetwork `pod` is given a copy."""
    header = "# Kubernetes-managed hosts file (host network).\n" if pod is not None else ""
    own = [(ip.text(number), (node,)) for number in addresses if node]
    return HostsFile(header, (*_LOCALHOST, *own), pod.spec.host_aliases if pod is not None else ())


def _columns(names: tuple[str, ...]) -> tuple[str, ...]:
    """The kubelet sets the names of ::1 apart by blanks and everybody else's by tabs."""
    return (" ".join(names),) if names[:1] == ("localhost",) else names
