"""Every reason a DNS answer can have, in words."""

from __future__ import annotations

from dataclasses import fields
from typing import get_args

import pytest

from simnet import ip
from simnet.dataplane.dns import reasons
from simnet.dataplane.dns.records import Answer, Rcode
from simnet.explain import to_json
from simnet.explain.reasons import reason_text
from simnet.names import ObjectKey

WEB = ObjectKey("shop", "web")
NOBODY = reasons.NoSuchService(ObjectKey("shop", "api"), ())

ROWS: list[tuple[reasons.Reason, str]] = [
    (reasons.ServiceAddress(WEB), "the cluster IP of Service shop/web"),
    (reasons.ReadyEndpoints(WEB, "", 2, ("shop/web-3",)),
     "Service shop/web has no cluster IP: the addresses of its 2 ready endpoints; not ready and left out: shop/web-3"),
    (reasons.ReadyEndpoints(WEB, "web-1", 2, ()), "endpoint web-1 of Service shop/web"),
    (reasons.InZone(WEB, "west-a", ("west-a", "west-b")), "ready endpoints of Service shop/web in zone west-a"),
    (reasons.InZone(WEB, "west-c", ("west-a", "west-b")),
     "no ready endpoint of Service shop/web is in zone west-c, only in west-a, west-b"),
    (reasons.InZone(WEB, "west-c", ()), "no ready endpoint of Service shop/web is in zone west-c, only in none"),
    (reasons.ExternalAddress(WEB), "what leads to Service shop/web from outside the cluster"),
    (reasons.SearchedByServer("web.shop.svc.cluster.local.", reasons.ServiceAddress(WEB)),
     "the server searched for the client and found web.shop.svc.cluster.local: the cluster IP of Service shop/web"),
    (reasons.Remembered("node", 7, NOBODY), "the node remembers this from 7 seconds ago: no Service api in namespace shop"),
    (reasons.WholeZone("cluster.local.", 19), "the whole zone cluster.local., 19 records"),
    (reasons.NoZones(WEB), "Service shop/web is not headless; only such Services have names for topology zones"),
    (reasons.NoExternalAddress(WEB),
     "nothing outside the cluster leads to Service shop/web: no external or load-balancer address"),
    (reasons.Alias(WEB, "docs.example.net."), "Service shop/web is only an alias for docs.example.net"),
    (reasons.PodAddress("shop", ip.number("10.244.0.3"), None),
     "the address 10.244.0.3 written in the name; nobody checks who in shop has it"),
    (reasons.PodAddress("shop", ip.number("10.244.0.3"), WEB), "the address 10.244.0.3 of pod shop/web"),
    (reasons.ZoneFurniture("ns.dns"), "a name the cluster's zone has by itself"),
    (reasons.AddressOwners(ip.number("10.96.0.50"), (WEB,)), "10.96.0.50 belongs to Service shop/web"),
    (reasons.UpstreamRecord("example.net."), "known outside the cluster"),
    (reasons.IngressHost("shop.test", "203.0.113.1"),
     "shop.test is the host of an Ingress or Gateway, taken to be published at its address 203.0.113.1"),
    (reasons.OnlyNamesBelow("shop.svc"), "shop.svc itself holds nothing; names below it do"),
    (reasons.OtherFamily("web.shop.svc", 6, 4), "web.shop.svc has IPv4 addresses only, not IPv6"),
    (reasons.NoSuchType("web.shop.svc", "TXT", ("A",)), "web.shop.svc has no TXT record, only A"),
    (reasons.TargetMissing(WEB, "api.shop.svc.cluster.local.", NOBODY),
     "Service shop/web is an alias for api.shop.svc.cluster.local, and that fails: no Service api in namespace shop"),
    (reasons.AliasLoop(WEB, "web.shop.svc.cluster.local."),
     "Service shop/web is an alias for web.shop.svc.cluster.local, which leads round in a circle"),
    (reasons.NoSuchNamespace("shop", False), "no namespace shop"),
    (reasons.NoSuchNamespace("shop", True), "namespace shop is hidden from the name server"),
    (reasons.NoSuchService(WEB, ("default", "staging")),
     "no Service web in namespace shop; one of that name is in default, staging"),
    (reasons.NobodyReady(WEB, ("shop/web-1",)), "Service shop/web has no ready endpoint; waiting: shop/web-1"),
    (reasons.EmptyService(WEB, ()), "Service shop/web has no ready endpoint and the server hides such Services"),
    (reasons.EndpointNotReady(WEB, "web-1", "shop/web-1"), "web-1 of Service shop/web is shop/web-1, which is not ready"),
    (reasons.NoSuchEndpoint(WEB, "web-9", ("web-1", "web-2")),
     "Service shop/web has no endpoint called web-9, only web-1, web-2"),
    (reasons.NoSuchEndpoint(WEB, "10-244-0-3", (), known_as="web-1"),
     "Service shop/web has no endpoint called 10-244-0-3; the one with this address is called web-1"),
    (reasons.NoSuchEndpoint(WEB, "web-1", (), pod=WEB, is_selected=False),
     "Service shop/web has no endpoint called web-1; pod shop/web exists, but the Service does not select it"),
    (reasons.NoSuchEndpoint(WEB, "web-1", (), pod=WEB, hostname="web-1", is_selected=True),
     "Service shop/web has no endpoint called web-1; pod shop/web exists, but its hostname is web-1 and its subdomain not "
     "set (needed: web)"),
    (reasons.NoSuchPort(WEB, "http", "tcp", (("", "tcp"), ("dns", "udp"))),
     "Service shop/web has no port http/tcp, only (unnamed)/tcp, dns/udp"),
    (reasons.AliasOnly(WEB), "Service shop/web is only an alias: there are no names below its own"),
    (reasons.TargetIsAddress(WEB, "192.0.2.1"),
     "externalName of Service shop/web is the address 192.0.2.1; an alias needs a name"),
    (reasons.EndpointsNotWatched(WEB), "the server does not look at endpoints, so shop/web has none"),
    (reasons.PodNamesDisabled("shop"), "this server has no names for pods"),
    (reasons.NotAnAddress("10-244-0"), "10-244-0 spells no address"),
    (reasons.NoSuchPod("shop", ip.number("10.244.0.3"), ("default",)),
     "no pod of namespace shop has 10.244.0.3; a pod of default has it"),
    (reasons.NoSuchForm("web"), "web has none of the forms the cluster's zone knows"),
    (reasons.NoOwner(ip.number("10.244.0.3"), (WEB,)),
     "no Service or ready endpoint has 10.244.0.3; pod shop/web has it, but no Service"),
    (reasons.NoSuchOutsideName("nope.test."), "not a name of the cluster, and nobody outside declared it"),
    (reasons.NoUpstream("example.net."), "not a name of the cluster, and the server has nobody else to ask"),
    (reasons.UpstreamFailure("example.net."), "the server outside was declared to answer so"),
    (reasons.NotSynced(NOBODY),
     "the server has not loaded the cluster yet (it would have said: no Service api in namespace shop)"),
    (reasons.TransferRefused("cluster.local."), "transfers of zone cluster.local. are off"),
    (reasons.Malformed("a..b", "empty label"), "a..b is no domain name: empty label"),
    (reasons.NobodyThere("10.96.0.10", True), "no name server at 10.96.0.10: the query was rejected"),
    (reasons.NobodyThere("10.96.0.10", False), "no name server at 10.96.0.10: the query was lost, and no answer came"),
]


def test_the_rows_cover_every_reason_there_is() -> None:
    assert {type(reason) for reason, _ in ROWS} == set(get_args(reasons.Reason))


@pytest.mark.parametrize(("reason", "text"), ROWS, ids=[text[:50] for _, text in ROWS])
def test_a_reason_reads(reason: reasons.Reason, text: str) -> None:
    assert reason_text(reason) == text


@pytest.mark.parametrize("reason", [reason for reason, _ in ROWS], ids=[type(reason).__name__ for reason, _ in ROWS])
def test_a_reason_is_plain_data_under_its_own_names(reason: reasons.Reason) -> None:
    plain = to_json(Answer("x.", "A", Rcode.NXDOMAIN, reason))["reason"]
    assert list(plain) == ["kind", *(each.name for each in fields(reason))]
    assert plain["kind"] == type(reason).__name__
    if "address" in plain:
        assert "." in plain["address"], "addresses are texts"
