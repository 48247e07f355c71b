"""A lookup as a table: every question, what came back and why; and what other ways to ask would have cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from simnet.control.resolv_conf import ResolvConf
from simnet.dataplane.dns.alternatives import Alternative
from simnet.dataplane.dns.lookup import Lookup
from simnet.dataplane.dns.records import Answer
from simnet.explain.json import to_json
from simnet.explain.reasons import reason_text
from simnet.explain.told_name import ANSWER_WORDS, status_text, truncation_lines
from simnet.explain.words import counted, listed

Row = Sequence[str]
SCHEMA = "simnet/resolve/v1"


def lookup_table(lookup: Lookup, source: str, conf: ResolvConf, others: Iterable[Alternative] = (),
                 more: Iterable[Answer] = ()) -> str:
    """The whole page. `more` are answers for other types than addresses, which no C library asks for."""
    found = listed(lookup.addresses) or status_text(lookup)
    text = f"{lookup.name} from {source} ({lookup.libc}): {found}\n"
    if lookup.via == "hosts":
        return text + "found in the hosts file; nobody was asked\n"
    if lookup.via == "literal":
        return text + "an address already; nobody was asked\n"
    text += _circumstances(lookup, conf) + "\n"
    text += _lined_up(("NAME", "TYPE", "ANSWER", "WHY"), map(_row, lookup.queries))
    text += "".join(f"{line}\n" for line in truncation_lines(lookup))
    extra = [_row(answer) for answer in more]
    if extra:
        text += "\nother types, asked by nobody unless they mean to\n\n" + _lined_up(("NAME", "TYPE", "ANSWER", "WHY"), extra)
    rows = [_other_row(each) for each in others]
    if rows:
        text += "\nother ways to ask\n\n" + _lined_up(("NAME", "NDOTS", "QUESTIONS", "RESULT"), rows)
    return text


def lookup_data(lookup: Lookup, source: str, conf: ResolvConf, others: Iterable[Alternative],
                more: Iterable[Answer]) -> dict[str, Any]:
    """The same as plain data."""
    lookup_facts = {key: value for key, value in to_json(lookup).items() if key != "schema"}
    return {"schema": SCHEMA, "source": source, "searches": list(conf.searches), "ndots": conf.ndots, **lookup_facts,
            "query_count": lookup.query_count,
            "other_types": [{key: value for key, value in to_json(answer).items() if key != "schema"} for answer in more],
            "alternatives": [{"name": each.name, "ndots": each.ndots, "query_count": each.lookup.query_count,
                              "status": each.lookup.status, "same_addresses": each.is_same} for each in others]}


def _circumstances(lookup: Lookup, conf: ResolvConf) -> str:
    server = f"to {lookup.nameserver}" if lookup.nameserver else "to the public DNS"
    text = f"{counted(lookup.query_count, 'question')} {server}"
    searched = conf.searched(lookup.libc)
    if searched:
        text += f"; search {' '.join(searched)}; ndots {conf.ndots}"
    if lookup.waited_seconds:
        text += f"; waited {lookup.waited_seconds} s for answers that never came"
    return text + "\n"


def _row(answer: Answer) -> Row:
    found = listed((record.data_text for record in answer.answer), 4)
    return answer.name, answer.type, found or ANSWER_WORDS.get(answer.kind, answer.kind), reason_text(answer.reason)


def _other_row(other: Alternative) -> Row:
    lookup = other.lookup
    result = "the same" if other.is_same else listed(lookup.addresses) or status_text(lookup)
    return other.name, "as it is" if other.ndots is None else str(other.ndots), str(lookup.query_count), result


def _lined_up(headers: Row, rows: Iterable[Row]) -> str:
    """Columns with two blanks between them."""
    lines = [headers, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headers))]
    return "".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n"
                   for line in lines)
