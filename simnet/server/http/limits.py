"""What one client may ask of the door before it is cut off."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds.

    `head_bytes` and `fields` bound request line and headers, `body_bytes` a request's body, `connections` all clients
    together. `head_seconds` is the time a whole head may take, `idle_seconds` how long nothing may happen on a
    connection, `tunnel_seconds` the same after a protocol switch. `traces` are remembered, the oldest goes first; many
    more, and every request would touch memory that is in no cache.
    """

    head_bytes: int = 32 << 10
    fields: int = 200
    body_bytes: int = 64 << 20
    connections: int = 1000
    head_seconds: float = 15.0
    idle_seconds: float = 60.0
    tunnel_seconds: float = 3600.0
    traces: int = 256
