"""Which rules of the exported table the steps of a walk correspond to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from simnet import ip
from simnet.dataplane import decisions as core
from simnet.dataplane.rules import AddressKind, Claim
from simnet.dataplane.ruletable import NodeRules
from simnet.dataplane.step import Step, Trace
from simnet.dataplane.ways import Sources, Way
from simnet.explain.rules.iptables import iptables_lines
from simnet.explain.rules.line import Line, Role
from simnet.explain.rules.nftables import nftables_lines

RulesOf = Callable[[str, int], NodeRules]
"""Node and family -> its rule table: `Cluster.rules`."""

Known = dict[tuple[str, int], tuple[NodeRules, tuple[Line, ...]]]


class NamedStep(NamedTuple):
    """The rules that did what step `number` (from 1) tells, on `node`, in the order the packet meets them."""

    number: int
    node: str
    lines: tuple[Line, ...]


def named_steps(trace: Trace, rules_of: RulesOf, known: Known | None = None) -> tuple[NamedStep, ...]:
    """The steps that rules of kube-proxy correspond to; others (names, links, listeners) are left out.

    `known` keeps what was rendered, for the next trace of the same cluster state. Cost: O(rules of the nodes the packet
    was on).
    """
    known = {} if known is None else known
    found = []
    for number, step in enumerate(trace.steps, 1):
        node, family = step.before.node, ip.family(step.before.destination)
        if not node or not _wants_rules(step):
            continue
        if (node, family) not in known:
            rules = rules_of(node, family)
            known[(node, family)] = rules, iptables_lines(rules) if rules.mode == "iptables" else nftables_lines(rules)
        lines = tuple(_lines(step, *known[(node, family)]))
        if lines:
            found.append(NamedStep(number, node, lines))
    return tuple(found)


def named_text(steps: Iterable[NamedStep]) -> str:
    """A paragraph for below a trace; '' if no rule took part."""
    rows = [row for step in steps for row in (f"step {step.number}, on node {step.node}:", *map(_row, step.lines))]
    return "\n".join(["rules of kube-proxy:", *rows]) if rows else ""


def _row(line: Line) -> str:
    if line.text.startswith("-A "):
        return f"  {line.table}  {line.text}"
    return f"  {line.chain}  {line.text}"


def _wants_rules(step: Step) -> bool:
    return isinstance(step.because, core.ServiceCaptured | core.EndpointChosen | core.NoEndpoints | core.NoLocalEndpoints
                      | core.SourceOutOfRange | core.RejectedByMode | core.DroppedByMode | core.HealthChecked
                      | core.Departed)


def _lines(step: Step, rules: NodeRules, lines: tuple[Line, ...]) -> Iterator[Line]:
    match step.because:
        case core.ServiceCaptured(claim):
            yield from _of(lines, claim, Role.CAPTURE, _address(step, claim))
        case core.NoEndpoints(claim) | core.NoLocalEndpoints(claim):
            yield from _of(lines, claim, Role.REFUSE, _address(step, claim))
        case core.SourceOutOfRange(claim):
            yield from _of(lines, claim, Role.FIREWALL, _address(step, claim), ())
        case core.EndpointChosen():
            yield from _chosen(step, step.because, rules, lines)
        case core.RejectedByMode():
            yield from (line for line in lines if line.role is Role.UNUSED and line.about == ("REJECT",))
        case core.DroppedByMode():
            yield from (line for line in lines if line.role is Role.UNUSED and line.about == ("DROP",))
        case core.HealthChecked(service):
            yield from (line for line in lines if line.role is Role.HEALTH and line.owner and line.owner[0] == service.key)
        case core.Departed(masqueraded_to, reason):
            if masqueraded_to is not None and reason != "pod-to-outside":
                yield from (line for line in lines if line.role is Role.MASQUERADE)


def _chosen(step: Step, chosen: core.EndpointChosen, rules: NodeRules, lines: tuple[Line, ...]) -> Iterator[Line]:
    """From the source range that lets in to the translation of the destination."""
    claim, target, source = chosen.claim, chosen.target, step.before.source
    way = _way(step, chosen, rules)
    if claim.kind is AddressKind.LOAD_BALANCER_IP:
        yield from [line for line in _of(lines, claim, Role.RANGE) if _holds(line, source)][:1]
    group = AddressKind.CLUSTER_IP if claim.kind is AddressKind.CLUSTER_IP else AddressKind.NODE_PORT
    if way is not None:
        yield from (line for line in _of(lines, claim, Role.WAY, (group, way.sources)))
        for line in _of(lines, claim, Role.STICKY if chosen.sticky else Role.PICK):
            if line.about[0] == way.is_local and target.text in line.about[1:]:
                yield line
    if target.address == source:
        yield from _of(lines, claim, Role.HAIRPIN, (target.text,))
    yield from _of(lines, claim, Role.TRANSLATE, (target.text,))


def _way(step: Step, chosen: core.EndpointChosen, rules: NodeRules) -> Way | None:
    """The way that was followed: the one of the decision's rule that is open to the source."""
    table = next((each for each in rules.tables if each.rules.identity == chosen.claim.rules.identity), None)
    found = [way for capture in table.captured(chosen.claim.kind) for way in capture.ways] if table is not None else []
    is_pod = any(step.before.source in cidr for cidr in rules.pods)
    return next((way for way in found if way.rule == chosen.reason and (way.sources is not Sources.PODS or is_pod)), None)


def _of(lines: Iterable[Line], claim: Claim, role: Role, *abouts: tuple[object, ...]) -> Iterator[Line]:
    """The rules of one role of the claimed service port; of any `about` when none is given."""
    for line in lines:
        if line.role is role and line.owner == claim.rules.identity and (not abouts or line.about in abouts):
            yield line


def _address(step: Step, claim: Claim) -> tuple[object, ...]:
    return claim.kind, None if claim.kind is AddressKind.NODE_PORT else step.before.destination


def _holds(line: Line, source: int) -> bool:
    return source in ip.IPNetwork.parse(str(line.about[0]))
