"""Several Ingresses, one host: who owns a path, what is shadowed, what carries over. Rules M-1 to M-7, D-3, D-4, B-5."""

from __future__ import annotations

import pytest

from simnet.control.ingress_class import ClassReason
from simnet.dataplane.http.losing import Loss, Near, losers, near_misses
from simnet.dataplane.http.servers import Server
from simnet.dataplane.http.table import ControllerTable
from simnet.objects.ingress import IngressTLS
from tests.unit.http_net import NGINX, Net, ask, ingress, outcome, rule, table


def server(found: ControllerTable, host: str = "h.t") -> Server:
    compiled = found.server(host)
    assert compiled is not None
    return compiled


# order and merging -----------------------------------------------------------------------------------------------

def test_the_older_ingress_keeps_a_path_whatever_its_name() -> None:
    found = table(ingress("a-new", rule("h.t", "Prefix /app new:80", "Prefix /extra extra:80"), age=1),
                  ingress("z-old", rule("h.t", "Prefix /app old:80"), age=2))
    assert outcome(ask(found, "http://h.t/app")) == "old /app", "M-3"
    assert outcome(ask(found, "http://h.t/extra")) == "extra /extra", "M-2"


def test_equal_ages_are_taken_in_descending_order_of_namespace_and_name() -> None:
    found = table(ingress("a/i", rule("h.t", "Prefix /x a:80")), ingress("b/i", rule("h.t", "Prefix /x b:80")))
    assert outcome(ask(found, "http://h.t/x")) == "b /x", "M-1"


def test_ages_are_compared_by_whole_seconds() -> None:
    found = table(ingress("a", rule("h.t", "Prefix /x a:80"), age=0.9), ingress("b", rule("h.t", "Prefix /x b:80"), age=0.1))
    assert outcome(ask(found, "http://h.t/x")) == "b /x", "M-1"


def test_within_one_ingress_the_first_wins() -> None:
    found = table(ingress("i", rule("h.t", "Prefix /x first:80"), rule("h.t", "Prefix /x second:80")))
    assert outcome(ask(found, "http://h.t/x")) == "first /x", "M-3"


def test_hosts_of_different_namespaces_merge() -> None:
    found = table(ingress("one/i", rule("h.t", "Prefix /a a:80")), ingress("two/i", rule("h.t", "Prefix /b b:80")))
    routing = ask(found, "http://h.t/b")
    assert routing.location is not None and routing.location.rule.ingress is not None
    assert routing.location.rule.ingress.namespace == "two", "B-6"


# the implicit location -------------------------------------------------------------------------------------------

def test_unmatched_paths_carry_the_first_ingresss_annotations() -> None:
    found = table(ingress("old", rule("h.t", "Prefix /a a:80"), age=2, annotations={"permanent-redirect": "http://n.t"}),
                  ingress("young", rule("h.t", "Prefix /b b:80"), age=1))
    assert outcome(ask(found, "http://h.t/nowhere")) == "301 http://n.t", "M-5"
    assert outcome(ask(found, "http://h.t/b")) == "b /b", "M-5"


def test_an_explicit_root_takes_the_implicit_one_over_with_its_own_annotations() -> None:
    found = table(ingress("old", rule("h.t", "Prefix /a a:80"), age=2, annotations={"permanent-redirect": "http://n.t"}),
                  ingress("young", rule("h.t", "Prefix / root:80"), age=1))
    assert outcome(ask(found, "http://h.t/nowhere")) == "root /nowhere", "M-5"


def test_a_default_backend_beside_rules_serves_unmatched_paths_of_its_hosts() -> None:
    found = table(ingress("i", rule("h.t", "Prefix /app app:80"), default="fallback:80"))
    assert outcome(ask(found, "http://h.t/other")) == "fallback /other", "D-4"
    assert outcome(ask(found, "http://nobody.t/x")) == "default", "D-4"


def test_a_default_backend_counts_only_where_its_ingress_named_the_host_first() -> None:
    found = table(ingress("old", rule("h.t", "Prefix /a a:80"), age=2),
                  ingress("young", rule("h.t", "Prefix /b b:80"), age=1, default="fallback:80"))
    assert outcome(ask(found, "http://h.t/other")) == "default", "M-5 D-4"


def test_an_ingress_without_rules_takes_every_unknown_host() -> None:
    found = table(ingress("all", default="catch:80", age=3), ingress("two", default="late:80", age=2),
                  ingress("any", rule("", "Prefix / any:80", "Prefix /own own:80"), age=9),
                  ingress("i", rule("h.t", "Prefix /a a:80")))
    assert outcome(ask(found, "http://nobody.t/x")) == "catch /x", "D-3"
    assert outcome(ask(found, "http://nobody.t/own")) == "own /own", "H-3"
    assert outcome(ask(found, "http://h.t/x")) == "default", "D-3"


def test_redirects_and_rewrites_of_a_catch_all_do_not_apply() -> None:
    notes = {"permanent-redirect": "http://n.t", "rewrite-target": "/x", "force-ssl-redirect": "true"}
    assert outcome(ask(table(ingress("all", default="catch:80", annotations=notes)), "http://n.t/y")) == "catch /y", "D-3"


def test_a_catch_all_can_be_switched_off() -> None:
    assert outcome(ask(table(ingress("all", default="catch:80"), disable_catch_all=True), "http://n.t/y")) == "default"


def test_a_resource_backend_is_skipped() -> None:
    found = table(ingress("i", rule("h.t", "Prefix /r resource:Bucket/x", "Prefix / a:80"), default="resource:Bucket/y"))
    assert outcome(ask(found, "http://h.t/r/x")) == "a /r/x", "B-5"
    assert [(each.rule.path, each.by) for each in server(found).shadowed] == [("/r", None)]


def test_a_resource_as_default_backend_counts_as_none() -> None:
    found = table(ingress("i", rule("h.t", "Prefix /a a:80"), default="resource:Bucket/y"))
    assert outcome(ask(found, "http://h.t/x")) == "default", "B-5"


def test_server_settings_come_from_whichever_ingress_of_the_host_has_them() -> None:
    found = server(table(
        ingress("old", rule("h.t", "Prefix /a a:80"), age=3),
        ingress("mid", rule("h.t", "Prefix /b b:80"), age=2, annotations={"server-alias": "alias.t", "app-root": "/m"},
                tls=(IngressTLS(("h.t",), "one"),)),
        ingress("new", rule("h.t", "Prefix /c c:80"), age=1, annotations={"server-alias": "late.t", "app-root": "/n"},
                tls=(IngressTLS(("h.t",), "two"),))))
    assert found.aliases == ("alias.t",) and found.app_root == "/m", "M-6 R-1"
    assert found.tls is not None and found.tls.name == "mid", "T-5"


# what nginx would refuse -----------------------------------------------------------------------------------------

# what happens, paths, shadowed as (path, type, by, is_conflict), source
CONFLICTS = [
    ("Prefix /foo and Prefix /foo/ are one location", ("Prefix /foo a:80", "Prefix /foo/ b:80"),
     [("/foo/", "Prefix", "/foo", True)], "M-7"),
    ("a third entry repeats the type that came second", ("Exact /p a:80", "Prefix /p b:80", "Prefix /p c:80"),
     [("/p", "Prefix", "/p", True)], "M-7"),
    ("one that repeats the first type is an ordinary duplicate", ("Exact /p a:80", "Prefix /p b:80", "Exact /p c:80"),
     [("/p", "Exact", "/p", False)], "M-7"),
    ("two types of one path stand side by side", ("Exact /p a:80", "Prefix /p b:80"), [], "M-4"),
]


@pytest.mark.parametrize(("what", "paths", "expected", "source"), CONFLICTS, ids=[row[0] for row in CONFLICTS])
def test_conflicts(what: str, paths: tuple[str, ...], expected: list[tuple[str, str, str, bool]], source: str) -> None:
    found = server(table(ingress("i", rule("h.t", *paths))))
    assert [(each.rule.path, each.rule.path_type, each.by and each.by.path, each.is_conflict)
            for each in found.shadowed] == expected, source


def test_of_slash_twins_the_older_serves_both_forms() -> None:
    found = table(ingress("old", rule("h.t", "Prefix /foo a:80"), age=2), ingress("new", rule("h.t", "Prefix /foo/ b:80")))
    assert [outcome(ask(found, f"http://h.t/foo{rest}")) for rest in ("", "/", "/x")] == ["a /foo", "a /foo/", "a /foo/x"]


# classes, canaries, dropped Ingresses ----------------------------------------------------------------------------

def test_what_is_not_mine_is_invisible() -> None:
    found = table(ingress("theirs", rule("h.t", "Prefix / theirs:80"), of="other", age=2),
                  ingress("i", rule("g.t", "Prefix / a:80")))
    assert outcome(ask(found, "http://h.t/")) == "default", "C-5"
    assert found.server("h.t") is None


def test_a_canary_adds_no_host_and_no_path() -> None:
    found = table(ingress("main", rule("h.t", "Prefix / a:80"), age=1),
                  ingress("c", rule("h.t", "Prefix /new c:80"), rule("only.t", "Prefix / c:80"),
                          annotations={"canary": "true"}))
    assert outcome(ask(found, "http://h.t/new")) == "a /new", "Y-1"
    assert outcome(ask(found, "http://only.t/")) == "default", "Y-2"


def test_an_ingress_with_a_snippet_is_dropped_whole() -> None:
    found = ingress("i", rule("h.t", "Prefix / a:80"), annotations={"configuration-snippet": "return 200;"})
    assert outcome(ask(table(found), "http://h.t/")) == "default", "K-16"
    allowed = table(found, config={"allow-snippet-annotations": "true"})
    assert outcome(ask(allowed, "http://h.t/")) == "a /", "K-16"


# why the others lost ---------------------------------------------------------------------------------------------

LOSING = table(
    ingress("old", rule("h.t", "Prefix /app old:80", "Exact /app/x exact:80", "Prefix / root:80"),
            rule("g.t", "Prefix /app g:80"), age=5),
    ingress("new", rule("h.t", "Prefix /app new:80", "Prefix /app/x/y deep:80", "Prefix /r resource:B/x"), age=4),
    ingress("their", rule("h.t", "Prefix /app theirs:80"), of="other", age=3),
    ingress("canary", rule("h.t", "Prefix /app c:80"), age=2, annotations={"canary": "true"}),
    ingress("broken", rule("h.t", "Prefix /app b:80"), age=1, annotations={"server-snippet": "x"}))


def test_every_rule_that_lost_is_listed_with_its_reason() -> None:
    found = [(str(each.rule.backend), each.loss) for each in losers(ask(LOSING, "http://h.t/app/x"))]
    assert found == [
        ("root:80", Loss.SHORTER), ("old:80", Loss.SHORTER), ("deep:80", Loss.PATH), ("new:80", Loss.OLDER),
        ("storage.example.com/B/x", Loss.RESOURCE), ("g:80", Loss.HOST), ("theirs:80", Loss.CLASS),
        ("c:80", Loss.CANARY), ("b:80", Loss.DROPPED)]


def test_exact_beats_prefix_of_the_same_length_and_says_so() -> None:
    found = table(ingress("i", rule("h.t", "Prefix /p a:80", "Exact /p b:80")))
    assert [each.loss for each in losers(ask(found, "http://h.t/p")) if not each.rule.is_implicit] == [Loss.EXACT]


def test_a_pattern_that_would_match_but_comes_later() -> None:
    paths = ("ImplementationSpecific /a a:80", "ImplementationSpecific /a.* b:80", "Prefix /z z:80")
    found = table(ingress("i", rule("h.t", *paths), annotations={"use-regex": "true"}))
    assert {str(each.rule.backend): each.loss for each in losers(ask(found, "http://h.t/ab")) if each.rule.backend} == {
        "a:80": Loss.LATER, "z:80": Loss.PATH}


def test_before_a_path_is_looked_at_nobody_has_lost_by_path() -> None:
    found = table(ingress("i", rule("h.t", "Prefix /p a:80"), annotations={"app-root": "/x"}))
    assert {each.loss for each in losers(ask(found, "http://h.t/"))} == {Loss.UNREACHED}


def test_reasons_do_not_change_with_the_cluster() -> None:
    """A decision keeps the table it was taken from."""
    net = Net(ingress("i", rule("h.t", "Prefix /p a:80")))
    routing = ask(net.table(), "http://h.t/p")
    before = [(str(each.rule.backend), each.loss) for each in losers(routing)]
    net.put(ingress("late", rule("k.t", "Prefix /q b:80")))
    net.delete(NGINX)
    assert [(str(each.rule.backend), each.loss) for each in losers(routing)] == before


# what one change would have made match, request, nearest, source
NEAR = [
    ("the host is another one", "http://nobody.t/app", [Near.HOST], "users.md 3"),
    ("the case differs", "http://g.t/APP/x", [Near.CASE, Near.HOST], "P-6"),
    ("the path goes on inside an element", "http://g.t/apple", [Near.BOUNDARY], "P-2"),
]


@pytest.mark.parametrize(("what", "url", "nearest", "source"), NEAR, ids=[row[0] for row in NEAR])
def test_near_misses(what: str, url: str, nearest: list[Near], source: str) -> None:
    found = near_misses(ask(table(ingress("i", rule("g.t", "Prefix /app g:80"), rule("f.t", "Prefix /APP f:80"))), url))
    assert sorted({each.near for each in found}, key=list(Near).index) == nearest, source


def test_a_rule_of_another_class_is_a_near_miss() -> None:
    found = near_misses(ask(table(ingress("i", rule("g.t", "Prefix /app g:80"), of=None)), "http://g.t/app"))
    assert [each.near for each in found] == [Near.CLASS]
    assert found[0].loser.class_match is not None and found[0].loser.class_match.reason is ClassReason.NO_CLASS


def test_an_exact_path_that_only_lacks_a_slash() -> None:
    found = near_misses(ask(table(ingress("i", rule("g.t", "Exact /app g:80"))), "http://g.t/app/"))
    assert [each.near for each in found] == [Near.SLASH]
