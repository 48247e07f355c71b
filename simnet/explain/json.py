"""Traces, outcomes, lookups and answers as plain data for machines, each with its schema."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from simnet import ip
from simnet.dataplane.conntrack import WayBack
from simnet.dataplane.dns import decisions as dns
from simnet.dataplane.dns.lookup import Lookup
from simnet.dataplane.dns.reasons import Reason
from simnet.dataplane.dns.records import Answer
from simnet.dataplane.http.message import Response
from simnet.dataplane.outcomes import Outcomes
from simnet.dataplane.packet import Packet
from simnet.dataplane.step import Outcomes as Branches
from simnet.dataplane.step import Step, Trace
from simnet.dataplane.union import decision_of
from simnet.explain.facts import Facts, certificate_facts, facts_of, request_facts
from simnet.explain.told import depth_of
from simnet.names import ObjectKey

TRACE, OUTCOMES, LOOKUP, ANSWER = (f"simnet/{kind}/v1" for kind in ("trace", "outcomes", "lookup", "answer"))


def to_json(thing: Trace | Outcomes | Lookup | Answer) -> Facts:
    """Plain data (dicts, lists, text, numbers, None). Sub-walks stand in full; probabilities are texts like `1/3`."""
    if isinstance(thing, Trace):
        return {"schema": TRACE, **_trace(thing)}
    if isinstance(thing, Outcomes):
        return {"schema": OUTCOMES, "results": {word: str(share) for word, share in thing.results.items()},
                "endpoints": {name: str(share) for name, share in thing.endpoints.items()},
                "paths": _branches(tuple(thing))}
    if isinstance(thing, Lookup):
        return {"schema": LOOKUP, **_lookup(thing)}
    return {"schema": ANSWER, **_answer(thing)}


def _trace(trace: Trace) -> Facts:
    first, reached, service = trace.steps[0].before, trace.endpoint, trace.service
    return {
        "source": first.flow.actor.name,
        "asked": {"host": first.flow.host, "port": first.port, "protocol": first.protocol,
                  "request": request_facts(first.flow.request) if first.flow.request is not None else None},
        "result": trace.result, "verdict": str(trace.verdict),
        "endpoint": {"pod": str(reached.pod) if reached.pod is not None else None, "address": reached.address,
                     "port": reached.port} if reached is not None else None,
        "service": service._asdict() if service is not None else None,
        "seen_source": trace.seen_source, "ways_back": [_way_back(each) for each in trace.ways_back],
        "response": _response(trace.response) if trace.response is not None else None,
        "steps": [_step(step) for step in trace.steps],
        "assumed": [each._asdict() for each in trace.assumed], "not_modelled": list(trace.not_modelled)}


def _way_back(way: WayBack) -> Facts:
    """How the answer travels; a four is source, port, destination, port."""
    entry = way.entry
    tracked = {"node": entry.node, "protocol": entry.protocol, "original": _four(entry.original),
               "reply": _four(entry.reply)} if entry is not None else None
    return {"depth": way.depth, "nodes": [node or None for node in way.nodes], "tracked": tracked,
            "bypassed": way.is_bypassed}


def _four(ends: tuple[int, int, int, int]) -> list[Any]:
    source, source_port, destination, port = ends
    return [ip.text(source), source_port, ip.text(destination), port]


def _step(step: Step) -> Facts:
    decision = decision_of(step)
    kind = type(decision).__name__
    if isinstance(decision, dns.NameResolved | dns.NameUnresolved):
        because = _name(decision)
    else:
        because = facts_of(decision)
    verdict = decision.verdict
    return {"before": _packet(step.before), "after": _packet(step.after) if step.after is not None else None,
            "depth": depth_of(step.before), "because": {"kind": kind, **because},
            "verdict": str(verdict) if verdict is not None else None}


def _packet(packet: Packet) -> Facts:
    """None stands for an address that is not known yet: the name is still to be resolved."""
    return {"place": packet.place.name, "node": packet.node or None,
            "source": ip.text(packet.source) if packet.source else None, "source_port": packet.source_port,
            "destination": ip.text(packet.destination) if packet.destination else None, "port": packet.port,
            "protocol": packet.protocol}


def _name(decision: dns.NameResolved | dns.NameUnresolved) -> Facts:
    found: Facts = {"lookup": _lookup(decision.lookup), "queries_went": _branches(decision.paths)}
    if isinstance(decision, dns.NameResolved):
        return {"address": ip.text(decision.address), "among": [ip.text(number) for number in decision.among], **found}
    return found


def _branches(branches: Branches) -> list[Facts]:
    return [{"probability": str(share), "trace": _trace(trace)} for share, trace in branches]


def _response(response: Response) -> Facts:
    return {"status": response.status, "headers": [list(pair) for pair in response.headers], "body": response.text,
            "by": response.by or None, "certificate": certificate_facts(response.certificate),
            "delay_seconds": response.delay_seconds, "http_version": response.http_version}


# names ----------------------------------------------------------------------------------------------------------

def _lookup(lookup: Lookup) -> Facts:
    return {"name": lookup.name, "libc": lookup.libc, "via": lookup.via, "status": lookup.status,
            "rcode": lookup.rcode, "addresses": list(lookup.addresses), "nameserver": lookup.nameserver or None,
            "waited_seconds": lookup.waited_seconds, "queries": [_answer(each) for each in lookup.queries],
            "near_misses": [str(key) for key in lookup.near_misses], "assumed": lookup.assumed or None}


def _answer(answer: Answer) -> Facts:
    sections = {name: [str(record) for record in records] for name, records in (
        ("answer", answer.answer), ("authority", answer.authority), ("additional", answer.additional))}
    return {"name": answer.name, "type": answer.type, "rcode": str(answer.rcode), "kind": answer.kind,
            **sections, "authoritative": answer.is_authoritative, "reason": _reason(answer.reason)}


def _reason(reason: Reason) -> Facts:
    """The kind of the reason and its fields under their own names."""
    return {"kind": type(reason).__name__,
            **{each.name: _plain(each.name, getattr(reason, each.name)) for each in fields(reason)}}


def _plain(name: str, value: Any) -> Any:
    """A field of a reason: numbers called `address` are addresses, keys are texts, a nested reason is one again."""
    if name == "address" and isinstance(value, int):
        return ip.text(value)
    if isinstance(value, ObjectKey):
        return str(value)
    if isinstance(value, tuple):
        return [_plain("", each) for each in value]
    if value is None or isinstance(value, str | int):
        return value
    return _reason(value)
