"""`simnet lint FILE...`: simnet's own check of manifests, over the virtual files of the session."""

from __future__ import annotations

from json import dumps

from simnet.console.desk import Call, files_here
from simnet.console.flags import PFLAG, Flag, FlagError, read_flags, switch
from simnet.console.output import Output, failed
from simnet.errors import SimnetError, nearest
from simnet.lint.report import is_failure, json_of, sarif_of, text_of
from simnet.lint.texts import differences, lint_texts, repaired

FORMATS = ("text", "json", "sarif")
UNREADABLE = 2


def simnet(call: Call) -> Output:
    """The subcommands of simnet that make sense inside a session: `lint`. Status 0, 1 (found something), 2 (unreadable)."""
    if list(call.args[:1]) != ["lint"]:
        word = call.args[0] if call.args else ""
        near = "; did you mean lint?" if nearest(word, ("lint",)) else ""
        return failed(f"simnet: only `simnet lint` runs inside a session{near}", UNREADABLE)
    try:
        flags = read_flags(call.args[1:], [switch("fix"), switch("diff"), Flag("format")], PFLAG)
        return _lint(call, flags.operands, flags.get("format", "text"), flags.on("fix"), flags.on("diff"))
    except FlagError as problem:
        hint = f"; did you mean --{problem.suggestion}?" if problem.suggestion else ""
        return failed(f"simnet lint: {problem}{hint}", UNREADABLE)
    except SimnetError as problem:
        return failed(str(problem), UNREADABLE)


def _lint(call: Call, paths: list[str], format: str, fix: bool, diff: bool) -> Output:
    if format not in FORMATS or not paths:
        what = "a file is expected" if not paths else f"--format {format} is not one of {', '.join(FORMATS)}"
        return failed(f"simnet lint: {what}", UNREADABLE)
    texts = {name: call.read(name) for path in paths for name in _files(call, path)}
    shown, remarks = "", lint_texts(texts)
    if fix or diff:
        after, left = repaired(texts)
        shown = differences(texts, after)
        if fix:
            remarks = left
            for name, text in after.items():
                call.write(name, text)
    if format == "text":
        shown += text_of(remarks) or "nothing found\n"
    else:
        shown += dumps((json_of if format == "json" else sarif_of)(remarks), indent=2, ensure_ascii=False) + "\n"
    return Output(shown, status=1 if is_failure(remarks) else 0)


def _files(call: Call, path: str) -> list[str]:
    """The file, or the manifests of a folder."""
    here = files_here(call.desk)
    folder = path.removeprefix("./").rstrip("/") + "/"
    inside = sorted(name for name in here if name.startswith(folder) and name.endswith((".yaml", ".yml", ".json")))
    return inside if path not in here and inside else [path]
