"""Slips of the hand, made in every line of ordinary manifests in turn: the message names the line where the slip is."""

from __future__ import annotations

import re

import pytest

from simnet.errors import ManifestError
from simnet.manifests import yaml
from tests.benchmarks.yaml_workload import manifests

LINES = manifests(copies=1, groups=1).split("\n")
KEY = r"^( *(?:- )?[\w./-]+)"
SLIPS = [  # sentence, what is replaced, by what, how many percent of the refusals name the line at least
    ("no space after the colon", KEY + r": (?=\S)", r"\1:", 100),
    ("no colon", KEY + r":(?= |$)", r"\1", 100),
    ("a semicolon for the colon", KEY + r":(?= |$)", r"\1;", 100),
    ("an equals sign for the colon", KEY + r": ", r"\1=", 100),
    ("no space after the dash", r"^( *)- ", r"\1-", 90),
    ("one space too few", r"^ ", "", 100),
    ("one space too many", r"^(?=.)", " ", 85),
    ("a tab for two spaces", r"^  ", "\t", 100),
    ("no closing quote", r"""["']$""", "", 100),
    ("no closing bracket", r"[\]}]$", "", 100),
    ("no opening bracket", r"^([^\[{]*)[\[{]", r"\1", 100),
    ("no comma between brackets", r"^(.*[\[{].*?), ", r"\1 ", 100),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "replacement", "percent"), [row[1:] for row in SLIPS], ids=[row[0] for row in SLIPS])
def test_the_line_of_the_slip_is_named(pattern: str, replacement: str, percent: int) -> None:
    """A slip may leave YAML of another meaning; such lines do not count."""
    right, wrong = 0, []
    for number, line in enumerate(LINES, 1):
        slipped = re.sub(pattern, replacement, line, count=1)
        if slipped == line or line == "---":
            continue
        try:
            yaml.read_all("\n".join([*LINES[: number - 1], slipped, *LINES[number:]]))
        except ManifestError as error:
            place = error.problems[0].place
            right += place is not None and place.line == number
            wrong += [f"{slipped} (line {number}):\n{error}"] if place is None or place.line != number else []
    assert right and right * 100 >= percent * (right + len(wrong)), "\n".join(wrong[:3])
