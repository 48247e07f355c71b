"""How iptables-save spells the parts of a rule."""

from __future__ import annotations

from simnet import ip
from simnet.explain.rules.line import Line, Owner, Role

FILTER, NAT = "filter", "nat"
MARK = "0x4000/0x4000"
STEPS = 1 << 31  # the kernel keeps a probability as a number of 31 bits


def line(table: str, chain: str, *matches: str, match: str = "", jump: str = "", role: Role = Role.BASE,
         owner: Owner | None = None, about: tuple[object, ...] = ()) -> Line:
    """A rule: `match` is what stands first (addresses, protocol), `matches` are the modules in their order, empty ones
    left out, `jump` is the target with its options ('' for a rule that only counts)."""
    parts = ["-A", chain, match, *matches, f"-j {jump}" if jump else ""]
    return Line(table, chain, " ".join(part for part in parts if part), role, owner, about)


def comment(text: str) -> str:
    return f'-m comment --comment "{text}"'


def host(number: int) -> str:
    """One address, `10.0.0.1/32`."""
    return f"{ip.text(number)}/{32 if ip.family(number) == 4 else 128}"


def port(protocol: str, number: int) -> str:
    return f"-m {protocol} --dport {number}"


def recent(name: str, action: str, family: int) -> str:
    """The list of clients an endpoint remembers (rules AF-1, AF-4)."""
    mask = "255.255.255.255" if family == 4 else "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
    return f"-m recent {action} --name {name} --mask {mask} --rsource"


def one_of(count: int) -> str:
    """A draw that one packet in `count` wins (rule LB-1): kube-proxy writes ten digits, the kernel rounds them."""
    steps = round(float(f"{1 / count:.10f}") * STEPS)
    return f"-m statistic --mode random --probability {steps / STEPS:.11f}"
