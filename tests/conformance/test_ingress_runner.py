"""The runner of the Ingress cases fails where it should: on every expectation made wrong, and on keys nobody knows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import simnet
from simnet.errors import NotFound
from tests.conformance import test_ingress_cases as runner
from tests.conformance.case_files import CASES, check_folder

Case = dict[str, Any]
pytestmark = pytest.mark.runner
DATA = json.loads((CASES / "ingress.json").read_text(encoding="utf-8"))
GROUPS = [runner.with_common(group, DATA) for group in DATA["groups"] if group["frontend"] == "ingress"]


def spoilt(expect: Case) -> Iterator[tuple[str, Case]]:
    """Every expectation of a case made wrong, one at a time."""
    for key, value in expect.items():
        yield key, {**expect, key: wrong(key, value)}


def wrong(key: str, value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return value + "x"
        case None:
            return "default/nobody:80"
        case [float() | int(), float() | int()]:
            return [2, 3]
        case list():
            return [wrong(key, each) for each in value] or [{"field": "spec.nothing", "type": "Invalid"}]
        case dict() if key in ("backend_headers", "response_headers") or "re" in value:
            return dict.fromkeys(value, "never sent")
        case _:
            return {name: wrong(name, each) for name, each in value.items()}


@pytest.mark.parametrize("group", GROUPS, ids=[group["id"] for group in GROUPS])
def test_every_expectation_made_wrong_fails(group: Case) -> None:
    clusters: dict[bool, simnet.Cluster] = {}
    for case in group["cases"]:
        by_webhook = case.get("by") == "webhook"
        if by_webhook not in clusters:
            clusters[by_webhook] = runner.cluster_of(group, webhook=by_webhook)
        check = runner.CHECKS[case.get("kind", "request")]
        for key, expect in spoilt(case.get("expect", {})):
            with pytest.raises((AssertionError, NotFound, IndexError)):
                check(clusters[by_webhook].fork(), case, expect)
                pytest.fail(f"{case['id']}: {key} {expect[key]!r} holds")


UNKNOWN = [  # what is unknown, how it is added
    ("a group's key", lambda group, case: group.update(extra=1)), ("a case's key", lambda group, case: case.update(extra=1)),
    ("a request's key", lambda group, case: case["request"].update(extra=1)),
    ("an expectation", lambda group, case: case["expect"].update(extra=1)),
    ("a profile", lambda group, case: group.update(profile="mine")),
    ("a controller setting", lambda group, case: group.update(controller={"extra": 1})),
]


@pytest.mark.parametrize(("what", "add"), UNKNOWN, ids=[row[0] for row in UNKNOWN])
def test_unknown_keys_fail(what: str, add: Any) -> None:
    group = json.loads(json.dumps(next(each for each in GROUPS if each["id"] == "path-table")))
    case = group["cases"][0]
    runner.test_ingress_case(group, case, "nginx", {})
    add(group, case)
    with pytest.raises((AssertionError, simnet.SimnetError)):
        runner.profiles(group)
        runner.test_ingress_case(group, case, "nginx", {})


def test_a_folder_of_cases_holds_known_files_and_at_least_one(tmp_path: Path) -> None:
    with pytest.raises(pytest.UsageError, match="no case file there"):
        check_folder(tmp_path)
    (tmp_path / "ingres.json").write_text("{}")
    with pytest.raises(pytest.UsageError, match=r"ingres\.json: not a known case file"):
        check_folder(tmp_path)
