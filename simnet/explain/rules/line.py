"""One rule of a rendered table: its text, and what it is for, so that a step of a walk can name it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from simnet.names import ObjectKey

Owner = tuple[ObjectKey, str, str, int]
"""A service port of one family: `ServicePortRules.identity`."""


class Role(StrEnum):
    """What a rule does. `BASE` rules carry packets to the others and are the same on every node."""

    BASE = "base"
    CAPTURE = "capture"      # a destination belongs to a service port
    REFUSE = "refuse"        # a destination rejects or drops
    RANGE = "range"          # a source range lets in
    FIREWALL = "firewall"    # everything outside the source ranges is dropped
    WAY = "way"              # whom a list of endpoints is for, and whether to masquerade
    STICKY = "sticky"        # session affinity remembers an endpoint
    PICK = "pick"            # an endpoint is drawn
    HAIRPIN = "hairpin"      # an endpoint that reaches itself is masqueraded
    TRANSLATE = "translate"  # the destination becomes the endpoint
    MASQUERADE = "masquerade"  # the source becomes the node
    HEALTH = "health"        # a health check node port is let in
    UNUSED = "unused"        # nftables: other ports of cluster IPs, and addresses nobody has


class Line(NamedTuple):
    """`text` is the whole rule as the tool reads it. `owner` is the service port it is for, `about` tells which of its
    rules of this role it is: the kind of address and the address, the sources of a way, or the endpoint's text."""

    table: str
    chain: str
    text: str
    role: Role = Role.BASE
    owner: Owner | None = None
    about: tuple[object, ...] = ()
