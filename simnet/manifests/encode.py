"""Values -> YAML, JSON and KYAML text, laid out as kubectl prints them.

Source: sigs.k8s.io/yaml `JSONToYAML` over go.yaml.in/yaml/v2 for YAML (keys in natural order, lists at the column of
their key, lines cut after 80 columns), cli-runtime's JSON printer (four spaces) for JSON, sigs.k8s.io/yaml/kyaml for
KYAML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cmp_to_key
from typing import Any

from simnet.manifests.encode_styles import double_quoted, style_of, written
from simnet.manifests.yaml_scalars import as_json, go_float, is_text, is_unwritable

_LONGEST_SIMPLE_KEY = 128
_KYAML_KEY = re.compile(r"\w(?:[\w./-]*\w)?")
_TAKEN_FOR_OTHERS = frozenset(["null", "true", "y", "yes", "on", "t", "false", "n", "no", "off", "f", "inf", "infinity", "nan"])
_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def to_yaml(value: Any) -> str:
    """One document, with a line end at its end, as `kubectl get -o yaml` prints it.

    Mappings need text keys. Raises TypeError for a value that JSON cannot hold, ValueError for infinities and NaN.
    """
    if isinstance(value, Mapping | list | tuple) and value:
        return _block(value, -2, 0)[1:]
    return _scalar(value, 0, 2) + "\n"


def to_yaml_all(values: Iterable[Any]) -> str:
    """Several documents with `---` between them."""
    return "---\n".join(to_yaml(value) for value in values)


def to_json(value: Any) -> str:
    """The value as `kubectl get -o json` prints it: sorted keys, four spaces, `<`, `>` and `&` escaped."""
    text = json.dumps(_plain(value), indent=4, sort_keys=True, ensure_ascii=False, allow_nan=False)
    for char, escape in _HTML.items():
        text = text.replace(char, escape)
    return text + "\n"


def to_kyaml(value: Any) -> str:
    """One document in KYAML: `---`, braces and brackets, quoted texts, trailing commas, keys in the given order."""
    return f"---\n{_flow(value, 0)}\n"


# -- YAML --------------------------------------------------------------------------------------------------------------


def _block(value: Any, indent: int, column: int) -> str:
    """What follows `key:` or `-`: a value whose enclosing collection stands at `indent`, on a line that is filled up
    to `column`. Begins with a space, or with a line end where the value stands below; ends with a line end."""
    if isinstance(value, Mapping) and value:
        return "\n" + _entries(value, indent + 2)
    if isinstance(value, list | tuple) and value:
        return "\n" + _items(value, max(indent, 0))
    return f" {_scalar(value, column + 1, indent + 2)}\n"


def _entries(mapping: Mapping[str, Any], indent: int) -> str:
    pad, out = " " * indent, []
    for key in natural_order(mapping):
        name = written(key, style_of(key, is_key=True), 0, 0, may_break=False)
        if "\n" not in key and len(key.encode()) <= _LONGEST_SIMPLE_KEY:
            out.append(f"{pad}{name}:{_block(mapping[key], indent, indent + len(name) + 1)}")
        else:
            out.append(f"{pad}? {_scalar(key, indent + 2, indent + 2)}\n{pad}:{_after_mark(mapping[key], indent)}")
    return "".join(out)


def _items(items: Iterable[Any], indent: int) -> str:
    return "".join(f"{' ' * indent}-{_after_mark(item, indent)}" for item in items)


def _after_mark(value: Any, indent: int) -> str:
    """What follows a dash (or the `:` of a long key) at `indent`: collections begin on the same line."""
    if isinstance(value, Mapping) and value:
        return " " + _entries(value, indent + 2)[indent + 2 :]
    if isinstance(value, list | tuple) and value:
        return " " + _items(value, indent + 2)[indent + 2 :]
    return _block(value, indent, indent + 1)


def _scalar(value: Any, column: int, indent: int) -> str:
    if isinstance(value, str):
        return written(value, style_of(value), column, indent)
    return _word(value)


def _word(value: Any) -> str:
    """A value that is neither text nor a filled collection, in one word."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list | tuple):
        return "[]"
    raise TypeError(f"{type(value).__name__} {value!r} is no value of a manifest")


def _float(value: float) -> str:
    if is_unwritable(value):
        raise ValueError(f"{value} has no form in a manifest")
    whole = as_json(value)
    if isinstance(whole, int):
        return str(whole)
    forms = (f"{value:.{digits}e}" for digits in range(18))
    return go_float(next(form for form in forms if float(form) == value))


def natural_order(keys: Iterable[str]) -> list[str]:
    """Keys as kubectl sorts them: numbers inside by value, letters after everything else.

    Source: go.yaml.in/yaml/v2 sorter.go.
    """
    found = list(keys)
    return sorted(found) if all(key.isalpha() for key in found) else sorted(found, key=cmp_to_key(_compared))


def _compared(a: str, b: str) -> int:
    return 0 if a == b else -1 if _is_less(a, b) else 1


def _is_less(a: str, b: str) -> bool:
    index = next((i for i, (left, right) in enumerate(zip(a, b, strict=False)) if left != right), None)
    if index is None:
        return len(a) < len(b)
    left, right = a[index], b[index]
    if left.isalpha() or right.isalpha():
        return left < right if left.isalpha() and right.isalpha() else right.isalpha()
    before = len(a[:index]) - len(a[:index].rstrip("0123456789"))
    inside = "0" in (left, right) and a[index - before : index].strip("0") != ""
    digits, others = (_digits(text, index) for text in (a, b))
    numbers = [int(("1" if inside else "") + run or "0") for run in (digits, others)]
    if numbers[0] != numbers[1]:
        return numbers[0] < numbers[1]
    return len(digits) < len(others) if len(digits) != len(others) else left < right


def _digits(text: str, index: int) -> str:
    end = index
    while end < len(text) and text[end] in "0123456789":
        end += 1
    return text[index:end]


# -- JSON and KYAML ----------------------------------------------------------------------------------------------------


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(child) for child in value]
    return as_json(value)


def _flow(value: Any, indent: int) -> str:
    pad, inner = " " * indent, " " * (indent + 2)
    if isinstance(value, str):
        return _folded(value, indent + 2)
    if isinstance(value, Mapping) and value:
        entries = "".join(f"{inner}{_flow_key(key)}: {_flow(child, indent + 2)},\n" for key, child in value.items())
        return f"{{\n{entries}{pad}}}"
    if isinstance(value, list | tuple) and value:
        if all(isinstance(item, Mapping | list | tuple) and item for item in value):
            return f"[{', '.join(_flow(item, indent) for item in value)}]"
        items = "".join(f"{inner}{_flow(item, indent + 2)},\n" for item in value)
        return f"[\n{items}{pad}]"
    return _word(value)


def _flow_key(key: str) -> str:
    """A key without quotes where they are not needed. Source: sigs.k8s.io/yaml/kyaml `needsQuotes`."""
    is_word = _KYAML_KEY.fullmatch(key) is not None and is_text(key) and key.lower() not in _TAKEN_FOR_OTHERS
    return key if is_word else double_quoted(key)


def _folded(text: str, indent: int) -> str:
    """A text in double quotes, each of its lines on a line of its own."""
    first, *rest = text.split("\n")
    if not rest:
        return double_quoted(text)
    pieces = [double_quoted(first)[1:-1]]
    for line in rest:
        body = double_quoted(line)[1:-1]
        pieces.append((" " + ("\\" if body.startswith(" ") else "") + body) if body else "")
    return '"' + f"\\n\\\n{' ' * indent}".join(pieces) + '"'
