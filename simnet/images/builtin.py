"""The images simnet knows: ports, answers and tools as published on their registry pages and in their Dockerfiles.

Keys are repositories without registry and without `library/`. An image that is not here is not guessed at: its
declared container ports count, and nothing is known about its tools.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from simnet.images.profile import ImageProfile, Listen
from simnet.images.tools import ALPINE, APK, APT, BUSYBOX, DEBIAN, DNF, NETSHOOT, RPM

_BASES: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType({
    "debian": {"tools": DEBIAN, "package_manager": "apt", "packages": APT},
    "alpine": {"tools": ALPINE, "package_manager": "apk", "packages": APK, "libc": "musl"},
    "busybox": {"tools": BUSYBOX},
    "rpm": {"tools": RPM, "package_manager": "dnf", "packages": DNF},
    "scratch": {},
})


def _image(names: str, base: str, *listen: Listen, tools: str = "", servers: str = "", **more: Any
           ) -> list[ImageProfile]:
    """One row of the table: the repositories it stands for, what they are built on, what they listen on."""
    given = dict(_BASES[base])
    given["tools"] = frozenset(given.get("tools", ())) | frozenset(tools.split())
    return [ImageProfile(name=name, listen=listen, servers=frozenset(servers.split()), **given, **more)
            for name in names.split()]


def _server(name: str, base: str, program: str, *listen: Listen, tools: str = "") -> list[ImageProfile]:
    """An image whose entrypoint script starts `program` with the args, or runs args that are a command."""
    return _image(name, base, *listen, tools=tools, servers=program, entrypoint=program.split()[0], execs_args=True)


def _ports(*ports: int, app: str = "", answer: str | None = None) -> tuple[Listen, ...]:
    return tuple(Listen(port, app=app, answer=answer) for port in ports)


_WEB_SERVERS = [
    _image("nginx nginx-slim e2e-test-images/nginx docker/getting-started", "debian", *_ports(80, app="nginx"),
           tools="curl nginx", servers="nginx nginx-debug", entrypoint="nginx", execs_args=True),
    _image("nginxinc/nginx-unprivileged", "debian", *_ports(8080, app="nginx"),
           tools="curl nginx", servers="nginx", entrypoint="nginx", execs_args=True),
    _image("httpd e2e-test-images/httpd", "debian", *_ports(80, app="httpd"), servers="httpd httpd-foreground"),
    _image("caddy", "alpine", *_ports(80, answer="Caddy works!\n"), servers="caddy"),
    _image("tomcat", "debian", Listen(8080, answer="HTTP Status 404 - Not Found\n", status=404), servers="catalina.sh"),
    _image("wordpress drupal nextcloud phpmyadmin", "debian", *_ports(80), tools="curl",
           servers="apache2-foreground", entrypoint="apache2-foreground", execs_args=True),
    _image("hpa-example", "debian", *_ports(80, answer="OK!"), servers="apache2-foreground"),
    _image("adminer", "alpine", *_ports(8080)),
    _image("ghost", "debian", *_ports(2368)),
    _image("grafana/grafana grafana/grafana-oss", "alpine", *_ports(3000, app="grafana"), tools="curl bash"),
    _image("jenkins/jenkins", "debian", *_ports(8080, 50000), tools="curl"),
    _image("registry", "alpine", *_ports(5000), servers="registry"),
]

_TEST_SERVERS = [
    _image("kennethreitz/httpbin", "debian", *_ports(80, app="httpbin"), tools="python3 pip3", servers="gunicorn"),
    _image("kong/httpbin", "debian", *_ports(80, app="httpbin"), tools="python3", servers="gunicorn pipenv"),
    _image("mccutchen/go-httpbin", "scratch", *_ports(8080, app="httpbin"), servers="go-httpbin"),
    _image("hashicorp/http-echo", "scratch", *_ports(5678, app="http-echo", answer="hello-world\n"),
           entrypoint="http-echo"),
    _image("e2e-test-images/agnhost agnhost", "alpine", tools="bash curl dig agnhost iperf", entrypoint="agnhost"),
    _image("echoserver e2e-test-images/echoserver", "debian", *_ports(8080, app="echo"),
           Listen(8443, tls=True, app="echo"), servers="nginx run.sh"),
    _image("kicbase/echo-server jmalloc/echo-server", "scratch", *_ports(8080, app="echo")),
    _image("ealen/echo-server nginxdemos/hello", "alpine", *_ports(80, app="echo")),
    _image("mendhak/http-https-echo", "alpine", *_ports(8080, app="echo"), Listen(8443, tls=True, app="echo")),
    _image("traefik/whoami containous/whoami", "scratch", *_ports(80, app="whoami"), entrypoint="whoami"),
    _image("google-samples/hello-app google-samples/containers/gke/hello-app", "alpine",
           *_ports(8080, answer="Hello, world!\nVersion: 1.0.0\nHostname: $pod\n"), servers="hello-app"),
    _image("google-samples/kubernetes-bootcamp jocatalin/kubernetes-bootcamp", "debian",
           *_ports(8080, answer="Hello Kubernetes bootcamp! | Running on: $pod | v=1\n"), tools="curl node"),
    _image("paulbouwer/hello-kubernetes", "alpine", *_ports(8080)),
    _image("serve_hostname", "scratch", *_ports(9376, answer="$pod")),
    _image("defaultbackend-amd64 defaultbackend defaultbackend-arm64", "scratch", *_ports(8080, app="default-backend"),
           servers="server"),
]

_SHELLS = [
    _image("busybox e2e-test-images/busybox", "busybox", runs=False),
    _image("alpine", "alpine", runs=False),
    _image("debian ubuntu buildpack-deps", "debian", runs=False),
    _image("centos fedora rockylinux almalinux amazonlinux", "rpm", runs=False),
    _image("curlimages/curl", "alpine", tools="curl", runs=False, entrypoint="curl", execs_args=True),
    _image("nicolaka/netshoot", "alpine", tools=" ".join(NETSHOOT), runs=False),
    _image("praqma/network-multitool wbitt/network-multitool", "alpine", *_ports(80, app="nginx"),
           Listen(443, tls=True, app="nginx"), tools="bash curl dig host jq ip ss tcpdump openssl", servers="nginx",
           entrypoint="nginx", execs_args=True),
    _image("infoblox/dnstools", "alpine", tools="bash curl dig host jq", runs=False),
    _image("tutum/dnsutils e2e-test-images/jessie-dnsutils", "debian", tools="dig nslookup host", runs=False),
    _image("python", "debian", tools="python python3 pip pip3", runs=False),
    _image("node", "debian", tools="node npm npx yarn curl wget", runs=False, entrypoint="node", execs_args=True),
    _image("golang", "debian", tools="go curl wget", runs=False),
    _image("ruby perl php openjdk eclipse-temurin", "debian", tools="curl", runs=False),
    _image("hello-world", "scratch", runs=False),
    _image("pause", "scratch", servers="pause"),
]

_DATA_STORES = [
    _server("redis valkey/valkey valkey", "debian", "redis-server valkey-server", *_ports(6379, app="tcp"),
            tools="redis-cli redis-server"),
    _image("google-samples/gb-redis-follower google_samples/gb-redis-follower", "debian", *_ports(6379, app="tcp"),
           tools="redis-cli", servers="redis-server"),
    _image("google-samples/gb-frontend google_samples/gb-frontend", "debian", *_ports(80), tools="curl",
           servers="apache2-foreground"),
    _server("postgres", "debian", "postgres", *_ports(5432, app="tcp"), tools="psql pg_isready"),
    _server("mysql", "rpm", "mysqld", *_ports(3306, 33060, app="tcp"), tools="mysql mysqladmin"),
    _server("mariadb", "debian", "mariadbd mysqld", *_ports(3306, app="tcp"), tools="mariadb mariadb-admin"),
    _server("mongo", "debian", "mongod", *_ports(27017, app="tcp"), tools="mongosh"),
    _server("rabbitmq", "debian", "rabbitmq-server", *_ports(5672, 4369, 25672, app="tcp"),
            *_ports(15692, app="metrics"), tools="rabbitmqctl"),
    _server("memcached", "debian", "memcached", *_ports(11211, app="tcp")),
    _image("elasticsearch elasticsearch/elasticsearch", "debian", *_ports(9200), *_ports(9300, app="tcp"),
           tools="curl"),
    _server("cassandra", "debian", "cassandra", *_ports(9042, 7000, app="tcp")),
    _image("zookeeper", "debian", *_ports(2181, 2888, 3888, app="tcp"), *_ports(8080)),
    _image("apache/kafka", "alpine", *_ports(9092, app="tcp"), tools="bash"),
    _image("nats", "scratch", *_ports(4222, 6222, app="tcp"), *_ports(8222), entrypoint="nats-server",
           servers="nats-server"),
    _image("influxdb", "debian", *_ports(8086), tools="curl"),
    _image("consul hashicorp/consul", "alpine", *_ports(8500), tools="curl"),
]

_CLUSTER = [
    _image("coredns/coredns coredns", "scratch", Listen(53, "UDP", app="dns"), Listen(53, app="dns"),
           *_ports(8080, app="coredns-health"), *_ports(8181, app="coredns-ready"), *_ports(9153, app="metrics"),
           entrypoint="coredns"),
    _image("ingress-nginx/controller kubernetes-ingress-controller/nginx-ingress-controller", "alpine", *_ports(80),
           Listen(443, tls=True), Listen(8443, tls=True), *_ports(10254, app="controller-status"),
           tools="bash curl nginx", servers="nginx-ingress-controller", entrypoint="nginx-ingress-controller",
           execs_args=True, proxy="ingress-nginx"),
    _image("simnet/spec-ingress", "scratch", *_ports(80), Listen(443, tls=True), servers="spec-ingress",
           entrypoint="spec-ingress", execs_args=True, proxy="spec"),
    [ImageProfile(name="http-gateway", listen=None, proxy="gateway")],  # a Gateway's own pods: the ports they declare
    _image("ingress-nginx/kube-webhook-certgen", "scratch", runs=False),
    _image("prom/prometheus prometheus/prometheus", "busybox", *_ports(9090, app="prometheus"),
           entrypoint="prometheus"),
    _image("prom/alertmanager prometheus/alertmanager", "busybox", *_ports(9093, app="prometheus"),
           Listen(9094, app="tcp"), Listen(9094, "UDP", app="tcp"), entrypoint="alertmanager"),  # 9094: gossip
    _image("prom/pushgateway prometheus/pushgateway", "busybox", *_ports(9091, app="prometheus"),
           entrypoint="pushgateway"),
    _image("prom/node-exporter prometheus/node-exporter", "busybox", *_ports(9100, app="metrics"),
           entrypoint="node_exporter"),
    _image("kube-state-metrics/kube-state-metrics", "scratch", *_ports(8080, 8081), entrypoint="kube-state-metrics"),
]

_ROWS = (_WEB_SERVERS, _TEST_SERVERS, _SHELLS, _DATA_STORES, _CLUSTER)

BUILTIN: Final[Mapping[str, ImageProfile]] = MappingProxyType(
    {profile.name: profile for rows in _ROWS for row in rows for profile in row})


_ALPINE: Final = re.compile(r"alpine3\.(\d+)(?:\.|$)")


def variant(profile: ImageProfile, tag: str) -> ImageProfile:
    """The profile of a tag: `nginx:1.25-alpine` is nginx on Alpine, `busybox:musl` has that library.

    Alpine before 3.18 came with a musl that did not ask again over TCP (`alpine:3.17`, `nginx:1.23-alpine3.17`).
    """
    old = _ALPINE.search(tag if profile.name != "alpine" else f"alpine{tag}")
    if old is not None and int(old[1]) < 18:
        return replace(variant(profile, "alpine"), libc="musl-1.2.3")
    if "alpine" in tag and profile.package_manager not in ("apk", ""):
        own = profile.tools - DEBIAN - RPM | profile.tools & frozenset(("curl", "wget"))
        return replace(profile, libc="musl", package_manager="apk", packages=APK, tools=ALPINE | own)
    if tag.endswith(("musl", "uclibc")):
        return replace(profile, libc="musl")
    return profile
