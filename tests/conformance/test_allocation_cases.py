"""The allocation cases of services.json that concern one ledger: node blocks, pod addresses, service addresses, node
ports. A case is a conversation with one ledger; cases of kind `service` go through the API and are run elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from simnet import ip
from simnet.control.ipam import NodeCIDRs, PodRange, PodSubnet
from simnet.control.ports import ClusterIPs, NodePorts
from simnet.errors import SimnetError
from tests.conformance.case_files import load

Step = dict[str, Any]

CASE_KEYS = {"id", "kind", "name", "source", "rules", "config", "expect", "steps", "verified", "constructError"}
RUN_ELSEWHERE = {"service"}
OUTCOME_KEYS = {"allocate": {"expect", "in", "error"}, "allocateN": {"count", "expectLast", "in", "error"},
                "request": {"expect", "ok", "okUnlessAllocated", "error"}, "release": {"occupied", "error"},
                "occupy": {"occupied", "error"}}  # fmt: skip


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" not in metafunc.fixturenames:
        return
    data = load(metafunc.config, "services.json") or {}
    rows = [row for row in data.get("allocationCases", ()) if row.get("kind") not in RUN_ELSEWHERE]
    metafunc.parametrize("case", [pytest.param(row, id=f"{row['id']} {row['kind']}: {row['name']}") for row in rows])


def test_allocation_case(case: dict[str, Any]) -> None:
    assert set(case) <= CASE_KEYS, f"unknown keys: {set(case) - CASE_KEYS}"
    assert case["kind"] in BOOKS, f"unknown kind {case['kind']!r}"
    if "constructError" in case:
        with pytest.raises(SimnetError) as caught:
            BOOKS[case["kind"]](**case["config"])
        assert case["constructError"] is True or case["constructError"] in str(caught.value)
        return
    book = BOOKS[case["kind"]](**case["config"])
    for name, value in case.get("expect", {}).items():
        assert book.facts()[name] == (tuple(value) if isinstance(value, list) else value), name
    for number, step in enumerate(case.get("steps", ()), 1):
        check_step(book, step, f"step {number}: {step}")


@pytest.mark.runner
def test_every_wrong_expectation_of_an_allocation_case_fails(case: dict[str, Any]) -> None:
    wrong = list(spoiled(case))
    assert wrong
    for what, each in wrong:
        assert not holds(each), f"passes with {what}"


def holds(case: dict[str, Any]) -> bool:
    try:
        test_allocation_case(case)
    except (AssertionError, pytest.fail.Exception):
        return False
    return True


def spoiled(case: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The case with each of its expectations turned wrong, one at a time."""
    yield "an unknown key", {**case, "unknown": True}
    if "constructError" in case:
        yield "another text", {**case, "constructError": "no such text"}
    for name, value in case.get("expect", {}).items():
        wrong = [1, 2] if value is None else [*value[:-1], 0] if isinstance(value, list) else f"{value}0"
        yield name, {**case, "expect": {**case["expect"], name: wrong}}
    for index, step in enumerate(case.get("steps", ())):
        for what, other in spoiled_step(step):
            yield f"step {index + 1}: {what}", {**case, "steps": [*case["steps"][:index], other, *case["steps"][index + 1:]]}


def spoiled_step(step: Step) -> Iterator[tuple[str, Step]]:
    yield "an unknown key", {**step, "unknown": True}
    for key, value in step.items():
        match key:
            case "error" | "expect" | "expectLast":
                yield key, {**step, key: f"{value}0"}
            case "ok":
                yield key, {**step, key: not value}
            case "occupied":
                yield key, {**step, key: value + 1}
            case "in":
                yield key, {**step, key: {"staticBand": "dynamicBand", "dynamicBand": "staticBand"}[value]}


class Book:
    """One ledger spoken to in the words of the case file; all values are texts, except node ports."""

    words: dict[str, set[str]]  # operation -> its arguments

    def facts(self) -> dict[str, Any]:
        return {}

    def within(self, value: Any, band: str) -> bool:
        raise AssertionError(f"this ledger has no {band}")


class NodeBlocks(Book):
    words = {"allocate": set(), "allocateN": set(), "occupy": {"cidr"}, "release": {"cidr"}}

    def __init__(self, clusterCIDR: str, nodeMask: int | None = None) -> None:
        self.ledger = NodeCIDRs(clusterCIDR, nodeMask)

    def used(self) -> int:
        return self.ledger.occupied

    def allocate(self, number: int) -> str:
        return str(self.ledger.allocate())

    def occupy(self, cidr: str) -> None:
        self.ledger.occupy(cidr)

    def release(self, cidr: str) -> None:
        self.ledger.release(cidr)


class PodAddresses(Book):
    words = {"allocate": {"id"}, "allocateN": set(), "request": {"id", "ip"}, "release": {"id"}}

    def __init__(self, ranges: list[dict[str, str]]) -> None:
        self.ledger = PodRange([pod_subnet(**one) for one in ranges])

    def used(self) -> int:
        return -self.ledger.free

    def allocate(self, number: int, id: str = "") -> str:
        return text(self.ledger.allocate(id or f"unnamed, with {self.ledger.free} free"))

    def request(self, ip: str, id: str = "") -> str:
        return text(self.ledger.request(ip, id or ip))

    def release(self, id: str) -> None:
        self.ledger.release(id)


class ServiceAddresses(Book):
    words = {"allocate": set(), "allocateN": set(), "request": {"ip"}, "release": {"ip"}}

    def __init__(self, serviceCIDR: str) -> None:
        self.ledger = ClusterIPs(serviceCIDR, Random(0))

    def facts(self) -> dict[str, Any]:
        pool = self.ledger
        static = pool.static_band and (text(pool.static_band[0]), text(pool.static_band[1]))
        dynamic = (text(pool.dynamic_band[0]), text(pool.dynamic_band[1]))
        ends = {"first": text(pool.first), "last": text(pool.last)}
        return {**ends, "count": pool.count, "staticBand": static, "dynamicBand": dynamic}

    def used(self) -> int:
        return self.ledger.used

    def within(self, value: str, band: str) -> bool:
        ends = self.facts()[band]
        return ends is not None and ip.number(ends[0]) <= ip.number(value) <= ip.number(ends[1])

    def allocate(self, number: int) -> str:
        return text(self.ledger.allocate())

    def request(self, ip: str) -> str:
        return text(self.ledger.request(ip))

    def release(self, ip: str) -> None:
        self.ledger.release(number_of(ip))


class Ports(Book):
    words = {"allocate": set(), "allocateN": set(), "request": {"port"}, "release": {"port"}}

    def __init__(self, range: str) -> None:
        self.ledger = NodePorts(range, Random(0))

    def facts(self) -> dict[str, Any]:
        pool = self.ledger
        ends = {"first": pool.first, "last": pool.last, "count": pool.count}
        return {**ends, "staticBand": pool.static_band, "dynamicBand": pool.dynamic_band}

    def used(self) -> int:
        return self.ledger.used

    def within(self, value: int, band: str) -> bool:
        ends = self.facts()[band]
        return ends is not None and bool(ends[0] <= value <= ends[1])

    def allocate(self, number: int) -> int:
        return self.ledger.allocate()

    def request(self, port: int) -> int:
        return self.ledger.request(port)

    def release(self, port: int) -> None:
        self.ledger.release(port)


BOOKS: dict[str, Callable[..., Any]] = {
    "nodeCIDR": NodeBlocks, "podIP": PodAddresses, "clusterIP": ServiceAddresses, "nodePort": Ports,
}  # fmt: skip

text, number_of = ip.text, ip.number  # `ip` is also an argument in the words of the case file


def pod_subnet(
    subnet: str, gateway: str | None = None, rangeStart: str | None = None, rangeEnd: str | None = None
) -> PodSubnet:
    return PodSubnet.of(subnet, gateway, rangeStart, rangeEnd)


def check_step(book: Any, step: Step, where: str) -> None:
    """Do one step and compare; a refused one must leave the ledger as it was."""
    operation = step["op"]
    assert operation in book.words, f"{where}: unknown operation"
    allowed = {"op", *book.words[operation], *OUTCOME_KEYS[operation]}
    assert set(step) <= allowed, f"{where}: unknown keys {set(step) - allowed}"
    arguments = {name: step[name] for name in book.words[operation] & set(step)}
    before = book.used()
    try:
        values = perform(book, operation, step, arguments)
    except SimnetError as problem:
        check_refusal(step, str(problem), where)
        assert operation == "allocateN" or book.used() == before, f"{where}: the refused step changed the ledger"
        return
    assert "error" not in step and step.get("ok", True), f"{where}: done, although it should be refused"
    check_values(book, step, values, where)


def perform(book: Any, operation: str, step: Step, arguments: Step) -> list[Any]:
    if operation.startswith("allocate"):
        return [book.allocate(number, **arguments) for number in range(step.get("count", 1))]
    return [getattr(book, operation)(**arguments)]


def check_refusal(step: Step, message: str, where: str) -> None:
    if step.get("okUnlessAllocated"):
        assert "already allocated" in message, f"{where}: {message}"
    elif step.get("ok") is not False:
        assert "error" in step, f"{where}: refused: {message}"
    assert step.get("error", "") in message, f"{where}: {message}"


def check_values(book: Any, step: Step, values: list[Any], where: str) -> None:
    if "expect" in step:
        assert values == [step["expect"]], where
    if "expectLast" in step:
        assert values[-1] == step["expectLast"], where
    if "in" in step:
        assert all(book.within(value, step["in"]) for value in values), f"{where}: {values}"
    if "occupied" in step:
        assert book.used() == step["occupied"], where
