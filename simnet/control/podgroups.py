"""Pods of one namespace with the same labels, as one group: selectors are matched with groups, not with pods.

Pods of one template share one labels mapping, so the group of a further pod is found by identity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain

from simnet.labels import Selector
from simnet.names import ObjectKey
from simnet.objects.pod import Pod
from simnet.store.index import SelectorIndex
from simnet.store.work import Work

Labels = Mapping[str, str]


class Group:
    """Pods with the same labels; `services` are those whose selector matches them, kept up to date.

    `news` are pods that came or changed and that the services have not been told of yet. A copy shares all three until
    one side writes: `own` comes before every write.
    """

    __slots__ = ("is_shared", "labels", "namespace", "news", "pods", "services")

    def __init__(self, namespace: str, labels: Labels) -> None:
        self.namespace, self.labels = namespace, labels
        self.pods: dict[ObjectKey, Pod] = {}
        self.services: dict[ObjectKey, None] = {}
        self.news: dict[ObjectKey, object] = {}
        self.is_shared = False

    def copy(self) -> Group:
        twin = Group(self.namespace, self.labels)
        twin.pods, twin.services, twin.news = self.pods, self.services, self.news
        self.is_shared = twin.is_shared = True
        return twin

    def own(self) -> Group:
        """The group itself, free to be written to."""
        if self.is_shared:
            self.pods, self.services, self.news = self.pods.copy(), self.services.copy(), self.news.copy()
            self.is_shared = False
        return self


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
        self._with_news: dict[Group, None] = {}

    def fork(self, work: Work) -> PodGroups:
        """An independent copy. O(groups); the pods of a group are copied when one side writes there."""
        twin = PodGroups(work)
        twin.selectors = self.selectors.fork(work)
        for group in self._by_value.values():
            copied = group.copy()
            twin._file(copied)
            if group in self._with_news:
                twin._with_news[copied] = None
        return twin

    def of(self, namespace: str, labels: Labels) -> Group | None:
        """The group with these labels, if it has pods."""
        group = self._by_identity.get((namespace, id(labels)))
        return group if group is not None else self._by_value.get((namespace, frozenset(labels.items())))

    def put(self, pod: Pod) -> None:
        """Put a new or changed pod into its group, which is made when it is the first, and note the news."""
        key = pod.key
        group = self._by_identity.get((key[0], id(pod.labels))) or self._group(key[0], pod.labels)
        group.own().pods[key] = pod
        if group.services:
            group.news[key] = None
            self._with_news[group] = None

    def put_all(self, namespace: str, labels: Labels, pods: Mapping[ObjectKey, Pod]) -> None:
        """The same for new pods that share their labels."""
        group = self._by_identity.get((namespace, id(labels))) or self._group(namespace, labels)
        group.own().pods.update(pods)
        if group.services:
            group.news.update(pods)
            self._with_news[group] = None

    def replace(self, pod: Pod) -> None:
        """A pod changed in a way that concerns no Service."""
        group = self.of(pod.key[0], pod.labels)
        if group is not None:
            group.own().pods[pod.key] = pod

    def news(self) -> Iterable[Group]:
        """The groups with news since the last call; whoever asks has to empty `news` of each."""
        with_news, self._with_news = self._with_news, {}
        return with_news

    def _group(self, namespace: str, labels: Labels) -> Group:
        group = self._by_value.get((namespace, frozenset(labels.items())))
        if group is None:
            group = Group(namespace, labels)
            group.services = dict.fromkeys(self.selectors.matching(namespace, labels))
            self._file(group)
        return group

    def remove(self, pod: Pod) -> Group | None:
        """Take a pod out of its group; an empty group is forgotten."""
        group = self.of(pod.key[0], pod.labels)
        if group is not None:
            group.own().pods.pop(pod.key, None)
            group.news.pop(pod.key, None)
            if not group.pods:
                self._unfile(group)
        return group

    def set_selector(self, service: ObjectKey, selector: Selector | None) -> None:
        """File, replace or (None) forget a Service's selector."""
        for group in self._selected.pop(service, ()):
            group.own().services.pop(service, None)
        if selector is None:
            self.selectors.remove(service)
            return
        self.selectors.put(service, selector)
        for group in self._candidates(service.namespace, selector):
            if selector.matches(group.labels):
                group.own().services[service] = None
                self._selected.setdefault(service, {})[group] = None

    def selected(self, service: ObjectKey) -> Iterable[Pod]:
        """The pods that the Service's selector matches."""
        return chain.from_iterable(group.pods.values() for group in self._selected.get(service, ()))

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
