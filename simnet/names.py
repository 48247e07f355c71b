"""Object keys, the API server's rules for names, and names that Kubernetes makes up.

The `..._problem` functions return '' for a good name, else what the API server says about it, several complaints joined
by '; '. They are given no field path: the caller knows where the name stood.

Source: kubernetes/kubernetes staging/src/k8s.io/apimachinery pkg/util/validation/validation.go and
pkg/api/validate/content (names), pkg/util/rand/rand.go (suffixes), pkg/controller/controller_utils.go (template hash).
"""

from __future__ import annotations

import re
from random import Random
from typing import NamedTuple

from simnet.errors import UsageError

SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""The characters of generated names: no vowels and no digits that look like them, so that no words appear."""

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_LABEL_1035 = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_WILDCARD = rf"\*\.{_SUBDOMAIN}"
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE = rf"({_QUALIFIED})?"

_LABEL_SAYS = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
    "with an alphanumeric character"
)
_SUBDOMAIN_SAYS = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    "and end with an alphanumeric character"
)
_LABEL_1035_SAYS = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character"
)
_WILDCARD_SAYS = (
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
    "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character"
)
_QUALIFIED_SAYS = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
)
_LABEL_VALUE_SAYS = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "
    "and end with an alphanumeric character"
)

_CAMEL_WORDS = re.compile(r"[A-Z]+s?(?![a-z])|[A-Z]?[a-z0-9]+|[A-Z]")


class ObjectKey(NamedTuple):
    """Namespace and name of an object of a known kind; a cluster-scoped object has the namespace ''."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


def dns1123_label_problem(text: str) -> str:
    """The rule of Namespace and of most port and pod-template names: IsDNS1123Label."""
    problems = _too_long(text, 63)
    if not re.fullmatch(_LABEL, text):
        dotted = re.fullmatch(_SUBDOMAIN, text)
        problems.append("must not contain dots" if dotted else _mismatch(_LABEL_SAYS, _LABEL, "my-name", "123-abc"))
    return "; ".join(problems)


def dns1123_subdomain_problem(text: str) -> str:
    """The rule of Pod, Ingress, Secret, ... names and of exact Ingress hosts: IsDNS1123Subdomain."""
    problems = _too_long(text, 253)
    if not re.fullmatch(_SUBDOMAIN, text):
        problems.append(_mismatch(_SUBDOMAIN_SAYS, _SUBDOMAIN, "example.com"))
    return "; ".join(problems)


def dns1035_label_problem(text: str) -> str:
    """The rule of Service names: IsDNS1035Label."""
    problems = _too_long(text, 63)
    if not re.fullmatch(_LABEL_1035, text):
        problems.append(_mismatch(_LABEL_1035_SAYS, _LABEL_1035, "my-name", "abc-123"))
    return "; ".join(problems)


def wildcard_dns_problem(text: str) -> str:
    """The rule of an Ingress host with a '*': IsWildcardDNS1123Subdomain."""
    problems = _too_long(text, 253)
    if not re.fullmatch(_WILDCARD, text):
        problems.append(_mismatch(_WILDCARD_SAYS, _WILDCARD, "*.example.com"))
    return "; ".join(problems)


def port_name_problem(text: str) -> str:
    """The rule of container port names and named target ports (IANA_SVC_NAME): IsValidPortName."""
    problems = _too_long(text, 15)
    if not re.fullmatch("[-a-z0-9]+", text):
        problems.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", text):
        problems.append("must contain at least one letter (a-z)")
    if "--" in text:
        problems.append("must not contain consecutive hyphens")
    if text.startswith("-") or text.endswith("-"):
        problems.append("must not begin or end with a hyphen")
    return "; ".join(problems)


def qualified_name_problem(text: str) -> str:
    """The rule of label and annotation keys, `[PREFIX/]NAME`: IsQualifiedName."""
    if text.count("/") > 1:
        form = _mismatch(_QUALIFIED_SAYS, _QUALIFIED, "MyName", "my.name", "123-abc")
        return f"a valid label key {form} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
    prefix, slash, name = text.rpartition("/")
    problems = _prefix_problems(prefix) if slash else []
    if not name:
        problems.append("name part must be non-empty")
    problems += [f"name part {problem}" for problem in _too_long(name, 63, "bytes")]
    if not re.fullmatch(_QUALIFIED, name):
        problems.append("name part " + _mismatch(_QUALIFIED_SAYS, _QUALIFIED, "MyName", "my.name", "123-abc"))
    return "; ".join(problems)


def label_value_problem(text: str) -> str:
    """The rule of label values: IsValidLabelValue."""
    problems = _too_long(text, 63, "bytes")
    if not re.fullmatch(_LABEL_VALUE, text):
        problems.append(_mismatch(_LABEL_VALUE_SAYS, _LABEL_VALUE, "MyValue", "my_value", "12345"))
    return "; ".join(problems)


def split_host_port(text: str) -> tuple[str, int | None]:
    """Host and port of `web`, `web:80`, `10.0.0.1:80`, `[fd00::1]:80`, `[fd00::1]` or bare `fd00::1`.

    The host comes back without brackets and unchecked; the port is None when there is none. Raises UsageError.
    """
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket:
            raise UsageError(f"{text!r} is not HOST:PORT: ']' is missing")
        if rest and not rest.startswith(":"):
            raise UsageError(f"{text!r} is not HOST:PORT: {rest!r} follows ']' where ':PORT' may")
        return host, _port(rest[1:], text) if rest else None
    host, colon, port = text.rpartition(":")
    if not colon or ":" in host:
        return text, None
    return host, _port(port, text)


def snake_case(camel: str) -> str:
    """The attribute for an API field: clusterIP -> cluster_ip, podIPs -> pod_ips, podCIDR -> pod_cidr, FQDN -> fqdn."""
    return "_".join(_CAMEL_WORDS.findall(camel)).lower()


def random_suffix(rng: Random, length: int = 5) -> str:
    """The random end of a generated name, `web-7d4b9-x2x8k`; `rng` is the cluster's seeded generator."""
    return "".join(rng.choices(SUFFIX_ALPHABET, k=length))


def safe_encode(text: str) -> str:
    """Each character replaced by one of the suffix alphabet; how a pod-template-hash number becomes letters."""
    return "".join(SUFFIX_ALPHABET[ord(character) % len(SUFFIX_ALPHABET)] for character in text)


def fnv32a(data: bytes) -> int:
    """The 32-bit FNV-1a hash, which Kubernetes uses for template hashes and slice names."""
    value = 0x811C9DC5
    for byte in data:
        value = (value ^ byte) * 0x01000193 & 0xFFFF_FFFF
    return value


def _prefix_problems(prefix: str) -> list[str]:
    problems = [] if prefix else ["must be non-empty"]
    problems += _too_long(prefix, 253, "bytes")
    if prefix and not re.fullmatch(_SUBDOMAIN, prefix):
        problems.append(_mismatch(_SUBDOMAIN_SAYS, _SUBDOMAIN, "example.com"))
    return [f"prefix part {problem}" for problem in problems]


def _too_long(text: str, limit: int, unit: str = "characters") -> list[str]:
    """The limit is one of bytes everywhere; only the newer validators (label keys and values) say so."""
    return [f"must be no more than {limit} {unit}"] if len(text.encode("utf-8", "replace")) > limit else []


def _mismatch(says: str, pattern: str, *examples: str) -> str:
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{says} (e.g. {shown}regex used for validation is '{pattern}')"


def _port(port: str, whole: str) -> int:
    if not (port.isascii() and port.isdecimal()) or not 1 <= int(port) <= 65535:
        raise UsageError(f"{whole!r} is not HOST:PORT: the port is {port!r}, an integer from 1 to 65535 is needed")
    return int(port)
