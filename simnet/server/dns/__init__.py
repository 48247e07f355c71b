"""The cluster's DNS server for messages: octets in, octets out. No socket here; `server/listen.py` has them.

Rules: D65 to D74. Source: coredns/coredns core/dnsserver/server.go, request/, plugin/loadbalance; RFC 7766 for framing.
"""

from __future__ import annotations

from simnet.cluster import Cluster
from simnet.server.dns.framing import framed, frames
from simnet.server.dns.replies import reply

__all__ = ["answer", "framed", "frames"]


def answer(cluster: Cluster, message: bytes, client: str | None = None, transport: str = "udp") -> bytes | None:
    """The reply to one message, or None where a server keeps silent (D71). Never raises on any octets.

    `client` is who asks: `pod/NAMESPACE/NAME`, `NAMESPACE/NAME`, an address, or None for somebody unknown; it matters to
    autopath only. `transport` "udp" or "tcp" decides how large a reply may be (D68). With "tcp" a whole stream is taken
    too: messages, each behind its length, as they stand on a connection; the replies then come in the same form (D73).
    Equal calls give equal replies as long as the cluster does not change. Cost: O(answer), O(1) for a repeated message.
    """
    if transport == "tcp":
        whole, rest = frames(message)
        if whole and not rest:
            return b"".join(framed(each) for part in whole for each in reply(cluster, part, client, transport)) or None
    replies = reply(cluster, message, client, transport)
    return replies[0] if replies else None
