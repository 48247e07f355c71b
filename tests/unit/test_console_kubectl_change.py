"""`kubectl label`, `annotate`, `scale`, `patch`, `set image`, and the three kinds of patch."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet.console import Session
from simnet.console.kubectl.context import KubectlError
from simnet.console.kubectl.merge import json_patch, merge_patch, strategic_patch
from tests.unit.console_net import run, shop


@pytest.fixture
def session() -> Session:
    return Session(shop())


def test_label(session: Session) -> None:
    """Source: kubectl pkg/cmd/label/label.go."""
    assert run(session, "kubectl label pod client tier=x").stdout == "pod/client labeled\n"
    assert run(session, "kubectl label pod client tier=x").stdout == "pod/client not labeled\n"
    output = session.run("kubectl label pod client tier=y")
    assert (output.stderr, output.status) == ("error: 'tier' already has a value (x), and --overwrite is false\n", 1)
    assert run(session, "kubectl label pod client tier=y --overwrite").stdout == "pod/client labeled\n"
    assert run(session, "kubectl label pod client tier-").stdout == "pod/client unlabeled\n"
    assert run(session, "kubectl label pod client tier-").stdout == 'label "tier" not found.\npod/client not labeled\n'
    assert run(session, "kubectl label pods --all a=b").stdout.count("labeled\n") == 4


def test_a_label_moves_a_pod_into_a_service(session: Session) -> None:
    before = run(session, "kubectl get endpoints web --no-headers").stdout
    run(session, "kubectl label pod client app=web --overwrite")
    assert run(session, "kubectl get endpoints web --no-headers").stdout != before


@pytest.mark.parametrize(("line", "stderr"), [
    ("kubectl label pod client", "error: at least one label update is required\n"),
    ("kubectl label pods a=b", "error: one or more resources must be specified as <resource> <name> or <resource>/<name>\n"),
    ("kubectl label pod nosuch a=b", 'Error from server (NotFound): pods "nosuch" not found\n'),
])
def test_label_refuses(session: Session, line: str, stderr: str) -> None:
    output = session.run(line)
    assert (output.stderr, output.status) == (stderr, 1)


def test_annotate(session: Session) -> None:
    assert run(session, "kubectl annotate svc web note='hello world'").stdout == "service/web annotated\n"
    assert "Annotations:              note: hello world\n" in run(session, "kubectl describe svc web").stdout


def test_local_changes_only_the_text(session: Session) -> None:
    session.files["p.yaml"] = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: i}]}\n"
    assert run(session, "kubectl label --local -f p.yaml x=y -o yaml").stdout == (
        "apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n    x: \"y\"\n  name: p\nspec:\n  containers:\n  - image: i\n"
        "    name: c\n")


def test_scale(session: Session) -> None:
    assert run(session, "kubectl scale deployment web --replicas=4").stdout == "deployment.apps/web scaled\n"
    assert run(session, "kubectl get deploy web --no-headers").stdout.split()[1] == "4/4"
    assert session.run("kubectl scale deploy web").stderr == 'error: required flag(s) "replicas" not set\n'
    assert session.run("kubectl scale deploy web --replicas=1 --current-replicas=9").stderr == (
        "error: Expected replicas to be 9, was 4\n")
    assert session.run("kubectl scale svc web --replicas=1").stderr.startswith("error: cannot scale service/web")


def test_patch(session: Session) -> None:
    """The example of the stories' page: a ClusterIP Service becomes a LoadBalancer."""
    assert run(session, "kubectl patch service web -p '{\"spec\":{\"type\":\"LoadBalancer\"}}'").stdout == (
        "service/web patched\n")
    assert run(session, "kubectl get service web --no-headers").stdout.split()[1:4] == [
        "LoadBalancer", "10.96.1.5", "203.0.113.2"]
    assert run(session, "kubectl patch service web -p '{\"spec\":{\"type\":\"LoadBalancer\"}}'").stdout == (
        "service/web patched (no change)\n")
    assert run(session, "kubectl patch svc web --type=json -p '[{\"op\": \"replace\", \"path\": \"/spec/selector/app\", "
               "\"value\": \"wbe\"}]'").stdout == "service/web patched\n"
    assert session.cluster.get("service", "web").manifest["spec"]["selector"] == {"app": "wbe"}
    assert session.run("kubectl patch svc web --type=merg -p '{}'").stderr == (
        'error: --type must be one of [json merge strategic], not "merg"\n')


def test_a_refused_patch_says_what_the_api_server_says(session: Session) -> None:
    output = session.run("kubectl patch svc web -p '{\"spec\":{\"clusterIP\":\"10.96.1.6\",\"clusterIPs\":[\"10.96.1.6\"]}}'")
    assert output.status == 1
    assert output.stderr.startswith('The Service "web" is invalid:')


def test_set_image(session: Session) -> None:
    assert run(session, "kubectl set image deployment/web nginx=nginx:1.26").stdout == "deployment.apps/web image updated\n"
    assert run(session, "kubectl get deploy web -o wide --no-headers").stdout.split()[6] == "nginx:1.26"
    assert session.run("kubectl set image deploy/web nosuch=a").stderr == (
        'error: unable to find container named "nosuch"\n')


# merging --------------------------------------------------------------------------------------------------------

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
    assert merge_patch(value, patch) == result


STRATEGIC = [  # object, patch, result; source: kubernetes.io "Update API Objects in Place Using kubectl patch"
    ("containers merge by name", {"containers": [{"name": "a", "image": "1"}]}, {"containers": [{"name": "b", "image": "2"}]},
     {"containers": [{"name": "b", "image": "2"}, {"name": "a", "image": "1"}]}),
    ("a known container is changed", {"containers": [{"name": "a", "image": "1", "x": 1}]},
     {"containers": [{"name": "a", "image": "2"}]}, {"containers": [{"name": "a", "image": "2", "x": 1}]}),
    ("tolerations are replaced", {"tolerations": [{"key": "a"}]}, {"tolerations": [{"key": "b"}]},
     {"tolerations": [{"key": "b"}]}),
    ("service ports merge by port", {"ports": [{"port": 80, "nodePort": 1}]}, {"ports": [{"port": 80, "targetPort": 8}]},
     {"ports": [{"port": 80, "nodePort": 1, "targetPort": 8}]}),
    ("an item is deleted", {"containers": [{"name": "a"}, {"name": "b"}]}, {"containers": [{"name": "a", "$patch": "delete"}]},
     {"containers": [{"name": "b"}]}),
    ("a mapping is replaced", {"strategy": {"type": "x", "y": 1}}, {"strategy": {"$patch": "replace", "type": "z"}},
     {"strategy": {"type": "z"}}),
    ("null removes", {"a": 1, "b": 2}, {"a": None}, {"b": 2}),
]


@pytest.mark.parametrize(("says", "value", "patch", "result"), STRATEGIC, ids=[row[0] for row in STRATEGIC])
def test_strategic_patch(says: str, value: Any, patch: Any, result: Any) -> None:
    assert strategic_patch(value, patch) == result


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
    assert json_patch(value, [operation]) == result


@pytest.mark.parametrize("operation", [{"op": "test", "path": "/baz", "value": "bar"}, {"op": "remove", "path": "/nosuch"},
                                       {"op": "replace", "path": "/nosuch", "value": 1}, {"op": "nonsense", "path": "/baz"},
                                       {"path": "/baz"}])
def test_a_json_patch_that_cannot_be_done(operation: Any) -> None:
    with pytest.raises(KubectlError):
        json_patch({"baz": "qux"}, [operation])


VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=3),
                      lambda inner: st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3), max_leaves=6)


@given(VALUES, VALUES)
def test_merging_twice_is_merging_once_and_changes_no_input(value: Any, patch: Any) -> None:
    before = repr((value, patch))
    once = merge_patch(value, patch)
    assert merge_patch(once, patch) == once
    assert repr((value, patch)) == before
