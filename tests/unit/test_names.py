"""Names: the API server's rules in its words, keys, host and port, and the names Kubernetes makes up."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from simnet.errors import UsageError
from simnet.names import (
    SUFFIX_ALPHABET,
    ObjectKey,
    dns1035_label_problem,
    dns1123_label_problem,
    dns1123_subdomain_problem,
    fnv32a,
    label_value_problem,
    port_name_problem,
    qualified_name_problem,
    random_suffix,
    safe_encode,
    snake_case,
    split_host_port,
    wildcard_dns_problem,
)

# Good and bad names are rows of kubernetes/apimachinery pkg/util/validation/validation_test.go.
GOOD = [
    (dns1123_label_problem, ["a", "ab", "1", "a1", "a-1", "a--1--2--b", "0-a", "a" * 63]),
    (dns1123_subdomain_problem, ["a", "a.b", "1.2.3.4", "a--1--2--b", "0.0-a", "a.b.c.d.e", "a" * 253]),
    (dns1035_label_problem, ["a", "ab", "a1", "a-1", "a--1--2--b", "a" * 63]),
    (wildcard_dns_problem, ["*.bar.com", "*.foo.bar.com"]),
    (port_name_problem, ["telnet", "re-mail-ck", "pop3", "a", "a-1", "1-a", "a-1-b-2-c", "1-a-2-b-3"]),
    (
        qualified_name_problem,
        ["simple", "now-with-dashes", "1-starts-with-num", "1234", "simple/simple", "example.com/Under_score.dot",
         "1.2.3.4/5678", "Uppercase_Is_OK_123", "a" * 63, "a" * 253 + "/" + "b" * 63],
    ),
    (label_value_problem, ["", "simple", "now-with-dashes", "Mixed_Case.9", "1", "a" * 63]),
]

BAD = [
    (dns1123_label_problem, ["", "A", "aBc", "-", "a-", "-a", "_", "a_b", ".", "a.", "a.b", " ", "a ", "a\n"]),
    (dns1123_subdomain_problem, ["", "A", "a..b", ".a", "a.", "a_b", "a.-b", "a@b", "a.b\n", "a" * 254]),
    (dns1035_label_problem, ["", "0", "1a", "A", "-a", "a-", "a.b", "a_b", "a" * 64]),
    (wildcard_dns_problem, ["*.*.bar.com", "*.foo.*.com", "*bar.com", "f*.bar.com", "*"]),
    (port_name_problem, ["", "longerthan15characters", "80", "-aaa", "aaa-", "a--b", "1_name", "A"]),
    (
        qualified_name_problem,
        ["", "nospecialchars%^=@", "cantendwithadash-", "-cantstartwithadash-", "only/one/slash", "Example.com/abc",
         "example_com/abc", "example.com/", "/simple", "a" * 64, "a" * 254 + "/abc"],
    ),
    (label_value_problem, ["nospecialchars%^=@", "-a", "a-", ".a", "a/b", "a b", "a" * 64]),
]


@pytest.mark.parametrize(
    ("rule", "name"),
    [pytest.param(rule, name, id=f"{rule.__name__}-{name[:20]}") for rule, names in GOOD for name in names],
)
def test_a_good_name_has_no_problem(rule: Callable[[str], str], name: str) -> None:
    assert rule(name) == ""


@pytest.mark.parametrize(
    ("rule", "name"),
    [pytest.param(rule, name, id=f"{rule.__name__}-{name[:20]!a}") for rule, names in BAD for name in names],
)
def test_a_bad_name_has_one(rule: Callable[[str], str], name: str) -> None:
    assert rule(name) != ""


QUALIFIED = "regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
WORDING = [  # rule, name, the API server's words; source: validation.go and api/validate/content
    (
        dns1123_label_problem,
        "Web",
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
        "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ),
    (dns1123_label_problem, "a.b", "must not contain dots"),
    (dns1123_label_problem, "a" * 64, "must be no more than 63 characters"),
    (
        dns1123_subdomain_problem,
        "a_b",
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
        "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
        r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ),
    (
        dns1035_label_problem,
        "1a",
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
        "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation "
        "is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    ),
    (
        wildcard_dns_problem,
        "*",
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
        "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', "
        r"regex used for validation is '\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ),
    (port_name_problem, "a-very-long-port-name", "must be no more than 15 characters"),
    (port_name_problem, "80", "must contain at least one letter (a-z)"),
    (port_name_problem, "Http", "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"),
    (port_name_problem, "a--b-", "must not contain consecutive hyphens; must not begin or end with a hyphen"),
    (qualified_name_problem, "a" * 64, "name part must be no more than 63 bytes"),
    (
        qualified_name_problem,
        "/",
        "prefix part must be non-empty; name part must be non-empty; name part must consist of alphanumeric "
        "characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or "
        f"'my.name',  or '123-abc', {QUALIFIED}",
    ),
    (
        qualified_name_problem,
        "a/b/c",
        "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        f"alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', {QUALIFIED} with an optional DNS "
        "subdomain prefix and '/' (e.g. 'example.com/MyName')",
    ),
    (
        label_value_problem,
        "-",
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "
        "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
        "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ),
    (label_value_problem, "a" * 64, "must be no more than 63 bytes"),
]


@pytest.mark.parametrize(("rule", "name", "words"), WORDING)
def test_the_problem_is_told_in_the_api_servers_words(rule: Callable[[str], str], name: str, words: str) -> None:
    assert rule(name) == words


def test_length_is_counted_in_bytes_whatever_the_words_say() -> None:
    assert dns1123_subdomain_problem("\u00e9" * 127).startswith("must be no more than 253 characters; ")


def test_a_key_prints_as_kubectl_does() -> None:
    assert str(ObjectKey("default", "web")) == "default/web"
    assert str(ObjectKey("", "node-1")) == "node-1"


HOSTS = [
    ("web", ("web", None)),
    ("web:80", ("web", 80)),
    ("10.0.0.1:65535", ("10.0.0.1", 65535)),
    ("fd00::1", ("fd00::1", None)),
    ("[fd00::1]", ("fd00::1", None)),
    ("[fd00::1]:443", ("fd00::1", 443)),
    ("", ("", None)),
]


@pytest.mark.parametrize(("given", "parts"), HOSTS)
def test_host_and_port_come_apart(given: str, parts: tuple[str, int | None]) -> None:
    assert split_host_port(given) == parts


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("web:", "'web:' is not HOST:PORT: the port is '', an integer from 1 to 65535 is needed"),
        ("web:http", "'web:http' is not HOST:PORT: the port is 'http', an integer from 1 to 65535 is needed"),
        ("web:0", "'web:0' is not HOST:PORT: the port is '0', an integer from 1 to 65535 is needed"),
        ("web:65536", "'web:65536' is not HOST:PORT: the port is '65536', an integer from 1 to 65535 is needed"),
        ("web:\u0668", "'web:\u0668' is not HOST:PORT: the port is '\u0668', an integer from 1 to 65535 is needed"),
        ("[fd00::1", "'[fd00::1' is not HOST:PORT: ']' is missing"),
        ("[fd00::1]80", "'[fd00::1]80' is not HOST:PORT: '80' follows ']' where ':PORT' may"),
    ],
)
def test_a_bad_port_is_refused(given: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        split_host_port(given)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("camel", "snake"),
    [
        ("clusterIP", "cluster_ip"), ("clusterIPs", "cluster_ips"), ("podIPs", "pod_ips"), ("podCIDR", "pod_cidr"),
        ("podCIDRs", "pod_cidrs"), ("externalIPs", "external_ips"), ("nodePort", "node_port"), ("ipBlock", "ip_block"),
        ("externalTrafficPolicy", "external_traffic_policy"), ("loadBalancerIP", "load_balancer_ip"),
        ("publishNotReadyAddresses", "publish_not_ready_addresses"), ("ingressClassName", "ingress_class_name"),
        ("ipMode", "ip_mode"), ("hostIP", "host_ip"), ("uid", "uid"), ("FQDN", "fqdn"), ("apiVersion", "api_version"),
    ],
)  # fmt: skip
def test_field_names_turn_into_attributes_mechanically(camel: str, snake: str) -> None:
    assert snake_case(camel) == snake


def test_random_suffixes_come_from_the_generator_and_the_alphabet() -> None:
    suffixes = [random_suffix(Random(seed)) for seed in range(50)]
    assert suffixes == [random_suffix(Random(seed)) for seed in range(50)]
    assert {len(suffix) for suffix in suffixes} == {5}
    assert set("".join(suffixes)) <= set(SUFFIX_ALPHABET)
    assert len(set(suffixes)) > 40
    assert len(random_suffix(Random(0), 10)) == 10


def test_a_number_is_encoded_as_a_pod_template_hash() -> None:
    # kubernetes/apimachinery pkg/util/rand: each character's code modulo 27 picks a letter; '0' is 48, 48 % 27 = 21.
    assert safe_encode("0123456789") == "456789bcdf"


@pytest.mark.parametrize(
    ("data", "digest"), [(b"", 0x811C9DC5), (b"a", 0xE40C292C), (b"foobar", 0xBF9CF968)]
)  # test vectors of the FNV authors, draft-eastlake-fnv section 8.2
def test_fnv32a_gives_the_published_vectors(data: bytes, digest: int) -> None:
    assert fnv32a(data) == digest
