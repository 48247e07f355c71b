"""Reads a Go template as far as kubectl's users take it: fields, variables, if, range, with, functions and pipes.

`define`, `block`, `template`, `break`, `continue` and methods are not modelled and said to be so.
Source: golang text/template/parse (lex.go, parse.go), its messages included.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from simnet.console.kubectl.golang import GoError


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, number, true, false or nil of the template."""

    value: object


@dataclass(frozen=True, slots=True)
class Path:
    """`.a.b`, `$x.a`, `(pipeline).a`: fields of the dot, of a variable ('$' the whole), or of another value.

    `place` and `text` are what an error names.
    """

    start: str | Pipeline
    fields: tuple[str, ...]
    place: int
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A function and its arguments, or (no function) one operand alone."""

    function: str
    operands: tuple[Operand, ...]
    place: int
    text: str


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands of which each is given the value of the one before. `names` are the variables that get the last."""

    commands: tuple[Command, ...]
    names: tuple[str, ...] = ()
    declares: bool = True


Operand = Literal | Path | Pipeline


@dataclass(slots=True)
class Block:
    """`if`, `range` or `with`: its body, and what stands after else."""

    word: str
    pipeline: Pipeline
    body: list[Node] = field(default_factory=list)
    otherwise: list[Node] = field(default_factory=list)


Node = str | Pipeline | Block

_BLOCKS = ("if", "range", "with")
_UNMODELLED = ("define", "block", "template", "break", "continue")
_ACTION = re.compile(r'\{\{(?P<left>-\s)?(?P<inside>(?:"(?:\\.|[^"\\\n])*"|`[^`]*`|/\*.*?\*/|[^"`}]|\}(?!\}))*?)'
                     r'(?P<right>\s-)?\}\}', re.DOTALL)
_TOKEN = re.compile(r"""\s*(?:(?P<comment>/\*.*?\*/)|(?P<text>"(?:\\.|[^"\\])*")|(?P<raw>`[^`]*`)
                        |(?P<number>[+-]?\d+(?:\.\d+)?)|(?P<field>\.[A-Za-z_]\w*)|(?P<dot>\.)|(?P<variable>\$\w*)
                        |(?P<word>[A-Za-z_]\w*)|(?P<sign>:=|[=|,()]))""", re.VERBOSE | re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_WORDS = {"true": True, "false": False, "nil": None}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    place: int
    end: int


def parse(template: str, is_function: Callable[[str], bool]) -> list[Node]:
    """The template as nodes. Raises GoError with the line, as text/template does."""
    return _Parser(template, is_function).nodes()


class _Parser:
    def __init__(self, template: str, is_function: Callable[[str], bool]) -> None:
        self.template, self.is_function = template, is_function
        self.stack: list[tuple[Block | None, list[Node]]] = [(None, [])]

    def nodes(self) -> list[Node]:
        place, trimmed = 0, False
        while (start := self.template.find("{{", place)) >= 0:
            match = _ACTION.match(self.template, start)
            if match is None:
                raise self._error(start, "unclosed action")
            text = self.template[place:start]
            text = text.lstrip() if trimmed else text
            self._add(text.rstrip() if match["left"] else text)
            self._action(match["inside"], match.start("inside"))
            place, trimmed = match.end(), bool(match["right"])
        self._add(self.template[place:].lstrip() if trimmed else self.template[place:])
        if len(self.stack) > 1:
            raise self._error(len(self.template), "unexpected EOF")
        return self.stack[0][1]

    def _add(self, node: Node) -> None:
        if node != "":
            self.stack[-1][1].append(node)

    def _action(self, inside: str, place: int) -> None:
        tokens = self._tokens(inside, place)
        if not tokens:
            if "/*" not in inside:
                raise self._error(place, "missing value for command")
            return
        word = tokens[0].text if tokens[0].kind == "word" else ""
        if word in _BLOCKS:
            block = Block(word, self._pipeline(tokens[1:], word, place))
            self._add(block)
            self.stack.append((block, block.body))
        elif word == "else":
            self._else(tokens[1:], place)
        elif word == "end":
            self._end(place)
        elif word in _UNMODELLED:
            raise self._error(place, f"{{{{{word}}}}} is not modelled; if, range, with and functions are")
        else:
            self._add(self._pipeline(tokens, "command", place))

    def _else(self, tokens: list[_Token], place: int) -> None:
        block = self.stack[-1][0]
        if block is None:
            raise self._error(place, "unexpected {{else}}")
        self.stack[-1] = (block, block.otherwise)
        if tokens:  # {{else if}}: a block inside, which the same {{end}} closes
            inner = Block(tokens[0].text, self._pipeline(tokens[1:], tokens[0].text, place))
            block.otherwise.append(inner)
            self.stack[-1] = (inner, inner.body)

    def _end(self, place: int) -> None:
        if len(self.stack) == 1:
            raise self._error(place, "unexpected {{end}}")
        self.stack.pop()

    def _tokens(self, inside: str, start: int) -> list[_Token]:
        found, place = [], 0
        inside = inside.rstrip()
        while place < len(inside):
            match = _TOKEN.match(inside, place)
            if match is None:
                letter = inside[place:].lstrip()[:1]
                raise self._error(start, f"unexpected {letter!r} in command" if letter != '"' else "unterminated quoted string")
            kind = str(match.lastgroup)
            if kind != "comment":
                found.append(_Token(kind, match[kind], start + match.start(kind), start + match.end()))
            place = match.end()
        return found

    def _pipeline(self, tokens: list[_Token], what: str, place: int) -> Pipeline:
        names, declares = [], True
        signs = [token.text for token in tokens]
        at = next((index for index, sign in enumerate(signs) if sign in (":=", "=") and tokens[index].kind == "sign"), -1)
        if at > 0 and all(token.kind == "variable" or token.text == "," for token in tokens[:at]):
            names, declares = [token.text for token in tokens[:at] if token.kind == "variable"], signs[at] == ":="
            tokens = tokens[at + 1:]
        if not tokens:
            raise self._error(place, f"missing value for {what}")
        commands, waiting = [], tokens
        while waiting:
            command, waiting = self._command(waiting)
            commands.append(command)
        return Pipeline(tuple(commands), tuple(names), declares)

    def _command(self, tokens: list[_Token]) -> tuple[Command, list[_Token]]:
        """One command and the tokens behind its pipe sign."""
        start, function, operands = tokens[0], "", []
        if start.kind == "word" and start.text not in _WORDS:
            if not self.is_function(start.text):
                raise self._error(start.place, f'function "{start.text}" not defined')
            function = start.text
        rest = tokens[1:] if function else tokens
        end = start.end
        while rest and rest[0].text != "|":
            operand, end, rest = self._operand(rest)
            operands.append(operand)
        if not function and len(operands) > 1:
            raise self._error(start.place, f"unexpected {tokens[1].text!r} in operand")
        text = self.template[start.place:end]
        if rest and len(rest) == 1:
            raise self._error(rest[0].place, "missing value for command")
        return Command(function, tuple(operands), start.place, text), rest[1:]

    def _operand(self, tokens: list[_Token]) -> tuple[Operand, int, list[_Token]]:
        """One operand, the end of its text, and the tokens behind it."""
        token, rest = tokens[0], tokens[1:]
        match token.kind:
            case "text":
                return Literal(_unquoted(token.text)), token.end, rest
            case "raw":
                return Literal(token.text[1:-1]), token.end, rest
            case "number":
                return Literal(float(token.text) if "." in token.text else int(token.text)), token.end, rest
            case "word" if token.text in _WORDS:
                return Literal(_WORDS[token.text]), token.end, rest
            case "word" if self.is_function(token.text):
                command = Command(token.text, (), token.place, token.text)
                return Pipeline((command,)), token.end, rest
            case "sign" if token.text == "(":
                inside, rest, end = self._parenthesis(tokens)
                return self._path(inside, token, end, rest, ())
            case "field":
                return self._path(".", token, token.end, rest, (token.text[1:],))
            case "dot":
                return self._path(".", token, token.end, rest, ())
            case "variable":
                return self._path(token.text, token, token.end, rest, ())
        raise self._error(token.place, f"unexpected {token.text!r} in operand")

    def _path(self, start: str | Pipeline, first: _Token, end: int, rest: list[_Token],
              fields: tuple[str, ...]) -> tuple[Operand, int, list[_Token]]:
        place = first.place
        while rest and rest[0].kind == "field" and rest[0].place == end:
            place = rest[0].place if len(fields) == 1 and start == "." else place
            fields, end, rest = (*fields, rest[0].text[1:]), rest[0].end, rest[1:]
        return Path(start, fields, place, self.template[first.place:end]), end, rest

    def _parenthesis(self, tokens: list[_Token]) -> tuple[Pipeline, list[_Token], int]:
        depth = 0
        for index, token in enumerate(tokens):
            depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "sign" else 0
            if not depth:
                return self._pipeline(tokens[1:index], "parenthesized pipeline", token.place), tokens[index + 1:], token.end
        raise self._error(tokens[0].place, "unclosed left paren")

    def _error(self, place: int, problem: str) -> GoError:
        line = self.template.count("\n", 0, place) + 1
        return GoError(f"template: output:{line}: {problem}")


def _unquoted(text: str) -> str:
    return _ESCAPED.sub(lambda match: {"n": "\n", "t": "\t", "r": "\r"}.get(match[1], match[1]), text[1:-1])
