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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    name = "yaml.json" if "case" in metafunc.fixturenames else "yaml-mistakes.json"
    rows = (load(metafunc.config, name) or {}).get("cases", ())
    params = [pytest.param(row, id=" ".join(str(row[key]) for key in ("id", "kind", "name") if key in row)) for row in rows]
    metafunc.parametrize("case" if name == "yaml.json" else "mistake", params)


def same(ours: Any, theirs: Any) -> bool:
    """Equal, where 1 and 1.0 are one number but 1 and true are two values."""
    if isinstance(theirs, dict):
        return isinstance(ours, dict) and ours.keys() == theirs.keys() and all(same(ours[k], theirs[k]) for k in theirs)
    if isinstance(theirs, list):
        return isinstance(ours, list) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    return bool(ours == theirs) and isinstance(ours, bool) == isinstance(theirs, bool)


def test_reads_what_kubernetes_tools_read(case: dict[str, Any]) -> None:
    assert set(case) <= CASE_KEYS, f"unknown keys: {set(case) - CASE_KEYS}"
    match case["expect"]:
        case {"docs": documents, **rest} if not rest:
            assert same(yaml.read_all(case["text"]), documents)
        case {"error": True, **rest} if not rest:
            with pytest.raises(ManifestError) as caught:
                yaml.read_all(case["text"], "case.yaml")
            place = caught.value.problems[0].place
            assert place is not None and place.file == "case.yaml"
            lines = case["text"].split("\n")
            assert 1 <= place.line <= len(lines) and 1 <= place.column <= len(lines[place.line - 1]) + 1
        case other:
            pytest.fail(f"unknown expectation {other}")


def test_tells_the_mistake_where_it_is(mistake: dict[str, Any]) -> None:
    assert set(mistake) <= MISTAKE_KEYS, f"unknown keys: {set(mistake) - MISTAKE_KEYS}"
    place = Place("web.yaml", mistake["line"], mistake["column"])
    match mistake["how"]:
        case "refuse":
            with pytest.raises(ManifestError) as caught:
                yaml.read_all(mistake["text"], "web.yaml")
            assert caught.value.problems[0].place == place
        case "warn":
            warnings = [each for document in yaml.read_documents(mistake["text"], "web.yaml") for each in document.warnings]
            assert [each.place for each in warnings] == [place]
        case "schema":
            yaml.read_all(mistake["text"], "web.yaml")
            with pytest.raises(ManifestError) as caught:
                read_manifests(mistake["text"])
            found = [each.place for each in caught.value.problems if each.place]
            assert [(each.line, each.column) for each in found] == [(place.line, place.column)]
        case other:
            pytest.fail(f"unknown way {other!r}")
