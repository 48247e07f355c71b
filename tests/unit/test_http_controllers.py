"""Tables are compiled host by host, forget what an event touches and nothing else, and are shared by forks."""

from __future__ import annotations

from dataclasses import replace

from simnet.control.ingress_class import ControllerFlags
from simnet.dataplane.http.controllers import Controller
from simnet.names import ObjectKey
from simnet.objects.ingress import Ingress
from simnet.objects.ingressclass import IngressClass
from simnet.objects.pod import Container, Pod, PodSpec
from tests.unit.http_net import NGINX, Net, ask, endpoints, ingress, key, outcome, rule, service


def many(count: int) -> list[Ingress]:
    return [ingress(f"i-{number}", rule(f"h-{number}.t", "Prefix / a:80")) for number in range(count)]


def test_a_host_is_compiled_when_it_is_first_asked_for() -> None:
    net = Net(*many(50))
    assert net.work.hosts_compiled == 0
    for _ in range(3):
        ask(net.table(), "http://h-7.t/")
    assert net.work.hosts_compiled == 1


def test_a_changed_ingress_rebuilds_its_own_host_only() -> None:
    net = Net(*many(50))
    found = net.table()
    for number in range(50):
        ask(found, f"http://h-{number}.t/")
    compiled = net.work.hosts_compiled
    net.put(ingress("i-7", rule("h-7.t", "Prefix / changed:80")))
    assert [outcome(ask(found, f"http://h-{number}.t/")) for number in (6, 7)] == ["a /", "changed /"]
    assert net.work.hosts_compiled == compiled + 1


def test_a_renamed_host_is_forgotten_and_the_new_one_served() -> None:
    net = Net(ingress("i", rule("old.t", "Prefix / a:80")))
    assert outcome(ask(net.table(), "http://old.t/")) == "a /"
    net.put(ingress("i", rule("new.t", "Prefix / a:80")))
    assert outcome(ask(net.table(), "http://old.t/")) == "default"
    assert outcome(ask(net.table(), "http://new.t/")) == "a /"


def test_a_class_that_appears_brings_its_ingresses() -> None:
    net = Net(ingress("i", rule("h.t", "Prefix / a:80"), of="edge"))
    assert outcome(ask(net.table(), "http://h.t/")) == "default"
    edge = IngressClass(key=ObjectKey("", "edge"), controller="k8s.io/ingress-nginx")
    net.put(edge)
    assert outcome(ask(net.table(), "http://h.t/")) == "a /"
    net.delete(edge)
    assert outcome(ask(net.table(), "http://h.t/")) == "default"


def test_two_controllers_serve_each_its_own_class() -> None:
    other = IngressClass(key=ObjectKey("", "other"), controller="example.com/other")
    net = Net(other, ingress("mine", rule("h.t", "Prefix / mine:80")),
              ingress("its", rule("h.t", "Prefix / its:80"), of="other"))
    assert outcome(ask(net.table(), "http://h.t/")) == "mine /"
    assert outcome(ask(net.table(controller_class="example.com/other", ingress_class="other"), "http://h.t/")) == "its /"


def test_a_changed_configmap_counts_at_once() -> None:
    net = Net(ingress("i", rule("h.t", "Prefix / a:80")))
    assert outcome(ask(net.table({"force-ssl-redirect": "true"}), "http://h.t/x")) == "308 https://h.t/x"
    assert outcome(ask(net.table({"force-ssl-redirect": "false"}), "http://h.t/x")) == "a /x"


def test_peers_follow_service_and_slices() -> None:
    net = Net(service("web"), endpoints("web", "10.244.0.5"))
    upstream = net.ingress.upstream(key("web"), "80")
    assert [peer.text for peer in upstream.peers] == ["10.244.0.5:8080"]
    assert net.ingress.upstream(key("web"), "80") is upstream
    net.put(endpoints("web", "10.244.0.6"))
    assert [peer.text for peer in net.ingress.upstream(key("web"), "80").peers] == ["10.244.0.6:8080"]
    net.delete(service("web"))
    assert net.ingress.upstream(key("web"), "80").peers == ()


# controllers -----------------------------------------------------------------------------------------------------

def controller_pod(name: str, *args: str) -> Pod:
    container = Container("c", image="registry.k8s.io/ingress-nginx/controller:v1.15.1", args=args)
    return Pod(key=key(name), spec=PodSpec(containers=(container,)), phase="Running")


def test_pods_become_controllers_and_cease_to_be() -> None:
    net, pod = Net(), controller_pod("c", "--http-port=8080")
    net.put(pod)
    found = net.ingress.controller_of(pod)
    assert found is not None and found.ports == (8080, 443) and found.https_ports == (443,)
    net.put(replace(pod, phase="Failed"))
    assert net.ingress.controller_of(pod) is None


def test_why_nobody_serves_an_ingress_can_be_asked() -> None:
    net, lost = Net(controller_pod("c")), ingress("i", rule("h.t", "Prefix / a:80"), of=None)
    net.put(lost)
    assert [(str(each.pod), match.reason.name) for each, match in net.ingress.classes_of(lost)] == [("default/c", "NO_CLASS")]


def test_the_address_of_a_host_is_that_of_its_ingress() -> None:
    net = Net(controller_pod("c"), ingress("i", rule("h.t", "Prefix / a:80"), addresses=("203.0.113.1",)),
              ingress("w", rule("*.w.t", "Prefix / a:80")),
              ingress("any", rule("", "Prefix / a:80"), addresses=("203.0.113.2",)))
    assert net.ingress.address_of("H.T.") == "203.0.113.1"
    assert net.ingress.address_of("a.w.t") == ""
    assert net.ingress.address_of("nobody.t") is None


def test_forks_do_not_meet_and_share_what_was_compiled() -> None:
    net = Net(ingress("i", rule("h.t", "Prefix / a:80")))
    flags = ControllerFlags()
    server = net.table().server("h.t")
    fork = net.ingress.fork(net)
    twin = fork.table_of(Controller(key("c"), flags))
    assert twin.server("h.t") is server
    net.put(ingress("i", rule("h.t", "Prefix / b:80")))
    assert outcome(ask(twin, "http://h.t/")) == "a /"
    assert outcome(ask(net.table(), "http://h.t/")) == "b /"


def test_a_deleted_class_leaves_other_classes_alone() -> None:
    net = Net(ingress("i", rule("h.t", "Prefix / a:80")), IngressClass(key=ObjectKey("", "other"), controller="x.io/y"))
    ask(net.table(), "http://h.t/")
    compiled = net.work.hosts_compiled
    net.delete(IngressClass(key=ObjectKey("", "other")))
    assert outcome(ask(net.table(), "http://h.t/")) == "a /" and net.work.hosts_compiled == compiled
    net.delete(NGINX)
    assert outcome(ask(net.table(), "http://h.t/")) == "default"
