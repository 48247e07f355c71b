"""One message to its reply: read, ask the model, put the addresses in some order, write.

Rules: D50, D65, D67 to D72.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from simnet import ip
from simnet.cluster import Cluster
from simnet.dataplane.dns import reasons
from simnet.dataplane.dns.decode import read_query
from simnet.dataplane.dns.encode import (
    size_limit,
    write_around,
    write_bad_version,
    write_body,
    write_rejection,
    write_reply,
)
from simnet.dataplane.dns.message import CLASS_IN, Query, Rejected
from simnet.dataplane.dns.records import ADDRESS_TYPES, Answer, Rcode, Record
from simnet.names import ObjectKey

ENVELOPE = 2000  # octets of records in one message of a zone transfer, roughly
TRANSFERS = ("AXFR", "IXFR")

Ask = Callable[[str, str], Answer]


def reply(cluster: Cluster, message: bytes, client: str | None, transport: str, ask: Ask | None = None) -> Sequence[bytes]:
    """The replies to a message: one, none (silence), or several for a zone transfer. `ask` stands for another server."""
    dns = cluster.view.dns
    memory = dns.messages
    key = (message[2:], transport, client, ask is None)
    known = memory.messages.get(key)
    if known is not None and len(message) > 2:
        return (message[:2] + known,)
    query = read_query(message, memory.questions)
    if query is None:
        return ()
    if isinstance(query, Rejected):
        return (write_rejection(query),)
    if query.edns is not None and query.edns.version:
        return (write_bad_version(query),)
    limit = size_limit(query, transport)
    asked = (query.question.octets, transport, client, ask is None)
    body = memory.bodies.get(asked)
    if body is None or not body.fits(query, limit):
        answer = _asked(cluster, query, client, transport, ask)
        if query.kind in TRANSFERS and answer.rcode is Rcode.NOERROR:
            return [write_reply(query, part, limit) for part in _envelopes(answer)]
        if _has_choice(answer.answer) or _has_choice(answer.additional):
            return (write_reply(query, _shuffled(answer, query.id + cluster.settings.seed), limit),)
        body = write_body(query, answer, limit)
        octets = write_around(query, body)
        if dns.may_remember:
            memory.keep(key, octets[2:])
            memory.keep_body(asked, query.question, body)
        return (octets,)
    return (write_around(query, body),)


def _asked(cluster: Cluster, query: Query, client: str | None, transport: str, ask: Ask | None) -> Answer:
    if query.question.klass != CLASS_IN:
        return Answer(query.name, query.kind, Rcode.REFUSED, reasons.NoUpstream(query.name))
    if query.kind in TRANSFERS and transport != "tcp":
        return Answer(query.name, query.kind, Rcode.REFUSED, reasons.TransferRefused(query.name))
    if ask is not None:
        return ask(query.name, query.kind)
    return cluster.view.dns.question(query.name, query.kind, pod_of(cluster, client))


def pod_of(cluster: Cluster, client: str | None) -> ObjectKey | None:
    """The pod that asks: named as `pod/NAMESPACE/NAME` or `NAMESPACE/NAME`, or known by its address."""
    if not client:
        return None
    words = client.removeprefix("pod/").split("/")
    if len(words) == 2:
        return ObjectKey(words[0], words[1])
    try:
        pods = cluster.view.pods_at(ip.number(client))
    except ValueError:
        return ObjectKey("default", words[0])
    return pods[0].key if pods else None


# the order of records (D67) ---------------------------------------------------------------------------------------

def _has_choice(records: tuple[Record, ...]) -> bool:
    return len(records) > 1 and sum(record.type in ADDRESS_TYPES for record in records) > 1


def _shuffled(answer: Answer, seed: int) -> Answer:
    return replace(answer, answer=_ordered(answer.answer, seed), additional=_ordered(answer.additional, seed))


def _ordered(records: tuple[Record, ...], seed: int) -> tuple[Record, ...]:
    """Aliases first, as they follow each other; then other types; then the addresses in an order made from the seed."""
    addresses = [record for record in records if record.type in ADDRESS_TYPES]
    for index in range(len(addresses) - 1, 0, -1):
        seed = (seed * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        other = (seed >> 33) % (index + 1)
        addresses[index], addresses[other] = addresses[other], addresses[index]
    aliases = [record for record in records if record.type == "CNAME"]
    others = [record for record in records if record.type != "CNAME" and record.type not in ADDRESS_TYPES]
    return (*aliases, *others, *addresses)


def _envelopes(answer: Answer) -> Iterable[Answer]:
    """A transfer in messages of a moderate size, each with the question."""
    part: list[Record] = []
    size = 0
    for record in answer.answer:
        size += len(record.name) + len(record.data_text) + 12
        if part and size > ENVELOPE:
            yield replace(answer, answer=tuple(part))
            part, size = [], len(record.name) + len(record.data_text) + 12
        part.append(record)
    yield replace(answer, answer=tuple(part))
