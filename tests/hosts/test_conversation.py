"""A conversation with one agent: what comes back, and every way in which nothing does."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from deploytasks.config.environment import Host
from deploytasks.config.redaction import Redactor
from deploytasks.errors import Unreachable
from deploytasks.hosts.conversation import Conversation
from deploytasks.hosts.patience import BEAT_SECONDS, GRACE_SECONDS, Patience
from deploytasks.operation import Missing, Operation, Result
from tests.hosts.scripted import Said, Script, Scripted, done, end

TWO = [Operation("first"), Operation("second")]


def conversation(channel: Scripted, patience: Patience | None = None) -> Conversation:
    """Nothing is uploaded in it."""
    return Conversation(
        Host("host1"),
        channel,
        Redactor(()),
        lambda *asked: pytest.fail("nothing is uploaded"),
        patience=patience,
    )


def once(*said: Said | bytes | None) -> Script:
    """The script that says this to the first message, and nothing to any other."""
    left = [said]
    return lambda asked: left.pop() if left else ()


def request(number: int = 1) -> Said:
    return {"id": number}


def test_results_come_in_order_with_what_was_printed_between_them() -> None:
    line = {"id": 1, "index": 1, "event": "line", "text": "hello"}
    script = once(done(request(), 0, value=7), line, done(request(), 1, value=8), end(request()))
    printed: list[tuple[str, str]] = []
    results = conversation(Scripted(script)).request(TWO, lambda one, text: printed.append((one.name, text)))
    assert results == (Result(True, value=7), Result(True, value=8))
    assert printed == [("second", "hello")]


def test_a_failure_ends_the_results_and_the_conversation_goes_on() -> None:
    def script(asked: Said) -> Iterable[Said]:
        return [done(asked, 0, False, code=1, error="no; try again", kind="failed"), end(asked)]

    open_one = conversation(Scripted(script))
    assert (
        open_one.request(TWO) == open_one.request(TWO) == (Result(False, 1, None, "no; try again", "failed"),)
    )


@pytest.mark.parametrize("ok", [True, False], ids=["all done", "failed"])
@pytest.mark.parametrize("rest", [(None,), ()], ids=["the connection ends", "silence"])
def test_a_last_word_that_is_lost_is_no_loss(ok: bool, rest: tuple[None, ...]) -> None:
    last = (done(request(), 1),) if ok else ()
    results = conversation(Scripted(once(done(request(), 0, ok), *last, *rest))).request(TWO)
    assert [one.ok for one in results] == ([True, True] if ok else [False])


def test_a_connection_that_ends_before_all_is_done_is_unreachable() -> None:
    ended = conversation(Scripted(once(done(request(), 0), None)))
    for _ in range(2):
        with pytest.raises(Unreachable, match="host1: the connection was lost; see the network"):
            ended.request(TWO)


def test_a_chatty_login_is_passed_over() -> None:
    script = once(b'Welcome!\n{"motd": 1}\n[]\n', done(request(), 0), done(request(), 1), end(request()))
    assert len(conversation(Scripted(script)).request(TWO)) == 2


@pytest.mark.parametrize(
    "said",
    [
        b'{"event": 1}\n',
        b'{"event": "done", "id": 1, "index": 0, "ok": 1, "seconds": 0}\n',
        b'{"event": "done", "id": 1, "index": true, "ok": true, "seconds": 0}\n',
        b'{"event": "done", "id": 1, "ok": true, "seconds": 0}\n',
        b'{"event": "done", "id": 1, "index": 0, "ok": true, "seconds": 0, "tail": 3}\n',
        b'{"event": "done", "id": 1, "index": 9, "ok": true, "seconds": 0}\n',
        b'{"event": "line", "id": 1, "index": -1, "text": "x"}\n',
        b'{"event": "line", "id": 1, "index": 0, "text": null}\n',
        b'{"event": "fatal", "error": []}\n',
    ],
)
def test_events_of_a_wrong_shape_are_one_clear_error(said: bytes) -> None:
    channel = Scripted(once(said))
    with pytest.raises(Unreachable, match=r"host1: .*; see that|host1: .*; see the login"):
        conversation(channel).request(TWO)
    assert channel.ended == "aborted"


def test_an_answer_of_a_wrong_shape_is_a_failure_of_its_operation() -> None:
    asked = [Operation("prepare", read=Missing.of)]
    right = once(done(request(), 0, value={"missing": ["a"]}), end(request()))
    assert conversation(Scripted(right)).request(asked)[0].value == Missing(("a",))
    for wrong in (None, [], {"mising": 1}, {"missing": 3}):
        (result,) = conversation(Scripted(once(done(request(), 0, value=wrong), end(request())))).request(
            asked
        )
        assert (result.ok, result.kind) == (False, "malformed")
        assert result.error.startswith("the answer to prepare is not what was asked for")


def test_a_silent_host_is_given_up_and_not_asked_again() -> None:
    channel = Scripted(lambda asked: ())
    silent = conversation(channel, Patience(connect=1.0))
    for _ in range(2):
        with pytest.raises(Unreachable, match="host1: did not answer for 11 s; see the network"):
            silent.request(TWO)
    assert len(channel.heard) == 1 and channel.ended == "aborted"
    silent.close()
    assert channel.ended == "aborted"


class Working(Scripted):
    """An agent that answers beats and does nothing else; it is asked for one every ten looks."""

    looks = 0

    def receive(self, seconds: float) -> bytes:
        try:
            return super().receive(seconds)
        except TimeoutError:
            self.looks += 1
            if self.looks % (BEAT_SECONDS / seconds) == 0:
                self.say({"event": "beat"})
            raise


def test_an_agent_that_lives_may_work_as_long_as_its_operation_may_and_no_longer() -> None:
    channel = Working(lambda asked: ())
    with pytest.raises(Unreachable, match="host1: did not end a step within 460 s; see what hangs there"):
        conversation(channel, Patience(longest=400.0)).request(TWO)
    assert channel.looks * 0.5 > 400 + GRACE_SECONDS


def test_once_the_run_is_to_end_a_host_has_only_a_short_while_to_say_that_it_lives() -> None:
    def script(asked: Said) -> Iterable[Said]:
        if "operations" in asked:
            open_one.cancel()
        return ()

    channel = Scripted(script)
    open_one = conversation(channel)
    with pytest.raises(Unreachable, match="did not answer for 8 s"):
        open_one.request(TWO)
    assert channel.heard[1:] == [{"cancel": True}, {"beat": True}]


def test_a_host_that_has_a_lock_to_give_back_is_waited_for_in_the_end() -> None:
    def holding(held: bool) -> str:
        channel = Scripted(once(*(done(request(), at, holds_lock=held) for at in (0, 1)), end(request())))
        asked = conversation(channel)
        asked.request(TWO)
        asked.close()
        return channel.ended

    assert (holding(True), holding(False)) == ("closed", "aborted")
