"""Options: pflag's habits for kubectl, getopt's for the rest."""

from __future__ import annotations

import pytest

from simnet.console.flags import CURL, GETOPT, PFLAG, Flag, FlagError, Habit, read_flags, switch

TABLE = (Flag("namespace", "n"), Flag("output", "o"), switch("stdin", "i"), switch("tty", "t"), Flag("labels", "l"),
         Flag("dry-run", bare="unchanged"))

READ = [  # arguments, values, operands
    ("a value after a blank", ["-n", "shop", "--output", "yaml"], {"namespace": ["shop"], "output": ["yaml"]}, []),
    ("a value after =", ["--namespace=shop", "-o=yaml"], {"namespace": ["shop"], "output": ["yaml"]}, []),
    ("a value in the same word", ["-nshop"], {"namespace": ["shop"]}, []),
    ("switches in one word", ["-it"], {"stdin": ["true"], "tty": ["true"]}, []),
    ("switches and a value in one word", ["-iton", "x"], {"stdin": ["true"], "tty": ["true"], "output": ["n"]}, ["x"]),
    ("flags behind operands", ["pods", "-n", "shop"], {"namespace": ["shop"]}, ["pods"]),
    ("a switch turned off", ["--stdin=false"], {"stdin": ["false"]}, []),
    ("a bare flag with a default", ["--dry-run", "x"], {"dry-run": ["unchanged"]}, ["x"]),
    ("a dash alone is an operand", ["-"], {}, ["-"]),
]


@pytest.mark.parametrize(("says", "args", "values", "operands"), READ, ids=[row[0] for row in READ])
def test_pflag_reads(says: str, args: list[str], values: dict[str, list[str]], operands: list[str]) -> None:
    parsed = read_flags(args, TABLE)
    assert (parsed.values, parsed.operands) == (values, operands)


def test_two_dashes_end_the_flags() -> None:
    parsed = read_flags(["client", "-it", "--", "curl", "-n"], TABLE)
    assert parsed.operands == ["client"]
    assert parsed.behind_dashes == ["curl", "-n"]
    assert read_flags(["client"], TABLE).behind_dashes is None


def test_a_switch_is_on_only_when_true() -> None:
    assert read_flags(["--stdin"], TABLE).on("stdin")
    assert not read_flags(["--stdin=false"], TABLE).on("stdin")
    assert not read_flags([], TABLE).on("stdin")


MISTAKES = [
    (PFLAG, ["--lables=x"], "unknown flag: --lables", "--labels"),
    (PFLAG, ["-Z"], "unknown shorthand flag: 'Z' in -Z", ""),
    (PFLAG, ["-tty"], "unknown shorthand flag: 'y' in -tty", "--tty"),
    (PFLAG, ["--namespace"], "flag needs an argument: --namespace", ""),
    (PFLAG, ["-n"], "flag needs an argument: 'n' in -n", ""),
    (CURL, ["--namespaces"], "option --namespaces: is unknown", "--namespace"),
    (CURL, ["--namespace=x"], "option --namespace=x: is unknown", "--namespace"),
    (GETOPT, ["-z"], "invalid option -- 'z'", ""),
    (GETOPT, ["-n"], "option requires an argument -- 'n'", ""),
]


@pytest.mark.parametrize(("habit", "args", "message", "suggestion"), MISTAKES)
def test_mistakes_are_worded_as_the_tool_words_them(habit: Habit, args: list[str], message: str, suggestion: str) -> None:
    with pytest.raises(FlagError) as caught:
        read_flags(args, TABLE, habit)
    assert str(caught.value) == message
    assert caught.value.suggestion == suggestion
