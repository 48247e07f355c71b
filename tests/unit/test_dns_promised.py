"""The names that must work in every cluster, and what nobody promises: D94 and D100.

Sources: kubernetes/kubernetes test/e2e/network/dns.go for the names; coredns/coredns plugin/kubernetes/README.md for the
options that are left out here.
"""

from __future__ import annotations

import pytest

import simnet
from simnet.console import Session
from simnet.dataplane.dns.decode import Reply
from simnet.dataplane.dns.encode import write_query
from simnet.dataplane.dns.message import Edns
from simnet.server.dns import answer
from simnet.testing import pod, service
from tests.unit.console_net import run

ALIAS = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "alias"}, "spec": {"type": "ExternalName"}}
HEADLESS = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "peers"},
            "spec": {"clusterIP": "None", "selector": {"app": "peer"}, "ports": [{"name": "http", "port": 80}]}}


@pytest.fixture
def net() -> simnet.Cluster:
    made = simnet.Cluster(nodes=1, addons=["coredns"], pins={"service/default/web": "10.96.1.5"}, dns={
        "upstream": {"records": ["one.example. 60 IN A 192.0.2.1", "two.example. 60 IN A 192.0.2.2"]}})
    made.apply([service("web", port=80, ports=[{"name": "http", "port": 80}]), pod("client"), HEADLESS,
                pod("peer", labels={"app": "peer"}, hostname="first", subdomain="peers")])
    return made


@pytest.mark.parametrize(("name", "address"), [
    ("kubernetes.default.svc.cluster.local", "10.96.0.1"), ("kubernetes.default", "10.96.0.1"), ("web", "10.96.1.5"),
    ("web.default", "10.96.1.5"), ("web.default.svc", "10.96.1.5"), ("web.default.svc.cluster.local", "10.96.1.5")])
@pytest.mark.parametrize("libc", ["glibc", "musl", "musl-1.2.3"])
def test_names_that_must_work_from_a_pod(net: simnet.Cluster, name: str, address: str, libc: str) -> None:
    """D94: whole and in part."""
    assert net.resolve(name, "pod/client", libc=libc).addresses == (address,)


@pytest.mark.parametrize("line", ["dig +search +short web", "dig +search +short web.default",
                                  "dig +search +short web.default.svc", "dig +search +short _http._tcp.web.default.svc"])
def test_partial_names_that_must_work_with_dig(net: simnet.Cluster, line: str) -> None:
    session = Session(net)
    run(session, "kubectl run net --image=nicolaka/netshoot -- sleep 1d")
    assert session.run_in("net", line).stdout == "10.96.1.5\n"
    srv = session.run_in("net", "dig +search +short _http._tcp.web.default.svc SRV").stdout
    assert srv == "0 100 80 web.default.svc.cluster.local.\n"


def test_addresses_and_pods_that_must_have_names(net: simnet.Cluster) -> None:
    """D94: the PTR of a cluster IP, and a pod with hostname and subdomain."""
    assert str(net.query("5.1.96.10.in-addr.arpa.", "PTR").answer[0].data) == "web.default.svc.cluster.local."
    found = net.resolve("first.peers.default.svc.cluster.local", "pod/client")
    assert found.addresses == (net.get("pod", "peer").manifest["status"]["podIP"],)


def test_an_alias_that_is_changed_and_becomes_a_service(net: simnet.Cluster) -> None:
    """D94: the CNAME, the CNAME after a change, the cluster IP in its place."""
    name = "alias.default.svc.cluster.local."
    for target, address in (("one.example", "192.0.2.1"), ("two.example", "192.0.2.2")):
        net.apply({**ALIAS, "spec": {"type": "ExternalName", "externalName": target}})
        assert [record.data for record in net.query(name, "CNAME").answer] == [f"{target}."]
        assert net.resolve("alias", "pod/client").addresses == (address,)
    net.apply({**ALIAS, "spec": {"type": "ClusterIP", "clusterIP": "10.96.1.9", "externalName": None, "ports": [{"port": 80}]}})
    assert net.query(name, "CNAME").kind == "NODATA"
    assert net.resolve("alias", "pod/client").addresses == ("10.96.1.9",)


# what is left out (D100) -------------------------------------------------------------------------------------------

def test_multicluster_names_are_too_long_for_this_zone(net: simnet.Cluster) -> None:
    """D100, D7: `EP.CLUSTER.SVC.NS.svc` belongs to the multicluster option, which is not there."""
    assert net.query("first.peers.default.svc.cluster.local.").kind == "ANSWER"
    assert net.query("first.east.peers.default.svc.cluster.local.").kind == "NXDOMAIN"


def test_nothing_is_signed(net: simnet.Cluster) -> None:
    """D100: DO is copied (D70), no RRSIG comes with it, and no key is in the zone."""
    message = answer(net, write_query("web.default.svc.cluster.local.", "A", 1, Edns(1232, 0, True)))
    assert message is not None
    reply = Reply(message)
    assert reply.edns is not None and reply.edns.do and [record.type for record in reply.answer] == ["A"]
    assert net.query("cluster.local.", "DNSKEY").kind == "NODATA"


def test_updates_are_not_taken(net: simnet.Cluster) -> None:
    """D100, D71: opcode 5 is NOTIMP, and nothing changes."""
    before = net.query("cluster.local.", "SOA")
    message = answer(net, write_query("cluster.local.", "SOA", 1, flags=5 << 11))
    assert message is not None and Reply(message).rcode == 4
    assert net.query("cluster.local.", "SOA") == before


def test_the_external_zone_has_no_reverse_names() -> None:
    """D100: an external address has a name in the external zone and no PTR."""
    net = simnet.Cluster(nodes=1, addons=["coredns"], dns={"external": {"zone": "example.org"}})
    net.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
               "spec": {"externalIPs": ["203.0.113.7"], "ports": [{"port": 80}]}})
    assert net.query("web.default.example.org.").addresses == ("203.0.113.7",)
    assert net.query("7.113.0.203.in-addr.arpa.", "PTR").kind == "NXDOMAIN"
