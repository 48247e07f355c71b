"""Every rule that a committed case cites is listed in RULES.md, with a line of text and a source."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.conformance.case_files import with_rows

HERE = Path(__file__).resolve().parent
RULES = {row[0].strip(): row for line in (HERE / "RULES.md").read_text(encoding="utf-8").splitlines()
         if re.match(r"\| [A-Z]+-?\d+ \|", line) for row in [re.split(r"(?<!\\)\|", line)[1:-1]]}


def cited(name: str) -> set[str]:
    """Rule identifiers in the `rule` and `rules` fields of a case file."""
    data = json.loads((HERE / "cases" / name).read_text(encoding="utf-8"))
    text = json.dumps(with_rows(data, name))
    fields = re.findall(r'"rules?": (\[[^\]]*\]|"[^"]*")', text)
    return {each for field in fields for each in re.findall(r"[A-Z]+-\d+|D\d+", field)}


@pytest.mark.parametrize("name", ["services.json", "dns.json", "ingress.json"])
def test_cited_rules_are_listed(name: str) -> None:
    assert len(cited(name)) > 20
    assert sorted(cited(name) - set(RULES)) == []


def test_every_rule_has_a_line_and_a_source() -> None:
    assert [rule for rule, row in RULES.items() if len(row) != 3 or not row[1].strip() or not row[2].strip()] == []
