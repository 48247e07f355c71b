"""Logical time, timers as data, and the texts of times and durations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet.clock import Clock, from_iso, human_duration, iso, parse_duration
from simnet.errors import UsageError


def test_a_clock_starts_where_told_and_moves_only_when_told() -> None:
    clock = Clock()
    assert str(clock) == "2027-01-01T00:00:00Z"
    clock.advance(90)
    assert str(clock) == "2027-01-01T00:01:30Z"
    clock.advance_to(clock.now - 60)
    assert str(clock) == "2027-01-01T00:01:30Z"


@pytest.mark.parametrize(
    "now",
    [
        "2026-12-31T23:30:00-00:30",
        datetime(2027, 1, 1),
        datetime(2027, 1, 1, tzinfo=UTC),
        datetime(2027, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
        1798761600,
    ],
)
def test_a_start_may_be_text_datetime_or_seconds(now: str | datetime | float) -> None:
    assert str(Clock(now)) == "2027-01-01T00:00:00Z"


def test_time_does_not_go_back() -> None:
    with pytest.raises(UsageError, match=r"time cannot go back: advance\(-1\)"):
        Clock().advance(-1)


def test_timers_are_due_in_order_of_time_then_of_setting() -> None:
    clock = Clock(0)
    clock.after(5, "late", "a")
    clock.after(1, "soon", "b")
    clock.at(1, "soon", "c")
    clock.after(0, "now", "d")
    clock.at(-7, "past", "e")
    assert clock.next_at() == 0
    assert [timer.payload for timer in drained(clock)] == ["d", "e"]
    clock.advance(1)
    assert [timer.payload for timer in drained(clock)] == ["b", "c"]
    assert [(timer.when, timer.kind) for timer in clock.pending()] == [(5, "late")]
    clock.advance_to(5)
    assert [timer.kind for timer in drained(clock)] == ["late"]
    assert clock.next_at() is None


def test_a_timer_can_be_taken_back_once() -> None:
    clock = Clock(0)
    kept, dropped = clock.after(1, "kept"), clock.after(1, "dropped")
    assert clock.cancel(dropped)
    assert not clock.cancel(dropped)
    assert clock.pending() == (kept,)


def test_small_steps_add_up_to_the_moment_of_a_timer() -> None:
    clock = Clock()
    clock.after(1, "second")
    for _ in range(10):
        clock.advance(0.1)
    assert clock.due() is not None


def test_payloads_are_never_compared() -> None:
    clock = Clock(0)
    clock.after(0, "same", {"no": "order"})
    clock.after(0, "same", {"no": "order"})
    assert len(clock.pending()) == 2


def test_a_copy_has_the_same_timers_and_goes_its_own_way() -> None:
    clock = Clock(0)
    clock.after(1, "both")
    twin = clock.copy()
    clock.after(1, "original only")
    twin.after(1, "copy only")
    clock.advance(1)
    assert [timer.kind for timer in drained(clock)] == ["both", "original only"]
    assert (twin.now, twin.due()) == (0, None)
    twin.advance(1)
    assert [timer.kind for timer in drained(twin)] == ["both", "copy only"]


def drained(clock: Clock) -> list:  # type: ignore[type-arg]
    return list(iter(clock.due, None))


@pytest.mark.parametrize(
    ("given", "printed"),  # RFC 3339 section 5.8, whole seconds in UTC as metav1.Time prints them
    [
        ("1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50Z"),
        ("1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57Z"),
        ("1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27Z"),
        ("2027-01-01t00:00:00z", "2027-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ],
)
def test_timestamps_are_read_with_offsets_and_fractions(given: str, printed: str) -> None:
    assert iso(from_iso(given)) == printed


def test_a_fraction_is_kept_as_seconds() -> None:
    assert from_iso("1970-01-01T00:00:01.25Z") == 1.25


@pytest.mark.parametrize(
    ("given", "beginning"),  # after the last colon stands the reason in the words of the interpreter
    [
        ("2027-01-01", "'2027-01-01' is not an RFC 3339 time such as 2027-01-01T00:00:00Z"),
        ("2027-01-01T00:00:00", "'2027-01-01T00:00:00' is not an RFC 3339 time such as 2027-01-01T00:00:00Z"),
        ("2027-02-30T00:00:00Z", "'2027-02-30T00:00:00Z' is not an RFC 3339 time: day"),
        ("2027-01-01T00:00:00+24:00", "'2027-01-01T00:00:00+24:00' is not an RFC 3339 time: its offset is above 23:59"),
    ],
)
def test_a_bad_timestamp_is_refused(given: str, beginning: str) -> None:
    with pytest.raises(UsageError) as caught:
        from_iso(given)
    assert str(caught.value).startswith(beginning)


@given(st.integers(-62_135_596_800, 253_402_300_799))  # the years 1 to 9999
def test_seconds_and_text_are_inverses(seconds: int) -> None:
    assert from_iso(iso(seconds)) == seconds


AGES = [  # seconds, text; kubernetes/apimachinery pkg/util/duration/duration_test.go TestHumanDuration
    (1, "1s"), (70, "70s"), (190, "3m10s"), (70 * 60, "70m"), (47 * 3600, "47h"), (49 * 3600, "2d1h"),
    ((8 * 24 + 2) * 3600, "8d"), (367 * 24 * 3600, "367d"), ((365 * 2 * 24 + 25) * 3600, "2y1d"),
    ((365 * 8 * 24 + 2) * 3600, "8y"),
    # boundaries of duration.go
    (-2, "<invalid>"), (-1.9, "0s"), (0, "0s"), (119.9, "119s"), (120, "2m"), (599, "9m59s"), (600, "10m"),
    (179 * 60, "179m"), (180 * 60, "3h"), (181 * 60, "3h1m"), (479 * 60, "7h59m"), (480 * 60, "8h"), (48 * 3600, "2d"),
    (191 * 3600, "7d23h"), (192 * 3600, "8d"), (729 * 86400, "729d"), (730 * 86400, "2y"), (2919 * 86400, "7y364d"),
]  # fmt: skip


@pytest.mark.parametrize(("seconds", "text"), AGES)
def test_ages_are_shown_as_kubectl_shows_them(seconds: float, text: str) -> None:
    assert human_duration(seconds) == text


DURATIONS = [  # golang src/time/time_test.go TestParseDuration
    ("0", 0), ("5s", 5), ("30s", 30), ("1478s", 1478), ("-5s", -5), ("+5s", 5), ("-0", 0), ("5.0s", 5), ("5.6s", 5.6),
    ("5.s", 5), (".5s", 0.5), ("1.004s", 1.004), ("10ns", 1e-8), ("11us", 1.1e-5), ("12\u00b5s", 1.2e-5),
    ("12\u03bcs", 1.2e-5), ("13ms", 0.013), ("14s", 14), ("15m", 900), ("16h", 57600), ("3h30m", 12600),
    ("10.5s4m", 250.5), ("-2m3.4s", -123.4), ("1h2m3s4ms", 3723.004), ("39h9m14.425s", 140954.425),
    ("0.3333333333333333333h", 1200),
]  # fmt: skip


@pytest.mark.parametrize(("text", "seconds"), DURATIONS)
def test_durations_are_read_as_go_reads_them(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "fault"),  # golang src/time/time_test.go parseDurationErrorTests
    [
        ("", "it is empty"),
        ("3", "a unit is missing after '3'"),
        ("-", "it is empty"),
        ("s", "a number is expected at 's'"),
        (".", "a number is expected at '.'"),
        (".s", "a number is expected at '.s'"),
        ("+.s", "a number is expected at '.s'"),
        ("1d", "unit 'd' is unknown"),
        ("1h2", "a unit is missing after '2'"),
        ("--1s", "a number is expected at '-1s'"),
        ("1 s", "unit ' s' is unknown"),
    ],
)
def test_a_bad_duration_is_refused_with_its_fault(text: str, fault: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_duration(text)
    assert str(caught.value) == f"{text!r} is not a duration: {fault}; such as 1h30m, 10s or 100ms"
