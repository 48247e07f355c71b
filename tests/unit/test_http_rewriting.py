"""Paths as patterns and what becomes of them: rules X-5 to X-9, X-12."""

from __future__ import annotations

import pytest

from simnet.dataplane.http.rewriting import pattern_of, rewritten_path

# what happens, rule path, request path, matches, source
MATCHES = [
    ("anchored at the start", "/b", "/a/b", False, "X-5"),
    ("not anchored at the end", "/something", "/somethingelse", True, "X-5"),
    ("case does not matter", "/something", "/SomeThing", True, "X-5"),
    ("of several alternatives only the first is anchored", "/a|/b", "/x/b", True, "X-5"),
    ("a dot in a plain path is any character", "/v1.0", "/v1x0", True, "X-12"),
    ("a POSIX class", "/id/[[:digit:]]+", "/id/7", True, "PCRE"),
    ("a POSIX class that does not match", "/id/[[:digit:]]+$", "/id/x", False, "PCRE"),
    ("a named group", "/(?<name>[a-z]+)/x", "/abc/x", True, "PCRE"),
    ("a look-behind is no named group", "/a(?<!b)c", "/ac", True, "PCRE"),
]


@pytest.mark.parametrize(("what", "rule", "path", "matches", "source"), MATCHES, ids=[row[0] for row in MATCHES])
def test_pattern(what: str, rule: str, path: str, matches: bool, source: str) -> None:
    pattern = pattern_of(rule)
    assert pattern is not None
    assert (pattern.search(path) is not None) is matches, source


def test_what_is_no_pattern() -> None:
    assert pattern_of("/a(") is None


RECIPE = "/something(/|$)(.*)"

# what happens, rule path, target, request path, new path, source
REWRITES = [
    ("the whole path is replaced", "/hello", "/", "/hello/a/b", "/", "X-6"),
    ("the usual recipe, nothing left", RECIPE, "/$2", "/something", "/", "X-7"),
    ("the usual recipe, a slash left", RECIPE, "/$2", "/something/", "/", "X-7"),
    ("the usual recipe, a rest", RECIPE, "/$2", "/something/new", "/new", "X-7"),
    ("a group that took no part is empty", "/a(/x)?(/y)?", "/b$1$2", "/a/y", "/b/y", "X-7"),
    ("a group that does not exist is empty", "/a", "/b$3", "/a", "/b", "X-7"),
    ("a blank is escaped", "/a/(.*)", "/$1", "/a/x y", "/x%20y", "X-9"),
    ("an escaped slash has become a plain one", "/a/(.*)", "/$1", "/a/x/y", "/x/y", "X-9"),
    ("a question mark in the path stays part of it", "/a/(.*)", "/$1", "/a/x?y", "/x%3Fy", "X-9"),
    ("letters outside ASCII", "/a/(.*)", "/$1", "/a/é", "/%C3%A9", "X-9"),
    ("unreserved characters and separators stay", "/a/(.*)", "/$1", "/a/~:@!$&'()*+,;=", "/~:@!$&'()*+,;=", "X-9"),
]


@pytest.mark.parametrize(("what", "rule", "target", "path", "new", "source"), REWRITES, ids=[row[0] for row in REWRITES])
def test_rewrite(what: str, rule: str, target: str, path: str, new: str, source: str) -> None:
    pattern = pattern_of(rule)
    assert pattern is not None
    assert rewritten_path(pattern, target, path) == new, source
