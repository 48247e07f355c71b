"""The server's core: who asks, in which order records are sent, what is remembered, streams, and a pod's own seat."""

from __future__ import annotations

import pytest

import simnet
from simnet.dataplane.dns import encode
from simnet.dataplane.dns.decode import Reply
from simnet.dataplane.dns.encode import message_size, write_query, write_reply
from simnet.dataplane.dns.message import Edns, Query, Question
from simnet.dataplane.dns.records import Record
from simnet.errors import NotFound, UsageError
from simnet.server.dns import answer, framed, frames
from simnet.server.dns.replies import pod_of
from simnet.server.dns.seat import Seat
from simnet.server.listen import read_address
from simnet.testing import pod, service

WEB = "web.default.svc.cluster.local."
BIG = "big.default.svc.cluster.local."
HEADLESS = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "big"},
            "spec": {"clusterIP": "None", "selector": {"app": "big"}, "ports": [{"port": 80}]}}


@pytest.fixture
def net() -> simnet.Cluster:
    made = simnet.Cluster(nodes=1, addons=["coredns"], dns={"pods": "verified", "autopath": True})
    made.apply([service("web"), pod("client"), HEADLESS, *(pod(f"p{i}", labels={"app": "big"}) for i in range(6))])
    return made


def asked(net: simnet.Cluster, name: str, kind: str = "A", number: int = 1, client: str | None = None,
          transport: str = "udp", edns: Edns | None = None) -> Reply:
    reply = answer(net, write_query(name, kind, number, edns), client, transport)
    assert reply is not None
    return Reply(reply)


def test_addresses_come_in_an_order_that_differs_from_message_to_message(net: simnet.Cluster) -> None:
    """D67: coredns plugin/loadbalance. Equal messages get equal replies."""
    orders = {tuple(record.data_text for record in asked(net, BIG, number=number).answer) for number in range(40)}
    assert len(orders) > 20 and len({frozenset(order) for order in orders}) == 1
    assert asked(net, BIG, number=7).answer == asked(net, BIG, number=7).answer


def test_the_seed_decides_the_order() -> None:
    found = []
    for seed in (0, 1):
        made = simnet.Cluster(nodes=1, addons=["coredns"], seed=seed)
        made.apply([HEADLESS, *(pod(f"p{i}", labels={"app": "big"}) for i in range(6))])
        found.append([record.data_text for record in asked(made, BIG).answer])
    assert sorted(found[0]) == sorted(found[1]) and found[0] != found[1]


def test_a_change_is_answered_at_once(net: simnet.Cluster) -> None:
    """Remembered replies do not outlive what they say."""
    assert asked(net, WEB).rcode == asked(net, WEB, number=2).rcode == 0
    net.delete("service/web")
    assert asked(net, WEB).rcode == 3
    net.apply(service("web"))
    assert asked(net, WEB).rcode == 0


def test_remembered_records_make_the_reply_that_was_made_without(net: simnet.Cluster) -> None:
    """Whatever the flags, the options, the sizes, the types and the spellings of the messages that came before."""
    net.apply([pod(f"q{i}", labels={"app": "big"}) for i in range(60)])
    sent = [write_query(name, kind, number, edns, flags)
            for name in (WEB, BIG, "WEB.Default.svc.cluster.LOCAL.", "nosuch.default.svc.cluster.local.", "example.com.", ".")
            for kind in ("A", "AAAA", "SRV", "AXFR")
            for number, edns, flags in ((1, None, 0), (2, Edns(1232), 0x0100), (3, Edns(4096, 0, True), 0x0110), (4, Edns(512), 0))]
    sent += [message[:-1] + b"\3" for message in sent if not message[11]]  # class CHAOS
    for transport in ("udp", "tcp"):
        one_after_another = [answer(net, message, None, transport) for message in sent]
        for message, reply in zip(sent, one_after_another, strict=True):
            net.view.dns.messages.clear()
            assert answer(net, message, None, transport) == reply


def test_a_question_known_is_not_read_into_another(net: simnet.Cluster) -> None:
    """A zero octet inside a label does not end the name there."""
    assert asked(net, WEB).rcode == 0
    longer = write_query("web\\000x.default.svc.cluster.local.", "A", 5)
    reply = Reply(answer(net, longer) or b"")
    assert reply.rcode == 3 and reply.question == longer[12:] and not reply.answer


def test_memories_are_bounded(net: simnet.Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encode, "MOST_REMEMBERED", 3)
    memory = net.view.dns.messages
    for i in range(10):
        asked(net, f"x{i}.default.svc.cluster.local.")
        assert max(map(len, (memory.messages, memory.bodies, memory.questions))) <= 3


@pytest.mark.parametrize("client", ["pod/default/client", "default/client", "pod/client", "address"])
def test_who_asks_can_be_said_in_several_ways(net: simnet.Cluster, client: str) -> None:
    """autopath sees a pod by its key or by its address."""
    if client == "address":
        client = net.get("pod", "client").manifest["status"]["podIP"]
    reply = asked(net, "web.default.default.svc.cluster.local.", client=client)
    assert [record.type for record in reply.answer] == ["CNAME", "A"]
    assert asked(net, "web.default.default.svc.cluster.local.").rcode == 3


def test_an_address_that_is_nobodys_is_nobody(net: simnet.Cluster) -> None:
    assert pod_of(net, "192.0.2.200") is None and pod_of(net, None) is None and pod_of(net, "") is None


def test_a_stream_in_is_a_stream_out(net: simnet.Cluster) -> None:
    """D73; a single message over TCP is answered as one."""
    two = framed(write_query(WEB, "A", 1)) + framed(write_query(BIG, "A", 2))
    replies, rest = frames(answer(net, two, None, "tcp") or b"")
    assert [Reply(each).id for each in replies] == [1, 2] and not rest
    assert asked(net, WEB, transport="tcp").id == 1
    assert answer(net, framed(b"short"), None, "tcp") is None


def test_the_limits_of_a_reply(net: simnet.Cluster) -> None:
    """D68: an advertised size below 512 counts as 512."""
    net.apply([pod(f"q{i}", labels={"app": "big"}) for i in range(60)])
    for edns, most in ((None, 512), (Edns(100), 512), (Edns(700), 700)):
        message = answer(net, write_query(BIG, "A", 1, edns))
        assert message is not None and most - 16 <= len(message) <= most
    assert len(asked(net, BIG, transport="tcp").answer) == 66


def test_the_size_of_a_message_is_that_of_the_message(net: simnet.Cluster) -> None:
    found = net.query(WEB, "SRV")
    whole = answer(net, write_query(WEB, "SRV", 1, Edns(1232)))
    assert whole is not None and message_size(found) == len(whole)


def test_names_are_written_once_and_never_in_srv_targets(net: simnet.Cluster) -> None:
    """D74; RFC 2782: no compression in the target."""
    whole = answer(net, write_query(WEB, "SRV", 1)) or b""
    assert whole.count(b"\3web\7default\3svc\7cluster\5local\0") == 2  # the question and the target
    record = Record("a.b.", 5, "CNAME", "c.b.")
    found = net.query(WEB)
    found.answer = (record, record._replace(name="x.a.b."))
    octets = write_reply(Query(1, 0, Question("a.b.", "A", 1, b"\1a\1b\0\0\1\0\1")), found, 512)
    assert octets.count(b"\1b\0") == 1 and Reply(octets).answer == found.answer


# seats and addresses -----------------------------------------------------------------------------------------------

def test_a_seat_is_somebody_who_exists(net: simnet.Cluster) -> None:
    with pytest.raises(NotFound):
        Seat(net, "pod/nobody")


def test_a_seats_questions_travel(net: simnet.Cluster) -> None:
    seat = Seat(net, "pod/client")
    question = write_query(WEB, "A", 1)
    assert seat.datagram(question, "127.0.0.1") is not None
    assert seat.stream(framed(question)[:9], "127.0.0.1") == (b"", framed(question)[:9])
    net.delete("deployment/kube-system/coredns")
    assert seat.datagram(question, "127.0.0.1") is None
    assert Seat(net).datagram(question, "127.0.0.1") is not None


ADDRESSES = [("127.0.0.1:5300", ("127.0.0.1", 5300)), ("127.0.0.1", ("127.0.0.1", 53)), ("[::1]:99", ("::1", 99)),
             ("127.9.9.9:0", ("127.9.9.9", 0)), ("[::1]:0", ("::1", 0))]


@pytest.mark.parametrize(("text", "expected"), ADDRESSES)
def test_where_to_listen(text: str, expected: tuple[str, int]) -> None:
    assert read_address(text, 53) == expected


@pytest.mark.parametrize("text", ["0.0.0.0:53", "[::]:53", "8.8.8.8", "localhost:53", "127.0.0.1:70000", ""])
def test_where_not_to_listen(text: str) -> None:
    with pytest.raises(UsageError):
        read_address(text, 53)
