"""Whatever is typed as the field tables say goes through every stage of manifests without a crash."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet.errors import InvalidField, UsageError
from simnet.manifests import check, checked, decode, defaulted, not_modelled, read_manifests, validate_update
from simnet.manifests.layout import in_given_order
from simnet.manifests.schema import Field, Struct, tables
from simnet.manifests.yaml import read_all

DEPTH = 9
TEXTS = st.sampled_from(["", "a", "web", "10.0.0.1", "fd00::1", "None", "10.0.0.0/8", "2027-01-01T00:00:00Z", "aGk=", "/x"])
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXTS, "bytes": TEXTS, "time": st.just("2027-01-01T00:00:00Z"), "boolean": st.booleans(), "number": st.floats(0, 9),
    "integer": st.integers(-1, 70000), "int64": st.integers(-1, 2**40), "quantity": st.sampled_from(["100m", 1, 0.5]), "any": st.just({"x": [None]}),
    "int-or-string": st.sampled_from([0, 80, 70000, "http", "25%", ""]),
}


@st.composite
def values(draw: st.DrawFn, field: Field, depth: int = 0) -> Any:
    """A value of a field: null now and then, at most three members of a mapping, nothing below `DEPTH`."""
    if depth > DEPTH or draw(st.integers(0, 5)) == 0:
        return None
    if field.container == "list":
        return draw(st.lists(values(field.item, depth + 1), max_size=2))
    if field.container == "map":
        return draw(st.dictionaries(TEXTS, values(field.item, depth + 1), max_size=2))
    if field.is_scalar:
        return draw(st.sampled_from(field.allowed) if field.allowed else SCALARS[field.base])
    return draw(members(tables().types[field.base], depth))


@st.composite
def members(draw: st.DrawFn, struct: Struct, depth: int, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Up to three fields of a table, each with a value."""
    names = draw(st.lists(st.sampled_from(sorted(struct)), max_size=3, unique=True))
    return {name: draw(values(struct[name], depth + 1)) for name in names if name not in without}


@st.composite
def manifests(draw: st.DrawFn) -> dict[str, Any]:
    """A manifest of a modelled kind and version with a name and parts of any content."""
    known, table = draw(st.sampled_from(sorted(tables().kinds.items())))
    version, _, kind = known.rpartition("/")
    parts = draw(members(tables().types[table], 0, frozenset(("apiVersion", "kind", "metadata"))))
    name = draw(st.sampled_from(["a", "web-1", "B"]))
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **parts}


@settings(max_examples=300)
@given(manifests())
def test_no_manifest_of_the_right_types_crashes(data):
    given_, = read_manifests(data)
    assert check(given_) == []
    not_modelled([given_])
    stored = defaulted(data)
    assert defaulted(json.loads(json.dumps(stored))) == stored
    validate_update(data, data)
    try:
        assert decode(given_, now=0.0, facts=True).manifest["kind"]
    except InvalidField as refused:
        assert refused.problems
    try:
        ready, = checked([given_])
    except InvalidField as refused:
        assert all(problem.object and problem.detail is not None for problem in refused.problems)
    else:
        assert decode(ready, now=0.0).manifest["metadata"]["name"] == data["metadata"]["name"]


@settings(max_examples=60)
@given(manifests())
def test_the_text_of_a_manifest_reads_back(data):
    assert read_all("\n".join(in_given_order(data)) + "\n") == [data]


@pytest.mark.parametrize("source", ["", "# nothing\n", []])
def test_nothing_is_no_manifest_and_no_crash(source):
    assert read_manifests(source) == []


def test_a_number_is_refused_in_words():
    with pytest.raises(UsageError):
        read_manifests(1)
