"""How nft spells rules and elements."""

from __future__ import annotations

from simnet.explain.rules.line import Line, Owner, Role


def keyword(family: int) -> str:
    """`ip` or `ip6`."""
    return "ip" if family == 4 else "ip6"


def line(chain: str, *parts: str, role: Role = Role.BASE, owner: Owner | None = None,
         about: tuple[object, ...] = ()) -> Line:
    """A rule of a chain; empty parts are left out."""
    return Line("kube-proxy", chain, " ".join(part for part in parts if part), role, owner, about)


def element(place: str, *key: str, comment: str = "", verdict: str = "", role: Role = Role.BASE,
            owner: Owner | None = None, about: tuple[object, ...] = ()) -> Line:
    """An element of a set, or with a verdict one of a map: `10.96.0.10 . udp . 53 : goto service-...`."""
    said = f' comment "{comment}"' if comment else ""
    end = f" : {verdict}" if verdict else ""
    return Line("kube-proxy", place, f"{' . '.join(key)}{said}{end}", role, owner, about)
