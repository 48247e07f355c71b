"""How a walk can end. A plain connection that reached its receiver is delivered; HTTP is answered by somebody."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    DELIVERED = "DELIVERED"
    ANSWERED = "ANSWERED"
    REFUSED = "REFUSED"
    DROPPED = "DROPPED"
    UNRESOLVED = "UNRESOLVED"
    TLS_FAILED = "TLS_FAILED"
    UNREACHABLE = "UNREACHABLE"
    LOOPED = "LOOPED"

    @property
    def word(self) -> str:
        """The word stories use; for ANSWERED the status stands there instead."""
        return _WORDS[self.value]


_WORDS = {"DELIVERED": "open", "ANSWERED": "answered", "REFUSED": "refused", "DROPPED": "timeout",
          "UNRESOLVED": "no-name", "TLS_FAILED": "tls-error", "UNREACHABLE": "unreachable", "LOOPED": "loop"}
