"""`-o go-template=TEMPLATE`: fills in a Go template.

A key that is not there prints `<no value>`. Functions: and, or, not, eq, ne, lt, le, gt, ge, index, len, print, printf,
println, and kubectl's exists and base64decode.
Source: golang text/template (exec.go, funcs.go); kubernetes/cli-runtime pkg/printers/template.go.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simnet.console.kubectl.context import KubectlError
from simnet.console.kubectl.golang import GoError, is_equal, is_less, plain
from simnet.console.kubectl.gotemplate_parse import Block, Command, Literal, Node, Operand, Path, Pipeline, parse

_NOTHING = object()  # a key that is not there: printed as <no value>, passed on as nil


def go_template(template: str, value: Any) -> str:
    """Fill in a template. Raises KubectlError, with what was printed so far and the object on standard output."""
    try:
        nodes = parse(template, FUNCTIONS.__contains__)
    except GoError as problem:
        raise KubectlError(f"error: error parsing template {template}, {problem}") from None
    run = _Run(template, value)
    try:
        run.nodes(nodes, value)
    except GoError as problem:
        quoted = json.dumps(template, ensure_ascii=False)
        data = json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
        raise KubectlError(f"error: error executing template {quoted}: {problem}", stdout=(
            f"{''.join(run.printed)}Error executing template: {problem}. Printing more information for debugging the "
            f"template:\n\ttemplate was:\n\t\t{template}\n\traw data was:\n\t\t{data}\n\tobject given to template engine "
            f"was:\n\t\t{plain(value)}\n\n")) from None
    return "".join(run.printed)


class _Run:
    """One filling in: what was printed, and the variables."""

    def __init__(self, template: str, value: Any) -> None:
        self.template, self.printed = template, list[str]()
        self.variables: list[tuple[str, Any]] = [("$", value)]

    def nodes(self, nodes: Sequence[Node], dot: Any) -> None:
        for node in nodes:
            if isinstance(node, str):
                self.printed.append(node)
            elif isinstance(node, Block):
                self._block(node, dot)
            else:
                value = self._pipeline(node, dot)
                if not node.names:
                    self.printed.append("<no value>" if value is _NOTHING or value is None else plain(value))

    def _block(self, block: Block, dot: Any) -> None:
        known = len(self.variables)
        value = self._pipeline(block.pipeline, dot, keeps=block.word != "range")
        if block.word == "range":
            self._range(block, value, dot)
        elif _is_true(value):
            self.nodes(block.body, value if block.word == "with" else dot)
        else:
            self.nodes(block.otherwise, dot)
        del self.variables[known:]

    def _range(self, block: Block, value: Any, dot: Any) -> None:
        command = block.pipeline.commands[-1]
        match value:
            case dict():
                items = sorted(value.items())
            case list():
                items = list(enumerate(value))
            case None:
                items = []
            case _ if value is _NOTHING:
                items = []
            case int() if not isinstance(value, bool):
                items = [(number, number) for number in range(value)]
            case _:
                raise self._error(command, f"range can't iterate over {plain(value)}")
        for key, each in items:
            known, names = len(self.variables), block.pipeline.names
            self.variables += zip(names, (key, each) if len(names) == 2 else (each,), strict=False)
            self.nodes(block.body, each)
            del self.variables[known:]
        if not items:
            self.nodes(block.otherwise, dot)

    def _pipeline(self, pipeline: Pipeline, dot: Any, keeps: bool = True) -> Any:
        value: list[Any] = []
        for command in pipeline.commands:
            value = [self._command(command, dot, value)]
        if keeps and pipeline.names:
            self._assign(pipeline, value[0])
        return value[0]

    def _assign(self, pipeline: Pipeline, value: Any) -> None:
        name = pipeline.names[-1]
        if pipeline.declares:
            self.variables.append((name, value))
            return
        for index in range(len(self.variables) - 1, -1, -1):
            if self.variables[index][0] == name:
                self.variables[index] = (name, value)
                return

    def _command(self, command: Command, dot: Any, piped: list[Any]) -> Any:
        if not command.function:
            if piped:
                raise self._error(command, f"can't give argument to non-function {command.text}")
            return self._operand(command.operands[0], dot)
        if command.function in ("and", "or"):
            return self._until(command, dot, piped)
        values = [None if each is _NOTHING else each for each in (
            *(self._operand(operand, dot) for operand in command.operands), *piped)]
        try:
            return FUNCTIONS[command.function](*values)
        except GoError as problem:
            raise self._error(command, f"error calling {command.function}: {problem}") from None
        except TypeError:
            raise self._error(command, f"wrong number of args for {command.function}: got {len(values)}") from None

    def _until(self, command: Command, dot: Any, piped: list[Any]) -> Any:
        """`and` and `or` look at no more arguments than they need."""
        value: Any = None
        for operand in command.operands:
            value = self._operand(operand, dot)
            if _is_true(value) == (command.function == "or"):
                return value
        return piped[0] if piped else value

    def _operand(self, operand: Operand, dot: Any) -> Any:
        match operand:
            case Literal(value):
                return value
            case Pipeline():
                return self._pipeline(operand, dot)
            case Path(start):
                value = dot if start == "." else self._pipeline(start, dot) if isinstance(start, Pipeline) else \
                    self._variable(operand, start)
                return self._field(operand, value)

    def _variable(self, path: Path, name: str) -> Any:
        for known, value in reversed(self.variables):
            if known == name:
                return value
        raise self._error(path, f"undefined variable: {name}")

    def _field(self, path: Path, value: Any) -> Any:
        for name in path.fields:
            if value is None or value is _NOTHING:
                return _NOTHING
            if not isinstance(value, dict):
                raise self._error(path, f"can't evaluate field {name} in type interface {{}}")
            value = value.get(name, _NOTHING)
        return value

    def _error(self, node: Command | Path, problem: str) -> GoError:
        before = self.template[:node.place]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n") - 1
        place = f"output:{line}:{column}"
        return GoError(f'template: {place}: executing "output" at <{node.text}>: {problem}')


def _is_true(value: Any) -> bool:
    return value is not _NOTHING and bool(value)


# functions ------------------------------------------------------------------------------------------------------

def _eq(one: Any, *others: Any) -> bool:
    if not others:
        raise GoError("missing argument for comparison")
    return any(is_equal(one, other) if None not in (one, other) else one is other for other in others)


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, (list, str)):
            if not isinstance(key, int):
                raise GoError(f"cannot index slice/array with type {'string' if isinstance(key, str) else 'nil'}")
            if not 0 <= key < len(value):
                raise GoError(f"index out of range: {key}")
            value = value[key]
        else:
            raise GoError("index of untyped nil" if value is None else f"can't index item of type {type(value).__name__}")
    return value


def _length(value: Any) -> int:
    if not isinstance(value, (dict, list, str)):
        raise GoError("len of nil pointer" if value is None else f"len of type {type(value).__name__}")
    return len(value.encode()) if isinstance(value, str) else len(value)


def _print(*values: Any) -> str:
    """A blank between two values of which neither is a text."""
    text = ""
    for place, value in enumerate(values):
        if place and not isinstance(value, str) and not isinstance(values[place - 1], str):
            text += " "
        text += plain(value)
    return text


def _printf(form: str, *values: Any) -> str:
    waiting = list(values)

    def one(match: re.Match[str]) -> str:
        if match["verb"] == "%":
            return "%"
        if not waiting:
            return f"%!{match['verb']}(MISSING)"
        value = waiting.pop(0)
        text = json.dumps(value, ensure_ascii=False) if match["verb"] == "q" else plain(value)
        width = match["width"]
        return text.ljust(int(width)) if width and match["flag"] else text.rjust(int(width or 0))

    return re.sub(r"%(?P<flag>-?)(?P<width>\d*)(?P<verb>[a-zA-Z%])", one, form)


def _exists(value: Any, *keys: Any) -> bool:
    try:
        return _index(value, *keys) is not None
    except GoError:
        return False


def _base64decode(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        raise GoError("base64 decode failed") from None


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "and": lambda *values: None, "or": lambda *values: None, "not": lambda value: not _is_true(value), "eq": _eq,
    "ne": lambda one, other: not _eq(one, other), "lt": is_less,
    "le": lambda one, other: is_less(one, other) or is_equal(one, other), "gt": lambda one, other: is_less(other, one),
    "ge": lambda one, other: not is_less(one, other), "index": _index, "len": _length, "print": _print, "printf": _printf,
    "println": lambda *values: " ".join(map(plain, values)) + "\n", "exists": _exists, "base64decode": _base64decode,
}
"""`and` and `or` are done where their arguments are evaluated; they are here to be known."""
