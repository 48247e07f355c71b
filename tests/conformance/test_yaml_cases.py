"""yaml.json: what Kubernetes tools read from a text. yaml-mistakes.json: one mistake each, and where it must be told.

Values of yaml.json come from the document reader of k8s.io/apimachinery over sigs.k8s.io/yaml v1.6.0, run on the
texts. A mistake with how = refuse or warn is the reader's; with how = schema the whole way in must refuse it there.
"""

from __future__ import annotations

from typing import Any

import pytest

from simnet.errors import ManifestError, Place
from simnet.manifests import read_manifests, yaml
from tests.conformance.case_files import load

CASE_KEYS = {"id", "kind", "name", "text", "expect", "source"}
MISTAKE_KEYS = {"name", "text", "line", "column", "how"}
TOP_KEYS = {"format", "cases"}
ADVICE = ("render it first", "keep one side", "remove one of", "put ", "an empty line", "remove the line", "`")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for argument, name in (("case", "yaml.json"), ("mistake", "yaml-mistakes.json")):
        if argument in metafunc.fixturenames:
            data = load(metafunc.config, name)
            rows = rows_of(data, name) if data is not None else []
            ids = [" ".join(str(row[key]) for key in ("id", "kind", "name") if key in row) for row in rows]
            metafunc.parametrize(argument, rows, ids=ids)


def rows_of(data: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The rows of a file; a key nobody reads is a failure, and so is a file without rows."""
    assert set(data) <= TOP_KEYS, f"{name}: unknown keys {set(data) - TOP_KEYS}"
    rows: list[dict[str, Any]] = data.get("cases", [])
    assert rows, f"{name} has no case"
    return rows


def same(ours: Any, theirs: Any) -> bool:
    """Equal, where 1 and 1.0 are one number but 1 and true are two values."""
    if isinstance(theirs, dict):
        return isinstance(ours, dict) and ours.keys() == theirs.keys() and all(same(ours[k], theirs[k]) for k in theirs)
    if isinstance(theirs, list):
        return isinstance(ours, list) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    return bool(ours == theirs) and isinstance(ours, bool) == isinstance(theirs, bool)


def check_case(case: dict[str, Any]) -> None:
    assert set(case) <= CASE_KEYS, f"unknown keys: {set(case) - CASE_KEYS}"
    match case["expect"]:
        case {"docs": list(documents), **rest} if not rest:
            found = yaml.read_all(case["text"])
            assert same(found, documents), f"read {found}, not {documents}"
        case {"error": True, **rest} if not rest:
            with pytest.raises(ManifestError) as caught:
                yaml.read_all(case["text"], "case.yaml")
            lines = case["text"].split("\n")
            for problem in caught.value.problems:
                place = problem.place
                assert place is not None and place.file == "case.yaml"
                assert 1 <= place.line <= len(lines) and 1 <= place.column <= len(lines[place.line - 1]) + 1
        case other:
            raise AssertionError(f"unknown expectation {other}")


def check_mistake(mistake: dict[str, Any]) -> None:
    assert set(mistake) <= MISTAKE_KEYS, f"unknown keys: {set(mistake) - MISTAKE_KEYS}"
    place = Place("web.yaml", mistake["line"], mistake["column"])
    match mistake["how"]:
        case "refuse":
            with pytest.raises(ManifestError) as caught:
                yaml.read_all(mistake["text"], "web.yaml")
            assert [each.place for each in caught.value.problems] == [place]
        case "warn":
            warnings = [each for document in yaml.read_documents(mistake["text"], "web.yaml") for each in document.warnings]
            assert [each.place for each in warnings] == [place]
        case "schema":
            yaml.read_all(mistake["text"], "web.yaml")
            with pytest.raises(ManifestError) as caught:
                read_manifests(mistake["text"], file="web.yaml")
            assert [each.place for each in caught.value.problems] == [place]
        case other:
            raise AssertionError(f"unknown way {other!r}")


def test_reads_what_kubernetes_tools_read(case: dict[str, Any]) -> None:
    check_case(case)


def test_tells_the_mistake_where_it_is(mistake: dict[str, Any]) -> None:
    check_mistake(mistake)


def test_the_repaired_line_repairs_it(mistake: dict[str, Any]) -> None:
    """The `try` line, put in place of the line it was shown for, makes a text that reads (or has another mistake)."""
    if mistake["how"] != "refuse":
        return
    with pytest.raises(ManifestError) as caught:
        yaml.read_all(mistake["text"], "web.yaml")
    problem = caught.value.problems[0]
    *_, last = problem.excerpt
    assert last.startswith("try: "), "there is no line to try"
    repair = last.removeprefix("try: ")
    if repair.startswith(ADVICE):
        return
    results = []
    for line in (mistake["line"] - 1, mistake["line"] - 2):  # a missing comma belongs on the line above
        lines = mistake["text"].split("\n")
        lines[line] = repair
        try:
            results.append(bool(yaml.read_all("\n".join(lines))))
        except ManifestError as error:
            results.append(error.problems[0].place.line > mistake["line"] if error.problems[0].place else False)
    assert any(results), f"{repair!r} is no repair"


# -- the runner itself ---------------------------------------------------------------------------------------------------


def wrong_case(case: dict[str, Any]) -> dict[str, Any]:
    """The row with an expectation that is not true: something to read where there is an error, and one document more,
    or the last one in a list, where there is something to read."""
    expect = case["expect"]
    if "error" in expect:
        return {**case, "expect": {"docs": []}}
    documents = expect["docs"]
    return {**case, "expect": {"docs": [*documents[:-1], [documents[-1]]] if documents else [{}]}}


def wrong_mistakes(mistake: dict[str, Any]) -> list[dict[str, Any]]:
    """The row with the next line, the next column, and each other way."""
    ways = [{**mistake, "how": how} for how in ("refuse", "warn", "schema") if how != mistake["how"]]
    return [{**mistake, "line": mistake["line"] + 1}, {**mistake, "column": mistake["column"] + 1}, *ways]


@pytest.mark.runner
def test_a_wrong_expectation_fails(case: dict[str, Any]) -> None:
    for wrong in (wrong_case(case), {**case, "expect": {}}, {**case, "expct": 1}):
        with pytest.raises((AssertionError, ManifestError, pytest.fail.Exception)):
            check_case(wrong)


@pytest.mark.runner
def test_a_wrong_place_or_way_fails(mistake: dict[str, Any]) -> None:
    for wrong in (*wrong_mistakes(mistake), {**mistake, "note": 1}):
        with pytest.raises((AssertionError, ManifestError, pytest.fail.Exception)):
            check_mistake(wrong)


def test_an_unknown_key_at_the_top_or_no_row_fails() -> None:
    for data in ({"cases": []}, {"cases": [{}], "more": 1}):
        with pytest.raises(AssertionError):
            rows_of(data, "yaml.json")
