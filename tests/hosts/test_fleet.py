"""Many conversations at once: what one host's failure means for the others, and what is told meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploytasks.config.environment import Host
from deploytasks.config.redaction import Redactor
from deploytasks.errors import Unreachable
from deploytasks.hosts.conversation import Conversation, OnProgress
from deploytasks.hosts.failures import HostsFailed
from deploytasks.hosts.fleet import Fleet
from deploytasks.hosts.observer import Silent
from deploytasks.hosts.patience import Patience
from deploytasks.operation import Missing, Operation, Result, Upload
from tests.hosts.scripted import Said, Scripted, all_done, done, end

A, B = Host("a"), Host("b")


class Told(Silent):
    """Keeps what is told while hosts work."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str, str]] = []

    def line(self, step: str, host: str, text: str) -> None:
        self.lines.append(("line", step, host, text))

    def progress(self, step: str, host: str, text: str) -> None:
        self.lines.append(("progress", step, host, text))


class Transfer:
    """An upload that is done at once."""

    def __init__(self, wanted: Upload, only: Sequence[str] | None) -> None:
        self.wanted, self.only, self.cancelled = wanted, only, False

    def run(self) -> Result:
        return Result(not self.cancelled, value=self.only, kind="cancelled" if self.cancelled else "")

    def cancel(self) -> None:
        self.cancelled = True


@contextmanager
def fleet(observer: Told | None = None, **channels: Scripted) -> Iterator[Fleet]:
    """A fleet of hosts with these agents."""

    def connect(host: Host, uploading: bool) -> Conversation:
        def upload(wanted: Upload, only: Sequence[str] | None, told: OnProgress) -> Transfer:
            return Transfer(wanted, only)

        if host.address not in channels:
            raise Unreachable(f"{host.name}: cannot be reached; see the network")
        return Conversation(host, channels[host.address], Redactor(()), upload, patience=Patience(1.0))

    with Fleet((A, B), connect, parallel=2, observer=observer or Told()) as made:
        yield made


def test_every_host_is_asked_and_every_answer_is_in() -> None:
    with fleet(a=Scripted(), b=Scripted()) as hosts:
        answers = hosts.each({A: [Operation("one")], B: [Operation("one"), Operation("two")]})
    assert {host.name: [one.value for one in found] for host, found in answers.items()} == {
        "a": ["one"],
        "b": ["one", "two"],
    }


def test_the_first_failure_ends_the_others_work_and_is_the_one_that_is_told() -> None:
    begun = threading.Event()
    working: list[Said] = []

    def fails(asked: Said) -> Iterable[Said]:
        if "id" not in asked:
            return ()
        assert begun.wait(10)
        return [done(asked, 0, False, code=1, error="no; mend it"), end(asked)]

    def works(asked: Said) -> Iterable[Said]:
        if "id" in asked:
            working.append(asked)
            begun.set()
        elif asked.get("cancel"):
            stopped = done(working[0], 0, False, code=1, error="stopped", kind="cancelled")
            return [stopped, end(working[0])]
        return ()

    channel = Scripted(works, pause=0.5)
    with fleet(a=Scripted(fails), b=channel) as hosts:
        step = Operation("install", step="install")
        with pytest.raises(HostsFailed, match=r"^a: install: no; mend it$") as failure:
            hosts.each({B: [step], A: [step]})
    assert failure.value.exit_code == 1
    assert {"cancel": True} in channel.heard


@pytest.mark.parametrize(
    ("channels", "what"),
    [
        pytest.param({}, "cannot be reached; see the network", id="not reached"),
        pytest.param({"b": Scripted(lambda asked: ())}, "did not answer for 11 s", id="silent"),
        pytest.param({"b": Scripted(lambda asked: [None])}, "the connection was lost", id="gone"),
    ],
)
def test_a_host_that_does_not_answer_is_exit_4_with_its_name(
    channels: dict[str, Scripted], what: str
) -> None:
    with fleet(a=Scripted(), **channels) as hosts, pytest.raises(HostsFailed, match=f"^b: {what}") as failure:
        hosts.each({A: [Operation("one")], B: [Operation("one")]})
    assert failure.value.exit_code == 4


def test_all_is_in_when_a_connection_ends_just_before_its_last_word() -> None:
    with fleet(a=Scripted(lambda asked: [*list(all_done(asked))[:-1], None])) as hosts:
        assert [one.value for one in hosts.ask(A, [Operation("one")])] == ["one"]


def test_an_upload_looks_at_what_the_host_said_that_is_missing() -> None:
    def script(asked: Said) -> Iterable[Said]:
        return [done(asked, 0, value={"missing": ["x"]}), end(asked)]

    bundle, tree = Upload(Path("b"), "/b"), Upload(Path("t"), "/t", prepared=True)
    with fleet(a=Scripted(script)) as hosts:
        results = hosts.ask(A, [Operation("prepare", read=Missing.of), tree, bundle])
    assert [one.value for one in results] == [Missing(("x",)), ("x",), None]


def test_what_fails_beside_an_upload_ends_it() -> None:
    def script(asked: Said) -> Iterable[Said]:
        return [done(asked, 0, False, code=1, error="no; mend it"), end(asked)] if "id" in asked else ()

    with fleet(a=Scripted(script)) as hosts:
        told = Operation("ships", alongside=True)
        assert [one.error for one in hosts.ask(A, [told, Upload(Path("t"), "/t")])] == ["no; mend it"]


def test_what_a_command_prints_is_a_line_and_what_the_tool_says_is_progress() -> None:
    def script(asked: Said) -> Iterable[Said]:
        said = [{"id": asked["id"], "index": at, "event": "line", "text": f"text {at}"} for at in (0, 1)]
        return [said[0], done(asked, 0), said[1], done(asked, 1), end(asked)]

    told = Told()
    with fleet(told, a=Scripted(script)) as hosts:
        hosts.ask(A, [Operation("install", step="install"), Operation("execute", step="mine", verbatim=True)])
    assert told.lines == [("progress", "install", "a", "text 0"), ("line", "mine", "a", "text 1")]
