"""Just enough shell to see what a container's `sh -c` text leaves running.

Waiting loops (`until nslookup db; do sleep 2; done`) are taken to end; `while true` does not. A program nobody knows
is taken to end when more follows it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from simnet.images.profile import Listen, Process

_SEPARATORS: Final = frozenset((";", ";;", "&", "&&", "|", "||", "|&"))
_REDIRECTS: Final = frozenset(("<", ">", ">>", "<<", ">&", "<&", "&>", ">|", "<<<", "<>"))
_KEYWORDS: Final = frozenset(("if", "then", "else", "elif", "fi", "do", "done", "{", "}", "!", "time", "(", ")"))
_FOREVER: Final = frozenset(("while true", "while :", "while [ 1 ]", "while [ true ]", "until false", "while 1"))
_ENDLESS_FOR: Final = re.compile(r"for\s*\(\(\s*;\s*;\s*\)\)")
_HTTP_TEXT: Final = re.compile(r"HTTP/1\.\d (\d{3}).*?(?:(?:\\r)?\\n|\r?\n){2}(.*)", re.DOTALL)


class _Command(NamedTuple):
    """One simple command and what stands behind it: `&`, `|`, another separator, or nothing."""

    words: Sequence[str]
    separator: str


def evaluate(text: str, run: Callable[[Sequence[str]], Process]) -> Process:
    """What the script amounts to; `run` says what one simple command does."""
    try:
        commands = list(_commands(text))
    except ValueError:  # an open quote: a real shell would say so; nothing more can be told
        return Process(None)
    listen: list[Listen] = []
    is_known, loops, background = True, False, False
    for index, command in enumerate(commands):
        line = " ".join(command.words)
        if line in _FOREVER:
            loops = True
        elif line == "wait" and background:
            return _result(listen, is_known, True)
        elif command.words[0] == "exit":
            return Process((), False, _exit_code(command.words))
        elif command.words[0] not in ("while", "until", "for", "case"):
            process = run(command.words)
            is_known = is_known and process.listen is not None
            listen += _fed(process.listen or (), commands[index - 1]) if index else process.listen or ()
            background = background or (process.runs and command.separator == "&")
            stays = process.runs and command.separator != "&"
            if stays and (process.listen is not None or index == len(commands) - 1):
                return _result(listen, is_known, True)
    return _result(listen, is_known, loops)


def _fed(listen: Sequence[Listen], before: _Command) -> Sequence[Listen]:
    """`echo "HTTP/1.1 200 OK..." | nc -l -p 80` is a web server after all: its answer is the text piped in."""
    found = _HTTP_TEXT.search(" ".join(before.words)) if before.separator == "|" else None
    if found is None:
        return listen
    body = found[2].replace("\\r", "").replace("\\n", "\n") + "\n"
    return [replace(each, app="", status=int(found[1]), answer=body) for each in listen]


def _result(listen: Sequence[Listen], is_known: bool, runs: bool) -> Process:
    if not runs:
        return Process((), False)
    return Process(tuple(dict.fromkeys(listen)) if listen or is_known else None, True)


def _commands(text: str) -> Iterator[_Command]:
    """The simple commands of a script, without redirections, keywords and comments."""
    words: list[str] = []
    for token in _tokens(text):
        if token in _SEPARATORS:
            if words:
                yield _Command(words, token)
            words = []
        elif token not in _KEYWORDS or words:
            words.append(token)
    if words:
        yield _Command(words, "")


def _tokens(text: str) -> Iterator[str]:
    lexer = shlex.shlex(_joined(text), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    in_redirect = False
    for token in lexer:
        if in_redirect:
            in_redirect = False
        elif token in _REDIRECTS:
            in_redirect = True
        else:
            yield token


def _joined(text: str) -> str:
    """One line: continuation lines joined, comment lines dropped, other line ends turned into ';'."""
    lines = _ENDLESS_FOR.sub("while true", text).replace("\\\n", " ").split("\n")
    return " ; ".join(line for line in lines if not line.lstrip().startswith("#"))


def _exit_code(words: Sequence[str]) -> int:
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
