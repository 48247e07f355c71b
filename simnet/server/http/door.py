"""What stands behind the open ports: a cluster, who its clients count as, real programs in place of pods, the traces."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from simnet.cluster import Cluster
from simnet.dataplane import decisions as core
from simnet.dataplane.http.message import Reply, Request, ServedCertificate
from simnet.dataplane.link import Link
from simnet.dataplane.packet import is_loopback
from simnet.dataplane.step import Trace
from simnet.dataplane.verdict import Verdict
from simnet.errors import UsageError
from simnet.ip import number
from simnet.labels import Selector
from simnet.names import split_host_port
from simnet.objects.pod import Pod
from simnet.server.http.limits import Limits
from simnet.server.http.traces import Traces

CLOCK_STEP = 0.05  # seconds: how finely the cluster's time follows
HTTP = "=http://"


class Upstream(NamedTuple):
    """A real program that answers for pods: those a selector matches, or one by its name `pod/NAMESPACE/NAME`."""

    selector: Selector | None
    pod: str
    host: str
    port: int

    @classmethod
    def read(cls, text: str) -> Upstream:
        """`app=web=http://127.0.0.1:3000` or `pod/web-1=http://127.0.0.1:3000`. Raises UsageError."""
        which, found, address = text.rpartition(HTTP)
        example = "app=web=http://127.0.0.1:3000"
        if not found or not which:
            raise UsageError(f"--upstream {text!r} is not PODS=http://ADDRESS:PORT; write {example}")
        host, port = split_host_port(address.rstrip("/"))
        try:
            is_here = host == "localhost" or is_loopback(number(host))
        except ValueError:
            is_here = False
        if not is_here or "/" in address.rstrip("/"):
            raise UsageError(f"--upstream {text!r}: {address!r} is not a program on this machine; write {example}")
        if which.startswith("pod/"):
            name = which.removeprefix("pod/")
            return cls(None, name if "/" in name else f"default/{name}", host, port or 80)
        return cls(Selector.parse(which), "", host, port or 80)

    def takes(self, pod: Pod) -> bool:
        """Whether it answers for this pod."""
        return self.selector.matches(pod.labels) if self.selector is not None else str(pod.key) == self.pod

    def __str__(self) -> str:
        return f"http://{self.host}:{self.port}"


class Answered(NamedTuple):
    """A request that has its answer: the name of the trace, and the trace."""

    name: str
    trace: Trace


Clock = Callable[[], float]
Told = Callable[[str, Trace], None]


class Door:
    """One cluster and everything its clients share. `cluster` may be put in place of another at any time."""

    def __init__(self, cluster: Cluster, clock: Clock, source: str = "laptop", upstreams: tuple[Upstream, ...] = (),
                 limits: Limits | None = None, told: Told | None = None) -> None:
        """`clock` gives seconds, `told` hears of every trace. Raises NotFound or UsageError for an unknown source."""
        cluster.actor(source)
        self.cluster, self.source, self.upstreams = cluster, source, upstreams
        self.limits = limits or Limits()
        self.traces = Traces(self.limits.traces)
        self._clock, self._told = clock, told
        self._time = clock()

    def tick(self) -> None:
        """Let the cluster's time go on as that of the clock has."""
        passed = self._clock() - self._time
        if passed >= CLOCK_STEP:
            self._time += passed
            self.cluster.advance(passed)

    def keep(self, trace: Trace) -> Answered:
        """Remember a trace and tell of it."""
        name = self.traces.keep(trace)
        if self._told is not None:
            self._told(name, trace)
        return Answered(name, trace)

    def upstream_of(self, trace: Trace) -> Upstream | None:
        """The real program that answers where a walk has come to, None where the simulation does."""
        if not self.upstreams or not isinstance(trace.last.because, core.Delivered):
            return None
        pod = trace.last.because.pod
        return next((each for each in self.upstreams if pod is not None and each.takes(pod)), None)


class Session:
    """One client's connection as the cluster sees it: opened when the client connects, reused for every request."""

    def __init__(self, door: Door, address: str) -> None:
        """`address` is where in the cluster it leads: `203.0.113.1:80`."""
        self.door, self._address = door, address
        self._open()

    def _open(self) -> None:
        self.door.tick()
        self._cluster = self.door.cluster
        self._link: Link = self._cluster.open(f"tcp://{self._address}", self.door.source)

    @property
    def link(self) -> Link:
        """The connection; opened anew when another cluster has been put in place."""
        if self._cluster is not self.door.cluster:
            self._open()
        return self._link

    @property
    def opening(self) -> Trace:
        """How the connection was opened."""
        return self.link.trace

    @property
    def is_refused(self) -> bool:
        """Whether the client is turned away at once, as by a closed port."""
        return not self.link.is_open and self.opening.response is None and self.opening.verdict is Verdict.REFUSED

    def reach(self, request: Request) -> Trace:
        """Where a request comes to, without an answer; nothing is committed. For an open connection only."""
        return self.link.reach(request)

    def answer(self, reached: Trace, reply: Reply | None = None) -> Answered:
        """Finish what `reach` began: the receiver's own answer, or the real one given."""
        return self.door.keep(self._link.answer(reached, reply))

    def speaks_tls(self) -> bool:
        """Whether somebody at the other end takes up a TLS handshake."""
        if not self.link.is_open:
            return False
        asked = Request(scheme="https", host=self._address, insecure=True)
        return not isinstance(self.reach(asked).last.because, core.NotTLS)

    def certificate(self, sni: str | None) -> ServedCertificate | None:
        """What a client that asks for this name is shown; None when the handshake fails."""
        asked = Request(scheme="https", host=sni or self._address, sni=sni, insecure=True)
        for step in self.reach(asked).steps:
            if step.before.flow.parent is None and isinstance(step.because, core.ProxyReached | core.Delivered):
                return step.because.certificate
        return None
