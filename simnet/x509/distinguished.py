"""Distinguished names: whom a certificate is for, and who issued it.

Source: RFC 5280 section 4.1.2.4; the short names of attributes: RFC 4514 section 3 and OpenSSL's objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import simnet.x509.der as der

_SHORT_NAMES: Final = {
    "2.5.4.3": "CN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "street",
    "2.5.4.10": "O", "2.5.4.11": "OU", "1.2.840.113549.1.9.1": "emailAddress", "0.9.2342.19200300.100.1.25": "DC",
    "0.9.2342.19200300.100.1.1": "UID",
}  # fmt: skip
_IDENTIFIERS: Final = {name: identifier for identifier, name in _SHORT_NAMES.items()}


@dataclass(frozen=True, slots=True)
class DistinguishedName:
    """Attributes such as ("O", "Acme Co"), in the order of the certificate; `encoded` is what is compared."""

    attributes: tuple[tuple[str, str], ...]
    encoded: bytes = field(repr=False)

    @property
    def common_name(self) -> str:
        """The last CN, as Go and curl take it; empty if there is none."""
        return next((value for name, value in reversed(self.attributes) if name == "CN"), "")

    @property
    def organization(self) -> str:
        """The first O; empty if there is none."""
        return next((value for name, value in self.attributes if name == "O"), "")

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.attributes)


def read_name(name: der.Element) -> DistinguishedName:
    """A Name; attributes without a short name are called by their identifier. Raises `DerError`."""
    attributes = []
    for relative in name.children("rdn", der.SET):
        for attribute in relative.children("attribute", der.SEQUENCE):
            fields = attribute.fields()
            identifier = fields.take("type", der.OBJECT_IDENTIFIER).object_identifier()
            value = fields.take("value").text()
            fields.end()
            attributes.append((_SHORT_NAMES.get(identifier, identifier), value))
    return DistinguishedName(tuple(attributes), name.encoded)


def write_name(attributes: Sequence[tuple[str, str]]) -> bytes:
    """A Name of UTF8Strings. The attributes are called by their short names."""
    return der.sequence(*(_relative_name(name, value) for name, value in attributes))


def _relative_name(name: str, value: str) -> bytes:
    pair = (der.object_identifier(_IDENTIFIERS[name]), der.encode(der.UTF8_STRING, value.encode()))
    return der.encode(der.SET, der.sequence(*pair))
