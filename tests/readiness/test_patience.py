"""When a service is asked again: decided without a clock, so said without waiting."""

from __future__ import annotations

from itertools import pairwise

import pytest

from deploytasks.remote.services import verdict
from deploytasks.remote.services.patience import Patience
from deploytasks.remote.services.timeline import Timeline

DOWN = verdict.not_yet("connection refused")
FULL = verdict.not_yet("no free slot", busy=True)
WRONG = verdict.refused("28P01 wrong password", "correct it")


def moments(patience: Patience, *attempts: verdict.Attempt) -> list[float]:
    """When each attempt is made; the last one is the one after which nobody asks again."""
    now, made = 0.0, []
    for attempt in attempts:
        made.append(now)
        pause = patience.after(attempt, now)
        if pause is None:
            break
        now += pause
    return made


def gaps(made: list[float]) -> list[float]:
    return [after - before for before, after in pairwise(made)]


def test_a_service_that_is_down_is_asked_at_least_every_0_4_seconds_until_the_deadline() -> None:
    made = moments(Patience(120.0), *[DOWN] * 1000)
    assert max(gaps(made)) <= 0.4
    assert 119.0 < made[-1] < 120.0


def test_a_service_that_is_full_is_asked_ever_more_rarely_down_to_every_five_seconds() -> None:
    found = gaps(moments(Patience(120.0), *[FULL] * 1000))
    assert 4.0 <= found[-1] <= 5.0
    assert all(later > 0.8 * earlier for earlier, later in pairwise(found))


def test_pauses_are_never_twice_the_same() -> None:
    assert len(set(gaps(moments(Patience(120.0), *[DOWN] * 50)))) == 49


def test_what_may_be_for_ever_is_believed_after_three_sightings_over_five_seconds() -> None:
    made = moments(Patience(120.0), *[WRONG] * 1000)
    assert len(made) >= 3 and 5.0 <= made[-1] < 5.5


def test_two_sightings_are_not_enough_however_far_apart() -> None:
    patience = Patience(120.0)
    assert patience.after(WRONG, 0.0) is not None
    assert patience.after(WRONG, 60.0) is not None
    assert patience.after(WRONG, 60.1) is None


def test_a_refused_connection_in_between_begins_the_count_anew() -> None:
    patience = Patience(120.0)
    for attempt, now in ((WRONG, 0.0), (WRONG, 4.0), (DOWN, 5.0), (WRONG, 6.0), (WRONG, 7.0), (WRONG, 8.0)):
        assert patience.after(attempt, now) is not None


def test_a_fresh_service_may_refuse_until_the_deadline() -> None:
    assert 119.0 < moments(Patience(120.0, fresh=True), *[WRONG] * 1000)[-1] < 120.0


def test_what_is_certain_ends_the_wait_at_once() -> None:
    for attempt in (verdict.misconfigured("no", "", verdict.PERMANENT), verdict.untried("kerberos")):
        assert Patience(120.0, fresh=True).after(attempt, 0.0) is None


def test_once_is_once() -> None:
    for attempt in (DOWN, WRONG, verdict.ready("one")):
        assert Patience(120.0, once=True).after(attempt, 0.0) is None


def test_ready_is_two_successes_a_second_apart_from_one_server() -> None:
    one, other = verdict.ready("one"), verdict.ready("other")
    assert moments(Patience(120.0), one, one) == [0.0, 1.0]
    assert moments(Patience(120.0), one, other, other) == [0.0, 1.0, 2.0]
    made = moments(Patience(120.0), one, DOWN, one, one)
    assert made[3] - made[2] == pytest.approx(1.0)


def test_servers_that_take_turns_behind_a_balancer_are_ready() -> None:
    one, other = verdict.ready("one"), verdict.ready("other")
    assert moments(Patience(120.0), *[one, other] * 50) == [0.0, 1.0, 2.0]


def test_what_cannot_restart_is_ready_at_once() -> None:
    assert moments(Patience(120.0), verdict.ready()) == [0.0]


def test_a_second_success_may_come_just_after_the_deadline() -> None:
    assert Patience(10.0).after(verdict.ready("one"), 9.5) == 1.0


def test_the_time_line_tells_what_was_said_how_long_and_how_often() -> None:
    line = Timeline()
    for text, now in (("refused", 0.0), ("refused", 1.5), ("refused", 3.0), ("28000 no entry", 4.0)):
        line.saw(text, now)
    assert line.saw("28000 no entry", 120.0) == 2
    assert str(line) == "refused for 3 s (3×), then 28000 no entry for 116 s (2×)"


def test_a_success_seen_a_second_before_the_beginning_is_the_first_of_two() -> None:
    patience = Patience(120.0)
    patience.saw(1000.0, 1.0)
    assert moments(patience, *[verdict.ready(1000.0)] * 3) == [0.0]


def test_a_success_seen_just_before_the_beginning_still_wants_its_second() -> None:
    patience = Patience(120.0)
    patience.saw(1000.0, 0.25)
    assert moments(patience, *[verdict.ready(1000.0)] * 3) == [0.0, 0.75]


def test_a_success_seen_of_a_server_that_was_restarted_since_does_not_count() -> None:
    patience = Patience(120.0)
    patience.saw(1000.0, 5.0)
    assert moments(patience, *[verdict.ready(2000.0)] * 3) == [0.0, 1.0]
