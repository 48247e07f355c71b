"""From a command line to tokens: words with their quoting, operators, here-documents.

A word is a sequence of parts, so that what stood in quotes is still known when variables are filled in: an unquoted
`$NAME` is split at blanks, a quoted one is not. Globs, arithmetic and process substitution are not modelled.

Source: POSIX.1-2017 Shell Command Language, 2.2 Quoting, 2.3 Token Recognition, 2.7 Redirection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from simnet.errors import UsageError

OPERATORS = ("&>>", "2>&1", "1>&2", ">&2", "<<-", "<<<", "2>>", "&&", "||", ">>", "<<", "2>", "1>", "&>", "|", ";", "&",
             "<", ">", "(", ")", "\n")
_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*|[?#$@*0-9]")
_PLAIN = re.compile(r"[^\s'\"\\$`|&;<>()#]+")
_CONTINUES = ("|", "&&", "||")


class ShellSyntaxError(UsageError):
    """A line no shell would run."""


@dataclass(frozen=True, slots=True)
class Literal:
    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """`$NAME` or `${NAME}`; `default` is the part behind `:-`."""

    name: str
    quoted: bool = False
    default: str = ""


@dataclass(frozen=True, slots=True)
class Substitution:
    """`$(line)` or the same in backticks: the output of a line."""

    line: str
    quoted: bool = False


Part = Literal | Variable | Substitution


@dataclass(frozen=True, slots=True)
class Word:
    parts: tuple[Part, ...]

    @property
    def plain(self) -> str | None:
        """The text of a word that is wholly unquoted and literal, else None."""
        if all(isinstance(part, Literal) and not part.quoted for part in self.parts):
            return "".join(part.text for part in self.parts if isinstance(part, Literal))
        return None


@dataclass(frozen=True, slots=True)
class Operator:
    text: str


@dataclass(frozen=True, slots=True)
class HereDocument:
    """The body of a `<<` redirect. A quoted delimiter leaves `$` in it alone."""

    word: Word


Token = Word | Operator | HereDocument


def tokens(line: str) -> list[Token]:
    """Cut a line (it may hold several, here-documents too). Raises ShellSyntaxError for an open quote."""
    return _Cutter(line).run()


class _Cutter:
    def __init__(self, text: str) -> None:
        self.text, self.place = text, 0
        self.found: list[Token] = []
        self.waiting: list[tuple[int, str, bool, bool]] = []  # index of the token, delimiter, quoted, strip tabs

    def run(self) -> list[Token]:
        while self.place < len(self.text):
            character = self.text[self.place]
            if self.text.startswith("\\\n", self.place):
                self.place += 2
            elif character == "\n":
                self._line_end()
            elif character.isspace():
                self.place += 1
            elif character == "#":
                self.place = self._find("\n")
            elif (operator := self._operator()) is not None:
                self._add_operator(operator)
            else:
                self.found.append(self._word())
        self._here_documents()
        return self.found

    def _find(self, character: str) -> int:
        place = self.text.find(character, self.place)
        return len(self.text) if place < 0 else place

    def _operator(self) -> str | None:
        return next((each for each in OPERATORS if self.text.startswith(each, self.place)), None)

    def _line_end(self) -> None:
        self.place += 1
        last = self.found[-1] if self.found else Operator("\n")
        if isinstance(last, Operator) and last.text in _CONTINUES and not self.waiting:
            return
        self._here_documents()
        self.found.append(Operator("\n"))

    def _add_operator(self, operator: str) -> None:
        self.place += len(operator)
        if operator not in ("<<", "<<-"):
            self.found.append(Operator(operator))
            return
        while self.text[self.place:self.place + 1] in (" ", "\t"):
            self.place += 1
        delimiter = self._word()
        quoted = any(isinstance(part, Literal) and part.quoted for part in delimiter.parts)
        name = "".join(part.text for part in delimiter.parts if isinstance(part, Literal))
        self.waiting.append((len(self.found), name, quoted, operator == "<<-"))
        self.found.append(HereDocument(Word(())))

    def _here_documents(self) -> None:
        """Read the bodies that the line just ended has announced."""
        for index, delimiter, quoted, strip in self.waiting:
            lines = []
            while self.place < len(self.text):
                end = self._find("\n")
                line = self.text[self.place:end]
                self.place = end + 1
                line = line.lstrip("\t") if strip else line
                if line == delimiter:
                    break
                lines.append(line + "\n")
            body = "".join(lines)
            self.found[index] = HereDocument(Word((Literal(body, True),) if quoted else _body_parts(body)))
        self.waiting = []

    def _word(self) -> Word:
        parts: list[Part] = []
        while self.place < len(self.text) and not self.text[self.place].isspace():
            character = self.text[self.place]
            if character == "'":
                parts.append(Literal(self._until_quote(), True))
            elif character == '"':
                parts.extend(self._double_quoted())
            elif character == "\\":
                if self.text[self.place + 1:self.place + 2] != "\n":
                    parts.append(Literal(self.text[self.place + 1:self.place + 2], True))
                self.place += 2
            elif character in "$`":
                parts.append(self._dollar(quoted=False))
            elif self._operator() is not None:
                break
            else:
                parts.append(Literal(self._plain()))
        if not parts:
            raise ShellSyntaxError("syntax error near unexpected token `newline'")
        return Word(tuple(parts))

    def _plain(self) -> str:
        match = _PLAIN.match(self.text, self.place)
        taken = match[0] if match else self.text[self.place]
        self.place += len(taken)
        return taken

    def _until_quote(self) -> str:
        end = self.text.find("'", self.place + 1)
        if end < 0:
            raise ShellSyntaxError("unexpected EOF while looking for matching `''")
        taken = self.text[self.place + 1:end]
        self.place = end + 1
        return taken

    def _double_quoted(self) -> list[Part]:
        self.place += 1
        parts: list[Part] = [Literal("", True)]
        while self.place < len(self.text):
            character = self.text[self.place]
            if character == '"':
                self.place += 1
                return parts
            if character == "\\":
                parts.append(Literal(self._escaped(), True))
            elif character in "$`":
                parts.append(self._dollar(quoted=True))
            else:
                self.place += 1
                parts.append(Literal(character, True))
        raise ShellSyntaxError("unexpected EOF while looking for matching `\"'")

    def _escaped(self) -> str:
        following = self.text[self.place + 1:self.place + 2]
        self.place += 2
        if following == "\n":
            return ""
        return following if following in '$`"\\' else "\\" + following

    def _dollar(self, quoted: bool) -> Part:
        """The part that starts with `$` or a backtick here; a lone `$` is itself."""
        text, place = self.text, self.place
        if text[place] == "`":
            end = text.find("`", place + 1)
            if end < 0:
                raise ShellSyntaxError("unexpected EOF while looking for matching ``'")
            self.place = end + 1
            return Substitution(text[place + 1:end], quoted)
        if text.startswith("$((", place):
            raise ShellSyntaxError("arithmetic, $((...)), is not modelled; variables and command substitution, $(...), are")
        if text.startswith("$(", place):
            self.place = _closing(text, place + 1) + 1
            return Substitution(text[place + 2:self.place - 1], quoted)
        if text.startswith("${", place):
            end = text.find("}", place)
            if end < 0:
                raise ShellSyntaxError("unexpected EOF while looking for matching `}'")
            self.place = end + 1
            name, _, default = text[place + 2:end].partition(":-")
            return Variable(name, quoted, default)
        match = _NAME.match(text, place + 1)
        self.place = match.end() if match else place + 1
        return Variable(match[0], quoted) if match else Literal("$", quoted)


def _closing(text: str, place: int) -> int:
    """The index of the bracket that closes the one at `place`."""
    depth = 0
    for index in range(place, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return index
    raise ShellSyntaxError("unexpected EOF while looking for matching `)'")


def _body_parts(body: str) -> tuple[Part, ...]:
    """A here-document's body: variables and substitutions are filled in, quotes are ordinary characters."""
    cutter = _Cutter(body)
    parts: list[Part] = []
    start = 0
    while cutter.place < len(body):
        character = body[cutter.place]
        if character in "$`":
            parts.append(Literal(body[start:cutter.place], True))
            parts.append(cutter._dollar(quoted=True))
            start = cutter.place
        elif character == "\\" and body[cutter.place + 1:cutter.place + 2] in ("$", "`", "\\"):
            parts.append(Literal(body[start:cutter.place], True))
            start = cutter.place + 1
            cutter.place += 2
        else:
            cutter.place += 1
    parts.append(Literal(body[start:], True))
    return tuple(parts)
