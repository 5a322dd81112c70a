"""What the hosts run now, and whether they agree."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..config.environment import Host
from ..config.mask import question_key
from ..errors import DISAGREE, OK, UNREACHABLE
from ..hosts.failures import failure_of
from ..hosts.observer import Observer
from ..hosts.site import fleet_of
from ..operation import Operation, Result
from ..recipe.answers import LockHolder, Provenance, answer, found
from ..recipe.check import open_root
from ..recipe.ending import READ_BACK
from ..recipe.lock import READ_LOCK
from ..recipe.plan import Plan
from ..recipe.restart import ask_health
from ..recipe.served import Edited, Health, ServedSettings
from ..report import HostOutcome, Report
from . import remote_settings


@dataclass(frozen=True)
class HostStatus:
    """One host, as it describes itself."""

    host: str
    release: str | None
    revision: str | None = None
    vendored: tuple[tuple[str, str], ...] = ()
    """(path, commit) of every vendored dependency."""
    dependency_key: str | None = None
    environment_fingerprint: str | None = None
    at: str | None = None
    who: str | None = None
    dirty: bool = False
    bad: bool = False
    lock: Mapping[str, Any] | None = None
    free_bytes: int = 0
    edited: tuple[str, ...] = ()
    """Shipped paths that were edited on the host."""
    env_edited: tuple[str, ...] = ()
    """What was changed in `.env` by hand: names of keys, or `line <number>`."""
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    """{application key: digest}, under a key of this user and environment: equal digests mean equal values."""
    unwell: tuple[str, ...] | None = None
    """What is wrong with the answers of its health URLs; None when there is none to ask."""
    problem: str | None = None

    @property
    def fingerprint(self) -> str:
        """Equal for equal settings, for as long as this user asks."""
        return hashlib.sha256(json.dumps(sorted(self.settings.items())).encode()).hexdigest()[:7]

    def document(self) -> dict[str, Any]:
        return {
            "host": self.host,
            "release": self.release,
            "outcome": "unknown" if self.problem else "ok",
            "revision": self.revision,
            "vendored": dict(self.vendored),
            "dependency_key": self.dependency_key,
            "environment_fingerprint": self.environment_fingerprint,
            "settings_fingerprint": self.fingerprint if self.settings else None,
            "at": self.at,
            "who": self.who,
            "dirty": self.dirty,
            "bad": self.bad,
            "lock": self.lock,
            "free_bytes": self.free_bytes,
            "edited": list(self.edited),
            "env_edited": list(self.env_edited),
            "serves": None if self.unwell is None or not self.release else not self.unwell,
            "problem": self.problem,
        }


def status(plan: Plan, *, observer: Observer | None = None) -> Report:
    """Ask every host what it serves. Exit code 0 when they agree, answer and nothing was edited, else 6;
    4 for one out of reach.
    """
    key = question_key(os.environ, "status", str(plan.environment.root), plan.environment.name)
    asked = {host: questions(plan, host, key) for host in plan.hosts}
    with fleet_of(plan, observer) as fleet:
        answers = fleet.each(asked, together=False)
    statuses = tuple(
        HostStatus(host.name, None, problem=str(failure))
        if (failure := failure_of(host, asked[host], results))
        else described(host.name, results)
        for host, results in answers.items()
    )
    return summed_up(plan, statuses)


def questions(plan: Plan, host: Host, key: str) -> list[Operation]:
    """What a host is asked; one `key` for all makes their settings comparable."""
    settings = plan.environment.settings
    return [
        open_root(plan),
        READ_BACK,
        READ_LOCK,
        Operation("edited", {"shared": [*settings.shared_dirs, *settings.shared_files]}, read=Edited.of),
        remote_settings.read_settings(key),
        *ask_health(settings, host),
    ]


def described(host: str, results: Sequence[Result]) -> HostStatus:
    """A host's answers as one value."""
    said, settings = answer(Provenance, results), answer(ServedSettings, results)
    lock, health = found(LockHolder, results), found(Health, results)
    absent = said.release is not None and not said.present
    return HostStatus(
        host,
        said.release,
        said.revision,
        tuple((one.path, one.commit) for one in said.vendored),
        said.dependency_key,
        said.environment_fingerprint,
        said.at,
        said.who,
        dirty=said.dirty,
        bad=said.marks.bad,
        lock=lock.said if lock else None,
        free_bytes=said.free_bytes,
        edited=answer(Edited, results).paths,
        env_edited=settings.edited,
        settings=settings.written,
        unwell=health.problems if health else None,
        problem=f"current points to {said.release}, which is not there" if absent else None,
    )


def summed_up(plan: Plan, found: Sequence[HostStatus]) -> Report:
    """The report of a status: what differs between the hosts, or from what was deployed, is the error."""
    problems = [host.problem for host in found if host.problem]
    reached = [host for host in found if not host.problem]
    drift = [*differences(reached), *(line for host in reached for line in (*edits(host), *silence(host)))]
    code = DISAGREE if drift or (problems and reached) else UNREACHABLE if problems else OK
    releases = {host.release for host in reached}
    release = releases.pop() if len(releases) == 1 else None
    outcomes = tuple(
        HostOutcome(host.host, host.release, "unknown" if host.problem else "ok", host.revision)
        for host in found
    )
    revision = next((host.revision for host in reached if release and host.revision), None)
    return Report(
        "status",
        plan.environment.name,
        revision,
        release,
        code,
        "\n".join([*drift, *problems]) or None,
        (),
        outcomes,
        extra={"status": [host.document() for host in found]},
    )


def edits(host: HostStatus) -> Iterator[str]:
    """What was edited by hand on a host, in words."""
    if host.edited:
        yield (
            f"{host.host}: {len(host.edited)} shipped file(s) edited on the host, first {host.edited[0]}; deploy again"
        )
    if host.env_edited:
        yield f"{host.host}: .env was edited on the host: {', '.join(host.env_edited)}; deploy again"


def silence(host: HostStatus) -> Iterator[str]:
    """What is wrong with the answers of a host's application, in words."""
    for what in host.unwell or ():
        yield f"{host.host}: {what}; the application does not serve: see its log there"


def differences(found: Sequence[HostStatus]) -> Iterator[str]:
    """What hosts disagree about, in words."""
    cure = "deploy again, or roll back with --limit"
    if len({host.release for host in found}) > 1:
        listed = ", ".join(f"{host.host} {host.release or 'none'}" for host in found)
        yield f"hosts run different releases: {listed}; {cure}"
    serving = [host for host in found if host.release]
    if len({host.vendored for host in serving}) > 1:
        yield f"hosts run different vendored pins: {', '.join(host.host for host in serving)}; {cure}"
    names = {name for host in serving for name in host.settings}
    differing = [name for name in sorted(names) if len({host.settings.get(name) for host in serving}) > 1]
    if differing:
        yield f"hosts run different environments: {', '.join(differing)}; {cure}"
