"""Operations on the processes of a deployment: started beside the old ones, switched, asked, stopped."""

from __future__ import annotations

import os
import time

from deploytasks.remote.failure import Failure
from deploytasks.remote.processes import systemd, units
from deploytasks.remote.processes.answer import Question, await_answer, restarts_of
from deploytasks.remote.processes.recorded import record, recorded
from deploytasks.remote.release.current import served

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from deploytasks.remote.agent.state import State
    from deploytasks.remote.processes.recorded import Recorded

PAUSE = 0.2


def start(
    state: State,
    release: str,
    unit: str,
    processes: dict[str, int],
    variables: dict[str, str],
    question: dict[str, Any],
    stop_timeout: float,
) -> dict[str, Any]:
    """The listening processes of a release run beside those of others, and answer well over their own sockets."""
    state.require_lock()
    if os.getuid() == 0:
        raise Failure("processes may not run as root; deploy as another user")
    found = record(state, release, unit, processes, variables)
    units.install(state.root, found, stop_timeout)
    wanted = {process: found.units_of(process)[0] for process in found.listening}
    before = {one: restarts_of(one) for one in wanted.values()}
    begin(list(wanted.values()))
    top = os.path.join(state.root, "releases", release)
    for process, one in wanted.items():
        try:
            await_answer(state, one, os.path.join(top, ".run"), process, Question(**question), before[one])
        except Failure as failure:
            return failed(failure, one)
    return {"started": list(wanted)}


def start_again(state: State, release: str) -> None:
    """The listening processes of a release that served before run, where it had any; they are not asked."""
    state.require_lock()
    found = recorded(state.root, release)
    if found:
        begin([found.units_of(process)[0] for process in found.listening])


def begin(names: list[str]) -> None:
    """Start units; those that run stay as they are."""
    if names:
        systemd.ask("systemctl", "--user", "reset-failed", "--", *names)
        systemd.systemctl("start", "--", *names)


def failed(failure: Failure, unit: str) -> dict[str, Any]:
    """The answer of an operation that failed because of a process, with the last lines that it printed."""
    tail = systemd.journal(unit)
    error = str(failure) if tail else "%s; see `journalctl --user-unit=%s` there" % (failure, unit)
    return {"__result__": {"ok": False, "code": 1, "error": error, "kind": failure.kind, "tail": tail}}


def switch(state: State, release: str, seconds: float) -> None:
    """After the rename: the other processes of other releases are stopped, those of this one run."""
    state.require_lock()
    found = recorded(state.root, release)
    others = [one for one in running(state.root) if one["release"] != release]
    stop(state, [one["Id"] for one in others if not one["listens"]], seconds)
    if found:
        begin(found.units)


def verify(state: State, release: str, question: dict[str, Any], settle: float) -> dict[str, Any] | None:
    """The processes of the release that is served run: listening ones answer through `current`, others stay alive."""
    found = recorded(state.root, release)
    if found is None:
        return None
    for process in found.listening:
        unit, directory = found.units_of(process)[0], os.path.join(state.root, "current", ".run")
        try:
            await_answer(state, unit, directory, process, Question(**question), restarts_of(unit))
        except Failure as failure:
            return failed(failure, unit)
    return stay_alive(state, found, settle)


def stay_alive(state: State, found: Recorded, settle: float) -> dict[str, Any] | None:
    """None when no process that does not listen dies within `settle` seconds."""
    others = [name for name in found.units if found.process_of(name) not in found.listening]
    before, ends = {name: restarts_of(name) for name in others}, time.monotonic() + settle
    while others:
        for said in systemd.show(*others):
            if said["ActiveState"] != "active" or systemd.number(said, "NRestarts") > before[said["Id"]]:
                return failed(Failure("%s: ended; see its last lines" % said["Id"], "unhealthy"), said["Id"])
        if time.monotonic() >= ends:
            break
        state.go_on()
        time.sleep(PAUSE)
    return None


def stop_others(state: State, seconds: float) -> dict[str, str]:
    """Only what `current` leads to runs; this never fails a run, and answers what the trouble was."""
    try:
        state.require_lock()
        found = recorded(state.root, served(state.root))
        kept = found.units if found else []
        names = [one["Id"] for one in running(state.root)]
        stop(state, [name for name in names if name not in kept], seconds)
        return {"problem": ""}
    except (Failure, OSError) as error:
        state.emit("old processes: %s" % error)
        return {"problem": str(error)}


def stop(state: State, names: list[str], seconds: float) -> None:
    """Units are asked to end, and ended after `seconds`."""
    if names:
        systemd.systemctl("stop", "--", *names, seconds=seconds + 30.0)
        systemd.ask("systemctl", "--user", "reset-failed", "--", *names)


def running(root: str) -> list[dict[str, Any]]:
    """What systemd knows of the processes of the deployment at `root`, whatever release they are of."""
    prefix = units.known_prefix(root)
    known = systemd.show(prefix + "-*@*.service") if prefix else []
    found = []
    for said in known:
        if said["WorkingDirectory"] == root and said["ActiveState"] != "inactive":
            instance = said["Id"].rpartition("@")[2][: -len(".service")]
            release, _, which = instance.partition(".")
            own = recorded(root, release)
            process = said["Id"][len(prefix or "") + 1 :].partition("@")[0]
            listens = own is not None and process in own.listening
            found.append(
                {**said, "release": release, "process": process, "number": which, "listens": listens}
            )
    return found


def ps(state: State) -> dict[str, Any]:
    """What is wanted of the release that is served, and what runs."""
    release = served(state.root)
    found = recorded(state.root, release)
    now = time.monotonic()
    seen = [
        {
            "unit": one["Id"],
            "process": one["process"] + (".%s" % one["number"] if one["number"] else ""),
            "release": one["release"],
            "state": one["ActiveState"],
            "substate": one["SubState"],
            "seconds": now - systemd.number(one, "ActiveEnterTimestampMonotonic") / 1e6,
            "pid": systemd.number(one, "MainPID") or None,
            "memory": systemd.number(one, "MemoryCurrent") or None,
            "restarts": systemd.number(one, "NRestarts"),
        }
        for one in running(state.root)
    ]
    wanted = {unit: found.process_of(unit) for unit in found.units} if found else {}
    return {"release": release, "wanted": wanted, "seen": seen}
