"""Who a served cluster takes its clients for: anybody, or one pod whose way to a name server decides what is answered."""

from __future__ import annotations

from collections.abc import Sequence

from simnet import ip
from simnet.cluster import Cluster
from simnet.dataplane.verdict import Verdict
from simnet.server.dns.framing import framed, frames
from simnet.server.dns.replies import reply

_ARRIVED = (Verdict.DELIVERED, Verdict.ANSWERED)


class Seat:
    """Answers messages from a cluster, as `source` would see it ('' for anybody). `cluster` may be replaced at any time.

    A pod without the cluster's name server gets the outside server's answers. While its questions do not arrive at a
    name server (no CoreDNS pod, a cut link), it gets none: a loopback port cannot refuse for somebody else.
    """

    def __init__(self, cluster: Cluster, source: str = "") -> None:
        """Raises NotFound or UsageError when there is no such source."""
        self.cluster, self.source = cluster, source
        if source:
            cluster.actor(source)

    def datagram(self, message: bytes, sender: str) -> bytes | None:
        """The reply to one datagram."""
        replies = self._replies(message, "udp")
        return replies[0] if replies else None

    def stream(self, waiting: bytes, sender: str) -> tuple[bytes, bytes]:
        """The replies to the whole messages that have arrived, and the rest."""
        whole, rest = frames(waiting)
        return b"".join(framed(each) for message in whole for each in self._replies(message, "tcp")), rest

    def _replies(self, message: bytes, transport: str) -> Sequence[bytes]:
        cluster, source = self.cluster, self.source
        if not source:
            return reply(cluster, message, None, transport)
        clients, actor = cluster.view.dns.clients, cluster.actor(source)
        server = clients.cluster_server(actor)
        if server is None:
            return reply(cluster, message, source, transport, cluster.view.dns.upstreams.ask)
        if cluster.settings.dns.transport == "pods":
            trace = cluster.trace(f"{transport}://{ip.host_port(server, 53)}", source)
            if trace.verdict not in _ARRIVED:
                return ()
        return reply(cluster, message, source, transport)
