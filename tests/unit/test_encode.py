"""YAML, JSON and KYAML as kubectl prints them. Source of the YAML texts: sigs.k8s.io/yaml JSONToYAML, run on the same
values."""

from __future__ import annotations

import pytest

from simnet.manifests import yaml
from simnet.manifests.encode import natural_order, to_json, to_kyaml, to_yaml, to_yaml_all

SERVICE = {
    "kind": "Service", "apiVersion": "v1", "metadata": {"name": "web", "labels": {"app": "web", "on": "yes"}},
    "spec": {"ports": [{"port": 80, "name": "http"}, {"port": 443}], "selector": {}, "externalIPs": [], "x": None},
}  # fmt: skip
SERVICE_YAML = """\
apiVersion: v1
kind: Service
metadata:
  labels:
    app: web
    "on": "yes"
  name: web
spec:
  externalIPs: []
  ports:
  - name: http
    port: 80
  - port: 443
  selector: {}
  x: null
"""


def test_a_manifest() -> None:
    assert to_yaml(SERVICE) == SERVICE_YAML


def test_several_documents() -> None:
    assert to_yaml_all([{"a": 1}, [2], "x"]) == "a: 1\n---\n- 2\n---\nx\n"


SCALARS = [  # value, as written behind `k: `
    ("web", "web"), ("a b", "a b"), ("10.0.0.0/8", "10.0.0.0/8"), ("nginx:1.25", "nginx:1.25"), ("a#b", "a#b"),
    ("", '""'), ("yes", '"yes"'), ("y", '"y"'), ("null", '"null"'), ("~", '"~"'), ("true", '"true"'), ("80", '"80"'),
    ("0777", '"0777"'), ("1e3", '"1e3"'), ("1.50", '"1.50"'), ("12:30:45", '"12:30:45"'), ("2024-01-01", '"2024-01-01"'),
    ("0x1F", '"0x1F"'), ("08", '"08"'), (".5", '".5"'), ("tRUE", "tRUE"), ("100m", "100m"), ("=", "="), ("<<", "<<"),
    ("a: b", "'a: b'"), ("a:", "'a:'"), ("a #b", "'a #b'"), ("#a", "'#a'"), ("- a", "'- a'"), ("-", "'-'"), ("-a", "-a"),
    ("*a", "'*a'"), ("&a", "'&a'"), ("!a", "'!a'"), ("[a]", "'[a]'"), ("{a}", "'{a}'"), ("@a", "'@a'"), ("%a", "'%a'"),
    ("`a", "'`a'"), ("'a'", "'''a'''"), ("it's", "it's"), ('"a"', "'\"a\"'"), (" a", "' a'"), ("a ", "'a '"),
    ("---", "'---'"), ("...", "'...'"), ("? a", "'? a'"), ("?a", "?a"), (":a", ":a"), ("|", "'|'"),
    ("a\tb", '"a\\tb"'), ("a\rb", '"a\\rb"'), ("\x00\x1b\x7f", '"\\0\\e\\x7F"'), ("\U0001f600", '"\\U0001F600"'), ("é", "é"),
    ("a\\b", "a\\b"), ("\ufeff", '"\\uFEFF"'),
    ("a\n", "|\n  a"), ("a\nb", "|-\n  a\n  b"), ("a\n\n", "|+\n  a\n"), (" a\nb\n", "|2\n   a\n  b"), ("\n", '|2+\n'),
    ("a\n b\n\nc\n", "|\n  a\n   b\n\n  c"), ("a \nb", '"a \\nb"'), ("a\n\tb", '"a\\n\\tb"'),
    (True, "true"), (None, "null"), (0, "0"), (-1.5, "-1.5"), (80.0, "80"), (1e30, "1e+30"), (1.25e-7, "1.25e-07"),
    (0.1, "0.1"), (12345678.5, "1.23456785e+07"), (18446744073709551615, "18446744073709551615"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "written"), SCALARS, ids=[repr(row[0]) for row in SCALARS])
def test_scalar(value: object, written: str) -> None:
    assert to_yaml({"k": value}) == f"k: {written}\n"


def test_a_key_that_would_be_a_merge_is_quoted() -> None:
    """kubectl prints it plain, which nobody can read back."""
    assert to_yaml({"<<": 1}) == '"<<": 1\n'


def test_long_texts_are_cut_after_eighty_columns() -> None:
    message = "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No victims found."
    assert to_yaml({"status": {"message": message}}) == (
        "status:\n"
        "  message: '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are\n"
        "    available: 1 No victims found.'\n"
    )
    assert to_yaml({"k": "word " * 20 + "end"}) == (
        "k: word word word word word word word word word word word word word word word word\n"
        "  word word word word end\n"
    )


def test_collections_in_lists() -> None:
    assert to_yaml([[1, [2]], {"a": [3, {"b": 4}]}, [], {}]) == "- - 1\n  - - 2\n- a:\n  - 3\n  - b: 4\n- []\n- {}\n"


def test_long_and_broken_keys_are_explicit() -> None:
    assert to_yaml({"k" * 129: {"a": 1}}) == "? " + "k" * 129 + "\n: a: 1\n"
    assert to_yaml({"a\nb": 1}) == "? |-\n  a\n  b\n: 1\n"



def test_keys_are_in_natural_order() -> None:
    assert natural_order(["b", "a10", "a2", "B", "1", "10", "2", "a-b", "aa"]) == [
        "1", "2", "10", "B", "a-b", "a2", "a10", "aa", "b",
    ]  # fmt: skip


def test_json_has_four_spaces_sorted_keys_and_the_escapes_of_go() -> None:
    assert to_json({"b": [1, 80.0], "a": {"x": "<é&>"}, "c": {}}) == (
        '{\n    "a": {\n        "x": "\\u003cé\\u0026\\u003e"\n    },\n'
        '    "b": [\n        1,\n        80\n    ],\n    "c": {}\n}\n'
    )


def test_kyaml() -> None:
    value = {"apiVersion": "v1", "spec": {"ports": [{"port": 80}, {"port": 81}], "args": ["a", "b"], "on": True, "x": []},
             "data": {"a.conf": "l1\n  l2\n", "y": ""}}  # fmt: skip
    assert to_kyaml(value) == """\
---
{
  apiVersion: "v1",
  spec: {
    ports: [{
      port: 80,
    }, {
      port: 81,
    }],
    args: [
      "a",
      "b",
    ],
    "on": true,
    x: [],
  },
  data: {
    a.conf: "l1\\n\\
       \\  l2\\n\\
      ",
    "y": "",
  },
}
"""


@pytest.mark.parametrize(("key", "written"), [
    ("a", "a"), ("app.kubernetes.io/name", "app.kubernetes.io/name"), ("3scale", "3scale"), ("_a", "_a"), ("é", "é"),
    ("a-", '"a-"'), ("-a", '"-a"'), ("80", '"80"'), ("0x1F", '"0x1F"'), ("on", '"on"'), ("yEs", '"yEs"'), ("t", '"t"'),
    ("NaN", '"NaN"'), ("2024-01-01", '"2024-01-01"'), ("a b", '"a b"'), ("", '""')])
def test_keys_in_kyaml(key: str, written: str) -> None:
    """Source: sigs.k8s.io/yaml/kyaml `needsQuotes`, `yamlGuessesWrong`."""
    assert to_kyaml({key: 1}) == f"---\n{{\n  {written}: 1,\n}}\n"
    assert yaml.read_all(to_kyaml({key: 1})) == [{key: 1}]


@pytest.mark.parametrize("write", [to_yaml, to_json, to_kyaml])
def test_what_is_written_is_read_back(write: object) -> None:
    assert callable(write)
    assert yaml.read_all(write(SERVICE)) == [SERVICE]


@pytest.mark.parametrize(("value", "error"), [({1, 2}, TypeError), (float("inf"), ValueError), (float("nan"), ValueError)])
def test_what_is_no_value_of_a_manifest(value: object, error: type[Exception]) -> None:
    for write in (to_yaml, to_json, to_kyaml):
        with pytest.raises(error):
            write({"a": value})
