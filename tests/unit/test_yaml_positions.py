"""Where keys, items and values stand, and how they were written."""

from __future__ import annotations

import copy

import pytest

from simnet.errors import Place
from simnet.manifests import json, yaml
from simnet.manifests.tree import Mapping, Source, place_of, written

TEXT = """\
# two lines above
---
apiVersion: v1
metadata:
  name: web   # a comment
  labels: {app: web, "tier": on}
spec:
  ports:
  - name: http
    port: 0777
  -   name: "x"
  - [a, 1_000]
  note: |
    text
  "quoted key" :  yes
  args:
    - --port
    -
      deep: .5
  base: &base
    a: 1.10
  copy: *base
  empty:
  later:
    plain
  ? odd
  : 0x1F
"""
PLACES = [  # path, (line, column) of the key or item, of its value, as written
    (("apiVersion",), (3, 1), (3, 13), "v1"),
    (("metadata",), (4, 1), (5, 3), ""),
    (("metadata", "name"), (5, 3), (5, 9), "web"),
    (("metadata", "labels"), (6, 3), (6, 11), ""),
    (("metadata", "labels", "app"), (6, 12), (6, 17), "web"),
    (("metadata", "labels", "tier"), (6, 22), (6, 30), "on"),
    (("spec", "ports"), (8, 3), (9, 3), ""),
    (("spec", "ports", 0), (9, 3), (9, 5), ""),
    (("spec", "ports", 0, "name"), (9, 5), (9, 11), "http"),
    (("spec", "ports", 0, "port"), (10, 5), (10, 11), "0777"),
    (("spec", "ports", 1, "name"), (11, 7), (11, 13), '"x"'),
    (("spec", "ports", 2), (12, 3), (12, 5), ""),
    (("spec", "ports", 2, 1), (12, 9), (12, 9), "1_000"),
    (("spec", "ports", -1, 1), (12, 9), (12, 9), "1_000"),
    (("spec", "note"), (13, 3), (13, 9), ""),
    (("spec", "quoted key"), (15, 3), (15, 19), "yes"),
    (("spec", "args", 0), (17, 5), (17, 7), "--port"),
    (("spec", "args", 1, "deep"), (19, 7), (19, 13), ".5"),
    (("spec", "base", "a"), (21, 5), (21, 8), "1.10"),
    (("spec", "copy"), (22, 3), (22, 9), ""),
    (("spec", "copy", "a"), (21, 5), (21, 8), "1.10"),
    (("spec", "empty"), (23, 3), (23, 3), "empty:"),
    (("spec", "later"), (24, 3), (25, 5), "plain"),
]  # fmt: skip


@pytest.fixture
def root() -> Mapping:
    (value,) = yaml.read_all(TEXT, "web.yaml")
    assert isinstance(value, Mapping)
    return value


@pytest.mark.parametrize(("path", "key", "value", "text"), PLACES, ids=[".".join(map(str, row[0])) for row in PLACES])
def test_place(
    root: Mapping, path: tuple[str | int, ...], key: tuple[int, int], value: tuple[int, int], text: str
) -> None:
    assert place_of(root, path) == Place("web.yaml", *key)
    assert place_of(root, path, value=True) == Place("web.yaml", *value)
    if path != ("spec", "empty"):
        assert written(root, path) == text


def test_a_path_that_leaves_the_tree_has_the_place_of_its_last_part(root: Mapping) -> None:
    assert place_of(root, ("spec", "ports", 0, "nodePort")) == Place("web.yaml", 9, 3)
    assert place_of(root, ("spec", "ports", 7)) == Place("web.yaml", 8, 3)
    assert place_of(root, ("metadata", "name", "x", 0), value=True) == Place("web.yaml", 5, 3)
    assert place_of(root, ("status",)) == place_of(root, ()) == Place("web.yaml", 3, 1)
    assert written(root, ("status",)) == ""


def test_a_part_of_a_document_keeps_its_places(root: Mapping) -> None:
    assert place_of(root["spec"]["ports"][0], ("port",)) == Place("web.yaml", 10, 5)
    assert place_of(root["spec"]["ports"], ()) == Place("web.yaml", 9, 3)


def test_values_built_in_python_have_only_a_file() -> None:
    assert place_of({"a": [1]}, ("a", 0), file="builder") == Place("builder")
    assert written({"a": 1}, ("a",)) == ""


def test_positioned_parts_inside_a_python_list_are_found(root: Mapping) -> None:
    assert place_of([root], (0, "metadata", "name")) == Place("web.yaml", 5, 3)


def test_a_key_that_was_added_later_has_no_place_of_its_own(root: Mapping) -> None:
    root["added"] = 1
    assert place_of(root, ("added",)) == Place("web.yaml", 3, 1)


def test_a_copy_knows_its_places_and_shares_the_source(root: Mapping) -> None:
    twin = copy.deepcopy(root)
    assert twin == root and twin["spec"] is not root["spec"] and twin.source is root.source
    assert place_of(twin, ("spec", "ports", 0, "port"), value=True) == Place("web.yaml", 10, 11)


def test_merged_keys_stand_at_the_merge_key() -> None:
    (root,) = yaml.read_all("a: &a {x: 1}\nb:\n  y: 2\n  <<: *a\n  x: 3\nc:\n  <<: *a\n")
    assert place_of(root, ("b", "x")) == Place("", 5, 3)
    assert place_of(root, ("c", "x")) == Place("", 7, 3)


def test_json_has_places_too() -> None:
    (root,) = json.read_all('{"a": 1,\n "b": [true,\n   {"c": null}]}', "x.json")
    assert place_of(root, ("b",)) == Place("x.json", 2, 2)
    assert place_of(root, ("b", 1, "c")) == Place("x.json", 3, 5)
    assert place_of(root, ("b", 1, "c"), value=True) == Place("x.json", 3, 10)
    assert written(root, ("b", 0)) == "true"


def test_the_mis_indented_service_is_read_with_its_places() -> None:
    """As printed in many tutorials: valid YAML of the wrong structure, for the schema stage to explain."""
    text = "kind: Service\nspec:\n ports:\n - name: http\n port: 80\n selector:\n app: web"
    (root,) = yaml.read_all(text, "svc.yaml")
    assert root == {"kind": "Service", "spec": {"ports": [{"name": "http"}], "port": 80, "selector": None, "app": "web"}}
    assert [place_of(root, ("spec", key)).line for key in ("ports", "port", "selector", "app")] == [3, 5, 6, 7]
    assert place_of(root, ("spec", "port")) == Place("svc.yaml", 5, 2)


def test_source_turns_offsets_into_places() -> None:
    source = Source("ab\ncd\n", "f", base=10)
    assert [str(source.place(offset)) for offset in (0, 2, 3, 6)] == ["f:11:1", "f:11:3", "f:12:1", "f:13:1"]
