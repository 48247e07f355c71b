"""nc, telnet, ping, ss, ip: is anybody there, and where am I.

Words of OpenBSD nc 1.219, iputils ping 20221126 and busybox 1.35, seen with the real programs.
"""

from __future__ import annotations

from typing import Any

import pytest

from simnet.console import Session
from tests.unit.console_net import address, run, shop


@pytest.fixture(scope="module")
def session() -> Session:
    session = Session(shop())
    run(session, "kubectl run net --image=nicolaka/netshoot -- sleep 1d")
    run(session, "kubectl run idle --image=busybox -- sleep 1d")
    run(session, "kubectl create service clusterip empty --tcp=80 --clusterip=10.96.1.9")
    return session


def at(session: Session, line: str) -> Any:
    return session.run_in("net", line)


NC = [  # where, command, standard error, status
    ("net", "nc -zv web 80", "Connection to web (10.96.1.5) 80 port [tcp/http] succeeded!\n", 0),
    ("net", "nc -zv 10.96.1.5 80", "Connection to 10.96.1.5 80 port [tcp/http] succeeded!\n", 0),
    ("net", "nc -z web 80", "", 0),
    ("net", "nc -zv empty 80", "nc: connect to empty (10.96.1.9) port 80 (tcp) failed: Connection refused\n", 1),
    ("net", "nc -zv -w 2 10.96.200.200 80",
     "nc: connect to 10.96.200.200 port 80 (tcp) timed out: Operation now in progress\n", 1),
    ("net", "nc -zv 10.96.200.200 80", "nc: connect to 10.96.200.200 port 80 (tcp) failed: Connection timed out\n", 1),
    ("net", "nc -zv nosuch 80", 'nc: getaddrinfo for host "nosuch" port 80: Name or service not known\n', 1),
    ("net", "nc -zvu kube-dns.kube-system 53",
     "Connection to kube-dns.kube-system (10.96.0.10) 53 port [udp/domain] succeeded!\n", 0),
    ("net", "nc -zv web http", "Connection to web (10.96.1.5) 80 port [tcp/http] succeeded!\n", 0),
    ("net", "nc -zv 1.2.3.4 99999", "nc: port number too large: 99999\n", 1),
    ("net", "nc -zv 1.2.3.4 0", "nc: port number too small: 0\n", 1),
    ("net", "nc -zv 1.2.3.4 8x", "nc: port number invalid: 8x\n", 1),
    ("idle", "nc -zv 1.2.3.4 99999", "nc: bad port '99999'\n", 1),
    ("idle", "nc -zv web 80", "web (10.96.1.5:80) open\n", 0),
    ("idle", "nc -zv empty 80", "nc: empty (10.96.1.9:80): Connection refused\n", 1),
    ("idle", "nc -zv -w 2 10.96.200.200 80", "nc: timed out\n", 1),
    ("idle", "nc -zv nosuch 80", "nc: bad address 'nosuch'\n", 1),
]


@pytest.mark.parametrize(("where", "line", "stderr", "status"), NC, ids=[f"{row[0]}: {row[1]}" for row in NC])
def test_nc(session: Session, where: str, line: str, stderr: str, status: int) -> None:
    output = session.run_in(where, line)
    assert (output.stdout, output.stderr, output.status) == ("", stderr, status)


def test_nc_speaks_http_when_told(session: Session) -> None:
    shown = at(session, "printf 'GET / HTTP/1.0\\r\\nHost: web\\r\\n\\r\\n' | nc web 80").stdout
    assert shown.startswith("HTTP/1.")
    assert "hello from web-" in shown


def test_telnet(session: Session) -> None:
    output = session.run_in("net", "telnet web 80")
    assert output.stdout == "Trying 10.96.1.5...\nConnected to web.\nEscape character is '^]'.\n"
    assert session.run_in("net", "telnet empty 80").stderr == (
        "telnet: Unable to connect to remote host: Connection refused\n")


def test_a_pod_answers_ping(session: Session) -> None:
    own = address(session.cluster, "client")
    output = session.run(f"ping -c 1 {own}")
    assert output.status == 0
    assert output.stdout.startswith(f"PING {own} ({own}) 56(84) bytes of data.\n64 bytes from {own}: icmp_seq=1 ttl=")
    assert "1 packets transmitted, 1 received, 0% packet loss, time 0ms\n" in output.stdout
    output = session.run_in("idle", f"ping -c 2 {own}")
    assert output.stdout.startswith(f"PING {own} ({own}): 56 data bytes\n64 bytes from {own}: seq=0 ttl=")
    assert "2 packets transmitted, 2 packets received, 0% packet loss\n" in output.stdout


def test_a_cluster_ip_does_not_and_why_tells(session: Session) -> None:
    """Confusion 26: kubernetes/kubernetes#47156, kubernetes/website#41002."""
    output = session.run_in("idle", "ping -c 1 web")
    assert output.status == 1
    assert "1 packets transmitted, 0 packets received, 100% packet loss\n" in output.stdout
    assert run(session, "why").stdout == (
        "10.96.1.5 is the address of Service default/web: it exists only as a translation for the Service's TCP, UDP and "
        "SCTP ports, and no rule is about ICMP. Connect to a port instead, with curl or nc.\n")


@pytest.mark.parametrize("host", ["172.18.0.2", "laptop"])
def test_nodes_and_outside_hosts_answer(session: Session, host: str) -> None:
    target = "192.0.2.1" if host == "laptop" else host
    assert session.run_in("idle", f"ping -c 1 {target}").status == 0


def test_ping_without_a_name_or_a_host(session: Session) -> None:
    assert (session.run("ping nosuch").stderr, session.run("ping nosuch").status) == (
        "ping: nosuch: Name or service not known\n", 2)
    assert session.run_in("idle", "ping nosuch").stderr == "ping: bad address 'nosuch'\n"
    assert session.run("ping -c 1 10.244.0.200").status == 1


@pytest.mark.parametrize(("where", "count", "stderr"), [
    ("laptop", "x", "ping: invalid argument: 'x'\n"),
    ("laptop", "0", "ping: invalid argument: '0': out of range: 1 <= value <= 9223372036854775807\n"),
    ("idle", "x", "ping: invalid number 'x'\n"),
])
def test_ping_refuses_a_count_that_is_none(session: Session, where: str, count: str, stderr: str) -> None:
    output = session.run_in(where, f"ping -c {count} 172.18.0.2")
    assert (output.stdout, output.stderr, output.status) == ("", stderr, 1)


def test_ip_shows_the_pods_own_address(session: Session) -> None:
    own = address(session.cluster, "idle")
    shown = session.run_in("idle", "ip addr").stdout
    assert f"    inet {own}/24 scope global eth0\n" in shown
    assert "    inet 127.0.0.1/8 scope host lo\n" in shown
    assert session.run_in("idle", "ip addr | grep 'inet ' | awk '{print $2}' | tail -1").stdout == f"{own}/24\n"
    assert session.run_in("idle", "ip route").stdout.startswith("default via 10.244.")


def test_ss_lists_what_listens(session: Session) -> None:
    pod = session.cluster.list("pod", selector="app=web")[0].name
    session.desk.installed[f"pod/default/{pod}"] = {"ss", "netstat"}
    assert [line.split()[4] for line in session.run_in(pod, "ss -ltn").stdout.splitlines()[1:]] == ["0.0.0.0:80"]
    assert session.run_in(pod, "netstat -tln").stdout.splitlines()[2].split() == [
        "tcp", "0", "0", "0.0.0.0:80", "0.0.0.0:*", "LISTEN"]
