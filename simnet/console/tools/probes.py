"""Is anybody there: nc, telnet and ping.

Source: nc(1) of OpenBSD (netcat.c) and of busybox; ping(8) of iputils and of busybox; telnet(1). Who answers ICMP:
rule of thumb 26 of the confusions list (a ClusterIP is only a translation for its ports), kubernetes/kubernetes
pkg/proxy/iptables (no ICMP rule).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from simnet import ip
from simnet.console.desk import Call
from simnet.console.flags import GETOPT, Flag, FlagError, read_flags, switch
from simnet.console.forwards import forward_at
from simnet.console.output import Output, failed
from simnet.console.tools.transfer import exchange, header_lines
from simnet.dataplane import decisions
from simnet.dataplane.verdict import Verdict
from simnet.errors import UsageError

_OPEN = (Verdict.DELIVERED, Verdict.ANSWERED)
_SERVICES = {22: "ssh", 25: "smtp", 53: "domain", 80: "http", 110: "pop3", 143: "imap2", 389: "ldap", 443: "https",
             465: "submissions", 587: "submission", 636: "ldaps", 853: "domain-s", 993: "imaps", 1433: "ms-sql-s",
             2049: "nfs", 3306: "mysql", 5432: "postgresql", 5671: "amqps", 5672: "amqp", 6379: "redis", 6443: "*",
             8080: "http-alt", 11211: "memcached", 27017: "mongodb"}


def address_of(call: Call, host: str, family: int | None = None) -> str:
    """The address a program here would use for `host`, '' when the name has none."""
    try:
        return ip.text(ip.number(host))
    except ValueError:
        addresses = call.cluster.resolve(host, call.source, family=family).addresses
        return addresses[0] if addresses else ""


# nc -------------------------------------------------------------------------------------------------------------

NC_FLAGS = (switch("z", "z"), switch("v", "v"), switch("u", "u"), switch("n", "n"), Flag("w", "w"), switch("4", "4"),
       switch("6", "6"), switch("l", "l"), Flag("q", "q"), switch("k", "k"), Flag("p", "p"), switch("N", "N"),
       switch("C", "C"), Flag("i", "i"), Flag("s", "s"), switch("t", "t"))


def nc(call: Call) -> Output:
    """`nc [-z] [-v] [-u] [-w SECONDS] HOST PORT`: does the port take a connection? Standard input is sent as HTTP if it
    is a request."""
    try:
        flags = read_flags(call.args, NC_FLAGS, GETOPT)
    except FlagError as problem:
        return failed(f"nc: {problem}")
    if flags.on("l"):
        return failed("nc: listening is not modelled; what an image listens on is part of its profile", 1)
    if len(flags.operands) != 2:
        return failed("usage: nc [-uvz] [-w timeout] host port")
    host, ports = flags.operands
    busybox = call.desk.is_busybox("nc")
    ports = next((str(number) for number, name in _SERVICES.items() if name == ports), ports)
    first, dash, last = ports.partition("-")
    complaint = next(filter(None, (_port_problem(each, busybox) for each in ([first, last] if dash else [first]))), "")
    if complaint:
        return failed(f"nc: {complaint}")
    address = address_of(call, host, 4 if flags.on("4") else 6 if flags.on("6") else None)
    if not address:
        return failed(f"nc: bad address '{host}'" if busybox else
                      f'nc: getaddrinfo for host "{host}" port {first}: Name or service not known')
    stderr, status, stdout = "", 1, ""
    for port in range(int(first), int(last or first) + 1):
        probe = Probe(host, address, port, "udp" if flags.on("u") else "tcp", flags.has("w"))
        verdict = _connect(call, probe)
        is_open = verdict in _OPEN or (probe.protocol == "udp" and verdict is Verdict.DROPPED)
        status = 0 if is_open else status
        if flags.on("v") or (busybox and not is_open):
            stderr += (_busybox_line if busybox else _openbsd_line)(probe, verdict, is_open)
        if is_open and not flags.on("z") and call.stdin:
            stdout += _spoken(call, probe)
    return Output(stdout, stderr, status)


def _port_problem(text: str, busybox: bool) -> str:
    """What is wrong with a port, '' if nothing. Source: netcat.c strtoport (strtonum's words); busybox bb_lookup_port."""
    if re.fullmatch(r"[0-9]{1,9}", text) and 0 < int(text) < 65536:
        return ""
    if busybox:
        return f"bad port '{text}'"
    why = "invalid" if not re.fullmatch(r"[+-]?[0-9]+", text) else "too small" if text.startswith("-") or not text.strip(
        "+0") else "too large"
    return f"port number {why}: {text}"


@dataclass(frozen=True, slots=True)
class Probe:
    """One connection attempt. `is_limited`: a time limit was given."""

    host: str
    address: str
    port: int
    protocol: str
    is_limited: bool = False

    @property
    def label(self) -> str:
        return self.host if self.host == self.address else f"{self.host} ({self.address})"


def _connect(call: Call, probe: Probe) -> Verdict:
    led = forward_at(call, probe.address, probe.port) if probe.protocol == "tcp" else None
    source, port = (call.source, probe.port) if led is None else (led.source, led.port)
    trace = call.cluster.connect(f"{probe.protocol}://{ip.host_port(ip.number(probe.address), port)}", source)
    call.desk.note(trace)
    return trace.verdict if led is None else Verdict.DELIVERED  # kubectl takes every connection


def _why(verdict: Verdict) -> str:
    return {Verdict.REFUSED: "Connection refused", Verdict.UNREACHABLE: "No route to host"}.get(
        verdict, "Connection timed out")


def _openbsd_line(probe: Probe, verdict: Verdict, is_open: bool) -> str:
    kind = f"{probe.protocol}/{_SERVICES.get(probe.port, '*')}"
    if is_open:
        return f"Connection to {probe.label} {probe.port} port [{kind}] succeeded!\n"
    if verdict is Verdict.DROPPED and probe.is_limited:
        return f"nc: connect to {probe.label} port {probe.port} ({probe.protocol}) timed out: Operation now in progress\n"
    return f"nc: connect to {probe.label} port {probe.port} ({probe.protocol}) failed: {_why(verdict)}\n"


def _busybox_line(probe: Probe, verdict: Verdict, is_open: bool) -> str:
    place = f"{probe.host} ({ip.host_port(ip.number(probe.address), probe.port)})"
    if is_open:
        return f"{place} open\n"
    return "nc: timed out\n" if verdict is Verdict.DROPPED and probe.is_limited else f"nc: {place}: {_why(verdict)}\n"


def _spoken(call: Call, probe: Probe) -> str:
    """What an HTTP server answers to the text on standard input; nothing for other texts."""
    head, _, body = call.stdin.replace("\r\n", "\n").partition("\n\n")
    request, *lines = head.split("\n")
    words = request.split()
    if len(words) < 2 or not words[0].isalpha():
        return ""
    headers = [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines) if name]
    version = words[2].rpartition("/")[2] if len(words) > 2 else "1.0"
    url = f"http://{ip.host_port(ip.number(probe.address), probe.port)}/"
    try:
        done = exchange(call, url, method=words[0], target_line=words[1], headers=headers, body=body.encode(),
                        http_version=version)
    except UsageError:
        return ""
    if done.response is None:
        return ""
    return "".join(line + "\r\n" for line in header_lines(done.response)) + "\r\n" + done.response.text


def telnet(call: Call) -> Output:
    """`telnet HOST [PORT]`: connect, say so, and hang up."""
    words = [word for word in call.args if not word.startswith("-")]
    if not words:
        return failed("telnet: a host is expected")
    host, port = words[0], words[1] if len(words) > 1 else "23"
    if not port.isdigit():
        return failed(f"telnet: bad port {port}")
    address = address_of(call, host)
    if not address:
        return failed(f"telnet: could not resolve {host}/{port}: Name or service not known")
    verdict = _connect(call, Probe(host, address, int(port), "tcp"))
    if verdict in _OPEN:
        return Output(f"Trying {address}...\nConnected to {host}.\nEscape character is '^]'.\n",
                      "Connection closed by foreign host.\n", 1)
    return Output(f"Trying {address}...\n", f"telnet: Unable to connect to remote host: {_why(verdict)}\n", 1)


# ping -----------------------------------------------------------------------------------------------------------

_PING = (Flag("c", "c"), Flag("w", "w"), Flag("W", "W"), Flag("i", "i"), Flag("s", "s"), switch("4", "4"), switch("6", "6"),
         switch("n", "n"), switch("q", "q"), Flag("I", "I"), Flag("t", "t"))
_ONE_TRIP_MS = 0.08
CLUSTER_IP_IS_SILENT = ("{address} is the address of Service {service}: it exists only as a translation for the Service's "
                        "TCP, UDP and SCTP ports, and no rule is about ICMP. Connect to a port instead, with curl or nc.")


def ping(call: Call) -> Output:
    """`ping [-c COUNT] HOST`. Pods, nodes and declared hosts answer; a Service's address does not. Without -c four
    packets are sent, as if interrupted then."""
    try:
        flags = read_flags(call.args, _PING, GETOPT)
    except FlagError as problem:
        return failed(f"ping: {problem}", 2)
    if len(flags.operands) != 1:
        return failed("ping: usage error: Destination address required", 1)
    host = flags.operands[0]
    busybox = call.desk.is_busybox("ping")
    complaint = _count_problem(flags.get("c", "4"), busybox)
    if complaint:
        return failed(f"ping: {complaint}")
    six = flags.on("6") or call.name == "ping6"
    address = address_of(call, host, 6 if six else 4 if flags.on("4") else None)
    if not address:
        return failed(f"ping: bad address '{host}'", 1) if busybox else \
            failed(f"ping: {host}: Name or service not known", 2)
    count = flags.number("c", 4)
    hops = _hops(call, address)
    received = count if hops is not None else 0
    text = _busybox_ping(host, address, count, received, hops or 0) if busybox else \
        _iputils_ping(host, address, count, received, hops or 0)
    return Output(text, status=0 if received else 1)


def _count_problem(text: str, busybox: bool) -> str:
    """What is wrong with the number of packets. Source: iputils ping_common strtol_or_err; busybox xatou."""
    if re.fullmatch(r"[0-9]{1,9}", text) and int(text) > 0:
        return ""
    if busybox:
        return f"invalid number '{text}'"
    is_number = re.fullmatch(r"[+-]?[0-9]+", text)
    return f"invalid argument: '{text}'" + (": out of range: 1 <= value <= 9223372036854775807" if is_number else "")


def _hops(call: Call, address: str) -> int | None:
    """How many routers lie in between, None when no answer comes back."""
    number = ip.number(address)
    services = call.cluster.view.services_with(number)
    if services and not call.cluster.view.pods_at(number) and call.cluster.view.node_at(number) is None:
        call.desk.complain(CLUSTER_IP_IS_SILENT.format(address=address, service=services[0].key))
        return None
    trace = call.cluster.trace(f"tcp://{ip.host_port(number, 7)}", call.source)
    call.desk.note(trace)
    reached = (decisions.Delivered, decisions.NotListening, decisions.ProxyReached)
    if not any(isinstance(step.because, reached) for step in trace.steps):
        return None
    crossed = [step.because for step in trace.steps if isinstance(step.because, decisions.Crossed)]
    return 2 if any(len(each.path) > 1 for each in crossed) else 0


def _iputils_ping(host: str, address: str, count: int, received: int, hops: int) -> str:
    lines = [f"PING {host} ({address}) 56(84) bytes of data."]
    lines += [f"64 bytes from {address}{'' if host == address else f' ({address})'}: icmp_seq={number} ttl={64 - hops} "
              f"time={_ONE_TRIP_MS:.3f} ms" for number in range(1, received + 1)]
    lines += ["", f"--- {host} ping statistics ---",
              f"{count} packets transmitted, {received} received, {100 - 100 * received // max(count, 1)}% packet loss, "
              f"time {max(count - 1, 0) * 1000}ms",
              f"rtt min/avg/max/mdev = {_ONE_TRIP_MS:.3f}/{_ONE_TRIP_MS:.3f}/{_ONE_TRIP_MS:.3f}/0.000 ms" if received else ""]
    return "".join(line + "\n" for line in lines)


def _busybox_ping(host: str, address: str, count: int, received: int, hops: int) -> str:
    lines = [f"PING {host} ({address}): 56 data bytes"]
    lines += [f"64 bytes from {address}: seq={number} ttl={64 - hops} time={_ONE_TRIP_MS:.3f} ms"
              for number in range(received)]
    lines += ["", f"--- {host} ping statistics ---",
              f"{count} packets transmitted, {received} packets received, "
              f"{100 - 100 * received // max(count, 1)}% packet loss"]
    if received:
        lines.append(f"round-trip min/avg/max = {_ONE_TRIP_MS:.3f}/{_ONE_TRIP_MS:.3f}/{_ONE_TRIP_MS:.3f} ms")
    return "".join(line + "\n" for line in lines)
