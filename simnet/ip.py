"""IP addresses and networks of both families in one space of integers.

The packet path holds plain integers and compares them inline. An IPv4 address is its number, 0 to 2**32 - 1; an IPv6
address is its number plus 2**128. So an integer names one address of one family, and `first <= number <= last` is
containment for either. `number` and `text` convert; `IPAddress` and `IPNetwork` are the values shown to users.

`socket.inet_pton` and `inet_ntop` do the ordinary work; the parser below runs when they refuse, to name the octet or
group at fault and the rule, so bad text costs a few microseconds more than good text.

Source: RFC 4291 section 2.2 (text forms), RFC 5952 section 4 (canonical text), RFC 4632 section 3.1 (prefix notation).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import NoReturn

from simnet.errors import UsageError

V6 = 1 << 128
"""Added to the number of an IPv6 address; everything below is IPv4."""

_BITS = {4: 32, 6: 128}
_V4_COUNT = 1 << 32
_OCTETS = tuple(str(octet) for octet in range(256))
_DOTTED = tuple(f"{octet}." for octet in range(256))
_PREFIX_LENGTHS = {str(length): length for length in range(129)}
_DIGITS = frozenset("0123456789")
_HEX = frozenset("0123456789abcdefABCDEF")
_set = object.__setattr__


def number(text: str) -> int:
    """The integer of an address of either family: `number("10.0.0.1") == 0x0a000001`.

    Raises UsageError (a ValueError) naming the octet or group and the rule. Cost: about 0.3 microseconds.
    """
    try:
        if ":" in text:
            return V6 | int.from_bytes(inet_pton(AF_INET6, text), "big")
        return int.from_bytes(inet_pton(AF_INET, text), "big")
    except (OSError, ValueError):
        return _parse(text)


def number_or_none(text: str) -> int | None:
    """The address a text is, None if it is none. Quick for names, of which there are many."""
    if ":" not in text and not text.replace(".", "").isdecimal():
        return None
    try:
        return number(text)
    except ValueError:
        return None


def text(number: int) -> str:
    """The canonical text of an address: RFC 5952, with a dotted tail only in ::ffff:0:0/96.

    `inet_ntop` differs in ::/96, where C libraries still print the deprecated IPv4-compatible form (`::1.2.3.4`);
    such addresses are written here. Raises UsageError for an integer that is no address. Cost: 0.3 microseconds.
    """
    if 0 <= number < _V4_COUNT:
        second, third = _DOTTED[number >> 16 & 255], _DOTTED[number >> 8 & 255]
        return f"{_DOTTED[number >> 24]}{second}{third}{_OCTETS[number & 255]}"
    value = number - V6
    if not 0 <= value < V6:
        raise UsageError(f"{number} is not the number of an IP address")
    return _low_text(value) if value >> 48 == 0 else inet_ntop(AF_INET6, value.to_bytes(16, "big"))


def _low_text(value: int) -> str:
    """The text of an address of ::/80: its first five groups are zero, so no other run can be longer."""
    if value >> 32 == 0xFFFF:
        return "::ffff:" + text(value & 0xFFFF_FFFF)
    groups = [f"{value >> shift & 0xFFFF:x}" for shift in (32, 16, 0) if value >> shift]
    return "::" + ":".join(groups)


def family(number: int) -> int:
    """4 or 6."""
    return 6 if number >= V6 else 4


def host_port(number: int, port: int) -> str:
    """`10.0.0.1:80`, `[fd00::1]:80`: an address and a port as URLs and kube-proxy write them."""
    return f"[{text(number)}]:{port}" if number >= V6 else f"{text(number)}:{port}"


@dataclass(frozen=True, slots=True, order=True, repr=False)
class IPAddress:
    """One address. Ordered by family, then by value; equal exactly when family and value are.

    `number` is the integer described at the top of this module.
    """

    number: int

    def __post_init__(self) -> None:
        if not (0 <= self.number < _V4_COUNT or V6 <= self.number < V6 + V6):
            raise UsageError(f"{self.number} is not the number of an IP address")

    @classmethod
    def parse(cls, text: str) -> IPAddress:
        """Read an address of either family; UsageError names what is wrong."""
        return cls(number(text))

    @property
    def family(self) -> int:
        """4 or 6."""
        return family(self.number)

    @property
    def value(self) -> int:
        """The plain number of the address, without the mark of its family."""
        return self.number & (V6 - 1)

    def __str__(self) -> str:
        return text(self.number)

    def __repr__(self) -> str:
        return f"IPAddress('{self}')"


@dataclass(frozen=True, slots=True, order=True, repr=False)
class IPNetwork:
    """A block of addresses, `first` to `last` (both inclusive, integers of this module), 2**h of them.

    Every method that yields addresses yields integers; `text` or `IPAddress` makes them readable.
    """

    first: int
    prefix_length: int
    last: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        first, length = self.first, self.prefix_length
        bits = 32 if first < _V4_COUNT else 128
        if not 0 <= length <= bits:
            raise UsageError(f"/{length} is not an IPv{family(first)} prefix length: 0 to {bits}")
        host_mask = (1 << bits - length) - 1
        if first & host_mask:
            meant = f"{text(first & ~host_mask)}/{length}"
            raise UsageError(f"{text(first)}/{length} has host bits set; did you mean {meant}?")
        object.__setattr__(self, "last", first | host_mask)

    @classmethod
    def parse(cls, text: str, strict: bool = False) -> IPNetwork:
        """Read `ADDRESS/LENGTH`. Host bits are cleared, or refused when `strict`; UsageError names what is wrong."""
        address, slash, length_text = text.partition("/")
        length = _PREFIX_LENGTHS.get(length_text)
        if length is None:
            _refuse_network(text, address, slash, length_text)
        start = number(address)
        host_bits = (32 if start < _V4_COUNT else 128) - length
        if host_bits < 0:
            _refuse_network(text, address, slash, length_text)
        if strict:
            return cls(start, length)
        network, first = object.__new__(cls), start >> host_bits << host_bits  # nothing is left to check: half the time
        _set(network, "first", first)
        _set(network, "prefix_length", length)
        _set(network, "last", first + (1 << host_bits) - 1)
        return network

    @property
    def family(self) -> int:
        """4 or 6."""
        return family(self.first)

    @property
    def size(self) -> int:
        """How many addresses, network and broadcast address included."""
        return self.last - self.first + 1

    @property
    def network_address(self) -> IPAddress:
        """The first address of the block."""
        return IPAddress(self.first)

    @property
    def broadcast(self) -> IPAddress | None:
        """The last address of an IPv4 block of four or more; None for the others, which have no broadcast."""
        return IPAddress(self.last) if self.family == 4 and self.prefix_length < 31 else None

    def __contains__(self, address: IPAddress | int | str) -> bool:
        if type(address) is IPAddress:
            return self.first <= address.number <= self.last
        value = address if isinstance(address, int) else number(str(address))
        return self.first <= value <= self.last

    def covers(self, other: IPNetwork) -> bool:
        """Whether every address of `other` lies in this block."""
        return self.first <= other.first and other.last <= self.last

    def overlaps(self, other: IPNetwork) -> bool:
        """Whether the two share an address (then one covers the other)."""
        return self.first <= other.last and other.first <= self.last

    def nth(self, index: int) -> int:
        """Address number `index`, 0 being the network address; a negative one counts from the end."""
        if not -self.size <= index < self.size:
            raise UsageError(f"{self} has {self.size} addresses, none with index {index}")
        return (self.first if index >= 0 else self.last + 1) + index

    def hosts(self) -> range:
        """The addresses a machine may have: without network and broadcast address in IPv4, without the first
        (subnet-router anycast, RFC 4291 section 2.6.1) in IPv6; all of a block of one or two."""
        if self.size <= 2:
            return range(self.first, self.last + 1)
        return range(self.first + 1, self.last + (0 if self.family == 4 else 1))

    def subnets(self, new_prefix: int) -> Iterator[IPNetwork]:
        """The blocks of length `new_prefix` that this one divides into, in order."""
        bits = _BITS[self.family]
        if not self.prefix_length <= new_prefix <= bits:
            raise UsageError(f"{self} has no /{new_prefix} blocks: /{self.prefix_length} to /{bits} lie in it")
        step = 1 << bits - new_prefix
        return (IPNetwork(start, new_prefix) for start in range(self.first, self.last + 1, step))

    def __str__(self) -> str:
        return f"{text(self.first)}/{self.prefix_length}"

    def __repr__(self) -> str:
        return f"IPNetwork('{self}')"


# The parser that explains: as strict as the standards, and slow enough to be thorough.


def _parse(text: str) -> int:
    _refuse_decoration(text)
    return V6 | _parse_v6(text) if ":" in text else _parse_v4(text, text)


def _refuse(text: str, reason: str, meant: str = "") -> NoReturn:
    hint = f"; did you mean {meant}?" if meant else ""
    raise UsageError(f"{text!r} is not an IP address: {reason}{hint}") from None


def _refuse_decoration(text: str) -> None:
    """Refuse what surrounds an address elsewhere (blanks, brackets, ports, zones, prefixes), naming the rest."""
    if not text:
        _refuse(text, "it is empty")
    if any(mark.isspace() for mark in text):
        _refuse(text, "it contains a blank", _readable("".join(text.split())))
    if "%" in text:
        _refuse(text, "zone identifiers are not used in a cluster", _readable(text.partition("%")[0]))
    if "/" in text:
        _refuse(text, "it has a prefix length, which only networks have", _readable(text.partition("/")[0]))
    if text.startswith("["):
        _refuse(text, "brackets and a port belong to a URL", _readable(text[1:].partition("]")[0]))
    if "." in text and text.count(":") == 1 and (host := _readable(text.partition(":")[0])):
        _refuse(text, "it has a port", host)


def _readable(text: str) -> str:
    """`text` if it is an address, else nothing: a suggestion must itself be good."""
    try:
        number(text)
    except UsageError:
        return ""
    return text


def _parse_v4(part: str, whole: str) -> int:
    octets = part.split(".")
    if len(octets) == 1 and not _DIGITS.issuperset(part):
        _refuse(whole, "neither four octets separated by '.' nor groups separated by ':'")
    if len(octets) != 4:
        _refuse(whole, f"IPv4 has four octets, here {'is' if len(octets) == 1 else 'are'} {len(octets)}")
    value = 0
    for place, octet in enumerate(octets, 1):
        value = value << 8 | _octet(octet, place, whole)
    return value


def _octet(octet: str, place: int, whole: str) -> int:
    name = f"octet {place}"
    if not octet:
        _refuse(whole, f"{name} is empty")
    if not _DIGITS.issuperset(octet):
        _refuse(whole, f"{name} is {octet!r}, only the digits 0 to 9 are allowed")
    if len(octet) > 1 and octet[0] == "0":
        plain = octet.lstrip("0") or "0"
        octets = whole.rpartition(":")[2].split(".")
        octets[place - 1] = plain
        meant = _readable(whole[: whole.rfind(":") + 1] + ".".join(octets))
        _refuse(whole, f"{name} is {octet!r}, leading zeros are not allowed (some programs read them as octal)", meant)
    if len(octet) > 3 or int(octet) > 255:
        _refuse(whole, f"{name} is {octet}, the highest is 255")
    return int(octet)


def _parse_v6(text: str) -> int:
    if ":::" in text:
        _refuse(text, "':::' occurs; a run of zero groups is written '::'")
    if text.count("::") > 1:
        _refuse(text, "'::' occurs more than once, so its length is not known")
    head, gap, tail = text.partition("::")
    if head.startswith(":"):
        _refuse(text, "it starts with a single ':'")
    if (tail or head).endswith(":"):
        _refuse(text, "it ends with a single ':'")
    groups = _groups(head, text, 1, last=not gap)
    rest = _groups(tail, text, len(groups) + 1, last=True)
    missing = 8 - len(groups) - len(rest)
    if gap and missing < 1:
        _refuse(text, f"'::' stands for at least one group, but the other {len(groups) + len(rest)} are already there")
    if not gap and missing:
        hint = "; '::' may stand for zero groups" if missing > 0 else ""
        _refuse(text, f"IPv6 has eight groups, here are {len(groups)}{hint}")
    value = 0
    for group in (*groups, *[0] * missing, *rest):
        value = value << 16 | group
    return value


def _groups(part: str, whole: str, place: int, last: bool) -> list[int]:
    """The 16-bit groups of one side of '::'; a dotted tail, allowed at the very end, makes two."""
    if not part:
        return []
    groups: list[int] = []
    words = part.split(":")
    for index, word in enumerate(words):
        if "." in word and last and index == len(words) - 1:
            tail = _parse_v4(word, whole)
            groups += [tail >> 16, tail & 0xFFFF]
        else:
            groups.append(_group(word, place + index, whole))
    return groups


def _group(group: str, place: int, whole: str) -> int:
    name = f"group {place}"
    if "." in group:
        _refuse(whole, f"{name} is {group!r}, a dotted IPv4 part may only stand at the end")
    if not _HEX.issuperset(group):
        _refuse(whole, f"{name} is {group!r}, only hexadecimal digits are allowed")
    if len(group) > 4:
        _refuse(whole, f"{name} is {group!r}, four hexadecimal digits are the most")
    return int(group, 16)


def _refuse_network(text: str, address: str, slash: str, length: str) -> NoReturn:
    """Say why the part after '/' is no prefix length; the address is judged first, being the greater mistake."""
    start = number(address)
    bits = _BITS[family(start)]
    wanted = f"the prefix length of IPv{family(start)} is 0 to {bits}"
    if not slash:
        raise UsageError(f"{text!r} is not a network: the prefix length is missing; did you mean {text}/{bits}?")
    if "." in length and (mask := _mask_length(length)) is not None and bits == 32:
        raise UsageError(f"{text!r} is not a network: {wanted}, not a mask; did you mean {address}/{mask}?")
    plain = length.lstrip("0") or "0"
    if length and plain in _PREFIX_LENGTHS and _PREFIX_LENGTHS[plain] <= bits:
        raise UsageError(f"{text!r} is not a network: leading zeros are not allowed; did you mean {address}/{plain}?")
    raise UsageError(f"{text!r} is not a network: {wanted}")


def _mask_length(mask: str) -> int | None:
    """24 for `255.255.255.0`; None when the text is no contiguous mask."""
    if not _readable(mask):
        return None
    inverse = number(mask) ^ 0xFFFF_FFFF
    return None if inverse & inverse + 1 else 32 - inverse.bit_length()
