"""The public yaml-test-suite (yaml/yaml-test-suite), where there is a copy of it.

`--yaml-suite DIR`, or the environment variable YAML_TEST_SUITE, names the copy: the repository (src/*.yaml), its data
branch (ID/in.yaml), or the npm package of the same name (data/*.js). The lists below say what kubectl's reader makes of
each test; they were taken by running it (go.yaml.in/yaml/v2 v2.4.4 under sigs.k8s.io/yaml v1.6.0) on all of them. Tests
that use what no manifest uses (tags, directives, `? ` keys, collections as keys) are in none of them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from simnet.errors import ManifestError
from simnet.manifests import yaml

READ = """
229Q 2EBW 36F6 3ALJ 3GZX 3MYT 3R3P 3RLN-00 3RLN-01 3RLN-02 3RLN-03 3RLN-04 3RLN-05 4CQQ 4GC6 4MUZ-00 4QFQ 4RWC 4UYU 4V8U
4WA9 4ZYM 54T7 5BVJ 5C5M 5GBF 5KJE 5NYZ 65WH 6H3V 6HB6 6KGN 6SLA 6VJK 6WPF 7A4E 7BMT 7BUB 7T8X 7TMG 7ZZ5 87E4 8CWC 8KB6
8QBE 8UDB 93JH 9BXH 9FMG 9J7A 9SHH 9TFX 9U5K 9YRD A6F9 A984 AB8U AVM7 AZ63 AZW3 C2DT CN3R CPZ3 D83L D88J D9TU DC7X DE56-00
DE56-01 DE56-02 DE56-03 DE56-04 DE56-05 DHP8 DK95-02 DK95-05 DK95-08 DWX9 EX5H F3CP F6MC F8F9 FBC9 FQ7F FUP4 G4RS G992 H2RW
H3Z8 HMK4 HS5T J3BT J5UC J7VC J9HZ JEF9-00 JEF9-01 JEF9-02 JQ4R JS2J K4SU K527 K858 KH5V-00 KH5V-01 KH5V-02 KMK3 L24T-00
L24T-01 L9U5 LP6E LQZ7 M29M M6YH M7NX M9B4 MJS9 MXS3 MYW6 MZX3 NAT4 NB6Z NP9H P2AD P94K PBJ2 PRH3 Q5MG Q88A Q8AD QF4Y R52L
RLU9 RZT7 S4T7 S7BG SKE5 SM9W-00 SSW6 SYW4 T4YY TE2A TL85 TS54 U3XV U9NS UDM2 UDR7 UV7Q V55R W42U XV9V Y79Y-002 YD5X ZF4X
ZH7C ZK9H
"""  # the suite's value, which is kubectl's too
READ_WITHOUT_NULLS = "6XDY 8G76 98YD JHB9 PUW8"  # they differ in empty documents only, which kubectl passes over
READ_AS_JSON_DOES = "3UYS"  # `\/` in double quotes: kubectl refuses it, JSON has it
READ_AS_KUBECTL_DOES = "9C9N QB6E SU5Z CVW2 9JBA DK95-01 G5U8 YJV2 HRE5 X4QW Y79Y-003 S98Z"  # invalid, but read
REFUSED = """
236B 2CMS 2G84-00 2G84-01 4EJS 4HVU 4JVG 55WF 5LLU 5TRB 5U3A 62EZ 6JTT 6S55 7LBH 7MNF 8XDJ 9CWY 9KBC 9MAG 9MQT-01 BD7L BF9H
C2SP CML9 CQ3W CTN5 CXX2 D49Q DK4H DK95-06 DMG6 EW3V G7JE G9HC GDY7 GT5M HU3P JKF3 JY7Z N4JP N782 P2EQ Q4CL RXY3 S4GJ SR86
SU74 SY6V T833 TD5N U44R VJP3-00 W9L4 Y79Y-000 Y79Y-004 Y79Y-005 ZCZ6 ZL4Z ZVH3 ZXT5
"""  # by the suite and by kubectl
REFUSED_LOSS = "3HFZ 4H7K BS4K KS4U"  # kubectl drops a part without a word
REFUSED_SEPARATOR = """
2G84-02 2G84-03 4Q9F 6FWR 6JQW 753E 82AN 93WF 96L6 9MQT-00 B3HG DK3J EXG3 FP8R FTA2 K54U KSS4 L383 T26H T5N4 W4TN
"""  # valid, but there is more than a comment on the `---` line
REFUSED_TAB = "6BCT 6CA3 96NN-00 96NN-01 DK95-00 DK95-03 DK95-04 DK95-07 R4YG Y79Y-001 Y79Y-010"
REFUSED_END = "6ZKB 7Z25 9DXL HWV9 M7A3 QT73 RTP8 UT92"  # `...` without `---` after it; kubectl drops what follows
REFUSED_ANCHOR = "2SXE 8XYN W5VH Y2GN"

VALUES = (*READ.split(), *READ_WITHOUT_NULLS.split(), *READ_AS_JSON_DOES.split())
REFUSALS = tuple(name for group in (REFUSED, REFUSED_LOSS, REFUSED_SEPARATOR, REFUSED_TAB, REFUSED_END, REFUSED_ANCHOR)
                 for name in group.split())  # fmt: skip


class Test(NamedTuple):
    """One test: its text, and the values it must have, as JSON one after the other."""

    __test__ = False
    text: str
    json: str


def test_the_lists_are_complete_and_disjoint() -> None:
    assert (len(READ.split()), len(REFUSED.split())) == (157, 61)
    every = [*VALUES, *READ_AS_KUBECTL_DOES.split(), *REFUSALS]
    assert len(every) == len(set(every)) == 284


def copy_given(config: pytest.Config) -> str:
    """The folder of the copy, '' if there is none."""
    return str(config.getoption("--yaml-suite") or os.environ.get("YAML_TEST_SUITE", ""))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a name; without a copy one that is skipped for all of them."""
    names: dict[str, tuple[str, ...]] = {"value_name": VALUES, "read_name": tuple(READ_AS_KUBECTL_DOES.split()),
                                         "refused_name": REFUSALS}
    absent = pytest.mark.skip(reason="no copy of the yaml-test-suite (give --yaml-suite DIR, or set YAML_TEST_SUITE)")
    for argument in set(names) & set(metafunc.fixturenames):
        every = names[argument]
        rows = every if copy_given(metafunc.config) else [pytest.param("", marks=absent, id=f"{len(every)} tests")]
        metafunc.parametrize(argument, rows)


@pytest.fixture(scope="module")
def suite(request: pytest.FixtureRequest) -> dict[str, Test]:
    given = copy_given(request.config)
    found = dict(copies_in(Path(given)))
    missing = {*VALUES, *READ_AS_KUBECTL_DOES.split(), *REFUSALS} - set(found)
    assert not missing, f"{given}: not there: {', '.join(sorted(missing))}"
    return found


def test_value(value_name: str, suite: dict[str, Test]) -> None:
    expected = [value for value in json_values(suite[value_name].json) if value is not None]
    assert yaml.read_all(suite[value_name].text) == expected


def test_read_as_kubectl_does(read_name: str, suite: dict[str, Test]) -> None:
    assert yaml.read_all(suite[read_name].text)


def test_refused(refused_name: str, suite: dict[str, Test]) -> None:
    with pytest.raises(ManifestError) as caught:
        yaml.read_all(suite[refused_name].text)
    assert all(problem.place is not None and problem.place.line > 0 for problem in caught.value.problems)


# -- the three forms of the suite ----------------------------------------------------------------------------------------


def copies_in(folder: Path) -> Iterator[tuple[str, Test]]:
    """Each test of a copy of the suite with its name: `229Q`, or `3RLN-00` where a file holds several."""
    scripts, sources = sorted(folder.rglob("data/*.js")), sorted(folder.rglob("src/*.yaml"))
    for path in scripts:
        if path.stem != "index":
            text = path.read_text(encoding="utf-8")
            yield from named(path.stem, json.loads(text[text.index("{") :].rstrip().rstrip(";"))["cases"])
    for path in () if scripts else sources:
        cases = yaml.read_all(path.read_text(encoding="utf-8"))[0]
        yield from named(path.stem, [{key: visible(str(value)) for key, value in case.items()} for case in cases])
    for path in () if scripts or sources else sorted(folder.rglob("in.yaml")):
        name = "-".join(path.parent.relative_to(folder).parts)
        values = path.with_name("in.json")
        yield name, Test(path.read_bytes().decode(), values.read_text(encoding="utf-8") if values.exists() else "")


def named(stem: str, cases: list[dict[str, Any]]) -> Iterator[tuple[str, Test]]:
    """The cases of one file; one that leaves out its JSON has that of the case before."""
    values = ""
    for number, case in enumerate(cases):
        values = case.get("json", values) or ""
        digits = 3 if len(cases) > 10 else 2
        yield stem + (f"-{number:0{digits}}" if len(cases) > 1 else ""), Test(case["yaml"], values)


def visible(text: str) -> str:
    """The characters that the suite's sources write with visible ones."""
    text = re.sub("—*»", "\t", text.replace("␣", " ").replace("←", "\r").replace("⇔", "\ufeff"))
    return text.replace("↵", "").replace("∎\n", "")


def json_values(text: str) -> list[Any]:
    """The values of a text of JSON values one after the other."""
    found, decoder, text = [], json.JSONDecoder(), text.strip()
    while text:
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:].lstrip()
    return found
