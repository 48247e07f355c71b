"""Who sends: one pod, node and outside host of each kind that the network could treat differently."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field

from simnet import ip
from simnet.compare.network import Network, role_of
from simnet.compare.requests import CLUSTER, EVERYBODY, PODS, Asked
from simnet.names import ObjectKey
from simnet.objects.pod import Pod

LATER_NAMESPACES = ("kube-system", "ingress-nginx")


@dataclass(frozen=True, slots=True)
class Sender:
    """One sender under its name on each side; `shown` is what a report calls it, `kind` pod, node or outside."""

    kind: str
    old: str
    new: str
    shown: str
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Senders:
    """`all` is one of each kind; `pods` every pod both sides have, by its key on the old and on the new side."""

    all: tuple[Sender, ...]
    old_pods: Mapping[ObjectKey, Sender]
    new_pods: Mapping[ObjectKey, Sender]
    only_old: tuple[str, ...] = ()
    only_new: tuple[str, ...] = ()
    groups: Mapping[Sender, Hashable] = field(default_factory=dict)


def senders(old: Network, new: Network) -> Senders:
    """The senders both sides have. Cost: O(pods + nodes)."""
    left, right = _pods(old), _pods(new)
    pairs = {name: (left[name], right[name]) for name in left if name in right}
    groups: dict[Sender, Hashable] = {}
    kinds: dict[Hashable, Sender] = {}
    on_nodes = _roles_on_nodes(old), _roles_on_nodes(new)
    ordered = sorted(pairs.items(), key=lambda pair: (pair[1][0].namespace in LATER_NAMESPACES,
                                                      pair[1][0].namespace != "default"))
    for _, (one, other) in ordered:
        sender = Sender("pod", _pod_ref(one), _pod_ref(other), role_of(old.view, one), one.namespace)
        groups[sender] = tuple(_kind(side, pod, roles) for side, pod, roles in zip(
            (old, new), (one, other), on_nodes, strict=True))
        kinds.setdefault(groups[sender], sender)
    by_old = {pairs[name][0].key: sender for (name, _), sender in zip(ordered, groups, strict=True)}
    by_new = {pairs[name][1].key: sender for (name, _), sender in zip(ordered, groups, strict=True)}
    only = [tuple(dict.fromkeys(name for name, _ in sorted(side) if name not in {each for each, _ in another}))
            for side, another in ((left, right), (right, left))]
    return Senders((*kinds.values(), *_nodes(old, new, *on_nodes), *_outside(old, new)), by_old, by_new, only[0], only[1],
                   groups)


def senders_for(who: Senders, one: Asked, other: Asked) -> Iterator[Sender]:
    """Those that may try a destination, and one pod of each kind that stands behind it: it may meet itself."""
    wanted = {EVERYBODY: ("outside", "pod", "node"), CLUSTER: ("pod", "node"), PODS: ("pod",)}[one.senders]
    found = [each for kind in wanted for each in who.all if each.kind == kind]
    behind = [who.old_pods[key] for key in one.members if key in who.old_pods]
    behind += [who.new_pods[key] for key in other.members if key in who.new_pods]
    kinds = {who.groups[each]: each for each in reversed(behind)}
    yield from dict.fromkeys((*found, *reversed(kinds.values())))


def _pods(cluster: Network) -> dict[tuple[str, int], Pod]:
    """Pods that can send, by their role and which of its pods they are."""
    found: dict[tuple[str, int], Pod] = {}
    counts: dict[str, int] = {}
    for pod in cluster.list("Pod"):
        if pod.is_terminal or not (pod.pod_ips or pod.spec.host_network) or not pod.node_name:
            continue
        role = role_of(cluster.view, pod)
        counts[role] = counts.get(role, -1) + 1
        found[role, counts[role]] = pod
    return found


def _pod_ref(pod: Pod) -> str:
    return f"pod/{pod.name}" if pod.namespace == "default" else f"pod/{pod.key}"


def _roles_on_nodes(cluster: Network) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {each.name: set() for each in cluster.list("Node")}
    for pod in cluster.list("Pod"):
        if pod.node_name in found:
            found[pod.node_name].add(role_of(cluster.view, pod))
    return {name: frozenset(roles) for name, roles in found.items()}


def _kind(cluster: Network, pod: Pod, on_nodes: Mapping[str, frozenset[str]]) -> Hashable:
    """Everything of a pod by which the way of its packets could depend on it."""
    spec = pod.spec
    profile = cluster.view.settings.images.of(spec.containers[0].image) if spec.containers else None
    return (pod.namespace, on_nodes.get(pod.node_name), spec.host_network, spec.dns_policy, spec.dns_config,
            spec.host_aliases, profile.libc if profile is not None else "", cluster.view.unjudged(pod, "Egress"),
            len(pod.pod_ips))


def _nodes(old: Network, new: Network, left: Mapping[str, frozenset[str]],
           right: Mapping[str, frozenset[str]]) -> Iterator[Sender]:
    kinds: dict[Hashable, Sender] = {}
    for name in left:
        if name in right:
            ref = f"node/{name}"
            kinds.setdefault((left[name], right[name]), Sender("node", ref, ref, ref))
    yield from kinds.values()


def _outside(old: Network, new: Network) -> Iterator[Sender]:
    """Declared hosts of both sides, and one address of each range a Service lets in."""
    both = old.view.settings.outside
    names = dict.fromkeys(name for name in both if name in new.view.settings.outside and both[name].addresses)
    for side in (old, new):
        for service in side.list("Service"):
            for cidr in service.load_balancer_source_ranges:
                number = min(cidr.first + 1, cidr.last)
                if not any(each.view.in_ranges(number) or each.view.node_at(number) for each in (old, new)):
                    names[ip.text(number)] = None
    yield from (Sender("outside", name, name, name) for name in names)
