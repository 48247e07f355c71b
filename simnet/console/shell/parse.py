"""From tokens to what will run: lists of pipelines of commands.

Source: POSIX.1-2017 Shell Command Language, 2.9 Shell Commands, as far as pipelines, `;`, `&&` and `||` go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from simnet.console.shell.words import HereDocument, Literal, Operator, ShellSyntaxError, Token, Word, tokens

_REDIRECTS = {">": (1, False), "1>": (1, False), ">>": (1, True), "2>": (2, False), "2>>": (2, True), "&>": (0, False),
              "&>>": (0, True)}
_SEPARATORS = (";", "\n", "&&", "||")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z_0-9]*)=")
_NOT_MODELLED = ("for", "while", "until", "if", "case", "function", "{", "!", "[[", "select")


@dataclass(frozen=True, slots=True)
class Redirect:
    """`stream` 1 or 2 goes to the file `target`, 0 both of them; None: one stream joins the other (`2>&1`)."""

    stream: int
    target: Word | None
    append: bool = False


@dataclass(frozen=True, slots=True)
class SimpleCommand:
    """Words, `NAME=value` in front of them, redirects. `stdin` is a file (Word), a text (HereDocument) or nothing."""

    words: tuple[Word, ...]
    assignments: tuple[tuple[str, Word], ...] = ()
    redirects: tuple[Redirect, ...] = ()
    stdin: Word | HereDocument | None = None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands joined by `|`. `after` is the separator in front of it: it decides whether the pipeline runs."""

    commands: tuple[SimpleCommand, ...]
    after: str = ";"


def parse(line: str) -> tuple[Pipeline, ...]:
    """The pipelines of a line. Raises ShellSyntaxError, naming what stands where it must not, or is not modelled."""
    pipelines: list[Pipeline] = []
    rest, after = tokens(line), ";"
    while rest:
        end = next((index for index, token in enumerate(rest) if _is(token, *_SEPARATORS)), len(rest))
        commands = _commands(rest[:end])
        separator = rest[end] if end < len(rest) else Operator(";")
        if commands:
            pipelines.append(Pipeline(commands, after))
        elif not _is(separator, "\n") and end < len(rest):
            raise _unexpected(separator)
        if commands or not _is(separator, "\n"):
            after = separator.text if isinstance(separator, Operator) and separator.text != "\n" else ";"
        rest = rest[end + 1:]
    if after in ("&&", "||"):
        raise ShellSyntaxError("syntax error: unexpected end of file")
    return tuple(pipelines)


def _is(token: Token, *operators: str) -> bool:
    return isinstance(token, Operator) and token.text in operators


def _unexpected(token: Token) -> ShellSyntaxError:
    text = token.text if isinstance(token, Operator) and token.text != "\n" else "newline"
    return ShellSyntaxError(f"syntax error near unexpected token `{text}'")


def _commands(rest: Sequence[Token]) -> tuple[SimpleCommand, ...]:
    if not rest:
        return ()
    commands, start = [], 0
    for index in [*(place for place, token in enumerate(rest) if _is(token, "|")), len(rest)]:
        if start == index:
            raise _unexpected(Operator("|"))
        commands.append(_command(rest[start:index]))
        start = index + 1
    return tuple(commands)


def _command(rest: Sequence[Token]) -> SimpleCommand:
    words: list[Word] = []
    assignments: list[tuple[str, Word]] = []
    redirects: list[Redirect] = []
    stdin: Word | HereDocument | None = None
    left = list(reversed(rest))
    while left:
        token = left.pop()
        match token:
            case HereDocument():
                stdin = token
            case Word():
                assignment = None if words else _assignment(token)
                if assignment is None:
                    words.append(token)
                else:
                    assignments.append(assignment)
            case Operator(("<" | "<<<") as text):
                given = _target(left, token)
                stdin = given if text == "<" else HereDocument(Word((*given.parts, Literal("\n", True))))
            case Operator(text) if text in _REDIRECTS:
                stream, append = _REDIRECTS[text]
                redirects.append(Redirect(stream, _target(left, token), append))
            case Operator("2>&1"):
                redirects.append(Redirect(2, None))
            case Operator("1>&2" | ">&2"):
                redirects.append(Redirect(1, None))
            case Operator("&"):
                raise ShellSyntaxError("running a command in the background (&) is not modelled")
            case _:
                raise _unexpected(token)
    _refuse_keywords(words)
    return SimpleCommand(tuple(words), tuple(assignments), tuple(redirects), stdin)


def _target(left: list[Token], operator: Token) -> Word:
    if not left or not isinstance(left[-1], Word):
        raise _unexpected(left[-1] if left else Operator("\n"))
    word = left.pop()
    assert isinstance(word, Word)
    return word


def _assignment(word: Word) -> tuple[str, Word] | None:
    first = word.parts[0]
    if not isinstance(first, Literal) or first.quoted:
        return None
    match = _ASSIGNMENT.match(first.text)
    if match is None:
        return None
    return match[1], Word((Literal(first.text[match.end():]), *word.parts[1:]))


def _refuse_keywords(words: Sequence[Word]) -> None:
    if words and words[0].plain in _NOT_MODELLED:
        raise ShellSyntaxError(f"the shell's {words[0].plain!r} is not modelled; simple commands, pipes, redirects, "
                               "here-documents, ';', '&&' and '||' are")
