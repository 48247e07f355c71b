"""grep and awk, as far as a reader of tables needs them.

Source: POSIX.1-2017 grep, awk; GNU grep for `\\|` and friends in basic expressions, -o, -A, -B, -C, -w.
"""

from __future__ import annotations

import re

from simnet.console.desk import Call, NoSuchFile
from simnet.console.flags import GETOPT, Flag, FlagError, Parsed, read_flags, switch
from simnet.console.output import Output, failed
from simnet.console.tools.text import unescaped

_GREP = (switch("ignore-case", "i"), switch("invert-match", "v"), switch("line-number", "n"), switch("count", "c"),
         switch("only-matching", "o"), switch("extended-regexp", "E"), switch("fixed-strings", "F"),
         switch("perl-regexp", "P"), switch("quiet", "q"), switch("word-regexp", "w"), switch("line-regexp", "x"),
         Flag("after-context", "A"), Flag("before-context", "B"), Flag("context", "C"), Flag("regexp", "e"),
         Flag("max-count", "m"), switch("no-filename", "h"), switch("with-filename", "H"),
         switch("files-with-matches", "l"), Flag("color", bare="auto"), switch("no-messages", "s"),
         switch("recursive", "r"))
_SWAPPED = re.compile(r"\\.|\[\^?\]?[^]]*\]|[+?|(){}]")


def grep(call: Call) -> Output:
    """Lines that match. Status 0 if any did, 1 if none, 2 after a mistake."""
    try:
        flags = read_flags(call.args, _GREP, GETOPT)
        patterns = flags.all("regexp") or [flags.operands.pop(0)]
        matcher = re.compile("|".join(f"(?:{_expression(each, flags, call.name)})" for each in patterns),
                             re.IGNORECASE if flags.on("ignore-case") else 0)
        paths = flags.operands or (flags.behind_dashes or [])
        texts = [(path, call.read(path)) for path in paths] or [("", call.stdin)]
    except IndexError:
        return failed("Usage: grep [OPTION]... PATTERNS [FILE]...", 2)
    except (FlagError, NoSuchFile, re.error) as problem:
        return failed(f"grep: {problem}", 2)
    named = flags.on("with-filename") or (len(texts) > 1 and not flags.on("no-filename"))
    results = [_searched(text, matcher, flags, f"{path}:" if named else "") for path, text in texts]
    if flags.on("files-with-matches"):
        results = [(hit, path + "\n" if hit else "") for (hit, _), (path, _) in zip(results, texts, strict=True)]
    found = any(hit for hit, _ in results)
    return Output("" if flags.on("quiet") else "".join(text for _, text in results), status=0 if found else 1)


def _expression(pattern: str, flags: Parsed, name: str) -> str:
    """A grep expression in Python's syntax. In a basic one, `+ ? | ( ) { }` are themselves and special with a backslash."""
    if flags.on("fixed-strings") or name == "fgrep":
        pattern = re.escape(pattern)
    elif not (flags.on("extended-regexp") or flags.on("perl-regexp") or name == "egrep"):
        pattern = _SWAPPED.sub(_swapped, pattern)
    if flags.on("word-regexp"):
        pattern = rf"\b(?:{pattern})\b"
    return f"^(?:{pattern})$" if flags.on("line-regexp") else pattern


def _swapped(match: re.Match[str]) -> str:
    text = match[0]
    if text[0] == "[":
        return text
    if len(text) == 1:
        return "\\" + text
    return text[1] if text[1] in "+?|(){}" else text


def _searched(text: str, matcher: re.Pattern[str], flags: Parsed, prefix: str) -> tuple[bool, str]:
    lines = text.splitlines()
    hits = [index for index, line in enumerate(lines) if bool(matcher.search(line)) != flags.on("invert-match")]
    if flags.has("max-count"):
        hits = hits[:flags.number("max-count")]
    if flags.on("count"):
        return bool(hits), f"{prefix}{len(hits)}\n"
    if flags.on("only-matching"):
        return bool(hits), "".join(f"{prefix}{match[0]}\n" for index in hits for match in matcher.finditer(lines[index])
                                   if match[0])
    shown, previous = "", -1
    context = flags.number("context")
    before, after = flags.number("before-context", context), flags.number("after-context", context)
    wanted = sorted({index for hit in hits for index in range(max(hit - before, 0), min(hit + after + 1, len(lines)))})
    for index in wanted:
        if previous >= 0 and index > previous + 1 and (before or after):
            shown += "--\n"
        mark = ":" if index in hits else "-"
        shown += prefix + (f"{index + 1}{mark}" if flags.on("line-number") else "") + lines[index] + "\n"
        previous = index
    return bool(hits), shown


_PROGRAM = re.compile(r"\s*(?P<pattern>[^{]*?)\s*\{\s*print\b(?P<what>[^}]*?);?\s*\}\s*")
_ITEM = re.compile(r'\s*(?:\$(?P<field>\d+|NF|\(NF-1\))|(?P<name>NR|NF)|"(?P<text>(?:[^"\\]|\\.)*)"|(?P<comma>,))')
_BY_LINE = re.compile(r"NR\s*(==|!=|>=|<=|>|<)\s*(\d+)")
_BY_FIELD = re.compile(r'\$(\d+)\s*(==|!=|~|!~)\s*(?:"([^"]*)"|/([^/]*)/|(\d+))')
_BY_TEXT = re.compile(r"(!?)/(.*)/")
_COMPARED = {"==": lambda a, b: a == b, "!=": lambda a, b: a != b, ">=": lambda a, b: a >= b,
             "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, "<": lambda a, b: a < b}


def awk(call: Call) -> Output:
    """`awk '[PATTERN] {print $N, ...}'`: fields, strings, NR and NF; patterns NR==N, /expression/, $N == "text"."""
    try:
        flags = read_flags(call.args, [Flag("field-separator", "F"), Flag("assign", "v")], GETOPT)
        program = flags.operands.pop(0)
        text = "".join(call.read(path) for path in flags.operands) if flags.operands else call.stdin
    except IndexError:
        return failed("usage: awk [-F fs] 'program' [file ...]", 2)
    except (FlagError, NoSuchFile) as problem:
        return failed(f"awk: {problem}", 2)
    match = _PROGRAM.fullmatch(program)
    if match is None or _ITEM.sub("", match["what"]).strip():
        return failed(f"awk: {program!r} is not modelled: '[PATTERN] {{print $N, ...}}' is", 2)
    separator = unescaped(flags.get("field-separator")) or None
    lines = [line for number, line in enumerate(text.splitlines(), 1)
             if _selected(match["pattern"], line, number, separator)]
    numbers = [number for number, line in enumerate(text.splitlines(), 1)
               if _selected(match["pattern"], line, number, separator)]
    return Output("".join(_printed(match["what"], line, number, separator) + "\n"
                          for line, number in zip(lines, numbers, strict=True)))


def _selected(pattern: str, line: str, number: int, separator: str | None) -> bool:
    fields = line.split(separator)
    if found := _BY_LINE.fullmatch(pattern):
        return bool(_COMPARED[found[1]](number, int(found[2])))
    if found := _BY_FIELD.fullmatch(pattern):
        index = int(found[1])
        value = line if index == 0 else fields[index - 1] if index <= len(fields) else ""
        wanted = found[3] if found[3] is not None else found[4] if found[4] is not None else found[5]
        hit = bool(re.search(wanted, value)) if "~" in found[2] else value == wanted
        return hit != found[2].startswith("!")
    if found := _BY_TEXT.fullmatch(pattern):
        return bool(re.search(found[2], line)) != bool(found[1])
    return True


def _printed(what: str, line: str, number: int, separator: str | None) -> str:
    fields = line.split(separator)
    values = {"0": line, "NF": fields[-1] if fields else "", "(NF-1)": fields[-2] if len(fields) > 1 else ""}
    text = ""
    for item in _ITEM.finditer(what):
        if item["comma"]:
            text += " "
        elif item["text"] is not None:
            text += unescaped(item["text"])
        elif item["name"]:
            text += str(number if item["name"] == "NR" else len(fields))
        else:
            index = item["field"]
            text += values.get(index, "") if index in values else "".join(fields[int(index) - 1:int(index)])
    return text if what.strip() else line
