"""Options of a command line, read by a table. Two habits: Go's pflag (kubectl) and getopt (curl, wget, dig's friends).

Both allow options after operands, `--` as the end of options, and several short options in one word (`-it`). pflag
also takes `--name=value`, `-n=value` and `--switch=false`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from simnet.errors import UsageError, nearest


@dataclass(frozen=True, slots=True)
class Flag:
    """One option. `name` is the long name, `short` its letter ('' for none); a switch has `value` False.

    `bare` is the value that counts when a value flag is written without one (`--dry-run`); None: a value must follow.
    """

    name: str
    short: str = ""
    value: bool = True
    bare: str | None = None


def switch(name: str, short: str = "") -> Flag:
    """A flag that takes no value."""
    return Flag(name, short, value=False)


class FlagError(UsageError):
    """An option that is not in the table or lacks its value; `suggestion` is the nearest one that exists."""

    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.suggestion = suggestion


@dataclass(slots=True)
class Parsed:
    """What was given: values by long name in order, operands, and those operands that stood behind `--`."""

    values: dict[str, list[str]] = field(default_factory=dict)
    operands: list[str] = field(default_factory=list)
    behind_dashes: list[str] | None = None

    def get(self, name: str, default: str = "") -> str:
        """The last value given."""
        return self.values[name][-1] if name in self.values else default

    def all(self, name: str) -> list[str]:
        return self.values.get(name, [])

    def has(self, name: str) -> bool:
        return name in self.values

    def number(self, name: str, default: int = 0) -> int:
        """The last value as a whole number, `+` and `-` allowed. Raises FlagError for anything else."""
        text = self.get(name, str(default))
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
            raise FlagError(f"invalid argument '{text}' for --{name}: a whole number is expected")
        return int(text)

    def on(self, name: str) -> bool:
        """Whether a switch is on: given, and not as `=false`."""
        return self.get(name, "false").lower() in ("true", "1", "t")


@dataclass(frozen=True, slots=True)
class Habit:
    """How a family of tools words its complaints; `equals` allows `--name=value`."""

    unknown_long: str
    unknown_short: str
    no_value_long: str
    no_value_short: str
    equals: bool = True


PFLAG = Habit("unknown flag: --{name}", "unknown shorthand flag: {letter!r} in -{word}",
              "flag needs an argument: --{name}", "flag needs an argument: {letter!r} in -{word}")
CURL = Habit("option --{name}: is unknown", "option -{word}: is unknown", "option --{name}: requires parameter",
             "option -{word}: requires parameter", equals=False)
GETOPT = Habit("unrecognized option '--{name}'", "invalid option -- '{letter}'",
               "option '--{name}' requires an argument", "option requires an argument -- '{letter}'")


class _Reader:
    def __init__(self, table: Iterable[Flag], habit: Habit) -> None:
        self.by_name = {flag.name: flag for flag in table}
        self.by_letter = {flag.short: flag for flag in self.by_name.values() if flag.short}
        self.habit = habit
        self.parsed = Parsed()

    def read(self, args: Sequence[str]) -> Parsed:
        waiting = list(reversed(args))
        while waiting:
            word = waiting.pop()
            if word == "--":
                self.parsed.behind_dashes = waiting[::-1]
                return self.parsed
            if word.startswith("--"):
                self._long(word[2:], waiting)
            elif word.startswith("-") and len(word) > 1:
                self._short(word[1:], waiting)
            else:
                self.parsed.operands.append(word)
        return self.parsed

    def _long(self, word: str, waiting: list[str]) -> None:
        name, equals, value = word.partition("=") if self.habit.equals else (word, "", "")
        flag = self.by_name.get(name)
        if flag is None:
            near = nearest(name, self.by_name)
            raise FlagError(self.habit.unknown_long.format(name=name), f"--{near}" if near else "")
        if equals:
            self._keep(flag, value)
        elif not flag.value:
            self._keep(flag, "true")
        elif flag.bare is not None:
            self._keep(flag, flag.bare)
        elif waiting:
            self._keep(flag, waiting.pop())
        else:
            raise FlagError(self.habit.no_value_long.format(name=name))

    def _short(self, word: str, waiting: list[str]) -> None:
        for place, letter in enumerate(word):
            flag = self.by_letter.get(letter)
            if flag is None:
                raise FlagError(self.habit.unknown_short.format(letter=letter, word=word), self._near(word))
            if not flag.value:
                self._keep(flag, "true")
                continue
            rest = word[place + 1:]
            if rest:
                self._keep(flag, rest.removeprefix("=") if self.habit.equals else rest)
            elif flag.bare is not None:
                self._keep(flag, flag.bare)
            elif waiting:
                self._keep(flag, waiting.pop())
            else:
                raise FlagError(self.habit.no_value_short.format(letter=letter, word=word))
            return

    def _near(self, word: str) -> str:
        """`-labels` was meant to be `--labels`."""
        name = word.partition("=")[0]
        if name in self.by_name and len(name) > 1:
            return f"--{name}"
        near = nearest(name, self.by_name) if len(name) > 2 else ""
        return f"--{near}" if near else ""

    def _keep(self, flag: Flag, value: str) -> None:
        self.parsed.values.setdefault(flag.name, []).append(value)


def read_flags(args: Sequence[str], table: Iterable[Flag], habit: Habit = PFLAG) -> Parsed:
    """Sort `args` into flags and operands. Raises FlagError in the words of the tool's family."""
    return _Reader(table, habit).read(args)
