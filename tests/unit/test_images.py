"""Image profiles: which profile an image gets, and what a container's command makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from simnet.errors import UsageError
from simnet.images import Images, Listen, Process, process_of, read_listen, status_of
from simnet.objects.pod import Container

NAMES = [  # image, profile it is, why
    ("nginx", "nginx", "a bare name is Docker Hub's official image"),
    ("nginx:1.25", "nginx", "the tag does not matter"),
    ("docker.io/library/nginx@sha256:4c0fdaa8b634", "nginx", "nor does the digest, nor the spelled-out registry"),
    ("registry.example.com:5000/nginx:1", "nginx", "a private mirror of an official image"),
    ("public.ecr.aws/docker/library/redis:7", "redis", "Amazon's mirror of the official images"),
    ("k8s.gcr.io/ingress-nginx/controller:v1.1.0", "ingress-nginx/controller", "the registry's old name"),
    ("registry.k8s.io/coredns/coredns:v1.11.1", "coredns/coredns", "a repository of two parts"),
    ("gcr.io/google_containers/defaultbackend:1.4", "defaultbackend", "Google's old organisation"),
    ("bitnami/nginx", None, "somebody else's nginx listens on another port"),
    ("shop/api:1", None, "nobody described it"),
]


@pytest.mark.parametrize(("image", "name", "why"), NAMES, ids=[row[2] for row in NAMES])
def test_an_image_is_known_by_its_repository(image: str, name: str | None, why: str) -> None:
    """Source: distribution/reference normalize.go."""
    profile = Images({}).of(image)
    assert (profile.name if profile is not None else None) == name


GIVEN = {"nginx:1.25": {"listen": [81]}, "nginx": {"listen": [82]}, "shop/": {"listen": [83]},
         "shop/api": {"listen": [84]}, "curlimages/curl:8.5.0": {"listen": []}, "ghcr.io/team-*": {"listen": [85]}}
CHOICES = [  # image, port of the entry that is used
    ("nginx:1.25", 81, "the same text"),
    ("docker.io/library/nginx:1.25", 81, "the same repository and tag"),
    ("nginx:1.26", 82, "the same repository, another tag"),
    ("shop/api:2", 84, "the repository before the prefix"),
    ("shop/cart:2", 83, "a prefix that ends at a slash"),
    ("ghcr.io/team-a/app:1", 85, "a prefix with a star"),
]


@pytest.mark.parametrize(("image", "port", "why"), CHOICES, ids=[row[2] for row in CHOICES])
def test_the_closest_entry_of_the_user_wins(image: str, port: int, why: str) -> None:
    profile = Images(GIVEN).of(image)
    assert profile is not None and profile.listen is not None and profile.listen[0].port == port


def test_a_prefix_is_cut_at_a_name_not_inside_one() -> None:
    assert Images({"shop/api": {"listen": [84]}}).of("shop/apiserver:1") is None


def test_what_an_entry_leaves_out_stays_as_it_is_known() -> None:
    profile = Images(GIVEN).of("curlimages/curl:8.5.0")
    assert profile is not None and profile.listen == () and "curl" in profile.tools and profile.libc == "musl"


LIBRARIES = [  # image, C library: D90; the Alpine 3.18 release notes for musl 1.2.4
    ("alpine", "musl"), ("alpine:3.18", "musl"), ("alpine:3.17", "musl-1.2.3"), ("alpine:3.9.6", "musl-1.2.3"),
    ("nginx:1.23-alpine3.17", "musl-1.2.3"), ("nginx:1.25-alpine3.18", "musl"), ("nginx:1.25-alpine", "musl"),
    ("nginx:1.25", "glibc"), ("busybox:1.36-musl", "musl")]


@pytest.mark.parametrize(("image", "libc"), LIBRARIES)
def test_the_tag_tells_the_library(image: str, libc: str) -> None:
    profile = Images().of(image)
    assert profile is not None and profile.libc == libc
    assert ("apk" in profile.package_manager) == ("alpine" in image)


TOOLS = [  # image, has, lacks
    ("kennethreitz/httpbin", "apt", "curl"),
    ("nginx:1.25", "curl", "apk"),
    ("nginx:1.25-alpine", "apk", "apt"),
    ("busybox", "wget", "curl"),
    ("alpine:3.20", "nslookup", "bash"),
    ("nicolaka/netshoot", "dig", "apt"),
    ("debian:12", "grep", "ping"),
]


@pytest.mark.parametrize(("image", "has", "lacks"), TOOLS, ids=[row[0] for row in TOOLS])
def test_tools_of_well_known_images(image: str, has: str, lacks: str) -> None:
    """Source: the images' package lists."""
    profile = Images({}).of(image)
    assert profile is not None and has in profile.tools and lacks not in profile.tools


@pytest.mark.parametrize(("image", "package", "tool"), [
    ("kennethreitz/httpbin", "curl", "curl"), ("debian", "dnsutils", "dig"), ("alpine", "bind-tools", "dig"),
    ("fedora", "iproute", "ss")])
def test_packages_bring_tools(image: str, package: str, tool: str) -> None:
    profile = Images({}).of(image)
    assert profile is not None and tool in profile.packages[package]


COMMANDS: list[tuple[str, str, list[str], list[str], list[int] | None, bool]] = [
    # what the row says, image, command, args, ports (None: nobody can tell), stays
    ("nginx serves on 80", "nginx", [], [], [80], True),
    ("sleep replaces the server, which then does not listen", "nginx", ["sleep", "3600"], [], [], True),
    ("a script that ends in the server serves", "nginx",
     ["sh", "-c", "echo hi > /usr/share/nginx/html/index.html && exec nginx -g 'daemon off;'"], [], [80], True),
    ("an entrypoint that runs its args as a command", "redis", [], ["sleep", "infinity"], [], True),
    ("flags of the server move its port", "redis:7-alpine", [], ["--port", "6380"], [6380], True),
    ("http-echo's args are flags", "hashicorp/http-echo", [], ["-listen=:9000", "-text=apple"], [9000], True),
    ("http-echo without flags", "hashicorp/http-echo", [], [], [5678], True),
    ("busybox has nothing to do", "busybox", [], [], [], False),
    ("busybox sleeping a day", "busybox", [], ["sleep", "1d"], [], True),
    ("busybox doing something short", "busybox", ["echo", "hello"], [], [], False),
    ("a short sleep ends", "busybox", ["sleep", "5"], [], [], False),
    ("tail -f stays", "alpine", ["tail", "-f", "/dev/null"], [], [], True),
    ("netcat listening", "busybox", ["nc", "-lk", "-p", "8080"], [], [8080], True),
    ("netcat as a client ends", "busybox", ["nc", "-z", "web", "80"], [], [], False),
    ("python's web server", "python:3", ["python", "-m", "http.server", "9090"], [], [9090], True),
    ("python's web server without a port", "python:3", ["python3", "-m", "http.server"], [], [8000], True),
    ("python alone ends without a terminal", "python:3", [], [], [], False),
    ("a script nobody knows", "python:3", ["python", "app.py"], [], None, True),
    ("a program nobody knows", "debian", ["/app/server", "--port=1"], [], None, True),
    ("an image nobody knows", "shop/api:1", [], [], None, True),
    ("an image nobody knows that only sleeps", "shop/api:1", ["sleep", "infinity"], [], [], True),
    ("a loop that never ends", "busybox", ["sh", "-c", "while true; do wget -qO- web; sleep 1; done"], [], [], True),
    ("an endless for", "debian", ["bash", "-c", "for ((;;)); do sleep 1; done"], [], [], True),
    ("a loop that waits for something ends", "busybox", ["sh", "-c", "until nslookup db; do sleep 2; done"], [], [],
     False),
    ("a program in the background and a long sleep", "busybox", ["sh", "-c", "nc -lk -p 81 & sleep 1d"], [], [81],
     True),
    ("curl's own image ends", "curlimages/curl", [], ["-s", "http://web"], [], False),
    ("agnhost serving", "registry.k8s.io/e2e-test-images/agnhost:2.39", [], ["netexec", "--http-port=8090"],
     [8081, 8090], True),
    ("agnhost alone pauses", "registry.k8s.io/e2e-test-images/agnhost:2.39", [], [], [], True),
    ("a wrapper in front of the server", "nginx", ["tini", "--", "nginx", "-g", "daemon off;"], [], [80], True),
    ("an open quote, which no shell would run", "busybox", ["sh", "-c", "echo 'oops"], [], None, True),
    ("the controller with other ports", "registry.k8s.io/ingress-nginx/controller:v1.9", [],
     ["/nginx-ingress-controller", "--http-port=8080"], [443, 8080, 8443, 10254], True),
]


@pytest.mark.parametrize("row", COMMANDS, ids=[row[0] for row in COMMANDS])
def test_what_a_command_amounts_to(row: tuple[str, str, list[str], list[str], list[int] | None, bool]) -> None:
    """Sources: Kubernetes' rules for command and args; the programs' usage texts."""
    _, image, command, args, ports, stays = row
    process = run(image, command, args)
    found = None if process.listen is None else sorted(each.port for each in process.listen)
    assert (found, process.runs) == (ports, stays)


def run(image: str, command: list[str], args: list[str], stdin: bool = False) -> Process:
    container = Container("c", image, command=tuple(command), args=tuple(args))
    return process_of(container, Images({}).of(image), stdin)


def test_a_shell_whose_input_is_open_stays() -> None:
    assert not run("busybox", ["sh"], []).runs
    assert run("busybox", ["sh"], [], stdin=True).runs


def test_exit_codes_are_told() -> None:
    assert run("busybox", ["sh", "-c", "echo no; exit 3"], []).exit_code == 3
    assert run("busybox", ["false"], []).exit_code == 1


def test_a_text_piped_into_netcat_is_its_answer() -> None:
    script = r'while true; do echo -e "HTTP/1.1 404 Not Found\n\nnobody home" | nc -l -p 8080; done'
    listen = run("busybox", ["sh", "-c", script], []).listen
    assert listen == (Listen(8080, answer="nobody home\n", status=404),)


def test_a_profile_the_user_gave_says_what_the_process_does() -> None:
    images = Images({"shop/api:1": {"listen": [3000]}})
    serving = Container("c", "shop/api:1", args=("--verbose",))
    sleeping = Container("c", "shop/api:1", command=("sleep", "1d"))
    assert process_of(serving, images.of(serving.image)).listen == (Listen(3000),)
    assert process_of(sleeping, images.of(sleeping.image)).listen == ()


MISTAKES: list[tuple[Any, str]] = [
    ({"lisen": []}, "images[app:1] has no key 'lisen'; did you mean listen?"),
    ({"listen": {"port": 80}}, "images[app:1].listen: {'port': 80} is not a list of ports"),
    ({"listen": [{}]}, "images[app:1].listen[0]: port is missing"),
    ({"listen": [{"port": 70000}]}, "images[app:1].listen[0].port: 70000 is not an integer from 1 to 65535"),
    ({"listen": [80, {"port": 81, "onlyhost": "a"}]},
     "images[app:1].listen[1] has no key 'onlyhost'; did you mean onlyHost?"),
    ({"listen": [{"port": 53, "protocol": "udp"}]},
     "images[app:1].listen[0].protocol: 'udp' is not one of TCP, UDP, SCTP; did you mean UDP?"),
    ({"listen": [{"port": 80, "tls": "yes"}]}, "images[app:1].listen[0].tls: 'yes' is not true or false"),
    ({"libc": "muslc"}, "images[app:1].libc: 'muslc' is not one of glibc, musl, musl-1.2.3; did you mean musl?"),
    ("nginx", "images[app:1]: 'nginx' is not a mapping such as {listen: [{port: 80}]}"),
]


@pytest.mark.parametrize(("data", "message"), MISTAKES, ids=[row[1][:60] for row in MISTAKES])
def test_mistakes_in_profiles_are_named(data: Any, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        Images({"app:1": data})
    assert str(caught.value) == message


def test_every_key_of_a_listen_entry() -> None:
    entry = {"port": 80, "answer": "hi $pod\n", "protocol": "TCP", "status": 503, "tls": True, "onlyHost": "a.test",
             "bind": "127.0.0.1"}
    assert read_listen(entry, "x") == Listen(80, "TCP", "hi $pod\n", 503, True, "127.0.0.1", "a.test")


STATUSES = [  # app, path, status, source
    ("nginx", "/", 200, "the welcome page"),
    ("nginx", "/missing", 404, "no such file"),
    ("nginx", "/?a=b", 200, "a query is not part of the path"),
    ("httpbin", "/status/418", 418, "httpbin's /status/{code}"),
    ("httpbin", "/get", 200, "httpbin's route list"),
    ("httpbin", "/post", 405, "only POST is routed there"),
    ("httpbin", "/nothing", 404, "no such route"),
    ("default-backend", "/healthz", 200, "kubernetes/ingress-gce cmd/404-server"),
    ("default-backend", "/", 404, "kubernetes/ingress-gce cmd/404-server"),
    ("prometheus", "/-/ready", 200, "Prometheus management API"),
    ("", "/anything", 200, "an echo answers every path"),
    ("tcp", "/", None, "no HTTP is spoken"),
]


@pytest.mark.parametrize(("app", "path", "status", "why"), STATUSES, ids=[f"{row[0]} {row[1]}" for row in STATUSES])
def test_statuses_of_known_programs(app: str, path: str, status: int | None, why: str) -> None:
    assert status_of(Listen(80, app=app), path) == status


def test_a_stated_answer_has_its_status_on_every_path() -> None:
    assert status_of(Listen(80, answer="no\n", status=500, app="nginx"), "/x") == 500
