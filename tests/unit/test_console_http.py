"""curl, wget and openssl: options, messages and exit codes of the real tools.

Sources: curl(1) EXIT CODES and the messages of curl 8.5; wget(1) and GNU Wget 1.21; busybox 1.35 networking/wget.c,
the last two seen with the real programs.
"""

from __future__ import annotations

from typing import Any

import pytest

from simnet.console import Session
from simnet.x509.make import make_certificate
from tests.unit.console_net import run, shop

INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  ingressClassName: nginx
  tls: [{hosts: [shop.example], secretName: cert}]
  rules:
  - {host: shop.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}
"""
PLAIN = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: plain}
spec:
  ingressClassName: nginx
  rules:
  - {host: plain.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}
"""


@pytest.fixture(scope="module")
def session() -> Session:
    """A shop with an Ingress, TLS for shop.example, and two outside hosts."""
    cluster = shop(outside={"docs.example": {"address": "198.51.100.80", "listen": [
        {"port": 80, "onlyHost": "docs.example", "answer": "docs\n"}]}})
    start = int(cluster.now)
    pair = make_certificate(["shop.example"], not_before=start, not_after=start + 86400, seed="shop", organization="Shop")
    session = Session(cluster, files={"shop.crt": pair.certificate_pem, "shop.key": pair.key_pem})
    run(session, "kubectl create secret tls cert --cert=shop.crt --key=shop.key")
    cluster.apply(INGRESS + "---" + PLAIN)
    run(session, "kubectl run idle --image=busybox -- sleep 1d")
    run(session, "kubectl run alpine --image=alpine:3 -- sleep 1d")
    run(session, "kubectl create service clusterip empty --tcp=80")
    return session


def inside(session: Session, line: str) -> Any:
    return session.run_in("client", line)


# curl: what comes back ------------------------------------------------------------------------------------------

def test_the_body_is_printed_as_it_is(session: Session) -> None:
    for line in ("curl -s web", "curl -s http://web/", "curl -s http://web:80", "curl http://web"):
        assert inside(session, line).stdout.startswith("hello from web-"), line


def test_headers_with_i_and_head_with_capital_i(session: Session) -> None:
    assert inside(session, "curl -si web").stdout.startswith("HTTP/1.1 200 OK\n")
    head = inside(session, "curl -sI web").stdout
    assert head.startswith("HTTP/1.1 200 OK\n")
    assert head.endswith("\n\n")


def test_write_out_and_output(session: Session) -> None:
    assert run(session, "curl -s -o /dev/null -w '%{http_code}\\n' -H 'Host: plain.example' http://203.0.113.1/").stdout == (
        "200\n")
    assert run(session, "curl -s -o body http://203.0.113.1/ -H 'Host: plain.example'; cat body").stdout.startswith("hello")
    assert run(session, "curl -s -o /dev/null -w '%{method} %{scheme} %{remote_ip} %{num_redirects} 100%%' "
               "-H 'Host: plain.example' http://203.0.113.1/").stdout == "GET HTTP 203.0.113.1 0 100%"


def test_several_urls_one_after_the_other(session: Session) -> None:
    assert inside(session, "curl -s web http://web/").stdout.count("hello from") == 2
    output = inside(session, "curl -s nosuch web")
    assert (output.stdout.count("hello"), output.status) == (1, 0)
    output = inside(session, "curl -s web nosuch")
    assert (output.stdout.count("hello"), output.status) == (1, 6)


def test_method_data_and_headers_reach_the_server() -> None:
    """The echo of an image without an answer of its own shows them."""
    session = Session(shop(images={"echo:1": {"listen": [{"port": 80}]}}))
    run(session, "kubectl run echo --image=echo:1 && kubectl expose pod echo --port=80")
    seen = inside(session, "curl -s -d a=b -d c=d -A me -H 'X-One: 1' http://echo/p?q=r").stdout
    for part in ("POST /p?q=r", "X-One: 1", "User-Agent: me", "Content-Type: application/x-www-form-urlencoded",
                 "Content-Length: 7"):
        assert part.lower() in seen.lower(), (part, seen)
    assert "delete" in inside(session, "curl -s -X DELETE http://echo/").stdout.lower()
    assert "User-Agent: curl/" in inside(session, "curl -s http://echo/").stdout


def test_redirects_are_followed_with_capital_l_only(session: Session) -> None:
    output = run(session, "curl -s -o /dev/null -w '%{http_code} %{redirect_url}' http://shop.example/x")
    assert output.stdout == "308 https://shop.example/x"
    output = run(session, "curl -sL --cacert shop.crt -w '%{http_code} %{num_redirects}' -o /dev/null http://shop.example/x")
    assert output.stdout == "200 1"


def test_a_url_without_a_path_gets_its_slash(session: Session) -> None:
    """curl_easy_getinfo(3) CURLINFO_REDIRECT_URL and EFFECTIVE_URL are normalised; wget(1) prints what it asks for."""
    line = "curl -s -o /dev/null -w '%{redirect_url} %{url_effective}' http://shop.example"
    assert run(session, line).stdout == "https://shop.example/ http://shop.example/"
    assert session.run("wget -O- http://203.0.113.1").stderr.startswith("--2027-01-01 00:00:00--  http://203.0.113.1/\n")


def test_resolve_connects_elsewhere_and_keeps_the_name(session: Session) -> None:
    assert run(session, "curl -s --resolve plain.example:80:203.0.113.1 http://plain.example/").stdout.startswith("hello")
    assert run(session, "curl -sk --resolve shop.example:443:203.0.113.1 https://shop.example/").stdout.startswith("hello")


def test_the_host_header_decides_at_an_outside_server(session: Session) -> None:
    assert inside(session, "curl -s http://docs.example/").stdout == "docs\n"
    assert inside(session, "curl -s -o /dev/null -w '%{http_code}' -H 'Host: docs' http://docs.example/").stdout == "404"


# curl: how it fails ---------------------------------------------------------------------------------------------

BAD_PORT = "curl: (3) URL rejected: Port number was not a decimal number between 0 and 65535\n"
FAILURES = [
    ("curl nosuch", 6, "curl: (6) Could not resolve host: nosuch\n"),
    ("curl empty", 7, "curl: (7) Failed to connect to empty port 80 after 0 ms: Couldn't connect to server\n"),
    ("curl client:81", 7, None),
    ("curl --connect-timeout 2 http://10.96.200.200/", 28, "curl: (28) Connection timed out after 2001 milliseconds\n"),
    ("curl http://10.96.200.200/", 28, "curl: (28) Failed to connect to 10.96.200.200 port 80 after 134000 ms: Couldn't "
     "connect to server\n"),
    ("curl -s nosuch", 6, ""),
    ("curl -sS nosuch", 6, "curl: (6) Could not resolve host: nosuch\n"),
    ("curl -f http://docs.example/ -H 'Host: x'", 22, "curl: (22) The requested URL returned error: 404\n"),
    ("curl https://web:80/", 35, "curl: (35) error:0A00010B:SSL routines::wrong version number\n"),
    ("curl ftp://web/", 1, 'curl: (1) Protocol "ftp" not supported\n'),
    ("curl", 2, "curl: (2) no URL specified\ncurl: try 'curl --help' or 'curl --manual' for more information\n"),
    ("curl web:99999", 3, BAD_PORT),
    ("curl http://web:8x/", 3, BAD_PORT),
    ("curl http://", 3, "curl: (3) URL rejected: No host part in the URL\n"),
    ("curl 'http://web/a b'", 3, "curl: (3) URL rejected: Malformed input to a URL function\n"),
    ("curl --resolve example.com:172.18.0.2 http://example.com", 49,
     "curl: (49) Couldn't parse CURLOPT_RESOLVE entry 'example.com:172.18.0.2'\n"),
    ("curl --resolve example.com:80:nowhere http://web/", 49,
     "curl: (49) Couldn't parse CURLOPT_RESOLVE entry 'example.com:80:nowhere'\n"),
    ("curl -m x web", 2, "curl: option -m: expected a proper numerical parameter\n"
     "curl: try 'curl --help' or 'curl --manual' for more information\n"),
    ("curl --connect-timeout 1s web", 2, "curl: option --connect-timeout: expected a proper numerical parameter\n"
     "curl: try 'curl --help' or 'curl --manual' for more information\n"),
    ("curl 'http://[::1/'", 3, None),
    ("curl --headr x web", 2, "curl: option --headr: is unknown; did you mean --header?\n"
     "curl: try 'curl --help' or 'curl --manual' for more information\n"),
    ("curl --cacert nosuch https://web/", 77, "curl: (77) error setting certificate file: nosuch\n"),
]


@pytest.mark.parametrize(("line", "status", "stderr"), FAILURES, ids=[row[0] for row in FAILURES])
def test_curl_fails_as_curl_does(session: Session, line: str, status: int, stderr: str | None) -> None:
    output = inside(session, line)
    assert output.status == status
    assert output.stdout == ""
    assert stderr is None or output.stderr == stderr


CERTIFICATES = [
    ("curl https://shop.example/", "SSL certificate problem: self-signed certificate"),
    ("curl --cacert shop.crt --resolve other.example:443:203.0.113.1 https://other.example/",
     "SSL certificate problem: self-signed certificate"),
    ("curl --cacert shop.crt -H 'Host: shop.example' https://203.0.113.1/",
     "SSL certificate problem: self-signed certificate"),
]


@pytest.mark.parametrize(("line", "problem"), CERTIFICATES, ids=[row[0] for row in CERTIFICATES])
def test_a_certificate_that_is_not_accepted_is_exit_60(session: Session, line: str, problem: str) -> None:
    output = session.run(line)
    assert output.status == 60
    assert output.stderr.startswith(f"curl: (60) {problem}\nMore details here: https://curl.se/docs/sslcerts.html\n")


def test_a_trusted_certificate_for_another_name(session: Session) -> None:
    other = Session(shop(ingress={"default_tls_secret": "default/cert"}), files=session.files)
    run(other, "kubectl create secret tls cert --cert=shop.crt --key=shop.key")
    other.cluster.apply(PLAIN)
    output = other.run("curl --cacert shop.crt https://plain.example/")
    assert output.status == 60
    assert output.stderr.startswith(
        "curl: (60) SSL: no alternative certificate subject name matches target host name 'plain.example'\n")


def test_verbose_tells_the_whole_exchange(session: Session) -> None:
    output = inside(session, "curl -sv http://web/ -o /dev/null")
    lines = output.stderr.splitlines()
    assert lines[:10] == [
        "* Host web:80 was resolved.", "* IPv6: (none)", "* IPv4: 10.96.1.5", "*   Trying 10.96.1.5:80...",
        "* Connected to web (10.96.1.5) port 80", "> GET / HTTP/1.1", "> Host: web", "> User-Agent: curl/8.5.0",
        "> Accept: */*", "> "]
    assert lines[10] == "< HTTP/1.1 200 OK"
    assert lines[-1] == "* Connection #0 to host web left intact"


def test_verbose_shows_the_certificate(session: Session) -> None:
    shown = run(session, "curl -vks -o /dev/null https://shop.example/ 2>&1 | grep -E 'subject:|issuer:|verify'").stdout
    assert shown == ("*  subject: O=Shop; CN=shop.example\n*  issuer: O=Shop; CN=shop.example\n"
                     "*  SSL certificate verify result: self-signed certificate (18), continuing anyway.\n")
    shown = run(session, "curl -vs --cacert shop.crt -o /dev/null https://shop.example/ 2>&1 | grep -E 'matched|verify'").stdout
    assert shown == ('*  subjectAltName: host "shop.example" matched cert\'s "shop.example"\n'
                     "*  SSL certificate verify ok.\n")


def test_verbose_tells_why_a_connection_failed(session: Session) -> None:
    lines = inside(session, "curl -sv http://empty/").stderr.splitlines()
    assert lines[4].startswith("* connect to 10.")
    assert lines[4].endswith(" failed: Connection refused")
    assert lines[-1] == "* Closing connection"


# wget -----------------------------------------------------------------------------------------------------------

def test_busyboxs_wget(session: Session) -> None:
    def at(line: str) -> Any:
        return session.run_in("idle", line)
    assert at("wget -qO- web").stdout.startswith("hello from web-")
    assert at("wget -O- http://web/").stderr == "Connecting to web (10.96.1.5:80)\nwriting to stdout\nwritten to stdout\n"
    assert at("wget http://web/").stderr == (
        "Connecting to web (10.96.1.5:80)\nsaving to 'index.html'\n'index.html' saved\n")
    assert at("cat index.html").stdout.startswith("hello")
    assert (at("wget -qO- nosuch").stderr, at("wget -qO- nosuch").status) == ("wget: bad address 'nosuch'\n", 1)
    assert at("wget -qO- http://docs.example/ --header 'Host: x'").stderr == (
        "wget: server returned error: HTTP/1.1 404 Not Found\n")
    address = session.cluster.get("service", "empty").manifest["spec"]["clusterIP"]
    assert at("wget -qO- empty").stderr == f"wget: can't connect to remote host ({address}): Connection refused\n"
    assert at("wget -qO- -T 2 http://10.96.200.200/").stderr == "wget: download timed out\n"


def test_gnus_wget(session: Session) -> None:
    assert run(session, "wget -qO- --header='Host: plain.example' http://203.0.113.1/").stdout.startswith("hello")
    output = session.run("wget http://nosuch.example/")
    assert output.status == 4
    assert output.stderr == (
        "--2027-01-01 00:00:00--  http://nosuch.example/\n"
        "Resolving nosuch.example (nosuch.example)... failed: Name or service not known.\n"
        "wget: unable to resolve host address ‘nosuch.example’\n")
    output = session.run("wget -O- http://203.0.113.1/")
    assert output.status == 8
    assert output.stderr.endswith("HTTP request sent, awaiting response... 404 Not Found\n2027-01-01 00:00:00 ERROR 404: "
                                  "Not Found.\n")
    assert session.run("wget -q https://shop.example/").status == 5
    assert session.run("wget -qO- --no-check-certificate https://shop.example/").stdout.startswith("hello")


# openssl --------------------------------------------------------------------------------------------------------

def test_openssl_shows_the_certificate_for_each_name(session: Session) -> None:
    line = "echo | openssl s_client -connect 203.0.113.1:443 {} 2>/dev/null | openssl x509 -noout -subject"
    assert run(session, line.format("-servername shop.example")).stdout == "subject=O=Shop, CN=shop.example\n"
    assert "Fake Certificate" in run(session, line.format("")).stdout
    assert run(session, "openssl x509 -in shop.crt -noout -ext subjectAltName").stdout == (
        "X509v3 Subject Alternative Name:\n    DNS:shop.example\n")
    assert session.run_in("laptop", "openssl s_client -connect nosuch.example:443").status == 1
