"""What the validating webhook of ingress-nginx refuses (rules W-1 to W-4), through a cluster that has it switched on."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet.errors import InvalidField
from tests.unit.ingress_world import cluster_of, ingress

GO = "kubernetes/ingress-nginx internal/ingress/controller/controller.go CheckIngress"
STARTS = 'admission webhook "validate.nginx.ingress.kubernetes.io" denied the request: '


def world(*objects: dict[str, Any], **settings: Any) -> simnet.Cluster:
    """A cluster with the webhook and these Ingresses, the first the oldest."""
    cluster = cluster_of(ingress={"webhook": True, **settings.pop("ingress", {})}, **settings)
    for each in objects:
        cluster.advance(1)
        cluster.load(each)
    return cluster


def refused(cluster: simnet.Cluster, *objects: dict[str, Any]) -> str:
    """What the webhook says about them, '' when it accepts."""
    try:
        cluster.apply(list(objects))
    except InvalidField as error:
        problem, = error.problems
        assert problem.type == "BadRequest" and problem.detail.startswith(STARTS)
        return problem.detail.removeprefix(STARTS)
    return ""


def at(path: str, path_type: str = "Prefix", name: str = "new", namespace: str = "default", **more: str) -> dict[str, Any]:
    found = ingress(path=path, path_type=path_type, name=name, **more)
    return {**found, "metadata": {**found["metadata"], "namespace": namespace}}


TAKEN = 'host "h.t" and path "{}" is already defined in ingress {}'

# what, stored, created, refusal, source
OVERLAPS = [
    ("the same path of another Ingress", [at("/p", name="old")], at("/p"), TAKEN.format("/p", "default/old"), "W-1"),
    ("across namespaces", [at("/p", name="old", namespace="shop")], at("/p"), TAKEN.format("/p", "shop/old"), "W-1"),
    ("another path", [at("/p", name="old")], at("/q"), "", "W-1"),
    ("another host", [at("/p", name="old", host="o.t")], at("/p"), "", "W-1"),
    ("the implicit / is nobody's", [at("/p", name="old")], at("/"), "", "W-1"),
    ("an explicit / is somebody's", [at("/", name="old")], at("/"), TAKEN.format("/", "default/old"), "W-1"),
    ("Prefix with slash beside Prefix", [at("/p", name="old")], at("/p/"), TAKEN.format("/p/", "default/old"), "W-1"),
    ("Prefix beside Prefix with slash", [at("/sl/", name="old")], at("/sl"), "", "W-1, M-7"),
    ("Exact beside Prefix", [at("/p", name="old")], at("/p", "Exact"), "", "W-1"),
    ("Prefix beside Exact", [at("/p", "Exact", name="old")], at("/p"), TAKEN.format("/p", "default/old"), "W-1"),
    ("paths are compared with case", [at("/p", name="old")], at("/P"), "", "W-1"),
    ("an Ingress with use-regex keeps its paths as written", [at("/p", name="old", use_regex="true")], at("/p/"), "", "W-1"),
    ("a canary is never in conflict", [at("/p", name="old")], at("/p", canary="true"), "", "W-1"),
    ("not even one that is switched off", [at("/p", name="old")], at("/p", canary="false"), "", "W-1"),
    ("on the other side neither", [at("/p", name="old", canary="false")], at("/p"), "", "W-1"),
    ("itself again", [at("/p", name="new")], at("/p"), "", "W-1"),
]


@pytest.mark.parametrize(("what", "stored", "created", "expected", "source"), OVERLAPS, ids=[row[0] for row in OVERLAPS])
def test_overlaps(what: str, stored: list[dict[str, Any]], created: dict[str, Any], expected: str, source: str) -> None:
    assert refused(world(*stored), created) == expected, source


def test_every_path_is_looked_at() -> None:
    created = at("/free")
    paths = created["spec"]["rules"][0]["http"]["paths"]
    created["spec"]["rules"][0]["http"]["paths"] = [*paths, {**paths[0], "path": "/p"}]
    assert refused(world(at("/p", name="old")), created) == TAKEN.format("/p", "default/old"), "W-1"


def test_a_path_added_to_an_older_ingress_changes_hands_without_a_word() -> None:
    cluster = world(at("/first", name="older"), at("/p", name="younger"))
    assert refused(cluster, at("/p", name="older")) == "", "W-1"


def test_two_of_one_apply_see_each_other_and_of_one_second_the_last_name_is_the_oldest() -> None:
    assert refused(world(), at("/p", name="z"), at("/p", name="a")) == TAKEN.format("/p", "default/z"), "W-1"
    assert refused(world(), at("/p", name="a"), at("/p", name="z")) == "", "M-1: z is the owner"


# what, created, a part of the refusal ('' = accepted), source
OTHERS = [
    ("regex characters in a Prefix", at("/a(b)"), "path /a(b) cannot be used with pathType Prefix", "W-2"),
    ("and in an Exact", at("/a*", "Exact"), "path /a* cannot be used with pathType Exact", "W-2"),
    ("are fine in ImplementationSpecific", at("/a(b)", "ImplementationSpecific"), "", "W-2, X-13"),
    ("plain characters", at("/a.b_c-d/e"), "", "W-2"),
    ("a file of the container", at("/etc/passwd"), "invalid object", "W-2"),
    ("a token", at("/var/run/secrets/x", "ImplementationSpecific"), "invalid object", "W-2"),
    ("a directive", at("/x; alias /y;", "ImplementationSpecific"), "invalid object", "W-2"),
    ("Lua", at("/content_by_lua", "ImplementationSpecific"), "invalid object", "W-2"),
    ("a snippet", at("/", configuration_snippet="return 200;"), "annotation cannot be used", "W-3"),
    ("a value that drops the Ingress", at("/", upstream_vhost="a b"), "contains invalid value", "K-17"),
    ("a value that closes it is let through", at("/", whitelist_source_range="nowhere"), "", "K-17"),
]


@pytest.mark.parametrize(("what", "created", "part", "source"), OTHERS, ids=[row[0] for row in OTHERS])
def test_other_refusals(what: str, created: dict[str, Any], part: str, source: str) -> None:
    found = refused(world(), created)
    assert (part in found) if part else found == "", source


def other_class(manifest: dict[str, Any]) -> dict[str, Any]:
    return {**manifest, "spec": {**manifest["spec"], "ingressClassName": "other"}}


def test_ingresses_of_others_are_looked_at_only_deeply() -> None:
    cluster = world(at("/p", name="old"))
    assert refused(cluster, other_class(at("/p"))) == "", "W-4"
    assert "invalid object" in refused(cluster, other_class(at("/etc/shadow"))), "W-2: before the class"


def test_switches_of_the_configmap() -> None:
    assert refused(world(config={"strict-validate-path-type": "false"}), at("/a(b)")) == "", "W-2"
    assert refused(world(config={"allow-snippet-annotations": "true"}), at("/", server_snippet="x")) == "", "W-3"
    words = world(config={"annotation-value-word-blocklist": "load_module,eval"})
    assert "contains invalid word eval" in refused(words, at("/", permanent_redirect="https://n.t/eval")), "W-3"


def test_a_refused_ingress_leaves_nothing_behind_and_a_fork_has_the_webhook_too() -> None:
    cluster = world(at("/p", name="old"))
    for each in (cluster, cluster.fork()):
        assert refused(each, at("/p")) and [found.name for found in each.list("ingress")] == ["old"], GO


def test_without_the_switch_nothing_is_refused() -> None:
    assert refused(cluster_of(at("/p", name="old")), at("/p")) == ""
