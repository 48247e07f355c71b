"""Compiled Ingress tables against a slow, obvious matcher that tries every rule of every Ingress, one after another.

The obvious one is written from the rules (M-1 to M-7, H-1 to H-6, P-1 to P-8, X-2 to X-9) and shares nothing with the
code: no dictionary, no expansion of a Prefix into two locations, no compiled server. Rule X-11, which is about that
expansion, has rows of its own elsewhere.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from simnet.objects.ingress import Ingress
from tests.unit.http_net import PREFIX, Net, ask, ingress, outcome, rule

HOSTS = ["a.t", "b.t", "*.a.t", "x.a.t", ""]
PLAIN = ["/", "/foo", "/foo/", "/foo/bar", "/foo/bar/", "/foobar", "/f"]
PATTERNS = ["/foo(/|$)(.*)", "/f.*", "/foo/[a-z]+", "/(foo|bar)/(x)?"]
ASKED_HOSTS = ["a.t", "b.t", "x.a.t", "y.a.t", "z.y.a.t", "nobody.t", "A.T"]
ASKED = ["/", "/foo", "/foo/", "/foo/bar", "/foo/bar/", "/foo/bar/x", "/foobar", "/FOO/bar", "/f", "/bar/x", "/none"]


class Entry(NamedTuple):
    """One path of one Ingress, as written."""

    ingress: Ingress
    path: str
    is_exact: bool
    service: str


@st.composite
def ingresses(draw: st.DrawFn) -> list[Ingress]:
    found = []
    for index in range(draw(st.integers(1, 4))):
        annotations = draw(st.sampled_from([{}, {}, {}, {"use-regex": "true"}, {"rewrite-target": "/"},
                                            {"rewrite-target": "/$2"}, {"rewrite-target": "/new"}]))
        choices = PLAIN + PATTERNS if annotations else PLAIN
        rules = [rule(draw(st.sampled_from(HOSTS)), *(
            f"{draw(st.sampled_from(['Exact', 'Prefix', 'ImplementationSpecific']))} {draw(st.sampled_from(choices))} "
            f"s{index}-{number}-{entry}:80" for entry in range(draw(st.integers(0, 3)))))
            for number in range(draw(st.integers(1, 2)))]
        default = draw(st.sampled_from(["", "", f"default-{index}:80"]))
        found.append(ingress(f"i{index}", *rules, age=draw(st.integers(0, 2)), annotations=annotations, default=default))
    return found


def obvious(all_of_them: list[Ingress], host: str, path: str) -> str:
    """What becomes of a request, in the words of `http_net.outcome`."""
    names = {each.host for one in all_of_them for each in one.rules}
    host = host.lower()
    wildcard = "*." + host.partition(".")[2]
    server = host if host in names else wildcard if wildcard in names else ""
    entries, default, rewrite = entries_of(all_of_them, server)
    is_regex = any("use-regex" in annotations(each.ingress) or rewrites(each) for each in entries) or any(
        annotations(one).get("rewrite-target", "/") != "/" or "use-regex" in annotations(one)
        for one in first_of(all_of_them, server) if not has_root(entries))
    if is_regex:
        return by_pattern(entries, default, rewrite, path)
    return by_element(without_twins(entries), default, host, path)


def annotations(one: Ingress) -> dict[str, str]:
    return {name.removeprefix(PREFIX): value for name, value in one.annotations.items()}


def rewrites(entry: Entry) -> bool:
    target = annotations(entry.ingress).get("rewrite-target", "")
    return bool(target) and target != entry.path


def aged(all_of_them: list[Ingress]) -> list[Ingress]:
    """Oldest first, equal ages by name downwards (M-1), by picking the oldest again and again."""
    left, found = list(all_of_them), []
    while left:
        oldest = left[0]
        for each in left:
            if each.created < oldest.created or (each.created == oldest.created and str(each.key) > str(oldest.key)):
                oldest = each
        left.remove(oldest)
        found.append(oldest)
    return found


def first_of(all_of_them: list[Ingress], server: str) -> list[Ingress]:
    """The Ingress whose annotations the implicit `/` carries: none on the default server (M-5)."""
    naming = [one for one in aged(all_of_them) if any(each.host == server for each in one.rules)]
    return naming[:1] if server else []


def has_root(entries: list[Entry]) -> bool:
    return any(each.path == "/" and not each.is_exact for each in entries)


def entries_of(all_of_them: list[Ingress], server: str) -> tuple[list[Entry], str, str]:
    """The rules that count, the Service of the implicit `/` ('' for none), and the rewrite target it carries."""
    found: list[Entry] = []
    for one in aged(all_of_them):
        for each in one.rules:
            for path in each.paths or () if each.host == server else ():
                entry = Entry(one, path.path, path.path_type == "Exact", path.backend.service)
                if not any((other.path, other.is_exact) == (entry.path, entry.is_exact) for other in found):
                    found.append(entry)
    first = first_of(all_of_them, server)
    default = first[0].default_backend.service if first and first[0].default_backend is not None else ""
    return found, default, annotations(first[0]).get("rewrite-target", "") if first else ""


def without_twins(entries: list[Entry]) -> list[Entry]:
    """Prefix /foo and Prefix /foo/ cannot stand beside each other: the older one stays (M-7)."""
    found: list[Entry] = []
    for entry in entries:
        twins = [other for other in found if not other.is_exact and not entry.is_exact
                 and other.path.rstrip("/") == entry.path.rstrip("/")]
        if not twins:
            found.append(entry)
    return found


def by_element(entries: list[Entry], default: str, host: str, path: str) -> str:
    def takes(entry: Entry) -> bool:
        if entry.is_exact or entry.path.endswith("/"):
            return path == entry.path if entry.is_exact else path.startswith(entry.path)
        return path == entry.path or path.startswith(entry.path + "/")

    fitting = [entry for entry in entries if takes(entry)]
    whole = [entry for entry in fitting if entry.path == path]
    if not whole and any(entry.path == path + "/" for entry in entries):
        return f"301 http://{host}{path}/"
    best = max(whole or fitting, key=lambda entry: (len(entry.path), entry.is_exact), default=None)
    if best is None:
        return f"{default} {path}" if default else "default"
    return f"{best.service} {path}"


def by_pattern(entries: list[Entry], default: str, carried: str, path: str) -> str:
    """The `/` that every server is born with stands first, whoever has taken it over; sorting keeps that among equals."""
    entries = sorted(entries, key=lambda entry: entry.path != "/" or entry.is_exact)
    rows = [] if has_root(entries) else [("/", default, carried)]
    rows += [(entry.path, entry.service, annotations(entry.ingress).get("rewrite-target", "")) for entry in entries]
    rows.sort(key=lambda row: row[0], reverse=True)
    rows.sort(key=lambda row: len(row[0]), reverse=True)
    pattern, service, target = next(row for row in rows if re.match(row[0], path, re.IGNORECASE))
    if target and target != pattern:
        found = re.match(pattern, path, re.IGNORECASE)
        assert found is not None
        groups = ["", *(group or "" for group in found.groups()), "", "", ""]
        path = re.sub(r"\$(\d)", lambda each: groups[int(each[1])], target)
    return f"{service} {path}" if service else "default"


@given(ingresses(), st.sampled_from(ASKED_HOSTS), st.sampled_from(ASKED))
def test_compiled_tables_agree_with_trying_every_rule(all_of_them: list[Ingress], host: str, path: str) -> None:
    table = Net(*all_of_them).table()
    assert outcome(ask(table, f"http://{host}{path}")) == obvious(all_of_them, host, path)


@given(ingresses(), ingresses(), st.sampled_from(ASKED_HOSTS), st.sampled_from(ASKED))
def test_a_table_that_followed_changes_equals_one_made_at_once(before: list[Ingress], after: list[Ingress], host: str,
                                                               path: str) -> None:
    net = Net(*before)
    table = net.table()
    for each in before:
        ask(table, f"http://{host}{path}")
        net.delete(each)
    net.put(*after)
    assert outcome(ask(table, f"http://{host}{path}")) == outcome(ask(Net(*after).table(), f"http://{host}{path}"))
