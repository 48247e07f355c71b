"""dig, nslookup, host, getent: their layout, and how they differ from the resolver (rule D93).

The layouts were seen with BIND 9.18 and busybox 1.35 against a small name server that gave these answers.
"""

from __future__ import annotations

from typing import Any

import pytest

from simnet.cluster import Cluster
from simnet.console import Session
from simnet.console.tools.dig import message_size, reverse_name
from simnet.dataplane.dns.records import Answer
from tests.unit.console_net import SHOP, run


@pytest.fixture(scope="module")
def session() -> Session:
    cluster = Cluster(pins={"service/default/web": "10.96.1.5"})
    cluster.apply(SHOP)
    session = Session(cluster)
    run(session, "kubectl run net --image=nicolaka/netshoot -- sleep 1d")
    run(session, "kubectl run idle --image=busybox -- sleep 1d")
    run(session, "kubectl create service externalname docs --external-name=docs.example.net")
    cluster.apply("apiVersion: v1\nkind: Service\nmetadata: {name: ports}\n"
                  "spec: {clusterIP: 10.96.1.6, selector: {app: web}, ports: [{name: http, port: 80}]}\n")
    return session


def at(session: Session, line: str) -> Any:
    return session.run_in("net", line)


def test_dig_prints_every_section(session: Session) -> None:
    assert at(session, "dig web.default.svc.cluster.local").stdout == """
; <<>> DiG 9.18.33 <<>> web.default.svc.cluster.local
;; global options: +cmd
;; Got answer:
;; WARNING: .local is reserved for Multicast DNS
;; You are currently testing what happens when an mDNS query is leaked to DNS
;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 45590
;; flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1
;; WARNING: recursion requested but not available

;; OPT PSEUDOSECTION:
; EDNS: version: 0, flags:; udp: 1232
;; QUESTION SECTION:
;web.default.svc.cluster.local.	IN	A

;; ANSWER SECTION:
web.default.svc.cluster.local. 30 IN	A	10.96.1.5

;; Query time: 0 msec
;; SERVER: 10.96.0.10#53(10.96.0.10) (UDP)
;; WHEN: Fri Jan 01 00:00:00 UTC 2027
;; MSG SIZE  rcvd: 74

"""


def test_dig_shows_the_zone_for_a_name_that_is_not_there(session: Session) -> None:
    shown = at(session, "dig nosuch.default.svc.cluster.local").stdout
    assert "status: NXDOMAIN" in shown
    assert ";; AUTHORITY SECTION:\ncluster.local.\t\t30\tIN\tSOA\tns.dns.cluster.local. hostmaster.cluster.local. " in shown


def test_dig_ignores_the_search_list_unless_told(session: Session) -> None:
    assert at(session, "dig +short web").stdout == ""
    assert at(session, "dig +short +search web").stdout == "10.96.1.5\n"


DIG = [
    ("dig +short web.default.svc.cluster.local", "10.96.1.5\n"),
    ("dig +short @10.96.0.10 web.default.svc.cluster.local", "10.96.1.5\n"),
    ("dig +short @kube-dns.kube-system web.default.svc.cluster.local", "10.96.1.5\n"),
    ("dig +short -t AAAA web.default.svc.cluster.local", ""),
    ("dig +short SRV _http._tcp.ports.default.svc.cluster.local", "0 100 80 ports.default.svc.cluster.local.\n"),
    ("dig +short CNAME docs.default.svc.cluster.local", "docs.example.net.\n"),
    ("dig +short -x 10.96.1.5", "web.default.svc.cluster.local.\n"),
    ("dig +noall +answer web.default.svc.cluster.local", "web.default.svc.cluster.local. 30 IN\tA\t10.96.1.5\n"),
]


@pytest.mark.parametrize(("line", "stdout"), DIG, ids=[row[0] for row in DIG])
def test_dig_options(session: Session, line: str, stdout: str) -> None:
    output = at(session, line)
    text = output.stdout.removeprefix(f"\n; <<>> DiG 9.18.33 <<>> {line[4:]}\n;; global options: +cmd\n")
    assert (text, output.status) == (stdout, 0)


def test_dig_without_a_server(session: Session) -> None:
    output = at(session, "dig @10.96.200.200 web +tries=2")
    assert output.status == 9
    assert output.stdout.startswith(";; communications error to 10.96.200.200#53: timed out\n" * 2)
    assert output.stdout.endswith(";; no servers could be reached\n\n")
    assert at(session, "dig @nosuch web").stderr == "dig: couldn't get address for 'nosuch': not found\n"


def test_dig_names_the_nearest_option(session: Session) -> None:
    assert at(session, "dig +shrot web").stderr.startswith("Invalid option: +shrot; did you mean +short?\n")


def test_a_question_needs_the_dns_pods() -> None:
    session = Session(Cluster())
    run(session, "kubectl run net --image=nicolaka/netshoot -- sleep 1d")
    run(session, "kubectl -n kube-system scale deployment coredns --replicas=0")
    output = at(session, "dig kubernetes.default.svc.cluster.local")
    assert output.status == 9
    assert "communications error to 10.96.0.10#53: connection refused" in output.stdout


def test_nslookup(session: Session) -> None:
    """A server of the resolv.conf that offers no recursion is reported for each reply (BIND 9.18, seen by running it)."""
    head = "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\n"
    refused = ";; Got recursion not available from 10.96.0.10\n"
    assert at(session, "nslookup web").stdout == (
        refused + head + "Name:\tweb.default.svc.cluster.local\nAddress: 10.96.1.5\n" + refused + "\n")
    assert at(session, "nslookup web 10.96.0.10").stdout == (
        head + "Name:\tweb.default.svc.cluster.local\nAddress: 10.96.1.5\n\n")
    output = at(session, "nslookup nosuch")
    assert (output.stdout, output.status) == (refused * 3 + head + "** server can't find nosuch: NXDOMAIN\n\n", 1)
    assert at(session, "nslookup 10.96.1.5").stdout == (
        refused + "5.1.96.10.in-addr.arpa\tname = web.default.svc.cluster.local.\n\n")
    assert at(session, "nslookup docs").stdout.startswith(
        refused + head + "docs.default.svc.cluster.local\tcanonical name = docs.example.net.\n")


def test_busyboxs_nslookup_asks_every_search_domain(session: Session) -> None:
    output = session.run_in("idle", "nslookup web")
    missing = ("** server can't find web.svc.cluster.local: NXDOMAIN\n\n"
               "** server can't find web.cluster.local: NXDOMAIN\n\n")
    assert output.stdout == (
        "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\nName:\tweb.default.svc.cluster.local\nAddress: 10.96.1.5\n\n"
        + missing + "\n" + missing)
    assert output.status == 1


def test_busyboxs_nslookup_searches_no_name_with_a_dot(session: Session) -> None:
    output = session.run_in("idle", "nslookup web.default")
    assert output.stdout.endswith("** server can't find web.default: NXDOMAIN\n\n" * 2)
    assert session.run_in("idle", "nslookup web.default.svc.cluster.local").status == 0


def test_host(session: Session) -> None:
    assert at(session, "host web").stdout == "web.default.svc.cluster.local has address 10.96.1.5\n"
    assert at(session, "host -t AAAA web").stdout == "web.default.svc.cluster.local has no AAAA record\n"
    assert at(session, "host 10.96.1.5").stdout == (
        "5.1.96.10.in-addr.arpa domain name pointer web.default.svc.cluster.local.\n")
    assert at(session, "host web.default.svc.cluster.local. 10.96.0.10").stdout == (
        "Using domain server:\nName: 10.96.0.10\nAddress: 10.96.0.10#53\nAliases: \n\n"
        "web.default.svc.cluster.local has address 10.96.1.5\n")
    output = at(session, "host nosuch")
    assert (output.stdout, output.status) == ("Host nosuch not found: 3(NXDOMAIN)\n", 1)


def test_host_shows_every_message_when_asked(session: Session) -> None:
    """Seen with BIND 9.18: the names that were tried, then each reply; after a miss only its size."""
    assert at(session, "host -v -t A web").stdout == """Trying "web.default.svc.cluster.local"
;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 45590
;; flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 0

;; QUESTION SECTION:
;web.default.svc.cluster.local.	IN	A

;; ANSWER SECTION:
web.default.svc.cluster.local. 30 IN	A	10.96.1.5

Received 63 bytes from 10.96.0.10#53 in 0 ms
"""
    assert at(session, "host -v web").stdout.count("Trying") == at(session, "host -v web").stdout.count("Received") == 3
    assert "IN	ANY\n" in at(session, "host -a web").stdout
    missed = at(session, "host -v nosuch")
    assert missed.status == 1 and missed.stdout == """Trying "nosuch.default.svc.cluster.local"
Trying "nosuch.svc.cluster.local"
Trying "nosuch.cluster.local"
Trying "nosuch"
Host nosuch not found: 3(NXDOMAIN)
Received 24 bytes from 10.96.0.10#53 in 0 ms
"""
    assert at(session, "host -v a.b.c.d.e.f").stdout.count("Received") == 2


def test_getent_asks_as_programs_do(session: Session) -> None:
    assert at(session, "getent hosts web").stdout == "10.96.1.5       web.default.svc.cluster.local\n"
    assert at(session, "getent hosts nosuch").status == 2
    assert at(session, "getent hosts net").stdout.split()[1] == "net"  # from the hosts file, which dig never reads
    assert at(session, "getent ahosts web").stdout.splitlines()[0].split() == [
        "10.96.1.5", "STREAM", "web.default.svc.cluster.local"]


def test_reverse_names() -> None:
    """Source: RFC 1035 section 3.5, RFC 3596 section 2.5."""
    assert reverse_name("10.96.1.5") == "5.1.96.10.in-addr.arpa."
    assert reverse_name("4321:0:1:2:3:4:567:89ab") == (
        "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa.")


def test_the_size_of_a_message_counts_compressed_names(session: Session) -> None:
    """12 octets of header, 31 + 4 of question, 2 + 10 + 4 of answer, 11 of OPT: RFC 1035 section 4.1."""
    answer: Answer = session.cluster.query("web.default.svc.cluster.local.", "A")
    assert message_size(answer) == 12 + 31 + 4 + 2 + 10 + 4 + 11
