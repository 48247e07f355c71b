"""Patches laid over objects: RFC 7386, RFC 6902, and the strategic merge with the keys of the field tables.

The random runs against a real kubectl are in tests/edges/test_kubectl_patches.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet.manifests.patch import PatchError, field_of_kind, merged, strategic
from simnet.manifests.patch_json import json_patched

RFC_7386 = [  # target, patch, result: the examples of RFC 7386, appendix A
    ({"a": "b"}, {"a": "c"}, {"a": "c"}), ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}), ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}), ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}), ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}), (["a", "b"], ["c", "d"], ["c", "d"]), ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None), ({"e": None}, {"a": 1}, {"e": None, "a": 1}), ({}, {"a": {"bb": {"ccc": None}}},
                                                                               {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("value", "patch", "result"), RFC_7386)
def test_merge_patch(value: Any, patch: Any, result: Any) -> None:
    assert merged(value, patch) == result


POD, SERVICE, DEPLOYMENT, NODE = ("v1", "Pod"), ("v1", "Service"), ("apps/v1", "Deployment"), ("v1", "Node")
WIDGET = ("example.com/v1", "Widget")
A, B, C = ({"name": name, "image": "1"} for name in "abc")
STRATEGIC: list[tuple[str, tuple[str, str], Any, Any, Any]] = [
    # row, kind, spec, patch, result; source: what kubectl patch --local makes of it (1.32), tests/edges runs them again
    ("new items come first", POD, {"containers": [A]}, {"containers": [B]}, {"containers": [B, A]}),
    ("a known item is changed", POD, {"containers": [{**A, "tty": True}]}, {"containers": [{"name": "a", "image": "2"}]},
     {"containers": [{"name": "a", "image": "2", "tty": True}]}),
    ("tolerations have no key", POD, {"tolerations": [{"key": "a"}]}, {"tolerations": [{"key": "b"}]},
     {"tolerations": [{"key": "b"}]}),
    ("ports of a Service merge by port", SERVICE, {"ports": [{"port": 80, "nodePort": 1}]},
     {"ports": [{"port": 80, "targetPort": 8}]}, {"ports": [{"port": 80, "nodePort": 1, "targetPort": 8}]}),
    ("of two with one number the first is changed", SERVICE,
     {"ports": [{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]}, {"ports": [{"port": 53, "protocol": "UDP"}]},
     {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "UDP"}]}),
    ("an item is deleted", POD, {"containers": [A, B]}, {"containers": [{"name": "a", "$patch": "delete"}]}, {"containers": [B]}),
    ("the list is replaced", POD, {"containers": [A, B]}, {"containers": [{"$patch": "replace"}, C]}, {"containers": [C]}),
    ("the order is stated", POD, {"containers": [A, B]},
     {"containers": [C], "$setElementOrder/containers": [{"name": "b"}, {"name": "c"}]}, {"containers": [A, B, C]}),
    ("only the order is stated", POD, {"containers": [A, B, C]}, {"$setElementOrder/containers": [{"name": "c"}, {"name": "a"}]},
     {"containers": [B, C, A]}),
    ("a set takes and gives", NODE, {"podCIDRs": ["x", "y"]}, {"podCIDRs": ["z"], "$deleteFromPrimitiveList/podCIDRs": ["x"]},
     {"podCIDRs": ["z", "y"]}),
    ("a mapping is replaced", DEPLOYMENT, {"strategy": {"type": "x", "rollingUpdate": {}}},
     {"strategy": {"$patch": "replace", "type": "z"}}, {"strategy": {"type": "z"}}),
    ("only named keys are retained", DEPLOYMENT, {"strategy": {"type": "x", "rollingUpdate": {}}},
     {"strategy": {"$retainKeys": ["type"], "type": "z"}}, {"strategy": {"type": "z"}}),
    ("null removes", POD, {"hostname": "a", "nodeName": "b"}, {"hostname": None}, {"nodeName": "b"}),
    ("nulls and directives mean nothing where nothing is", POD, {},
     {"nodeSelector": {"a": None, "b": "c"}, "volumes": [{"name": "v", "$patch": "delete"}], "dnsConfig": {"$patch": "delete"}},
     {"nodeSelector": {"b": "c"}, "volumes": []}),
    ("a kind without a table has no keys", WIDGET, {"containers": [A]}, {"containers": [B]}, {"containers": [B]}),
]


@pytest.mark.parametrize(("row", "kind", "spec", "patch", "result"), STRATEGIC, ids=[row[0] for row in STRATEGIC])
def test_strategic_patch(row: str, kind: tuple[str, str], spec: Any, patch: Any, result: Any) -> None:
    before = repr((spec, patch))
    assert strategic({"spec": spec}, {"spec": patch}, field_of_kind(*kind))["spec"] == result
    assert repr((spec, patch)) == before


# row, patch of a pod's spec, message; source: as above, the words but for Go's way to print a map
BAD: list[tuple[str, Any, str]] = [
    ("no merge key", {"containers": [{"image": "x"}]}, "map: {'image': 'x'} does not contain declared merge key: name"),
    ("no mapping", {"containers": ["x"]}, "'x' is no item of a list that is merged by a key; a mapping is expected"),
    ("no such directive", {"$patch": "frob"}, "unknown patch type: frob in map: {'$patch': 'frob'}"),
    ("no such directive in an item", {"containers": [{"name": "a", "$patch": "frob"}]},
     "unknown patch type: frob in map: {'name': 'a', '$patch': 'frob'}"),
    ("merge is no directive for an item", {"containers": [{"name": "a", "$patch": "merge"}]},
     "merging lists cannot yet be specified in the patch"),
    ("keys beyond the retained ones", {"dnsConfig": {"$retainKeys": ["searches"], "nameservers": []}},
     "invalid patch format of retainKeys"),
    ("no list of keys", {"dnsConfig": {"$retainKeys": "x"}}, "$retainKeys in a patch is a list, not 'x'"),
    ("an item the order does not name", {"containers": [B], "$setElementOrder/containers": [{"name": "a"}]},
     "The order in patch list:\n[{'name': 'b', 'image': '1'}]\n doesn't match $setElementOrder list:\n[{'name': 'a'}]\n"),
]


@pytest.mark.parametrize(("row", "patch", "message"), BAD, ids=[row[0] for row in BAD])
def test_a_strategic_patch_that_cannot_be_laid(row: str, patch: Any, message: str) -> None:
    with pytest.raises(PatchError) as caught:
        strategic({"spec": {"containers": [A], "dnsConfig": {"searches": []}}}, {"spec": patch}, field_of_kind(*POD))
    assert str(caught.value) == message


RFC_6902 = [  # document, operation, result: the examples of RFC 6902, appendix A
    ({"foo": "bar"}, {"op": "add", "path": "/baz", "value": "qux"}, {"baz": "qux", "foo": "bar"}),
    ({"foo": ["bar", "baz"]}, {"op": "add", "path": "/foo/1", "value": "qux"}, {"foo": ["bar", "qux", "baz"]}),
    ({"baz": "qux", "foo": "bar"}, {"op": "remove", "path": "/baz"}, {"foo": "bar"}),
    ({"foo": ["bar", "qux", "baz"]}, {"op": "remove", "path": "/foo/1"}, {"foo": ["bar", "baz"]}),
    ({"baz": "qux", "foo": "bar"}, {"op": "replace", "path": "/baz", "value": "boo"}, {"baz": "boo", "foo": "bar"}),
    ({"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}}, {"op": "move", "from": "/foo/waldo",
                                                                           "path": "/qux/thud"},
     {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}}),
    ({"foo": ["bar"]}, {"op": "add", "path": "/foo/-", "value": ["abc"]}, {"foo": ["bar", ["abc"]]}),
    ({"/": 9, "~1": 10}, {"op": "test", "path": "/~01", "value": 10}, {"/": 9, "~1": 10}),
]


@pytest.mark.parametrize(("value", "operation", "result"), RFC_6902)
def test_json_patch(value: Any, operation: Any, result: Any) -> None:
    assert json_patched(value, [operation]) == result


# what kubectl patch --local makes of corners that the RFC leaves open (1.32)
CORNERS: list[tuple[Any, list[dict[str, Any]], Any]] = [
    ({"a": [1, 2]}, [{"op": "add", "path": "/a/-1", "value": 3}], {"a": [1, 2, 3]}),
    ({"a": [1, 2]}, [{"op": "remove", "path": "/a/-2"}], {"a": [2]}),
    ({"a": 1}, [{"op": "replace", "path": "/b", "value": 2}], {"a": 1, "b": 2}),
    ({"a": 1}, [{"op": "test", "path": "/b", "value": None}], {"a": 1}),
    ({"a": 1}, [{"op": "copy", "from": "/b", "path": "/c"}], {"a": 1, "c": None}),
    ({"a": 1}, [{"op": "replace", "path": "", "value": {"b": 2}}], {"b": 2}),
]


@pytest.mark.parametrize(("value", "patch", "result"), CORNERS)
def test_corners_of_json_patches(value: Any, patch: Any, result: Any) -> None:
    before = repr(value)
    assert json_patched(value, patch) == result
    assert repr(value) == before


# operations, message of kubectl patch --local (1.32)
REFUSED: list[tuple[Any, str]] = [
    ([{"op": "remove", "path": "/none"}], "error in remove for path: '/none': Unable to remove nonexistent key: none: missing value"),
    ([{"op": "remove", "path": "/none/x"}], 'remove operation does not apply: doc is missing path: "/none/x": missing value'),
    ([{"op": "replace", "path": "/none/x", "value": 1}], "replace operation does not apply: doc is missing path: /none/x: missing value"),
    ([{"op": "add", "path": "/list/9", "value": 1}],
     "error in add for path: '/list/9': Unable to access invalid index: 9: invalid index referenced"),
    ([{"op": "remove", "path": "/list/-"}], "error in remove for path: '/list/-': strconv.Atoi: parsing \"-\": invalid syntax"),
    ([{"op": "test", "path": "/list/0", "value": True}], "testing value /list/0 failed: test failed"),
    ([{"op": "test", "path": "/list/7"}], "error in test for path: '/list/7': Unable to access invalid index: 7: invalid index referenced"),
    ([{"op": "move", "from": "/none", "path": "/x"}], "error in move for path: 'none': Unable to remove nonexistent key: none: missing value"),
    ([{"op": "copy", "from": "/list/0", "path": "/none/x"}],
     "copy operation does not apply: doc is missing destination path: /none/x: missing value"),
    ([{"op": "remove"}], "remove operation failed to decode path: missing value"),
    ([{"path": "/x"}], "Unexpected kind: unknown; an operation is one of add, remove, replace, move, copy, test"),
    (["x"], "'x' is no operation of a JSON patch: a mapping with op and path is expected"),
    ({"op": "add"}, "a JSON patch is a list of operations such as "
     '[{"op": "replace", "path": "/spec/replicas", "value": 3}]'),
]


@pytest.mark.parametrize(("patch", "message"), REFUSED)
def test_a_json_patch_that_cannot_be_done(patch: Any, message: str) -> None:
    with pytest.raises(PatchError) as caught:
        json_patched({"list": [1]}, patch)
    assert str(caught.value) == message


VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=3),
                      lambda inner: st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3), max_leaves=6)


@given(VALUES, VALUES)
def test_merging_twice_is_merging_once_and_changes_no_input(value: Any, patch: Any) -> None:
    before = repr((value, patch))
    once = merged(value, patch)
    assert merged(once, patch) == once
    assert repr((value, patch)) == before
