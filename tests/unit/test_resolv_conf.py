"""What the kubelet writes into a pod: /etc/resolv.conf and /etc/hosts.

Sources: kubernetes/kubernetes pkg/kubelet/network/dns/dns_test.go (limits, policies, merging),
pkg/kubelet/kubelet_pods_test.go (hosts file).
"""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet.control.resolv_conf import ResolvConf, read_resolv_conf
from simnet.dataplane.dns.hosts_file import hostname_of
from simnet.dataplane.packet import Actor
from tests.unit.dns_net import Net, actor, numbers, pod

NODE_FILE = ("# the node's\nnameserver 192.0.2.53\nsearch first.example\nsearch corp.example. lab.example\n"
             "options timeout:2\n")


def conf_of(*, host_resolv_conf: str | None = NODE_FILE, cluster_dns: tuple[str, ...] = ("10.96.0.10",),
            cluster_domain: str = "cluster.local", addresses: tuple[str, ...] = ("10.244.0.5",),
            **spec: Any) -> ResolvConf:
    net = Net(kubelet={"cluster_dns": cluster_dns, "cluster_domain": cluster_domain,
                       "host_resolv_conf": host_resolv_conf})
    return net.dns.clients.resolv_conf(actor(pod("shop/client", *addresses, **spec)))


CLUSTER = (("10.96.0.10",), ("shop.svc.cluster.local", "svc.cluster.local", "cluster.local", "corp.example",
                             "lab.example"), ("ndots:5",))
NODE = (("192.0.2.53",), ("corp.example", "lab.example"), ("timeout:2",))
OWN = {"nameservers": ("198.51.100.7",), "searches": ("my.example",), "options": (("ndots", "2"), ("edns0", None))}

POLICIES = [  # what differs from a plain pod, (name servers, searches, options), rule
    ({}, CLUSTER, "D77, D78: ClusterFirst is the default"),
    ({"dns_policy": "ClusterFirst", "host_network": True}, NODE, "D77: silently the node's"),
    ({"dns_policy": "ClusterFirstWithHostNet", "host_network": True}, CLUSTER, "D77"),
    ({"dns_policy": "ClusterFirstWithHostNet"}, CLUSTER, "D77"),
    ({"dns_policy": "Default"}, NODE, "D79"),
    ({"dns_policy": "Default", "host_network": True}, NODE, "D79"),
    ({"dns_policy": "None"}, ((), (), ()), "D80: starts empty"),
    ({"dns_policy": "None", "dns_config": OWN}, (("198.51.100.7",), ("my.example",), ("ndots:2", "edns0")), "D80, D81"),
    ({"dns_policy": "Nonsense"}, CLUSTER, "D77: an invalid policy counts as cluster"),
    ({"cluster_dns": ()}, NODE, "D77: the kubelet knows no cluster DNS"),
    ({"cluster_domain": ""}, (("10.96.0.10",), ("corp.example", "lab.example"), ("ndots:5",)), "D78: no domain"),
    ({"host_resolv_conf": None}, (("10.96.0.10",), CLUSTER[1][:3], ("ndots:5",)), "D78: no node file"),
    ({"host_resolv_conf": None, "dns_policy": "Default"}, (("127.0.0.1",), (".",), ()), "D79: no node file"),
    ({"host_resolv_conf": None, "dns_policy": "Default", "addresses": ("10.244.0.5", "fd00::5")},
     (("127.0.0.1", "::1"), (".",), ()), "D79: one loopback address for each family"),
    ({"dns_config": {"nameservers": ("198.51.100.8", "10.96.0.10"), "searches": ("svc.cluster.local", "extra.example"),
                     "options": (("ndots", "1"),)}},
     (("10.96.0.10", "198.51.100.8"), (*CLUSTER[1], "extra.example"), ("ndots:1",)),
     "D81: duplicates go, the pod wins"),
    ({"dns_config": {"options": (("ndots", None), ("debug", None))}},
     (*CLUSTER[:2], ("ndots", "debug")), "D81: an option without a value replaces one with"),
]


@pytest.mark.parametrize(("spec", "expected", "rule"), POLICIES, ids=[row[2] + f" {row[0]}"[:70] for row in POLICIES])
def test_a_pod_gets_the_file_its_policy_says(spec: dict[str, Any], expected: tuple[Any, ...], rule: str) -> None:
    conf = conf_of(**spec)
    assert (conf.nameservers, conf.searches, conf.options) == expected, rule


def test_the_file_reads_as_the_runtime_writes_it() -> None:
    assert str(conf_of(host_resolv_conf="nameserver 192.0.2.53\n")) == (
        "search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n")


def test_a_file_without_searches_and_options_has_no_such_lines() -> None:
    assert str(conf_of(dns_policy="None", dns_config={"nameservers": ("198.51.100.7",)})) == "nameserver 198.51.100.7\n"


def test_a_written_file_reads_back() -> None:
    conf = conf_of()
    read = read_resolv_conf(str(conf))
    assert (read.nameservers, read.searches, read.options) == (conf.nameservers, conf.searches, conf.options)


def test_three_name_servers_are_the_limit() -> None:
    """D82."""
    servers = tuple(f"198.51.100.{i}" for i in range(1, 5))
    conf = conf_of(dns_policy="None", dns_config={"nameservers": servers})
    assert (conf.nameservers, conf.omitted_nameservers) == (servers[:3], servers[3:])


def test_thirty_two_search_domains_are_the_limit() -> None:
    """D82."""
    domains = tuple(f"d{i}.example" for i in range(33))
    conf = conf_of(dns_policy="None", dns_config={"searches": domains})
    assert (conf.searches, conf.omitted_searches) == (domains[:32], domains[32:])


@pytest.mark.parametrize(("length", "is_kept"), [(253, True), (254, False)])
def test_a_search_domain_over_253_characters_is_left_out(length: int, is_kept: bool) -> None:
    """D82."""
    long = "x" * length
    conf = conf_of(dns_policy="None", dns_config={"searches": ("a.example", long, "b.example")})
    assert (long in conf.searches) is is_kept
    assert conf.omitted_searches == (() if is_kept else (long,))
    assert conf.searches[0::len(conf.searches) - 1] == ("a.example", "b.example")


@pytest.mark.parametrize(("last", "kept"), [(247, 9), (248, 8)])
def test_a_search_line_over_2048_characters_loses_domains_from_its_end(last: int, kept: int) -> None:
    """D82: eight domains of 224 and eight blanks make 1800, so 248 more just exceed the limit."""
    domains = (*(f"{i}" * 224 for i in range(8)), "y" * (last + 1))
    assert len(" ".join(domains)) == 2048 + (last - 247)
    conf = conf_of(dns_policy="None", dns_config={"searches": domains})
    assert (conf.searches, conf.omitted_searches) == (domains[:kept], domains[kept:])


NODE_FILES = [  # text, (name servers, searches, options), rule
    ("nameserver 1.1.1.1\nnameserver 8.8.8.8 9.9.9.9\n", (("1.1.1.1", "8.8.8.8"), (), ()), "name servers add up"),
    ("search a b\nsearch c\n", ((), ("c",), ()), "the last search line wins"),
    ("options a:1\noptions b\n", ((), (), ("b",)), "the last options line wins"),
    ("#nameserver 1.1.1.1\n  # search a\nsearch b # c\n", ((), ("b", "#", "c"), ()), "only lines starting with #"),
    ("search a. . b\n", ((), ("a", ".", "b"), ()), "a final dot goes, a lone dot stays"),
    ("nameserver\nsearch\ndomain x\nsortlist y\n", ((), (), ()), "anything else is skipped"),
    ("  nameserver\t1.1.1.1\r\n", (("1.1.1.1",), (), ()), "blanks of any kind"),
]


@pytest.mark.parametrize(("text", "expected", "rule"), NODE_FILES, ids=[row[2] for row in NODE_FILES])
def test_the_nodes_file_is_read_as_the_kubelet_reads_it(text: str, expected: tuple[Any, ...], rule: str) -> None:
    """D83."""
    conf = read_resolv_conf(text)
    assert (conf.nameservers, conf.searches, conf.options) == expected


def test_pods_given_the_same_file_share_it() -> None:
    net = Net()
    confs = [net.dns.clients.resolv_conf(actor(each)) for each in (
        pod("shop/a", "10.0.0.1"), pod("shop/b", "10.0.0.2"), pod("default/a", "10.0.0.3"))]
    assert confs[0] is confs[1]
    assert confs[0] is not confs[2]


@pytest.mark.parametrize(("options", "ndots"), [
    (("ndots:2",), 2), ((), 1), (("ndots:99",), 15), (("ndots",), 1), (("ndots:0",), 0), (("ndots:3", "ndots:4"), 4)])
def test_ndots_is_read_from_the_options(options: tuple[str, ...], ndots: int) -> None:
    """D86: default 1, at most 15."""
    assert ResolvConf(options=options).ndots == ndots


def test_a_node_process_uses_the_nodes_file() -> None:
    net = Net(kubelet={"host_resolv_conf": NODE_FILE})
    conf = net.dns.clients.resolv_conf(Actor("node/node-1", numbers("172.18.0.2"), "node-1", None, True))
    assert (conf.nameservers, conf.searches) == (("192.0.2.53",), ("corp.example", "lab.example"))


# /etc/hosts (D84) ---------------------------------------------------------------------------------------------------

TOP = ("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
       "fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n")
HOSTS = [  # addresses, spec, lines after the local names
    (("10.244.1.21",), {}, "10.244.1.21\tclient\n"),
    (("10.244.1.21",), {"hostname": "db-2"}, "10.244.1.21\tdb-2\n"),
    (("10.244.1.21",), {"hostname": "db-2", "subdomain": "db"},
     "10.244.1.21\tdb-2.db.shop.svc.cluster.local\tdb-2\n"),
    (("10.244.1.21",), {"subdomain": "db"}, "10.244.1.21\tclient.db.shop.svc.cluster.local\tclient\n"),
    (("10.244.1.21", "fd00::21"), {}, "10.244.1.21\tclient\nfd00::21\tclient\n"),
    (("10.244.1.21",), {"host_aliases": (("192.0.2.5", ("foo", "bar")),)},
     "10.244.1.21\tclient\n\n# Entries added by HostAliases.\n192.0.2.5\tfoo\tbar\n"),
]


@pytest.mark.parametrize(("addresses", "spec", "lines"), HOSTS, ids=[str(row[1]) + row[0][-1] for row in HOSTS])
def test_the_hosts_file_has_the_pods_own_names(addresses: tuple[str, ...], spec: dict[str, Any], lines: str) -> None:
    net = Net()
    assert str(net.dns.clients.hosts_file(actor(pod("shop/client", *addresses, **spec)))) == TOP + lines


def test_a_host_network_pod_sees_the_nodes_file() -> None:
    net = Net()
    each = pod("shop/agent", "172.18.0.2", host_network=True, host_aliases=(("192.0.2.5", ("foo",)),))
    hosts = net.dns.clients.hosts_file(Actor("pod/shop/agent", each.pod_ips, "node-1", each, True))
    assert str(hosts).startswith("# Kubernetes-managed hosts file (host network).\n127.0.0.1\tlocalhost\n")
    assert hosts.addresses("node-1") == each.pod_ips
    assert hosts.addresses("agent") == ()
    assert hosts.addresses("FOO") == numbers("192.0.2.5")


def test_a_pod_name_too_long_for_a_host_name_is_cut() -> None:
    """kubernetes/kubernetes pkg/kubelet/util truncatePodHostnameIfNeeded: 63 characters, no dash or dot at the end."""
    assert hostname_of(pod(f"shop/{'a' * 62}-{'b' * 20}", "10.0.0.1")) == "a" * 62


def test_limits_and_a_missing_server_are_warned_of() -> None:
    """D82, D77: kubernetes/kubernetes pkg/kubelet/network/dns/dns.go formDNSNameserversFitsLimits, GetPodDNS."""
    net = simnet.Cluster(nodes=1, addons=["coredns"])
    spec = {"dnsConfig": {"nameservers": ["192.0.2.1", "192.0.2.2", "192.0.2.3"],
                          "searches": [f"s{i}.example" for i in range(30)]},
            "containers": [{"name": "main", "image": "nginx:1.29"}]}
    net.apply([{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "much"}, "spec": spec},
               {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "plain"}, "spec": {"containers": spec["containers"]}}])
    warned = [(each.reason, each.message) for each in net.events_of(net.get("pod", "much")) if each.type == "Warning"]
    assert [reason for reason, _ in warned] == ["DNSConfigForming"] * 2
    assert warned[0][1] == ("Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: "
                            "10.96.0.10 192.0.2.1 192.0.2.2")
    assert warned[1][1].startswith("Search Line limits were exceeded, some search paths have been omitted, the applied search "
                                   "line is: default.svc.cluster.local svc.cluster.local cluster.local s0.example ")
    assert warned[1][1].endswith(" s28.example")
    assert not [each for each in net.events_of(net.get("pod", "plain")) if each.type == "Warning"]


def test_a_kubelet_without_cluster_dns_says_what_it_does_instead() -> None:
    net = simnet.Cluster(nodes=1, addons=(), kubelet={"cluster_dns": []})
    net.apply([{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {
        "containers": [{"name": "main", "image": "nginx:1.29"}]}}])
    assert [each.reason for each in net.events_of(net.get("pod", "a")) if each.type == "Warning"] == ["MissingClusterDNS"]
