"""What unquoted words mean. Source of all values: the kubectl path, that is go.yaml.in/yaml/v2 resolve.go and the
trip through JSON of sigs.k8s.io/yaml; measured with that code."""

from __future__ import annotations

import math

import pytest

from simnet.errors import ManifestError
from simnet.manifests import yaml
from simnet.manifests.yaml_scalars import is_text, key_text, resolve

VALUES = [  # words with one meaning, the meaning
    ("true True TRUE yes Yes YES on On ON y Y", True),
    ("false False FALSE no No NO off Off OFF n N", False),
    ("~ null Null NULL", None),
    ("0777 0o777 0O777", 511), ("-0777", -511), ("007 0_7", 7),
    ("08", 8), ("09", 9),
    ("0x1F 0X1F", 31), ("-0x1f", -31), ("0b101 0B101", 5), ("-0b101", -5),
    ("1_000 1__000", 1000), ("1_ +1 1.", 1), ("-0 0.0 -0.0", 0),
    ("1e3 1E3 1e+3 1000.0", 1000), ("12e03", 12000), ("1.10", 1.1), (".5 +.5 0.5", 0.5), ("-.5", -0.5),
    ("18446744073709551615", 18446744073709551615), ("-9223372036854775808", -9223372036854775808),
    ("123456789012345678901234567890", 1.2345678901234568e29),
]  # fmt: skip
TEXTS = [
    "tRUE", "nULL", "nil", "None", "_1", ".", "..", "+", "0x", "0b", "0o", "0o8", "0b2", "22:22", "1:30",
    "12:30:45", "190:20:30.15", "2024-01-01", "2024-01-01T00:00:00Z", "Infinity", "NaN", "1e400", "100m", "1Gi",
    "1.2.3", "10.0.0.0/8", "fd00::1", "80:8080", "8000-9000", "=", "<<", "-foo", "?foo", ":foo", "foo#bar", "a:b",
    "/{id}", "$(X)", "${X}", "1_000m", "e5", "1e", "0x1G",
]


@pytest.mark.parametrize(("word", "value"), [(word, value) for words, value in VALUES for word in words.split()])
def test_a_word_with_another_meaning(word: str, value: object) -> None:
    (read,) = yaml.read_all(f"k: {word}\n")
    assert read["k"] == value and type(read["k"]) is type(value)
    assert yaml.read_all(f"- [{word}, {{a: {word}}}]\n") == [[[value, {"a": value}]]]


@pytest.mark.parametrize("word", TEXTS)
def test_a_word_that_is_text(word: str) -> None:
    assert yaml.read_all(f"k: {word}\n") == [{"k": word}]


@pytest.mark.parametrize("word", [".inf", "-.INF", "+.Inf", ".nan", ".NaN"])
def test_infinities_and_nan_have_no_json_form(word: str) -> None:
    with pytest.raises(ManifestError, match="expected a finite number"):
        yaml.read_all(f"k: {word}\n")


def test_an_integer_of_thousands_of_digits_is_read_in_no_time() -> None:
    assert yaml.read_all("k: " + "1" * 5000) == [{"k": "1" * 5000}]
    assert yaml.read_all("k: 0x" + "f" * 5000) == [{"k": "0x" + "f" * 5000}]


KEYS = [  # key as written, key as JSON has it; source: sigs.k8s.io/yaml convertToJSONableObject
    ("80", "80"), ("0o17", "15"), ("1_000", "1000"), ("1.50", "1.5"), ("yes", "true"), ("y", "true"), ("N", "false"),
    ("off", "false"), ("2024-01-01", "2024-01-01"), (".NaN", ".nan"), ("-.inf", "-.inf"), ("09", "9"),
    ("1e6", "1e+06"), ("1e5", "100000"), ("0.00001", "1e-05"), ("0.0001", "0.0001"), ("3.14159265358979", "3.1415927"),
    ("1e300", ".inf"), ("a b", "a b"), ("a:b", "a:b"), ('"yes"', "yes"), ("'1.50'", "1.50"), ("!!str yes", "yes"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "key"), KEYS)
def test_keys_become_text(written: str, key: str) -> None:
    assert yaml.read_all(f"{written}: x\n") == [{key: "x"}]
    assert yaml.read_all(f"- {{{written}: x}}\n") == [[{key: "x"}]]


def test_colons_may_make_a_key_outside_brackets_only() -> None:
    assert yaml.read_all("::: x\n") == [{"::": "x"}]
    with pytest.raises(ManifestError, match="found `:` where a value cannot begin"):
        yaml.read_all("{::: x}\n")


TAGGED = [  # value as written, value; source: go.yaml.in/yaml/v2 decode.go scalar
    ("!!str 123", "123"), ("!!str", ""), ("!!int '123'", 123), ("!!bool 'yes'", True), ("!!float 1", 1),
    ("!!null ''", None), ("! 123", "123"), ("!foo bar", "bar"), ("!!foo bar", "bar"), ("!!binary aGVsbG8=", "hello"),
    ("!!binary '4oI='", "\ufffd\ufffd"), ("!!timestamp 2024-01-01", "2024-01-01"), ("!!%73tr 1", "1"), ("!<tag:yaml.org,2002:str> 1", "1"), ("!!str 1.0", "1.0"),
    ("!!map {a: 1}", {"a": 1}), ("!x [1]", [1]),
]  # fmt: skip


@pytest.mark.parametrize(("written", "value"), TAGGED)
def test_tags(written: str, value: object) -> None:
    assert yaml.read_all(f"k: {written}\n") == [{"k": value}]


WRONG_TAGS = [
    ("!!int x", "!!int with `x`, which is text"), ("!!bool 1", "!!bool with `1`, which is an integer"),
    ("!!int 1.5", "a number with a fraction"), ("!!timestamp x", "which is no timestamp"), ("!!int", "which is null"),
    ("!!binary x*", "text that is not base64"), ("!!binary 'aGVs bG8='", "text that is not base64"),
    ("!!binary aGVsbG8", "text that is not base64"), ("!!x%ba 1", "`!!x%ba`, which is not UTF-8"), ("!e!x 1", "the tag handle `!e!`"), ("!!str !!int 1", "a second anchor or tag"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "words"), WRONG_TAGS)
def test_a_value_that_is_not_of_its_tag(written: str, words: str) -> None:
    with pytest.raises(ManifestError) as caught:
        yaml.read_all(f"k: {written}\n")
    assert words in str(caught.value)


def test_what_needs_quotes_to_stay_text() -> None:
    assert [word for word in ("yes", "80", "1.5", "~", "2024-01-01", "0x1F", "") if is_text(word)] == []
    assert all(is_text(word) for word in ("yess", "80/tcp", "1.5.0", "web", "22:22"))


def test_resolved_floats_stay_floats_until_they_are_values() -> None:
    assert type(resolve("1e6")) is float and key_text(resolve("1e6")) == "1e+06"
    assert key_text(None) is None and key_text(math.nan) == ".nan"
