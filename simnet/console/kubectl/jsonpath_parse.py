"""Reads a JSONPath template of kubectl: texts, and actions in braces that are steps from a value to others.

An action is read one step after the other: `.field`, `.*`, `..`, `['key']`, `[0]`, `[1:3:2]`, `[*]`, `[0,2]`,
`[?(@.name=="x")]`, `"text"`, numbers, true and false, `range` and `end`; `@` and `$` both stand for the value at hand.
Source: kubernetes/client-go util/jsonpath/parser.go, its messages included.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from simnet.console.kubectl.context import KubectlError


@dataclass(frozen=True, slots=True)
class Text:
    """Characters to print."""

    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """A number, true or false, written in the template."""

    value: object


@dataclass(frozen=True, slots=True)
class Field:
    name: str


@dataclass(frozen=True, slots=True)
class Every:
    """`.*`: the values of a list or map."""


@dataclass(frozen=True, slots=True)
class Deep:
    """`..`: the value itself and everything below it."""


@dataclass(frozen=True, slots=True)
class Slice:
    """`[start:end:step]`; None for what is not given. `single`: `[start]`."""

    start: int | None
    end: int | None
    step: int | None
    single: bool = False


@dataclass(frozen=True, slots=True)
class Union:
    choices: tuple[tuple[Step, ...], ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """`operator` '' asks whether `left` is there."""

    left: tuple[Step, ...]
    operator: str = ""
    right: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """`range`, `end`, or a word that means nothing."""

    word: str


Step = Text | Value | Field | Every | Deep | Slice | Union | Filter | Word
Template = list[str | tuple[Step, ...]]

_FIELD = re.compile(r"(?:\\.|[^\s.,\[\]$@{}])*", re.DOTALL)
_NUMBER = re.compile(r"[+-]?[0-9.]+")
_KEY = re.compile(r"'([^']*)'")
_SLICE = re.compile(r"(-?\d*)(:-?\d*)?(:-?\d*)?")
_COMPARED = re.compile(r"([^!<>=]+)([!<>=]+)(.+)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'"}


def parse(template: str) -> Template:
    """The texts and actions of a template in order. Raises KubectlError in client-go's words."""
    found: Template = []
    place = 0
    while (opened := template.find("{", place)) >= 0:
        if opened > place:
            found.append(template[place:opened])
        reader = _Reader(template, template, opened + 1)
        found.append(reader.action())
        place = reader.place
    return [*found, template[place:]] if place < len(template) else found


def relaxed(expression: str) -> str:
    """`{.a.b}` for `a.b`, `.a.b`, `{a.b}`. Raises KubectlError for anything else.

    Source: kubernetes/kubectl pkg/cmd/get/customcolumn.go RelaxedJSONPathExpression.
    """
    if not expression:
        return ""
    match = re.fullmatch(r"\{\.?([^{}]+)\}|\.?([^{}]+)", expression)
    if match is None:
        raise KubectlError("error: unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or "
                           "'{.name1.name2}'")
    return "{." + (match[1] or match[2]) + "}"


class _Reader:
    """Reads the action that begins at `place` of `text`; `template` is named in complaints."""

    def __init__(self, template: str, text: str, place: int = 0) -> None:
        self.template, self.text, self.place = template, text, place

    def action(self) -> tuple[Step, ...]:
        """The steps up to the closing brace, which is passed."""
        steps: list[Step] = []
        while self.place < len(self.text) and self.text[self.place] not in "}\r\n":
            steps += self._step(steps)
        if self.text[self.place:self.place + 1] != "}":
            raise self._error("unclosed action")
        self.place += 1
        return tuple(steps)

    def _part(self, text: str) -> tuple[Step, ...]:
        return _Reader(self.template, text + "}").action()

    def _step(self, before: list[Step]) -> list[Step]:
        letter = self.text[self.place]
        if self.text.startswith("[?(", self.place):
            return [self._filter()]
        if self.text.startswith("..", self.place):
            return self._deep(before)
        if letter == "[":
            return self._array()
        if letter in "\"'":
            return [self._quoted(letter)]
        if letter.isdigit() or letter in "+-":
            return [self._number()]
        if letter.isalnum() or letter == "_":
            word = self._taken(_FIELD)
            return [Value(word == "true") if word in ("true", "false") else Word(word)]
        self.place += 1
        if letter == ".":
            return [self._field()]
        if letter in " @$":
            return []
        raise self._error(f"unrecognized character in action: U+{ord(letter):04X} '{letter}'")

    def _field(self) -> Step:
        name = self._taken(_FIELD).replace("\\", "")
        return Every() if name == "*" else Field(name)

    def _deep(self, before: list[Step]) -> list[Step]:
        if before and isinstance(before[-1], Deep):
            raise self._error("invalid multiple recursive descent")
        self.place += 2
        following = self.text[self.place:self.place + 1]
        return [Deep(), self._field()] if following.isalnum() or following == "_" else [Deep()]

    def _array(self) -> list[Step]:
        end = self.text.find("]", self.place)
        if end < 0:
            raise self._error("unterminated array")
        inside = self.text[self.place + 1:end]
        self.place = end + 1
        if "," in inside:
            return [Union(tuple(self._part(f"[{each.strip(' ')}]") for each in inside.split(",")))]
        key = _KEY.fullmatch(inside)
        if key:
            return list(self._part(f".{key[1]}"))
        numbers = _SLICE.fullmatch(":" if inside == "*" else inside)
        if numbers is None or numbers[1] == "-":
            raise self._error(f"invalid array index {inside}")
        start, end_, step = (int(each) if each else None for each in (
            numbers[1], (numbers[2] or "")[1:], (numbers[3] or "")[1:]))
        return [Slice(start, end_, step, single=numbers[2] is None)]

    def _filter(self) -> Filter:
        start = self.place + 3
        quote, place = "", start
        while place < len(self.text) and (quote or self.text[place] != ")"):
            letter = self.text[place]
            if letter in "\"'" and not quote:
                quote = letter
            elif letter == quote and self.text[place - 1] != "\\":
                quote = ""
            place += 1
        if place >= len(self.text):
            raise self._error("unterminated filter")
        if self.text[place + 1:place + 2] != "]":
            raise self._error("unclosed array expect ]")
        self.place = place + 2
        compared = _COMPARED.fullmatch(self.text[start:place])
        if compared is None:
            return Filter(self._part(self.text[start:place]))
        return Filter(self._part(compared[1]), compared[2], self._part(compared[3]))

    def _quoted(self, quote: str) -> Text:
        place, text = self.place + 1, ""
        while place < len(self.text) and self.text[place] not in (quote, "\n"):
            if self.text[place] == "\\":
                place += 1
                text += _ESCAPES.get(self.text[place:place + 1], self.text[place:place + 1])
            else:
                text += self.text[place]
            place += 1
        if self.text[place:place + 1] != quote:
            raise self._error("unterminated quoted string")
        self.place = place + 1
        return Text(text)

    def _number(self) -> Value:
        text = self._taken(_NUMBER)
        try:
            return Value(int(text) if "." not in text else float(text))
        except ValueError:
            raise self._error(f"cannot parse number {text}") from None

    def _taken(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.place)
        text = match[0] if match else ""
        self.place += len(text)
        return text

    def _error(self, problem: str) -> KubectlError:
        return KubectlError(f"error: error parsing jsonpath {self.template}, {problem}")
