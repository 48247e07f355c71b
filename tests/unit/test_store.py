"""Objects that change only by commit, and the log of what changed."""

from __future__ import annotations

import pytest

from simnet.errors import Gone
from simnet.names import ObjectKey
from simnet.objects.configmap import ConfigMap
from simnet.objects.meta import Object
from simnet.objects.namespace import Namespace
from simnet.objects.pod import Pod
from simnet.store.store import LOG_LENGTH, Change, Creations, Store
from simnet.store.work import Work
from tests.test_messages import assert_message


def config(name: str, value: str = "1", namespace: str = "default") -> ConfigMap:
    return ConfigMap(key=ObjectKey(namespace, name), data={"value": value})


def put(store: Store, *objects: Object) -> None:
    for each in objects:
        store.commit(Change(each.kind, each.key, each))


def remove(store: Store, each: Object) -> None:
    store.commit(Change(each.kind, each.key, None))


@pytest.fixture
def store() -> Store:
    return Store(Work())


def test_create_update_and_delete_are_one_shape(store: Store) -> None:
    one, two = config("a", "1"), config("a", "2")
    events = [store.commit(Change("ConfigMap", one.key, new)) for new in (one, two, None)]
    assert [(event.old, event.new, event.version) for event in events if event is not None] == [
        (None, one, 1), (one, two, 2), (two, None, 3)]
    assert store.get("ConfigMap", one.key) is None and store.version == 3


def test_equal_old_and_new_commit_nothing(store: Store) -> None:
    put(store, config("a"))
    before = store.version, store.work.commits
    assert store.commit(Change("ConfigMap", config("a").key, config("a"))) is None
    assert store.commit(Change("ConfigMap", config("b").key, None)) is None, "what is not there cannot go"
    assert (store.version, store.work.commits) == before
    assert len(store.events_since(0)) == 1


def test_lists_are_by_namespace_and_name(store: Store) -> None:
    put(store, config("b", namespace="z"), config("b"), config("a"), config("a", namespace="z"))
    assert [str(each.key) for each in store.list("ConfigMap")] == ["default/a", "default/b", "z/a", "z/b"]
    assert [str(each.key) for each in store.list("ConfigMap", "z")] == ["z/a", "z/b"]
    assert store.list("ConfigMap", "none") == [] == store.list("Secret")
    assert store.count("ConfigMap") == 4 and store.count("Secret") == 0


def test_kinds_are_those_of_which_something_exists(store: Store) -> None:
    put(store, config("a"), Namespace(key=ObjectKey("", "default")))
    assert set(store.kinds()) == {"ConfigMap", "Namespace"}
    remove(store, config("a"))
    assert store.kinds() == ("Namespace",)


def test_the_resource_version_is_that_of_the_last_write(store: Store) -> None:
    put(store, config("a"), config("b"), config("a", "2"))
    assert [store.resource_version("ConfigMap", config(name).key) for name in ("a", "b", "c")] == [3, 2, 0]
    remove(store, config("a"))
    assert store.resource_version("ConfigMap", config("a").key) == 0


def test_events_since_a_version_are_those_after_it_oldest_first(store: Store) -> None:
    put(store, config("a"), config("b"), config("c"))
    assert [event.key.name for event in store.events_since(1)] == ["b", "c"]
    assert store.events_since(3) == () == store.events_since(99)


def test_what_the_log_has_forgotten_is_gone(store: Store) -> None:
    """As a watch with too old a resource version: 410, reason Expired (kubernetes/apimachinery pkg/api/errors)."""
    for number in range(LOG_LENGTH + 3):
        put(store, config("a", str(number)))
    assert len(store.events_since(3)) == LOG_LENGTH
    assert_message(lambda: store.events_since(2), Gone, "the event log starts after version 3; 2 is too old")
    assert_message(lambda: store.fork(Work()).events_since(0), Gone, "the event log starts after version 3; 0 is too old")


def test_a_fork_shares_objects_and_nothing_else(store: Store) -> None:
    put(store, config("a"), config("b"))
    twin = store.fork(Work())
    assert twin.get("ConfigMap", config("a").key) is store.get("ConfigMap", config("a").key)
    put(twin, config("c"))
    remove(store, config("a"))
    assert [each.name for each in store.list("ConfigMap")] == ["b"]
    assert [each.name for each in twin.list("ConfigMap")] == ["a", "b", "c"]
    assert [event.key.name for event in twin.events_since(2)] == ["c"] and twin.version == 3
    assert twin.resource_version("ConfigMap", config("a").key) == 1
    assert twin.work.commits == 1


# pods in bulk -----------------------------------------------------------------------------------------------------

def pods(count: int) -> dict[ObjectKey, Pod]:
    return {(key := ObjectKey("default", f"p{number}")): Pod(key=key) for number in range(count)}


@pytest.mark.parametrize(("before", "together"), [(0, 1), (3, 5), (5, LOG_LENGTH - 5), (5, LOG_LENGTH - 2),
                                                  (5, LOG_LENGTH), (5, LOG_LENGTH + 7), (LOG_LENGTH + 2, 4)])
def test_pods_created_in_bulk_leave_what_one_by_one_would(before: int, together: int) -> None:
    bulk, single = Store(Work()), Store(Work())
    for each in (bulk, single):
        for number in range(before):
            put(each, config("a", str(number)))
    new = pods(together)
    bulk.create(Creations("default", new))
    put(single, *new.values())
    assert (bulk.version, bulk.work.commits) == (single.version, single.work.commits)
    assert bulk.list("Pod") == single.list("Pod")
    assert [bulk.resource_version("Pod", key) for key in new] == [single.resource_version("Pod", key) for key in new]
    oldest = max(0, before + together - LOG_LENGTH)
    assert bulk.events_since(oldest) == single.events_since(oldest)
    for each in (bulk, single) if oldest else ():
        with pytest.raises(Gone):
            each.events_since(oldest - 1)
