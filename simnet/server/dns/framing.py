"""Messages on a TCP connection: two octets of length before each (D73). Source: RFC 1035 section 4.2.2, RFC 7766."""

from __future__ import annotations


def framed(message: bytes) -> bytes:
    """The message behind its length."""
    return len(message).to_bytes(2, "big") + message


def frames(stream: bytes | bytearray) -> tuple[list[bytes], bytes]:
    """The whole messages at the start of a stream, and what is left: the beginning of one that is still on its way."""
    found: list[bytes] = []
    at = 0
    while at + 2 <= len(stream):
        end = at + 2 + int.from_bytes(stream[at:at + 2], "big")
        if end > len(stream):
            break
        found.append(bytes(stream[at + 2:end]))
        at = end
    return found, bytes(stream[at:])
