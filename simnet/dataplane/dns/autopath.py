"""autopath: the server goes through the client's search list, so that the client asks once.

Rule D97. Source: coredns/coredns plugin/autopath/autopath.go and cname.go, plugin/kubernetes/autopath.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from simnet.dataplane.dns import reasons
from simnet.dataplane.dns.questions import is_within, joined
from simnet.dataplane.dns.records import Answer, Rcode, Record

Ask = Callable[[str, str], Answer]


def search_list(namespace: str, zone: str, node_searches: Iterable[str]) -> tuple[str, ...]:
    """What the server takes a pod's search list to be, the root last: the name itself."""
    node = (each for each in node_searches if each.strip("."))
    return (joined(f"{namespace}.svc", zone), joined("svc", zone), zone, *(joined(each, "") for each in node), ".")


def searched(name: str, kind: str, searches: tuple[str, ...], ask: Ask) -> Answer | None:
    """The first answer along the search list that is not NXDOMAIN, under the name that was asked; if there is none, the
    first answer. None when the name does not end in the first search domain: then nothing is to be done.

    A server's own failure (nobody to forward to) is passed over, as NXDOMAIN is.
    """
    lowered = name.lower()
    if lowered == searches[0] or not is_within(lowered, searches[0]):
        return None
    base = name[:-len(searches[0]) - 1]
    first: Answer | None = None
    for domain in searches:
        answer = ask(joined(base, domain), kind)
        first = first if first is not None else answer
        if answer.rcode is not Rcode.NXDOMAIN and not isinstance(answer.reason, reasons.NoUpstream):
            return answer if answer is first else _renamed(answer, name)
    return first


def _renamed(answer: Answer, name: str) -> Answer:
    """The answer to another name as one to `name`: an alias leads from it to the first owner (its TTL, too)."""
    alias: tuple[Record, ...] = ()
    owner = next((record for record in answer.answer if record.name.lower() != name.lower()), None)
    if owner is not None:
        alias = (Record(name, owner.ttl, "CNAME", owner.name),)
    reason = reasons.SearchedByServer(answer.name, answer.reason)
    return replace(answer, name=name, answer=alias + answer.answer, reason=reason)
