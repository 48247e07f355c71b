"""Filters of a pipe: cat, head, tail, wc, sort, uniq, cut, tee, echo, printf.

Source: POSIX.1-2017 utilities of these names; GNU coreutils for the wording of complaints.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from simnet.console.desk import Call, NoSuchFile
from simnet.console.flags import GETOPT, Flag, FlagError, Parsed, read_flags, switch
from simnet.console.output import Output, failed

_OLD_COUNT = re.compile(r"-(\d+)")


def cat(call: Call) -> Output:
    """Print files (or standard input) one after the other; `-n` numbers the lines."""
    return _filter(call, [switch("number", "n")], _numbered)


def _numbered(text: str, flags: Parsed) -> str:
    if not flags.on("number"):
        return text
    return "".join(f"{number:6}\t{line}" for number, line in enumerate(text.splitlines(keepends=True), 1))


def head(call: Call) -> Output:
    """The first lines (`-n N`, `-N`, default 10; `-n -N` all but the last N) or bytes (`-c N`)."""
    _modernise(call)
    return _filter(call, [Flag("lines", "n"), Flag("bytes", "c")], _head)


def _modernise(call: Call) -> None:
    """`-3` as first argument is the old way to write `-n 3`."""
    if call.args and _OLD_COUNT.fullmatch(call.args[0]):
        call.args = [_OLD_COUNT.sub(r"-n\1", call.args[0]), *call.args[1:]]


def _head(text: str, flags: Parsed) -> str:
    if flags.has("bytes"):
        return text[:flags.number("bytes")]
    return "".join(text.splitlines(keepends=True)[:flags.number("lines", 10)])


def tail(call: Call) -> Output:
    """The last lines (`-n N`, `-N`, default 10; `-n +N` from line N on). `-f` does not wait: nothing more will come."""
    _modernise(call)
    return _filter(call, [Flag("lines", "n"), switch("follow", "f")], _tail)


def _tail(text: str, flags: Parsed) -> str:
    count, lines = flags.number("lines", 10), text.splitlines(keepends=True)
    if flags.get("lines").startswith("+"):
        return "".join(lines[max(count - 1, 0):])
    return "".join(lines[-abs(count):]) if count else ""


def sort(call: Call) -> Output:
    """Sorted lines: `-n` by number, `-r` backwards, `-u` once each, `-k N` by field N, `-t C` fields split at C."""
    table = [switch("numeric-sort", "n"), switch("reverse", "r"), switch("unique", "u"), Flag("key", "k"),
             Flag("field-separator", "t"), switch("version-sort", "V")]
    return _filter(call, table, _sorted)


def _sorted(text: str, flags: Parsed) -> str:
    lines = sorted(text.splitlines(), key=_sort_key(flags), reverse=flags.on("reverse"))
    if flags.on("unique"):
        lines = list(dict.fromkeys(lines))
    return "".join(line + "\n" for line in lines)


def _sort_key(flags: Parsed) -> Callable[[str], tuple[float, str, str]]:
    """By the field asked for; lines that are equal there by the whole line."""
    found = re.match(r"\d{1,4}", flags.get("key"))
    field = int(found[0]) if found else 0
    separator = flags.get("field-separator") or None
    numeric = flags.on("numeric-sort") or flags.get("key").rstrip("r").endswith("n")

    def key(line: str) -> tuple[float, str, str]:
        fields = line.split(separator)
        text = " ".join(fields[field - 1:]) if field else line
        number = re.match(r"\s*-?\d+(\.\d+)?", text)
        return (float(number[0]) if number else 0.0, "", line) if numeric else (0.0, text, line)

    return key


def uniq(call: Call) -> Output:
    """Neighbouring equal lines once: `-c` with their count, `-d` only repeated ones, `-u` only single ones."""
    return _filter(call, [switch("count", "c"), switch("repeated", "d"), switch("unique", "u")], _runs)


def _runs(text: str, flags: Parsed) -> str:
    runs: list[tuple[str, int]] = []
    for line in text.splitlines():
        if runs and runs[-1][0] == line:
            runs[-1] = (line, runs[-1][1] + 1)
        else:
            runs.append((line, 1))
    chosen = [(line, count) for line, count in runs
              if not (flags.on("repeated") and count == 1) and not (flags.on("unique") and count > 1)]
    return "".join(f"{count:7} {line}\n" if flags.on("count") else line + "\n" for line, count in chosen)


def cut(call: Call) -> Output:
    """Fields (`-f 1,3`, `-f 2-`) of lines split at `-d C` (default a tab)."""
    return _filter(call, [Flag("delimiter", "d"), Flag("fields", "f")], _cut)


def _cut(text: str, flags: Parsed) -> str:
    delimiter = flags.get("delimiter", "\t")
    lines = []
    for line in text.splitlines():
        fields = line.split(delimiter)
        wanted = [index for part in flags.get("fields", "1-").split(",") for index in _range(part, len(fields))]
        lines.append(delimiter.join(fields[index] for index in sorted(set(wanted))) if delimiter in line else line)
    return "".join(line + "\n" for line in lines)


def _range(part: str, count: int) -> range:
    match = re.fullmatch(r"(\d{0,4})(-?)(\d{0,4})", part)
    if match is None or not part.strip("-"):
        raise FlagError(f"invalid field value '{part}'")
    start = int(match[1] or 1)
    end = int(match[3] or count) if match[2] else start
    return range(start - 1, min(end, count))


def wc(call: Call) -> Output:
    """Count lines (`-l`), words (`-w`), bytes (`-c`); all three by default."""
    try:
        flags = read_flags(call.args, [switch("lines", "l"), switch("words", "w"), switch("bytes", "c")], GETOPT)
        texts = [(call.read(name), name) for name in flags.operands] or [(call.stdin, "")]
    except (FlagError, NoSuchFile) as problem:
        return failed(f"wc: {problem}")
    wanted = [name for name in ("lines", "words", "bytes") if flags.on(name)] or ["lines", "words", "bytes"]
    rows = [([_count(text, name) for name in wanted], name) for text, name in texts]
    if len(rows) > 1:
        rows.append(([sum(column) for column in zip(*(counts for counts, _ in rows), strict=True)], "total"))
    width = len(str(max(max(counts) for counts, _ in rows))) if len(wanted) == 1 or flags.operands else 7
    return Output("".join((" ".join(str(count).rjust(width if len(wanted) > 1 else 0) for count in counts) + " " + name
                           ).rstrip() + "\n" for counts, name in rows))


def _count(text: str, what: str) -> int:
    match what:
        case "lines":
            return text.count("\n")
        case "words":
            return len(text.split())
        case _:
            return len(text.encode())


def tee(call: Call) -> Output:
    """Pass standard input on and keep a copy in files (`-a` appends)."""
    try:
        flags = read_flags(call.args, [switch("append", "a")], GETOPT)
    except FlagError as problem:
        return failed(f"tee: {problem}")
    for path in flags.operands:
        call.write(path, call.stdin, flags.on("append"))
    return Output(call.stdin)


def echo(call: Call) -> Output:
    """Print the arguments; `-n` without the line break, `-e` with escapes."""
    words, plain, escapes = list(call.args), True, False
    while words and re.fullmatch("-[neE]+", words[0]):
        letters = words.pop(0)
        plain, escapes = plain and "n" not in letters, escapes or "e" in letters
    text = " ".join(words)
    return Output((unescaped(text) if escapes else text) + ("\n" if plain else ""))


def printf(call: Call) -> Output:
    """Print a format with `%s`, `%d` and `%%`, again for as long as there are arguments."""
    if not call.args:
        return failed("printf: usage: printf FORMAT [ARGUMENT]...", 2)
    form, rest = unescaped(call.args[0]), list(call.args[1:])
    pieces = re.split(r"(%[sd%])", form)
    text = ""
    while True:
        for piece in pieces:
            text += "%" if piece == "%%" else (rest.pop(0) if rest else "") if piece in ("%s", "%d") else piece
        if not rest or not any(piece in ("%s", "%d") for piece in pieces):
            return Output(text)


def unescaped(text: str) -> str:
    """`text` with `\\n`, `\\t`, `\\r`, `\\\\` replaced by the characters they stand for."""
    known = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
    return re.sub(r"\\([ntr\\])", lambda match: known[match[1]], text)


def _filter(call: Call, table: Sequence[Flag], change: Callable[[str, Parsed], str]) -> Output:
    """Read the options, apply `change` to each input, report the files that are not there."""
    try:
        flags = read_flags(call.args, table, GETOPT)
    except FlagError as problem:
        return failed(f"{call.name}: {problem}")
    texts, complaints = [] if flags.operands else [call.stdin], ""
    for path in flags.operands:
        try:
            texts.append(call.read(path))
        except NoSuchFile as problem:
            complaints += f"{call.name}: {problem}\n"
    if call.name in ("sort", "cat"):
        texts = ["".join(texts)] if texts else []
    return Output("".join(change(text, flags) for text in texts), complaints, 1 if complaints else 0)


def edit(call: Call) -> Output:
    """`edit FILE` (and vi, vim, nano): a virtual file in the editor of whoever sits there."""
    names = [word for word in call.args if not word.startswith("-")]
    if call.desk.editor is None:
        return failed(f"{call.name}: no editor can be opened here; `cat > {names[0] if names else 'FILE'} <<EOF` writes a file")
    if len(names) != 1:
        return failed(f"{call.name}: expected one file, for example `{call.name} web.yaml`", 2)
    try:
        before = call.read(names[0])
    except NoSuchFile:
        before = ""
    call.write(names[0], call.desk.editor(names[0].rpartition("/")[2], before))
    return Output()


def history(call: Call) -> Output:
    """`history [N]`: the lines typed so far, or the last N, with their numbers. Source: bash(1), HISTORY."""
    lines = [f"{number:>5}  {line}\n" for number, line in enumerate(call.desk.history, 1)]
    if call.args and not call.args[0].isdigit():
        return failed(f"history: {call.args[0]}: numeric argument required")
    return Output("".join(lines[-int(call.args[0]):] if call.args and int(call.args[0]) else lines))
