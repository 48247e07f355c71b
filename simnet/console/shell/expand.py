"""Filling in variables and command substitutions, and splitting what was not quoted.

Source: POSIX.1-2017 Shell Command Language, 2.6 Word Expansions (2.6.2, 2.6.3, 2.6.5).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simnet.console.shell.words import Literal, Substitution, Variable, Word


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where values come from: `value_of` a variable ('' for none), and `output_of` a line that is run for it."""

    value_of: Callable[[str], str]
    output_of: Callable[[str], str]


def expand(words: Sequence[Word], around: Surroundings) -> list[str]:
    """The words of a command: unquoted values are split at blanks, and vanish when empty."""
    return [field for word in words for field in _fields(word, around)]


def expand_one(word: Word, around: Surroundings) -> str:
    """A word that stays one: a redirect's target, an assignment's value, a here-document."""
    return "".join(_value(part, around) for part in word.parts)


def _fields(word: Word, around: Surroundings) -> list[str]:
    fields: list[str] = []
    current: str | None = None
    for part in word.parts:
        value = _value(part, around)
        if isinstance(part, Literal) or part.quoted:
            current = (current or "") + value
            continue
        pieces = value.split()
        if value[:1].isspace() and current is not None:
            fields.append(current)
            current = None
        if pieces:
            current = (current or "") + pieces[0]
            for piece in pieces[1:]:
                fields.append(current)
                current = piece
        if value[-1:].isspace() and current is not None:
            fields.append(current)
            current = None
    return fields if current is None else [*fields, current]


def _value(part: Literal | Variable | Substitution, around: Surroundings) -> str:
    match part:
        case Literal(text):
            return text
        case Variable(name, _, default):
            return around.value_of(name) or default
        case Substitution(line):
            return around.output_of(line).rstrip("\n")
