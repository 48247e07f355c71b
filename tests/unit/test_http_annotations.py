"""Annotations and ConfigMap keys -> typed settings, and what becomes of values that cannot be used (rule K-17)."""

from __future__ import annotations

import pytest

from simnet import ip
from simnet.dataplane.http.annotations import MODELLED, NEUTRAL, SNIPPETS, UNMODELLED, read_annotations
from simnet.dataplane.http.config import ProxyConfig, read_config
from simnet.dataplane.http.notes import Note, Outcome
from simnet.dataplane.http.settings import IngressSettings, Redirect
from tests.unit.http_net import PREFIX


def read(**values: str) -> IngressSettings:
    return read_annotations({PREFIX + name.replace("_", "-"): value for name, value in values.items()})


def test_no_annotation_means_nothing_set() -> None:
    assert read_annotations({"kubernetes.io/ingress.class": "nginx"}) == IngressSettings()


def test_values_are_typed() -> None:
    found = read(rewrite_target="/$2", use_regex="true", ssl_redirect="false", proxy_body_size="8m",
                 proxy_read_timeout="5", permanent_redirect="https://n.t", service_upstream="1",
                 whitelist_source_range="10.0.0.0/8, 2001:db8::1").location
    assert (found.rewrite_target, found.use_regex, found.ssl_redirect) == ("/$2", True, False)
    assert (found.proxy_body_size, found.proxy_read_timeout, found.service_upstream) == (8 << 20, 5.0, True)
    assert found.redirect == Redirect(url="https://n.t", status=301)
    assert found.allow == (ip.IPNetwork.parse("10.0.0.0/8"), ip.IPNetwork.parse("2001:db8::1/128"))


# annotation, value, outcome, source
UNUSABLE = [
    ("rewrite-target", "/a b", Outcome.IGNORED, "X-10"),
    ("rewrite-target", "/$host", Outcome.NOT_MODELLED, "nginx variables"),
    ("app-root", "relative", Outcome.IGNORED, "R-1"),
    ("use-regex", "yes", Outcome.IGNORED, "X-1"),
    ("ssl-redirect", "no", Outcome.IGNORED, "K-17"),
    ("backend-protocol", "SPDY", Outcome.IGNORED, "K-9"),
    ("backend-protocol", "GRPC", Outcome.NOT_MODELLED, "K-9"),
    ("proxy-body-size", "lots", Outcome.IGNORED, "K-17"),
    ("permanent-redirect", "ftp://x", Outcome.IGNORED, "annotations/redirect isValidURL"),
    ("whitelist-source-range", "10.0.0.0/8,nowhere", Outcome.DENIED, "K-17"),
    ("denylist-source-range", "300.0.0.1", Outcome.DENIED, "K-17"),
    ("upstream-vhost", "a b", Outcome.DROPPED, "K-17"),
    ("x-forwarded-prefix", "/a;b", Outcome.DROPPED, "K-17"),
    ("server-alias", "a;b", Outcome.DROPPED, "K-17"),
    ("default-backend", "Not_A_Name", Outcome.DROPPED, "K-17"),
    ("from-to-www-redirect", "maybe", Outcome.DROPPED, "K-17"),
    ("permanent-redirect", "https://n.t/{x}", Outcome.DROPPED, "K-17"),
    ("temporal-redirect-code", "three", Outcome.DROPPED, "K-17"),
    ("configuration-snippet", "return 200;", Outcome.DROPPED, "K-16"),
    ("auth-type", "basic", Outcome.DENIED, "K-17: auth Secret not named"),
    ("auth-type", "ntlm", Outcome.DROPPED, "K-17"),
    ("auth-url", "auth.t/check", Outcome.DENIED, "K-17"),
    ("limit-rps", "many", Outcome.DROPPED, "K-17"),
    ("limit-connections", "x", Outcome.DROPPED, "K-17"),
    ("custom-http-errors", "404,oops", Outcome.DROPPED, "K-17"),
    ("custom-http-errors", "302", Outcome.DROPPED, "annotations/customhttperrors: between 400 and 599"),
    ("upstream-hash-by", "$request_uri;x", Outcome.DROPPED, "K-17"),
    ("affinity", "ip", Outcome.IGNORED, "K-17"),
    ("canary", "yes", Outcome.IGNORED, "K-17"),
    ("enable-cors", "on", Outcome.IGNORED, "K-17"),
    ("ssl-passthrough", "true", Outcome.NOT_MODELLED, "T-11"),
]


@pytest.mark.parametrize(("name", "value", "outcome", "source"), UNUSABLE)
def test_unusable_values(name: str, value: str, outcome: Outcome, source: str) -> None:
    found = read_annotations({PREFIX + name: value})
    assert (Note(name, value, outcome) in found.notes) and len(found.notes) == 1, source
    assert (found.dropped_by == name) is (outcome is Outcome.DROPPED)
    assert (found.denied_by == name) is (outcome is Outcome.DENIED)


def test_without_validation_nothing_is_dropped() -> None:
    assert read_annotations({PREFIX + "server-alias": "a;b"}, validates=False).dropped_by == ""


def test_an_unknown_annotation_names_the_nearest() -> None:
    assert read(rewrite_targt="/").notes == (Note("rewrite-targt", "/", Outcome.UNKNOWN, "rewrite-target"),)


def test_annotations_without_influence_are_not_reported() -> None:
    assert read(proxy_buffering="off", ssl_ciphers="x").notes == (), "K-13"


def test_another_prefix_is_read_when_the_controller_has_it() -> None:
    found = read_annotations({"acme.io/app-root": "/x", PREFIX + "app-root": "/y"}, "acme.io")
    assert found.location.app_root == "/x"


def test_every_known_annotation_has_one_place() -> None:
    groups = (MODELLED, NEUTRAL, UNMODELLED, SNIPPETS)
    assert sum(map(len, groups)) == len(frozenset().union(*groups))


# the ConfigMap ---------------------------------------------------------------------------------------------------

def test_an_empty_configmap_gives_the_defaults() -> None:
    assert read_config({}) == ProxyConfig()


def test_keys_are_typed_and_unreadable_values_leave_the_default() -> None:
    found = read_config({"ssl-redirect": "false", "http-redirect-code": "301", "proxy-body-size": "20m",
                         "no-tls-redirect-locations": "/a, /b", "hsts-max-age": "soon", "proxy-read-timeout": "x"})
    assert (found.ssl_redirect, found.http_redirect_code, found.proxy_body_size) == (False, 301, 20 << 20)
    assert found.no_tls_redirect_locations == ("/a", "/b")
    assert (found.hsts_max_age, found.proxy_read_timeout) == ("31536000", 60.0)
    assert found.unusable == ("hsts-max-age", "proxy-read-timeout")


def test_keys_that_change_responses_and_are_not_modelled_are_told() -> None:
    assert read_config({"add-headers": "n/h", "worker-processes": "4"}).not_modelled == ("add-headers",)
