"""Cookie affinity and hashing: which endpoint of a backend a client comes back to (rules K-7, K-10, Y-10).

Real keys are random and hashed onto a ring; here they come from the endpoint's own name, so that equal input gives equal
bytes. What matters is kept: any key leads to one endpoint, and a new endpoint takes over few of them.

Source: kubernetes/ingress-nginx internal/ingress/annotations/sessionaffinity/main.go, rootfs/etc/nginx/lua/balancer/
sticky.lua, sticky_balanced.lua, sticky_persistent.lua, chash.lua, chashsubset.lua; lua-resty-cookie (attribute order).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import md5
from typing import Final

from simnet.dataplane.http.annotation_reader import Reader
from simnet.dataplane.http.notes import Outcome
from simnet.dataplane.http.upstreams import Peer

COOKIE_NAME: Final = "INGRESSCOOKIE"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_PATH: Final = re.compile(r"[A-Za-z0-9/._~:-]+")
_DOMAIN: Final = re.compile(r"[A-Za-z0-9._-]+")
_SAME_SITE: Final = re.compile(r"strict|lax|none", re.IGNORECASE)
_SECONDS: Final = re.compile(r"-?\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sticky:
    """affinity: cookie. `path` '' is the rule's own path; `expires` and `max_age` are seconds as written."""

    name: str = COOKIE_NAME
    path: str = ""
    domain: str = ""
    expires: str = ""
    max_age: str = ""
    same_site: str = ""
    always_secure: bool = False
    is_persistent: bool = False
    changes_on_failure: bool = False


def read_sticky(reader: Reader) -> Sticky | None:
    """Affinity by cookie, None without; another kind is ignored."""
    kind = reader.values.get("affinity", "").strip()
    if kind and kind != "cookie":
        reader.refuse("affinity", Outcome.IGNORED)
    if kind != "cookie":
        return None
    mode = reader.values.get("affinity-mode", "").strip()
    if mode not in ("", "balanced", "persistent"):
        reader.refuse("affinity-mode", Outcome.IGNORED)
    return Sticky(
        name=reader.text("session-cookie-name", _NAME, Outcome.IGNORED) or COOKIE_NAME,
        path=reader.text("session-cookie-path", _PATH, Outcome.IGNORED),
        domain=reader.text("session-cookie-domain", _DOMAIN, Outcome.IGNORED),
        expires=reader.text("session-cookie-expires", _SECONDS, Outcome.IGNORED),
        max_age=reader.text("session-cookie-max-age", _SECONDS, Outcome.IGNORED),
        same_site=reader.text("session-cookie-samesite", _SAME_SITE, Outcome.IGNORED),
        always_secure=reader.flag("session-cookie-secure") or False, is_persistent=mode == "persistent",
        changes_on_failure=reader.flag("session-cookie-change-on-failure") or False)


def _digest(text: str) -> str:
    return md5(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()


def _cookie_date(seconds: float) -> str:
    """A moment as nginx writes it into cookies."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%a, %d-%b-%y %H:%M:%S GMT")


def backend_mark(backend: str) -> str:
    """The second half of the cookie: which backend set it. `backend` is `namespace-service-port`."""
    return _digest(_digest(backend) + backend)


def hashed(key: str, peers: tuple[Peer, ...]) -> Peer:
    """The peer a key leads to: the one with the highest hash, so that most keys stay when a peer comes or goes."""
    return max(peers, key=lambda peer: _digest(f"{key} {peer.text}"))


def hashed_subset(key: str, peers: tuple[Peer, ...], size: int) -> tuple[Peer, ...]:
    """The peers that a key may lead to with upstream-hash-by-subset."""
    ranked = sorted(peers, key=lambda peer: _digest(f"{key} {peer.text}"), reverse=True)
    return tuple(ranked[:size])


@dataclass(frozen=True, slots=True)
class Stickiness:
    """How a backend keeps its clients: what the cookie is called and holds, and whether this location sets it."""

    sticky: Sticky
    mark: str
    path: str
    sets_cookie: bool

    def peer_of(self, cookie: str | None, peers: tuple[Peer, ...]) -> Peer | None:
        """The peer that the cookie names, None when a new one is to be picked."""
        if cookie is None:
            return None
        key = cookie.partition("|")[0]
        if self.sticky.is_persistent:
            return next((peer for peer in peers if _key_of(peer) == key), None)
        return hashed(key, peers)

    def is_held(self, cookie: str | None) -> bool:
        """Whether this very backend set the cookie (rule Y-10)."""
        return cookie is not None and cookie.partition("|")[2].partition("|")[0] == self.mark

    def of_backend(self, backend: str) -> Stickiness:
        """The same for a canary, which keeps its clients as its main backend does."""
        return replace(self, mark=backend_mark(backend))

    def set_cookie(self, peer: Peer, peers: tuple[Peer, ...], is_https: bool, now: float) -> str:
        """The Set-Cookie header for a client that got `peer`."""
        sticky = self.sticky
        parts = [f"{sticky.name}={self._key(peer, peers)}|{self.mark}"]
        if sticky.expires:
            parts.append(f"Expires={_cookie_date(now + int(sticky.expires))}")
        parts += [f"{name}={value}" for name, value in (
            ("Max-Age", sticky.max_age), ("Domain", sticky.domain), ("Path", sticky.path or self.path)) if value]
        if is_https or sticky.always_secure:
            parts.append("Secure")
        parts.append("HttpOnly")
        if sticky.same_site:
            parts.append(f"SameSite={sticky.same_site}")
        return "; ".join(parts)

    def _key(self, peer: Peer, peers: tuple[Peer, ...]) -> str:
        """A key that leads to the peer: its own name when it is looked up, else the first number that hashes there."""
        if self.sticky.is_persistent:
            return _key_of(peer)
        number = 0
        while hashed(key := f"{number}.{_digest(peer.text)[:6]}", peers) is not peer:
            number += 1
        return key


def _key_of(peer: Peer) -> str:
    return _digest(peer.text)
