"""Pods of one namespace with the same labels, as one group: selectors are matched with groups, not with pods.

Pods of one template share one labels mapping, so the group of a further pod is found by identity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from simnet.labels import Selector
from simnet.names import ObjectKey
from simnet.objects.pod import Pod
from simnet.store.index import SelectorIndex
from simnet.store.work import Work

Labels = Mapping[str, str]


class Group:
    """Pods with the same labels; `services` are those whose selector matches them, kept up to date."""

    __slots__ = ("labels", "namespace", "pods", "services")

    def __init__(self, namespace: str, labels: Labels) -> None:
        self.namespace, self.labels = namespace, labels
        self.pods: dict[ObjectKey, None] = {}
        self.services: dict[ObjectKey, None] = {}

    def copy(self) -> Group:
        twin = Group(self.namespace, self.labels)
        twin.pods, twin.services = self.pods.copy(), self.services.copy()
        return twin


class PodGroups:
    """All groups, and the selectors they are matched with.

    A pod whose labels are known costs one look-up; new labels examine the selectors that match one of their pairs; a
    new selector examines the groups that have its rarest pair.
    """

    def __init__(self, work: Work) -> None:
        self.selectors = SelectorIndex(work)
        self._by_identity: dict[tuple[str, int], Group] = {}
        self._by_value: dict[tuple[str, frozenset[tuple[str, str]]], Group] = {}
        self._by_pair: dict[tuple[str, str, str], dict[Group, None]] = {}
        self._selected: dict[ObjectKey, dict[Group, None]] = {}

    def fork(self, work: Work) -> PodGroups:
        """An independent copy. O(pods), one dict entry each."""
        twin = PodGroups(work)
        twin.selectors = self.selectors.fork(work)
        for group in self._by_value.values():
            twin._file(group.copy())
        return twin

    def of(self, namespace: str, labels: Labels) -> Group | None:
        """The group with these labels, if it has pods."""
        group = self._by_identity.get((namespace, id(labels)))
        return group if group is not None else self._by_value.get((namespace, frozenset(labels.items())))

    def add(self, pod: Pod) -> Group:
        """Put a pod into its group, which is made when it is the first."""
        namespace = pod.key[0]
        group = self.of(namespace, pod.labels)
        if group is None:
            group = Group(namespace, pod.labels)
            group.services = dict.fromkeys(self.selectors.matching(namespace, pod.labels))
            self._file(group)
        group.pods[pod.key] = None
        return group

    def remove(self, pod: Pod) -> Group | None:
        """Take a pod out of its group; an empty group is forgotten."""
        group = self.of(pod.key[0], pod.labels)
        if group is not None:
            group.pods.pop(pod.key, None)
            if not group.pods:
                self._unfile(group)
        return group

    def set_selector(self, service: ObjectKey, selector: Selector | None) -> None:
        """File, replace or (None) forget a Service's selector."""
        for group in self._selected.pop(service, ()):
            group.services.pop(service, None)
        if selector is None:
            self.selectors.remove(service)
            return
        self.selectors.put(service, selector)
        for group in self._candidates(service.namespace, selector):
            if selector.matches(group.labels):
                group.services[service] = None
                self._selected.setdefault(service, {})[group] = None

    def selected(self, service: ObjectKey) -> Iterable[ObjectKey]:
        """The pods that the Service's selector matches."""
        for group in self._selected.get(service, ()):
            yield from group.pods

    def _candidates(self, namespace: str, selector: Selector) -> Iterable[Group]:
        """The groups with the rarest of the selector's pairs; without pairs, all of the namespace."""
        if not selector.pairs:
            return [group for group in self._by_value.values() if group.namespace == namespace]
        return min((self._by_pair.get((namespace, name, value), {}) for name, value in selector.pairs), key=len)

    def _file(self, group: Group) -> None:
        namespace, labels = group.namespace, group.labels
        self._by_identity[(namespace, id(labels))] = group
        self._by_value[(namespace, frozenset(labels.items()))] = group
        for name, value in labels.items():
            self._by_pair.setdefault((namespace, name, value), {})[group] = None
        for service in group.services:
            self._selected.setdefault(service, {})[group] = None

    def _unfile(self, group: Group) -> None:
        namespace, labels = group.namespace, group.labels
        del self._by_identity[(namespace, id(labels))]
        del self._by_value[(namespace, frozenset(labels.items()))]
        for name, value in labels.items():
            together = self._by_pair[(namespace, name, value)]
            del together[group]
            if not together:
                del self._by_pair[(namespace, name, value)]
        for service in group.services:
            del self._selected[service][group]
            if not self._selected[service]:
                del self._selected[service]
