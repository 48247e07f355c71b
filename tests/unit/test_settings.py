"""The keywords of `Cluster`: defaults, accepted forms, and what is said of everything else."""

from __future__ import annotations

from typing import Any

import pytest

import simnet
from simnet import ip
from simnet.errors import UsageError
from simnet.ip import IPNetwork
from simnet.settings import Settings
from simnet.x509.make import make_certificate
from tests.test_messages import assert_message

CERTIFICATE = make_certificate(["a.test"], not_before=1_700_000_000, not_after=2_000_000_000, seed=b"a")


def read(**given: Any) -> Settings:
    return Settings.read(given)


def test_the_defaults_are_those_of_the_design() -> None:
    """ARCHITECTURE, Settings; kubeadm's where it has any."""
    settings = read()
    assert settings.nodes == (("node-1", (ip.number("172.18.0.2"),)),)
    assert [str(each) for each in (*settings.pod_cidrs, *settings.service_cidrs, settings.load_balancer_pool)] == [
        "10.244.0.0/16", "10.96.0.0/12", "203.0.113.0/28"]
    assert (settings.node_port_range, settings.seed, settings.now) == ((30000, 32767), 0, "2027-01-01T00:00:00Z")
    assert (settings.namespaces, settings.assume, settings.policies) == ("created on apply", "nothing", "required")
    assert dict(settings.addons) == {"coredns": "", "ingress-nginx": ""}
    assert {name: host.addresses for name, host in settings.outside.items()} == {"laptop": (ip.number("192.0.2.1"),)}
    assert settings.kubelet.cluster_dns == ("10.96.0.10",) and settings.cluster_cidrs == settings.pod_cidrs
    assert [controller.ingress_class for controller in settings.ingress] == ["nginx"]


# keyword, several ways to say the same, what is read
FORMS: list[tuple[str, list[Any], Any]] = [
    ("nodes", [2, {"node-1": "172.18.0.2", "node-2": ["172.18.0.3"]}],
     (("node-1", (ip.number("172.18.0.2"),)), ("node-2", (ip.number("172.18.0.3"),)))),
    ("nodes", [0, {}], ()),
    ("pod_cidr", ["10.1.0.0/16", ["10.1.0.0/16"], IPNetwork.parse("10.1.0.0/16")], (IPNetwork.parse("10.1.0.0/16"),)),
    ("pod_cidr", [[], None], ()),
    ("addons", [["coredns"], "coredns", {"coredns": None}, {"coredns": ""}], {"coredns": ""}),
    ("addons", [(), None, [], {}], {}),
    ("addons", [{"ingress": "node-1"}, {"ingress-nginx": "node-1"}], {"ingress-nginx": "node-1"}),
    ("trust", [CERTIFICATE.certificate, [CERTIFICATE.certificate], CERTIFICATE.certificate_pem, [CERTIFICATE.certificate_pem]],
     (CERTIFICATE.certificate,)),
]


@pytest.mark.parametrize(("keyword", "forms", "value"), FORMS)
def test_several_ways_to_say_the_same(keyword: str, forms: list[Any], value: Any) -> None:
    attribute = {"pod_cidr": "pod_cidrs"}.get(keyword, keyword)
    for form in forms:
        assert getattr(read(**{keyword: form}), attribute) == value


def test_groups_take_single_values_where_a_list_is_meant() -> None:
    assert read(proxy="nftables").proxy.mode == "nftables"
    assert [str(each) for each in read(proxy={"cluster_cidrs": "10.0.0.0/8"}).cluster_cidrs] == ["10.0.0.0/8"]
    assert read(proxy={"cluster_cidrs": []}).cluster_cidrs == ()
    chosen = read(proxy={"node_port_addresses": "primary"}).proxy
    assert (chosen.node_port_primary, chosen.node_port_addresses) == (True, ())
    assert read(dns={"zones": "corp.test."}).dns.zones == ("corp.test.",)
    assert read(kubelet={"cluster_dns": "10.96.0.53"}).kubelet.cluster_dns == ("10.96.0.53",)
    assert read(dns={"upstream": None}).dns.has_upstream is False
    assert read(dns={"upstream": {"records": ["a.test. 60 IN A 192.0.2.5"]}}).dns.upstream_records == ("a.test. 60 IN A 192.0.2.5",)
    for form in ("192.0.2.5", ["192.0.2.5"], {"address": "192.0.2.5"}, {"addresses": ["192.0.2.5"]}):
        assert read(outside={"docs": form}).outside["docs"].addresses == (ip.number("192.0.2.5"),)


def test_several_controllers_each_have_their_own_settings() -> None:
    controllers = read(ingress=[{"name": "a", "node": "node-1"}, {"name": "b"}], addons={"ingress": "node-1"}).ingress
    assert [(each.name, each.node) for each in controllers] == [("a", "node-1"), ("b", "node-1")]
    assert read(addons=["coredns"], ingress={"name": "a"}).ingress == ()


# keywords, exact message
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"pod_cdr": "10.0.0.0/8"}, "Cluster has no setting 'pod_cdr'; did you mean pod_cidr?"),
    ({"nodes": "two"}, "nodes: 'two' is neither a number of nodes nor a mapping of name to address"),
    ({"nodes": -1}, "nodes: -1 is neither a number of nodes nor a mapping of name to address"),
    ({"nodes": True}, "nodes: True is neither a number of nodes nor a mapping of name to address"),
    ({"nodes": {"a": "10.0.0.300"}}, "nodes[a]: '10.0.0.300' is not an IP address: octet 4 is 300, the highest is 255"),
    ({"nodes": {"a": []}}, "nodes[a]: an address is missing"),
    ({"nodes": {"a": "10.0.0.1", "b": "10.0.0.1"}}, "nodes[b]: 10.0.0.1 is an address of a already"),
    ({"pod_cidr": "10.244.0.0"}, "pod_cidr: '10.244.0.0' is not a network: the prefix length is missing; did you mean 10.244.0.0/32?"),
    ({"pod_cidr": ["10.1.0.0/16", "10.2.0.0/16"]},
     "pod_cidr: at most one range of each family, given 10.1.0.0/16, 10.2.0.0/16"),
    ({"service_cidr": []}, "service_cidr: a cluster has at least one range for Services"),
    ({"service_cidr": "10.0.0.0/29"}, "service_cidr: 10.0.0.0/29 has no tenth address for the cluster DNS; take a larger range, "
     "or name an address with kubelet={'cluster_dns': ...}"),
    ({"node_port_range": "30000"}, "node_port_range: '30000' is not LOW-HIGH with ports from 1 to 65535"),
    ({"node_port_range": "31000-30000"}, "node_port_range: '31000-30000' is not LOW-HIGH with ports from 1 to 65535"),
    ({"node_port_range": "\N{SUPERSCRIPT TWO}-3"}, "node_port_range: '²-3' is not LOW-HIGH with ports from 1 to 65535"),
    ({"ingress": [{"name": "a"}, {"name": "b", "class_controller": "k8s.io/b"}]},
     "ingress: 'a' and 'b' describe class 'nginx' differently; give one of them an ingress_class of its own"),
    ({"seed": "7"}, "seed: '7' is not a whole number"),
    ({"seed": 1.5}, "seed: 1.5 is not a whole number"),
    ({"now": "today"}, "now: 'today' is not an RFC 3339 time such as 2027-01-01T00:00:00Z"),
    ({"namespaces": "some"}, "namespaces: 'some' is not one of 'created on apply', 'listed only', 'any'"),
    ({"assume": "any-prot"}, "assume: 'any-prot' is not one of 'nothing', 'any-port'; did you mean 'any-port'?"),
    ({"policies": "enforced"},
     "policies: 'enforced' is not one of 'required', 'not-enforced'; did you mean 'not-enforced'?"),
    ({"addons": "cordns"}, "addons: 'cordns' is not one of 'coredns', 'ingress-nginx'; did you mean 'coredns'?"),
    ({"addons": {"coredns": "node-9"}}, "addons[coredns]: 'node-9' is not one of 'node-1'; did you mean 'node-1'?"),
    ({"addons": 3}, "addons: 3 is not a list"),
    ({"images": ["nginx"]}, "images: ['nginx'] is not a mapping"),
    ({"outside": 3}, "outside: 3 is not a mapping"),
    ({"outside": {"docs": {}}}, "outside[docs]: an address is missing"),
    ({"outside": {"docs": {"adress": "192.0.2.5"}}}, "outside[docs] has no setting 'adress'; did you mean address?"),
    ({"outside": {"docs": {"address": "192.0.2.5", "listen": [{"prt": 80}]}}},
     "outside[docs].listen[0] has no key 'prt'; did you mean port?"),
    ({"trust": 3}, "trust: 3 is not a list"),
    ({"trust": "x"}, "trust: <input>: expected PEM, a line that reads '-----BEGIN ...-----'; there is none"),
    ({"proxy": "ipvs"}, "proxy.mode: 'ipvs' is not one of 'iptables', 'nftables'"),
    ({"proxy": 3}, "proxy: 3 is not a mapping"),
    ({"proxy": {"mod": "nftables"}}, "proxy has no setting 'mod'; did you mean mode?"),
    ({"proxy": {"masquerade_all": "false"}}, "proxy.masquerade_all: 'false' is not true or false"),
    ({"proxy": {"cluster_cidrs": "10.0.0.0"}},
     "proxy.cluster_cidrs: '10.0.0.0' is not a network: the prefix length is missing; did you mean 10.0.0.0/32?"),
    ({"dns": {"tll": 5}}, "dns has no setting 'tll'; did you mean ttl?"),
    ({"dns": {"ttl": "5"}}, "dns.ttl: '5' is not a whole number"),
    ({"dns": {"ttl": 3601}}, "dns.ttl: 3601 is not a number of seconds from 0 to 3600"),
    ({"dns": {"autopath": "yes"}}, "dns.autopath: 'yes' is not true or false"),
    ({"dns": {"external": {"headless": True}}}, "dns.external: a zone is missing, {'zone': 'example.com.'} for one"),
    ({"dns": {"external": {"zones": ["a."]}}}, "dns.external has no setting 'zones'; did you mean zone?"),
    ({"dns": {"external": {"zone": "a.", "ns_ips": "x"}}}, "dns.external.ns_ips: 'x' is not an IP address: neither four "
     "octets separated by '.' nor groups separated by ':'"),
    ({"dns": {"cache": {"postive": 3}}}, "dns.cache has no setting 'postive'; did you mean positive?"),
    ({"dns": {"cache": -1}}, "dns.cache.positive: -1 is less than 0 seconds"),
    ({"dns": {"client_cache": "long"}}, "dns.client_cache.positive: 'long' is not a whole number"),
    ({"dns": {"transport": "pod"}}, "dns.transport: 'pod' is not one of 'pods', 'direct'; did you mean 'pods'?"),
    ({"dns": {"upstream": {"record": []}}}, "dns.upstream has no setting 'record'; did you mean records?"),
    ({"kubelet": {"cluster_dns": "dns"}}, "kubelet.cluster_dns: 'dns' is not an IP address: neither four octets separated by '.' "
     "nor groups separated by ':'"),
    ({"ingress": "ingress-nginx"}, "ingress: 'ingress-nginx' is not a mapping"),
    ({"ingress": {"shap": "hostport"}}, "ingress has no setting 'shap'; did you mean shape?"),
    ({"ingress": {"http_port": "80"}}, "ingress.http_port: '80' is not a whole number"),
    ({"ingress": {"node": "nod-1"}}, "ingress.node: 'nod-1' is not one of 'node-1'; did you mean 'node-1'?"),
    ({"ingress": {"webhook": True, "profile": "spec"}},
     "ingress.webhook: a controller with profile 'spec' has none; leave one out"),
    ({"ingress": {"profile": "docs"}}, "ingress.profile: 'docs' is not one of 'nginx', 'spec'"),
    ({"ingress": [{"name": "a"}, {"name": "b"}, {"name": "b"}]},
     "ingress: two controllers are called 'b'; give each a name of its own"),
    ({"delays": {"endpoints": 1}}, "delays[endpoints]: delays other than zero are not modelled yet; leave the keyword out"),
    ({"pins": ["web"]}, "pins: ['web'] is not a mapping"),
    ({"pins": {"service/web": "10.96.0.5"}}, "pins: 'service/web' is not KIND/NAMESPACE/NAME"),
    ({"pins": {"sevice/default/web": "10.96.0.5"}}, "pins: 'sevice' is not one of 'pod', 'deployment', 'replicaset', "
     "'statefulset', 'daemonset', 'service'; did you mean 'service'?"),
    ({"pins": {"service/default/web": {"clusterIp": "10.96.0.5"}}},
     "pins[service/default/web] has no setting 'clusterIp'; did you mean clusterIP?"),
    ({"pins": {"service/default/web": {"nodePort": "30080"}}}, "pins[service/default/web].nodePort: '30080' is not a whole number"),
    ({"pins": {"service/default/web": ["10.96.0.5"]}},
     "pins[service/default/web]: ['10.96.0.5'] is neither an address nor a mapping with clusterIP, nodePort, loadBalancerIP"),
    ({"pins": {"pod/default/web": "10.244.0.300"}},
     "pins[pod/default/web]: '10.244.0.300' is not an IP address: octet 4 is 300, the highest is 255"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED)
def test_what_cannot_be_used_is_named_with_what_would_do(given: dict[str, Any], message: str) -> None:
    assert_message(lambda: simnet.Cluster(**given), UsageError, message)


def test_a_node_name_must_be_one() -> None:
    with pytest.raises(UsageError, match=r"^nodes: 'Node_A' is no name for a node: a lowercase RFC 1123 subdomain"):
        read(nodes={"Node_A": "10.0.0.1"})


# keywords that only the allocators can refuse
RANGES = [({"pod_cidr": "fd00::/32"}, "pod_cidr: New CIDR set failed; the node CIDR size is too big"),
          ({"service_cidr": "fd00::/32"}, "service_cidr: shortest allowed prefix length for service CIDR is 64, got 32"),
          ({"service_cidr": "10.0.0.0/30", "addons": ()},
           "service_cidr: the service cluster IP range must be at least 8 IP addresses")]


@pytest.mark.parametrize(("given", "message"), RANGES)
def test_ranges_the_api_server_would_not_start_with(given: dict[str, Any], message: str) -> None:
    """CI-1, PI-6."""
    assert_message(lambda: simnet.Cluster(**given), UsageError, message)


def test_a_small_service_range_will_do_without_dns_or_with_an_address_for_it() -> None:
    assert read(service_cidr="10.0.0.0/29", addons=()).kubelet.cluster_dns == ()
    cluster = simnet.Cluster(service_cidr="10.0.0.0/29", kubelet={"cluster_dns": "10.0.0.6"}, addons=["coredns"])
    assert cluster.get("service", "kube-dns", namespace="kube-system").manifest["spec"]["clusterIP"] == "10.0.0.6"


def test_add_ons_may_wait_for_nodes_that_are_loaded_later() -> None:
    assert dict(read(nodes=0, addons={"coredns": "node-9"}).addons) == {"coredns": "node-9"}


def test_some_settings_may_change_later_and_are_checked_then_too() -> None:
    cluster = simnet.Cluster(addons=())
    cluster.set(assume="any-port", policies="not-enforced", trust=CERTIFICATE.certificate_pem)
    assert (cluster.settings.assume, cluster.settings.policies) == ("any-port", "not-enforced")
    assert cluster.settings.trust == (CERTIFICATE.certificate,)
    assert_message(lambda: cluster.set(assume="any-prot"), UsageError,
                   "assume: 'any-prot' is not one of 'nothing', 'any-port'; did you mean 'any-port'?")
    assert_message(lambda: cluster.set(nodes=3), UsageError,
                   "Cluster.set has no setting 'nodes'; known are assume, policies, trust")
    assert cluster.settings.assume == "any-port"


def test_what_is_set_on_a_fork_stays_there() -> None:
    cluster = simnet.Cluster(addons=())
    twin = cluster.fork()
    twin.set(assume="any-port")
    assert (cluster.settings.assume, twin.settings.assume) == ("nothing", "any-port")


def test_optional_features_of_dns_are_off_unless_given() -> None:
    settings = read(dns={"autopath": None, "zonal": None, "external": None, "axfr": None}).dns
    assert settings == read().dns and (settings.autopath, settings.zonal, settings.external, settings.axfr) == (False, False, None, False)
    external = read(dns={"external": {"zone": "example.com.", "ns_ips": "192.0.2.1"}}).dns.external
    assert external is not None and (external.ns_ips, external.headless, external.ttl) == (("192.0.2.1",), False, 5)


def test_caches_take_one_number_or_two() -> None:
    assert read(dns={"cache": 30}).dns.cache == read(dns={"cache": {"positive": 30, "negative": 30}}).dns.cache
    assert read(dns={"cache": None}).dns.remembers is False and read(dns={"client_cache": 1}).dns.remembers is True
