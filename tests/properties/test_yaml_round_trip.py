"""Random trees written in random styles are read back; random damage ends in a value or an error with a place.

The writer below is the test's own and shares no code with the package's encoder, which has its own round trip here.
"""

from __future__ import annotations

import json
import sys
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet.errors import ManifestError
from simnet.manifests import yaml
from simnet.manifests.encode import to_json, to_kyaml, to_yaml, to_yaml_all
from simnet.manifests.tree import place_of

TEXTS = st.one_of(
    st.sampled_from(["web", "yes", "0777", "1.5", "null", "", " a", "a ", "a: b", "- a", "a #b", "it's", 'say "hi"', "\\d",
                     "a\nb", "a\n", "\n", "\n a\n\n", "a\n\tb", "*", "{{ x }}", "é", "12:30", "2024-01-01", "<<", "#",
                     "x" * 100, "word " * 30 + "end", "\ufeff", "…", "\x00", "a\r\nb", "\x85", "\u2028"]),
    st.text(max_size=20),
)  # fmt: skip
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), TEXTS,
                    st.floats(allow_nan=False, allow_infinity=False).filter(lambda value: not value.is_integer()))
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(TREES)
def test_what_the_encoders_write_is_read_back(value: Any) -> None:
    expected = [] if value is None else [value]
    assert yaml.read_all(to_yaml(value)) == expected
    assert yaml.read_all(to_kyaml(value)) == expected
    assert yaml.read_all(to_json({"value": value})) == [{"value": value}]


@given(st.lists(TREES.filter(lambda value: value is not None), max_size=4))
def test_documents_stay_apart(values: list[Any]) -> None:
    assert yaml.read_all(to_yaml_all(values)) == values


# -- random styles ------------------------------------------------------------------------------------------------------

KEYS = ("name", "a.b/c-d", "k0", "8080", "with space", "yes", "äö")
WORDS = ("web", "nginx:1.25", "http://a.b/c?d=e#f", "-flag", "10.0.0.0/8", "a b c", "/{id}", "x-{{ y }}", "100m", "$(X)")


class Writer:
    """Writes a tree in block and flow style, with comments, blank lines, odd indentation and every kind of quote."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def tree(self, depth: int) -> Any:
        kind = self.random.random()
        if depth == 0 or kind < 0.35:
            return self.random.choice([None, True, False, 80, -1.5, *WORDS, "two\nlines", "two\nlines\n", "it's \"x\"", ""])
        count = self.random.randint(0, 4)
        if kind < 0.75:
            return {key: self.tree(depth - 1) for key in self.random.sample(KEYS, count)}
        return [self.tree(depth - 1) for _ in range(count)]

    def document(self, value: Any) -> str:
        return self.block(value, 0, self.random.choice(["", "# head\n", "\n"])).lstrip(" ")

    def block(self, value: Any, indent: int, lead: str) -> str:
        """`lead` is what stands before the value on its line: `key:`, `-` or nothing."""
        if isinstance(value, dict | list) and value and self.random.random() < 0.8:
            inner = indent + self.random.choice([2, 2, 2, 4, 1]) if lead.endswith((":", "-")) else indent
            if isinstance(value, list) and lead.endswith(":") and self.random.random() < 0.5:
                inner = indent
            if lead.endswith("-") and self.random.random() < 0.7:
                return lead + " " + self.collection(value, indent + 2).lstrip(" ")
            return lead + (self.comment() + "\n" if lead.endswith((":", "-")) else "") + self.collection(value, inner)
        gap = " " if lead.endswith((":", "-")) else ""
        if gap and self.random.random() < 0.08:
            lead += f" &a{self.random.randint(0, 9)}"
        if isinstance(value, str) and gap and self.random.random() < 0.08:
            lead += " !!str"
        if isinstance(value, str) and gap and value.strip("\n") and self.random.random() < (0.6 if "\n" in value else 0.15):
            return lead + self.text_below(value, " " * (indent + self.random.choice([1, 2, 5])))
        return lead + gap + self.flow(value, in_flow=False) + self.comment() + "\n"

    def text_below(self, value: str, pad: str) -> str:
        """The text on lines of their own: after `|`, after `>`, or words of a plain text going on below."""
        lines, chomp = value.rstrip("\n").split("\n"), "" if value.endswith("\n") else "-"
        if value in WORDS and " " in value and self.random.random() < 0.4:
            return " " + value.replace(" ", "\n" + pad) + "\n"
        if self.random.random() < 0.5:
            return f" |{chomp}{self.comment()}\n" + "".join(f"{pad}{line}\n" for line in lines)
        folded = [line.replace(" ", "\n" + pad) if self.random.random() < 0.5 else line for line in lines]
        return f" >{chomp}{self.comment()}\n" + "\n".join(f"{pad}{line}\n" for line in folded)

    def collection(self, value: Any, indent: int) -> str:
        out = []
        for item in value.items() if isinstance(value, dict) else value:
            if self.random.random() < 0.15:
                comment = " " * self.random.randint(0, indent) + "# comment\n"
                out.append(self.random.choice(["\n", comment, " " * indent + "\n"]))
            lead = f"{self.key(item[0])}:" if isinstance(value, dict) else "-"
            if lead != "-" and self.random.random() < 0.05:
                lead = f"? {lead[:-1]}\n{' ' * indent}:"
            out.append(" " * indent + self.block(item[1] if isinstance(value, dict) else item, indent, lead))
        return "".join(out)

    def comment(self) -> str:
        return self.random.choice(["", "", "", "  # c: d", " "])

    def key(self, text: str) -> str:
        quoted = [f'"{text}"', f"'{text}'"]
        return self.random.choice(quoted if text == "yes" else [text, text, *quoted])

    def flow(self, value: Any, *, in_flow: bool) -> str:
        gap = self.random.choice(["", " ", "\n      ", "  # c\n   "]) if in_flow else ""
        comma = self.random.choice(["", ","])
        if isinstance(value, dict):
            entries = [f"{gap}{self.key(key)}: {self.flow(child, in_flow=True)}" for key, child in value.items()]
            return "{" + ",".join(entries) + (comma if entries else "") + "}"
        if isinstance(value, list):
            items = [gap + self.flow(child, in_flow=True) for child in value]
            return "[" + ",".join(items) + (comma if items else "") + "]"
        if isinstance(value, str):
            return self.text(value, in_flow=in_flow)
        return self.random.choice({None: ["null", "~"], True: ["true", "on"], False: ["false", "no"]}.get(value, [str(value)]))

    def text(self, value: str, *, in_flow: bool) -> str:
        forms = [json.dumps(value)]
        if "\n" not in value:
            forms.append("'" + value.replace("'", "''") + "'")
            if value in WORDS and not (in_flow and set(value) & set("?{}[],")):
                forms += [value, value]
        return self.random.choice(forms)


@pytest.mark.parametrize("block", range(10))
def test_random_styles_are_read_back(block: int, scale: int) -> None:
    for seed in range(block * 40 * scale, (block + 1) * 40 * scale):
        writer = Writer(seed)
        tree = writer.tree(4)
        text = writer.document(tree)
        if writer.random.random() < 0.2:
            text = text.replace("\n", "\r\n")
        assert yaml.read_all(text, f"seed {seed}") == ([] if tree is None else [tree]), text


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [each for key, child in inside for each in ((*path, key), *paths(child, (*path, key)))]


def test_every_key_stands_where_it_is_said_to_stand(scale: int) -> None:
    for seed in range(150 * scale):
        writer = Writer(seed)
        tree = writer.tree(4)
        text = writer.document(tree)
        lines = text.split("\n")
        for root in yaml.read_all(text):
            for path in paths(root):
                place = place_of(root, path)
                here = lines[place.line - 1][place.column - 1 :]
                assert here.removeprefix("? ").startswith((str(path[-1]), f'"{path[-1]}"', f"'{path[-1]}'")) or isinstance(path[-1], int), (
                    seed, path, place, here)  # fmt: skip


# -- damage -------------------------------------------------------------------------------------------------------------

VALID = """\
apiVersion: v1  # first
kind: ConfigMap
metadata: &m
  name: "web \\u00e9"
  labels: {app: web, 'tier': [a, b, "c"]}
data:
  text: |-
    one
      two
  folded: >
    three

    four
  plain: five
    six
list:
- a: 1
  b: *m
- - x
  - ? key
    : value
- 'it''s'
---
{"json": [1, {"two": null}]}
"""
NOISE = "\t :-#'\"[]{},&*!|>%@`?~\\\n\x00\ufeff\u00a0x0."


def damaged(random: Random) -> str:
    """The valid text with one character changed, left out, or put in."""
    at, char = random.randrange(len(VALID)), random.choice(NOISE)
    return VALID[:at] + random.choice(["", char, char + VALID[at], char * 3]) + VALID[at + 1 :]


@pytest.mark.parametrize("block", range(5))
def test_one_damaged_character_gives_a_value_or_an_error_with_a_place_in_the_file(block: int, scale: int) -> None:
    """A hundred thousand with --long; anything but a value or a ManifestError fails."""
    random = Random(block)
    for _ in range(400 * scale):
        text = damaged(random)
        try:
            yaml.read_all(text, "web.yaml")
        except ManifestError as error:
            lines = text.split("\n")
            for problem in error.problems:
                place = problem.place
                assert place is not None and place.file == "web.yaml", text
                assert 1 <= place.line <= len(lines) and 1 <= place.column <= len(lines[place.line - 1]) + 1, (text, str(error))
                assert str(problem) and problem.detail.startswith("found "), text


def calls(text: str) -> int:
    """How many functions are called while the text is read, ours and the interpreter's."""
    count = 0

    def counting(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counting)
    try:
        yaml.read_all(text)
    except ManifestError:
        pass
    finally:
        sys.setprofile(None)
    return count


def test_damage_costs_a_bounded_number_of_steps(scale: int) -> None:
    """Looking for further mistakes reads a text again, twenty times at most, and does not grow with what is wrong."""
    random = Random(0)
    assert max(calls(damaged(random)) for _ in range(100 * scale)) < 20 * calls(VALID)
    short, long = ("".join(f"k{n}: @\n" for n in range(count)) for count in (500, 4000))
    assert calls(long) < 12 * calls(short)


PIECES = ["[", "{", "- ", "? ", "a: ", '"', "'", "|", "&a ", "*a ", "!x ", "#", "\t", "\n", ": ", "...\n", "a: 1\n"]


@pytest.mark.parametrize("piece", PIECES)
def test_thousands_of_the_same_end_quickly(piece: str) -> None:
    try:
        yaml.read_all("a: 1\n" + piece * 20_000)
    except ManifestError as error:
        assert error.problems[0].place is not None
