"""Does a certificate speak for this host, and by which of its names?

Source: rules T-4 and T-5; kubernetes/ingress-nginx internal/ingress/controller/certificate.go verifyHostname, which
keeps the common name alive for certificates without alternative names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from simnet.ip import number


class NameKind(StrEnum):
    """Where the names of a `Coverage` stand in the certificate."""

    ALTERNATIVE_NAME = "subject alternative name"
    ALTERNATIVE_ADDRESS = "subject alternative address"
    COMMON_NAME = "common name"


@dataclass(frozen=True, slots=True)
class Coverage:
    """The answer, true if the host is covered: `by` is the name that does it (empty: none), `names` all considered."""

    host: str
    kind: NameKind
    names: tuple[str, ...]
    by: str

    def __bool__(self) -> bool:
        return bool(self.by)


def address_number(text: str) -> int | None:
    """The number of an address (see `simnet.ip`), None for a name."""
    try:
        return number(text)
    except ValueError:
        return None


def find_coverage(host: str, dns_names: Iterable[str], addresses: Iterable[str], common_name: str) -> Coverage:
    """Look for `host` (a DNS name, a literal `*.` name, or an address) among the names of a certificate.

    An address is only compared with addresses, by value; brackets around it do not matter. A name is compared with the
    DNS names; only if there are none, with `common_name` (empty: with nothing). Case and one trailing dot do not
    matter, and `*` as the first label of a certificate's name stands for any one label.
    """
    wanted = address_number(host.removeprefix("[").removesuffix("]"))
    if wanted is not None:
        names = tuple(addresses)
        by = next((name for name in names if address_number(name) == wanted), "")
        return Coverage(host, NameKind.ALTERNATIVE_ADDRESS, names, by)
    kind, names = NameKind.ALTERNATIVE_NAME, tuple(dns_names)
    if not names and common_name:
        kind, names = NameKind.COMMON_NAME, (common_name,)
    labels = _labels(host)
    return Coverage(host, kind, names, next((name for name in names if _stands_for(_labels(name), labels)), ""))


def _labels(name: str) -> list[str]:
    return name.lower().removesuffix(".").split(".")


def _stands_for(pattern: list[str], labels: list[str]) -> bool:
    if len(pattern) != len(labels) or labels == [""]:
        return False
    return pattern[1:] == labels[1:] and pattern[0] in ("*", labels[0])
