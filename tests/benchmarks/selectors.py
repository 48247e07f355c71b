"""S1 and S2: one pod event against a scan of the Services of the cluster, and how it grows with the cluster."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from simnet.control.podgroups import PodGroups
from simnet.labels import Selector
from simnet.names import ObjectKey
from simnet.objects.meta import read_only
from simnet.objects.pod import Pod
from simnet.store.work import Work
from tests.benchmarks.bench import Row, interleaved, micro

EVENTS = 2_000


class Size(NamedTuple):
    pods: int
    services: int
    namespaces: int


class Crowd:
    """Services spread evenly over namespaces, and pods with five labels each, fifteen of a template."""

    def __init__(self, size: Size) -> None:
        rng = random.Random(1)
        self.groups = PodGroups(Work())
        self.selectors: list[tuple[ObjectKey, Selector]] = []
        for index in range(size.services):
            pairs = {"app": f"a{index}"}
            pairs.update({"tier": "web"} if index % 3 == 0 else {})
            pairs.update({"version": "v1"} if index % 7 == 0 else {})
            key = ObjectKey(f"ns-{index % size.namespaces}", f"s{index}")
            self.selectors.append((key, Selector.from_map(pairs)))
            self.groups.set_selector(*self.selectors[-1])
        self.pods: list[Pod] = []
        for template in range(max(size.pods // 15, 1)):
            index = rng.randrange(size.services)
            labels = read_only({"app": f"a{index}", "tier": rng.choice(["web", "db"]), "version": rng.choice(["v1", "v2"]),
                                "team": f"t{rng.randrange(20)}", "hash": f"{template:x}"})
            self.pods += [Pod(key=ObjectKey(f"ns-{index % size.namespaces}", f"p{template}-{n}"), labels=labels)
                          for n in range(15)]
        for pod in self.pods:
            self.groups.put(pod)
        self.groups.news()
        self.chosen = rng.sample(self.pods, min(EVENTS, len(self.pods)))

    def events(self) -> None:
        """Take each chosen pod away and bring it back; whoever selects it hears of it."""
        groups = self.groups
        for pod in self.chosen:
            groups.remove(pod)
            groups.put(pod)
        for group in groups.news():
            group.news = {}

    def scan(self, count: int) -> Callable[[], None]:
        """The same by looking at every Service, for `count` pods, twice: once going, once coming."""
        def run() -> None:
            for pod in self.chosen[:count]:
                for _ in range(2):
                    [key for key, selector in self.selectors
                     if key.namespace == pod.namespace and selector.matches(pod.labels)]
        return run

    def check(self) -> None:
        """Both ways find the same Services."""
        for pod in self.chosen[:50]:
            group = self.groups.of(pod.namespace, pod.labels)
            assert group is not None and set(group.services) == {
                key for key, selector in self.selectors if key.namespace == pod.namespace and selector.matches(pod.labels)}


def rows(smoke: bool) -> list[Row]:
    rounds, scale = (3, 10) if smoke else (5, 1)
    large, small = Size(150_000 // scale, 10_000 // scale, 500 // scale), Size(1_500, 100, 5)
    found = []
    for size, bar in ((large, 50.0), (large._replace(namespaces=1), 200.0)):
        crowd = Crowd(size)
        crowd.check()
        mine, scan = interleaved(crowd.events, crowd.scan(10), rounds)
        ours, theirs = mine / len(crowd.chosen), scan / 10
        what = f"one pod event, {size.pods:,} pods, {size.services:,} Services, {size.namespaces} ns"
        found.append(Row("S1", what, "scan of all Services", micro(ours), micro(theirs), theirs / ours, bar))
        if size is large:
            few = Crowd(small)
            mine, base = interleaved(crowd.events, few.events, rounds)
            ours, theirs = mine / len(crowd.chosen), base / len(few.chosen)
            found.append(Row("S2", f"growth of S1 from {small.pods:,} pods / {small.services} Services", "itself, small",
                             micro(ours), micro(theirs), ours / theirs, 6, at_most=True))
    return found
