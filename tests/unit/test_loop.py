"""One change and all its consequences: order, quiet, timers, and what happens when it does not come to rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random
from typing import Any, Self

import pytest

import simnet
from simnet.clock import Clock
from simnet.control.loop import Loop
from simnet.control.world import World
from simnet.dataplane.view import View
from simnet.errors import DidNotSettle, UsageError
from simnet.names import ObjectKey
from simnet.objects.configmap import ConfigMap
from simnet.settings import Settings
from simnet.store.store import Change, Event, Store
from simnet.store.work import Work
from simnet.testing import pod, service

KEY = ObjectKey("default", "a")


class Diary:
    """A controller that writes down what it is told, and answers as it is told to."""

    def __init__(self, name: str, diary: list[str], kinds: tuple[str, ...] = ("ConfigMap",), count_to: int = 0,
                 timer: float = 0.0) -> None:
        self.name, self.diary, self.kinds, self.count_to, self.timer = name, diary, kinds, count_to, timer

    def handle(self, event: Event, world: World) -> Iterable[Change]:
        self.diary.append(f"{self.name} sees {event.new.data['n']}")
        number = int(event.new.data["n"])
        if number < self.count_to:
            return [Change("ConfigMap", KEY, config(number + 1))]
        if self.timer:
            world.clock.after(self.timer, "ring", KEY)
        return ()

    def flush(self, world: World) -> Iterable[Change]:
        self.diary.append(f"{self.name} flushes")
        return ()

    def fire(self, kind: str, payload: Any, world: World) -> Iterable[Change]:
        self.diary.append(f"{self.name} hears {kind} at {world.now - START:g}")
        return ()

    def fork(self) -> Self:
        return self


START = Clock().now


def config(number: int) -> ConfigMap:
    return ConfigMap(key=KEY, data={"n": str(number)})


def loop_of(*controllers: Diary) -> Loop:
    work = Work()
    settings = Settings.read({"addons": ()})
    world = World(Store(work), settings, Clock(settings.now), Random(0), work)
    return Loop(world, controllers, View(world.store, settings, work))


def test_controllers_answer_in_order_and_flush_once_nothing_waits() -> None:
    diary: list[str] = []
    loop = loop_of(Diary("first", diary, count_to=2), Diary("second", diary), Diary("other", diary, kinds=("Secret",)))
    loop.put(config(1))
    assert diary == [], "only `run` lets them work"
    loop.run()
    assert diary == ["first sees 1", "second sees 1", "first sees 2", "second sees 2",
                     "first flushes", "second flushes", "other flushes"]


def test_a_change_that_changes_nothing_wakes_nobody() -> None:
    diary: list[str] = []
    loop = loop_of(Diary("only", diary))
    loop.put(config(1))
    loop.run()
    diary.clear()
    loop.put(config(1))
    loop.run()
    assert diary == ["only flushes"]


def test_settling_goes_on_to_every_timer_at_its_own_moment() -> None:
    diary: list[str] = []
    loop = loop_of(Diary("only", diary, timer=30))
    loop.world.clock.after(10, "early", None)
    loop.put(config(1))
    loop.settle()
    assert [line for line in diary if "hears" in line] == ["only hears early at 10", "only hears ring at 30"]
    assert loop.world.now == START + 30, "time stops at the last timer"


def test_advancing_fires_what_is_due_and_leaves_the_rest() -> None:
    diary: list[str] = []
    loop = loop_of(Diary("only", diary))
    loop.world.clock.after(10, "early", None)
    loop.world.clock.after(20, "late", None)
    loop.advance_to(START + 15)
    assert [line for line in diary if "hears" in line] == ["only hears early at 10"]
    assert loop.world.now == START + 15


@pytest.mark.parametrize(("after", "settles"), [(600, True), (601, False)])
def test_ten_logical_minutes_are_the_limit(after: float, settles: bool) -> None:
    loop = loop_of(Diary("only", []))
    loop.world.clock.after(after, "ring", "the bell")
    if settles:
        loop.settle()
        return
    with pytest.raises(DidNotSettle) as late:
        loop.settle()
    assert str(late.value) == "still busy after 600 s of logical time\n  pending: ring the bell at +601 s"
    assert late.value.pending == ("ring the bell at +601 s",)
    assert loop.world.now == START, "the clock stands where the last thing happened"


# the same through a cluster ---------------------------------------------------------------------------------------

def slow(name: str, delay: int) -> dict[str, Any]:
    """A pod that becomes ready `delay` seconds after its start."""
    probe = {"httpGet": {"port": 80}, "initialDelaySeconds": delay}
    return pod(name, labels={"app": "web"}, containers=[
        {"name": "main", "image": "nginx", "ports": [{"containerPort": 80}], "readinessProbe": probe}])


def test_apply_waits_until_the_cluster_is_quiet() -> None:
    cluster = simnet.Cluster(addons=())
    before = cluster.now
    cluster.apply(slow("web", 30))
    assert cluster.get("pod", "web").ready and cluster.now == before + 30


def test_without_settling_the_timers_wait_for_advance() -> None:
    cluster = simnet.Cluster(addons=())
    cluster.apply(slow("web", 30), settle=False)
    assert not cluster.get("pod", "web").ready
    cluster.advance(29)
    assert not cluster.get("pod", "web").ready
    cluster.advance("1s")
    assert cluster.get("pod", "web").ready


def test_what_does_not_settle_is_named_and_goes_on_later() -> None:
    cluster = simnet.Cluster(addons=())
    with pytest.raises(DidNotSettle, match=r"pending: pod-ready default/late at \+600 s$"):
        cluster.apply([slow("soon", 300), slow("late", 900)])
    assert cluster.get("pod", "soon").ready and not cluster.get("pod", "late").ready
    cluster.advance(600)
    assert cluster.get("pod", "late").ready


def test_the_data_plane_sees_the_time_at_which_settling_was_given_up() -> None:
    """The client's endpoint was remembered for 60 s; 300 s have passed before the apply gave up."""
    cluster = simnet.Cluster(addons=())
    config = {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 60}}}
    cluster.apply([service("web", clusterIP="10.96.0.50", **config), pod("client"),
                   *[pod(f"web-{n}", labels={"app": "web"}) for n in range(5)]])
    cluster.connect("tcp://10.96.0.50:80", "pod/client")
    assert len(cluster.outcomes("tcp://10.96.0.50:80", "pod/client")) == 1
    with pytest.raises(DidNotSettle):
        cluster.apply([slow("soon", 300), slow("late", 1200)])
    assert len(cluster.outcomes("tcp://10.96.0.50:80", "pod/client")) == 6, "AF-3"


def test_time_does_not_go_back() -> None:
    with pytest.raises(UsageError, match="time cannot go back"):
        simnet.Cluster(addons=()).advance(-1)


def test_a_fork_has_timers_of_its_own() -> None:
    cluster = simnet.Cluster(addons=())
    cluster.apply(slow("web", 30), settle=False)
    twin = cluster.fork()
    twin.advance(30)
    assert twin.get("pod", "web").ready and not cluster.get("pod", "web").ready


def test_objects_that_are_put_reach_the_controllers() -> None:
    cluster = simnet.Cluster(addons=())
    cluster.apply([pod("web", labels={"app": "web"}), service("web")])
    cluster.put(replace(cluster.get("pod", "web"), labels={"app": "other"}))
    simnet.expect(cluster, "endpoints web are none")
