"""What a pod listens on, and readiness probes judged against it."""

from __future__ import annotations

from typing import Any

import pytest

from simnet.control.listening import DECLARED, PROFILE, Conflict, Listening, listening_of, serving
from simnet.control.probes import probe_failure
from simnet.control.starting import restarts_of, start_of
from simnet.images import Images
from simnet.objects.pod import Container, ContainerPort, ContainerState, PodSpec, Probe

ADDRESS = 0x0AF40003  # 10.244.0.3


def spec(*containers: Container, **more: Any) -> PodSpec:
    return PodSpec(containers=containers, **more)


def container(name: str = "main", image: str = "nginx", *ports: int, **more: Any) -> Container:
    return Container(name, image, tuple(ContainerPort(port) for port in ports), **more)


def look(*containers: Container, images: Images | None = None, **more: Any) -> Listening:
    return listening_of(spec(*containers, **more), images or Images({}))


def test_a_known_image_listens_on_its_own_ports_whatever_is_declared() -> None:
    """Source: users.md item 2; containerPort is only documentation."""
    listening = look(container("web", "nginx", 3000))
    listener = listening.at(80)
    assert listener is not None and (listener.container, listener.known_by) == ("web", PROFILE)
    assert listening.at(3000) is None and not listening.unknown


def test_an_unknown_image_listens_on_its_declared_ports() -> None:
    listening = look(container("api", "shop/api:1", 8080, 9090))
    assert listening.open_ports() == (8080, 9090) and not listening.unknown
    assert listening.at(8080) is not None and listening.ports[(8080, "TCP")].known_by == DECLARED


def test_of_an_unknown_image_without_ports_nothing_is_known() -> None:
    listening = look(container("api", "shop/api:1"))
    assert listening.unknown and not listening.ports


def test_containers_share_one_port_space() -> None:
    listening = look(container("web", "nginx"), container("cache", "redis"))
    assert {each.container for each in listening.ports.values()} == {"web", "cache"}
    assert not listening.conflicts


def test_the_second_container_on_a_port_crashes_and_all_its_ports_are_closed() -> None:
    listening = look(container("web", "nginx"), container("other", "shop/other:1", 9000, 80))
    assert listening.conflicts == (Conflict("other", 80, "TCP", "web"),)
    assert listening.open_ports() == (80,) and listening.ports[(80, "TCP")].container == "web"
    assert str(listening.conflicts[0]) == (
        "listen tcp :80: bind: address already in use (container web listens there)")


def test_sidecars_start_first_and_plain_init_containers_open_nothing() -> None:
    """Source: website sidecar-containers.md: init containers with restartPolicy Always run on."""
    inits = (container("proxy", "nginx", restart_policy="Always"), container("migrate", "shop/migrate:1", 5000))
    listening = look(container("web", "nginx"), init_containers=inits)
    assert listening.ports[(80, "TCP")].container == "proxy"
    assert [each.container for each in listening.conflicts] == ["web"]
    assert listening.at(5000) is None


@pytest.mark.parametrize(("one", "other", "collide"), [
    ("127.0.0.1", "", True), ("", "127.0.0.1", True), ("127.0.0.1", "127.0.0.1", True), ("127.0.0.1", "10.0.0.1", False)])
def test_binding_one_address_collides_with_binding_all(one: str, other: str, collide: bool) -> None:
    """Source: bind(2); a wildcard bind needs the port on every address."""
    images = Images({"a": {"listen": [{"port": 80, "bind": one}]}, "b": {"listen": [{"port": 80, "bind": other}]}})
    assert bool(look(container("a", "a"), container("b", "b"), images=images).conflicts) is collide


def test_the_same_number_over_udp_and_tcp_is_no_collision() -> None:
    images = Images({"a": {"listen": [53]}, "b": {"listen": [{"port": 53, "protocol": "UDP"}]}})
    listening = look(container("a", "a"), container("b", "b"), images=images)
    assert not listening.conflicts and listening.open_ports("UDP") == (53,)


def test_a_proxy_image_is_named() -> None:
    assert look(container("c", "registry.k8s.io/ingress-nginx/controller:v1")).proxy == "ingress-nginx"
    assert look(container("c", "registry.k8s.io/ingress-nginx/controller:v1", command=("sleep", "1d"))).proxy == ""


def test_a_container_that_is_down_listens_on_nothing() -> None:
    listening = look(container("web", "nginx"), container("cache", "redis"))
    down = (ContainerState("web", "waiting", False, "CrashLoopBackOff"), ContainerState("cache"))
    assert serving(listening, down).open_ports() == (6379,)
    assert serving(listening, (ContainerState("web"), ContainerState("cache"))) is listening


def http(port: int | str, path: str = "/", scheme: str = "HTTP") -> Probe:
    return Probe("httpGet", port, path, scheme)


IMAGES = {"tls": {"listen": [{"port": 443, "tls": True}]}, "local": {"listen": [{"port": 80, "bind": "127.0.0.1"}]},
          "broken": {"listen": [{"port": 80, "answer": "no", "status": 500}]}}
PROBES: list[tuple[str, Container, str]] = [
    ("a page that exists", container("c", "nginx", readiness_probe=http(80)), ""),
    ("a page that does not exist", container("c", "nginx", readiness_probe=http(80, "/ready")),
     "HTTP probe failed with statuscode: 404"),
    ("a server that fails", container("c", "broken", readiness_probe=http(80)),
     "HTTP probe failed with statuscode: 500"),
    ("a port nobody listens on", container("c", "nginx", 8080, readiness_probe=http(8080, "ready")),
     'Get "http://10.244.0.3:8080/ready": dial tcp 10.244.0.3:8080: connect: connection refused'),
    ("a named port", Container("c", "nginx", (ContainerPort(80, "http"),), readiness_probe=http("http")), ""),
    ("a name no port has", container("c", "nginx", readiness_probe=http("web")),
     "couldn't find port: web in container c"),
    ("a redirect counts as success", container("c", "prom/prometheus", readiness_probe=http(9090)), ""),
    ("plain HTTP to a TLS port", container("c", "tls", readiness_probe=http(443)),
     "HTTP probe failed with statuscode: 400"),
    ("HTTPS to a TLS port", container("c", "tls", readiness_probe=http(443, scheme="HTTPS")), ""),
    ("HTTPS to a plain port", container("c", "nginx", readiness_probe=http(80, scheme="HTTPS")),
     'Get "https://10.244.0.3:80/": http: server gave HTTP response to HTTPS client'),
    ("HTTP to a database", container("c", "redis", readiness_probe=http(6379)), 'Get "http://10.244.0.3:6379/": EOF'),
    ("TCP to a database", container("c", "redis", readiness_probe=Probe("tcpSocket", 6379)), ""),
    ("TCP to a closed port", container("c", "redis", readiness_probe=Probe("tcpSocket", 1)),
     "dial tcp 10.244.0.3:1: connect: connection refused"),
    ("a server bound to loopback", container("c", "local", readiness_probe=http(80)),
     'Get "http://10.244.0.3:80/": dial tcp 10.244.0.3:80: connect: connection refused'),
    ("a command is taken to succeed", container("c", "nginx", readiness_probe=Probe("exec")), ""),
    ("of an image nobody knows every port may be open", container("c", "shop/api:1", readiness_probe=http(1234)), ""),
    ("no probe", container("c", "nginx"), ""),
]


@pytest.mark.parametrize(("name", "probed", "failure"), PROBES, ids=[row[0] for row in PROBES])
def test_readiness_probes(name: str, probed: Container, failure: str) -> None:
    """Source: pkg/kubelet/prober/prober.go, pkg/probe/http/http.go (2xx and 3xx succeed), pkg/probe/tcp/tcp.go."""
    assert probe_failure(probed, look(probed, images=Images(IMAGES)), ADDRESS) == failure


STARTS: list[tuple[str, PodSpec, str, bool, list[str]]] = [
    # what the row says, pod, phase, ready, container states
    ("a server", spec(container()), "Running", True, ["running"]),
    ("a command that ends, restarted for ever", spec(container("c", "busybox")), "Running", False, ["CrashLoopBackOff"]),
    ("a command that ends and may", spec(container("c", "busybox"), restart_policy="Never"), "Succeeded", False,
     ["Completed"]),
    ("a command that fails", spec(container("c", "busybox", command=("false",)), restart_policy="Never"), "Failed",
     False, ["Error"]),
    ("OnFailure restarts only what failed", spec(container("c", "busybox", command=("false",)),
                                                  restart_policy="OnFailure"), "Running", False, ["CrashLoopBackOff"]),
    ("one ends, one stays", spec(container("web"), container("c", "busybox"), restart_policy="Never"), "Running",
     False, ["running", "Completed"]),
    ("two on one port", spec(container("one"), container("two")), "Running", False, ["running", "CrashLoopBackOff"]),
    ("an init container that never ends", spec(container(), init_containers=(container("i", "nginx"),)), "Pending",
     False, ["PodInitializing"]),
    ("an init container that ends", spec(container(), init_containers=(container("i", "busybox"),)), "Running", True,
     ["running"]),
    ("a sidecar does not keep a finished pod", spec(
        container("c", "busybox"), restart_policy="Never",
        init_containers=(container("s", "nginx", restart_policy="Always"),)), "Succeeded", False,
     ["Completed", "Completed"]),
    ("a probe that fails", spec(container("c", "nginx", readiness_probe=http(8080))), "Running", False, ["running"]),
]


@pytest.mark.parametrize("row", STARTS, ids=[row[0] for row in STARTS])
def test_how_a_pod_starts(row: tuple[str, PodSpec, str, bool, list[str]]) -> None:
    """Source: pkg/kubelet/kubelet_pods.go getPhase; website pod-lifecycle.md."""
    _, given, phase, ready, states = row
    start = start_of(given, Images({}))
    assert (start.phase, start.ready) == (phase, ready)
    assert [state.reason or state.state for state in start.states] == states
    assert start.ready == (bool(start.states) and all(state.ready for state in start.states))


def test_the_crash_of_a_collision_names_the_other_container() -> None:
    start = start_of(spec(container("one"), container("two")), Images({}))
    assert start.states[1].message == "listen tcp :80: bind: address already in use (container one listens there)"


def test_a_probe_that_starts_later_makes_the_pod_ready_later() -> None:
    probe = Probe("httpGet", 80, initial_delay_seconds=5, success_threshold=3, period_seconds=2)
    start = start_of(spec(container("c", "nginx", readiness_probe=probe)), Images({}))
    assert (start.ready, start.delay) == (False, 9.0)
    assert [state.ready for state in start.later] == [True]


@pytest.mark.parametrize(("seconds", "restarts"), [(0, 1), (9, 1), (10, 2), (30, 3), (70, 4), (150, 5), (1000, 8)])
def test_restarts_grow_with_the_back_off(seconds: float, restarts: int) -> None:
    """10, 20, 40, 80, 160, 300, 300 ... seconds. Source: website pod-lifecycle.md, container restarts."""
    state = ContainerState("c", "waiting", False, "CrashLoopBackOff", restart_count=1)
    assert restarts_of(state, seconds) == restarts


def test_a_loaded_container_without_image_may_open_more_than_it_declares() -> None:
    """Declared ports are informational (API reference, ContainerPort); an image is missing only in stated facts."""
    bare = PodSpec(containers=(Container("c", "", (ContainerPort(8080),)),))
    found = listening_of(bare, Images())
    assert found.unknown and found.at(8080) is not None
