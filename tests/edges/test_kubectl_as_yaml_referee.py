"""What the reader reads and the writer writes, judged by the real kubectl where one is installed. No cluster is needed.

`kubectl label --local -f DIR x=y -o json` reads every file and prints what it read as JSON. A text goes in as the `value`
of an object of a kind nobody knows, which kubectl keeps as it is.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random
from typing import Any

import pytest

from simnet.errors import ManifestError
from simnet.manifests import yaml
from simnet.manifests.encode import to_kyaml, to_yaml
from tests.conformance.case_files import CASES
from tests.edges.test_real_kubectl import KUBECTL, kubectl
from tests.properties.test_yaml_round_trip import Writer
from tests.unit import test_yaml_scalars, test_yaml_shapes

pytestmark = pytest.mark.skipif(KUBECTL is None, reason="no kubectl on this machine to compare with")

HEAD = "apiVersion: example.com/v1\nkind: Example\nmetadata: {name: n%d}\n"
KUBECTL_LOSES = re.compile(  # what simnet refuses or warns of, since kubectl loses data or hides a mistake there
    r"kubectl takes the merged one|the key `.*` again|after the end of the document|after the end mark|`&` starts an anchor|looks like a space but is not|which cannot be seen")
SIMNET_READS_TOO = re.compile(r"\\/")  # JSON's escape for a slash


def indented(text: str) -> str:
    """A document's text as the value of a key on the line above it."""
    return "value:\n" + "".join(f"  {line}\n" if line else "\n" for line in text.removesuffix("\n").split("\n"))


def read_by_kubectl(texts: list[str], folder: Path) -> list[Any]:
    """For each text the objects that kubectl reads in it; None where it refuses."""
    for number, text in enumerate(texts):
        (folder / f"{number:06}.yaml").write_text(text, encoding="utf-8", newline="")
    real = kubectl(["label", "--local", "-f", ".", "x=y", "-o", "json"], folder)
    found: dict[str, Any] = {}
    decoder, rest = json.JSONDecoder(), real.stdout.strip()
    while rest:
        value, end = decoder.raw_decode(rest)
        rest = rest[end:].lstrip()
        del value["metadata"]["labels"]
        found[value["metadata"]["name"]] = value
    return [found.get(f"n{number}") for number in range(len(texts))]


def read_by_simnet(text: str) -> tuple[Any, str]:
    """The object that simnet reads and its warnings, or None and the message of its refusal."""
    try:
        document = yaml.read_documents(text)[0]
    except ManifestError as error:
        return None, str(error)
    return document.value, "\n".join(map(str, document.warnings))


def alike(ours: Any, theirs: Any) -> bool:
    """Equal; a number may be a float on one side, as kubectl's object has it from 2**63 on."""
    if isinstance(theirs, dict):
        return isinstance(ours, dict) and ours.keys() == theirs.keys() and all(alike(ours[k], theirs[k]) for k in theirs)
    if isinstance(theirs, list):
        return isinstance(ours, list) and len(ours) == len(theirs) and all(map(alike, ours, theirs))
    is_number = [isinstance(each, int | float) and not isinstance(each, bool) for each in (ours, theirs)]
    return float(ours) == float(theirs) if all(is_number) else type(ours) is type(theirs) and bool(ours == theirs)


def judge(bodies: list[str], folder: Path) -> None:
    """Both read the same from each body, or both refuse it, but for the differences that are on purpose."""
    texts = [HEAD % number + body for number, body in enumerate(bodies)]
    wrong = []
    for text, theirs in zip(texts, read_by_kubectl(texts, folder), strict=True):
        ours, message = read_by_simnet(text)
        if theirs is not None and KUBECTL_LOSES.search(message):
            continue
        if theirs is None and ours is not None and SIMNET_READS_TOO.search(text):
            continue
        if (ours is None) != (theirs is None) or (ours is not None and not alike(ours, theirs)):
            wrong.append((text, ours if ours is not None else message.partition("\n")[0], theirs))
    assert not wrong, "\n".join(f"{text!r}\n  simnet:  {ours}\n  kubectl: {theirs}" for text, ours, theirs in wrong[:5])


# -- the tables of the unit tests ------------------------------------------------------------------------------------------

ROWS = [(text, value) for _, text, value in test_yaml_shapes.ROWS]
ROWS += [(f"{key}: x\n", {name: "x"}) for key, name in test_yaml_scalars.KEYS]
ROWS += [(f"k: {word}\n", {"k": value}) for words, value in test_yaml_scalars.VALUES for word in words.split()]
ROWS += [(f"k: {text}\n", {"k": value}) for text, value in test_yaml_scalars.TAGGED]
ROWS += [(f"k: {text}\n", {"k": text}) for text in test_yaml_scalars.TEXTS]
REFUSED = [text for _, text in test_yaml_shapes.REFUSED]
REFUSED += [f"k: {text}\n" for text, _ in test_yaml_scalars.WRONG_TAGS]


def test_the_tables_say_what_kubectl_reads(tmp_path: Path) -> None:
    rows = [row for row in ROWS if not SIMNET_READS_TOO.search(row[0])]
    texts = [HEAD % number + indented(text) for number, (text, _) in enumerate(rows)]
    read = read_by_kubectl(texts, tmp_path)
    wrong = [(text, value, found and found["value"]) for (text, value), found in zip(rows, read, strict=True)
             if found is None or not alike(found["value"], value)]
    assert not wrong


def test_kubectl_refuses_what_the_tables_refuse(tmp_path: Path) -> None:
    texts = [HEAD % number + indented(text) for number, text in enumerate(REFUSED)]
    read = read_by_kubectl(texts, tmp_path)
    assert [text for text, found in zip(REFUSED, read, strict=True) if found is not None] == []


def test_the_conformance_cases(tmp_path: Path) -> None:
    cases = json.loads((CASES / "yaml.json").read_text(encoding="utf-8"))["cases"]
    judge([indented(case["text"]) for case in cases if "---" not in case["text"]], tmp_path)


def test_random_styles(scale: int, tmp_path: Path) -> None:
    """Trees in the styles that the property tests write them in."""
    for block in range(scale):
        writers = [Writer(seed) for seed in range(block * 1000, block * 1000 + 1000)]
        folder = tmp_path / str(block)
        folder.mkdir()
        judge([indented(writer.document(writer.tree(4))) for writer in writers], folder)


# -- random texts ----------------------------------------------------------------------------------------------------------

LINES = (
    "a: 1", "- b", "- c: d", "e:", "f: |", "g: >-", "h: 'x", "i'", '"q": "r', 's"', "{k: v,", "}", "[1, 2", "]", "# c", "",
    "word", "two words", "- - x", "? y", ": z", "- ", "-", "&A x", "*A", "l: &A", "m: *A", "<<: *A", "n: !!str 1",
    "o: [a, {b: c}] # t", "\tt", "p:  ", "- |+", "- >", "'it''s': 1", "  x", "k: v # c", "u: a", "- {a: b}", "- [", "w: {",
    'x: "a\\', 'b"', "y: yes", "- *A", "- &B", "z: |2-", "? - a", "? |", "1: 2", ": - b", ": c: d", "- ? a", "- : b",
    "- !!map", "k: !!seq", "- &C q: r", "- 'a': b", '- "c" : d', "#", "k: 'a'#c", "a:b", "::", "k: - a", "- k: - b", "|",
    "-  - c", "j: >", "  \t", "k: [a,\tb]", "a\t: b", "k: |#c", "k: >1", "- |-", "!!str : a", "? <<", "\t# c", "d: 0777",
)  # fmt: skip
NOISE = "\t :-#'\"[]{},&*!|>%@`?~\\\n\u00a0x0.<=y\x85"


def soup(random: Random) -> str:
    """Lines that may or may not belong together, indented at will."""
    out, indent = [random.choice(["value:", "value:", "value: ", "value: " + random.choice(LINES).strip()])], 2
    for _ in range(random.randint(1, 7)):
        line = random.choice(LINES) + (" " + random.choice(LINES) if random.random() < 0.25 else "")
        out.append(" " * indent + line)
        indent = max(0, indent + random.choice([0, 0, 0, 0, 2, 2, 1, -1, -2, -2, 3]))
    return "\n".join(out) + random.choice(["", "\n", "\n", "\n\n"])


def damaged(random: Random) -> str:
    """A text of the tables with a few characters changed."""
    text = indented(random.choice(ROWS)[0])
    for _ in range(random.choice([1, 1, 2])):
        at, char = random.randrange(7, len(text)), random.choice(NOISE)
        text = text[:at] + random.choice(["", char, char + text[at], char * 2]) + text[at + 1 :]
    return text


def number(random: Random) -> str:
    """Something like a number."""
    word = "".join(random.choice("0123456789+-._eExXoObBafAF:~") for _ in range(random.randint(1, 8)))
    return random.choice(["value: {}\n", "value: [{}, x]\n", "value: {{{}: 1}}\n", "value:\n  {}: 1\n"]).format(word)


@pytest.mark.parametrize("make", [soup, damaged, number], ids=["soup", "damaged", "number"])
def test_random_texts(make: Any, scale: int, tmp_path: Path) -> None:
    for block in range(scale):
        random = Random(block)
        bodies = [make(random) for _ in range(1500)]
        folder = tmp_path / str(block)
        folder.mkdir()
        judge([body for body in bodies if not re.search(r"(?m)^(---|\.\.\.)", body)], folder)


# -- the writer ------------------------------------------------------------------------------------------------------------

TEXTS = ("", "a", "yes", "0777", "1.5", "1e3", "null", "~", " a", "a ", "a: b", "- a", "a #b", "it's", 'say "hi"', "\\d", "a\nb",
         "a\n", "\n", "\n a\n\n", "a\n\tb", "*", "{{ x }}", "é", "12:30", "2024-01-01", "<<", "#", "x" * 100, "word " * 30 + "z",
         "\ufeff", "\x00", "a\r\nb", "\x85", "\u2028", "a\u2028 b", "=", "-", "?", ":", "--- a", "...", "\t", "a\tb", "%", "\U0001f600",
         "a  b " * 25, "\u00a0", "!x", "&x", "0o7", "0x", "1_000", "+1", ".5", "-.inf", "9223372036854775808", "\x7f", "\x9f")  # fmt: skip


def tree(random: Random, depth: int) -> Any:
    kind = random.random()
    if depth == 0 or kind < 0.5:
        return random.choice([None, True, False, 0, -7, 2**62, 0.5, -1e-7, 1e300, *random.choices(TEXTS, k=12)])
    if kind < 0.75:
        return {random.choice(TEXTS): tree(random, depth - 1) for _ in range(random.randint(0, 4))}
    return [tree(random, depth - 1) for _ in range(random.randint(0, 4))]


@pytest.mark.parametrize("write", [to_yaml, to_kyaml], ids=["YAML", "KYAML"])
def test_kubectl_reads_back_what_the_writer_writes(write: Any, scale: int, tmp_path: Path) -> None:
    random = Random(1)
    values = [tree(random, 4) for _ in range(500 * scale)] + [Writer(seed).tree(4) for seed in range(200)] + list(TEXTS)
    objects = [{"apiVersion": "example.com/v1", "kind": "Example", "metadata": {"name": f"n{number}"}, "value": value}
               for number, value in enumerate(values)]
    read = read_by_kubectl([write(each) for each in objects], tmp_path)
    wrong = [(write(ours), theirs) for ours, theirs in zip(objects, read, strict=True) if not alike(theirs, ours)]
    assert not wrong, "\n".join(f"{text}  kubectl: {theirs}" for text, theirs in wrong[:3])
